//! Bootstrap intervals over instances: how far a statistic would move if other instances had been
//! drawn.
//!
//! The values of one instance (several seeds, thresholds, repetitions) are dependent, so whole
//! instances are resampled, not values (cluster bootstrap; Davison and Hinkley, *Bootstrap Methods
//! and their Application*, 1997, section 3.8). With clusters k = 1..K a resample draws K of them
//! with replacement and takes the statistic of all their values together.
//!
//! Means get the bias-corrected and accelerated interval (BCa; Efron 1987, JASA 82, 171-185,
//! equation 2.3), quantiles and other statistics the percentile interval (Efron 1979). Everything
//! is drawn from ChaCha8 with the seed given, so that the same values, clusters and seed give the
//! same interval on every machine. The order of the values does not matter; which cluster ids are
//! equal does, and so does their order.
//!
//! `docs/src/reference/statistics.md` has the coverage measured by simulation: with fewer than
//! about 20 instances every such interval is too short.

use crate::statistics::summary::{mean, quantile, sorted_quantile};
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};
use serde::Serialize;

/// Resamples behind every interval. At 2,000 the two ends are the 2.5 % and 97.5 % points to within
/// 0.35 % of probability (one standard deviation).
pub const RESAMPLES: usize = 2000;

/// Probability that an interval aims at.
pub const CONFIDENCE: f64 = 0.95;

