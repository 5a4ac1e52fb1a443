//! Aggregated rows: what a solver did on all problems of one kind.

use crate::analysis::gaps::{Analysis, Gap, OPTIMAL, ROUNDING, Reference, ScoredRecord, Standing};
use crate::records::{Moment, Realised, Record, SolveEnd, SolverKey, Status};
use crate::statistics::bootstrap::{ConfidenceInterval, mean_intervals, quantile_intervals};
use crate::statistics::curves::primal_integral;
use crate::statistics::summary::{
    Stats, TIME_SHIFT_S, mean, par10, quantile, shifted_geometric_mean,
};
use rayon::prelude::*;
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// The gaps within which shares of rows are counted: the first is what counts as proved optimal.
pub const WITHIN: [f64; 5] = [OPTIMAL, 0.001, 0.01, 0.05, 0.1];

/// A mean over the rows with a plan, violating ones too.
pub struct PlanMean {
    /// Heading in tables, with the unit.
    pub heading: &'static str,
    /// Name of its column in `summary.csv`.
    pub csv: &'static [&'static str],
    /// The value of a row, if it has one.
    pub value: fn(&Record) -> Option<f64>,
}

/// Every mean that is shown without an interval. A new one is a row here: its column in
/// `summary.csv` and in the reports follows.
pub const PLAN_MEANS: &[PlanMean] = &[PlanMean {
    heading: "offloaded",
    csv: &["offloaded_mean"],
    value: |record| record.offloaded.map(|users| users as f64),
}];

/// Seed of the tables' bootstrap intervals.
const SEED: u64 = 1;

/// A threshold that sorts.
#[derive(Clone, Copy, Debug)]
pub struct ThresholdKey(pub f64);

/// The problems of one detailed row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingKey {
    /// Whether servers interfere.
    pub interference: bool,
    /// Family of the instances.
    pub family: String,
    /// Number of servers, M.
    pub servers: usize,
    /// `uncertainty` or `uniform`.
    pub weights: String,
    /// Number of users, N.
    pub users: usize,
    /// Threshold tau.
    pub threshold: ThresholdKey,
}

/// The problems of one summary row: all families, M, weights and thresholds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SizeKey {
    /// Whether servers interfere.
    pub interference: bool,
    /// Number of users, N.
    pub users: usize,
}

/// What one solver did on the problems of `key`.
#[derive(Clone, Debug)]
pub struct Aggregate<K> {
    /// Which problems.
    pub key: K,
    /// Id of the solver.
    pub solver: String,
    /// What was measured.
    pub measures: Measures,
}

/// Counts, gaps and means over rows. Every row is in exactly one of `violating`, `failed` and
/// `references`. Gaps, widths and shares are fractions, not %.
#[derive(Clone, Debug, PartialEq)]
pub struct Measures {
    /// Number of rows.
    pub rows: usize,
    /// Rows with a plan that violates constraints.
    pub violating: usize,
    /// Rows without a plan and without a proof that there is none.
    pub failed: usize,
    /// Rows that ran out of time, with or without a plan; they are counted elsewhere as well. An
    /// anytime solver with a feasible plan at its budget did not run out of time.
    pub timeouts: usize,
    /// What the other rows are compared with, and how many of them.
    pub references: BTreeMap<Reference, usize>,
    /// Guaranteed gaps, (z - LB)/LB, over rows with a gap.
    pub gap: Option<Stats>,
    /// Mean of (z - UB)/UB over rows with a gap or compared with the best plan known: the other end
    /// of the interval.
    pub above_best: Option<f64>,
    /// Bootstrap 95 % intervals of those, over instances; None with a single instance.
    pub intervals: Option<GapIntervals>,
    /// Rows whose guaranteed gap is within [`crate::analysis::gaps::OPTIMAL`].
    pub optimal: usize,
    /// Rows whose guaranteed gap is within each of [`WITHIN`]; the share is of all rows.
    pub within: [usize; 5],
    /// Rows whose plan is as good as the best one known.
    pub best: usize,
    /// Mean of (UB - LB)/LB over rows with a gap.
    pub width: Option<f64>,
    /// Median time over rows that did not end in an error, s.
    pub time_s: Option<f64>,
    /// Shifted geometric mean of the same times, shift [`TIME_SHIFT_S`], s.
    pub time_geometric_s: Option<f64>,
    /// [`par10`] over all rows, s: a row that is not [`SolveEnd::Solved`] counts ten time limits;
    /// None when such a row has no limit.
    pub par10_s: Option<f64>,
    /// Mean primal integral up to the problem's horizon, s, over rows of problems with a plan that
    /// breaks no rule; a row without such a plan counts as none throughout.
    pub primal_integral_s: Option<f64>,
    /// In the order of [`PLAN_MEANS`].
    pub plan_means: Vec<Option<f64>>,
    /// Mean accuracy, %, over rows with a plan that have one.
    pub accuracy_pct: Option<f64>,
    /// Its bootstrap 95 % interval over instances.
    pub accuracy_interval: Option<ConfidenceInterval>,
    /// Mean realised delay per user, ms, over rows with a plan that have one.
    pub delay_ms: Option<f64>,
    /// Its bootstrap 95 % interval over instances.
    pub delay_interval: Option<ConfidenceInterval>,
    /// Its parts: local, uplink, computing at servers, ms per user.
    pub delay_parts_ms: Option<[f64; 3]>,
}

