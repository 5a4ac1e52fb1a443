//! How plans improve over time, and how soon they are good.

use super::panels::{
    CURVE_POINTS, TIME_FLOOR_S, curve, gap_axis, missing, modes, panels, rows, share_axis,
};
use crate::analysis::Study;
use crate::analysis::aggregates::moments;
use crate::analysis::comparisons::times_within;
use crate::analysis::gaps::{ROUNDING, Reference, Standing};
use crate::figures::{Axis, Chart, Draw, Figure, Point};
use crate::statistics::curves::{distribution, performance_ratios, primal_gap, thin};
use std::collections::BTreeMap;

/// Guaranteed gap that counts as solved in the performance profile.
const PROFILE_GAP: f64 = 0.01;
/// The fastest solver's ratio is 1: none is drawn at the floor.
const BELOW_ALL_RATIOS: f64 = 0.5;

/// Mean primal gap over time, of solvers that record their incumbents.
pub(super) fn anytime(study: &Study) -> Figure {
    let all = &study.analysis.rows;
    let records = |id: &str| {
        let mut rows = all.iter().filter(|r| r.record.solver == id);
        rows.any(|r| !r.record.trajectory.is_empty())
    };
    let points = |interference, id: &str| {
        if records(id) {
            mean_primal_gaps(study, interference, id)
        } else {
            Vec::new()
        }
    };
    Figure::Chart(Chart {
        name: "anytime".into(),
        title: "How plans improve over time".into(),
        caption: "Mean primal gap (Berthold 2013) of the incumbent to the best plan known, over \
            all problems with one; 100 % while there is none. Only solvers that record how they \
            came along."
            .into(),
        x: Axis::time("time", "time_s", TIME_FLOOR_S),
        y: gap_axis("mean primal gap (%)", "primal_gap_mean_pct"),
        panels: panels(study, Draw::Steps, points),
        nothing: "no record has a trajectory".into(),
        note: String::new(),
    })
}

fn mean_primal_gaps(study: &Study, interference: bool, id: &str) -> Vec<Point> {
    // Each change of a row's primal gap is an event; the mean is a running sum of them.
    let mut events: Vec<(f64, f64)> = Vec::new();
    let mut count = 0.0;
    for row in rows(study, interference, id) {
        let problem = &study.analysis.problems[row.problem];
        let Some(best) = problem
            .upper
            .as_ref()
            .filter(|_| problem.reference != Reference::Crossed)
        else {
            continue;
        };
        count += 1.0;
        if !matches!(row.standing, Standing::Gap(_) | Standing::BestKnown(_)) {
            continue;
        }
        let mut before = 1.0;
        for moment in moments(row.record).iter().filter(|m| m.objective.is_some()) {
            let gap = primal_gap(moment.objective, best.value);
            if gap != before {
                events.push((moment.time_s, gap - before));
                before = gap;
            }
        }
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut sum = count;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (time, change) in events {
        sum += change;
        let mean = sum / count;
        // What is left of a sum whose terms cancel is rounding, and may be below 0.
        let y = if mean < ROUNDING { 0.0 } else { 100.0 * mean };
        match points.last_mut().filter(|last| last.0 == time) {
            Some(last) => last.1 = y,
            None => points.push((time, y)),
        }
    }
    curve(thin(&points, CURVE_POINTS))
}

pub(super) fn performance_profile(study: &Study) -> Figure {
    let profiles: BTreeMap<bool, _> = modes(study)
        .into_iter()
        .map(|interference| (interference, profile(study, interference)))
        .collect();
    let points = |interference, id: &str| profiles[&interference].get(id).cloned();
    let panels = panels(study, Draw::Steps, |interference, id| {
        points(interference, id).unwrap_or_default()
    });
    Figure::Chart(Chart {
        name: "performance-profile".into(),
        title: "Time to a plan within 1 %, against the fastest".into(),
        caption: "Performance profile (Dolan and More 2002): share of problems on which a solver \
            ended with a guaranteed gap of at most 1 % within x times the time of the fastest \
            solver that did."
            .into(),
        x: Axis::log("time / fastest time", "ratio", BELOW_ALL_RATIOS),
        y: share_axis("share of problems (%)"),
        note: missing(study, &panels, "Never within 1 %"),
        panels,
        nothing: "no plan is within 1 % of a bound".into(),
    })
}

/// The curve of each solver in a mode.
fn profile(study: &Study, interference: bool) -> BTreeMap<String, Vec<Point>> {
    let (ids, times): (Vec<String>, Vec<_>) =
        times_within(&study.analysis, interference, PROFILE_GAP)
            .into_iter()
            .unzip();
    let problems = times.first().map_or(0, Vec::len);
    let ratios = performance_ratios(&times, TIME_FLOOR_S);
    let points = |ratios: Vec<f64>| {
        let shares = distribution(&ratios, problems, CURVE_POINTS);
        curve(shares.into_iter().map(|(x, y)| (x, 100.0 * y)).collect())
    };
    ids.into_iter()
        .zip(ratios.into_iter().map(points))
        .collect()
}
