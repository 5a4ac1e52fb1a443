//! Solvers against each other on the same problems: wins, paired differences, the virtual best; and
//! how their times grow.

use crate::analysis::aggregates::{SizeKey, grouped};
use crate::analysis::gaps::{Analysis, Reference, ScoredRecord, Standing};
use crate::records::{SolveEnd, SolverKey, Status};
use crate::statistics::bootstrap::{ConfidenceInterval, mean_interval};
use crate::statistics::paired::{Wilcoxon, holm, wilcoxon};
use crate::statistics::scaling::{Scaling, Timing, fit};
use crate::statistics::summary::{Stats, mean};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Relative difference of two plans' values up to which they tie.
pub const TIE: f64 = 1e-9;

/// Seed of the intervals here.
const SEED: u64 = 2;

/// What paired differences say. A negative difference is in favour of the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedDifferences {
    /// Problems on which both have a value.
    pub problems: usize,
    /// Instances among them.
    pub instances: usize,
    /// Problems on which the first is better, by more than the tie.
    pub wins: usize,
    /// Problems on which the second is.
    pub losses: usize,
    /// Mean over problems of the difference.
    pub mean: f64,
    /// Its bootstrap 95 % interval over instances; None with one instance.
    pub interval: Option<ConfidenceInterval>,
    /// Wilcoxon's test on one difference an instance (the mean over its problems): problems of one
    /// instance are not independent. None when no instance differs.
    pub test: Option<Wilcoxon>,
}

/// Two solvers on the problems of one mode. Differences are of (z - R)/R, z the mean objective over
/// seeds and R the problem's lower bound (the best plan known where there is no bound): the
/// difference of their guaranteed gaps, as fractions.
#[derive(Clone, Debug, PartialEq)]
pub struct SolverPair {
    /// Whether servers interfere.
    pub interference: bool,
    /// The first solver.
    pub first: String,
    /// The second.
    pub second: String,
    /// The differences, first less second.
    pub paired: PairedDifferences,
    /// The test's p value after Holm's correction over all pairs of all modes; 1 without a test.
    pub corrected_p: f64,
}

/// The best plan of every problem as if one solver had found it, at one size.
#[derive(Clone, Debug, PartialEq)]
pub struct VirtualBest {
    /// Which problems.
    pub key: SizeKey,
    /// Guaranteed gaps of the best plan of all solvers.
    pub all: Option<Stats>,
    /// Guaranteed gaps of the best plan of the solvers that never state a bound.
    pub without_bounds: Option<Stats>,
}

/// A fitted growth of time with N.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeGrowth {
    /// Whether servers interfere.
    pub interference: bool,
    /// Number of servers, M.
    pub servers: usize,
    /// The solver.
    pub solver: String,
    /// The fit; None when the runs do not allow one.
    pub scaling: Option<Scaling>,
    /// Rows left out: they ended in an error, or are of an anytime solver at its budget, whose time
    /// is what it was given.
    pub left_out: usize,
}

impl PairedDifferences {
    /// Problems on which neither is better.
    #[must_use]
    pub fn ties(&self) -> usize {
        self.problems - self.wins - self.losses
    }

    /// The same differences, second minus first.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            wins: self.losses,
            losses: self.wins,
            mean: -self.mean,
            interval: self.interval.map(|i| ConfidenceInterval {
                estimate: -i.estimate,
                low: -i.high,
                high: -i.low,
            }),
            test: self.test.map(|t| Wilcoxon {
                plus: t.minus,
                minus: t.plus,
                effect: -t.effect,
                ..t
            }),
            ..*self
        }
    }
}

impl SolverPair {
    /// The pair with `solver` as its first; None when it is neither.
    #[must_use]
    pub fn seen_from(&self, solver: &str) -> Option<Self> {
        if self.first == solver {
            return Some(self.clone());
        }
        (self.second == solver).then(|| Self {
            first: self.second.clone(),
            second: self.first.clone(),
            paired: self.paired.reversed(),
            ..self.clone()
        })
    }
}

