//! `report`: gap tables and plots from a campaign, or two campaigns compared.

use super::output::{CommandEnd, print, print_paths, tell};
use offload_bench::campaign::matrix;
use offload_bench::files::{make_folder, read_campaign};
use offload_bench::process::solver::catalogue;
use offload_reports::compare::{CampaignSide, Comparison, console, write_comparison};
use offload_reports::records::record::RECORDS;
use offload_reports::{Environment, Loaded, Study};
use std::path::{Path, PathBuf};

/// Write gap tables and plots from a campaign's records, or compare two campaigns
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
    /// Folder for the comparison's files; created if missing [default: B]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// A campaign as read from its folder.
struct Campaign {
    loaded: Loaded,
    environments: Vec<Environment>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    match (&a.folder, a.compare.as_slice()) {
        // clap ignores `requires` if the required argument conflicts with one that is present.
        (Some(_), _) if a.output.is_some() => {
            anyhow::bail!("-o is only for --compare; a report is written to its campaign's folder")
        }
        (Some(folder), _) => one(folder, a.focus.as_deref()),
        (None, [first, second]) => two(first, second, a.output.as_deref().unwrap_or(second)),
        _ => anyhow::bail!("--compare takes two folders, once: --compare A B"),
    }
}

fn one(folder: &Path, focus: Option<&str>) -> anyhow::Result<CommandEnd> {
    let Campaign {
        loaded,
        environments,
    } = read(folder)?;
    let mut study = Study::of(&loaded.records, &environments, &catalogue());
    study.not_run = &loaded.not_run;
    study.expected_rows = matrix::expected_rows(&environments);
    if let Some(solver) = focus {
        let focused = study.focus_on(solver);
        focused.map_err(|e| anyhow::anyhow!("--focus {solver}: {e}"))?;
    }
    print(&offload_reports::console_table(&study))?;
    print_paths(&offload_reports::write_report(&study, folder)?)?;
    Ok(CommandEnd::Done)
}

fn two(first: &Path, second: &Path, output: &Path) -> anyhow::Result<CommandEnd> {
    let campaigns = [read(first)?, read(second)?];
    let names = [first, second].map(|folder| folder.display().to_string());
    let side = |k: usize| CampaignSide {
        name: &names[k],
        records: &campaigns[k].loaded.records,
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
    Ok(CommandEnd::Done)
}

fn read(folder: &Path) -> anyhow::Result<Campaign> {
    let loaded = read_campaign(folder)?;
    if loaded.torn {
        tell(&format!(
            "note: {}: the last line is incomplete and was ignored; run the campaign again to complete \
             it",
            folder.join(RECORDS).display()
        ));
    }
    Ok(Campaign {
        loaded,
        environments: offload_reports::read_environments(folder)?,
    })
}
