//! GOA: mandatory users first, then every user with a gain. It prices only the new user, not the
//! harm to users already attached.

use crate::costs::Costs;
use crate::greedy;
use crate::{About, Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`About::summary`].
pub struct Goa;

impl Solver for Goa {
    fn about(&self) -> About {
        About {
            id: "goa",
            summary: "the paper's greedy offloading algorithm, as its authors run it (Kim et al., \
                arXiv \
                2602.07958, Algorithm 1)",
            complexity: "O(N M + E log N), E = deltas looked at again: about N^1.5 measured, N^2 \
                M at worst (the \
                authors state O(N^3 M^2) for theirs)",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        Outcome::plan(greedy::goa(&Costs::new(problem)))
    }
}
