//! The columns of the reproduction's CSV files.

use super::agreement::by_chance;
use super::cells::{MethodMeans, PaperMetric};
use super::differences::{MethodDifference, ThresholdStep};
use super::exact::{ExactProblem, ExactSolve};
use super::experiment::Reproduction;
use super::times::{SolverTime, Times};
use crate::analysis::gaps::Gap;
use crate::document::{Column, Digits, Value, csv};
use crate::files::full;
use crate::statistics::ConfidenceInterval;

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

/// A metric of a cell: a line of `cells.csv`.
struct CellLine<'a> {
    cell: &'a MethodMeans,
    metric: PaperMetric,
}

/// `cells.csv`: one row for each N, threshold, method and metric.
pub(super) fn cells(of: &Reproduction) -> String {
    let line = |cell| PaperMetric::ALL.map(|metric| CellLine { cell, metric });
    let lines: Vec<CellLine> = of.cells.iter().flat_map(line).collect();
    let columns: [Column<CellLine>; 10] = [
        Column::hidden(&["users"], |l: &CellLine| Value::Count(l.cell.users)),
        Column::hidden(&["threshold"], |l: &CellLine| {
            Value::Plain(l.cell.threshold)
        }),
        Column::hidden(&["method"], |l: &CellLine| text(&l.cell.method)),
        Column::hidden(&["runs"], |l: &CellLine| Value::Count(l.cell.runs)),
        Column::hidden(&["metric"], |l: &CellLine| text(l.metric.column())),
        Column::hidden(&["mean", "low", "high"], |l: &CellLine| {
            let (mean, interval) = (l.cell.mean(l.metric), l.cell.interval(l.metric));
            Value::estimate(Some(mean), interval, 1.0, Digits::Short)
        }),
        Column::hidden(&["published"], |l: &CellLine| {
            Value::number(l.cell.published(l.metric))
        }),
        Column::hidden(&["deviation"], |l: &CellLine| {
            Value::number(l.cell.deviation(l.metric))
        }),
        Column::hidden(&["unit"], |l: &CellLine| text(l.metric.unit())),
        Column::hidden(&["by_chance"], |l: &CellLine| {
            text(&full(by_chance(l.cell, l.metric)))
        }),
    ];
    csv::table(&columns, &lines)
}

const DELAY: &[&str] = &["delay_difference_ms", "delay_low_ms", "delay_high_ms"];
const ACCURACY: &[&str] = &[
    "accuracy_difference_points",
    "accuracy_low_points",
    "accuracy_high_points",
];

fn ends(interval: Option<ConfidenceInterval>) -> Value {
    Value::interval(interval, 1.0, Digits::Short)
}

/// `differences.csv`: GOA minus every other method, run by run.
pub(super) fn differences(of: &Reproduction) -> String {
    let columns = [
        Column::hidden(&["users"], |d: &MethodDifference| Value::Count(d.users)),
        Column::hidden(&["threshold"], |d: &MethodDifference| {
            Value::Plain(d.threshold)
        }),
        Column::hidden(&["method"], |d: &MethodDifference| text(&d.method)),
        Column::hidden(DELAY, |d: &MethodDifference| ends(d.delay)),
        Column::hidden(ACCURACY, |d: &MethodDifference| ends(d.accuracy)),
    ];
    csv::table(&columns, &of.differences)
}

/// `thresholds.csv`: GOA at each threshold minus GOA at the one before, then at the last minus at
/// the first.
pub(super) fn thresholds(of: &Reproduction) -> String {
    let columns = [
        Column::hidden(&["users"], |s: &ThresholdStep| Value::Count(s.users)),
        Column::hidden(&["threshold_from"], |s: &ThresholdStep| {
            Value::Plain(s.from)
        }),
        Column::hidden(&["threshold_to"], |s: &ThresholdStep| Value::Plain(s.to)),
        Column::hidden(DELAY, |s: &ThresholdStep| ends(s.delay)),
        Column::hidden(ACCURACY, |s: &ThresholdStep| ends(s.accuracy)),
    ];
    csv::table(&columns, of.steps.iter().chain(&of.ends))
}

/// A solver on a problem: a line of `gaps.csv`.
struct GapLine<'a> {
    problem: &'a ExactProblem,
    solve: &'a ExactSolve,
    gap: Option<Gap>,
}

/// `gaps.csv`: one row for each problem and solver.
pub(super) fn gaps(of: &Reproduction) -> String {
    let lines: Vec<GapLine> = of
        .exact
        .iter()
        .flat_map(|problem| {
            problem.solves.iter().map(move |solve| GapLine {
                problem,
                solve,
                gap: problem.gap(solve),
            })
        })
        .collect();
    let columns: [Column<GapLine>; 12] = [
        Column::hidden(&["users"], |l: &GapLine| Value::Count(l.problem.users)),
        Column::hidden(&["threshold"], |l: &GapLine| {
            Value::Plain(l.problem.threshold)
        }),
        Column::hidden(&["run"], |l: &GapLine| Value::Count(l.problem.run)),
        Column::hidden(&["instance"], |l: &GapLine| text(&l.problem.instance)),
        Column::hidden(&["solver"], |l: &GapLine| text(&l.solve.solver)),
        Column::hidden(&["objective_s"], |l: &GapLine| {
            Value::number(l.solve.objective)
        }),
        Column::hidden(&["violations"], |l: &GapLine| {
            Value::Count(l.solve.violations)
        }),
        Column::hidden(&["lower_bound_s"], |l: &GapLine| {
            Value::number(Some(l.problem.lower))
        }),
        Column::hidden(&["upper_bound_s"], |l: &GapLine| {
            Value::number(l.problem.upper())
        }),
        Column::hidden(&["reference"], |l: &GapLine| text(l.problem.trust.name())),
        Column::hidden(&["gap_low_pct"], |l: &GapLine| {
            Value::percent(l.gap.map(|g| g.low))
        }),
        Column::hidden(&["gap_guaranteed_pct"], |l: &GapLine| {
            Value::percent(l.gap.map(|g| g.guaranteed))
        }),
    ];
    csv::table(&columns, &lines)
}

/// `times.csv`: the only file whose numbers differ from run to run.
pub(super) fn times(times: &Times) -> String {
    let repetitions = times.repetitions;
    let columns = [
        Column::hidden(&["solver"], |t: &SolverTime| text(&t.solver)),
        Column::hidden(&["users"], |t: &SolverTime| Value::Count(t.users)),
        Column::hidden(&["servers"], |t: &SolverTime| Value::Count(t.servers)),
        Column::hidden(&["seed"], |t: &SolverTime| text(&t.seed.to_string())),
        Column::hidden(&["repetitions"], move |_: &SolverTime| {
            Value::Count(repetitions)
        }),
        Column::hidden(&["time_median_s"], |t: &SolverTime| {
            Value::number(Some(t.time_s))
        }),
    ];
    csv::table(&columns, &times.rows)
}
