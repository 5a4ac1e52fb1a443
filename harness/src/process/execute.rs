//! Runs one solve in the right place: built-in heuristics in this process, exact and external
//! solvers in a process of their own.

use crate::process::Measured;
use crate::process::child::{CertificateTarget, solve_apart};
use crate::process::solver::{SolverEntry, SolverKind};
use nix::time::{ClockId, clock_gettime};
use offload_instances::Problem;
use offload_solvers::{Author, Budget, Solver, Stop, TimedOutcome, judge, solve};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

/// An instance as JSON, serialised when the first process needs it.
pub struct InstanceText<'a> {
    problem: &'a Problem,
    text: OnceLock<String>,
}

impl<'a> InstanceText<'a> {
    /// Starts empty.
    pub fn of(problem: &'a Problem) -> Self {
        InstanceText {
            problem,
            text: OnceLock::new(),
        }
    }

    fn get(&self) -> &str {
        self.text
            .get_or_init(|| offload_instances::files::instance_to_json(self.problem.instance()))
    }
}

/// Runs one solve. No failure of a solver ends the campaign.
pub fn execute(
    entry: &SolverEntry,
    problem: &Problem,
    text: &InstanceText,
    budget: &Budget,
    threads: usize,
    certificate: Option<CertificateTarget>,
) -> Measured {
    match &entry.kind {
        SolverKind::Own(solver) if !entry.isolated => here(solver.as_ref(), problem, budget),
        // Same as for built-in heuristics: no solver runs on a problem without a feasible plan.
        SolverKind::Command { .. } if !problem.is_feasible() => {
            let timed = TimedOutcome::untimed(Stop::Infeasible);
            Measured::of(judge(problem, entry.author(), timed))
        }
        _ => solve_apart(entry, problem, text.get(), budget, threads, certificate),
    }
}

fn here(solver: &dyn Solver, problem: &Problem, budget: &Budget) -> Measured {
    let before = thread_cpu();
    let run = || solve(solver, problem, budget);
    let solved = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<String>()
            .map(String::as_str)
            .or(payload.downcast_ref::<&str>().copied());
        let reason = format!("it panicked: {}", text.unwrap_or("without a message"));
        let stop = Stop::Failed(reason);
        judge(problem, Author::of(solver), TimedOutcome::untimed(stop))
    });
    let cpu_s = before
        .zip(thread_cpu())
        .map(|(a, b)| b.saturating_sub(a).as_secs_f64());
    Measured {
        cpu_s,
        ..Measured::of(solved)
    }
}

/// Processor time of this thread so far.
fn thread_cpu() -> Option<Duration> {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .ok()
        .map(Duration::from)
}
