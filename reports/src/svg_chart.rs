//! Draws a [`Chart`] as SVG: panels side by side on the same axes, one line per solver (see
//! [`crate::style`]), the legend below.

use crate::chart::{BarPanel, Bars, Chart, Draw, Panel, Point, Scale, Series, Spread, tick};
use crate::style::{Style, is_guide, style};
use crate::svg::{Anchor, Font, INK, Svg};
use crate::text::clip;

const LEFT: f64 = 84.0;
const RIGHT: f64 = 16.0;
/// Room for half a tick label on either side.
const BETWEEN: f64 = 46.0;
const TOP: f64 = 64.0;
const PANEL: f64 = 340.0;
/// Widths of a drawing with two panels and with one.
const WIDTHS: [f64; 2] = [1000.0, 640.0];
/// From the panels' lower edge to the legend's first row: tick labels and the axis label.
const BELOW: f64 = 68.0;
const LEGEND_ROW: f64 = 22.0;
/// Free space at both ends of an axis of single values.
const INSET: f64 = 30.0;
/// Least distance of two labels on the x axis, px a character.
const APART: f64 = 9.0;
/// Longest id in a legend, characters.
const LONGEST: usize = 34;
/// Room for one character of a legend, px at 13 px type: what wide fonts need.
const CHARACTER: f64 = 7.4;
/// Markers on a line of steps.
const MARKS: usize = 6;
/// Series up to which intervals are bands: more of them over each other are one dark cloud, and
/// bars side by side are not.
pub(crate) const MOST_BANDS: usize = 5;

/// Type of the names beside markers, and room for one character of it, px.
const SMALL: f64 = 11.0;
const SMALL_CHARACTER: f64 = 6.2;
/// Free on either side of such a name, px.
const SIDE: f64 = 3.0;
/// Rows above and below a marker in which its name may stand.
const NAME_ROWS: u8 = 6;

const PLAIN: Font = Font {
    size: 13.0,
    bold: false,
    anchor: Anchor::Start,
};
const CENTRED: Font = Font {
    anchor: Anchor::Middle,
    ..PLAIN
};

/// Where things are.
struct Layout {
    total: f64,
    width: f64,
}

impl Layout {
    fn of(panels: usize) -> Self {
        let total = if panels > 1 { WIDTHS[0] } else { WIDTHS[1] };
        let count = panels.max(1) as f64;
        Self {
            total,
            width: (total - LEFT - RIGHT - (count - 1.0) * BETWEEN) / count,
        }
    }

    fn left(&self, place: usize) -> f64 {
        LEFT + place as f64 * (self.width + BETWEEN)
    }
}

/// Both axes of all panels.
struct Axes {
    x: Scale,
    y: Scale,
    width: f64,
    inset: f64,
    /// Series set aside at each single value, px each.
    step: f64,
    count: usize,
}

impl Axes {
    fn of(c: &Chart, width: f64) -> Self {
        let points = || {
            c.panels
                .iter()
                .flat_map(|p| &p.series)
                .flat_map(|s| &s.points)
        };
        let ys = points().flat_map(|p| {
            [
                p.y,
                p.ends.map_or(p.y, |e| e.0),
                p.ends.map_or(p.y, |e| e.1),
            ]
        });
        let (x, y) = (Scale::of(&c.x, points().map(|p| p.x)), Scale::of(&c.y, ys));
        let single = !c.x.values.is_empty();
        let mut axes = Self {
            x,
            y,
            width,
            inset: if single { INSET } else { 8.0 },
            step: 0.0,
            count: c.names().len(),
        };
        if single {
            let near =
                c.x.values
                    .windows(2)
                    .map(|p| axes.x_at(p[1]) - axes.x_at(p[0]))
                    .fold(2.0 * INSET, f64::min);
            axes.step = (0.7 * near / axes.count.max(1) as f64).min(4.0);
        }
        axes
    }

    fn x_at(&self, value: f64) -> f64 {
        self.inset + self.x.share(value) * (self.width - 2.0 * self.inset)
    }

    fn y_at(&self, value: f64) -> f64 {
        // A little room below, so that markers at the floor stay clear of the axis.
        let floor = PANEL - 12.0;
        TOP + floor - self.y.share(value) * floor
    }

    fn aside(&self, place: usize) -> f64 {
        self.step * (place as f64 - (self.count as f64 - 1.0) / 2.0)
    }
}

