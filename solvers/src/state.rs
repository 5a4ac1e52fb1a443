//! A plan that improvement heuristics modify, with the change of F that a move would cause.
//!
//! This file stores the plan with its loads, interference and costs. `changes` prices a move
//! exactly. `bounds` gives a lower bound with a few operations per server instead of a logarithm
//! per user.

mod bounds;
mod changes;

use crate::costs::{Costs, ServerSums, UplinkPrice};
use offload_instances::Assignment;

/// A place: a server, or local.
pub type Place = Option<usize>;

/// A step from one plan to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// One user moves to another place.
    Relocate {
        /// The user.
        user: usize,
        /// Its new place.
        to: Place,
    },
    /// Two users exchange their places.
    Swap {
        /// One of them.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A user takes the place of another, which becomes local.
    Replace {
        /// The user that enters.
        user: usize,
        /// The user that becomes local.
        leaver: usize,
    },
}

/// One user's part of a move.
#[derive(Clone, Copy)]
struct Shift {
    user: usize,
    from: Place,
    to: Place,
}

/// The parts of a move. Either all of them change a place or none does.
enum Shifts {
    One([Shift; 1]),
    Two([Shift; 2]),
}

/// A plan under improvement. Loads, interference and costs are kept up to date. Interference is
/// summed in double-double precision, and the costs of every server that a step affects are
/// recomputed, so no error accumulates.
pub struct State<'a> {
    costs: &'a Costs<'a>,
    n: usize,
    m: usize,
    place: Assignment,
    /// The users of each server, in no meaningful order.
    members: Vec<Vec<usize>>,
    /// Per offloaded user: its position among the members of its server.
    slot: Vec<usize>,
    /// I_j as an unevaluated sum (high, low), W.
    power: Vec<(f64, f64)>,
    sums: Vec<ServerSums>,
    /// Per offloaded user: its price at its own server.
    own: Vec<UplinkPrice>,
    /// Prices of all users at all servers, M rows of N, computed at `row_z`; see `bounds`.
    rows: Vec<UplinkPrice>,
    /// The z = s_j + I_j at which a row was computed, W; 0 = not yet.
    row_z: Vec<f64>,
}

/// (high, low) + x, exact in double-double precision (two-sum: Knuth, The Art of Computer
/// Programming 2, 4.2.2).
fn add((high, low): (f64, f64), x: f64) -> (f64, f64) {
    let sum = high + x;
    let part = sum - high;
    let error = (high - (sum - part)) + (x - part);
    let low = low + error;
    let total = sum + low;
    (total, low - (total - sum))
}

impl<'a> State<'a> {
    /// The state of a plan with N entries. O(N M).
    #[must_use]
    pub fn new(costs: &'a Costs<'a>, assignment: &[Place]) -> Self {
        let (n, m) = (costs.n(), costs.m());
        let mut state = State {
            costs,
            n,
            m,
            place: Vec::new(),
            members: vec![Vec::new(); m],
            slot: vec![0; n],
            power: Vec::new(),
            sums: vec![ServerSums::default(); m],
            own: vec![UplinkPrice::default(); n],
            rows: vec![UplinkPrice::default(); n * m],
            row_z: vec![0.0; m],
        };
        state.reset(assignment);
        state
    }

    /// The state in which every user is local.
    #[must_use]
    pub fn all_local(costs: &'a Costs<'a>) -> Self {
        Self::new(costs, &vec![None; costs.n()])
    }

