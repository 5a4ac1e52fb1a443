//! Only the mandatory users offload.

use crate::costs::Costs;
use crate::greedy;
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`Solver::summary`].
pub struct ThresholdOnly;

impl Solver for ThresholdOnly {
    fn id(&self) -> &'static str {
        "threshold-only"
    }

    fn summary(&self) -> &'static str {
        "offload exactly the mandatory users, by step 1 of GOA"
    }

    fn complexity(&self) -> &'static str {
        "as `goa`"
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        Outcome::plan(greedy::mandatory(&Costs::new(problem)).assignment)
    }
}
