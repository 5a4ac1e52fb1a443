//! The greedy that minimises delay alone, independent of the weights.

use crate::costs::Costs;
use crate::greedy::{Partial, Take};
use crate::{About, Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`About::summary`].
pub struct Dmin;

impl Solver for Dmin {
    fn about(&self) -> About {
        About {
            id: "dmin",
            summary: "step 2 of GOA over all users with v = 1: least delay, uncertainty ignored \
                (baseline of \
                Kim et al.)",
            complexity: "as `goa`",
            respects_threshold: false,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        let costs = Costs::of_delays(problem);
        let mut partial = Partial::new(&costs);
        let users: Vec<_> = (0..problem.n()).collect();
        partial.run(&users, Take::Gains);
        Outcome::plan(partial.assignment)
    }
}
