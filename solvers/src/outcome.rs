//! The result of a solver: a plan, a bound, and why it stopped.

use crate::certificate::Certificate;
use offload_instances::{Assignment, Trust};
use serde::{Deserialize, Serialize};

/// Why a solver stopped. Every outcome is one of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Stop {
    /// Bound and plan meet within the requested gap.
    Proved,
    /// A heuristic ended by itself; nothing is proved.
    Finished,
    /// No feasible plan exists, which is proved.
    Infeasible,
    /// The time limit was reached. A plan, a bound, both or neither exist.
    TimeLimit,
    /// An exact solver ended without reaching the gap, for the given reason; plan and bound are
    /// still valid.
    Stalled(String),
    /// The solver does not accept this problem, for the given reason.
    Unsupported(String),
    /// The solver failed, for the given reason.
    Failed(String),
    /// The solver could not be run, for the given reason, which is not the solver's fault.
    NotRun(String),
}

/// One step of a solve's trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Wall time since the start, s.
    pub time_s: f64,
    /// Work done so far, in the solver's own unit (regions for `bnb`).
    pub work: usize,
    /// Value of the incumbent, weighted s; `None` without one.
    pub objective: Option<f64>,
    /// Lower bound, weighted s; `None` without one.
    pub bound: Option<f64>,
}

/// The result of a solver: a plan, a bound, both or neither, and why it stopped. It contains no
/// objective, because [`crate::judge`] recomputes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The best plan found: one entry per user, its server or `None` for local.
    pub plan: Option<Assignment>,
    /// A lower bound on F over feasible plans, weighted s, and how far it can be trusted.
    pub bound: Option<(f64, Trust)>,
    /// Why the solver stopped.
    pub stop: Stop,
    /// A remark for the user, such as the chosen method.
    pub note: String,
    /// Development of the incumbent and the bound, from solvers that report it.
    pub trajectory: Vec<Progress>,
    /// A proof of the bound for the verifier, from solvers that write one. Not serialised.
    #[serde(skip)]
    pub certificate: Option<Certificate>,
}

impl Outcome {
    /// A plan without a proof.
    #[must_use]
    pub fn plan(plan: Assignment) -> Self {
        Outcome {
            plan: Some(plan),
            ..Outcome::nothing(Stop::Finished)
        }
    }

    /// Only a reason.
    #[must_use]
    pub fn nothing(stop: Stop) -> Self {
        Outcome {
            plan: None,
            bound: None,
            stop,
            note: String::new(),
            trajectory: Vec::new(),
            certificate: None,
        }
    }
}

impl Stop {
    /// The reason as text, for records and tables.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Stop::Proved => "proved within the asked gap".into(),
            Stop::Finished => "finished".into(),
            Stop::Infeasible => "no feasible plan exists".into(),
            Stop::TimeLimit => "time limit".into(),
            Stop::Stalled(why) | Stop::Unsupported(why) | Stop::Failed(why) | Stop::NotRun(why) => {
                why.clone()
            }
        }
    }
}