/// Summarises differences; each item is (instance, difference). `tie`: what counts as none. None
/// without items.
#[must_use]
pub fn paired(differences: &[(u64, f64)], tie: f64) -> Option<PairedDifferences> {
    let (clusters, values): (Vec<u64>, Vec<f64>) = differences.iter().copied().unzip();
    let settled = values.iter().map(|&d| if d.abs() <= tie { 0.0 } else { d });
    let settled: Vec<f64> = settled.collect();
    let by_instance = grouped(clusters.iter().zip(&settled), |(cluster, _)| **cluster);
    let mean_of = |of: &Vec<(&u64, &f64)>| mean(&of.iter().map(|(_, d)| **d).collect::<Vec<_>>());
    let each: Vec<f64> = by_instance.values().filter_map(mean_of).collect();
    Some(PairedDifferences {
        problems: values.len(),
        instances: by_instance.len(),
        wins: settled.iter().filter(|d| **d < 0.0).count(),
        losses: settled.iter().filter(|d| **d > 0.0).count(),
        mean: mean(&values)?,
        interval: mean_interval(&values, &clusters, SEED),
        test: wilcoxon(&each),
    })
}

/// Every pair of solvers that share a problem, in the order of modes and solvers.
#[must_use]
pub fn pairs(analysis: &Analysis) -> Vec<SolverPair> {
    let ids = &analysis.solvers;
    let mut all: Vec<SolverPair> = [false, true]
        .into_iter()
        .flat_map(|interference| {
            let values = ids.iter().map(|id| excesses(analysis, id, interference));
            let values: Vec<BTreeMap<usize, f64>> = values.collect();
            let places = (0..ids.len()).flat_map(|a| (a + 1..ids.len()).map(move |b| (a, b)));
            let places: Vec<(usize, usize)> = places.collect();
            let pair = |&(a, b): &(usize, usize)| {
                let both = values[a].iter().filter_map(|(p, x)| {
                    Some((analysis.problems[*p].cluster, x - values[b].get(p)?))
                });
                let paired = paired(&both.collect::<Vec<_>>(), TIE)?;
                let (first, second) = (ids[a].to_string(), ids[b].to_string());
                Some(SolverPair {
                    interference,
                    first,
                    second,
                    paired,
                    corrected_p: 1.0,
                })
            };
            places.par_iter().filter_map(pair).collect::<Vec<_>>()
        })
        .collect();
    let p = |pair: &SolverPair| pair.paired.test.map_or(1.0, |t| t.p);
    let p_values: Vec<f64> = all.iter().map(p).collect();
    for (pair, p) in all.iter_mut().zip(holm(&p_values)) {
        pair.corrected_p = p;
    }
    all
}

/// (z - R)/R by problem, over the solver's seeds in the mean; only problems on which every seed has
/// a feasible plan.
fn excesses(analysis: &Analysis, id: &str, interference: bool) -> BTreeMap<usize, f64> {
    let rows = analysis
        .rows_of(interference)
        .filter(|row| row.record.solver == id);
    let of = |(problem, rows): (usize, Vec<&ScoredRecord>)| {
        let all = rows.iter().map(|row| excess(row.standing));
        Some((problem, mean(&all.collect::<Option<Vec<f64>>>()?)?))
    };
    grouped(rows, |row| row.problem)
        .into_iter()
        .filter_map(of)
        .collect()
}

/// (z - R)/R of a feasible plan: its guaranteed gap, or how far it is above the best
/// plan known where there is no bound.
pub(crate) fn excess(standing: Standing) -> Option<f64> {
    match standing {
        Standing::Gap(gap) => Some(gap.guaranteed),
        Standing::BestKnown(above) => above,
        _ => None,
    }
}

