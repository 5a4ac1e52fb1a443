//! The columns of the tables about uncertainty metrics, in the report and in CSV.

use super::data::{Informed, PlanMeans, UncertaintyReport, firsts};
use crate::document::{Column, Digits, Table, Value, csv};
use crate::statistics::ConfidenceInterval;
use crate::statistics::prediction::{Bin, MetricQuality, Share};

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

fn fixed(interval: Option<ConfidenceInterval>, factor: f64, digits: usize) -> Value {
    Value::interval(interval, factor, Digits::Fixed(digits))
}

/// How well each metric predicts right answers.
pub(super) fn qualities(all: &[MetricQuality]) -> Table {
    fn of(
        heading: &str,
        pick: fn(&MetricQuality) -> Option<ConfidenceInterval>,
    ) -> Column<MetricQuality> {
        Column::new(heading, move |q: &MetricQuality| fixed(pick(q), 1.0, 3))
    }
    let columns = [
        Column::new("metric", |q: &MetricQuality| text(&q.name)),
        Column::new("claim", |q: &MetricQuality| text(q.verdict().name())),
        of("AUROC", |q| Some(q.auroc)),
        of("AUROC − first metric", |q| q.ahead),
        of("point-biserial", |q| Some(q.biserial)),
        of("Spearman", |q| Some(q.spearman)),
        of("Spearman with the gain of offloading", |q| Some(q.gain)),
    ];
    Table::of("", &columns, all)
}

/// A statistic of a metric: a line of `uncertainty-metrics.csv`.
struct Statistic<'a> {
    metric: &'a str,
    name: String,
    value: ConfidenceInterval,
}

/// `uncertainty-metrics.csv`.
pub(super) fn statistics(all: &[MetricQuality]) -> String {
    let mut lines = Vec::new();
    for q in all {
        let named = [
            ("auroc", Some(q.auroc)),
            ("point_biserial", Some(q.biserial)),
            ("spearman", Some(q.spearman)),
            ("spearman_gain", Some(q.gain)),
            ("auroc_less_first", q.ahead),
        ];
        let named = named
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_string(), value?)));
        let errors = q
            .calibration
            .iter()
            .map(|(name, error)| (format!("calibration_error {name}"), *error));
        lines.extend(named.chain(errors).map(|(name, value)| Statistic {
            metric: &q.name,
            name,
            value,
        }));
    }
    let columns: [Column<Statistic>; 3] = [
        Column::hidden(&["metric"], |s: &Statistic| text(s.metric)),
        Column::hidden(&["statistic"], |s: &Statistic| text(&s.name)),
        Column::hidden(&["estimate", "low", "high"], |s: &Statistic| {
            fixed(Some(s.value), 1.0, 3)
        }),
    ];
    csv::table_of_shortest(&columns, &lines)
}

/// A prediction made from a metric.
struct Prediction<'a> {
    metric: &'a str,
    name: &'a str,
    error: ConfidenceInterval,
}

/// The calibration errors.
pub(super) fn calibration(all: &[MetricQuality]) -> Table {
    let mut rows = Vec::new();
    for q in all {
        rows.extend(q.calibration.iter().map(|(name, error)| Prediction {
            metric: &q.name,
            name,
            error: *error,
        }));
    }
    let columns: [Column<Prediction>; 3] = [
        Column::new("metric", |p: &Prediction| text(p.metric)),
        Column::new("prediction", |p: &Prediction| text(p.name)),
        Column::new("error", |p: &Prediction| fixed(Some(p.error), 1.0, 3)),
    ];
    Table::of("", &columns, &rows)
}

/// A bin of a prediction: a line of `uncertainty-reliability.csv`.
struct BinLine<'a> {
    metric: &'a str,
    prediction: &'a str,
    bin: &'a Bin,
}

/// `uncertainty-reliability.csv`.
pub(super) fn reliability(all: &[MetricQuality]) -> String {
    let mut lines = Vec::new();
    for q in all {
        for ((prediction, _), bins) in q.calibration.iter().zip(&q.bins) {
            lines.extend(bins.iter().map(|bin| BinLine {
                metric: &q.name,
                prediction,
                bin,
            }));
        }
    }
    fn share(s: Share) -> Value {
        Value::Estimate(Some(s.value), Some((s.low, s.high)), Digits::Short)
    }
    let columns: [Column<BinLine>; 6] = [
        Column::hidden(&["metric"], |l: &BinLine| text(l.metric)),
        Column::hidden(&["prediction"], |l: &BinLine| text(l.prediction)),
        Column::hidden(&["queries"], |l: &BinLine| Value::Count(l.bin.count)),
        Column::hidden(&["predicted"], |l: &BinLine| {
            Value::number(Some(l.bin.predicted))
        }),
        Column::hidden(
            &["small_right", "small_low", "small_high"],
            |l: &BinLine| share(l.bin.small),
        ),
        Column::hidden(
            &["large_right", "large_low", "large_high"],
            |l: &BinLine| share(l.bin.large),
        ),
    ];
    csv::table_of_shortest(&columns, &lines)
}

/// Both models by tenths of each metric, from sure to unsure.
pub(super) fn tenths(all: &[MetricQuality]) -> Table {
    fn list(q: &MetricQuality, share: fn(&Bin) -> Share) -> Value {
        let bins = by_rank(q).into_iter().flatten().rev();
        let shares: Vec<String> = bins
            .map(|b| format!("{:.0}", 100.0 * share(b).value))
            .collect();
        Value::Text(shares.join(" "))
    }
    let columns = [
        Column::new("metric", |q: &MetricQuality| text(&q.name)),
        Column::new("small right, %", |q: &MetricQuality| list(q, |b| b.small)),
        Column::new("large right, %", |q: &MetricQuality| list(q, |b| b.large)),
    ];
    Table::of("", &columns, all.iter().filter(|q| by_rank(q).is_some()))
}

