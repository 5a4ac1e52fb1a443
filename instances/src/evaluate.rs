//! What a plan is worth: its objective, its delays by part, its violations, and the realised
//! metrics.

use crate::problem::Problem;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The planned delay of one user, by part, s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct UserDelay {
    /// Time of the small model; 0 when offloaded.
    pub local_s: f64,
    /// Uplink time; 0 when local.
    pub uplink_s: f64,
    /// Planned compute time of the large model; 0 when local.
    pub compute_s: f64,
}

impl UserDelay {
    /// d_i, s.
    #[must_use]
    pub fn total_s(&self) -> f64 {
        self.local_s + self.uplink_s + self.compute_s
    }
}

/// A rule that a plan breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Violation {
    /// A user with a_i > tau answers locally.
    MandatoryLocal {
        /// The user.
        user: usize,
    },
    /// A server holds more users than K_j.
    OverCapacity {
        /// The server.
        server: usize,
        /// n_j.
        load: usize,
        /// K_j.
        limit: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Violation::MandatoryLocal { user } => write!(f, "mandatory user {user} is left local"),
            Violation::OverCapacity {
                server,
                load,
                limit,
            } => {
                write!(
                    f,
                    "server {server} holds {load} users, its limit is {limit}"
                )
            }
        }
    }
}

/// What users would have seen: delays with measured edge times, and accuracy. Never optimised
/// (`docs/src/concepts/model.md`, 'Realised metrics').
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Realised {
    /// Sum of all users' delays, ms.
    pub delay_total_ms: f64,
    /// Mean delay per user, ms.
    pub delay_mean_ms: f64,
    /// 95 % quantile of the users' delays, ms; linear between order statistics (Hyndman and Fan,
    /// type 7).
    pub delay_p95_ms: f64,
    /// Part of the total that is local computing, ms.
    pub delay_local_ms: f64,
    /// Part of the total that is uplink, ms.
    pub delay_uplink_ms: f64,
    /// Part of the total that is edge computing, ms.
    pub delay_compute_ms: f64,
    /// Share of right answers, %; null when the instance does not say which are right.
    pub accuracy_pct: Option<f64>,
}

/// A plan's objective, delays, violations and realised metrics.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// F(x), weighted s.
    pub objective: f64,
    /// Sum of d_i, s, unweighted.
    pub delay_total_s: f64,
    /// n_j.
    pub loads: Vec<usize>,
    /// I_j, W.
    pub interference_w: Vec<f64>,
    /// d_i by part, one per user.
    pub users: Vec<UserDelay>,
    /// Offloaded users.
    pub offloaded: usize,
    /// Mandatory users left local.
    pub mandatory_local: usize,
    /// Every rule that the plan breaks.
    pub violations: Vec<Violation>,
    /// Realised metrics; `None` when the instance does not carry measured times.
    pub realised: Option<Realised>,
}

impl Evaluation {
    /// Whether the plan keeps every rule.
    #[must_use]
    pub fn is_feasible(&self) -> bool {
        self.violations.is_empty()
    }
}

/// Evaluates a plan whose shape fits the instance ([`crate::files::check_plan`]).
///
/// # Panics
/// When the shape does not fit.
#[must_use]
pub fn evaluate(problem: &Problem, assignment: &[Option<usize>]) -> Evaluation {
    assert_eq!(
        assignment.len(),
        problem.n(),
        "an assignment has one entry per user"
    );
    let loads = problem.loads(assignment);
    let interference = problem.interference(assignment);
    let delay = |(i, j): (usize, &Option<usize>)| match *j {
        None => UserDelay {
            local_s: problem.local_delay(i),
            ..UserDelay::default()
        },
        Some(j) => UserDelay {
            local_s: 0.0,
            uplink_s: problem.uplink_delay(i, j, loads[j], interference[j]),
            compute_s: problem.compute_delay(i, j, loads[j]),
        },
    };
    let users: Vec<UserDelay> = assignment.iter().enumerate().map(delay).collect();
    let violations = violations(problem, assignment, &loads);
    let mandatory_local = violations
        .iter()
        .filter(|v| matches!(v, Violation::MandatoryLocal { .. }))
        .count();
    Evaluation {
        objective: users
            .iter()
            .enumerate()
            .map(|(i, d)| problem.weight(i) * d.total_s())
            .sum(),
        delay_total_s: users.iter().map(UserDelay::total_s).sum(),
        realised: realised(problem, assignment, &loads, &users),
        offloaded: assignment.iter().flatten().count(),
        mandatory_local,
        violations,
        loads,
        interference_w: interference,
        users,
    }
}

fn violations(problem: &Problem, assignment: &[Option<usize>], loads: &[usize]) -> Vec<Violation> {
    let left = assignment
        .iter()
        .enumerate()
        .filter(|&(i, j)| j.is_none() && problem.is_mandatory(i));
    let mut found: Vec<_> = left
        .map(|(user, _)| Violation::MandatoryLocal { user })
        .collect();
    for (server, (&load, data)) in loads.iter().zip(&problem.instance().servers).enumerate() {
        if let Some(limit) = data.max_users.filter(|&k| load > k) {
            found.push(Violation::OverCapacity {
                server,
                load,
                limit,
            });
        }
    }
    found
}

/// Realised edge compute time is edge_time_s x reference_flops / min(f_j, F_j / n_j).
fn realised(
    problem: &Problem,
    assignment: &[Option<usize>],
    loads: &[usize],
    planned: &[UserDelay],
) -> Option<Realised> {
    let instance = problem.instance();
    let mut delays = Vec::with_capacity(planned.len());
    let (mut local, mut uplink, mut compute) = (0.0, 0.0, 0.0);
    let mut correct = Some(0.0);
    for ((user, server), plan) in instance.users.iter().zip(assignment).zip(planned) {
        let time = match *server {
            None => 0.0,
            Some(j) => {
                let s = &instance.servers[j];
                let speed = s.user_cap_flops.min(s.capacity_flops / loads[j] as f64);
                user.edge_time_s? * instance.reference_flops? / speed
            }
        };
        let right = if server.is_some() {
            user.correct_edge
        } else {
            user.correct_local
        };
        correct = correct.zip(right).map(|(sum, p)| sum + p);
        local += plan.local_s;
        uplink += plan.uplink_s;
        compute += time;
        delays.push(plan.local_s + plan.uplink_s + time);
    }
    delays.sort_by(f64::total_cmp);
    let n = delays.len() as f64;
    let total = local + uplink + compute;
    Some(Realised {
        delay_total_ms: total * 1e3,
        delay_mean_ms: total / n * 1e3,
        delay_p95_ms: quantile(&delays, 0.95) * 1e3,
        delay_local_ms: local * 1e3,
        delay_uplink_ms: uplink * 1e3,
        delay_compute_ms: compute * 1e3,
        accuracy_pct: correct.map(|c| 100.0 * c / n),
    })
}

/// Quantile `q` of sorted values, linear between order statistics (Hyndman and Fan 1996, type 7).
fn quantile(sorted: &[f64], q: f64) -> f64 {
    let position = q * (sorted.len() - 1) as f64;
    let below = position.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (sorted[above] - sorted[below]) * (position - below as f64)
}
