//! The input of a check, and protection of files that it must not overwrite.

use crate::campaign::certificates::CERTIFICATES;
use crate::campaign::matrix;
use crate::campaign::proof::{ProofOptions, prove};
use crate::files::{check_distinct, check_target, is_same, read_campaign};
use crate::gates::Gates;
use crate::gates::judge::{CampaignState, Finding, judge};
use crate::process::solver::catalogue;
use anyhow::{Context, ensure};
use offload_reports::Loaded;
use offload_reports::analysis::baseline::pair;
use offload_reports::analysis::gaps::analyse;
use offload_reports::records::environment::{ENVIRONMENTS, read_environments};
use offload_reports::records::record::RECORDS;
use std::path::{Path, PathBuf};

/// A campaign to check.
#[derive(Clone, Copy)]
pub struct CheckInput<'a> {
    /// Its folder.
    pub folder: &'a Path,
    /// Folder of the baseline campaign, if there is one.
    pub baseline: Option<&'a Path>,
    /// Whether it is re-checked from its instances.
    pub recheck: bool,
}

/// Checks a campaign against gates, with an optional baseline campaign and an optional re-check.
///
/// # Errors
/// If a campaign cannot be read completely, a gate needs a baseline and none is given, or a gate
/// needs a re-check that is not made.
pub fn check_campaign(gates: &Gates, input: CheckInput) -> anyhow::Result<Vec<Finding>> {
    let CheckInput {
        folder,
        baseline,
        recheck,
    } = input;
    if let (Some(gate), false) = (gates.needs_recheck(), recheck) {
        anyhow::bail!(
            "gate \"{}\" judges the re-check of the campaign; give --verify",
            gate.name
        );
    }
    let Loaded {
        records, not_run, ..
    } = complete(folder)?;
    // Solves that did not run are missing whether or not the configuration is known.
    let known = matrix::expected_rows(&read_environments(folder)?);
    let wanted = (!not_run.is_empty()).then_some(records.len() + not_run.len());
    let expected = known.max(wanted);
    let earlier = baseline.map(complete).transpose()?;
    let catalogue = catalogue();
    let pairing = earlier
        .as_ref()
        .map(|earlier| pair(&records, &earlier.records, &catalogue));
    let analysis = analyse(&records, &catalogue);
    let proof = recheck
        .then(|| prove(folder, ProofOptions::default()))
        .transpose()?;
    let state = CampaignState {
        expected,
        pairing: pairing.as_ref(),
        proof: proof.as_ref(),
    };
    Ok(judge(gates, &analysis, state))
}

/// Checks that the outputs overwrite no input, and removes earlier verdicts, so that an old verdict
/// is never mistaken for this run's if the run fails.
///
/// # Errors
/// If an output is not an ordinary file, is given twice, or belongs to a campaign.
pub fn prepare_outputs(outputs: &[&Path], gates: &Path, campaigns: &[&Path]) -> anyhow::Result<()> {
    outputs.iter().try_for_each(|path| check_target(path))?;
    let read: Vec<PathBuf> = campaigns
        .iter()
        .flat_map(|folder| [RECORDS, ENVIRONMENTS].map(|name| folder.join(name)))
        .collect();
    // Both campaigns may be the same folder: that is a way to try gates.
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
            "{}: is in a campaign's certificate folder; choose another path",
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

/// The records of a complete campaign. A gate must not hold because the row that violates it is
/// missing.
fn complete(folder: &Path) -> anyhow::Result<Loaded> {
    let loaded = read_campaign(folder)?;
    ensure!(
        !loaded.torn,
        "{}: the last line is incomplete; run the campaign again to complete it",
        folder.join(RECORDS).display()
    );
    ensure!(
        loaded.contradicting == 0,
        "{}: contains {} solves twice, with different results; remove one of each, or run the \
         campaign in a new folder",
        folder.join(RECORDS).display(),
        loaded.contradicting
    );
    Ok(loaded)
}
