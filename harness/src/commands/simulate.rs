//! `simulate`: requests over time.

use super::options::FamilyOptions;
use super::output::{CommandEnd, print, print_paths};
use super::values::{gap, positive, threshold};
use offload_bench::files::{check_folder, make_folder};
use offload_bench::studies::simulate::{
    ArrivalTimes, SimulationOptions, SimulationSetup, simulate,
};
use offload_instances::Weights;
use std::path::PathBuf;
use std::sync::Arc;

/// Simulate requests that arrive over time: plan slot by slot, and report delays and accuracy
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file whose users send the requests; or give a family
    #[arg(conflicts_with = "family", required_unless_present = "family")]
    instance: Option<PathBuf>,
    #[command(flatten)]
    family: FamilyOptions,
    /// Solvers, separated by commas; differences are relative to the first. May be repeated, also
    /// with `exec:COMMAND` or `serve:COMMAND`
    #[arg(long, required = true)]
    solver: Vec<String>,
    /// Uncertainty threshold tau, from 0 to 1
    #[arg(long, value_parser = threshold)]
    threshold: f64,
    /// Weights v_i: uncertainty or uniform
    #[arg(long, default_value_t = Weights::Uncertainty)]
    weights: Weights,
    /// Requests per second of a Poisson process
    #[arg(long, value_name = "R", value_parser = positive, allow_negative_numbers = true, conflicts_with = "times", required_unless_present = "times")]
    rate: Option<f64>,
    /// CSV file with the arrival times (seconds or dates), instead of --rate
    #[arg(long, value_name = "FILE")]
    times: Option<PathBuf>,
    /// Column of the arrival times
    #[arg(long, value_name = "NAME", default_value = "time_s")]
    time_column: String,
    /// Speed-up of the arrivals relative to the file
    #[arg(long, value_name = "X", value_parser = positive, allow_negative_numbers = true, default_value_t = 1.0)]
    speed: f64,
    /// Length of a slot, s; requests wait for its end and are planned together
    #[arg(long, value_name = "S", value_parser = positive, allow_negative_numbers = true, default_value_t = 0.1)]
    slot: f64,
    /// Number of slots
    #[arg(long, value_name = "N", default_value_t = 100)]
    slots: usize,
    /// Number of initial slots excluded from the figures
    #[arg(long, value_name = "N", default_value_t = 0)]
    warmup: usize,
    /// Independent replications, with seeds SEED, SEED + 1, ...; intervals are over them
    #[arg(long, value_name = "N", default_value_t = 10)]
    replications: u64,
    /// Seed of the population, the arrivals and the solvers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Minimum share of its capacity that a server offers to new requests
    #[arg(long, value_name = "SHARE", value_parser = positive, allow_negative_numbers = true, default_value_t = 0.05)]
    floor: f64,
    /// Relative gap at which exact solvers may stop
    #[arg(long, value_name = "G", default_value = "1e-2", value_parser = gap)]
    gap: f64,
    /// Replications in parallel
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Folder for simulation.json, summary.csv, slots.csv and simulation.svg; created if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    check_folder(&a.output)?;
    let options = SimulationOptions {
        solvers: a.solver.clone(),
        arrivals: ArrivalTimes::of(a.rate, a.times.as_deref(), &a.time_column)?,
        speed: a.speed,
        warmup: a.warmup,
        replications: a.replications,
        seed: a.seed,
        threads: a.threads,
    };
    let setup = SimulationSetup {
        pool: Arc::new(a.family.one(a.instance.as_deref(), a.seed)?),
        threshold: a.threshold,
        weights: a.weights,
        slot_s: a.slot,
        slots: a.slots,
        floor: a.floor,
        gap: a.gap,
    };
    let simulation = simulate(setup, options)?;
    make_folder(&a.output)?;
    print(&simulation.table())?;
    print_paths(&simulation.write(&a.output)?)?;
    Ok(CommandEnd::Done)
}
