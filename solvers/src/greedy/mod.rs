//! The greedy that GOA and most baselines are made of: again and again attach the (user, server)
//! pair of least delta.

pub(crate) mod goa;
pub(crate) mod goa_marginal;
mod queues;
pub(crate) mod regret;
mod rows;
mod waiting;

use offload_instances::{Assignment, Problem};

/// From this many users on [`queues`] is the faster way, as long as there are few servers; else
/// [`rows`].
const MANY_USERS: usize = 512;
/// Up to so many servers.
const FEW_SERVERS: usize = 6;

/// Which weights the rule uses.
#[derive(Clone, Copy, PartialEq)]
pub enum Rule {
    /// v_i of the problem.
    Weighted,
    /// v_i = 1.
    Plain,
}

/// A plan under construction: users are only ever added, so loads and interference only grow.
pub struct Partial<'a> {
    problem: &'a Problem,
    /// Where everybody is so far.
    pub assignment: Assignment,
    servers: Vec<Server>,
    places: usize,
    waiting_mandatory: usize,
}

/// What a delta needs of a server; the last four fields change with every user that is attached.
#[derive(Clone, Copy)]
struct Server {
    bandwidth: f64,
    noise: f64,
    slowest: f64,
    capacity: f64,
    /// min(K_j, N) - n_j.
    free: usize,
    /// n_j + 1.
    load: f64,
    /// s_j + I_j, W.
    z: f64,
    /// I_j, W.
    interference: f64,
}

/// What a delta needs of a user.
#[derive(Clone, Copy)]
struct User {
    weight: f64,
    payload: f64,
    work: f64,
    local: f64,
}

/// delta_ij = v_i (d_ij - t_i) with n_j + 1 users at j and I_j as of now, in the very operations of
/// `Problem::edge_delay`, so that decisions are those of the plain rule to the last bit.
fn delta(user: &User, server: &Server, signal: f64) -> f64 {
    let efficiency = libm::log1p(signal / server.z) * std::f64::consts::LOG2_E;
    let uplink = user.payload * server.load / (server.bandwidth * efficiency);
    let compute = user.work * server.pace();
    // Adding +0 makes -0 into +0: the two are equal for the rule and must tie.
    let delta = 0.0 + user.weight * (uplink + compute - user.local);
    // A weight of 0 times an endless delay.
    if delta.is_nan() { f64::INFINITY } else { delta }
}

impl Server {
    /// max(1/f_j, (n_j + 1)/F_j), s per FLOP.
    fn pace(&self) -> f64 {
        self.slowest.max(self.load / self.capacity)
    }
}

impl<'a> Partial<'a> {
    /// Nobody is offloaded yet.
    pub fn new(problem: &'a Problem) -> Self {
        let server = |(j, s): (usize, &offload_instances::Server)| Server {
            bandwidth: s.bandwidth_hz,
            noise: s.noise_w,
            slowest: 1.0 / s.user_cap_flops,
            capacity: s.capacity_flops,
            free: problem.capacity(j),
            load: 1.0,
            z: s.noise_w + 0.0,
            interference: 0.0,
        };
        Partial {
            problem,
            assignment: vec![None; problem.n()],
            servers: problem
                .instance()
                .servers
                .iter()
                .enumerate()
                .map(server)
                .collect(),
            places: problem.total_capacity(),
            waiting_mandatory: problem.mandatory_count(),
        }
    }

    /// Attaches `user` to `server`.
    fn attach(&mut self, user: usize, server: usize) {
        self.assignment[user] = Some(server);
        self.places -= 1;
        self.waiting_mandatory -= usize::from(self.problem.is_mandatory(user));
        self.servers[server].load += 1.0;
        self.servers[server].free -= 1;
        if self.problem.has_interference() {
            for (j, s) in self
                .servers
                .iter_mut()
                .enumerate()
                .filter(|(j, _)| *j != server)
            {
                s.interference += self.problem.signal(user, j);
                s.z = s.noise + s.interference;
            }
        }
    }

