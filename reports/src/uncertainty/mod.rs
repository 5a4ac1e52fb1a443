//! The report `uncertainty`: what each metric of a query trace knows about right answers, and what
//! that is worth when plans are made by it.
//!
//! The statistics are in [`statistics`]; what needs a model or a solver (the plans) comes in as
//! [`Planned`] numbers. `docs/uncertainty.md` defines every figure, the allocation gap and the
//! information gap in particular.

pub mod statistics;

use crate::bootstrap::{Interval, mean_interval};
use crate::error::ReportError;
use crate::figures::{Axis, Chart, Draw, Panel, Point, Reference, Series, Style};
use crate::write_whole;
use statistics::Quality;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// One plan, of one solver for one metric, threshold and instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The metric by which it was decided who must be offloaded.
    pub metric: String,
    /// Who made it.
    pub solver: String,
    /// tau.
    pub threshold: f64,
    /// The instance; plans of the same instance hang together.
    pub instance: u64,
    /// Users who must be offloaded.
    pub mandatory: usize,
    /// Users who are.
    pub offloaded: usize,
    /// Realised mean delay, ms.
    pub delay_ms: f64,
    /// Right answers, %.
    pub accuracy_pct: f64,
    /// Planned value over the lower bound less 1: the guaranteed gap. None without a bound.
    pub gap: Option<f64>,
}

/// What knowing the answers would have gained over the certified plan of one metric, threshold and
/// instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Informed {
    /// The metric of the plan compared with.
    pub metric: String,
    /// tau.
    pub threshold: f64,
    /// The instance.
    pub instance: u64,
    /// Planned total delay of the metric's plan over that of the informed one with no fewer right
    /// answers, less 1.
    pub delay_gap: f64,
    /// Accuracy of the informed plan that forces as many users as the metric's, less that of the
    /// metric's plan, percentage points.
    pub accuracy_gap: f64,
}

/// All that the report shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// Where the trace came from, for the reader.
    pub trace: String,
    /// Queries in it.
    pub queries: usize,
    /// Right answers of the small and the large model, %.
    pub right_pct: [f64; 2],
    /// How plans were made: sizes, weights, scale, gap; for the reader.
    pub setup: String,
    /// The metrics.
    pub qualities: Vec<Quality>,
    /// The plans; may be empty.
    pub planned: Vec<Planned>,
    /// The informed plans; may be empty.
    pub informed: Vec<Informed>,
    /// Seed of the intervals.
    pub seed: u64,
}

/// What the trace says to 'the metric predicts accuracy'.
#[must_use]
pub fn verdict(quality: &Quality) -> &'static str {
    if quality.auroc.low > 0.5 {
        "predicts"
    } else if quality.auroc.high < 0.5 {
        "contradicts"
    } else {
        "open"
    }
}

/// Mean with its interval over instances, of the plans of one metric, solver and threshold.
struct Cell<'a> {
    metric: &'a str,
    solver: &'a str,
    threshold: f64,
    delay: Interval,
    accuracy: Interval,
    offloaded: f64,
    mandatory: f64,
    gap: Option<Interval>,
}

impl Report {
    /// Writes `uncertainty.md`, `uncertainty-metrics.csv`, `uncertainty-reliability.csv`,
    /// `uncertainty-front.csv`, `uncertainty-gaps.csv`, a reliability plot for each metric and a
    /// front for each solver into `folder`, which is made if it is not there. Each file is written
    /// whole or not at all. Returns the paths.
    ///
    /// # Errors
    /// [`ReportError::Io`], naming the file.
    pub fn write(&self, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
        std::fs::create_dir_all(folder)
            .map_err(|e| ReportError::io(folder, "make the folder", e))?;
        let cells = self.cells();
        let mut files = vec![
            ("uncertainty.md".to_string(), self.markdown(&cells)),
            ("uncertainty-metrics.csv".into(), self.metrics_csv()),
            ("uncertainty-reliability.csv".into(), self.reliability_csv()),
        ];
        files.extend(
            self.qualities
                .iter()
                .map(|q| (reliability_name(&q.name), reliability_plot(q))),
        );
        if !cells.is_empty() {
            files.push(("uncertainty-front.csv".into(), front_csv(&cells)));
            files.push(("uncertainty-gaps.csv".into(), self.gaps_csv()));
            files.extend(
                self.solvers()
                    .into_iter()
                    .map(|s| (front_name(s), front_plot(s, &cells))),
            );
        }
        files
            .iter()
            .map(|(name, text)| write_whole(&folder.join(name), text.as_bytes()))
            .collect()
    }

