//! Running times of GOA: the only numbers of the reproduction that differ from run to run.

use super::published::{Published, published};
use crate::statistics::scaling::{Scaling, Timing, fit};
use crate::statistics::summary::quantile;
use std::collections::BTreeSet;

/// One solver's time on one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct SolverTime {
    /// The solver's id.
    pub solver: String,
    /// N.
    pub users: usize,
    /// M.
    pub servers: usize,
    /// Seed of the instance.
    pub seed: u64,
    /// Median wall time of the algorithm alone over the repetitions, s.
    pub time_s: f64,
}

/// All times, measured one at a time on one thread.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// The times.
    pub rows: Vec<SolverTime>,
    /// tau.
    pub threshold: f64,
    /// Repetitions behind each median.
    pub repetitions: usize,
    /// M while N varies.
    pub servers: usize,
    /// N while M varies.
    pub users: usize,
    /// The machine, for the reader; may be empty.
    pub machine: String,
}

impl Times {
    /// Median over instances, s.
    #[must_use]
    pub fn median(&self, solver: &str, users: usize, servers: usize) -> Option<f64> {
        let same = |t: &&SolverTime| t.solver == solver && t.users == users && t.servers == servers;
        let times = self.rows.iter().filter(same).map(|t| t.time_s);
        quantile(&times.collect::<Vec<f64>>(), 0.5)
    }

    /// Sizes (N, M) at which there are times, ascending.
    #[must_use]
    pub fn sizes(&self) -> Vec<(usize, usize)> {
        let sizes = self.rows.iter().map(|t| (t.users, t.servers));
        let sizes: BTreeSet<(usize, usize)> = sizes.collect();
        sizes.into_iter().collect()
    }

    /// Growth with N at M = [`Times::servers`].
    #[must_use]
    pub fn over_users(&self, solver: &str) -> Option<Scaling> {
        self.growth(solver, |t| t.servers == self.servers, |t| t.users)
    }

    /// Growth with M at N = [`Times::users`].
    #[must_use]
    pub fn over_servers(&self, solver: &str) -> Option<Scaling> {
        self.growth(solver, |t| t.users == self.users, |t| t.servers)
    }

    fn growth(
        &self,
        solver: &str,
        kept: impl Fn(&SolverTime) -> bool,
        size: impl Fn(&SolverTime) -> usize,
    ) -> Option<Scaling> {
        let rows = self.rows.iter().filter(|t| t.solver == solver && kept(t));
        let timings = rows.enumerate().map(|(k, t)| Timing {
            size: size(t) as f64,
            time_s: t.time_s,
            censored: false,
            // Instances are drawn anew for each size: every time is a cluster of its own.
            cluster: k as u64,
        });
        fit(&timings.collect::<Vec<_>>())
    }
}

/// The authors' own time of one GOA run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PublishedTime {
    /// N.
    pub users: usize,
    /// tau.
    pub threshold: f64,
    /// The time, ms.
    pub time_ms: f64,
}

/// The published times, by N and tau.
#[must_use]
pub fn published_times() -> Vec<PublishedTime> {
    let time = |p: &Published| {
        Some(PublishedTime {
            users: p.users,
            threshold: p.threshold,
            time_ms: 1e3 * p.goa_time_s?,
        })
    };
    let mut all: Vec<PublishedTime> = published().iter().filter_map(time).collect();
    all.sort_by(|a, b| {
        let by_threshold = || a.threshold.total_cmp(&b.threshold);
        a.users.cmp(&b.users).then_with(by_threshold)
    });
    all
}

/// How the authors' own times grow with N; the thresholds of one N are one cluster.
#[must_use]
pub fn published_growth() -> Option<Scaling> {
    let timing = |t: PublishedTime| Timing {
        size: t.users as f64,
        time_s: 1e-3 * t.time_ms,
        censored: false,
        cluster: t.users as u64,
    };
    let timings = published_times().into_iter().map(timing);
    fit(&timings.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_by_hand() {
        let timed = |users: usize, servers: usize, seed: u64, time_s: f64| SolverTime {
            solver: "goa".into(),
            users,
            servers,
            seed,
            time_s,
        };
        let mut rows = Vec::new();
        for (seed, wobble) in [(0, 0.9), (1, 1.0), (2, 1.1)] {
            rows.extend(
                [30, 60, 120, 240].map(|n| timed(n, 4, seed, 1e-8 * (n * n) as f64 * wobble)),
            );
            rows.extend([2, 8, 16].map(|m| timed(120, m, seed, 3.6e-5 * m as f64 * wobble)));
        }
        let times = Times {
            rows,
            threshold: 0.8,
            repetitions: 3,
            servers: 4,
            users: 120,
            machine: String::new(),
        };
        assert!((times.over_users("goa").unwrap().exponent.estimate - 2.0).abs() < 1e-6);
        assert!((times.over_servers("goa").unwrap().exponent.estimate - 1.0).abs() < 1e-6);
        assert!((times.median("goa", 120, 4).unwrap() - 1.44e-4).abs() < 1e-12);
        assert_eq!(
            (times.over_users("dmin"), times.median("goa", 7, 7)),
            (None, None)
        );
        assert_eq!(times.sizes().len(), 7);
    }

    #[test]
    fn the_published_time_of_the_abstract_is_there() {
        let times = published_times();
        assert_eq!(times.len(), 25);
        assert!(
            times
                .iter()
                .any(|t| t.users == 120 && (t.time_ms - 413.7).abs() < 0.1)
        );
        assert!(published_growth().is_some_and(|g| g.exponent.estimate > 1.0));
    }
}
