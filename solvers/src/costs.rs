//! The costs of plans: every number that an algorithm needs, in flat arrays.
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
//! crate uses v, D, w or t, so a term added to this form here reaches every algorithm. The form has
//! no constant part (X_ij). One would be added in [`Costs::cost`] and [`Costs::server_cost`], and
//! would not change slopes and pieces.
//!
//! For a fixed load, C_ij is increasing and concave in I; as a function of ln(s_j + I) the uplink
//! price is convex (see [`UplinkPrice`]). For a fixed I it is linear in n on either side of
//! [`Costs::full_speed_load`].
//!
//! A cost can be computed in two ways. *Prices* are factored as above, for speed. The *evaluator's
//! operations* ([`Costs::delay`], [`Costs::delta`]) agree with [`Problem::objective`] to the last
//! bit. The two differ only by rounding.
//!
//! Matrices have M rows of N values, one row per server: bounds and sums run over the users of a
//! server.

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
    /// Power of user i that causes interference at server j, W; 0 without interference.
    heard: Vec<f64>,
    /// A_ij.
    uplink: Vec<f64>,
    /// W_ij, one value per user because it is the same at every server.
    compute: Vec<f64>,
    /// H_i.
    local: Vec<f64>,
    /// s_j, W.
    noise: Vec<f64>,
    /// 1/f_j, s per FLOP.
    least_pace: Vec<f64>,
    /// 1/F_j, s per FLOP and user.
    pace_per_user: Vec<f64>,
    /// Inputs of the evaluator's operations.
    users: Vec<UserTerms>,
    servers: Vec<ServerTerms>,
}

/// A user's inputs of the evaluator's operations.
#[derive(Clone, Copy)]
struct UserTerms {
    /// v_i.
    weight: f64,
    payload_bits: f64,
    work_flop: f64,
    local_s: f64,
}

/// A server's inputs of the evaluator's operations.
#[derive(Clone, Copy)]
struct ServerTerms {
    bandwidth_hz: f64,
    /// 1/f_j, s per FLOP.
    least_pace: f64,
    capacity_flops: f64,
}

/// The uplink cost of a user at a server per user of load, weighted s, and its slope along ln(s_j +
/// I). The tangent lies below the cost at every other I.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct UplinkPrice {
    /// A_ij / ln(1 + S_ij / (s_j + I)).
    pub unit: f64,
    /// Its derivative along ln(s_j + I).
    pub slope: f64,
}

/// Sums over the users of a server.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServerSums {
    /// Sum of [`UplinkPrice::unit`].
    pub unit: f64,
    /// Sum of [`UplinkPrice::slope`].
    pub slope: f64,
    /// Sum of [`Costs::compute`].
    pub compute: f64,
    /// Sum of the costs, weighted s.
    pub cost: f64,
}

/// A lower bound on F without search: every user alone at its best place.
pub struct TrivialBound {
    /// The least cost of each user, weighted s; infinite if no place admits it.
    pub users: Vec<f64>,
    /// Their sum.
    pub total: f64,
}

impl<'a> Costs<'a> {
    /// The costs of a problem. O(N M), without logarithms.
    #[must_use]
    pub fn new(problem: &'a Problem) -> Self {
        Self::weighted(problem, |i| problem.weight(i))
    }

    /// The costs of the problem with v_i = 1 for every user: plain delays.
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

