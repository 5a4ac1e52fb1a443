//! What was simulated, and the metrics of runs, slots and solvers.

use crate::records::SolverCatalogue;
use crate::statistics::{ConfidenceInterval, mean, mean_interval, quantile};

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

/// A metric of a run: its name in files, and its value, NaN where there is none.
type RunMetric = (&'static str, fn(&MeasuredRun) -> f64);

/// Places in [`METRICS`].
pub(super) const MEAN: usize = 0;
pub(super) const P50: usize = 1;
pub(super) const P95: usize = 3;
pub(super) const P99: usize = 4;
pub(super) const ACCURACY: usize = 5;
pub(super) const OFFLOADED: usize = 6;
pub(super) const BACKLOG: usize = 8;

/// The metrics, in the order of files. A new metric is a row here.
pub(super) const METRICS: [RunMetric; 9] = [
    ("delay_mean_ms", |r| mean(&r.delays_ms).unwrap_or(f64::NAN)),
    ("delay_p50_ms", |r| r.delay_quantile(0.5)),
    ("delay_p90_ms", |r| r.delay_quantile(0.9)),
    ("delay_p95_ms", |r| r.delay_quantile(0.95)),
    ("delay_p99_ms", |r| r.delay_quantile(0.99)),
    ("accuracy_pct", |r| accuracy_pct(&r.served)),
    ("offloaded_pct", |r| r.share_pct(|s| s.offloaded)),
    ("mandatory_local_pct", |r| r.share_pct(|s| s.missed)),
    ("backlog_max_s", |r| r.backlog_s),
];

/// The requests of a run that arrived after the warm-up.
pub(super) struct MeasuredRun {
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
pub(super) struct SlotMetrics {
    pub offloaded: usize,
    pub mean_ms: f64,
    pub p95_ms: f64,
    pub accuracy_pct: f64,
}

pub(super) fn by_slot(run: &SimulatedRun) -> Vec<SlotMetrics> {
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
    pub(super) setup: &'a SimulationContext,
    pub(super) solvers: &'a [SimulatedSolver],
    /// \[solver\]\[replication\]\[metric\].
    pub(super) metrics: Vec<Vec<[f64; METRICS.len()]>>,
}

impl<'a> SimulationReport<'a> {
    /// Computes the metrics. All solvers have the same number of runs, at least 1.
    #[must_use]
    pub fn new(setup: &'a SimulationContext, solvers: &'a [SimulatedSolver]) -> Self {
        let of = |run: &SimulatedRun| {
            let measured = MeasuredRun::of(run, setup.warmup);
            METRICS.map(|(_, of)| of(&measured))
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
        let only = only.map(ConfidenceInterval::at);
        mean_interval(values, &clusters, self.setup.seed).or(only)
    }

    pub(super) fn of(&self, solver: usize, metric: usize) -> Option<ConfidenceInterval> {
        self.estimate(&self.values(solver, metric))
    }

    /// The metric minus that of the first solver on the same arrivals, replication by replication.
    pub(super) fn against_first(&self, solver: usize, metric: usize) -> Option<ConfidenceInterval> {
        let (a, b) = (self.values(solver, metric), self.values(0, metric));
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        (solver > 0).then(|| self.estimate(&differences)).flatten()
    }

    pub(super) fn unplanned(&self, solver: usize) -> usize {
        let slots = self.solvers[solver].runs.iter().flat_map(|r| &r.slots);
        slots.filter(|s| s.unplanned).count()
    }
}
