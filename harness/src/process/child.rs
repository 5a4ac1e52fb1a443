//! The harness's side of a solve in its own process: starts a worker, communicates with it, kills
//! it at its time limit, and judges its answer.

use super::message::{
    CertificateState, CommandReply, Killed, MARK, SolverReply, WorkerRequest, WorkerTask,
};
use crate::process::Measured;
use crate::process::solver::{SolverEntry, SolverKind};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use offload_instances::Problem;
use offload_instances::files::plan_from_json;
use offload_solvers::{Author, Budget, Outcome, Status, Stop, TimedOutcome, judge};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Seconds added to a command's limit, after which its supervisor counts as hung.
const SUPERVISOR_GRACE: Duration = Duration::from_secs(15);

/// Most bytes of a plan: this constant plus a share per user.
const PLAN_BYTES: usize = 1 << 16;
/// See [`PLAN_BYTES`].
const PLAN_BYTES_PER_USER: usize = 32;

/// Most characters of a solver's output in a record.
const OUTPUT_KEPT: usize = 4096;

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
        SolverKind::Command { line, folder } => {
            let task = WorkerTask::Command {
                line: line.clone(),
                folder: folder.clone(),
                kill_after_s: kill_after.map(|t| t.as_secs_f64()),
                most_output: PLAN_BYTES + PLAN_BYTES_PER_USER * problem.n(),
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
            SolverKind::Command { .. } => command(problem, entry, kill_after, memory, &answer),
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

fn signal_name(signal: i32) -> String {
    Signal::try_from(signal).map_or(format!("signal {signal}"), |s| s.as_str().to_string())
}

/// The part of a solver's output that a record keeps.
fn kept(parts: &[&str]) -> Option<String> {
    let text: Vec<&str> = parts
        .iter()
        .map(|p| p.trim())
        .filter(|p| !p.is_empty())
        .collect();
    let text = text.join("\n");
    let cut: String = text.chars().take(OUTPUT_KEPT).collect();
    let mark = if cut.len() < text.len() { " ..." } else { "" };
    (!cut.is_empty()).then(|| cut + mark)
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
    let (plan, other_output) = plan_in(&ended.stdout);
    let stop = match (ended.killed, ended.code, ended.signal) {
        (Some(Killed::Time), ..) => {
            let limit =
                kill_after.map_or(String::new(), |t| format!(" after {} s", t.as_secs_f64()));
            Err(format!("killed{limit}, its hard time limit"))
        }
        (Some(Killed::Memory), ..) => Err(format!(
            "killed: it used more than {} bytes of memory",
            memory.unwrap_or(0)
        )),
        (Some(Killed::Processes), ..) => Err("killed: it started too many processes".into()),
        (Some(Killed::Output), ..) => Err(format!(
            "killed: it printed more than {} bytes",
            PLAN_BYTES + PLAN_BYTES_PER_USER * problem.n()
        )),
        (None, Some(0), _) => plan.map_err(|why| format!("it wrote no plan: {why}")),
        (None, Some(code), _) => Err(format!("it ended with exit code {code}")),
        (None, None, signal) => Err(format!("it ended by {}", signal_name(signal.unwrap_or(0)))),
    };
    // A plan that arrives after the limit is kept, but the status is a time-out. Otherwise a solver
    // that ignores the limit would look better than one that respects it.
    let late = entry
        .limits
        .time
        .is_some_and(|limit| ended.time_s > limit.as_secs_f64());
    let outcome = match stop {
        Ok(plan) if late => Outcome {
            stop: Stop::TimeLimit,
            ..Outcome::plan(plan)
        },
        Ok(plan) => Outcome::plan(plan),
        Err(reason) => Outcome::nothing(Stop::Failed(reason)),
    };
    let timed = TimedOutcome {
        outcome,
        time_s: ended.time_s,
    };
    let mut solved = judge(problem, entry.author(), timed);
    // Without a plan the status shows the time-out and the reason describes it.
    if ended.killed == Some(Killed::Time) || (late && solved.outcome.plan.is_none()) {
        solved.status = Status::Timeout;
    }
    Measured {
        cpu_s: Some(ended.cpu_s),
        peak_memory_bytes: Some(ended.peak_memory_bytes),
        wall_time_s: Some(ended.time_s),
        output: kept(&[&other_output, &ended.stderr]),
        ..Measured::of(solved)
    }
}

/// The plan in a command's stdout: all of it, or its last line. The other lines are its remaining
/// output.
fn plan_in(stdout: &str) -> (Result<offload_instances::Assignment, String>, String) {
    let read = |text: &str| -> Result<_, String> {
        let value = serde_json::from_str(text).map_err(|e| format!("not JSON ({e})"))?;
        plan_from_json(&value)
            .map(|p| p.assignment)
            .map_err(|faults| faults[0].to_string())
    };
    let whole = read(stdout.trim());
    if whole.is_ok() || stdout.trim().is_empty() {
        return (
            whole.map_err(|e| {
                if stdout.trim().is_empty() {
                    "nothing on stdout".into()
                } else {
                    e
                }
            }),
            String::new(),
        );
    }
    let (before, last) = stdout.trim().rsplit_once('\n').unwrap_or(("", ""));
    match read(last) {
        Ok(plan) => (Ok(plan), before.to_string()),
        Err(_) => (whole, stdout.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_found_alone_or_in_the_last_line() {
        let plan = "{\"format\": \"offload-plan/1\",\n \"assignment\": [null, 1]}";
        assert_eq!(plan_in(plan), (Ok(vec![None, Some(1)]), String::new()));
        let one = plan.replace('\n', "");
        assert_eq!(
            plan_in(&format!("step 1\nstep 2\n{one}\n")),
            (Ok(vec![None, Some(1)]), "step 1\nstep 2".into())
        );
        for bad in [
            "",
            "{}",
            "[1]",
            "nonsense",
            "{\"format\": \"offload-plan/1\", \"assignment\": [1.5]}",
        ] {
            assert!(plan_in(bad).0.is_err(), "{bad}");
        }
    }

    #[test]
    fn output_is_cut() {
        assert_eq!(kept(&["", " \n"]), None);
        assert_eq!(kept(&["a", "b\n"]), Some("a\nb".into()));
        let long = kept(&[&"é".repeat(5000)]).unwrap();
        assert_eq!(long.chars().count(), OUTPUT_KEPT + 4);
    }
}