    /// The problem, for its rules (mandatory users, admission limits) and for evaluating plans.
    #[must_use]
    pub fn problem(&self) -> &'a Problem {
        self.problem
    }

    /// Number of users N.
    #[must_use]
    pub fn n(&self) -> usize {
        self.n
    }

    /// Number of servers M.
    #[must_use]
    pub fn m(&self) -> usize {
        self.m
    }

    /// H_i = v_i t_i, weighted s.
    #[must_use]
    pub fn local(&self, i: usize) -> f64 {
        self.local[i]
    }

    /// H_i = v_i t_i of all users, weighted s.
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
    /// without interference.
    #[must_use]
    pub fn heard(&self, i: usize, j: usize) -> f64 {
        self.heard[j * self.n + i]
    }

    /// [`Costs::heard`] of all users at server j, W.
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

    /// The sum of [`Costs::uplink`] over some users of server j, weighted s.
    #[must_use]
    pub fn uplink_sum(
        &self,
        users: impl Iterator<Item = usize>,
        j: usize,
        interference: f64,
    ) -> f64 {
        let background = self.noise(j) + interference;
        let row = j * self.n..(j + 1) * self.n;
        let (uplink, signal) = (&self.uplink[row.clone()], &self.signal[row]);
        users
            .map(|i| uplink[i] / efficiency(signal[i], background))
            .sum()
    }

    /// Writes the prices of all users at server j, at z = s_j + I (W), to `prices`, which has N
    /// entries.
    pub fn uplink_prices(&self, j: usize, z: f64, prices: &mut [UplinkPrice]) {
        let row = j * self.n..(j + 1) * self.n;
        let terms = self.uplink[row.clone()].iter().zip(&self.signal[row]);
        for (price, (&uplink, &signal)) in prices.iter_mut().zip(terms) {
            *price = UplinkPrice::new(uplink, signal, z);
        }
    }

    /// The sums over the users of server j at z = s_j + I (W). Also writes the prices of these
    /// users to `prices`, which has N entries.
    #[must_use]
    pub fn server_sums(
        &self,
        users: &[usize],
        j: usize,
        z: f64,
        prices: &mut [UplinkPrice],
    ) -> ServerSums {
        let mut sums = ServerSums::default();
        for &i in users {
            let k = j * self.n + i;
            let price = UplinkPrice::new(self.uplink[k], self.signal[k], z);
            prices[i] = price;
            sums.unit += price.unit;
            sums.slope += price.slope;
            sums.compute += self.compute(i, j);
        }
        sums.cost = self.server_cost(j, users.len(), sums.unit, sums.compute);
        sums
    }

    /// W_ij = v_i w_i: the compute price of user i at server j, weighted FLOP.
    #[must_use]
    pub fn compute(&self, i: usize, _j: usize) -> f64 {
        self.compute[i]
    }

    /// p_j(n) = max(1/f_j, n/F_j), s per FLOP; n may be a fractional average.
    #[must_use]
    pub fn pace(&self, j: usize, load: f64) -> f64 {
        self.least_pace[j].max(load * self.pace_per_user[j])
    }

    /// F_j / f_j: up to this load each user of server j computes at full speed. C_ij is linear in n
    /// below and above it.
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

    /// The sum of C_ij over the `load` users of server j, weighted s, from the sums of their unit
    /// uplink costs and compute prices.
    #[must_use]
    pub fn server_cost(&self, j: usize, load: usize, uplink: f64, compute: f64) -> f64 {
        if load == 0 {
            return 0.0;
        }
        let load = load as f64;
        load * uplink + compute * self.pace(j, load)
    }

    /// d_ij, s: the delay of user i at server j, in the evaluator's operations.
    #[must_use]
    pub fn delay(&self, i: usize, j: usize, load: usize, interference: f64) -> f64 {
        self.problem.edge_delay(i, j, load, interference)
    }

    /// t_i, s: the local delay of user i.
    #[must_use]
    pub fn local_delay(&self, i: usize) -> f64 {
        self.problem.local_delay(i)
    }

    /// C_ij(n, I) = v_i d_ij, weighted s, in the evaluator's operations.
    #[must_use]
    pub fn value(&self, i: usize, j: usize, load: usize, interference: f64) -> f64 {
        self.users[i].weight * self.delay(i, j, load, interference)
    }

    /// v_i (d_ij - t_i) with `load` users at server j and z = s_j + I (W), weighted s: the delta of
    /// the paper's greedy rule. It uses the evaluator's operations in the same order, so that
    /// decisions equal those of the plain rule to the last bit.
    #[inline]
    #[must_use]
    pub fn delta(&self, i: usize, j: usize, load: f64, z: f64) -> f64 {
        let (user, server) = (&self.users[i], &self.servers[j]);
        let efficiency = efficiency(self.signal[j * self.n + i], z);
        let uplink = uplink_s(user.payload_bits, load, server.bandwidth_hz, efficiency);
        let compute = user.work_flop * server.pace(load);
        // Adding +0 turns -0 into +0: the rule must treat the two as a tie.
        let delta = 0.0 + user.weight * (uplink + compute - user.local_s);
        // A weight of 0 times an infinite delay.
        if delta.is_nan() { f64::INFINITY } else { delta }
    }

    /// p_j(n), s per FLOP, as the evaluator computes it, with a division.
    #[inline]
    #[must_use]
    pub fn evaluated_pace(&self, j: usize, load: f64) -> f64 {
        self.servers[j].pace(load)
    }

    /// The bound in which every user is alone at its best place.
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

