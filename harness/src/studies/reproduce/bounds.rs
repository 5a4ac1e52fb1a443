//! Exact solves of some of the runs. Each bound is re-checked by the verifier and compared with the
//! plan of every method.

use super::setup::{SERVERS, THRESHOLDS, USERS, instance};
use crate::process::certify::certify;
use crate::stop::StopSignal;
use anyhow::{Context, anyhow, ensure};
use offload_instances::{Problem, Weights};
use offload_reports::reproduce::{ExactProblem, ExactSolve};
use offload_solvers::{Budget, Solved, Solver, Status, find, solve};
use rayon::prelude::*;
use std::time::Duration;

/// The solver whose bounds are certified.
const EXACT: &str = "bnb";
/// Solvers whose plans are compared with the bound: GOA, every baseline, and heuristics for
/// context. All end by themselves, so their plans are the same on every machine.
const COMPARED: [&str; 10] = [
    "local-only",
    "all-offload",
    "threshold-only",
    "random",
    "random-feasible",
    "dmin",
    "goa",
    "ga",
    "goa-marginal",
    "portfolio",
];

/// Limits of the exact solver.
#[derive(Clone, Copy, Debug)]
pub struct BoundBudget {
    /// Relative gap.
    pub gap: f64,
    /// Time limit of one solve.
    pub time: Duration,
}

/// The first `count` runs of every number of users, at every threshold; `None` if a stop was
/// requested.
///
/// # Errors
/// If a solver fails, a certificate is refused, or a plan is below its bound. The text names the
/// instance.
pub fn bounds(
    count: usize,
    budget: BoundBudget,
    stop: &StopSignal,
) -> anyhow::Result<Option<Vec<ExactProblem>>> {
    let find = |id: &str| find(id).map_err(|e| anyhow!(e));
    let exact = find(EXACT)?;
    let solvers: Vec<Box<dyn Solver>> = COMPARED
        .iter()
        .map(|id| find(id))
        .collect::<anyhow::Result<_>>()?;
    let mut tasks = Vec::new();
    for users in USERS {
        for threshold in THRESHOLDS {
            tasks.extend((0..count).map(|run| (users, threshold, run)));
        }
    }
    let one =
        |&(users, threshold, run): &(usize, f64, usize)| -> anyhow::Result<Option<ExactProblem>> {
            if stop.asked().is_some() {
                return Ok(None);
            }
            of_problem((users, threshold, run), budget, exact.as_ref(), &solvers).map(Some)
        };
    let all: Vec<Option<ExactProblem>> =
        tasks.par_iter().map(one).collect::<anyhow::Result<_>>()?;
    Ok(stop
        .asked()
        .is_none()
        .then(|| all.into_iter().flatten().collect()))
}

fn of_problem(
    (users, threshold, run): (usize, f64, usize),
    bound_budget: BoundBudget,
    exact: &dyn Solver,
    solvers: &[Box<dyn Solver>],
) -> anyhow::Result<ExactProblem> {
    let instance = instance(users, SERVERS, run)?;
    let name = instance.name.clone();
    let problem = Problem::new(instance, threshold, Weights::Uncertainty)?;
    let budget = Budget {
        time_limit: Some(bound_budget.time),
        gap: bound_budget.gap,
        seed: run as u64,
        ..Budget::default()
    };
    let mut solved = solve(exact, &problem, &budget);
    certify(&problem, &mut solved, None)?;
    let mut solves = vec![row(&name, &solved)?];
    let (lower, trust) = solved
        .outcome
        .bound
        .with_context(|| format!("{name}: {EXACT} gave no bound"))?;
    for solver in solvers {
        let solved = solve(solver.as_ref(), &problem, &Budget::seeded(run as u64));
        solves.push(row(&name, &solved)?);
    }
    let proved = solved.status == Status::Optimal;
    let all = ExactProblem {
        users,
        threshold,
        run,
        instance: name,
        lower,
        trust,
        proved,
        solves,
    };
    if let Some(below) = all.crossing() {
        let z = below.objective.unwrap_or(f64::NAN);
        let at = format!("{}, threshold {threshold}", all.instance);
        anyhow::bail!(
            "{at}: {} has a plan of {z}, below the {trust} bound {lower}: a bug in one of them",
            below.solver
        );
    }
    Ok(all)
}

fn row(name: &str, solved: &Solved) -> anyhow::Result<ExactSolve> {
    ensure!(
        solved.status != Status::Error,
        "{name}: {}: {}",
        solved.solver,
        solved.outcome.stop.describe()
    );
    Ok(ExactSolve {
        solver: solved.solver.clone(),
        objective: solved.evaluation.as_ref().map(|e| e.objective),
        violations: solved.evaluation.as_ref().map_or(0, |e| e.violations.len()),
    })
}
