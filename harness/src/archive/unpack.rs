//! Reads an archive into a new folder. Nothing in it is trusted: its size and the number of its
//! files are limited, every path is checked, and only files with the right hash are kept.

use super::layout::{MANIFEST, METADATA, TOP, check_path};
use super::manifest::{ArchiveManifest, CopiedFile, copy_hashed};
use crate::stop::StopSignal;
use anyhow::{Context, anyhow, bail, ensure};
use offload_instances::files::open_regular;
use offload_reports::records::record::RECORDS;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tar::EntryType;

/// Largest manifest, bytes: a million files with long names.
const MAX_MANIFEST: u64 = 256 << 20;

/// Longest name in an entry of its own, bytes, with the zero byte that ends it.
const MAX_LONG_NAME: u64 = 4097;

/// Limits on what an archive may contain.
#[derive(Clone, Copy, Debug)]
pub struct UnpackLimits {
    /// Most bytes, decompressed.
    pub bytes: u64,
    /// Most files.
    pub files: usize,
}

impl Default for UnpackLimits {
    /// 4 GiB and a million files.
    fn default() -> Self {
        UnpackLimits {
            bytes: 4 << 30,
            files: 1_000_000,
        }
    }
}

/// What to unpack.
pub struct UnpackJob<'a> {
    /// The archive.
    pub archive: &'a Path,
    /// The new folder.
    pub output: &'a Path,
    /// Limits on its contents.
    pub limits: UnpackLimits,
}

/// Counts of an unpacked archive.
pub struct UnpackSummary {
    /// Number of files.
    pub files: usize,
    /// Their size, bytes.
    pub bytes: u64,
}

/// How unpacking ended.
pub enum UnpackOutcome {
    /// The folder is complete.
    Unpacked(UnpackSummary),
    /// A signal asked to stop: nothing was kept. The exit code.
    Stopped(u8),
}

/// Unpacks an archive. The folder appears complete or not at all.
///
/// # Errors
/// If the folder exists, the archive cannot be read, exceeds a limit, or is not an intact archive
/// of a campaign.
pub fn unpack(job: &UnpackJob, stop: &StopSignal) -> anyhow::Result<UnpackOutcome> {
    let output = job.output;
    check_new(output)?;
    let beside = output.parent().filter(|p| !p.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    let staging = tempfile::Builder::new()
        .prefix(".offload-")
        .permissions(fs::Permissions::from_mode(0o777))
        .tempdir_in(beside)
        .with_context(|| format!("{}: cannot write to this folder", beside.display()))?;
    let name = job.archive.display();
    let read = read(job, staging.path(), stop)
        .with_context(|| format!("{name}: cannot be unpacked; nothing was kept"))?;
    if let Some(code) = stop.asked() {
        return Ok(UnpackOutcome::Stopped(code));
    }
    check_new(output)?;
    fs::rename(staging.path(), output)
        .with_context(|| format!("{}: cannot create this folder", output.display()))?;
    // It no longer exists under its temporary name.
    let _ = staging.keep();
    Ok(UnpackOutcome::Unpacked(read))
}

fn check_new(output: &Path) -> anyhow::Result<()> {
    ensure!(
        output.symlink_metadata().is_err(),
        "{}: exists already; choose another folder with -o, or remove it",
        output.display()
    );
    Ok(())
}

/// Reads at most a number of bytes; more is an error, so that a small file cannot fill the disk.
struct LimitedReader<'a, R> {
    inner: R,
    left: u64,
    exceeded: &'a Cell<bool>,
}

impl<R: Read> Read for LimitedReader<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match self.left.checked_sub(read as u64) {
            Some(left) => {
                self.left = left;
                Ok(read)
            }
            None => {
                self.exceeded.set(true);
                Err(std::io::Error::other("too many bytes"))
            }
        }
    }
}

fn read(job: &UnpackJob, folder: &Path, stop: &StopSignal) -> anyhow::Result<UnpackSummary> {
    let exceeded = Cell::new(false);
    let file = open_regular(job.archive)?;
    let input = LimitedReader {
        inner: zstd::Decoder::new(file).context("not a zstd file")?,
        left: job.limits.bytes,
        exceeded: &exceeded,
    };
    let unpacking = Unpacking {
        job,
        folder,
        stop,
        manifest: ArchiveManifest::default(),
        seen: BTreeSet::new(),
        bytes: 0,
    };
    let result = unpacking.all(tar::Archive::new(input));
    ensure!(
        !exceeded.get(),
        "it holds more than {} bytes, decompressed; if you trust it, raise --max-size",
        job.limits.bytes
    );
    result
}

/// An archive while it is unpacked.
struct Unpacking<'a> {
    job: &'a UnpackJob<'a>,
    folder: &'a Path,
    stop: &'a StopSignal,
    manifest: ArchiveManifest,
    /// Files so far, by their paths.
    seen: BTreeSet<String>,
    bytes: u64,
}

