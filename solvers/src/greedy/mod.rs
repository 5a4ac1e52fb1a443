//! The greedy that GOA and most baselines use: it repeatedly attaches the (user, server) pair of
//! least delta.

pub(crate) mod goa;
pub(crate) mod goa_marginal;
mod partial;
mod queues;
pub(crate) mod regret;
mod rows;

pub use partial::{Partial, Take};

use crate::Budget;
use crate::costs::Costs;
use offload_instances::{Assignment, Problem};
use partial::Phase;

/// From this many users on, [`queues`] is faster than [`rows`] if the number of servers is small
/// (measured).
const MANY_USERS: usize = 512;
/// Most servers for which [`queues`] is faster (measured).
const FEW_SERVERS: usize = 6;

impl Partial<'_> {
    /// Repeatedly takes the pair of least delta among `users` (ascending), with ties to the lower
    /// user and then the lower server, and attaches it. Ends when `take` says so or no admitted
    /// pair is left.
    ///
    /// Loads and interference only grow, so deltas only grow, and an old delta is a lower bound.
    /// The two implementations use this in different ways. Both decide, including ties, as if every
    /// pair were priced again at each step.
    pub fn run(&mut self, users: &[usize], take: Take) {
        let phase = Phase { users, take };
        if users.len() >= MANY_USERS && self.servers.len() <= FEW_SERVERS {
            queues::run(self, &phase)
        } else {
            rows::run(self, &phase)
        }
    }
}

/// The mandatory users and the optional ones, ascending.
pub fn users_by_duty(problem: &Problem) -> [Vec<usize>; 2] {
    let (mandatory, optional) = (0..problem.n()).partition(|&i| problem.is_mandatory(i));
    [mandatory, optional]
}

/// GOA's first step: the mandatory users alone.
pub fn mandatory<'a>(costs: &'a Costs<'a>) -> Partial<'a> {
    let [users, _] = users_by_duty(costs.problem());
    let mut partial = Partial::new(costs);
    partial.run(&users, Take::All);
    partial
}

/// The plan that an improvement begins with: the one of the budget, or GOA's.
pub fn start(costs: &Costs, budget: &Budget) -> Assignment {
    match &budget.start {
        Some(plan) => Assignment::clone(plan),
        None => goa(costs),
    }
}

/// GOA's two steps.
pub fn goa(costs: &Costs) -> Assignment {
    let [mandatory, optional] = users_by_duty(costs.problem());
    let mut partial = Partial::new(costs);
    partial.run(&mandatory, Take::All);
    partial.run(&optional, Take::Gains);
    partial.assignment
}

#[cfg(test)]
mod tests {
    use super::partial::Phase;
    use super::*;
    use offload_instances::families::{Spec, find, generate};
    use offload_instances::{Problem, Weights};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn plan(costs: &Costs, take: Take, run: fn(&mut Partial, &Phase)) -> Assignment {
        let users: Vec<usize> = (0..costs.n()).collect();
        let mut partial = Partial::new(costs);
        let phase = Phase {
            users: &users,
            take,
        };
        run(&mut partial, &phase);
        partial.assignment
    }

    /// `tests/` compares with the plain rule. This test compares the two implementations, also at
    /// sizes at which [`Partial::run`] uses only one of them.
    #[test]
    fn both_implementations_decide_alike() {
        for (family, n, m) in [
            ("paper", 40, 1),
            ("paper", 150, 4),
            ("paper", 800, 7),
            ("tight", 60, 3),
            ("heterogeneous", 300, 16),
        ] {
            for seed in 0..4 {
                let spec = Spec {
                    users: n,
                    servers: m,
                    seed,
                    parameters: BTreeMap::new(),
                };
                let instance =
                    generate(find(family).expect("a family").as_ref(), &spec).expect("an instance");
                let problem =
                    Problem::new(Arc::new(instance), 0.7, Weights::Uncertainty).expect("a problem");
                for costs in [Costs::new(&problem), Costs::of_delays(&problem)] {
                    for take in [Take::All, Take::AllReservingMandatory, Take::Gains] {
                        assert_eq!(
                            plan(&costs, take, rows::run),
                            plan(&costs, take, queues::run),
                            "{family} {n} {seed} {take:?}"
                        );
                    }
                }
            }
        }
    }
}
