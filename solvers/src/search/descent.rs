//! Descents to local optima over relocations, swaps and ejection chains, each move priced exactly.

use crate::Deadline;
use crate::state::{Move, Place, State};
use offload_instances::random::Random;

/// A step must improve F by more than this fraction; less is rounding (sums of some thousand terms
/// in double precision).
pub const LEAST_GAIN: f64 = 1e-13;
/// Most users moved by one ejection chain, chosen by hand.
const CHAIN: usize = 4;
/// Number of users between checks of the deadline.
const CLOCK_EVERY: usize = 16;

/// Which moves a descent tries.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moves {
    /// Relocations of one user.
    Relocate,
    /// Also swaps of two users.
    Swap,
    /// Also chains of relocations whose first steps may worsen F.
    Chain,
}

/// Finds and makes moves; keeps its buffers.
#[derive(Default)]
pub struct Descent {
    bounds: Vec<f64>,
}

impl Descent {
    /// The admitted relocation of user i with the least exact change of F, if that is below
    /// `limit`. Places whose bound is not below the best change so far are not evaluated.
    /// [`State::prepare`] must have been called.
    pub fn best_relocation(&mut self, state: &State, i: usize, limit: f64) -> Option<(f64, Place)> {
        let admits = |to| state.admits(Move::Relocate { user: i, to });
        self.best_relocation_where(state, i, limit, admits)
    }

    /// Like [`Descent::best_relocation`], over the places that `admits` accepts.
    pub fn best_relocation_where(
        &mut self,
        state: &State,
        i: usize,
        limit: f64,
        admits: impl Fn(Place) -> bool,
    ) -> Option<(f64, Place)> {
        state.relocate_bounds(i, &mut self.bounds);
        let m = self.bounds.len() - 1;
        self.bounds[state.place(i).unwrap_or(m)] = f64::INFINITY;
        let mut best = None;
        let mut limit = limit;
        loop {
            // A NaN bound excludes nothing: the place is evaluated.
            let is_open = |bound: f64| bound < limit || bound.is_nan();
            let open = (0..=m).filter(|&p| is_open(self.bounds[p]) && admits(state.numbered(p)));
            let Some(p) = open.min_by(|&p, &q| self.bounds[p].total_cmp(&self.bounds[q])) else {
                return best;
            };
            self.bounds[p] = f64::INFINITY;
            let to = state.numbered(p);
            let change = state.change(Move::Relocate { user: i, to });
            if change < limit {
                limit = change;
                best = Some((change, to));
            }
        }
    }

    /// Descends until no admitted move of the kinds in `moves` improves F, or the deadline has
    /// passed.
    pub fn run(&mut self, state: &mut State, moves: Moves, deadline: &Deadline) {
        loop {
            self.relocate(state, deadline);
            if deadline.is_over() || moves < Moves::Swap {
                return;
            }
            if self.swap(state, deadline) {
                continue;
            }
            if deadline.is_over() || moves < Moves::Chain || !self.chain(state, deadline) {
                return;
            }
        }
    }

    /// Moves each user to its best place, until a whole round changes nothing.
    fn relocate(&mut self, state: &mut State, deadline: &Deadline) {
        let n = state.users();
        let threshold = -LEAST_GAIN * state.objective();
        let (mut i, mut idle) = (0, 0);
        state.prepare();
        while idle < n {
            if i % CLOCK_EVERY == 0 && deadline.is_over() {
                return;
            }
            idle += 1;
            if let Some((_, to)) = self.best_relocation(state, i, threshold) {
                state.apply(Move::Relocate { user: i, to });
                state.prepare();
                idle = 0;
            }
            i = if i + 1 < n { i + 1 } else { 0 };
        }
    }

    /// One pass over all pairs; true if a swap improved F.
    fn swap(&mut self, state: &mut State, deadline: &Deadline) -> bool {
        let n = state.users();
        let threshold = -LEAST_GAIN * state.objective();
        let mut improved = false;
        for i in 0..n {
            if deadline.is_over() {
                return improved;
            }
            for k in i + 1..n {
                let swap = Move::Swap {
                    first: i,
                    second: k,
                };
                // A NaN bound excludes nothing: the swap is evaluated.
                if state.place(i) == state.place(k)
                    || state.bound(swap) >= threshold
                    || !state.admits(swap)
                    || state.change(swap) >= threshold
                {
                    continue;
                }
                state.apply(swap);
                state.prepare();
                improved = true;
            }
        }
        improved
    }

    /// One pass over all users as heads of ejection chains (Glover 1996). Each head moves to each
    /// server, full or not. While the chain has no gain, it continues with the member of the
    /// entered server whose departure improves F most. A chain without gain is undone.
    fn chain(&mut self, state: &mut State, deadline: &Deadline) -> bool {
        let n = state.users();
        let threshold = -LEAST_GAIN * state.objective();
        let mut improved = false;
        for i in 0..n {
            for j in 0..state.servers() {
                if deadline.is_over() {
                    return improved;
                }
                if state.place(i) != Some(j) {
                    improved |= self.try_chain(state, i, j, threshold);
                }
            }
        }
        improved
    }

    fn try_chain(&mut self, state: &mut State, head: usize, first: usize, threshold: f64) -> bool {
        let mut undo = vec![(head, state.place(head))];
        let enter = Move::Relocate {
            user: head,
            to: Some(first),
        };
        let mut total = state.change(enter);
        state.apply(enter);
        let mut entered = first;
        while undo.len() < CHAIN {
            state.prepare();
            let mut least = f64::INFINITY;
            let mut best: Option<(usize, Place)> = None;
            for k in 0..state.load(entered) {
                let user = state.members(entered)[k];
                if undo.iter().any(|(u, _)| *u == user) {
                    continue;
                }
                // The last user must end at a free place; before that, a full server may be
                // entered.
                let last = undo.len() + 1 == CHAIN;
                let admits = |to: Place| {
                    state.admits(Move::Relocate { user, to }) || (!last && to.is_some())
                };
                if let Some((change, to)) = self.best_relocation_where(state, user, least, admits) {
                    least = change;
                    best = Some((user, to));
                }
            }
            let Some((user, to)) = best else {
                break;
            };
            undo.push((user, state.place(user)));
            state.apply(Move::Relocate { user, to });
            total += least;
            if total < threshold
                && state.is_within_capacity(to)
                && state.is_within_capacity(Some(entered))
            {
                state.prepare();
                return true;
            }
            match to {
                Some(j) => entered = j,
                None => break,
            }
        }
        for &(user, to) in undo.iter().rev() {
            state.apply(Move::Relocate { user, to });
        }
        state.prepare();
        false
    }
}

/// Moves `count` random users to random admitted places.
pub fn shake(state: &mut State, random: &mut Random, count: usize) {
    for _ in 0..count {
        let user = random.below(state.users());
        let to = state.numbered(random.below(state.servers() + 1));
        let step = Move::Relocate { user, to };
        if state.admits(step) {
            state.apply(step);
        }
    }
}
