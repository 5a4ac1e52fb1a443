//! As many users as GOA offloads, but any.

use crate::greedy::{self, Partial, Rule};
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;
use offload_instances::random::Random as Draw;

/// See [`Solver::summary`].
pub struct Random;

impl Solver for Random {
    fn id(&self) -> &'static str {
        "random"
    }

    fn summary(&self) -> &'static str {
        "as many users as GOA offloads, drawn uniformly, then step 1 with v = 1 over them \
         (baseline of Kim et al.)"
    }

    fn complexity(&self) -> &'static str {
        "`goa`, then as `goa`"
    }

    fn respects_threshold(&self) -> bool {
        false
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let count = greedy::goa(problem).iter().flatten().count();
        let mut random = Draw::new(budget.seed, 0);
        let mut users: Vec<_> = (0..problem.n()).collect();
        random.shuffle(&mut users);
        users.truncate(count);
        users.sort_unstable();
        let mut partial = Partial::new(problem);
        partial.run(&users, Rule::Plain, false, false);
        Outcome::plan(partial.assignment)
    }
}
