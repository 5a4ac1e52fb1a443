//! Runs a campaign: every (instance, threshold, weights, solver, seed), one record each, skipping
//! what is recorded already.

use crate::campaign::certificates::{CERTIFICATES, certificate_name, instance_name};
use crate::campaign::config::{Config, TimingMode};
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
use offload_reports::Record;
use offload_reports::records::record::RECORDS;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Rows that may wait for the disk before solving waits for it too.
const WAITING_ROWS: usize = 4096;

/// Records of another making that a message shows.
const SHOWN: usize = 5;

/// What is to be run.
pub struct CampaignJob<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Its problems, or those of one shard.
    pub groups: &'a [InstanceGroup],
    /// Which shard these are.
    pub shard: Option<Shard>,
    /// The campaign's folder.
    pub folder: &'a Path,
    /// Whether records of another making are removed and made again; if not, they are refused.
    pub redo: bool,
    /// Whether its progress is shown.
    pub progress: ShowProgress,
    /// Where notes go.
    pub notify: Notify<'a>,
    /// How long to wait for another run in the folder to end.
    pub patience: Duration,
}

/// What a run did.
pub struct RunSummary {
    /// Records written now.
    pub new: usize,
    /// Records that were there already.
    pub kept: usize,
    /// Records that were removed because they were made differently.
    pub removed: usize,
    /// The exit code to end with when somebody asked to stop.
    pub stopped: Option<u8>,
}

/// What every thread of a run shares.
struct RunContext<'a> {
    job: &'a CampaignJob<'a>,
    entries: &'a [SolverEntry],
    known: HashMap<SolveKey, KnownRecord>,
    /// Keys met in this run: one instance may come from two sources.
    met: Mutex<HashSet<SolveKey>>,
    rows: SyncSender<StoredRow>,
    progress: &'a Mutex<ProgressDisplay<'a>>,
    stop: &'a StopSignal,
}

/// Runs what is missing.
///
/// # Errors
/// When the folder cannot be written, its records were made differently, or an instance cannot be
/// made.
pub fn run(job: &CampaignJob, stop: &StopSignal) -> anyhow::Result<RunSummary> {
    let path = job.folder.join(RECORDS);
    let _lock = store::lock(job.folder, job.patience, job.notify)?;
    store::repair(&path, job.notify)?;
    let entries = job.config.entries()?;
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
    // Where the disk fails, the solving threads only see that nobody takes their rows.
    written?;
    let kept = solved?;
    Ok(RunSummary {
        new,
        kept,
        removed,
        stopped: stop.asked(),
    })
}

/// Compares the records that are there with what would be made now. Those of another making are
/// refused, or removed.
fn settle(
    job: &CampaignJob,
    entries: &[SolverEntry],
    present: &mut PresentRecords,
    path: &Path,
) -> anyhow::Result<usize> {
    if present.records.is_empty() {
        return Ok(0);
    }
    let mut stale: HashSet<SolveKey> = HashSet::new();
    let mut words: Vec<String> = Vec::new();
    let made: Vec<(String, String, String)> = entries
        .iter()
        .map(|e| {
            (
                e.name.clone(),
                e.id.clone(),
                store::made_with(&e.version, &e.options()),
            )
        })
        .collect();
    let fingerprints = Mutex::new(HashMap::<String, HashSet<String>>::new());
    let found = Mutex::new(Vec::<(SolveKey, String)>::new());
    job.groups
        .par_iter()
        .try_for_each(|group| -> anyhow::Result<()> {
            let instance = group
                .origin
                .make()
                .with_context(|| group.origin.describe())?;
            let fingerprint = fingerprint(&instance);
            for &cell in &group.terms {
                for (entry, (name, _, now)) in entries.iter().zip(&made) {
                    for &seed in &job.config.seeds {
                        let key = store::key(&blank(&instance, &fingerprint, cell, entry, seed));
                        if let Some(known) = present.records.get(&key)
                            && known.stamp != store::stamp(now)
                            && let Ok(mut found) = found.lock()
                        {
                            let then = &known.made_with;
                            let what =
                                format!("{name} on {}: made with {then}; now {now}", instance.name);
                            found.push((key, what));
                        }
                    }
                }
            }
            if let Ok(mut all) = fingerprints.lock() {
                all.entry(instance.name).or_default().insert(fingerprint);
            }
            Ok(())
        })?;
    let mut found = found.into_inner().unwrap_or_default();
    found.sort();
    for (key, what) in found {
        stale.insert(key);
        words.push(what);
    }
    let mut gone: HashSet<String> = HashSet::new();
    let mut names: Vec<(String, HashSet<String>)> = fingerprints
        .into_inner()
        .unwrap_or_default()
        .into_iter()
        .collect();
    names.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, now) in names {
        for old in present
            .names
            .get(&name)
            .into_iter()
            .flatten()
            .filter(|f| !now.contains(*f))
        {
            words.push(format!(
                "{name} is another instance now (its fingerprint changed)"
            ));
            gone.insert(old.clone());
        }
    }
    if words.is_empty() {
        return Ok(0);
    }
    if !job.redo {
        let more = words.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!("\n  ... and {more} more")
        } else {
            String::new()
        };
        words.truncate(SHOWN);
        anyhow::bail!(
            "{}: holds records that would be made differently now:\n  {}{more}\nrun with --redo to remove them and solve again, or choose another folder",
            path.display(),
            words.join("\n  ")
        );
    }
    let removed = store::remove(path, &stale, &gone)?;
    *present = store::read(path)?;
    Ok(removed)
}

impl RunContext<'_> {
    /// Solves what is missing; returns how many rows were there.
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

    /// One problem, by all solvers: one round for each repetition, the solvers in turn.
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
        for round in 0..repetitions {
            for (k, (entry, blank)) in missing.iter().enumerate() {
                if self.stop.asked().is_some() {
                    return Ok(kept);
                }
                let measured = self.solve(entry, blank, &problem, &text, round == 0)?;
                times[k].push(measured.solved.time_s);
                let record = first[k]
                    .take()
                    .unwrap_or_else(|| filled(blank.clone(), &measured));
                if round + 1 == repetitions {
                    self.keep(with_times(record, std::mem::take(&mut times[k])))?;
                } else {
                    first[k] = Some(record);
                }
            }
        }
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
            .with_context(|| format!("{}: cannot make this folder", folder.display()))?;
        let file = std::path::absolute(folder.join(certificate_name(record)))?;
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
        }
        Ok(measured)
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
