//! `run`: a campaign.

use super::output::{CommandEnd, print, tell};
use super::redo::config_and_redo;
use super::values::seconds;
use anyhow::Context;
use offload_bench::campaign::config::Config;
use offload_bench::campaign::forecast::forecast;
use offload_bench::campaign::matrix::{self, Shard};
use offload_bench::campaign::outdated::{RecordComparison, survey};
use offload_bench::campaign::run::{CampaignJob, ShowProgress, run as run_job};
use offload_bench::files::make_folder;
use offload_bench::stop::StopSignal;
use std::path::PathBuf;
use std::time::Duration;

/// Run a campaign: instances x thresholds x solvers; resumes where it stopped
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration (offload-config/1, TOML)
    #[arg(required_unless_present = "redo")]
    config: Option<PathBuf>,
    /// Folder of the campaign; created if missing
    #[arg(short, long, value_name = "DIR", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Print what would be solved and an estimate of its duration, and of the folder how many rows
    /// exist, are missing and are outdated; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Solve only shard k of n; `merge` combines the shards
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Remove outdated records (other solver version, options or instance) and solve them again;
    /// with the name of a solver, all of its records. May be repeated
    #[arg(long, value_name = "SOLVER", num_args = 0..=1, default_missing_value = "")]
    redo: Vec<String>,
    /// Show no progress
    #[arg(long)]
    quiet: bool,
    /// Wait this long for another run in the folder to end, such as one that is being stopped;
    /// default: do not wait
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    wait: Option<Duration>,
    /// Folder that the configuration's paths are relative to; default: the configuration's folder
    #[arg(long, value_name = "DIR")]
    relative_to: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let (path, redo) = config_and_redo(a.config.as_deref(), &a.redo)?;
    let config = Config::read(&path, a.relative_to.as_deref())?;
    let mut groups = matrix::groups(&config, &tell).with_context(|| path.display().to_string())?;
    if let Some(shard) = a.shard {
        groups = matrix::shard(&groups, shard);
    }
    if a.dry_run {
        print(&forecast(&config, &groups)?)?;
        if let Some(folder) = a.output.as_ref().filter(|folder| folder.exists()) {
            let comparison = RecordComparison {
                config: &config,
                groups: &groups,
                folder,
                redo: &redo,
                notify: &tell,
            };
            print(&survey(&comparison)?.describe(folder))?;
        }
        return Ok(CommandEnd::Done);
    }
    let folder = a.output.as_ref().context("give a folder with -o")?;
    make_folder(folder)?;
    let job = CampaignJob {
        config: &config,
        groups: &groups,
        shard: a.shard,
        folder,
        redo,
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
    let next = match summary.stopped {
        Some(_) => "stopped; run the same command again to resume".to_string(),
        None if a.shard.is_some() => {
            "next: offload-bench merge, when all shards are done".to_string()
        }
        None => format!("next: offload-bench report {folder}"),
    };
    print(&format!("{}, in {folder}; {next}", summary.describe()))?;
    summary.failures.lines().iter().try_for_each(|l| print(l))?;
    Ok(summary
        .stopped
        .map_or(CommandEnd::Done, CommandEnd::Stopped))
}
