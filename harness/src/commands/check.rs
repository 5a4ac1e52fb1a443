//! `check`: the CI gate.

use super::{check_distinct, check_target, is_same, print, read_campaign};
use crate::campaign::{CERTIFICATES, RECORDS};
use crate::gates::{Gates, judge::judge, output};
use crate::solver::catalogue;
use crate::{Verdict, matrix};
use anyhow::{Context, ensure};
use offload_instances::files::write_bytes;
use offload_reports::baseline::pair;
use offload_reports::environment::{ENVIRONMENTS, read_environments};
use offload_reports::gaps::analyse;
use offload_reports::record::Record;
use std::path::{Path, PathBuf};

/// Hold a campaign's records against gates: exit code 0 when all hold, 1 when one fails, 2 when it
/// could not be told
#[derive(clap::Args)]
pub struct Arguments {
    /// The campaign's folder
    folder: PathBuf,
    /// The gates (TOML, offload-gates/1)
    #[arg(long, value_name = "FILE")]
    gates: PathBuf,
    /// Folder of an earlier campaign, for the gates that compare
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// Where to write the verdict as Markdown, for a CI summary
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Where to write the verdict as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let gates = Gates::read(&a.gates)?;
    if let (Some(gate), None) = (gates.needs_baseline(), &a.baseline) {
        anyhow::bail!(
            "{}: gate \"{}\" compares with an earlier campaign; name its folder with --baseline \
             DIR",
            a.gates.display(),
            gate.name
        );
    }
    check_outputs(a)?;
    // A verdict of an earlier run must not be taken for this one's when this one comes to none.
    for path in [&a.markdown, &a.junit]
        .into_iter()
        .flatten()
        .filter(|p| p.exists())
    {
        std::fs::remove_file(path)
            .with_context(|| format!("{}: cannot remove the earlier verdict", path.display()))?;
    }
    let records = complete(&a.folder)?;
    let expected = matrix::expected_rows(&read_environments(&a.folder)?);
    let catalogue = catalogue();
    let earlier = a.baseline.as_deref().map(complete).transpose()?;
    let pairing = earlier
        .as_ref()
        .map(|earlier| pair(&records, earlier, &catalogue));
    let findings = judge(
        &gates,
        &analyse(&records, &catalogue),
        expected,
        pairing.as_ref(),
    );
    for (path, text) in [
        (&a.markdown, output::markdown(&findings)),
        (&a.junit, output::junit(&findings)),
    ] {
        if let Some(path) = path {
            write_bytes(path, text.as_bytes())?;
        }
    }
    print(&output::console(&findings))?;
    Ok(if output::holds(&findings) {
        Verdict::Done
    } else {
        Verdict::Refuted
    })
}

/// Makes sure that what is written replaces nothing that is read.
fn check_outputs(a: &Arguments) -> anyhow::Result<()> {
    let outputs: Vec<&Path> = [&a.markdown, &a.junit]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    outputs.iter().try_for_each(|path| check_target(path))?;
    let read: Vec<PathBuf> = [Some(&a.folder), a.baseline.as_ref()]
        .into_iter()
        .flatten()
        .flat_map(|f| [RECORDS, ENVIRONMENTS].map(|name| f.join(name)))
        .collect();
    // The two campaigns may well be one: that is a way to try the gates.
    for &path in &outputs {
        for known in read.iter().map(PathBuf::as_path).chain([a.gates.as_path()]) {
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
    check_distinct(&outputs)
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
        "{}: holds {} solves twice, with different results; remove one of each, or run the campaign in a new folder",
        folder.join(RECORDS).display(),
        loaded.contradicting
    );
    Ok(loaded.records)
}
