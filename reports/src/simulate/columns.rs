//! The columns of a simulation's table and CSV files.

use super::metrics::{
    ACCURACY, BACKLOG, MEAN, METRICS, OFFLOADED, P50, P95, P99, SimulationReport, SlotMetrics,
    SlotState, by_slot,
};
use crate::document::{Column, Digits, Value};
use crate::statistics::ConfidenceInterval;

/// A solver's metrics over all replications.
pub(super) struct SolverSummary {
    id: String,
    metrics: [Option<ConfidenceInterval>; METRICS.len()],
    against_first: Option<ConfidenceInterval>,
}

pub(super) fn summaries(of: &SimulationReport) -> Vec<SolverSummary> {
    let summary = |(k, solver): (usize, &super::metrics::SimulatedSolver)| SolverSummary {
        id: solver.id.clone(),
        metrics: std::array::from_fn(|m| of.of(k, m)),
        against_first: of.against_first(k, P95),
    };
    of.solvers.iter().enumerate().map(summary).collect()
}

/// The table for a terminal.
pub(super) fn solvers() -> Vec<Column<SolverSummary>> {
    let metric = |heading: &str, place: usize, digits| {
        Column::new(heading, move |s: &SolverSummary| {
            Value::interval(s.metrics[place], 1.0, Digits::Fixed(digits))
        })
    };
    vec![
        Column::new("solver", |s: &SolverSummary| Value::Code(s.id.clone())),
        metric("mean ms", MEAN, 1).bare(),
        metric("p50 ms", P50, 1).bare(),
        metric("p95 ms [95 %]", P95, 1),
        metric("p99 ms", P99, 1).bare(),
        Column::new("p95 − first solver's", |s: &SolverSummary| {
            Value::interval(s.against_first, 1.0, Digits::Fixed(1))
        }),
        metric("accuracy %", ACCURACY, 2).bare(),
        metric("offloaded %", OFFLOADED, 1).bare(),
        metric("backlog max s", BACKLOG, 3).bare(),
    ]
}

/// A solver's metric: a line of `summary.csv`.
pub(super) struct MetricLine {
    solver: String,
    metric: &'static str,
    value: Option<ConfidenceInterval>,
    against_first: Option<ConfidenceInterval>,
}

pub(super) fn metric_lines(of: &SimulationReport) -> Vec<MetricLine> {
    let line = |k: usize, m: usize| MetricLine {
        solver: of.solvers[k].id.clone(),
        metric: METRICS[m].name,
        value: of.of(k, m),
        against_first: of.against_first(k, m),
    };
    (0..of.solvers.len())
        .flat_map(|k| (0..METRICS.len()).map(move |m| line(k, m)))
        .collect()
}

/// `summary.csv`.
pub(super) fn metrics() -> [Column<MetricLine>; 4] {
    [
        Column::hidden(&["solver"], |l: &MetricLine| Value::Text(l.solver.clone())),
        Column::hidden(&["metric"], |l: &MetricLine| Value::Text(l.metric.into())),
        Column::hidden(&["estimate", "low", "high"], |l: &MetricLine| {
            Value::interval(l.value, 1.0, Digits::Short)
        }),
        Column::hidden(
            &["against_first", "against_first_low", "against_first_high"],
            |l: &MetricLine| Value::interval(l.against_first, 1.0, Digits::Short),
        ),
    ]
}

/// A slot of a run: a line of `slots.csv`.
pub(super) struct SlotLine {
    solver: String,
    replication: usize,
    slot: usize,
    start_s: f64,
    state: SlotState,
    metrics: SlotMetrics,
}

pub(super) fn slot_lines(of: &SimulationReport) -> Vec<SlotLine> {
    let mut all = Vec::new();
    for solver in of.solvers {
        for (replication, run) in solver.runs.iter().enumerate() {
            let slots = run.slots.iter().zip(by_slot(run)).enumerate();
            all.extend(slots.map(|(slot, (state, metrics))| SlotLine {
                solver: solver.id.clone(),
                replication,
                slot,
                start_s: slot as f64 * of.setup.slot_s,
                state: *state,
                metrics,
            }));
        }
    }
    all
}

/// `slots.csv`.
pub(super) fn slots() -> Vec<Column<SlotLine>> {
    let finite = |value: f64| Value::number(Some(value).filter(|v| v.is_finite()));
    vec![
        Column::hidden(&["solver"], |l: &SlotLine| Value::Text(l.solver.clone())),
        Column::hidden(&["replication"], |l: &SlotLine| Value::Count(l.replication)),
        Column::hidden(&["slot"], |l: &SlotLine| Value::Count(l.slot)),
        Column::hidden(&["start_s"], |l: &SlotLine| Value::number(Some(l.start_s))),
        Column::hidden(&["requests"], |l: &SlotLine| Value::Count(l.state.requests)),
        Column::hidden(&["offloaded"], |l: &SlotLine| {
            Value::Count(l.metrics.offloaded)
        }),
        Column::hidden(&["delay_mean_ms"], move |l: &SlotLine| {
            finite(l.metrics.mean_ms)
        }),
        Column::hidden(&["delay_p95_ms"], move |l: &SlotLine| {
            finite(l.metrics.p95_ms)
        }),
        Column::hidden(&["accuracy_pct"], move |l: &SlotLine| {
            finite(l.metrics.accuracy_pct)
        }),
        Column::hidden(&["backlog_s"], |l: &SlotLine| {
            Value::number(Some(l.state.backlog_s))
        }),
        Column::hidden(&["planned"], |l: &SlotLine| {
            Value::Count(usize::from(!l.state.unplanned))
        }),
    ]
}
