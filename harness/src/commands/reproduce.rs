//! `reproduce`: the paper's experiment, and what it says to the claims of the abstract.

use super::{check_target, gap, is_same, make_folder, print, seconds, tell};
use crate::Verdict;
use crate::reproduce::{Limits, MOST_RUNS, bounds, margin, runs, times};
use crate::solver::catalogue;
use crate::stop::Stop;
use anyhow::ensure;
use offload_reports::reproduce::{Experiment, Reproduction, Setup};
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

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    check(a)?;
    make_folder(&a.output)?;
    let stop = Stop::listen()?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(a.threads.unwrap_or(0))
        .build()?;
    let Some(experiment) = measure(a, &pool, &stop)? else {
        tell("stopped: nothing is written");
        return Ok(stop.asked().map_or(Verdict::Done, Verdict::Stopped));
    };
    let reproduction = pool.install(|| Reproduction::of(experiment, &catalogue()));
    print(&reproduction.summary())?;
    for file in reproduction.write(&a.output)? {
        print(&file.display().to_string())?;
    }
    if let Some(path) = &a.findings {
        print(&reproduction.write_findings(path)?.display().to_string())?;
    }
    Ok(Verdict::Done)
}

fn check(a: &Arguments) -> anyhow::Result<()> {
    // Two, since one run has no interval.
    ensure!(
        (2..=MOST_RUNS).contains(&a.runs),
        "--runs {}: give a whole number from 2 to {MOST_RUNS}",
        a.runs
    );
    let threads = a.threads.unwrap_or(1);
    ensure!(
        (1..=1024).contains(&threads),
        "--threads {threads}: give a whole number from 1 to 1024"
    );
    ensure!(
        !a.output.is_file(),
        "{}: is a file; name a folder",
        a.output.display()
    );
    let Some(page) = a.findings.as_deref() else {
        return Ok(());
    };
    // Where the page's folder is not there yet it is not the output folder either.
    let folder = page
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    ensure!(
        !is_same(folder, &a.output),
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

/// Everything, in the order of what is of most interest; None when a stop was asked for.
fn measure(
    a: &Arguments,
    pool: &rayon::ThreadPool,
    stop: &Stop,
) -> anyhow::Result<Option<Experiment>> {
    let setup = setup(a);
    tell(&format!("{} runs of the paper's methods ...", setup.runs));
    let Some(runs) = pool.install(|| runs(setup.runs, a.unpaired, stop))? else {
        return Ok(None);
    };
    tell(&format!("exact solves of {} runs ...", setup.exact_runs));
    let limits = Limits {
        gap: a.gap,
        time: a.time_limit,
    };
    let Some(exact) = pool.install(|| bounds(setup.exact_runs, limits, stop))? else {
        return Ok(None);
    };
    tell("times and the margin ...");
    let Some(times) = times(stop)? else {
        return Ok(None);
    };
    Ok(Some(Experiment {
        setup,
        runs,
        exact,
        times: Some(times),
        margin: Some(margin()?),
    }))
}

fn setup(a: &Arguments) -> Setup {
    let time_limit_s = a.time_limit.as_secs_f64();
    let unpaired = if a.unpaired { " --unpaired" } else { "" };
    let exact_runs = a.exact_runs.min(a.runs);
    Setup {
        command: format!(
            "offload-bench reproduce --runs {}{unpaired} --exact-runs {exact_runs} --gap {} \
             --time-limit {time_limit_s}",
            a.runs, a.gap
        ),
        version: env!("CARGO_PKG_VERSION").into(),
        runs: a.runs,
        exact_runs,
        paired: !a.unpaired,
        gap: a.gap,
        time_limit_s,
    }
}
