//! A figure as data: panels with axes and series. Nothing here knows how it is drawn.

use super::style::Style;
use crate::text::firsts;

/// Series up to which the intervals of [`Draw::Band`] are bands. More of them over each other are
/// one dark cloud, and bars side by side are not.
const MOST_BANDS: usize = 5;

/// A figure of either kind.
#[derive(Clone, Debug)]
pub enum Figure {
    /// Lines and points.
    Chart(Chart),
    /// Stacked bars.
    Bars(Bars),
}

/// A figure of line or point series.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// File name without its ending.
    pub name: String,
    /// The heading.
    pub title: String,
    /// What is drawn, in a sentence or two: caption and description.
    pub caption: String,
    /// The horizontal axis of all panels.
    pub x: Axis,
    /// The vertical axis of all panels without one of their own.
    pub y: Axis,
    /// The panels. Every panel lists its series in the order of the legend. Panels with a vertical
    /// axis of their own stand below each other, others side by side.
    pub panels: Vec<Panel>,
    /// Shown instead of an empty panel.
    pub nothing: String,
    /// A line below the legend; empty for none.
    pub note: String,
}

/// A figure of horizontal stacked bars: a bar for each label, a segment for each part.
#[derive(Clone, Debug, Default)]
pub struct Bars {
    /// File name without its ending.
    pub name: String,
    /// The heading.
    pub title: String,
    /// Caption and description.
    pub caption: String,
    /// The axis along which the bars run.
    pub x: Axis,
    /// Names of the segments, at most three.
    pub parts: Vec<String>,
    /// The panels, side by side.
    pub panels: Vec<BarPanel>,
    /// Shown instead of an empty figure.
    pub nothing: String,
}

/// One panel of bars.
#[derive(Clone, Debug)]
pub struct BarPanel {
    /// Its heading.
    pub title: String,
    /// The bars, from above.
    pub bars: Vec<Bar>,
}

/// One bar.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Its label.
    pub name: String,
    /// Lengths of its segments, in the order of [`Bars::parts`].
    pub parts: Vec<f64>,
}

/// How an axis runs.
#[derive(Clone, Debug, Default)]
pub struct Axis {
    /// With the unit, unless the ticks carry it.
    pub label: String,
    /// Column in the CSV file.
    pub column: &'static str,
    /// On a logarithmic axis: values up to this one are drawn at it. None for a linear axis.
    pub log_floor: Option<f64>,
    /// Whether ticks are times in s, written with their unit.
    pub duration: bool,
    /// The only values that occur, ascending (numbers of users): they get the ticks, and series
    /// stand side by side at each. Empty where any value may occur.
    pub values: Vec<f64>,
    /// Ends of the axis, where they are fixed.
    pub range: Option<(f64, f64)>,
}

/// One panel of a chart.
#[derive(Clone, Debug, Default)]
pub struct Panel {
    /// Its heading; may be empty.
    pub title: String,
    /// A vertical axis of its own.
    pub y: Option<Axis>,
    /// Series; those without points are not drawn.
    pub series: Vec<Series>,
    /// Grey lines behind the series.
    pub references: Vec<ReferenceLine>,
}

/// A line over the whole panel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ReferenceLine {
    /// Upright, at this x.
    X(f64),
    /// Level, at this y.
    Y(f64),
    /// From the lower left to the upper right corner.
    Diagonal,
}

/// How a series is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// A line with a marker at each point.
    Line,
    /// The same, with its intervals as a pale area where the chart has few series. In all other
    /// cases intervals are bars.
    Band,
    /// A line without markers.
    Plain,
    /// A thin solid line without markers.
    Thin,
    /// Constant from each point to the next, with a few markers.
    Steps,
    /// Markers alone.
    Marks,
    /// One marker, with the name beside it where there is room.
    Named,
    /// Steps without markers behind all other series, for something that is no solver.
    Guide,
}

/// Points under one name.
#[derive(Clone, Debug)]
pub struct Series {
    /// Name in the legend. Series of one name share an entry, which looks like the first of them.
    pub name: String,
    /// Line and marker.
    pub style: Style,
    /// How it is drawn.
    pub draw: Draw,
    /// Points in order; all coordinates finite.
    pub points: Vec<Point>,
}

/// A point of a series.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
    /// Low and high end of the interval of x.
    pub x_ends: Option<(f64, f64)>,
    /// Low and high end of the interval of y.
    pub y_ends: Option<(f64, f64)>,
}

