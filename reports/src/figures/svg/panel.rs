//! One panel of a chart: frame, grid, ticks and series.

use super::layout::{Area, CHARACTER, spaced_labels};
use super::names::{Name, place_names};
use super::writer::{CENTRED, ENDING, HEADING, INK, PixelPoint, Svg};
use crate::figures::chart::{Chart, Draw, Panel, Point, Series};
use crate::figures::scale::Scales;
use crate::figures::style::GREY;

/// Free space at both ends of the x axis, px: of single values and of others.
const INSETS: [f64; 2] = [30.0, 8.0];
/// Free space below the lowest value, so that markers at the floor stay clear of the axis.
const FLOOR: f64 = 12.0;
/// Share of the least distance of two single values over which series stand side by side, and the
/// greatest distance of two series, px.
const ASIDE_SHARE: f64 = 0.7;
const MOST_ASIDE: f64 = 4.0;
/// Markers on a line of steps.
const STEP_MARKERS: usize = 6;
/// From the left edge of a panel to its tick labels, and from the widest of them to the y label.
const TICK_GAP: f64 = 8.0;
const LABEL_GAP: f64 = 10.0;
/// Least distance of the y label from the panel, and from the edge of the drawing.
const Y_LABEL: f64 = 64.0;
const LABEL_EDGE: f64 = 12.0;
const GRID: &str = "#c8c8c8";
const FAINT: &str = "#eeeeee";
/// Widths of lines, px.
const GRID_WIDTH: f64 = 1.0;
const AXIS_WIDTH: f64 = 1.2;

/// Which axes of a panel have labels.
#[derive(Clone, Copy)]
pub(super) struct Labels {
    pub x: bool,
    pub y: bool,
}

/// A panel with its place, scales and series.
pub(super) struct PanelDrawing<'a> {
    chart: &'a Chart,
    panel: &'a Panel,
    scales: &'a Scales,
    area: &'a Area,
    /// Names in the order of the legend.
    names: Vec<&'a str>,
    inset: f64,
    /// Distance of series side by side at single values, px.
    aside: f64,
}

