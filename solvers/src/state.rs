//! A plan with the exact change of F for relocating and for swapping users, the engine of the improvement heuristics.

use offload_instances::{Assignment, Problem};

/// A plan under improvement. Loads, interference and costs are kept up to date; interference is summed anew for every
/// server that a step touches, so nothing drifts.
pub struct State<'a> {
    problem: &'a Problem,
    place: Assignment,
    members: Vec<Vec<usize>>,
    slot: Vec<usize>,
    interference: Vec<f64>,
    /// Sum over members of v_i D_i ln 2 / (B_j ln(1 + S_ij / (s_j + I_j))): uplink cost per user of load.
    unit_uplink: Vec<f64>,
    /// Sum over members of v_i w_i.
    work: Vec<f64>,
    /// v_i D_i ln 2 / B_j, N rows of M.
    volume: Vec<f64>,
    /// v_i w_i.
    user_work: Vec<f64>,
    /// v_i t_i.
    local_cost: Vec<f64>,
}

/// What a step would make of one server.
struct Change {
    without: Option<usize>,
    with: Option<usize>,
    interference: f64,
}

impl<'a> State<'a> {
    /// The state of a plan of the right shape.
    #[must_use]
    pub fn new(problem: &'a Problem, assignment: &[Option<usize>]) -> Self {
        let (n, m) = (problem.n(), problem.m());
        let (users, servers) = (&problem.instance().users, &problem.instance().servers);
        let volume = |k: usize| {
            let (i, j) = (k / m, k % m);
            problem.weight(i) * users[i].payload_bits * std::f64::consts::LN_2 / servers[j].bandwidth_hz
        };
        let mut state = State {
            problem,
            place: Vec::new(),
            members: Vec::new(),
            slot: vec![0; n],
            interference: Vec::new(),
            unit_uplink: vec![0.0; m],
            work: vec![0.0; m],
            volume: (0..n * m).map(volume).collect(),
            user_work: (0..n).map(|i| problem.weight(i) * users[i].edge_work_flop).collect(),
            local_cost: (0..n).map(|i| problem.weight(i) * users[i].local_delay_s).collect(),
        };
        state.reset(assignment);
        state
    }

