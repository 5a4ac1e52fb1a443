//! A plan with the exact change of F for relocating and for swapping users, the engine of the
//! improvement heuristics.
//!
//! Beside each exact change stands a lower bound on it that costs a few operations a server instead
//! of a logarithm a user. With z = s + I, the price of a bit 1 / ln(1 + S/z) is *convex in ln z*:
//! its slope along ln z is x / ((1 + x) ln(1 + x)^2) with x = S/z, which falls in x, hence grows in
//! z. So the tangent at the present z lies below the price at every other z, whether interference
//! rises or falls, and a move whose bound gains nothing need not be looked at.

use offload_instances::{Assignment, Problem};

/// Prices of a row are kept while z is within this factor of where they were taken.
const NEAR: f64 = 1.1;

/// A plan under improvement. Loads, interference and costs are kept up to date. Interference is
/// summed in twice the precision of a double, and costs are summed anew for every server that a
/// step touches, so nothing drifts.
pub struct State<'a> {
    problem: &'a Problem,
    n: usize,
    m: usize,
    place: Assignment,
    members: Vec<Vec<usize>>,
    slot: Vec<usize>,
    /// I_j as an unevaluated sum (high, low), W.
    power: Vec<(f64, f64)>,
    /// S_ij as other servers hear it, M rows of N, W; zeros when interference is off.
    heard: Vec<f64>,
    /// S_ij of the own signal, M rows of N, W.
    signal: Vec<f64>,
    /// v_i D_i ln 2 / B_j, M rows of N.
    volume: Vec<f64>,
    /// v_i w_i.
    user_work: Vec<f64>,
    /// v_i t_i.
    local_cost: Vec<f64>,
    noise: Vec<f64>,
    slowest: Vec<f64>,
    per_load: Vec<f64>,
    /// Per server: the sums over its members of [`Price::unit`], [`Price::slope`] and v_i w_i, and
    /// its cost.
    sums: Vec<Sums>,
    /// Per offloaded user: its price at its own server.
    own: Vec<Price>,
    /// Prices of all users at all servers, M rows of N, taken at `row_z`.
    rows: Vec<Price>,
    /// The z at which a row was taken; 0 = not yet.
    row_z: Vec<f64>,
}

/// Uplink cost of a user at a server per user of load, weighted s, and its slope along ln z.
#[derive(Clone, Copy, Debug, Default)]
struct Price {
    unit: f64,
    slope: f64,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    unit: f64,
    slope: f64,
    work: f64,
    cost: f64,
}

/// What a step would make of one server.
struct Change {
    without: Option<usize>,
    with: Option<usize>,
    interference: f64,
}

/// At most ln r, for r > 0, without a logarithm, and off by no more than the third power of r - 1:
/// 2 (r - 1) / (r + 1) above 1, (r - 1/r) / 2 below.
fn ln_at_most(r: f64) -> f64 {
    if r >= 1.0 {
        2.0 * (r - 1.0) / (r + 1.0)
    } else {
        0.5 * (r - 1.0 / r)
    }
}

/// (high, low) + x, exact to twice a double's precision (Knuth's two-sum).
fn add((high, low): (f64, f64), x: f64) -> (f64, f64) {
    let sum = high + x;
    let part = sum - high;
    let error = (high - (sum - part)) + (x - part);
    let low = low + error;
    let total = sum + low;
    (total, low - (total - sum))
}

