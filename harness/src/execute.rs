//! One solve, where it belongs: heuristics of ours here, exact and external solvers in a process of
//! their own.

use crate::process::{Certificate, solve_apart};
use crate::solver::{Entry, Subject};
use nix::time::{ClockId, clock_gettime};
use offload_instances::Problem;
use offload_solvers::{Author, Budget, Solved, Solver, Stop, TimedOutcome, judge, solve};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

/// A solve and what it cost.
pub struct Measured {
    /// Its outcome, evaluated by us.
    pub solved: Solved,
    /// Processor time, s.
    pub cpu_s: Option<f64>,
    /// Greatest resident memory of its process, bytes; none when it ran in ours.
    pub peak_memory_bytes: Option<u64>,
    /// What an external solver printed.
    pub output: Option<String>,
}

impl Measured {
    /// A solve of which nothing else was measured.
    pub fn of(solved: Solved) -> Self {
        Measured {
            solved,
            cpu_s: None,
            peak_memory_bytes: None,
            output: None,
        }
    }
}

/// An instance as text, made when the first process needs it.
pub struct Text<'a> {
    problem: &'a Problem,
    text: OnceLock<String>,
}

impl<'a> Text<'a> {
    /// Nothing is written yet.
    pub fn of(problem: &'a Problem) -> Self {
        Text {
            problem,
            text: OnceLock::new(),
        }
    }

    fn get(&self) -> &str {
        self.text
            .get_or_init(|| offload_instances::files::instance_to_json(self.problem.instance()))
    }
}

/// Solves once. Nothing that a solver does ends the campaign.
pub fn execute(
    entry: &Entry,
    problem: &Problem,
    text: &Text,
    budget: &Budget,
    threads: usize,
    certificate: Option<Certificate>,
) -> Measured {
    match &entry.subject {
        Subject::Own(solver) if !entry.isolated => here(solver.as_ref(), problem, budget),
        // As with our own heuristics: no solver is asked for a plan that cannot exist.
        Subject::Command { .. } if !problem.is_feasible() => {
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
