//! The few statistics that the tables use, each defined where it is computed.

/// Statistics of a set of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stats {
    /// How many there are, at least 1.
    pub count: usize,
    /// [`mean`].
    pub mean: f64,
    /// [`quantile`] at 0.5.
    pub median: f64,
    /// [`quantile`] at 0.95.
    pub q95: f64,
    /// The greatest.
    pub max: f64,
}

impl Stats {
    /// The statistics of `values`, or none when there are no values.
    #[must_use]
    pub fn of(values: &[f64]) -> Option<Self> {
        Some(Self {
            count: values.len(),
            mean: mean(values)?,
            median: quantile(values, 0.5)?,
            q95: quantile(values, 0.95)?,
            max: values.iter().copied().reduce(f64::max)?,
        })
    }
}

/// Arithmetic mean, (x_1 + ... + x_n) / n; none without values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    // Summed in ascending order, so that the bits do not depend on the order of the records.
    let sorted = ascending(values);
    (!sorted.is_empty()).then(|| sorted.iter().sum::<f64>() / sorted.len() as f64)
}

/// Sample quantile of type 7 (Hyndman and Fan 1996; the default of R and numpy): with the values in
/// ascending order x_0 .. x_(n-1) and h = (n - 1) p, it is x_k + (h - k)(x_(k+1) - x_k), k =
/// floor(h). `p` within 0..1; none without values. With few values the 95 % quantile is close to
/// the maximum: at n = 1 both are the value itself.
#[must_use]
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    sorted_quantile(&ascending(values), p)
}

/// [`quantile`] of values that ascend already.
#[must_use]
pub fn sorted_quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let h = last as f64 * p.clamp(0.0, 1.0);
    let k = h.floor() as usize;
    let next = sorted[(k + 1).min(last)];
    Some(sorted[k] + (h - k as f64) * (next - sorted[k]))
}

/// The shift of geometric means of times, s: 1 ms, so that what takes microseconds counts as fast
/// and no more.
pub const TIME_SHIFT_S: f64 = 1e-3;

/// Shifted geometric mean, exp(mean of ln(x + shift)) - shift, for x >= 0 and shift > 0 (Achterberg
/// 2007, *Constraint Integer Programming*, appendix A.3). None without values.
#[must_use]
pub fn shifted_geometric_mean(values: &[f64], shift: f64) -> Option<f64> {
    let logs: Vec<f64> = values.iter().map(|x| libm::log(x + shift)).collect();
    mean(&logs).map(|m| libm::exp(m) - shift)
}

/// PAR10 (Hutter et al. 2009, *ParamILS*, JAIR 36): the mean of the times in which a row is
/// unsolved (`None`) counts ten times its limit, s. Each item is (time if solved, limit). None
/// without rows, or when an unsolved row has no limit.
#[must_use]
pub fn par10(rows: &[(Option<f64>, Option<f64>)]) -> Option<f64> {
    let counted =
        |&(time, limit): &(Option<f64>, Option<f64>)| time.or_else(|| limit.map(|l| 10.0 * l));
    mean(&rows.iter().map(counted).collect::<Option<Vec<f64>>>()?)
}

/// Share of pairs (right, wrong) in which the wrong answer has the greater score, ties counting
/// half: the area under the ROC curve (Hanley and McNeil 1982). `right` tells which scores belong
/// to right answers. None when all or none is right.
#[must_use]
pub fn area_under_roc(scores: &[f64], right: &[bool]) -> Option<f64> {
    let ranks = mid_ranks(scores);
    let wrong = right.iter().filter(|&&r| !r).count() as f64;
    let rest = right.len() as f64 - wrong;
    let sum = ranks.iter().zip(right).filter(|(_, r)| !**r);
    let sum: f64 = sum.map(|(rank, _)| rank).sum();
    (wrong > 0.0 && rest > 0.0).then(|| (sum - wrong * (wrong + 1.0) / 2.0) / (wrong * rest))
}

/// Ranks from 1, ties sharing the mean of theirs.
#[must_use]
pub fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    while start < order.len() {
        let value = values[order[start]];
        let end = order[start..].iter().position(|&k| values[k] != value);
        let end = end.map_or(order.len(), |k| start + k);
        // Ranks start + 1 ..= end.
        order[start..end]
            .iter()
            .for_each(|&k| ranks[k] = (start + 1 + end) as f64 / 2.0);
        start = end;
    }
    ranks
}

fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hand_values() {
        // By hand: h = 3 * 0.5 = 1.5, so 2 + 0.5 * (4 - 2) = 3; h = 3 * 0.95 = 2.85, so 4 + 0.85 *
        // (10 - 4) = 9.1.
        let stats = Stats::of(&[10.0, 1.0, 4.0, 2.0]).unwrap();
        assert_eq!(
            (stats.count, stats.mean, stats.median, stats.max),
            (4, 4.25, 3.0, 10.0)
        );
        assert!((stats.q95 - 9.1).abs() < 1e-12);
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.0), Some(1.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 1.0), Some(3.0));
    }

    #[test]
    fn times_and_ranks_by_hand() {
        // sqrt((1 + 1)(7 + 1)) - 1 = 3
        assert!((shifted_geometric_mean(&[1.0, 7.0], 1.0).unwrap() - 3.0).abs() < 1e-12);
        assert_eq!(shifted_geometric_mean(&[], 1.0), None);
        assert_eq!(
            par10(&[(Some(2.0), Some(5.0)), (None, Some(5.0))]),
            Some(26.0)
        );
        assert_eq!(par10(&[(Some(2.0), None)]), Some(2.0));
        assert_eq!(par10(&[(Some(2.0), None), (None, None)]), None);
        assert_eq!(mid_ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        // Wrong 0.9 and 0.5, right 0.5 and 0.1: the pairs count 1, 1, 0.5, 1.
        assert_eq!(
            area_under_roc(&[0.9, 0.5, 0.5, 0.1], &[false, false, true, true]),
            Some(0.875)
        );
        assert_eq!(area_under_roc(&[0.9], &[true]), None);
    }

    #[test]
    fn one_value_and_none() {
        assert_eq!(Stats::of(&[]), None);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(
            Stats::of(&[7.0]),
            Some(Stats {
                count: 1,
                mean: 7.0,
                median: 7.0,
                q95: 7.0,
                max: 7.0
            })
        );
    }
}