    /// Replaces the plan.
    pub fn reset(&mut self, assignment: &[Option<usize>]) {
        self.place = assignment.to_vec();
        self.members = vec![Vec::new(); self.problem.m()];
        for (i, j) in assignment.iter().enumerate() {
            if let Some(j) = *j {
                self.slot[i] = self.members[j].len();
                self.members[j].push(i);
            }
        }
        self.interference = self.problem.interference(assignment);
        for j in 0..self.problem.m() {
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

    /// F, weighted s.
    #[must_use]
    pub fn objective(&self) -> f64 {
        let local: f64 = self.place.iter().zip(&self.local_cost).filter(|(p, _)| p.is_none()).map(|(_, c)| c).sum();
        local + (0..self.problem.m()).map(|j| self.server_cost(j)).sum::<f64>()
    }

    fn price(&self, j: usize, load: usize, unit_uplink: f64, work: f64) -> f64 {
        let s = &self.problem.instance().servers[j];
        let load = load as f64;
        load * unit_uplink + work * (1.0 / s.user_cap_flops).max(load / s.capacity_flops)
    }

    fn server_cost(&self, j: usize) -> f64 {
        self.price(j, self.load(j), self.unit_uplink[j], self.work[j])
    }

    fn unit_uplink_of(&self, i: usize, j: usize, interference: f64) -> f64 {
        let noise = self.problem.instance().servers[j].noise_w;
        self.volume[i * self.problem.m() + j] / libm::log1p(self.problem.signal(i, j) / (noise + interference))
    }

    /// Recomputes what is kept of server j from its members and its interference.
    fn refresh(&mut self, j: usize) {
        self.unit_uplink[j] = self.members[j].iter().map(|&i| self.unit_uplink_of(i, j, self.interference[j])).sum();
        self.work[j] = self.members[j].iter().map(|&i| self.user_work[i]).sum();
    }

    /// The cost of server j after a change, less its cost now.
    fn server_change(&self, j: usize, change: &Change) -> f64 {
        let (mut load, mut work) = (self.load(j), self.work[j]);
        let mut unit_uplink = if change.interference == self.interference[j] {
            let out = change.without.map_or(0.0, |i| self.unit_uplink_of(i, j, change.interference));
            self.unit_uplink[j] - out
        } else {
            let stay = self.members[j].iter().filter(|&&i| Some(i) != change.without);
            stay.map(|&i| self.unit_uplink_of(i, j, change.interference)).sum()
        };
        if let Some(i) = change.without {
            load -= 1;
            work -= self.user_work[i];
        }
        if let Some(i) = change.with {
            load += 1;
            work += self.user_work[i];
            unit_uplink += self.unit_uplink_of(i, j, change.interference);
        }
        let after = if load == 0 { 0.0 } else { self.price(j, load, unit_uplink, work) };
        after - self.server_cost(j)
    }

    /// Interference at j after users `gone` and `come` (W of each) stop and start to interfere.
    fn shifted(&self, j: usize, gone: f64, come: f64) -> f64 {
        if !self.problem.has_interference() {
            return self.interference[j];
        }
        (self.interference[j] - gone + come).max(0.0)
    }

    /// The power with which a user at `place` interferes at server j, W.
    fn harm(&self, i: usize, place: Option<usize>, j: usize) -> f64 {
        if place.is_none() || place == Some(j) { 0.0 } else { self.problem.signal(i, j) }
    }

    /// The change of F when user i goes to `to`, weighted s. Rules are not checked.
    #[must_use]
    pub fn relocate_change(&self, i: usize, to: Option<usize>) -> f64 {
        let from = self.place[i];
        if from == to {
            return 0.0;
        }
        let mut change = 0.0;
        for j in 0..self.problem.m() {
            let interference = self.shifted(j, self.harm(i, from, j), self.harm(i, to, j));
            let (without, with) = (Some(i).filter(|_| from == Some(j)), Some(i).filter(|_| to == Some(j)));
            if without.is_some() || with.is_some() || interference != self.interference[j] {
                change += self.server_change(j, &Change { without, with, interference });
            }
        }
        change + self.local_share(i, to) - self.local_share(i, from)
    }

    fn local_share(&self, i: usize, place: Option<usize>) -> f64 {
        if place.is_none() { self.local_cost[i] } else { 0.0 }
    }

    /// The change of F when users i and k trade places, weighted s. Rules are not checked.
    #[must_use]
    pub fn swap_change(&self, i: usize, k: usize) -> f64 {
        let (a, b) = (self.place[i], self.place[k]);
        if a == b {
            return 0.0;
        }
        let mut change = 0.0;
        for j in 0..self.problem.m() {
            let gone = self.harm(i, a, j) + self.harm(k, b, j);
            let come = self.harm(i, b, j) + self.harm(k, a, j);
            let interference = self.shifted(j, gone, come);
            let pick = |on_a: usize, on_b: usize| {
                if a == Some(j) {
                    Some(on_a)
                } else if b == Some(j) {
                    Some(on_b)
                } else {
                    None
                }
            };
            let (without, with) = (pick(i, k), pick(k, i));
            if without.is_some() || interference != self.interference[j] {
                change += self.server_change(j, &Change { without, with, interference });
            }
        }
        let local = |user, from, to| self.local_share(user, to) - self.local_share(user, from);
        change + local(i, a, b) + local(k, b, a)
    }

    /// Moves user i to `to`.
    pub fn relocate(&mut self, i: usize, to: Option<usize>) {
        let from = self.place[i];
        self.put(i, to);
        self.settle(&[from, to]);
    }

    /// Lets users i and k trade places.
    pub fn swap(&mut self, i: usize, k: usize) {
        let (a, b) = (self.place[i], self.place[k]);
        self.put(i, b);
        self.put(k, a);
        self.settle(&[a, b]);
    }

    fn put(&mut self, i: usize, to: Option<usize>) {
        if let Some(j) = self.place[i] {
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
        self.place[i] = to;
    }

    /// Sums interference and costs anew wherever the step changed them: at the servers it touched, and everywhere when
    /// it put somebody on or off the air.
    fn settle(&mut self, touched: &[Option<usize>]) {
        let everywhere = self.problem.has_interference() && touched.contains(&None);
        for j in 0..self.problem.m() {
            if !everywhere && !touched.contains(&Some(j)) {
                continue;
            }
            if self.problem.has_interference() {
                let others = self.place.iter().enumerate().filter(|(_, p)| p.is_some_and(|l| l != j));
                self.interference[j] = others.map(|(k, _)| self.problem.signal(k, j)).sum();
            }
            self.refresh(j);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::families::{Spec, find, generate};
    use offload_instances::random::Random;
    use offload_instances::{Problem, Weights};
    use std::sync::Arc;

    /// 2,000 random steps: every predicted change equals the difference of full evaluations, and the state never drifts.
    #[test]
    fn changes_are_exact() {
        for (family, interference) in [("paper", "true"), ("paper", "false"), ("heterogeneous", "true")] {
            let parameters = [("interference".to_string(), interference.to_string())].into();
            let spec = Spec { users: 15, servers: 3, seed: 5, parameters };
            let instance = generate(find(family).unwrap().as_ref(), &spec).unwrap();
            let problem = Problem::new(Arc::new(instance), 0.8, Weights::Uncertainty).unwrap();
            let mut random = Random::new(1, 0);
            let mut state = State::new(&problem, &vec![None; 15]);
            let mut value = problem.objective(state.assignment());
            for step in 0..2000 {
                let i = random.below(15);
                let predicted = if step % 2 == 0 {
                    let to = Some(random.below(4)).filter(|&j| j < 3);
                    let change = state.relocate_change(i, to);
                    state.relocate(i, to);
                    change
                } else {
                    let k = random.below(15);
                    let change = state.swap_change(i, k);
                    state.swap(i, k);
                    change
                };
                let now = problem.objective(state.assignment());
                assert!((now - value - predicted).abs() <= 1e-9 * (now.abs() + value.abs()), "{family} step {step}");
                assert!((state.objective() - now).abs() <= 1e-12 * now.abs());
                value = now;
            }
        }
    }
}