    /// Replaces the plan. O(N M) additions and O(N) logarithms.
    pub fn reset(&mut self, assignment: &[Place]) {
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
                    self.power[l] = add(self.power[l], self.costs.heard(i, l));
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

    /// The place of user i.
    #[must_use]
    pub fn place(&self, i: usize) -> Place {
        self.place[i]
    }

    /// Place number p of 0..=M: server p, or local for p = M.
    #[must_use]
    pub fn numbered(&self, p: usize) -> Place {
        (p < self.m).then_some(p)
    }

    /// n_j.
    #[must_use]
    pub fn load(&self, j: usize) -> usize {
        self.members[j].len()
    }

    /// The users at server j, in no meaningful order.
    #[must_use]
    pub fn members(&self, j: usize) -> &[usize] {
        &self.members[j]
    }

    /// N.
    #[must_use]
    pub fn users(&self) -> usize {
        self.n
    }

    /// M.
    #[must_use]
    pub fn servers(&self) -> usize {
        self.m
    }

    /// Whether the place holds at most as many users as it may.
    #[must_use]
    pub fn is_within_capacity(&self, place: Place) -> bool {
        place.is_none_or(|j| self.load(j) <= self.costs.problem().capacity(j))
    }

    /// F, weighted s.
    #[must_use]
    pub fn objective(&self) -> f64 {
        let local: f64 = self
            .place
            .iter()
            .zip(self.costs.locals())
            .filter(|(p, _)| p.is_none())
            .map(|(_, c)| c)
            .sum();
        local + self.sums.iter().map(|s| s.cost).sum::<f64>()
    }

    /// Whether the plan still keeps the rules after a move, if it keeps them now: no mandatory user
    /// is local and no server is overfull.
    #[inline]
    #[must_use]
    pub fn admits(&self, step: Move) -> bool {
        let problem = self.costs.problem();
        match step {
            Move::Relocate { user, to: None } => !problem.is_mandatory(user),
            Move::Relocate { user, to: Some(j) } => {
                self.place[user] == Some(j) || self.load(j) < problem.capacity(j)
            }
            Move::Swap { first, second } => {
                !(self.place[second].is_none() && problem.is_mandatory(first)
                    || self.place[first].is_none() && problem.is_mandatory(second))
            }
            Move::Replace { leaver, .. } => {
                self.place[leaver].is_some() && !problem.is_mandatory(leaver)
            }
        }
    }

    /// Whether a move does not change the plan.
    #[inline]
    #[must_use]
    pub fn is_idle(&self, step: Move) -> bool {
        match self.shifts(step) {
            Shifts::One([shift]) | Shifts::Two([shift, _]) => shift.is_idle(),
        }
    }

    /// Makes a move. Rules are not checked.
    pub fn apply(&mut self, step: Move) {
        match self.shifts(step) {
            Shifts::One(shifts) => self.shift_all(&shifts),
            Shifts::Two(shifts) => self.shift_all(&shifts),
        }
    }

    /// The parts of a move from the current plan.
    #[inline]
    fn shifts(&self, step: Move) -> Shifts {
        let shift = |user: usize, to: Place| Shift {
            user,
            from: self.place[user],
            to,
        };
        match step {
            Move::Relocate { user, to } => Shifts::One([shift(user, to)]),
            Move::Swap { first, second } => Shifts::Two([
                shift(first, self.place[second]),
                shift(second, self.place[first]),
            ]),
            Move::Replace { user, leaver } if self.place[user] == self.place[leaver] => {
                Shifts::One([shift(leaver, None)])
            }
            Move::Replace { user, leaver } => {
                Shifts::Two([shift(user, self.place[leaver]), shift(leaver, None)])
            }
        }
    }

    /// Moves every user, then recomputes costs wherever the move changed them: at the servers
    /// involved, and everywhere if a user started or stopped sending.
    fn shift_all(&mut self, shifts: &[Shift]) {
        if shifts[0].is_idle() {
            return;
        }
        for shift in shifts {
            self.put(shift.user, shift.to);
        }
        let touched = |place: Place| shifts.iter().any(|s| s.from == place || s.to == place);
        let everywhere = self.costs.problem().has_interference() && touched(None);
        for j in 0..self.m {
            if everywhere || touched(Some(j)) {
                self.refresh(j);
            }
        }
    }

    fn put(&mut self, i: usize, to: Place) {
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

    /// Recomputes the stored data of server j from its members and its interference.
    fn refresh(&mut self, j: usize) {
        let z = self.z(j);
        self.sums[j] = self
            .costs
            .server_sums(&self.members[j], j, z, &mut self.own);
    }

    /// I_j, W.
    fn interference(&self, j: usize) -> f64 {
        self.power[j].0.max(0.0)
    }

    /// s_j + I_j, W.
    fn z(&self, j: usize) -> f64 {
        self.costs.noise(j) + self.interference(j)
    }

    /// The power with which a user at `place` interferes at server j, W.
    #[inline]
    fn harm(&self, i: usize, place: Place, j: usize) -> f64 {
        if place.is_none() || place == Some(j) {
            0.0
        } else {
            self.costs.heard(i, j)
        }
    }

    /// H_i if the place is local, else 0, weighted s.
    #[inline]
    fn local_share(&self, i: usize, place: Place) -> f64 {
        if place.is_none() {
            self.costs.local(i)
        } else {
            0.0
        }
    }
}

impl Shift {
    fn is_idle(&self) -> bool {
        self.from == self.to
    }
}

/// The users that leave and that join server j.
#[inline]
fn turnover<const K: usize>(shifts: &[Shift; K], j: usize) -> (Option<usize>, Option<usize>) {
    let (mut without, mut with) = (None, None);
    for shift in shifts {
        if shift.from == Some(j) {
            without = Some(shift.user);
        }
        if shift.to == Some(j) {
            with = Some(shift.user);
        }
    }
    (without, with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::families::{Spec, find, generate};
    use offload_instances::random::Random;
    use offload_instances::{Problem, Weights};
    use std::sync::Arc;

    const USERS: usize = 15;
    const SERVERS: usize = 3;

    fn random_move(random: &mut Random, state: &State, step: usize) -> Move {
        let user = random.below(USERS);
        let other = random.below(USERS);
        match step % 4 {
            0 | 2 => Move::Relocate {
                user,
                to: state.numbered(random.below(SERVERS + 1)),
            },
            1 => Move::Swap {
                first: user,
                second: other,
            },
            _ => Move::Replace {
                user,
                leaver: other,
            },
        }
    }

    /// The batched bounds of a user's relocations equal the single ones up to rounding.
    fn bounds_agree(state: &State, user: usize, value: f64, context: &str) {
        let mut bounds = Vec::new();
        state.relocate_bounds(user, &mut bounds);
        for (p, batched) in bounds.iter().enumerate() {
            let to = state.numbered(p);
            let single = state.bound(Move::Relocate { user, to });
            let rounding = 1e-9 * (value.abs() + single.abs());
            assert!(
                (single - batched).abs() <= rounding,
                "{context}: {single} {batched}"
            );
        }
    }

    /// 2,000 random moves: every predicted change equals the difference of full evaluations, no
    /// bound exceeds it, and the state does not drift.
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
                users: USERS,
                servers: SERVERS,
                seed: 5,
                parameters,
            };
            let instance = generate(find(family).unwrap().as_ref(), &spec).unwrap();
            let problem = Problem::new(Arc::new(instance), 0.8, Weights::Uncertainty).unwrap();
            let costs = Costs::new(&problem);
            let mut random = Random::new(1, 0);
            let mut state = State::all_local(&costs);
            let mut value = problem.objective(state.assignment());
            let mut tight = 0;
            for step in 0..2000 {
                let context = format!("{family} step {step}");
                let next = random_move(&mut random, &state, step);
                state.prepare();
                bounds_agree(&state, random.below(USERS), value, &context);
                let (bound, predicted) = (state.bound(next), state.change(next));
                state.apply(next);
                let now = problem.objective(state.assignment());
                let rounding = 1e-9 * (now.abs() + value.abs());
                assert!((now - value - predicted).abs() <= rounding, "{context}");
                assert!((state.objective() - now).abs() <= 1e-12 * now.abs());
                assert!(
                    bound <= predicted + rounding,
                    "{context}: {bound} above {predicted}"
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

    /// A replacement changes F like its two relocations together.
    #[test]
    fn a_replacement_is_two_relocations() {
        let spec = Spec {
            users: USERS,
            servers: SERVERS,
            seed: 1,
            parameters: std::collections::BTreeMap::new(),
        };
        let instance = generate(find("paper").unwrap().as_ref(), &spec).unwrap();
        let problem = Problem::new(Arc::new(instance), 1.0, Weights::Uniform).unwrap();
        let costs = Costs::new(&problem);
        let plan: Assignment = (0..USERS).map(|i| Some(i % 4).filter(|&j| j < 3)).collect();
        for user in 0..USERS {
            for leaver in (0..USERS).filter(|&k| k != user && plan[k].is_some()) {
                let mut state = State::new(&costs, &plan);
                assert!(state.admits(Move::Replace { user, leaver }));
                state.apply(Move::Replace { user, leaver });
                let mut expected = plan.clone();
                (expected[user], expected[leaver]) = (plan[leaver], None);
                assert_eq!(state.assignment(), &expected);
            }
        }
    }

    /// Adding and subtracting a value 10^20 times larger leaves the small sum unchanged.
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
