//! A plain line chart, as SVG: panels one below the other over the same x axis, the legend at the
//! end.

use crate::style::Style;
use crate::svg::{Anchor, Font, INK, Svg};
use crate::text::clip;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 18.0;
const TOP: f64 = 44.0;
/// Height of all panels together, without what is between them.
const PANELS: f64 = 560.0;
const TALLEST: f64 = 420.0;
const BETWEEN: f64 = 24.0;
const BELOW: f64 = 66.0;
const LEGEND_ROW: f64 = 22.0;
const LEGEND_COLUMN: f64 = 300.0;
/// Free space inside a panel, as a share of its range on either side.
const INSET: f64 = 0.03;
/// About how many ticks an axis has.
const TICKS: f64 = 6.0;
const GUIDE: &str = "#8a8a8a";

const PLAIN: Font = Font {
    size: 13.0,
    bold: false,
    anchor: Anchor::Start,
};
const CENTRED: Font = Font {
    anchor: Anchor::Middle,
    ..PLAIN
};

/// A line with a name.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name in the legend; series of one name share a row there.
    pub name: String,
    /// How it is drawn.
    pub style: Style,
    /// Its points in order; those with a value that is not finite are left out.
    pub points: Vec<(f64, f64)>,
    /// Whether points are marked.
    pub marked: bool,
}

/// A value with an interval in both directions.
#[derive(Clone, Copy, Debug)]
pub struct Estimate {
    /// How its series is drawn.
    pub style: Style,
    /// x: low, estimate, high.
    pub x: [f64; 3],
    /// y: low, estimate, high.
    pub y: [f64; 3],
}

/// One panel.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// What is drawn upwards, with its unit.
    pub y_label: String,
    /// The lines.
    pub series: Vec<Series>,
    /// Points with error bars.
    pub estimates: Vec<Estimate>,
    /// A value of x that is marked over the whole height.
    pub x_guide: Option<f64>,
    /// A value of y that is marked over the whole width.
    pub y_guide: Option<f64>,
}

/// A chart.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The title.
    pub title: String,
    /// What is drawn to the right, with its unit.
    pub x_label: String,
    /// The panels, from above.
    pub panels: Vec<Panel>,
}

/// A linear axis from `low` to `high`, in px from `start` to `end`.
struct Axis {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Axis {
    fn of(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Self {
        let finite = values.filter(|v| v.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| {
            (l.min(v), h.max(v))
        });
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        // A single value gets an axis of its own size around it.
        let room = if high > low {
            INSET * (high - low)
        } else {
            0.5 * low.abs().max(1.0)
        };
        Axis {
            low: low - room,
            high: high + room,
            start,
            end,
        }
    }

    fn place(&self, value: f64) -> f64 {
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Round values within the axis and the decimals that they need.
    fn ticks(&self) -> (Vec<f64>, usize) {
        let rough = (self.high - self.low) / TICKS;
        let decade = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|m| m * decade)
            .into_iter()
            .find(|s| *s >= rough)
            .unwrap_or(rough);
        let decimals = (-(step * 1.000_001).log10().floor()).max(0.0) as usize;
        let first = (self.low / step).ceil();
        let count = ((self.high / step).floor() - first).max(-1.0) as usize + 1;
        (
            (0..count).map(|k| (first + k as f64) * step).collect(),
            decimals,
        )
    }
}

impl Chart {
    /// The chart as an SVG file.
    #[must_use]
    pub fn svg(&self) -> String {
        let count = self.panels.len().max(1) as f64;
        let height = (PANELS / count).min(TALLEST);
        let bottom = TOP + count * height + (count - 1.0) * BETWEEN;
        let mut legend: Vec<&Series> = Vec::new();
        for series in self.panels.iter().flat_map(|p| &p.series) {
            if legend.iter().all(|l| l.name != series.name) {
                legend.push(series);
            }
        }
        let columns = ((WIDTH - LEFT) / LEGEND_COLUMN) as usize;
        let rows = legend.len().div_ceil(columns).max(1);
        let mut svg = Svg::new(WIDTH, (bottom + BELOW + rows as f64 * LEGEND_ROW).round());
        svg.text(
            (LEFT, 26.0),
            Font {
                size: 17.0,
                bold: true,
                ..PLAIN
            },
            &clip(&self.title, 100),
        );
        let x = Axis::of(self.panels.iter().flat_map(Panel::xs), LEFT, WIDTH - RIGHT);
        for (k, panel) in self.panels.iter().enumerate() {
            let top = TOP + k as f64 * (height + BETWEEN);
            panel.draw(&mut svg, &x, top, top + height);
        }
        let (ticks, decimals) = x.ticks();
        for value in ticks {
            let at = x.place(value);
            svg.line((at, bottom), (at, bottom + 5.0), INK, 1.0);
            svg.text((at, bottom + 20.0), CENTRED, &format!("{value:.decimals$}"));
        }
        svg.text(
            ((LEFT + WIDTH - RIGHT) / 2.0, bottom + 42.0),
            CENTRED,
            &self.x_label,
        );
        for (k, series) in legend.iter().enumerate() {
            let at = LEFT + (k / rows) as f64 * LEGEND_COLUMN;
            let y = bottom + BELOW + (k % rows) as f64 * LEGEND_ROW;
            svg.path(&[(at, y - 4.5), (at + 34.0, y - 4.5)], &series.style);
            if series.marked {
                svg.marker((at + 17.0, y - 4.5), &series.style);
            }
            svg.text((at + 42.0, y), PLAIN, &clip(&series.name, 34));
        }
        let labels: Vec<&str> = self.panels.iter().map(|p| p.y_label.as_str()).collect();
        svg.finish(
            &self.title,
            &format!(
                "{}: {} against {}",
                self.title,
                labels.join("; "),
                self.x_label
            ),
        )
    }
}

impl Panel {
    fn xs(&self) -> impl Iterator<Item = f64> {
        let series = self
            .series
            .iter()
            .flat_map(|s| &s.points)
            .filter(|p| p.1.is_finite())
            .map(|p| p.0);
        series
            .chain(self.estimates.iter().flat_map(|e| e.x))
            .chain(self.x_guide)
    }

