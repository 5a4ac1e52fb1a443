//! Runs a campaign: one record for every (instance, threshold, weights, solver, seed). Existing
//! records are skipped.

use crate::campaign::certificates::{
    CERTIFICATES, certificate_name, instance_name, is_missing, refusal_name,
};
use crate::campaign::config::{Config, KeptPlans, TimingMode};
use crate::campaign::matrix::{InstanceGroup, ProblemTerms, Shard};
use crate::campaign::progress::ProgressDisplay;
pub use crate::campaign::progress::ShowProgress;
use crate::campaign::rows::{blank, filled, with_times};
use crate::campaign::store::{self, KnownRecord, PresentRecords, SolveKey, StoredRow};
use crate::notice::Notify;
use crate::process::CertificateTarget;
use crate::process::Measured;
use crate::process::execute::{InstanceText, execute};
use crate::process::solver::SolverEntry;
use crate::stop::StopSignal;
use anyhow::Context;
use offload_instances::{Instance, Problem, fingerprint};
use offload_reports::records::record::RECORDS;
use offload_reports::{Record, Status};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Most rows waiting to be written before the solving threads wait too.
const WAITING_ROWS: usize = 4096;

/// Most outdated records that a message lists.
const SHOWN: usize = 5;

/// What to run.
pub struct CampaignJob<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Its problems, or those of one shard.
    pub groups: &'a [InstanceGroup],
    /// Which shard `units` is.
    pub shard: Option<Shard>,
    /// Folder of the campaign.
    pub folder: &'a Path,
    /// Which existing records are removed and solved again.
    pub redo: RedoChoice,
    /// Whether progress is shown.
    pub progress: ShowProgress,
    /// Receives notes.
    pub notify: Notify<'a>,
    /// How long to wait for another run in the folder to end.
    pub patience: Duration,
}

/// Which existing records are removed and solved again.
#[derive(Clone, Debug, Default)]
pub struct RedoChoice {
    /// Whether outdated records are; otherwise they are an error.
    pub outdated: bool,
    /// Names of solvers whose records all are.
    pub solvers: Vec<String>,
}

impl RedoChoice {
    /// Checks that every named solver exists.
    fn check(&self, entries: &[SolverEntry]) -> anyhow::Result<()> {
        let names: Vec<&str> = entries.iter().map(|e| e.name.as_str()).collect();
        for solver in &self.solvers {
            anyhow::ensure!(
                names.contains(&solver.as_str()),
                "--redo {solver}: the configuration has no solver of this name; it has {}",
                names.join(", ")
            );
        }
        Ok(())
    }

    fn names(&self, entry: &SolverEntry) -> bool {
        self.solvers.contains(&entry.name)
    }
}

/// Counts of a run.
pub struct RunSummary {
    /// Number of new records.
    pub new: usize,
    /// Number of existing records.
    pub kept: usize,
    /// Number of records that were removed to be solved again.
    pub removed: usize,
    /// The exit code if a signal stopped the run.
    pub stopped: Option<u8>,
}

/// State shared by all threads of a run.
struct RunContext<'a> {
    job: &'a CampaignJob<'a>,
    entries: &'a [SolverEntry],
    known: HashMap<SolveKey, KnownRecord>,
    /// Keys seen in this run: one instance may come from two sources.
    met: Mutex<HashSet<SolveKey>>,
    rows: SyncSender<StoredRow>,
    progress: &'a Mutex<ProgressDisplay<'a>>,
    stop: &'a StopSignal,
}

