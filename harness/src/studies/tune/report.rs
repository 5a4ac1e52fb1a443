//! What tuning found: a table, a CSV of all settings, a chart of the front, a JSON file.

use super::{Delay, Target, TuneSetting, Worth, average, choose, front};
use comfy_table::{CellAlignment, Table, presets};
use offload_instances::Weights;
use offload_reports::bootstrap::{Interval, mean_interval};
use offload_reports::figures::{Axis, Chart, Draw, Panel, Point, Reference, Series, Style};
use offload_reports::order::Catalogue;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Version tag of the JSON file.
pub const FORMAT: &str = "offload-tune/1";

/// One solver's measurements, `[setting][instance]`.
pub struct Measured {
    /// The solver's id.
    pub solver: String,
    /// As [`super::measure`] returns it.
    pub worth: Vec<Vec<Option<Worth>>>,
}

/// What was chosen for a solver.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Place in the settings.
    pub setting: usize,
    /// Its means on the part that it was chosen on.
    pub tuned: Worth,
    /// Accuracy (%) and delay (ms) on the held-out part with 95 % intervals over instances; none
    /// without a held-out part.
    pub held_out: Option<[Interval; 2]>,
}

/// Everything that the files and the table show.
pub struct Report<'a> {
    /// The settings.
    pub settings: &'a [TuneSetting],
    /// One per solver.
    pub measured: &'a [Measured],
    /// The instances tuned on and the held-out ones.
    pub parts: (&'a [usize], &'a [usize]),
    /// The target.
    pub target: Target,
    /// Which delay counts.
    pub delay: Delay,
    /// What was chosen, one per solver; none when no setting has a plan for every instance.
    pub choices: Vec<Option<Choice>>,
    /// Decides by a solver's position how it is drawn.
    pub catalogue: Catalogue,
}

/// Chooses a setting for a solver on the first part and judges it on the second.
#[must_use]
pub fn judge(
    m: &Measured,
    (tuned, held): (&[usize], &[usize]),
    target: Target,
    seed: u64,
) -> Option<Choice> {
    let means: Vec<Option<Worth>> = m.worth.iter().map(|w| average(w, tuned)).collect();
    let setting = choose(&means, target)?;
    let clusters: Vec<u64> = held.iter().map(|&k| k as u64).collect();
    let interval = |f: fn(&Worth) -> f64| {
        let values: Vec<f64> = held
            .iter()
            .map(|&k| m.worth[setting][k].as_ref().map(f))
            .collect::<Option<_>>()?;
        mean_interval(&values, &clusters, seed)
    };
    let held_out = interval(|w| w.accuracy_pct)
        .zip(interval(|w| w.delay_ms))
        .map(|(a, d)| [a, d]);
    Some(Choice {
        setting,
        tuned: means[setting]?,
        held_out,
    })
}

/// Dashes of the lines of uniform weights.
const UNIFORM_DASHES: &str = "2 3";

fn line_name(solver: &str, weights: Weights) -> String {
    format!("{solver}, weights {weights}")
}

