//! `report`: gap tables and plots from a campaign, or two campaigns compared.

use super::output::{CommandEnd, print, print_paths, tell};
use offload_bench::campaign::matrix;
use offload_bench::campaign::proof::{ProofOptions, prove};
use offload_bench::display::proof::recheck;
use offload_bench::files::{make_folder, read_folder};
use offload_bench::process::solver::catalogue;
use offload_reports::Study;
use offload_reports::compare::{CampaignSide, Comparison, console, write_comparison};
use std::path::{Path, PathBuf};

/// Write gap tables and plots from a campaign's records, or compare two campaigns. Exit code 1:
/// bounds, plans or rows contradict each other
#[derive(clap::Args)]
pub struct Arguments {
    /// The campaign's folder
    #[arg(required_unless_present = "compare", conflicts_with = "compare")]
    folder: Option<PathBuf>,
    /// Make this solver the subject of the finding and of the table of pairs [default: goa]
    #[arg(long, value_name = "SOLVER", conflicts_with = "compare")]
    focus: Option<String>,
    /// Compare campaign B with the earlier campaign A: changes beyond noise
    #[arg(long, num_args = 2, value_names = ["A", "B"])]
    compare: Vec<PathBuf>,
    /// Re-check the campaign from its instances first, and show how much of it was re-checked; a
    /// refuted claim makes the exit code 1
    #[arg(long, conflicts_with = "compare")]
    verify: bool,
    /// Folder for the comparison's files; created if missing [default: B]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    match (&a.folder, a.compare.as_slice()) {
        // clap ignores `requires` if the required argument conflicts with one that is present.
        (Some(_), _) if a.output.is_some() => {
            anyhow::bail!("-o is only for --compare; a report is written to its campaign's folder")
        }
        (Some(folder), _) => one(folder, a),
        (None, [first, second]) => two(first, second, a.output.as_deref().unwrap_or(second)),
        _ => anyhow::bail!("--compare takes two folders, once: --compare A B"),
    }
}

fn one(folder: &Path, a: &Arguments) -> anyhow::Result<CommandEnd> {
    let campaign = read_folder(folder, &tell)?;
    let mut study = Study::of(&campaign.records, &campaign.environments, &catalogue());
    study.not_run = &campaign.not_run;
    study.expected_rows = matrix::expected_rows(&campaign.environments);
    if let Some(solver) = &a.focus {
        let focused = study.focus_on(solver);
        focused.map_err(|e| anyhow::anyhow!("--focus {solver}: {e}"))?;
    }
    if a.verify {
        let proved = prove(folder, ProofOptions::default())?;
        study.recheck = Some(recheck(&proved));
    }
    print(&offload_reports::console_table(&study))?;
    print_paths(&offload_reports::write_report(&study, folder)?)?;
    let contradicts = campaign.contradicting > 0 || !study.analysis.crossings.is_empty();
    let refuted = study.recheck.is_some_and(|recheck| recheck.refuted > 0);
    Ok(CommandEnd::of(!contradicts && !refuted))
}

fn two(first: &Path, second: &Path, output: &Path) -> anyhow::Result<CommandEnd> {
    let campaigns = [read_folder(first, &tell)?, read_folder(second, &tell)?];
    let names = [first, second].map(|folder| folder.display().to_string());
    let side = |k: usize| CampaignSide {
        name: &names[k],
        records: &campaigns[k].records,
        environments: &campaigns[k].environments,
    };
    let comparison = Comparison::of(&side(0), &side(1), &catalogue());
    anyhow::ensure!(
        comparison.problems[2] > 0,
        "{} and {}: have no common problem (instance, threshold, weights); compare runs of the \
         same configuration",
        names[0],
        names[1]
    );
    make_folder(output)?;
    print(&console(&comparison))?;
    print_paths(&write_comparison(&comparison, output)?)?;
    let doubled = campaigns.iter().any(|campaign| campaign.contradicting > 0);
    Ok(CommandEnd::of(
        comparison.contradictions.is_empty() && !doubled,
    ))
}
