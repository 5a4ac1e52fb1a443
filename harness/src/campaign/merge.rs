//! Merges the folders of a campaign's shards. Each solve appears once, in the order of a
//! single-threaded run.

use crate::campaign::certificates::{CERTIFICATES, certificate_name};
use crate::campaign::config::Config;
use crate::campaign::matrix::{self, InstanceGroup};
use crate::campaign::rows::blank;
use crate::campaign::store::{self, SolveKey};
use crate::files::{check_inside, check_ordinary, make_folder};
use crate::notice::Notify;
use crate::process::solver::SolverEntry;
use crate::stop::StopSignal;
use anyhow::{Context, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use offload_instances::files::open_regular;
use offload_instances::{fingerprint, temporary};
use offload_reports::records::environment::{ENVIRONMENTS, Environment, read_environments};
use offload_reports::records::record::{ANYTIME, RECORDS, Record, parse_line};
use offload_reports::{LineFault, ReportError, Trust};
use rayon::prelude::*;
use serde::de::IgnoredAny;
use std::collections::hash_map::Entry as Occupancy;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, btree_map};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Most invalid lines listed per file.
const MAX_FAULTS: usize = 1000;

/// Most solves listed by name; the rest is only counted.
const SHOWN: usize = 5;

/// Position of a record that is not part of the configuration.
const NOWHERE: usize = usize::MAX;

/// What to merge.
pub struct MergeJob<'a> {
    /// Folders of the shards.
    pub folders: &'a [PathBuf],
    /// Folder of the merged campaign.
    pub output: &'a Path,
    /// The configuration; by default the one recorded in the shards' environments.
    pub config: Option<Config>,
    /// Whether records of different programs, versions or options may be merged.
    pub allow_mixed: bool,
    /// Whether an existing campaign in `output` is replaced.
    pub force: bool,
    /// Receives notes.
    pub notify: Notify<'a>,
}

/// Result of a merge.
pub enum MergeOutcome {
    /// Nothing was written, for these reasons.
    Refused(Vec<String>),
    /// The merged campaign was written.
    Merged(MergeSummary),
}

/// Counts of a merge.
pub struct MergeSummary {
    /// Number of records written.
    pub records: usize,
    /// Number of identical records that were dropped.
    pub duplicates: usize,
    /// Number of records that are not part of the configuration; they are kept.
    pub extra: usize,
    /// Whether the configuration is known, which the number of missing solves needs.
    pub compared: bool,
    /// Number of solves that no shard contains.
    pub missing: usize,
    /// The first missing solves, as text.
    pub first_missing: Vec<String>,
    /// Certificates that records promise and no shard contains.
    pub uncertified: Vec<String>,
    /// Record files with an incomplete last line, which was dropped.
    pub torn: Vec<PathBuf>,
    /// Processors that the shards ran on.
    pub processors: Vec<String>,
}

impl MergeSummary {
    /// Notes on the merged records, one line each.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = self
            .torn
            .iter()
            .map(|path| {
                format!(
                    "note: {}: the last line is incomplete and was dropped; run this shard again to \
                     complete it",
                    path.display()
                )
            })
            .collect();
        if !self.compared {
            notes.push(
                "note: missing rows cannot be determined without the configuration; give it with \
                 --config"
                    .into(),
            );
        }
        if self.extra > 0 {
            notes.push(format!(
                "note: {} records are not part of the configuration; they are kept, at the \
                 end",
                self.extra
            ));
        }
        if self.processors.len() > 1 {
            notes.push(format!(
                "note: times were measured on different processors: {}",
                self.processors.join("; ")
            ));
        }
        notes
    }

    /// The first missing certificates and how to make them; `None` if none is missing.
    #[must_use]
    pub fn uncertified_text(&self) -> Option<String> {
        let count = self.uncertified.len();
        let shown: Vec<&str> = self
            .uncertified
            .iter()
            .take(SHOWN)
            .map(String::as_str)
            .collect();
        let more = match count.saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n  ... and {more} more"),
        };
        (count > 0).then(|| {
            format!(
                "missing: {count} certificates that records promise:\n  {}{more}\nrun the shards \
                 again (they make the certificates again) and merge with --force",
                shown.join("\n  ")
            )
        })
    }

    /// The first missing solves and how to complete them; `None` if none is missing.
    #[must_use]
    pub fn missing_text(&self) -> Option<String> {
        if self.missing == 0 {
            return None;
        }
        let more = match self.missing.saturating_sub(self.first_missing.len()) {
            0 => String::new(),
            more => format!("\n  ... and {more} more"),
        };
        Some(format!(
            "missing: {} of {} rows:\n  {}{more}\nrun the shards again (they solve only what is \
             missing) and merge with --force",
            self.missing,
            self.missing + self.records - self.extra,
            self.first_missing.join("\n  ")
        ))
    }
}

