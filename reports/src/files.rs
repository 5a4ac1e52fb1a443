//! Files that are written whole or not at all, and the one function that makes CSV.

use crate::error::ReportError;
use std::fmt::Debug;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

/// Folder of a report's figures.
pub const FIGURES: &str = "figures";

/// Writes a text into `folder`, which is made if it is missing.
pub(crate) fn write_under(folder: &Path, name: &str, text: &str) -> Result<PathBuf, ReportError> {
    write_file(&folder.join(name), text)
}

/// Writes texts by name into `folder`, which is made if it is missing; returns their paths.
pub(crate) fn write_all(
    folder: &Path,
    files: &[(&str, String)],
) -> Result<Vec<PathBuf>, ReportError> {
    let write = |(name, text): &(&str, String)| write_under(folder, name, text);
    files.iter().map(write).collect()
}

/// Writes a text; folders on the way are made if they are missing.
pub(crate) fn write_file(path: &Path, text: &str) -> Result<PathBuf, ReportError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|e| ReportError::io(folder, "make the folder", e))?;
    }
    write_with(path, |out| out.write_all(text.as_bytes()))
}

/// Writes beside the target, then renames over it: a crash leaves the old file or the new one,
/// never half of one.
pub(crate) fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<PathBuf, ReportError> {
    let fail = |e| ReportError::io(path, "write", e);
    let mut builder = tempfile::Builder::new();
    set_ordinary_mode(&mut builder);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let file = builder.prefix(".offload-").tempfile_in(folder);
    let mut file = file.map_err(fail)?;
    let mut out = BufWriter::new(&mut file);
    fill(&mut out).map_err(fail)?;
    out.flush().map_err(fail)?;
    drop(out);
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|e| fail(e.error))?;
    Ok(path.to_path_buf())
}

/// Temporary files are private by default; the finished file should be as readable as any other.
#[cfg(unix)]
fn set_ordinary_mode(builder: &mut tempfile::Builder) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn set_ordinary_mode(_: &mut tempfile::Builder) {}

/// Writes CSV row by row.
pub(crate) fn write_csv<'a>(
    out: &mut dyn Write,
    header: impl IntoIterator<Item = &'a str>,
    rows: impl Iterator<Item = Vec<String>>,
) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.flush()
}

/// CSV as text.
pub(crate) fn csv_text(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut bytes = Vec::new();
    // Writing to memory does not fail, and every row is as long as the header.
    let _ = write_csv(&mut bytes, header.iter().copied(), rows);
    String::from_utf8(bytes).unwrap_or_default()
}

/// A value with all its digits (`{:?}` is the shortest text that reads back bit for bit); empty for
/// none.
pub(crate) fn full<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| format!("{v:?}"))
}