    fn solvers(&self) -> Vec<&str> {
        firsts(self.planned.iter().map(|p| p.solver.as_str()))
    }

    fn cells(&self) -> Vec<Cell<'_>> {
        let mut cells = Vec::new();
        let keys = firsts(
            self.planned
                .iter()
                .map(|p| (p.metric.as_str(), p.solver.as_str(), p.threshold.to_bits())),
        );
        for (metric, solver, bits) in keys {
            let same = |p: &&Planned| {
                p.metric == metric && p.solver == solver && p.threshold.to_bits() == bits
            };
            let plans: Vec<&Planned> = self.planned.iter().filter(same).collect();
            let of = |value: &dyn Fn(&Planned) -> f64| {
                self.interval(plans.iter().map(|p| (value(p), p.instance)))
            };
            let gaps = plans.iter().filter_map(|p| p.gap.map(|g| (g, p.instance)));
            let mean = |value: fn(&Planned) -> usize| {
                plans.iter().map(|p| value(p) as f64).sum::<f64>() / plans.len() as f64
            };
            cells.push(Cell {
                metric,
                solver,
                threshold: f64::from_bits(bits),
                delay: of(&|p| p.delay_ms),
                accuracy: of(&|p| p.accuracy_pct),
                offloaded: mean(|p| p.offloaded),
                mandatory: mean(|p| p.mandatory),
                gap: plans
                    .iter()
                    .all(|p| p.gap.is_some())
                    .then(|| self.interval(gaps)),
            });
        }
        cells
    }

    /// Mean and interval over instances; with one instance the interval is the value itself.
    fn interval(&self, values: impl Iterator<Item = (f64, u64)>) -> Interval {
        let (values, instances): (Vec<f64>, Vec<u64>) = values.unzip();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        mean_interval(&values, &instances, self.seed).unwrap_or(Interval {
            estimate: mean,
            low: mean,
            high: mean,
        })
    }

    fn markdown(&self, cells: &[Cell]) -> String {
        let mut text = format!(
            "# Uncertainty\n\nTrace: {}; {} queries, the small model right in {:.1} %, the large \
             one in {:.1} %. Intervals are 95 %, by bootstrap: over queries here, over instances \
             below. \
             `docs/uncertainty.md` defines every figure.\n\n## What each metric knows\n\n",
            self.trace, self.queries, self.right_pct[0], self.right_pct[1]
        );
        text += "Claim of Kim et al. (arXiv 2602.07958): the small model is right less often \
            where its uncertainty is high. 'predicts' = the interval of the area lies above 0.5, \
            'contradicts' = below, 'open' = neither.\n\n";
        text += "| metric | claim | AUROC | less the first | point-biserial | Spearman | Spearman \
            with the gain of offloading |\n|---|---|---|---|---|---|---|\n";
        for q in &self.qualities {
            let ahead = q.ahead.map_or("–".into(), |a| shown(a, 3));
            let [area, biserial, rank, gain] =
                [q.auroc, q.biserial, q.spearman, q.gain].map(|i| shown(i, 3));
            let _ = writeln!(
                text,
                "| {} | {} | {area} | {ahead} | {biserial} | {rank} | {gain} |",
                q.name,
                verdict(q)
            );
        }
        text += "\n## Calibration\n\nExpected calibration error, ten bins of equal size, of the \
            probability of a right answer: 1 less the value as it stands, 1 less its rank, and \
            isotonic (fitted on four fifths, judged on the other). Noise alone makes it greater \
            than 0.\n\n| metric | prediction | error |\n|---|---|---|\n";
        for q in &self.qualities {
            for (name, error) in &q.calibration {
                let _ = writeln!(text, "| {} | {name} | {} |", q.name, shown(*error, 3));
            }
        }
        for q in &self.qualities {
            let _ = write!(
                text,
                "\n![Reliability of {0}]({1})\n",
                q.name,
                reliability_name(&q.name)
            );
        }
        text += "\nBoth models by tenths of each metric, from sure to unsure:\n\n| metric | small \
            right, % | large right, % |\n|---|---|---|\n";
        for q in &self.qualities {
            if let Some(bins) = rank_bins(q) {
                let list = |value: fn(&statistics::Bin) -> f64| {
                    bins.iter()
                        .rev()
                        .map(|b| format!("{:.0}", 100.0 * value(b)))
                        .collect::<Vec<_>>()
                        .join(" ")
                };
                let _ = writeln!(
                    text,
                    "| {} | {} | {} |",
                    q.name,
                    list(|b| b.small.value),
                    list(|b| b.large.value)
                );
            }
        }
        if !cells.is_empty() {
            self.plans_markdown(&mut text, cells);
        }
        text
    }

    fn plans_markdown(&self, text: &mut String, cells: &[Cell]) {
        let _ = write!(text, "\n## What plans make of it\n\n{}\n", self.setup);
        for solver in self.solvers() {
            let _ = write!(
                text,
                "\n![Accuracy and delay, {solver}]({})\n",
                front_name(solver)
            );
        }
        *text += "\n| metric | solver | tau | forced | offloaded | delay, ms | right, % | \
            allocation gap, % |\n|---|---|--:|--:|--:|---|---|---|\n";
        for c in cells {
            let gap = c.gap.map_or("–".into(), |g| shown(scaled(g, 100.0), 2));
            let _ = writeln!(
                text,
                "| {} | {} | {} | {:.1} | {:.1} | {} | {} | {gap} |",
                c.metric,
                c.solver,
                c.threshold,
                c.mandatory,
                c.offloaded,
                shown(c.delay, 1),
                shown(c.accuracy, 1)
            );
        }
        if self.informed.is_empty() {
            return;
        }
        *text += "\n## The two gaps\n\nAllocation gap: what the solver's plan is worse than the \
            optimum for the same uncertainty. Information gap: what that optimum is worse than a \
            plan that knew which answers are right, in delay (with no fewer right answers) and in \
            right answers (with as many users forced).\n\n";
        let solvers = self.solvers();
        let heads: Vec<String> = solvers
            .iter()
            .map(|s| format!("allocation, {s}, %"))
            .collect();
        let _ = writeln!(
            text,
            "| metric | tau | {} | information, delay, % | information, points |",
            heads.join(" | ")
        );
        let _ = writeln!(text, "|---|--:|{}---|---|", "---|".repeat(solvers.len()));
        for (metric, threshold, delay, accuracy) in self.informed_rows() {
            let gap = |s: &&str| {
                let cell = cells.iter().find(|c| {
                    c.metric == metric
                        && c.solver == *s
                        && c.threshold.to_bits() == threshold.to_bits()
                });
                cell.and_then(|c| c.gap)
                    .map_or("–".into(), |g| shown(scaled(g, 100.0), 2))
            };
            let gaps: Vec<String> = solvers.iter().map(gap).collect();
            let _ = writeln!(
                text,
                "| {metric} | {threshold} | {} | {} | {} |",
                gaps.join(" | "),
                shown(scaled(delay, 100.0), 1),
                shown(accuracy, 1)
            );
        }
    }

    /// (metric, tau, information gap in delay, in points), in the order of the plans.
    fn informed_rows(&self) -> Vec<(&str, f64, Interval, Interval)> {
        let keys = firsts(
            self.informed
                .iter()
                .map(|p| (p.metric.as_str(), p.threshold.to_bits())),
        );
        let row = |(metric, bits): (&'_ str, u64)| {
            let rows: Vec<&Informed> = self
                .informed
                .iter()
                .filter(|i| i.metric == metric && i.threshold.to_bits() == bits)
                .collect();
            let delay = self.interval(rows.iter().map(|i| (i.delay_gap, i.instance)));
            (
                f64::from_bits(bits),
                delay,
                self.interval(rows.iter().map(|i| (i.accuracy_gap, i.instance))),
            )
        };
        keys.into_iter()
            .map(|key| (key.0, row(key)))
            .map(|(m, (t, d, a))| (m, t, d, a))
            .collect()
    }

    fn metrics_csv(&self) -> String {
        let mut text = String::from("metric,statistic,estimate,low,high\n");
        for q in &self.qualities {
            let mut put = |name: &str, i: Interval| {
                let _ = writeln!(
                    text,
                    "{},{name},{},{},{}",
                    quoted(&q.name),
                    i.estimate,
                    i.low,
                    i.high
                );
            };
            for (name, i) in [
                ("auroc", q.auroc),
                ("point_biserial", q.biserial),
                ("spearman", q.spearman),
                ("spearman_gain", q.gain),
            ] {
                put(name, i);
            }
            if let Some(ahead) = q.ahead {
                put("auroc_less_first", ahead);
            }
            for (name, error) in &q.calibration {
                put(&format!("calibration_error {name}"), *error);
            }
        }
        text
    }

    fn reliability_csv(&self) -> String {
        let mut text = String::from(
            "metric,prediction,queries,predicted,small_right,small_low,small_high,large_right,large_low,large_high\n",
        );
        for q in &self.qualities {
            for ((name, _), bins) in q.calibration.iter().zip(&q.bins) {
                for b in bins {
                    let (s, l) = (b.small, b.large);
                    let head = format!("{},{name},{},{}", quoted(&q.name), b.count, b.predicted);
                    let _ = writeln!(
                        text,
                        "{head},{},{},{},{},{},{}",
                        s.value, s.low, s.high, l.value, l.low, l.high
                    );
                }
            }
        }
        text
    }

    fn gaps_csv(&self) -> String {
        let mut text = String::from("metric,threshold,instance,kind,solver,value\n");
        for p in &self.planned {
            if let Some(gap) = p.gap {
                let _ = writeln!(
                    text,
                    "{},{},{},allocation,{},{gap}",
                    quoted(&p.metric),
                    p.threshold,
                    p.instance,
                    p.solver
                );
            }
        }
        for i in &self.informed {
            let head = format!("{},{},{}", quoted(&i.metric), i.threshold, i.instance);
            let _ = writeln!(
                text,
                "{head},information-delay,,{}\n{head},information-points,,{}",
                i.delay_gap, i.accuracy_gap
            );
        }
        text
    }
}