/// Position and content of a record.
struct Found {
    shard: usize,
    offset: u64,
    length: usize,
    /// Hash of everything except times.
    digest: [u8; 16],
    place: usize,
}

/// The record files of all shards, read once.
#[derive(Default)]
struct Scan {
    files: Vec<File>,
    found: HashMap<SolveKey, Found>,
    duplicates: usize,
    torn: Vec<PathBuf>,
    /// Solves with two results.
    conflicts: Vec<String>,
    conflict_count: usize,
    making: Making,
    /// Certificates that records promise.
    promised: BTreeSet<String>,
}

/// Per subject, each way in which records were made, with the first folder that contains it.
#[derive(Default)]
struct Making(BTreeMap<String, BTreeMap<String, usize>>);

impl Making {
    fn add(&mut self, subject: String, way: String, shard: usize) {
        self.0
            .entry(subject)
            .or_default()
            .entry(way)
            .or_insert(shard);
    }

    /// One line per subject that was made in more than one way.
    fn mixed(&self, folders: &[PathBuf]) -> Vec<String> {
        let mixed = self.0.iter().filter(|(_, ways)| ways.len() > 1);
        let line = |(subject, ways): (&String, &BTreeMap<String, usize>)| {
            let ways: Vec<String> = ways
                .iter()
                .map(|(way, shard)| format!("{way} (first in {})", folders[*shard].display()))
                .collect();
            format!("{subject} differs between records: {}", ways.join("; "))
        };
        mixed.map(line).collect()
    }
}

/// Merges the shards, or returns the reasons for refusing.
///
/// # Errors
/// If a folder cannot be read or written, or contains an invalid record.
pub fn merge(job: &MergeJob) -> anyhow::Result<MergeOutcome> {
    check_folders(job)?;
    // All shard files stay open at once; a large array exceeds the usual limit of open files.
    if let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard);
    }
    let mut scan = Scan::default();
    for shard in 0..job.folders.len() {
        scan.add(shard, job.folders)?;
    }
    let environments = environments(job.folders, &mut scan.making)?;
    let (certificates, unequal) = certificates(job.folders)?;
    let texts: BTreeSet<&str> = environments
        .iter()
        .map(|e| e.config.as_str())
        .filter(|c| !c.is_empty())
        .collect();
    let refusals = refusals(job, &mut scan, unequal, texts.len());
    if !refusals.is_empty() {
        return Ok(MergeOutcome::Refused(refusals));
    }
    let stored = if job.config.is_none() && texts.len() == 1 {
        stored_config(&environments)?
    } else {
        None
    };
    let config = job.config.as_ref().or(stored.as_ref());
    let (missing, first_missing) = match config {
        Some(config) => place(config, &mut scan.found, job.notify)
            .context("cannot determine the missing rows; give the configuration with --config")?,
        None => (0, Vec::new()),
    };
    write(job, &scan, &environments, &certificates)?;
    let is_absent = |name: &String| !certificates.contains_key(OsStr::new(name));
    let uncertified = std::mem::take(&mut scan.promised);
    let uncertified: Vec<String> = uncertified.into_iter().filter(is_absent).collect();
    let processors: BTreeSet<&str> = environments
        .iter()
        .map(|e| e.cpu.as_str())
        .filter(|c| !c.is_empty())
        .collect();
    Ok(MergeOutcome::Merged(MergeSummary {
        records: scan.found.len(),
        duplicates: scan.duplicates,
        extra: if config.is_some() {
            scan.found.values().filter(|f| f.place == NOWHERE).count()
        } else {
            0
        },
        compared: config.is_some(),
        missing,
        first_missing,
        uncertified,
        torn: scan.torn,
        processors: processors.into_iter().map(String::from).collect(),
    }))
}

