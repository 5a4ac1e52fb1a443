//! Means per cell of the reproduced experiment, beside the published ones.

use super::published::{Published, published};
use crate::analysis::aggregates::{ThresholdKey, grouped};
use crate::document::{Digits, Value};
use crate::records::{SolverCatalogue, SolverKey};
use crate::statistics::bootstrap::{ConfidenceInterval, mean_interval};
use crate::statistics::summary::mean;
use rayon::prelude::*;

/// What is compared with the published table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PaperMetric {
    /// Realised delay summed over users, ms.
    Total,
    /// Users offloaded.
    Offloaded,
    /// Realised accuracy, %.
    Accuracy,
    /// Local part of the delay, ms.
    Local,
    /// Uplink part of the delay, ms.
    Uplink,
    /// Server-computing part of the delay, ms.
    Compute,
}

/// One method on one instance at one threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodRun {
    /// N.
    pub users: usize,
    /// tau.
    pub threshold: f64,
    /// The method, by its solver's id.
    pub method: String,
    /// Number of the run, from 0: runs of one number pair the methods and thresholds of one N.
    pub run: usize,
    /// The metrics, in the order of [`PaperMetric::ALL`].
    pub values: [f64; 6],
}

/// Means over the runs of one method at one N and one threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodMeans {
    /// N.
    pub users: usize,
    /// tau.
    pub threshold: f64,
    /// The method, by its solver's id.
    pub method: String,
    /// Runs.
    pub runs: usize,
    /// Mean of each metric, in the order of [`PaperMetric::ALL`].
    pub means: [f64; 6],
    /// 95 % interval of each mean over the runs, by [`mean_interval`]; none for a single run.
    pub intervals: [Option<ConfidenceInterval>; 6],
    /// The published means of this cell, in the same order, where the authors published it.
    pub published: Option<[f64; 6]>,
}

impl PaperMetric {
    /// All of them, in the order of arrays.
    pub const ALL: [Self; 6] = [
        Self::Total,
        Self::Offloaded,
        Self::Accuracy,
        Self::Local,
        Self::Uplink,
        Self::Compute,
    ];

    /// Name in tables, with the unit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Total => "total delay (ms)",
            Self::Offloaded => "offloaded users",
            Self::Accuracy => "accuracy (%)",
            Self::Local => "local delay (ms)",
            Self::Uplink => "uplink delay (ms)",
            Self::Compute => "edge compute delay (ms)",
        }
    }

    /// Name in CSV files.
    #[must_use]
    pub fn column(self) -> &'static str {
        match self {
            Self::Total => "delay_total_ms",
            Self::Offloaded => "offloaded",
            Self::Accuracy => "accuracy_pct",
            Self::Local => "delay_local_ms",
            Self::Uplink => "uplink_ms",
            Self::Compute => "edge_compute_ms",
        }
    }

    /// Ours minus theirs: accuracy in points, all others in % of theirs. None where theirs is 0 and
    /// ours is not.
    #[must_use]
    pub fn deviation(self, ours: f64, theirs: f64) -> Option<f64> {
        match self {
            Self::Accuracy => Some(ours - theirs),
            _ if ours == theirs => Some(0.0),
            _ => (theirs != 0.0).then(|| 100.0 * (ours - theirs) / theirs),
        }
    }

    /// `points` or `%`.
    #[must_use]
    pub fn unit(self) -> &'static str {
        if self == Self::Accuracy {
            "points"
        } else {
            "%"
        }
    }

    /// Place in arrays.
    #[must_use]
    pub fn place(self) -> usize {
        Self::ALL.iter().position(|&m| m == self).unwrap_or(0)
    }
}

impl MethodRun {
    /// The cell that it is in.
    pub(super) fn cell(&self, catalogue: &SolverCatalogue) -> CellKey<'_> {
        let threshold = ThresholdKey(self.threshold);
        (self.users, threshold, catalogue.key(&self.method))
    }
}

impl MethodMeans {
    /// The mean of a metric.
    #[must_use]
    pub fn mean(&self, metric: PaperMetric) -> f64 {
        self.means[metric.place()]
    }

