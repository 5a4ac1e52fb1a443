//! `reproduce`: the paper's experiment, and a verdict on each claim of its abstract.

use super::output::{CommandEnd, print, print_paths, tell};
use super::values::{gap, seconds};
use anyhow::ensure;
use offload_bench::files::{check_folder, check_target, is_same, make_folder};
use offload_bench::stop::StopSignal;
use offload_bench::studies::reproduce::{ReproduceOptions, reproduce};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Repeat the paper's experiment, compare with its published means, certify gaps, and judge the
/// claims of its abstract
#[derive(clap::Args)]
pub struct Arguments {
    /// Runs for each of the 8 numbers of users, with 5 thresholds and 5 methods each
    #[arg(long, value_name = "R", default_value_t = 500)]
    runs: usize,
    /// Draw the servers' capacities anew for every method and threshold, as in the published
    /// comparison; by default all share a run's instance
    #[arg(long)]
    unpaired: bool,
    /// Number of runs whose problems are also solved exactly, for certified gaps; 0 = none
    #[arg(long, value_name = "R", default_value_t = 5)]
    exact_runs: usize,
    /// Relative gap at which the exact solver may stop
    #[arg(long, value_name = "G", default_value = "1e-3", value_parser = gap, allow_negative_numbers = true)]
    gap: f64,
    /// Time limit of each exact solve, s; a bound that stops on it depends on the machine
    #[arg(long, value_name = "S", default_value = "10", value_parser = seconds, allow_negative_numbers = true)]
    time_limit: Duration,
    /// Runs in parallel; default: all cores. Does not affect the results
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Also write the findings page to this file, with its figures in `figures` next to it
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
    /// Output folder; created if missing
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
        tell("stopped: nothing was written");
        return Ok(stop.asked().map_or(CommandEnd::Done, CommandEnd::Stopped));
    };
    print(&reproduction.summary())?;
    print_paths(&reproduction.write(&a.output)?)?;
    if let Some(path) = &a.findings {
        print_paths(&[reproduction.write_findings(path)?])?;
    }
    Ok(CommandEnd::Done)
}

/// Checks that the findings page overwrites nothing else.
fn check_page(page: &Path, output: &Path) -> anyhow::Result<()> {
    // A page folder that does not exist yet cannot be the output folder.
    let folder = page
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    ensure!(
        !is_same(folder, output),
        "--findings {}: is in the output folder, which gets this page anyway; omit it",
        page.display()
    );
    check_target(page)?;
    let figures = folder.join("figures");
    ensure!(
        !figures.exists() || figures.is_dir(),
        "{}: is not a folder, but the page's figures go there; rename it",
        figures.display()
    );
    Ok(())
}
