//! The CSV files and the table of deviations.

use super::Reproduction;
use super::agreement::{agreement, aim, by_chance};
use super::cells::{Cell, Metric};
use super::differences::Step;
use crate::bootstrap::Interval;
use crate::csv_files::table;
use std::fmt::Debug;
use std::fmt::Write as _;

/// A number with all its digits; nothing is empty.
fn cell<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| format!("{v:?}"))
}

fn ends(interval: Option<Interval>) -> [String; 3] {
    [
        cell(interval.map(|i| i.estimate)),
        cell(interval.map(|i| i.low)),
        cell(interval.map(|i| i.high)),
    ]
}

/// `cells.csv`: one row for each N, threshold, method and metric.
pub(super) fn cells(of: &Reproduction) -> String {
    let header = [
        "users",
        "threshold",
        "method",
        "runs",
        "metric",
        "mean",
        "low",
        "high",
        "published",
        "deviation",
        "unit",
        "by_chance",
    ];
    let row = |c: &Cell, metric: Metric| {
        let place = metric.place();
        vec![
            c.users.to_string(),
            c.threshold.to_string(),
            c.method.clone(),
            c.runs.to_string(),
            metric.column().into(),
            cell(Some(c.means[place])),
            cell(c.intervals[place].map(|i| i.low)),
            cell(c.intervals[place].map(|i| i.high)),
            cell(c.published.map(|p| p[place])),
            cell(c.deviation(metric)),
            metric.unit().into(),
            cell(by_chance(c, metric)),
        ]
    };
    table(
        &header,
        of.cells
            .iter()
            .flat_map(|c| Metric::ALL.map(|metric| row(c, metric))),
    )
}

/// Columns of a paired difference in delay and accuracy, each with its interval.
const DIFFERENCE: [&str; 6] = [
    "delay_difference_ms",
    "delay_low_ms",
    "delay_high_ms",
    "accuracy_difference_points",
    "accuracy_low_points",
    "accuracy_high_points",
];

/// `differences.csv`: GOA less every other method, run by run.
pub(super) fn differences(of: &Reproduction) -> String {
    let header = [["users", "threshold", "method"].as_slice(), &DIFFERENCE].concat();
    let rows = of.differences.iter().map(|d| {
        let mut row = vec![
            d.users.to_string(),
            d.threshold.to_string(),
            d.method.clone(),
        ];
        row.extend(ends(d.delay));
        row.extend(ends(d.accuracy));
        row
    });
    table(&header, rows)
}

/// `thresholds.csv`: GOA at each threshold less GOA at the one before, then at the last less at the
/// first.
pub(super) fn thresholds(of: &Reproduction) -> String {
    let header = [
        ["users", "threshold_from", "threshold_to"].as_slice(),
        &DIFFERENCE,
    ]
    .concat();
    let row = |s: &Step| {
        let mut row = vec![s.users.to_string(), s.from.to_string(), s.to.to_string()];
        row.extend(ends(s.delay));
        row.extend(ends(s.accuracy));
        row
    };
    table(&header, of.steps.iter().chain(&of.ends).map(row))
}

/// `gaps.csv`: one row for each problem and solver.
pub(super) fn gaps(of: &Reproduction) -> String {
    let header = [
        "users",
        "threshold",
        "run",
        "instance",
        "solver",
        "objective_s",
        "violations",
        "lower_bound_s",
        "upper_bound_s",
        "reference",
        "gap_low_pct",
        "gap_guaranteed_pct",
    ];
    let rows = of.exact.iter().flat_map(|e| {
        e.solves.iter().map(move |s| {
            let gap = e.gap(s);
            vec![
                e.users.to_string(),
                e.threshold.to_string(),
                e.run.to_string(),
                e.instance.clone(),
                s.solver.clone(),
                cell(s.objective),
                s.violations.to_string(),
                cell(Some(e.lower)),
                cell(e.upper()),
                e.trust.to_string(),
                cell(gap.map(|g| 100.0 * g.low)),
                cell(gap.map(|g| 100.0 * g.guaranteed)),
            ]
        })
    });
    table(&header, rows)
}