    /// The interval of a mean.
    #[must_use]
    pub fn interval(&self, metric: PaperMetric) -> Option<ConfidenceInterval> {
        self.intervals[metric.place()]
    }

    /// The published mean of a metric.
    #[must_use]
    pub fn published(&self, metric: PaperMetric) -> Option<f64> {
        self.published.map(|p| p[metric.place()])
    }

    /// The mean with its interval, for tables.
    pub(super) fn estimate(&self, metric: PaperMetric, digits: Digits) -> Value {
        Value::estimate(Some(self.mean(metric)), self.interval(metric), 1.0, digits)
    }

    /// Deviation of a metric from the published mean; see [`PaperMetric::deviation`].
    #[must_use]
    pub fn deviation(&self, metric: PaperMetric) -> Option<f64> {
        metric.deviation(self.mean(metric), self.published(metric)?)
    }
}

impl Published {
    pub(super) fn values(&self) -> [f64; 6] {
        [
            self.delay_total_ms,
            self.offloaded,
            self.accuracy_pct,
            self.delay_local_ms,
            self.uplink_ms,
            self.edge_compute_ms,
        ]
    }
}

/// Seed of all intervals.
pub(super) const SEED: u64 = 0;

/// N, the threshold, and the method in its order.
pub(super) type CellKey<'a> = (usize, ThresholdKey, SolverKey<'a>);

/// The cells of all runs, by N, threshold and method.
#[must_use]
pub fn cells(runs: &[MethodRun], catalogue: &SolverCatalogue) -> Vec<MethodMeans> {
    let table = published();
    let theirs = |users: usize, threshold: f64, method: &str| {
        let is =
            |p: &&Published| p.users == users && p.threshold == threshold && p.solver == method;
        table.iter().find(is).map(Published::values)
    };
    let groups = grouped(runs, |run| run.cell(catalogue));
    let cell = |((users, threshold, (_, method)), runs): (CellKey, Vec<&MethodRun>)| {
        let ids: Vec<u64> = runs.iter().map(|r| r.run as u64).collect();
        let column = |place: usize| runs.iter().map(|r| r.values[place]).collect::<Vec<f64>>();
        MethodMeans {
            users,
            threshold: threshold.0,
            method: method.into(),
            runs: runs.len(),
            means: std::array::from_fn(|place| mean(&column(place)).unwrap_or(f64::NAN)),
            intervals: std::array::from_fn(|place| mean_interval(&column(place), &ids, SEED)),
            published: theirs(users, threshold.0, method),
        }
    };
    groups.into_par_iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_intervals_and_deviations_by_hand() {
        let run = |run, total| MethodRun {
            users: 50,
            threshold: 0.6,
            method: "goa".into(),
            run,
            values: [total, 49.4, 56.084, 12.0, 90.0, 0.0],
        };
        let runs = [run(0, 800.0), run(1, 900.0), run(2, 1000.0)];
        let cells = cells(&runs, &SolverCatalogue::default());
        assert_eq!(
            (cells.len(), cells[0].runs, cells[0].means[0]),
            (1, 3, 900.0)
        );
        let around = cells[0].intervals[0].unwrap();
        assert!(
            800.0 <= around.low
                && around.low < 900.0
                && 900.0 < around.high
                && around.high <= 1000.0,
            "{around:?}"
        );
        assert!(cells[0].intervals[1].is_some_and(|i| (i.high - i.low).abs() < 1e-9));
        let total = cells[0].deviation(PaperMetric::Total).unwrap();
        assert!((total - 100.0 * (900.0 - 858.7114) / 858.7114).abs() < 1e-12);
        assert_eq!(cells[0].deviation(PaperMetric::Offloaded), Some(0.0));
        assert!(cells[0].deviation(PaperMetric::Accuracy).unwrap().abs() < 1e-12);
        assert_eq!(PaperMetric::Uplink.deviation(0.0, 0.0), Some(0.0));
        assert_eq!(PaperMetric::Uplink.deviation(1.0, 0.0), None);
    }
}
