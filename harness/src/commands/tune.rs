//! `tune`: the threshold and the weights for a target.

use super::options::FamilyOptions;
use super::output::{CommandEnd, print, print_paths, tell};
use super::values::{gap, positive};
use anyhow::{Context, ensure};
use offload_bench::files::{check_folder, make_folder, read_instance};
use offload_bench::studies::tune::{Delay, TuneOptions, tune};
use offload_instances::Weights;
use offload_reports::tune::TuneTarget;
use std::path::PathBuf;

/// Find the threshold and the weights that reach a target accuracy or delay at least cost
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance files; or give a family
    #[arg(conflicts_with = "family", required_unless_present = "family")]
    instances: Vec<PathBuf>,
    #[command(flatten)]
    family: FamilyOptions,
    /// Number of instances of the family, with seeds SEED, SEED + 1, ...
    #[arg(long, value_name = "C", default_value_t = 40)]
    count: u64,
    /// Target accuracy, %; the delay is minimised
    #[arg(long, value_name = "A", value_parser = positive, allow_negative_numbers = true, conflicts_with = "delay", required_unless_present = "delay")]
    accuracy: Option<f64>,
    /// Target delay, ms; the accuracy is maximised
    #[arg(long, value_name = "D", value_parser = positive, allow_negative_numbers = true)]
    delay: Option<f64>,
    /// Delay statistic of an instance
    #[arg(long, value_enum, default_value_t = Delay::Mean)]
    delay_of: Delay,
    /// Solvers, separated by commas; each gets its own choice. May be repeated, also with
    /// `exec:COMMAND` or `serve:COMMAND`
    #[arg(long, required = true)]
    solver: Vec<String>,
    /// Weights to choose from, separated by commas
    #[arg(long, value_delimiter = ',', default_values_t = [Weights::Uncertainty, Weights::Uniform])]
    weights: Vec<Weights>,
    /// Number of steps from threshold 0 to threshold 1
    #[arg(long, value_name = "N", default_value_t = 50)]
    steps: usize,
    /// Share of the instances held out to judge the choice
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    held_out: f64,
    /// Seed of the instances, the split, the intervals and the solvers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Relative gap at which exact solvers may stop
    #[arg(long, value_name = "G", default_value = "1e-2", value_parser = gap)]
    gap: f64,
    /// Problems solved in parallel
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Folder for tune.json, front.csv and front.svg; created if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let target = match a.accuracy {
        Some(accuracy) => TuneTarget::Accuracy(accuracy),
        None => TuneTarget::Delay(a.delay.context("give --accuracy or --delay")?),
    };
    let options = TuneOptions {
        solvers: a.solver.clone(),
        target,
        delay: a.delay_of,
        weights: a.weights.clone(),
        steps: a.steps,
        held_out: a.held_out,
        seed: a.seed,
        gap: a.gap,
        threads: a.threads,
    };
    let counts = 1..=1_000_000;
    ensure!(
        counts.contains(&a.count),
        "--count {}: give a whole number from 1 to 1000000",
        a.count
    );
    check_folder(&a.output)?;
    let mut instances = a.family.instances(a.seed, a.count)?;
    for path in &a.instances {
        instances.push(read_instance(path, &tell)?);
    }
    let tuning = tune(instances, options, &tell)?;
    make_folder(&a.output)?;
    print(&tuning.table())?;
    print_paths(&tuning.write(&a.output)?)?;
    if tuning.is_reached() {
        return Ok(CommandEnd::Done);
    }
    tell("the target was not reached; the table shows the closest settings");
    Ok(CommandEnd::Refuted)
}
