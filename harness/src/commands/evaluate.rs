//! `evaluate`: the objective and metrics of a plan.

use super::output::{CommandEnd, print, print_json, tell};
use super::row::RowOptions;
use super::values::threshold;
use anyhow::Context;
use offload_bench::campaign::plans::{PlanChoice, chosen_plan};
use offload_bench::display::evaluation;
use offload_bench::files::read_instance;
use offload_instances::files::{FileError, check_plan};
use offload_instances::{Instance, Plan, Problem, Weights, evaluate::evaluate, read_plan};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Evaluate a plan: objective, feasibility, delays by part, realised metrics. The plan is a file,
/// or a row of a campaign
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file; or a campaign's folder, which then gives the plan too
    instance: PathBuf,
    /// Plan file (offload-plan/1), or the folder of a campaign with a row on this instance
    plan: Option<PathBuf>,
    /// Threshold, overriding the plan's; of a campaign it chooses the row
    #[arg(long, value_parser = threshold, allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Weights, overriding the plan's; of a campaign they choose the row
    #[arg(long)]
    weights: Option<Weights>,
    #[command(flatten)]
    row: RowOptions,
    /// Print one JSON object, including every user's delays
    #[arg(long)]
    json: bool,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let (instance, plan, path) = input(a)?;
    let path = path.display();
    if !plan.instance.is_empty() && !instance.name.is_empty() && plan.instance != instance.name {
        tell(&format!(
            "warning: {path}: the plan is for '{}', the instance is '{}'",
            plan.instance, instance.name
        ));
    }
    let invalid = |faults| FileError::Invalid {
        path: path.to_string(),
        format: "offload-plan/1",
        faults,
    };
    check_plan(&plan.assignment, &instance).map_err(invalid)?;
    let tau = a.threshold.or(plan.threshold);
    let tau =
        tau.with_context(|| format!("{path}: threshold is missing; add it or give --threshold"))?;
    let weights = a.weights.or(plan.weights).unwrap_or_default();
    let problem = Problem::new(Arc::new(instance), tau, weights)?;
    let evaluation = evaluate(&problem, &plan.assignment);
    if a.json {
        let mut value = serde_json::to_value(&evaluation)?;
        value["feasible"] = json!(evaluation.is_feasible());
        value["threshold"] = json!(tau);
        value["weights"] = json!(weights.name());
        print_json(&value)?;
    } else {
        print(&evaluation::describe(&problem, &evaluation))?;
    }
    Ok(CommandEnd::of(evaluation.is_feasible()))
}

/// The instance, the plan, and where the plan is from.
fn input(a: &Arguments) -> anyhow::Result<(Instance, Plan, &Path)> {
    if a.plan.is_none() && !a.instance.is_dir() {
        anyhow::bail!("PLAN is missing; give a plan file or the folder of a campaign");
    }
    let source = a.plan.as_deref().unwrap_or(&a.instance);
    if !source.is_dir() {
        anyhow::ensure!(
            !a.row.are_given(),
            "{}: is a file; --instance-name, --solver and --seed choose a row of a campaign",
            source.display()
        );
        return Ok((
            read_instance(&a.instance, &tell)?,
            read_plan(source)?,
            source,
        ));
    }
    let given = a.plan.is_some().then(|| read_instance(&a.instance, &tell));
    let choice = PlanChoice {
        folder: source,
        threshold: a.threshold,
        weights: a.weights,
        ..a.row.choice(source)
    };
    let (instance, plan) = chosen_plan(choice, given.transpose()?)?;
    Ok((instance, plan, source))
}
