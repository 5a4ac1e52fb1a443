//! Scaling of any measure of uncertainty to \[0, 1\]: by rank, or by isotonic calibration.

/// Ranks from 1 to n; equal values share the mean of their ranks.
#[must_use]
pub fn ranks(values: &[f64]) -> Vec<f64> {
    let order = ascending(values);
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let same = order[from..]
            .iter()
            .take_while(|&&k| values[k] == values[order[from]])
            .count();
        let mean = from as f64 + (same as f64 + 1.0) / 2.0;
        order[from..from + same]
            .iter()
            .for_each(|&k| ranks[k] = mean);
        from += same;
    }
    ranks
}

/// (rank - 1/2) / n: the share of values below, equal ones counting half. In (0, 1), and uniform
/// for any values.
#[must_use]
pub fn by_rank(values: &[f64]) -> Vec<f64> {
    ranks(values)
        .into_iter()
        .map(|r| (r - 0.5) / values.len() as f64)
        .collect()
}

/// A non-decreasing function: the least-squares fit of such a function to points (x, y).
#[derive(Clone, Debug, PartialEq)]
pub struct Isotonic {
    /// (x, y) with x ascending and y non-decreasing. A block of the fit gives two knots, or one if
    /// it is a single x.
    knots: Vec<(f64, f64)>,
}

impl Isotonic {
    /// Fits by pooling adjacent violators (Ayer et al. 1955; Barlow et al. 1972, *Statistical
    /// Inference under Order Restrictions*), with points of equal x pooled first. O(n log n).
    /// Without points the fit is 1/2 everywhere.
    ///
    /// # Panics
    /// Unless there are as many `y` as `x`.
    #[must_use]
    pub fn fit(x: &[f64], y: &[f64]) -> Self {
        assert_eq!(x.len(), y.len(), "one y for each x");
        let mut blocks: Vec<PooledBlock> = Vec::new();
        let order = ascending(x);
        let mut from = 0;
        while from < order.len() {
            let at = x[order[from]];
            let same = order[from..].iter().take_while(|&&k| x[k] == at).count();
            blocks.push(PooledBlock {
                first: at,
                last: at,
                sum: order[from..from + same].iter().map(|&k| y[k]).sum(),
                count: same as f64,
            });
            from += same;
            while let [.., a, b] = blocks.as_slice()
                && a.sum * b.count >= b.sum * a.count
            {
                let pooled = a.pooled_with(b);
                blocks.truncate(blocks.len() - 2);
                blocks.push(pooled);
            }
        }
        let mut knots = Vec::new();
        for block in blocks {
            let level = block.sum / block.count;
            knots.push((block.first, level));
            if block.last > block.first {
                knots.push((block.last, level));
            }
        }
        Isotonic { knots }
    }

    /// The fit at `x`: linear between knots, constant beyond the outer ones.
    #[must_use]
    pub fn at(&self, x: f64) -> f64 {
        let above = self.knots.partition_point(|k| k.0 < x);
        match (
            above.checked_sub(1).map(|k| self.knots[k]),
            self.knots.get(above),
        ) {
            (None, None) => 0.5,
            (None, Some(right)) => right.1,
            (Some(left), None) => left.1,
            (_, Some(right)) if right.0 == x => right.1,
            (Some(left), Some(right)) => {
                left.1 + (right.1 - left.1) * ((x - left.0) / (right.0 - left.0))
            }
        }
    }
}

/// Neighbouring points that share one level of the fit.
struct PooledBlock {
    /// The first x.
    first: f64,
    /// The last x.
    last: f64,
    /// The sum of the y.
    sum: f64,
    /// The number of points.
    count: f64,
}

impl PooledBlock {
    fn pooled_with(&self, next: &PooledBlock) -> PooledBlock {
        PooledBlock {
            first: self.first,
            last: next.last,
            sum: self.sum + next.sum,
            count: self.count + next.count,
        }
    }
}

/// Indices in ascending order of the values, equal ones in their own order.
fn ascending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    // Adding 0 turns -0 into 0, so that the two are equal as for `==`.
    order.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn ranks_share_ties() {
        assert_eq!(
            ranks(&[3.0, 1.0, 3.0, -0.0, 0.0]),
            [4.5, 3.0, 4.5, 1.5, 1.5]
        );
        assert_eq!(by_rank(&[5.0, 9.0]), [0.25, 0.75]);
    }

    /// By hand: 1, 3, 2, 4 pools the middle to 2.5; equal x are averaged first.
    #[test]
    fn violators_are_pooled() {
        let fit = Isotonic::fit(&[1.0, 2.0, 3.0, 4.0], &[1.0, 3.0, 2.0, 4.0]);
        assert_eq!(
            [0.0, 1.0, 2.0, 2.7, 3.0, 3.5, 9.0].map(|x| fit.at(x)),
            [1.0, 1.0, 2.5, 2.5, 2.5, 3.25, 4.0]
        );
        let fit = Isotonic::fit(&[1.0, 1.0, 2.0], &[0.0, 1.0, 0.25]);
        assert!((fit.at(1.0) - 1.25 / 3.0).abs() < 1e-15 && fit.at(2.0) == fit.at(1.0));
        assert_eq!(Isotonic::fit(&[], &[]).at(7.0), 0.5);
    }

    /// No other non-decreasing function fits better: checked against small steps of every level on
    /// random points.
    #[test]
    fn the_fit_is_the_best_one() {
        for seed in 0..50 {
            let mut random = Random::new(seed, 0);
            let x: Vec<f64> = (0..30).map(|_| random.below(12) as f64).collect();
            let y: Vec<f64> = x.iter().map(|x| x / 12.0 + random.normal()).collect();
            let fit = Isotonic::fit(&x, &y);
            let level: Vec<f64> = (0..12).map(|k| fit.at(f64::from(k))).collect();
            assert!(level.is_sorted());
            let loss = |level: &[f64]| {
                x.iter()
                    .zip(&y)
                    .map(|(x, y)| (level[*x as usize] - y).powi(2))
                    .sum::<f64>()
            };
            let best = loss(&level);
            for from in 0..12 {
                for to in from..12 {
                    for step in [-0.01, 0.01] {
                        let mut other = level.clone();
                        other[from..=to].iter_mut().for_each(|l| *l += step);
                        assert!(!other.is_sorted() || loss(&other) >= best - 1e-12);
                    }
                }
            }
        }
    }
}
