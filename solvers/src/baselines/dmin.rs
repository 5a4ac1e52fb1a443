//! The greedy that looks at delay alone.

use crate::greedy::{Partial, Rule};
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`Solver::summary`].
pub struct Dmin;

impl Solver for Dmin {
    fn id(&self) -> &'static str {
        "dmin"
    }

    fn summary(&self) -> &'static str {
        "step 2 of GOA over everybody with v = 1: least delay, uncertainty ignored (baseline of \
         Kim et al.)"
    }

    fn complexity(&self) -> &'static str {
        "as `goa`"
    }

    fn respects_threshold(&self) -> bool {
        false
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        let mut partial = Partial::new(problem);
        let everybody: Vec<_> = (0..problem.n()).collect();
        partial.run(&everybody, Rule::Plain, true, false);
        Outcome::plan(partial.assignment)
    }
}
