//! One solve by a program that is started for it: writes the problem to its stdin, reads the plan
//! from its stdout, and judges how it ended.

use super::ending::{ExternalRun, how_it_ended, judged, kept, most_output};
use super::exec_answer::ExecOutput;
use super::external::ExternalSolver;
use super::fence::{FenceFault, FenceKiller, FenceReport, FencedProcess};
use super::message::Killed;
use crate::process::Measured;
use crate::process::solver::SolverEntry;
use offload_instances::Problem;
use offload_solvers::Budget;
use serde_json::json;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Time for the end of stdout after all processes have ended: a pipe may have been passed to a
/// process that the program did not start.
const PIPE_GRACE: Duration = Duration::from_secs(2);

/// Limits of one run.
struct RunLimits {
    /// Time after which it is killed.
    time: Option<Duration>,
    memory_bytes: Option<u64>,
    /// Most bytes of its stdout.
    output: usize,
}

/// What a program wrote, and how it ended.
struct ExecRun {
    report: FenceReport,
    stdout: String,
    stderr: String,
}

/// Starts the program on one problem. Every failure ends up in the result.
pub fn solve_by_exec(
    entry: &SolverEntry,
    solver: &ExternalSolver,
    problem: &Problem,
    instance: &str,
    budget: &Budget,
    memory_bytes: Option<u64>,
) -> Measured {
    let limits = RunLimits {
        time: entry.limits.kill_after(),
        memory_bytes,
        output: most_output(problem),
    };
    match run(solver, input(problem, instance, budget), &limits) {
        Ok(run) => judge_run(entry, problem, &limits, run),
        Err(reason) => Measured::not_run(problem, entry.author(), &reason),
    }
}

/// The input: `{"problem": .., "budget": .., "instance": ..}`, the instance in its file format.
fn input(problem: &Problem, instance: &str, budget: &Budget) -> Vec<u8> {
    let terms = json!({ "threshold": problem.threshold(), "weights": problem.weights().name() });
    let limit = budget.time_limit.map(|t| t.as_secs_f64());
    let budget = json!({ "time_limit_s": limit, "gap": budget.gap, "seed": budget.seed });
    let instance = instance.trim_end();
    format!("{{\"problem\": {terms}, \"budget\": {budget}, \"instance\": {instance}}}\n")
        .into_bytes()
}

fn run(solver: &ExternalSolver, input: Vec<u8>, limits: &RunLimits) -> Result<ExecRun, String> {
    let fence = solver.fence(limits.memory_bytes);
    let mut process = FencedProcess::start(&solver.line, &fence)
        .map_err(|e| format!("its process could not be started: {e}"))?;
    let no_thread = |e| format!("a thread could not be started: {e}");
    if let Some(stdin) = process.stdin.take() {
        write(stdin, input).map_err(no_thread)?;
    }
    let stdout = match process.stdout.take() {
        Some(stdout) => {
            let killer = process.killer();
            Some(read(stdout, limits.output, killer).map_err(no_thread)?)
        }
        None => None,
    };
    let mut report = process.wait(limits.time);
    let bytes = stdout.and_then(|stdout| stdout.recv_timeout(PIPE_GRACE).ok());
    let mut bytes = bytes.unwrap_or_default();
    // It may have ended by itself just after it wrote too much.
    if bytes.len() > limits.output {
        report.killed = report.killed.or(Some(Killed::Output));
        bytes.truncate(limits.output);
    }
    Ok(ExecRun {
        report,
        stdout: String::from_utf8_lossy(&bytes).into_owned(),
        stderr: process.take_stderr(),
    })
}

/// Writes in a thread of its own: the program may not read its input.
fn write(mut stdin: PipeWriter, input: Vec<u8>) -> std::io::Result<()> {
    let write = move || drop(stdin.write_all(&input));
    std::thread::Builder::new().spawn(write).map(drop)
}

/// Reads at most one byte more than `most`; that one is a reason to kill.
fn read(
    stdout: PipeReader,
    most: usize,
    killer: FenceKiller,
) -> std::io::Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = channel();
    let read = move || {
        let mut bytes = Vec::new();
        let _ = stdout.take(most as u64 + 1).read_to_end(&mut bytes);
        if bytes.len() > most {
            killer.kill(Killed::Output);
        }
        let _ = sender.send(bytes);
    };
    std::thread::Builder::new().spawn(read)?;
    Ok(receiver)
}

fn judge_run(entry: &SolverEntry, problem: &Problem, limits: &RunLimits, run: ExecRun) -> Measured {
    let report = run.report;
    let printed = ExecOutput::of(&run.stdout);
    let answer = match (&report.fault, report.killed, report.code) {
        (Some(FenceFault::Failed(why)), ..) => {
            return Measured::not_run(problem, entry.author(), why);
        }
        (Some(FenceFault::Attacked(how)), ..) => Err(how.clone()),
        (None, Some(Killed::Time), _) => {
            let limit = limits.time.map_or(0.0, |t| t.as_secs_f64());
            Err(format!("killed after {limit} s, its hard time limit"))
        }
        (None, Some(Killed::Memory), _) => Err(format!(
            "killed: it used more than {} bytes of memory",
            limits.memory_bytes.unwrap_or(0)
        )),
        (None, Some(Killed::Output), _) => Err(format!(
            "killed: it printed more than {} bytes",
            limits.output
        )),
        (None, None, Some(0)) => printed
            .answer
            .map_err(|why| format!("it wrote no plan: {why}")),
        _ => Err(how_it_ended(report.killed, report.code, report.signal)),
    };
    let run = ExternalRun {
        answer,
        was_killed_at_limit: report.killed == Some(Killed::Time),
        wall_s: report.wall_s,
        time_limit: entry.limits.time,
        incumbents: Vec::new(),
        cpu_s: report.cpu_s,
        peak_memory_bytes: report.peak_memory_bytes,
        output: kept(&[&printed.rest, &run.stderr]),
    };
    judged(problem, entry.author(), run)
}