impl<'a> State<'a> {
    /// The state of a plan of the right shape. O(N M).
    #[must_use]
    pub fn new(problem: &'a Problem, assignment: &[Option<usize>]) -> Self {
        let (n, m) = (problem.n(), problem.m());
        let (users, servers) = (&problem.instance().users, &problem.instance().servers);
        let rows = |f: &dyn Fn(usize, usize) -> f64| -> Vec<f64> {
            (0..m)
                .flat_map(|j| (0..n).map(move |i| (i, j)))
                .map(|(i, j)| f(i, j))
                .collect()
        };
        let signal = rows(&|i, j| problem.signal(i, j));
        let mut state = State {
            problem,
            n,
            m,
            place: Vec::new(),
            members: vec![Vec::new(); m],
            slot: vec![0; n],
            power: Vec::new(),
            heard: if problem.has_interference() {
                signal.clone()
            } else {
                vec![0.0; n * m]
            },
            signal,
            volume: rows(&|i, j| {
                problem.weight(i) * users[i].payload_bits * std::f64::consts::LN_2
                    / servers[j].bandwidth_hz
            }),
            user_work: (0..n)
                .map(|i| problem.weight(i) * users[i].edge_work_flop)
                .collect(),
            local_cost: (0..n)
                .map(|i| problem.weight(i) * users[i].local_delay_s)
                .collect(),
            noise: servers.iter().map(|s| s.noise_w).collect(),
            slowest: servers.iter().map(|s| 1.0 / s.user_cap_flops).collect(),
            per_load: servers.iter().map(|s| 1.0 / s.capacity_flops).collect(),
            sums: vec![Sums::default(); m],
            own: vec![Price::default(); n],
            rows: vec![Price::default(); n * m],
            row_z: vec![0.0; m],
        };
        state.reset(assignment);
        state
    }

    /// Replaces the plan. O(N M) additions and O(N) logarithms.
    pub fn reset(&mut self, assignment: &[Option<usize>]) {
        self.place.clear();
        self.place.extend_from_slice(assignment);
        self.members.iter_mut().for_each(Vec::clear);
        self.power.clear();
        self.power.resize(self.m, (0.0, 0.0));
        for (i, place) in assignment.iter().enumerate() {
            if let Some(j) = *place {
                self.slot[i] = self.members[j].len();
                self.members[j].push(i);
                for l in (0..self.m).filter(|&l| l != j) {
                    self.power[l] = add(self.power[l], self.heard[l * self.n + i]);
                }
            }
        }
        for j in 0..self.m {
            self.refresh(j);
        }
    }

    /// The plan.
    #[must_use]
    pub fn assignment(&self) -> &Assignment {
        &self.place
    }

    /// Where user i is.
    #[must_use]
    pub fn place(&self, i: usize) -> Option<usize> {
        self.place[i]
    }

    /// n_j.
    #[must_use]
    pub fn load(&self, j: usize) -> usize {
        self.members[j].len()
    }

    /// The users at server j, in no order that means anything.
    #[must_use]
    pub fn members(&self, j: usize) -> &[usize] {
        &self.members[j]
    }

    /// M.
    #[must_use]
    pub fn servers(&self) -> usize {
        self.m
    }

    /// Whether the place holds no more users than it may.
    #[must_use]
    pub fn is_within_capacity(&self, place: Option<usize>) -> bool {
        place.is_none_or(|j| self.load(j) <= self.problem.capacity(j))
    }

    /// F, weighted s.
    #[must_use]
    pub fn objective(&self) -> f64 {
        let local: f64 = self
            .place
            .iter()
            .zip(&self.local_cost)
            .filter(|(p, _)| p.is_none())
            .map(|(_, c)| c)
            .sum();
        local + self.sums.iter().map(|s| s.cost).sum::<f64>()
    }

    /// Whether the rules let user i go to `to`, the rest staying: mandatory users are not local,
    /// servers not overfull.
    #[must_use]
    pub fn admits(&self, i: usize, to: Option<usize>) -> bool {
        match to {
            None => !self.problem.is_mandatory(i),
            Some(j) => self.place[i] == to || self.load(j) < self.problem.capacity(j),
        }
    }

    /// Whether the rules let users i and k trade places.
    #[must_use]
    pub fn admits_swap(&self, i: usize, k: usize) -> bool {
        !(self.place[k].is_none() && self.problem.is_mandatory(i)
            || self.place[i].is_none() && self.problem.is_mandatory(k))
    }

    fn interference(&self, j: usize) -> f64 {
        self.power[j].0.max(0.0)
    }

    fn z(&self, j: usize) -> f64 {
        self.noise[j] + self.interference(j)
    }

    fn cost(&self, j: usize, load: usize, unit: f64, work: f64) -> f64 {
        if load == 0 {
            return 0.0;
        }
        let load = load as f64;
        load * unit + work * self.slowest[j].max(load * self.per_load[j])
    }

