//! Everybody offloads, as far as admission limits let them.

use crate::greedy::{Partial, Rule};
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`Solver::summary`].
pub struct AllOffload;

impl Solver for AllOffload {
    fn id(&self) -> &'static str {
        "all-offload"
    }

    fn summary(&self) -> &'static str {
        "step 1 of GOA over everybody (baseline of Kim et al.)"
    }

    fn complexity(&self) -> &'static str {
        "as `goa`"
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        let mut partial = Partial::new(problem);
        let everybody: Vec<_> = (0..problem.n()).collect();
        partial.run(&everybody, Rule::Weighted, false, true);
        Outcome::plan(partial.assignment)
    }
}
