//! GOA against each other method, and each threshold against the next, run by run.

use super::cells::{CellKey, MethodRun, PaperMetric, SEED};
use crate::analysis::aggregates::{ThresholdKey, grouped};
use crate::records::SolverCatalogue;
use crate::statistics::bootstrap::{ConfidenceInterval, mean_interval};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// What an interval of a difference says about its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The whole interval lies below 0.
    Below,
    /// It holds 0, or there is none.
    Open,
    /// The whole interval lies above 0.
    Above,
}

/// One method minus another in one cell: mean over the runs, with its 95 % interval by
/// [`mean_interval`]; None for a single run.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodDifference {
    /// N.
    pub users: usize,
    /// tau.
    pub threshold: f64,
    /// The method that is subtracted, by its solver's id.
    pub method: String,
    /// Total realised delay, ms.
    pub delay: Option<ConfidenceInterval>,
    /// Realised accuracy, percentage points.
    pub accuracy: Option<ConfidenceInterval>,
}

/// One method at a threshold minus the same at a lower one, on the same runs; as in
/// [`MethodDifference`].
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdStep {
    /// N.
    pub users: usize,
    /// The lower tau.
    pub from: f64,
    /// The higher tau.
    pub to: f64,
    /// Total realised delay at `to` minus that at `from`, ms.
    pub delay: Option<ConfidenceInterval>,
    /// Realised accuracy at `to` minus that at `from`, percentage points.
    pub accuracy: Option<ConfidenceInterval>,
}

impl Sign {
    /// Of an interval.
    #[must_use]
    pub fn of(interval: Option<ConfidenceInterval>) -> Self {
        match interval {
            Some(i) if i.high < 0.0 => Self::Below,
            Some(i) if i.low > 0.0 => Self::Above,
            _ => Self::Open,
        }
    }
}

/// `first` minus every other method in every cell, by N, threshold and method.
#[must_use]
pub fn differences(
    runs: &[MethodRun],
    first: &str,
    catalogue: &SolverCatalogue,
) -> Vec<MethodDifference> {
    let groups = grouped(runs, |run| run.cell(catalogue));
    let one = |(&(users, threshold, (_, method)), theirs): (&CellKey, &Vec<&MethodRun>)| {
        let ours = groups.get(&(users, threshold, catalogue.key(first)))?;
        (method != first).then(|| MethodDifference {
            users,
            threshold: threshold.0,
            method: method.into(),
            delay: paired(ours, theirs, PaperMetric::Total),
            accuracy: paired(ours, theirs, PaperMetric::Accuracy),
        })
    };
    groups.par_iter().filter_map(one).collect()
}

/// `method` at each threshold minus itself at the one before, by N.
#[must_use]
pub fn steps(runs: &[MethodRun], method: &str) -> Vec<ThresholdStep> {
    let all = by_threshold(runs, method);
    let pairs = all.iter().flat_map(|of| of.windows(2));
    pairs.map(|pair| step(&pair[0], &pair[1])).collect()
}

/// `method` at the highest threshold minus itself at the lowest, by N.
#[must_use]
pub fn ends(runs: &[MethodRun], method: &str) -> Vec<ThresholdStep> {
    let all = by_threshold(runs, method);
    let several = all.iter().filter(|of| of.len() > 1);
    several.map(|of| step(&of[0], &of[of.len() - 1])).collect()
}

/// For each N the runs of a method by threshold.
fn by_threshold<'a>(runs: &'a [MethodRun], method: &str) -> Vec<Vec<Vec<&'a MethodRun>>> {
    let runs = runs.iter().filter(|run| run.method == method);
    let by_users = grouped(runs, |run| run.users).into_values();
    let by_threshold = |runs| grouped(runs, |run: &&MethodRun| ThresholdKey(run.threshold));
    by_users
        .map(|runs| by_threshold(runs).into_values().collect())
        .collect()
}

fn step(from: &[&MethodRun], to: &[&MethodRun]) -> ThresholdStep {
    ThresholdStep {
        users: to[0].users,
        from: from[0].threshold,
        to: to[0].threshold,
        delay: paired(to, from, PaperMetric::Total),
        accuracy: paired(to, from, PaperMetric::Accuracy),
    }
}

fn paired(
    first: &[&MethodRun],
    second: &[&MethodRun],
    metric: PaperMetric,
) -> Option<ConfidenceInterval> {
    let place = metric.place();
    let other: BTreeMap<usize, f64> = second.iter().map(|r| (r.run, r.values[place])).collect();
    let (values, ids): (Vec<f64>, Vec<u64>) = first
        .iter()
        .filter_map(|r| Some((r.values[place] - other.get(&r.run)?, r.run as u64)))
        .unzip();
    mean_interval(&values, &ids, SEED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::samples::catalogue;

    fn run(threshold: f64, method: &str, run: usize, total: f64, accuracy: f64) -> MethodRun {
        MethodRun {
            users: 50,
            threshold,
            method: method.into(),
            run,
            values: [total, 0.0, accuracy, 0.0, 0.0, 0.0],
        }
    }

    /// Runs differ by far more than methods do: only pairing shows the difference.
    #[test]
    fn runs_are_paired() {
        let base = [100.0, 900.0, 400.0, 700.0, 200.0, 500.0];
        let of = |method: &str, shift: f64, points: f64| {
            let one = |(k, b): (usize, &f64)| {
                run(0.6, method, k, b + shift + k as f64 * 0.1, 50.0 + points)
            };
            base.iter().enumerate().map(one).collect::<Vec<_>>()
        };
        let runs = [
            of("goa", 0.0, 0.0),
            of("dmin", 10.0, 0.0),
            of("random", -10.0, -1.0),
        ]
        .concat();
        let all = differences(&runs, "goa", &catalogue());
        assert_eq!(
            all.iter().map(|d| d.method.as_str()).collect::<Vec<_>>(),
            ["random", "dmin"]
        );
        assert!((all[1].delay.unwrap().estimate + 10.0).abs() < 1e-9);
        assert_eq!(
            (Sign::of(all[1].delay), Sign::of(all[1].accuracy)),
            (Sign::Below, Sign::Open)
        );
        assert_eq!(
            (Sign::of(all[0].delay), Sign::of(all[0].accuracy)),
            (Sign::Above, Sign::Above)
        );
        assert!(differences(&runs, "ga", &catalogue()).is_empty());
    }

    #[test]
    fn thresholds_are_compared_in_their_order() {
        let mut runs = Vec::new();
        for k in 0..4 {
            runs.push(run(1.0, "goa", k, 80.0 + k as f64, 50.0));
            runs.push(run(0.6, "goa", k, 100.0 + k as f64, 55.0));
            runs.push(run(0.8, "goa", k, 90.0 + k as f64, 55.0));
        }
        let all = steps(&runs, "goa");
        assert_eq!(
            all.iter().map(|s| (s.from, s.to)).collect::<Vec<_>>(),
            [(0.6, 0.8), (0.8, 1.0)]
        );
        assert_eq!(Sign::of(all[0].accuracy), Sign::Open);
        let whole = ends(&runs, "goa");
        assert_eq!((whole.len(), whole[0].from, whole[0].to), (1, 0.6, 1.0));
        assert_eq!(
            (Sign::of(whole[0].delay), Sign::of(whole[0].accuracy)),
            (Sign::Below, Sign::Below)
        );
        assert_eq!(Sign::of(steps(&runs[..3], "goa")[0].delay), Sign::Open);
    }
}
