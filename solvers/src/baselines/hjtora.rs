//! Remove and exchange local search, after Tran and Pompili.

use crate::costs::Costs;
use crate::search::descent::LEAST_GAIN;
use crate::search::incumbent::Incumbent;
use crate::state::{Move, State};
use crate::{About, Budget, Outcome, Solver, greedy};
use offload_instances::Problem;

/// Gains below this fraction of F, divided by N^2, do not count. This makes the number of steps
/// polynomial (Tran and Pompili 2019, after Feige, Mirrokni and Vondrak 2011).
const EPSILON: f64 = 1e-3;

/// Local search of hJTORA. From the greedy plan of the mandatory users it repeats two kinds of
/// steps: (a) *remove*: an optional user returns to its device; (b) *exchange*: a user moves to a
/// server and replaces at most one optional user there, which returns to its device. The first step
/// that improves F by more than epsilon F / N^2 is made. The paper's sub-bands correspond to the
/// shared band here and its resource allocation to the equal share, so F is exact.
///
/// One iteration is one step. No such step improves the final plan.
pub struct Hjtora;

impl Solver for Hjtora {
    fn about(&self) -> About {
        About {
            id: "hjtora",
            summary: "remove and exchange local search after hJTORA (Tran and Pompili 2019)",
            complexity: "O(N^2 M) a round, at most O(N^2 log(F_0 / F*) / epsilon) steps",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, u64::MAX);
        let costs = Costs::new(problem);
        let mut state = State::new(&costs, &greedy::mandatory(&costs).assignment);
        state.prepare();
        incumbent.offer(state.objective(), state.assignment());
        while round(&mut state, &mut incumbent) {}
        incumbent.outcome()
    }
}

/// One round over all users; true if it changed the plan and may continue.
fn round(state: &mut State, incumbent: &mut Incumbent) -> bool {
    let n = state.users();
    let mut changed = false;
    for user in 0..n {
        let threshold = -(EPSILON / (n * n) as f64).max(LEAST_GAIN) * state.objective();
        let removed = remove(state, incumbent, user, threshold);
        changed |= removed || enter(state, incumbent, user, threshold);
        if incumbent.is_over() {
            return false;
        }
    }
    changed
}

/// Returns the user to its device if that improves F.
fn remove(state: &mut State, incumbent: &mut Incumbent, user: usize, threshold: f64) -> bool {
    let step = Move::Relocate { user, to: None };
    state.place(user).is_some()
        && state.admits(step)
        && state.change(step) < threshold
        && accept(state, incumbent, step)
}

/// Moves the user to the first other server where that improves F, alone or replacing another user.
fn enter(state: &mut State, incumbent: &mut Incumbent, user: usize, threshold: f64) -> bool {
    let home = state.place(user);
    let mut bounds = Vec::new();
    for j in (0..state.servers()).filter(|&j| home != Some(j)) {
        let step = Move::Relocate { user, to: Some(j) };
        state.relocate_bounds(user, &mut bounds);
        let goes = state.admits(step)
            && (bounds[j] < threshold && state.change(step) < threshold)
            && accept(state, incumbent, step);
        if goes || exchange(state, incumbent, step, threshold) {
            return true;
        }
    }
    false
}

/// Makes `enter`, a relocation to a server, together with the removal of one of that server's
/// optional users: the first for which it improves F.
fn exchange(state: &mut State, incumbent: &mut Incumbent, enter: Move, threshold: f64) -> bool {
    let Move::Relocate { user, to: Some(j) } = enter else {
        return false;
    };
    let pays = |leaver: usize| {
        let step = Move::Replace { user, leaver };
        state.admits(step) && state.bound(step) < threshold
    };
    let members = state.members(j).iter().copied();
    let hopeful: Vec<usize> = members.filter(|&k| pays(k)).collect();
    for leaver in hopeful {
        // The bound may be too low: make both steps, and undo them if F does not improve.
        let leave = Move::Relocate {
            user: leaver,
            to: None,
        };
        let left = state.change(leave);
        state.apply(leave);
        if left + state.change(enter) < threshold && accept(state, incumbent, enter) {
            return true;
        }
        state.apply(Move::Relocate {
            user: leaver,
            to: Some(j),
        });
        state.prepare();
    }
    false
}

/// Makes a step, unless the iteration limit is reached.
fn accept(state: &mut State, incumbent: &mut Incumbent, step: Move) -> bool {
    if !incumbent.next() {
        return false;
    }
    state.apply(step);
    state.prepare();
    incumbent.offer(state.objective(), state.assignment());
    true
}
