//! `evaluate`: what a plan is worth.

use super::{print, read_instance, tell, threshold};
use crate::Verdict;
use anyhow::Context;
use offload_instances::files::{FileError, check_plan};
use offload_instances::{Evaluation, Problem, Weights, evaluate::evaluate, read_plan};
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Evaluate a plan: objective, feasibility, delays by part, realised metrics
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file
    instance: PathBuf,
    /// Plan file (offload-plan/1)
    plan: PathBuf,
    /// Threshold instead of the plan's own
    #[arg(long, value_parser = threshold, allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Weights instead of the plan's own
    #[arg(long)]
    weights: Option<Weights>,
    /// Print one JSON object, with every user's delays
    #[arg(long)]
    json: bool,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let instance = read_instance(&a.instance)?;
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
        print(&value.to_string())?;
    } else {
        print(&describe(&problem, &evaluation))?;
    }
    Ok(if evaluation.is_feasible() {
        Verdict::Done
    } else {
        Verdict::Refuted
    })
}

fn describe(problem: &Problem, e: &Evaluation) -> String {
    let mut out = String::new();
    let part =
        |f: fn(&offload_instances::UserDelay) -> f64| e.users.iter().map(f).sum::<f64>() * 1e3;
    let _ = writeln!(
        out,
        "threshold {}, weights {}",
        problem.threshold(),
        problem.weights()
    );
    let _ = writeln!(out, "objective            {:.12} weighted s", e.objective);
    let _ = writeln!(
        out,
        "feasible             {}",
        if e.is_feasible() { "yes" } else { "no" }
    );
    for violation in &e.violations {
        let _ = writeln!(out, "  violation: {violation}");
    }
    let _ = writeln!(
        out,
        "offloaded            {} of {}",
        e.offloaded,
        problem.n()
    );
    let _ = writeln!(
        out,
        "planned delay        {:.3} ms in all",
        e.delay_total_s * 1e3
    );
    let _ = writeln!(
        out,
        "  local / uplink / compute   {:.3} / {:.3} / {:.3} ms",
        part(|d| d.local_s),
        part(|d| d.uplink_s),
        part(|d| d.compute_s)
    );
    match &e.realised {
        None => out.push_str(
            "realised             not known: the instance carries no edge_time_s \
            and reference_flops",
        ),
        Some(r) => {
            let _ = writeln!(
                out,
                "realised delay       {:.3} ms in all, mean {:.3}, 95 % quantile {:.3}",
                r.delay_total_ms, r.delay_mean_ms, r.delay_p95_ms
            );
            let _ = writeln!(
                out,
                "  local / uplink / compute   {:.3} / {:.3} / {:.3} ms",
                r.delay_local_ms, r.delay_uplink_ms, r.delay_compute_ms
            );
            let accuracy = r
                .accuracy_pct
                .map_or("not known".into(), |x| format!("{x:.2} %"));
            let _ = write!(out, "  accuracy           {accuracy}");
        }
    }
    out
}
