//! The limits of a solve and its target.

use offload_instances::Assignment;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The limits of a solve and its target.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Wall time after which a solver returns its best plan; `None` = no limit.
    pub time_limit: Option<Duration>,
    /// Most iterations of an improvement heuristic, in its own unit (see its file); `None` = its
    /// default. Unlike a time limit, this gives the same plan on every machine.
    pub iterations: Option<u64>,
    /// Relative gap (z - LB) / LB at which an exact solver may stop, >= 0.
    pub gap: f64,
    /// Seed of all random numbers.
    pub seed: u64,
    /// A feasible plan to begin with, for solvers with [`crate::About::takes_start`]; `None` = a
    /// plan of their own.
    pub start: Option<Arc<Assignment>>,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            time_limit: None,
            iterations: None,
            gap: 1e-4,
            seed: 0,
            start: None,
        }
    }
}

impl Budget {
    /// The default budget with another seed: no time limit, so that the plan is the same on every
    /// machine.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Budget {
            seed,
            ..Budget::default()
        }
    }

    /// The deadline, counted from now.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline(self.time_limit.and_then(|t| Instant::now().checked_add(t)))
    }
}

/// A moment in time, or never.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Whether the deadline has passed.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Time left; `None` = no limit.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }
}
