//! The folder of a campaign: its lock, the records that are there, and the one thread that appends
//! to them.

use crate::notice::Notify;
use anyhow::Context;
use offload_reports::records::environment::{ENVIRONMENTS, Environment};
use offload_reports::records::record::{FIRST_RECORD_FORMAT, RECORD_FORMAT, RECORDS, Record};
use offload_reports::{LineFault, ReportError};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Held locked while a run is at work, so that no two write the same records.
const LOCK: &str = ".lock";

/// Between two looks at a lock that another run holds.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Most bytes written before the disk is asked to keep them.
const BATCH: usize = 4 << 20;

/// Bad lines that are listed at most.
const MAX_FAULTS: usize = 1000;

/// A hash of a record's key: a million of them fit where their texts would not.
pub type SolveKey = [u8; 16];

/// What a record was made with: a hash of solver version, options and generator.
pub type Stamp = [u8; 16];

/// The part of a record that tells whether a solve is there already.
#[derive(Deserialize)]
pub struct SolveHead {
    format: String,
    instance: String,
    fingerprint: String,
    threshold: f64,
    weights: String,
    seed: u64,
    solver: String,
    #[serde(default)]
    solver_version: String,
    #[serde(default)]
    options: BTreeMap<String, Value>,
}

/// What is known of one record.
pub struct KnownRecord {
    /// What it was made with.
    pub stamp: Stamp,
    /// Version and options, in words; shared by all records made alike.
    pub made_with: std::sync::Arc<str>,
}

/// The records of a folder.
#[derive(Default)]
pub struct PresentRecords {
    /// By key.
    pub records: HashMap<SolveKey, KnownRecord>,
    /// The fingerprints known under each instance's name.
    pub names: HashMap<String, HashSet<String>>,
}

/// 16 bytes that stand for a text.
pub fn hash(text: &str) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    out
}

/// The key of a solve.
pub fn key(record: &Record) -> SolveKey {
    hash(&record.key())
}

/// What a record is made with, in words.
pub fn made_with(version: &str, options: &BTreeMap<String, Value>) -> String {
    let options: Vec<String> = options
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    format!("version {version}, {}", options.join(", "))
}

/// The stamp of what a record is made with.
pub fn stamp(made_with: &str) -> Stamp {
    hash(made_with)
}

impl SolveHead {
    fn key(&self) -> SolveKey {
        // As in `Record::key`.
        hash(&format!(
            "{}|{:?}|{}|{}|{}",
            self.fingerprint, self.threshold, self.weights, self.seed, self.solver
        ))
    }
}

/// Takes the folder's lock; it is held as long as the file lives. Where another run has it, waits
/// that long for its end.
pub fn lock(folder: &Path, patience: Duration, notify: Notify) -> anyhow::Result<File> {
    let name = folder.display();
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK));
    let lock = lock.with_context(|| format!("{name}: cannot write in this folder"))?;
    let start = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) => {}
            // Some shared disks know no locks; a campaign is still possible there.
            Err(TryLockError::Error(e)) => {
                notify(&format!(
                    "note: {name}: cannot be locked ({e}); let one run at a time work in it"
                ));
                return Ok(lock);
            }
        }
        let left = patience.saturating_sub(start.elapsed());
        anyhow::ensure!(
            !left.is_zero(),
            "{name}: another run is at work in this folder; wait for it or choose another"
        );
        std::thread::sleep(left.min(LOOK_EVERY));
    }
}

/// Whether a run is at work in a folder. Needs no right to write there.
pub fn is_busy(folder: &Path) -> bool {
    let lock = File::options().write(true).open(folder.join(LOCK));
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Cuts off a torn last line (a run that was killed while writing) and ends a whole one that lacks
/// its newline.
pub fn repair(path: &Path, notify: Notify) -> anyhow::Result<()> {
    let name = path.display();
    let mut file = match File::options().read(true).write(true).open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(|| format!("{name}: cannot write"))?,
    };
    let (mut length, mut last) = (0_u64, Vec::new());
    let mut reader = BufReader::new(&file);
    loop {
        last.clear();
        let read = reader
            .read_until(b'\n', &mut last)
            .with_context(|| format!("{name}: cannot read"))?;
        if read == 0 || last.last() != Some(&b'\n') {
            break;
        }
        length += read as u64;
    }
    if last.is_empty() {
        return Ok(());
    }
    if serde_json::from_slice::<Value>(&last).is_ok() {
        std::io::Seek::seek(&mut file, std::io::SeekFrom::End(0))?;
        file.write_all(b"\n")
            .with_context(|| format!("{name}: cannot write"))?;
    } else {
        file.set_len(length)
            .with_context(|| format!("{name}: cannot write"))?;
        let what = "the last line was cut off by an earlier stop; it is removed and done again";
        notify(&format!("note: {name}: {what}"));
    }
    Ok(file.sync_all()?)
}

/// Reads which solves are there, line by line, so that a million records need little memory.
pub fn read(path: &Path) -> anyhow::Result<PresentRecords> {
    let mut present = PresentRecords::default();
    let mut texts: HashMap<Stamp, std::sync::Arc<str>> = HashMap::new();
    let mut faults = Vec::new();
    each_line(path, &mut |index, line| {
        match head(line) {
            Ok(head) => {
                let words = made_with(&head.solver_version, &head.options);
                let stamp = stamp(&words);
                let made_with = texts.entry(stamp).or_insert_with(|| words.into()).clone();
                present
                    .records
                    .insert(head.key(), KnownRecord { stamp, made_with });
                present
                    .names
                    .entry(head.instance)
                    .or_default()
                    .insert(head.fingerprint);
            }
            Err((what, remedy)) => faults.push(LineFault {
                line: index + 1,
                what,
                remedy,
            }),
        }
        faults.len() < MAX_FAULTS
    })?;
    anyhow::ensure!(
        faults.is_empty(),
        ReportError::Records {
            path: path.to_path_buf(),
            faults
        }
    );
    Ok(present)
}