    /// Repeats: take the pair of least delta among `users` (ascending), ties to the lower user,
    /// then the lower server; attach it. Ends when all are attached, no admitted pair is left or,
    /// with `only_gains`, the least delta is not below 0.
    ///
    /// Loads and interference only grow, so deltas only grow, and an old delta is a lower bound.
    /// Two ways make use of it and take the same decisions, to the last tie, as looking at every
    /// pair each time.
    ///
    /// With `keep_places`, an optional user is taken only while enough places for all waiting
    /// mandatory users remain.
    pub fn run(&mut self, users: &[usize], rule: Rule, only_gains: bool, keep_places: bool) {
        let p = self.problem;
        let user = |&i: &usize| {
            let u = &p.instance().users[i];
            let weight = if rule == Rule::Weighted {
                p.weight(i)
            } else {
                1.0
            };
            User {
                weight,
                payload: u.payload_bits,
                work: u.edge_work_flop,
                local: u.local_delay_s,
            }
        };
        let task = Task {
            users,
            data: &users.iter().map(user).collect::<Vec<_>>(),
            only_gains,
            keep_places,
        };
        let by_queues = users.len() >= MANY_USERS && p.m() <= FEW_SERVERS;
        if by_queues {
            queues::run(self, &task)
        } else {
            rows::run(self, &task)
        }
    }

    /// Whether `keep_places` keeps an optional user out: from then on for good, since every place
    /// goes to a mandatory one.
    fn keeps_out(&self, user: usize, task: &Task) -> bool {
        task.keep_places
            && !self.problem.is_mandatory(user)
            && self.places <= self.waiting_mandatory
    }
}

/// What [`Partial::run`] is asked for.
struct Task<'a> {
    /// The users, ascending. Their places in this list are called rows.
    users: &'a [usize],
    data: &'a [User],
    only_gains: bool,
    keep_places: bool,
}

/// The mandatory users, ascending.
pub fn mandatory(problem: &Problem) -> Vec<usize> {
    (0..problem.n())
        .filter(|&i| problem.is_mandatory(i))
        .collect()
}

/// GOA's two steps.
pub fn goa(problem: &Problem) -> Assignment {
    let mut partial = Partial::new(problem);
    partial.run(&mandatory(problem), Rule::Weighted, false, false);
    let others: Vec<_> = (0..problem.n())
        .filter(|&i| !problem.is_mandatory(i))
        .collect();
    partial.run(&others, Rule::Weighted, true, false);
    partial.assignment
}

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::Weights;
    use offload_instances::families::{Spec, find, generate};
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn plan(problem: &Problem, rule: Rule, flags: (bool, bool), by_rows: bool) -> Assignment {
        let users: Vec<usize> = (0..problem.n()).collect();
        let weight = |i: usize| {
            if rule == Rule::Weighted {
                problem.weight(i)
            } else {
                1.0
            }
        };
        let data = problem
            .instance()
            .users
            .iter()
            .enumerate()
            .map(|(i, u)| User {
                weight: weight(i),
                payload: u.payload_bits,
                work: u.edge_work_flop,
                local: u.local_delay_s,
            });
        let mut partial = Partial::new(problem);
        let task = Task {
            users: &users,
            data: &data.collect::<Vec<_>>(),
            only_gains: flags.0,
            keep_places: flags.1,
        };
        if by_rows {
            rows::run(&mut partial, &task)
        } else {
            queues::run(&mut partial, &task)
        }
        partial.assignment
    }

    /// `tests/` holds the short way to the plain rule; here the two ways meet at sizes that only
    /// one of them is used for.
    #[test]
    fn both_ways_decide_alike() {
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
                for rule in [Rule::Weighted, Rule::Plain] {
                    for flags in [(false, false), (true, false), (false, true)] {
                        assert_eq!(
                            plan(&problem, rule, flags, true),
                            plan(&problem, rule, flags, false),
                            "{family} {n} {seed}"
                        );
                    }
                }
            }
        }
    }
}