/// The figure as an SVG file.
pub(crate) fn chart(c: &Chart) -> String {
    let layout = Layout::of(c.panels.len());
    let names = c.names();
    let legend = Legend::of(&names, layout.total);
    let note = if c.note.is_empty() { 0.0 } else { LEGEND_ROW };
    let mut svg = Svg::new(
        layout.total,
        (TOP + PANEL + BELOW + legend.height() + note).round(),
    );
    svg.text(
        (LEFT, 24.0),
        Font {
            size: 17.0,
            bold: true,
            ..PLAIN
        },
        c.title,
    );
    svg.text_up((20.0, TOP + PANEL / 2.0), CENTRED, &c.y.label);
    let axes = Axes::of(c, layout.width);
    for (place, panel) in c.panels.iter().enumerate() {
        let left = layout.left(place);
        frame(&mut svg, c, &axes, left, panel, place == 0);
        for series in panel.series.iter().filter(|s| !s.points.is_empty()) {
            let aside = axes.aside(names.iter().position(|n| *n == series.name).unwrap_or(0));
            draw(&mut svg, &axes, left + aside, series);
        }
        name_markers(&mut svg, &axes, left, panel);
    }
    if c.panels.is_empty() {
        svg.text((layout.total / 2.0, TOP + PANEL / 2.0), CENTRED, c.nothing);
    }
    legend.draw(&mut svg, TOP + PANEL + BELOW);
    if note > 0.0 {
        let at = (LEFT, TOP + PANEL + BELOW + legend.height());
        svg.text(
            at,
            Font {
                size: 12.0,
                ..PLAIN
            },
            &clip(&c.note, (layout.total / 7.5) as usize),
        );
    }
    svg.finish(c.title, &c.caption)
}

fn frame(svg: &mut Svg, c: &Chart, axes: &Axes, left: f64, panel: &Panel, labelled: bool) {
    let (right, bottom, middle) = (left + axes.width, TOP + PANEL, left + axes.width / 2.0);
    svg.text(
        (middle, TOP - 12.0),
        Font {
            bold: true,
            ..CENTRED
        },
        &panel.title,
    );
    for &value in &axes.y.minor {
        svg.line(
            (left, axes.y_at(value)),
            (right, axes.y_at(value)),
            "#eeeeee",
            1.0,
        );
    }
    for &value in &axes.y.ticks {
        let at = axes.y_at(value);
        svg.line((left, at), (right, at), "#c8c8c8", 1.0);
        if labelled {
            let sign = if axes.y.floored && value <= axes.y.low {
                "≤ "
            } else {
                ""
            };
            let font = Font {
                anchor: Anchor::End,
                ..PLAIN
            };
            svg.text(
                (left - 8.0, at + 4.5),
                font,
                &format!("{sign}{}", tick(&c.y, value)),
            );
        }
    }
    let mut last = f64::NEG_INFINITY;
    for &value in &axes.x.ticks {
        let sign = if axes.x.floored && value <= axes.x.low {
            "≤ "
        } else {
            ""
        };
        let label = format!("{sign}{}", tick(&c.x, value));
        let (at, half) = (
            left + axes.x_at(value),
            APART * label.chars().count() as f64 / 2.0,
        );
        svg.line((at, bottom), (at, bottom + 5.0), INK, 1.0);
        if at - half >= last {
            svg.text((at, bottom + 20.0), CENTRED, &label);
            last = at + half;
        }
    }
    svg.line((left, bottom), (right, bottom), INK, 1.2);
    svg.line((left, TOP), (left, bottom), INK, 1.2);
    svg.text((middle, bottom + 40.0), CENTRED, &c.x.label);
    if panel.series.iter().all(|s| s.points.is_empty()) {
        svg.text((middle, TOP + PANEL / 2.0), CENTRED, c.nothing);
    }
}

fn draw(svg: &mut Svg, axes: &Axes, left: f64, series: &Series) {
    let at = |x: f64, y: f64| (left + axes.x_at(x), axes.y_at(y));
    let style = style(&series.name);
    if series.draw == Draw::Guide {
        // Not in a group of its own: a page that hides solvers leaves it alone.
        let places: Vec<(f64, f64)> = series.points.iter().map(|p| at(p.x, p.y)).collect();
        return svg.path(&stairs(&places), &style);
    }
    svg.open_series(&series.name);
    spread(svg, series, &style, axes.count <= MOST_BANDS, &at);
    let places: Vec<(f64, f64)> = series.points.iter().map(|p| at(p.x, p.y)).collect();
    match series.draw {
        Draw::Thin => svg.thin(&places, &style),
        Draw::Line => svg.path(&places, &style),
        Draw::Steps => svg.path(&stairs(&places), &style),
        Draw::Marks | Draw::Named | Draw::Guide => {}
    }
    let every = if series.draw == Draw::Steps {
        places.len().div_ceil(MARKS).max(1)
    } else {
        1
    };
    if series.draw != Draw::Thin {
        places
            .iter()
            .step_by(every)
            .for_each(|&p| svg.marker(p, &style));
    }
    svg.close();
}

