//! The columns of the tables about uncertainty metrics, in the report and in CSV.

use super::data::{Informed, PlanMeans, UncertaintyReport};
use crate::document::{Column, Digits, Table, Value, columns, csv};
use crate::statistics::ConfidenceInterval;
use crate::statistics::prediction::{Bin, MetricQuality, Share};
use crate::text::firsts;

fn fixed(interval: Option<ConfidenceInterval>, factor: f64, digits: usize) -> Value {
    Value::interval(interval, factor, Digits::Fixed(digits))
}

/// How well each metric predicts right answers.
pub(super) fn qualities(all: &[MetricQuality]) -> Table {
    let shown = |interval: Option<ConfidenceInterval>| fixed(interval, 1.0, 3);
    let columns = columns! { q: MetricQuality;
        "metric"                               => &q.name;
        "claim"                                => q.verdict().name();
        "AUROC"                                => shown(Some(q.auroc));
        "AUROC − first metric"                 => shown(q.ahead);
        "point-biserial"                       => shown(Some(q.biserial));
        "Spearman"                             => shown(Some(q.spearman));
        "Spearman with the gain of offloading" => shown(Some(q.gain));
    };
    Table::of("", &columns, all)
}

/// A statistic of a metric, or an error of a prediction made from it.
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
        lines.extend(named.into_iter().filter_map(|(name, value)| {
            Some(Statistic {
                metric: &q.name,
                name: name.into(),
                value: value?,
            })
        }));
        lines.extend(errors(q).map(|error| Statistic {
            name: format!("calibration_error {}", error.name),
            ..error
        }));
    }
    let columns: Vec<Column<Statistic>> = columns! { s: Statistic;
        csv["metric"]    => s.metric;
        csv["statistic"] => &s.name;
        csv["estimate", "low", "high"] => Some(s.value);
    };
    csv::table_of_shortest(&columns, &lines)
}

/// The calibration error of each prediction.
fn errors(q: &MetricQuality) -> impl Iterator<Item = Statistic<'_>> {
    q.calibration.iter().map(|(name, error)| Statistic {
        metric: &q.name,
        name: name.clone(),
        value: *error,
    })
}

/// The calibration errors.
pub(super) fn calibration(all: &[MetricQuality]) -> Table {
    let rows: Vec<Statistic> = all.iter().flat_map(errors).collect();
    let columns: Vec<Column<Statistic>> = columns! { s: Statistic;
        "metric"     => s.metric;
        "prediction" => &s.name;
        "error"      => fixed(Some(s.value), 1.0, 3);
    };
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
    let columns: Vec<Column<BinLine>> = columns! { l: BinLine;
        csv["metric"]     => l.metric;
        csv["prediction"] => l.prediction;
        csv["queries"]    => l.bin.count;
        csv["predicted"]  => l.bin.predicted;
        csv["small_right", "small_low", "small_high"] => share(l.bin.small);
        csv["large_right", "large_low", "large_high"] => share(l.bin.large);
    };
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
    let columns = columns! { q: MetricQuality;
        "metric"         => &q.name;
        "small right, %" => list(q, |b| b.small);
        "large right, %" => list(q, |b| b.large);
    };
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
    columns! { c: PlanMeans;
        "metric"            csv["metric"]    => &c.metric;
        "solver"            csv["solver"]    => &c.solver;
        "tau"               csv["threshold"] => Value::Plain(c.threshold);
        "forced"            csv["mandatory"] => count(c.mandatory);
        "offloaded"         csv["offloaded"] => count(c.offloaded);
        "delay, ms" csv["delay_ms", "delay_low", "delay_high"] => fixed(Some(c.delay), 1.0, 1);
        "right, %" csv["accuracy_pct", "accuracy_low", "accuracy_high"]
            => fixed(Some(c.accuracy), 1.0, 1);
        "allocation gap, %"                  => fixed(c.gap, 100.0, 2);
    }
}

/// A gap of a plan: a line of `uncertainty-gaps.csv`.
struct PlanGap<'a> {
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
        Some(PlanGap {
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
        kinds.map(|(kind, value)| PlanGap {
            metric: &i.metric,
            threshold: i.threshold,
            instance: i.instance,
            kind,
            solver: "",
            value,
        })
    });
    let lines: Vec<PlanGap> = allocation.chain(information).collect();
    let columns: Vec<Column<PlanGap>> = columns! { l: PlanGap;
        csv["metric"]    => l.metric;
        csv["threshold"] => Value::Plain(l.threshold);
        csv["instance"]  => l.instance;
        csv["kind"]      => l.kind;
        csv["solver"]    => l.solver;
        csv["value"]     => l.value;
    };
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
        let same = |i: &&Informed| key(i) == (metric.clone(), bits);
        let rows: Vec<&Informed> = of.informed.iter().filter(same).collect();
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
    let keys = firsts(of.informed.iter().map(key)).into_iter();
    let rows: Vec<TwoGaps> = keys.map(row).collect();
    let mut columns = columns! { r: TwoGaps;
        "metric" => &r.metric;
        "tau"    => Value::Plain(r.threshold);
    };
    for (k, solver) in solvers.iter().enumerate() {
        let gap = Column::hidden(move |r: &TwoGaps| fixed(r.allocation[k], 100.0, 2));
        columns.push(gap.headed(format!("allocation, {solver}, %")));
    }
    columns.extend(columns! { r: TwoGaps;
        "information, delay, %" => fixed(Some(r.delay), 100.0, 1);
        "information, points"   => fixed(Some(r.accuracy), 1.0, 1);
    });
    Table::of("", &columns, &rows)
}
