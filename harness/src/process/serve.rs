//! One solve by a program that answers many problems.

use super::ending::{ExternalAnswer, ExternalRun, judged, kept, most_output};
use super::external::ExternalSolver;
use super::fence::FenceFault;
use super::measured::Measured;
use super::message::Killed;
use super::serve_message::request_line;
use super::serve_pool::{PoolError, ServePool};
use super::serve_process::{BrokenOff, RequestLimits, ended};
use super::solver::SolverEntry;
use offload_instances::Problem;
use offload_solvers::{Budget, Stop, TimedOutcome, judge};

/// Asks a process of the pool. Every failure ends up in the result.
pub fn solve_served(
    entry: &SolverEntry,
    solver: &ExternalSolver,
    pool: &ServePool,
    problem: &Problem,
    instance: &str,
    budget: &Budget,
    memory_bytes: Option<u64>,
) -> Measured {
    let limits = RequestLimits {
        time: entry.limits.kill_after(),
        line_bytes: most_output(problem),
    };
    let id = pool.next_id();
    let request = request_line(id, problem, instance, budget);
    let fence = solver.fence(memory_bytes);
    let mut process = match pool.take(&solver.line, &fence, solver.hello_limit()) {
        Ok(process) => process,
        Err(PoolError::NotStarted(e)) => {
            let reason = format!("its process could not be started: {e}");
            return Measured::not_run(problem, entry.author(), &reason);
        }
        Err(PoolError::Refused { reason, stderr }) => {
            let timed = TimedOutcome::untimed(Stop::Failed(reason));
            return Measured {
                output: kept(&[&stderr]),
                ..Measured::of(judge(problem, entry.author(), timed))
            };
        }
    };
    let conversation = process.ask(id, request, &limits);
    let was_killed_at_limit = matches!(conversation.end, Err(BrokenOff::TimeLimit));
    let answer = match conversation.end {
        Ok(answer) => {
            pool.give_back(process);
            let algorithm_time_s = answer.algorithm_time_s;
            answer.plan.map(|plan| ExternalAnswer {
                plan,
                algorithm_time_s,
            })
        }
        Err(BrokenOff::Fault(FenceFault::Failed(why))) => {
            return Measured::not_run(problem, entry.author(), &why);
        }
        Err(broken) => {
            let last = conversation.stderr.lines().rfind(|l| !l.trim().is_empty());
            Err(reason(&broken, &limits, memory_bytes, last))
        }
    };
    let run = ExternalRun {
        answer,
        was_killed_at_limit,
        wall_s: conversation.wall_s,
        time_limit: budget.time_limit,
        incumbents: conversation.incumbents,
        cpu_s: None,
        peak_memory_bytes: None,
        output: kept(&[&conversation.stderr]),
    };
    judged(problem, entry.author(), run)
}

fn reason(
    broken: &BrokenOff,
    limits: &RequestLimits,
    memory_bytes: Option<u64>,
    last_line: Option<&str>,
) -> String {
    match broken {
        BrokenOff::TimeLimit => {
            let limit = limits.time.map_or(0.0, |t| t.as_secs_f64());
            format!("killed after {limit} s, its hard time limit")
        }
        BrokenOff::TooLong => format!(
            "killed: it wrote a line of more than {} bytes",
            limits.line_bytes
        ),
        BrokenOff::Nonsense(reason) => format!("killed: {reason}"),
        BrokenOff::Fault(fault) => fault.to_string(),
        BrokenOff::Ended(report) if report.killed == Some(Killed::Memory) => format!(
            "killed: it used more than {} bytes of memory",
            memory_bytes.unwrap_or(0)
        ),
        BrokenOff::Ended(report) => {
            let last = last_line.map_or(String::new(), |line| format!(": {}", line.trim()));
            format!("{} without an answer{last}", ended(report))
        }
    }
}