fn front_csv(cells: &[Cell]) -> String {
    let mut text = String::from(
        "metric,solver,threshold,mandatory,offloaded,delay_ms,delay_low,delay_high,accuracy_pct,accuracy_low,accuracy_high\n",
    );
    for c in cells {
        let (d, a) = (c.delay, c.accuracy);
        let head = format!(
            "{},{},{},{},{}",
            quoted(c.metric),
            c.solver,
            c.threshold,
            c.mandatory,
            c.offloaded
        );
        let _ = writeln!(
            text,
            "{head},{},{},{},{},{},{}",
            d.estimate, d.low, d.high, a.estimate, a.low, a.high
        );
    }
    text
}

/// Bins of the prediction by rank.
fn rank_bins(q: &Quality) -> Option<&Vec<statistics::Bin>> {
    q.calibration
        .iter()
        .position(|(name, _)| name == "rank")
        .map(|k| &q.bins[k])
}

fn reliability_plot(q: &Quality) -> String {
    let point = |b: &statistics::Bin| Point {
        y_ends: Some((b.small.low, b.small.high)),
        ..Point::at(b.predicted, b.small.value)
    };
    let bins = q.calibration.iter().zip(&q.bins);
    let series = bins.map(|((name, _), bins)| (name.as_str(), bins.iter().map(point).collect()));
    let x = Axis::linear(
        "predicted probability of a right answer (small model)",
        "predicted",
    );
    Chart {
        name: format!("reliability-{}", plain(&q.name)),
        title: format!("Reliability of {}", q.name),
        caption: "Share of right answers against the predicted probability, with 95 % Wilson \
            intervals."
            .into(),
        x: x.within(0.0, 1.0),
        y: Axis::linear("share of right answers, 95 % Wilson", "right").within(0.0, 1.0),
        panels: vec![Panel {
            references: vec![Reference::Diagonal],
            ..numbered(series)
        }],
        ..Chart::default()
    }
    .svg()
}

