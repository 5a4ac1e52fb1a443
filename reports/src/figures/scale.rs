//! Ends and ticks of axes.

use super::chart::{Axis, Bars, Chart, Panel, Point, ReferenceLine};

/// About how many steps a linear axis has.
const STEPS: f64 = 5.0;
/// Forgiven when a value is compared with a tick, in steps or decades: numbers such as 0.001 have
/// no exact logarithm, and steps such as 0.1 no exact multiple.
const ROUNDING: f64 = 1e-9;

/// An axis with its ends and ticks settled.
#[derive(Clone, Debug, Default)]
pub(super) struct Scale {
    pub log: bool,
    pub low: f64,
    pub high: f64,
    /// Whether some value is drawn at the floor instead of where it is.
    pub floored: bool,
    /// Places with a label.
    pub ticks: Vec<f64>,
    /// Places with a thin line only.
    pub minor: Vec<f64>,
}

/// Both scales of a panel.
pub(super) struct Scales {
    pub x: Scale,
    pub y: Scale,
}

impl Scales {
    /// Of a panel: panels side by side share both scales, panels below each other that of x.
    pub fn of(chart: &Chart, panel: &Panel) -> Self {
        let own = |p: &&Panel| panel.y.is_none() && p.y.is_none() || std::ptr::eq(*p, panel);
        let xs = values(chart.panels.iter(), Point::xs, |r| match r {
            ReferenceLine::X(x) => Some(*x),
            _ => None,
        });
        let ys = values(chart.panels.iter().filter(own), Point::ys, |r| match r {
            ReferenceLine::Y(y) => Some(*y),
            _ => None,
        });
        Self {
            x: Scale::of(&chart.x, xs),
            y: Scale::of(panel.y.as_ref().unwrap_or(&chart.y), ys),
        }
    }

    /// Both ends of a reference line.
    pub fn ends(&self, reference: ReferenceLine) -> [(f64, f64); 2] {
        let (x, y) = (&self.x, &self.y);
        match reference {
            ReferenceLine::X(at) => [(at, y.low), (at, y.high)],
            ReferenceLine::Y(at) => [(x.low, at), (x.high, at)],
            ReferenceLine::Diagonal => [(x.low, y.low), (x.high, y.high)],
        }
    }
}

/// Everything on one axis of some panels.
fn values<'a>(
    panels: impl Iterator<Item = &'a Panel>,
    of_point: fn(&Point) -> [f64; 3],
    of_reference: fn(&ReferenceLine) -> Option<f64>,
) -> impl Iterator<Item = f64> {
    panels.flat_map(move |p| {
        let points = p.series.iter().flat_map(|s| &s.points).flat_map(of_point);
        points.chain(p.references.iter().filter_map(of_reference))
    })
}

impl Bars {
    /// The scale of all panels, from 0.
    pub(super) fn scale(&self) -> Scale {
        let bars = self.panels.iter().flat_map(|p| &p.bars);
        Scale::of(&self.x, bars.map(|b| b.parts.iter().sum()).chain([0.0]))
    }
}