/// Bins of the prediction by rank.
fn by_rank(q: &MetricQuality) -> Option<&Vec<Bin>> {
    let place = q.calibration.iter().position(|(name, _)| name == "rank")?;
    Some(&q.bins[place])
}

/// The plans of a metric, solver and threshold: the report's table and `uncertainty-front.csv`.
pub(super) fn plans() -> Vec<Column<PlanMeans>> {
    let count = |mean: f64| Value::Number(Some(mean), Digits::Fixed(1));
    vec![
        Column::new("metric", |c: &PlanMeans| text(&c.metric)).csv(&["metric"]),
        Column::new("solver", |c: &PlanMeans| text(&c.solver)).csv(&["solver"]),
        Column::new("tau", |c: &PlanMeans| Value::Plain(c.threshold)).csv(&["threshold"]),
        Column::new("forced", move |c: &PlanMeans| count(c.mandatory)).csv(&["mandatory"]),
        Column::new("offloaded", move |c: &PlanMeans| count(c.offloaded)).csv(&["offloaded"]),
        Column::new("delay, ms", |c: &PlanMeans| fixed(Some(c.delay), 1.0, 1)).csv(&[
            "delay_ms",
            "delay_low",
            "delay_high",
        ]),
        Column::new("right, %", |c: &PlanMeans| fixed(Some(c.accuracy), 1.0, 1)).csv(&[
            "accuracy_pct",
            "accuracy_low",
            "accuracy_high",
        ]),
        Column::new("allocation gap, %", |c: &PlanMeans| fixed(c.gap, 100.0, 2)),
    ]
}

/// A gap of a plan: a line of `uncertainty-gaps.csv`.
struct GapLine<'a> {
    metric: &'a str,
    threshold: f64,
    instance: u64,
    kind: &'static str,
    solver: &'a str,
    value: f64,
}

/// `uncertainty-gaps.csv`.
pub(super) fn gaps(of: &UncertaintyReport) -> String {
    let allocation = of.planned.iter().filter_map(|p| {
        Some(GapLine {
            metric: &p.metric,
            threshold: p.threshold,
            instance: p.instance,
            kind: "allocation",
            solver: &p.solver,
            value: p.gap?,
        })
    });
    let information = of.informed.iter().flat_map(|i| {
        let kinds = [
            ("information-delay", i.delay_gap),
            ("information-points", i.accuracy_gap),
        ];
        kinds.map(|(kind, value)| GapLine {
            metric: &i.metric,
            threshold: i.threshold,
            instance: i.instance,
            kind,
            solver: "",
            value,
        })
    });
    let lines: Vec<GapLine> = allocation.chain(information).collect();
    let columns: [Column<GapLine>; 6] = [
        Column::hidden(&["metric"], |l: &GapLine| text(l.metric)),
        Column::hidden(&["threshold"], |l: &GapLine| Value::Plain(l.threshold)),
        Column::hidden(&["instance"], |l: &GapLine| text(&l.instance.to_string())),
        Column::hidden(&["kind"], |l: &GapLine| text(l.kind)),
        Column::hidden(&["solver"], |l: &GapLine| text(l.solver)),
        Column::hidden(&["value"], |l: &GapLine| Value::number(Some(l.value))),
    ];
    csv::table_of_shortest(&columns, &lines)
}

/// Allocation and information gaps of a metric and threshold.
struct TwoGaps {
    metric: String,
    threshold: f64,
    delay: ConfidenceInterval,
    accuracy: ConfidenceInterval,
    /// One for each solver.
    allocation: Vec<Option<ConfidenceInterval>>,
}

/// Allocation gaps beside information gaps, in the order of the plans.
pub(super) fn two_gaps(of: &UncertaintyReport, cells: &[PlanMeans]) -> Table {
    let solvers = of.solvers();
    let key = |i: &Informed| (i.metric.clone(), i.threshold.to_bits());
    let row = |(metric, bits): (String, u64)| {
        let rows: Vec<&Informed> = of
            .informed
            .iter()
            .filter(|i| key(i) == (metric.clone(), bits))
            .collect();
        let gap = |solver: &&str| {
            let is = |c: &&PlanMeans| {
                c.metric == metric && c.solver == *solver && c.threshold.to_bits() == bits
            };
            cells.iter().find(is).and_then(|c| c.gap)
        };
        TwoGaps {
            threshold: f64::from_bits(bits),
            delay: of.interval(rows.iter().map(|i| (i.delay_gap, i.instance))),
            accuracy: of.interval(rows.iter().map(|i| (i.accuracy_gap, i.instance))),
            allocation: solvers.iter().map(gap).collect(),
            metric,
        }
    };
    let rows: Vec<TwoGaps> = firsts(of.informed.iter().map(key))
        .into_iter()
        .map(row)
        .collect();
    let mut columns = vec![
        Column::new("metric", |r: &TwoGaps| text(&r.metric)),
        Column::new("tau", |r: &TwoGaps| Value::Plain(r.threshold)),
    ];
    for (k, solver) in solvers.iter().enumerate() {
        let heading = format!("allocation, {solver}, %");
        columns.push(Column::new(heading, move |r: &TwoGaps| {
            fixed(r.allocation[k], 100.0, 2)
        }));
    }
    columns.extend([
        Column::new("information, delay, %", |r: &TwoGaps| {
            fixed(Some(r.delay), 100.0, 1)
        }),
        Column::new("information, points", |r: &TwoGaps| {
            fixed(Some(r.accuracy), 1.0, 1)
        }),
    ]);
    Table::of("", &columns, &rows)
}