/// [`VirtualBest`] at every size.
#[must_use]
pub fn virtual_best(analysis: &Analysis) -> Vec<VirtualBest> {
    let records = analysis.rows.iter().map(|row| row.record);
    let bounding = records.filter(|r| r.lower_bound.is_some());
    let bounding: BTreeSet<&str> = bounding.map(|r| r.solver.as_str()).collect();
    let mut best: BTreeMap<SizeKey, BTreeMap<usize, [f64; 2]>> = BTreeMap::new();
    for row in &analysis.rows {
        let Some(gap) = row.standing.gap() else {
            continue;
        };
        let entry = best.entry(SizeKey::of(row.record)).or_default();
        let entry = entry.entry(row.problem).or_insert([f64::INFINITY; 2]);
        entry[0] = entry[0].min(gap.guaranteed);
        if !bounding.contains(row.record.solver.as_str()) {
            entry[1] = entry[1].min(gap.guaranteed);
        }
    }
    let of = |(key, problems): (SizeKey, BTreeMap<usize, [f64; 2]>)| {
        let stats = |k: usize| {
            let gaps = problems.values().map(|g| g[k]);
            Stats::of(&gaps.filter(|g| g.is_finite()).collect::<Vec<f64>>())
        };
        VirtualBest {
            key,
            all: stats(0),
            without_bounds: stats(1),
        }
    };
    best.into_iter().map(of).collect()
}

/// Interference, M, and the solver in its order.
type GroupKey<'a> = (bool, usize, SolverKey<'a>);

/// The growth of every solver's time with N, by mode and M. A row that ran out of time counts as
/// cut off. Rows that ended in an error, and those of anytime solvers at their budget, are left
/// out.
#[must_use]
pub fn growth(analysis: &Analysis) -> Vec<TimeGrowth> {
    let groups = grouped(&analysis.rows, |row| {
        let r = row.record;
        (r.interference, r.servers, analysis.catalogue.key(&r.solver))
    });
    let of = |((interference, servers, (_, solver)), rows): (GroupKey, Vec<&ScoredRecord>)| {
        let catalogue = &analysis.catalogue;
        let is_timed = |row: &&&ScoredRecord| {
            row.record.status != Status::Error && !catalogue.is_at_budget(row.record)
        };
        let timed: Vec<&&ScoredRecord> = rows.iter().filter(is_timed).collect();
        let timing = |row: &&&ScoredRecord| Timing {
            size: row.record.users as f64,
            time_s: row.record.time_s,
            censored: catalogue.end(row.record) == SolveEnd::OutOfTime,
            cluster: analysis.problems[row.problem].cluster,
        };
        let scaling = fit(&timed.iter().map(timing).collect::<Vec<_>>());
        TimeGrowth {
            interference,
            servers,
            solver: solver.into(),
            scaling,
            left_out: rows.len() - timed.len(),
        }
    };
    groups.into_par_iter().map(of).collect()
}

