//! Runs one solve in the right place: built-in heuristics in this process, exact and external
//! solvers in a process of their own.

use crate::process::Measured;
use crate::process::child::{CertificateTarget, solve_apart};
use crate::process::exec::solve_by_exec;
use crate::process::external::{ExternalProtocol, ExternalSolver};
use crate::process::serve::solve_served;
use crate::process::solver::{SolverEntry, SolverKind};
use nix::time::{ClockId, clock_gettime};
use offload_instances::Problem;
use offload_instances::files::instance_to_json;
use offload_solvers::{Author, Budget, Solver, Stop, TimedOutcome, judge, solve};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;
use std::time::Duration;

/// An instance as JSON, serialised when the first process needs it.
pub struct InstanceText<'a> {
    problem: &'a Problem,
    whole: OnceLock<String>,
    shown: OnceLock<String>,
}

impl<'a> InstanceText<'a> {
    /// Starts empty.
    pub fn of(problem: &'a Problem) -> Self {
        InstanceText {
            problem,
            whole: OnceLock::new(),
            shown: OnceLock::new(),
        }
    }

    fn whole(&self) -> &str {
        self.whole
            .get_or_init(|| instance_to_json(self.problem.instance()))
    }

    /// Without what only the judge may know: measured answers and measured times.
    fn shown(&self) -> &str {
        self.shown.get_or_init(|| {
            let mut instance = (**self.problem.instance()).clone();
            for user in &mut instance.users {
                user.edge_time_s = None;
                user.correct_local = None;
                user.correct_edge = None;
            }
            instance_to_json(&instance)
        })
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
        SolverKind::Own(_) => {
            solve_apart(entry, problem, text.whole(), budget, threads, certificate)
        }
        // Same as for built-in heuristics: no solver runs on a problem without a feasible plan.
        SolverKind::External(_) if !problem.is_feasible() => {
            let timed = TimedOutcome::untimed(Stop::Infeasible);
            Measured::of(judge(problem, entry.author(), timed))
        }
        SolverKind::External(solver) => {
            let instance = if solver.options.reveal {
                text.whole()
            } else {
                text.shown()
            };
            external(entry, solver, problem, instance, budget, threads)
        }
    }
}

fn external(
    entry: &SolverEntry,
    solver: &ExternalSolver,
    problem: &Problem,
    instance: &str,
    budget: &Budget,
    threads: usize,
) -> Measured {
    let memory = entry.limits.memory(threads);
    let ExternalProtocol::Serve(pool) = &solver.protocol else {
        return solve_by_exec(entry, solver, problem, instance, budget, memory);
    };
    solve_served(entry, solver, pool, problem, instance, budget, memory)
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
