//! What plans come to: accuracy and delay.

use super::panels::{
    greatest_users, missing, modes, panels_by_users, panels_of, point_with, title, users_axis,
};
use crate::analysis::Study;
use crate::analysis::aggregates::{Measures, SizeKey, ThresholdKey, aggregate};
use crate::figures::{Axis, Bar, BarPanel, Bars, Chart, Draw, Figure};

/// Delays up to this are drawn at it, ms.
const SHORTEST_DELAY_MS: f64 = 1e-3;
/// Names of [`Measures::delay_parts_ms`].
const PARTS: [&str; 3] = ["local", "uplink", "edge compute"];

pub(super) fn accuracy_vs_delay(study: &Study) -> Figure {
    let mut by_threshold = aggregate(&study.analysis, |r| {
        (SizeKey::of(r), ThresholdKey(r.threshold))
    });
    by_threshold.retain(|row| row.key.0.users == greatest_users(study, row.key.0.interference));
    let point = |f: &Measures, _| point_with(f.delay_ms?, f.accuracy_pct, f.accuracy_interval);
    let place = |key: &(SizeKey, ThresholdKey)| (key.0.interference, 0.0);
    let mut panels = panels_of(study, Draw::Line, &by_threshold, place, point);
    for (panel, interference) in panels.iter_mut().zip(modes(study)) {
        panel.title += &format!(", N = {}", greatest_users(study, interference));
    }
    Figure::Chart(Chart {
        name: "accuracy-vs-delay".into(),
        title: "Accuracy against delay over thresholds".into(),
        caption: "Realised accuracy (with its bootstrap 95 % interval) against the realised mean \
            delay per user, a point for each threshold, at the greatest N: upper left is better. \
            Plans that break the threshold rule are shown too."
            .into(),
        // One bad rule is ten times as slow as the others, which differ by tenths.
        x: Axis::log(
            "mean delay per user (ms)",
            "delay_mean_ms",
            SHORTEST_DELAY_MS,
        ),
        y: Axis::linear("accuracy (%)", "accuracy_mean_pct"),
        note: missing(study, &panels, "No accuracy or delay to show"),
        panels,
        nothing: "no row has realised accuracy and delay".into(),
    })
}

pub(super) fn delay_split(study: &Study) -> Figure {
    let panel = |interference: bool| {
        let users = greatest_users(study, interference);
        let size = SizeKey {
            interference,
            users,
        };
        let rows = study.by_size.iter().filter(|r| r.key == size);
        let bar = |(name, parts): (&String, [f64; 3])| Bar {
            name: name.clone(),
            parts: parts.into(),
        };
        let bars = rows.filter_map(|r| Some((&r.solver, r.measures.delay_parts_ms?)));
        BarPanel {
            title: format!("{}, N = {users}", title(interference)),
            bars: bars.map(bar).collect(),
        }
    };
    let panels = modes(study).into_iter().map(panel);
    Figure::Bars(Bars {
        name: "delay-split".into(),
        title: "Where the delay comes from".into(),
        caption: "Realised mean delay per user, split into local computing, uplink and computing \
            at servers, at the greatest N, all thresholds together."
            .into(),
        x: Axis::linear("mean delay per user (ms)", "delay_mean_ms"),
        parts: PARTS.map(String::from).into(),
        panels: panels.filter(|p| !p.bars.is_empty()).collect(),
        nothing: "no row has realised delays".into(),
    })
}

pub(super) fn accuracy_vs_users(study: &Study) -> Figure {
    let point = |f: &Measures, x| point_with(x, f.accuracy_pct, f.accuracy_interval);
    let panels = panels_by_users(study, Draw::Band, point);
    Figure::Chart(Chart {
        name: "accuracy-vs-users".into(),
        title: "Accuracy against the number of users".into(),
        caption:
            "Realised accuracy against N, all thresholds together; bands or bars are bootstrap 95 \
             % intervals over instances."
                .into(),
        x: users_axis(study),
        y: Axis::linear("accuracy (%)", "accuracy_mean_pct"),
        note: missing(study, &panels, "No accuracy to show"),
        panels,
        nothing: "no row has an accuracy".into(),
    })
}

pub(super) fn delay_vs_users(study: &Study) -> Figure {
    let point = |f: &Measures, x| point_with(x, f.delay_ms, f.delay_interval);
    let panels = panels_by_users(study, Draw::Band, point);
    Figure::Chart(Chart {
        name: "delay-vs-users".into(),
        title: "Delay against the number of users".into(),
        caption: "Realised mean delay per user against N, all thresholds together; bands or bars \
            are bootstrap 95 % intervals over instances."
            .into(),
        x: users_axis(study),
        y: Axis::linear("mean delay per user (ms)", "delay_mean_ms"),
        note: missing(study, &panels, "No delay to show"),
        panels,
        nothing: "no row has a realised delay".into(),
    })
}
