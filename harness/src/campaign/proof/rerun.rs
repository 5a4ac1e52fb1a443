//! Repeats solves of built-in solvers and compares their results bit for bit.

use super::findings::{ClaimOutcome, Findings, RowClaim};
use super::lines::NumberedRecord;
use super::sources::SolverTerms;
use crate::process::certify::certify;
use offload_instances::{Instance, Problem, StoredPlan, Weights};
use offload_reports::{Record, Status, Trust};
use offload_solvers::{Budget, Solved, Solver, find, solve};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// Repeats a share of the rows of one problem. `terms` gives the gap where a record does not.
pub(super) fn repeat(
    instance: &Instance,
    rows: &[&NumberedRecord],
    (share, terms): (f64, &HashMap<String, SolverTerms>),
    findings: &mut Findings,
) {
    let chosen: Vec<_> = rows
        .iter()
        .filter(|row| is_chosen(&row.record, share))
        .filter_map(|row| Some((*row, repeatable(&row.record)?)))
        .collect();
    let Some((first, _)) = chosen.first() else {
        return;
    };
    let weights: Weights = first.record.weights.parse().unwrap_or_default();
    let Ok(problem) = Problem::new(Arc::new(instance.clone()), first.record.threshold, weights)
    else {
        return;
    };
    for (row, solver) in chosen {
        let r = &row.record;
        let recorded = r.options.get("gap").and_then(serde_json::Value::as_f64);
        let gap = recorded.or(terms.get(&r.solver).map(|terms| terms.gap));
        let budget = Budget {
            time_limit: r.time_limit_s().map(Duration::from_secs_f64),
            gap: gap.unwrap_or(Budget::default().gap),
            seed: r.seed,
            ..Budget::default()
        };
        let outcome = compare(r, solver.as_ref(), &problem, &budget);
        findings.claim(row, RowClaim::Repeated, outcome);
    }
}

/// A choice that depends only on the solve, so that the same share repeats the same rows.
fn is_chosen(r: &Record, share: f64) -> bool {
    let hash = blake3::hash(r.key().as_bytes());
    let mut first = [0; 4];
    first.copy_from_slice(&hash.as_bytes()[..4]);
    f64::from(u32::from_le_bytes(first)) < share * 2.0_f64.powi(32)
}

/// The solver of a row whose result does not depend on the clock: built in, of this version, not
/// stopped by its time limit and not one that uses all the time it is given.
fn repeatable(r: &Record) -> Option<Box<dyn Solver>> {
    let id = r
        .options
        .get("id")
        .map_or(Some(r.solver.as_str()), |id| id.as_str())?;
    let solver = find(id).ok()?;
    // An exact solver that ends without a proof may have divided its time between its methods.
    let about = solver.about();
    let uses_time = about.is_anytime || (about.is_exact && r.status == Status::Feasible);
    let is_timed = uses_time && r.time_limit_s().is_some();
    let ended = matches!(
        r.status,
        Status::Optimal | Status::Feasible | Status::Infeasible
    );
    let is_ours = r.solver_version == env!("CARGO_PKG_VERSION");
    (ended && is_ours && !is_timed).then_some(solver)
}

fn compare(r: &Record, solver: &dyn Solver, problem: &Problem, budget: &Budget) -> ClaimOutcome {
    let Ok(mut solved) = catch_unwind(AssertUnwindSafe(|| solve(solver, problem, budget))) else {
        return ClaimOutcome::Refuted("the solver fails when it is repeated".into());
    };
    if solved.status == Status::Timeout {
        return ClaimOutcome::Open("reached its time limit when repeated");
    }
    if r.trust == Some(Trust::Certified) && certify(problem, &mut solved, None).is_err() {
        return ClaimOutcome::Refuted(
            "its repeated solve writes no certificate that can be read".into(),
        );
    }
    match difference(r, &solved) {
        None => ClaimOutcome::Holds,
        Some(field) => ClaimOutcome::Refuted(format!("its repeated solve has another {field}")),
    }
}

/// The first field in which a repeated solve differs. A plan that the record does not hold is
/// compared by its objective only.
fn difference(r: &Record, solved: &Solved) -> Option<&'static str> {
    let bits = |x: Option<f64>| x.map(f64::to_bits);
    let plan = solved.outcome.plan.as_ref();
    let plan = plan.map(|plan| StoredPlan::of(plan, r.servers));
    let objective = solved.evaluation.as_ref().map(|e| e.objective);
    let bound = solved.outcome.bound.map(|(bound, _)| bound);
    if r.status != solved.status {
        Some("status")
    } else if r.assignment.is_some() && r.assignment != plan {
        Some("plan")
    } else if bits(r.objective) != bits(objective) {
        Some("objective")
    } else if bits(r.lower_bound) != bits(bound) {
        Some("bound")
    } else {
        None
    }
}
