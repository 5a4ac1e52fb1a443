//! Two solvers on the same problems: Wilcoxon's signed rank test, its effect size, and Holm's
//! correction over many pairs.

use crate::statistics::bootstrap::normal_cdf;
use crate::statistics::summary::mid_ranks;

/// Differences up to this many (zeros left out) get an exact p value.
pub const EXACT_UP_TO: usize = 50;

/// A difference counts only where its corrected p value is below this.
pub const LEVEL: f64 = 0.05;

/// Wilcoxon's signed rank test of "the differences are symmetric about 0" (Wilcoxon 1945,
/// Biometrics Bulletin 1, 80-83), two-sided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wilcoxon {
    /// Differences that are not 0: the others are left out, as Wilcoxon did.
    pub count: usize,
    /// Sum of the ranks of |d| over d > 0; ties share the mean of their ranks.
    pub plus: f64,
    /// The same over d < 0.
    pub minus: f64,
    /// Two-sided p value: over all 2^n signs up to [`EXACT_UP_TO`] differences, ties included;
    /// beyond, by the normal approximation with variance n(n+1)(2n+1)/24 - sum (t^3 - t)/48 over
    /// groups of t ties, without continuity correction.
    pub p: f64,
    /// Matched-pairs rank-biserial correlation, (plus - minus)/(plus + minus), in [-1, 1] (Kerby
    /// 2014, Comprehensive Psychology 3).
    pub effect: f64,
}

/// The test on `differences`; None when none differs from 0 (then nothing speaks for either side)
/// or one is not finite.
#[must_use]
pub fn wilcoxon(differences: &[f64]) -> Option<Wilcoxon> {
    let nonzero: Vec<f64> = differences.iter().copied().filter(|&d| d != 0.0).collect();
    if nonzero.is_empty() || nonzero.iter().any(|d| !d.is_finite()) {
        return None;
    }
    let sizes: Vec<f64> = nonzero.iter().map(|d| d.abs()).collect();
    let ranks = mid_ranks(&sizes);
    // Not `sum`, which is -0 for no ranks.
    let sum = |positive: bool| -> f64 {
        nonzero
            .iter()
            .zip(&ranks)
            .filter(|(d, _)| (**d > 0.0) == positive)
            .fold(0.0, |sum, (_, rank)| sum + rank)
    };
    let (plus, minus) = (sum(true), sum(false));
    let p = if nonzero.len() <= EXACT_UP_TO {
        exact_p(&ranks, plus)
    } else {
        normal_p(&ranks, plus)
    };
    Some(Wilcoxon {
        count: nonzero.len(),
        plus,
        minus,
        p,
        effect: (plus - minus) / (plus + minus),
    })
}

/// Twice the smaller tail of the distribution of the sum of a random half-chance subset of the
/// ranks, at most 1. Ranks are multiples of 1/2, so twice the sum is an integer, and its
/// distribution is a product of polynomials.
fn exact_p(ranks: &[f64], plus: f64) -> f64 {
    let doubled: Vec<usize> = ranks.iter().map(|rank| (2.0 * rank) as usize).collect();
    let mut chance = vec![1.0];
    for &rank in &doubled {
        let mut next = vec![0.0; chance.len() + rank];
        for (sum, p) in chance.iter().enumerate() {
            next[sum] += 0.5 * p;
            next[sum + rank] += 0.5 * p;
        }
        chance = next;
    }
    let observed = (2.0 * plus) as usize;
    let below: f64 = chance[..=observed].iter().sum();
    let above: f64 = chance[observed..].iter().sum();
    (2.0 * below.min(above)).min(1.0)
}

fn normal_p(ranks: &[f64], plus: f64) -> f64 {
    let n = ranks.len() as f64;
    let mut sorted = ranks.to_vec();
    sorted.sort_by(f64::total_cmp);
    let ties: f64 = sorted
        .chunk_by(|a, b| a == b)
        .map(|group| group.len() as f64)
        .map(|t| t * t * t - t)
        .sum();
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let z = (plus - n * (n + 1.0) / 4.0) / variance.sqrt();
    2.0 * normal_cdf(-z.abs())
}

