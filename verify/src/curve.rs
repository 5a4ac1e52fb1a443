//! The least of V_j over a server's effective loads, found without evaluating every load.
//!
//! V_j(n, I) is known where it has been computed (a [`Row`]); between two loads a < b where it has,
//! it is bounded by interpolation. The gap with the lowest bound is refined first, until the rest
//! cannot change the result.
//!
//! # Why interpolation gives a bound
//!
//! *Between loads, I fixed.* On a range of loads where n f_j <= F_j throughout, or n f_j >= F_j
//! throughout, the pace max(1/f_j, n/F_j) is linear in n, hence so is every price p_i(n) = c_ij(n,
//! I) + e_ij. For any set T of n users and any number y, the sum of p_i over T is n y plus the sum
//! of p_i - y over T, so
//!
//! ```text
//! V_j(n, I) >= n y + G,   G = r_j I + sum over all users i allowed at j of min(0, p_i(n) - y).
//! ```
//!
//! Let y depend linearly on n between a and b, with any values y_a and y_b there. Then each p_i - y
//! is linear, min(0, .) of it is concave, and so is G: it is at least the linear interpolation of
//! G_a and G_b. With y the n-th least price, n y + G is V_j itself at both ends. For n = 0, y is
//! the least price and G = r_j I.
//!
//! *With a user k in the set.* Then p_k - y counts in full, in place of min(0, p_k - y): G grows by
//! max(0, p_k - y), and as a sum of concave terms and one linear one it stays concave. So the
//! interpolation of G_a + max(0, p_k(a) - y_a) and its like at b serves. Of several users, any
//! number not above the least of these maxima at one end and any such number at the other end
//! interpolate to no more than each one's own line.
//!
//! *Between interferences, n fixed.* V_j(n, .) is concave (module `bound`), with or without a user
//! forced into the set. So for I_1 <= I <= I_2 it is at least the linear interpolation of its
//! values, hence of lower bounds of its values, at I_1 and I_2: these come from the loads a and b
//! as above.
//!
//! # Rounding
//!
//! y_a and y_b are doubles and taken as exact; G_a, G_b and the maxima are rounded down, which
//! interpolation keeps because its factors are not negative. A factor t is enclosed in an interval;
//! what is interpolated is linear in t, so the lesser of the values at the interval's two ends,
//! each rounded down, is a lower bound.

use crate::interval::{Interval, down, fast_down, fast_up, settle, up};
use std::collections::HashMap;

/// Gaps with this many loads or fewer are not interpolated: evaluating each load costs no more.
const FEW: usize = 4;

/// V_j(n, I) rounded down, and what is needed to force a user into the set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// n.
    pub(crate) load: usize,
    /// r_j I plus the n - 1 least prices (n >= 1) and 0 prices (n = 0).
    pub(crate) head: f64,
    /// The n-th least price; for n = 0 the least.
    pub(crate) last: f64,
    /// The least price among the users that a tighten step takes from the server; +infinity without
    /// any.
    pub(crate) forced: f64,
}

impl Row {
    /// V_j(n, I).
    fn value(&self) -> f64 {
        settle(if self.load == 0 {
            self.head
        } else {
            fast_down(self.head + self.last)
        })
    }

    /// The least value of a set of n users that contains one of those whose least price is
    /// `forced`: if that one is not among the n - 1 least, it joins them; if it is, the set is the
    /// n least. In both cases that is the n - 1 least and max(forced, n-th least). +infinity when
    /// there is no such set.
    fn value_with(&self) -> f64 {
        if self.load == 0 || self.forced == f64::INFINITY {
            f64::INFINITY
        } else {
            settle(fast_down(self.head + self.last.max(self.forced)))
        }
    }

    /// G; if the set must contain a forced user, plus max(0, p - y) for the cheapest of them.
    fn rest(&self, sets: Sets) -> f64 {
        let others = self.load.saturating_sub(1) as f64;
        // The sum of p - y over the n least: the n-th is y itself.
        let rest = fast_down(self.head - fast_up(others * self.last));
        match sets {
            Sets::All => rest,
            Sets::WithForced => fast_down(rest + fast_down(self.forced - self.last).max(0.0)),
        }
    }
}

/// One effective load of the server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// n.
    pub(crate) load: usize,
    /// The ends of its effective interference range, W.
    pub(crate) ends: [f64; 2],
    /// The part of the pace that counts, if that is certain.
    pub(crate) pace: Pace,
}

