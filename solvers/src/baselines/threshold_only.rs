//! Only the mandatory users offload.

use crate::costs::Costs;
use crate::greedy;
use crate::{About, Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`About::summary`].
pub struct ThresholdOnly;

impl Solver for ThresholdOnly {
    fn about(&self) -> About {
        About {
            id: "threshold-only",
            summary: "offload exactly the mandatory users, by step 1 of GOA",
            complexity: "as `goa`",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        Outcome::plan(greedy::mandatory(&Costs::new(problem)).assignment)
    }
}
