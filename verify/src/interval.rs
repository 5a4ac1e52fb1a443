//! Interval arithmetic with outward rounding.
//!
//! Rust's `+ - * /` on `f64` round to nearest, so the exact result of one operation lies between
//! the double below and the double above the one computed. Every operation here moves one double
//! outward (or two, where that vectorises). Below, u = 2^-53 is the unit roundoff.

/// The least positive double, 2^-1074.
const TINY: f64 = f64::from_bits(1);
/// 2^-52 = 2u.
const TWO_U: f64 = f64::EPSILON;
/// 2 / ln 2 = 2 log2(e). Doubling is exact, so its relative error is that of the constant, at most
/// u.
const TWO_LOG2_E: f64 = 2.0 * std::f64::consts::LOG2_E;
/// Terms of the series of [`log2_1p`] after the leading 1: 1/3, 1/5, ..., 1/33.
const TERMS: u32 = 16;
/// Relative error of [`log2_1p`] that is added on both sides, 16u; the proof there needs 9u.
const LOG_ERROR: f64 = 8.0 * TWO_U;

/// A real number known to lie in \[lo, hi\]. `lo` may be -infinity and `hi` +infinity, neither is
/// ever NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lo: f64,
    /// Upper end.
    pub hi: f64,
}

/// The double below `x`, where `x` was rounded to nearest: a lower bound of the exact result. NaN
/// becomes -infinity.
pub(crate) fn down(x: f64) -> f64 {
    if x.is_nan() {
        f64::NEG_INFINITY
    } else {
        x.next_down()
    }
}

/// The double above `x`, where `x` was rounded to nearest: an upper bound of the exact result. NaN
/// becomes +infinity.
pub(crate) fn up(x: f64) -> f64 {
    if x.is_nan() {
        f64::INFINITY
    } else {
        x.next_up()
    }
}

/// [`down`] without branches, for inner loops: at most the double below `x`. Not finite (NaN) when
/// `x` is not finite.
///
/// Proof. For a normal x with 2^e <= |x| < 2^(e+1) the spacing of doubles is ulp = 2^(e-52) <=
/// 2^-52 |x|, and both are rounded monotonically, so s = fl(2^-52 |x| + 2^-1074) >= ulp; for a
/// subnormal x, s >= 2^-1074 = ulp. Hence x - s <= x - ulp, which is a double not above the
/// predecessor of x, and rounding to nearest is monotone.
#[inline]
pub(crate) fn fast_down(x: f64) -> f64 {
    x - (TWO_U * x.abs() + TINY)
}

/// [`up`] without branches; see [`fast_down`].
#[inline]
pub(crate) fn fast_up(x: f64) -> f64 {
    x + (TWO_U * x.abs() + TINY)
}

/// A lower bound of the exact sum of finite doubles. The caller checks the result: it is not finite
/// if anything overflowed.
///
/// Recursive summation errs by at most g A, with A the exact sum of |x_i|, g = (n-1)u / (1 -
/// (n-1)u) (Higham, *Accuracy and Stability of Numerical Algorithms*, (4.4)), and the computed sum
/// of |x_i| is at least (1 - g) A. So 2 n u times the latter covers g A for n < 2^50. Additions are
/// exact among subnormals; an underflow of the product (at most 2^-1075) is less than what
/// [`fast_down`] takes off.
#[inline]
pub(crate) fn sum_down(terms: &[f64]) -> f64 {
    let (mut sum, mut size) = (0.0, 0.0);
    for &x in terms {
        sum += x;
        size += f64::abs(x);
    }
    // The difference is one more rounding: that is what fast_down is for.
    fast_down(sum - terms.len() as f64 * TWO_U * size)
}

/// `x` if it is finite, else -infinity, the lower bound that claims nothing.
#[inline]
pub(crate) fn settle(x: f64) -> f64 {
    if x.is_finite() { x } else { f64::NEG_INFINITY }
}

impl Interval {
    /// Zero.
    pub(crate) const ZERO: Interval = Interval { lo: 0.0, hi: 0.0 };

    /// An exact double.
    pub(crate) fn point(x: f64) -> Interval {
        Interval { lo: x, hi: x }
    }

    /// Both ends rounded outward.
    fn outward(lo: f64, hi: f64) -> Interval {
        Interval {
            lo: down(lo),
            hi: up(hi),
        }
    }

