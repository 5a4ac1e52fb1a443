//! A figure as data: panels with axes and series. [`crate::svg_chart`] and [`crate::tex_chart`]
//! draw it; its CSV holds every number that they draw.

use crate::style::{is_guide, solver_order};

/// One figure of line or point series.
pub(crate) struct Chart {
    /// File name without its ending.
    pub name: &'static str,
    pub title: &'static str,
    /// What is drawn, in a sentence or two: caption and description.
    pub caption: String,
    pub x: Axis,
    pub y: Axis,
    pub panels: Vec<Panel>,
    /// Said instead of an empty panel.
    pub nothing: &'static str,
    /// Series without a point anywhere, and why, for a line below the legend; empty for none.
    pub note: String,
}

/// One figure of stacked bars: a bar for each label, a segment for each part.
pub(crate) struct Bars {
    pub name: &'static str,
    pub title: &'static str,
    pub caption: String,
    pub x_label: &'static str,
    pub parts: [&'static str; 3],
    pub panels: Vec<BarPanel>,
}

pub(crate) struct BarPanel {
    pub title: String,
    pub bars: Vec<(String, [f64; 3])>,
}

pub(crate) enum Figure {
    Chart(Chart),
    Bars(Bars),
}

/// How an axis runs.
#[derive(Clone)]
pub(crate) struct Axis {
    /// With the unit, unless the ticks carry it.
    pub label: String,
    /// Column in the CSV file.
    pub column: &'static str,
    pub log: bool,
    /// On a log axis: values up to this one are drawn at it.
    pub floor: f64,
    /// Ticks are times in s, written with their unit.
    pub duration: bool,
    /// The only values that there are (numbers of users): they get the ticks, and series stand side
    /// by side at each.
    pub values: Vec<f64>,
    /// Ends of the axis, where they are fixed.
    pub range: Option<(f64, f64)>,
}

pub(crate) struct Panel {
    pub title: String,
    pub series: Vec<Series>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Draw {
    /// A line with a marker at each point.
    Line,
    /// A thin line without markers.
    Thin,
    /// Constant from each point to the next, with a few markers.
    Steps,
    /// Markers alone.
    Marks,
    /// One marker, with the name beside it where there is room.
    Named,
    /// One of [`crate::style::GUIDES`]: steps without markers.
    Guide,
}

/// How intervals are drawn.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    Band,
    Bars,
}

pub(crate) struct Series {
    /// Solver id, or one of [`crate::style::GUIDES`].
    pub name: String,
    pub draw: Draw,
    pub spread: Spread,
    pub points: Vec<Point>,
}

#[derive(Clone, Copy)]
pub(crate) struct Point {
    pub x: f64,
    pub y: f64,
    /// Interval of y.
    pub ends: Option<(f64, f64)>,
}

impl Point {
    pub fn at(x: f64, y: f64) -> Self {
        Self { x, y, ends: None }
    }
}

impl Axis {
    pub fn linear(label: &str, column: &'static str) -> Self {
        let label = label.to_string();
        Self {
            label,
            column,
            log: false,
            floor: 0.0,
            duration: false,
            values: Vec::new(),
            range: None,
        }
    }

    pub fn log(label: &str, column: &'static str, floor: f64) -> Self {
        Self {
            log: true,
            floor,
            ..Self::linear(label, column)
        }
    }

    pub fn time(label: &str, column: &'static str, floor: f64) -> Self {
        Self {
            duration: true,
            ..Self::log(label, column, floor)
        }
    }

    /// Numbers of users: on a log axis when they span more than a decade.
    pub fn users(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        values.dedup();
        let log = matches!((values.first(), values.last()), (Some(&a), Some(&b)) if a > 0.0 && b > 10.0 * a);
        Self {
            log,
            floor: 1.0,
            values,
            ..Self::linear("users N", "users")
        }
    }
}

impl Chart {
    /// Names in legends, in order, guides last.
    pub fn names(&self) -> Vec<&str> {
        let all = self
            .panels
            .iter()
            .flat_map(|p| &p.series)
            .filter(|s| !s.points.is_empty());
        let mut names: Vec<&str> = all.map(|s| s.name.as_str()).collect();
        names.sort_by_key(|id| (is_guide(id), solver_order(id)));
        names.dedup();
        names
    }

