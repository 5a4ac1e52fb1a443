//! The columns of a simulation's table and CSV files.

use super::metrics::{
    ACCURACY, BACKLOG, MEAN, METRICS, OFFLOADED, P50, P95, P99, SimulationReport, SlotMetrics,
    SlotState, by_slot,
};
use crate::document::{Column, Digits, Value, columns};
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
    let metric = |s: &SolverSummary, place: usize, digits| {
        Value::interval(s.metrics[place], 1.0, Digits::Fixed(digits))
    };
    columns! { s: SolverSummary;
        "solver"                       => Value::code(&s.id);
        "mean ms"              .bare() => metric(s, MEAN, 1);
        "p50 ms"               .bare() => metric(s, P50, 1);
        "p95 ms [95 %]"                => metric(s, P95, 1);
        "p99 ms"               .bare() => metric(s, P99, 1);
        "p95 − first solver's"         => Value::interval(s.against_first, 1.0, Digits::Fixed(1));
        "accuracy %"           .bare() => metric(s, ACCURACY, 2);
        "offloaded %"          .bare() => metric(s, OFFLOADED, 1);
        "backlog max s"        .bare() => metric(s, BACKLOG, 3);
    }
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
        metric: METRICS[m].0,
        value: of.of(k, m),
        against_first: of.against_first(k, m),
    };
    (0..of.solvers.len())
        .flat_map(|k| (0..METRICS.len()).map(move |m| line(k, m)))
        .collect()
}

/// `summary.csv`.
pub(super) fn metrics() -> Vec<Column<MetricLine>> {
    columns! { l: MetricLine;
        csv["solver"] => &l.solver;
        csv["metric"] => l.metric;
        csv["estimate", "low", "high"] => l.value;
        csv["against_first", "against_first_low", "against_first_high"] => l.against_first;
    }
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
    let finite = |value: f64| Some(value).filter(|v| v.is_finite());
    columns! { l: SlotLine;
        csv["solver"]        => &l.solver;
        csv["replication"]   => l.replication;
        csv["slot"]          => l.slot;
        csv["start_s"]       => l.start_s;
        csv["requests"]      => l.state.requests;
        csv["offloaded"]     => l.metrics.offloaded;
        csv["delay_mean_ms"] => finite(l.metrics.mean_ms);
        csv["delay_p95_ms"]  => finite(l.metrics.p95_ms);
        csv["accuracy_pct"]  => finite(l.metrics.accuracy_pct);
        csv["backlog_s"]     => l.state.backlog_s;
        csv["planned"]       => usize::from(!l.state.unplanned);
    }
}
