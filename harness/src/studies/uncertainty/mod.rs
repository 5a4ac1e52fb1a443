//! How well the columns of a query trace predict right answers, and which plans result:
//! `docs/src/use/uncertainty.md`.

mod metrics;
mod options;
mod plans;

pub use options::UncertaintyOptions;

use crate::notice::Notify;
use crate::process::direct::DirectSolver;
use anyhow::{Context, ensure};
use metrics::{choices, metric, read};
use offload_reports::statistics::prediction::{Answers, UncertaintyMetric, qualities};
use offload_reports::uncertainty::UncertaintyReport;
use options::EXACT;

/// Default heuristics that are compared with it.
const USUAL_SOLVERS: [&str; 2] = ["goa", "portfolio"];

/// Compares the metrics of a trace.
///
/// # Errors
/// If the trace cannot be read or has only right or only wrong answers, a column or solver is
/// unknown, or a problem has no plan.
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

fn solvers(a: &UncertaintyOptions) -> anyhow::Result<Vec<DirectSolver>> {
    let usual = USUAL_SOLVERS.map(String::from);
    let ids: &[String] = if a.solvers.is_empty() {
        &usual
    } else {
        &a.solvers
    };
    // Problems are solved on all cores.
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let solvers = DirectSolver::all(ids, threads)?;
    ensure!(
        solvers.iter().all(|solver| solver.name() != EXACT),
        "--solvers: {EXACT} is always included; omit it"
    );
    Ok(solvers)
}
