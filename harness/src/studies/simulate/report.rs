//! What a simulation says: a table, two CSV files, a chart, a JSON file.

use super::{SimulatedRun, SimulationSetup};
use comfy_table::{CellAlignment, Table, presets};
use offload_reports::bootstrap::{Interval, mean_interval};
use offload_reports::figures::{Axis, Chart, Draw, Panel, Point, Series, Style};
use offload_reports::order::Catalogue;
use offload_reports::stats::{mean, quantile};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Version tag of the JSON file.
pub const FORMAT: &str = "offload-simulation/1";

/// One solver's runs, one per replication.
pub struct SimulatedSolver {
    /// Its id.
    pub id: String,
    /// One run per replication, in the order of their seeds.
    pub runs: Vec<SimulatedRun>,
}

/// The figures that are reported, with their names in files.
pub const METRICS: [&str; 9] = [
    "delay_mean_ms",
    "delay_p50_ms",
    "delay_p90_ms",
    "delay_p95_ms",
    "delay_p99_ms",
    "accuracy_pct",
    "offloaded_pct",
    "mandatory_local_pct",
    "backlog_max_s",
];

/// The figures of one run, in the order of [`METRICS`], over the requests that arrived from slot
/// `warmup` on; NaN where there is nothing.
#[must_use]
pub fn figures(run: &SimulatedRun, warmup: usize) -> [f64; 9] {
    let served: Vec<_> = run.served.iter().filter(|s| s.slot >= warmup).collect();
    let delays: Vec<f64> = served.iter().map(|s| 1e3 * s.delay_s).collect();
    let share = |f: &dyn Fn(&super::Served) -> bool| {
        100.0 * served.iter().filter(|s| f(s)).count() as f64 / served.len() as f64
    };
    let right: Option<Vec<f64>> = served.iter().map(|s| s.correct).collect();
    let or_nan = |x: Option<f64>| x.unwrap_or(f64::NAN);
    let at = |p| or_nan(quantile(&delays, p));
    [
        or_nan(mean(&delays)),
        at(0.5),
        at(0.9),
        at(0.95),
        at(0.99),
        or_nan(right.and_then(|r| mean(&r)).map(|r| 100.0 * r)),
        share(&|s| s.offloaded),
        share(&|s| s.missed),
        run.slots
            .iter()
            .skip(warmup)
            .map(|s| s.backlog_s)
            .fold(0.0, f64::max),
    ]
}

/// Mean of a figure over the replications with its interval; without an interval when there is one
/// replication.
fn estimate(values: &[f64], seed: u64) -> Option<Interval> {
    let clusters: Vec<u64> = (0..values.len() as u64).collect();
    let only = mean(values).filter(|m| m.is_finite()).map(|m| Interval {
        estimate: m,
        low: m,
        high: m,
    });
    mean_interval(values, &clusters, seed).or(only)
}

/// Everything that the files and the table show.
pub struct Report<'a> {
    scenario: &'a SimulationSetup,
    solvers: &'a [SimulatedSolver],
    warmup: usize,
    seed: u64,
    catalogue: Catalogue,
    /// \[solver\]\[replication\]\[metric\].
    figures: Vec<Vec<[f64; 9]>>,
}

impl<'a> Report<'a> {
    /// Collects the figures. All solvers have the same number of runs, at least 1; their positions
    /// in the catalogue decide how they are drawn.
    #[must_use]
    pub fn new(
        scenario: &'a SimulationSetup,
        solvers: &'a [SimulatedSolver],
        warmup: usize,
        seed: u64,
        catalogue: &Catalogue,
    ) -> Self {
        let figures = solvers
            .iter()
            .map(|s| s.runs.iter().map(|r| figures(r, warmup)).collect())
            .collect();
        Report {
            scenario,
            solvers,
            warmup,
            seed,
            catalogue: catalogue.with(solvers.iter().map(|s| s.id.as_str())),
            figures,
        }
    }

    fn values(&self, solver: usize, metric: usize) -> Vec<f64> {
        self.figures[solver].iter().map(|f| f[metric]).collect()
    }

    fn of(&self, solver: usize, metric: usize) -> Option<Interval> {
        estimate(&self.values(solver, metric), self.seed)
    }

