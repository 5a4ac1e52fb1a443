//! The greedy that GOA and most baselines are made of: again and again attach the (user, server) pair of least delta.

use offload_instances::{Assignment, Problem};
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

/// Stands for the delta to a server without a free place; in the order of `total_cmp` after every other.
const FULL: f64 = f64::NAN;

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

/// A waiting user with the least of its deltas, each exact at some earlier moment.
#[derive(Clone, Copy)]
struct Waiting {
    delta: f64,
    /// Place in the list of users, which is ascending.
    row: u32,
}

/// Reversed, so that the heap's top is the least delta, then the lower user.
impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        other.delta.total_cmp(&self.delta).then(other.row.cmp(&self.row))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

/// delta_ij = v_i (d_ij - t_i) with n_j + 1 users at j and I_j as of now, in the very operations of `Problem::edge_delay`, so that decisions are those of
/// the plain rule to the last bit.
fn delta(user: &User, server: &Server, signal: f64) -> f64 {
    let efficiency = libm::log1p(signal / server.z) * std::f64::consts::LOG2_E;
    let uplink = user.payload * server.load / (server.bandwidth * efficiency);
    let compute = user.work * server.slowest.max(server.load / server.capacity);
    // Adding +0 makes -0 into +0: the two are equal for the rule and must tie.
    let delta = 0.0 + user.weight * (uplink + compute - user.local);
    // A weight of 0 times an endless delay.
    if delta.is_nan() { f64::INFINITY } else { delta }
}

/// The least of a user's deltas and its server, ties to the lower.
fn least(row: &[f64]) -> (f64, usize) {
    let mut best = (row[0], 0);
    for (j, &delta) in row.iter().enumerate().skip(1) {
        if delta.total_cmp(&best.0) == Ordering::Less {
            best = (delta, j);
        }
    }
    best
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
            servers: problem.instance().servers.iter().enumerate().map(server).collect(),
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
            for (j, s) in self.servers.iter_mut().enumerate().filter(|(j, _)| *j != server) {
                s.interference += self.problem.signal(user, j);
                s.z = s.noise + s.interference;
            }
        }
    }

    /// Repeats: take the pair of least delta among `users` (ascending), ties to the lower user, then the lower server; attach it. Ends when
    /// all are attached, no admitted pair is left or, with `only_gains`, the least delta is not below 0.
    ///
    /// Loads and interference only grow, so deltas only grow, and a stale delta is a lower bound: a pair whose recomputed delta
    /// is still the least of all stale ones is the least of all. That gives the same decisions as looking at every pair each time. A row of deltas is
    /// kept for each user and a heap of users by the least of its row, so that the heap stays small and a user leaves it as a whole.
    ///
    /// With `keep_places`, an optional user is taken only while enough places for all waiting mandatory users remain.
    pub fn run(&mut self, users: &[usize], rule: Rule, only_gains: bool, keep_places: bool) {
        let (p, m) = (self.problem, self.problem.m());
        let user = |&i: &usize| {
            let u = &p.instance().users[i];
            let weight = if rule == Rule::Weighted { p.weight(i) } else { 1.0 };
            User { weight, payload: u.payload_bits, work: u.edge_work_flop, local: u.local_delay_s }
        };
        let data: Vec<User> = users.iter().map(user).collect();
        let mut rows = Vec::with_capacity(users.len() * m);
        for (u, &i) in data.iter().zip(users) {
            rows.extend(self.servers.iter().enumerate().map(|(j, s)| delta(u, s, p.signal(i, j))));
        }
        let first = |(row, deltas): (usize, &[f64])| Waiting { delta: least(deltas).0, row: row as u32 };
        let mut heap: BinaryHeap<Waiting> = rows.chunks_exact(m).enumerate().map(first).collect();
        while let Some(mut top) = heap.peek_mut() {
            let row = top.row as usize;
            let (deltas, user) = (&mut rows[row * m..(row + 1) * m], users[row]);
            let (stale, server) = least(deltas);
            if stale.is_nan() {
                PeekMut::pop(top);
                continue;
            }
            if only_gains && stale >= 0.0 {
                return;
            }
            if self.servers[server].free == 0 {
                deltas[server] = FULL;
                top.delta = least(deltas).0;
                continue;
            }
            if keep_places && !p.is_mandatory(user) && self.places <= self.waiting_mandatory {
                PeekMut::pop(top);
                continue;
            }
            let now = delta(&data[row], &self.servers[server], p.signal(user, server));
            if now > stale {
                deltas[server] = now;
                top.delta = least(deltas).0;
            } else {
                PeekMut::pop(top);
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
