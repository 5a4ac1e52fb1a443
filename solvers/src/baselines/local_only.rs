//! Every user computes locally.

use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`Solver::summary`].
pub struct LocalOnly;

impl Solver for LocalOnly {
    fn id(&self) -> &'static str {
        "local-only"
    }

    fn summary(&self) -> &'static str {
        "no user offloads (baseline of Kim et al., arXiv 2602.07958)"
    }

    fn complexity(&self) -> &'static str {
        "O(N)"
    }

    fn respects_threshold(&self) -> bool {
        false
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        Outcome::plan(vec![None; problem.n()])
    }
}
