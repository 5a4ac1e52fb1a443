//! Writes the archive of a campaign. The same campaign gives the same bytes.

use super::contents::{CampaignFacts, collect};
use super::crate_metadata::describe;
use super::job::PackJob;
use super::layout::{MANIFEST, METADATA, TOP};
use super::manifest::ArchiveManifest;
use super::staging::Staging;
use crate::files::check_target;
use anyhow::Context;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Level of compression. Plans and numbers hardly shrink further at higher levels, which take much
/// longer.
const LEVEL: i32 = 12;

/// Time of change of every file: 1980-01-01, s. Some programs warn about earlier times.
const CHANGED_S: u64 = 315_532_800;

/// Counts of an archive.
pub struct PackSummary {
    /// Number of records.
    pub records: usize,
    /// Number of instances.
    pub instances: usize,
    /// Number of certificates.
    pub certificates: usize,
    /// Number of files of external solvers.
    pub solver_files: usize,
    /// Size of all files, bytes.
    pub unpacked_bytes: u64,
    /// Size of the archive, bytes.
    pub packed_bytes: u64,
}

/// Packs a campaign. The archive is written whole or not at all.
///
/// # Errors
/// If the campaign is being run or is not complete, or a file cannot be read or written.
pub fn pack(job: &PackJob) -> anyhow::Result<PackSummary> {
    check_target(job.output)?;
    let beside = job.output.parent().filter(|p| !p.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    let mut staging = Staging::new(beside)?;
    let facts = collect(job, &mut staging)?;
    let metadata = describe(&job.about, &facts, &staging.files)?;
    staging.add_text(METADATA, &metadata)?;
    let hashes = staging.files.iter();
    let manifest = ArchiveManifest(hashes.map(|(path, f)| (path.clone(), f.hash)).collect());
    staging.add_text(MANIFEST, &manifest.text())?;
    let packed_bytes = write(job.output, beside, &staging)
        .with_context(|| format!("{}: was not written", job.output.display()))?;
    Ok(summary(&facts, &staging, packed_bytes))
}

fn summary(facts: &CampaignFacts, staging: &Staging, packed_bytes: u64) -> PackSummary {
    PackSummary {
        records: facts.records,
        instances: facts.instances,
        certificates: facts.certificates,
        solver_files: facts.solver_files,
        unpacked_bytes: staging.files.values().map(|f| f.bytes).sum(),
        packed_bytes,
    }
}

/// Writes the archive to a temporary file and renames it. Returns its size.
fn write(output: &Path, beside: &Path, staging: &Staging) -> anyhow::Result<u64> {
    use std::os::unix::fs::PermissionsExt;
    let file = tempfile::Builder::new()
        .prefix(".offload-")
        .permissions(std::fs::Permissions::from_mode(0o666))
        .tempfile_in(beside)?;
    let mut encoder = zstd::Encoder::new(BufWriter::new(file.as_file()), LEVEL)?;
    encoder.include_checksum(true)?;
    let mut builder = tar::Builder::new(encoder);
    // The manifest first: a reader then checks each file when it meets it.
    let rest = staging.files.keys().map(String::as_str);
    for path in [MANIFEST]
        .into_iter()
        .chain(rest.filter(|path| *path != MANIFEST))
    {
        append(&mut builder, staging, path)?;
    }
    let mut buffer = builder.into_inner()?.finish()?;
    buffer.flush()?;
    drop(buffer);
    file.as_file().sync_all()?;
    let size = file.as_file().metadata()?.len();
    file.persist(output)?;
    Ok(size)
}

fn append<W: Write>(
    builder: &mut tar::Builder<W>,
    staging: &Staging,
    path: &str,
) -> anyhow::Result<()> {
    let staged = &staging.files[path];
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(tar::EntryType::Regular);
    header.set_size(staged.bytes);
    header.set_mode(if staged.is_executable { 0o755 } else { 0o644 });
    header.set_mtime(CHANGED_S);
    header.set_uid(0);
    header.set_gid(0);
    staging.with_content(path, &mut |content| {
        builder.append_data(&mut header, format!("{TOP}{path}"), content)
    })
}
