//! Runs a campaign: every (instance, threshold, weights, solver, seed), one record each, skipping what is recorded already.

use crate::certify::certify;
use crate::config::Config;
use anyhow::Context;
use offload_instances::{Instance, Problem, Realised, Weights, fingerprint};
use offload_reports::record::{self, RECORD_FORMAT, Record};
use offload_solvers::{Budget, Solved, Solver, find, solve};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Name of the record file in a campaign's folder.
pub const RECORDS: &str = "records.jsonl";

/// Name of the folder that holds certificates and their instances.
const CERTIFICATES: &str = "certificates";

/// Held locked while a run is at work, so that no two write the same records.
const LOCK: &str = ".lock";

/// One instance at one threshold with one choice of weights.
pub struct Task {
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
pub fn run(
    config: &Config,
    tasks: &[Task],
    folder: &Path,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> anyhow::Result<Summary> {
    let path = folder.join(RECORDS);
    let lock = File::options().create(true).truncate(false).write(true).open(folder.join(LOCK));
    let lock = lock.with_context(|| format!("{}: cannot write in this folder", folder.display()))?;
    anyhow::ensure!(
        lock.try_lock().is_ok(),
        "{}: another run is at work in this folder; wait for it or choose another",
        folder.display()
    );
    let known = known_keys(&path)?;
    let solvers: Vec<Box<dyn Solver>> =
        config.solvers.iter().map(|id| find(id).map_err(anyhow::Error::msg)).collect::<Result<_, _>>()?;
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
                let budget = Budget {
                    time_limit: config.budget.time_limit_s.map(Duration::from_secs_f64),
                    gap: config.budget.gap.unwrap_or(Budget::default().gap),
                    seed,
                    ..Budget::default()
                };
                let blank = blank(task, solver.id(), &budget);
                if !known.contains(&blank.key()) {
                    let mut solved = solve(solver.as_ref(), &problem, &budget);
                    if config.certificates {
                        keep_certificate(folder, &blank, &problem, &mut solved)?;
                    }
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

/// Has a solve's certificate re-checked, and keeps it with its instance in the campaign's folder.
fn keep_certificate(folder: &Path, record: &Record, problem: &Problem, solved: &mut Solved) -> anyhow::Result<()> {
    let Some(bytes) = certify(problem, solved, None)? else { return Ok(()) };
    let folder = folder.join(CERTIFICATES);
    std::fs::create_dir_all(&folder)?;
    let instance = folder.join(instance_name(record));
    if !instance.exists() {
        offload_instances::write_instance(&instance, problem.instance())?;
    }
    Ok(offload_instances::files::write_bytes(&folder.join(certificate_name(record)), &bytes)?)
}

/// File name of a record's instance. By fingerprint: names may repeat, and may hold what a file name cannot.
fn instance_name(r: &Record) -> String {
    format!("{}.json.gz", &r.fingerprint[..16.min(r.fingerprint.len())])
}

/// File name of a record's certificate.
fn certificate_name(r: &Record) -> String {
    let fingerprint = &r.fingerprint[..16.min(r.fingerprint.len())];
    format!("{fingerprint}-t{}-{}-{}-r{}.certificate.json.gz", r.threshold, r.weights, r.solver, r.seed)
}

/// Re-checks every certificate of a campaign, and that the records claim no more than was proved. Prints a line each; false when anything is refused.
pub fn verify_folder(folder: &Path) -> anyhow::Result<bool> {
    let path = folder.join(RECORDS);
    anyhow::ensure!(path.is_file(), "{}: is missing; name the folder of a campaign", path.display());
    let loaded = record::read_records(&path)?;
    let claims = loaded.records.iter().filter(|r| r.trust == Some(record::Trust::Certified));
    let (mut checked, mut refused) = (0, 0);
    for r in claims {
        checked += 1;
        let file = folder.join(CERTIFICATES).join(certificate_name(r));
        let instance = folder.join(CERTIFICATES).join(instance_name(r));
        let verdict = match (offload_instances::read_instance(&instance), offload_verify::read_certificate(&file)) {
            (Ok(instance), Ok(certificate)) => {
                let check = offload_verify::verify_certificate(&instance, &certificate);
                let holds = r.lower_bound.is_some_and(|b| b <= check.lower) && r.fingerprint == certificate.fingerprint;
                let fault = check.faults.first().map(|f| format!("{}: {}", f.place, f.cause));
                fault.or((!holds).then(|| "the record claims another instance or more than is proved".into()))
            }
            (Err(e), _) => Some(e.to_string()),
            (_, Err(e)) => Some(e.to_string()),
        };
        if let Some(reason) = verdict {
            refused += 1;
            crate::commands::print(&format!("REFUSED {}: {reason}", file.display()))?;
        }
    }
    crate::commands::print(&format!("{}: {checked} certificates re-checked, {refused} refused", folder.display()))?;
    Ok(refused == 0)
}

/// Every problem of a campaign; instances are generated or read here.
pub fn tasks(config: &Config) -> anyhow::Result<Vec<Task>> {
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
        let what = "the last line was cut off by an earlier stop; it is removed and done again";
        crate::commands::tell(&format!("note: {}: {what}", path.display()));
    }
    end_line(path)?;
    Ok(loaded.records.iter().map(Record::key).collect())
}

/// A stop may have come between a record and its end of line.
fn end_line(path: &Path) -> anyhow::Result<()> {
    let mut text = std::fs::read(path)?;
    if text.last().is_some_and(|&b| b != b'\n') {
        text.push(b'\n');
        offload_instances::files::write_bytes(path, &text)?;
    }
    Ok(())
}

fn append(file: &Mutex<File>, record: &Record) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    let mut file = file.lock().map_err(|_| anyhow::anyhow!("another solve panicked while it was writing"))?;
    file.write_all(&line)?;
    Ok(file.sync_data()?)
}

/// The record of a solve that has not happened yet.
fn blank(task: &Task, solver: &str, budget: &Budget) -> Record {
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
        generator: instance
            .seed
            .map(|_| format!("{} {}", instance.family, env!("CARGO_PKG_VERSION")))
            .unwrap_or_default(),
        solver: solver.into(),
        solver_version: env!("CARGO_PKG_VERSION").into(),
        options: options(solver, budget),
        seed: budget.seed,
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

fn options(solver: &str, budget: &Budget) -> BTreeMap<String, serde_json::Value> {
    let mut options: BTreeMap<_, serde_json::Value> =
        [("id".into(), solver.into()), ("gap".into(), budget.gap.into())].into();
    if let Some(limit) = budget.time_limit {
        options.insert("time_limit_s".into(), limit.as_secs_f64().into());
    }
    options
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
    record.trajectory = solved.outcome.trajectory.iter().map(moment).collect();
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

/// One moment of a solve as a record holds it: infinite means that nothing was known.
fn moment(p: &offload_solvers::Progress) -> record::Moment {
    let known = |x: f64| x.is_finite().then_some(x);
    record::Moment { time_s: p.time_s, objective: known(p.objective), bound: known(p.bound) }
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
