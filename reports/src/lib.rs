//! What it means: from a campaign's records to gap statistics, tables and plots.
//!
//! [`record`] reads `records.jsonl`, [`gaps`] finds each problem's bounds and each plan's gap, [`tables`] aggregates
//! them, and [`markdown`], [`plots`] and [`console`] show them. [`write_report`] does all of it. Nothing here knows a
//! solver or a model: a report can be made from records alone, on any machine, and the same records give the same
//! bytes whatever their order.

pub mod bootstrap;
pub mod comparisons;
pub mod console;
mod csv_files;
pub mod curves;
pub mod environment;
mod error;
mod finding;
pub mod gaps;
pub mod markdown;
pub mod order;
pub mod paired;
pub mod plots;
pub mod record;
pub mod reproduce;
#[cfg(test)]
mod samples;
pub mod scaling;
pub mod stats;
pub mod style;
mod svg;
pub mod tables;
mod text;
pub mod uncertainty;

pub use console::console_table;
pub use environment::{Environment, read_environments};
pub use error::{LineFault, ReportError};
pub use record::{Loaded, Realised, Record, Status, Trust, read_records};

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Writes `report.md`, `gaps.csv` (a row per record), `summary.csv` (a row per solver and kind of problem),
/// `gap-vs-users.svg` and `runtime-vs-users.svg` into `folder`, which is made if it is not there. Each file is written
/// whole or not at all. Returns the paths, the report first.
///
/// # Errors
/// [`ReportError::Io`], naming the file.
pub fn write_report(records: &[Record], folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    std::fs::create_dir_all(folder).map_err(|e| ReportError::io(folder, "make the folder", e))?;
    let analysis = gaps::analyse(records);
    let summary = tables::aggregate(&analysis, tables::Size::of);
    let files = [
        ("report.md", markdown::report(&analysis)),
        ("gaps.csv", csv_files::gaps(&analysis)),
        ("summary.csv", csv_files::summary(&analysis)),
        (markdown::GAP_FIGURE, plots::gap_figure(&summary)),
        (markdown::RUNTIME_FIGURE, plots::runtime_figure(&summary)),
    ];
    files.iter().map(|(name, text)| write_whole(&folder.join(name), text.as_bytes())).collect()
}

/// Writes beside the target, then renames over it: a crash leaves the old file or the new one, never half of one.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<PathBuf, ReportError> {
    let fail = |e| ReportError::io(path, "write", e);
    let mut builder = tempfile::Builder::new();
    set_ordinary_mode(&mut builder);
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = builder.prefix(".offload-").tempfile_in(folder).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
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

#[cfg(test)]
mod tests;