/// Bootstrap 95 % intervals of a set of gaps (fractions).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GapIntervals {
    /// Of the mean (BCa).
    pub mean: ConfidenceInterval,
    /// Of the median (percentile).
    pub median: ConfidenceInterval,
    /// Of the 95 % quantile (percentile).
    pub q95: ConfidenceInterval,
    /// Of the greatest (percentile). Its upper end is the greatest itself: a bootstrap never draws
    /// beyond it, so read it as "at least".
    pub max: ConfidenceInterval,
}

impl PartialEq for ThresholdKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ThresholdKey {}

impl PartialOrd for ThresholdKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ThresholdKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl SettingKey {
    /// The setting of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self {
            interference: record.interference,
            family: record.family.clone(),
            servers: record.servers,
            weights: record.weights.clone(),
            users: record.users,
            threshold: ThresholdKey(record.threshold),
        }
    }
}

impl SizeKey {
    /// The size of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self {
            interference: record.interference,
            users: record.users,
        }
    }
}

impl Measures {
    /// The figures of some rows of an analysis.
    #[must_use]
    pub fn of(analysis: &Analysis, rows: &[&ScoredRecord]) -> Self {
        let count =
            |wanted: fn(&ScoredRecord) -> bool| rows.iter().filter(|row| wanted(row)).count();
        let some = |value: &dyn Fn(&ScoredRecord) -> Option<f64>| -> Vec<f64> {
            rows.iter()
                .filter_map(|row| value(row))
                .filter(|v| v.is_finite())
                .collect()
        };
        let running =
            |row: &ScoredRecord| (row.record.status != Status::Error).then_some(row.record.time_s);
        let times = some(&running);
        let part = |pick: fn(&Realised) -> f64| {
            mean(&some(&|row| {
                Some(pick(realised(row)?) / row.record.users as f64)
            }))
        };
        let columns = [
            clustered(analysis, rows, guaranteed),
            clustered(analysis, rows, |row| realised(row)?.accuracy_pct),
            clustered(analysis, rows, |row| Some(realised(row)?.delay_mean_ms)),
        ];
        let [gap_mean, accuracy_interval, delay_interval] = mean_intervals(
            [0, 1, 2].map(|k: usize| (&columns[k].0[..], &columns[k].1[..])),
            SEED,
        );
        let within = |limit| {
            let gaps = rows.iter().filter_map(|row| guaranteed(row));
            gaps.filter(|gap| *gap <= limit).count()
        };
        Self {
            rows: rows.len(),
            violating: count(|row| row.standing == Standing::Violating),
            failed: count(|row| row.standing == Standing::Failed),
            timeouts: rows
                .iter()
                .filter(|row| analysis.catalogue.end(row.record) == SolveEnd::OutOfTime)
                .count(),
            references: references(analysis, rows),
            gap: Stats::of(&some(&guaranteed)),
            above_best: mean(&some(&|row| above_best(row.standing))),
            intervals: gap_mean.and_then(|mean| gap_intervals(mean, &columns[0])),
            within: WITHIN.map(within),
            best: count(|row| above_best(row.standing).is_some_and(|above| above <= ROUNDING)),
            optimal: count(|row| row.standing.gap().is_some_and(Gap::is_optimal)),
            width: mean(&some(&|row| {
                row.standing.gap()?;
                analysis.problems[row.problem].width()
            })),
            time_s: quantile(&times, 0.5),
            time_geometric_s: shifted_geometric_mean(&times, TIME_SHIFT_S),
            par10_s: par10(&par10_items(analysis, rows)),
            primal_integral_s: mean(&some(&|row| integral(analysis, row))),
            plan_means: PLAN_MEANS
                .iter()
                .map(|of| {
                    let value = |row: &ScoredRecord| (of.value)(row.record);
                    mean(&some(&|row| value(row).filter(|_| has_plan(row.standing))))
                })
                .collect(),
            accuracy_pct: mean(&some(&|row| realised(row)?.accuracy_pct)),
            accuracy_interval,
            delay_ms: mean(&some(&|row| Some(realised(row)?.delay_mean_ms))),
            delay_interval,
            delay_parts_ms: part(|r| r.delay_local_ms)
                .zip(part(|r| r.delay_uplink_ms))
                .zip(part(|r| r.delay_compute_ms))
                .map(|((local, uplink), compute)| [local, uplink, compute]),
        }
    }

