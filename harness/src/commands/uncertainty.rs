//! `uncertainty`: how well the columns of a query trace predict right answers, and which plans
//! result.

use super::options::parameters;
use super::output::{CommandEnd, print_paths, tell};
use super::values::{gap, seconds, threshold};
use offload_bench::studies::uncertainty::{UncertaintyOptions, uncertainty};
use offload_instances::Weights;
use std::path::PathBuf;
use std::time::Duration;

/// Compare the uncertainty metrics of a query trace: how well they predict right answers, and which
/// plans result
#[derive(clap::Args)]
pub struct Arguments {
    /// Query trace (CSV); default: the embedded bAbI trace
    trace: Option<PathBuf>,
    /// Uncertainty columns, separated by commas, with a leading - if low values mean unsure.
    /// Default: those of uncertainty, entropy, perplexity, one_minus_p1 that the trace has
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true)]
    columns: Vec<String>,
    /// How columns are scaled to 0..1 for the plans: rank, calibrated, as-is
    #[arg(long, default_value = "rank")]
    scale: String,
    /// Number of users of an instance
    #[arg(long, default_value_t = 120)]
    users: usize,
    /// Number of servers of an instance
    #[arg(long, default_value_t = 4)]
    servers: usize,
    /// Number of instances (family trace, seeds SEED, SEED + 1, ...); 0 = statistics only
    #[arg(long, default_value_t = 10)]
    instances: u64,
    /// Seed of the first instance, the folds and the intervals
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Thresholds tau, separated by commas
    #[arg(long, value_delimiter = ',', value_parser = threshold,
        default_values_t = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0])]
    thresholds: Vec<f64>,
    /// Heuristics to compare with the certified optimum, separated by commas; may be repeated, also
    /// with `exec:COMMAND` or `serve:COMMAND`. Default: goa and portfolio
    #[arg(long, visible_alias = "solver")]
    solvers: Vec<String>,
    /// Weights of the objective; the information gap needs uniform
    #[arg(long, default_value_t = Weights::Uniform)]
    weights: Weights,
    /// Relative gap at which the exact solver may stop
    #[arg(long, value_name = "G", default_value = "1e-3", value_parser = gap)]
    gap: f64,
    /// Time limit of each exact solve, s; a plan that stops on it depends on the machine.
    /// Heuristics have no time limit
    #[arg(long, value_name = "S", default_value = "30", value_parser = seconds)]
    time_limit: Duration,
    /// Parameter of family trace; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Output folder; created if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let options = UncertaintyOptions {
        trace: a.trace.clone(),
        columns: a.columns.clone(),
        scale: a.scale.clone(),
        users: a.users,
        servers: a.servers,
        instances: a.instances,
        seed: a.seed,
        thresholds: a.thresholds.clone(),
        solvers: a.solvers.clone(),
        weights: a.weights,
        gap: a.gap,
        time_limit: a.time_limit,
        parameters: parameters(&a.set)?,
    };
    print_paths(&uncertainty(&options, &tell)?.write(&a.output)?)?;
    Ok(CommandEnd::Done)
}