    /// The product, for any signs.
    pub(crate) fn times(self, other: Interval) -> Interval {
        let p = [
            self.lo * other.lo,
            self.lo * other.hi,
            self.hi * other.lo,
            self.hi * other.hi,
        ];
        if p.iter().any(|x| x.is_nan()) {
            return Interval {
                lo: f64::NEG_INFINITY,
                hi: f64::INFINITY,
            };
        }
        Interval::outward(
            p.iter().copied().fold(p[0], f64::min),
            p.iter().copied().fold(p[0], f64::max),
        )
    }

    /// self / other for self >= 0 and other > 0 (an `other.lo` that has underflowed to 0 gives hi =
    /// +infinity).
    pub(crate) fn over(self, other: Interval) -> Interval {
        debug_assert!(self.lo >= 0.0 && other.lo >= 0.0);
        // A quotient of non-negative numbers is not negative, although the step down from 0 is.
        Interval {
            lo: down(self.lo / other.hi).max(0.0),
            hi: up(self.hi / other.lo),
        }
    }

    /// The greater of two numbers.
    pub(crate) fn max(self, other: Interval) -> Interval {
        Interval {
            lo: self.lo.max(other.lo),
            hi: self.hi.max(other.hi),
        }
    }

    /// Whether `x` lies in the interval widened on both sides by the fraction `tolerance` of the
    /// ends.
    #[must_use]
    pub fn nearly_contains(self, x: f64, tolerance: f64) -> bool {
        self.lo - tolerance * self.lo.abs() <= x && x <= self.hi + tolerance * self.hi.abs()
    }

    /// log2(1 + x) for x >= 0. It is monotone, so each end is computed by itself.
    pub(crate) fn log2_1p(self) -> Interval {
        Interval {
            lo: log2_1p(self.lo.max(0.0)).lo,
            hi: log2_1p(self.hi).hi,
        }
    }
}

impl std::ops::Add for Interval {
    type Output = Interval;
    fn add(self, other: Interval) -> Interval {
        Interval::outward(self.lo + other.lo, self.hi + other.hi)
    }
}

/// An interval around log2(1 + x) for a double x >= 0.
///
/// For x < 1 let k = 0 and z = x / (2 + x); for x >= 1 let 1 + x = 2^k m with 1 <= m < 2 and z =
/// (m-1) / (m+1). Then
///
/// ```text
/// log2(1 + x) = k + (2 / ln 2) atanh z = k + (2 / ln 2) z P(z^2),
/// P(w) = 1 + w/3 + w^2/5 + ...,   0 <= z <= 1/3.
/// ```
///
/// Everything is non-negative, so relative errors never grow by cancellation. They are, to first
/// order (there are 7u to spare):
/// * z: a sum and a quotient, 2u (m - 1 is exact); w = fl(z z): 5u against the exact z^2.
/// * t = w (1/3 + w (1/5 + ...)) by Horner's rule: the term of w^i passes i products and i sums,
///   its coefficient is rounded once, and each of its i factors w is off by 5u: at most (7i+1)u <=
///   (2i+1) 3.5u. Times its value w^i / (2i+1) and summed over i with w <= 1/9: at most 3.5u / 8 <
///   0.45u, absolute. The terms left out are below (1/9)^17 / 35 (9/8) < 0.02u, and a w that
///   underflows changes t by less than 2^-1000.
/// * P = fl(1 + t) >= 1: 0.45u, 0.02u and u, below 1.5u. C = 2 / ln 2: u. So C z P: u (C), 2u (z),
///   1.5u (P), 2u (two products), together 6.5u.
/// * for x >= 1: fl(1 + x) is off by u, which moves log2 by at most u / ln 2 < 1.45u, and log2 >=
///   1; adding k: u. Total below 9u.
///
/// For x < 2^-1000, where products might underflow, x <= log2(1 + x) <= x / ln 2 <= 2x is good
/// enough.
#[inline]
fn log2_1p(x: f64) -> Interval {
    if x.is_nan() {
        return Interval {
            lo: 0.0,
            hi: f64::INFINITY,
        };
    }
    if x == f64::INFINITY {
        return Interval {
            lo: 1023.0,
            hi: f64::INFINITY,
        };
    }
    if x < f64::from_bits(23 << 52) {
        return Interval {
            lo: x,
            hi: up(2.0 * x),
        };
    }
    let (k, z) = if x < 1.0 {
        (0.0, x / (2.0 + x))
    } else {
        // 1 + x >= 2 is a normal double: its exponent field is k + 1023, and with the field 1023
        // instead it is m. fl(1 + x) = infinity is impossible: 1 is less than half an ulp of the
        // greatest double.
        let bits = (1.0 + x).to_bits();
        let k = (bits >> 52) as f64 - 1023.0;
        let m = f64::from_bits((bits & ((1 << 52) - 1)) | (1023 << 52));
        (k, (m - 1.0) / (m + 1.0))
    };
    let value = k + TWO_LOG2_E * z * series(z * z);
    Interval {
        lo: down(value - LOG_ERROR * value),
        hi: up(value + LOG_ERROR * value),
    }
}