    /// Rows with a gap.
    #[must_use]
    pub fn with_gap(&self) -> usize {
        self.gap.map_or(0, |gap| gap.count)
    }

    /// Share of all rows that are proved optimal.
    #[must_use]
    pub fn optimal_share(&self) -> f64 {
        self.optimal as f64 / self.rows.max(1) as f64
    }

    /// The references as text.
    #[must_use]
    pub fn reference_text(&self) -> String {
        reference_text(&self.references)
    }
}

/// References with their counts, as in `certified 5, best-known 2`.
pub(crate) fn reference_text(counts: &BTreeMap<Reference, usize>) -> String {
    let parts = counts.iter().map(|(kind, count)| format!("{kind} {count}"));
    parts.collect::<Vec<_>>().join(", ")
}

/// Items by key, in the order of the keys.
pub(crate) fn grouped<K: Ord, T>(
    items: impl IntoIterator<Item = T>,
    key: impl Fn(&T) -> K,
) -> BTreeMap<K, Vec<T>> {
    let mut groups: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for item in items {
        groups.entry(key(&item)).or_default().push(item);
    }
    groups
}

/// One row per solver and value of `key`, sorted by key, then solver.
#[must_use]
pub fn aggregate<'a, K: Ord + Clone + Send>(
    analysis: &Analysis<'a>,
    key: impl Fn(&Record) -> K,
) -> Vec<Aggregate<K>> {
    let solver = |row: &ScoredRecord<'a>| analysis.catalogue.key(&row.record.solver);
    let groups = grouped(&analysis.rows, |row| (key(row.record), solver(row)));
    let from = |((key, (_, solver)), rows): ((K, SolverKey), Vec<&ScoredRecord>)| Aggregate {
        key,
        solver: solver.to_string(),
        measures: Measures::of(analysis, &rows),
    };
    groups.into_par_iter().map(from).collect()
}

/// Value and instance of every row that has a value.
fn clustered(
    analysis: &Analysis,
    rows: &[&ScoredRecord],
    value: impl Fn(&ScoredRecord) -> Option<f64>,
) -> (Vec<f64>, Vec<u64>) {
    let pair = |row: &&ScoredRecord| {
        let value = value(row).filter(|v| v.is_finite())?;
        Some((value, analysis.problems[row.problem].cluster))
    };
    rows.iter().filter_map(pair).unzip()
}

/// `mean` is the interval of the mean of the same gaps.
fn gap_intervals(
    mean: ConfidenceInterval,
    (gaps, clusters): &(Vec<f64>, Vec<u64>),
) -> Option<GapIntervals> {
    let [max, q95, median] = quantile_intervals(gaps, clusters, SEED, [1.0, 0.95, 0.5])?;
    Some(GapIntervals {
        mean,
        median,
        q95,
        max,
    })
}

/// Time if solved, and the limit, of each row.
fn par10_items(analysis: &Analysis, rows: &[&ScoredRecord]) -> Vec<(Option<f64>, Option<f64>)> {
    let item = |record: &Record| {
        let is_solved = analysis.catalogue.end(record) == SolveEnd::Solved;
        let time = is_solved.then_some(record.time_s);
        (time, record.time_limit_s())
    };
    rows.iter().map(|row| item(row.record)).collect()
}

/// The guaranteed gap of a row.
fn guaranteed(row: &ScoredRecord) -> Option<f64> {
    Some(row.standing.gap()?.guaranteed)
}

