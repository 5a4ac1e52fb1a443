//! `run`: a campaign.

use super::output::{CommandEnd, print, tell};
use super::values::seconds;
use anyhow::Context;
use offload_bench::campaign::config::Config;
use offload_bench::campaign::forecast::forecast;
use offload_bench::campaign::matrix::{self, Shard};
use offload_bench::campaign::run::{CampaignJob, ShowProgress, run as run_job};
use offload_bench::files::make_folder;
use offload_bench::stop::StopSignal;
use std::path::PathBuf;
use std::time::Duration;

/// Run a campaign: instances x thresholds x solvers; resumes where it stopped
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration (offload-config/1, TOML)
    config: PathBuf,
    /// The campaign's folder; made if missing
    #[arg(short, long, value_name = "DIR", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Print what would be solved, how much it is and how long it may take; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Only part k of n, to be put together by `merge`
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Remove records that would be made differently now (solver version, options, instance) and
    /// solve them again
    #[arg(long)]
    redo: bool,
    /// Show no progress while it runs
    #[arg(long)]
    quiet: bool,
    /// Wait that long for another run in the folder to end, such as one that is just being killed;
    /// default: not at all
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    wait: Option<Duration>,
    /// Folder that the configuration's paths are relative to; default: its own
    #[arg(long, value_name = "DIR")]
    relative_to: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let config = Config::read(&a.config, a.relative_to.as_deref())?;
    let mut groups =
        matrix::groups(&config, &tell).with_context(|| a.config.display().to_string())?;
    if let Some(shard) = a.shard {
        groups = matrix::shard(&groups, shard);
    }
    if a.dry_run {
        print(&forecast(&config, &groups)?)?;
        return Ok(CommandEnd::Done);
    }
    let folder = a.output.as_ref().context("give a folder with -o")?;
    make_folder(folder)?;
    let job = CampaignJob {
        config: &config,
        groups: &groups,
        shard: a.shard,
        folder,
        redo: a.redo,
        progress: if a.quiet {
            ShowProgress::No
        } else {
            ShowProgress::Yes
        },
        patience: a.wait.unwrap_or_default(),
        notify: &tell,
    };
    let summary = run_job(&job, &StopSignal::listen()?)?;
    let folder = folder.display();
    let removed = match summary.removed {
        0 => String::new(),
        n => format!(" ({n} made differently were removed)"),
    };
    let next = match summary.stopped {
        Some(_) => "stopped; the same command goes on".to_string(),
        None if a.shard.is_some() => {
            "next: offload-bench merge, when all shards are done".to_string()
        }
        None => format!("next: offload-bench report {folder}"),
    };
    print(&format!(
        "{} new records, {} were there already{removed}, in {folder}; {next}",
        summary.new, summary.kept
    ))?;
    Ok(summary
        .stopped
        .map_or(CommandEnd::Done, CommandEnd::Stopped))
}
