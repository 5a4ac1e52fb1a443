//! How time grows with size: t = c N^b, fitted to logarithms, with runs that were cut off counted
//! as "at least that long".
//!
//! The model is ln t = a + b ln N + s e with standard normal e; a run that hit its limit is
//! right-censored at the time it had (Tobin 1958, Econometrica 26, 24-36). The likelihood is
//! maximised in Olsen's parameters (a/s, b/s, 1/s), in which it is concave (Olsen 1978,
//! Econometrica 46, 1211-1215), by Newton's method. The interval is b -+ 1.96 standard errors, with
//! the sandwich covariance clustered by instance (White 1982, Econometrica 50, 1-25; Liang and
//! Zeger 1986, Biometrika 73, 13-22). Without a censored run b is the least-squares slope.

use crate::statistics::bootstrap::{ConfidenceInterval, normal_cdf, normal_quantile};

/// Newton steps before the fit is given up; a few suffice, the function being concave.
const STEPS: usize = 100;
/// Runs that were not cut off, at least this many, for a fit of three parameters.
const LEAST_RUNS: usize = 4;
/// Shortest time that is distinguished, s: clocks do not resolve less.
pub const SHORTEST_S: f64 = 1e-7;

/// One run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// N (or whatever it scales with), > 0.
    pub size: f64,
    /// Time, s; for a run that was cut off, when that was.
    pub time_s: f64,
    /// Whether it was cut off.
    pub censored: bool,
    /// The instance.
    pub cluster: u64,
}

/// A fitted power law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// b with its 95 % interval.
    pub exponent: ConfidenceInterval,
    /// c, s: the fitted median time at size 1.
    pub factor: f64,
    /// s, the standard deviation of ln t about the line.
    pub deviation: f64,
    /// Runs used.
    pub runs: usize,
    /// Those of them that were cut off.
    pub censored: usize,
}

impl Scaling {
    /// The fitted median time at a size, s.
    #[must_use]
    pub fn at(&self, size: f64) -> f64 {
        libm::exp(libm::log(self.factor) + self.exponent.estimate * libm::log(size))
    }
}

type Vector = [f64; 3];
type Matrix = [Vector; 3];

/// The fit; None with fewer than two sizes among runs that ended by themselves, fewer than four
/// such runs, or when they lie on the line exactly.
#[must_use]
pub fn fit(timings: &[Timing]) -> Option<Scaling> {
    let mut sorted = timings.to_vec();
    // A fixed order of summation: the same runs give the same bits.
    sorted.sort_by(|a, b| {
        let key = |t: &Timing| (t.cluster, t.censored);
        key(a)
            .cmp(&key(b))
            .then(a.size.total_cmp(&b.size))
            .then(a.time_s.total_cmp(&b.time_s))
    });
    let ended: Vec<&Timing> = sorted.iter().filter(|t| !t.censored).collect();
    let (first, count) = (ended.first()?.size, ended.len());
    if count < LEAST_RUNS || ended.iter().all(|t| t.size == first) {
        return None;
    }
    let x = |t: &Timing| libm::log(t.size);
    let y = |t: &Timing| libm::log(t.time_s.max(SHORTEST_S));
    let centre =
        |f: &dyn Fn(&Timing) -> f64| ended.iter().map(|t| f(t)).sum::<f64>() / count as f64;
    let (cx, cy) = (centre(&x), centre(&y));
    let points = sorted.iter().map(|t| (x(t) - cx, y(t) - cy, t.censored));
    let points: Vec<(f64, f64, bool)> = points.collect();
    let theta = maximise(&points)?;
    let covariance = sandwich(&points, &sorted, theta)?;
    let [intercept, slope, precision] = theta;
    let b = slope / precision;
    // Delta method for slope / precision.
    let gradient = [0.0, 1.0 / precision, -slope / (precision * precision)];
    let error = dot(gradient, apply(&covariance, gradient)).max(0.0).sqrt();
    let reach = normal_quantile(0.975) * error;
    Some(Scaling {
        exponent: ConfidenceInterval {
            estimate: b,
            low: b - reach,
            high: b + reach,
        },
        factor: libm::exp(intercept / precision + cy - b * cx),
        deviation: 1.0 / precision,
        runs: sorted.len(),
        censored: sorted.len() - count,
    })
}

