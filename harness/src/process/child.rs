//! The harness's side of a solve in its own process: starts a worker, communicates with it, kills
//! it at its time limit, and judges its answer.

use super::ending::{
    ExternalRun, OUTPUT_KEPT, how_it_ended, judged, kept, most_output, signal_name,
};
use super::exec_answer::ExecOutput;
use super::message::{
    CertificateState, CommandReply, Killed, MARK, SolverReply, WorkerRequest, WorkerTask,
};
use crate::process::Measured;
use crate::process::solver::{SolverEntry, SolverKind};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use offload_instances::Problem;
use offload_solvers::{Author, Budget, Status, Stop, TimedOutcome, judge};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Seconds added to a command's limit, after which its supervisor counts as hung.
const SUPERVISOR_GRACE: Duration = Duration::from_secs(15);

/// Most bytes of a worker's stderr that are kept, from its end.
const WORKER_STDERR: usize = 2048;

/// Where a certificate is stored after its re-check.
pub struct CertificateTarget {
    /// Path of the certificate.
    pub file: PathBuf,
    /// The path of the instance, as the certificate states it.
    pub instance_file: Option<String>,
}

/// The answer of a worker.
struct WorkerAnswer {
    /// Its replies, without the prefix.
    replies: Vec<String>,
    /// Other lines of its stdout.
    printed: String,
    stderr: String,
    status: Option<ExitStatus>,
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
    let kill_after = entry.limits.kill_after();
    let memory = entry.limits.memory(threads);
    let certificate = certificate.map(|c| (c.file, c.instance_file));
    let (task, limit) = match &entry.kind {
        SolverKind::Own(_) => {
            let (file, instance_file) = certificate.unzip();
            let task = WorkerTask::Own {
                id: entry.id.clone(),
                certificate: file,
                instance_file: instance_file.flatten(),
            };
            (task, kill_after)
        }
        SolverKind::External(solver) => {
            let task = WorkerTask::Command {
                line: solver.line.clone(),
                folder: solver.folder.clone(),
                kill_after_s: kill_after.map(|t| t.as_secs_f64()),
                most_output: most_output(problem),
            };
            (task, kill_after.map(|t| t.saturating_add(SUPERVISOR_GRACE)))
        }
    };
    let request = WorkerRequest {
        task,
        threshold: problem.threshold(),
        weights: problem.weights(),
        time_limit_s: budget.time_limit.map(|t| t.as_secs_f64()),
        gap: budget.gap,
        seed: budget.seed,
        memory_bytes: memory,
        instance_bytes: instance.len(),
    };
    match converse(&request, instance, limit) {
        Ok(answer) => match &entry.kind {
            SolverKind::Own(_) => own(problem, entry.author(), &answer),
            SolverKind::External(_) => command(problem, entry, kill_after, memory, &answer),
        },
        Err(e) => {
            let reason = format!("its process could not be started: {e}");
            failed(problem, entry.author(), &reason)
        }
    }
}

/// Starts a worker and collects its output. The time limit restarts with each reply: the first is
/// the solve, the second a re-check.
fn converse(
    request: &WorkerRequest,
    instance: &str,
    limit: Option<Duration>,
) -> std::io::Result<WorkerAnswer> {
    // Not the program's path: its file may be replaced during a campaign.
    let own = std::path::Path::new("/proc/self/exe");
    let program = if own.exists() {
        own.to_path_buf()
    } else {
        std::env::current_exe()?
    };
    let mut child = Command::new(program)
        .arg("worker")
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let text = serde_json::to_string(request).map_err(std::io::Error::other)? + "\n";
    let (lines, stderr) = (
        read_lines(child.stdout.take()),
        read_end(child.stderr.take()),
    );
    let mut stdin = child.stdin.take();
    if let Some(stdin) = &mut stdin {
        // If the worker has already ended, its exit status shows it.
        let _ = stdin
            .write_all(text.as_bytes())
            .and_then(|()| stdin.write_all(instance.as_bytes()));
    }
    let mut answer = WorkerAnswer {
        replies: Vec::new(),
        printed: String::new(),
        stderr: String::new(),
        status: None,
        killed_after: None,
    };
    let mut start = Instant::now();
    loop {
        let left = limit.map_or(Duration::from_secs(3600), |limit| {
            limit.saturating_sub(start.elapsed())
        });
        match lines.recv_timeout(left) {
            Ok(line) => match line.strip_prefix(MARK) {
                Some(reply) => {
                    answer.replies.push(reply.to_string());
                    start = Instant::now();
                }
                None if answer.printed.len() < OUTPUT_KEPT => answer.printed += &line,
                None => {}
            },
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) if limit.is_none_or(|limit| start.elapsed() < limit) => {
            }
            Err(RecvTimeoutError::Timeout) => {
                answer.killed_after = limit;
                break;
            }
        }
    }
    if answer.killed_after.is_some() {
        let group = i32::try_from(child.id()).map_err(std::io::Error::other)?;
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    answer.status = Some(child.wait()?);
    drop(stdin);
    answer.stderr = stderr.recv().unwrap_or_default();
    Ok(answer)
}