impl<'a> PanelDrawing<'a> {
    pub fn of(
        chart: &'a Chart,
        panel: &'a Panel,
        scales: &'a Scales,
        area: &'a Area,
        legend: &[&'a Series],
    ) -> Self {
        let single = &chart.x.values;
        let mut drawing = Self {
            chart,
            panel,
            scales,
            area,
            names: legend.iter().map(|s| s.name.as_str()).collect(),
            inset: INSETS[usize::from(single.is_empty())],
            aside: 0.0,
        };
        if !single.is_empty() {
            let distances = single
                .windows(2)
                .map(|p| drawing.x_at(p[1]) - drawing.x_at(p[0]));
            let near = distances.fold(2.0 * INSETS[0], f64::min);
            drawing.aside = (ASIDE_SHARE * near / legend.len().max(1) as f64).min(MOST_ASIDE);
        }
        drawing
    }

    fn x_at(&self, value: f64) -> f64 {
        self.area.left
            + self.inset
            + self.scales.x.share(value) * (self.area.width - 2.0 * self.inset)
    }

    fn y_at(&self, value: f64) -> f64 {
        self.area.top + (self.area.height - FLOOR) * (1.0 - self.scales.y.share(value))
    }

    fn at(&self, (x, y): (f64, f64)) -> PixelPoint {
        (self.x_at(x), self.y_at(y))
    }

    pub fn draw(&self, svg: &mut Svg, labels: Labels) {
        self.y_axis(svg, labels.y);
        self.x_axis(svg, labels.x);
        let (left, bottom) = (self.area.left, self.area.bottom());
        svg.line((left, bottom), (self.area.right(), bottom), INK, AXIS_WIDTH);
        svg.line((left, self.area.top), (left, bottom), INK, AXIS_WIDTH);
        let (middle, centre) = self.area.middle();
        svg.text((middle, self.area.top - 12.0), HEADING, &self.panel.title);
        for &reference in &self.panel.references {
            let [from, to] = self.scales.ends(reference);
            svg.line(self.at(from), self.at(to), GREY, AXIS_WIDTH);
        }
        if self.panel.drawn().next().is_none() {
            svg.text((middle, centre), CENTRED, &self.chart.nothing);
        }
        for series in self.panel.drawn() {
            self.series(svg, series);
        }
        let named = self.panel.drawn().filter(|s| s.draw == Draw::Named);
        let names = named.flat_map(|s| {
            self.places(s)
                .into_iter()
                .map(|at| Name { text: &s.name, at })
        });
        place_names(svg, self.area, &names.collect::<Vec<_>>());
    }

    fn y_axis(&self, svg: &mut Svg, labelled: bool) {
        let axis = self.panel.y.as_ref().unwrap_or(&self.chart.y);
        let scale = &self.scales.y;
        let across = |svg: &mut Svg, value: f64, colour: &str| {
            let (left, right, y) = (self.area.left, self.area.right(), self.y_at(value));
            svg.line((left, y), (right, y), colour, GRID_WIDTH);
        };
        for (places, colour) in [(&scale.minor, FAINT), (&scale.ticks, GRID)] {
            places.iter().for_each(|&value| across(svg, value, colour));
        }
        if labelled {
            let mut widest = 0;
            for &value in &scale.ticks {
                let label = scale.label(axis, value);
                widest = widest.max(label.chars().count());
                let at = (self.area.left - TICK_GAP, self.y_at(value) + 4.5);
                svg.text(at, ENDING, &label);
            }
            let clear = TICK_GAP + CHARACTER * widest as f64 + LABEL_GAP;
            let x = (self.area.left - clear.max(Y_LABEL)).max(LABEL_EDGE);
            svg.text_up((x, self.area.middle().1), CENTRED, &axis.label);
        }
    }

    fn x_axis(&self, svg: &mut Svg, labelled: bool) {
        let (scale, bottom) = (&self.scales.x, self.area.bottom());
        for &value in &scale.ticks {
            let at = self.x_at(value);
            svg.line((at, bottom), (at, bottom + 5.0), INK, GRID_WIDTH);
        }
        if labelled {
            for (at, label) in spaced_labels(scale, &self.chart.x, |v| self.x_at(v)) {
                svg.text((at, bottom + 20.0), CENTRED, &label);
            }
            let below = (self.area.middle().0, bottom + 40.0);
            svg.text(below, CENTRED, &self.chart.x.label);
        }
    }

    /// How far a series is from its values, where several share single ones.
    fn shift(&self, name: &str) -> f64 {
        let place = self.names.iter().position(|n| *n == name).unwrap_or(0) as f64;
        self.aside * (place - (self.names.len() as f64 - 1.0) / 2.0)
    }

    /// Places of a series' points.
    fn places(&self, series: &Series) -> Vec<PixelPoint> {
        let shift = self.shift(&series.name);
        let place = |p: &Point| (self.x_at(p.x) + shift, self.y_at(p.y));
        series.points.iter().map(place).collect()
    }

    fn series(&self, svg: &mut Svg, series: &Series) {
        let (places, style) = (self.places(series), &series.style);
        if series.draw == Draw::Guide {
            // Not in a group: a page that hides solvers leaves it alone.
            return svg.path(&stairs(&places), style);
        }
        svg.group(&series.name, |svg| {
            self.spread(svg, series);
            match series.draw {
                Draw::Thin => svg.thin(&places, style),
                Draw::Line | Draw::Band | Draw::Plain => svg.path(&places, style),
                Draw::Steps => svg.path(&stairs(&places), style),
                Draw::Marks | Draw::Named | Draw::Guide => {}
            }
            let every = match series.draw {
                Draw::Thin | Draw::Plain | Draw::Guide => return,
                Draw::Steps => places.len().div_ceil(STEP_MARKERS).max(1),
                Draw::Line | Draw::Band | Draw::Marks | Draw::Named => 1,
            };
            let marked = places.iter().step_by(every);
            marked.for_each(|&p| svg.marker(p, style));
        });
    }

    fn spread(&self, svg: &mut Svg, series: &Series) {
        let (style, shift) = (&series.style, self.shift(&series.name));
        let at = |x: f64, y: f64| (self.x_at(x) + shift, self.y_at(y));
        let ends = || series.points.iter().filter_map(|p| Some((p.x, p.y_ends?)));
        if self.chart.has_band(series) {
            let upper: Vec<PixelPoint> = ends().map(|(x, e)| at(x, e.1)).collect();
            let lower: Vec<PixelPoint> = ends().map(|(x, e)| at(x, e.0)).collect();
            let corners = upper.into_iter().chain(lower.into_iter().rev());
            svg.band(&corners.collect::<Vec<_>>(), style);
        } else {
            for (x, (low, high)) in ends() {
                svg.line(at(x, low), at(x, high), style.colour, AXIS_WIDTH);
            }
        }
        for p in &series.points {
            if let Some((low, high)) = p.x_ends {
                svg.line(at(low, p.y), at(high, p.y), style.colour, AXIS_WIDTH);
            }
        }
    }
}

/// Constant from each place to the next.
fn stairs(places: &[PixelPoint]) -> Vec<PixelPoint> {
    let mut all: Vec<PixelPoint> = Vec::with_capacity(2 * places.len());
    for &(x, y) in places {
        if let Some(&(_, before)) = all.last() {
            all.push((x, before));
        }
        all.push((x, y));
    }
    all
}
