//! The report of a simulation: a table, two CSV files, a figure and JSON.

mod columns;

use crate::document::{Table, csv, terminal};
use crate::figures::{Axis, Chart, Draw, Figure, Panel, Point, Series, Style};
use crate::records::SolverCatalogue;
use crate::statistics::{ConfidenceInterval, mean, mean_interval, quantile};
use serde_json::{Map, Value, json};

/// Version tag of the JSON file.
pub const FORMAT: &str = "offload-simulation/1";

/// A served request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ServedRequest {
    /// The slot in which it arrived, from 0.
    pub slot: usize,
    /// From its arrival to its answer, s.
    pub delay_s: f64,
    /// Whether (or how probably) the answer is right; `None` when unknown.
    pub correct: Option<f64>,
    /// Whether a server answered it.
    pub offloaded: bool,
    /// Whether it had to be offloaded and was not.
    pub missed: bool,
}

/// The servers when a slot was planned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlotState {
    /// Requests that were planned.
    pub requests: usize,
    /// Unfinished work over the capacity of all servers, s.
    pub backlog_s: f64,
    /// Whether there were requests and the solver returned no plan: all stayed local.
    pub unplanned: bool,
}

/// One solver on one sequence of arrivals.
pub struct SimulatedRun {
    /// One per request, in order of arrival.
    pub served: Vec<ServedRequest>,
    /// One per slot.
    pub slots: Vec<SlotState>,
}

/// One solver's runs, one per replication.
pub struct SimulatedSolver {
    /// Its id.
    pub id: String,
    /// One run per replication, in the order of their seeds.
    pub runs: Vec<SimulatedRun>,
}

/// What a report has to know about the simulation.
pub struct SimulationContext {
    /// Name of the population.
    pub name: String,
    /// Length of a slot, s.
    pub slot_s: f64,
    /// Slots in which requests arrive.
    pub slots: usize,
    /// First slots that the metrics leave out.
    pub warmup: usize,
    /// Seed of the intervals.
    pub seed: u64,
    /// Decides how solvers are drawn.
    pub catalogue: SolverCatalogue,
}

/// A metric of a run.
#[derive(Clone, Copy)]
struct RunMetric {
    /// Name in files.
    name: &'static str,
    /// NaN where there is no value.
    of: fn(&MeasuredRun) -> f64,
}

/// Places in [`METRICS`].
const MEAN: usize = 0;
const P50: usize = 1;
const P95: usize = 3;
const P99: usize = 4;
const ACCURACY: usize = 5;
const OFFLOADED: usize = 6;
const BACKLOG: usize = 8;

/// The metrics, in the order of files. A new metric is a row here.
const METRICS: [RunMetric; 9] = [
    RunMetric {
        name: "delay_mean_ms",
        of: |r| mean(&r.delays_ms).unwrap_or(f64::NAN),
    },
    RunMetric {
        name: "delay_p50_ms",
        of: |r| r.delay_quantile(0.5),
    },
    RunMetric {
        name: "delay_p90_ms",
        of: |r| r.delay_quantile(0.9),
    },
    RunMetric {
        name: "delay_p95_ms",
        of: |r| r.delay_quantile(0.95),
    },
    RunMetric {
        name: "delay_p99_ms",
        of: |r| r.delay_quantile(0.99),
    },
    RunMetric {
        name: "accuracy_pct",
        of: |r| accuracy_pct(&r.served),
    },
    RunMetric {
        name: "offloaded_pct",
        of: |r| r.share_pct(|s| s.offloaded),
    },
    RunMetric {
        name: "mandatory_local_pct",
        of: |r| r.share_pct(|s| s.missed),
    },
    RunMetric {
        name: "backlog_max_s",
        of: |r| r.backlog_s,
    },
];

/// The requests of a run that arrived after the warm-up.
struct MeasuredRun {
    served: Vec<ServedRequest>,
    delays_ms: Vec<f64>,
    /// The greatest backlog.
    backlog_s: f64,
}

impl MeasuredRun {
    fn of(run: &SimulatedRun, warmup: usize) -> Self {
        let served = run.served.iter().filter(|s| s.slot >= warmup);
        let served: Vec<ServedRequest> = served.copied().collect();
        let slots = run.slots.iter().skip(warmup);
        Self {
            delays_ms: served.iter().map(|s| 1e3 * s.delay_s).collect(),
            backlog_s: slots.map(|s| s.backlog_s).fold(0.0, f64::max),
            served,
        }
    }

