//! A built-in solver in its own process: starts a worker, sends it the problem, kills it at its
//! time limit, and judges its answer.

use super::channel::{Channel, Received};
use super::ending::{OUTPUT_KEPT, kept, signal_name};
use super::message::{CertificateState, SolveRequest, SolverReply, WorkerRequest};
use super::started::{own_program, spawn, wait};
use crate::process::Measured;
use crate::process::solver::SolverEntry;
use offload_instances::Problem;
use offload_solvers::{Author, Budget, Status, Stop, TimedOutcome, judge};
use std::collections::VecDeque;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Most bytes of a worker's stdout and stderr that are kept, from their end.
const PRINTED_KEPT: usize = OUTPUT_KEPT / 2;

/// Where a certificate is stored after its re-check.
pub struct CertificateTarget {
    /// Path of the certificate.
    pub file: PathBuf,
    /// The path of the instance, as the certificate states it.
    pub instance_file: Option<String>,
}

/// The answer of a worker.
struct WorkerAnswer {
    /// Its last reply.
    reply: Option<SolverReply>,
    /// End of its stdout.
    printed: String,
    /// End of its stderr.
    stderr: String,
    status: ExitStatus,
    /// Set if it was killed, to the limit after which it was.
    killed_after: Option<Duration>,
}

/// Solves in a separate process. Every failure ends up in the result.
pub fn solve_apart(
    entry: &SolverEntry,
    problem: &Problem,
    instance: &str,
    budget: &Budget,
    threads: usize,
    certificate: Option<CertificateTarget>,
) -> Measured {
    let (certificate, instance_file) = certificate.map(|c| (c.file, c.instance_file)).unzip();
    let request = WorkerRequest::Solve(SolveRequest {
        id: entry.id.clone(),
        certificate,
        instance_file: instance_file.flatten(),
        threshold: problem.threshold(),
        weights: problem.weights(),
        time_limit_s: budget.time_limit.map(|t| t.as_secs_f64()),
        gap: budget.gap,
        seed: budget.seed,
        memory_bytes: entry.limits.memory(threads),
        instance_bytes: instance.len(),
    });
    match converse(&request, instance, entry.limits.kill_after()) {
        Ok(answer) => judged(problem, entry.author(), answer),
        Err(e) => {
            let reason = format!("its process could not be started: {e}");
            Measured::not_run(problem, entry.author(), &reason)
        }
    }
}

/// Starts a worker and collects its answer.
fn converse(
    request: &WorkerRequest,
    instance: &str,
    limit: Option<Duration>,
) -> std::io::Result<WorkerAnswer> {
    let (mut connection, theirs) = Channel::pair()?;
    let mut command = Command::new(own_program()?);
    command
        .arg("worker")
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = spawn(&mut command)?;
    // The command holds the worker's end of the connection, which must close with the worker.
    drop(command);
    let ends = read_end(child.stdout.take())
        .and_then(|stdout| Ok((stdout, read_end(child.stderr.take())?)))
        .inspect_err(|_| end(&mut child));
    let (stdout, stderr) = ends?;
    // If the worker has already ended, its exit status shows it.
    let _ = connection
        .send(request)
        .and_then(|()| connection.send_bytes(instance.as_bytes()));
    let (reply, killed_after) = replies(&mut connection, limit);
    if killed_after.is_some() {
        let _ = child.kill();
    }
    let status = wait(&mut child)?;
    Ok(WorkerAnswer {
        reply,
        printed: stdout.recv().unwrap_or_default(),
        stderr: stderr.recv().unwrap_or_default(),
        status,
        killed_after,
    })
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = wait(child);
}

/// The last reply, and the limit if it passed. The time limit restarts with each reply: the first
/// is the solve, the second a re-check.
fn replies(
    connection: &mut Channel,
    limit: Option<Duration>,
) -> (Option<SolverReply>, Option<Duration>) {
    let mut last = None;
    let mut start = Instant::now();
    loop {
        let left = limit.map(|limit| limit.saturating_sub(start.elapsed()));
        match connection.receive(left) {
            Ok(Received::Message(reply)) => {
                last = Some(reply);
                start = Instant::now();
            }
            Ok(Received::Closed) | Err(_) => return (last, None),
            Ok(Received::Silence) if limit.is_none_or(|limit| start.elapsed() < limit) => {}
            Ok(Received::Silence) => return (last, limit),
        }
    }
}

/// Keeps the end of a stream, once it is closed.
fn read_end(stream: Option<impl Read + Send + 'static>) -> std::io::Result<Receiver<String>> {
    let (sender, receiver) = channel();
    let read = move || {
        let Some(mut stream) = stream else { return };
        let (mut kept, mut buffer) = (VecDeque::new(), [0; 4096]);
        while let Ok(n) = stream.read(&mut buffer)
            && n > 0
        {
            kept.extend(&buffer[..n]);
            let over = kept.len().saturating_sub(PRINTED_KEPT);
            kept.drain(..over);
        }
        let kept: Vec<u8> = kept.into();
        let _ = sender.send(String::from_utf8_lossy(&kept).trim().to_string());
    };
    std::thread::Builder::new().spawn(read)?;
    Ok(receiver)
}

fn judged(problem: &Problem, author: Author, answer: WorkerAnswer) -> Measured {
    let output = kept(&[&answer.printed, &answer.stderr]);
    let how = how_it_died(&answer);
    let Some(reply) = answer.reply else {
        let timed = TimedOutcome::untimed(Stop::Failed(how));
        let mut measured = Measured::of(judge(problem, author, timed));
        if let Some(limit) = answer.killed_after {
            measured.solved.status = Status::Timeout;
            measured.solved.time_s = limit.as_secs_f64();
        }
        measured.output = output;
        return measured;
    };
    let mut outcome = reply.outcome;
    if reply.certificate == CertificateState::Pending {
        // The solve ended, but the process died during the re-check: the claim stays unverified.
        outcome.note = format!("its certificate was not re-checked: {how}");
    }
    let timed = TimedOutcome {
        outcome,
        time_s: reply.time_s,
    };
    let mut solved = judge(problem, author, timed);
    if let CertificateState::Refused(reason) = reply.certificate {
        solved.status = Status::Error;
        solved.outcome.stop = Stop::Failed(reason);
    }
    Measured {
        cpu_s: Some(reply.cpu_s),
        peak_memory_bytes: reply.peak_memory_bytes,
        output,
        ..Measured::of(solved)
    }
}

fn how_it_died(answer: &WorkerAnswer) -> String {
    let last = answer
        .stderr
        .lines()
        .rfind(|l| !l.trim().is_empty())
        .map_or(String::new(), |l| format!(": {l}"));
    if let Some(limit) = answer.killed_after {
        let limit = limit.as_secs_f64();
        return format!("killed after {limit} s, its hard time limit");
    }
    match (answer.status.signal(), answer.status.code()) {
        (Some(signal), _) => format!("its process ended by {}{last}", signal_name(signal)),
        (None, Some(code)) => format!("its process ended with exit code {code}{last}"),
        (None, None) => format!("its process ended{last}"),
    }
}
