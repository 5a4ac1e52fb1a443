//! The report of a simulation: a table, two CSV files, a figure and JSON.

mod columns;
mod metrics;

pub use metrics::{
    ServedRequest, SimulatedRun, SimulatedSolver, SimulationContext, SimulationReport, SlotState,
};

use crate::document::{Table, csv, terminal};
use crate::figures::{Axis, Chart, Draw, Figure, Panel, Point, Series, Style};
use crate::statistics::{ConfidenceInterval, mean};
use metrics::{METRICS, SlotMetrics, by_slot};
use serde_json::{Map, Value, json};

/// Version tag of the JSON file.
pub const FORMAT: &str = "offload-simulation/1";

impl SimulationReport<'_> {
    /// The table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let rows = columns::summaries(self);
        let mut text = terminal::table(&Table::of("", &columns::solvers(), &rows));
        for (k, solver) in self.solvers.iter().enumerate() {
            let unplanned = self.unplanned(k);
            if unplanned > 0 {
                let id = &solver.id;
                text += &format!("{id}: no plan in {unplanned} slots: all requests stayed local\n");
            }
        }
        text.trim_end().into()
    }

    /// `summary.csv`: a line per solver and metric.
    #[must_use]
    pub fn summary_csv(&self) -> String {
        csv::table(&columns::metrics(), &columns::metric_lines(self))
    }

    /// `slots.csv`: a line per solver, replication and slot.
    #[must_use]
    pub fn slots_csv(&self) -> String {
        csv::table(&columns::slots(), &columns::slot_lines(self))
    }

    /// `simulation.svg`: 95 % quantile of the delay, accuracy and backlog over time, means over the
    /// replications.
    #[must_use]
    pub fn figure(&self) -> Figure {
        let panel = |label: &str, column, value: fn(&SlotState, &SlotMetrics) -> f64| Panel {
            y: Some(Axis::linear(label, column)),
            ..Panel::new(
                "",
                self.solvers.iter().map(|s| self.series(s, value)).collect(),
            )
        };
        Figure::Chart(Chart {
            name: "simulation".into(),
            title: format!(
                "{}: delay, accuracy and unfinished work over time",
                self.setup.name
            ),
            caption: "95 % quantile of the delay, accuracy and backlog of each slot, means over \
                the replications."
                .into(),
            x: Axis::linear("start of the slot (s)", "start_s"),
            panels: vec![
                panel("delay p95 (ms)", "delay_p95_ms", |_, m| m.p95_ms),
                panel("accuracy (%)", "accuracy_pct", |_, m| m.accuracy_pct),
                panel("backlog (s)", "backlog_s", |s, _| s.backlog_s),
            ],
            ..Chart::default()
        })
    }

    fn series(
        &self,
        solver: &SimulatedSolver,
        value: fn(&SlotState, &SlotMetrics) -> f64,
    ) -> Series {
        let runs: Vec<_> = solver.runs.iter().map(|r| (r, by_slot(r))).collect();
        let point = |k: usize| {
            let values = runs
                .iter()
                .map(|(run, metrics)| value(&run.slots[k], &metrics[k]))
                .filter(|v| v.is_finite());
            let values: Vec<f64> = values.collect();
            Some(Point::at(k as f64 * self.setup.slot_s, mean(&values)?))
        };
        let points = (0..self.setup.slots).filter_map(point).collect();
        let ids = self.solvers.iter().map(|s| s.id.as_str());
        let style = Style::at(self.setup.catalogue.with(ids).position(&solver.id));
        Series::new(solver.id.clone(), style, Draw::Plain, points)
    }

    /// `simulation.json`: the options and every metric with its interval.
    #[must_use]
    pub fn json(&self, options: &Value) -> Value {
        let all = |value: &dyn Fn(usize) -> Option<ConfidenceInterval>| -> Map<String, Value> {
            let names = METRICS.iter().map(|metric| metric.0.to_string());
            names
                .enumerate()
                .map(|(m, name)| (name, json!(value(m))))
                .collect()
        };
        let solver = |k: usize| {
            let mut value = json!({
                "solver": self.solvers[k].id,
                "unplanned_slots": self.unplanned(k),
                "figures": all(&|m| self.of(k, m)),
            });
            if k > 0 {
                value["against_first"] = json!(all(&|m| self.against_first(k, m)));
            }
            value
        };
        let solvers: Vec<Value> = (0..self.solvers.len()).map(solver).collect();
        let requests = self.solvers[0].runs.iter().map(|r| r.served.len());
        let requests: Vec<usize> = requests.collect();
        json!({
            "format": FORMAT, "options": options, "warmup_slots": self.setup.warmup,
            "requests": requests, "solvers": solvers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::metrics::{ACCURACY, BACKLOG, MEAN, OFFLOADED};
    use super::*;
    use crate::records::SolverCatalogue;

    #[test]
    fn metrics_by_hand_and_displayed_text() {
        let request = |slot, delay_s, offloaded| ServedRequest {
            slot,
            delay_s,
            correct: Some(f64::from(u8::from(offloaded))),
            offloaded,
            missed: !offloaded,
        };
        let run = |shift: f64| SimulatedRun {
            served: vec![
                request(0, 9.0, false),
                request(1, 0.1 + shift, true),
                request(1, 0.3 + shift, false),
            ],
            slots: vec![
                SlotState {
                    requests: 1,
                    backlog_s: 5.0,
                    unplanned: true,
                },
                SlotState {
                    requests: 2,
                    backlog_s: 0.5,
                    unplanned: false,
                },
            ],
        };
        let solver = |id: &str, shift: f64| SimulatedSolver {
            id: id.into(),
            runs: vec![run(shift), run(2.0 * shift)],
        };
        let setup = SimulationContext {
            name: "pool".into(),
            slot_s: 0.5,
            slots: 2,
            warmup: 1,
            seed: 0,
            catalogue: SolverCatalogue::default(),
        };
        let solvers = [solver("goa", 0.0), solver("dmin", 0.1)];
        let report = SimulationReport::new(&setup, &solvers);
        // The first slot is left out: (0.1 + 0.3) / 2 s, one of two offloaded and right.
        let first = report.metrics[0][0];
        assert!((first[MEAN] - 200.0).abs() < 1e-9);
        assert_eq!(
            (first[ACCURACY], first[OFFLOADED], first[BACKLOG]),
            (50.0, 50.0, 0.5)
        );
        let shown = [report.table(), report.summary_csv(), report.slots_csv()].join("\n\n");
        crate::snapshot::check("simulation.txt", &shown);
        assert_eq!(report.json(&json!({}))["requests"], json!([3, 3]));
    }
}
