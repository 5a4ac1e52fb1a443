//! What changed for each solver, and how sure that is.

use super::matching::{CommonSolve, Matched};
use crate::analysis::comparisons::{PairedDifferences, TIE, paired};
use crate::records::{Record, SolveEnd, SolverCatalogue, SolverKey, Status};
use crate::statistics::paired::holm;
use crate::statistics::{ConfidenceInterval, mean, mean_interval};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// A difference counts only where its corrected p value is below this.
pub const LEVEL: f64 = 0.05;

/// Seed of the intervals of time ratios.
const SEED: u64 = 3;

/// Times up to this one count as it, s: below, a clock says nothing.
pub const TIME_FLOOR_S: f64 = 1e-6;

/// The verdict on a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// B is better (for times: faster).
    Better,
    /// B is worse (for times: slower).
    Worse,
    /// The difference may be chance.
    Unclear,
    /// No pair can be compared.
    Nothing,
}

/// The problems that a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShiftKey {
    /// Whether servers interfere.
    pub interference: bool,
    /// The part of the mode's problems; None for all of them.
    pub part: Option<ProblemPart>,
}

/// The problems of one family and size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProblemPart {
    /// Family of the instances.
    pub family: String,
    /// Number of users, N.
    pub users: usize,
}

/// The time of B over that of A.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TimeRatio {
    /// Pairs with two times.
    pub pairs: usize,
    /// Pairs among them in which a solve was cut off: their ratio is nearer to 1 than the truth.
    pub cut_off: usize,
    /// Geometric mean of the ratios.
    pub ratio: f64,
    /// Its bootstrap 95 % interval over instances (BCa on logarithms); None with one instance.
    pub interval: Option<ConfidenceInterval>,
    /// [`Verdict::Better`] or [`Verdict::Worse`] only where the interval excludes 1.
    pub verdict: Verdict,
}

/// A problem with two plans.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// Name of the instance.
    pub instance: String,
    /// Threshold tau.
    pub threshold: f64,
    /// Guaranteed gap of B minus that of A, a fraction.
    pub difference: f64,
}

/// What changed for one solver on the problems of `key`.
#[derive(Clone, Debug, PartialEq)]
pub struct SolverShift {
    /// Which problems.
    pub key: ShiftKey,
    /// The solver.
    pub solver: String,
    /// Solves that both campaigns hold.
    pub pairs: usize,
    /// Solves that only A holds, and only B.
    pub alone: [usize; 2],
    /// Mean guaranteed gap in A and in B against the common reference (the best plan known where
    /// there is no bound), over pairs of two feasible plans; fractions.
    pub gaps: [Option<f64>; 2],
    /// Differences of the same, B minus A; `wins` are pairs in which B is better. None without such
    /// a pair.
    pub gap: Option<PairedDifferences>,
    /// The p value of `gap` after Holm's correction over all shifts of the table; 1 without a test.
    pub corrected_p: f64,
    /// [`Verdict::Better`] or [`Verdict::Worse`] only where the interval of the mean excludes 0 and
    /// `corrected_p` is below [`LEVEL`].
    pub verdict: Verdict,
    /// The pair that lost most; None when none lost.
    pub worst: Option<Example>,
    /// Times; None when no pair has two.
    pub time: Option<TimeRatio>,
    /// Pairs whose [`SolveState`](super::SolveState) differs.
    pub changed: usize,
}

#[derive(Default)]
struct Bucket<'a> {
    pairs: Vec<&'a CommonSolve<'a>>,
    alone: [usize; 2],
}

impl Verdict {
    /// The name for gaps.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Better => "better",
            Self::Worse => "worse",
            Self::Unclear => "no difference beyond noise",
            Self::Nothing => "nothing to compare",
        }
    }

    /// The name for times.
    #[must_use]
    pub fn time_name(self) -> &'static str {
        match self {
            Self::Better => "faster",
            Self::Worse => "slower",
            other => other.name(),
        }
    }

    /// Of an interval of which everything below `even` is good.
    fn of(interval: Option<ConfidenceInterval>, even: f64) -> Self {
        match interval {
            Some(i) if i.high < even => Self::Better,
            Some(i) if i.low > even => Self::Worse,
            _ => Self::Unclear,
        }
    }
}

impl ShiftKey {
    /// All problems of the record's mode.
    pub(super) fn total(record: &Record) -> Self {
        Self {
            interference: record.interference,
            part: None,
        }
    }

    /// The problems of the record's family and size.
    pub(super) fn part(record: &Record) -> Self {
        let part = ProblemPart {
            family: record.family.clone(),
            users: record.users,
        };
        Self {
            interference: record.interference,
            part: Some(part),
        }
    }
}

