//! What a report about uncertainty shows, and the means of its plans.

use crate::statistics::prediction::MetricQuality;
use crate::statistics::{ConfidenceInterval, mean_interval};
use crate::text::firsts;

/// One plan, of one solver for one metric, threshold and instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The metric by which it was decided who must be offloaded.
    pub metric: String,
    /// The solver.
    pub solver: String,
    /// tau.
    pub threshold: f64,
    /// The instance; plans of the same instance are not independent.
    pub instance: u64,
    /// Users who must be offloaded.
    pub mandatory: usize,
    /// Users who are offloaded.
    pub offloaded: usize,
    /// Realised mean delay, ms.
    pub delay_ms: f64,
    /// Right answers, %.
    pub accuracy_pct: f64,
    /// Planned value over the lower bound minus 1: the guaranteed gap. None without a bound.
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
    /// answers, minus 1.
    pub delay_gap: f64,
    /// Accuracy of the informed plan that forces as many users as the metric's, minus that of the
    /// metric's plan, percentage points.
    pub accuracy_gap: f64,
}

/// All that the report shows.
#[derive(Clone, Debug, PartialEq)]
pub struct UncertaintyReport {
    /// Where the trace came from, for the reader.
    pub trace: String,
    /// Queries in it.
    pub queries: usize,
    /// Right answers of the small and the large model, %.
    pub right_pct: [f64; 2],
    /// How plans were made: sizes, weights, scale, gap; for the reader.
    pub setup: String,
    /// The metrics.
    pub qualities: Vec<MetricQuality>,
    /// The plans; may be empty.
    pub planned: Vec<Planned>,
    /// The informed plans; may be empty.
    pub informed: Vec<Informed>,
    /// Seed of the intervals.
    pub seed: u64,
}

/// Means with their intervals over instances, of the plans of one metric, solver and threshold.
pub(super) struct PlanMeans {
    pub metric: String,
    pub solver: String,
    pub threshold: f64,
    pub delay: ConfidenceInterval,
    pub accuracy: ConfidenceInterval,
    pub offloaded: f64,
    pub mandatory: f64,
    pub gap: Option<ConfidenceInterval>,
}

impl UncertaintyReport {
    pub(super) fn solvers(&self) -> Vec<&str> {
        firsts(self.planned.iter().map(|p| p.solver.as_str()))
    }

    pub(super) fn cells(&self) -> Vec<PlanMeans> {
        let key = |p: &Planned| (p.metric.clone(), p.solver.clone(), p.threshold.to_bits());
        let cell = |of: (String, String, u64)| {
            let plans: Vec<&Planned> = self.planned.iter().filter(|p| key(p) == of).collect();
            let value = |value: fn(&Planned) -> f64| {
                self.interval(plans.iter().map(|p| (value(p), p.instance)))
            };
            let mean = |value: fn(&Planned) -> usize| {
                plans.iter().map(|p| value(p) as f64).sum::<f64>() / plans.len() as f64
            };
            let gaps = plans.iter().filter_map(|p| Some((p.gap?, p.instance)));
            let complete = plans.iter().all(|p| p.gap.is_some());
            PlanMeans {
                delay: value(|p| p.delay_ms),
                accuracy: value(|p| p.accuracy_pct),
                offloaded: mean(|p| p.offloaded),
                mandatory: mean(|p| p.mandatory),
                gap: complete.then(|| self.interval(gaps)),
                metric: of.0,
                solver: of.1,
                threshold: f64::from_bits(of.2),
            }
        };
        let keys = firsts(self.planned.iter().map(key)).into_iter();
        keys.map(cell).collect()
    }

    /// Mean and interval over instances; with one instance the interval is the value itself.
    pub(super) fn interval(&self, values: impl Iterator<Item = (f64, u64)>) -> ConfidenceInterval {
        let (values, instances): (Vec<f64>, Vec<u64>) = values.unzip();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        mean_interval(&values, &instances, self.seed).unwrap_or(ConfidenceInterval::at(mean))
    }
}
