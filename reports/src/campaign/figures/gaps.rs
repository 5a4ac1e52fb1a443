//! How far plans are from the optimum.

use super::panels::{
    CURVE_POINTS, GAP_MISSING, NO_GAP, curve, gap_axis, gap_point, mean_gap_axis, missing, panels,
    panels_by_users, panels_of, rows, share_axis, users_axis,
};
use crate::analysis::Study;
use crate::analysis::aggregates::{ThresholdKey, aggregate};
use crate::analysis::gaps::ScoredRecord;
use crate::figures::{Axis, Chart, Draw, Figure};
use crate::records::Record;
use crate::statistics::curves::distribution;

pub(super) fn gap_vs_users(study: &Study) -> Figure {
    let panels = panels_by_users(study, Draw::Band, gap_point);
    Figure::Chart(Chart {
        name: "gap-vs-users".into(),
        title: "Guaranteed gap to the optimum".into(),
        caption: "Mean guaranteed gap against the number of users N, by solver; bands or bars are \
            bootstrap 95 % intervals over instances."
            .into(),
        x: users_axis(study),
        y: mean_gap_axis(),
        note: missing(study, &panels, GAP_MISSING),
        panels,
        nothing: NO_GAP.into(),
    })
}

pub(super) fn gap_distribution(study: &Study) -> Figure {
    let panels = panels(study, Draw::Steps, |interference, id| {
        let rows: Vec<_> = rows(study, interference, id).collect();
        let gap = |row: &&ScoredRecord| Some(100.0 * row.standing.gap()?.guaranteed);
        let gaps: Vec<f64> = rows.iter().filter_map(gap).collect();
        let shares = distribution(&gaps, rows.len(), CURVE_POINTS);
        curve(shares.into_iter().map(|(x, y)| (x, 100.0 * y)).collect())
    });
    Figure::Chart(Chart {
        name: "gap-distribution".into(),
        title: "Distribution of guaranteed gaps".into(),
        caption: "Share of all rows whose guaranteed gap is at most x. Rows without a gap keep a \
            curve below 100 %."
            .into(),
        x: gap_axis("guaranteed gap (%)", "gap_guaranteed_pct"),
        y: share_axis("share of all rows (%)"),
        note: missing(study, &panels, GAP_MISSING),
        panels,
        nothing: NO_GAP.into(),
    })
}

pub(super) fn gap_vs_load(study: &Study) -> Figure {
    let load = |r: &Record| {
        (
            r.interference,
            ThresholdKey(r.users as f64 / r.servers as f64),
        )
    };
    let by_load = aggregate(&study.analysis, load);
    let place = |key: &(bool, ThresholdKey)| (key.0, key.1.0);
    let panels = panels_of(study, Draw::Band, &by_load, place, gap_point);
    Figure::Chart(Chart {
        name: "gap-vs-load".into(),
        title: "Guaranteed gap against load".into(),
        caption: "Mean guaranteed gap against users per server, N/M, over all N and M; bands or \
            bars are bootstrap 95 % intervals over instances."
            .into(),
        x: Axis {
            label: "users per server N/M".into(),
            column: "users_per_server",
            ..Axis::users(by_load.iter().map(|row| row.key.1.0).collect())
        },
        y: mean_gap_axis(),
        note: missing(study, &panels, GAP_MISSING),
        panels,
        nothing: NO_GAP.into(),
    })
}
