//! The report of tuning: the choice of a setting for a target, a table, a CSV file of all settings,
//! a figure of the front and JSON.

mod choice;
mod columns;
mod measured;
mod report;
mod worth;

pub use choice::{TuneTarget, TunedChoice, average, choose, front};
pub use measured::{TuneParts, TunedSetting, TunedSolver};
pub use report::TuneReport;
pub use worth::PlanWorth;

use crate::document::{Table, csv, terminal};
use crate::figures::{Axis, Chart, Draw, Figure, Panel, Point, ReferenceLine, Series, Style};
use serde_json::{Value, json};

/// Version tag of the JSON file.
pub const FORMAT: &str = "offload-tune/1";

/// Dashes of the lines of uniform weights.
const UNIFORM_DASHES: &str = "2 3";

impl TuneReport<'_> {
    /// The table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let rows = columns::choices(self);
        let table = terminal::table(&Table::of("", &columns::solvers(), &rows));
        format!(
            "target: {}; tuned on {} instances, {} held out\n{}",
            self.target_text(),
            self.parts.tuned.len(),
            self.parts.held_out.len(),
            table.trim_end()
        )
    }

    /// `front.csv`: a line per solver, setting and part.
    #[must_use]
    pub fn csv(&self) -> String {
        csv::table(&columns::front(), &columns::front_lines(self))
    }

    /// `front.svg`: accuracy against delay over all instances, a line per solver and weights, the
    /// choice with its held-out interval.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let reference = match self.target {
            TuneTarget::Accuracy(a) => ReferenceLine::Y(a),
            TuneTarget::Delay(d) => ReferenceLine::X(d),
        };
        let solvers = || self.measured.iter().zip(&self.choices);
        let lines = solvers().flat_map(|(m, _)| self.lines(m));
        let marks = solvers().filter_map(|(m, choice)| self.mark(m, choice.as_ref()?));
        Figure::Chart(Chart {
            name: "front".into(),
            title: "Thresholds from 0 to 1".into(),
            caption: "Accuracy against mean delay over all instances, a line for each solver and \
                weights."
                .into(),
            x: Axis::linear(&format!("{} delay (ms)", self.delay), "delay_ms"),
            y: Axis::linear("accuracy (%)", "accuracy_pct"),
            panels: vec![Panel {
                references: vec![reference],
                ..Panel::new(
                    format!("target: {}", self.target_text()),
                    lines.chain(marks).collect(),
                )
            }],
            note: "Markers: the choice, on the held-out instances, with 95 % intervals.".into(),
            nothing: "no setting has a plan for every instance".into(),
        })
    }

    fn series(&self, m: &TunedSolver, weights: &str, draw: Draw, points: Vec<Point>) -> Series {
        let ids = self.measured.iter().map(|m| m.solver.as_str());
        let known = Style::at(self.catalogue.with(ids).position(&m.solver));
        let style = if weights == "uniform" {
            Style {
                filled: false,
                ..known.with_dashes(UNIFORM_DASHES)
            }
        } else {
            known
        };
        let name = format!("{}, weights {weights}", m.solver);
        Series::new(name, style, draw, points)
    }

    /// Accuracy against delay over the thresholds, for each kind of weights.
    fn lines(&self, m: &TunedSolver) -> [Series; 2] {
        let means = self.means(m, &self.all());
        ["uncertainty", "uniform"].map(|weights| {
            let settings = self.settings.iter().zip(&means);
            let of = settings.filter(|(s, _)| s.weights == weights);
            let points = of.filter_map(|(_, w)| w.as_ref());
            let points = points.map(|w| Point::at(w.delay_ms, w.accuracy_pct));
            self.series(m, weights, Draw::Plain, points.collect())
        })
    }

    /// The choice on the held-out part, under the name of its line.
    fn mark(&self, m: &TunedSolver, choice: &TunedChoice) -> Option<Series> {
        let [accuracy, delay] = choice.held_out?;
        let point = Point {
            x: delay.estimate,
            y: accuracy.estimate,
            x_ends: Some((delay.low, delay.high)),
            y_ends: Some((accuracy.low, accuracy.high)),
        };
        let weights = self.settings[choice.setting].weights;
        Some(self.series(m, weights, Draw::Marks, vec![point]))
    }

    /// `tune.json`: target, parts and choices with their intervals.
    #[must_use]
    pub fn json(&self, options: &Value, names: &[String]) -> Value {
        let part = |p: &[usize]| p.iter().map(|&k| names[k].clone()).collect::<Vec<_>>();
        let choice = |(m, c): (&TunedSolver, &Option<TunedChoice>)| match c {
            None => {
                json!({ "solver": m.solver, "reached": false, "threshold": null, "weights": null })
            }
            Some(c) => json!({
                "solver": m.solver,
                "threshold": self.settings[c.setting].threshold,
                "weights": self.settings[c.setting].weights,
                "reached": self.target.is_reached(&c.tuned),
                "tuned": {
                    "accuracy_pct": c.tuned.accuracy_pct,
                    "delay_ms": c.tuned.delay_ms,
                    "offloaded_pct": c.tuned.offloaded_pct,
                },
                "held_out": c.held_out.as_ref().map(|[accuracy, delay]| {
                    json!({ "accuracy_pct": accuracy, "delay_ms": delay })
                }),
            }),
        };
        let target = match self.target {
            TuneTarget::Accuracy(a) => json!({ "accuracy_pct": a }),
            TuneTarget::Delay(d) => json!({ "delay_ms": d }),
        };
        let choices = self.measured.iter().zip(&self.choices).map(choice);
        let choices: Vec<Value> = choices.collect();
        json!({
            "format": FORMAT, "target": target, "delay": self.delay, "options": options,
            "tuned_on": part(&self.parts.tuned), "held_out": part(&self.parts.held_out),
            "choices": choices,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::SolverCatalogue;

    #[test]
    fn displayed_text() {
        let worth = |accuracy_pct, delay_ms| {
            Some(PlanWorth {
                accuracy_pct,
                delay_ms,
                offloaded_pct: 50.0,
            })
        };
        let settings = [
            TunedSetting {
                threshold: 0.0,
                weights: "uncertainty",
            },
            TunedSetting {
                threshold: 1.0,
                weights: "uniform",
            },
        ];
        let measured = [
            TunedSolver {
                solver: "goa".into(),
                worth: vec![
                    vec![worth(40.0, 20.0), worth(42.0, 22.0), worth(41.0, 21.0)],
                    vec![worth(30.0, 10.0), worth(31.0, 11.0), worth(32.0, 12.0)],
                ],
            },
            TunedSolver {
                solver: "bnb".into(),
                worth: vec![vec![None; 3], vec![None; 3]],
            },
        ];
        let parts = TuneParts {
            tuned: vec![0],
            held_out: vec![1, 2],
        };
        let target = TuneTarget::Accuracy(35.0);
        let choices = measured
            .iter()
            .map(|m| TunedChoice::of(m, &parts, target, 0));
        let report = TuneReport {
            settings: settings.to_vec(),
            measured: &measured,
            parts: &parts,
            target,
            delay: "mean",
            choices: choices.collect(),
            catalogue: SolverCatalogue::default(),
        };
        assert!(!report.is_reached());
        crate::snapshot::check(
            "tune.txt",
            &format!("{}\n\n{}", report.table(), report.csv()),
        );
    }
}