/// Times for performance profiles: for each solver of a mode (in order) and each
/// problem with a reference, the least time in which it had a plan within `gap` of the lower bound,
/// s; None where it had none.
#[must_use]
pub fn times_within(
    analysis: &Analysis,
    interference: bool,
    gap: f64,
) -> Vec<(String, Vec<Option<f64>>)> {
    let mut problems: BTreeMap<usize, usize> = BTreeMap::new();
    for row in analysis.rows_of(interference) {
        let reference = analysis.problems[row.problem].reference;
        if !matches!(reference, Reference::Infeasible | Reference::Crossed) {
            let next = problems.len();
            problems.entry(row.problem).or_insert(next);
        }
    }
    let solvers = || analysis.solvers.iter();
    let none = |id: &&str| (id.to_string(), vec![None; problems.len()]);
    let mut times: Vec<(String, Vec<Option<f64>>)> = solvers().map(none).collect();
    let places: BTreeMap<&str, usize> = solvers().copied().zip(0..).collect();
    for row in analysis.rows_of(interference) {
        let within = row.standing.gap().is_some_and(|g| g.guaranteed <= gap);
        let (Some(&place), true) = (problems.get(&row.problem), within) else {
            continue;
        };
        let best = &mut times[places[row.record.solver.as_str()]].1[place];
        *best = Some(best.map_or(row.record.time_s, |t| t.min(row.record.time_s)));
    }
    times
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::gaps::analyse;
    use crate::records::samples::{bounded, catalogue, record};
    use crate::records::{Record, Trust};

    fn records() -> Vec<Record> {
        (1..=6)
            .flat_map(|seed| {
                [
                    bounded(20, seed, "bnb", Some(2.0), 2.0, Trust::Certified),
                    record(20, seed, "goa", Some(2.2)),
                    record(20, seed, "ga", Some(if seed == 1 { 2.4 } else { 2.1 })),
                ]
            })
            .collect()
    }

    #[test]
    fn wins_differences_and_correction() {
        let records = records();
        let all = pairs(&analyse(&records, &catalogue()));
        assert_eq!(all.len(), 3);
        let pair = all
            .iter()
            .find(|p| p.first == "goa" && p.second == "ga")
            .unwrap();
        let found = &pair.paired;
        assert_eq!(
            (found.problems, found.instances, found.wins, found.losses),
            (6, 6, 1, 5)
        );
        // goa less ga: five times 5 %, once -10 %.
        assert!((found.mean - 0.025).abs() < 1e-12 && found.interval.unwrap().contains(0.025));
        // Ranks of |d|: five ties of rank 3 for, rank 6 against: 15 against 6 of 21.
        assert!((found.test.unwrap().effect - 9.0 / 21.0).abs() < 1e-12);
        assert!(pair.corrected_p >= found.test.unwrap().p);
        let best = virtual_best(&analyse(&records, &catalogue()));
        assert_eq!(best.len(), 1);
        assert_eq!(best[0].all.unwrap().max, 0.0);
        assert!((best[0].without_bounds.unwrap().max - 0.1).abs() < 1e-12);
    }

    #[test]
    fn problems_of_one_instance_are_one_observation() {
        let paired = paired(&[(1, -0.1), (1, -0.2), (1, -0.3)], TIE).unwrap();
        assert_eq!(
            (
                paired.problems,
                paired.instances,
                paired.wins,
                paired.interval
            ),
            (3, 1, 3, None)
        );
        assert_eq!(paired.test.unwrap().p, 1.0);
        assert_eq!(super::paired(&[], TIE), None);
    }

    #[test]
    fn only_common_problems_without_violations_are_compared() {
        let mut violating = record(20, 1, "dmin", Some(1.0));
        violating.violations = 1;
        let records = [
            record(20, 1, "goa", Some(2.0)),
            violating,
            record(40, 1, "ga", Some(3.0)),
        ];
        assert!(pairs(&analyse(&records, &catalogue())).is_empty());
    }

    #[test]
    fn time_outs_are_cut_off_and_errors_left_out() {
        let mut records: Vec<Record> = [20, 40, 60, 80]
            .into_iter()
            .flat_map(|n| (1..=3).map(move |seed| (n, seed)))
            .map(|(n, seed)| {
                let mut r = record(n, seed, "bnb", Some(1.0));
                r.time_s = 1e-6 * (n * n) as f64 * (1.0 + 0.1 * seed as f64);
                r
            })
            .collect();
        records[11].status = Status::Timeout;
        records.push(record(20, 9, "bnb", None));
        let all = growth(&analyse(&records, &catalogue()));
        assert_eq!((all.len(), all[0].left_out), (1, 1));
        let scaling = all[0].scaling.unwrap();
        assert_eq!((scaling.runs, scaling.censored), (12, 1));
        assert!((scaling.exponent.estimate - 2.0).abs() < 0.1, "{scaling:?}");
        let times = times_within(&analyse(&records, &catalogue()), true, 0.01);
        assert_eq!(times.len(), 1);
        assert!(times[0].1.iter().all(Option::is_none));
    }
}
