//! `check`: the CI gate.

use super::output::{CommandEnd, print};
use offload_bench::gates::input::{CheckInput, check_campaign, prepare_outputs};
use offload_bench::gates::{Gates, output};
use offload_instances::files::write_bytes;
use std::path::{Path, PathBuf};

/// Check a campaign's records against gates. Exit code 0: all gates hold; 1: a gate fails; 2: the
/// check could not be made
#[derive(clap::Args)]
pub struct Arguments {
    /// The campaign's folder
    folder: PathBuf,
    /// The gates (TOML, offload-gates/1)
    #[arg(long, value_name = "FILE")]
    gates: PathBuf,
    /// Folder of an earlier campaign, for gates that compare with a baseline
    #[arg(long, value_name = "DIR")]
    baseline: Option<PathBuf>,
    /// Re-check the campaign from its instances: nothing may be refuted
    #[arg(long)]
    verify: bool,
    /// Write the verdict as Markdown to this file, for a CI summary
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Write the verdict as JUnit XML to this file
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let gates = Gates::read(&a.gates)?;
    if let (Some(gate), None) = (gates.needs_baseline(), &a.baseline) {
        anyhow::bail!(
            "{}: gate \"{}\" compares with an earlier campaign; give its folder with --baseline \
             DIR",
            a.gates.display(),
            gate.name
        );
    }
    let outputs: Vec<&Path> = paths(&a.markdown).chain(paths(&a.junit)).collect();
    let campaigns: Vec<&Path> = [a.folder.as_path()]
        .into_iter()
        .chain(paths(&a.baseline))
        .collect();
    prepare_outputs(&outputs, &a.gates, &campaigns)?;
    let input = CheckInput {
        folder: &a.folder,
        baseline: a.baseline.as_deref(),
        recheck: a.verify,
    };
    let findings = check_campaign(&gates, input)?;
    for path in paths(&a.markdown) {
        write_bytes(path, output::markdown(&findings).as_bytes())?;
    }
    for path in paths(&a.junit) {
        write_bytes(path, output::junit(&findings).as_bytes())?;
    }
    print(&output::console(&findings))?;
    Ok(CommandEnd::of(output::holds(&findings)))
}

fn paths(given: &Option<PathBuf>) -> impl Iterator<Item = &Path> {
    given.iter().map(PathBuf::as_path)
}
