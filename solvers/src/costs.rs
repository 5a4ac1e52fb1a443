//! What delays and weights cost: every number that an algorithm needs, in flat arrays.
//!
//! The cost of user i at server j under load n >= 1 and interference I >= 0 is, in weighted
//! seconds,
//!
//! ```text
//! C_ij(n, I) = A_ij n / ln(1 + S_ij / (s_j + I)) + W_ij p_j(n)
//! ```
//!
//! with the uplink price A_ij = v_i D_i ln 2 / B_j, the compute price W_ij = v_i w_i and the pace
//! p_j(n) = max(1/f_j, n/F_j), s per FLOP. A local user costs H_i = v_i t_i. No other file of this
//! crate looks at v, D, w or t: a term that is added to this form here reaches every algorithm.
//! The form has no constant part (X_ij); one would be added in [`Costs::cost`] and in
//! [`Costs::server_cost`], and would leave slopes and pieces as they are.
//!
//! For a fixed load, C_ij is increasing and concave in I; along ln(s_j + I) the price of a bit is
//! convex (see [`Costs::uplink_at`]). For a fixed I it is linear in n on either side of
//! [`Costs::full_speed_load`].
//!
//! There are two ways to compute a cost. *Prices* are factored as above, for speed. The
//! *evaluator's operations* ([`Costs::delay`], [`Costs::delta`]) agree with
//! [`Problem::objective`] to the last bit. The two differ by rounding only.
//!
//! Matrices have M rows of N, one row per server: bounds and sums run over the users of a server.

use offload_instances::delay::{efficiency, pace, uplink_s};
use offload_instances::{Problem, Server, User};
use std::f64::consts::LN_2;

/// The costs of a problem.
pub struct Costs<'a> {
    problem: &'a Problem,
    n: usize,
    m: usize,
    /// S_ij, W.
    signal: &'a [f64],
    /// S_ij as other servers hear it, W; zeros when interference is off.
    heard: Vec<f64>,
    /// A_ij.
    uplink: Vec<f64>,
    /// W_ij, the same at every server, so one number per user.
    compute: Vec<f64>,
    /// H_i.
    local: Vec<f64>,
    /// s_j, W.
    noise: Vec<f64>,
    /// 1/f_j, s per FLOP.
    least_pace: Vec<f64>,
    /// 1/F_j, s per FLOP and user.
    pace_per_user: Vec<f64>,
    /// For the evaluator's operations.
    users: Vec<UserTerms>,
    servers: Vec<ServerTerms>,
}

/// What the evaluator's operations need of a user.
#[derive(Clone, Copy)]
struct UserTerms {
    /// v_i.
    weight: f64,
    payload_bits: f64,
    work_flop: f64,
    local_s: f64,
}

/// What the evaluator's operations need of a server.
#[derive(Clone, Copy)]
struct ServerTerms {
    bandwidth_hz: f64,
    /// 1/f_j, s per FLOP.
    least_pace: f64,
    capacity_flops: f64,
}

/// The uplink cost of a user at a server per user of load, weighted s, and its slope along
/// ln(s_j + I).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UplinkPrice {
    /// A_ij / ln(1 + S_ij / (s_j + I)).
    pub unit: f64,
    /// Its derivative along ln(s_j + I).
    pub slope: f64,
}

/// A lower bound on F that needs no search: every user alone at its best place.
pub struct TrivialBound {
    /// The least cost of each user, weighted s; infinite when no place admits it.
    pub users: Vec<f64>,
    /// Their sum.
    pub total: f64,
}

impl<'a> Costs<'a> {
    /// The costs of a problem. O(N M), without a logarithm.
    #[must_use]
    pub fn new(problem: &'a Problem) -> Self {
        Self::weighted(problem, |i| problem.weight(i))
    }

    /// The costs of the problem with v_i = 1 for everyone: plain delays.
    #[must_use]
    pub fn of_delays(problem: &'a Problem) -> Self {
        Self::weighted(problem, |_| 1.0)
    }