/// Solves and records what is missing.
///
/// # Errors
/// If the folder cannot be written, its records are outdated, or an instance cannot be generated or
/// read.
pub fn run(job: &CampaignJob, stop: &StopSignal) -> anyhow::Result<RunSummary> {
    let path = job.folder.join(RECORDS);
    let lock = store::lock(job.folder, job.patience, stop, job.notify)?;
    let Some(_lock) = lock else {
        return Ok(RunSummary {
            new: 0,
            kept: 0,
            removed: 0,
            stopped: stop.asked(),
        });
    };
    store::repair(&path, job.notify)?;
    let entries = prepared(job)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(job.config.workers())
        .build()?;
    let mut present = store::read(&path)?;
    let removed = pool.install(|| settle(job, &entries, &mut present, &path))?;
    let rows_each = entries.len() * job.config.seeds.len();
    let total: usize = job.groups.iter().map(|g| g.terms.len() * rows_each).sum();
    let progress = Mutex::new(ProgressDisplay::new(total, job.progress, job.notify));
    let environment = crate::campaign::environment::describe(job.config, job.shard);
    let (sender, receiver) = sync_channel(WAITING_ROWS);
    let mut new = 0;
    let context = RunContext {
        job,
        entries: &entries,
        known: present.records,
        met: Mutex::default(),
        rows: sender,
        progress: &progress,
        stop,
    };
    let (solved, written) = std::thread::scope(|scope| {
        let new = &mut new;
        let progress = &progress;
        let writer = scope.spawn(move || {
            let mut kept = |rows: &[StoredRow]| {
                *new += rows.len();
                if let Ok(mut progress) = progress.lock() {
                    progress.add(rows);
                }
            };
            store::write(job.folder, &environment, &receiver, &mut kept, job.notify)
        });
        let solved = pool.install(|| context.all());
        drop(context);
        let written = writer
            .join()
            .unwrap_or_else(|_| Err(anyhow::anyhow!("the writing thread failed")));
        (solved, written)
    });
    if let Ok(mut progress) = progress.lock() {
        progress.finish();
    }
    // After a disk error the solving threads only see a closed channel.
    written?;
    let kept = solved?;
    Ok(RunSummary {
        new,
        kept,
        removed,
        stopped: stop.asked(),
    })
}

/// The solvers, with the versions of external ones.
fn prepared(job: &CampaignJob) -> anyhow::Result<Vec<SolverEntry>> {
    let mut entries = job.config.entries()?;
    job.redo.check(&entries)?;
    for entry in &mut entries {
        let name = entry.name.clone();
        entry
            .prepare(job.folder, job.config.workers())
            .with_context(|| format!("solver {name}"))?;
        if let Some(trouble) = &entry.trouble {
            (job.notify)(&format!("warning: solver {name}: {trouble}"));
        }
    }
    Ok(entries)
}

/// Compares existing records with what this run would write. Outdated ones (other solver version,
/// options, generator or instance) are an error, or are removed.
fn settle(
    job: &CampaignJob,
    entries: &[SolverEntry],
    present: &mut PresentRecords,
    path: &Path,
) -> anyhow::Result<usize> {
    if present.records.is_empty() {
        return Ok(0);
    }
    let mut outdated = outdated(job, entries, present)?;
    if outdated.reasons.is_empty() && outdated.keys.is_empty() {
        return Ok(0);
    }
    if !job.redo.outdated && !outdated.reasons.is_empty() {
        let more = match outdated.reasons.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n  ... and {more} more"),
        };
        outdated.reasons.truncate(SHOWN);
        anyhow::bail!(
            "{}: contains outdated records:\n  {}{more}\nrun with --redo to remove them and solve \
             again, or choose another folder",
            path.display(),
            outdated.reasons.join("\n  ")
        );
    }
    if outdated.uncertified > 0 {
        (job.notify)(&format!(
            "note: {}: {} rows lack their certificate; they are solved again",
            path.display(),
            outdated.uncertified
        ));
    }
    let removed = store::remove(path, &outdated.keys, &outdated.fingerprints)?;
    *present = store::read(path)?;
    Ok(removed)
}

/// Existing records that this run would write differently, or that lack their certificate.
struct OutdatedRecords {
    keys: HashSet<SolveKey>,
    /// Number of records that only lack their certificate.
    uncertified: usize,
    /// Fingerprints of instances that have changed.
    fingerprints: HashSet<String>,
    /// Reasons, one per key or fingerprint; none for keys that are repeated on request.
    reasons: Vec<String>,
}

/// An instance of the job, compared with the existing records.
struct ComparedInstance {
    name: String,
    fingerprint: String,
    /// Outdated records with their reasons.
    outdated: Vec<(SolveKey, String)>,
    /// Records that are repeated on request.
    requested: Vec<SolveKey>,
    /// Records that only lack their certificate.
    uncertified: Vec<SolveKey>,
}

