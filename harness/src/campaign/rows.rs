//! Turns solves into records.

use crate::campaign::matrix::ProblemTerms;
use crate::process::Measured;
use crate::process::solver::SolverEntry;
use offload_instances::{Instance, StoredPlan};
use offload_reports::records::record::{self, RECORD_FORMAT, Record};
use std::sync::Arc;

/// The record of a solve before it runs.
pub fn blank(
    instance: &Instance,
    fingerprint: &str,
    cell: ProblemTerms,
    entry: &SolverEntry,
    seed: u64,
) -> Record {
    let generated = instance
        .seed
        .map(|_| format!("{} {}", instance.family, env!("CARGO_PKG_VERSION")));
    Record {
        format: RECORD_FORMAT.into(),
        instance: instance.name.clone(),
        fingerprint: fingerprint.into(),
        family: instance.family.clone(),
        users: instance.n(),
        servers: instance.m(),
        interference: instance.interference,
        instance_seed: instance.seed,
        threshold: cell.threshold,
        weights: cell.weights.name().into(),
        generator: generated.unwrap_or_default(),
        solver: entry.name.clone(),
        solver_version: entry.version.clone(),
        options: Arc::new(entry.options()),
        seed,
        status: offload_reports::Status::Error,
        stop: String::new(),
        objective: None,
        lower_bound: None,
        trust: None,
        time_s: 0.0,
        times_s: Vec::new(),
        wall_time_s: None,
        algorithm_time_s: None,
        cpu_s: None,
        peak_memory_bytes: None,
        trajectory: Vec::new(),
        violations: 0,
        mandatory_local: 0,
        offloaded: None,
        realised: None,
        assignment: None,
        output: None,
    }
}

/// Fills in the result of the solve.
pub fn filled(mut record: Record, measured: &Measured) -> Record {
    let solved = &measured.solved;
    record.status = solved.status;
    record.stop = solved.outcome.stop.describe();
    record.time_s = solved.time_s;
    record.wall_time_s = measured.wall_time_s;
    record.algorithm_time_s = measured.algorithm_time_s;
    record.cpu_s = measured.cpu_s;
    record.peak_memory_bytes = measured.peak_memory_bytes;
    record.output.clone_from(&measured.output);
    record.trajectory = solved.outcome.trajectory.iter().map(moment).collect();
    if let Some((bound, trust)) = solved.outcome.bound {
        record.lower_bound = Some(bound);
        record.trust = Some(trust);
    }
    if let Some(e) = &solved.evaluation {
        record.objective = Some(e.objective);
        record.violations = e.violations.len();
        record.mandatory_local = e.mandatory_local;
        record.offloaded = Some(e.offloaded);
        record.realised = e.realised;
    }
    let plan = solved.outcome.plan.as_ref();
    record.assignment = plan.map(|plan| StoredPlan::of(plan, record.servers));
    record
}

/// Combines the runs of one solve: the outcome of the first, the median of the times.
pub fn with_times(mut record: Record, times: Vec<f64>) -> Record {
    if times.len() > 1 {
        record.time_s = offload_reports::statistics::quantile(&times, 0.5).unwrap_or(record.time_s);
        record.times_s = times;
    }
    record
}

fn moment(p: &offload_solvers::Progress) -> record::Moment {
    record::Moment {
        time_s: p.time_s,
        objective: p.objective,
        bound: p.bound,
    }
}
