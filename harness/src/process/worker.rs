//! The worker's side: reads a request, solves, replies.

use super::channel::{Channel, Received};
use super::launch::launch;
use super::message::{CertificateState, SolveRequest, SolverReply, WorkerRequest};
use super::supervise::supervise;
use crate::process::certify::certify;
use anyhow::{Context, bail};
use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};
use nix::sys::time::TimeValLike;
use offload_instances::Problem;
use offload_instances::files::{instance_from_json, write_bytes};
use offload_solvers::{Author, Budget, Outcome, Stop, find, judge, run};
use std::sync::Arc;
use std::time::Duration;

/// Does what the harness asks for on the connection at stdin.
///
/// # Errors
/// If stdin is no such connection, the request cannot be read, or the instance is damaged.
pub fn work() -> anyhow::Result<()> {
    let usage = "this command is for the program itself; use `offload-bench run` or `solve`";
    let mut channel = Channel::of_stdin().context(usage)?;
    match channel.receive(None).context(usage)? {
        Received::Message(WorkerRequest::Solve(request)) => own(channel, &request),
        Received::Message(WorkerRequest::Supervise(request)) => supervise(channel, &request),
        Received::Message(WorkerRequest::Launch(request)) => launch(channel, &request),
        Received::Closed | Received::Silence => bail!(usage),
    }
}

fn own(mut channel: Channel, request: &SolveRequest) -> anyhow::Result<()> {
    let instance = channel.receive_bytes(request.instance_bytes)?;
    let replies = channel.sender()?;
    // The harness sends nothing more. When it ends, the connection closes and the result is no
    // longer needed.
    std::thread::spawn(move || {
        channel.wait_for_close();
        std::process::exit(1);
    });
    if let Some(bytes) = request.memory_bytes {
        setrlimit(Resource::RLIMIT_AS, bytes, bytes)?;
    }
    let problem = problem(request, &instance)?;
    let solver = find(&request.id).map_err(anyhow::Error::msg)?;
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
    let file = request
        .certificate
        .as_deref()
        .filter(|_| timed.outcome.certificate.is_some());
    let Some(file) = file else {
        replies.send(&reply(&timed.outcome, CertificateState::Absent))?;
        // Dropping large search trees takes time; exit instead.
        std::process::exit(0);
    };
    replies.send(&reply(&timed.outcome, CertificateState::Pending))?;
    let mut solved = judge(&problem, Author::of(solver.as_ref()), timed);
    let bytes = certify(&problem, &mut solved, request.instance_file.as_deref())?;
    if let Some(bytes) = bytes {
        write_bytes(file, &bytes)?;
    }
    let state = match &solved.outcome.stop {
        Stop::Failed(reason) => CertificateState::Refused(reason.clone()),
        _ => CertificateState::Accepted,
    };
    replies.send(&reply(&solved.outcome, state))?;
    std::process::exit(0);
}

fn problem(request: &SolveRequest, instance: &[u8]) -> anyhow::Result<Problem> {
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
