//! The figures of the reproduction: ours as lines with intervals, the published means as marks of
//! the same colour.

use super::cells::{MethodMeans, PaperMetric};
use super::exact::SolverGaps;
use super::experiment::Reproduction;
use crate::analysis::aggregates::ThresholdKey;
use crate::figures::{Axis, Chart, Draw, Figure, Panel, Point, Series, Style};
use std::collections::BTreeSet;

/// Gaps up to this many % are drawn at it.
const GAP_FLOOR_PCT: f64 = 0.001;
/// Panels that fit side by side with five methods in each.
const PANELS: usize = 3;
/// Solvers in the figure of gaps.
const GAPS_OF: [&str; 4] = ["goa", "ga", "goa-marginal", "portfolio"];

/// All figures; those without data are left out.
pub(super) fn figures(of: &Reproduction) -> Vec<Figure> {
    let mut all = vec![
        Chart {
            name: "delay-vs-users".into(),
            title: "Total delay against the number of users".into(),
            ..against_users(of, PaperMetric::Total)
        },
        Chart {
            name: "accuracy-vs-users".into(),
            title: "Accuracy against the number of users".into(),
            ..against_users(of, PaperMetric::Accuracy)
        },
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

fn thresholds(all: impl Iterator<Item = f64>) -> Vec<ThresholdKey> {
    all.map(ThresholdKey)
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn style(of: &Reproduction, method: &str) -> Style {
    Style::at(of.catalogue.position(method))
}

/// Ours as lines, theirs as marks, for each method of `cells`; x of a cell's means.
fn series(
    of: &Reproduction,
    cells: &[&MethodMeans],
    metric: PaperMetric,
    x: impl Fn(&MethodMeans, &[f64; 6]) -> f64,
) -> Vec<Series> {
    let mut methods: Vec<&str> = Vec::new();
    for cell in cells {
        if !methods.contains(&cell.method.as_str()) {
            methods.push(&cell.method);
        }
    }
    let place = metric.place();
    let of_method = |method: &str| -> Vec<&&MethodMeans> {
        cells.iter().filter(|c| c.method == method).collect()
    };
    let ours = |&method: &&str| {
        let point = |c: &MethodMeans| Point {
            y_ends: c.intervals[place].map(|i| (i.low, i.high)),
            ..Point::at(x(c, &c.means), c.means[place])
        };
        let points = of_method(method).into_iter().map(|c| point(c)).collect();
        Series::new(method, style(of, method), Draw::Line, points)
    };
    let theirs = |&method: &&str| {
        let point = |c: &MethodMeans| c.published.map(|p| Point::at(x(c, &p), p[place]));
        let points = of_method(method).into_iter().filter_map(|c| point(c));
        let points = points.collect();
        let (name, style) = (format!("{method} (paper)"), style(of, method).second());
        Series::new(name, style, Draw::Marks, points)
    };
    let ours = methods.iter().map(ours);
    ours.chain(methods.iter().map(theirs)).collect()
}

fn against_users(of: &Reproduction, metric: PaperMetric) -> Chart {
    let panel = |tau: ThresholdKey| {
        let cells = of.cells.iter().filter(|c| ThresholdKey(c.threshold) == tau);
        let cells: Vec<&MethodMeans> = cells.collect();
        let series = series(of, &cells, metric, |c, _| c.users as f64);
        Panel::new(format!("tau = {}", tau.0), series)
    };
    let thresholds = thresholds(of.cells.iter().map(|c| c.threshold));
    Chart {
        caption: format!(
            "Mean {} over {} runs against N, with bootstrap 95 % intervals over runs; marks \
             without a line are the published means.",
            metric.name(),
            of.setup.runs
        ),
        x: Axis::users(of.cells.iter().map(|c| c.users as f64).collect()),
        y: Axis::linear(metric.name(), metric.column()),
        panels: some(&thresholds).into_iter().map(panel).collect(),
        nothing: "no run".into(),
        ..Chart::default()
    }
}

fn trade_off(of: &Reproduction) -> Chart {
    // Sizes for which there is something to compare with, if there are any.
    let users = |published: bool| -> Vec<usize> {
        let cells = of.cells.iter();
        let cells = cells.filter(|c| !published || c.published.is_some());
        let sizes: BTreeSet<usize> = cells.map(|c| c.users).collect();
        sizes.into_iter().collect()
    };
    let with = users(true);
    let sizes = if with.is_empty() { users(false) } else { with };
    let delay = PaperMetric::Total.place();
    let panel = |n: usize| {
        let cells: Vec<&MethodMeans> = of.cells.iter().filter(|c| c.users == n).collect();
        let series = series(of, &cells, PaperMetric::Accuracy, |_, means| means[delay]);
        Panel::new(format!("N = {n}"), series)
    };
    Chart {
        name: "accuracy-vs-delay".into(),
        title: "Accuracy against delay over thresholds".into(),
        caption: "Mean realised accuracy (with its bootstrap 95 % interval over runs) against \
            mean total delay, a point for each threshold: upper left is better. Marks without a \
            line are the published means."
            .into(),
        x: Axis::linear(PaperMetric::Total.name(), PaperMetric::Total.column()),
        y: Axis::linear(PaperMetric::Accuracy.name(), PaperMetric::Accuracy.column()),
        panels: some(&sizes).into_iter().map(panel).collect(),
        nothing: "no run".into(),
        ..Chart::default()
    }
}

fn gap_vs_users(of: &Reproduction) -> Chart {
    let panel = |tau: ThresholdKey| {
        let line = |id: &'static str| {
            let is_meant = |c: &&SolverGaps| c.solver == id && ThresholdKey(c.threshold) == tau;
            let point = |c: &SolverGaps| {
                let ends = c.interval.map(|i| (100.0 * i.low, 100.0 * i.high));
                Some(Point {
                    y_ends: ends,
                    ..Point::at(c.users as f64, 100.0 * c.mean()?)
                })
            };
            let points = of.gaps.iter().filter(is_meant).filter_map(point).collect();
            Series::new(id, style(of, id), Draw::Line, points)
        };
        Panel::new(format!("tau = {}", tau.0), GAPS_OF.map(line).into())
    };
    let thresholds = thresholds(of.gaps.iter().map(|c| c.threshold));
    Chart {
        name: "gap-vs-users".into(),
        title: "Certified gap to the optimum".into(),
        caption: format!(
            "Mean guaranteed gap to the optimum against N, {} problems a point, with bootstrap 95 \
             % intervals over problems.",
            of.setup.exact_runs
        ),
        x: Axis::users(of.gaps.iter().map(|c| c.users as f64).collect()),
        y: Axis::log("mean guaranteed gap (%)", "gap_mean_pct", GAP_FLOOR_PCT),
        panels: thresholds.into_iter().map(panel).collect(),
        nothing: "no gap".into(),
        ..Chart::default()
    }
}
