//! The few statistics that the tables use, each defined where it is computed.

/// What is said of a set of numbers.
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

/// Sample quantile of type 7 (Hyndman and Fan 1996; the default of R and numpy): with the values in ascending order
/// x_0 .. x_(n-1) and h = (n - 1) p, it is x_k + (h - k)(x_(k+1) - x_k), k = floor(h). `p` within 0..1; none without
/// values. With few values the 95 % quantile is close to the maximum: at n = 1 both are the value itself.
#[must_use]
pub fn quantile(values: &[f64], p: f64) -> Option<f64> {
    let sorted = ascending(values);
    let last = sorted.len().checked_sub(1)?;
    let h = last as f64 * p.clamp(0.0, 1.0);
    let k = h.floor() as usize;
    let next = sorted[(k + 1).min(last)];
    Some(sorted[k] + (h - k as f64) * (next - sorted[k]))
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
        // By hand: h = 3 * 0.5 = 1.5, so 2 + 0.5 * (4 - 2) = 3; h = 3 * 0.95 = 2.85, so 4 + 0.85 * (10 - 4) = 9.1.
        let stats = Stats::of(&[10.0, 1.0, 4.0, 2.0]).unwrap();
        assert_eq!((stats.count, stats.mean, stats.median, stats.max), (4, 4.25, 3.0, 10.0));
        assert!((stats.q95 - 9.1).abs() < 1e-12);
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.5), Some(2.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 0.0), Some(1.0));
        assert_eq!(quantile(&[3.0, 1.0, 2.0], 1.0), Some(3.0));
    }

    #[test]
    fn one_value_and_none() {
        assert_eq!(Stats::of(&[]), None);
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(mean(&[]), None);
        assert_eq!(Stats::of(&[7.0]), Some(Stats { count: 1, mean: 7.0, median: 7.0, q95: 7.0, max: 7.0 }));
    }
}
