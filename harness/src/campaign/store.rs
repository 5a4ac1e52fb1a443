//! The folder of a campaign: its lock, its existing records, and the single thread that appends to
//! them.

use crate::campaign::certificates::CertificateNeed;
use crate::files::check_ordinary;
use crate::notice::Notify;
use crate::stop::StopSignal;
use anyhow::Context;
use offload_instances::temporary;
use offload_reports::records::environment::{ENVIRONMENTS, Environment};
use offload_reports::records::record::{ANYTIME, RECORD_FORMAT, RECORDS, Record, is_read};
use offload_reports::{LineFault, ReportError, Status, Trust};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Locked during a run, so that no two runs write the same records.
const LOCK: &str = ".lock";

/// Interval between attempts to take a lock held by another run, and between looks at the stop
/// signal meanwhile.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Most bytes written before the file is synced.
const BATCH: usize = 4 << 20;

/// Most invalid lines listed.
const MAX_FAULTS: usize = 1000;

/// Hash of a record's key. A million hashes fit in memory where the texts would not.
pub type SolveKey = [u8; 16];

/// Hash of what determines a record: solver version, options and generator.
pub type Stamp = [u8; 16];

/// The fields of a record that identify its solve.
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
    status: Option<Status>,
    #[serde(default)]
    trust: Option<Trust>,
    #[serde(default)]
    options: BTreeMap<String, Value>,
}

/// What is kept of a record in memory.
pub struct KnownRecord {
    /// What determined it.
    pub stamp: Stamp,
    /// Version and options as text; shared by all records with the same ones.
    pub made_with: std::sync::Arc<str>,
    /// What it says that a certificate may support.
    pub need: CertificateNeed,
}

/// The records of a folder.
#[derive(Default)]
pub struct PresentRecords {
    /// By key.
    pub records: HashMap<SolveKey, KnownRecord>,
    /// Known fingerprints by instance name.
    pub names: HashMap<String, HashSet<String>>,
}

/// A 16-byte hash of a text.
pub fn hash(text: &str) -> [u8; 16] {
    let mut out = [0; 16];
    out.copy_from_slice(&blake3::hash(text.as_bytes()).as_bytes()[..16]);
    out
}

/// The key of a solve.
pub fn key(record: &Record) -> SolveKey {
    hash(&record.key())
}

/// What determines a record, as text. That a solver is an anytime solver is left out: it says how
/// to read a record, and records of earlier versions do not state it.
pub fn made_with(version: &str, options: &BTreeMap<String, Value>) -> String {
    let options: Vec<String> = options
        .iter()
        .filter(|(name, _)| *name != ANYTIME)
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    format!("version {version}, {}", options.join(", "))
}

/// The hash of what determines a record.
pub fn stamp(made_with: &str) -> Stamp {
    hash(made_with)
}

impl SolveHead {
    fn need(&self) -> CertificateNeed {
        match (self.status, self.trust) {
            (Some(Status::Error), _) => CertificateNeed::Nothing,
            (_, Some(Trust::Certified)) => CertificateNeed::Promised,
            (_, Some(_)) | (Some(Status::Infeasible), None) => CertificateNeed::Possible,
            (_, None) => CertificateNeed::Nothing,
        }
    }

    fn key(&self) -> SolveKey {
        // Same fields as `Record::key`.
        hash(&format!(
            "{}|{:?}|{}|{}|{}",
            self.fingerprint, self.threshold, self.weights, self.seed, self.solver
        ))
    }
}

/// Takes the folder's lock, which is held while the returned file is open. If another run holds it,
/// waits up to the given time, or until `stop` is asked to: then there is no lock.
///
/// # Errors
/// If the folder cannot be written, or another run still holds the lock.
pub fn lock(
    folder: &Path,
    patience: Duration,
    stop: &StopSignal,
    notify: Notify,
) -> anyhow::Result<Option<File>> {
    let name = folder.display();
    check_ordinary(&folder.join(LOCK))?;
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(LOCK));
    let lock = lock.with_context(|| format!("{name}: cannot write to this folder"))?;
    let start = Instant::now();
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => {}
            // Some network file systems do not support locks; a campaign is still possible there.
            Err(TryLockError::Error(e)) => {
                notify(&format!(
                    "note: {name}: cannot be locked ({e}); start only one run at a time in it"
                ));
                return Ok(Some(lock));
            }
        }
        let left = patience.saturating_sub(start.elapsed());
        anyhow::ensure!(
            !left.is_zero(),
            "{name}: another run is active in this folder; wait for it or choose another"
        );
        if stop.asked().is_some() {
            return Ok(None);
        }
        std::thread::sleep(left.min(LOOK_EVERY));
    }
}

/// Whether a run is active in a folder. Needs no write permission.
pub fn is_busy(folder: &Path) -> bool {
    let path = folder.join(LOCK);
    if !path.is_file() {
        return false;
    }
    let lock = File::options().write(true).open(path);
    lock.is_ok_and(|lock| matches!(lock.try_lock(), Err(TryLockError::WouldBlock)))
}

