//! `solve`: one problem, one or several solvers.

use super::output::{CommandEnd, print, print_json, tell};
use super::start::{StartOptions, start_plan};
use super::values::{gap, seconds, threshold};
use anyhow::Context;
use offload_bench::display::solves::{as_json, table};
use offload_bench::files::{check_distinct, check_target, read_problem};
use offload_bench::process::direct::{all_well, entries, solve_and_certify, write_best_plan};
use offload_bench::process::solver::{SolveLimits, ensure_certificate};
use offload_instances::Weights;
use offload_instances::files::write_bytes;
use offload_solvers::Budget;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Solve one problem and print a table, or JSON
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file (offload-instance/1, .json or .json.gz)
    instance: PathBuf,
    /// One or more solvers, separated by commas (see `offload-bench solvers`); may be repeated.
    /// `exec:COMMAND` and `serve:COMMAND` run an external program; a command extends to the end of
    /// its value
    #[arg(long, required = true)]
    solver: Vec<String>,
    /// Uncertainty threshold tau, from 0 to 1: users above it must be offloaded
    #[arg(long, value_parser = threshold, allow_negative_numbers = true)]
    threshold: f64,
    /// Weights v_i: uncertainty (v = a, the paper's) or uniform (v = 1)
    #[arg(long, default_value_t = Weights::Uncertainty)]
    weights: Weights,
    /// Time limit per solver, s
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    time_limit: Option<Duration>,
    /// Relative gap at which exact solvers may stop
    #[arg(long, value_name = "G", default_value = "1e-4", value_parser = gap, allow_negative_numbers = true)]
    gap: f64,
    /// Seed of the solver's randomness
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    start: StartOptions,
    /// Write the best plan to this file; feasible plans are preferred
    #[arg(short, long, value_name = "PLAN")]
    output: Option<PathBuf>,
    /// Write a certificate that `offload-bench verify` can re-check (.gz compresses);
    /// `offload-bench solvers` marks the solvers that write one
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Print one JSON object per solver, one per line
    #[arg(long)]
    json: bool,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let limits = SolveLimits {
        time: a.time_limit,
        gap: Some(a.gap),
        ..SolveLimits::default()
    };
    let entries = entries(&a.solver, &limits)?;
    let written: Vec<&Path> = a
        .output
        .iter()
        .chain(&a.certificate)
        .map(PathBuf::as_path)
        .collect();
    written.iter().try_for_each(|path| check_target(path))?;
    check_distinct(&[&[a.instance.as_path()], written.as_slice()].concat())?;
    if a.certificate.is_some() {
        ensure_certificate(&entries)?;
    }
    let problem = read_problem(&a.instance, a.threshold, a.weights, &tell)?;
    let budget = Budget {
        time_limit: a.time_limit,
        gap: a.gap,
        seed: a.seed,
        start: start_plan(&a.start, &problem, &entries)?,
        ..Budget::default()
    };
    let (mut all, mut certificate) = (Vec::new(), None);
    for entry in &entries {
        let one = solve_and_certify(entry, &problem, &budget, &a.instance, &tell)?;
        certificate = certificate.or(one.certificate);
        all.push(one.solved);
    }
    // The gaps refer to the greatest bound of all solvers.
    if a.json {
        as_json(&all).iter().try_for_each(print_json)?;
    } else {
        print(&table(&problem, &all))?;
    }
    if let Some(path) = &a.output {
        write_best_plan(path, &problem, &all, &tell)?;
    }
    if let Some(path) = &a.certificate {
        write_bytes(
            path,
            &certificate.context("the solver wrote no certificate; use bnb")?,
        )?;
    }
    Ok(CommandEnd::of(all_well(&entries, &all, &tell)?))
}
