//! `run`: a campaign.

use super::{make_folder, print, tell};
use crate::{Verdict, campaign, config::Config};
use anyhow::Context;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Run a campaign: instances x thresholds x solvers; resumes where it stopped
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration (offload-config/1, TOML)
    config: PathBuf,
    /// The campaign's folder; made if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let config = Config::read(&a.config)?;
    let tasks = campaign::tasks(&config).with_context(|| a.config.display().to_string())?;
    make_folder(&a.output)?;
    let last = Mutex::new(Instant::now());
    let progress = |done: usize, of: usize| {
        let Ok(mut last) = last.lock() else { return };
        if done == of || last.elapsed() > Duration::from_secs(10) {
            *last = Instant::now();
            tell(&format!("{done} of {of}"));
        }
    };
    let summary = campaign::run(&config, &tasks, &a.output, &progress)?;
    let folder = a.output.display();
    print(&format!(
        "{} new records, {} were there already, in {folder}; next: offload-bench report {folder}",
        summary.new, summary.kept
    ))?;
    Ok(Verdict::Done)
}
