//! The Lagrangian relaxation by itself.

use crate::exact::bnb;
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;

/// The root of `bnb`: multipliers by a deflected subgradient method from `goa-marginal`'s plan on,
/// relaxed plans averaged, rounded and repaired (Fisher 1981; Barahona and Anbil 2000), then
/// improved by relocations and swaps. It also returns the bound, with a certificate. No branching,
/// so the gap stays what the relaxation leaves.
pub struct Lagrangian;

impl Solver for Lagrangian {
    fn id(&self) -> &'static str {
        "lagrangian"
    }

    fn summary(&self) -> &'static str {
        "Lagrangian relaxation without branching (Fisher 1981): multipliers, rounding, repair; \
         with its bound and a certificate"
    }

    fn complexity(&self) -> &'static str {
        "O(N^2 M) a step of the multipliers, about 1,000 steps"
    }

    fn writes_certificate(&self) -> bool {
        true
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        bnb::root(problem, budget)
    }
}