/// The realised metrics of a row with a plan.
fn realised<'a>(row: &ScoredRecord<'a>) -> Option<&'a Realised> {
    let realised = row.record.realised.as_ref();
    realised.filter(|_| has_plan(row.standing))
}

/// Primal integral of a row up to its problem's horizon; a solver without a trajectory has
/// its plan from its end on.
fn integral(analysis: &Analysis, row: &ScoredRecord) -> Option<f64> {
    let problem = &analysis.problems[row.problem];
    let usable = problem.reference != Reference::Crossed;
    let best = problem.upper.as_ref().filter(|_| usable)?.value;
    let moments = match row.standing {
        Standing::Gap(_) | Standing::BestKnown(_) => moments(row.record),
        _ => Vec::new(),
    };
    Some(primal_integral(&moments, best, problem.horizon_s))
}

/// A record's trajectory, ending with what was recorded at the end.
pub(crate) fn moments(record: &Record) -> Vec<Moment> {
    let mut moments = record.trajectory.clone();
    let times = moments.iter().map(|m| m.time_s);
    moments.push(Moment {
        time_s: times.fold(record.time_s, f64::max),
        objective: record.objective,
        bound: record.lower_bound,
    });
    moments
}

fn has_plan(standing: Standing) -> bool {
    !matches!(standing, Standing::Failed | Standing::Infeasible)
}

fn above_best(standing: Standing) -> Option<f64> {
    match standing {
        Standing::Gap(gap) => Some(gap.low),
        Standing::BestKnown(distance) => distance,
        _ => None,
    }
}

fn references(analysis: &Analysis, rows: &[&ScoredRecord]) -> BTreeMap<Reference, usize> {
    let mut counts = BTreeMap::new();
    let compared =
        |row: &&&ScoredRecord| !matches!(row.standing, Standing::Violating | Standing::Failed);
    for row in rows.iter().filter(compared) {
        let reference = analysis.problems[row.problem].reference;
        *counts.entry(reference).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::gaps::analyse;
    use crate::records::Trust;
    use crate::records::samples::{bounded, catalogue, record};

    #[test]
    fn every_row_is_counted_once() {
        let mut violating = record(20, 3, "goa", Some(1.0));
        (violating.violations, violating.realised) = (1, None);
        let mut late = record(20, 4, "goa", None);
        late.status = Status::Timeout;
        let records = [
            bounded(20, 1, "bnb", Some(2.0), 2.0, Trust::Certified),
            record(20, 1, "goa", Some(2.0)),
            record(20, 2, "goa", Some(3.0)),
            violating,
            late,
            record(20, 5, "goa", None),
        ];
        let table = aggregate(&analyse(&records, &catalogue()), SizeKey::of);
        assert_eq!(
            table
                .iter()
                .map(|row| row.solver.as_str())
                .collect::<Vec<_>>(),
            ["goa", "bnb"]
        );
        let goa = &table[0].measures;
        assert_eq!(
            (
                goa.rows,
                goa.with_gap(),
                goa.violating,
                goa.failed,
                goa.timeouts
            ),
            (5, 1, 1, 2, 1)
        );
        assert_eq!(goa.reference_text(), "certified 1, best-known 1");
        assert_eq!(
            goa.violating + goa.failed + goa.references.values().sum::<usize>(),
            goa.rows
        );
        assert_eq!(
            (goa.optimal, goa.width, goa.above_best),
            (1, Some(0.0), Some(0.0))
        );
        // The violating plan has no realised metrics here; the failed rows have no plan.
        assert_eq!(
            (goa.plan_means[0], goa.delay_ms, goa.accuracy_pct),
            (Some(10.0), Some(40.0), Some(75.0))
        );
    }

    #[test]
    fn settings_keep_apart_what_must_not_be_mixed() {
        let a = record(20, 1, "goa", Some(2.0));
        let records = [
            a.clone(),
            Record {
                threshold: 0.9,
                ..a.clone()
            },
            Record {
                weights: "uniform".into(),
                ..a.clone()
            },
            Record {
                family: "tight".into(),
                fingerprint: "f".into(),
                ..a.clone()
            },
            Record {
                interference: false,
                fingerprint: "g".into(),
                ..a.clone()
            },
            Record {
                servers: 2,
                fingerprint: "h".into(),
                ..a
            },
        ];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(aggregate(&analysis, SettingKey::of).len(), 6);
        assert_eq!(aggregate(&analysis, SizeKey::of).len(), 2);
        assert_eq!(analysis.solvers, ["goa"]);
    }
}
