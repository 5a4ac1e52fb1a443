//! The columns of a trace as metrics.

use super::options::UncertaintyOptions;
use anyhow::{anyhow, ensure};
use offload_instances::calibrate::{Isotonic, by_rank};
use offload_instances::random::Random;
use offload_instances::rows;
use offload_instances::trace::{self, ColumnRange, Query, TraceTable, UncertaintyColumn};
use offload_reports::statistics::prediction::UncertaintyMetric;

/// Default columns; those missing in the trace are skipped.
const USUAL: [&str; 4] = ["uncertainty", "entropy", "perplexity", "one_minus_p1"];
/// Number of folds for out-of-sample calibration.
const FOLDS: usize = 5;
/// Random stream that assigns the queries to folds.
const DEALING: u64 = 21;
fn header(a: &UncertaintyOptions) -> anyhow::Result<Vec<String>> {
    let header = match &a.trace {
        None => rows::header(trace::EMBEDDED.as_bytes()),
        Some(path) => rows::header(rows::open(path).map_err(|e| anyhow!(e))?)
            .map_err(|e| format!("{}: not a valid query trace: {e}", path.display())),
    };
    header.map_err(|e| anyhow!(e))
}

/// The columns that are compared.
///
/// # Errors
/// If no column remains, one is given twice, or a name or scale is unknown.
pub fn choices(a: &UncertaintyOptions) -> anyhow::Result<Vec<UncertaintyColumn>> {
    let mut names = a.columns.clone();
    if names.is_empty() {
        let header = header(a)?;
        names = USUAL
            .iter()
            .filter(|u| header.iter().any(|h| h == **u))
            .map(ToString::to_string)
            .collect();
        ensure!(
            !names.is_empty(),
            "the trace has none of the columns {}; give others with --columns",
            USUAL.join(", ")
        );
    }
    for (k, name) in names.iter().enumerate() {
        ensure!(
            !names[..k].contains(name),
            "--columns: {name} is given twice; give it once"
        );
    }
    names
        .iter()
        .map(|name| {
            UncertaintyColumn::parse(name.trim(), &a.scale)
                .map_err(|e| anyhow!("--columns, --scale: {e}"))
        })
        .collect()
}

/// Reads these columns of the trace.
///
/// # Errors
/// If it cannot be read or a column is missing.
pub fn read(a: &UncertaintyOptions, choices: &[UncertaintyColumn]) -> anyhow::Result<TraceTable> {
    let columns: Vec<&str> = choices.iter().map(|c| c.column.as_str()).collect();
    let table = match &a.trace {
        None => trace::parse_columns(
            trace::EMBEDDED.as_bytes(),
            &columns,
            ColumnRange::Finite,
            a.seed,
        ),
        Some(path) => trace::parse_columns(
            rows::open(path).map_err(|e| anyhow!(e))?,
            &columns,
            ColumnRange::Finite,
            a.seed,
        )
        .map_err(|e| format!("{}: not a valid query trace: {e}", path.display())),
    };
    table.map_err(|e| anyhow!(e))
}

/// A column in the form that the statistics need: high values mean unsure, with the predicted
/// probabilities of a right answer.
pub fn metric(
    table: &TraceTable,
    k: usize,
    choice: &UncertaintyColumn,
    seed: u64,
) -> UncertaintyMetric {
    let sign = if choice.falling { -1.0 } else { 1.0 };
    let values: Vec<f64> = table.columns[k].iter().map(|x| sign * x).collect();
    let mut predictions = Vec::new();
    if table.columns[k].iter().all(|x| (0.0..=1.0).contains(x)) {
        let plain = table.columns[k]
            .iter()
            .map(|x| if choice.falling { *x } else { 1.0 - x });
        predictions.push(("as it stands".to_string(), plain.collect()));
    }
    predictions.push((
        "rank".into(),
        by_rank(&values).into_iter().map(|r| 1.0 - r).collect(),
    ));
    predictions.push(("isotonic".into(), calibrated(&values, &table.queries, seed)));
    let name = if choice.falling {
        format!("-{}", choice.column)
    } else {
        choice.column.clone()
    };
    UncertaintyMetric {
        name,
        values,
        predictions,
    }
}

/// Out-of-sample isotonic calibration: each query's probability comes from a fit to the other
/// folds.
fn calibrated(values: &[f64], queries: &[Query], seed: u64) -> Vec<f64> {
    let mut deal: Vec<usize> = (0..values.len()).map(|k| k % FOLDS).collect();
    Random::new(seed, DEALING).shuffle(&mut deal);
    let mut right = vec![0.0; values.len()];
    for fold in 0..FOLDS {
        let rest: Vec<usize> = (0..values.len()).filter(|&k| deal[k] != fold).collect();
        let x: Vec<f64> = rest.iter().map(|&k| values[k]).collect();
        let wrong: Vec<f64> = rest
            .iter()
            .map(|&k| 1.0 - queries[k].small_correct)
            .collect();
        let fit = Isotonic::fit(&x, &wrong);
        for k in (0..values.len()).filter(|&k| deal[k] == fold) {
            right[k] = (1.0 - fit.at(values[k])).clamp(0.0, 1.0);
        }
    }
    right
}