    fn ys(&self) -> impl Iterator<Item = f64> {
        let series = self
            .series
            .iter()
            .flat_map(|s| &s.points)
            .filter(|p| p.0.is_finite())
            .map(|p| p.1);
        series
            .chain(self.estimates.iter().flat_map(|e| e.y))
            .chain(self.y_guide)
    }

    fn draw(&self, svg: &mut Svg, x: &Axis, top: f64, bottom: f64) {
        let y = Axis::of(self.ys(), bottom, top);
        let (left, right) = (LEFT, WIDTH - RIGHT);
        svg.text_up((22.0, (top + bottom) / 2.0), CENTRED, &self.y_label);
        let (ticks, decimals) = y.ticks();
        for value in ticks {
            let at = y.place(value);
            svg.line((left, at), (right, at), "#e2e2e2", 1.0);
            svg.text(
                (left - 8.0, at + 4.5),
                Font {
                    anchor: Anchor::End,
                    ..PLAIN
                },
                &format!("{value:.decimals$}"),
            );
        }
        if let Some(at) = self.x_guide.map(|v| x.place(v)) {
            svg.line((at, top), (at, bottom), GUIDE, 1.5);
        }
        if let Some(at) = self.y_guide.map(|v| y.place(v)) {
            svg.line((left, at), (right, at), GUIDE, 1.5);
        }
        svg.line((left, bottom), (right, bottom), INK, 1.2);
        svg.line((left, top), (left, bottom), INK, 1.2);
        for series in &self.series {
            let finite = series
                .points
                .iter()
                .filter(|p| p.0.is_finite() && p.1.is_finite());
            let points: Vec<(f64, f64)> = finite.map(|p| (x.place(p.0), y.place(p.1))).collect();
            svg.open_series(&series.name);
            svg.path(&points, &series.style);
            if series.marked {
                points.iter().for_each(|&p| svg.marker(p, &series.style));
            }
            svg.close();
        }
        for e in &self.estimates {
            let at = (x.place(e.x[1]), y.place(e.y[1]));
            svg.line(
                (x.place(e.x[0]), at.1),
                (x.place(e.x[2]), at.1),
                e.style.colour,
                2.2,
            );
            svg.line(
                (at.0, y.place(e.y[0])),
                (at.0, y.place(e.y[2])),
                e.style.colour,
                2.2,
            );
            svg.marker(at, &e.style);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::style::style;

    #[test]
    fn axes_have_round_ticks_within() {
        for (low, high) in [(0.0, 1.0), (3.2, 3.21), (-5.0, 1e6), (7.0, 7.0), (0.0, 0.0)] {
            let axis = Axis::of([low, high].into_iter(), 0.0, 100.0);
            let (ticks, decimals) = axis.ticks();
            assert!((2..=14).contains(&ticks.len()), "{low} {high}: {ticks:?}");
            let mut labels: Vec<String> = ticks.iter().map(|t| format!("{t:.decimals$}")).collect();
            labels.dedup();
            assert_eq!(labels.len(), ticks.len(), "{low} {high}: {labels:?}");
            assert!(ticks.iter().all(|t| axis.low <= *t && *t <= axis.high));
        }
    }

    #[test]
    fn a_chart_holds_every_series_once_and_no_nonsense() {
        let series = |name: &str, points: &[(f64, f64)]| Series {
            name: name.into(),
            style: style(name),
            points: points.to_vec(),
            marked: true,
        };
        let panel = Panel {
            y_label: "delay (ms)".into(),
            series: vec![
                series("goa", &[(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0)]),
                series("a<b", &[]),
            ],
            x_guide: Some(1.0),
            ..Panel::default()
        };
        let chart = Chart {
            title: "T".into(),
            x_label: "x".into(),
            panels: vec![panel.clone(), panel],
        };
        let svg = chart.svg();
        assert!(
            svg.ends_with("</svg>\n")
                && !svg.contains("NaN")
                && !svg.contains("inf")
                && svg.contains("a&lt;b")
        );
        assert_eq!(svg.matches("<g data-series").count(), 4);
        assert_eq!(svg.matches(">goa</text>").count(), 1);
        let empty = Chart {
            title: "T".into(),
            x_label: "x".into(),
            panels: vec![],
        }
        .svg();
        assert!(empty.ends_with("</svg>\n") && !empty.contains("NaN"));
    }
}
