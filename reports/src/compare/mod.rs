//! Two campaigns side by side, such as two versions of the program or two machines: what got better
//! or worse beyond noise.
//!
//! Solves are matched by their [`Record::key`]: the same instance (by fingerprint), threshold,
//! weights, solver and seed. Both plans of a pair are compared with one reference, the best lower
//! bound that *either* campaign has of the problem, so that a campaign with better bounds does not
//! make its plans look worse. Differences are B minus A: below 0, B is better.
//! `docs/src/reference/statistics.md` says how they are judged.

mod changes;
mod columns;
mod report;
mod setup;

pub use changes::{Claim, Contradiction, SolveState, StatusChange};
pub use report::console;
pub use setup::SetupDifference;

use crate::analysis::comparisons::{PairedDifferences, TIE, excess, paired};
use crate::analysis::gaps::{Analysis, ProblemBounds, analyse};
use crate::document::{html, markdown};
use crate::error::ReportError;
use crate::files::write_under;
use crate::records::{Environment, Record, SolverCatalogue, SolverKey, Status};
use crate::statistics::bootstrap::{ConfidenceInterval, mean_interval};
use crate::statistics::paired::holm;
use crate::statistics::summary::mean;
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A difference counts only where its corrected p value is below this.
pub const LEVEL: f64 = 0.05;

/// Seed of the intervals of time ratios.
const SEED: u64 = 3;

/// Times up to this one count as it, s: below, a clock says nothing.
pub const TIME_FLOOR_S: f64 = 1e-6;

/// One of the two campaigns.
#[derive(Clone, Copy, Debug)]
pub struct CampaignSide<'a> {
    /// What it is called, such as its folder.
    pub name: &'a str,
    /// Its records, no key twice.
    pub records: &'a [Record],
    /// Its runs; may be empty.
    pub environments: &'a [Environment],
}

/// What can be said of a difference.
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
    /// there is no bound), over pairs of two plans that break no rule; fractions.
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
    /// Pairs whose [`SolveState`] differs.
    pub changed: usize,
}

/// Two campaigns compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What A and B are called.
    pub names: [String; 2],
    /// Their numbers of records.
    pub rows: [usize; 2],
    /// Problems in A, in B and in both.
    pub problems: [usize; 3],
    /// Solves in both.
    pub pairs: usize,
    /// Where the two were not made alike.
    pub differences: Vec<SetupDifference>,
    /// Whether times may differ because the machines or their load do: what is known of them is not
    /// equal.
    pub other_machine: bool,
    /// Whether solves shared the machine in one of the campaigns.
    pub shared_machine: bool,
    /// Bounds above plans, those between the campaigns first.
    pub contradictions: Vec<Contradiction>,
    /// Per interference mode and solver.
    pub totals: Vec<SolverShift>,
    /// Per family, N and solver.
    pub groups: Vec<SolverShift>,
    /// Solves whose status changed, the worst changes first.
    pub changes: Vec<StatusChange>,
    /// `compare-changes.csv`: every pair whose state differs.
    changes_csv: String,
}

/// A solve that both campaigns hold.
struct CommonSolve<'a> {
    records: [&'a Record; 2],
    /// Number of its instance.
    cluster: u64,
    /// Against the common reference.
    gaps: [Option<f64>; 2],
}

/// Every solve of both campaigns.
struct Matched<'a> {
    pairs: Vec<CommonSolve<'a>>,
    alone: [Vec<&'a Record>; 2],
}

#[derive(Default)]
struct Bucket<'a> {
    pairs: Vec<&'a CommonSolve<'a>>,
    alone: [usize; 2],
}

/// Fingerprint, threshold as bits, weights.
type BoundsKey<'a> = (&'a str, u64, &'a str);

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
    fn total(record: &Record) -> Self {
        Self {
            interference: record.interference,
            part: None,
        }
    }

    /// The problems of the record's family and size.
    fn part(record: &Record) -> Self {
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

impl CommonSolve<'_> {
    /// Guaranteed gap of B minus that of A.
    fn difference(&self) -> Option<f64> {
        Some(self.gaps[1]? - self.gaps[0]?)
    }

    fn states(&self) -> [SolveState; 2] {
        self.records.map(SolveState::of)
    }
}

impl Comparison {
    /// Compares campaign `a`, the earlier one, with `b`.
    #[must_use]
    pub fn of(a: &CampaignSide, b: &CampaignSide, catalogue: &SolverCatalogue) -> Self {
        let sides = [a, b];
        let common = analyse(a.records.iter().chain(b.records), catalogue);
        let matched = matched([a.records, b.records], &common);
        let seen = sides.map(|s| s.records.iter().map(problem_key).collect::<HashSet<_>>());
        let differences = setup::differences(&sides, catalogue);
        Self {
            names: sides.map(|s| s.name.to_string()),
            rows: sides.map(|s| s.records.len()),
            problems: [
                seen[0].len(),
                seen[1].len(),
                seen[0].intersection(&seen[1]).count(),
            ],
            pairs: matched.pairs.len(),
            other_machine: differences.iter().any(|d| d.timing)
                || sides.iter().any(|s| s.environments.is_empty()),
            shared_machine: sides
                .iter()
                .any(|s| s.environments.iter().any(|e| e.threads > 1)),
            differences,
            contradictions: changes::contradictions(&sides, &common),
            totals: shifts(&matched, ShiftKey::total, catalogue),
            groups: shifts(&matched, ShiftKey::part, catalogue),
            changes: changes::changes(&matched.pairs, catalogue),
            changes_csv: changes::csv(&matched.pairs),
        }
    }

