//! What it means: from a campaign's records to gap statistics, tables and plots.
//!
//! [`record`] reads `records.jsonl`, [`gaps`] finds each problem's bounds and each plan's gap,
//! [`tables`] and [`comparisons`] aggregate them into a [`Study`], [`baseline`] pairs a campaign
//! with an earlier one, [`compare`] puts two campaigns side by side, and [`write_report`] and
//! [`console_table`] show a study as Markdown, HTML, LaTeX, CSV and figures. Nothing here knows a
//! solver or a model: a report can be made from records alone, on any machine, and the same records
//! give the same bytes whatever their order.

pub mod baseline;
pub mod bootstrap;
mod campaign_figures;
pub mod compare;
pub mod comparisons;
pub mod console;
mod csv_files;
pub mod curves;
pub mod environment;
mod error;
mod escape;
pub mod figures;
mod finding;
pub mod gaps;
mod html;
mod latex;
pub mod markdown;
mod methods;
pub mod order;
pub mod paired;
pub mod record;
pub mod reproduce;
mod rich;
#[cfg(test)]
mod samples;
pub mod scaling;
pub mod stats;
pub mod study;
pub mod tables;
pub mod text;
pub mod uncertainty;

pub use console::console_table;
pub use environment::{Environment, read_environments};
pub use error::{LineFault, ReportError};
pub use escape::xml as escape_xml;
pub use record::{Loaded, Realised, Record, Status, Trust, read_records};
pub use study::Study;

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Writes a campaign's report into `folder`, which is made if it is not there: `report.md`,
/// `report.html` (one page, nothing fetched), `gaps.csv` (a row per record), `summary.csv` (a row
/// per solver and kind of problem), `pairs.csv`, `growth.csv`, `paper.tex` with `tables/*.tex`, and
/// each figure as `figures/NAME.svg`, `.tex` (pgfplots) and `.csv` (every number drawn). Each file
/// is written whole or not at all. Returns the paths of those in `folder` itself, the reports
/// first.
///
/// # Errors
/// [`ReportError::Io`], naming the file.
pub fn write_report(study: &Study, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    // The row of every record takes as long as all the rest.
    let (rows, rest) = rayon::join(
        || {
            write_with(&folder.join("gaps.csv"), |out| {
                csv_files::write_gaps(&study.analysis, out)
            })
        },
        || write_summaries(study, folder),
    );
    let mut paths = rest?;
    paths.insert(3, rows?);
    Ok(paths)
}

/// Everything but the row of every record.
fn write_summaries(study: &Study, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let figures = campaign_figures::figures(study);
    for (name, text) in latex::tables(study) {
        write_under(&folder.join("tables"), name, &text)?;
    }
    for figure in &figures {
        for (ending, text) in [
            ("svg", figure.svg()),
            ("tex", figure.tex()),
            ("csv", figure.csv()),
        ] {
            write_under(
                &folder.join(FIGURES),
                &format!("{}.{ending}", figure.name()),
                &text,
            )?;
        }
    }
    let files = [
        ("report.md", markdown::report(study, &figures)),
        ("report.html", html::page(study, &figures)),
        ("paper.tex", latex::paper(study, &figures)),
        ("summary.csv", csv_files::summary(study)),
        ("pairs.csv", csv_files::pairs(study)),
        ("growth.csv", csv_files::growth(study)),
    ];
    files
        .iter()
        .map(|(name, text)| write_under(folder, name, text))
        .collect()
}

/// Folder of a report's figures.
pub const FIGURES: &str = "figures";

fn write_under(folder: &Path, name: &str, text: &str) -> Result<PathBuf, ReportError> {
    std::fs::create_dir_all(folder).map_err(|e| ReportError::io(folder, "make the folder", e))?;
    write_whole(&folder.join(name), text.as_bytes())
}

fn write_whole(path: &Path, bytes: &[u8]) -> Result<PathBuf, ReportError> {
    write_with(path, |out| out.write_all(bytes))
}

/// Writes beside the target, then renames over it: a crash leaves the old file or the new one,
/// never half of one.
fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
) -> Result<PathBuf, ReportError> {
    let fail = |e| ReportError::io(path, "write", e);
    let mut builder = tempfile::Builder::new();
    set_ordinary_mode(&mut builder);
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut file = builder
        .prefix(".offload-")
        .tempfile_in(folder)
        .map_err(fail)?;
    let mut out = std::io::BufWriter::new(&mut file);
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

#[cfg(test)]
mod tests;