    /// Uplink cost of user i at server j per user of load under an interference (W), weighted s.
    fn unit(&self, i: usize, j: usize, interference: f64) -> f64 {
        let k = j * self.n + i;
        self.volume[k] / libm::log1p(self.signal[k] / (self.noise[j] + interference))
    }

    fn price(&self, i: usize, j: usize, z: f64) -> Price {
        let k = j * self.n + i;
        let x = self.signal[k] / z;
        let log = libm::log1p(x);
        let unit = self.volume[k] / log;
        Price {
            unit,
            slope: unit * (x / ((1.0 + x) * log)),
        }
    }

    /// Recomputes what is kept of server j from its members and its interference.
    fn refresh(&mut self, j: usize) {
        let z = self.z(j);
        let mut sums = Sums::default();
        for k in 0..self.members[j].len() {
            let i = self.members[j][k];
            let price = self.price(i, j, z);
            self.own[i] = price;
            sums.unit += price.unit;
            sums.slope += price.slope;
            sums.work += self.user_work[i];
        }
        sums.cost = self.cost(j, self.members[j].len(), sums.unit, sums.work);
        self.sums[j] = sums;
    }

    /// Takes prices of everybody at server j anew when z has moved far from where they were taken.
    fn freshen(&mut self, j: usize) {
        let (z, at) = (self.z(j), self.row_z[j]);
        if z <= at * NEAR && at <= z * NEAR && at > 0.0 {
            return;
        }
        for i in 0..self.n {
            self.rows[j * self.n + i] = self.price(i, j, z);
        }
        self.row_z[j] = z;
    }

    /// The cost of server j after a change, less its cost now.
    fn server_change(&self, j: usize, change: &Change) -> f64 {
        let (mut load, mut work) = (self.load(j), self.sums[j].work);
        let mut unit = if change.interference == self.interference(j) {
            self.sums[j].unit - change.without.map_or(0.0, |i| self.own[i].unit)
        } else {
            let stay = self.members[j]
                .iter()
                .filter(|&&i| Some(i) != change.without);
            stay.map(|&i| self.unit(i, j, change.interference)).sum()
        };
        if let Some(i) = change.without {
            load -= 1;
            work -= self.user_work[i];
        }
        if let Some(i) = change.with {
            load += 1;
            work += self.user_work[i];
            unit += self.unit(i, j, change.interference);
        }
        self.cost(j, load, unit, work) - self.sums[j].cost
    }

    /// Interference at j after users `gone` and `come` (W of each) stop and start to interfere.
    fn shifted(&self, j: usize, gone: f64, come: f64) -> f64 {
        if gone == come {
            self.interference(j)
        } else {
            add(add(self.power[j], -gone), come).0.max(0.0)
        }
    }

    /// The power with which a user at `place` interferes at server j, W.
    fn harm(&self, i: usize, place: Option<usize>, j: usize) -> f64 {
        if place.is_none() || place == Some(j) {
            0.0
        } else {
            self.heard[j * self.n + i]
        }
    }

    fn local_share(&self, i: usize, place: Option<usize>) -> f64 {
        if place.is_none() {
            self.local_cost[i]
        } else {
            0.0
        }
    }

    /// I_j as user i would meet it at server j, W: without its own signal.
    #[must_use]
    pub fn interference_without(&self, i: usize, j: usize) -> f64 {
        self.shifted(j, self.harm(i, self.place[i], j), 0.0)
    }

    /// The change of F when user i goes to `to`, weighted s. Rules are not checked.
    #[must_use]
    pub fn relocate_change(&self, i: usize, to: Option<usize>) -> f64 {
        let from = self.place[i];
        if from == to {
            return 0.0;
        }
        let mut change = 0.0;
        for j in 0..self.m {
            let interference = self.shifted(j, self.harm(i, from, j), self.harm(i, to, j));
            let (without, with) = (
                Some(i).filter(|_| from == Some(j)),
                Some(i).filter(|_| to == Some(j)),
            );
            if without.is_some() || with.is_some() || interference != self.interference(j) {
                change += self.server_change(
                    j,
                    &Change {
                        without,
                        with,
                        interference,
                    },
                );
            }
        }
        change + self.local_share(i, to) - self.local_share(i, from)
    }