/// The reasons for refusing to merge; empty if there are none. `unequal` lists files that differ,
/// `configurations` counts the configurations that the shards recorded.
fn refusals(
    job: &MergeJob,
    scan: &mut Scan,
    unequal: Vec<String>,
    configurations: usize,
) -> Vec<String> {
    let mut refusals = std::mem::take(&mut scan.conflicts);
    if scan.conflict_count > refusals.len() {
        refusals.push(format!(
            "... and {} more solves with two results",
            scan.conflict_count - refusals.len()
        ));
    }
    refusals.extend(unequal);
    if !job.allow_mixed {
        let mut mixed = scan.making.mixed(job.folders);
        if job.config.is_none() && configurations > 1 {
            mixed.push(format!(
                "{configurations} configurations were run; give the right one with --config"
            ));
        }
        if !mixed.is_empty() {
            refusals.append(&mut mixed);
            refusals.push(
                "run all shards with one program and one configuration, or use --allow-mixed"
                    .into(),
            );
        }
    }
    refusals
}

fn check_folders(job: &MergeJob) -> anyhow::Result<()> {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let mut seen = HashSet::new();
    for folder in job.folders {
        let name = folder.display();
        let records = folder.join(RECORDS);
        ensure!(
            folder.is_dir(),
            "{name}: not a folder; give the folders of shards (offload-bench run --shard)"
        );
        check_ordinary(&records)?;
        ensure!(
            records.is_file(),
            "{}: is missing; run this shard first, or omit it",
            records.display()
        );
        for name in [RECORDS, ENVIRONMENTS, CERTIFICATES] {
            check_inside(folder, &folder.join(name))?;
        }
        ensure!(
            seen.insert(real(folder)),
            "{name}: is given twice; give each folder once"
        );
        ensure!(
            !store::is_busy(folder),
            "{name}: a run is active in this folder; wait for it"
        );
    }
    let name = job.output.display();
    ensure!(
        !seen.contains(&real(job.output)),
        "{name}: is one of the shards; choose another folder with -o"
    );
    let absolute = std::path::absolute(job.output)?;
    let inside = absolute
        .ancestors()
        .skip(1)
        .any(|above| seen.contains(&real(above)));
    ensure!(
        !inside,
        "{name}: is inside one of the shards; choose another folder with -o"
    );
    let there = job.output.join(RECORDS).exists();
    ensure!(
        job.force || !there,
        "{name}: already contains records; use --force to replace them, or choose another folder"
    );
    Ok(())
}

impl Scan {
    /// Reads the records of one shard.
    fn add(&mut self, shard: usize, folders: &[PathBuf]) -> anyhow::Result<()> {
        let path = folders[shard].join(RECORDS);
        let file = open_regular(&path)?;
        let mut faults = Vec::new();
        store::each_line_of(&file, &path, &mut |index, offset, line| {
            // A complete record without its newline is accepted.
            if !line.ends_with(b"\n") && serde_json::from_slice::<IgnoredAny>(line).is_err() {
                self.torn.push(path.clone());
                return true;
            }
            match parse_line(line) {
                Ok(record) => self.keep(
                    record,
                    shard,
                    (offset, line.trim_ascii_end().len()),
                    folders,
                ),
                Err(fault) => faults.push(LineFault::new(index + 1, fault)),
            }
            faults.len() < MAX_FAULTS
        })?;
        ensure!(faults.is_empty(), ReportError::Records { path, faults });
        self.files.push(file);
        Ok(())
    }

    fn keep(
        &mut self,
        mut record: Record,
        shard: usize,
        (offset, length): (u64, usize),
        folders: &[PathBuf],
    ) {
        let made = store::made_with(&record.solver_version, &record.options);
        self.making.add(
            format!("solver {}", record.solver),
            format!("made with {made}"),
            shard,
        );
        if !record.generator.is_empty() {
            self.making.add(
                format!("family {}", record.family),
                format!("made by {}", record.generator),
                shard,
            );
        }
        if record.trust == Some(Trust::Certified) {
            self.promised.insert(certificate_name(&record));
        }
        forget_times(&mut record);
        let digest = store::hash(&format!("{record:?}"));
        match self.found.entry(store::key(&record)) {
            Occupancy::Vacant(slot) => {
                slot.insert(Found {
                    shard,
                    offset,
                    length,
                    digest,
                    place: NOWHERE,
                });
            }
            Occupancy::Occupied(slot) if slot.get().digest == digest => self.duplicates += 1,
            Occupancy::Occupied(slot) => {
                self.conflict_count += 1;
                if self.conflicts.len() < SHOWN {
                    let (one, other) = (
                        folders[slot.get().shard].display(),
                        folders[shard].display(),
                    );
                    let what = words(&record);
                    self.conflicts.push(format!(
                        "{what}: has one result in {one} and another in {other}; remove one"
                    ));
                }
            }
        }
    }
}

