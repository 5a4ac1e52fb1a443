//! `export`: the exact program for other solvers.

use super::output::{CommandEnd, print, tell};
use super::values::threshold;
use offload_bench::files::{check_distinct, check_target, read_problem};
use offload_instances::Weights;
use offload_instances::files::write_bytes;
use offload_solvers::costs::Costs;
use offload_solvers::milp::{Bins, Formulation, lp, mps};
use std::path::PathBuf;

/// Export the exact MILP as MPS or LP (with interference: a relaxation whose optimum is a lower
/// bound)
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file
    instance: PathBuf,
    /// Output format
    #[arg(long, value_enum)]
    format: ExportFormat,
    /// Uncertainty threshold tau
    #[arg(long, default_value = "1", value_parser = threshold, allow_negative_numbers = true)]
    threshold: f64,
    /// Weights: uncertainty or uniform
    #[arg(long, default_value_t = Weights::Uncertainty)]
    weights: Weights,
    /// Interference bins per server (only with interference): more bins give a tighter bound and a
    /// larger model
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1000))]
    bins: u16,
    /// Output file; default: stdout
    #[arg(short, long)]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum ExportFormat {
    Mps,
    Lp,
}

/// Most columns: beyond this the text would exceed about 10 GB.
const MAX_COLUMNS: usize = 20_000_000;

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    if let Some(path) = &a.output {
        check_target(path)?;
        check_distinct(&[&a.instance, path])?;
    }
    let problem = read_problem(&a.instance, a.threshold, a.weights, &tell)?;
    let bins = if problem.has_interference() {
        let what = "interference is on: the optimum of this program is a lower bound on F*";
        tell(&format!("note: {what} ({} bins per server)", a.bins));
        Bins::geometric(&problem, usize::from(a.bins))
    } else {
        Bins::none(&problem)
    };
    let size = Formulation::size(&problem, &bins);
    anyhow::ensure!(
        size <= MAX_COLUMNS,
        "the program would have {size} columns; use fewer users or bins"
    );
    let linear = Formulation::new(&Costs::new(&problem), bins, 1.0, None).linear;
    let name = &problem.instance().name;
    let text = match a.format {
        ExportFormat::Mps => mps(&linear, name),
        ExportFormat::Lp => lp(&linear, name),
    };
    match &a.output {
        Some(path) => write_bytes(path, text.as_bytes())?,
        None => print(text.trim_end())?,
    }
    Ok(CommandEnd::Done)
}
