//! `reproduce`: the paper's experiment, and what it says to the claims of the abstract.

use super::output::{CommandEnd, print, print_paths, tell};
use super::values::{gap, seconds};
use anyhow::ensure;
use offload_bench::files::{check_folder, check_target, is_same, make_folder};
use offload_bench::stop::StopSignal;
use offload_bench::studies::reproduce::{ReproduceOptions, reproduce};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Repeat the paper's experiment beside its published means, certify gaps, and judge the abstract's
/// claims
#[derive(clap::Args)]
pub struct Arguments {
    /// Runs for each of the 8 numbers of users, at 5 thresholds with 5 methods each
    #[arg(long, value_name = "R", default_value_t = 500)]
    runs: usize,
    /// Draw the servers' capacities anew for every method and threshold, as the published
    /// comparison does; otherwise all share a run's instance
    #[arg(long)]
    unpaired: bool,
    /// Runs of them whose problems are solved exactly, for certified gaps; 0 leaves that out
    #[arg(long, value_name = "R", default_value_t = 5)]
    exact_runs: usize,
    /// Relative gap at which the exact solver may stop
    #[arg(long, value_name = "G", default_value = "1e-3", value_parser = gap, allow_negative_numbers = true)]
    gap: f64,
    /// Time limit of each exact solve, s; a bound that it cuts short depends on the machine
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds, allow_negative_numbers = true)]
    time_limit: Duration,
    /// Runs at the same time; all cores by default. Results do not depend on it
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Write the page of findings to this file too, its figures into `figures` beside it
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
    /// Folder to write into; made if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let options = ReproduceOptions {
        runs: a.runs,
        unpaired: a.unpaired,
        exact_runs: a.exact_runs.min(a.runs),
        gap: a.gap,
        time_limit: a.time_limit,
        threads: a.threads,
    };
    options.check()?;
    check_folder(&a.output)?;
    if let Some(page) = &a.findings {
        check_page(page, &a.output)?;
    }
    make_folder(&a.output)?;
    let stop = StopSignal::listen()?;
    let Some(reproduction) = reproduce(&options, &stop, &tell)? else {
        tell("stopped: nothing is written");
        return Ok(stop.asked().map_or(CommandEnd::Done, CommandEnd::Stopped));
    };
    print(&reproduction.summary())?;
    print_paths(&reproduction.write(&a.output)?)?;
    if let Some(path) = &a.findings {
        print_paths(&[reproduction.write_findings(path)?])?;
    }
    Ok(CommandEnd::Done)
}

/// Makes sure that the page of findings replaces nothing else.
fn check_page(page: &Path, output: &Path) -> anyhow::Result<()> {
    // Where the page's folder is not there yet it is not the output folder either.
    let folder = page
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    ensure!(
        !is_same(folder, output),
        "--findings {}: lies in the output folder, which gets this page anyway; leave it out",
        page.display()
    );
    check_target(page)?;
    let figures = folder.join("figures");
    ensure!(
        !figures.exists() || figures.is_dir(),
        "{}: is not a folder, but the page's figures go there; move it",
        figures.display()
    );
    Ok(())
}
