//! Solves of one problem as text: a table, or one JSON object each.

use comfy_table::{ContentArrangement, Table, presets};
use offload_instances::{Problem, Status};
use offload_solvers::{Solved, Stop, relative_gap};
use serde_json::{Value, json};

/// The object of the documented format, plus what stands behind the bound and why the solver
/// stopped.
#[must_use]
pub fn as_json(s: &Solved) -> Value {
    json!({
        "solver": s.solver,
        "status": s.status.name(),
        "objective": s.evaluation.as_ref().map(|e| e.objective),
        "lower_bound": s.outcome.bound.map(|(b, _)| b),
        "gap": s.gap,
        "time_s": s.time_s,
        "assignment": s.outcome.plan,
        "violations": s.evaluation.as_ref().map_or(0, |e| e.violations.len()),
        "trust": s.outcome.bound.map(|(_, t)| t.name()),
        "stop": s.outcome.stop.describe(),
        "note": s.outcome.note,
    })
}

/// A table of all solves, the reference of its gaps, and the solvers' remarks.
#[must_use]
pub fn table(problem: &Problem, all: &[Solved]) -> String {
    // What a solver that failed says is no reference.
    let sound = all.iter().filter(|s| s.status != Status::Error);
    let best_bound = sound
        .filter_map(|s| s.outcome.bound)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "solver",
        "status",
        "objective (s)",
        "gap",
        "lower bound (s)",
        "offloaded",
        "violations",
        "time (s)",
    ]);
    for s in all {
        let feasible = s.evaluation.as_ref().filter(|e| e.is_feasible());
        let gap = feasible
            .zip(best_bound)
            .and_then(|(e, (lb, _))| relative_gap(e.objective, lb));
        let show = |x: Option<String>| x.unwrap_or_else(|| "-".into());
        table.add_row([
            s.solver.clone(),
            s.status.name().into(),
            show(s.evaluation.as_ref().map(|e| format!("{:.9}", e.objective))),
            show(gap.map(|g| format!("{:.4} %", 100.0 * g))),
            // Cut, not rounded: what is printed must be a bound too.
            show(
                s.outcome
                    .bound
                    .map(|(lb, _)| format!("{:.9}", (lb * 1e9).floor() / 1e9)),
            ),
            show(s.evaluation.as_ref().map(|e| e.offloaded.to_string())),
            show(
                s.evaluation
                    .as_ref()
                    .map(|e| e.violations.len().to_string()),
            ),
            format!("{:.6}", s.time_s),
        ]);
    }
    let instance = problem.instance();
    let mode = if instance.interference { "on" } else { "off" };
    let mut text = format!(
        "{}: {} users, {} servers, interference {mode}, threshold {}, weights {}, {} \
         mandatory\n{table}",
        instance.name,
        problem.n(),
        problem.m(),
        problem.threshold(),
        problem.weights(),
        problem.mandatory_count()
    );
    if let Some((lb, trust)) = best_bound {
        text += &format!(
            "\ngap = (objective - {lb:.9}) / {lb:.9}, the greatest lower bound above (reference: \
             {})",
            trust.name()
        );
    }
    for s in all {
        if !matches!(s.outcome.stop, Stop::Finished | Stop::Proved) || !s.outcome.note.is_empty() {
            text += &format!("\n{}: {}", s.solver, s.outcome.stop.describe());
            if !s.outcome.note.is_empty() {
                text += &format!(" ({})", s.outcome.note);
            }
        }
    }
    text
}
