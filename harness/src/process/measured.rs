//! A solve with its cost.

use offload_instances::Problem;
use offload_solvers::{Author, Solved, Stop, TimedOutcome, judge};

/// A solve with its cost.
pub struct Measured {
    /// The outcome, evaluated and judged by this program.
    pub solved: Solved,
    /// Processor time, s.
    pub cpu_s: Option<f64>,
    /// Peak resident memory of its process, bytes; `None` if it ran in the harness's process.
    pub peak_memory_bytes: Option<u64>,
    /// Wall time around an external solver as the harness measured it, s; `None` for a built-in
    /// solver.
    pub wall_time_s: Option<f64>,
    /// Wall time of the algorithm alone as an external solver reported it, s.
    pub algorithm_time_s: Option<f64>,
    /// Output of the solver other than its plan.
    pub output: Option<String>,
}

impl Measured {
    /// A solve without other measurements.
    #[must_use]
    pub fn of(solved: Solved) -> Self {
        Measured {
            solved,
            cpu_s: None,
            peak_memory_bytes: None,
            wall_time_s: None,
            algorithm_time_s: None,
            output: None,
        }
    }

    /// A solve that did not take place: the harness or the machine failed, not the solver.
    #[must_use]
    pub fn not_run(problem: &Problem, author: Author, reason: &str) -> Self {
        let stop = Stop::NotRun(reason.into());
        Measured::of(judge(problem, author, TimedOutcome::untimed(stop)))
    }
}
