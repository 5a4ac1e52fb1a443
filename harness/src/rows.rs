//! Turns solves into records.

use crate::execute::Measured;
use crate::matrix::Cell;
use crate::solver::Entry;
use offload_instances::{Instance, Realised};
use offload_reports::records::record::{self, RECORD_FORMAT, Record};
use std::sync::Arc;

/// The record of a solve that has not happened yet.
pub fn blank(
    instance: &Instance,
    fingerprint: &str,
    cell: Cell,
    entry: &Entry,
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
        status: record::Status::Error,
        stop: String::new(),
        objective: None,
        lower_bound: None,
        trust: None,
        time_s: 0.0,
        times_s: Vec::new(),
        cpu_s: None,
        peak_memory_bytes: None,
        trajectory: Vec::new(),
        violations: 0,
        mandatory_local: 0,
        offloaded: None,
        realised: None,
        output: None,
    }
}

/// Fills in what came of it.
pub fn filled(mut record: Record, measured: &Measured) -> Record {
    use offload_solvers::{Status, Trust};
    let solved = &measured.solved;
    record.status = match solved.status {
        Status::Optimal => record::Status::Optimal,
        Status::Feasible => record::Status::Feasible,
        Status::Infeasible => record::Status::Infeasible,
        Status::Timeout => record::Status::Timeout,
        Status::Error => record::Status::Error,
    };
    record.stop = solved.outcome.stop.describe();
    record.time_s = solved.time_s;
    record.cpu_s = measured.cpu_s;
    record.peak_memory_bytes = measured.peak_memory_bytes;
    record.output.clone_from(&measured.output);
    record.trajectory = solved.outcome.trajectory.iter().map(moment).collect();
    if let Some((bound, trust)) = solved.outcome.bound.filter(|(bound, _)| bound.is_finite()) {
        record.lower_bound = Some(bound);
        record.trust = Some(match trust {
            Trust::Enumerated => record::Trust::Enumerated,
            Trust::Certified => record::Trust::Certified,
            Trust::Solver => record::Trust::Solver,
        });
    }
    if let Some(e) = &solved.evaluation {
        record.objective = Some(e.objective);
        record.violations = e.violations.len();
        record.mandatory_local = e.mandatory_local;
        record.offloaded = Some(e.offloaded);
        record.realised = e.realised.as_ref().map(realised);
    }
    record
}

/// Several runs of one solve: the outcome is the first one's, the time is the median.
pub fn with_times(mut record: Record, times: Vec<f64>) -> Record {
    if times.len() > 1 {
        record.time_s = offload_reports::statistics::quantile(&times, 0.5).unwrap_or(record.time_s);
        record.times_s = times;
    }
    record
}

/// One moment of a solve as a record holds it: infinite means that nothing was known.
fn moment(p: &offload_solvers::Progress) -> record::Moment {
    let known = |x: f64| x.is_finite().then_some(x);
    record::Moment {
        time_s: p.time_s,
        objective: known(p.objective),
        bound: known(p.bound),
    }
}

fn realised(r: &Realised) -> record::Realised {
    record::Realised {
        delay_total_ms: r.delay_total_ms,
        delay_mean_ms: r.delay_mean_ms,
        delay_p95_ms: r.delay_p95_ms,
        delay_local_ms: r.delay_local_ms,
        delay_uplink_ms: r.delay_uplink_ms,
        delay_compute_ms: r.delay_compute_ms,
        accuracy_pct: r.accuracy_pct,
    }
}