fn front_plot(solver: &str, cells: &[Cell]) -> String {
    let of_solver = || cells.iter().filter(|c| c.solver == solver);
    let point = |c: &Cell| Point {
        y_ends: Some((c.accuracy.low, c.accuracy.high)),
        ..Point::at(c.delay.estimate, c.accuracy.estimate)
    };
    let series = firsts(of_solver().map(|c| c.metric))
        .into_iter()
        .map(|metric| {
            let mine = of_solver().filter(|c| c.metric == metric);
            (metric, mine.map(point).collect())
        });
    Chart {
        name: format!("front-{}", plain(solver)),
        title: format!("Accuracy and delay over thresholds: {solver}"),
        caption: "Right answers, with their 95 % intervals, against realised mean delay, a point \
            for each threshold, by metric."
            .into(),
        x: Axis::linear("realised mean delay, ms", "delay_mean_ms"),
        y: Axis::linear("right answers, %", "accuracy_pct"),
        panels: vec![numbered(series)],
        ..Chart::default()
    }
    .svg()
}

/// A panel of series that are not solvers.
fn numbered<'a>(series: impl Iterator<Item = (&'a str, Vec<Point>)>) -> Panel {
    let line = |(place, (name, points))| Series::new(name, Style::solid(place), Draw::Line, points);
    Panel::new("", series.enumerate().map(line).collect())
}

