//! Checks what one row says of its plan: values, counts, status, trajectory.

use super::findings::{ClaimOutcome, Findings, Refutation, RowClaim};
use super::lines::NumberedRecord;
use offload_instances::Instance;
use offload_reports::{Realised, Record, Status, Trust};
use offload_verify::{PlanWorth, ProblemCheck, RealisedWorth};

/// Relative tolerance between a recorded value and the interval that the verifier computes: other
/// programs sum in another order. As for the objective of a certificate.
pub(super) const TOLERANCE: f64 = 1e-9;

/// Gap of a solver where neither its record nor a configuration gives one.
const DEFAULT_GAP: f64 = 1e-4;

/// Why a plan was not re-checked.
const NO_PLAN: &str = "no stored plan";
/// Why nothing of a row was re-checked.
const NO_INSTANCE: &str = "instance not found";

/// The claim that a row's bound makes.
pub(super) fn bound_claim(trust: Trust) -> RowClaim {
    match trust {
        Trust::Certified => RowClaim::CertifiedBound,
        Trust::Enumerated => RowClaim::EnumeratedBound,
        Trust::Solver => RowClaim::SolverBound,
    }
}

/// The trust of a row's bound. Bounds of failed solves are no claims, and no report uses them.
pub(super) fn claimed_trust(r: &Record) -> Option<Trust> {
    r.trust.filter(|_| r.status != Status::Error)
}

/// Counts the claims of a row whose instance is not known.
pub(super) fn open_all(row: &NumberedRecord, findings: &mut Findings) {
    let r = &row.record;
    let mut open = |claim| findings.claim(row, claim, ClaimOutcome::Open(NO_INSTANCE));
    if r.objective.is_some() {
        open(RowClaim::Plan);
    }
    if let Some(trust) = claimed_trust(r) {
        open(bound_claim(trust));
    }
    if r.status == Status::Infeasible {
        open(RowClaim::Infeasible);
    }
}

/// What a row says of its instance that is not so.
pub(super) fn instance_fault(r: &Record, instance: &Instance) -> Option<String> {
    let (users, servers) = (instance.users.len(), instance.servers.len());
    if (r.users, r.servers, r.interference) == (users, servers, instance.interference) {
        return None;
    }
    let mode = |on: bool| if on { "on" } else { "off" };
    Some(format!(
        "it says {} users, {} servers, interference {}; the instance has {users}, {servers}, {}",
        r.users,
        r.servers,
        mode(r.interference),
        mode(instance.interference)
    ))
}

/// The worth of a row's plan; `None` without a stored plan or if it does not fit. Counts the claim,
/// and marks the row as re-checked when it holds or there is no plan to claim.
pub(super) fn check_plan(
    row: &NumberedRecord,
    problem: &ProblemCheck,
    findings: &mut Findings,
) -> Option<PlanWorth> {
    let r = &row.record;
    let (Some(objective), Some(stored)) = (r.objective, &r.assignment) else {
        without_plan(row, problem, findings);
        return None;
    };
    let fitting = stored.assignment(r.users, r.servers).and_then(|plan| {
        let worth = problem.worth(&plan);
        worth.map_err(|faults| format!("at {}: it {}", faults[0].place, faults[0].cause))
    });
    let worth = match fitting {
        Ok(worth) => worth,
        Err(why) => {
            let why = format!("its plan does not fit the instance: {why}");
            findings.claim(row, RowClaim::Plan, ClaimOutcome::Refuted(why));
            return None;
        }
    };
    let outcome = match worth_fault(r, objective, &worth) {
        Some(why) => ClaimOutcome::Refuted(why),
        None => ClaimOutcome::Holds,
    };
    findings.rechecked.insert(row.line);
    findings.claim(row, RowClaim::Plan, outcome);
    Some(worth)
}

fn without_plan(row: &NumberedRecord, problem: &ProblemCheck, findings: &mut Findings) {
    let r = &row.record;
    if r.objective.is_some() {
        let impossible = r.violations == 0 && problem.has_no_plan();
        let outcome = if impossible {
            ClaimOutcome::Refuted("it claims a plan that keeps the rules, but none exists".into())
        } else {
            ClaimOutcome::Open(NO_PLAN)
        };
        findings.claim(row, RowClaim::Plan, outcome);
        return;
    }
    findings.rechecked.insert(row.line);
    let is_bare = r.offloaded.is_none()
        && r.realised.is_none()
        && r.assignment.is_none()
        && (r.violations, r.mandatory_local) == (0, 0);
    if !is_bare {
        let why = "it has no objective, but a plan or what follows from one".to_string();
        findings.claim(row, RowClaim::Plan, ClaimOutcome::Refuted(why));
    } else if claimed_trust(r).is_none() && r.status != Status::Infeasible {
        findings.silent += 1;
    }
}

