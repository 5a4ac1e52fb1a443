//! The mathematics of `docs/src/concepts/model.md`, implemented independently on intervals. SI
//! units; users i of N, servers j of M.

use crate::curve::Pace;
use crate::fault::{Code, Fault};
use crate::interval::{Interval, down, fast_down, fast_up, log2_1p_up};
use offload_instances::types::{Instance, Weights};

/// An instance, a threshold and weights, prepared for computation. The instance's doubles are taken
/// as exact.
pub(crate) struct Model<'a> {
    instance: &'a Instance,
    /// v_i, in \[0, 1\].
    weight: Vec<f64>,
    /// v_i D_i, weighted bit, rounded down.
    bits: Vec<f64>,
    /// a_i > tau, exact on doubles.
    mandatory: Vec<bool>,
    /// S_ij = P_i g_ij, W, at j N + i: one server's users lie side by side.
    signal: Vec<Interval>,
}

impl<'a> Model<'a> {
    /// The model, or everything that is wrong with the instance or the threshold.
    pub(crate) fn new(
        instance: &'a Instance,
        threshold: f64,
        weights: Weights,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = instance_faults(instance);
        if !(0.0..=1.0).contains(&threshold) {
            faults.push(Fault::new(
                Code::Threshold,
                "threshold",
                format!("is {threshold}"),
                "give a number from 0 to 1",
            ));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let weight = |a: f64| {
            if weights == Weights::Uncertainty {
                a
            } else {
                1.0
            }
        };
        let power = |i: usize, j: usize| {
            let product = Interval::point(instance.users[i].tx_power_w)
                .times(Interval::point(instance.gain[i][j]));
            // A product of positive numbers; the step down may have left it at or below 0 when it
            // underflows.
            Interval {
                lo: product.lo.max(0.0),
                hi: product.hi,
            }
        };
        let n = instance.users.len();
        Ok(Model {
            instance,
            bits: instance
                .users
                .iter()
                .map(|u| down(weight(u.uncertainty) * u.payload_bits).max(0.0))
                .collect(),
            weight: instance
                .users
                .iter()
                .map(|u| weight(u.uncertainty))
                .collect(),
            mandatory: instance
                .users
                .iter()
                .map(|u| u.uncertainty > threshold)
                .collect(),
            signal: (0..instance.servers.len())
                .flat_map(|j| (0..n).map(move |i| power(i, j)))
                .collect(),
        })
    }

    /// N.
    pub(crate) fn users(&self) -> usize {
        self.weight.len()
    }

    /// M.
    pub(crate) fn servers(&self) -> usize {
        self.instance.servers.len()
    }

    /// Whether users of other servers interfere. If not, I_j = 0 and no signal reaches another
    /// server.
    pub(crate) fn interferes(&self) -> bool {
        self.instance.interference
    }

    /// Whether user i must be offloaded.
    pub(crate) fn is_mandatory(&self, i: usize) -> bool {
        self.mandatory[i]
    }

    /// The most users that server j can hold: min(K_j, N).
    pub(crate) fn most_users(&self, j: usize) -> usize {
        self.instance.servers[j]
            .max_users
            .map_or(self.users(), |most| most.min(self.users()))
    }

    /// S_ij for one server and all users, W.
    pub(crate) fn signals(&self, j: usize) -> &[Interval] {
        &self.signal[j * self.users()..(j + 1) * self.users()]
    }

    /// v_i t_i, weighted s: what user i costs when it stays local.
    pub(crate) fn local_cost(&self, i: usize) -> Interval {
        Interval::point(self.weight[i]).times(Interval::point(self.instance.users[i].local_delay_s))
    }

    /// v_i w_i, weighted FLOP.
    pub(crate) fn weighted_work(&self, i: usize) -> Interval {
        Interval::point(self.weight[i])
            .times(Interval::point(self.instance.users[i].edge_work_flop))
    }

    /// v_i D_i / (B_j log2(1 + S_ij / (s_j + I))), weighted s per user: the uplink cost of user i
    /// at server j for each user that shares the band, under the interference I (W, >= 0).
    pub(crate) fn slope(&self, i: usize, j: usize, interference: Interval) -> Interval {
        let server = &self.instance.servers[j];
        let ratio = self.signals(j)[i].over(Interval::point(server.noise_w) + interference);
        let rate = Interval::point(server.bandwidth_hz).times(ratio.log2_1p());
        let bits = Interval::point(self.weight[i])
            .times(Interval::point(self.instance.users[i].payload_bits));
        let clip = |x: Interval| Interval {
            lo: x.lo.max(0.0),
            hi: x.hi,
        };
        clip(bits).over(clip(rate))
    }

    /// [`Model::slope`] of every user of `users` at server j under the interference I (W, >= 0,
    /// exact), rounded down; the others stay NaN.
    ///
    /// It falls as the rate grows, and the rate as the signal grows and the interference falls, so
    /// only one end of each interval is needed.
    pub(crate) fn fill_slopes(
        &self,
        j: usize,
        interference: f64,
        users: &[usize],
        slopes: &mut [f64],
    ) {
        let server = &self.instance.servers[j];
        let noise = fast_down(server.noise_w + interference);
        let signals = self.signals(j);
        for &i in users {
            if slopes[i].is_nan() {
                // A positive noise keeps the quotient from being NaN; without one the rate may be
                // anything.
                let ratio = if noise > 0.0 {
                    fast_up(signals[i].hi / noise)
                } else {
                    f64::INFINITY
                };
                let rate = fast_up(server.bandwidth_hz * log2_1p_up(ratio));
                slopes[i] = down(self.bits[i] / rate).max(0.0);
            }
        }
    }

    /// max(1/f_j, n/F_j), s per FLOP: the time that a unit of work takes at server j when it holds
    /// n users.
    pub(crate) fn pace(&self, j: usize, n: usize) -> Interval {
        let server = &self.instance.servers[j];
        // n <= N is far below 2^53, hence exact.
        let shared = Interval::point(n as f64).over(Interval::point(server.capacity_flops));
        Interval::point(1.0)
            .over(Interval::point(server.user_cap_flops))
            .max(shared)
    }

    /// Which part of [`Model::pace`] counts when server j holds n users.
    pub(crate) fn pace_part(&self, j: usize, n: usize) -> Pace {
        let server = &self.instance.servers[j];
        Pace::of(n, server.user_cap_flops, server.capacity_flops)
    }

    /// I_j of a plan for every server, W: the sum of S_kj over the users k of other servers.
    pub(crate) fn interference(&self, assignment: &[Option<usize>]) -> Vec<Interval> {
        let heard = |j: usize| {
            let others = assignment
                .iter()
                .zip(self.signals(j))
                .filter(|(place, _)| place.is_some_and(|l| l != j));
            let sum = others.fold(Interval::ZERO, |sum, (_, &s)| sum + s);
            Interval {
                lo: sum.lo.max(0.0),
                hi: sum.hi,
            }
        };
        let silent = |_| Interval::ZERO;
        if self.interferes() {
            (0..self.servers()).map(heard).collect()
        } else {
            (0..self.servers()).map(silent).collect()
        }
    }

    /// F(x), weighted s, of an assignment with one entry per user and no unknown server: the sum
    /// over users of v_i t_i, or n_j slope_ij(I_j) + v_i w_i pace_j(n_j).
    pub(crate) fn objective(&self, assignment: &[Option<usize>]) -> Interval {
        let interference = self.interference(assignment);
        let mut loads = vec![0_usize; self.servers()];
        for &j in assignment.iter().flatten() {
            loads[j] += 1;
        }
        let pace: Vec<Interval> = loads
            .iter()
            .enumerate()
            .map(|(j, &n)| self.pace(j, n))
            .collect();
        let cost = |(i, place): (usize, &Option<usize>)| match *place {
            None => self.local_cost(i),
            Some(j) => {
                let uplink =
                    Interval::point(loads[j] as f64).times(self.slope(i, j, interference[j]));
                uplink + self.weighted_work(i).times(pace[j])
            }
        };
        assignment
            .iter()
            .enumerate()
            .map(cost)
            .fold(Interval::ZERO, |sum, x| sum + x)
    }
}

/// Violations of what the proofs assume about an instance: N rows of M gains, powers and the like
/// finite and above 0, 0 <= a_i <= 1.
fn instance_faults(instance: &Instance) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut add = |place: String, cause: String, remedy| {
        faults.push(Fault::new(Code::Instance, place, cause, remedy))
    };
    if instance.users.is_empty() || instance.servers.is_empty() {
        add(
            "instance".into(),
            "has no users or no servers".into(),
            "give at least one of each",
        );
    }
    let mut positive = |place: String, x: f64| {
        if !(x > 0.0 && x.is_finite()) {
            add(place, format!("is {x}"), "give a finite number above 0");
        }
    };
    for (i, u) in instance.users.iter().enumerate() {
        positive(format!("users[{i}].payload_bits"), u.payload_bits);
        positive(format!("users[{i}].tx_power_w"), u.tx_power_w);
        positive(format!("users[{i}].local_delay_s"), u.local_delay_s);
        positive(format!("users[{i}].edge_work_flop"), u.edge_work_flop);
    }
    for (j, s) in instance.servers.iter().enumerate() {
        positive(format!("servers[{j}].bandwidth_hz"), s.bandwidth_hz);
        positive(format!("servers[{j}].noise_w"), s.noise_w);
        positive(format!("servers[{j}].capacity_flops"), s.capacity_flops);
        positive(format!("servers[{j}].user_cap_flops"), s.user_cap_flops);
    }
    for (i, row) in instance.gain.iter().enumerate() {
        for (j, &g) in row.iter().enumerate() {
            positive(format!("gain[{i}][{j}]"), g);
        }
    }
    for (i, u) in instance.users.iter().enumerate() {
        if !(0.0..=1.0).contains(&u.uncertainty) {
            add(
                format!("users[{i}].uncertainty"),
                format!("is {}", u.uncertainty),
                "give a number from 0 to 1",
            );
        }
    }
    let m = instance.servers.len();
    if instance.gain.len() != instance.users.len() || instance.gain.iter().any(|row| row.len() != m)
    {
        add(
            "gain".into(),
            "does not have one row per user and one number per server".into(),
            "give N rows of M numbers",
        );
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::{Lcg, instance};
    use crate::interval::tests::TABLE;

    /// With all else 1 or a power of two, a slope is 1 / log2(1 + x), which the table has to sixty
    /// digits.
    #[test]
    fn slopes_are_just_below_the_exact_ones() {
        let mut one = instance(&mut Lcg(61), 1, 1);
        (one.users[0].tx_power_w, one.users[0].payload_bits) = (1.0, 1.0);
        (one.servers[0].noise_w, one.servers[0].bandwidth_hz) = (0.25, 1.0);
        for &(x, exact) in TABLE {
            one.gain[0][0] = x;
            let model = Model::new(&one, 1.0, Weights::Uniform).unwrap();
            let mut slopes = [f64::NAN];
            model.fill_slopes(0, 0.75, &[0], &mut slopes);
            // The exact slope is within two ulps of this quotient of rounded numbers.
            let slope = 1.0 / exact;
            assert!(
                slopes[0] <= slope - 2.0 * f64::EPSILON * slope,
                "{x:e}: {} {slope}",
                slopes[0]
            );
            assert!(
                slopes[0] >= slope * (1.0 - 1e-14),
                "{x:e}: {} {slope}",
                slopes[0]
            );
            let interval = model.slope(0, 0, Interval::point(0.75));
            assert!(
                interval.lo <= slope && slope <= interval.hi && slopes[0] <= interval.hi,
                "{x:e}: {interval:?}"
            );
            // A known slope is not recomputed.
            let mut known = [7.0];
            model.fill_slopes(0, 0.75, &[0], &mut known);
            assert_eq!(known, [7.0]);
        }
    }
}