impl Report<'_> {
    fn all(&self) -> Vec<usize> {
        let mut all = [self.parts.0, self.parts.1].concat();
        all.sort_unstable();
        all
    }

    fn means(&self, m: &Measured, part: &[usize]) -> Vec<Option<Worth>> {
        m.worth.iter().map(|w| average(w, part)).collect()
    }

    /// Whether every solver reaches the target on the part that was tuned on.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.choices
            .iter()
            .all(|c| c.as_ref().is_some_and(|c| self.target.is_reached(&c.tuned)))
    }

    fn target_text(&self) -> String {
        match self.target {
            Target::Accuracy(a) => {
                format!("accuracy at least {a} %, least {} delay", self.delay.name())
            }
            Target::Delay(d) => format!(
                "{} delay at most {d} ms, greatest accuracy",
                self.delay.name()
            ),
        }
    }

    /// The table for a terminal, in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN);
        table.set_header([
            "solver",
            "threshold",
            "weights",
            "reached",
            "accuracy %",
            "delay ms",
            "held-out accuracy % (95 % interval)",
            "held-out delay ms (95 % interval)",
        ]);
        let range = |i: &Interval| format!("{:.2} ({:.2} to {:.2})", i.estimate, i.low, i.high);
        for (m, choice) in self.measured.iter().zip(&self.choices) {
            let mut row = vec![m.solver.clone()];
            match choice {
                None => row.extend(["–", "–", "no", "–", "–", "–", "–"].map(String::from)),
                Some(c) => {
                    let setting = self.settings[c.setting];
                    let reached = if self.target.is_reached(&c.tuned) {
                        "yes"
                    } else {
                        "no"
                    };
                    row.extend([
                        format!("{}", setting.threshold),
                        setting.weights.to_string(),
                        reached.into(),
                        format!("{:.2}", c.tuned.accuracy_pct),
                        format!("{:.2}", c.tuned.delay_ms),
                        c.held_out.as_ref().map_or("–".into(), |h| range(&h[0])),
                        c.held_out.as_ref().map_or("–".into(), |h| range(&h[1])),
                    ]);
                }
            }
            table.add_row(row);
        }
        for column in table.column_iter_mut().skip(3) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let (tuned, held) = (self.parts.0.len(), self.parts.1.len());
        format!(
            "target: {}; tuned on {tuned} instances, {held} held out\n{table}",
            self.target_text()
        )
    }

    /// `front.csv`: a line per solver, setting and part.
    #[must_use]
    pub fn csv(&self) -> String {
        let mut text =
            "solver,weights,threshold,part,accuracy_pct,delay_ms,offloaded_pct,on_front\n"
                .to_string();
        let all = self.all();
        for m in self.measured {
            for (part, name) in [
                (self.parts.0, "tuned"),
                (self.parts.1, "held-out"),
                (all.as_slice(), "all"),
            ] {
                let means = self.means(m, part);
                for ((setting, worth), on_front) in
                    self.settings.iter().zip(&means).zip(front(&means))
                {
                    let Some(w) = worth else { continue };
                    let _ = writeln!(
                        text,
                        "{},{},{:?},{name},{:?},{:?},{:?},{}",
                        m.solver,
                        setting.weights,
                        setting.threshold,
                        w.accuracy_pct,
                        w.delay_ms,
                        w.offloaded_pct,
                        u8::from(on_front)
                    );
                }
            }
        }
        text
    }

    /// `front.svg`: accuracy against delay over all instances, a line per solver and weights, the
    /// choice with its held-out interval.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let reference = match self.target {
            Target::Accuracy(a) => Reference::Y(a),
            Target::Delay(d) => Reference::X(d),
        };
        let solvers = || self.measured.iter().zip(&self.choices);
        let lines = solvers().flat_map(|(m, _)| self.lines(m));
        let marks = solvers().filter_map(|(m, choice)| self.mark(m, choice.as_ref()?));
        Chart {
            name: "front".into(),
            title: "Thresholds from 0 to 1".into(),
            caption: "Accuracy against mean delay over all instances, a line for each solver and \
                weights."
                .into(),
            x: Axis::linear(&format!("{} delay (ms)", self.delay.name()), "delay_ms"),
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
        }
    }

    fn style(&self, solver: &str, weights: Weights) -> Style {
        let known = Style::at(self.catalogue.position(solver));
        match weights {
            Weights::Uncertainty => known,
            Weights::Uniform => Style {
                filled: false,
                ..known.with_dashes(UNIFORM_DASHES)
            },
        }
    }

    /// Accuracy against delay over the thresholds, for each kind of weights.
    fn lines(&self, m: &Measured) -> [Series; 2] {
        let means = self.means(m, &self.all());
        [Weights::Uncertainty, Weights::Uniform].map(|weights| {
            let settings = self.settings.iter().zip(&means);
            let points = settings
                .filter(|(s, _)| s.weights == weights)
                .filter_map(|(_, w)| w.as_ref().map(|w| Point::at(w.delay_ms, w.accuracy_pct)));
            Series::new(
                line_name(&m.solver, weights),
                self.style(&m.solver, weights),
                Draw::Plain,
                points.collect(),
            )
        })
    }

    /// The choice on the held-out part, under the name of its line.
    fn mark(&self, m: &Measured, choice: &Choice) -> Option<Series> {
        let [accuracy, delay] = choice.held_out?;
        let weights = self.settings[choice.setting].weights;
        let point = Point {
            x: delay.estimate,
            y: accuracy.estimate,
            x_ends: Some((delay.low, delay.high)),
            y_ends: Some((accuracy.low, accuracy.high)),
        };
        Some(Series::new(
            line_name(&m.solver, weights),
            self.style(&m.solver, weights),
            Draw::Marks,
            vec![point],
        ))
    }

    /// `tune.json`: target, parts and choices with their intervals.
    #[must_use]
    pub fn json(&self, options: &Value, names: &[String]) -> Value {
        let part = |p: &[usize]| p.iter().map(|&k| names[k].clone()).collect::<Vec<_>>();
        let interval =
            |i: &Interval| json!({ "estimate": i.estimate, "low": i.low, "high": i.high });
        let choice = |(m, c): (&Measured, &Option<Choice>)| match c {
            None => {
                json!({ "solver": m.solver, "reached": false, "threshold": null, "weights": null })
            }
            Some(c) => json!({
                "solver": m.solver,
                "threshold": self.settings[c.setting].threshold,
                "weights": self.settings[c.setting].weights.name(),
                "reached": self.target.is_reached(&c.tuned),
                "tuned": { "accuracy_pct": c.tuned.accuracy_pct, "delay_ms": c.tuned.delay_ms, "offloaded_pct": c.tuned.offloaded_pct },
                "held_out": c.held_out.as_ref().map(|h| json!({ "accuracy_pct": interval(&h[0]), "delay_ms": interval(&h[1]) })),
            }),
        };
        let target = match self.target {
            Target::Accuracy(a) => json!({ "accuracy_pct": a }),
            Target::Delay(d) => json!({ "delay_ms": d }),
        };
        let choices: Vec<Value> = self
            .measured
            .iter()
            .zip(&self.choices)
            .map(choice)
            .collect();
        json!({
            "format": FORMAT, "target": target, "delay": self.delay.name(), "options": options,
            "tuned_on": part(self.parts.0), "held_out": part(self.parts.1), "choices": choices,
        })
    }
}
