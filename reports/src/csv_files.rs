//! The two CSV files: one line per record, and one per solver and kind of problem. Full precision, empty for nothing.

use crate::gaps::{Analysis, Outcome, Row};
use crate::record::Record;
use crate::tables::{Aggregate, Setting, aggregate};
use std::fmt::Debug;

type Column<T> = (&'static str, fn(&T) -> String);

/// `gaps.csv`: every record with its gap, in % of the reference, and what the gap rests on.
pub(crate) fn gaps(analysis: &Analysis) -> String {
    let mut header: Vec<&str> = RECORD.iter().map(|column| column.0).collect();
    header.extend(GAP);
    let rows = analysis.rows.iter().map(|row| {
        let record = RECORD.iter().map(|column| column.1(row.record));
        record.chain(gap_cells(analysis, row)).collect()
    });
    table(&header, rows)
}

/// `summary.csv`: [`aggregate`] by [`Setting`].
pub(crate) fn summary(analysis: &Analysis) -> String {
    let header: Vec<&str> = SUMMARY.iter().map(|column| column.0).collect();
    let rows = aggregate(analysis, Setting::of).into_iter();
    table(&header, rows.map(|row| SUMMARY.iter().map(|column| column.1(&row)).collect()))
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    // Writing to memory does not fail, and every row is as long as the header.
    let mut writer = csv::Writer::from_writer(Vec::new());
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

const RECORD: [Column<Record>; 27] = [
    ("instance", |r| r.instance.clone()),
    ("fingerprint", |r| r.fingerprint.clone()),
    ("family", |r| r.family.clone()),
    ("users", |r| r.users.to_string()),
    ("servers", |r| r.servers.to_string()),
    ("interference", |r| r.interference.to_string()),
    ("instance_seed", |r| cell(r.instance_seed)),
    ("threshold", |r| cell(Some(r.threshold))),
    ("weights", |r| r.weights.clone()),
    ("solver", |r| r.solver.clone()),
    ("seed", |r| r.seed.to_string()),
    ("status", |r| r.status.to_string()),
    ("stop", |r| r.stop.clone()),
    ("objective", |r| cell(r.objective)),
    ("lower_bound", |r| cell(r.lower_bound)),
    ("trust", |r| r.trust.map_or_else(String::new, |t| t.to_string())),
    ("time_s", |r| cell(Some(r.time_s))),
    ("violations", |r| r.violations.to_string()),
    ("mandatory_local", |r| r.mandatory_local.to_string()),
    ("offloaded", |r| cell(r.offloaded)),
    ("delay_total_ms", |r| cell(r.realised.as_ref().map(|x| x.delay_total_ms))),
    ("delay_mean_ms", |r| cell(r.realised.as_ref().map(|x| x.delay_mean_ms))),
    ("delay_p95_ms", |r| cell(r.realised.as_ref().map(|x| x.delay_p95_ms))),
    ("delay_local_ms", |r| cell(r.realised.as_ref().map(|x| x.delay_local_ms))),
    ("delay_uplink_ms", |r| cell(r.realised.as_ref().map(|x| x.delay_uplink_ms))),
    ("delay_compute_ms", |r| cell(r.realised.as_ref().map(|x| x.delay_compute_ms))),
    ("accuracy_pct", |r| cell(r.realised.as_ref().and_then(|x| x.accuracy_pct))),
];

const GAP: [&str; 10] = [
    "outcome",
    "reference",
    "problem_lower_bound",
    "problem_lower_bound_by",
    "problem_upper_bound",
    "problem_upper_bound_by",
    "reference_width_pct",
    "gap_low_pct",
    "gap_guaranteed_pct",
    "above_best_known_pct",
];

fn gap_cells(analysis: &Analysis, row: &Row) -> [String; 10] {
    let problem = &analysis.problems[row.problem];
    let gap = row.outcome.gap();
    let above = if let Outcome::BestKnown(distance) = row.outcome { distance } else { gap.map(|g| g.low) };
    [
        row.outcome.name().into(),
        problem.reference.name().into(),
        cell(problem.lower.as_ref().map(|l| l.value)),
        problem.lower.as_ref().map_or_else(String::new, |l| l.solver.clone()),
        cell(problem.upper.as_ref().map(|u| u.value)),
        problem.upper.as_ref().map_or_else(String::new, |u| u.solver.clone()),
        percent(problem.width()),
        percent(gap.map(|g| g.low)),
        percent(gap.map(|g| g.guaranteed)),
        percent(above),
    ]
}

const SUMMARY: [Column<Aggregate<Setting>>; 25] = [
    ("interference", |a| a.key.interference.to_string()),
    ("family", |a| a.key.family.clone()),
    ("servers", |a| a.key.servers.to_string()),
    ("weights", |a| a.key.weights.clone()),
    ("users", |a| a.key.users.to_string()),
    ("threshold", |a| cell(Some(a.key.threshold.0))),
    ("solver", |a| a.solver.clone()),
    ("rows", |a| a.figures.rows.to_string()),
    ("with_gap", |a| a.figures.with_gap().to_string()),
    ("violating", |a| a.figures.violating.to_string()),
    ("failed", |a| a.figures.failed.to_string()),
    ("timeouts", |a| a.figures.timeouts.to_string()),
    ("gap_mean_pct", |a| percent(a.figures.gap.map(|g| g.mean))),
    ("gap_median_pct", |a| percent(a.figures.gap.map(|g| g.median))),
    ("gap_q95_pct", |a| percent(a.figures.gap.map(|g| g.q95))),
    ("gap_max_pct", |a| percent(a.figures.gap.map(|g| g.max))),
    ("above_best_known_mean_pct", |a| percent(a.figures.above_best)),
    ("proved_optimal", |a| a.figures.optimal.to_string()),
    ("proved_optimal_pct", |a| percent(Some(a.figures.optimal_share()))),
    ("references", |a| a.figures.reference_text()),
    ("reference_width_mean_pct", |a| percent(a.figures.width)),
    ("time_median_ms", |a| cell(a.figures.time_s.map(|s| 1e3 * s))),
    ("offloaded_mean", |a| cell(a.figures.offloaded)),
    ("accuracy_mean_pct", |a| cell(a.figures.accuracy_pct)),
    ("delay_mean_ms", |a| cell(a.figures.delay_ms)),
];

/// A number with all its digits (`{:?}` is the shortest text that reads back bit for bit).
fn cell<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| format!("{v:?}"))
}

fn percent(fraction: Option<f64>) -> String {
    cell(fraction.map(|f| 100.0 * f))
}