impl Scale {
    /// For an axis that has to show `values`.
    pub fn of(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        let (least, greatest) = values
            .filter(|v| v.is_finite())
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
                (l.min(v), h.max(v))
            });
        if let (Some(&first), Some(&last)) = (axis.values.first(), axis.values.last()) {
            let (low, high) = axis.range.unwrap_or((first, last));
            return Self {
                log: axis.log_floor.is_some(),
                low,
                high,
                ticks: axis.values.clone(),
                ..Self::default()
            };
        }
        let floor = axis.log_floor.unwrap_or(0.0);
        let (low, high) = if least <= greatest {
            (least, greatest)
        } else {
            (floor, floor)
        };
        match axis.log_floor {
            Some(floor) => Self {
                floored: least <= floor,
                ..Self::decades(low.max(floor), high.max(floor))
            },
            None => axis
                .range
                .map_or_else(|| Self::even(low, high), |(a, b)| Self::even(a, b)),
        }
    }

    /// Whole decades that hold both values, at least one.
    fn decades(least: f64, greatest: f64) -> Self {
        let low = (least.log10() + ROUNDING).floor() as i32;
        let high = ((greatest.log10() - ROUNDING).ceil() as i32).max(low + 1);
        let power = |k: i32| format!("1e{k}").parse::<f64>().unwrap_or(1.0);
        // Two labels are too few to read a value by.
        let (ticks, minor) = if high == low + 1 {
            (
                [1.0, 2.0, 5.0, 10.0].map(|f| f * power(low)).into(),
                Vec::new(),
            )
        } else {
            let between = (low..high).flat_map(|k| [2.0 * power(k), 5.0 * power(k)]);
            ((low..=high).map(power).collect(), between.collect())
        };
        Self {
            log: true,
            low: power(low),
            high: power(high),
            floored: false,
            ticks,
            minor,
        }
    }

    /// Ticks at 1, 2, 2.5 or 5 times a power of ten, the ends at ticks.
    fn even(least: f64, greatest: f64) -> Self {
        let span = if greatest > least {
            greatest - least
        } else {
            least.abs().max(1.0)
        };
        let rough = span / STEPS;
        let power = 10_f64.powi(rough.log10().floor() as i32);
        let mut steps = [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().map(|f| f * power);
        let step = steps.find(|s| *s >= rough * 0.999).unwrap_or(power);
        let first = (least / step + ROUNDING).floor() as i64;
        let last = ((greatest / step - ROUNDING).ceil() as i64).max(first + 1);
        Self {
            low: first as f64 * step,
            high: last as f64 * step,
            ticks: (first..=last).map(|k| k as f64 * step).collect(),
            ..Self::default()
        }
    }

    /// Where a value is, 0 at the low end and 1 at the high one; on a log axis never below 0.
    pub fn share(&self, value: f64) -> f64 {
        if self.high <= self.low {
            return 0.5;
        }
        if self.log {
            let value = value.max(self.low);
            return (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln());
        }
        (value - self.low) / (self.high - self.low)
    }

    /// A tick's label: a number without an exponent, or a time with its unit.
    pub fn label(&self, axis: &Axis, value: f64) -> String {
        let sign = if self.floored && value <= self.low {
            "≤ "
        } else {
            ""
        };
        if axis.duration {
            // Ticks are powers of ten, for which this arithmetic is exact enough to round.
            let (value, unit) = match value {
                s if s < 0.99e-6 => (s * 1e9, "ns"),
                s if s < 0.99e-3 => (s * 1e6, "µs"),
                s if s < 0.99 => (s * 1e3, "ms"),
                s => (s, "s"),
            };
            return format!("{sign}{} {unit}", value.round());
        }
        // Steps have at most two digits: nine decimals lose nothing but rounding.
        let text = format!("{value:.9}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        format!("{sign}{}", if text == "-0" { "0" } else { text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_cover_their_values() {
        let gap = Axis::log("gap", "gap", 0.001);
        let scale = Scale::of(&gap, [0.0, 25.0].into_iter());
        assert_eq!((scale.low, scale.high, scale.floored), (0.001, 100.0, true));
        assert_eq!((scale.share(0.0), scale.share(100.0)), (0.0, 1.0));
        for values in [
            vec![],
            vec![0.0],
            vec![3.0],
            vec![7.0, 7.0],
            vec![-1.0, 1.0],
            vec![3.2, 3.21],
            vec![44.2, 56.1],
            vec![-5.0, 1e6],
            vec![2.0, f64::NAN, 4.0],
        ] {
            let axis = Axis::linear("y", "y");
            let scale = Scale::of(&axis, values.iter().copied());
            let finite = || values.iter().filter(|v| v.is_finite());
            assert!(
                finite().all(|v| (scale.low..=scale.high).contains(v)) && scale.low < scale.high,
                "{values:?}: {scale:?}"
            );
            let mut labels: Vec<_> = scale.ticks.iter().map(|t| scale.label(&axis, *t)).collect();
            labels.dedup();
            assert_eq!(labels.len(), scale.ticks.len(), "{labels:?}");
            assert!((2..12).contains(&labels.len()), "{labels:?}");
        }
        let is_log = |values: &[f64]| Axis::users(values.to_vec()).log_floor.is_some();
        assert!(is_log(&[5.0, 120.0]) && !is_log(&[20.0, 120.0]));
    }

    #[test]
    fn ticks_read_well() {
        let (scale, plain) = (Scale::default(), Axis::linear("y", "y"));
        assert_eq!(
            [0.001, 100.0, 2.5, -0.0].map(|v| scale.label(&plain, v)),
            ["0.001", "100", "2.5", "0"]
        );
        let time = Axis::time("t", "t", 1e-6);
        assert_eq!(
            [1e-5, 0.1, 10.0].map(|v| scale.label(&time, v)),
            ["10 µs", "100 ms", "10 s"]
        );
    }
}
