//! The figures of a trace's metrics: reliability plots and fronts.

use super::data::PlanMeans;
use crate::figures::{Axis, Chart, Draw, Figure, Panel, Point, ReferenceLine, Series, Style};
use crate::statistics::prediction::{Bin, MetricQuality};
use crate::text::firsts;

/// Share of right answers against the predicted probability.
pub(super) fn reliability(q: &MetricQuality) -> Figure {
    let point = |b: &Bin| Point {
        y_ends: Some((b.small.low, b.small.high)),
        ..Point::at(b.predicted, b.small.value)
    };
    let bins = q.calibration.iter().zip(&q.bins);
    let series = bins.map(|((name, _), bins)| (name.as_str(), bins.iter().map(point).collect()));
    let x = Axis::linear(
        "predicted probability of a right answer (small model)",
        "predicted",
    );
    Figure::Chart(Chart {
        name: format!("reliability-{}", plain(&q.name)),
        title: format!("Reliability of {}", q.name),
        caption: "Share of right answers against the predicted probability, with 95 % Wilson \
            intervals."
            .into(),
        x: x.within(0.0, 1.0),
        y: Axis::linear("share of right answers, 95 % Wilson", "right").within(0.0, 1.0),
        panels: vec![Panel {
            references: vec![ReferenceLine::Diagonal],
            ..numbered(series)
        }],
        ..Chart::default()
    })
}

/// Right answers against delay of a solver's plans, by metric.
pub(super) fn front(solver: &str, cells: &[PlanMeans]) -> Figure {
    let of_solver = || cells.iter().filter(|c| c.solver == solver);
    let point = |c: &PlanMeans| Point {
        y_ends: Some((c.accuracy.low, c.accuracy.high)),
        ..Point::at(c.delay.estimate, c.accuracy.estimate)
    };
    let series = firsts(of_solver().map(|c| c.metric.as_str()))
        .into_iter()
        .map(|metric| {
            let mine = of_solver().filter(|c| c.metric == metric);
            (metric, mine.map(point).collect())
        });
    Figure::Chart(Chart {
        name: format!("front-{}", plain(solver)),
        title: format!("Accuracy and delay over thresholds: {solver}"),
        caption: "Right answers, with their 95 % intervals, against realised mean delay, a point \
            for each threshold, by metric."
            .into(),
        x: Axis::linear("realised mean delay, ms", "delay_mean_ms"),
        y: Axis::linear("right answers, %", "accuracy_pct"),
        panels: vec![numbered(series)],
        ..Chart::default()
    })
}

/// A panel of series that are not solvers.
fn numbered<'a>(series: impl Iterator<Item = (&'a str, Vec<Point>)>) -> Panel {
    let line = |(place, (name, points))| Series::new(name, Style::solid(place), Draw::Line, points);
    Panel::new("", series.enumerate().map(line).collect())
}

/// A text that can be part of a file's name everywhere.
fn plain(text: &str) -> String {
    text.replace(
        |c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)),
        "_",
    )
}