/// Reads lines including their line ends; bytes that are not UTF-8 are replaced.
fn read_lines(stdout: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let Some(stdout) = stdout else { return };
        let mut reader = BufReader::new(stdout);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|n| n > 0) {
            let text = String::from_utf8_lossy(&line).into_owned();
            if (!text.trim().is_empty() && sender.send(text).is_err())
                || line.last() != Some(&b'\n')
            {
                break;
            }
            line.clear();
        }
    });
    receiver
}

/// Keeps the end of a stream, once it is closed.
fn read_end(stderr: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let Some(mut stderr) = stderr else { return };
        let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(n) = stderr.read(&mut buffer)
            && n > 0
        {
            kept.extend_from_slice(&buffer[..n]);
            let over = kept.len().saturating_sub(WORKER_STDERR);
            kept.drain(..over);
        }
        let _ = sender.send(String::from_utf8_lossy(&kept).trim().to_string());
    });
    receiver
}

fn failed(problem: &Problem, author: Author, reason: &str) -> Measured {
    let timed = TimedOutcome::untimed(Stop::Failed(reason.into()));
    Measured::of(judge(problem, author, timed))
}

fn own(problem: &Problem, author: Author, answer: &WorkerAnswer) -> Measured {
    let replies: Vec<SolverReply> = answer
        .replies
        .iter()
        .flat_map(|text| serde_json::from_str(text))
        .collect();
    let output = kept(&[&answer.printed, &answer.stderr]);
    let Some(reply) = replies.into_iter().last() else {
        let mut measured = failed(problem, author, &how_it_died(answer));
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
        outcome.note = format!(
            "its certificate was not re-checked: {}",
            how_it_died(answer)
        );
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
    match (answer.killed_after, answer.status) {
        (Some(limit), _) => format!(
            "killed after {} s, its hard time limit",
            limit.as_secs_f64()
        ),
        (None, Some(status)) => match (status.signal(), status.code()) {
            (Some(signal), _) => format!("its process ended by {}{last}", signal_name(signal)),
            (None, Some(code)) => format!("its process ended with exit code {code}{last}"),
            (None, None) => format!("its process ended{last}"),
        },
        (None, None) => format!("its process ended{last}"),
    }
}

fn command(
    problem: &Problem,
    entry: &SolverEntry,
    kill_after: Option<Duration>,
    memory: Option<u64>,
    answer: &WorkerAnswer,
) -> Measured {
    let Some(ended) = answer
        .replies
        .last()
        .and_then(|text| serde_json::from_str::<CommandReply>(text).ok())
    else {
        return failed(
            problem,
            entry.author(),
            &format!("its supervisor failed: {}", how_it_died(answer)),
        );
    };
    let printed = ExecOutput::of(&ended.stdout);
    let answer = match (ended.killed, ended.code) {
        (Some(Killed::Time), _) => {
            let limit =
                kill_after.map_or(String::new(), |t| format!(" after {} s", t.as_secs_f64()));
            Err(format!("killed{limit}, its hard time limit"))
        }
        (Some(Killed::Memory), _) => Err(format!(
            "killed: it used more than {} bytes of memory",
            memory.unwrap_or(0)
        )),
        (Some(Killed::Output), _) => Err(format!(
            "killed: it printed more than {} bytes",
            most_output(problem)
        )),
        (None, Some(0)) => printed
            .answer
            .map_err(|why| format!("it wrote no plan: {why}")),
        _ => Err(how_it_ended(ended.killed, ended.code, ended.signal)),
    };
    let run = ExternalRun {
        answer,
        was_killed_at_limit: ended.killed == Some(Killed::Time),
        wall_s: ended.time_s,
        time_limit: entry.limits.time,
        incumbents: Vec::new(),
        cpu_s: Some(ended.cpu_s),
        peak_memory_bytes: Some(ended.peak_memory_bytes),
        output: kept(&[&printed.rest, &ended.stderr]),
    };
    judged(problem, entry.author(), run)
}