    fn weighted(problem: &'a Problem, weight: impl Fn(usize) -> f64) -> Self {
        let (n, m) = (problem.n(), problem.m());
        let terms = |(i, u): (usize, &User)| UserTerms {
            weight: weight(i),
            payload_bits: u.payload_bits,
            work_flop: u.edge_work_flop,
            local_s: u.local_delay_s,
        };
        let instance = problem.instance();
        let users: Vec<UserTerms> = instance.users.iter().enumerate().map(terms).collect();
        let servers: Vec<ServerTerms> = instance.servers.iter().map(ServerTerms::new).collect();
        let payload: Vec<f64> = users
            .iter()
            .map(|u| u.weight * u.payload_bits * LN_2)
            .collect();
        let mut uplink = Vec::with_capacity(n * m);
        for server in &servers {
            uplink.extend(payload.iter().map(|p| p / server.bandwidth_hz));
        }
        Costs {
            problem,
            n,
            m,
            signal: problem.signals(),
            heard: if problem.has_interference() {
                problem.signals().to_vec()
            } else {
                vec![0.0; n * m]
            },
            uplink,
            compute: users.iter().map(|u| u.weight * u.work_flop).collect(),
            local: users.iter().map(|u| u.weight * u.local_s).collect(),
            noise: instance.servers.iter().map(|s| s.noise_w).collect(),
            least_pace: servers.iter().map(|s| s.least_pace).collect(),
            pace_per_user: servers.iter().map(|s| 1.0 / s.capacity_flops).collect(),
            users,
            servers,
        }
    }

