//! What a solver may spend and what it should reach.

use std::time::{Duration, Instant};

/// What a solver may spend, and what it should reach.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Wall time, after which a solver returns the best that it has; `None` = as long as it takes.
    pub time_limit: Option<Duration>,
    /// The most iterations of an improvement heuristic, in its own unit (its file says which);
    /// `None` = its default. Unlike a time limit, it gives the same plan on every machine.
    pub iterations: Option<u64>,
    /// The relative gap (z - LB) / LB at which an exact solver may stop, >= 0.
    pub gap: f64,
    /// The seed of everything random.
    pub seed: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Budget {
            time_limit: None,
            iterations: None,
            gap: 1e-4,
            seed: 0,
        }
    }
}

impl Budget {
    /// The moment at which the time is up, counted from now.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline(self.time_limit.and_then(|t| Instant::now().checked_add(t)))
    }
}

/// A moment in time, or never.
#[derive(Clone, Copy, Debug)]
pub struct Deadline(Option<Instant>);

impl Deadline {
    /// Whether the time is up.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.is_some_and(|end| Instant::now() >= end)
    }

    /// Time left; `None` = without end.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.0
            .map(|end| end.saturating_duration_since(Instant::now()))
    }
}