/// Drops the fields in which two runs of one solve may differ. What an external command prints may
/// contain times.
fn forget_times(record: &mut Record) {
    if record.options.contains_key(ANYTIME) {
        // Earlier versions did not record it; the result is the same.
        std::sync::Arc::make_mut(&mut record.options).remove(ANYTIME);
    }
    record.time_s = 0.0;
    record.times_s.clear();
    record.cpu_s = None;
    record.peak_memory_bytes = None;
    record.output = None;
    record
        .trajectory
        .iter_mut()
        .for_each(|moment| moment.time_s = 0.0);
}

/// Which solve a record belongs to.
fn words(r: &Record) -> String {
    let Record {
        solver,
        seed,
        instance,
        threshold,
        weights,
        ..
    } = r;
    format!("{solver} (seed {seed}) on {instance}, threshold {threshold}, weights {weights}")
}

/// Every run that wrote these records, each once.
fn environments(folders: &[PathBuf], making: &mut Making) -> anyhow::Result<Vec<Environment>> {
    let mut all: Vec<Environment> = Vec::new();
    for (shard, folder) in folders.iter().enumerate() {
        for e in read_environments(folder)? {
            let changed = if e.clean == Some(false) {
                " with changes"
            } else {
                ""
            };
            let revision = e.revision.as_deref().unwrap_or("unknown");
            let way = format!(
                "{} revision {revision}{changed}, HiGHS {}, timing {}, {} repetitions",
                e.program, e.highs, e.timing, e.repetitions
            );
            making.add("offload-bench".into(), way, shard);
            if !all.contains(&e) {
                all.push(e);
            }
        }
    }
    Ok(all)
}

/// The configuration recorded by the runs.
fn stored_config(environments: &[Environment]) -> anyhow::Result<Option<Config>> {
    let Some(e) = environments.iter().find(|e| !e.config.is_empty()) else {
        return Ok(None);
    };
    let config = Config::parse(e.config.clone(), Path::new(&e.config_folder));
    config
        .map(Some)
        .context("the configuration in environments.jsonl; give another with --config")
}

/// The certificates and instances of all shards by name, and the names with two different contents.
fn certificates(folders: &[PathBuf]) -> anyhow::Result<(BTreeMap<OsString, PathBuf>, Vec<String>)> {
    let mut files = BTreeMap::new();
    let mut unequal: Vec<String> = Vec::new();
    let inside = |shard| (shard, Path::join(shard, CERTIFICATES));
    let present = folders.iter().map(PathBuf::as_path).map(inside);
    for (shard, folder) in present.filter(|(_, folder)| folder.is_dir()) {
        for entry in
            fs::read_dir(&folder).with_context(|| format!("{}: cannot read", folder.display()))?
        {
            let (name, path) = entry.map(|e| (e.file_name(), e.path()))?;
            // Temporary files of a killed run start with a dot.
            if name.as_encoded_bytes().starts_with(b".") || !path.is_file() {
                continue;
            }
            check_inside(shard, &path)?;
            match files.entry(name) {
                btree_map::Entry::Vacant(slot) => {
                    slot.insert(path);
                }
                btree_map::Entry::Occupied(slot) => {
                    let other: &PathBuf = slot.get();
                    if read(other)? != read(&path)? {
                        unequal.push(format!(
                            "{} differs from {}; remove one",
                            path.display(),
                            other.display()
                        ));
                    }
                }
            }
        }
    }
    unequal.sort();
    if unequal.len() > SHOWN {
        let more = format!("... and {} more files that differ", unequal.len() - SHOWN);
        unequal.splice(SHOWN.., [more]);
    }
    Ok((files, unequal))
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{}: cannot read", path.display()))
}

/// Assigns every record its position in the configuration. Returns the number of missing solves and
/// the first of them.
fn place(
    config: &Config,
    found: &mut HashMap<SolveKey, Found>,
    notify: Notify,
) -> anyhow::Result<(usize, Vec<String>)> {
    let groups = matrix::groups(config, notify)?;
    let entries = config.entries()?;
    let keys_of = |group: &InstanceGroup| -> anyhow::Result<Vec<SolveKey>> {
        Ok(solves(group, &entries, &config.seeds)?
            .iter()
            .map(store::key)
            .collect())
    };
    let keys: Vec<Vec<SolveKey>> = groups
        .par_iter()
        .map(keys_of)
        .collect::<anyhow::Result<_>>()?;
    let mut missing: HashSet<SolveKey> = HashSet::new();
    let (mut first, mut place) = (Vec::new(), 0);
    for (group, keys) in groups.iter().zip(&keys) {
        for (k, key) in keys.iter().enumerate() {
            match found.get_mut(key) {
                // If one instance comes from two sources, the first position counts.
                Some(record) => record.place = record.place.min(place),
                None if missing.insert(*key) && first.len() < SHOWN => {
                    first.push(words(&solves(group, &entries, &config.seeds)?[k]));
                }
                None => {}
            }
            place += 1;
        }
    }
    Ok((missing.len(), first))
}

