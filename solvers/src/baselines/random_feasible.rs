//! A uniformly random feasible plan.

use crate::{About, Budget, Outcome, Solver, streams};
use offload_instances::random::Random;
use offload_instances::{Assignment, Problem};

/// See [`About::summary`].
pub struct RandomFeasible;

impl Solver for RandomFeasible {
    fn about(&self) -> About {
        About {
            id: "random-feasible",
            summary: "mandatory users plus a uniform subset of the others, servers uniform among \
                those with \
                places",
            complexity: "O(N M)",
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let mut random = Random::new(budget.seed, streams::PLANS);
        Outcome::plan(random_plan(problem, &mut random))
    }
}

/// Mandatory users first, then each other user with probability 1/2, in random order while places
/// remain. On a problem without a feasible plan some mandatory users stay local.
pub fn random_plan(problem: &Problem, random: &mut Random) -> Assignment {
    let mut users: Vec<usize> = (0..problem.n())
        .filter(|&i| problem.is_mandatory(i) || random.chance(0.5))
        .collect();
    random.shuffle(&mut users);
    users.sort_by_key(|&i| !problem.is_mandatory(i));
    let mut free: Vec<usize> = (0..problem.m()).map(|j| problem.capacity(j)).collect();
    let mut open: Vec<usize> = (0..problem.m()).filter(|&j| free[j] > 0).collect();
    let mut plan = vec![None; problem.n()];
    for i in users {
        if open.is_empty() {
            break;
        }
        let k = random.below(open.len());
        let j = open[k];
        plan[i] = Some(j);
        free[j] -= 1;
        if free[j] == 0 {
            open.swap_remove(k);
        }
    }
    plan
}