/// Holm's step-down correction (Holm 1979, Scand. J. Statist. 6, 65-70): with the p values
/// ascending, the k-th of m is multiplied by m - k + 1, made at least as large as the one before,
/// and cut at 1. Keeps the chance of any false finding among all of them at the level.
#[must_use]
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]).then(a.cmp(&b)));
    let mut corrected = vec![1.0; p_values.len()];
    let mut least: f64 = 0.0;
    for (place, &k) in order.iter().enumerate() {
        least = least
            .max(p_values[k] * (p_values.len() - place) as f64)
            .min(1.0);
        corrected[k] = least;
    }
    corrected
}

/// The least p value that [`holm`] can give among `tests` tests, of which the largest has `count`
/// differences other than 0: all of one sign, which has probability 2^(1 - count) two-sided, times
/// the number of tests, cut at 1.
#[must_use]
pub fn least_corrected_p(count: usize, tests: usize) -> f64 {
    let least = 0.5_f64.powi(count.saturating_sub(1).min(1_000) as i32);
    (least * tests as f64).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_ranks_by_hand() {
        // |d| ranks 1, 2, 3: plus = 1 + 3, minus = 2; of 8 sign patterns 3 have a plus-sum >= 4 (4,
        // 5, 6), so p = 2 * 3/8.
        let test = wilcoxon(&[1.0, -2.0, 3.0, 0.0]).unwrap();
        assert_eq!((test.count, test.plus, test.minus), (3, 4.0, 2.0));
        assert!((test.p - 0.75).abs() < 1e-12 && (test.effect - 1.0 / 3.0).abs() < 1e-12);
        // All of one sign: 2 / 2^n.
        let ties = wilcoxon(&[2.0; 6]).unwrap();
        assert!((ties.p - 2.0 / 64.0).abs() < 1e-12 && ties.effect == 1.0);
        assert!(ties.minus == 0.0 && ties.minus.is_sign_positive());
        assert_eq!(wilcoxon(&[0.0, 0.0]), None);
        assert_eq!(wilcoxon(&[f64::NAN]), None);
    }

    #[test]
    fn the_two_p_values_agree_where_they_meet() {
        let differences: Vec<f64> = (1..=50)
            .map(|k| {
                if k % 3 == 0 {
                    -f64::from(k)
                } else {
                    f64::from(k)
                }
            })
            .collect();
        let exact = wilcoxon(&differences).unwrap();
        let ranks = mid_ranks(&differences.iter().map(|d| d.abs()).collect::<Vec<_>>());
        assert!(
            (exact.p - normal_p(&ranks, exact.plus)).abs() < 0.005,
            "{exact:?}"
        );
    }

    #[test]
    fn the_least_corrected_p_is_that_of_equal_signs() {
        assert_eq!(least_corrected_p(6, 6), 0.1875);
        assert_eq!(least_corrected_p(1, 3), 1.0);
        for count in 2..12 {
            let equal = wilcoxon(&vec![1.0; count]).unwrap();
            let corrected = holm(&[1.0, equal.p, 0.9]);
            assert!((corrected[1] - least_corrected_p(count, 3)).abs() < 1e-12);
        }
    }

    #[test]
    fn holm_by_hand() {
        // 0.01 * 4, 0.02 * 3, 0.03 * 2 = 0.06 >= 0.06, 0.5 * 1
        let corrected = holm(&[0.03, 0.01, 0.5, 0.02]);
        for (found, expected) in corrected.iter().zip([0.06, 0.04, 0.5, 0.06]) {
            assert!((found - expected).abs() < 1e-12, "{corrected:?}");
        }
        assert_eq!(holm(&[0.9, 0.8]), [1.0, 1.0]);
        assert!(holm(&[]).is_empty());
    }
}