/// The first figure of a row that is not its plan's.
fn worth_fault(r: &Record, objective: f64, worth: &PlanWorth) -> Option<String> {
    if !worth.value.nearly_contains(objective, TOLERANCE) {
        let (lo, hi) = (worth.value.lo, worth.value.hi);
        return Some(format!(
            "`objective` is {objective:?}, but its plan's value is in [{lo:?}, {hi:?}]"
        ));
    }
    let counts = [
        ("violations", Some(r.violations), worth.violations),
        (
            "mandatory_local",
            Some(r.mandatory_local),
            worth.mandatory_local,
        ),
        ("offloaded", r.offloaded, worth.offloaded),
    ];
    for (name, claim, count) in counts {
        if claim != Some(count) {
            let claim = claim.map_or("null".into(), |c| c.to_string());
            return Some(format!("`{name}` is {claim}, but its plan has {count}"));
        }
    }
    match (&r.realised, &worth.realised) {
        (None, None) => None,
        (Some(claims), Some(metrics)) => realised_fault(claims, metrics),
        (Some(_), None) => {
            Some("`realised` is given, but the instance lacks measured times".into())
        }
        (None, Some(_)) => Some("`realised` is null, but the instance has measured times".into()),
    }
}

fn realised_fault(claims: &Realised, metrics: &RealisedWorth) -> Option<String> {
    let claimed = [
        Some(claims.delay_total_ms),
        Some(claims.delay_mean_ms),
        Some(claims.delay_p95_ms),
        Some(claims.delay_local_ms),
        Some(claims.delay_uplink_ms),
        Some(claims.delay_compute_ms),
        claims.accuracy_pct,
    ];
    for ((name, metric), claim) in metrics.named().into_iter().zip(claimed) {
        let holds = match (metric, claim) {
            (Some(metric), Some(claim)) => metric.nearly_contains(claim, TOLERANCE),
            (metric, claim) => metric.is_none() && claim.is_none(),
        };
        if !holds {
            let claim = claim.map_or("null".into(), |c| format!("{c:?}"));
            let real = metric.map_or("null".into(), |m| format!("in [{:?}, {:?}]", m.lo, m.hi));
            return Some(format!(
                "`realised.{name}` is {claim}, but its plan's is {real}"
            ));
        }
    }
    None
}

/// Refutes a status that the row's own figures do not support. `gap` is the one that the
/// configuration asks for; the row's own option comes first.
pub(super) fn check_status(row: &NumberedRecord, gap: Option<f64>, findings: &mut Findings) {
    let r = &row.record;
    let fault = match r.status {
        Status::Optimal => optimality_fault(r, gap),
        Status::Feasible => r
            .objective
            .is_none()
            .then(|| "it is `feasible`, but has no plan".to_string()),
        Status::Infeasible if r.objective.is_some() && r.violations == 0 => {
            Some("it is `infeasible`, but has a plan that keeps the rules".into())
        }
        Status::Infeasible | Status::Timeout | Status::Error | Status::NotRun => None,
    };
    if let Some(why) = fault {
        findings.refute(Refutation::of(row, "status", why));
    }
}

fn optimality_fault(r: &Record, gap: Option<f64>) -> Option<String> {
    let (Some(value), Some(bound)) = (r.objective, r.lower_bound) else {
        return Some("it is `optimal`, but lacks an objective or a bound".into());
    };
    if r.violations > 0 {
        let count = r.violations;
        return Some(format!(
            "it is `optimal`, but its plan breaks {count} rules"
        ));
    }
    let option = r.options.get("gap").and_then(serde_json::Value::as_f64);
    let gap = option.or(gap).unwrap_or(DEFAULT_GAP);
    // Solvers divide by the bound or by the value; the value is the greater.
    let allowed = (gap + TOLERANCE) * value.abs();
    (value - bound > allowed).then(|| {
        format!(
            "it is `optimal` within the gap {gap}, but its objective {value:?} is {:e} above its \
             bound",
            value - bound
        )
    })
}

/// Refutes a trajectory that contradicts itself, the row or `best`, the value of a feasible plan
/// of the problem.
pub(super) fn check_trajectory(row: &NumberedRecord, best: Option<f64>, findings: &mut Findings) {
    let r = &row.record;
    let (mut objective, mut bound, mut time): (Option<f64>, Option<f64>, f64) = (None, None, 0.0);
    let mut fault = None;
    for moment in &r.trajectory {
        let rises = above(moment.objective, objective);
        let falls = above(bound, moment.bound);
        let crosses = r.status != Status::Error && above(moment.bound, best);
        let words = if moment.time_s < time {
            "runs backwards"
        } else if rises || (objective.is_some() && moment.objective.is_none()) {
            "has an incumbent that becomes worse"
        } else if falls {
            "has a bound that falls"
        } else if crosses {
            "has a bound above the value of a feasible plan"
        } else {
            (objective, bound, time) = (moment.objective, moment.bound.or(bound), moment.time_s);
            continue;
        };
        fault = Some(format!("its trajectory {words} at {} s", moment.time_s));
        break;
    }
    if fault.is_none() && objective.is_some() && r.objective.is_some() {
        let differs = above(objective, r.objective) || above(r.objective, objective);
        fault = differs.then(|| "its trajectory ends with another objective".into());
    }
    if let Some(why) = fault {
        findings.refute(Refutation::of(row, "trajectory", why));
    }
}

/// Whether `x` is above `y` by more than rounding. A value that is missing is above nothing.
pub(super) fn above(x: Option<f64>, y: Option<f64>) -> bool {
    x.zip(y).is_some_and(|(x, y)| x > y + TOLERANCE * y.abs())
}
