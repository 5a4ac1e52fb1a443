//! What harness and worker say to each other: one JSON object a line. Floats travel as bits, since
//! JSON knows no infinity.

use offload_instances::Assignment;
use offload_solvers::{Outcome, Progress, Stop, Trust};
use serde::{Deserialize, Serialize};

/// A worker's reply begins with this; any other line is something that the solver printed.
pub const MARK: &str = "offload-worker/1 ";

/// What is asked of a worker. The instance follows, `instance_bytes` of it.
#[derive(Serialize, Deserialize)]
pub struct Request {
    pub task: Task,
    pub threshold: f64,
    pub weights: offload_instances::Weights,
    pub time_limit_s: Option<f64>,
    pub gap: f64,
    pub seed: u64,
    pub memory_bytes: Option<u64>,
    pub instance_bytes: usize,
}

/// Who is to solve.
#[derive(Serialize, Deserialize)]
pub enum Task {
    /// One of our solvers; its certificate, if it writes one and a file is given, is re-checked and
    /// kept there.
    Own {
        id: String,
        certificate: Option<std::path::PathBuf>,
        instance_file: Option<String>,
    },
    /// A command for the shell, killed after a time.
    Command {
        line: String,
        folder: std::path::PathBuf,
        kill_after_s: Option<f64>,
        most_output: usize,
    },
}

/// What one of our solvers returned.
#[derive(Serialize, Deserialize)]
pub struct Reply {
    pub plan: Option<Assignment>,
    bound: Option<(u64, u8)>,
    stop: (u8, String),
    note: String,
    trajectory: Vec<(u64, usize, u64, u64)>,
    pub time_s: f64,
    pub cpu_s: f64,
    pub peak_memory_bytes: Option<u64>,
    /// A certificate was refused by the verifier, for this reason.
    pub refused: Option<String>,
    /// Whether a certificate is still to be re-checked: another reply follows.
    pub more: bool,
}

/// How a command ended.
#[derive(Serialize, Deserialize)]
pub struct Ended {
    /// What ended it, when that was not the command itself.
    pub killed: Option<Killed>,
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
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

impl Reply {
    pub fn new(
        outcome: &Outcome,
        time_s: f64,
        cpu_s: f64,
        peak_memory_bytes: Option<u64>,
    ) -> Reply {
        let trajectory = outcome.trajectory.iter();
        Reply {
            plan: outcome.plan.clone(),
            bound: outcome.bound.map(|(b, t)| (b.to_bits(), t as u8)),
            stop: match &outcome.stop {
                Stop::Proved => (0, String::new()),
                Stop::Finished => (1, String::new()),
                Stop::Infeasible => (2, String::new()),
                Stop::TimeLimit => (3, String::new()),
                Stop::Stalled(why) => (4, why.clone()),
                Stop::Unsupported(why) => (5, why.clone()),
                Stop::Failed(why) => (6, why.clone()),
            },
            note: outcome.note.clone(),
            trajectory: trajectory
                .map(|p| {
                    (
                        p.time_s.to_bits(),
                        p.work,
                        p.objective.to_bits(),
                        p.bound.to_bits(),
                    )
                })
                .collect(),
            time_s,
            cpu_s,
            peak_memory_bytes,
            refused: None,
            more: false,
        }
    }

    pub fn outcome(&self) -> Outcome {
        let why = self.stop.1.clone();
        let stop = match self.stop.0 {
            0 => Stop::Proved,
            1 => Stop::Finished,
            2 => Stop::Infeasible,
            3 => Stop::TimeLimit,
            4 => Stop::Stalled(why),
            5 => Stop::Unsupported(why),
            _ => Stop::Failed(why),
        };
        let trust = |t| match t {
            0 => Trust::Enumerated,
            1 => Trust::Certified,
            _ => Trust::Solver,
        };
        let progress = |&(t, work, z, b): &(u64, usize, u64, u64)| Progress {
            time_s: f64::from_bits(t),
            work,
            objective: f64::from_bits(z),
            bound: f64::from_bits(b),
        };
        Outcome {
            plan: self.plan.clone(),
            bound: self.bound.map(|(b, t)| (f64::from_bits(b), trust(t))),
            note: self.note.clone(),
            trajectory: self.trajectory.iter().map(progress).collect(),
            ..Outcome::nothing(stop)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_says_what_the_outcome_said() {
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
                bound: Some((f64::NEG_INFINITY, trust)),
                ..Outcome::nothing(stop)
            };
            outcome.plan = Some(vec![None, Some(3)]);
            outcome.note = "n".into();
            outcome.trajectory = vec![Progress {
                time_s: 0.1,
                work: 7,
                objective: f64::INFINITY,
                bound: 0.3,
            }];
            let text = serde_json::to_string(&Reply::new(&outcome, 1.0, 2.0, None)).unwrap();
            let back = serde_json::from_str::<Reply>(&text).unwrap().outcome();
            assert_eq!(format!("{outcome:?}"), format!("{back:?}"));
        }
    }
}