/// Position of a load relative to F_j / f_j.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// n f_j <= F_j for certain.
    Capped,
    /// n f_j >= F_j for certain.
    Shared,
    /// Too close to tell.
    Unsure,
}

impl Pace {
    /// For n users at a server with the given f_j and F_j, FLOP/s.
    pub(crate) fn of(n: usize, user_cap: f64, capacity: f64) -> Pace {
        let used = n as f64 * user_cap;
        if up(used) <= capacity {
            Pace::Capped
        } else if down(used) >= capacity {
            Pace::Shared
        } else {
            Pace::Unsure
        }
    }
}

/// Which sets of users count at a load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sets {
    /// All of them.
    All,
    /// Those that contain a forced user.
    WithForced,
}

/// The sets whose least value is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aim {
    /// All sets: V_j.
    All,
    /// Sets of a size outside lo..=hi, and sets that contain a user whom the step takes from the
    /// server.
    CutOff(usize, usize),
}

impl Aim {
    /// The sets that count at load n.
    fn sets(self, n: usize) -> Sets {
        match self {
            Aim::CutOff(lo, hi) if lo <= n && n <= hi => Sets::WithForced,
            Aim::All | Aim::CutOff(..) => Sets::All,
        }
    }

    fn of(self, row: &Row) -> f64 {
        match self.sets(row.load) {
            Sets::All => row.value(),
            Sets::WithForced => row.value_with(),
        }
    }
}

/// What is known of a server's least value over its effective loads.
pub(crate) struct Curve {
    aim: Aim,
    /// By rising load.
    points: Vec<Point>,
    /// Least value at the points evaluated.
    found: f64,
    gaps: Vec<Gap>,
    /// By load and by the bits of I.
    rows: HashMap<(usize, u64), Row>,
}

/// The points strictly between two that have been evaluated.
struct Gap {
    first: usize,
    last: usize,
    /// No value at a point between is below this.
    low: f64,
    /// The point where the bound is `low`.
    at: usize,
}

impl Curve {
    /// `points` by rising load; `price` computes a row for a load and an interference.
    pub(crate) fn new(
        aim: Aim,
        points: Vec<Point>,
        price: &mut impl FnMut(usize, f64) -> Row,
    ) -> Curve {
        let mut curve = Curve {
            aim,
            points,
            found: f64::INFINITY,
            gaps: Vec::new(),
            rows: HashMap::new(),
        };
        let mut first = 0;
        while first < curve.points.len() {
            // A stretch where prices are linear in the load.
            let pace = curve.points[first].pace;
            let same = |p: &&Point| p.pace == pace && pace != Pace::Unsure;
            let last = first + curve.points[first..].iter().take_while(same).count().max(1) - 1;
            curve.evaluate(first, price);
            if last > first {
                curve.evaluate(last, price);
                curve.add_gap(first, last, price);
            }
            first = last + 1;
        }
        curve
    }

    /// A lower bound of the wanted value; +infinity when there is no such set.
    pub(crate) fn low(&self) -> f64 {
        self.gaps
            .iter()
            .fold(self.found, |low, gap| low.min(gap.low))
    }

    /// How far the value may be above [`Curve::low`]; 0 when that is the value itself.
    pub(crate) fn doubt(&self) -> f64 {
        let low = self.low();
        if self.found > low {
            self.found - low
        } else {
            0.0
        }
    }

    /// Evaluates the point with the lowest bound; does nothing if no doubt is left.
    pub(crate) fn refine(&mut self, price: &mut impl FnMut(usize, f64) -> Row) {
        let lowest =
            (0..self.gaps.len()).min_by(|&a, &b| self.gaps[a].low.total_cmp(&self.gaps[b].low));
        let Some(lowest) = lowest.filter(|&g| self.gaps[g].low < self.found) else {
            return;
        };
        let Gap {
            first, last, at, ..
        } = self.gaps.swap_remove(lowest);
        self.evaluate(at, price);
        self.add_gap(first, at, price);
        self.add_gap(at, last, price);
    }

    /// Refines until the lower bound is the value, or is at least `enough`.
    pub(crate) fn sharpen(
        &mut self,
        enough: f64,
        price: &mut impl FnMut(usize, f64) -> Row,
    ) -> f64 {
        while self.doubt() > 0.0 && self.low() < enough {
            self.refine(price);
        }
        self.low()
    }

    fn evaluate(&mut self, x: usize, price: &mut impl FnMut(usize, f64) -> Row) {
        let Point { load, ends, .. } = self.points[x];
        for end in ends {
            let row = self.row(load, end, price);
            self.found = self.found.min(self.aim.of(&row));
        }
    }

