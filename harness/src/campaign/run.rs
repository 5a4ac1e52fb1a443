//! Runs a campaign: one record for every (instance, threshold, weights, solver, seed). Existing
//! records are skipped.

use crate::campaign::certificates::{CERTIFICATES, certificate_name, instance_name, refusal_name};
use crate::campaign::config::{Config, KeptPlans, TimingMode};
use crate::campaign::failures::{FailureTally, RowFailure};
use crate::campaign::matrix::{InstanceGroup, ProblemTerms, Shard};
pub use crate::campaign::outdated::RedoChoice;
use crate::campaign::outdated::{RecordComparison, prepared, settle};
use crate::campaign::progress::ProgressDisplay;
pub use crate::campaign::progress::ShowProgress;
use crate::campaign::rows::{blank, filled, with_times};
use crate::campaign::store::{self, KnownRecord, SolveKey, StoredRow};
use crate::notice::Notify;
use crate::process::CertificateTarget;
use crate::process::Measured;
use crate::process::execute::{InstanceText, execute};
use crate::process::solver::SolverEntry;
use crate::stop::StopSignal;
use anyhow::Context;
use offload_instances::{Instance, Problem, fingerprint};
use offload_reports::records::record::RECORDS;
use offload_reports::text::counted;
use offload_reports::{Record, Status};
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Most rows waiting to be written before the solving threads wait too.
const WAITING_ROWS: usize = 4096;

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

/// Counts of a run.
#[derive(Default)]
pub struct RunSummary {
    /// Number of new records.
    pub new: usize,
    /// Number of existing records.
    pub kept: usize,
    /// Number of records that were removed to be solved again.
    pub removed: usize,
    /// New records that are failures.
    pub failures: FailureTally,
    /// The exit code if a signal stopped the run.
    pub stopped: Option<u8>,
}

impl RunSummary {
    /// What became of the rows.
    #[must_use]
    pub fn describe(&self) -> String {
        let (new, kept) = (self.new, self.kept);
        let again = self.removed.min(new);
        match self.removed {
            0 => format!("{new} new records, {kept} existing"),
            removed if removed > new => format!(
                "{} solved again of {removed} that were removed, {kept} kept",
                counted(again, "row")
            ),
            _ if new > again => format!(
                "{} solved again, {kept} kept, {} new",
                counted(again, "row"),
                new - again
            ),
            _ => format!("{} solved again, {kept} kept", counted(again, "row")),
        }
    }
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
            stopped: stop.asked(),
            ..RunSummary::default()
        });
    };
    store::repair(&path, job.notify)?;
    let comparison = RecordComparison {
        config: job.config,
        groups: job.groups,
        folder: job.folder,
        redo: &job.redo,
        notify: job.notify,
    };
    let entries = prepared(&comparison)?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(job.config.workers())
        .build()?;
    let mut present = store::read(&path)?;
    let removed = pool.install(|| settle(&comparison, &entries, &mut present, &path))?;
    let rows_each = entries.len() * job.config.seeds.len();
    let total: usize = job.groups.iter().map(|g| g.terms.len() * rows_each).sum();
    let progress = Mutex::new(ProgressDisplay::new(total, job.progress, job.notify));
    let environment = crate::campaign::environment::describe(job.config, job.shard);
    let (sender, receiver) = sync_channel(WAITING_ROWS);
    let (mut new, mut failures) = (0, FailureTally::default());
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
        let (new, failures) = (&mut new, &mut failures);
        let progress = &progress;
        let writer = scope.spawn(move || {
            let mut kept = |rows: &[StoredRow]| {
                *new += rows.len();
                let failed = rows.iter().filter_map(|row| row.failure.as_ref());
                failed.for_each(|failure| failures.add(failure));
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
        failures,
        stopped: stop.asked(),
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
            failure: RowFailure::of(&record),
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
