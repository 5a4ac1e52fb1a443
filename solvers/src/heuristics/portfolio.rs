//! The best combination of heuristics within a time budget.

use crate::costs::Costs;
use crate::greedy::goa_marginal;
use crate::search::descent::{Descent, Moves, shake};
use crate::search::exchange::exchange;
use crate::search::incumbent::Incumbent;
use crate::state::State;
use crate::{About, Budget, Outcome, Solver, streams};
use offload_instances::Problem;
use offload_instances::random::Random;

// The values were chosen by hand.

/// Default number of shakes.
const SHAKES: u64 = 200;
/// Number of shakes without improvement before an exchange by transportation with ejection chains.
const EXCHANGE_EVERY: u64 = 16;
/// Users moved by the smallest shake: the descent would undo the move of a single one.
const LEAST_SHAKE: usize = 2;
/// The largest shake moves about one user in this many.
const LARGEST_SHAKE_SHARE: usize = 6;
/// Number of shake sizes on small problems.
const LEAST_SIZES: usize = 3;

/// `goa-marginal`, then iterated local search (Lourenco, Martin and Stuetzle 2003) until the time
/// limit, or for 200 shakes without one: shakes of varying size, descents over relocations and
/// swaps, and occasionally ejection chains and an exchange of all users at fixed loads by
/// transportation. One iteration is one shake.
pub struct Portfolio;

impl Solver for Portfolio {
    fn about(&self) -> About {
        About {
            id: "portfolio",
            summary: "goa-marginal, then iterated local search (Lourenco, Martin and Stuetzle \
                2003) with \
                transportation, until the time is up",
            complexity: "as long as the budget; O(N^2 M) a shake, 200 shakes without a limit",
            is_anytime: true,
            takes_start: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let shakes = if budget.time_limit.is_some() {
            u64::MAX
        } else {
            SHAKES
        };
        let mut incumbent = Incumbent::new(budget, shakes);
        let costs = Costs::new(problem);
        let mut state = State::all_local(&costs);
        let mut descent = Descent::default();
        goa_marginal::construct(problem, &mut state);
        incumbent.offer(state.objective(), state.assignment());
        if let Some(start) = &budget.start {
            incumbent.offer(problem.objective(start), start);
            state.reset(incumbent.plan());
        }
        descent.run(&mut state, Moves::Relocate, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        descent.run(&mut state, Moves::Swap, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        let mut random = Random::new(budget.seed, streams::PORTFOLIO);
        let sizes = (problem.n() / LARGEST_SHAKE_SHARE).max(LEAST_SIZES);
        let mut since = 0_u64;
        while incumbent.next() {
            state.reset(incumbent.plan());
            if since.is_multiple_of(EXCHANGE_EVERY) {
                let (plan, _) = exchange(&costs, incumbent.plan().clone());
                state.reset(&plan);
                descent.run(&mut state, Moves::Chain, incumbent.deadline());
            } else {
                let size = LEAST_SHAKE + random.below(sizes);
                shake(&mut state, &mut random, size);
                descent.run(&mut state, Moves::Swap, incumbent.deadline());
            }
            since = if incumbent.offer(state.objective(), state.assignment()) {
                1
            } else {
                since + 1
            };
        }
        incumbent.outcome()
    }
}