/// One shift per solver and value of `key`, sorted by key, then solver.
pub(super) fn shifts<'a>(
    matched: &'a Matched<'a>,
    key: impl Fn(&Record) -> ShiftKey,
    catalogue: &SolverCatalogue,
) -> Vec<SolverShift> {
    let mut buckets: BTreeMap<(ShiftKey, SolverKey<'a>), Bucket<'a>> = BTreeMap::new();
    let bucket_of = |record: &'a Record| (key(record), catalogue.key(&record.solver));
    for pair in &matched.pairs {
        let bucket = buckets.entry(bucket_of(pair.records[0])).or_default();
        bucket.pairs.push(pair);
    }
    for (side, records) in matched.alone.iter().enumerate() {
        for &record in records {
            buckets.entry(bucket_of(record)).or_default().alone[side] += 1;
        }
    }
    let of = |((key, (_, solver)), bucket): ((ShiftKey, SolverKey), Bucket)| {
        shift(key, solver, &bucket, catalogue)
    };
    let all = buckets.into_iter().collect::<Vec<_>>().into_par_iter();
    let mut all: Vec<SolverShift> = all.map(of).collect();
    let p_values: Vec<f64> = all
        .iter()
        .map(|s| s.gap.and_then(|g| g.test).map_or(1.0, |t| t.p))
        .collect();
    for (shift, p) in all.iter_mut().zip(holm(&p_values)) {
        shift.corrected_p = p;
        shift.verdict = match &shift.gap {
            None => Verdict::Nothing,
            Some(_) if p >= LEVEL => Verdict::Unclear,
            Some(gap) => Verdict::of(gap.interval, 0.0),
        };
    }
    all
}

fn shift(key: ShiftKey, solver: &str, bucket: &Bucket, catalogue: &SolverCatalogue) -> SolverShift {
    let both: Vec<(&CommonSolve, f64)> = bucket
        .pairs
        .iter()
        .filter_map(|&pair| Some((pair, pair.difference()?)))
        .collect();
    let differences: Vec<(u64, f64)> = both.iter().map(|(pair, d)| (pair.cluster, *d)).collect();
    let gap_of = |side: usize| {
        let gaps = both.iter().filter_map(|(pair, _)| pair.gaps[side]);
        mean(&gaps.collect::<Vec<_>>())
    };
    // The first of equals, so that the name does not depend on an iterator's tie rule.
    let worst = both.iter().filter(|(_, d)| *d > TIE);
    let worst = worst.reduce(|x, y| if y.1 > x.1 { y } else { x });
    SolverShift {
        key,
        solver: solver.into(),
        pairs: bucket.pairs.len(),
        alone: bucket.alone,
        gaps: [gap_of(0), gap_of(1)],
        gap: paired(&differences, TIE),
        corrected_p: 1.0,
        verdict: Verdict::Nothing,
        worst: worst.map(|(pair, difference)| Example {
            instance: pair.records[0].instance.clone(),
            threshold: pair.records[0].threshold,
            difference: *difference,
        }),
        time: time_ratio(&bucket.pairs, catalogue),
        changed: bucket.pairs.iter().filter(|p| p.is_changed()).count(),
    }
}

/// exp of the mean of ln(t_B / t_A), over pairs of which neither ended in an error.
fn time_ratio(pairs: &[&CommonSolve], catalogue: &SolverCatalogue) -> Option<TimeRatio> {
    let timed = || {
        pairs
            .iter()
            .filter(|pair| pair.records.iter().all(|r| r.status != Status::Error))
    };
    let is_late = |record: &Record| catalogue.end(record) == SolveEnd::OutOfTime;
    let log = |record: &Record| libm::log(record.time_s.max(TIME_FLOOR_S));
    let (clusters, logs): (Vec<u64>, Vec<f64>) = timed()
        .map(|pair| (pair.cluster, log(pair.records[1]) - log(pair.records[0])))
        .unzip();
    let cut_off = timed()
        .filter(|pair| pair.records.iter().any(|record| is_late(record)))
        .count();
    let exp = |i: ConfidenceInterval| ConfidenceInterval {
        estimate: libm::exp(i.estimate),
        low: libm::exp(i.low),
        high: libm::exp(i.high),
    };
    let interval = mean_interval(&logs, &clusters, SEED).map(exp);
    Some(TimeRatio {
        pairs: logs.len(),
        cut_off,
        ratio: libm::exp(mean(&logs)?),
        interval,
        verdict: Verdict::of(interval, 1.0),
    })
}
