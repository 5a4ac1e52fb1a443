//! The two figures, as SVG: guaranteed gap and running time against the number of users.
//!
//! One panel per interference mode, both with the same axes; one line per solver (see [`crate::style`]); the legend
//! stands below. Series are set side by side by a few px at each N, so that equal values do not hide each other.

use crate::order::solver_order;
use crate::style::style;
use crate::svg::{Anchor, Font, INK, Svg};
use crate::tables::{Aggregate, Size};
use crate::text::{clip, listed, mode};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 84.0;
const RIGHT: f64 = 14.0;
const BETWEEN: f64 = 26.0;
const TOP: f64 = 64.0;
const PANEL: f64 = 360.0;
/// From the panels' lower edge to the legend's first row: tick labels and the axis label.
const BELOW: f64 = 68.0;
const LEGEND_ROW: f64 = 22.0;
/// Free space at both ends of a panel's x axis.
const INSET: f64 = 30.0;
/// Longest id in a legend, characters.
const LONGEST: usize = 34;
/// Room for one character of a legend, px at 13 px type: what wide fonts need.
const CHARACTER: f64 = 7.4;

const PLAIN: Font = Font { size: 13.0, bold: false, anchor: Anchor::Start };
const CENTRED: Font = Font { anchor: Anchor::Middle, ..PLAIN };

/// What a figure shows, apart from its data.
struct Figure {
    title: &'static str,
    y_label: &'static str,
    /// Values up to this one are drawn at this one.
    floor: f64,
    tick: fn(f64) -> String,
    /// Said instead of an empty panel.
    nothing: &'static str,
    /// Said before the names of solvers without a point.
    left_out: &'static str,
    value: fn(&Aggregate<Size>) -> Option<f64>,
}

struct Panel<'a> {
    interference: bool,
    series: Vec<(&'a str, Vec<(usize, f64)>)>,
}

/// Mean guaranteed gap against N, on a log axis; solvers without any gap are named below the legend.
#[must_use]
pub fn gap_figure(summary: &[Aggregate<Size>]) -> String {
    let figure = Figure {
        title: "Guaranteed gap to the optimum",
        y_label: "mean guaranteed gap (%)",
        floor: 0.001,
        tick: |value| format!("{value}"),
        nothing: "no row has a gap",
        left_out: "No gap to show (see the tables):",
        value: |row| row.figures.gap.map(|gap| 100.0 * gap.mean),
    };
    figure.draw(summary)
}

/// Median running time against N, on a log axis.
#[must_use]
pub fn runtime_figure(summary: &[Aggregate<Size>]) -> String {
    let figure = Figure {
        title: "Running time of one solve",
        y_label: "median time",
        floor: 1e-6,
        tick: duration,
        nothing: "no row has a time",
        left_out: "No time to show (all rows ended in an error):",
        value: |row| row.figures.time_s,
    };
    figure.draw(summary)
}