    /// The figure minus that of the first solver on the same arrivals, replication by replication.
    fn against_first(&self, solver: usize, metric: usize) -> Option<Interval> {
        let (a, b) = (self.values(solver, metric), self.values(0, metric));
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        (solver > 0)
            .then(|| estimate(&differences, self.seed))
            .flatten()
    }

    fn unplanned(&self, solver: usize) -> usize {
        self.solvers[solver]
            .runs
            .iter()
            .flat_map(|r| &r.slots)
            .filter(|s| s.unplanned)
            .count()
    }

    /// The table for a terminal, in Markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_preset(presets::ASCII_MARKDOWN);
        table.set_header([
            "solver",
            "mean ms",
            "p50",
            "p95 ms (95 % interval)",
            "p99",
            "p95 against first",
            "accuracy %",
            "offloaded %",
            "backlog max s",
        ]);
        let show = |x: Option<Interval>, d: usize| {
            x.map_or("–".into(), |i| format!("{:.d$}", i.estimate))
        };
        let range = |x: Option<Interval>, d: usize| {
            x.map_or("–".into(), |i| {
                format!("{:.d$} ({:.d$} to {:.d$})", i.estimate, i.low, i.high)
            })
        };
        for k in 0..self.solvers.len() {
            table.add_row([
                self.solvers[k].id.clone(),
                show(self.of(k, 0), 1),
                show(self.of(k, 1), 1),
                range(self.of(k, 3), 1),
                show(self.of(k, 4), 1),
                range(self.against_first(k, 3), 1),
                show(self.of(k, 5), 2),
                show(self.of(k, 6), 1),
                show(self.of(k, 8), 3),
            ]);
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        let mut text = table.to_string();
        for (k, solver) in self
            .solvers
            .iter()
            .enumerate()
            .filter(|(k, _)| self.unplanned(*k) > 0)
        {
            let _ = write!(
                text,
                "\n{}: no plan in {} slots: everybody stayed local there",
                solver.id,
                self.unplanned(k)
            );
        }
        text
    }

    /// `summary.csv`: a line per solver and figure.
    #[must_use]
    pub fn summary_csv(&self) -> String {
        let mut text =
            "solver,metric,estimate,low,high,against_first,against_first_low,against_first_high\n"
                .to_string();
        for k in 0..self.solvers.len() {
            for (m, name) in METRICS.iter().enumerate() {
                let cells = |x: Option<Interval>| {
                    x.map_or(",,".into(), |i| {
                        format!("{:?},{:?},{:?}", i.estimate, i.low, i.high)
                    })
                };
                let (here, against) = (cells(self.of(k, m)), cells(self.against_first(k, m)));
                let _ = writeln!(text, "{},{name},{here},{against}", self.solvers[k].id);
            }
        }
        text
    }

    /// `slots.csv`: a line per solver, replication and slot.
    #[must_use]
    pub fn slots_csv(&self) -> String {
        let mut text = "solver,replication,slot,start_s,requests,offloaded,delay_mean_ms,delay_p95_ms,accuracy_pct,backlog_s,planned\n"
            .to_string();
        for solver in self.solvers {
            for (r, run) in solver.runs.iter().enumerate() {
                for (k, (slot, values)) in run.slots.iter().zip(by_slot(run)).enumerate() {
                    let start = k as f64 * self.scenario.slot_s;
                    let cell = |x: f64| {
                        if x.is_finite() {
                            format!("{x:?}")
                        } else {
                            String::new()
                        }
                    };
                    let _ = writeln!(
                        text,
                        "{},{r},{k},{start:?},{},{},{},{},{},{:?},{}",
                        solver.id,
                        slot.requests,
                        values.offloaded,
                        cell(values.mean_ms),
                        cell(values.p95_ms),
                        cell(values.accuracy_pct),
                        slot.backlog_s,
                        u8::from(!slot.unplanned)
                    );
                }
            }
        }
        text
    }

