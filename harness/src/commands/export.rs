//! `export`: the exact program for other solvers.

use super::output::{CommandEnd, print, tell};
use super::values::threshold;
use offload_bench::display::core::core_map;
use offload_bench::files::{check_distinct, check_target, read_problem};
use offload_instances::files::write_bytes;
use offload_instances::{Problem, Weights};
use offload_solvers::Budget;
use offload_solvers::costs::Costs;
use offload_solvers::milp::{Bins, Core, Formulation, Linear, lp, mps};
use std::path::{Path, PathBuf};

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
    /// Export the core that a Lagrangian bound leaves: it holds a good plan and every better one
    #[arg(long, conflicts_with = "bins")]
    presolved: bool,
    /// With --presolved: file for the map from columns to users and servers, as JSON
    #[arg(long, requires = "presolved")]
    map: Option<PathBuf>,
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
    for path in a.output.iter().chain(&a.map) {
        check_target(path)?;
    }
    let files = [Some(&a.instance), a.output.as_ref(), a.map.as_ref()];
    let files: Vec<&Path> = files.into_iter().flatten().map(PathBuf::as_path).collect();
    check_distinct(&files)?;
    let problem = read_problem(&a.instance, a.threshold, a.weights, &tell)?;
    let linear = if a.presolved {
        presolved(a, &problem)?
    } else {
        whole(a, &problem)?
    };
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

fn whole(a: &Arguments, problem: &Problem) -> anyhow::Result<Linear> {
    let bins = if problem.has_interference() {
        let what = "interference is on: the optimum of this program is a lower bound on F*";
        tell(&format!("note: {what} ({} bins per server)", a.bins));
        Bins::geometric(problem, usize::from(a.bins))
    } else {
        Bins::none(problem)
    };
    check_size(Formulation::size(problem, &bins))?;
    Ok(Formulation::new(&Costs::new(problem), bins, 1.0, None).linear)
}

fn presolved(a: &Arguments, problem: &Problem) -> anyhow::Result<Linear> {
    let path = a.instance.display();
    anyhow::ensure!(
        problem.is_feasible(),
        "{path}: no feasible plan exists, so there is no core; choose a greater threshold"
    );
    let costs = Costs::new(problem);
    let core = Core::new(&costs, &Budget::default()).map_err(anyhow::Error::msg)?;
    check_size(core.size(&costs))?;
    if problem.has_interference() {
        tell("note: interference is on: the optimum of this program is a lower bound on F*");
    }
    if let Some(map) = &a.map {
        let text = serde_json::to_string_pretty(&core_map(problem, &core))? + "\n";
        write_bytes(map, text.as_bytes())?;
    }
    Ok(core.program(&costs))
}

fn check_size(columns: usize) -> anyhow::Result<()> {
    anyhow::ensure!(
        columns <= MAX_COLUMNS,
        "the program would have {columns} columns; use fewer users or bins"
    );
    Ok(())
}
