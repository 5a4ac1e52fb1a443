//! Two campaigns side by side, such as two versions of the program or two machines: what got better
//! or worse beyond noise.
//!
//! Solves are matched by their [`Record::key`](crate::Record::key): the same instance (by
//! fingerprint), threshold, weights, solver and seed. Both plans of a pair are compared with one
//! reference, the best lower bound that *either* campaign has of the problem, so that a campaign
//! with better bounds does not make its plans look worse. Differences are B minus A: below 0, B is
//! better.
//! `docs/src/reference/statistics.md` says how they are judged.

mod changes;
mod columns;
mod comparison;
mod matching;
mod report;
mod setup;
mod shifts;

pub use crate::statistics::paired::LEVEL;
pub use changes::{Claim, Contradiction, StatusChange};
pub use comparison::Comparison;
pub use matching::{CampaignSide, SolveState};
pub use report::console;
pub use setup::SetupDifference;
pub use shifts::{Example, ProblemPart, ShiftKey, SolverShift, TIME_FLOOR_S, TimeRatio, Verdict};

use crate::document::{html, markdown};
use crate::error::ReportError;
use crate::files::write_all;
use std::path::{Path, PathBuf};

/// Writes `compare.md`, `compare.html`, `compare.csv` (a row per solver and kind of problem) and
/// `compare-changes.csv` (a row per solve with another status) into `folder`, which is made if it
/// is missing; each whole or not at all. Returns their paths.
///
/// # Errors
/// [`ReportError::Io`], naming the file.
pub fn write_comparison(
    comparison: &Comparison,
    folder: &Path,
) -> Result<Vec<PathBuf>, ReportError> {
    let document = report::document(comparison);
    let files = [
        ("compare.md", markdown::document(&document)),
        ("compare.html", html::document(&document)),
        ("compare.csv", report::csv(comparison)),
        ("compare-changes.csv", comparison.changes_csv.clone()),
    ];
    write_all(folder, &files)
}

#[cfg(test)]
mod tests;