/// A statistic with its bootstrap interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ConfidenceInterval {
    /// The statistic of the values themselves.
    pub estimate: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl ConfidenceInterval {
    /// A value that is known for sure.
    pub(crate) fn at(value: f64) -> Self {
        Self {
            estimate: value,
            low: value,
            high: value,
        }
    }

    /// Whether `value` lies within, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Mean of `values` with its BCa interval over clusters: `clusters[k]` names the instance of
/// `values[k]`. None when the lengths differ, a value is not finite, or there are fewer than two
/// clusters (one instance says nothing about others).
///
/// A resample's mean is the sum of the drawn clusters' sums over the sum of their sizes. Takes
/// O([`RESAMPLES`] x clusters).
#[must_use]
pub fn mean_interval(values: &[f64], clusters: &[u64], seed: u64) -> Option<ConfidenceInterval> {
    let [one] = mean_intervals([(values, clusters)], seed);
    one
}

/// Several columns of values, each with its clusters and each as by [`mean_interval`]. Columns that
/// have values of the same instances share their draws, which is most of the work.
#[must_use]
pub fn mean_intervals<const S: usize>(
    columns: [(&[f64], &[u64]); S],
    seed: u64,
) -> [Option<ConfidenceInterval>; S] {
    let sums = columns.map(|(values, clusters)| Sums::of(values, clusters));
    let mut intervals = [None; S];
    for first in 0..S {
        let Some(ids) = sums[first].as_ref().map(|s| &s.ids) else {
            continue;
        };
        if (0..first).any(|k| sums[k].as_ref().is_some_and(|s| s.ids == *ids)) {
            continue;
        }
        let alike: Vec<usize> = (first..S)
            .filter(|&k| sums[k].as_ref().is_some_and(|s| s.ids == *ids))
            .collect();
        let members: Vec<&Sums> = alike.iter().filter_map(|&k| sums[k].as_ref()).collect();
        for (k, replicates) in alike.iter().zip(replicates(&members, seed)) {
            let estimate = mean(columns[*k].0);
            intervals[*k] = estimate
                .zip(sums[*k].as_ref())
                .map(|(e, s)| corrected(e, replicates, &s.without()));
        }
    }
    intervals
}

/// Sums and sizes of the clusters of a column, in the order of their ids.
struct Sums {
    ids: Vec<u64>,
    sums: Vec<(f64, f64)>,
}

impl Sums {
    fn of(values: &[f64], clusters: &[u64]) -> Option<Self> {
        let groups = grouped(values, clusters)?;
        let sums = groups
            .iter()
            .map(|group| (group.iter().sum(), group.len() as f64))
            .collect();
        let mut ids = clusters.to_vec();
        ids.sort_unstable();
        ids.dedup();
        Some(Sums { ids, sums })
    }

    /// The jackknife: means without one cluster.
    fn without(&self) -> Vec<f64> {
        let total = self.sums.iter();
        let total = total.fold((0.0, 0.0), |t, s| (t.0 + s.0, t.1 + s.1));
        self.sums
            .iter()
            .map(|s| (total.0 - s.0) / (total.1 - s.1))
            .collect()
    }
}

/// Means of the same resamples for columns with the same clusters.
fn replicates(columns: &[&Sums], seed: u64) -> Vec<Vec<f64>> {
    match columns {
        [a] => resampled_means([a], seed).into(),
        [a, b] => resampled_means([a, b], seed).into(),
        [a, b, c, rest @ ..] => {
            let mut all: Vec<Vec<f64>> = resampled_means([a, b, c], seed).into();
            all.extend(replicates(rest, seed));
            all
        }
        [] => Vec::new(),
    }
}

fn resampled_means<const W: usize>(columns: [&&Sums; W], seed: u64) -> [Vec<f64>; W] {
    // One cluster's numbers stand together: fetching them is what takes the time.
    let table: Vec<[(f64, f64); W]> = (0..columns[0].sums.len())
        .map(|c| columns.map(|s| s.sums[c]))
        .collect();
    let mut draw = UniformDraw::new(seed);
    let mut all = [const { Vec::new() }; W];
    for _ in 0..RESAMPLES {
        let mut drawn = [(0.0, 0.0); W];
        for _ in 0..table.len() {
            let cluster = &table[draw.below(table.len())];
            for k in 0..W {
                drawn[k] = (drawn[k].0 + cluster[k].0, drawn[k].1 + cluster[k].1);
            }
        }
        all.iter_mut()
            .zip(&drawn)
            .for_each(|(kept, t)| kept.push(t.0 / t.1));
    }
    all
}

/// Any other `statistic` with its percentile interval. `statistic` gets the values of a resample,
/// ascending; None under the same conditions as there, or when it returns no finite number on the
/// values themselves. Resamples on which it returns none are left out. Takes O([`RESAMPLES`] x
/// values).
#[must_use]
pub fn interval(
    values: &[f64],
    clusters: &[u64],
    seed: u64,
    statistic: impl Fn(&[f64]) -> Option<f64>,
) -> Option<ConfidenceInterval> {
    let [one] = intervals(values, clusters, seed, |sorted| [statistic(sorted)])?;
    one
}

/// Several statistics from the same resamples, each as by [`interval`].
#[must_use]
pub fn intervals<const S: usize>(
    values: &[f64],
    clusters: &[u64],
    seed: u64,
    statistics: impl Fn(&[f64]) -> [Option<f64>; S],
) -> Option<[Option<ConfidenceInterval>; S]> {
    let groups = grouped(values, clusters)?;
    let sorted = ascending(&groups);
    let plain: Vec<f64> = sorted.iter().map(|pair| pair.0).collect();
    let estimates = statistics(&plain);
    let mut draw = UniformDraw::new(seed);
    let mut replicates: [Vec<f64>; S] = std::array::from_fn(|_| Vec::with_capacity(RESAMPLES));
    let mut times = vec![0_u32; groups.len()];
    let mut resample = Vec::with_capacity(2 * plain.len());
    for _ in 0..RESAMPLES {
        times.fill(0);
        for _ in 0..groups.len() {
            times[draw.below(groups.len())] += 1;
        }
        resample.clear();
        for &(value, place) in &sorted {
            resample.extend((0..times[place]).map(|_| value));
        }
        for (kept, one) in replicates.iter_mut().zip(statistics(&resample)) {
            kept.extend(one.filter(|x| x.is_finite()));
        }
    }
    let mut all = replicates
        .into_iter()
        .zip(estimates)
        .map(|(replicates, estimate)| {
            percentiles(estimate.filter(|x| x.is_finite())?, &replicates)
        });
    Some(std::array::from_fn(|_| all.next().flatten()))
}

/// Quantiles of type 7 at `p` (each from 0 to 1) with their percentile intervals: the same numbers
/// as [`intervals`] gives with [`sorted_quantile`], without making a resample's list of values.
/// Fastest with `p` descending.
#[must_use]
pub fn quantile_intervals<const S: usize>(
    values: &[f64],
    clusters: &[u64],
    seed: u64,
    p: [f64; S],
) -> Option<[ConfidenceInterval; S]> {
    let groups = grouped(values, clusters)?;
    let sorted = ascending(&groups);
    let once = vec![1_u32; groups.len()];
    let estimates = resampled_quantiles(&sorted, &once, sorted.len(), p);
    let mut draw = UniformDraw::new(seed);
    let mut replicates: [Vec<f64>; S] = std::array::from_fn(|_| Vec::with_capacity(RESAMPLES));
    let mut times = vec![0_u32; groups.len()];
    for _ in 0..RESAMPLES {
        times.fill(0);
        let mut count = 0;
        for _ in 0..groups.len() {
            let drawn = draw.below(groups.len());
            times[drawn] += 1;
            count += groups[drawn].len();
        }
        for (kept, one) in replicates
            .iter_mut()
            .zip(resampled_quantiles(&sorted, &times, count, p))
        {
            kept.push(one);
        }
    }
    let all: Option<Vec<_>> = estimates
        .into_iter()
        .zip(&replicates)
        .map(|(estimate, of)| percentiles(estimate, of))
        .collect();
    all?.try_into().ok()
}

/// Values in ascending order, each with the place of its group: a resample is then a walk that
/// repeats each value as often as its group was drawn.
fn ascending(groups: &[Vec<f64>]) -> Vec<(f64, usize)> {
    let groups = groups.iter().enumerate();
    let values = groups.flat_map(|(place, group)| group.iter().map(move |&v| (v, place)));
    let mut all: Vec<(f64, usize)> = values.collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// The percentile interval of an estimate from its resamples; None without any.
pub(crate) fn percentiles(estimate: f64, resampled: &[f64]) -> Option<ConfidenceInterval> {
    let tail = (1.0 - CONFIDENCE) / 2.0;
    Some(ConfidenceInterval {
        estimate,
        low: quantile(resampled, tail)?,
        high: quantile(resampled, 1.0 - tail)?,
    })
}

/// [`sorted_quantile`] of the list in which each of the ascending `sorted` stands as often as its
/// cluster was drawn; `count` is its length, at least 1.
fn resampled_quantiles<const S: usize>(
    sorted: &[(f64, usize)],
    times: &[u32],
    count: usize,
    p: [f64; S],
) -> [f64; S] {
    let last = count - 1;
    // Walks down from the greatest: the values from `place` on stand in the list from `first` on.
    let (mut place, mut first) = (sorted.len(), count);
    let mut value_at = |rank: usize| {
        if sorted
            .get(place)
            .is_some_and(|s| rank >= first + times[s.1] as usize)
        {
            (place, first) = (sorted.len(), count);
        }
        while first > rank {
            place -= 1;
            first -= times[sorted[place].1] as usize;
        }
        sorted[place].0
    };
    p.map(|p| {
        let h = last as f64 * p;
        let k = h.floor() as usize;
        let next = value_at((k + 1).min(last));
        let value = value_at(k);
        value + (h - k as f64) * (next - value)
    })
}

/// The BCa interval. With z0 = Phi^-1(share of replicates below the estimate, ties counted half),
/// the acceleration a = sum d^3 / (6 (sum d^2)^1.5), d = mean of the jackknife values less each of
/// them, and z = Phi^-1(0.025) or Phi^-1(0.975), an end is the quantile of the replicates at Phi(z0
/// + (z0 + z) / (1 - a (z0 + z))).
fn corrected(estimate: f64, replicates: Vec<f64>, jackknife: &[f64]) -> ConfidenceInterval {
    let mut sorted = replicates;
    sorted.sort_by(f64::total_cmp);
    // The replicates are summed in another order than the estimate: what differs by rounding alone
    // is a tie.
    let slack = 1e-12 * estimate.abs();
    let below = sorted.iter().filter(|&&r| r < estimate - slack).count() as f64;
    let ties = sorted.iter().filter(|&&r| (r - estimate).abs() <= slack);
    let ties = ties.count() as f64;
    let n = sorted.len() as f64;
    // Half a replicate from either end keeps Phi^-1 finite.
    let bias = normal_quantile(((below + ties / 2.0) / n).clamp(0.5 / n, 1.0 - 0.5 / n));
    let centre = jackknife.iter().sum::<f64>() / jackknife.len() as f64;
    let (squares, cubes) = jackknife
        .iter()
        .map(|x| centre - x)
        .fold((0.0, 0.0), |s, d| (s.0 + d * d, s.1 + d * d * d));
    let acceleration = if squares > 0.0 {
        cubes / (6.0 * squares * squares.sqrt())
    } else {
        0.0
    };
    let end = |z: f64| {
        let shifted = bias + z;
        let p = normal_cdf(bias + shifted / (1.0 - acceleration * shifted));
        sorted_quantile(&sorted, if p.is_finite() { p } else { normal_cdf(z) }).unwrap_or(estimate)
    };
    let z = normal_quantile((1.0 + CONFIDENCE) / 2.0);
    ConfidenceInterval {
        estimate,
        low: end(-z),
        high: end(z),
    }
}

/// Values by cluster, in the order of the clusters' ids; within a cluster ascending.
fn grouped(values: &[f64], clusters: &[u64]) -> Option<Vec<Vec<f64>>> {
    if values.len() != clusters.len() || values.iter().any(|v| !v.is_finite()) {
        return None;
    }
    let pairs = clusters.iter().copied().zip(values.iter().copied());
    let mut pairs: Vec<(u64, f64)> = pairs.collect();
    pairs.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let groups = pairs.chunk_by(|a, b| a.0 == b.0);
    let groups: Vec<Vec<f64>> = groups
        .map(|group| group.iter().map(|pair| pair.1).collect())
        .collect();
    (groups.len() > 1).then_some(groups)
}

/// Uniform integers.
pub(crate) struct UniformDraw(ChaCha8Rng);

impl UniformDraw {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// Uniform in 0..n, 1 <= n < 2^32, by multiplication with rejection (Lemire 2019, ACM TOMACS
    /// 29(1)).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        loop {
            let product = u64::from(self.0.next_u32()) * n;
            let low = product & 0xffff_ffff;
            // What is rejected is below 2^32 mod n, hence below n: the division is rarely needed.
            if low >= n || low >= (1_u64 << 32) % n {
                return (product >> 32) as usize;
            }
        }
    }
}

