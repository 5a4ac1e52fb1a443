//! Greedy by regret.

use crate::costs::Costs;
use crate::search::descent::{Descent, Moves};
use crate::search::incumbent::outcome_of;
use crate::state::{Move, Place, State};
use crate::{About, Budget, Outcome, Solver, greedy};
use offload_instances::Problem;

/// Repeatedly assigns the user with the greatest regret, the difference between its second best and
/// its best change of F (Martello and Toth 1981, for the generalised assignment problem). Mandatory
/// users come first. Afterwards relocations are made until none improves F, as in their shift
/// phase.
pub struct Regret;

impl Solver for Regret {
    fn about(&self) -> About {
        About {
            id: "regret",
            summary: "greatest regret first (Martello and Toth 1981) by the true change of F, \
                then relocations \
                until none improves",
            complexity: "O(N^2 M)",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let deadline = budget.deadline();
        let costs = Costs::new(problem);
        let mut state = State::all_local(&costs);
        let [mut mandatory, mut optional] = greedy::users_by_duty(problem);
        insert(&mut state, &mut mandatory, || false);
        insert(&mut state, &mut optional, || deadline.is_over());
        Descent::default().run(&mut state, Moves::Relocate, &deadline);
        outcome_of(state.assignment().clone(), &deadline)
    }
}

/// Assigns every waiting user, all of them local, in order of regret; optional users may stay
/// local. Ends early if `stop`, called before each assignment, returns true.
pub fn insert(state: &mut State, waiting: &mut Vec<usize>, stop: impl Fn() -> bool) {
    let mut bounds = Vec::new();
    while !waiting.is_empty() && !stop() {
        state.prepare();
        // The greatest regret so far, with the position and the best place of its user.
        let mut most = f64::NEG_INFINITY;
        let mut chosen: Option<(usize, Place)> = None;
        for (k, &i) in waiting.iter().enumerate() {
            if let Some((regret, to)) = regret_of(state, i, &mut bounds)
                && (chosen.is_none() || regret > most)
            {
                most = regret;
                chosen = Some((k, to));
            }
        }
        let Some((k, to)) = chosen else { return };
        let user = waiting.remove(k);
        state.apply(Move::Relocate { user, to });
    }
}

/// The user's regret, weighted s, and its best place; `None` if no place admits it.
fn regret_of(state: &State, user: usize, bounds: &mut Vec<f64>) -> Option<(f64, Place)> {
    state.relocate_bounds(user, bounds);
    let (mut first, mut second, mut best) = (f64::INFINITY, f64::INFINITY, None);
    for (p, &bound) in bounds.iter().enumerate() {
        let to = state.numbered(p);
        if !state.admits(Move::Relocate { user, to }) {
            continue;
        }
        if best.is_none() || bound < first {
            second = first;
            first = bound;
            best = Some(to);
        } else if bound < second {
            second = bound;
        }
    }
    // A user with a single place left comes first.
    let regret = if second.is_finite() {
        second - first
    } else {
        f64::INFINITY
    };
    best.map(|to| (regret, to))
}