impl UplinkPrice {
    /// The price at z = s_j + I (W) from A_ij and S_ij.
    ///
    /// With x = S/z, the slope of 1 / ln(1 + x) along ln z is x / ((1 + x) ln(1 + x)^2). It
    /// decreases in x and hence increases in z: the price is convex in ln z, and its tangent at one
    /// z lies below it everywhere.
    #[inline]
    fn new(uplink: f64, signal: f64, z: f64) -> Self {
        let x = signal / z;
        let log = efficiency(signal, z);
        let unit = uplink / log;
        UplinkPrice {
            unit,
            slope: unit * (x / ((1.0 + x) * log)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::Weights;
    use offload_instances::families::{Spec, find, generate};
    use offload_instances::random::Random;
    use std::sync::Arc;

    const FAMILIES: [&str; 5] = ["paper", "heterogeneous", "hotspot", "tight", "sparse"];

    fn problem(k: u64) -> Problem {
        let mut random = Random::new(k, 0);
        let interference = random.chance(0.7).to_string();
        let spec = Spec {
            users: 1 + random.below(12),
            servers: 1 + random.below(4),
            seed: k,
            parameters: [("interference".to_string(), interference)].into(),
        };
        let family = find(FAMILIES[k as usize % FAMILIES.len()]).unwrap();
        let instance = generate(family.as_ref(), &spec).unwrap();
        Problem::new(Arc::new(instance), 0.7, Weights::Uncertainty).unwrap()
    }

    fn close(a: f64, b: f64, relative: f64) -> bool {
        (a - b).abs() <= relative * a.abs().max(b.abs())
    }

    /// Calls `check` for random users, servers, loads and interferences (up to ten times the noise)
    /// of many problems.
    fn for_many(check: impl Fn(&Costs, [usize; 3], f64)) {
        for k in 0..60 {
            let problem = problem(k);
            let costs = Costs::new(&problem);
            let mut random = Random::new(k, 1);
            for _ in 0..50 {
                let (i, j) = (random.below(costs.n()), random.below(costs.m()));
                let load = 1 + random.below(2 * costs.n());
                let interference = costs.noise(j) * random.uniform(0.0, 10.0);
                check(&costs, [i, j, load], interference);
            }
        }
    }

    #[test]
    fn prices_agree_with_the_evaluator() {
        for_many(|costs, [i, j, load], interference| {
            let problem = costs.problem();
            let delay = problem.edge_delay(i, j, load, interference);
            let weight = problem.weight(i);
            assert!(close(
                costs.cost(i, j, load, interference),
                weight * delay,
                1e-14
            ));
            assert_eq!(costs.value(i, j, load, interference), weight * delay);
            assert_eq!(costs.local(i), weight * problem.local_delay(i));
            let delta = costs.delta(i, j, load as f64, costs.noise(j) + interference);
            assert_eq!(delta, weight * (delay - problem.local_delay(i)));
            let plain = Costs::of_delays(problem);
            assert_eq!(plain.value(i, j, load, interference), delay);
            let heard = if problem.has_interference() {
                problem.signal(i, j)
            } else {
                0.0
            };
            assert_eq!(costs.heard(i, j), heard);
        });
    }

    #[test]
    fn costs_are_increasing_and_concave_in_interference() {
        for_many(|costs, [i, j, load], interference| {
            let step = 0.5 * costs.noise(j) + 0.1 * interference;
            let [low, middle, high] =
                [0.0, 1.0, 2.0].map(|k| costs.cost(i, j, load, interference + k * step));
            assert!(low <= middle && middle <= high);
            assert!(low + high <= 2.0 * middle * (1.0 + 1e-14));
        });
    }

    #[test]
    fn slopes_are_those_of_the_uplink_price() {
        for_many(|costs, [i, j, _], interference| {
            let z = costs.noise(j) + interference;
            let step = 1e-4 * z;
            let ends = [-step, step].map(|d| costs.uplink(i, j, interference + d));
            let slope = costs.uplink_slope(i, j, interference);
            assert!(close((ends[1] - ends[0]) / (2.0 * step), slope, 1e-6));
            let mut prices = vec![UplinkPrice::default(); costs.n()];
            costs.uplink_prices(j, z, &mut prices);
            assert_eq!(prices[i].unit, costs.uplink(i, j, interference));
            assert!(close(prices[i].slope, z * slope, 1e-12));
            for factor in [0.1, 0.5, 0.9, 1.1, 2.0, 10.0] {
                let there = costs.uplink(i, j, factor * z - costs.noise(j));
                let tangent = prices[i].unit + prices[i].slope * libm::log(factor);
                assert!(tangent <= there * (1.0 + 1e-12), "{tangent} {there}");
            }
        });
    }

    #[test]
    fn costs_are_linear_on_both_sides_of_the_full_speed_load() {
        for_many(|costs, [i, j, _], interference| {
            let cost = |load: f64| {
                load * costs.uplink(i, j, interference) + costs.compute(i, j) * costs.pace(j, load)
            };
            let end = costs.full_speed_load(j);
            for [a, b] in [[0.0, end], [end, 3.0 * end]] {
                assert!(close(0.5 * (cost(a) + cost(b)), cost(0.5 * (a + b)), 1e-12));
            }
        });
    }

    #[test]
    fn sums_are_those_of_single_costs() {
        for_many(|costs, [_, j, _], interference| {
            let users: Vec<usize> = (0..costs.n()).filter(|i| i % 3 != 1).collect();
            let mut prices = vec![UplinkPrice::default(); costs.n()];
            let z = costs.noise(j) + interference;
            let sums = costs.server_sums(&users, j, z, &mut prices);
            let single = |&i: &usize| costs.cost(i, j, users.len(), interference);
            assert!(close(sums.cost, users.iter().map(single).sum(), 1e-13));
            assert_eq!(
                sums.unit,
                costs.uplink_sum(users.iter().copied(), j, interference)
            );
        });
    }

    #[test]
    fn no_plan_is_below_the_trivial_bound() {
        for k in 0..60 {
            let problem = problem(k);
            let bound = Costs::new(&problem).trivial_bound();
            let mut random = Random::new(k, 2);
            for _ in 0..20 {
                let place = |i: usize| {
                    let places = problem.m() + usize::from(!problem.is_mandatory(i));
                    Some(random.below(places)).filter(|&j| j < problem.m())
                };
                let plan: Vec<Option<usize>> = (0..problem.n()).map(place).collect();
                assert!(bound.total <= problem.objective(&plan) * (1.0 + 1e-12));
            }
        }
    }
}
