//! How well a number tells right answers from wrong ones, each statistic with a 95 % interval over
//! queries.

use crate::statistics::bootstrap::{ConfidenceInterval, RESAMPLES, UniformDraw, percentiles};

/// Bins of the reliability tables and of the calibration error, of equal numbers of queries as far
/// as ties allow.
pub const BINS: usize = 10;

/// One metric of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct UncertaintyMetric {
    /// Its name.
    pub name: String,
    /// One value per query; high means unsure.
    pub values: Vec<f64>,
    /// Probabilities of a right answer that were made of it, by name, each within 0..1, one per
    /// query.
    pub predictions: Vec<(String, Vec<f64>)>,
}

/// What the two models answered, one value per query within 0..1 (1 = right).
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// The small model, on the device.
    pub small: &'a [f64],
    /// The large model, at the edge.
    pub large: &'a [f64],
}

/// The statistics of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricQuality {
    /// Its name.
    pub name: String,
    /// Probability that a wrong answer of the small model has a greater value than a right one,
    /// ties half (area under the ROC curve); 0.5 = tells nothing.
    pub auroc: ConfidenceInterval,
    /// Pearson's correlation of the value with the small model's being right (point-biserial when
    /// that is 0 or 1).
    pub biserial: ConfidenceInterval,
    /// Spearman's rank correlation of the value with the small model's being right.
    pub spearman: ConfidenceInterval,
    /// Spearman's rank correlation of the value with what offloading gains, large right minus small
    /// right.
    pub gain: ConfidenceInterval,
    /// The area minus that of the first metric, on the same resamples; none for the first.
    pub ahead: Option<ConfidenceInterval>,
    /// Expected calibration error of each prediction ([`BINS`] bins), with its name.
    pub calibration: Vec<(String, ConfidenceInterval)>,
    /// Reliability of each prediction.
    pub bins: Vec<Vec<Bin>>,
}

/// What a trace says about 'the metric predicts accuracy'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredictionVerdict {
    /// The interval of the area lies above 0.5.
    Predicts,
    /// It lies below.
    Contradicts,
    /// Neither.
    Open,
}

impl PredictionVerdict {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Predicts => "predicts",
            Self::Contradicts => "contradicts",
            Self::Open => "open",
        }
    }
}

impl MetricQuality {
    /// What the trace says about 'the metric predicts accuracy'.
    #[must_use]
    pub fn verdict(&self) -> PredictionVerdict {
        match self.auroc {
            area if area.low > 0.5 => PredictionVerdict::Predicts,
            area if area.high < 0.5 => PredictionVerdict::Contradicts,
            _ => PredictionVerdict::Open,
        }
    }
}

/// The queries of one bin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// How many.
    pub count: usize,
    /// Mean predicted probability of a right answer.
    pub predicted: f64,
    /// Share of the small model's right answers.
    pub small: Share,
    /// Share of the large model's right answers.
    pub large: Share,
}

/// A share with its Wilson interval (Wilson 1927, JASA 22), 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The share.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Share {
    /// `hits` of `count` > 0; hits need not be whole.
    #[must_use]
    pub fn of(hits: f64, count: usize) -> Self {
        // The 97.5 % point of the standard normal distribution.
        const Z: f64 = 1.959_963_984_540_054;
        let n = count as f64;
        let p = hits / n;
        let centre = (p + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
        let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n);
        Share {
            value: p,
            low: (centre - half).max(0.0).min(p),
            high: (centre + half).min(1.0).max(p),
        }
    }
}

