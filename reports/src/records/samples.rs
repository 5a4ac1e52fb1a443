//! Records for tests.

use crate::records::record::RECORD_FORMAT;
use crate::records::{Realised, Record, SolverCatalogue, Status, Trust};
use std::sync::Arc;

/// A feasible record of instance `paper-n{users}-s{seed}`, or a failed one when there is no
/// objective.
pub fn record(users: usize, seed: u64, solver: &str, objective: Option<f64>) -> Record {
    Record {
        format: RECORD_FORMAT.into(),
        instance: format!("paper-n{users}-m4-s{seed}"),
        fingerprint: format!("{:064x}", users as u64 * 1000 + seed),
        family: "paper".into(),
        users,
        servers: 4,
        interference: true,
        instance_seed: Some(seed),
        threshold: 0.5,
        weights: "uncertainty".into(),
        generator: String::new(),
        solver: solver.into(),
        solver_version: String::new(),
        options: Arc::default(),
        seed: 0,
        status: if objective.is_some() {
            Status::Feasible
        } else {
            Status::Error
        },
        stop: "done".into(),
        objective,
        lower_bound: None,
        trust: None,
        time_s: 0.001,
        times_s: Vec::new(),
        wall_time_s: None,
        algorithm_time_s: None,
        cpu_s: None,
        peak_memory_bytes: None,
        trajectory: Vec::new(),
        violations: 0,
        mandatory_local: 0,
        offloaded: objective.map(|_| users / 2),
        realised: objective.map(|_| Realised {
            delay_total_ms: 40.0 * users as f64,
            delay_mean_ms: 40.0,
            delay_p95_ms: 80.0,
            delay_local_ms: 10.0,
            delay_uplink_ms: 10.0,
            delay_compute_ms: 20.0 * users as f64,
            accuracy_pct: Some(75.0),
        }),
        assignment: None,
        output: None,
    }
}

/// The same record with a bound.
pub fn bounded(
    users: usize,
    seed: u64,
    solver: &str,
    objective: Option<f64>,
    bound: f64,
    trust: Trust,
) -> Record {
    Record {
        lower_bound: Some(bound),
        trust: Some(trust),
        ..record(users, seed, solver, objective)
    }
}

/// The solvers of the made-up campaign; the last one is in no catalogue.
const SOLVERS: [&str; 12] = [
    "local-only",
    "all-offload",
    "threshold-only",
    "random",
    "random-feasible",
    "dmin",
    "goa",
    "ga",
    "local-search",
    "milp",
    "bnb",
    "exec:python3 my_heuristic.py",
];

/// A catalogue of the known solvers.
pub fn catalogue() -> SolverCatalogue {
    SolverCatalogue::new(SOLVERS[..11].iter().copied())
}

/// A made-up campaign: 12 solvers, six sizes, both modes, three seeds. Values are smooth functions
/// of N, no model.
pub fn campaign() -> Vec<Record> {
    let mut records = Vec::new();
    for interference in [false, true] {
        for users in [20, 40, 60, 80, 100, 120] {
            for seed in 1..=3 {
                for (place, solver) in SOLVERS.iter().enumerate() {
                    records.push(made_up(interference, users, seed, place, solver));
                }
            }
        }
    }
    records
}

fn made_up(interference: bool, users: usize, seed: u64, place: usize, solver: &str) -> Record {
    let n = users as f64;
    let best = 0.02 * n * (1.0 + 0.1 * seed as f64);
    let worse = [
        3.0, 1.4, 0.6, 0.9, 0.75, 0.3, 0.002, 0.05, 0.0004, 0.0, 0.0, 0.1,
    ][place];
    let harder = if interference {
        (n / 40.0).powi(2)
    } else {
        1.0
    };
    let mut record = record(users, seed, solver, Some(best * (1.0 + worse * harder)));
    record.interference = interference;
    record.fingerprint = format!("{}{:063x}", u8::from(interference), n as u64 * 1000 + seed);
    record.time_s = [
        1e-6, 2e-5, 1e-5, 3e-5, 2e-5, 3e-5, 4e-5, 0.3, 0.007, 4.0, 1.0, 0.08,
    ][place]
        * (n / 40.0).powi(2);
    let bound = best
        * (1.0
            - if interference {
                0.00003 * harder * harder
            } else {
                0.0
            });
    if ["milp", "bnb"].contains(&solver) {
        record.lower_bound = Some(bound * if solver == "milp" { 0.999 } else { 1.0 });
        record.trust = Some(if solver == "milp" {
            Trust::Solver
        } else {
            Trust::Certified
        });
    }
    if ["local-only", "random", "dmin"].contains(&solver) && seed > 1 {
        (record.violations, record.mandatory_local) = (3, 3);
    }
    record
}
