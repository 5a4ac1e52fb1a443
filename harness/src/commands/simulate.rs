//! `simulate`: requests over time.

use super::source::{Family, positive};
use super::{gap, make_folder, print, read_instance, threshold};
use crate::Verdict;
use crate::simulate::arrivals::{self, Arrival, MOST};
use crate::simulate::report::{Report, Solver};
use crate::simulate::{Run, Scenario, run as simulate};
use crate::solver::catalogue;
use anyhow::{Context, anyhow, ensure};
use offload_instances::files::write_bytes;
use offload_instances::{Weights, fingerprint};
use rayon::prelude::*;
use serde_json::json;
use std::path::PathBuf;
use std::sync::Arc;

/// Most slots of a run.
const MOST_SLOTS: usize = 1_000_000;

/// Let requests arrive over time, plan slot after slot, and report delays and accuracy
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file whose users send the requests; or name a family
    #[arg(conflicts_with = "family", required_unless_present = "family")]
    instance: Option<PathBuf>,
    #[command(flatten)]
    family: Family,
    /// Solvers with commas between; differences are against the first
    #[arg(long, value_delimiter = ',', required = true)]
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
    /// CSV file with the times of the requests (seconds or dates), instead of --rate
    #[arg(long, value_name = "FILE")]
    times: Option<PathBuf>,
    /// Column of the times
    #[arg(long, value_name = "NAME", default_value = "time_s")]
    time_column: String,
    /// How much faster than in the file the requests come
    #[arg(long, value_name = "X", value_parser = positive, allow_negative_numbers = true, default_value_t = 1.0)]
    speed: f64,
    /// Length of a slot, s: requests wait for its end and are planned together
    #[arg(long, value_name = "S", value_parser = positive, allow_negative_numbers = true, default_value_t = 0.1)]
    slot: f64,
    /// Number of slots
    #[arg(long, value_name = "N", default_value_t = 100)]
    slots: usize,
    /// First slots that the figures leave out
    #[arg(long, value_name = "N", default_value_t = 0)]
    warmup: usize,
    /// Independent runs, with seeds SEED, SEED + 1, ...; intervals are over them
    #[arg(long, value_name = "N", default_value_t = 10)]
    replications: u64,
    /// Seed of the population, the arrivals and the solvers
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Least share of its capacity that a server offers to new requests
    #[arg(long, value_name = "SHARE", value_parser = positive, allow_negative_numbers = true, default_value_t = 0.05)]
    floor: f64,
    /// Relative gap at which exact solvers may stop
    #[arg(long, value_name = "G", default_value = "1e-2", value_parser = gap)]
    gap: f64,
    /// Runs at the same time
    #[arg(long, value_name = "N", default_value_t = 1)]
    threads: usize,
    /// Folder for simulation.json, summary.csv, slots.csv and simulation.svg; made if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let solvers = a
        .solver
        .iter()
        .map(|id| offload_solvers::find(id.trim()).map_err(|e| anyhow!(e)));
    let solvers = solvers.collect::<anyhow::Result<Vec<_>>>()?;
    check(a)?;
    let pool = match &a.instance {
        Some(path) => read_instance(path)?,
        None => a
            .family
            .instances(a.seed, 1)?
            .pop()
            .context("name an instance or a family")?,
    };
    let times = a
        .times
        .as_ref()
        .map(|path| arrivals::read(path, &a.time_column, a.speed).map_err(|e| anyhow!(e)));
    let times = times.transpose()?;
    let scenario = Scenario {
        pool: Arc::new(pool),
        threshold: a.threshold,
        weights: a.weights,
        slot_s: a.slot,
        slots: a.slots,
        floor: a.floor,
        gap: a.gap,
    };
    let seeds: Vec<u64> = (a.seed..a.seed.saturating_add(a.replications)).collect();
    let arrivals = |seed: &u64| arrive(a, &scenario, times.as_deref(), *seed);
    let requests: Vec<Vec<Arrival>> = seeds.iter().map(arrivals).collect();
    ensure!(
        requests.iter().any(|r| !r.is_empty()),
        "no request arrives; give more slots or a greater --rate"
    );
    let tasks: Vec<(usize, usize)> = (0..solvers.len())
        .flat_map(|s| (0..seeds.len()).map(move |r| (s, r)))
        .collect();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(a.threads)
        .build()?;
    let one =
        |&(s, r): &(usize, usize)| simulate(&scenario, &requests[r], solvers[s].as_ref(), seeds[r]);
    let mut runs = pool
        .install(|| {
            tasks
                .par_iter()
                .map(one)
                .collect::<anyhow::Result<Vec<Run>>>()
        })?
        .into_iter();
    let done: Vec<Solver> = solvers
        .iter()
        .map(|s| Solver {
            id: s.id().into(),
            runs: runs.by_ref().take(seeds.len()).collect(),
        })
        .collect();
    write(
        a,
        &scenario,
        &Report::new(&scenario, &done, a.warmup, a.seed, &catalogue()),
    )
}