    fn csv(&self) -> String {
        let header = [
            "panel",
            "series",
            "drawn_as",
            self.x.column,
            self.y.column,
            "low",
            "high",
        ];
        let rows = self.panels.iter().flat_map(|panel| {
            panel.series.iter().flat_map(move |s| {
                s.points.iter().map(move |p| {
                    let end = |pick: fn((f64, f64)) -> f64| {
                        p.ends.map(pick).map_or_else(String::new, full)
                    };
                    let kind = if matches!(s.draw, Draw::Thin | Draw::Guide) {
                        "line"
                    } else {
                        "points"
                    };
                    vec![
                        panel.title.clone(),
                        s.name.clone(),
                        kind.into(),
                        full(p.x),
                        full(p.y),
                        end(|e| e.0),
                        end(|e| e.1),
                    ]
                })
            })
        });
        crate::csv_files::table(&header, rows)
    }
}

impl Bars {
    fn csv(&self) -> String {
        let header = ["panel", "series", "part", "delay_ms"];
        let rows = self.panels.iter().flat_map(|panel| {
            panel.bars.iter().flat_map(move |(name, values)| {
                let row = |(part, value): (&&str, &f64)| {
                    vec![
                        panel.title.clone(),
                        name.clone(),
                        (*part).into(),
                        full(*value),
                    ]
                };
                self.parts.iter().zip(values).map(row).collect::<Vec<_>>()
            })
        });
        crate::csv_files::table(&header, rows)
    }
}

impl Figure {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Chart(c) => c.name,
            Self::Bars(b) => b.name,
        }
    }

    pub fn title(&self) -> &'static str {
        match self {
            Self::Chart(c) => c.title,
            Self::Bars(b) => b.title,
        }
    }

    pub fn caption(&self) -> &str {
        match self {
            Self::Chart(c) => &c.caption,
            Self::Bars(b) => &b.caption,
        }
    }

    /// Every number drawn, one a line.
    pub fn csv(&self) -> String {
        match self {
            Self::Chart(c) => c.csv(),
            Self::Bars(b) => b.csv(),
        }
    }

    pub fn svg(&self) -> String {
        match self {
            Self::Chart(c) => crate::svg_chart::chart(c),
            Self::Bars(b) => crate::svg_chart::bars(b),
        }
    }

    pub fn tex(&self) -> String {
        match self {
            Self::Chart(c) => crate::tex_chart::chart(c),
            Self::Bars(b) => crate::tex_chart::bars(b),
        }
    }
}

fn full(value: f64) -> String {
    format!("{value:?}")
}

/// An axis with its ends and ticks settled.
pub(crate) struct Scale {
    pub log: bool,
    pub low: f64,
    pub high: f64,
    /// Whether some value is drawn at the floor instead of where it is.
    pub floored: bool,
    /// Places that deserve a label.
    pub ticks: Vec<f64>,
    /// Places that deserve a thin line only.
    pub minor: Vec<f64>,
}

impl Scale {
    /// For an axis that has to show `values`.
    pub fn of(axis: &Axis, values: impl Iterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.filter(|v| v.is_finite()).collect();
        let floored = axis.log && axis.values.is_empty() && values.iter().any(|&v| v <= axis.floor);
        let least = values.iter().copied().fold(f64::INFINITY, f64::min);
        let greatest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (least, greatest) = if least <= greatest {
            (least, greatest)
        } else {
            (axis.floor, axis.floor)
        };
        if !axis.values.is_empty() {
            let (low, high) = axis
                .range
                .unwrap_or((axis.values[0], *axis.values.last().unwrap_or(&1.0)));
            return Self {
                log: axis.log,
                low,
                high,
                floored,
                ticks: axis.values.clone(),
                minor: Vec::new(),
            };
        }
        if axis.log {
            Self::decades(axis, least, greatest, floored)
        } else {
            Self::even(axis, least, greatest)
        }
    }