/// Log-likelihood, gradient and Hessian of one point at theta = (a/s, b/s, 1/s). With u = y/s - a/s
/// - (b/s) x: ln(1/s) - u^2/2 when it ended, ln Phi(-u) when it was cut off.
fn point(theta: Vector, (x, y, censored): (f64, f64, bool)) -> (f64, Vector, Matrix) {
    let u = theta[2] * y - theta[0] - theta[1] * x;
    let du = [-1.0, -x, y];
    let (value, first, second) = if censored {
        let tail = normal_cdf(-u);
        // Far out the hazard tends to u: there phi and the tail have no digits left.
        let hazard = if tail > 1e-300 {
            libm::exp(-0.5 * u * u) / (2.0 * std::f64::consts::PI).sqrt() / tail
        } else {
            u + 1.0 / u
        };
        let value = if tail > 1e-300 {
            libm::log(tail)
        } else {
            -0.5 * u * u - libm::log(u)
        };
        (value, -hazard, -(hazard * (hazard - u)).max(0.0))
    } else {
        (libm::log(theta[2]) - 0.5 * u * u, -u, -1.0)
    };
    let mut gradient = du.map(|d| first * d);
    let mut hessian = du.map(|a| du.map(|b| second * a * b));
    if !censored {
        gradient[2] += 1.0 / theta[2];
        hessian[2][2] -= 1.0 / (theta[2] * theta[2]);
    }
    (value, gradient, hessian)
}

fn total(theta: Vector, points: &[(f64, f64, bool)]) -> (f64, Vector, Matrix) {
    let (mut value, mut gradient, mut hessian) = (0.0, [0.0; 3], [[0.0; 3]; 3]);
    for &p in points {
        let (v, g, h) = point(theta, p);
        value += v;
        for k in 0..3 {
            gradient[k] += g[k];
            for l in 0..3 {
                hessian[k][l] += h[k][l];
            }
        }
    }
    (value, gradient, hessian)
}

fn maximise(points: &[(f64, f64, bool)]) -> Option<Vector> {
    let spread = points.iter().map(|p| p.1 * p.1).sum::<f64>() / points.len() as f64;
    let mut theta = [0.0, 0.0, 1.0 / spread.sqrt().max(1e-6)];
    let mut now = total(theta, points);
    for _ in 0..STEPS {
        let step = solve(&now.2, now.1)?;
        let mut share = 1.0;
        let next = loop {
            let tried: Vector = std::array::from_fn(|k| theta[k] - share * step[k]);
            let then = if tried[2] > 0.0 {
                total(tried, points)
            } else {
                (f64::NEG_INFINITY, [0.0; 3], [[0.0; 3]; 3])
            };
            if then.0 >= now.0 - 1e-12 * now.0.abs() {
                break (tried, then);
            }
            share *= 0.5;
            if share < 1e-12 {
                return Some(theta);
            }
        };
        let moved = (0..3)
            .map(|k| (next.0[k] - theta[k]).abs())
            .fold(0.0, f64::max);
        (theta, now) = next;
        // On points that lie on a line exactly 1/s grows without end.
        if theta[2] > 1e8 || !now.0.is_finite() {
            return None;
        }
        if moved < 1e-12 * (1.0 + theta[2]) {
            break;
        }
    }
    Some(theta)
}

/// H^-1 (sum over instances of g g^T) H^-1.
fn sandwich(points: &[(f64, f64, bool)], timings: &[Timing], theta: Vector) -> Option<Matrix> {
    let hessian = total(theta, points).2;
    let mut meat = [[0.0; 3]; 3];
    let mut start = 0;
    for group in timings.chunk_by(|a, b| a.cluster == b.cluster) {
        let score = total(theta, &points[start..start + group.len()]).1;
        start += group.len();
        for k in 0..3 {
            for l in 0..3 {
                meat[k][l] += score[k] * score[l];
            }
        }
    }
    let unit = |k: usize| -> Vector { std::array::from_fn(|l| f64::from(u8::from(k == l))) };
    let columns: Vec<Vector> = (0..3)
        .map(|k| solve(&hessian, unit(k)))
        .collect::<Option<_>>()?;
    // The inverse is symmetric, so its columns are its rows.
    Some(std::array::from_fn(|k| {
        std::array::from_fn(|l| dot(columns[k], apply(&meat, columns[l])))
    }))
}

