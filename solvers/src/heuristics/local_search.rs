//! Variable neighbourhood search over relocations, swaps and ejection chains.

use crate::baselines::random_feasible::random_plan;
use crate::costs::Costs;
use crate::search::descent::{Descent, Moves, shake};
use crate::search::incumbent::Incumbent;
use crate::state::State;
use crate::{About, Budget, Deadline, Outcome, Solver, greedy, streams};
use offload_instances::random::Random;
use offload_instances::{Assignment, Problem};

// The values were chosen by hand.

/// Default number of shakes.
const SHAKES: u64 = 40;
/// Users moved by the smallest shake: the descent would undo the move of a single one.
const LEAST_SHAKE: usize = 2;
/// The largest shake moves one user in this many.
const LARGEST_SHAKE_SHARE: usize = 8;
/// On small problems the largest shake moves this many users.
const FLOOR_OF_LARGEST: usize = 3;
/// A restart from the incumbent moves one user in this many.
const RESTART_SHAKE_SHARE: usize = 20;

/// Variable neighbourhood search (Mladenovic and Hansen 1997; ejection chains: Glover 1996). From
/// GOA's plan it descends to a plan that no relocation, swap or ejection chain improves. Shakes of
/// growing size follow, each with a descent, and an improvement resets the size to the smallest.
/// One iteration is one shake.
pub struct LocalSearch;

impl Solver for LocalSearch {
    fn about(&self) -> About {
        About {
            id: "local-search",
            summary: "variable neighbourhood search (Mladenovic and Hansen 1997): relocate, swap, \
                ejection \
                chains (Glover 1996), from GOA's plan",
            complexity: "O(N^2 M) a pass over swaps, O(N^2 M) over chains, 40 shakes",
            takes_start: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut incumbent = Incumbent::new(budget, SHAKES);
        let costs = Costs::new(problem);
        let plan = greedy::start(&costs, budget);
        let mut state = State::new(&costs, &plan);
        incumbent.offer(state.objective(), &plan);
        let mut descent = Descent::default();
        descent.run(&mut state, Moves::Chain, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        let mut random = Random::new(budget.seed, streams::LOCAL_SEARCH);
        let largest = (problem.n() / LARGEST_SHAKE_SHARE).max(FLOOR_OF_LARGEST);
        let mut size = LEAST_SHAKE;
        while incumbent.next() {
            state.reset(incumbent.plan());
            shake(&mut state, &mut random, size);
            descent.run(&mut state, Moves::Chain, incumbent.deadline());
            let better = incumbent.offer(state.objective(), state.assignment());
            size = if better || size >= largest {
                LEAST_SHAKE
            } else {
                size + 1
            };
        }
        incumbent.outcome()
    }
}

/// The best local optimum (relocations and swaps) over `starts` starts: the first from `plan`, the
/// others alternately from shaken incumbents and random plans.
pub fn improve_from(
    costs: &Costs,
    plan: Assignment,
    starts: usize,
    seed: u64,
    deadline: &Deadline,
) -> Assignment {
    let problem = costs.problem();
    let mut random = Random::new(seed, streams::LOCAL_SEARCH);
    let mut state = State::new(costs, &plan);
    let size = (problem.n() / RESTART_SHAKE_SHARE).max(FLOOR_OF_LARGEST);
    let mut descent = Descent::default();
    descent.run(&mut state, Moves::Swap, deadline);
    let mut best = (state.objective(), state.assignment().clone());
    for start in 1..starts {
        if deadline.is_over() {
            break;
        }
        if start % 2 == 1 {
            state.reset(&best.1);
            shake(&mut state, &mut random, size);
        } else {
            state.reset(&random_plan(problem, &mut random));
        }
        descent.run(&mut state, Moves::Swap, deadline);
        let value = state.objective();
        if value < best.0 {
            best = (value, state.assignment().clone());
        }
    }
    best.1
}
