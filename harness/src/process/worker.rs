//! The worker's side: reads a request, solves, replies.

use super::message::{CertificateState, MARK, SolverReply, WorkerRequest, WorkerTask};
use super::supervise::supervise;
use crate::process::certify::certify;
use anyhow::Context;
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::time::TimeValLike;
use offload_instances::Problem;
use offload_instances::files::{instance_from_json, write_bytes};
use offload_solvers::{Author, Budget, Outcome, Stop, find, judge, run};
use std::io::{BufRead, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest request line, bytes.
const MAX_REQUEST: u64 = 1 << 20;

/// Reads one request from stdin and replies on stdout.
///
/// # Errors
/// If the request cannot be read or the instance is damaged.
pub fn work() -> anyhow::Result<()> {
    let mut input = std::io::BufReader::new(std::io::stdin());
    let mut line = String::new();
    input.by_ref().take(MAX_REQUEST).read_line(&mut line)?;
    let request: WorkerRequest = serde_json::from_str(&line)
        .context("this command is for the program itself; use `offload-bench run` or `solve`")?;
    let mut instance = vec![0; request.instance_bytes];
    input.read_exact(&mut instance)?;
    match &request.task {
        WorkerTask::Own {
            id,
            certificate,
            instance_file,
        } => {
            // The harness sends nothing more. When it ends, this input closes and the result is no
            // longer needed.
            std::thread::spawn(move || {
                let _ = input.read(&mut [0]);
                std::process::exit(1);
            });
            own(
                &request,
                id,
                &instance,
                certificate.as_deref(),
                instance_file.as_deref(),
            )
        }
        WorkerTask::Command {
            line,
            folder,
            kill_after_s,
            most_output,
        } => {
            let problem = input_of_command(&request, &instance);
            let limit = kill_after_s.map(Duration::from_secs_f64);
            let ended = supervise(
                line,
                folder,
                problem,
                limit,
                request.memory_bytes,
                *most_output,
                input,
            )?;
            send(&ended)
        }
    }
}

fn send(message: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    // The solver may have left an incomplete line.
    writeln!(out, "\n{MARK}{}", serde_json::to_string(message)?)?;
    Ok(out.flush()?)
}

/// The input of a command: `{"problem": .., "budget": .., "instance": ..}`, the instance in its
/// file format.
fn input_of_command(request: &WorkerRequest, instance: &[u8]) -> Vec<u8> {
    let problem =
        serde_json::json!({ "threshold": request.threshold, "weights": request.weights.name() });
    let budget = serde_json::json!({ "time_limit_s": request.time_limit_s, "gap": request.gap, "seed": request.seed });
    let mut text =
        format!("{{\"problem\": {problem}, \"budget\": {budget}, \"instance\": ").into_bytes();
    text.extend_from_slice(instance.trim_ascii_end());
    text.extend_from_slice(b"}\n");
    text
}

fn own(
    request: &WorkerRequest,
    id: &str,
    instance: &[u8],
    certificate: Option<&Path>,
    instance_file: Option<&str>,
) -> anyhow::Result<()> {
    if let Some(bytes) = request.memory_bytes {
        setrlimit(Resource::RLIMIT_AS, bytes, bytes)?;
    }
    let problem = problem(request, instance)?;
    let solver = find(id).map_err(anyhow::Error::msg)?;
    let budget = Budget {
        time_limit: request.time_limit_s.map(Duration::from_secs_f64),
        gap: request.gap,
        seed: request.seed,
        ..Budget::default()
    };
    let before = cpu_s()?;
    let timed = run(solver.as_ref(), &problem, &budget);
    let (time_s, cpu_s, peak_memory_bytes) = (timed.time_s, cpu_s()? - before, peak_memory());
    let reply = |outcome: &Outcome, certificate| SolverReply {
        outcome: outcome.clone(),
        time_s,
        cpu_s,
        peak_memory_bytes,
        certificate,
    };
    let file = certificate.filter(|_| timed.outcome.certificate.is_some());
    let Some(file) = file else {
        send(&reply(&timed.outcome, CertificateState::Absent))?;
        // Dropping large search trees takes time; exit instead.
        std::process::exit(0);
    };
    send(&reply(&timed.outcome, CertificateState::Pending))?;
    let mut solved = judge(&problem, Author::of(solver.as_ref()), timed);
    let bytes = certify(&problem, &mut solved, instance_file)?;
    if let Some(bytes) = bytes {
        write_bytes(file, &bytes)?;
    }
    let state = match &solved.outcome.stop {
        Stop::Failed(reason) => CertificateState::Refused(reason.clone()),
        _ => CertificateState::Accepted,
    };
    send(&reply(&solved.outcome, state))?;
    std::process::exit(0);
}

fn problem(request: &WorkerRequest, instance: &[u8]) -> anyhow::Result<Problem> {
    let value: serde_json::Value = serde_json::from_slice(instance)?;
    let (instance, _) = instance_from_json(&value).map_err(|faults| {
        anyhow::anyhow!("the instance was damaged on its way here: {}", faults[0])
    })?;
    Ok(Problem::new(
        Arc::new(instance),
        request.threshold,
        request.weights,
    )?)
}

/// User and system processor time of this process so far, s.
fn cpu_s() -> anyhow::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    Ok((usage.user_time() + usage.system_time()).num_microseconds() as f64 * 1e-6)
}

/// Peak resident memory of this process so far, bytes. Not from `getrusage`, which includes the
/// parent's memory before `exec`.
fn peak_memory() -> Option<u64> {
    let kib: u64 = crate::machine::field("/proc/self/status", "VmHWM")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024)
}
