//! One panel with linear axes: lines with error bars.

use crate::style::{Shape, Style};
use crate::svg::{Anchor, Font, INK, Svg};

const WIDTH: f64 = 640.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 44.0;
const HEIGHT: f64 = 400.0;
const BELOW: f64 = 56.0;
const LEGEND_ROW: f64 = 20.0;
const PLAIN: Font = Font {
    size: 13.0,
    bold: false,
    anchor: Anchor::Start,
};
const CENTRED: Font = Font {
    anchor: Anchor::Middle,
    ..PLAIN
};
const END: Font = Font {
    anchor: Anchor::End,
    ..PLAIN
};
/// Colour of grid lines and the diagonal.
const PALE: &str = "#cccccc";

/// Styles of the series, in their order; colours of Okabe and Ito.
const STYLES: [Style; 6] = [
    Style {
        colour: "#0072B2",
        shape: Shape::Circle,
        filled: true,
        dashes: "",
    },
    Style {
        colour: "#D55E00",
        shape: Shape::Square,
        filled: true,
        dashes: "6 3",
    },
    Style {
        colour: "#009E73",
        shape: Shape::Up,
        filled: false,
        dashes: "",
    },
    Style {
        colour: "#CC79A7",
        shape: Shape::Diamond,
        filled: false,
        dashes: "2 3",
    },
    Style {
        colour: "#E69F00",
        shape: Shape::Down,
        filled: true,
        dashes: "8 3 2 3",
    },
    Style {
        colour: "#000000",
        shape: Shape::Cross,
        filled: false,
        dashes: "6 3",
    },
];

/// A point with the ends of its vertical error bar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub x: f64,
    pub y: f64,
    pub low: f64,
    pub high: f64,
}

/// A chart.
pub(super) struct Chart<'a> {
    pub title: &'a str,
    pub x_label: &'a str,
    pub y_label: &'a str,
    /// Both axes from 0 to 1, with the diagonal.
    pub unit: bool,
    pub series: &'a [(String, Vec<Point>)],
}

/// An axis: its ends and the distance of its ticks.
struct Axis {
    low: f64,
    high: f64,
    step: f64,
}

impl Axis {
    /// About five ticks at 1, 2 or 5 times a power of ten, the ends at ticks.
    fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
        let (low, high) = if low < high {
            (low, high)
        } else {
            (low - 0.5, low + 0.5)
        };
        let raw = (high - low) / 5.0;
        let power = libm::pow(10.0, libm::floor(libm::log10(raw)));
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|k| k * power)
            .into_iter()
            .find(|s| *s >= raw * 0.999)
            .unwrap_or(power);
        Axis {
            low: (low / step).floor() * step,
            high: (high / step).ceil() * step,
            step,
        }
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let count = ((self.high - self.low) / self.step).round() as usize;
        (0..=count).map(|k| self.low + k as f64 * self.step)
    }

    /// 0 at the low end, 1 at the high one.
    fn part(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    fn text(&self, value: f64) -> String {
        let digits = (-libm::floor(libm::log10(self.step))).clamp(0.0, 6.0) as usize;
        // Rounding may leave -0.
        format!("{:.digits$}", value + 0.0).replace("-0.0", "0.0")
    }
}

impl Chart<'_> {
    /// The chart as SVG.
    pub fn draw(&self) -> String {
        let points = || self.series.iter().flat_map(|s| &s.1);
        let unit = || Axis {
            low: 0.0,
            high: 1.0,
            step: 0.2,
        };
        let x = if self.unit {
            unit()
        } else {
            Axis::over(points().map(|p| p.x))
        };
        let y = if self.unit {
            unit()
        } else {
            Axis::over(points().flat_map(|p| [p.low, p.high]))
        };
        let (right, bottom) = (WIDTH - RIGHT, TOP + HEIGHT);
        let at = |px: f64, py: f64| {
            (
                LEFT + (right - LEFT) * x.part(px),
                bottom - HEIGHT * y.part(py),
            )
        };
        let mut svg = Svg::new(
            WIDTH,
            bottom + BELOW + LEGEND_ROW * self.series.len() as f64,
        );
        svg.text(
            (LEFT, 24.0),
            Font {
                size: 15.0,
                bold: true,
                anchor: Anchor::Start,
            },
            self.title,
        );
        for tick in x.ticks() {
            let (px, _) = at(tick, y.low);
            svg.line((px, TOP), (px, bottom), PALE, 0.6);
            svg.text((px, bottom + 18.0), CENTRED, &x.text(tick));
        }
        for tick in y.ticks() {
            let (_, py) = at(x.low, tick);
            svg.line((LEFT, py), (right, py), PALE, 0.6);
            svg.text((LEFT - 8.0, py + 4.5), END, &y.text(tick));
        }
        svg.line((LEFT, bottom), (right, bottom), INK, 1.0);
        svg.line((LEFT, TOP), (LEFT, bottom), INK, 1.0);
        if self.unit {
            svg.line(at(0.0, 0.0), at(1.0, 1.0), "#767676", 1.0);
        }
        svg.text(
            (f64::midpoint(LEFT, right), bottom + 38.0),
            CENTRED,
            self.x_label,
        );
        svg.text_up((18.0, TOP + HEIGHT / 2.0), CENTRED, self.y_label);
        for (k, (name, points)) in self.series.iter().enumerate() {
            let style = &STYLES[k % STYLES.len()];
            svg.open_series(name);
            for p in points {
                svg.line(at(p.x, p.low), at(p.x, p.high), style.colour, 1.0);
            }
            let line: Vec<_> = points.iter().map(|p| at(p.x, p.y)).collect();
            svg.path(&line, style);
            line.iter().for_each(|&p| svg.marker(p, style));
            svg.close();
            let row = bottom + BELOW + LEGEND_ROW * k as f64;
            svg.path(&[(LEFT, row), (LEFT + 34.0, row)], style);
            svg.marker((LEFT + 17.0, row), style);
            svg.text((LEFT + 44.0, row + 4.5), PLAIN, name);
        }
        svg.finish(
            self.title,
            &format!("{} against {}", self.y_label, self.x_label),
        )
    }
}