    /// The change of F when users i and k trade places, weighted s. Rules are not checked.
    #[must_use]
    pub fn swap_change(&self, i: usize, k: usize) -> f64 {
        let (a, b) = (self.place[i], self.place[k]);
        if a == b {
            return 0.0;
        }
        let mut change = 0.0;
        for j in 0..self.m {
            let gone = self.harm(i, a, j) + self.harm(k, b, j);
            let come = self.harm(i, b, j) + self.harm(k, a, j);
            let interference = self.shifted(j, gone, come);
            let (without, with) = trade(j, (i, a), (k, b));
            if without.is_some() || interference != self.interference(j) {
                change += self.server_change(
                    j,
                    &Change {
                        without,
                        with,
                        interference,
                    },
                );
            }
        }
        let local = |user, from, to| self.local_share(user, to) - self.local_share(user, from);
        change + local(i, a, b) + local(k, b, a)
    }

    /// At most the change of server j's cost when `without` leaves it, `with` joins it, and users
    /// of other servers add `power` (W) to its interference.
    fn bound(&self, j: usize, without: Option<usize>, with: Option<usize>, power: f64) -> f64 {
        let Sums {
            mut unit,
            mut slope,
            mut work,
            cost,
        } = self.sums[j];
        let mut load = self.load(j);
        let z = self.z(j);
        let moved = (z + power).max(self.noise[j]);
        if let Some(i) = without {
            load -= 1;
            work -= self.user_work[i];
            unit -= self.own[i].unit;
            slope -= self.own[i].slope;
        }
        if power != 0.0 {
            unit += slope * ln_at_most(moved / z);
        }
        if let Some(i) = with {
            load += 1;
            work += self.user_work[i];
            let Price { unit: there, slope } = self.rows[j * self.n + i];
            unit += there + slope * ln_at_most(moved / self.row_z[j]);
        }
        self.cost(j, load, unit, work) - cost
    }

    /// Fills `bounds` (one for each server, then local) with lower bounds on
    /// [`State::relocate_change`] of user i to each place, weighted s; 0 where it is. O(M).
    /// [`State::prepare`] must have been called since the last step.
    pub fn relocate_bounds(&self, i: usize, bounds: &mut Vec<f64>) {
        let (n, m, from) = (self.n, self.m, self.place[i]);
        bounds.clear();
        bounds.resize(m + 1, 0.0);
        if let Some(a) = from {
            // From server to server only the two of them change: a hears the user from now on, the
            // other no longer does.
            let leave = self.bound(a, Some(i), None, self.heard[a * n + i]);
            let mut relief = 0.0;
            for j in (0..m).filter(|&j| j != a) {
                let heard = self.heard[j * n + i];
                bounds[j] = leave + self.bound(j, None, Some(i), -heard);
                relief += if heard == 0.0 {
                    0.0
                } else {
                    self.bound(j, None, None, -heard)
                };
            }
            bounds[m] = self.local_cost[i] + self.bound(a, Some(i), None, 0.0) + relief;
        } else {
            let mut harm = 0.0;
            for j in 0..m {
                let heard = self.heard[j * n + i];
                let here = if heard == 0.0 {
                    0.0
                } else {
                    self.bound(j, None, None, heard)
                };
                harm += here;
                bounds[j] = self.bound(j, None, Some(i), 0.0) - here - self.local_cost[i];
            }
            bounds[..m].iter_mut().for_each(|b| *b += harm);
        }
    }

    /// A lower bound on [`State::relocate_change`] of user i to one place, weighted s. O(M).
    /// [`State::prepare`] must have been called since the last step.
    #[must_use]
    pub fn relocate_bound(&self, i: usize, to: Option<usize>) -> f64 {
        let from = self.place[i];
        if from == to {
            return 0.0;
        }
        let mut change = self.local_share(i, to) - self.local_share(i, from);
        let both = from.is_some() && to.is_some();
        for j in 0..self.m {
            let (without, with) = (
                Some(i).filter(|_| from == Some(j)),
                Some(i).filter(|_| to == Some(j)),
            );
            let mine = without.is_some() || with.is_some();
            if mine || !both {
                change += self.bound(
                    j,
                    without,
                    with,
                    self.harm(i, to, j) - self.harm(i, from, j),
                );
            }
        }
        change
    }

