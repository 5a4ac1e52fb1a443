//! Options for the plan that a solve begins with.

use super::output::tell;
use anyhow::{Context, ensure};
use offload_bench::campaign::plans::{PlanChoice, chosen_plan};
use offload_bench::process::solver::SolverEntry;
use offload_instances::evaluate::evaluate;
use offload_instances::files::{FileError, check_plan};
use offload_instances::{Assignment, Instance, Problem, read_plan};
use std::path::PathBuf;
use std::sync::Arc;

/// Options for the plan that a solve begins with.
#[derive(clap::Args)]
pub(crate) struct StartOptions {
    /// Begin with this plan: a plan file, or the folder of a campaign with a row on this problem
    #[arg(long, value_name = "PLAN")]
    start: Option<PathBuf>,
    /// With a campaign as --start: the row of this solver
    #[arg(long, value_name = "NAME", requires = "start")]
    start_solver: Option<String>,
    /// With a campaign as --start: the row of this solver seed
    #[arg(long, value_name = "SEED", requires = "start")]
    start_seed: Option<u64>,
}

/// The plan to begin with, checked against the problem and the solvers.
pub(crate) fn start_plan(
    options: &StartOptions,
    problem: &Problem,
    entries: &[SolverEntry],
) -> anyhow::Result<Option<Arc<Assignment>>> {
    let Some(path) = &options.start else {
        return Ok(None);
    };
    let name = path.display();
    let (takers, others): (Vec<&SolverEntry>, _) = entries.iter().partition(|e| e.takes_start());
    ensure!(
        !takers.is_empty(),
        "--start: none of these solvers begins with a given plan; `offload-bench solvers` marks \
         those that do"
    );
    for entry in others {
        tell(&format!("note: {} does not use --start", entry.name));
    }
    let assignment = if path.is_dir() {
        let choice = PlanChoice {
            folder: path,
            instance: None,
            fingerprint: None,
            threshold: Some(problem.threshold()),
            weights: Some(problem.weights()),
            solver: options.start_solver.as_deref(),
            seed: options.start_seed,
        };
        chosen_plan(choice, Some(Instance::clone(problem.instance())))?
            .1
            .assignment
    } else {
        read_plan(path)?.assignment
    };
    check_plan(&assignment, problem.instance()).map_err(|faults| FileError::Invalid {
        path: name.to_string(),
        format: "offload-plan/1",
        faults,
    })?;
    let violation = evaluate(problem, &assignment).violations.into_iter().next();
    violation.map_or(Ok(()), |violation| {
        Err(anyhow::anyhow!("{violation}")).with_context(|| {
            format!("{name}: not a feasible plan of this problem; give one that keeps the rules")
        })
    })?;
    Ok(Some(Arc::new(assignment)))
}