    fn row(&mut self, load: usize, end: f64, price: &mut impl FnMut(usize, f64) -> Row) -> Row {
        *self
            .rows
            .entry((load, end.to_bits()))
            .or_insert_with(|| price(load, end))
    }

    /// Bounds the gap between two points that have been evaluated.
    fn add_gap(&mut self, first: usize, last: usize, price: &mut impl FnMut(usize, f64) -> Row) {
        if last - first <= FEW + 1 {
            (first + 1..last).for_each(|x| self.evaluate(x, price));
            return;
        }
        let mut gap = Gap {
            first,
            last,
            low: f64::INFINITY,
            at: first + 1,
        };
        let ends = if self.points[first..=last]
            .iter()
            .all(|p| p.ends[0] == p.ends[1])
        {
            1
        } else {
            2
        };
        for end in 0..ends {
            self.bound_gap(&mut gap, end, price);
        }
        self.gaps.push(gap);
    }

    /// Bounds the points of a gap at one end of their interference ranges.
    fn bound_gap(&mut self, gap: &mut Gap, end: usize, price: &mut impl FnMut(usize, f64) -> Row) {
        let (a, b) = (self.points[gap.first].load, self.points[gap.last].load);
        let ends = self.points[gap.first..=gap.last]
            .iter()
            .map(|p| p.ends[end]);
        let (low, high) = ends.fold((f64::INFINITY, 0.0), |(l, h): (f64, f64), x| {
            (l.min(x), h.max(x))
        });
        let mut line = |power: f64| [self.row(a, power, price), self.row(b, power, price)];
        let (lower, upper) = (line(low), if high > low { Some(line(high)) } else { None });
        for x in gap.first + 1..gap.last {
            let Point { load, ends, .. } = self.points[x];
            let sets = self.aim.sets(load);
            let t = part(a as f64, load as f64, b as f64);
            let mut value = between_loads(&lower, load, t, sets);
            if let Some(upper) = &upper {
                value = interpolate(
                    value,
                    between_loads(upper, load, t, sets),
                    part(low, ends[end], high),
                );
            }
            let value = settle(value);
            if value < gap.low {
                (gap.low, gap.at) = (value, x);
            }
        }
    }
}

/// A lower bound of V_j at `load`, the fraction `t` of the way between the loads of two rows of the
/// same interference.
fn between_loads([a, b]: &[Row; 2], load: usize, t: Interval, sets: Sets) -> f64 {
    let y = interpolate(a.last, b.last, t);
    fast_down(fast_down(load as f64 * y) + interpolate(a.rest(sets), b.rest(sets), t))
}

/// (x - a) / (b - a), for a <= x <= b and a < b: within \[0, 1\].
fn part(a: f64, x: f64, b: f64) -> Interval {
    let minus = |x: f64| Interval {
        lo: down(x - a).max(0.0),
        hi: up(x - a),
    };
    let t = minus(x).over(minus(b));
    Interval {
        lo: t.lo.min(1.0),
        hi: t.hi.min(1.0),
    }
}

