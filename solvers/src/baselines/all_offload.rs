//! Every user offloads, within the admission limits.

use crate::costs::Costs;
use crate::greedy::{Partial, Take};
use crate::{Budget, Outcome, Solver};
use offload_instances::Problem;

/// See [`Solver::summary`].
pub struct AllOffload;

impl Solver for AllOffload {
    fn id(&self) -> &'static str {
        "all-offload"
    }

    fn summary(&self) -> &'static str {
        "step 1 of GOA over all users (baseline of Kim et al.)"
    }

    fn complexity(&self) -> &'static str {
        "as `goa`"
    }

    fn solve(&self, problem: &Problem, _budget: &Budget) -> Outcome {
        let costs = Costs::new(problem);
        let mut partial = Partial::new(&costs);
        let users: Vec<_> = (0..problem.n()).collect();
        partial.run(&users, Take::AllReservingMandatory);
        Outcome::plan(partial.assignment)
    }
}
