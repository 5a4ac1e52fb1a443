//! Compares the records of a folder with what a run would write: which are current, which are
//! outdated, and which are solved again on request.

use crate::campaign::certificates::is_missing;
use crate::campaign::config::Config;
use crate::campaign::matrix::InstanceGroup;
use crate::campaign::rows::blank;
use crate::campaign::store::{self, PresentRecords, SolveKey};
use crate::notice::Notify;
use crate::process::solver::SolverEntry;
use anyhow::Context;
use offload_instances::fingerprint;
use offload_reports::records::record::RECORDS;
use offload_reports::text::counted;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// Most kinds of outdated records that a message lists.
const SHOWN: usize = 8;

/// A run's problems and solvers, to be compared with the records of its folder.
pub struct RecordComparison<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Its problems, or those of one shard.
    pub groups: &'a [InstanceGroup],
    /// Folder of the campaign.
    pub folder: &'a Path,
    /// Which existing records are removed and solved again.
    pub redo: &'a RedoChoice,
    /// Receives notes.
    pub notify: Notify<'a>,
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

/// The solvers, with the versions of external ones.
pub(super) fn prepared(comparison: &RecordComparison) -> anyhow::Result<Vec<SolverEntry>> {
    let mut entries = comparison.config.entries()?;
    comparison.redo.check(&entries)?;
    for entry in &mut entries {
        let name = entry.name.clone();
        entry
            .prepare(comparison.folder, comparison.config.workers())
            .with_context(|| format!("solver {name}"))?;
        if let Some(trouble) = &entry.trouble {
            // Its good records would be replaced by errors.
            anyhow::ensure!(
                !comparison.redo.names(entry),
                "--redo {name}: {trouble}; nothing was removed: repair the program first"
            );
            (comparison.notify)(&format!("warning: solver {name}: {trouble}"));
        }
    }
    Ok(entries)
}

