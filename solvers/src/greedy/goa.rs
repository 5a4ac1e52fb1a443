//! GOA: mandatory users first, then every user with a gain. It prices only the new user, not the
//! harm to users already attached.

use crate::costs::Costs;
use crate::greedy;
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`Solver::summary`].
pub struct Goa;

impl Solver for Goa {
    fn id(&self) -> &'static str {
        "goa"
    }

    fn summary(&self) -> &'static str {
        "the paper's greedy offloading algorithm, as its authors run it (Kim et al., arXiv \
         2602.07958, Algorithm 1)"
    }

    fn complexity(&self) -> &'static str {
        "O(N M + E log N), E = deltas looked at again: about N^1.5 measured, N^2 M at worst (the \
         authors state O(N^3 M^2) for theirs)"
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        Outcome::plan(greedy::goa(&Costs::new(problem)))
    }
}