    /// A lower bound on [`State::swap_change`], weighted s. O(M). [`State::prepare`] must have been
    /// called since the last step.
    #[must_use]
    pub fn swap_bound(&self, i: usize, k: usize) -> f64 {
        let (a, b) = (self.place[i], self.place[k]);
        if a == b {
            return 0.0;
        }
        let mut change = self.local_share(i, b) - self.local_share(i, a);
        change += self.local_share(k, a) - self.local_share(k, b);
        let both = a.is_some() && b.is_some();
        for j in 0..self.m {
            let mine = Some(j) == a || Some(j) == b;
            if both && !mine {
                continue;
            }
            let gone = self.harm(i, a, j) + self.harm(k, b, j);
            let come = self.harm(i, b, j) + self.harm(k, a, j);
            if mine || gone != come {
                let (without, with) = trade(j, (i, a), (k, b));
                change += self.bound(j, without, with, come - gone);
            }
        }
        change
    }

    /// A lower bound on the change of F when user i goes to the server of user k and k goes local,
    /// weighted s. O(M). [`State::prepare`] must have been called since the last step.
    #[must_use]
    pub fn replace_bound(&self, i: usize, k: usize) -> f64 {
        let (from, to) = (self.place[i], self.place[k]);
        if from.is_none() {
            return self.swap_bound(i, k);
        }
        let mut change = self.local_cost[k];
        for j in 0..self.m {
            let come = self.harm(i, to, j);
            let gone = self.harm(i, from, j) + self.harm(k, to, j);
            let (without, with) = match Some(j) {
                at if at == to => (Some(k), Some(i)),
                at if at == from => (Some(i), None),
                _ => (None, None),
            };
            if without.is_some() || come != gone {
                change += self.bound(j, without, with, come - gone);
            }
        }
        change
    }

    /// Brings the prices behind the bounds near to the present interference.
    pub fn prepare(&mut self) {
        for j in 0..self.m {
            self.freshen(j);
        }
    }

    /// Moves user i to `to`.
    pub fn relocate(&mut self, i: usize, to: Option<usize>) {
        let from = self.place[i];
        if from != to {
            self.put(i, to);
            self.settle(&[from, to]);
        }
    }

    /// Lets users i and k trade places.
    pub fn swap(&mut self, i: usize, k: usize) {
        let (a, b) = (self.place[i], self.place[k]);
        if a != b {
            self.put(i, b);
            self.put(k, a);
            self.settle(&[a, b]);
        }
    }

    fn put(&mut self, i: usize, to: Option<usize>) {
        let from = self.place[i];
        if let Some(j) = from {
            let slot = self.slot[i];
            self.members[j].swap_remove(slot);
            if let Some(&moved) = self.members[j].get(slot) {
                self.slot[moved] = slot;
            }
        }
        if let Some(j) = to {
            self.slot[i] = self.members[j].len();
            self.members[j].push(i);
        }
        for j in 0..self.m {
            let (gone, come) = (self.harm(i, from, j), self.harm(i, to, j));
            if gone != come {
                self.power[j] = add(add(self.power[j], -gone), come);
            }
        }
        self.place[i] = to;
    }

    /// Computes costs anew wherever the step changed them: at the servers it touched, and
    /// everywhere when it put somebody on or off the air.
    fn settle(&mut self, touched: &[Option<usize>]) {
        let everywhere = self.problem.has_interference() && touched.contains(&None);
        for j in 0..self.m {
            if everywhere || touched.contains(&Some(j)) {
                self.refresh(j);
            }
        }
    }
}

