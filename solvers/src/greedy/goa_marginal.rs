//! GOA's greedy with the true price: what an assignment costs everyone, not the newcomer alone.

use crate::costs::Costs;
use crate::search::descent::{Descent, Moves};
use crate::search::incumbent::outcome_of;
use crate::search::waiting::Waiting;
use crate::state::{Move, Place, State};
use crate::{Budget, Deadline, Outcome, Solver, greedy};
use offload_instances::{Assignment, Problem};
use std::collections::BinaryHeap;

/// Steps as GOA does (mandatory users first, then every user that gains), but by the change of F
/// itself, and ends with relocations of any user to any place, back to local included, until none
/// improves F. So the plan is a local optimum: no single user's move improves it.
///
/// Users wait in a heap by the change of F that their best place had when they were last priced;
/// the one on top is priced again and taken if it is still no worse than the next. Unlike GOA's
/// deltas these changes may also fall (costs are concave in interference), so the order is that of
/// the least change by old values: a lazy greedy (Minoux 1978).
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
        outcome_of(plan(&Costs::new(problem), &deadline), &deadline)
    }
}

/// The plan of `goa-marginal`, cut short by the deadline.
pub fn plan(costs: &Costs, deadline: &Deadline) -> Assignment {
    let mut state = State::all_local(costs);
    construct(costs.problem(), &mut state);
    Descent::default().run(&mut state, Moves::Relocate, deadline);
    state.assignment().clone()
}

/// Attaches the mandatory users that are still local, then optional ones while F falls. Users at
/// servers stay where they are.
pub fn construct(problem: &Problem, state: &mut State) {
    let mut bounds = Vec::new();
    let groups = greedy::users_by_duty(problem);
    for (mut users, mandatory) in groups.into_iter().zip([true, false]) {
        users.retain(|&i| state.place(i).is_none());
        state.prepare();
        let mut heap: BinaryHeap<Waiting> = users
            .into_iter()
            .filter_map(|i| cheapest_server(state, i, &mut bounds))
            .map(|(waiting, _)| waiting)
            .collect();
        while let Some(top) = heap.pop() {
            let user = top.number as usize;
            let Some((now, to)) = cheapest_server(state, user, &mut bounds) else {
                continue;
            };
            if heap.peek().is_some_and(|next| *next > now) && now.price > top.price {
                heap.push(now);
            } else if mandatory || now.price < 0.0 {
                state.apply(Move::Relocate { user, to });
                state.prepare();
            }
        }
    }
}

/// The open server to which the local user i goes at the least change of F, as its lower bound
/// tells (exact but for interference's curvature), and the user waiting at that change.
fn cheapest_server(state: &State, i: usize, bounds: &mut Vec<f64>) -> Option<(Waiting, Place)> {
    state.relocate_bounds(i, bounds);
    let places = (0..state.servers()).map(|j| (bounds[j], Some(j)));
    let (change, to) = places
        .filter(|&(_, to)| state.admits(Move::Relocate { user: i, to }))
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((Waiting::new(change, i as u32), to))
}