/// Left, upper, right and lower edge.
type Edges = [f64; 4];

fn overlap(a: &Edges, b: &Edges) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// Names beside the markers of [`Draw::Named`], where they touch no marker, no other name and no
/// edge. The legend has them all.
fn name_markers(svg: &mut Svg, axes: &Axes, left: f64, panel: &Panel) {
    let named = panel.series.iter().filter(|s| s.draw == Draw::Named);
    let named: Vec<(&str, (f64, f64))> = named
        .flat_map(|s| {
            s.points
                .iter()
                .map(|p| (s.name.as_str(), (left + axes.x_at(p.x), axes.y_at(p.y))))
        })
        .collect();
    let mut taken: Vec<Edges> = named
        .iter()
        .map(|(_, (x, y))| [x - 6.0, y - 6.0, x + 6.0, y + 6.0])
        .collect();
    let inside =
        |e: &Edges| e[0] > left && e[1] > TOP && e[2] < left + axes.width && e[3] < TOP + PANEL;
    for (name, at) in named {
        let text = clip(name, LONGEST);
        let stands = stands(at, SMALL_CHARACTER * text.chars().count() as f64);
        let free = |(own, leader): &(Edges, Option<Edges>)| {
            inside(own)
                && taken
                    .iter()
                    .all(|t| !overlap(own, t) && !leader.is_some_and(|l| overlap(&l, t)))
        };
        let Some((own, leader)) = stands.into_iter().find(free) else {
            continue;
        };
        svg.open_series(name);
        if let Some(line) = leader {
            svg.line((at.0, line[1]), (at.0, line[3]), "#767676", 0.6);
        }
        svg.label(
            (own[0] + SIDE, own[3] - 3.0),
            Font {
                size: SMALL,
                ..PLAIN
            },
            &text,
        );
        svg.close();
        taken.extend([Some(own), leader].into_iter().flatten());
    }
}

/// Where a name of this width may stand, best first: beside its marker, or in rows above and below,
/// with a line that leads there from the second row on.
fn stands((x, y): (f64, f64), wide: f64) -> Vec<(Edges, Option<Edges>)> {
    let at = |from: f64, base: f64| [from - SIDE, base - SMALL, from + wide + SIDE, base + 3.0];
    let mut all = vec![
        (at(x + 10.0, y + 4.0), None),
        (at(x - 10.0 - wide, y + 4.0), None),
    ];
    for row in 0..NAME_ROWS {
        let away = 15.0 * f64::from(row);
        for from in [x - wide / 2.0, x - 4.0, x + 4.0 - wide] {
            let (above, below) = (at(from, y - 10.0 - away), at(from, y + 19.0 + away));
            all.push((
                above,
                (row > 0).then_some([x - 1.0, above[3] + 0.5, x + 1.0, y - 7.0]),
            ));
            all.push((
                below,
                (row > 0).then_some([x - 1.0, y + 7.0, x + 1.0, below[1] - 0.5]),
            ));
        }
    }
    all
}

fn spread(
    svg: &mut Svg,
    series: &Series,
    style: &Style,
    bands: bool,
    at: &dyn Fn(f64, f64) -> (f64, f64),
) {
    let ends: Vec<(&Point, (f64, f64))> = series
        .points
        .iter()
        .filter_map(|p| Some((p, p.ends?)))
        .collect();
    if series.spread == Spread::Bars || ends.len() < 2 || !bands {
        for (p, (low, high)) in ends {
            svg.line(at(p.x, low), at(p.x, high), style.colour, 1.2);
        }
        return;
    }
    let upper = ends.iter().map(|(p, e)| at(p.x, e.1));
    let lower = ends.iter().rev().map(|(p, e)| at(p.x, e.0));
    svg.band(&upper.chain(lower).collect::<Vec<_>>(), style);
}

/// Constant from each point to the next.
fn stairs(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = Vec::with_capacity(2 * points.len());
    for &(x, y) in points {
        if let Some(&(_, before)) = all.last() {
            all.push((x, before));
        }
        all.push((x, y));
    }
    all
}

const BAR: f64 = 22.0;
const NAMES: f64 = 150.0;
/// Fills of the three parts: told apart in grey as well.
const FILLS: [&str; 3] = ["#0072B2", "#E69F00", "#e8e8e8"];

