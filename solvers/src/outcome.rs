//! What a solver returns: a plan, a bound, and why it stopped.

use crate::certificate::Certificate;
use offload_instances::{Assignment, Trust};
use serde::{Deserialize, Serialize};

/// Why a solver stopped. Every outcome is one of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Stop {
    /// The bound and the plan meet within the asked gap.
    Proved,
    /// A heuristic came to its end; nothing is proved.
    Finished,
    /// No feasible plan exists: proved.
    Infeasible,
    /// The time limit; a plan, a bound, both or neither may be there.
    TimeLimit,
    /// An exact solver ended without meeting the gap, for the reason given; plan and bound are
    /// still valid.
    Stalled(String),
    /// The solver does not take this problem, for the reason given.
    Unsupported(String),
    /// It failed, for the reason given.
    Failed(String),
}

/// One step of a solve's trajectory.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Wall time since the start, s.
    pub time_s: f64,
    /// Work done so far, in the solver's own unit (regions for `bnb`).
    pub work: usize,
    /// Value of the incumbent, weighted s; `None` while there is none.
    pub objective: Option<f64>,
    /// Lower bound, weighted s; `None` while there is none.
    pub bound: Option<f64>,
}

/// What a solver returns: a plan, a bound, both or neither, and why it stopped. Never an objective:
/// [`crate::judge`] recomputes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The best plan found.
    pub plan: Option<Assignment>,
    /// A lower bound on F over feasible plans, weighted s, and what stands behind it.
    pub bound: Option<(f64, Trust)>,
    /// Why it stopped.
    pub stop: Stop,
    /// A remark for the reader: what was chosen, how far it got.
    pub note: String,
    /// How the incumbent and the bound developed, from solvers that report it.
    pub trajectory: Vec<Progress>,
    /// A proof of the bound that the verifier can re-check, from solvers that write one. Not part
    /// of the serialised form.
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

    /// Nothing but a reason.
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
    /// In words, for records and tables.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Stop::Proved => "proved within the asked gap".into(),
            Stop::Finished => "finished".into(),
            Stop::Infeasible => "no feasible plan exists".into(),
            Stop::TimeLimit => "time limit".into(),
            Stop::Stalled(why) | Stop::Unsupported(why) | Stop::Failed(why) => why.clone(),
        }
    }
}