/// Who leaves and who joins server j when users i (at a) and k (at b) trade places.
fn trade(
    j: usize,
    (i, a): (usize, Option<usize>),
    (k, b): (usize, Option<usize>),
) -> (Option<usize>, Option<usize>) {
    if a == Some(j) {
        (Some(i), Some(k))
    } else if b == Some(j) {
        (Some(k), Some(i))
    } else {
        (None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::families::{Spec, find, generate};
    use offload_instances::random::Random;
    use offload_instances::{Problem, Weights};
    use std::sync::Arc;

    /// 2,000 random steps: every predicted change equals the difference of full evaluations, no
    /// bound is above it, and the state never drifts.
    #[test]
    fn changes_are_exact_and_bounds_below() {
        for (family, interference) in [
            ("paper", "true"),
            ("paper", "false"),
            ("heterogeneous", "true"),
            ("hotspot", "true"),
            ("sparse", "true"),
        ] {
            let parameters = [("interference".to_string(), interference.to_string())].into();
            let spec = Spec {
                users: 15,
                servers: 3,
                seed: 5,
                parameters,
            };
            let instance = generate(find(family).unwrap().as_ref(), &spec).unwrap();
            let problem = Problem::new(Arc::new(instance), 0.8, Weights::Uncertainty).unwrap();
            let mut random = Random::new(1, 0);
            let mut state = State::new(&problem, &vec![None; 15]);
            let mut value = problem.objective(state.assignment());
            let (mut bounds, mut tight) = (Vec::new(), 0);
            for step in 0..2000 {
                let i = random.below(15);
                state.prepare();
                let (bound, predicted) = if step % 2 == 0 {
                    let to = Some(random.below(4)).filter(|&j| j < 3);
                    state.relocate_bounds(i, &mut bounds);
                    let single = state.relocate_bound(i, to);
                    let same = (single - bounds[to.unwrap_or(3)]).abs()
                        <= 1e-9 * (value.abs() + single.abs());
                    assert!(same, "{family} step {step}: {single} {bounds:?}");
                    let change = state.relocate_change(i, to);
                    state.relocate(i, to);
                    (bounds[to.unwrap_or(3)], change)
                } else {
                    let k = random.below(15);
                    let (bound, change) = (state.swap_bound(i, k), state.swap_change(i, k));
                    replacement_is_bounded(&mut state, i, k);
                    state.swap(i, k);
                    (bound, change)
                };
                let now = problem.objective(state.assignment());
                let rounding = 1e-9 * (now.abs() + value.abs());
                assert!(
                    (now - value - predicted).abs() <= rounding,
                    "{family} step {step}"
                );
                assert!((state.objective() - now).abs() <= 1e-12 * now.abs());
                assert!(
                    bound <= predicted + rounding,
                    "{family} step {step}: {bound} above {predicted}"
                );
                tight += usize::from(bound >= predicted - 0.1 * predicted.abs());
                value = now;
            }
            assert!(
                tight > 1000,
                "{family}: only {tight} of 2000 bounds are near"
            );
        }
    }

    /// i in place of k, which goes local: the two relocations' exact change is not below the bound,
    /// and undoing them restores F.
    fn replacement_is_bounded(state: &mut State, i: usize, k: usize) {
        let (a, b) = (state.place(i), state.place(k));
        if a == b || b.is_none() {
            return;
        }
        let (bound, before) = (state.replace_bound(i, k), state.objective());
        state.relocate(k, None);
        state.relocate(i, b);
        let change = state.objective() - before;
        assert!(
            bound <= change + 1e-9 * (before + change.abs()),
            "{bound} above {change}"
        );
        state.relocate(i, a);
        state.relocate(k, b);
        assert!((state.objective() - before).abs() <= 1e-12 * before);
        state.prepare();
    }

    #[test]
    fn logarithms_are_bounded_from_below() {
        for k in -300..300 {
            let r = libm::exp(f64::from(k) / 40.0);
            assert!(ln_at_most(r) <= f64::from(k) / 40.0 + 1e-12, "{r}");
        }
        assert!((ln_at_most(1.01) - libm::log(1.01)).abs() < 1e-6);
    }

    /// Adding and taking away what is 10^20 times larger leaves the small sum as it was.
    #[test]
    fn interference_does_not_drift() {
        let mut sum = (0.0, 0.0);
        let mut random = Random::new(2, 0);
        for _ in 0..1000 {
            sum = add(sum, 1e-12);
            let large = random.unit() * 1e3;
            sum = add(add(sum, large), -large);
        }
        assert!((sum.0 - 1e-9).abs() < 1e-20, "{}", sum.0);
    }
}