/// Phi(x) = erfc(-x / sqrt 2) / 2, the standard normal distribution function.
#[must_use]
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// Phi^-1(p) for 0 < p < 1; infinite at 0 and 1.
///
/// By bisection on [`normal_cdf`]: 200 halvings of [-40, 40] end at neighbouring numbers, and no
/// published approximation has to be trusted.
#[must_use]
pub fn normal_quantile(p: f64) -> f64 {
    if !(p > 0.0 && p < 1.0) {
        return if p >= 1.0 {
            f64::INFINITY
        } else {
            f64::NEG_INFINITY
        };
    }
    // The upper half through symmetry: near 1 the distribution function has no digits left.
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let (mut low, mut high) = (-40.0, 0.0);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if normal_cdf(middle) < p {
            low = middle
        } else {
            high = middle
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Own cluster for each.
    fn ids(n: usize) -> Vec<u64> {
        (0..n as u64).collect()
    }

    fn sample(seed: u64, n: usize) -> Vec<f64> {
        let mut draw = UniformDraw::new(seed);
        (0..n)
            .map(|_| normal_quantile((f64::from(draw.0.next_u32()) + 0.5) / 4_294_967_296.0))
            .collect()
    }

    #[test]
    fn normal_distribution() {
        // scipy.stats.norm.ppf
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (1e-9, -5.997_807_015_007_687),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-9, "{p}");
            assert!((normal_cdf(z) - p).abs() < 1e-12, "{p}");
        }
    }

    #[test]
    fn columns_together_are_columns_alone() {
        let (values, other) = (sample(5, 60), sample(6, 60));
        let clusters: Vec<u64> = (0..60).map(|k| k % 17).collect();
        // Of the third column one instance is missing, so it shares no draws.
        let some: Vec<usize> = (0..60).filter(|k| clusters[*k] != 4).collect();
        let part: (Vec<f64>, Vec<u64>) = some.iter().map(|&k| (values[k], clusters[k])).unzip();
        let columns = [
            (&values[..], &clusters[..]),
            (&part.0, &part.1),
            (&other, &clusters),
            (&values, &clusters),
            (&other, &clusters),
        ];
        let together = mean_intervals(columns, 9);
        for (column, interval) in columns.into_iter().zip(together) {
            assert!(interval.is_some());
            assert_eq!(interval, mean_interval(column.0, column.1, 9));
        }
        assert_eq!(
            mean_intervals([(&[][..], &[][..]), (&values, &clusters)], 9)[1],
            together[0]
        );
    }

    #[test]
    fn nothing_without_two_instances() {
        assert_eq!(mean_interval(&[], &[], 1), None);
        assert_eq!(mean_interval(&[1.0, 2.0], &[7, 7], 1), None);
        assert_eq!(mean_interval(&[1.0, f64::NAN], &[1, 2], 1), None);
        assert_eq!(mean_interval(&[1.0, 2.0], &[1], 1), None);
        assert_eq!(interval(&[3.0], &[1], 1, |v| quantile(v, 0.5)), None);
    }

    #[test]
    fn equal_values_have_no_width() {
        let all = ConfidenceInterval {
            estimate: 0.0,
            low: 0.0,
            high: 0.0,
        };
        assert_eq!(mean_interval(&[0.0; 5], &ids(5), 1), Some(all));
        assert_eq!(
            interval(&[0.0; 5], &ids(5), 1, |v| quantile(v, 0.5)),
            Some(all)
        );
        let third = mean_interval(&[0.1; 3], &ids(3), 1).unwrap();
        assert!((third.high - third.low).abs() < 1e-15);
    }

    #[test]
    fn close_to_the_normal_interval_on_many_normal_values() {
        let values = sample(3, 400);
        let (m, n) = (mean(&values).unwrap(), values.len() as f64);
        let error = (values.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (n - 1.0) / n).sqrt();
        let found = mean_interval(&values, &ids(400), 5).unwrap();
        assert!(
            (found.low - (m - 1.96 * error)).abs() < 0.2 * error,
            "{found:?}"
        );
        assert!(
            (found.high - (m + 1.96 * error)).abs() < 0.2 * error,
            "{found:?}"
        );
        let same = interval(&values, &ids(400), 5, mean).unwrap();
        assert!(
            (same.low - found.low).abs() < 0.2 * error
                && (same.high - found.high).abs() < 0.2 * error
        );
    }

    #[test]
    fn order_does_not_matter_and_the_seed_does() {
        let values = sample(4, 30);
        let clusters: Vec<u64> = (0..30).map(|k| k / 3).collect();
        let one = mean_interval(&values, &clusters, 9).unwrap();
        let (mut back, mut names) = (values.clone(), clusters.clone());
        back.reverse();
        names.reverse();
        assert_eq!(mean_interval(&back, &names, 9), Some(one));
        assert_ne!(mean_interval(&values, &clusters, 10), Some(one));
        let median = |v: &[f64]| quantile(v, 0.5);
        assert_eq!(
            interval(&values, &clusters, 9, median),
            interval(&back, &names, 9, median)
        );
    }

    /// Ten copies of each value are ten copies and no ten times more knowledge.
    #[test]
    fn copies_within_an_instance_do_not_narrow_the_interval() {
        let values = sample(6, 20);
        let copies: Vec<f64> = values.iter().flat_map(|&v| [v; 10]).collect();
        let clusters: Vec<u64> = (0..200).map(|k| k / 10).collect();
        let (one, ten) = (
            mean_interval(&values, &ids(20), 2).unwrap(),
            mean_interval(&copies, &clusters, 2).unwrap(),
        );
        assert!(
            (one.low - ten.low).abs() < 1e-9 && (one.high - ten.high).abs() < 1e-9,
            "{one:?} {ten:?}"
        );
        let apart = mean_interval(&copies, &ids(200), 2).unwrap();
        assert!(apart.high - apart.low < 0.5 * (ten.high - ten.low));
    }

    #[test]
    fn quantiles_without_lists_are_the_same() {
        let p = [1.0, 0.95, 0.5, 0.0];
        for n in [2, 3, 5, 40] {
            let values: Vec<f64> = sample(n as u64, n)
                .iter()
                .map(|v| (4.0 * v).round())
                .collect();
            for clusters in [
                ids(n),
                (0..n as u64)
                    .map(|k| k % (n as u64 - 1).max(2))
                    .collect::<Vec<u64>>(),
            ] {
                let listed =
                    intervals(&values, &clusters, 7, |v| p.map(|p| sorted_quantile(v, p))).unwrap();
                let walked = quantile_intervals(&values, &clusters, 7, p).unwrap();
                assert_eq!(listed.map(Option::unwrap), walked, "{n}");
            }
        }
        assert_eq!(quantile_intervals(&[1.0], &[1], 1, p), None);
    }

    #[test]
    fn several_statistics_share_their_resamples() {
        let values = sample(8, 25);
        let both = intervals(&values, &ids(25), 3, |v| {
            [quantile(v, 0.5), v.last().copied()]
        })
        .unwrap();
        assert_eq!(
            both[0],
            interval(&values, &ids(25), 3, |v| quantile(v, 0.5))
        );
        assert_eq!(
            both[1].unwrap().estimate,
            values.iter().copied().fold(f64::MIN, f64::max)
        );
        assert_eq!(both[1].unwrap().high, both[1].unwrap().estimate);
    }
}
