//! How a solve ended and what stands behind its bound: the words that solvers, records and reports
//! share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How a solve ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Proved optimal, within the gap that was asked for.
    Optimal,
    /// A plan without a proof. `violations` tells whether it keeps the rules.
    Feasible,
    /// Proved that no feasible plan exists.
    Infeasible,
    /// Out of time, with or without a plan.
    Timeout,
    /// The solver failed or does not take the problem.
    Error,
    /// The harness failed before the solver could answer: this is no result of the solver.
    NotRun,
}

/// What stands behind a lower bound, from strong to weak.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// All plans were tried.
    Enumerated,
    /// The independent verifier re-checked a certificate.
    Certified,
    /// A solver's word.
    Solver,
}

impl Status {
    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::Feasible => "feasible",
            Self::Infeasible => "infeasible",
            Self::Timeout => "timeout",
            Self::Error => "error",
            Self::NotRun => "not-run",
        }
    }
}

impl Trust {
    /// The name used in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enumerated => "enumerated",
            Self::Certified => "certified",
            Self::Solver => "solver",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
