//! Greedy by regret.

use crate::search::descent::{Descent, Moves, Place, place};
use crate::state::State;
use crate::{Budget, Outcome, Solver, Stop};
use offload_instances::Problem;

/// Again and again the user who would lose most by not getting its best place (the difference
/// between its second best and its best change of F) gets it (Martello and Toth 1981, for the
/// generalised assignment problem), mandatory users first; then relocations until none improves,
/// their shift phase.
pub struct Regret;

impl Solver for Regret {
    fn id(&self) -> &'static str {
        "regret"
    }

    fn summary(&self) -> &'static str {
        "greatest regret first (Martello and Toth 1981) by the true change of F, then relocations \
         until none improves"
    }

    fn complexity(&self) -> &'static str {
        "O(N^2 M)"
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let deadline = budget.deadline();
        let mut state = State::new(problem, &vec![None; problem.n()]);
        for mandatory in [true, false] {
            let mut waiting: Vec<usize> = (0..problem.n())
                .filter(|&i| problem.is_mandatory(i) == mandatory)
                .collect();
            insert(&mut state, &mut waiting, || {
                !mandatory && deadline.is_over()
            });
        }
        Descent::default().run(&mut state, Moves::Relocate, &deadline);
        let stop = if deadline.is_over() {
            Stop::TimeLimit
        } else {
            Stop::Finished
        };
        Outcome {
            stop,
            ..Outcome::plan(state.assignment().clone())
        }
    }
}

/// Gives every waiting user, all of them local now, a place in the order of regret; optional users
/// may stay local. `stop` is asked before each.
pub fn insert(state: &mut State, waiting: &mut Vec<usize>, stop: impl Fn() -> bool) {
    let mut bounds = Vec::new();
    while !waiting.is_empty() && !stop() {
        state.prepare();
        let mut best: Option<(f64, usize, Place)> = None;
        for (k, &i) in waiting.iter().enumerate() {
            if let Some((regret, to)) = regret_of(state, i, &mut bounds)
                && best.is_none_or(|(most, _, _)| regret > most)
            {
                best = Some((regret, k, to));
            }
        }
        let Some((_, k, to)) = best else { return };
        let user = waiting.remove(k);
        state.relocate(user, to);
    }
}

/// How much worse the user's second best place is than its best, and the best; nothing when no
/// place admits it.
fn regret_of(state: &State, i: usize, bounds: &mut Vec<f64>) -> Option<(f64, Place)> {
    state.relocate_bounds(i, bounds);
    let m = state.servers();
    let (mut first, mut second, mut to) = (f64::INFINITY, f64::INFINITY, None);
    for (p, &bound) in bounds
        .iter()
        .enumerate()
        .filter(|(p, _)| state.admits(i, place(*p, m)))
    {
        if to.is_none() || bound < first {
            second = first;
            first = bound;
            to = Some(place(p, m));
        } else if bound < second {
            second = bound;
        }
    }
    // A user with a single place left has all to lose.
    to.map(|to| {
        (
            if second.is_finite() {
                second - first
            } else {
                f64::INFINITY
            },
            to,
        )
    })
}