    /// `simulation.svg`: 95 % quantile of the delay, accuracy and backlog over time, means over the
    /// replications.
    #[must_use]
    pub fn chart(&self) -> Chart {
        let panel =
            |label: &str,
             column: &'static str,
             value: &dyn Fn(&super::SlotState, &SlotFigures) -> f64| Panel {
                y: Some(Axis::linear(label, column)),
                ..Panel::new(
                    "",
                    self.solvers.iter().map(|s| self.series(s, value)).collect(),
                )
            };
        Chart {
            name: "simulation".into(),
            title: format!(
                "{}: delay, accuracy and unfinished work over time",
                self.scenario.pool.name
            ),
            caption: "95 % quantile of the delay, accuracy and backlog of each slot, means over \
                the replications."
                .into(),
            x: Axis::linear("start of the slot (s)", "start_s"),
            panels: vec![
                panel("delay p95 (ms)", "delay_p95_ms", &|_, v| v.p95_ms),
                panel("accuracy (%)", "accuracy_pct", &|_, v| v.accuracy_pct),
                panel("backlog (s)", "backlog_s", &|s, _| s.backlog_s),
            ],
            ..Chart::default()
        }
    }

    fn series(
        &self,
        solver: &SimulatedSolver,
        value: &dyn Fn(&super::SlotState, &SlotFigures) -> f64,
    ) -> Series {
        let runs: Vec<(&SimulatedRun, Vec<SlotFigures>)> =
            solver.runs.iter().map(|r| (r, by_slot(r))).collect();
        let point = |k: usize| {
            let values = runs
                .iter()
                .map(|(run, figures)| value(&run.slots[k], &figures[k]))
                .filter(|v| v.is_finite());
            let values: Vec<f64> = values.collect();
            Some(Point::at(k as f64 * self.scenario.slot_s, mean(&values)?))
        };
        let points = (0..self.scenario.slots).filter_map(point).collect();
        let style = Style::at(self.catalogue.position(&solver.id));
        Series::new(solver.id.clone(), style, Draw::Plain, points)
    }

    /// `simulation.json`: the options and every figure with its interval.
    #[must_use]
    pub fn json(&self, options: &Value) -> Value {
        let interval = |x: Option<Interval>| {
            x.map(|i| json!({ "estimate": i.estimate, "low": i.low, "high": i.high }))
        };
        let solver = |k: usize| {
            let metrics = METRICS.iter().enumerate();
            let all: serde_json::Map<String, Value> = metrics
                .clone()
                .map(|(m, name)| ((*name).to_string(), json!(interval(self.of(k, m)))))
                .collect();
            let against: serde_json::Map<String, Value> = metrics
                .map(|(m, name)| {
                    (
                        (*name).to_string(),
                        json!(interval(self.against_first(k, m))),
                    )
                })
                .collect();
            let mut value = json!({ "solver": self.solvers[k].id, "unplanned_slots": self.unplanned(k), "figures": all });
            if k > 0 {
                value["against_first"] = json!(against);
            }
            value
        };
        let solvers: Vec<Value> = (0..self.solvers.len()).map(solver).collect();
        let requests: Vec<usize> = self.solvers[0]
            .runs
            .iter()
            .map(|r| r.served.len())
            .collect();
        json!({ "format": FORMAT, "options": options, "warmup_slots": self.warmup, "requests": requests, "solvers": solvers })
    }
}

struct SlotFigures {
    offloaded: usize,
    mean_ms: f64,
    p95_ms: f64,
    accuracy_pct: f64,
}

/// Figures of each slot's requests; NaN where there are none.
fn by_slot(run: &SimulatedRun) -> Vec<SlotFigures> {
    let mut rest = run.served.as_slice();
    let slot = |slot: &super::SlotState| {
        let (here, later) = rest.split_at(slot.requests);
        rest = later;
        let delays: Vec<f64> = here.iter().map(|s| 1e3 * s.delay_s).collect();
        let right: Option<Vec<f64>> = here.iter().map(|s| s.correct).collect();
        SlotFigures {
            offloaded: here.iter().filter(|s| s.offloaded).count(),
            mean_ms: mean(&delays).unwrap_or(f64::NAN),
            p95_ms: quantile(&delays, 0.95).unwrap_or(f64::NAN),
            accuracy_pct: right.and_then(|r| mean(&r)).map_or(f64::NAN, |r| 100.0 * r),
        }
    };
    run.slots.iter().map(slot).collect()
}
