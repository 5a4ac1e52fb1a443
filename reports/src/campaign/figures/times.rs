//! How long solves take, and what the time buys.

use super::panels::{
    GAP_MISSING, NO_GAP, TIME_FLOOR_S, curve, gap_point, mean_gap_axis, missing, modes,
    panels_by_users, panels_of, users_axis,
};
use crate::analysis::Study;
use crate::analysis::aggregates::Measures;
use crate::figures::{Axis, Chart, Draw, Figure, Panel, Point, Series, Style};
use crate::statistics::curves::pareto_front;
use crate::statistics::scaling::SHORTEST_S;
use std::collections::BTreeSet;

pub(super) fn runtime_vs_users(study: &Study) -> Figure {
    let point = |f: &Measures, x| f.time_s.map(|t| Point::at(x, t));
    let mut panels = panels_by_users(study, Draw::Marks, point);
    for (panel, interference) in panels.iter_mut().zip(modes(study)) {
        let fits = fitted_lines(study, interference, panel);
        panel.series.extend(fits);
    }
    let users = users_axis(study);
    Figure::Chart(Chart {
        name: "runtime-vs-users".into(),
        title: "Running time of one solve".into(),
        caption: "Median running time (markers) against N, both on log axes, with fitted power \
            laws (lines; exponents in the table of growth). Runs that were cut off count as at \
            least that long in the fit."
            .into(),
        x: Axis {
            log_floor: (users.values.len() > 1).then_some(1.0),
            ..users
        },
        y: Axis::time("median time", "time_median_s", TIME_FLOOR_S),
        note: missing(
            study,
            &panels,
            "No time to show (all rows ended in an error)",
        ),
        panels,
        nothing: "no row has a time".into(),
    })
}

/// The fitted power law of each solver over its points. With several M a solver has no one line.
fn fitted_lines(study: &Study, interference: bool, panel: &Panel) -> Vec<Series> {
    let fits = || {
        study
            .growth
            .iter()
            .filter(|g| g.interference == interference)
    };
    if fits().map(|g| g.servers).collect::<BTreeSet<_>>().len() > 1 {
        return Vec::new();
    }
    let line = |series: &Series| {
        let fit = fits().find(|g| g.solver == series.name)?.scaling?;
        let ends = [series.points.first()?.x, series.points.last()?.x];
        let points = ends.map(|x| Point::at(x, fit.at(x).max(SHORTEST_S)));
        Some(Series::new(
            series.name.clone(),
            series.style,
            Draw::Thin,
            points.into(),
        ))
    };
    panel.series.iter().filter_map(line).collect()
}

pub(super) fn gap_vs_time(study: &Study) -> Figure {
    let point = |f: &Measures, _| time_and_gap(f);
    let mut panels = panels_of(study, Draw::Named, &study.totals, |&of| (of, 0.0), point);
    for (panel, interference) in panels.iter_mut().zip(modes(study)) {
        let points = panel.series.iter().flat_map(|s| &s.points);
        let slowest = points.map(|p| p.x).fold(0.0, f64::max);
        panel.series.extend(guides(study, interference, slowest));
    }
    Figure::Chart(Chart {
        name: "gap-vs-time".into(),
        title: "Gap against time".into(),
        caption: "Mean guaranteed gap (with its bootstrap 95 % interval) against the shifted \
            geometric mean of the time, all N together: lower left is better. Solid grey: the \
            Pareto front of the solvers with a gap on every row. Dotted grey: the gap that the \
            best plans known show, because the bounds are no closer."
            .into(),
        x: Axis::time(
            "shifted geometric mean of the time",
            "time_geometric_s",
            TIME_FLOOR_S,
        ),
        y: mean_gap_axis(),
        note: missing(study, &panels, GAP_MISSING),
        panels,
        nothing: NO_GAP.into(),
    })
}

fn time_and_gap(f: &Measures) -> Option<Point> {
    gap_point(f, f.time_geometric_s?)
}

/// The Pareto front of a mode's solvers up to the slowest one's time, and the gap that the best
/// plans known show.
fn guides(study: &Study, interference: bool, slowest: f64) -> [Series; 2] {
    // A solver without a gap on some problems, for a rule broken or time run out, is not measured
    // on the same ones.
    let whole = |f: &Measures| f.gap.as_ref().is_some_and(|gap| gap.count == f.rows);
    let rows = study.totals.iter().filter(|row| row.key == interference);
    let totals = || rows.clone().map(|row| &row.measures).filter(|f| whole(f));
    let points = totals().filter_map(time_and_gap).map(|p| (p.x, p.y));
    let points: Vec<_> = points.collect();
    let mut front = pareto_front(&points);
    if let Some(&(x, least)) = front.last()
        && x < slowest
    {
        front.push((slowest, least));
    }
    let fastest = points.iter().map(|p| p.0).fold(slowest, f64::min);
    // Any of them will do: they all have the same problems.
    let width = totals().find_map(|f| f.width);
    let floor = width.map(|w| vec![(fastest, 100.0 * w), (slowest, 100.0 * w)]);
    [
        ("Pareto front", Style::GUIDE, front),
        (
            "best plans known",
            Style::DOTTED_GUIDE,
            floor.unwrap_or_default(),
        ),
    ]
    .map(|(name, style, points)| Series::new(name, style, Draw::Guide, curve(points)))
}
