//! Solves of one problem as text: a table, or one JSON object each.

use comfy_table::{ContentArrangement, Table, presets};
use offload_instances::{Problem, Status, Trust};
use offload_solvers::{Solved, Stop, relative_gap};
use serde_json::{Value, json};

/// A lower bound of the problem, weighted s, and what stands behind it.
type ReferenceBound = (f64, Trust);

/// The greatest lower bound of all solvers, which gaps refer to. A bound from a failed solver is
/// not used.
fn reference(all: &[Solved]) -> Option<ReferenceBound> {
    let sound = all.iter().filter(|s| s.status != Status::Error);
    sound
        .filter_map(|s| s.outcome.bound)
        .max_by(|a, b| a.0.total_cmp(&b.0))
}

/// The gap of a feasible plan to the reference, a fraction.
fn gap(solved: &Solved, reference: Option<ReferenceBound>) -> Option<f64> {
    let feasible = solved.evaluation.as_ref().filter(|e| e.is_feasible())?;
    relative_gap(feasible.objective, reference?.0)
}

/// One JSON object for each solve, in the documented format. The gap is that of [`table`].
#[must_use]
pub fn as_json(all: &[Solved]) -> Vec<Value> {
    let reference = reference(all);
    all.iter().map(|solved| object(solved, reference)).collect()
}

fn object(s: &Solved, reference: Option<ReferenceBound>) -> Value {
    let gap = gap(s, reference);
    json!({
        "solver": s.solver,
        "status": s.status.name(),
        "objective": s.evaluation.as_ref().map(|e| e.objective),
        "lower_bound": s.outcome.bound.map(|(b, _)| b),
        "gap": gap,
        "gap_trust": gap.and(reference).map(|(_, trust)| trust.name()),
        "time_s": s.time_s,
        "assignment": s.outcome.plan,
        "violations": s.evaluation.as_ref().map_or(0, |e| e.violations.len()),
        "trust": s.outcome.bound.map(|(_, t)| t.name()),
        "stop": s.outcome.stop.describe(),
        "note": s.outcome.note,
    })
}

/// A table of all solves, the reference bound of their gaps, and the solvers' remarks. Why a solve
/// failed is left to [`crate::process::direct::all_well`], so that it is said once.
#[must_use]
pub fn table(problem: &Problem, all: &[Solved]) -> String {
    let reference = reference(all);
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
    for solved in all {
        table.add_row(row(solved, reference));
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
    if let Some((lb, trust)) = reference {
        text += &format!(
            "\ngap = (objective - {0}) / {0}, the greatest lower bound above (reference: {trust})",
            bound_text(lb)
        );
    }
    text + &all.iter().map(remark).collect::<String>()
}

/// Why a solve stopped, unless that is as usual, and the solver's note: a line, or nothing.
fn remark(s: &Solved) -> String {
    let is_usual = matches!(s.outcome.stop, Stop::Finished | Stop::Proved);
    let (stop, note) = (s.outcome.stop.describe(), &s.outcome.note);
    match (s.status == Status::Error, note.is_empty()) {
        (true, true) => String::new(),
        (true, false) => format!("\n{}: {note}", s.solver),
        (false, true) if is_usual => String::new(),
        (false, true) => format!("\n{}: {stop}", s.solver),
        (false, false) => format!("\n{}: {stop} ({note})", s.solver),
    }
}

/// A bound, truncated and not rounded: the printed number must be a valid bound too.
fn bound_text(bound: f64) -> String {
    format!("{:.9}", (bound * 1e9).floor() / 1e9)
}

/// The cells of one solve. `reference` is the bound of its gap.
fn row(solved: &Solved, reference: Option<ReferenceBound>) -> [String; 8] {
    let show = |x: Option<String>| x.unwrap_or_else(|| "-".into());
    let evaluation = solved.evaluation.as_ref();
    let gap = gap(solved, reference);
    let bound = solved.outcome.bound.map(|(bound, _)| bound_text(bound));
    [
        solved.solver.clone(),
        solved.status.name().into(),
        show(evaluation.map(|e| format!("{:.9}", e.objective))),
        show(gap.map(|g| format!("{:.4} %", 100.0 * g))),
        show(bound),
        show(evaluation.map(|e| e.offloaded.to_string())),
        show(evaluation.map(|e| e.violations.len().to_string())),
        format!("{:.6}", solved.time_s),
    ]
}