/// The quality of a trace's metrics, in their order. Queries are resampled, the same resamples
/// for all metrics, and the ends of an interval are quantiles of what [`RESAMPLES`] resamples give
/// (percentile bootstrap). Calibration errors are means of absolute values, so noise makes them,
/// and more so their resamples, greater than 0 even when the calibration is perfect.
///
/// None with fewer than two queries, or when the small model is always right or always wrong.
///
/// # Panics
/// When the lists differ in length.
#[must_use]
pub fn qualities(
    metrics: &[UncertaintyMetric],
    answers: Answers,
    seed: u64,
) -> Option<Vec<MetricQuality>> {
    let n = answers.small.len();
    assert_eq!(n, answers.large.len(), "one answer of each model per query");
    let gain = answers.large.iter().zip(answers.small).map(|(l, s)| l - s);
    let gain: Vec<f64> = gain.collect();
    let (right, gain) = (Ranked::new(answers.small), Ranked::new(&gain));
    let prepared = metrics.iter().map(|m| Prepared::new(m, answers.small));
    let prepared: Vec<Prepared> = prepared.collect();
    let ones = vec![1.0; n];
    let first = |weights: &[f64]| -> Option<Vec<Vec<f64>>> {
        prepared
            .iter()
            .map(|p| p.statistics(weights, &right, &gain))
            .collect()
    };
    let estimates = first(&ones).filter(|_| n >= 2)?;
    let mut draw = UniformDraw::new(seed);
    let replicates = estimates.iter().map(|e| vec![Vec::new(); e.len() + 1]);
    let mut replicates: Vec<Vec<Vec<f64>>> = replicates.collect();
    let mut weights = vec![0.0; n];
    for _ in 0..RESAMPLES {
        weights.fill(0.0);
        (0..n).for_each(|_| weights[draw.below(n)] += 1.0);
        // A resample in which all or no answers are right says nothing.
        let Some(all) = first(&weights) else { continue };
        for (kept, one) in replicates.iter_mut().zip(&all) {
            kept[0].push(one[0] - all[0][0]);
            kept[1..].iter_mut().zip(one).for_each(|(k, x)| k.push(*x));
        }
    }
    let quality = |(k, metric): (usize, &UncertaintyMetric)| {
        let all: Vec<ConfidenceInterval> = estimates[k]
            .iter()
            .zip(&replicates[k][1..])
            .map(|(&e, r)| percentiles(e, r))
            .collect::<Option<_>>()?;
        let ahead = estimates[k][0] - estimates[0][0];
        let ahead = percentiles(ahead, &replicates[k][0]).filter(|_| k > 0);
        let calibration = metric.predictions.iter().zip(&all[4..]);
        let calibration = calibration.map(|(p, i)| (p.0.clone(), *i)).collect();
        let bins = prepared[k].bins.iter().zip(&metric.predictions);
        Some(MetricQuality {
            name: metric.name.clone(),
            auroc: all[0],
            biserial: all[1],
            spearman: all[2],
            gain: all[3],
            ahead,
            calibration,
            bins: bins
                .map(|(of, (_, p))| reliability(of, p, answers))
                .collect(),
        })
    };
    metrics.iter().enumerate().map(quality).collect()
}

/// Bins of a prediction: which bin each query is in.
fn bins_of(prediction: &[f64]) -> Vec<usize> {
    let ranked = Ranked::new(prediction);
    let n = prediction.len();
    let mut bin = vec![0; n];
    let mut from = 0;
    for group in &ranked.groups {
        // A group of equal predictions goes where its middle falls, so that ties stay together.
        let middle = from as f64 + group.len() as f64 / 2.0;
        group
            .iter()
            .for_each(|&k| bin[k] = ((middle * BINS as f64 / n as f64) as usize).min(BINS - 1));
        from += group.len();
    }
    bin
}

fn reliability(bin: &[usize], prediction: &[f64], answers: Answers) -> Vec<Bin> {
    let of = |b: usize| {
        let members: Vec<usize> = (0..bin.len()).filter(|&k| bin[k] == b).collect();
        let sum = |values: &[f64]| members.iter().map(|&k| values[k]).sum::<f64>();
        let count = members.len();
        (count > 0).then(|| Bin {
            count,
            predicted: sum(prediction) / count as f64,
            small: Share::of(sum(answers.small), count),
            large: Share::of(sum(answers.large), count),
        })
    };
    (0..BINS).filter_map(of).collect()
}

/// Values in ascending order, in groups of equal ones.
struct Ranked {
    groups: Vec<Vec<usize>>,
}