fn outdated(
    job: &CampaignJob,
    entries: &[SolverEntry],
    present: &PresentRecords,
) -> anyhow::Result<OutdatedRecords> {
    let compared = job.groups.par_iter();
    let compared = compared.map(|group| compare(job, entries, present, group));
    let compared: Vec<ComparedInstance> = compared.collect::<anyhow::Result<_>>()?;
    let mut current: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    let (mut found, mut requested, mut uncertified) = (Vec::new(), Vec::new(), HashSet::new());
    for instance in compared {
        let fingerprints = current.entry(instance.name).or_default();
        fingerprints.insert(instance.fingerprint);
        found.extend(instance.outdated);
        requested.extend(instance.requested);
        uncertified.extend(instance.uncertified);
    }
    found.sort();
    let (mut keys, mut reasons): (HashSet<SolveKey>, Vec<String>) = found.into_iter().unzip();
    keys.extend(requested);
    let outdated = keys.len();
    keys.extend(uncertified);
    let uncertified = keys.len() - outdated;
    let mut fingerprints = HashSet::new();
    for (name, now) in current {
        let known = present.names.get(&name).into_iter().flatten();
        for old in known.filter(|old| !now.contains(*old)) {
            reasons.push(format!(
                "{name} is a different instance now (its fingerprint changed)"
            ));
            fingerprints.insert(old.clone());
        }
    }
    Ok(OutdatedRecords {
        keys,
        uncertified,
        fingerprints,
        reasons,
    })
}

/// Compares the records of one instance with what this run would write.
fn compare(
    job: &CampaignJob,
    entries: &[SolverEntry],
    present: &PresentRecords,
    group: &InstanceGroup,
) -> anyhow::Result<ComparedInstance> {
    let instance = group.origin.make();
    let instance = instance.with_context(|| group.origin.describe())?;
    let fingerprint = fingerprint(&instance);
    let (mut outdated, mut requested, mut uncertified) = (Vec::new(), Vec::new(), Vec::new());
    for entry in entries {
        let asked = job.config.asks_certificate(entry);
        let now = store::made_with(&entry.version, &entry.options());
        let stamp = store::stamp(&now);
        for &cell in &group.terms {
            for &seed in &job.config.seeds {
                let record = blank(&instance, &fingerprint, cell, entry, seed);
                let key = store::key(&record);
                let Some(known) = present.records.get(&key) else {
                    continue;
                };
                if job.redo.names(entry) {
                    requested.push(key);
                } else if known.stamp != stamp {
                    if let Some(trouble) = &entry.trouble {
                        anyhow::bail!(
                            "solver {}: {trouble}; it has records that cannot be compared with a \
                             program that does not start: repair it, or use --redo {0}",
                            entry.name
                        );
                    }
                    let then = &known.made_with;
                    let (solver, name) = (&entry.name, &instance.name);
                    let reason = format!("{solver} on {name}: made with {then}; now {now}");
                    outdated.push((key, reason));
                } else if is_missing(job.folder, &record, known.need, asked) {
                    uncertified.push(key);
                }
            }
        }
    }
    Ok(ComparedInstance {
        name: instance.name,
        fingerprint,
        outdated,
        requested,
        uncertified,
    })
}