/// The upper end of [`log2_1p`], never NaN.
#[inline]
pub(crate) fn log2_1p_up(x: f64) -> f64 {
    log2_1p(x).hi
}

/// P(w) = 1 + w/3 + w^2/5 + ... + w^16/33 by Horner's rule.
#[inline]
fn series(w: f64) -> f64 {
    const COEFFICIENTS: [f64; TERMS as usize] = coefficients();
    let mut t = 0.0;
    for c in COEFFICIENTS {
        t = (c + t) * w;
    }
    1.0 + t
}

/// 1/33, 1/31, ..., 1/3.
const fn coefficients() -> [f64; TERMS as usize] {
    let mut table = [0.0; TERMS as usize];
    let mut i = 0;
    while i < TERMS {
        table[i as usize] = 1.0 / (2 * (TERMS - i) + 1) as f64;
        i += 1;
    }
    table
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn steps_go_outward() {
        for x in [
            0.0,
            -0.0,
            1.0,
            -1.0,
            1.5e-9,
            -7.25e300,
            TINY,
            -TINY,
            f64::MIN_POSITIVE,
            1e-310,
            f64::MAX / 2.0,
        ] {
            assert!(fast_down(x) <= x.next_down(), "{x}");
            assert!(fast_up(x) >= x.next_up(), "{x}");
            assert!(fast_down(x) >= x.next_down().next_down().next_down(), "{x}");
        }
        assert!(!fast_down(f64::INFINITY).is_finite());
        assert_eq!(down(f64::NAN), f64::NEG_INFINITY);
        assert_eq!(down(f64::INFINITY), f64::MAX);
    }

    #[test]
    fn sums_stay_below_the_exact_sum() {
        // Multiples of 2^-60 below 2^-8, summed exactly as integers.
        let mut state = 7_u64;
        for n in [1, 2, 10, 100, 1000].repeat(50) {
            let mut next = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                (state >> 12) as i64 - (1 << 51)
            };
            let whole: Vec<i64> = (0..n).map(|_| next()).collect();
            let unit = 2.0_f64.powi(-60);
            let terms: Vec<f64> = whole.iter().map(|&w| w as f64 * unit).collect();
            let exact: i128 = whole.iter().map(|&w| i128::from(w)).sum();
            let low = sum_down(&terms);
            // Dividing by a power of two and rounding up to a whole number are exact.
            assert!((low / unit).ceil() as i128 <= exact, "n = {n}");
            assert!((low - exact as f64 * unit).abs() <= 1e-12, "n = {n}");
        }
    }

    #[test]
    fn products_of_any_sign() {
        let a = Interval { lo: -2.0, hi: 3.0 };
        let b = Interval { lo: -5.0, hi: 1.0 };
        let p = a.times(b);
        assert!(p.lo <= -15.0 && p.lo > -15.1 && p.hi >= 10.0 && p.hi < 10.1);
        let odd = Interval::ZERO.times(Interval {
            lo: 0.0,
            hi: f64::INFINITY,
        });
        assert_eq!((odd.lo, odd.hi), (f64::NEG_INFINITY, f64::INFINITY));
    }

    #[test]
    fn logarithm_at_powers_of_two() {
        for k in 1..=1023 {
            let x = 2.0_f64.powi(k) - 1.0;
            let at = log2_1p(x);
            // For k > 53 the subtraction rounds back to 2^k, whose logarithm is a little more than
            // k.
            assert!(at.lo <= f64::from(k) && f64::from(k) <= at.hi, "2^{k}");
            assert!(at.hi - at.lo <= 40.0 * f64::EPSILON * f64::from(k), "2^{k}");
        }
    }

    /// (x, log2(1 + x) to the nearest double), made with Python's `decimal` at 60 digits.
    pub(crate) const TABLE: &[(f64, f64)] = &[
        (0.5, 0.5849625007211562),
        (0.9999999999999999, 0.9999999999999999),
        (1.0, 1.0),
        (1.0000000000000002, 1.0000000000000002),
        (2.0, 1.584962500721156),
        (2.9999999999999996, 1.9999999999999998),
        (3.0000000000000004, 2.0),
        (0.1, 0.1375035237499349),
        (1e-05, 1.4426878274618485e-05),
        (1e-09, 1.442695040167616e-09),
        (1e-15, 1.4426950408889629e-15),
        (1e-20, 1.4426950408889633e-20),
        (1e-100, 1.4426950408889633e-100),
        (1e-300, 1.4426950408889634e-300),
        (1e16, 53.150849518197795),
        (1e50, 166.09640474436813),
        (1e300, 996.5784284662087),
        (2.8710046625295615, 1.9527080453218348),
        (685.0776277646299, 9.422228012317083),
        (8014.405480210349, 12.96855978938276),
        (7063267.847749877, 22.751904579875855),
        (628.0171371463978, 9.296955512665187),
        (2795760.2982548275, 21.414809758175974),
        (3.8028094605874665e-12, 5.4862943502247404e-12),
        (0.0020533032169099993, 0.0029592532849642183),
        (7364348.630754453, 22.812126691202334),
        (9.538741130500675, 3.397630639922131),
        (1042341.0339321606, 19.991397330326855),
        (1.8370428774503188e-10, 2.6502926489545316e-10),
        (0.00240647279095328, 0.003467635647569943),
        (8.539976043438446e-08, 1.232058056109189e-07),
        (0.07502693149343799, 0.10437280255458654),
        (0.30117835615371386, 0.379818729851501),
        (1.8292951872405265e-12, 2.6391150949515416e-12),
        (2.160707648604044e-08, 3.117242175774662e-08),
        (3.887293393270898e-07, 5.608177810920799e-07),
        (2122791.9701945805, 21.01753224558967),
        (2063.046574706663, 11.01125980985166),
        (1.5562674968311024e-09, 2.245219398227831e-09),
        (8768.79321348467, 13.098327109840946),
        (5.961401437663086e-10, 8.600484288301324e-10),
        (2.233831492523111, 1.6932445052695315),
        (3.419673563646058e-10, 4.933546090887701e-10),
        (1.0851686633391698e-12, 1.565567449126676e-12),
        (267975.3794099947, 18.031746315381504),
        (1.5457086948374045e-08, 2.22998625146633e-08),
        (2.03996813896497e-08, 2.9430518876375895e-08),
        (1.0964842217651851, 1.06797197243721),
        (1.0744815530873604, 1.052750828389264),
        (0.9578610335493853, 0.9692783679425734),
        (1.0922955977900168, 1.0650866887452546),
        (1.007844693774162, 1.0056476815461137),
        (1.0355660954501185, 1.0254300669851608),
        (127.18507179147674, 7.002084447781073),
        (8337752.742458206, 22.991227331758214),
        (535617033.7839031, 28.996626604017),
        (1.9944475973888953, 1.5822898854808776),
        (64.55781459947302, 6.034695857209829),
        (507.54703066496694, 8.990237391132975),
        (1030.5003583683945, 10.010528607114033),
        (519080.59457781084, 18.985601808473483),
    ];

    #[test]
    fn logarithm_against_sixty_digits() {
        for &(x, exact) in TABLE {
            let at = log2_1p(x);
            // The true value is within half an ulp of `exact`, so it is inside if both neighbours
            // are.
            assert!(
                at.lo <= exact.next_down() && exact.next_up() <= at.hi,
                "{x:e}: {at:?} {exact:e}"
            );
            assert!(
                at.hi - at.lo <= 20.0 * f64::EPSILON * exact,
                "{x:e}: {at:?}"
            );
        }
    }

    #[test]
    fn logarithm_at_the_edges() {
        assert_eq!(log2_1p(0.0).lo, 0.0);
        assert!(log2_1p(TINY).hi >= TINY);
        assert!(log2_1p(f64::MAX).hi >= 1024.0 && log2_1p(f64::MAX).lo > 1023.9);
        assert_eq!(log2_1p(f64::INFINITY).hi, f64::INFINITY);
        let edge = f64::from_bits(23 << 52);
        assert!(edge == 2.0_f64.powi(-1000));
        assert!(log2_1p(edge).lo >= edge && log2_1p(edge.next_down()).hi >= edge);
    }
}