/// The solves on one instance, in the order of a run.
fn solves(
    group: &InstanceGroup,
    entries: &[SolverEntry],
    seeds: &[u64],
) -> anyhow::Result<Vec<Record>> {
    let instance = group
        .origin
        .make()
        .with_context(|| group.origin.describe())?;
    let fingerprint = fingerprint(&instance);
    let mut all = Vec::with_capacity(group.terms.len() * entries.len() * seeds.len());
    for &cell in &group.terms {
        for entry in entries {
            all.extend(
                seeds
                    .iter()
                    .map(|&seed| blank(&instance, &fingerprint, cell, entry, seed)),
            );
        }
    }
    Ok(all)
}

/// Writes to a temporary folder first and moves the files when they are complete.
fn write(
    job: &MergeJob,
    scan: &Scan,
    environments: &[Environment],
    certificates: &BTreeMap<OsString, PathBuf>,
) -> anyhow::Result<()> {
    let folder = job.output;
    make_folder(folder)?;
    let _lock = store::lock(folder, Duration::ZERO, &StopSignal::default(), job.notify)?;
    let fail = || {
        format!(
            "{}: cannot write the merged campaign; nothing was changed",
            folder.display()
        )
    };
    let staging = temporary::folder_in(folder).with_context(fail)?;
    let at = |name: &str| staging.path().join(name);
    write_records(&at(RECORDS), scan).with_context(fail)?;
    if !environments.is_empty() {
        let lines: Result<Vec<String>, _> =
            environments.iter().map(serde_json::to_string).collect();
        fs::write(at(ENVIRONMENTS), lines?.join("\n") + "\n").with_context(fail)?;
    }
    if !certificates.is_empty() {
        fs::create_dir(at(CERTIFICATES)).with_context(fail)?;
    }
    for (name, path) in certificates {
        let copied = fs::copy(path, at(CERTIFICATES).join(name));
        copied
            .with_context(|| path.display().to_string())
            .with_context(fail)?;
    }
    publish(staging.path(), folder).with_context(fail)
}

fn write_records(path: &Path, scan: &Scan) -> anyhow::Result<()> {
    let mut order: Vec<(&SolveKey, &Found)> = scan.found.iter().collect();
    order.sort_unstable_by_key(|&(key, found)| (found.place, *key));
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut line = Vec::new();
    for (_, found) in order {
        line.resize(found.length, 0);
        scan.files[found.shard].read_exact_at(&mut line, found.offset)?;
        line.push(b'\n');
        out.write_all(&line)?;
    }
    out.flush()?;
    Ok(out.get_ref().sync_all()?)
}

/// The files of a merged campaign, in the order of removal; new files are moved in reverse order. A
/// folder without records is not a campaign.
const FILES: [&str; 3] = [RECORDS, ENVIRONMENTS, CERTIFICATES];

/// Moves the completed files from `staging` into `folder`. On failure the previous files are
/// restored; on success they are deleted with `staging`.
fn publish(staging: &Path, folder: &Path) -> std::io::Result<()> {
    let old = staging.join("old");
    fs::create_dir(&old)?;
    exchange(staging, folder, &old).inspect_err(|_| {
        for name in FILES.iter().filter(|name| old.join(name).exists()) {
            let _ = move_if_there(&folder.join(name), &staging.join(name));
            let _ = move_if_there(&old.join(name), &folder.join(name));
        }
    })
}

fn exchange(staging: &Path, folder: &Path, old: &Path) -> std::io::Result<()> {
    for name in FILES {
        move_if_there(&folder.join(name), &old.join(name))?;
    }
    for name in FILES.iter().rev() {
        move_if_there(&staging.join(name), &folder.join(name))?;
    }
    Ok(())
}

fn move_if_there(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.exists() {
        fs::rename(from, to)
    } else {
        Ok(())
    }
}