impl Ranked {
    fn new(values: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
        let groups = order.chunk_by(|&a, &b| values[a] == values[b]);
        let groups = groups.map(<[usize]>::to_vec).collect();
        Ranked { groups }
    }

    /// Ranks of a sample in which query k is there weights\[k\] times, equal values sharing the
    /// mean of theirs.
    fn ranks(&self, weights: &[f64]) -> Vec<f64> {
        let mut ranks = vec![0.0; weights.len()];
        let mut below = 0.0;
        for group in &self.groups {
            let mass: f64 = group.iter().map(|&k| weights[k]).sum();
            group
                .iter()
                .for_each(|&k| ranks[k] = below + (mass + 1.0) / 2.0);
            below += mass;
        }
        ranks
    }
}

/// A metric made ready for thousands of resamples.
struct Prepared<'a> {
    metric: &'a UncertaintyMetric,
    small: &'a [f64],
    ranked: Ranked,
    bins: Vec<Vec<usize>>,
}

impl<'a> Prepared<'a> {
    fn new(metric: &'a UncertaintyMetric, small: &'a [f64]) -> Self {
        assert_eq!(
            metric.values.len(),
            small.len(),
            "one value of '{}' per query",
            metric.name
        );
        let bins = metric.predictions.iter().map(|(_, p)| bins_of(p)).collect();
        Prepared {
            metric,
            small,
            ranked: Ranked::new(&metric.values),
            bins,
        }
    }

    /// Area, correlations with right answers (plain, ranks) and with gains (ranks), then the
    /// calibration errors.
    fn statistics(&self, weights: &[f64], right: &Ranked, gain: &Ranked) -> Option<Vec<f64>> {
        let ranks = self.ranked.ranks(weights);
        let mut all = vec![
            self.area(weights)?,
            correlation(&self.metric.values, self.small, weights),
            correlation(&ranks, &right.ranks(weights), weights),
            correlation(&ranks, &gain.ranks(weights), weights),
        ];
        let predictions = self.metric.predictions.iter().zip(&self.bins);
        all.extend(
            predictions.map(|((_, p), bins)| calibration_error(p, self.small, bins, weights)),
        );
        Some(all)
    }

    /// A query that is right with probability c counts c as right and 1 - c as wrong.
    fn area(&self, weights: &[f64]) -> Option<f64> {
        let (mut right, mut wrong, mut pairs) = (0.0, 0.0, 0.0);
        for group in &self.ranked.groups {
            let (mut r, mut w) = (0.0, 0.0);
            for &k in group {
                r += weights[k] * self.small[k];
                w += weights[k] * (1.0 - self.small[k]);
            }
            pairs += w * (right + r / 2.0);
            right += r;
            wrong += w;
        }
        (right > 0.0 && wrong > 0.0).then(|| pairs / (right * wrong))
    }
}

/// Pearson's correlation of a weighted sample; 0 when one side does not vary.
fn correlation(x: &[f64], y: &[f64], weights: &[f64]) -> f64 {
    let total: f64 = weights.iter().sum();
    let mean = |v: &[f64]| v.iter().zip(weights).map(|(v, w)| v * w).sum::<f64>() / total;
    let (mx, my) = (mean(x), mean(y));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for k in 0..x.len() {
        let (a, b) = (x[k] - mx, y[k] - my);
        xx += weights[k] * a * a;
        yy += weights[k] * b * b;
        xy += weights[k] * a * b;
    }
    if xx > 0.0 && yy > 0.0 {
        xy / (xx * yy).sqrt()
    } else {
        0.0
    }
}

