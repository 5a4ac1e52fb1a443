//! Every user offloads, within the admission limits.

use crate::costs::Costs;
use crate::greedy::{Partial, Take};
use crate::{About, Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`About::summary`].
pub struct AllOffload;

impl Solver for AllOffload {
    fn about(&self) -> About {
        About {
            id: "all-offload",
            summary: "step 1 of GOA over all users (baseline of Kim et al.)",
            complexity: "as `goa`",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        let costs = Costs::new(problem);
        let mut partial = Partial::new(&costs);
        let users: Vec<_> = (0..problem.n()).collect();
        partial.run(&users, Take::AllReservingMandatory);
        Outcome::plan(partial.assignment)
    }
}