    fn decades(axis: &Axis, least: f64, greatest: f64, floored: bool) -> Self {
        // Numbers such as 0.001 have no exact logarithm: a billionth of a decade is forgiven.
        let low = (least.max(axis.floor).log10() + 1e-9).floor() as i32;
        let high = ((greatest.max(axis.floor).log10() - 1e-9).ceil() as i32).max(low + 1);
        let power = |k: i32| format!("1e{k}").parse::<f64>().unwrap_or(1.0);
        if high == low + 1 {
            // Two labels are too few to read a value by.
            let ticks = [1.0, 2.0, 5.0, 10.0].map(|f| f * power(low)).into();
            return Self {
                log: true,
                low: power(low),
                high: power(high),
                floored,
                ticks,
                minor: Vec::new(),
            };
        }
        let minor = (low..high)
            .flat_map(|k| [2.0 * power(k), 5.0 * power(k)])
            .collect();
        Self {
            log: true,
            low: power(low),
            high: power(high),
            floored,
            ticks: (low..=high).map(power).collect(),
            minor,
        }
    }

    fn even(axis: &Axis, least: f64, greatest: f64) -> Self {
        let (least, greatest) = axis.range.unwrap_or((least, greatest));
        let span = if greatest > least {
            greatest - least
        } else {
            least.abs().max(1.0)
        };
        let rough = span / 5.0;
        let power = 10_f64.powi(rough.log10().floor() as i32);
        let step = [1.0, 2.0, 2.5, 5.0, 10.0]
            .into_iter()
            .map(|f| f * power)
            .find(|s| *s >= rough * 0.999)
            .unwrap_or(power);
        let (first, last) = (
            (least / step + 1e-9).floor() as i64,
            ((greatest / step - 1e-9).ceil() as i64).max(1 + (least / step).floor() as i64),
        );
        let ticks: Vec<f64> = (first..=last).map(|k| k as f64 * step).collect();
        Self {
            log: false,
            low: first as f64 * step,
            high: last as f64 * step,
            floored: false,
            ticks,
            minor: Vec::new(),
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
}

/// A tick as text: a number without an exponent where that is short, or a time with its unit.
pub(crate) fn tick(axis: &Axis, value: f64) -> String {
    if axis.duration {
        // Ticks are powers of ten, for which this arithmetic is exact enough to round.
        let (value, unit) = match value {
            s if s < 0.99e-6 => (s * 1e9, "ns"),
            s if s < 0.99e-3 => (s * 1e6, "µs"),
            s if s < 0.99 => (s * 1e3, "ms"),
            s => (s, "s"),
        };
        return format!("{} {unit}", value.round());
    }
    // Steps have at most two digits, so that six decimals lose nothing but rounding.
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" {
        "0".into()
    } else {
        text.into()
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
        let scale = Scale::of(&Axis::linear("y", "y"), [44.2, 56.1].into_iter());
        assert!(
            scale.low <= 44.2 && scale.high >= 56.1 && (4..=8).contains(&scale.ticks.len()),
            "{:?}",
            scale.ticks
        );
        for values in [vec![], vec![3.0], vec![0.0], vec![-1.0, 1.0]] {
            let scale = Scale::of(&Axis::linear("y", "y"), values.iter().copied());
            assert!(
                scale.high > scale.low && scale.ticks.len() < 12,
                "{values:?}: {:?}",
                scale.ticks
            );
        }
        assert!(Axis::users(vec![5.0, 120.0]).log && !Axis::users(vec![20.0, 120.0]).log);
    }

    #[test]
    fn ticks_read_well() {
        let plain = Axis::linear("y", "y");
        assert_eq!(
            [0.001, 100.0, 2.5, -0.0].map(|v| tick(&plain, v)),
            ["0.001", "100", "2.5", "0"]
        );
        let time = Axis::time("t", "t", 1e-6);
        assert_eq!(
            [1e-5, 0.1, 10.0].map(|v| tick(&time, v)),
            ["10 µs", "100 ms", "10 s"]
        );
    }
}
