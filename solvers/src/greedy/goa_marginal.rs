//! GOA's greedy with the true price: the cost of an assignment to all users, not only the new one.

use crate::costs::Costs;
use crate::search::descent::{Descent, Moves};
use crate::search::incumbent::outcome_of;
use crate::search::waiting::Waiting;
use crate::state::{Move, Place, State};
use crate::{About, Budget, Deadline, Outcome, Solver, greedy};
use offload_instances::{Assignment, Problem};
use std::collections::BinaryHeap;

/// Same steps as GOA (mandatory users first, then every user with a gain), but by the true change
/// of F. Afterwards any user may move to any place, including local, until no relocation improves
/// F. The plan is a local optimum: no move of a single user improves it.
///
/// Users wait in a heap by the change of F at their best place when last priced. The top user is
/// priced again and assigned if it is still no worse than the next. Unlike GOA's deltas, these
/// changes may also decrease (costs are concave in interference), so the order is that of outdated
/// values: a lazy greedy (Minoux 1978).
pub struct GoaMarginal;

impl Solver for GoaMarginal {
    fn about(&self) -> About {
        About {
            id: "goa-marginal",
            summary: "greedy by the true change of F, harm to others included, lazily (Minoux \
                1978), then \
                relocations until none improves",
            complexity: "O(N M log N + A N), A = steps taken (about N)",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let deadline = budget.deadline();
        outcome_of(plan(&Costs::new(problem), &deadline), &deadline)
    }
}

/// The plan of `goa-marginal`, stopped early by the deadline.
pub fn plan(costs: &Costs, deadline: &Deadline) -> Assignment {
    let mut state = State::all_local(costs);
    construct(costs.problem(), &mut state);
    Descent::default().run(&mut state, Moves::Relocate, deadline);
    state.assignment().clone()
}

/// Attaches the mandatory users that are still local, then optional ones while F decreases. Users
/// at servers stay there.
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

/// The open server at which the local user i has the least lower bound on the change of F (exact
/// except for the curvature of interference costs), and the heap entry at that change.
fn cheapest_server(state: &State, i: usize, bounds: &mut Vec<f64>) -> Option<(Waiting, Place)> {
    state.relocate_bounds(i, bounds);
    let places = (0..state.servers()).map(|j| (bounds[j], Some(j)));
    let (change, to) = places
        .filter(|&(_, to)| state.admits(Move::Relocate { user: i, to }))
        .min_by(|a, b| a.0.total_cmp(&b.0))?;
    Some((Waiting::new(change, i as u32), to))
}
