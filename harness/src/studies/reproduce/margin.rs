//! How well the margin predicts right answers in the embedded trace.

use anyhow::{Context, anyhow};
use offload_instances::calibrate::by_rank;
use offload_instances::trace::{self, ColumnRange};
use offload_reports::reproduce::Margin;
use offload_reports::statistics::prediction::{Answers, UncertaintyMetric, qualities};

/// The column with 1 - margin.
const COLUMN: &str = "uncertainty";

/// Statistics of the embedded trace.
///
/// # Errors
/// If the embedded trace is invalid, which a test of its crate rules out.
pub fn margin() -> anyhow::Result<Margin> {
    let table = trace::parse_columns(trace::EMBEDDED.as_bytes(), &[COLUMN], ColumnRange::Unit, 0)
        .map_err(|e| anyhow!(e))?;
    let small: Vec<f64> = table.queries.iter().map(|q| q.small_correct).collect();
    let large: Vec<f64> = table.queries.iter().map(|q| q.large_correct).collect();
    let values = table.columns[0].clone();
    let rank = by_rank(&values).into_iter().map(|r| 1.0 - r).collect();
    let metric = UncertaintyMetric {
        name: COLUMN.into(),
        values,
        predictions: vec![("rank".into(), rank)],
    };
    let found = qualities(
        &[metric],
        Answers {
            small: &small,
            large: &large,
        },
        0,
    );
    let quality = found
        .and_then(|all| all.into_iter().next())
        .context("the embedded trace cannot rank right answers")?;
    let mean = |v: &[f64]| 100.0 * v.iter().sum::<f64>() / v.len() as f64;
    Ok(Margin {
        trace: "the embedded bAbI trace (instances/data/README.md)".into(),
        queries: small.len(),
        right_pct: [mean(&small), mean(&large)],
        quality,
    })
}