/// sum over bins of (share of the queries) x |share right - mean prediction| (Naeini, Cooper,
/// Hauskrecht 2015, AAAI).
fn calibration_error(prediction: &[f64], right: &[f64], bins: &[usize], weights: &[f64]) -> f64 {
    let mut off = [0.0; BINS];
    for k in 0..right.len() {
        off[bins[k]] += weights[k] * (right[k] - prediction[k]);
    }
    off.iter().map(|o| o.abs()).sum::<f64>() / weights.iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(values: &[f64], predictions: &[f64]) -> UncertaintyMetric {
        UncertaintyMetric {
            name: "m".into(),
            values: values.to_vec(),
            predictions: vec![("p".into(), predictions.to_vec())],
        }
    }

    /// By hand, correlations apart.
    #[test]
    fn hand_values() {
        let small = [1.0, 0.0, 1.0, 0.0, 0.0];
        let large = [1.0, 1.0, 0.0, 0.0, 1.0];
        let values = [0.1, 0.4, 0.4, 0.9, 0.6];
        let predicted = [0.9, 0.6, 0.6, 0.1, 0.4];
        let m = metric(&values, &predicted);
        let all = qualities(
            &[m.clone(), m],
            Answers {
                small: &small,
                large: &large,
            },
            1,
        )
        .unwrap();
        let q = &all[0];
        // Pairs (wrong, right): 0.4 > 0.1, 0.4 = 0.4 (half), 0.9 twice, 0.6 twice: 5.5 of 6.
        assert!((q.auroc.estimate - 5.5 / 6.0).abs() < 1e-12);
        // Pearson's formula on the values and on the ranks (2, 1, 2, ..), worked out in Python by
        // itself.
        assert!(
            (q.biserial.estimate + 0.711_832).abs() < 1e-6,
            "{}",
            q.biserial.estimate
        );
        assert!(
            (q.spearman.estimate + 0.740_436).abs() < 1e-6,
            "{}",
            q.spearman.estimate
        );
        assert!(
            (q.gain.estimate - 0.189_258).abs() < 1e-6,
            "{}",
            q.gain.estimate
        );
        // Bins: 0.1 alone, 0.4 alone, the two 0.6, 0.9: |0 - 0.1| + |0 - 0.4| + |1 - 1.2| + |1 -
        // 0.9| over 5.
        assert!((q.calibration[0].1.estimate - 0.16).abs() < 1e-12);
        assert_eq!(
            q.bins[0].iter().map(|b| b.count).collect::<Vec<_>>(),
            [1, 1, 2, 1]
        );
        assert!(q.auroc.low <= q.auroc.estimate && q.auroc.high <= 1.0);
        let ahead = all[1].ahead.unwrap();
        assert_eq!((ahead.estimate, ahead.low, ahead.high), (0.0, 0.0, 0.0));
        assert!(
            qualities(
                &[metric(&values, &predicted)],
                Answers {
                    small: &[1.0; 5],
                    large: &large
                },
                1
            )
            .is_none()
        );
    }

    /// Wilson, 95 %: 8 of 10 gives 0.4902 to 0.9433 (Newcombe 1998 works the formula).
    #[test]
    fn wilson() {
        let s = Share::of(8.0, 10);
        assert!(
            (s.low - 0.490_16).abs() < 1e-4 && (s.high - 0.943_32).abs() < 1e-4,
            "{s:?}"
        );
        assert_eq!((Share::of(0.0, 5).low, Share::of(5.0, 5).high), (0.0, 1.0));
    }

    /// Simulated: a metric of known area; the 95 % interval holds it in about 95 of 100 traces.
    #[test]
    fn intervals_cover() {
        let mut hits = 0;
        for seed in 0..100 {
            let mut draw = UniformDraw::new(1000 + seed);
            let mut unit = || (draw.below(1 << 30) as f64 + 0.5) / f64::from(1 << 30);
            let values: Vec<f64> = (0..200).map(|_| unit()).collect();
            // Right with probability 1 - a, a uniform: the area is 5/6.
            let small: Vec<f64> = values.iter().map(|a| f64::from(unit() > *a)).collect();
            let predicted: Vec<f64> = values.iter().map(|a| 1.0 - a).collect();
            let q = qualities(
                &[metric(&values, &predicted)],
                Answers {
                    small: &small,
                    large: &small,
                },
                seed,
            )
            .unwrap();
            hits += usize::from(q[0].auroc.contains(5.0 / 6.0));
        }
        assert!((88..=100).contains(&hits), "{hits}");
    }
}
