//! As many users as GOA offloads, drawn at random.

use crate::costs::Costs;
use crate::greedy::{self, Partial, Take};
use crate::{About, Budget, Outcome, Solver, streams};
use offload_instances::Problem;
use offload_instances::random::Random;

/// See [`About::summary`].
pub struct RandomUsers;

impl Solver for RandomUsers {
    fn about(&self) -> About {
        About {
            id: "random",
            summary: "as many users as GOA offloads, drawn uniformly, then step 1 with v = 1 over \
                them \
                (baseline of Kim et al.)",
            complexity: "`goa`, then as `goa`",
            respects_threshold: false,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let offloaded = greedy::goa(&Costs::new(problem));
        let mut random = Random::new(budget.seed, streams::PLANS);
        let mut users: Vec<_> = (0..problem.n()).collect();
        random.shuffle(&mut users);
        users.truncate(offloaded.iter().flatten().count());
        users.sort_unstable();
        let costs = Costs::of_delays(problem);
        let mut partial = Partial::new(&costs);
        partial.run(&users, Take::All);
        Outcome::plan(partial.assignment)
    }
}
