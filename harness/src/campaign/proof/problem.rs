//! Proves all rows of one instance, problem by problem, and compares rows of one problem.

use super::bound::{BoundChecker, ProvedBound};
use super::findings::{Findings, Refutation};
use super::lines::NumberedRecord;
use super::rerun;
use super::row::{
    above, check_plan, check_status, check_trajectory, claimed_trust, instance_fault,
};
use super::sources::SolverTerms;
use offload_instances::{Instance, Weights};
use offload_reports::{Record, Status};
use offload_verify::ProblemCheck;
use rayon::prelude::*;
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What is the same for all instances of a campaign.
pub(super) struct Prover<'a> {
    /// The campaign's folder.
    pub(super) folder: &'a Path,
    /// What the solvers were asked for, by name.
    pub(super) terms: &'a HashMap<String, SolverTerms>,
    /// Share of the rows to repeat.
    pub(super) rerun: Option<f64>,
}

/// A row with what was recomputed of it.
struct ProvedRow<'a> {
    row: &'a NumberedRecord,
    /// F of its feasible plan, rounded up.
    upper: Option<f64>,
    bound: ProvedBound,
}

/// Proves all rows of an instance.
pub(super) fn prove_instance(
    prover: &Prover,
    instance: &Instance,
    rows: &[&NumberedRecord],
) -> Findings {
    let mut problems: BTreeMap<(u64, &str), Vec<&NumberedRecord>> = BTreeMap::new();
    for &row in rows {
        let r = &row.record;
        let key = (r.threshold.to_bits(), r.weights.as_str());
        problems.entry(key).or_default().push(row);
    }
    problems
        .into_par_iter()
        .map(|(_, rows)| prove_problem(prover, instance, &rows))
        .reduce(Findings::default, Findings::joined)
}

fn prove_problem(prover: &Prover, instance: &Instance, rows: &[&NumberedRecord]) -> Findings {
    let mut findings = Findings::default();
    let first = &rows[0].record;
    // Reading a record checks its weights.
    let weights: Weights = first.weights.parse().unwrap_or_default();
    let problem = match ProblemCheck::new(instance, first.threshold, weights) {
        Ok(problem) => problem,
        Err(faults) => {
            for row in rows {
                let why = format!("the problem is invalid: {}", faults[0]);
                findings.refute(Refutation::of(row, "instance", why));
            }
            return findings;
        }
    };
    let bounds = BoundChecker {
        instance,
        problem: &problem,
        folder: prover.folder,
        terms: prover.terms,
        least: OnceCell::new(),
    };
    let mut proved = Vec::with_capacity(rows.len());
    for &row in rows {
        if let Some(why) = instance_fault(&row.record, instance) {
            findings.refute(Refutation::of(row, "instance", why));
            continue;
        }
        let worth = check_plan(row, &problem, &mut findings);
        let gap = prover.terms.get(&row.record.solver).map(|terms| terms.gap);
        check_status(row, gap, &mut findings);
        proved.push(ProvedRow {
            row,
            upper: worth
                .filter(|worth| worth.violations == 0)
                .map(|worth| worth.value.hi),
            bound: bounds.check(row, &mut findings),
        });
    }
    compare_rows(&proved, &mut findings);
    if let Some(share) = prover.rerun {
        rerun::repeat(instance, rows, (share, prover.terms), &mut findings);
    }
    findings
}

/// Refutes bounds above the value of a feasible plan, of this row or another, and trajectories that
/// contradict. A plan that was not re-checked is refuted by a proved bound; where nothing is proved
/// the two rows contradict each other.
fn compare_rows(rows: &[ProvedRow], findings: &mut Findings) {
    let least = |values: &mut dyn Iterator<Item = f64>| values.reduce(f64::min);
    let best = least(
        &mut rows
            .iter()
            .flat_map(|row| [row.upper, row.bound.upper])
            .flatten(),
    );
    let told = rows
        .iter()
        .filter_map(|row| Some((claimed_value(&row.row.record)?, row.row.line)))
        .min_by(|a, b| a.0.total_cmp(&b.0));
    let lower = rows
        .iter()
        .filter_map(|row| Some((row.bound.lower?, row.row.line)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    for ProvedRow { row, upper, .. } in rows {
        let r = &row.record;
        check_trajectory(row, best, findings);
        let bound = r.lower_bound.filter(|_| claimed_trust(r).is_some());
        if above(bound, best) {
            let (bound, best) = (bound.unwrap_or(0.0), best.unwrap_or(0.0));
            let why = format!(
                "its bound {bound:?} is above {best:?}, the value of a plan that keeps the rules"
            );
            findings.refute(Refutation::of(row, "bound", why));
        } else if let Some((value, line)) = told
            && above(bound, Some(value))
        {
            let bound = bound.unwrap_or(0.0);
            let why = format!(
                "its bound {bound:?} is above the objective {value:?} of line {line}: one of both \
                 is wrong"
            );
            findings.refute(Refutation::of(row, "bound", why));
        }
        if upper.is_none()
            && let (Some(value), Some((bound, line))) = (claimed_value(r), lower)
            && above(Some(bound), Some(value))
        {
            let why =
                format!("its objective {value:?} is below {bound:?}, the bound of line {line}");
            findings.refute(Refutation::of(row, "objective", why));
        }
    }
}

/// The objective of a plan that keeps the rules, as a row claims it.
fn claimed_value(r: &Record) -> Option<f64> {
    let is_valid = r.violations == 0 && r.status != Status::Error;
    r.objective.filter(|_| is_valid)
}
