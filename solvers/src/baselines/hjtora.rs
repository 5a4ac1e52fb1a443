//! Remove and exchange, after Tran and Pompili.

use crate::search::descent::LEAST_GAIN;
use crate::search::incumbent::Incumbent;
use crate::state::State;
use crate::{Budget, Outcome, Solver, greedy};
use offload_instances::Problem;

/// Gains below this part of F, divided by N^2, do not count: it makes the number of steps
/// polynomial (Tran and Pompili 2019, after Feige, Mirrokni and Vondrak 2011).
const EPSILON: f64 = 1e-3;

/// Local search of hJTORA: from the mandatory users' greedy plan, repeat (a) *remove*: an optional
/// user back to its device; (b) *exchange*: a user to a server, in place of at most one optional
/// user there, who goes back to its device; the first step that improves F by more than epsilon F /
/// N^2 is taken. The paper's sub-bands are our shared band, and its resource allocation is our
/// equal share, so F is exact.
///
/// Iterations are steps taken. The plan that it ends with admits no such step.
pub struct Hjtora;

impl Solver for Hjtora {
    fn id(&self) -> &'static str {
        "hjtora"
    }

    fn summary(&self) -> &'static str {
        "remove and exchange local search after hJTORA (Tran and Pompili 2019)"
    }

    fn complexity(&self) -> &'static str {
        "O(N^2 M) a round, at most O(N^2 log(F_0 / F*) / epsilon) steps"
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, u64::MAX);
        let mut mandatory = greedy::Partial::new(problem);
        mandatory.run(
            &greedy::mandatory(problem),
            greedy::Rule::Weighted,
            false,
            false,
        );
        let mut state = State::new(problem, &mandatory.assignment);
        state.prepare();
        incumbent.offer(state.objective(), state.assignment());
        while round(problem, &mut state, &mut incumbent) {}
        incumbent.outcome()
    }
}

/// One round over all users; true when it changed something and may go on.
fn round(problem: &Problem, state: &mut State, incumbent: &mut Incumbent) -> bool {
    let n = problem.n();
    let mut changed = false;
    let mut bounds = Vec::new();
    for i in 0..n {
        let threshold = -(EPSILON / (n * n) as f64).max(LEAST_GAIN) * state.objective();
        let removed = state.place(i).is_some()
            && state.admits(i, None)
            && state.relocate_change(i, None) < threshold
            && accept(state, incumbent, |s| s.relocate(i, None));
        changed |= removed;
        for j in (0..problem.m())
            .filter(|&j| !removed && state.place(i) != Some(j))
            .collect::<Vec<_>>()
        {
            state.relocate_bounds(i, &mut bounds);
            let goes = state.admits(i, Some(j))
                && (bounds[j] < threshold && state.relocate_change(i, Some(j)) < threshold)
                && accept(state, incumbent, |s| s.relocate(i, Some(j)));
            if goes || exchange(problem, state, incumbent, i, j, threshold) {
                changed = true;
                break;
            }
        }
        if incumbent.is_over() {
            return false;
        }
    }
    changed
}

/// Puts i to server j and one of its optional users, the first for whom it pays, back to its
/// device.
fn exchange(
    problem: &Problem,
    state: &mut State,
    incumbent: &mut Incumbent,
    i: usize,
    j: usize,
    threshold: f64,
) -> bool {
    let pays =
        |state: &State, k: usize| !problem.is_mandatory(k) && state.replace_bound(i, k) < threshold;
    let hopeful: Vec<usize> = state
        .members(j)
        .iter()
        .copied()
        .filter(|&k| pays(state, k))
        .collect();
    for k in hopeful {
        // The bound may flatter: take the two steps, and back when they do not pay.
        let left = state.relocate_change(k, None);
        state.relocate(k, None);
        if left + state.relocate_change(i, Some(j)) < threshold
            && accept(state, incumbent, |s| s.relocate(i, Some(j)))
        {
            return true;
        }
        state.relocate(k, Some(j));
        state.prepare();
    }
    false
}

/// Takes a step, if one more may be taken.
fn accept(state: &mut State, incumbent: &mut Incumbent, step: impl FnOnce(&mut State)) -> bool {
    if !incumbent.next() {
        return false;
    }
    step(state);
    state.prepare();
    incumbent.offer(state.objective(), state.assignment());
    true
}
