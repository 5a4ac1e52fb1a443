//! Runs a campaign: every (instance, threshold, weights, solver, seed), one record each, skipping what is recorded already.

use crate::config::Config;
use anyhow::Context;
use offload_instances::{Instance, Problem, Realised, Weights, fingerprint};
use offload_reports::record::{self, RECORD_FORMAT, Record};
use offload_solvers::{Budget, Solved, Solver, find, solve};
use rayon::prelude::*;
use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Name of the record file in a campaign's folder.
pub const RECORDS: &str = "records.jsonl";

/// One instance at one threshold with one choice of weights.
struct Task {
    instance: Arc<Instance>,
    fingerprint: String,
    threshold: f64,
    weights: Weights,
}

/// What a run did.
pub struct Summary {
    /// Records written now.
    pub new: usize,
    /// Records that were there already.
    pub kept: usize,
}

/// Runs what is missing. `progress` is told (done, of) after each record.
pub fn run(config: &Config, folder: &Path, progress: &(dyn Fn(usize, usize) + Sync)) -> anyhow::Result<Summary> {
    let path = folder.join(RECORDS);
    let known = known_keys(&path)?;
    let solvers: Vec<Box<dyn Solver>> =
        config.solvers.iter().map(|id| find(id).map_err(anyhow::Error::msg)).collect::<Result<_, _>>()?;
    let tasks = tasks(config)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("{}: cannot write", path.display()))?;
    let file = Mutex::new(file);
    let (done, new) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let total = tasks.len() * solvers.len() * config.seeds.len();
    let one = |task: &Task| -> anyhow::Result<()> {
        let problem = Problem::new(task.instance.clone(), task.threshold, task.weights)?;
        for solver in &solvers {
            for &seed in &config.seeds {
                let blank = blank(task, solver.id(), seed);
                if !known.contains(&blank.key()) {
                    let budget = Budget {
                        time_limit: config.budget.time_limit_s.map(Duration::from_secs_f64),
                        gap: config.budget.gap.unwrap_or(Budget::default().gap),
                        seed,
                    };
                    let solved = solve(solver.as_ref(), &problem, &budget);
                    append(&file, &filled(blank, &solved))
                        .with_context(|| format!("{}: cannot write", path.display()))?;
                    new.fetch_add(1, Ordering::Relaxed);
                }
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            }
        }
        Ok(())
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(config.threads).build()?;
    pool.install(|| tasks.par_iter().try_for_each(one))?;
    let new = new.into_inner();
    Ok(Summary { new, kept: total - new })
}

fn tasks(config: &Config) -> anyhow::Result<Vec<Task>> {
    let mut tasks = Vec::new();
    for instance in config.instances()? {
        let instance = Arc::new(instance);
        let fingerprint = fingerprint(&instance);
        for &threshold in &config.thresholds {
            for &weights in &config.weights {
                tasks.push(Task { instance: instance.clone(), fingerprint: fingerprint.clone(), threshold, weights });
            }
        }
    }
    Ok(tasks)
}

/// The keys of the records that are there; a torn last line (a run that was killed while writing) is cut off first.
fn known_keys(path: &Path) -> anyhow::Result<HashSet<String>> {
    if !path.exists() {
        return Ok(HashSet::new());
    }
    let loaded = record::read_records(path)?;
    if loaded.torn {
        let text = std::fs::read(path)?;
        let end = text.iter().rposition(|&b| b == b'\n').map_or(0, |k| k + 1);
        offload_instances::files::write_bytes(path, &text[..end])?;
        eprintln!(
            "note: {}: the last line was cut off by an earlier stop; it is removed and done again",
            path.display()
        );
    }
    Ok(loaded.records.iter().map(Record::key).collect())
}

fn append(file: &Mutex<File>, record: &Record) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    let mut file = file.lock().map_err(|_| anyhow::anyhow!("another solve panicked while it was writing"))?;
    file.write_all(&line)?;
    Ok(file.sync_data()?)
}

/// The record of a solve that has not happened yet.
fn blank(task: &Task, solver: &str, seed: u64) -> Record {
    let instance = &task.instance;
    Record {
        format: RECORD_FORMAT.into(),
        instance: instance.name.clone(),
        fingerprint: task.fingerprint.clone(),
        family: instance.family.clone(),
        users: instance.n(),
        servers: instance.m(),
        interference: instance.interference,
        instance_seed: instance.seed,
        threshold: task.threshold,
        weights: task.weights.name().into(),
        solver: solver.into(),
        seed,
        status: record::Status::Error,
        stop: String::new(),
        objective: None,
        lower_bound: None,
        trust: None,
        time_s: 0.0,
        violations: 0,
        mandatory_local: 0,
        offloaded: None,
        realised: None,
    }
}

fn filled(mut record: Record, solved: &Solved) -> Record {
    use offload_solvers::{Status, Trust};
    record.status = match solved.status {
        Status::Optimal => record::Status::Optimal,
        Status::Feasible => record::Status::Feasible,
        Status::Infeasible => record::Status::Infeasible,
        Status::Timeout => record::Status::Timeout,
        Status::Error => record::Status::Error,
    };
    record.stop = solved.outcome.stop.describe();
    record.time_s = solved.time_s;
    if let Some((bound, trust)) = solved.outcome.bound {
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
