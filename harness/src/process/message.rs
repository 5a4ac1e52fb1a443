//! The messages between harness and worker: one JSON object per line.

use offload_solvers::Outcome;
use serde::{Deserialize, Serialize};

/// Prefix of a worker's reply. Any other line is output of the solver.
pub const MARK: &str = "offload-worker/2 ";

/// A request to a worker. The instance follows it, `instance_bytes` long.
#[derive(Serialize, Deserialize)]
pub struct WorkerRequest {
    pub task: WorkerTask,
    pub threshold: f64,
    pub weights: offload_instances::Weights,
    pub time_limit_s: Option<f64>,
    pub gap: f64,
    pub seed: u64,
    pub memory_bytes: Option<u64>,
    pub instance_bytes: usize,
}

/// What runs the solve.
#[derive(Serialize, Deserialize)]
pub enum WorkerTask {
    /// A built-in solver. If it writes a certificate and a path is given, the certificate is
    /// re-checked and stored there.
    Own {
        id: String,
        certificate: Option<std::path::PathBuf>,
        instance_file: Option<String>,
    },
    /// A shell command, killed at a time limit.
    Command {
        line: String,
        folder: std::path::PathBuf,
        kill_after_s: Option<f64>,
        most_output: usize,
    },
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

/// How a command ended.
#[derive(Serialize, Deserialize)]
pub struct CommandReply {
    /// Why it was killed; `None` if it ended by itself.
    pub killed: Option<Killed>,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, if any.
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub time_s: f64,
    pub cpu_s: f64,
    pub peak_memory_bytes: u64,
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