/// Stacked bars as an SVG file.
pub(crate) fn bars(b: &Bars) -> String {
    let most = b
        .panels
        .iter()
        .map(|p| p.bars.len())
        .max()
        .unwrap_or(0)
        .max(1);
    let height = BAR * most as f64;
    let count = b.panels.len().max(1) as f64;
    let total = if b.panels.len() > 1 {
        WIDTHS[0]
    } else {
        WIDTHS[1]
    };
    let width = (total - count * NAMES - RIGHT - (count - 1.0) * BETWEEN) / count;
    let mut svg = Svg::new(total, TOP + height + 100.0);
    svg.text(
        (20.0, 24.0),
        Font {
            size: 17.0,
            bold: true,
            ..PLAIN
        },
        b.title,
    );
    let sums = b
        .panels
        .iter()
        .flat_map(|p| &p.bars)
        .map(|bar| bar.1.iter().sum::<f64>());
    let axis = crate::chart::Axis::linear(b.x_label, "delay_ms");
    let scale = Scale::of(&axis, sums.chain([0.0]));
    for (place, panel) in b.panels.iter().enumerate() {
        let left = NAMES + place as f64 * (NAMES + width + BETWEEN);
        bar_panel(&mut svg, &axis, &scale, panel, (left, width, height));
    }
    if b.panels.is_empty() {
        svg.text(
            (total / 2.0, TOP + height / 2.0),
            CENTRED,
            "no row has realised delays",
        );
    }
    for (k, part) in b.parts.iter().enumerate() {
        let x = NAMES + 150.0 * k as f64;
        svg.rectangle((x, TOP + height + 72.0), (16.0, 12.0), FILLS[k]);
        svg.text((x + 22.0, TOP + height + 83.0), PLAIN, part);
    }
    svg.finish(b.title, &b.caption)
}

fn bar_panel(
    svg: &mut Svg,
    axis: &crate::chart::Axis,
    scale: &Scale,
    panel: &BarPanel,
    place: (f64, f64, f64),
) {
    let (left, width, height) = place;
    let bottom = TOP + height;
    svg.text(
        (left + width / 2.0, TOP - 12.0),
        Font {
            bold: true,
            ..CENTRED
        },
        &panel.title,
    );
    let mut last = f64::NEG_INFINITY;
    for &value in &scale.ticks {
        let at = left + scale.share(value) * width;
        svg.line((at, TOP), (at, bottom), "#dddddd", 1.0);
        let label = tick(axis, value);
        let half = APART * label.len() as f64 / 2.0;
        if at - half >= last {
            svg.text((at, bottom + 18.0), CENTRED, &label);
            last = at + half;
        }
    }
    for (k, (name, values)) in panel.bars.iter().enumerate() {
        let y = TOP + BAR * k as f64;
        svg.open_series(name);
        svg.text(
            (left - 8.0, y + 15.0),
            Font {
                anchor: Anchor::End,
                ..PLAIN
            },
            &clip(name, 19),
        );
        let mut from = 0.0;
        for (value, fill) in values.iter().zip(FILLS) {
            let (a, b) = (
                left + scale.share(from) * width,
                left + scale.share(from + value) * width,
            );
            svg.rectangle((a, y + 3.0), (b - a, BAR - 6.0), fill);
            from += value;
        }
        svg.close();
    }
    svg.line((left, TOP), (left, bottom), INK, 1.2);
    svg.text((left + width / 2.0, bottom + 40.0), CENTRED, &axis.label);
}

/// Lines, markers and names in columns below the panels.
struct Legend<'a> {
    ids: &'a [&'a str],
    column: f64,
    columns: usize,
}

impl<'a> Legend<'a> {
    fn of(ids: &'a [&'a str], width: f64) -> Self {
        let longest = ids
            .iter()
            .map(|id| clip(id, LONGEST).chars().count())
            .max()
            .unwrap_or(0);
        let column = 62.0 + CHARACTER * longest as f64;
        Self {
            ids,
            column,
            columns: (((width - LEFT) / column) as usize).max(1),
        }
    }

    fn height(&self) -> f64 {
        self.ids.len().div_ceil(self.columns) as f64 * LEGEND_ROW
    }

    fn draw(&self, svg: &mut Svg, top: f64) {
        let rows = self.ids.len().div_ceil(self.columns).max(1);
        for (place, id) in self.ids.iter().enumerate() {
            let x = LEFT + (place / rows) as f64 * self.column;
            let y = top + (place % rows) as f64 * LEGEND_ROW;
            let (style, line) = (style(id), [(x, y - 4.5), (x + 34.0, y - 4.5)]);
            if is_guide(id) {
                svg.path(&line, &style);
                svg.text((x + 42.0, y), PLAIN, id);
                continue;
            }
            svg.open_series(id);
            svg.path(&line, &style);
            svg.marker((x + 17.0, y - 4.5), &style);
            svg.text((x + 42.0, y), PLAIN, &clip(id, LONGEST));
            svg.close();
        }
    }
}
