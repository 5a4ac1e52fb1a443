//! What the columns of a query trace know about right answers, and what plans make of it:
//! `docs/src/use/uncertainty.md`.

mod metrics;
mod plans;

use crate::notice::Notify;
use anyhow::{Context, anyhow, ensure};
use metrics::{choices, metric, read};
use offload_instances::Weights;
use offload_reports::statistics::prediction::{Answers, UncertaintyMetric, qualities};
use offload_reports::uncertainty::UncertaintyReport;
use offload_solvers::{Solver, find};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// The solver whose bounds are certified.
const EXACT: &str = "bnb";
/// Heuristics that are compared with it when none are named.
const USUAL_SOLVERS: [&str; 2] = ["goa", "portfolio"];

/// Which metrics are compared, and on which problems.
#[derive(Clone, Debug)]
pub struct UncertaintyOptions {
    /// Query trace (CSV); `None` = the embedded bAbI trace.
    pub trace: Option<PathBuf>,
    /// Columns that say how unsure the small model is, a leading `-` when low values mean unsure;
    /// empty = those of the usual ones that the trace has.
    pub columns: Vec<String>,
    /// How they become 0..1 for the plans: `rank`, `calibrated`, `as-is`.
    pub scale: String,
    /// Users of an instance.
    pub users: usize,
    /// Servers of an instance.
    pub servers: usize,
    /// Instances (family trace, seeds `seed`, `seed` + 1, ...); 0 = statistics alone.
    pub instances: u64,
    /// Seed of the first instance, of the folds and of the intervals.
    pub seed: u64,
    /// Thresholds tau, each from 0 to 1.
    pub thresholds: Vec<f64>,
    /// Ids of heuristics that are compared with the certified optimum; empty = goa and portfolio.
    pub solvers: Vec<String>,
    /// Weights of the objective; the information gap needs uniform ones.
    pub weights: Weights,
    /// Relative gap at which the exact solver may stop.
    pub gap: f64,
    /// Time limit of each exact solve.
    pub time_limit: Duration,
    /// Parameters of family trace.
    pub parameters: BTreeMap<String, String>,
}

/// Compares the metrics of a trace.
///
/// # Errors
/// A trace that cannot be read or that ranks nothing, an unknown column or solver, or a problem
/// without a plan.
pub fn uncertainty(a: &UncertaintyOptions, notify: Notify) -> anyhow::Result<UncertaintyReport> {
    let choices = choices(a)?;
    let table = read(a, &choices)?;
    let solvers = solvers(a)?;
    let small: Vec<f64> = table.queries.iter().map(|q| q.small_correct).collect();
    let large: Vec<f64> = table.queries.iter().map(|q| q.large_correct).collect();
    let metrics: Vec<UncertaintyMetric> = choices
        .iter()
        .enumerate()
        .map(|(k, c)| metric(&table, k, c, a.seed))
        .collect();
    let qualities = qualities(
        &metrics,
        Answers {
            small: &small,
            large: &large,
        },
        a.seed,
    )
    .context(
        "the trace cannot rank right answers: the small model is always right or always \
            wrong in it",
    )?;
    let (planned, informed) = plans::plans(a, &choices, &solvers, notify)?;
    let mean = |v: &[f64]| 100.0 * v.iter().sum::<f64>() / v.len() as f64;
    Ok(UncertaintyReport {
        trace: a
            .trace
            .as_ref()
            .map_or("the embedded bAbI trace".into(), |p| {
                p.display().to_string()
            }),
        queries: small.len(),
        right_pct: [mean(&small), mean(&large)],
        setup: format!(
            "Family trace, N = {}, M = {}, {} instances from seed {}, weights {}, uncertainty \
             scaled by {}; {EXACT} stops at a certified gap of {}.",
            a.users, a.servers, a.instances, a.seed, a.weights, a.scale, a.gap
        ),
        qualities,
        planned,
        informed,
        seed: a.seed,
    })
}

fn solvers(a: &UncertaintyOptions) -> anyhow::Result<Vec<Box<dyn Solver>>> {
    let usual = USUAL_SOLVERS.map(String::from);
    let ids: &[String] = if a.solvers.is_empty() {
        &usual
    } else {
        &a.solvers
    };
    ensure!(
        ids.iter().all(|id| id.trim() != EXACT),
        "--solvers: {EXACT} is always there; leave it out"
    );
    ids.iter()
        .map(|id| find(id.trim()).map_err(|e| anyhow!(e)))
        .collect()
}