fn dot(a: Vector, b: Vector) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn apply(m: &Matrix, v: Vector) -> Vector {
    [dot(m[0], v), dot(m[1], v), dot(m[2], v)]
}

/// Solves m x = v by Gauss's elimination with pivots; None when m is singular.
fn solve(m: &Matrix, v: Vector) -> Option<Vector> {
    let (mut m, mut v) = (*m, v);
    for k in 0..3 {
        let pivot = (k..3).max_by(|&a, &b| m[a][k].abs().total_cmp(&m[b][k].abs()))?;
        m.swap(k, pivot);
        v.swap(k, pivot);
        if m[k][k] == 0.0 || !m[k][k].is_finite() {
            return None;
        }
        for row in k + 1..3 {
            let factor = m[row][k] / m[k][k];
            for column in k..3 {
                m[row][column] -= factor * m[k][column];
            }
            v[row] -= factor * v[k];
        }
    }
    for k in (0..3).rev() {
        for column in k + 1..3 {
            v[k] -= m[k][column] * v[column];
        }
        v[k] /= m[k][k];
    }
    Some(v)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(size: f64, time_s: f64, censored: bool, cluster: u64) -> Timing {
        Timing {
            size,
            time_s,
            censored,
            cluster,
        }
    }

    /// t = 1e-4 N^2 times e^(+-0.2): two runs a size, so that least squares is exact.
    fn quadratic() -> Vec<Timing> {
        [20.0_f64, 40.0, 80.0, 160.0]
            .iter()
            .enumerate()
            .flat_map(|(k, &n)| {
                [-0.2_f64, 0.2].map(|e| timing(n, 1e-4 * n * n * e.exp(), false, k as u64))
            })
            .collect()
    }

    #[test]
    fn finds_the_exponent() {
        let fit = fit(&quadratic()).unwrap();
        assert!(
            (fit.exponent.estimate - 2.0).abs() < 1e-9 && (fit.factor - 1e-4).abs() < 1e-12,
            "{fit:?}"
        );
        assert!((fit.deviation - 0.2).abs() < 1e-9 && (fit.at(40.0) - 0.16).abs() < 1e-9);
        assert_eq!((fit.runs, fit.censored), (8, 0));
    }

    /// Cutting at 1 s the runs that take longer must not make the solver look faster than it is.
    #[test]
    fn a_cut_off_run_is_not_a_short_one() {
        let mut state = 1_u64;
        let mut noise = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            0.5 * normal_quantile(((state >> 33) as f64 + 0.5) / f64::from(1_u32 << 31))
        };
        let mut all = Vec::new();
        for n in [20.0_f64, 40.0, 60.0, 80.0, 100.0, 120.0] {
            for _ in 0..40 {
                all.push(timing(
                    n,
                    1e-4 * n * n * noise().exp(),
                    false,
                    all.len() as u64,
                ));
            }
        }
        let cut: Vec<Timing> = all
            .iter()
            .map(|t| Timing {
                time_s: t.time_s.min(1.0),
                censored: t.time_s > 1.0,
                ..*t
            })
            .collect();
        let naive: Vec<Timing> = cut
            .iter()
            .map(|t| Timing {
                censored: false,
                ..*t
            })
            .collect();
        let (whole, censored, naive) =
            (fit(&all).unwrap(), fit(&cut).unwrap(), fit(&naive).unwrap());
        assert!(
            censored.censored > 10
                && whole.exponent.contains(2.0)
                && censored.exponent.contains(2.0),
            "{censored:?}"
        );
        assert!(naive.exponent.high < 2.0, "{naive:?}");
    }

    #[test]
    fn nothing_to_fit() {
        assert_eq!(fit(&[]), None);
        assert_eq!(fit(&[timing(20.0, 1.0, false, 1); 10]), None);
        let line: Vec<Timing> = [10.0, 20.0, 40.0, 80.0]
            .map(|n| timing(n, n, false, n as u64))
            .to_vec();
        assert!(fit(&line).is_none_or(|f| (f.exponent.estimate - 1.0).abs() < 1e-6));
        assert_eq!(
            fit(&[timing(20.0, 1.0, true, 1), timing(40.0, 1.0, true, 2)]),
            None
        );
    }

    #[test]
    fn the_order_does_not_matter() {
        let mut back = quadratic();
        back.reverse();
        assert_eq!(fit(&back), fit(&quadratic()));
    }
}
