//! GOA's greedy with the true price: what an assignment does to everybody, not to the newcomer
//! alone.

use crate::greedy::waiting::Waiting;
use crate::search::descent::{Descent, Moves, Place};
use crate::state::State;
use crate::{Budget, Deadline, Outcome, Solver, Stop};
use offload_instances::{Assignment, Problem};
use std::collections::BinaryHeap;

/// Steps as GOA does (mandatory users first, then whoever gains), but by the change of F itself,
/// and ends with relocations of any user to any place, back to local included, until none improves
/// F. So the plan is a local optimum: no single user's move betters it.
///
/// Users wait in a heap by the change of F that their best place had when they were last looked at;
/// the one on top is looked at again and taken if it is still no worse than the next. Unlike GOA's
/// deltas these changes may also fall (interference is concave), so the order is that of the least
/// change only as far as old values tell: a lazy greedy (Minoux 1978).
pub struct GoaMarginal;

impl Solver for GoaMarginal {
    fn id(&self) -> &'static str {
        "goa-marginal"
    }

    fn summary(&self) -> &'static str {
        "greedy by the true change of F, harm to others included, lazily (Minoux 1978), then \
         relocations until none improves"
    }

    fn complexity(&self) -> &'static str {
        "O(N M log N + A N), A = steps taken (about N)"
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let deadline = budget.deadline();
        let mut state = State::new(problem, &vec![None; problem.n()]);
        construct(problem, &mut state);
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

/// A plan by `goa-marginal`, cut short by the deadline.
pub fn plan(problem: &Problem, deadline: &Deadline) -> Assignment {
    let mut state = State::new(problem, &vec![None; problem.n()]);
    construct(problem, &mut state);
    Descent::default().run(&mut state, Moves::Relocate, deadline);
    state.assignment().clone()
}

/// Attaches the mandatory users that are still local, then optional ones while F falls; `state` is
/// not else changed.
pub fn construct(problem: &Problem, state: &mut State) {
    let mut bounds = Vec::new();
    for mandatory in [true, false] {
        let waits = |i: &usize| state.place(*i).is_none() && problem.is_mandatory(*i) == mandatory;
        let users: Vec<usize> = (0..problem.n()).filter(waits).collect();
        state.prepare();
        let looked = |user: usize, state: &State, bounds: &mut Vec<f64>| {
            cheapest_server(state, user, bounds).map(|(change, server)| {
                (
                    Waiting {
                        price: change,
                        user: user as u32,
                    },
                    server,
                )
            })
        };
        let mut heap: BinaryHeap<Waiting> = users
            .iter()
            .filter_map(|&i| looked(i, state, &mut bounds))
            .map(|(w, _)| w)
            .collect();
        while let Some(top) = heap.pop() {
            let Some((now, server)) = looked(top.user as usize, state, &mut bounds) else {
                continue;
            };
            if heap.peek().is_some_and(|next| *next > now) && now.price > top.price {
                heap.push(now);
            } else if mandatory || now.price < 0.0 {
                state.relocate(now.user as usize, server);
                state.prepare();
            }
        }
    }
}

/// The open server to which the local user i goes at the least change of F, as its lower bound
/// tells (exact but for interference's curvature).
fn cheapest_server(state: &State, i: usize, bounds: &mut Vec<f64>) -> Option<(f64, Place)> {
    state.relocate_bounds(i, bounds);
    let open = (0..state.servers()).filter(|&j| state.admits(i, Some(j)));
    open.map(|j| (bounds[j], Some(j)))
        .min_by(|a, b| a.0.total_cmp(&b.0))
}
