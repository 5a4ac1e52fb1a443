//! The end of an external solver's run: from what was measured and read to a judged solve.

use super::measured::Measured;
use super::message::Killed;
use nix::sys::signal::Signal;
use offload_instances::evaluate::evaluate;
use offload_instances::{Assignment, Problem, Status};
use offload_solvers::{Author, Outcome, Progress, Stop, TimedOutcome, judge};
use std::time::Duration;

/// Most bytes of an answer: this constant plus a share per user.
const PLAN_BYTES: usize = 1 << 16;
/// See [`PLAN_BYTES`].
const PLAN_BYTES_PER_USER: usize = 32;

/// Most characters of a solver's output in a record.
pub const OUTPUT_KEPT: usize = 4096;

/// Most bytes that an external solver may write to stdout for one answer.
#[must_use]
pub fn most_output(problem: &Problem) -> usize {
    PLAN_BYTES + PLAN_BYTES_PER_USER * problem.n()
}

/// What an external solver returned.
#[derive(Debug, PartialEq)]
pub struct ExternalAnswer {
    /// The plan.
    pub plan: Assignment,
    /// The time that it states for its algorithm, s.
    pub algorithm_time_s: Option<f64>,
}

/// One run of an external solver on one problem, measured by the harness.
pub struct ExternalRun {
    /// What it returned, or why it returned nothing.
    pub answer: Result<ExternalAnswer, String>,
    /// Whether it was killed at its time limit.
    pub was_killed_at_limit: bool,
    /// Wall time that the harness measured, s.
    pub wall_s: f64,
    /// The time limit that it was asked to respect.
    pub time_limit: Option<Duration>,
    /// Its incumbents with the wall times at which they arrived, s.
    pub incumbents: Vec<(f64, Assignment)>,
    /// Processor time, s.
    pub cpu_s: Option<f64>,
    /// Peak memory, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Output other than the answer.
    pub output: Option<String>,
}

/// Judges a run. Limits are judged by the wall time; the time for reports is the one that the
/// solver states for its algorithm, if it states one that is possible.
#[must_use]
pub fn judged(problem: &Problem, author: Author, run: ExternalRun) -> Measured {
    let answer = run.answer.and_then(|answer| possible(answer, run.wall_s));
    let algorithm_time_s = answer.as_ref().ok().and_then(|a| a.algorithm_time_s);
    // A plan that arrives after the limit is kept, but the status is a time-out. Otherwise a solver
    // that ignores the limit would look better than one that respects it.
    let late = run
        .time_limit
        .is_some_and(|limit| run.wall_s > limit.as_secs_f64());
    let mut outcome = match answer {
        Ok(answer) if late => Outcome {
            stop: Stop::TimeLimit,
            ..Outcome::plan(answer.plan)
        },
        Ok(answer) => Outcome::plan(answer.plan),
        Err(reason) => Outcome::nothing(Stop::Failed(reason)),
    };
    if let Err(reason) = trace(problem, run.incumbents, run.wall_s, &mut outcome) {
        outcome = Outcome::nothing(Stop::Failed(reason));
    }
    let timed = TimedOutcome {
        outcome,
        time_s: algorithm_time_s.unwrap_or(run.wall_s),
    };
    let mut solved = judge(problem, author, timed);
    // Without a plan the status shows the time-out and the reason describes it.
    if run.was_killed_at_limit || (late && solved.outcome.plan.is_none()) {
        solved.status = Status::Timeout;
    }
    Measured {
        cpu_s: run.cpu_s,
        peak_memory_bytes: run.peak_memory_bytes,
        output: run.output,
        wall_time_s: Some(run.wall_s),
        algorithm_time_s,
        ..Measured::of(solved)
    }
}

/// Refuses a time of the algorithm that the clock of the harness refutes.
fn possible(answer: ExternalAnswer, wall_s: f64) -> Result<ExternalAnswer, String> {
    match answer.algorithm_time_s {
        Some(time) if !(0.0..=wall_s).contains(&time) => Err(format!(
            "it states algorithm_time_s {time}, but {wall_s} s passed until its answer"
        )),
        _ => Ok(answer),
    }
}

/// Adds the trajectory: the incumbents that improve on all earlier ones, and the plan.
fn trace(
    problem: &Problem,
    incumbents: Vec<(f64, Assignment)>,
    wall_s: f64,
    outcome: &mut Outcome,
) -> Result<(), String> {
    if incumbents.is_empty() {
        return Ok(());
    }
    let last = outcome.plan.clone().map(|plan| (wall_s, plan));
    let mut best = f64::INFINITY;
    for (k, (time_s, plan)) in incumbents.into_iter().chain(last).enumerate() {
        if let Err(faults) = offload_instances::files::check_plan(&plan, problem.instance()) {
            return Err(format!(
                "an incumbent or its plan has the wrong shape: {}",
                faults[0]
            ));
        }
        let evaluation = evaluate(problem, &plan);
        if evaluation.is_feasible() && evaluation.objective < best {
            best = evaluation.objective;
            outcome.trajectory.push(Progress {
                time_s,
                work: k + 1,
                objective: Some(best),
                bound: None,
            });
        }
    }
    Ok(())
}

/// How a process ended, in words.
#[must_use]
pub fn how_it_ended(killed: Option<Killed>, code: Option<i32>, signal: Option<i32>) -> String {
    match (killed, code, signal) {
        (Some(Killed::Time), ..) => "killed at its time limit".into(),
        (Some(Killed::Memory), ..) => "killed: it used too much memory".into(),
        (Some(Killed::Processes), ..) => "killed: it started too many processes".into(),
        (Some(Killed::Output), ..) => "killed: it printed too much".into(),
        (None, Some(code), _) => format!("it ended with exit code {code}"),
        (None, None, Some(signal)) => format!("it ended by {}", signal_name(signal)),
        (None, None, None) => "it ended".into(),
    }
}

/// The name of a signal, such as SIGKILL.
#[must_use]
pub fn signal_name(signal: i32) -> String {
    Signal::try_from(signal).map_or(format!("signal {signal}"), |s| s.as_str().to_string())
}

/// The part of a solver's output that a record keeps.
#[must_use]
pub fn kept(parts: &[&str]) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cut() {
        assert_eq!(kept(&["", " \n"]), None);
        assert_eq!(kept(&["a", "b\n"]), Some("a\nb".into()));
        let long = kept(&[&"é".repeat(5000)]).unwrap();
        assert_eq!(long.chars().count(), OUTPUT_KEPT + 4);
    }

    #[test]
    fn a_stated_time_lies_within_the_wall_time() {
        let stated = |time| ExternalAnswer {
            plan: vec![None],
            algorithm_time_s: time,
        };
        for good in [None, Some(0.0), Some(0.5), Some(1.0)] {
            assert!(possible(stated(good), 1.0).is_ok(), "{good:?}");
        }
        for bad in [-1e-9, 1.1, f64::INFINITY, f64::NAN] {
            assert!(possible(stated(Some(bad)), 1.0).is_err(), "{bad}");
        }
    }
}
