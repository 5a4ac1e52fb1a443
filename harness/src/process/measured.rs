//! A solve and what it cost.

use offload_solvers::Solved;

/// A solve and what it cost.
pub struct Measured {
    /// Its outcome, evaluated by us.
    pub solved: Solved,
    /// Processor time, s.
    pub cpu_s: Option<f64>,
    /// Greatest resident memory of its process, bytes; `None` when it ran in ours.
    pub peak_memory_bytes: Option<u64>,
    /// What the solver printed beside its plan.
    pub output: Option<String>,
}

impl Measured {
    /// A solve of which nothing else was measured.
    #[must_use]
    pub fn of(solved: Solved) -> Self {
        Measured {
            solved,
            cpu_s: None,
            peak_memory_bytes: None,
            output: None,
        }
    }
}
