//! Measures what `reproduce` reports: the paper's runs, exact solves of some of them, running
//! times, and the margin in a measured trace.

mod bounds;
mod margin;
mod runs;
mod setup;
mod times;

pub use setup::MOST_RUNS;

use crate::notice::Notify;
use crate::process::solver::catalogue;
use crate::stop::StopSignal;
use anyhow::ensure;
use bounds::BoundBudget;
use offload_reports::reproduce::{Experiment, Reproduction, Setup};
use std::time::Duration;

/// Size and accuracy of the experiment.
#[derive(Clone, Debug)]
pub struct ReproduceOptions {
    /// Runs for each number of users, 2 to [`MOST_RUNS`].
    pub runs: usize,
    /// Whether the servers' capacities are drawn anew for every method and threshold, as in the
    /// published comparison.
    pub unpaired: bool,
    /// Number of runs whose problems are also solved exactly.
    pub exact_runs: usize,
    /// Relative gap at which the exact solver may stop.
    pub gap: f64,
    /// Time limit of each exact solve.
    pub time_limit: Duration,
    /// Runs in parallel, 1 to 1024; `None` = all cores.
    pub threads: Option<usize>,
}

impl ReproduceOptions {
    /// Checks that the numbers are within their ranges.
    ///
    /// # Errors
    /// Names the option that is out of range.
    pub fn check(&self) -> anyhow::Result<()> {
        // At least two, because one run has no interval.
        ensure!(
            (2..=MOST_RUNS).contains(&self.runs),
            "--runs {}: give a whole number from 2 to {MOST_RUNS}",
            self.runs
        );
        let threads = self.threads.unwrap_or(1);
        ensure!(
            (1..=1024).contains(&threads),
            "--threads {threads}: give a whole number from 1 to 1024"
        );
        Ok(())
    }

    fn setup(&self) -> Setup {
        let time_limit_s = self.time_limit.as_secs_f64();
        let unpaired = if self.unpaired { " --unpaired" } else { "" };
        Setup {
            command: format!(
                "offload-bench reproduce --runs {}{unpaired} --exact-runs {} --gap {} \
                 --time-limit {time_limit_s}",
                self.runs, self.exact_runs, self.gap
            ),
            version: env!("CARGO_PKG_VERSION").into(),
            runs: self.runs,
            exact_runs: self.exact_runs,
            paired: !self.unpaired,
            gap: self.gap,
            time_limit_s,
        }
    }
}

/// Repeats the paper's experiment, certifies gaps on some of its runs, and measures times; `None`
/// if a stop was requested.
///
/// # Errors
/// If a solver fails, a certificate is refused, or a plan is below its bound. The text names the
/// instance.
pub fn reproduce(
    options: &ReproduceOptions,
    stop: &StopSignal,
    notify: Notify,
) -> anyhow::Result<Option<Reproduction>> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads.unwrap_or(0))
        .build()?;
    let setup = options.setup();
    notify(&format!("{} runs of the paper's methods ...", setup.runs));
    let Some(runs) = pool.install(|| runs::runs(setup.runs, options.unpaired, stop))? else {
        return Ok(None);
    };
    notify(&format!("exact solves of {} runs ...", setup.exact_runs));
    let budget = BoundBudget {
        gap: options.gap,
        time: options.time_limit,
    };
    let Some(exact) = pool.install(|| bounds::bounds(setup.exact_runs, budget, stop))? else {
        return Ok(None);
    };
    notify("times and the margin ...");
    let Some(times) = times::times(stop)? else {
        return Ok(None);
    };
    let experiment = Experiment {
        setup,
        runs,
        exact,
        times: Some(times),
        margin: Some(margin::margin()?),
    };
    Ok(Some(
        pool.install(|| Reproduction::of(experiment, &catalogue())),
    ))
}
