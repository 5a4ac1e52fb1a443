//! What a check reads, and what it must not overwrite.

use crate::campaign::certificates::CERTIFICATES;
use crate::campaign::matrix;
use crate::files::{check_distinct, check_target, is_same, read_campaign};
use crate::gates::Gates;
use crate::gates::judge::{Finding, judge};
use crate::process::solver::catalogue;
use anyhow::{Context, ensure};
use offload_reports::Record;
use offload_reports::analysis::baseline::pair;
use offload_reports::analysis::gaps::analyse;
use offload_reports::records::environment::{ENVIRONMENTS, read_environments};
use offload_reports::records::record::RECORDS;
use std::path::{Path, PathBuf};

/// Holds a campaign against gates, alone or beside an earlier one.
///
/// # Errors
/// When a campaign cannot be read whole, or a gate compares and no baseline is given.
pub fn check_campaign(
    folder: &Path,
    gates: &Gates,
    baseline: Option<&Path>,
) -> anyhow::Result<Vec<Finding>> {
    let records = complete(folder)?;
    let expected = matrix::expected_rows(&read_environments(folder)?);
    let earlier = baseline.map(complete).transpose()?;
    let catalogue = catalogue();
    let pairing = earlier
        .as_ref()
        .map(|earlier| pair(&records, earlier, &catalogue));
    let analysis = analyse(&records, &catalogue);
    Ok(judge(gates, &analysis, expected, pairing.as_ref()))
}

/// Makes sure that what is written replaces nothing that is read, and removes earlier verdicts: an
/// old one must not be taken for this run's when this run comes to none.
///
/// # Errors
/// When an output is no ordinary file, stands twice, or belongs to a campaign.
pub fn prepare_outputs(outputs: &[&Path], gates: &Path, campaigns: &[&Path]) -> anyhow::Result<()> {
    outputs.iter().try_for_each(|path| check_target(path))?;
    let read: Vec<PathBuf> = campaigns
        .iter()
        .flat_map(|folder| [RECORDS, ENVIRONMENTS].map(|name| folder.join(name)))
        .collect();
    // The two campaigns may well be one: that is a way to try the gates.
    for &path in outputs {
        for known in read.iter().map(PathBuf::as_path).chain([gates]) {
            check_distinct(&[known, path])?;
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        let own = read
            .iter()
            .any(|file| is_same(&file.with_file_name(CERTIFICATES), folder));
        ensure!(
            !own,
            "{}: lies among a campaign's certificates; choose another place",
            path.display()
        );
    }
    check_distinct(outputs)?;
    for path in outputs.iter().filter(|p| p.exists()) {
        std::fs::remove_file(path)
            .with_context(|| format!("{}: cannot remove the earlier verdict", path.display()))?;
    }
    Ok(())
}

/// The records of a campaign that was not cut off: a gate must not hold for want of the row that
/// breaks it.
fn complete(folder: &Path) -> anyhow::Result<Vec<Record>> {
    let loaded = read_campaign(folder)?;
    ensure!(
        !loaded.torn,
        "{}: the last line is cut off; run the campaign again to complete it",
        folder.join(RECORDS).display()
    );
    ensure!(
        loaded.contradicting == 0,
        "{}: holds {} solves twice, with different results; remove one of each, or run the \
         campaign in a new folder",
        folder.join(RECORDS).display(),
        loaded.contradicting
    );
    Ok(loaded.records)
}