    /// The problem, for its rules (who is mandatory, how many users a server holds) and for
    /// evaluating plans.
    #[must_use]
    pub fn problem(&self) -> &'a Problem {
        self.problem
    }

    /// N.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// M.
    #[must_use]
    pub fn m(&self) -> usize {
        self.m
    }

    /// H_i = v_i t_i, weighted s.
    #[must_use]
    pub fn local(&self, i: usize) -> f64 {
        self.local[i]
    }

    /// H_i of all users.
    #[must_use]
    pub fn locals(&self) -> &[f64] {
        &self.local
    }

    /// S_ij, the received power of user i at server j, W.
    #[must_use]
    pub fn signal(&self, i: usize, j: usize) -> f64 {
        self.signal[j * self.n + i]
    }

    /// The power with which user i interferes at server j while it sends to another server, W; 0
    /// when interference is off.
    #[must_use]
    pub fn heard(&self, i: usize, j: usize) -> f64 {
        self.heard[j * self.n + i]
    }

    /// [`Costs::heard`] of all users at server j.
    #[must_use]
    pub fn heard_at(&self, j: usize) -> &[f64] {
        &self.heard[j * self.n..(j + 1) * self.n]
    }

    /// s_j, W.
    #[must_use]
    pub fn noise(&self, j: usize) -> f64 {
        self.noise[j]
    }

    /// The uplink cost of user i at server j per user of load, A_ij / ln(1 + S_ij / (s_j + I)), at
    /// interference I (W), weighted s.
    #[must_use]
    pub fn uplink(&self, i: usize, j: usize, interference: f64) -> f64 {
        let k = j * self.n + i;
        self.uplink[k] / efficiency(self.signal[k], self.noise(j) + interference)
    }

    /// The slope of [`Costs::uplink`] along I, weighted s per W: with L = ln(1 + S/(s + I)), it is
    /// A S / ((s + I) (s + I + S) L^2).
    #[must_use]
    pub fn uplink_slope(&self, i: usize, j: usize, interference: f64) -> f64 {
        let k = j * self.n + i;
        let (signal, background) = (self.signal[k], self.noise(j) + interference);
        let log = efficiency(signal, background);
        self.uplink[k] * (signal / (background + signal)) / background / (log * log)
    }

    /// [`Costs::uplink`] at z = s_j + I (W), with its slope along ln z.
    ///
    /// With x = S/z, the slope of 1 / ln(1 + x) along ln z is x / ((1 + x) ln(1 + x)^2), which
    /// falls in x, hence grows in z: the price is convex in ln z, and its tangent at one z lies
    /// below it at every other.
    #[must_use]
    pub fn uplink_at(&self, i: usize, j: usize, z: f64) -> UplinkPrice {
        let k = j * self.n + i;
        let x = self.signal[k] / z;
        let log = efficiency(self.signal[k], z);
        let unit = self.uplink[k] / log;
        UplinkPrice {
            unit,
            slope: unit * (x / ((1.0 + x) * log)),
        }
    }

    /// W_ij = v_i w_i: the compute price of user i at server j, weighted FLOP.
    #[must_use]
    pub fn compute(&self, i: usize, _j: usize) -> f64 {
        self.compute[i]
    }

    /// p_j(n) = max(1/f_j, n/F_j), s per FLOP; averaged loads are allowed.
    #[must_use]
    pub fn pace(&self, j: usize, load: f64) -> f64 {
        self.least_pace[j].max(load * self.pace_per_user[j])
    }

    /// F_j / f_j: up to this load each user of server j computes at full speed. Between 1 and it,
    /// and beyond it, C_ij is linear in n.
    #[must_use]
    pub fn full_speed_load(&self, j: usize) -> f64 {
        self.servers[j].capacity_flops * self.servers[j].least_pace
    }

    /// C_ij(n, I), weighted s, from its prices.
    #[must_use]
    pub fn cost(&self, i: usize, j: usize, load: usize, interference: f64) -> f64 {
        let load = load as f64;
        load * self.uplink(i, j, interference) + self.compute(i, j) * self.pace(j, load)
    }

    /// The sum of C_ij over the `load` users of server j, from the sums of their unit uplink costs
    /// and of their compute prices, weighted s.
    #[must_use]
    pub fn server_cost(&self, j: usize, load: usize, uplink: f64, compute: f64) -> f64 {
        if load == 0 {
            return 0.0;
        }
        let load = load as f64;
        load * uplink + compute * self.pace(j, load)
    }

    /// d_ij, s: the delay of user i at server j, as the evaluator computes it.
    #[must_use]
    pub fn delay(&self, i: usize, j: usize, load: usize, interference: f64) -> f64 {
        self.problem.edge_delay(i, j, load, interference)
    }

    /// t_i, s.
    #[must_use]
    pub fn local_delay(&self, i: usize) -> f64 {
        self.problem.local_delay(i)
    }

    /// C_ij(n, I) = v_i d_ij, weighted s, as the evaluator computes it.
    #[must_use]
    pub fn value(&self, i: usize, j: usize, load: usize, interference: f64) -> f64 {
        self.users[i].weight * self.delay(i, j, load, interference)
    }

    /// v_i (d_ij - t_i) with `load` users at server j and z = s_j + I (W), weighted s: the delta of
    /// the paper's greedy rule, in the evaluator's operations and order, so that decisions are
    /// those of the plain rule to the last bit.
    #[inline]
    #[must_use]
    pub fn delta(&self, i: usize, j: usize, load: f64, z: f64) -> f64 {
        let (user, server) = (&self.users[i], &self.servers[j]);
        let efficiency = efficiency(self.signal[j * self.n + i], z);
        let uplink = uplink_s(user.payload_bits, load, server.bandwidth_hz, efficiency);
        let compute = user.work_flop * server.pace(load);
        // Adding +0 makes -0 into +0: the two are equal for the rule and must tie.
        let delta = 0.0 + user.weight * (uplink + compute - user.local_s);
        // A weight of 0 times an infinite delay.
        if delta.is_nan() { f64::INFINITY } else { delta }
    }

    /// p_j(n) as the evaluator computes it, with a division.
    #[inline]
    #[must_use]
    pub fn evaluated_pace(&self, j: usize, load: f64) -> f64 {
        self.servers[j].pace(load)
    }

    /// Every user alone at its best place, with nobody else around.
    #[must_use]
    pub fn trivial_bound(&self) -> TrivialBound {
        let least = |i: usize| {
            let open = (0..self.m).filter(|&j| self.problem.capacity(j) > 0);
            let edge = open
                .map(|j| self.value(i, j, 1, 0.0))
                .fold(f64::INFINITY, f64::min);
            if self.problem.is_mandatory(i) {
                edge
            } else {
                self.local[i].min(edge)
            }
        };
        let users: Vec<f64> = (0..self.n).map(least).collect();
        let total = users.iter().sum();
        TrivialBound { users, total }
    }
}

impl ServerTerms {
    fn new(server: &Server) -> Self {
        ServerTerms {
            bandwidth_hz: server.bandwidth_hz,
            least_pace: 1.0 / server.user_cap_flops,
            capacity_flops: server.capacity_flops,
        }
    }

    #[inline]
    fn pace(&self, load: f64) -> f64 {
        pace(self.least_pace, load, self.capacity_flops)
    }
}
