//! What the figures of a campaign share: panels by interference mode with a series for each solver,
//! axes and notes.

use crate::analysis::Study;
use crate::analysis::aggregates::{Aggregate, Measures, SizeKey};
use crate::analysis::gaps::ScoredRecord;
use crate::figures::{Axis, Draw, Panel, Point, Series, Style};
use crate::statistics::ConfidenceInterval;
use crate::text::{clip, listed, mode};
use std::collections::BTreeSet;

/// Gaps up to this many % are drawn at it.
const GAP_FLOOR_PCT: f64 = 0.001;
/// Times up to this are drawn at it, s.
pub(super) const TIME_FLOOR_S: f64 = 1e-6;
/// Points that a curve keeps.
pub(super) const CURVE_POINTS: usize = 160;
/// Longest id in a note, characters.
const LONGEST: usize = 34;

pub(super) const NO_GAP: &str = "no row has a gap";
pub(super) const GAP_MISSING: &str = "No gap to show (see the tables)";

pub(super) fn modes(study: &Study) -> BTreeSet<bool> {
    let rows = study.analysis.rows.iter();
    rows.map(|row| row.record.interference).collect()
}

pub(super) fn title(interference: bool) -> String {
    format!("interference {}", mode(interference))
}

/// The rows of a solver in a mode.
pub(super) fn rows<'a>(
    study: &'a Study,
    interference: bool,
    id: &'a str,
) -> impl Iterator<Item = &'a ScoredRecord<'a>> {
    let is_meant =
        move |r: &&ScoredRecord| r.record.solver == id && r.record.interference == interference;
    study.analysis.rows.iter().filter(is_meant)
}

/// One panel for each mode, in it a series for each solver.
pub(super) fn panels(
    study: &Study,
    draw: Draw,
    points: impl Fn(bool, &str) -> Vec<Point>,
) -> Vec<Panel> {
    let panel = |interference| {
        let series = |&id: &&str| {
            let style = Style::at(study.analysis.catalogue.position(id));
            Series::new(id, style, draw, points(interference, id))
        };
        let all = study.analysis.solvers.iter().map(series).collect();
        Panel::new(title(interference), all)
    };
    modes(study).into_iter().map(panel).collect()
}

/// The same from aggregated rows, each a point at the mode and x that follow from its key.
pub(super) fn panels_of<K>(
    study: &Study,
    draw: Draw,
    aggregates: &[Aggregate<K>],
    place: impl Fn(&K) -> (bool, f64),
    point: impl Fn(&Measures, f64) -> Option<Point>,
) -> Vec<Panel> {
    panels(study, draw, |interference, id| {
        let rows = aggregates.iter().filter(|row| row.solver == id);
        let places = rows.map(|row| (place(&row.key), &row.measures));
        places
            .filter(|((mode, _), _)| *mode == interference)
            .filter_map(|((_, x), figures)| point(figures, x))
            .collect()
    })
}

/// A line for each solver over the numbers of users.
pub(super) fn panels_by_users(
    study: &Study,
    draw: Draw,
    point: impl Fn(&Measures, f64) -> Option<Point>,
) -> Vec<Panel> {
    let place = |key: &SizeKey| (key.interference, key.users as f64);
    panels_of(study, draw, &study.by_size, place, point)
}

pub(super) fn users_axis(study: &Study) -> Axis {
    let users = study.by_size.iter().map(|row| row.key.users as f64);
    Axis::users(users.collect())
}

/// An axis of gaps; `column` names the statistic in CSV, where no value is moved to the floor.
pub(super) fn gap_axis(label: &str, column: &'static str) -> Axis {
    Axis::log(label, column, GAP_FLOOR_PCT)
}

pub(super) fn mean_gap_axis() -> Axis {
    gap_axis("mean guaranteed gap (%)", "gap_mean_pct")
}

pub(super) fn share_axis(label: &str) -> Axis {
    Axis::linear(label, "share_pct").within(0.0, 100.0)
}

/// The mean guaranteed gap, %.
pub(super) fn gap_point(f: &Measures, x: f64) -> Option<Point> {
    let y = 100.0 * f.gap.as_ref()?.mean;
    let ends = f.intervals.map(|i| i.mean);
    Some(Point {
        y_ends: ends.map(|i| (100.0 * i.low, 100.0 * i.high)),
        ..Point::at(x, y)
    })
}

pub(super) fn point_with(
    x: f64,
    y: Option<f64>,
    interval: Option<ConfidenceInterval>,
) -> Option<Point> {
    Some(Point {
        y_ends: interval.map(|i| (i.low, i.high)),
        ..Point::at(x, y?)
    })
}

pub(super) fn curve(points: Vec<(f64, f64)>) -> Vec<Point> {
    points.into_iter().map(|(x, y)| Point::at(x, y)).collect()
}

/// A note that names the solvers without a point in any panel.
pub(super) fn missing(study: &Study, panels: &[Panel], reason: &str) -> String {
    let series = || panels.iter().flat_map(|p| &p.series);
    let is_drawn = |id: &str| series().any(|s| s.name == id && !s.points.is_empty());
    let solvers = study.analysis.solvers.iter().filter(|id| !is_drawn(id));
    let ids: Vec<String> = solvers.map(|id| clip(id, LONGEST)).collect();
    if ids.is_empty() {
        String::new()
    } else {
        format!("{reason}: {}.", listed(&ids))
    }
}

/// The greatest N of a mode, where solvers differ most.
pub(super) fn greatest_users(study: &Study, interference: bool) -> usize {
    let sizes = study.by_size.iter().map(|row| row.key);
    let of_mode = sizes.filter(|size| size.interference == interference);
    of_mode.map(|size| size.users).max().unwrap_or(0)
}