fn reliability_name(metric: &str) -> String {
    format!("reliability-{}.svg", plain(metric))
}

fn front_name(solver: &str) -> String {
    format!("front-{}.svg", plain(solver))
}

/// A text that can be part of a file's name everywhere.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into()
    }
}

/// Distinct items in the order of their first appearance.
fn firsts<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut list = Vec::new();
    for item in items {
        if !list.contains(&item) {
            list.push(item);
        }
    }
    list
}

fn scaled(i: Interval, factor: f64) -> Interval {
    Interval {
        estimate: i.estimate * factor,
        low: i.low * factor,
        high: i.high * factor,
    }
}

/// `0.712 (0.690 to 0.734)`.
fn shown(i: Interval, digits: usize) -> String {
    format!(
        "{:.digits$} ({:.digits$} to {:.digits$})",
        i.estimate, i.low, i.high
    )
}

#[cfg(test)]
mod tests {
    use super::statistics::{Answers, Metric, qualities};
    use super::*;

    fn report() -> Report {
        let values: Vec<f64> = (0..40).map(|k| f64::from(k) / 40.0).collect();
        let small: Vec<f64> = (0..40)
            .map(|k| f64::from(u8::from(k % 3 != 0 && k < 30)))
            .collect();
        let predictions = vec![("rank".to_string(), values.iter().map(|v| 1.0 - v).collect())];
        let metrics = [Metric {
            name: "a, b".into(),
            values,
            predictions,
        }];
        let plan = |instance, threshold, solver: &str| Planned {
            metric: "a, b".into(),
            solver: solver.into(),
            threshold,
            instance,
            mandatory: 10,
            offloaded: 20,
            delay_ms: 30.0 + instance as f64 + threshold,
            accuracy_pct: 50.0 - 10.0 * threshold,
            gap: Some(0.1),
        };
        let planned = (0..3)
            .flat_map(|i| [0.2, 0.8].map(|t| [plan(i, t, "goa"), plan(i, t, "bnb")]))
            .flatten()
            .collect();
        let informed = |instance| Informed {
            metric: "a, b".into(),
            threshold: 0.2,
            instance,
            delay_gap: 0.25,
            accuracy_gap: 5.0,
        };
        Report {
            trace: "a test".into(),
            queries: 40,
            right_pct: [50.0, 60.0],
            setup: "Small.".into(),
            qualities: qualities(
                &metrics,
                Answers {
                    small: &small,
                    large: &small,
                },
                0,
            )
            .unwrap(),
            planned,
            informed: (0..3).map(informed).collect(),
            seed: 0,
        }
    }

    #[test]
    fn all_files_are_written_and_repeatable() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let names: Vec<String> = report()
            .write(one.path())
            .unwrap()
            .iter()
            .map(|p| p.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        assert_eq!(
            names,
            [
                "uncertainty.md",
                "uncertainty-metrics.csv",
                "uncertainty-reliability.csv",
                "reliability-a__b.svg",
                "uncertainty-front.csv",
                "uncertainty-gaps.csv",
                "front-goa.svg",
                "front-bnb.svg"
            ]
        );
        report().write(two.path()).unwrap();
        for name in &names {
            let read = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!(read(one.path()), read(two.path()));
            assert!(!read(one.path()).contains("NaN"), "{name}");
        }
        let text = std::fs::read_to_string(one.path().join("uncertainty.md")).unwrap();
        assert!(
            text.contains("| a, b | predicts |") && text.contains("| 10.00 (10.00 to 10.00) |"),
            "{text}"
        );
        assert!(
            text.contains("25.0 (25.0 to 25.0) | 5.0 (5.0 to 5.0)"),
            "{text}"
        );
        let csv = std::fs::read_to_string(one.path().join("uncertainty-front.csv")).unwrap();
        assert!(
            csv.contains("\"a, b\",goa,0.2,10,20,31.2,") && csv.lines().count() == 5,
            "{csv}"
        );
    }
}
