//! `evaluate`: the objective and metrics of a plan.

use super::output::{CommandEnd, print, print_json, tell};
use super::values::threshold;
use anyhow::Context;
use offload_bench::display::evaluation;
use offload_bench::files::read_instance;
use offload_instances::files::{FileError, check_plan};
use offload_instances::{Problem, Weights, evaluate::evaluate, read_plan};
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Evaluate a plan: objective, feasibility, delays by part, realised metrics
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file
    instance: PathBuf,
    /// Plan file (offload-plan/1)
    plan: PathBuf,
    /// Threshold, overriding the plan's
    #[arg(long, value_parser = threshold, allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Weights, overriding the plan's
    #[arg(long)]
    weights: Option<Weights>,
    /// Print one JSON object, including every user's delays
    #[arg(long)]
    json: bool,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let instance = read_instance(&a.instance, &tell)?;
    let plan = read_plan(&a.plan)?;
    let path = a.plan.display();
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
