//! The messages between harness and workers: one JSON object per line.

use offload_solvers::Outcome;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::PathBuf;

/// The first message to a worker: what it is to do.
#[derive(Serialize, Deserialize)]
pub enum WorkerRequest {
    /// Run a built-in solver. The instance follows, `instance_bytes` long.
    Solve(SolveRequest),
    /// Supervise an external program. Its stdin, stdout and stderr come with the message.
    Supervise(LaunchRequest),
    /// Become an external program, for its supervisor. Files as above.
    Launch(LaunchRequest),
}

/// One problem for a built-in solver.
#[derive(Serialize, Deserialize)]
pub struct SolveRequest {
    pub id: String,
    /// Where its certificate is stored after the re-check; without a path it writes none.
    pub certificate: Option<PathBuf>,
    pub instance_file: Option<String>,
    pub threshold: f64,
    pub weights: offload_instances::Weights,
    pub time_limit_s: Option<f64>,
    pub gap: f64,
    pub seed: u64,
    pub memory_bytes: Option<u64>,
    pub instance_bytes: usize,
}

/// An external program. Its environment is that of its supervisor.
#[derive(Clone, Serialize, Deserialize)]
pub struct LaunchRequest {
    /// The program and its arguments.
    pub arguments: Vec<OsString>,
    /// Its working directory; that of the harness if empty.
    pub folder: PathBuf,
    /// Variables that only its supervisor needs.
    pub drop_env: Vec<String>,
    pub memory_bytes: Option<u64>,
    /// Files of control groups that it joins.
    pub groups: Vec<PathBuf>,
    /// Whether it loses the capabilities that lead out of a fence. A sandbox needs some of them to
    /// start, and drops them itself.
    pub capabilities: Capabilities,
}

/// The capabilities of an external program that runs as root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Capabilities {
    /// As the harness's.
    Kept,
    /// Without those that reach into other processes or the system.
    Reduced,
}

/// What the harness asks of a supervisor, and a supervisor of its launcher.
#[derive(Debug, Serialize, Deserialize)]
pub enum SupervisorOrder {
    /// Start the program now.
    Start,
    /// Kill it, for this reason.
    Kill(Killed),
}

/// What a supervisor tells the harness.
#[derive(Debug, Serialize, Deserialize)]
pub enum SupervisorEvent {
    /// Everything is prepared.
    Ready,
    /// The program runs.
    Started,
    /// It still works.
    Alive,
    /// The program ended by itself.
    Ended,
    /// No process of the program lives.
    Report(SupervisorReport),
    /// The program could not be started.
    Failed(String),
}

/// How a program ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct SupervisorReport {
    /// Why it was killed; `None` if it ended by itself.
    pub killed: Option<Killed>,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, if any.
    pub signal: Option<i32>,
    /// Processor time of all its processes, s.
    pub cpu_s: f64,
    /// Peak memory of all its processes together, bytes.
    pub peak_memory_bytes: u64,
}

/// The result of a built-in solver.
#[derive(Serialize, Deserialize)]
pub struct SolverReply {
    /// Its outcome, without the certificate.
    pub outcome: Outcome,
    /// Wall time of the algorithm alone, s.
    pub time_s: f64,
    /// Processor time of the solve, s.
    pub cpu_s: f64,
    /// Peak resident memory of the worker, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// State of its certificate.
    pub certificate: CertificateState,
}

/// State of a solve's certificate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateState {
    /// No certificate exists or none was requested.
    Absent,
    /// The re-check is running; another reply follows.
    Pending,
    /// The verifier accepted it and its file is written.
    Accepted,
    /// The verifier refused it, for this reason.
    Refused(String),
}

/// Why a command was killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Killed {
    Time,
    Memory,
    Processes,
    Output,
}

#[cfg(test)]
mod tests {
    use super::*;
    use offload_instances::Trust;
    use offload_solvers::{Progress, Stop};

    #[test]
    fn a_reply_survives_its_way() {
        let stops = [
            Stop::Proved,
            Stop::Finished,
            Stop::Infeasible,
            Stop::TimeLimit,
            Stop::Stalled("a".into()),
            Stop::Unsupported("b".into()),
            Stop::Failed("c".into()),
        ];
        for (k, stop) in stops.into_iter().enumerate() {
            let trust = [Trust::Enumerated, Trust::Certified, Trust::Solver][k % 3];
            let mut outcome = Outcome {
                bound: Some((0.1 + 0.2, trust)),
                ..Outcome::nothing(stop)
            };
            outcome.plan = Some(vec![None, Some(3)]);
            outcome.note = "n".into();
            outcome.trajectory = vec![Progress {
                time_s: 0.1,
                work: 7,
                objective: None,
                bound: Some(f64::MIN_POSITIVE),
            }];
            let reply = SolverReply {
                outcome,
                time_s: 1.0,
                cpu_s: 2.0,
                peak_memory_bytes: None,
                certificate: CertificateState::Refused("d".into()),
            };
            let text = serde_json::to_string(&reply).unwrap();
            let back = serde_json::from_str::<SolverReply>(&text).unwrap();
            assert_eq!(
                format!("{:?}", reply.outcome),
                format!("{:?}", back.outcome)
            );
            assert_eq!(reply.certificate, back.certificate);
        }
    }
}