impl Unpacking<'_> {
    fn all<R: Read>(mut self, mut archive: tar::Archive<R>) -> anyhow::Result<UnpackSummary> {
        let mut long_name = None;
        // Raw: the library would keep long names and extensions of any size in memory.
        for entry in archive.entries()?.raw(true) {
            if self.stop.asked().is_some() {
                break;
            }
            let mut entry = entry.context("not an intact tar file")?;
            if entry.header().entry_type() == EntryType::GNULongName && long_name.is_none() {
                long_name = Some(read_long_name(&mut entry)?);
                continue;
            }
            let name = long_name
                .take()
                .unwrap_or_else(|| entry.path_bytes().into_owned());
            let path = self.checked_path(&name, entry.header().entry_type())?;
            let is_executable = entry.header().mode()? & 0o100 != 0;
            self.file(&path, &mut entry, is_executable)?;
        }
        ensure!(long_name.is_none(), "the archive is cut off after a path");
        if self.stop.asked().is_none() {
            check_end(archive.into_inner())?;
            self.check_complete()?;
        }
        Ok(UnpackSummary {
            files: self.seen.len(),
            bytes: self.bytes,
        })
    }

    /// The path of an entry in the folder.
    fn checked_path(&mut self, name: &[u8], kind: EntryType) -> anyhow::Result<String> {
        let text = std::str::from_utf8(name).context("a path is not UTF-8 text")?;
        let shown = text.escape_debug();
        ensure!(
            kind == EntryType::Regular,
            "the entry \"{shown}\" is not an ordinary file; archives of campaigns contain no \
             folders, links and devices"
        );
        let path = text
            .strip_prefix(TOP)
            .ok_or_else(|| anyhow!("the path \"{shown}\" does not begin with {TOP}"))?;
        check_path(path).map_err(|e| anyhow!(e))?;
        ensure!(
            self.seen.insert(path.to_string()),
            "the path \"{shown}\" is there twice"
        );
        ensure!(
            self.seen.len() <= self.job.limits.files,
            "it holds more than {} files; if you trust it, raise --max-files",
            self.job.limits.files
        );
        Ok(path.to_string())
    }

    /// Writes a file and checks its hash.
    fn file<R: Read>(
        &mut self,
        path: &str,
        entry: &mut tar::Entry<R>,
        is_executable: bool,
    ) -> anyhow::Result<()> {
        if self.seen.len() == 1 {
            return self.read_manifest(path, entry);
        }
        let expected = self.manifest.0.get(path).copied();
        let expected = expected.with_context(|| format!("{path}: is not listed in {MANIFEST}"))?;
        let place = self.place(path)?;
        let mode = if is_executable { 0o777 } else { 0o666 };
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&place);
        let fail = || format!("{path}: cannot be written");
        let mut out = BufWriter::new(file.with_context(fail)?);
        let size = entry.size();
        let go_on = || self.stop.asked().is_none();
        let CopiedFile { bytes, hash } = copy_hashed(entry, &mut out, &go_on)
            .with_context(|| format!("{path}: cannot be copied"))?;
        out.flush().with_context(fail)?;
        if self.stop.asked().is_some() {
            return Ok(());
        }
        ensure!(bytes == size, "{path}: the archive is cut off in this file");
        ensure!(
            hash == expected,
            "{path}: its hash differs from {MANIFEST}; it was changed or damaged"
        );
        self.bytes += bytes;
        Ok(())
    }

    fn read_manifest<R: Read>(
        &mut self,
        path: &str,
        entry: &mut tar::Entry<R>,
    ) -> anyhow::Result<()> {
        ensure!(
            path == MANIFEST,
            "its first file is {path}, not {MANIFEST}; give an archive that `pack` wrote"
        );
        let size = entry.size();
        ensure!(
            size <= MAX_MANIFEST,
            "{MANIFEST}: is larger than {MAX_MANIFEST} bytes"
        );
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes)?;
        ensure!(
            bytes.len() as u64 == size,
            "{MANIFEST}: the archive is cut off in this file"
        );
        self.manifest = ArchiveManifest::parse(&bytes).map_err(|e| anyhow!("{MANIFEST}: {e}"))?;
        for needed in [RECORDS, METADATA] {
            ensure!(
                self.manifest.0.contains_key(needed),
                "{MANIFEST}: does not list {needed}; give an archive that `pack` wrote"
            );
        }
        fs::write(self.place(path)?, &bytes)?;
        self.bytes += size;
        Ok(())
    }

    /// Where a file is written. There are no links in the folder, so it is inside.
    fn place(&self, path: &str) -> anyhow::Result<PathBuf> {
        let place = self.folder.join(path);
        if let Some(folder) = place.parent() {
            fs::create_dir_all(folder).with_context(|| format!("{path}: cannot be written"))?;
        }
        Ok(place)
    }

    fn check_complete(&self) -> anyhow::Result<()> {
        ensure!(
            !self.seen.is_empty(),
            "it is empty; give an archive that `pack` wrote"
        );
        let missing = self
            .manifest
            .0
            .keys()
            .find(|path| !self.seen.contains(*path));
        if let Some(missing) = missing {
            bail!("{missing}: is listed in {MANIFEST} and missing; the archive is not complete");
        }
        Ok(())
    }
}

fn read_long_name<R: Read>(entry: &mut tar::Entry<R>) -> anyhow::Result<Vec<u8>> {
    let size = entry.size();
    ensure!(
        size <= MAX_LONG_NAME,
        "a path is longer than {MAX_LONG_NAME} bytes"
    );
    let mut name = Vec::new();
    entry.read_to_end(&mut name)?;
    if name.last() == Some(&0) {
        name.pop();
    }
    Ok(name)
}

/// Checks that only zeros follow the last entry.
fn check_end(mut rest: impl Read) -> anyhow::Result<()> {
    let mut piece = [0; 4096];
    loop {
        let read = rest.read(&mut piece).context("the archive is cut off")?;
        if read == 0 {
            return Ok(());
        }
        let zeros = piece[..read].iter().all(|byte| *byte == 0);
        ensure!(zeros, "data follows the end of the tar file");
    }
}