/// `times.csv`: the only file whose numbers differ from run to run.
pub(super) fn times(of: &Reproduction) -> String {
    let header = [
        "solver",
        "users",
        "servers",
        "seed",
        "repetitions",
        "time_median_s",
    ];
    let rows = of.times.iter().flat_map(|times| {
        times.rows.iter().map(move |t| {
            vec![
                t.solver.clone(),
                t.users.to_string(),
                t.servers.to_string(),
                t.seed.to_string(),
                times.repetitions.to_string(),
                cell(Some(t.time_s)),
            ]
        })
    });
    table(&header, rows)
}

/// `deviations.md`: every published cell beside ours.
pub(super) fn deviations(of: &Reproduction) -> String {
    let mut text = format!(
        "# Deviations from the published means\n\n{}\n\n\
         Ours (95 % interval over runs) / published: deviation, in % of the published mean, for \
         accuracy in points. `*` marks what chance alone does not explain.\n\n",
        of.setup.sentence()
    );
    text += &agreement_table(of);
    text += "\n| N | tau | method | total delay, ms | offloaded | accuracy, % | local | uplink | \
        edge compute |\n|--:|--:|---|---|---|---|--:|--:|--:|\n";
    for c in of.cells.iter().filter(|c| c.published.is_some()) {
        let [total, offloaded, accuracy] = [
            (Metric::Total, 0),
            (Metric::Offloaded, 1),
            (Metric::Accuracy, 1),
        ]
        .map(|(m, digits)| compared(c, m, digits));
        let [local, uplink, compute] = super::agreement::PARTS.map(|m| deviation(c, m));
        let _ = writeln!(
            text,
            "| {} | {} | `{}` | {total} | {offloaded} | {accuracy} | {local} | {uplink} | \
             {compute} |",
            c.users, c.threshold, c.method
        );
    }
    text
}

fn deviation(c: &Cell, metric: Metric) -> String {
    let mark = if by_chance(c, metric) == Some(false) {
        " *"
    } else {
        ""
    };
    c.deviation(metric)
        .map_or("–".into(), |d| format!("{d:+.1}{mark}"))
}

fn compared(c: &Cell, metric: Metric, digits: usize) -> String {
    let place = metric.place();
    let around = c.intervals[place].map_or(String::new(), |i| {
        format!(" ({:.digits$}–{:.digits$})", i.low, i.high)
    });
    let theirs = c
        .published
        .map_or("–".into(), |p| format!("{:.digits$}", p[place]));
    format!(
        "{:.digits$}{around} / {theirs}: {}",
        c.means[place],
        deviation(c, metric)
    )
}

/// One row for each metric: how far we are off over all cells.
pub(super) fn agreement_table(of: &Reproduction) -> String {
    let mut text = String::from(
        "| | cells | mean absolute deviation | mean deviation | greatest, where | aim | met | \
         within chance |\n|---|--:|--:|--:|---|---|---|--:|\n",
    );
    for a in agreement(&of.cells) {
        let at = &of.cells[a.worst];
        let unit = a.metric.unit();
        let met = match a.is_met() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "–",
        };
        let wanted = aim(a.metric).map_or("–".into(), |mean| {
            format!(
                "{mean} {unit} on average, {} in any cell",
                super::agreement::WORST_AIM
            )
        });
        let _ = writeln!(
            text,
            "| {} | {} | {:.2} {unit} | {:+.2} {unit} | {:.1} {unit}: `{}`, N = {}, tau = {} | \
             {wanted} | {met} | {} of {} |",
            a.metric.name(),
            a.cells,
            a.mean_abs,
            a.mean,
            a.max_abs,
            at.method,
            at.users,
            at.threshold,
            a.chance,
            a.cells
        );
    }
    text
}
