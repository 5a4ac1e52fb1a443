//! What does best within a time budget.

use crate::exact::bnb::Exchange;
use crate::search::descent::{Descent, Moves, shake};
use crate::greedy::goa_marginal;
use crate::search::incumbent::Incumbent;
use crate::state::State;
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;
use offload_instances::random::Random;

/// Shakes by default.
const SHAKES: u64 = 200;

/// `goa-marginal`, then iterated local search (Lourenco, Martin and Stuetzle 2003) until the time
/// is up, or for 200 shakes when there is no limit: shakes of varying size, descents over
/// relocations and swaps, now and then ejection chains and an exchange of all users at fixed loads
/// by transportation. Iterations are shakes.
pub struct Portfolio;

impl Solver for Portfolio {
    fn id(&self) -> &'static str {
        "portfolio"
    }

    fn summary(&self) -> &'static str {
        "goa-marginal, then iterated local search (Lourenco, Martin and Stuetzle 2003) with \
         transportation, until the time is up"
    }

    fn complexity(&self) -> &'static str {
        "as long as the budget; O(N^2 M) a shake, 200 shakes without a limit"
    }

    fn is_anytime(&self) -> bool {
        true
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let shakes = if budget.time_limit.is_some() {
            u64::MAX
        } else {
            SHAKES
        };
        let mut incumbent = Incumbent::new(budget, shakes);
        let mut state = State::new(problem, &vec![None; problem.n()]);
        let mut descent = Descent::default();
        goa_marginal::construct(problem, &mut state);
        incumbent.offer(state.objective(), state.assignment());
        descent.run(&mut state, Moves::Relocate, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        descent.run(&mut state, Moves::Swap, incumbent.deadline());
        incumbent.offer(state.objective(), state.assignment());
        let exchange = Exchange::new(problem);
        let mut random = Random::new(budget.seed, 6);
        let largest = (problem.n() / 6).max(3);
        let mut since = 0;
        while incumbent.next() {
            state.reset(incumbent.plan());
            if since % 16 == 0 {
                let plan = exchange.improve(problem, incumbent.plan());
                state.reset(&plan);
                descent.run(&mut state, Moves::Chain, incumbent.deadline());
            } else {
                let size = 2 + random.below(largest);
                shake(&mut state, problem, &mut random, size);
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
