//! The figures of the reproduction: ours as lines with intervals, the published means as marks of
//! the same colour.

use super::Reproduction;
use super::cells::{Cell, Metric};
use crate::chart::{Axis, Chart, Draw, Figure, Panel, Point, Series, Spread};
use crate::style::PUBLISHED;
use crate::tables::Threshold;
use std::collections::BTreeSet;

/// Gaps up to this many % are drawn at it.
const GAP_FLOOR_PCT: f64 = 0.001;
/// Panels that fit side by side with five methods in each.
const PANELS: usize = 3;

/// All figures; those without data are left out.
pub(super) fn figures(of: &Reproduction) -> Vec<Figure> {
    let mut all = vec![
        against_users(
            of,
            Metric::Total,
            "delay-vs-users",
            "Total delay against the number of users",
        ),
        against_users(
            of,
            Metric::Accuracy,
            "accuracy-vs-users",
            "Accuracy against the number of users",
        ),
        trade_off(of),
    ];
    if !of.gaps.is_empty() {
        all.push(gap_vs_users(of));
    }
    all.into_iter().map(Figure::Chart).collect()
}

/// First, middle and last of some values in ascending order.
fn some<T: Copy>(values: &[T]) -> Vec<T> {
    if values.len() <= PANELS {
        return values.to_vec();
    }
    (0..PANELS)
        .map(|k| values[k * (values.len() - 1) / (PANELS - 1)])
        .collect()
}

fn point(x: f64, cell: &Cell, metric: Metric) -> Point {
    let place = metric.place();
    Point {
        x,
        y: cell.means[place],
        ends: cell.intervals[place].map(|i| (i.low, i.high)),
    }
}

/// Ours as lines, theirs as marks, for each method of `cells`; x and y of a mean.
fn series(
    cells: &[&Cell],
    x: impl Fn(&Cell, &[f64; 6]) -> f64,
    metric: Metric,
    draw: Draw,
) -> Vec<Series> {
    let mut methods: Vec<&str> = Vec::new();
    for cell in cells {
        if !methods.contains(&cell.method.as_str()) {
            methods.push(&cell.method);
        }
    }
    let mut all = Vec::new();
    for method in methods {
        let of: Vec<&&Cell> = cells.iter().filter(|c| c.method == method).collect();
        let points = of
            .iter()
            .map(|c| point(x(c, &c.means), c, metric))
            .collect();
        all.push(Series {
            name: method.into(),
            draw,
            spread: Spread::Bars,
            points,
        });
        let theirs = of
            .iter()
            .filter_map(|c| c.published.map(|p| Point::at(x(c, &p), p[metric.place()])));
        let name = format!("{method}{PUBLISHED}");
        all.push(Series {
            name,
            draw: Draw::Marks,
            spread: Spread::Bars,
            points: theirs.collect(),
        });
    }
    all
}

fn against_users(
    of: &Reproduction,
    metric: Metric,
    name: &'static str,
    title: &'static str,
) -> Chart {
    let thresholds: Vec<Threshold> = of
        .cells
        .iter()
        .map(|c| Threshold(c.threshold))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let panel = |tau: Threshold| {
        let cells: Vec<&Cell> = of
            .cells
            .iter()
            .filter(|c| Threshold(c.threshold) == tau)
            .collect();
        Panel {
            title: format!("tau = {}", tau.0),
            series: series(&cells, |c, _| c.users as f64, metric, Draw::Line),
        }
    };
    Chart {
        name,
        title,
        caption: format!(
            "Mean {} over {} runs against N, with bootstrap 95 % intervals over runs; marks \
             without a line are the published means.",
            metric.name(),
            of.setup.runs
        ),
        x: Axis::users(of.cells.iter().map(|c| c.users as f64).collect()),
        y: Axis::linear(metric.name(), metric.column()),
        panels: some(&thresholds).into_iter().map(panel).collect(),
        nothing: "no run",
        note: String::new(),
    }
}

fn trade_off(of: &Reproduction) -> Chart {
    // Sizes for which there is something to compare with, if there are any.
    let users = |published: bool| -> Vec<usize> {
        let cells = of
            .cells
            .iter()
            .filter(|c| !published || c.published.is_some());
        cells
            .map(|c| c.users)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    };
    let with = users(true);
    let sizes = if with.is_empty() { users(false) } else { with };
    let delay = Metric::Total.place();
    let panel = |n: usize| {
        let cells: Vec<&Cell> = of.cells.iter().filter(|c| c.users == n).collect();
        Panel {
            title: format!("N = {n}"),
            series: series(
                &cells,
                |_, means| means[delay],
                Metric::Accuracy,
                Draw::Line,
            ),
        }
    };
    Chart {
        name: "accuracy-vs-delay",
        title: "Accuracy against delay over thresholds",
        caption: "Mean realised accuracy (with its bootstrap 95 % interval over runs) against \
            mean total delay, a point for each threshold: upper left is better. \
                  Marks without a line are the published means."
            .into(),
        x: Axis::linear(Metric::Total.name(), Metric::Total.column()),
        y: Axis::linear(Metric::Accuracy.name(), Metric::Accuracy.column()),
        panels: some(&sizes).into_iter().map(panel).collect(),
        nothing: "no run",
        note: String::new(),
    }
}

/// Solvers in the figure of gaps.
const GAPS_OF: [&str; 4] = ["goa", "ga", "goa-marginal", "portfolio"];

fn gap_vs_users(of: &Reproduction) -> Chart {
    let thresholds: Vec<Threshold> = of
        .gaps
        .iter()
        .map(|c| Threshold(c.threshold))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    let panel = |tau: &Threshold| {
        let one = |id: &&str| {
            let cells = of
                .gaps
                .iter()
                .filter(|c| c.solver == **id && Threshold(c.threshold) == *tau);
            let point = |c: &super::GapCell| {
                let ends = c.interval.map(|i| (100.0 * i.low, 100.0 * i.high));
                c.mean().map(|mean| Point {
                    x: c.users as f64,
                    y: 100.0 * mean,
                    ends,
                })
            };
            Series {
                name: (*id).into(),
                draw: Draw::Line,
                spread: Spread::Bars,
                points: cells.filter_map(point).collect(),
            }
        };
        Panel {
            title: format!("tau = {}", tau.0),
            series: GAPS_OF.iter().map(one).collect(),
        }
    };
    Chart {
        name: "gap-vs-users",
        title: "Certified gap to the optimum",
        caption: format!(
            "Mean guaranteed gap to the optimum against N, {} problems a point, with bootstrap 95 \
             % intervals over problems.",
            of.setup.exact_runs
        ),
        x: Axis::users(of.gaps.iter().map(|c| c.users as f64).collect()),
        y: Axis::log(
            "mean guaranteed gap (%)",
            "gap_guaranteed_pct",
            GAP_FLOOR_PCT,
        ),
        panels: thresholds.iter().map(panel).collect(),
        nothing: "no gap",
        note: String::new(),
    }
}
