//! The columns of the reproduction's CSV files.

use super::agreement::by_chance;
use super::cells::{MethodMeans, PaperMetric};
use super::differences::{MethodDifference, ThresholdStep};
use super::exact::{ExactProblem, ExactSolve};
use super::experiment::Reproduction;
use super::times::{SolverTime, Times};
use crate::document::{Column, Digits, Value, columns, csv};
use crate::files::full;

/// A metric of a cell: a line of `cells.csv`.
struct CellLine<'a> {
    cell: &'a MethodMeans,
    metric: PaperMetric,
}

/// `cells.csv`: one row for each N, threshold, method and metric.
pub(super) fn cells(of: &Reproduction) -> String {
    let line = |cell| PaperMetric::ALL.map(|metric| CellLine { cell, metric });
    let lines: Vec<CellLine> = of.cells.iter().flat_map(line).collect();
    let columns: Vec<Column<CellLine>> = columns! { l: CellLine;
        csv["users"]     => l.cell.users;
        csv["threshold"] => Value::Plain(l.cell.threshold);
        csv["method"]    => &l.cell.method;
        csv["runs"]      => l.cell.runs;
        csv["metric"]    => l.metric.column();
        csv["mean", "low", "high"] => l.cell.estimate(l.metric, Digits::Short);
        csv["published"] => l.cell.published(l.metric);
        csv["deviation"] => l.cell.deviation(l.metric);
        csv["unit"]      => l.metric.unit();
        csv["by_chance"] => full(by_chance(l.cell, l.metric));
    };
    csv::table(&columns, &lines)
}

/// `differences.csv`: GOA minus every other method, run by run.
pub(super) fn differences(of: &Reproduction) -> String {
    let columns = columns! { d: MethodDifference;
        csv["users"]     => d.users;
        csv["threshold"] => Value::Plain(d.threshold);
        csv["method"]    => &d.method;
        csv["delay_difference_ms", "delay_low_ms", "delay_high_ms"] => d.delay;
        csv["accuracy_difference_points", "accuracy_low_points", "accuracy_high_points"]
            => d.accuracy;
    };
    csv::table(&columns, &of.differences)
}

/// `thresholds.csv`: GOA at each threshold minus GOA at the one before, then at the last minus at
/// the first.
pub(super) fn thresholds(of: &Reproduction) -> String {
    let columns = columns! { s: ThresholdStep;
        csv["users"]          => s.users;
        csv["threshold_from"] => Value::Plain(s.from);
        csv["threshold_to"]   => Value::Plain(s.to);
        csv["delay_difference_ms", "delay_low_ms", "delay_high_ms"] => s.delay;
        csv["accuracy_difference_points", "accuracy_low_points", "accuracy_high_points"]
            => s.accuracy;
    };
    csv::table(&columns, of.steps.iter().chain(&of.ends))
}

/// A solver on a problem: a line of `gaps.csv`.
struct SolveLine<'a> {
    problem: &'a ExactProblem,
    solve: &'a ExactSolve,
}

/// `gaps.csv`: one row for each problem and solver.
pub(super) fn gaps(of: &Reproduction) -> String {
    let lines = of.exact.iter().flat_map(|problem| {
        let solves = problem.solves.iter();
        solves.map(move |solve| SolveLine { problem, solve })
    });
    let columns: Vec<Column<SolveLine>> = columns! { l: SolveLine;
        csv["users"]              => l.problem.users;
        csv["threshold"]          => Value::Plain(l.problem.threshold);
        csv["run"]                => l.problem.run;
        csv["instance"]           => &l.problem.instance;
        csv["solver"]             => &l.solve.solver;
        csv["objective_s"]        => l.solve.objective;
        csv["violations"]         => l.solve.violations;
        csv["lower_bound_s"]      => l.problem.lower;
        csv["upper_bound_s"]      => l.problem.upper();
        csv["reference"]          => l.problem.trust.name();
        csv["gap_low_pct"]        => Value::percent(l.problem.gap(l.solve).map(|g| g.low));
        csv["gap_guaranteed_pct"] => Value::percent(l.problem.gap(l.solve).map(|g| g.guaranteed));
    };
    csv::table(&columns, &lines.collect::<Vec<_>>())
}

/// `times.csv`: the only file whose numbers differ from run to run.
pub(super) fn times(times: &Times) -> String {
    let repetitions = times.repetitions;
    let mut columns = columns! { t: SolverTime;
        csv["solver"]        => &t.solver;
        csv["users"]         => t.users;
        csv["servers"]       => t.servers;
        csv["seed"]          => t.seed;
        csv["time_median_s"] => t.time_s;
    };
    let repetitions = Column::hidden(move |_: &SolverTime| repetitions.into());
    columns.insert(4, repetitions.csv(&["repetitions"]));
    csv::table(&columns, &times.rows)
}