/// A lower bound of a + t (b - a) for every t in an interval within \[0, 1\]; -infinity or NaN when
/// something overflows.
fn interpolate(a: f64, b: f64, t: Interval) -> f64 {
    let step = fast_down(b - a);
    let at = |t: f64| fast_down(a + fast_down(t * step));
    let (x, y) = (at(t.lo), at(t.hi));
    if x.is_nan() || y.is_nan() {
        f64::NEG_INFINITY
    } else {
        x.min(y)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::common::Lcg;

    /// a + (p / q) (b - a) for dyadic a and b, against whole numbers.
    #[test]
    fn interpolation_is_just_below_the_exact_value() {
        let mut rng = Lcg(51);
        let unit = 2.0_f64.powi(-30);
        for _ in 0..20_000 {
            let mut whole = |bits: u32| (rng.bits() >> (48 - bits)) as i128 - (1 << (bits - 1));
            let (a, b) = (whole(40), whole(40));
            let q = 1 + rng.below(1000) as i128;
            let p = rng.below(q as usize + 1) as i128;
            let t = part(0.0, p as f64, q as f64);
            let low = interpolate(a as f64 * unit, b as f64 * unit, t);
            // Below in units of 2^-70, which hold everything but the last bits of the least
            // numbers.
            let exact = (a * q + p * (b - a)) << 40;
            assert!(
                (low * 2.0_f64.powi(70)).floor() as i128 * q <= exact,
                "{a} {b} {p}/{q}"
            );
            let size = (a.abs() + b.abs()) as f64 * unit;
            assert!(
                low >= exact as f64 / q as f64 * 2.0_f64.powi(-70) - 4e-15 * size,
                "{a} {b} {p}/{q}"
            );
        }
    }

    #[test]
    fn parts_enclose_the_exact_quotient() {
        for q in 1..200_i64 {
            for p in 0..=q {
                // From 3 on, so that the differences are of numbers that are not 0.
                let t = part(3.0, (3 + p) as f64, (3 + q) as f64);
                let product = |end: f64| (end * 2.0_f64.powi(60)) as i128 * i128::from(q);
                let exact = i128::from(p) << 60;
                assert!(
                    product(t.lo) <= exact && exact <= product(t.hi) + i128::from(q),
                    "{p}/{q}: {t:?}"
                );
                assert!(
                    0.0 <= t.lo && t.hi <= 1.0 && t.hi - t.lo <= 1e-14,
                    "{p}/{q}: {t:?}"
                );
            }
        }
        let point = part(5.0, 5.0, 5.0);
        assert_eq!((point.lo, point.hi), (0.0, 1.0));
    }

    #[test]
    fn what_overflows_proves_nothing() {
        let t = Interval { lo: 0.25, hi: 0.5 };
        for (a, b) in [
            (f64::NEG_INFINITY, 1.0),
            (1.0, f64::NEG_INFINITY),
            (-f64::MAX, f64::MAX),
            (f64::NAN, 0.0),
        ] {
            assert_eq!(interpolate(a, b, t), f64::NEG_INFINITY, "{a} {b}");
        }
        let row = Row {
            load: 3,
            head: f64::NEG_INFINITY,
            last: 0.0,
            forced: 0.0,
        };
        assert_eq!(
            (row.value(), row.value_with()),
            (f64::NEG_INFINITY, f64::NEG_INFINITY)
        );
        assert_eq!(
            settle(between_loads(
                &[row, Row { load: 9, ..row }],
                5,
                t,
                Sets::WithForced
            )),
            f64::NEG_INFINITY
        );
    }

    /// One server in plain f64: the formulas of `docs/src/reference/certificate.md`, and every
    /// set's value by sorting.
    struct Toy {
        /// v D / B, S, v w and e of every user.
        users: Vec<[f64; 4]>,
        noise: f64,
        user_cap: f64,
        capacity: f64,
        r: f64,
        cut: Vec<usize>,
        aim: Aim,
        points: Vec<Point>,
    }

    impl Toy {
        fn random(rng: &mut Lcg) -> Toy {
            let count = 6 + rng.below(50);
            let user = |rng: &mut Lcg| {
                let signal = 10.0_f64.powf(rng.between(-2.0, 3.0));
                [
                    rng.between(0.0, 0.02),
                    signal,
                    rng.between(0.0, 0.3),
                    rng.between(-3.0, 0.5),
                ]
            };
            let users: Vec<_> = (0..count).map(|_| user(rng)).collect();
            // Most kinks of the pace are among the loads, many of them at a load.
            let user_cap = rng.between(0.5, 2.0);
            let capacity = user_cap
                * if rng.chance(0.5) {
                    rng.below(count) as f64 + 1.0
                } else {
                    rng.between(0.5, 60.0)
                };
            let cut: Vec<usize> = (0..rng.below(4)).map(|_| rng.below(count)).collect();
            let stay = (rng.below(count), rng.below(count + 2));
            let aim = if rng.chance(0.5) {
                Aim::All
            } else {
                Aim::CutOff(stay.0, stay.1)
            };
            let (noise, r) = (rng.between(0.1, 2.0), rng.between(-0.1, 0.3));
            let mut toy = Toy {
                users,
                noise,
                user_cap,
                capacity,
                r,
                cut,
                aim,
                points: Vec::new(),
            };
            toy.points = toy.random_points(rng);
            toy
        }

        /// Ranges that fall with the load, cut off at both sides as a box does it.
        fn random_points(&self, rng: &mut Lcg) -> Vec<Point> {
            let (mut low, mut high) = (rng.between(0.0, 30.0), rng.between(30.0, 90.0));
            let (floor, ceiling) = (rng.between(0.0, 10.0), rng.between(20.0, 90.0));
            let first = rng.below(3);
            let mut points = Vec::new();
            for load in first..=first.max(rng.below(self.users.len() + 1)) {
                let ends = [low.max(floor), high.min(ceiling)];
                let wanted = self.aim.sets(load) == Sets::All || !self.cut.is_empty();
                if ends[0] <= ends[1] && wanted {
                    points.push(Point {
                        load,
                        ends,
                        pace: Pace::of(load, self.user_cap, self.capacity),
                    });
                }
                low -= rng.between(0.0, 1.0) * low / 8.0;
                high -= rng.between(0.0, 1.0) * high / 20.0;
            }
            points
        }

        fn prices(&self, n: usize, power: f64) -> Vec<f64> {
            let pace = (1.0 / self.user_cap).max(n as f64 / self.capacity);
            let price = |&[d, s, w, e]: &[f64; 4]| {
                n as f64 * d / (s / (self.noise + power)).ln_1p() + w * pace + e
            };
            self.users.iter().map(price).collect()
        }

        fn row(&self, n: usize, power: f64) -> Row {
            let prices = self.prices(n, power);
            let forced = self
                .cut
                .iter()
                .map(|&i| prices[i])
                .fold(f64::INFINITY, f64::min);
            let mut sorted = prices;
            sorted.sort_by(f64::total_cmp);
            let head = self.r * power + sorted[..n.saturating_sub(1)].iter().sum::<f64>();
            Row {
                load: n,
                head,
                last: sorted[n.saturating_sub(1)],
                forced,
            }
        }

        /// The wanted value at one point, by the definition: a set with a forced user is that user
        /// and the n - 1 least of the others.
        fn value(&self, point: &Point) -> f64 {
            let n = point.load;
            let least = |prices: &[f64]| {
                let mut sorted = prices.to_vec();
                sorted.sort_by(f64::total_cmp);
                move |n: usize| sorted[..n].iter().sum::<f64>()
            };
            let at = |&power: &f64| {
                let mut prices = self.prices(n, power);
                let mut value = f64::INFINITY;
                if self.aim.sets(n) == Sets::All {
                    value = self.r * power + least(&prices)(n);
                }
                if self.aim != Aim::All && n > 0 {
                    for &i in &self.cut {
                        let own = std::mem::replace(&mut prices[i], f64::MAX);
                        value = value.min(self.r * power + own + least(&prices)(n - 1));
                        prices[i] = own;
                    }
                }
                value
            };
            point.ends.iter().map(at).fold(f64::INFINITY, f64::min)
        }
    }

    #[test]
    fn a_gap_is_never_above_a_point_inside_and_closes_on_the_least() {
        let mut rng = Lcg(52);
        let (mut gaps, mut rows, mut all) = (0, 0, 0);
        for round in 0..3000 {
            let toy = Toy::random(&mut rng);
            let exact: Vec<f64> = toy.points.iter().map(|p| toy.value(p)).collect();
            let mut price = |n, power| toy.row(n, power);
            let mut curve = Curve::new(toy.aim, toy.points.clone(), &mut price);
            loop {
                for gap in &curve.gaps {
                    let inside = exact[gap.first + 1..gap.last]
                        .iter()
                        .copied()
                        .fold(f64::INFINITY, f64::min);
                    assert!(
                        gap.low <= inside + 1e-11,
                        "round {round}: {} above {inside}",
                        gap.low
                    );
                    gaps += 1;
                }
                if curve.doubt() == 0.0 {
                    break;
                }
                curve.refine(&mut price);
            }
            let least = exact.iter().copied().fold(f64::INFINITY, f64::min);
            assert!(
                curve.low() == least || (curve.low() - least).abs() <= 1e-11,
                "round {round}: {}",
                curve.low()
            );
            if toy.points.len() > 25 {
                rows += curve.rows.len();
                all += 2 * toy.points.len();
            }
        }
        // The bounds are worth something, and save work.
        assert!(gaps > 5000, "{gaps}");
        assert!(rows * 10 < all * 8, "{rows} rows where {all} would do");
    }

    #[test]
    fn the_pace_is_only_called_linear_where_it_is() {
        assert_eq!(Pace::of(3, 2.0, 7.0), Pace::Capped);
        assert_eq!(Pace::of(4, 2.0, 7.0), Pace::Shared);
        // Equal up to one rounding.
        assert_eq!(Pace::of(3, 2.0, 6.0), Pace::Unsure);
        assert_eq!(Pace::of(0, 1.0, 1.0), Pace::Capped);
    }
}
