//! The Lagrangian relaxation without branching.

use crate::exact::bnb;
use crate::{About, Budget, Outcome, Solver};
use offload_instances::Problem;

/// The root of `bnb`: multipliers by a deflected subgradient method that starts from the plan of
/// `goa-marginal`; relaxed plans are averaged, rounded and repaired (Fisher 1981; Barahona and
/// Anbil 2000), then improved by relocations and swaps. It also returns the bound, with a
/// certificate. Without branching, the gap of the relaxation remains.
pub struct Lagrangian;

impl Solver for Lagrangian {
    fn about(&self) -> About {
        About {
            id: "lagrangian",
            summary: "Lagrangian relaxation without branching (Fisher 1981): multipliers, \
                rounding, repair; \
                with its bound and a certificate",
            complexity: "O(N^2 M) a step of the multipliers, about 1,000 steps",
            takes_start: true,
            writes_certificate: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        bnb::root(problem, budget)
    }
}
