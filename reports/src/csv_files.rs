//! The two CSV files: one line per record, and one per solver and kind of problem. Full precision,
//! empty for nothing.

use crate::gaps::{Analysis, Outcome, Row};
use crate::record::Record;
use crate::study::Study;
use crate::tables::{Aggregate, Setting};
use std::fmt::Debug;

type Column<T> = (&'static str, fn(&T) -> String);

/// `gaps.csv`: every record with its gap, in % of the reference, and what the gap rests on. Written
/// as it is made: it is the one file that grows with the records.
pub(crate) fn write_gaps(analysis: &Analysis, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(RECORD.iter().map(|column| column.0).chain(GAP))?;
    for row in &analysis.rows {
        let record = RECORD.iter().map(|column| column.1(row.record));
        writer.write_record(record.chain(gap_cells(analysis, row)))?;
    }
    writer.flush()
}

/// `summary.csv`: one row per solver and [`Setting`].
pub(crate) fn summary(study: &Study) -> String {
    let header: Vec<&str> = SUMMARY.iter().map(|column| column.0).collect();
    table(
        &header,
        study
            .by_setting
            .iter()
            .map(|row| SUMMARY.iter().map(|column| column.1(row)).collect()),
    )
}

/// `pairs.csv`: every pair of solvers on their common problems; differences in points of the
/// guaranteed gap, first less second.
pub(crate) fn pairs(study: &Study) -> String {
    let header = [
        "interference",
        "first",
        "second",
        "problems",
        "instances",
        "wins",
        "ties",
        "losses",
        "difference_mean_pct",
        "difference_low_pct",
        "difference_high_pct",
        "wilcoxon_instances",
        "wilcoxon_plus",
        "wilcoxon_minus",
        "rank_biserial",
        "p",
        "p_holm",
    ];
    let rows = study.pairs.iter().map(|pair| {
        let d = &pair.paired;
        vec![
            pair.interference.to_string(),
            pair.first.clone(),
            pair.second.clone(),
            d.problems.to_string(),
            d.instances.to_string(),
            d.wins.to_string(),
            (d.problems - d.wins - d.losses).to_string(),
            d.losses.to_string(),
            percent(Some(d.mean)),
            percent(d.interval.map(|i| i.low)),
            percent(d.interval.map(|i| i.high)),
            cell(d.test.map(|t| t.count)),
            cell(d.test.map(|t| t.plus)),
            cell(d.test.map(|t| t.minus)),
            cell(d.test.map(|t| t.effect)),
            cell(d.test.map(|t| t.p)),
            cell(d.test.map(|_| pair.corrected_p)),
        ]
    });
    table(&header, rows)
}

/// `growth.csv`: how the time of each solver grows with N, with runs that were cut off.
pub(crate) fn growth(study: &Study) -> String {
    let header = [
        "interference",
        "servers",
        "solver",
        "exponent",
        "exponent_low",
        "exponent_high",
        "factor_s",
        "deviation_log",
        "runs",
        "cut_off",
        "left_out",
    ];
    let rows = study.growth.iter().map(|g| {
        let s = g.scaling;
        vec![
            g.interference.to_string(),
            g.servers.to_string(),
            g.solver.clone(),
            cell(s.map(|s| s.exponent.estimate)),
            cell(s.map(|s| s.exponent.low)),
            cell(s.map(|s| s.exponent.high)),
            cell(s.map(|s| s.factor)),
            cell(s.map(|s| s.deviation)),
            cell(s.map(|s| s.runs)),
            cell(s.map(|s| s.censored)),
            g.left_out.to_string(),
        ]
    });
    table(&header, rows)
}

pub(crate) fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    // Writing to memory does not fail, and every row is as long as the header.
    let mut writer = csv::Writer::from_writer(Vec::new());
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

const RECORD: [Column<Record>; 32] = [
    ("instance", |r| r.instance.clone()),
    ("fingerprint", |r| r.fingerprint.clone()),
    ("family", |r| r.family.clone()),
    ("users", |r| r.users.to_string()),
    ("servers", |r| r.servers.to_string()),
    ("interference", |r| r.interference.to_string()),
    ("instance_seed", |r| cell(r.instance_seed)),
    ("threshold", |r| cell(Some(r.threshold))),
    ("weights", |r| r.weights.clone()),
    ("solver", |r| r.solver.clone()),
    ("seed", |r| r.seed.to_string()),
    ("generator", |r| r.generator.clone()),
    ("solver_version", |r| r.solver_version.clone()),
    ("time_limit_s", |r| cell(r.time_limit_s())),
    ("status", |r| r.status.to_string()),
    ("stop", |r| r.stop.clone()),
    ("objective", |r| cell(r.objective)),
    ("lower_bound", |r| cell(r.lower_bound)),
    ("trust", |r| {
        r.trust.map_or_else(String::new, |t| t.to_string())
    }),
    ("time_s", |r| cell(Some(r.time_s))),
    ("cpu_s", |r| cell(r.cpu_s)),
    ("peak_memory_bytes", |r| cell(r.peak_memory_bytes)),
    ("violations", |r| r.violations.to_string()),
    ("mandatory_local", |r| r.mandatory_local.to_string()),
    ("offloaded", |r| cell(r.offloaded)),
    ("delay_total_ms", |r| {
        cell(r.realised.as_ref().map(|x| x.delay_total_ms))
    }),
    ("delay_mean_ms", |r| {
        cell(r.realised.as_ref().map(|x| x.delay_mean_ms))
    }),
    ("delay_p95_ms", |r| {
        cell(r.realised.as_ref().map(|x| x.delay_p95_ms))
    }),
    ("delay_local_ms", |r| {
        cell(r.realised.as_ref().map(|x| x.delay_local_ms))
    }),
    ("delay_uplink_ms", |r| {
        cell(r.realised.as_ref().map(|x| x.delay_uplink_ms))
    }),
    ("delay_compute_ms", |r| {
        cell(r.realised.as_ref().map(|x| x.delay_compute_ms))
    }),
    ("accuracy_pct", |r| {
        cell(r.realised.as_ref().and_then(|x| x.accuracy_pct))
    }),
];

const GAP: [&str; 10] = [
    "outcome",
    "reference",
    "problem_lower_bound",
    "problem_lower_bound_by",
    "problem_upper_bound",
    "problem_upper_bound_by",
    "reference_width_pct",
    "gap_low_pct",
    "gap_guaranteed_pct",
    "above_best_known_pct",
];

fn gap_cells(analysis: &Analysis, row: &Row) -> [String; 10] {
    let problem = &analysis.problems[row.problem];
    let gap = row.outcome.gap();
    let above = if let Outcome::BestKnown(distance) = row.outcome {
        distance
    } else {
        gap.map(|g| g.low)
    };
    [
        row.outcome.name().into(),
        problem.reference.name().into(),
        cell(problem.lower.as_ref().map(|l| l.value)),
        problem
            .lower
            .as_ref()
            .map_or_else(String::new, |l| l.solver.clone()),
        cell(problem.upper.as_ref().map(|u| u.value)),
        problem
            .upper
            .as_ref()
            .map_or_else(String::new, |u| u.solver.clone()),
        percent(problem.width()),
        percent(gap.map(|g| g.low)),
        percent(gap.map(|g| g.guaranteed)),
        percent(above),
    ]
}

const SUMMARY: [Column<Aggregate<Setting>>; 45] = [
    ("interference", |a| a.key.interference.to_string()),
    ("family", |a| a.key.family.clone()),
    ("servers", |a| a.key.servers.to_string()),
    ("weights", |a| a.key.weights.clone()),
    ("users", |a| a.key.users.to_string()),
    ("threshold", |a| cell(Some(a.key.threshold.0))),
    ("solver", |a| a.solver.clone()),
    ("rows", |a| a.figures.rows.to_string()),
    ("with_gap", |a| a.figures.with_gap().to_string()),
    ("violating", |a| a.figures.violating.to_string()),
    ("failed", |a| a.figures.failed.to_string()),
    ("timeouts", |a| a.figures.timeouts.to_string()),
    ("gap_mean_pct", |a| percent(a.figures.gap.map(|g| g.mean))),
    ("gap_mean_low_pct", |a| {
        percent(a.figures.intervals.map(|i| i.mean.low))
    }),
    ("gap_mean_high_pct", |a| {
        percent(a.figures.intervals.map(|i| i.mean.high))
    }),
    ("gap_median_pct", |a| {
        percent(a.figures.gap.map(|g| g.median))
    }),
    ("gap_median_low_pct", |a| {
        percent(a.figures.intervals.map(|i| i.median.low))
    }),
    ("gap_median_high_pct", |a| {
        percent(a.figures.intervals.map(|i| i.median.high))
    }),
    ("gap_q95_pct", |a| percent(a.figures.gap.map(|g| g.q95))),
    ("gap_q95_low_pct", |a| {
        percent(a.figures.intervals.map(|i| i.q95.low))
    }),
    ("gap_q95_high_pct", |a| {
        percent(a.figures.intervals.map(|i| i.q95.high))
    }),
    ("gap_max_pct", |a| percent(a.figures.gap.map(|g| g.max))),
    ("gap_max_low_pct", |a| {
        percent(a.figures.intervals.map(|i| i.max.low))
    }),
    ("gap_max_high_pct", |a| {
        percent(a.figures.intervals.map(|i| i.max.high))
    }),
    ("within_0.01_pct", |a| a.figures.within[0].to_string()),
    ("within_0.1_pct", |a| a.figures.within[1].to_string()),
    ("within_1_pct", |a| a.figures.within[2].to_string()),
    ("within_5_pct", |a| a.figures.within[3].to_string()),
    ("within_10_pct", |a| a.figures.within[4].to_string()),
    ("best_known", |a| a.figures.best.to_string()),
    ("above_best_known_mean_pct", |a| {
        percent(a.figures.above_best)
    }),
    ("proved_optimal", |a| a.figures.optimal.to_string()),
    ("proved_optimal_pct", |a| {
        percent(Some(a.figures.optimal_share()))
    }),
    ("references", |a| a.figures.reference_text()),
    ("reference_width_mean_pct", |a| percent(a.figures.width)),
    ("time_median_ms", |a| {
        cell(a.figures.time_s.map(|s| 1e3 * s))
    }),
    ("time_geometric_ms", |a| {
        cell(a.figures.time_geometric_s.map(|s| 1e3 * s))
    }),
    ("par10_ms", |a| cell(a.figures.par10_s.map(|s| 1e3 * s))),
    ("primal_integral_ms", |a| {
        cell(a.figures.primal_integral_s.map(|s| 1e3 * s))
    }),
    ("offloaded_mean", |a| cell(a.figures.offloaded)),
    ("accuracy_mean_pct", |a| cell(a.figures.accuracy_pct)),
    ("delay_mean_ms", |a| cell(a.figures.delay_ms)),
    ("delay_local_ms", |a| {
        cell(a.figures.delay_parts_ms.map(|p| p[0]))
    }),
    ("delay_uplink_ms", |a| {
        cell(a.figures.delay_parts_ms.map(|p| p[1]))
    }),
    ("delay_compute_ms", |a| {
        cell(a.figures.delay_parts_ms.map(|p| p[2]))
    }),
];

/// A number with all its digits (`{:?}` is the shortest text that reads back bit for bit).
pub(crate) fn cell<T: Debug>(value: Option<T>) -> String {
    value.map_or_else(String::new, |v| format!("{v:?}"))
}

/// A fraction in %, with all its digits.
pub(crate) fn percent(fraction: Option<f64>) -> String {
    cell(fraction.map(|f| 100.0 * f))
}