fn check(a: &Arguments) -> anyhow::Result<()> {
    for (name, value, least, most) in [
        ("--slots", a.slots as u64, 1, MOST_SLOTS as u64),
        ("--replications", a.replications, 1, 10_000),
        ("--threads", a.threads as u64, 1, 1024),
    ] {
        ensure!(
            (least..=most).contains(&value),
            "{name} {value}: give a whole number from {least} to {most}"
        );
    }
    ensure!(
        a.seed.checked_add(a.replications).is_some(),
        "--seed: the seeds pass 2^64; give a smaller one"
    );
    ensure!(
        a.warmup < a.slots,
        "--warmup {}: leaves no slot of {}; give fewer",
        a.warmup,
        a.slots
    );
    ensure!(
        a.floor <= 1.0,
        "--floor {}: give a number above 0 and at most 1",
        a.floor
    );
    let expected = a.rate.unwrap_or(0.0) * a.slot * a.slots as f64 * a.replications as f64;
    ensure!(
        expected <= MOST as f64,
        "--rate: about {expected:.0} requests; at most {MOST} fit in memory; give fewer"
    );
    let twice = a
        .solver
        .iter()
        .enumerate()
        .find(|(k, id)| a.solver[..*k].iter().any(|b| b.trim() == id.trim()));
    ensure!(
        twice.is_none(),
        "--solver {}: is given twice; give it once",
        twice.map_or("", |t| t.1)
    );
    ensure!(
        !a.output.is_file(),
        "{}: is a file; name a folder",
        a.output.display()
    );
    Ok(())
}

fn arrive(a: &Arguments, scenario: &Scenario, times: Option<&[f64]>, seed: u64) -> Vec<Arrival> {
    let (end_s, users) = (a.slot * a.slots as f64, scenario.pool.n());
    match (times, a.rate) {
        (Some(times), _) => arrivals::given(times, end_s, users, seed),
        (None, Some(rate)) => arrivals::poisson(rate, end_s, users, seed),
        (None, None) => Vec::new(),
    }
}

fn write(a: &Arguments, scenario: &Scenario, report: &Report) -> anyhow::Result<Verdict> {
    let options = json!({
        "instance": scenario.pool.name, "fingerprint": fingerprint(&scenario.pool), "users": scenario.pool.n(),
        "servers": scenario.pool.m(), "threshold": a.threshold, "weights": a.weights.name(), "rate": a.rate,
        "times": a.times.as_ref().map(|p| p.display().to_string()), "speed": a.speed, "slot_s": a.slot, "slots": a.slots,
        "replications": a.replications, "seed": a.seed, "floor": a.floor, "gap": a.gap,
    });
    make_folder(&a.output)?;
    let mut json = serde_json::to_vec_pretty(&report.json(&options))?;
    json.push(b'\n');
    let files = [
        ("simulation.json", json),
        ("summary.csv", report.summary_csv().into_bytes()),
        ("slots.csv", report.slots_csv().into_bytes()),
        ("simulation.svg", report.chart().svg().into_bytes()),
    ];
    print(&report.table())?;
    for (name, bytes) in files {
        let path = a.output.join(name);
        write_bytes(&path, &bytes)?;
        print(&path.display().to_string())?;
    }
    Ok(Verdict::Done)
}