/// Removes an incomplete last line (a run was killed while writing) and completes a last line that
/// lacks only its newline.
///
/// # Errors
/// If the file cannot be read or written. A missing file is not an error.
pub fn repair(path: &Path, notify: Notify) -> anyhow::Result<()> {
    let name = path.display();
    check_ordinary(path)?;
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
        let what =
            "the last line is incomplete after an earlier stop; it is removed and solved again";
        notify(&format!("note: {name}: {what}"));
    }
    Ok(file.sync_all()?)
}

/// Reads the keys of the existing records line by line, so that a million records need little
/// memory.
///
/// # Errors
/// If the file cannot be read or contains lines that are not records. A missing file is not an
/// error.
pub fn read(path: &Path) -> anyhow::Result<PresentRecords> {
    let mut present = PresentRecords::default();
    let mut texts: HashMap<Stamp, std::sync::Arc<str>> = HashMap::new();
    let mut faults = Vec::new();
    each_line(path, &mut |index, line| {
        match head(line) {
            // The next run repeats it.
            Ok(head) if head.status == Some(Status::NotRun) => {}
            Ok(head) => {
                let words = made_with(&head.solver_version, &head.options);
                let stamp = stamp(&words);
                let known = KnownRecord {
                    stamp,
                    made_with: texts.entry(stamp).or_insert_with(|| words.into()).clone(),
                    need: head.need(),
                };
                present.records.insert(head.key(), known);
                present
                    .names
                    .entry(head.instance)
                    .or_default()
                    .insert(head.fingerprint);
            }
            Err(fault) => faults.push(LineFault::new(index + 1, fault)),
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
    if is_read(&head.format) {
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
///
/// # Errors
/// If the file cannot be read. A missing file is not an error.
pub fn each_line(path: &Path, see: &mut dyn FnMut(usize, &[u8]) -> bool) -> anyhow::Result<()> {
    check_ordinary(path)?;
    let file = match File::open(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        other => other.with_context(|| format!("{}: cannot read", path.display()))?,
    };
    each_line_of(&file, path, &mut |index, _, line| see(index, line))
}

/// Like [`each_line`], for an open file; `see` also gets the byte offset of the line.
///
/// # Errors
/// If the file cannot be read.
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

/// Rewrites the records without those with a given key or fingerprint. The file is replaced whole.
///
/// # Errors
/// If the file cannot be read or replaced; it is then unchanged.
pub fn remove(
    path: &Path,
    keys: &HashSet<SolveKey>,
    fingerprints: &HashSet<String>,
) -> anyhow::Result<usize> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = temporary::file_in(folder)?;
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
                "{}: cannot write in its folder; nothing was changed",
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

/// A record to write, with what the progress display shows of it.
pub struct StoredRow {
    /// The JSON text with its newline.
    pub line: Vec<u8>,
    /// Solver, family and size.
    pub cell: String,
    /// Wall time of the solve, s.
    pub time_s: f64,
}

/// Appends rows as they arrive. Rows that arrive during one sync form the next batch. `kept` is
/// called only after rows are synced to disk, so that a stop at any moment loses no row that was
/// reported.
///
/// # Errors
/// If the disk refuses a write. The file then ends after the last complete batch.
pub fn write(
    folder: &Path,
    environment: &Environment,
    rows: &Receiver<StoredRow>,
    kept: &mut dyn FnMut(&[StoredRow]),
    notify: Notify,
) -> anyhow::Result<()> {
    let path = folder.join(RECORDS);
    let open = |path: &PathBuf| {
        check_ordinary(path)?;
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
        ensure_untouched(&file, &path, good)?;
        append(&mut file, &path, &bytes).inspect_err(|_| {
            // Remove the incomplete batch, so that the next run does not append to it. Truncating
            // works even on a full disk.
            let _ = file.set_len(good);
        })?;
        good += bytes.len() as u64;
        kept(&batch);
    }
    ensure_untouched(&file, &path, good)
}

/// Notices another program that writes to the records, as an external solver without a sandbox can.
fn ensure_untouched(file: &File, path: &Path, length: u64) -> anyhow::Result<()> {
    let open = file.metadata()?;
    let named = std::fs::metadata(path);
    anyhow::ensure!(
        open.len() == length && named.is_ok_and(|named| named.ino() == open.ino()),
        "{}: another program changed this file during the run, such as an external solver without \
         a sandbox; do not trust its records: start again in a new folder, such solvers with \
         sandbox = \"bubblewrap\"",
        path.display()
    );
    Ok(())
}

fn append(file: &mut File, path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let written = file.write_all(bytes).and_then(|()| file.sync_data());
    written.with_context(|| {
        let remedy = "reported rows are safe; free disk space or repair the disk, then run again";
        format!("{}: cannot write; {remedy}", path.display())
    })
}
