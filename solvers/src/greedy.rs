//! The greedy that GOA and most baselines are made of: again and again attach the (user, server) pair of least delta.

use offload_instances::{Assignment, Problem};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

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
    loads: Vec<usize>,
    interference: Vec<f64>,
    places: usize,
    waiting_mandatory: usize,
}

/// A candidate pair with a delta that was exact at some earlier moment.
struct Candidate {
    delta: f64,
    user: usize,
    server: usize,
}

/// Reversed, so that the heap's top is the least delta, then the lower user, then the lower server.
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.delta.total_cmp(&self.delta)).then(other.user.cmp(&self.user)).then(other.server.cmp(&self.server))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Candidate {}

impl<'a> Partial<'a> {
    /// Nobody is offloaded yet.
    pub fn new(problem: &'a Problem) -> Self {
        Partial {
            problem,
            assignment: vec![None; problem.n()],
            loads: vec![0; problem.m()],
            interference: vec![0.0; problem.m()],
            places: problem.total_capacity(),
            waiting_mandatory: problem.mandatory_count(),
        }
    }

    /// delta_ij = v_i (d_ij - t_i) with n_j + 1 users at j and I_j as of now.
    fn delta(&self, rule: Rule, user: usize, server: usize) -> f64 {
        let p = self.problem;
        let delay = p.edge_delay(user, server, self.loads[server] + 1, self.interference[server]);
        let saved = delay - p.local_delay(user);
        // Adding +0 makes -0 into +0: the two are equal for the rule and must tie.
        0.0 + if rule == Rule::Weighted { p.weight(user) * saved } else { saved }
    }

    /// Attaches `user` to `server`.
    pub fn attach(&mut self, user: usize, server: usize) {
        self.assignment[user] = Some(server);
        self.loads[server] += 1;
        self.places -= 1;
        self.waiting_mandatory -= usize::from(self.problem.is_mandatory(user));
        if self.problem.has_interference() {
            for (j, power) in self.interference.iter_mut().enumerate().filter(|(j, _)| *j != server) {
                *power += self.problem.signal(user, j);
            }
        }
    }

    /// Repeats: take the pair of least delta among `users`, ties to the lower user, then the lower server; attach it. Ends when
    /// all are attached, no admitted pair is left or, with `only_gains`, the least delta is not below 0.
    ///
    /// Loads and interference only grow, so deltas only grow, and a stale delta is a lower bound: a pair whose recomputed delta
    /// is still the least of all stale ones is the least of all. That gives the same decisions as looking at every pair each time.
    ///
    /// With `keep_places`, an optional user is taken only while enough places for all waiting mandatory users remain.
    pub fn run(&mut self, users: &[usize], rule: Rule, only_gains: bool, keep_places: bool) {
        let pairs = users.iter().flat_map(|&i| (0..self.problem.m()).map(move |j| (i, j)));
        let mut heap: BinaryHeap<Candidate> =
            pairs.map(|(user, server)| Candidate { delta: self.delta(rule, user, server), user, server }).collect();
        while let Some(top) = heap.pop() {
            let Candidate { delta, user, server } = top;
            if only_gains && delta >= 0.0 {
                return;
            }
            let reserved = keep_places && !self.problem.is_mandatory(user) && self.places <= self.waiting_mandatory;
            if self.assignment[user].is_some() || self.loads[server] >= self.problem.capacity(server) || reserved {
                continue;
            }
            let now = self.delta(rule, user, server);
            if now > delta {
                heap.push(Candidate { delta: now, user, server });
            } else {
                self.attach(user, server);
            }
        }
    }
}

/// The mandatory users, ascending.
pub fn mandatory(problem: &Problem) -> Vec<usize> {
    (0..problem.n()).filter(|&i| problem.is_mandatory(i)).collect()
}

/// GOA's two steps.
pub fn goa(problem: &Problem) -> Assignment {
    let mut partial = Partial::new(problem);
    partial.run(&mandatory(problem), Rule::Weighted, false, false);
    let others: Vec<_> = (0..problem.n()).filter(|&i| !problem.is_mandatory(i)).collect();
    partial.run(&others, Rule::Weighted, true, false);
    partial.assignment
}
