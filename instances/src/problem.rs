//! A problem: an instance, a threshold tau and a choice of weights, with the derived numbers that
//! solvers need.

use crate::delay::{efficiency, pace, uplink_s};
use crate::types::{Instance, Weights};
use std::sync::Arc;

/// Why a problem could not be stated.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum ProblemError {
    /// tau outside \[0, 1\] or not a number.
    #[error("threshold {0}: give a number from 0 to 1")]
    Threshold(f64),
}

/// An instance with a threshold and weights. Cheap to clone parts of; the instance is shared.
#[derive(Clone, Debug)]
pub struct Problem {
    instance: Arc<Instance>,
    threshold: f64,
    weights: Weights,
    weight: Vec<f64>,
    mandatory: Vec<bool>,
    /// S_ij, M rows of N, W.
    signal: Vec<f64>,
}

impl Problem {
    /// States the problem. `instance` must be valid ([`crate::faults_of`] empty), as every reader
    /// and family guarantees.
    ///
    /// # Errors
    /// [`ProblemError::Threshold`] unless 0 <= threshold <= 1.
    pub fn new(
        instance: Arc<Instance>,
        threshold: f64,
        weights: Weights,
    ) -> Result<Self, ProblemError> {
        if !(0.0..=1.0).contains(&threshold) {
            return Err(ProblemError::Threshold(threshold));
        }
        let weight = instance.users.iter().map(|u| match weights {
            Weights::Uncertainty => u.uncertainty,
            Weights::Uniform => 1.0,
        });
        let weight = weight.collect();
        let mandatory = instance
            .users
            .iter()
            .map(|u| u.uncertainty > threshold)
            .collect();
        let received = |j: usize| {
            let rows = instance.users.iter().zip(&instance.gain);
            rows.map(move |(user, gains)| user.tx_power_w * gains[j])
        };
        let signal = (0..instance.m()).flat_map(received).collect();
        Ok(Problem {
            instance,
            threshold,
            weights,
            weight,
            mandatory,
            signal,
        })
    }

    /// The instance.
    #[must_use]
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// tau, in \[0, 1\].
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// The choice of weights.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.weights
    }

    /// N.
    #[inline]
    #[must_use]
    pub fn n(&self) -> usize {
        self.weight.len()
    }

    /// M.
    #[inline]
    #[must_use]
    pub fn m(&self) -> usize {
        self.instance.m()
    }

    /// v_i, in \[0, 1\].
    #[must_use]
    pub fn weight(&self, i: usize) -> f64 {
        self.weight[i]
    }

    /// Whether user i must be offloaded: a_i > tau, strictly.
    #[inline]
    #[must_use]
    pub fn is_mandatory(&self, i: usize) -> bool {
        self.mandatory[i]
    }

    /// The number of mandatory users.
    #[must_use]
    pub fn mandatory_count(&self) -> usize {
        self.mandatory.iter().filter(|&&m| m).count()
    }

    /// The most users that server j can hold: min(K_j, N).
    #[inline]
    #[must_use]
    pub fn capacity(&self, j: usize) -> usize {
        self.instance.servers[j]
            .max_users
            .unwrap_or(usize::MAX)
            .min(self.n())
    }

    /// The places of all servers together, sum_j min(K_j, N), at most usize::MAX.
    #[must_use]
    pub fn total_capacity(&self) -> usize {
        (0..self.m()).fold(0, |sum: usize, j| sum.saturating_add(self.capacity(j)))
    }

    /// Whether any plan is feasible. Every user reaches every server (gains are positive), so
    /// counting decides: the mandatory users must fit into the places.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.mandatory_count() <= self.total_capacity()
    }

    /// S_ij = P_i g_ij, received power of user i at server j, W.
    #[inline]
    #[must_use]
    pub fn signal(&self, i: usize, j: usize) -> f64 {
        self.signal[j * self.n() + i]
    }

    /// S_ij of all users at all servers, M rows of N, W.
    #[must_use]
    pub fn signals(&self) -> &[f64] {
        &self.signal
    }

    /// Whether users of other servers interfere.
    #[inline]
    #[must_use]
    pub fn has_interference(&self) -> bool {
        self.instance.interference
    }

    /// t_i, s.
    #[must_use]
    pub fn local_delay(&self, i: usize) -> f64 {
        self.instance.users[i].local_delay_s
    }

    /// Uplink time of user i at server j that holds `load` users under the interference
    /// `interference` (W, >= 0), s; see [`uplink_s`].
    #[must_use]
    pub fn uplink_delay(&self, i: usize, j: usize, load: usize, interference: f64) -> f64 {
        let server = &self.instance.servers[j];
        let efficiency = efficiency(self.signal(i, j), server.noise_w + interference);
        let payload = self.instance.users[i].payload_bits;
        uplink_s(payload, load as f64, server.bandwidth_hz, efficiency)
    }

    /// w_i p_j(n), s: planned compute time of user i at server j that holds `load` users; see
    /// [`pace`].
    #[must_use]
    pub fn compute_delay(&self, i: usize, j: usize, load: usize) -> f64 {
        let server = &self.instance.servers[j];
        let least = 1.0 / server.user_cap_flops;
        self.instance.users[i].edge_work_flop * pace(least, load as f64, server.capacity_flops)
    }

    /// d_ij, s: uplink plus planned compute.
    #[must_use]
    pub fn edge_delay(&self, i: usize, j: usize, load: usize, interference: f64) -> f64 {
        self.uplink_delay(i, j, load, interference) + self.compute_delay(i, j, load)
    }

    /// n_j for every server.
    #[must_use]
    pub fn loads(&self, assignment: &[Option<usize>]) -> Vec<usize> {
        let mut loads = vec![0; self.m()];
        for j in assignment.iter().flatten() {
            loads[*j] += 1;
        }
        loads
    }

    /// I_j = sum of S_kj over the users k of other servers, W, for every server; zeros when
    /// interference is off. Sums only what interferes (never 'total minus own', which cancels).
    #[must_use]
    pub fn interference(&self, assignment: &[Option<usize>]) -> Vec<f64> {
        let mut power = vec![0.0; self.m()];
        if self.has_interference() {
            let n = self.n();
            for (j, power) in power.iter_mut().enumerate() {
                let row = &self.signal[j * n..(j + 1) * n];
                for (signal, place) in row.iter().zip(assignment) {
                    if place.is_some_and(|l| l != j) {
                        *power += signal;
                    }
                }
            }
        }
        power
    }

    /// F(x), weighted s: sum of v_i d_i over users, in user order.
    #[must_use]
    pub fn objective(&self, assignment: &[Option<usize>]) -> f64 {
        let loads = self.loads(assignment);
        let interference = self.interference(assignment);
        let delay = |(i, j): (usize, &Option<usize>)| match *j {
            None => self.weight[i] * self.local_delay(i),
            Some(j) => self.weight[i] * self.edge_delay(i, j, loads[j], interference[j]),
        };
        assignment.iter().enumerate().map(delay).sum()
    }
}
