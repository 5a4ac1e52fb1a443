//! Every user computes locally.

use crate::{About, Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`About::summary`].
pub struct LocalOnly;

impl Solver for LocalOnly {
    fn about(&self) -> About {
        About {
            id: "local-only",
            summary: "no user offloads (baseline of Kim et al., arXiv 2602.07958)",
            complexity: "O(N)",
            respects_threshold: false,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        Outcome::plan(vec![None; problem.n()])
    }
}
