//! Measuring a solver and judging what it returned are two functions: [`run`] times it, [`judge`]
//! recomputes everything that it claims. [`solve`] does both.
//!
//! Outcomes of external programs and of isolated processes are judged by the same function.

use crate::{Budget, Outcome, Solver, Stop};
use offload_instances::evaluate::evaluate;
use offload_instances::files::check_plan;
use offload_instances::{Evaluation, Problem, Status};
use std::time::Instant;

/// Relative amount by which a recomputed objective may lie below a bound before it is called a bug:
/// rounding only.
pub const ROUNDING: f64 = 1e-9;

/// What a solver returned and how long it took.
#[derive(Clone, Debug)]
pub struct TimedOutcome {
    /// What it returned.
    pub outcome: Outcome,
    /// Wall time of the algorithm alone, s.
    pub time_s: f64,
}

impl TimedOutcome {
    /// No plan, no bound and no time: only a reason.
    #[must_use]
    pub fn untimed(stop: Stop) -> Self {
        TimedOutcome {
            outcome: Outcome::nothing(stop),
            time_s: 0.0,
        }
    }
}

/// Whose outcome is judged, and by which rules.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// Its name in tables and records.
    pub name: &'a str,
    /// Whether a mandatory user left local is an error rather than a violation to be counted.
    pub respects_threshold: bool,
}

impl<'a> Author<'a> {
    /// A registered solver, held to its own promise.
    #[must_use]
    pub fn of(solver: &'a dyn Solver) -> Self {
        Author {
            name: solver.id(),
            respects_threshold: solver.respects_threshold(),
        }
    }
}

/// A solve: timed, with its plan evaluated by us and not by the solver.
#[derive(Clone, Debug)]
pub struct Solved {
    /// The solver's name.
    pub solver: String,
    /// How it ended.
    pub status: Status,
    /// What the solver returned.
    pub outcome: Outcome,
    /// The plan's evaluation, when there is a plan.
    pub evaluation: Option<Evaluation>,
    /// (z - LB) / LB, when the plan is feasible and a bound is there.
    pub gap: Option<f64>,
    /// Wall time of the algorithm alone, s.
    pub time_s: f64,
}

/// Runs a solver and times it. Nothing that it returns is checked; a bound that is not finite says
/// nothing and is dropped.
///
/// A problem that the solver does not support is answered without calling it. So is an infeasible
/// one, unless the solver proves infeasibility, writes certificates or ignores the threshold rule.
#[must_use]
pub fn run(solver: &dyn Solver, problem: &Problem, budget: &Budget) -> TimedOutcome {
    let start = Instant::now();
    let mut outcome = match solver.supports(problem) {
        Err(reason) => Outcome::nothing(Stop::Unsupported(reason)),
        Ok(()) if !problem.is_feasible() && !takes_infeasible(solver) => {
            Outcome::nothing(Stop::Infeasible)
        }
        Ok(()) => solver.solve(problem, budget),
    };
    let time_s = start.elapsed().as_secs_f64();
    outcome.bound = outcome.bound.filter(|(value, _)| value.is_finite());
    TimedOutcome { outcome, time_s }
}

/// Whether a solver may be asked for a plan that cannot exist.
fn takes_infeasible(solver: &dyn Solver) -> bool {
    solver.is_exact() || solver.writes_certificate() || !solver.respects_threshold()
}

/// Recomputes everything that an outcome claims.
///
/// A plan of wrong shape, a plan that breaks a rule which its author keeps, a bound above the
/// plan's value, or a claim of infeasibility where counting shows that plans exist turn the status
/// into [`Status::Error`] with the reason in `outcome.stop`. Nothing is clamped.
#[must_use]
pub fn judge(problem: &Problem, author: Author, timed: TimedOutcome) -> Solved {
    let TimedOutcome {
        mut outcome,
        time_s,
    } = timed;
    if let Some(plan) = &outcome.plan
        && let Err(faults) = check_plan(plan, problem.instance())
    {
        outcome = Outcome::nothing(Stop::Failed(format!(
            "it returned a plan of the wrong shape: {}",
            faults[0]
        )));
    }
    let evaluation = outcome.plan.as_ref().map(|plan| evaluate(problem, plan));
    if let Some(reason) = refutation(problem, author, &outcome, evaluation.as_ref()) {
        outcome.stop = Stop::Failed(reason);
    }
    let value = evaluation
        .as_ref()
        .filter(|e| e.is_feasible())
        .map(|e| e.objective);
    let gap = value
        .zip(outcome.bound)
        .and_then(|(z, (lb, _))| relative_gap(z, lb));
    Solved {
        solver: author.name.into(),
        status: status(&outcome),
        outcome,
        evaluation,
        gap,
        time_s,
    }
}

/// Runs a solver and judges what it returned: [`run`], then [`judge`].
#[must_use]
pub fn solve(solver: &dyn Solver, problem: &Problem, budget: &Budget) -> Solved {
    judge(problem, Author::of(solver), run(solver, problem, budget))
}

/// (z - LB) / LB; rounding below 0 counts as 0. `None` when LB <= 0 < z (no relative gap exists).
#[must_use]
pub fn relative_gap(value: f64, bound: f64) -> Option<f64> {
    if value <= bound {
        Some(0.0)
    } else {
        (bound > 0.0).then(|| (value - bound) / bound)
    }
}

/// What in an outcome contradicts the recomputation, if anything does.
fn refutation(
    problem: &Problem,
    author: Author,
    outcome: &Outcome,
    evaluation: Option<&Evaluation>,
) -> Option<String> {
    if outcome.stop == Stop::Infeasible && problem.is_feasible() {
        return Some(
            "it says that no feasible plan exists, but the servers hold all mandatory users".into(),
        );
    }
    let evaluation = evaluation?;
    if author.respects_threshold
        && let Some(violation) = evaluation.violations.first()
    {
        return Some(format!("its plan is infeasible: {violation}"));
    }
    let (bound, _) = outcome.bound?;
    let z = evaluation.objective;
    (evaluation.is_feasible() && bound > z + ROUNDING * z.abs()).then(|| {
        format!(
            "its bound {bound} is above its plan's value {z}: a bug in the bound or the evaluator"
        )
    })
}

fn status(outcome: &Outcome) -> Status {
    match outcome.stop {
        Stop::Proved => Status::Optimal,
        Stop::Finished => Status::Feasible,
        Stop::Infeasible => Status::Infeasible,
        Stop::TimeLimit => Status::Timeout,
        Stop::Stalled(_) if outcome.plan.is_some() => Status::Feasible,
        Stop::Stalled(_) | Stop::Unsupported(_) | Stop::Failed(_) => Status::Error,
    }
}