impl Point {
    /// A point without intervals.
    #[must_use]
    pub fn at(x: f64, y: f64) -> Self {
        Self {
            x,
            y,
            x_ends: None,
            y_ends: None,
        }
    }

    /// Its x with the ends of the interval.
    pub(super) fn xs(&self) -> [f64; 3] {
        let ends = self.x_ends.unwrap_or((self.x, self.x));
        [self.x, ends.0, ends.1]
    }

    /// Its y with the ends of the interval.
    pub(super) fn ys(&self) -> [f64; 3] {
        let ends = self.y_ends.unwrap_or((self.y, self.y));
        [self.y, ends.0, ends.1]
    }
}

impl Axis {
    /// An axis whose ends and ticks follow from the values.
    #[must_use]
    pub fn linear(label: &str, column: &'static str) -> Self {
        Self {
            label: label.into(),
            column,
            ..Self::default()
        }
    }

    /// A logarithmic axis over whole decades.
    #[must_use]
    pub fn log(label: &str, column: &'static str, floor: f64) -> Self {
        Self {
            log_floor: Some(floor),
            ..Self::linear(label, column)
        }
    }

    /// A logarithmic axis of times in s.
    #[must_use]
    pub fn time(label: &str, column: &'static str, floor: f64) -> Self {
        Self {
            duration: true,
            ..Self::log(label, column, floor)
        }
    }

    /// The same axis from `low` to `high`.
    #[must_use]
    pub fn within(self, low: f64, high: f64) -> Self {
        Self {
            range: Some((low, high)),
            ..self
        }
    }

    /// Numbers of users: on a log axis when they span more than a decade.
    #[must_use]
    pub fn users(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        values.dedup();
        let ends = values.first().zip(values.last());
        let log = ends.is_some_and(|(&a, &b)| a > 0.0 && b > 10.0 * a);
        Self {
            log_floor: log.then_some(1.0),
            values,
            ..Self::linear("users N", "users")
        }
    }
}

impl Series {
    /// A series of these points.
    pub fn new(name: impl Into<String>, style: Style, draw: Draw, points: Vec<Point>) -> Self {
        Self {
            name: name.into(),
            style,
            draw,
            points,
        }
    }
}

impl Panel {
    /// A panel on the chart's axes.
    pub fn new(title: impl Into<String>, series: Vec<Series>) -> Self {
        Self {
            title: title.into(),
            series,
            ..Self::default()
        }
    }

    /// What is drawn, in that order: guides lie behind the other series.
    pub(super) fn drawn(&self) -> impl Iterator<Item = &Series> {
        let some = || self.series.iter().filter(|s| !s.points.is_empty());
        let guides = some().filter(|s| s.draw == Draw::Guide);
        guides.chain(some().filter(|s| s.draw != Draw::Guide))
    }
}

impl Chart {
    /// A series for each entry of the legend: the first of each name that has points.
    pub(super) fn legend(&self) -> Vec<&Series> {
        let all = || self.panels.iter().flat_map(|p| &p.series);
        let names = firsts(all().map(|s| s.name.as_str())).into_iter();
        names
            .filter_map(|name| all().find(|s| s.name == name && !s.points.is_empty()))
            .collect()
    }

    /// Whether intervals of this series are a band.
    pub(super) fn has_band(&self, series: &Series) -> bool {
        let intervals = series.points.iter().filter(|p| p.y_ends.is_some()).count();
        series.draw == Draw::Band && intervals > 1 && self.legend().len() <= MOST_BANDS
    }

    /// Whether the panels stand below each other.
    pub(super) fn is_stacked(&self) -> bool {
        self.panels.iter().any(|p| p.y.is_some())
    }
}

impl Figure {
    /// File name without its ending.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Chart(c) => &c.name,
            Self::Bars(b) => &b.name,
        }
    }

    /// The heading.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Chart(c) => &c.title,
            Self::Bars(b) => &b.title,
        }
    }

    /// Caption and description.
    #[must_use]
    pub fn caption(&self) -> &str {
        match self {
            Self::Chart(c) => &c.caption,
            Self::Bars(b) => &b.caption,
        }
    }
}

impl From<Chart> for Figure {
    fn from(chart: Chart) -> Self {
        Self::Chart(chart)
    }
}

impl From<Bars> for Figure {
    fn from(bars: Bars) -> Self {
        Self::Bars(bars)
    }
}