impl RunContext<'_> {
    /// Solves what is missing; returns the number of existing rows.
    fn all(&self) -> anyhow::Result<usize> {
        let groups = &self.job.groups;
        if self.job.config.timing == TimingMode::Isolated {
            return groups.iter().map(|group| self.group(group)).sum();
        }
        groups
            .par_iter()
            .map(|group| self.group(group))
            .try_reduce(|| 0, |a, b| Ok(a + b))
    }

    fn group(&self, group: &InstanceGroup) -> anyhow::Result<usize> {
        if self.stop.asked().is_some() {
            return Ok(0);
        }
        let instance = group
            .origin
            .make()
            .with_context(|| group.origin.describe())?;
        let (fingerprint, instance) = (fingerprint(&instance), Arc::new(instance));
        let one = |&cell: &ProblemTerms| self.problem(&instance, &fingerprint, cell);
        let kept = if self.job.config.timing == TimingMode::Isolated {
            group.terms.iter().map(one).sum::<anyhow::Result<usize>>()?
        } else {
            group
                .terms
                .par_iter()
                .map(one)
                .try_reduce(|| 0, |a, b| Ok(a + b))?
        };
        if kept > 0
            && let Ok(mut progress) = self.progress.lock()
        {
            progress.skip(kept);
        }
        Ok(kept)
    }

    /// Solves one problem with all solvers: one round per repetition, the solvers taking turns.
    fn problem(
        &self,
        instance: &Arc<Instance>,
        fingerprint: &str,
        cell: ProblemTerms,
    ) -> anyhow::Result<usize> {
        let mut missing: Vec<(&SolverEntry, Record)> = Vec::new();
        let mut kept = 0;
        for entry in self.entries {
            for &seed in &self.job.config.seeds {
                let record = blank(instance, fingerprint, cell, entry, seed);
                let key = store::key(&record);
                let new = !self.known.contains_key(&key)
                    && self.met.lock().is_ok_and(|mut met| met.insert(key));
                if new {
                    missing.push((entry, record));
                } else {
                    kept += 1;
                }
            }
        }
        if missing.is_empty() {
            return Ok(kept);
        }
        let problem = Problem::new(instance.clone(), cell.threshold, cell.weights)?;
        let text = InstanceText::of(&problem);
        let mut times: Vec<Vec<f64>> = vec![Vec::new(); missing.len()];
        let mut first: Vec<Option<Record>> = vec![None; missing.len()];
        let repetitions = self.job.config.repetitions;
        let mut done = Vec::new();
        'rounds: for round in 0..repetitions {
            for (k, (entry, blank)) in missing.iter().enumerate() {
                if self.stop.asked().is_some() {
                    break 'rounds;
                }
                let measured = self.solve(entry, blank, &problem, &text, round == 0)?;
                let status = measured.solved.status;
                // The signal that stops the run may have ended the solver as well.
                if status == Status::Error && entry.is_external() && self.stop.asked().is_some() {
                    break 'rounds;
                }
                times[k].push(measured.solved.time_s);
                // Times are complete only if every round took place.
                let record = first[k].take().filter(|_| status != Status::NotRun);
                let record = record.unwrap_or_else(|| filled(blank.clone(), &measured));
                if round + 1 == repetitions {
                    let record = with_times(record, std::mem::take(&mut times[k]));
                    done.extend(self.keep_unless_compared(record)?);
                } else {
                    first[k] = Some(record);
                }
            }
        }
        keep_best_plans(&mut done);
        done.into_iter().try_for_each(|record| self.keep(record))?;
        Ok(kept)
    }

    fn solve(
        &self,
        entry: &SolverEntry,
        record: &Record,
        problem: &Problem,
        text: &InstanceText,
        first: bool,
    ) -> anyhow::Result<Measured> {
        let budget = entry.budget(record.seed);
        let threads = self.job.config.workers();
        if !self.job.config.certificates || !first || !entry.isolated {
            return Ok(execute(entry, problem, text, &budget, threads, None));
        }
        let folder = self.job.folder.join(CERTIFICATES);
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("{}: cannot create this folder", folder.display()))?;
        let file = std::path::absolute(folder.join(certificate_name(record)))?;
        // Of an earlier solve, whose record is gone.
        let reason = folder.join(refusal_name(record));
        for old in [&file, &reason].into_iter().filter(|path| path.exists()) {
            std::fs::remove_file(old)
                .with_context(|| format!("{}: cannot remove this file", old.display()))?;
        }
        let certificate = CertificateTarget {
            file: file.clone(),
            instance_file: None,
        };
        let measured = execute(entry, problem, text, &budget, threads, Some(certificate));
        if file.is_file() {
            let instance = folder.join(instance_name(record));
            if !instance.exists() {
                offload_instances::write_instance(&instance, problem.instance())?;
            }
        } else if entry.writes_certificate() {
            let note = match measured.solved.outcome.note.as_str() {
                "" => "the solve left no certificate",
                note => note,
            };
            offload_instances::files::write_bytes(&reason, format!("{note}\n").as_bytes())?;
        }
        Ok(measured)
    }

    /// Keeps a record, or returns it when its plan is first compared with those of the others.
    fn keep_unless_compared(&self, mut record: Record) -> anyhow::Result<Option<Record>> {
        match self.job.config.plans {
            KeptPlans::Best => return Ok(Some(record)),
            KeptPlans::All => {}
            KeptPlans::None => record.assignment = None,
        }
        self.keep(record).map(|()| None)
    }

    fn keep(&self, record: Record) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        let cell = format!("{} on {} n{}", record.solver, record.family, record.users);
        let sent = self.rows.send(StoredRow {
            line,
            cell,
            time_s: record.time_s,
        });
        sent.map_err(|_| {
            anyhow::anyhow!("{}: cannot write", self.job.folder.join(RECORDS).display())
        })
    }
}

/// Drops all plans but the feasible ones of least objective.
fn keep_best_plans(records: &mut [Record]) {
    let value = |r: &Record| {
        let is_valid = r.violations == 0 && r.status != Status::Error;
        r.objective.filter(|_| is_valid)
    };
    let best = records.iter().filter_map(value).reduce(f64::min);
    for record in records.iter_mut().filter(|r| value(r) != best) {
        record.assignment = None;
    }
    if best.is_none() {
        records.iter_mut().for_each(|r| r.assignment = None);
    }
}