fn duration(seconds: f64) -> String {
    // Ticks are powers of ten, for which this arithmetic is exact enough to round.
    let (value, unit) = match seconds {
        s if s < 0.99e-3 => (s * 1e6, "µs"),
        s if s < 0.99 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    format!("{} {unit}", value.round())
}

impl Figure {
    fn draw(&self, summary: &[Aggregate<Size>]) -> String {
        let panels = self.panels(summary);
        let mut drawn: Vec<&str> = panels.iter().flat_map(|p| p.series.iter().map(|s| s.0)).collect();
        drawn.sort_by_key(|id| solver_order(id));
        drawn.dedup();
        let mut missing: Vec<&str> = summary.iter().map(|row| row.solver.as_str()).collect();
        missing.retain(|id| !drawn.contains(id));
        missing.sort_by_key(|id| solver_order(id));
        missing.dedup();

        let legend = Legend::of(&drawn);
        let note = if missing.is_empty() { 0.0 } else { LEGEND_ROW };
        let mut svg = Svg::new(WIDTH, (TOP + PANEL + BELOW + legend.height() + note).round());
        svg.text((LEFT, 24.0), Font { size: 17.0, bold: true, ..PLAIN }, self.title);
        let y = YAxis::of(self.floor, panels.iter().flat_map(|p| &p.series).flat_map(|s| &s.1).map(|p| p.1));
        let x = XAxis::of(summary.iter().map(|row| row.key.users).collect(), panels.len());
        svg.text_up((20.0, TOP + PANEL / 2.0), CENTRED, self.y_label);
        for (place, panel) in panels.iter().enumerate() {
            let left = LEFT + place as f64 * (x.width + BETWEEN);
            self.frame(&mut svg, left, panel, &x, &y, place == 0);
            series(&mut svg, left, panel, &x, &y, &drawn);
        }
        if panels.is_empty() {
            svg.text((WIDTH / 2.0, TOP + PANEL / 2.0), CENTRED, self.nothing);
        }
        let below = TOP + PANEL + BELOW;
        legend.draw(&mut svg, below);
        if note > 0.0 {
            let ids: Vec<String> = missing.iter().map(|id| clip(id, LONGEST)).collect();
            let text = clip(&format!("{} {}.", self.left_out, listed(&ids)), 130);
            svg.text((LEFT, below + legend.height()), Font { size: 12.0, ..PLAIN }, &text);
        }
        svg.finish(self.title, &format!("{}, {} against the number of users N, by solver", self.title, self.y_label))
    }

    /// One panel per mode in the data, with the series that have points; one empty panel when there is no data.
    fn panels<'a>(&self, summary: &'a [Aggregate<Size>]) -> Vec<Panel<'a>> {
        let mut panels: Vec<Panel<'a>> = Vec::new();
        for row in summary {
            let interference = row.key.interference;
            if panels.last().is_none_or(|panel| panel.interference != interference) {
                panels.push(Panel { interference, series: Vec::new() });
            }
            let (Some(value), Some(panel)) = ((self.value)(row), panels.last_mut()) else { continue };
            let point = (row.key.users, value);
            match panel.series.iter_mut().find(|series| series.0 == row.solver) {
                Some(series) => series.1.push(point),
                None => panel.series.push((&row.solver, vec![point])),
            }
        }
        panels
    }

    fn frame(&self, svg: &mut Svg, left: f64, panel: &Panel, x: &XAxis, y: &YAxis, labelled: bool) {
        let (right, bottom) = (left + x.width, TOP + PANEL);
        let title = format!("interference {}", mode(panel.interference));
        svg.text((left + x.width / 2.0, TOP - 12.0), Font { bold: true, ..CENTRED }, &title);
        for (value, major) in y.ticks() {
            let at = y.place(value);
            let (colour, width) = if major { ("#c8c8c8", 1.0) } else { ("#eeeeee", 1.0) };
            svg.line((left, at), (right, at), colour, width);
            if labelled && major {
                let sign = if y.floored && value <= self.floor * 1.001 { "≤ " } else { "" };
                let label = format!("{sign}{}", (self.tick)(value));
                svg.text((left - 8.0, at + 4.5), Font { anchor: Anchor::End, ..PLAIN }, &label);
            }
        }
        for users in x.labels() {
            let at = left + x.place(users);
            svg.line((at, bottom), (at, bottom + 5.0), INK, 1.0);
            svg.text((at, bottom + 20.0), CENTRED, &users.to_string());
        }
        svg.line((left, bottom), (right, bottom), INK, 1.2);
        svg.line((left, TOP), (left, bottom), INK, 1.2);
        svg.text((left + x.width / 2.0, bottom + 40.0), CENTRED, "users N");
        if panel.series.is_empty() {
            svg.text((left + x.width / 2.0, TOP + PANEL / 2.0), CENTRED, self.nothing);
        }
    }
}

fn series(svg: &mut Svg, left: f64, panel: &Panel, x: &XAxis, y: &YAxis, drawn: &[&str]) {
    for (id, points) in &panel.series {
        let place = drawn.iter().position(|d| d == id).unwrap_or(0);
        let aside = x.aside(place, drawn.len());
        let points: Vec<(f64, f64)> = points.iter().map(|&(n, v)| (left + x.place(n) + aside, y.place(v))).collect();
        let style = style(id);
        svg.open(id);
        svg.path(&points, &style);
        for &point in &points {
            svg.marker(point, &style);
        }
        svg.close();
    }
}

/// The users, on a linear axis, or on a log axis when they span more than a decade.
struct XAxis {
    width: f64,
    users: Vec<usize>,
    log: bool,
}

impl XAxis {
    fn of(mut users: Vec<usize>, panels: usize) -> Self {
        users.sort_unstable();
        users.dedup();
        let panels = panels.max(1) as f64;
        let width = (WIDTH - LEFT - RIGHT - (panels - 1.0) * BETWEEN) / panels;
        let log = matches!((users.first(), users.last()), (Some(&a), Some(&b)) if a > 0 && b > 10 * a);
        Self { width, users, log }
    }

    /// px from the panel's left edge.
    fn place(&self, users: usize) -> f64 {
        let scale = |n: usize| if self.log { (n as f64).ln() } else { n as f64 };
        let (Some(&first), Some(&last)) = (self.users.first(), self.users.last()) else { return 0.0 };
        if first == last {
            return self.width / 2.0;
        }
        let share = (scale(users) - scale(first)) / (scale(last) - scale(first));
        INSET + share * (self.width - 2.0 * INSET)
    }

    /// What sets one of `count` series aside at each N: at most 4 px a series, and not into the next N.
    fn aside(&self, place: usize, count: usize) -> f64 {
        let pairs = self.users.windows(2).map(|pair| self.place(pair[1]) - self.place(pair[0]));
        let nearest = pairs.fold(2.0 * INSET, f64::min);
        let step = (0.7 * nearest / count.max(1) as f64).min(4.0);
        step * (place as f64 - (count as f64 - 1.0) / 2.0)
    }