fn head(line: &[u8]) -> Result<SolveHead, (String, &'static str)> {
    let head: SolveHead = serde_json::from_slice(line).map_err(|e| {
        (
            format!("not a record: {e}"),
            "remove the line; `run` then solves it again",
        )
    })?;
    if head.format == RECORD_FORMAT || head.format == FIRST_RECORD_FORMAT {
        return Ok(head);
    }
    let what = format!(
        "format is `{}`, this version reads `{RECORD_FORMAT}`",
        head.format
    );
    Err((
        what,
        "use the version of the program that wrote it, or start the campaign in a new folder",
    ))
}

/// Calls `see` with the number (from 0) and bytes of every line that is not blank, until it returns
/// false.
pub fn each_line(path: &Path, see: &mut dyn FnMut(usize, &[u8]) -> bool) -> anyhow::Result<()> {
    let file = match File::open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(|| format!("{}: cannot read", path.display()))?,
    };
    each_line_of(&file, path, &mut |index, _, line| see(index, line))
}

/// As [`each_line`], of an open file; `see` is also told at which byte the line begins.
pub fn each_line_of(
    file: &File,
    path: &Path,
    see: &mut dyn FnMut(usize, u64, &[u8]) -> bool,
) -> anyhow::Result<()> {
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let (mut line, mut offset) = (Vec::new(), 0);
    for index in 0.. {
        line.clear();
        let read = reader
            .read_until(b'\n', &mut line)
            .with_context(|| format!("{}: cannot read", path.display()))?;
        let blank = line.iter().all(u8::is_ascii_whitespace);
        if read == 0 || (!blank && !see(index, offset, &line)) {
            break;
        }
        offset += read as u64;
    }
    Ok(())
}

/// Rewrites the records without those whose key or fingerprint is given; whole or not at all.
pub fn remove(
    path: &Path,
    keys: &HashSet<SolveKey>,
    fingerprints: &HashSet<String>,
) -> anyhow::Result<usize> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".offload-")
        .tempfile_in(folder)?;
    let (mut removed, mut failed) = (0, None);
    {
        let mut out = std::io::BufWriter::new(file.as_file_mut());
        each_line(path, &mut |_, line| {
            let gone = head(line)
                .is_ok_and(|h| keys.contains(&h.key()) || fingerprints.contains(&h.fingerprint));
            removed += usize::from(gone);
            failed = if gone {
                None
            } else {
                out.write_all(line).err()
            };
            failed.is_none()
        })?;
        failed = failed.or(out.flush().err());
    }
    if let Some(e) = failed {
        return Err(e).with_context(|| {
            format!(
                "{}: cannot write beside it; nothing was changed",
                path.display()
            )
        });
    }
    file.as_file()
        .set_permissions(std::fs::metadata(path)?.permissions())?;
    file.as_file().sync_all()?;
    file.persist(path)
        .with_context(|| format!("{}: cannot write", path.display()))?;
    Ok(removed)
}

/// A record on its way to the file, with what the progress shows of it.
pub struct StoredRow {
    /// The JSON text and its newline.
    pub line: Vec<u8>,
    /// Solver, family and size.
    pub cell: String,
    /// Wall time of the solve, s.
    pub time_s: f64,
}

/// Appends rows as they come and syncs them together: what comes in during one sync makes the next
/// batch. `kept` is told of rows only when the disk has them, so that a stop at any moment loses no
/// row that was reported.
///
/// # Errors
/// What the disk objects to; the file then ends behind the last whole batch.
pub fn write(
    folder: &Path,
    environment: &Environment,
    rows: &Receiver<StoredRow>,
    kept: &mut dyn FnMut(&[StoredRow]),
    notify: Notify,
) -> anyhow::Result<()> {
    let path = folder.join(RECORDS);
    let open = |path: &PathBuf| {
        let file = File::options().create(true).append(true).open(path);
        file.with_context(|| format!("{}: cannot write", path.display()))
    };
    let mut file = open(&path)?;
    let mut first = true;
    let mut good = file.metadata()?.len();
    while let Ok(row) = rows.recv() {
        if std::mem::take(&mut first) {
            let path = folder.join(ENVIRONMENTS);
            repair(&path, notify)?;
            let line = serde_json::to_string(environment)? + "\n";
            append(&mut open(&path)?, &path, line.as_bytes())?;
        }
        let (mut bytes, mut batch) = (row.line.clone(), vec![row]);
        while bytes.len() < BATCH
            && let Ok(row) = rows.try_recv()
        {
            bytes.extend_from_slice(&row.line);
            batch.push(row);
        }
        append(&mut file, &path, &bytes).inspect_err(|_| {
            // Half a batch must not stand before the next run's records; cutting works on a full
            // disk too.
            let _ = file.set_len(good);
        })?;
        good += bytes.len() as u64;
        kept(&batch);
    }
    Ok(())
}

fn append(file: &mut File, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = file.write_all(bytes).and_then(|()| file.sync_data());
    written.with_context(|| {
        let remedy = "what was reported is safe; make room or repair the disk and run it again";
        format!("{}: cannot write; {remedy}", path.display())
    })
}