/// Compares existing records with what this run would write. Outdated ones (other solver version,
/// options, generator or instance) are an error, or are removed.
pub(super) fn settle(
    comparison: &RecordComparison,
    entries: &[SolverEntry],
    present: &mut PresentRecords,
    path: &Path,
) -> anyhow::Result<usize> {
    if present.records.is_empty() {
        return Ok(0);
    }
    let mut outdated = outdated(comparison, entries, present)?;
    if outdated.reasons.is_empty() && outdated.keys.is_empty() {
        return Ok(0);
    }
    if !comparison.redo.outdated && !outdated.reasons.is_empty() {
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
        (comparison.notify)(&format!(
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
    /// Reasons, one for each kind of record and each changed instance; none for keys that are
    /// repeated on request.
    reasons: Vec<String>,
}

/// Why a record is outdated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct OutdatedReason {
    solver: String,
    /// What it was made with, and what a run would make it with.
    difference: String,
}

/// An instance of the run, compared with the existing records.
struct ComparedInstance {
    name: String,
    fingerprint: String,
    /// Number of current records.
    current: usize,
    /// Outdated records with their reasons.
    outdated: Vec<(SolveKey, OutdatedReason)>,
    /// Records that are repeated on request.
    requested: Vec<SolveKey>,
    /// Records that only lack their certificate.
    uncertified: Vec<SolveKey>,
}

fn outdated(
    comparison: &RecordComparison,
    entries: &[SolverEntry],
    present: &PresentRecords,
) -> anyhow::Result<OutdatedRecords> {
    let compared = comparison.groups.par_iter();
    let compared = compared.map(|group| compare(comparison, entries, present, group));
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
    let mut kinds: BTreeMap<OutdatedReason, usize> = BTreeMap::new();
    let mut keys = HashSet::new();
    for (key, reason) in found {
        if keys.insert(key) {
            *kinds.entry(reason).or_default() += 1;
        }
    }
    let line = |(kind, count): (OutdatedReason, usize)| {
        let rows = counted(count, "row");
        format!("{}: {rows}, {}", kind.solver, kind.difference)
    };
    let mut reasons: Vec<String> = kinds.into_iter().map(line).collect();
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
    comparison: &RecordComparison,
    entries: &[SolverEntry],
    present: &PresentRecords,
    group: &InstanceGroup,
) -> anyhow::Result<ComparedInstance> {
    let instance = group.origin.make();
    let instance = instance.with_context(|| group.origin.describe())?;
    let fingerprint = fingerprint(&instance);
    let (mut outdated, mut requested, mut uncertified) = (Vec::new(), Vec::new(), Vec::new());
    let mut current = 0;
    for entry in entries {
        let asked = comparison.config.asks_certificate(entry);
        let now = store::made_with(&entry.version, &entry.options());
        let stamp = store::stamp(&now);
        for &cell in &group.terms {
            for &seed in &comparison.config.seeds {
                let record = blank(&instance, &fingerprint, cell, entry, seed);
                let key = store::key(&record);
                let Some(known) = present.records.get(&key) else {
                    continue;
                };
                if comparison.redo.names(entry) {
                    requested.push(key);
                } else if known.stamp != stamp {
                    if let Some(trouble) = &entry.trouble {
                        anyhow::bail!(
                            "solver {}: {trouble}; it has records that cannot be compared with a \
                             program that does not start: repair it first",
                            entry.name
                        );
                    }
                    let reason = OutdatedReason {
                        solver: entry.name.clone(),
                        difference: difference(&known.made_with, &now, &entry.version),
                    };
                    outdated.push((key, reason));
                } else if is_missing(comparison.folder, &record, known.need, asked) {
                    uncertified.push(key);
                } else {
                    current += 1;
                }
            }
        }
    }
    Ok(ComparedInstance {
        name: instance.name,
        fingerprint,
        current,
        outdated,
        requested,
        uncertified,
    })
}

/// How a record was made and how a run would make it: only the versions if all else is equal.
fn difference(then: &str, now: &str, version: &str) -> String {
    let version_of = |text: &str| -> Option<String> {
        let options = now.strip_prefix("version ")?.strip_prefix(version)?;
        let version = text.strip_prefix("version ")?.strip_suffix(options)?;
        Some(if version.is_empty() {
            "unknown".into()
        } else {
            version.into()
        })
    };
    match (version_of(then), version_of(now)) {
        (Some(then), Some(now)) => format!("version {then}, now {now}"),
        _ => format!("made with {then}; now {now}"),
    }
}

/// How the rows of a run compare with the records of its folder.
pub struct FolderSurvey {
    /// Rows of the run.
    pub rows: usize,
    /// Those with a current record.
    pub current: usize,
    /// Those with an outdated record.
    pub outdated: usize,
    /// Those whose record only lacks its certificate.
    pub uncertified: usize,
    /// Those that are repeated on request.
    pub requested: usize,
}

impl FolderSurvey {
    /// One line for a folder.
    #[must_use]
    pub fn describe(&self, folder: &Path) -> String {
        let known = self.current + self.outdated + self.uncertified + self.requested;
        let mut text = format!(
            "{}: of {}, {} exist, {} are missing, {} are outdated",
            folder.display(),
            counted(self.rows, "row"),
            self.current,
            self.rows.saturating_sub(known),
            self.outdated
        );
        for (count, what) in [
            (self.uncertified, "lack their certificate"),
            (self.requested, "are solved again by --redo"),
        ] {
            if count > 0 {
                text += &format!(", {count} {what}");
            }
        }
        text
    }
}

/// Compares the rows of a run with the records of its folder, and changes nothing.
///
/// # Errors
/// If the records cannot be read, an instance cannot be made, or a solver cannot be compared.
pub fn survey(comparison: &RecordComparison) -> anyhow::Result<FolderSurvey> {
    let entries = prepared(comparison)?;
    let present = store::read(&comparison.folder.join(RECORDS))?;
    let rows_each = entries.len() * comparison.config.seeds.len();
    let groups = comparison.groups;
    let mut survey = FolderSurvey {
        rows: groups.iter().map(|g| g.terms.len() * rows_each).sum(),
        current: 0,
        outdated: 0,
        uncertified: 0,
        requested: 0,
    };
    for group in groups {
        let compared = compare(comparison, &entries, &present, group)?;
        survey.current += compared.current;
        survey.outdated += compared.outdated.len();
        survey.uncertified += compared.uncertified.len();
        survey.requested += compared.requested.len();
    }
    Ok(survey)
}