    /// The numbers of users that have room for a label.
    fn labels(&self) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::new();
        for &users in &self.users {
            if kept.last().is_none_or(|&last| self.place(users) - self.place(last) >= 34.0) {
                kept.push(users);
            }
        }
        kept
    }
}

/// A log axis from `low` to `high`, powers of ten.
struct YAxis {
    low: i32,
    high: i32,
    /// Whether some value is drawn at the floor instead of where it is.
    floored: bool,
}

impl YAxis {
    fn of(floor: f64, values: impl Iterator<Item = f64> + Clone) -> Self {
        // Numbers such as 0.001 have no exact logarithm: a billionth of a decade is forgiven.
        let decade = |v: f64| v.log10();
        let floored = values.clone().any(|v| v <= floor);
        let least = values.clone().fold(f64::INFINITY, f64::min).max(floor);
        let greatest = values.fold(floor, f64::max);
        let least = if least.is_finite() { least } else { floor };
        let low = (decade(least) + 1e-9).floor() as i32;
        Self { low, high: ((decade(greatest) - 1e-9).ceil() as i32).max(low + 2), floored }
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value.log10().max(f64::from(self.low)) - f64::from(self.low)) / f64::from(self.high - self.low);
        // A little room below, so that markers at the floor stay clear of the axis.
        let floor = PANEL - 12.0;
        TOP + floor - share * floor
    }

    /// Grid values and whether they are powers of ten.
    fn ticks(&self) -> Vec<(f64, bool)> {
        let mut ticks = Vec::new();
        for decade in self.low..=self.high {
            let base = format!("1e{decade}").parse().unwrap_or(1.0);
            ticks.push((base, true));
            if decade < self.high {
                ticks.extend([(2.0 * base, false), (5.0 * base, false)]);
            }
        }
        ticks
    }
}

/// Lines, markers and names in columns below the panels.
struct Legend<'a> {
    ids: &'a [&'a str],
    column: f64,
    columns: usize,
}

impl<'a> Legend<'a> {
    fn of(ids: &'a [&'a str]) -> Self {
        let longest = ids.iter().map(|id| clip(id, LONGEST).chars().count()).max().unwrap_or(0);
        let column = 62.0 + CHARACTER * longest as f64;
        Self { ids, column, columns: (((WIDTH - LEFT) / column) as usize).max(1) }
    }

    fn height(&self) -> f64 {
        self.ids.len().div_ceil(self.columns) as f64 * LEGEND_ROW
    }

    fn draw(&self, svg: &mut Svg, top: f64) {
        let rows = self.ids.len().div_ceil(self.columns).max(1);
        for (place, id) in self.ids.iter().enumerate() {
            let x = LEFT + (place / rows) as f64 * self.column;
            let y = top + (place % rows) as f64 * LEGEND_ROW;
            let style = style(id);
            svg.path(&[(x, y - 4.5), (x + 34.0, y - 4.5)], &style);
            svg.marker((x + 17.0, y - 4.5), &style);
            svg.text((x + 42.0, y), PLAIN, &clip(id, LONGEST));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gaps::analyse;
    use crate::samples::{campaign, record};
    use crate::tables::aggregate;

    fn figures(records: &[crate::record::Record]) -> (String, String) {
        let summary = aggregate(&analyse(records), Size::of);
        (gap_figure(&summary), runtime_figure(&summary))
    }

    #[test]
    fn full_campaign_has_both_panels_and_every_solver() {
        let (gap, time) = figures(&campaign());
        for svg in [&gap, &time] {
            assert!(svg.contains("interference on") && svg.contains("interference off"));
            assert!(svg.contains("viewBox=\"0 0 1000") && !svg.contains("NaN") && !svg.contains("inf"));
            assert_eq!(svg.matches("<g>").count(), 24);
        }
        assert!(gap.contains("≤ 0.001") && time.contains("100 µs"));
    }

    #[test]
    fn figures_without_data_say_so() {
        let (gap, time) = figures(&[]);
        assert!(gap.ends_with("</svg>\n") && time.ends_with("</svg>\n"));
        let (gap, _) = figures(&[record(20, 1, "goa", Some(1.0))]);
        assert!(gap.contains("no row has a gap") && gap.contains("No gap to show (see the tables): goa."));
    }

    #[test]
    fn axes_cover_the_values() {
        let y = YAxis::of(0.001, [0.0, 25.0].into_iter());
        assert_eq!((y.low, y.high, y.floored), (-3, 2, true));
        assert_eq!(y.place(0.0), y.place(0.001));
        let y = YAxis::of(0.001, [0.2, 100.0].into_iter());
        assert_eq!((y.low, y.high, y.floored), (-1, 2, false));
        assert!(XAxis::of(vec![5, 120], 2).log && !XAxis::of(vec![20, 120], 2).log);
    }
}