    fn delay_quantile(&self, p: f64) -> f64 {
        quantile(&self.delays_ms, p).unwrap_or(f64::NAN)
    }

    fn share_pct(&self, is: impl Fn(&ServedRequest) -> bool) -> f64 {
        let count = self.served.iter().filter(|s| is(s)).count();
        100.0 * count as f64 / self.served.len() as f64
    }
}

/// NaN when some answer is unknown or there are none.
fn accuracy_pct(served: &[ServedRequest]) -> f64 {
    let right: Option<Vec<f64>> = served.iter().map(|s| s.correct).collect();
    right.and_then(|r| mean(&r)).map_or(f64::NAN, |r| 100.0 * r)
}

/// Metrics of a slot's requests; NaN where there are none.
struct SlotMetrics {
    offloaded: usize,
    mean_ms: f64,
    p95_ms: f64,
    accuracy_pct: f64,
}

fn by_slot(run: &SimulatedRun) -> Vec<SlotMetrics> {
    let mut rest = run.served.as_slice();
    let slot = |slot: &SlotState| {
        let (here, later) = rest.split_at(slot.requests);
        rest = later;
        let delays: Vec<f64> = here.iter().map(|s| 1e3 * s.delay_s).collect();
        SlotMetrics {
            offloaded: here.iter().filter(|s| s.offloaded).count(),
            mean_ms: mean(&delays).unwrap_or(f64::NAN),
            p95_ms: quantile(&delays, 0.95).unwrap_or(f64::NAN),
            accuracy_pct: accuracy_pct(here),
        }
    };
    run.slots.iter().map(slot).collect()
}

/// Everything that the files and the table show.
pub struct SimulationReport<'a> {
    setup: &'a SimulationContext,
    solvers: &'a [SimulatedSolver],
    /// \[solver\]\[replication\]\[metric\].
    metrics: Vec<Vec<[f64; METRICS.len()]>>,
}

impl<'a> SimulationReport<'a> {
    /// Computes the metrics. All solvers have the same number of runs, at least 1.
    #[must_use]
    pub fn new(setup: &'a SimulationContext, solvers: &'a [SimulatedSolver]) -> Self {
        let of = |run: &SimulatedRun| {
            let measured = MeasuredRun::of(run, setup.warmup);
            METRICS.map(|metric| (metric.of)(&measured))
        };
        let metrics = solvers.iter().map(|s| s.runs.iter().map(of).collect());
        Self {
            metrics: metrics.collect(),
            setup,
            solvers,
        }
    }

    fn values(&self, solver: usize, metric: usize) -> Vec<f64> {
        self.metrics[solver].iter().map(|f| f[metric]).collect()
    }

    /// Mean over the replications with its interval; without an interval when there is one
    /// replication.
    fn estimate(&self, values: &[f64]) -> Option<ConfidenceInterval> {
        let clusters: Vec<u64> = (0..values.len() as u64).collect();
        let only = mean(values).filter(|m| m.is_finite());
        let only = only.map(|m| ConfidenceInterval {
            estimate: m,
            low: m,
            high: m,
        });
        mean_interval(values, &clusters, self.setup.seed).or(only)
    }

    fn of(&self, solver: usize, metric: usize) -> Option<ConfidenceInterval> {
        self.estimate(&self.values(solver, metric))
    }

    /// The metric minus that of the first solver on the same arrivals, replication by replication.
    fn against_first(&self, solver: usize, metric: usize) -> Option<ConfidenceInterval> {
        let (a, b) = (self.values(solver, metric), self.values(0, metric));
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        (solver > 0).then(|| self.estimate(&differences)).flatten()
    }

    fn unplanned(&self, solver: usize) -> usize {
        let slots = self.solvers[solver].runs.iter().flat_map(|r| &r.slots);
        slots.filter(|s| s.unplanned).count()
    }

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
        let interval = |x: Option<ConfidenceInterval>| {
            x.map(|i| json!({ "estimate": i.estimate, "low": i.low, "high": i.high }))
        };
        let all = |value: &dyn Fn(usize) -> Option<ConfidenceInterval>| -> Map<String, Value> {
            let metrics = METRICS.iter().enumerate();
            metrics
                .map(|(m, metric)| (metric.name.to_string(), json!(interval(value(m)))))
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
    use super::*;

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