    /// Contradictions of which the plan is in one campaign and the bound in the other.
    #[must_use]
    pub fn crossings_between(&self) -> usize {
        self.contradictions
            .iter()
            .filter(|c| c.is_between())
            .count()
    }
}

/// Writes `compare.md`, `compare.html`, `compare.csv` (a row per solver and kind of problem) and
/// `compare-changes.csv` (a row per solve with another status) into `folder`, which is made if it
/// is missing; each whole or not at all. Returns their paths.
///
/// # Errors
/// [`ReportError::Io`], naming the file.
pub fn write_comparison(
    comparison: &Comparison,
    folder: &Path,
) -> Result<Vec<PathBuf>, ReportError> {
    let document = report::document(comparison);
    let files = [
        ("compare.md", markdown::document(&document)),
        ("compare.html", html::document(&document)),
        ("compare.csv", report::csv(comparison)),
        ("compare-changes.csv", comparison.changes_csv.clone()),
    ];
    files
        .iter()
        .map(|(name, text)| write_under(folder, name, text))
        .collect()
}

fn problem_key(record: &Record) -> BoundsKey<'_> {
    (
        &record.fingerprint,
        record.threshold.to_bits(),
        &record.weights,
    )
}

fn key_of(problem: &ProblemBounds) -> BoundsKey<'_> {
    (
        &problem.fingerprint,
        problem.threshold.to_bits(),
        &problem.weights,
    )
}

/// Pairs in the order of records, and what has no partner.
fn matched<'a>(records: [&'a [Record]; 2], common: &Analysis) -> Matched<'a> {
    let problems: HashMap<BoundsKey, &ProblemBounds> =
        common.problems.iter().map(|p| (key_of(p), p)).collect();
    let mut others: HashMap<String, &'a Record> = records[1].iter().map(|r| (r.key(), r)).collect();
    let mut first: Vec<&'a Record> = records[0].iter().collect();
    first.sort_by(|x, y| common.catalogue.record_order(x, y));
    let mut pairs = Vec::new();
    let mut alone = [Vec::new(), Vec::new()];
    for old in first {
        // Every record is of a problem of the analysis.
        let (Some(new), Some(problem)) =
            (others.remove(&old.key()), problems.get(&problem_key(old)))
        else {
            alone[0].push(old);
            continue;
        };
        let gaps = [old, new].map(|record| excess(problem.standing_of(record)));
        pairs.push(CommonSolve {
            records: [old, new],
            cluster: problem.cluster,
            gaps,
        });
    }
    alone[1] = others.into_values().collect();
    Matched { pairs, alone }
}

/// One shift per solver and value of `key`, sorted by key, then solver.
fn shifts<'a>(
    matched: &'a Matched<'a>,
    key: impl Fn(&Record) -> ShiftKey,
    catalogue: &SolverCatalogue,
) -> Vec<SolverShift> {
    let mut buckets: BTreeMap<(ShiftKey, SolverKey<'a>), Bucket<'a>> = BTreeMap::new();
    for pair in &matched.pairs {
        let record = pair.records[0];
        buckets
            .entry((key(record), catalogue.key(&record.solver)))
            .or_default()
            .pairs
            .push(pair);
    }
    for (side, records) in matched.alone.iter().enumerate() {
        for &record in records {
            buckets
                .entry((key(record), catalogue.key(&record.solver)))
                .or_default()
                .alone[side] += 1;
        }
    }
    let of =
        |((key, (_, solver)), bucket): ((ShiftKey, SolverKey), Bucket)| shift(key, solver, &bucket);
    let mut all: Vec<SolverShift> = buckets
        .into_iter()
        .collect::<Vec<_>>()
        .into_par_iter()
        .map(of)
        .collect();
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

fn shift(key: ShiftKey, solver: &str, bucket: &Bucket) -> SolverShift {
    let both: Vec<(&CommonSolve, f64)> = bucket
        .pairs
        .iter()
        .filter_map(|&pair| Some((pair, pair.difference()?)))
        .collect();
    let differences: Vec<(u64, f64)> = both.iter().map(|(pair, d)| (pair.cluster, *d)).collect();
    let gap_of = |side: usize| {
        mean(
            &both
                .iter()
                .filter_map(|(pair, _)| pair.gaps[side])
                .collect::<Vec<_>>(),
        )
    };
    // The first of equals, so that the name does not depend on an iterator's tie rule.
    let worst = both
        .iter()
        .filter(|(_, d)| *d > TIE)
        .reduce(|x, y| if y.1 > x.1 { y } else { x });
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
        time: time_ratio(&bucket.pairs),
        changed: bucket
            .pairs
            .iter()
            .filter(|pair| pair.states()[0] != pair.states()[1])
            .count(),
    }
}

/// exp of the mean of ln(t_B / t_A), over pairs of which neither ended in an error.
fn time_ratio(pairs: &[&CommonSolve]) -> Option<TimeRatio> {
    let timed = || {
        pairs
            .iter()
            .filter(|pair| pair.records.iter().all(|r| r.status != Status::Error))
    };
    let log = |record: &Record| libm::log(record.time_s.max(TIME_FLOOR_S));
    let (clusters, logs): (Vec<u64>, Vec<f64>) = timed()
        .map(|pair| (pair.cluster, log(pair.records[1]) - log(pair.records[0])))
        .unzip();
    let cut_off = timed()
        .filter(|pair| pair.records.iter().any(|r| r.status == Status::Timeout))
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

#[cfg(test)]
mod tests;
