//! Draws figures with pgfplots, for a column of a two-column paper: panels below each other, the
//! legend below the last.

use super::chart::{Axis, BarPanel, Bars, Chart, Draw, Figure, Panel, Point, Series};
use super::scale::{Scale, Scales};
use super::style::{FILLS, GREY, Shape, Style};
use crate::escape::{latex, latex_id};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Labels that fit below a column's x axis.
const MOST_LABELS: usize = 8;
/// Distance of series side by side at single values, pt.
const ASIDE: f64 = 0.8;
/// Markers on a line of steps.
const STEP_MARKERS: usize = 6;
/// Length of a dash, pt a px of the SVG.
const DASH: f64 = 0.5;
/// Free space at both ends of an axis of single values: a factor on a log axis, a share of the
/// range on a linear one.
const LOG_ROOM: f64 = 1.1;
const LINEAR_ROOM: f64 = 0.05;
/// Height of a panel of bars without its bars, and of each bar, cm.
const BARS_AROUND: f64 = 1.6;
const BAR: f64 = 0.36;

impl Figure {
    /// The figure as a `tikzpicture`.
    #[must_use]
    pub fn tex(&self) -> String {
        match self {
            Self::Chart(c) => chart(c),
            Self::Bars(b) => bars(b),
        }
    }
}

fn chart(c: &Chart) -> String {
    let legend = c.legend();
    let colours = legend.iter().map(|s| s.style.colour).chain([GREY]);
    let mut out = head(&c.name, colours);
    let Some(last) = c.panels.last().filter(|_| !legend.is_empty()) else {
        return out + &nothing(&c.nothing);
    };
    out += &group(c.panels.len(), "1.5cm");
    out += "  width=0.92\\linewidth, height=0.46\\linewidth, scale only axis=false, clip \
        mode=individual,\n";
    out += &axis_options('x', &c.x, &Scales::of(c, last).x);
    out +=
        "  ymajorgrids, grid style={gray!25}, axis lines=left, label style={font=\\scriptsize},\n";
    out += "  tick label style={font=\\scriptsize}, title style={font=\\footnotesize, \
        yshift=-1ex},\n]\n";
    for (place, panel) in c.panels.iter().enumerate() {
        let is_last = place + 1 == c.panels.len();
        let entries = if is_last {
            ", legend style={at={(0.5,-0.38)}, anchor=north, draw=none, font=\\scriptsize, \
             cells={anchor=west}}, legend columns=2"
        } else {
            ""
        };
        let scales = Scales::of(c, panel);
        let _ = writeln!(
            out,
            "\\nextgroupplot[title={{{}}}{entries},\n{}]",
            latex(&panel.title),
            axis_options('y', panel.y.as_ref().unwrap_or(&c.y), &scales.y)
        );
        out += &PanelCode {
            chart: c,
            legend: &legend,
            scales,
        }
        .draw(panel);
        if is_last {
            out.extend(legend.iter().map(|s| legend_entry(s)));
        }
    }
    out + TAIL
}

fn head<'a>(name: &str, colours: impl Iterator<Item = &'a str>) -> String {
    let mut out = format!("% Every number drawn here is in {name}.csv.\n");
    for colour in colours.collect::<BTreeSet<_>>() {
        let hex = colour.trim_start_matches('#').to_uppercase();
        let _ = writeln!(out, "\\definecolor{{{}}}{{HTML}}{{{hex}}}", name_of(colour));
    }
    out
}

/// A colour's name in LaTeX.
fn name_of(colour: &str) -> String {
    format!("off{}", colour.trim_start_matches('#'))
}

fn nothing(text: &str) -> String {
    format!("\\fbox{{\\footnotesize {}}}\n", latex(text))
}

fn group(panels: usize, apart: &str) -> String {
    format!(
        "\\begin{{tikzpicture}}\n\\begin{{groupplot}}[\n  group style={{group size=1 by {panels}, \
         vertical sep={apart}}},\n"
    )
}

const TAIL: &str = "\\end{groupplot}\n\\end{tikzpicture}\n";

fn axis_options(which: char, axis: &Axis, scale: &Scale) -> String {
    let (low, high) = match (axis.values.is_empty(), scale.log) {
        (true, _) => (scale.low, scale.high),
        (false, true) => (scale.low / LOG_ROOM, scale.high * LOG_ROOM),
        (false, false) => {
            let room = LINEAR_ROOM * (scale.high - scale.low).max(1.0);
            (scale.low - room, scale.high + room)
        }
    };
    let mode = scale.log.then(|| format!("  {which}mode=log,"));
    let mode = mode.unwrap_or_default();
    let every = scale.ticks.len().div_ceil(MOST_LABELS).max(1);
    let kept = || scale.ticks.iter().step_by(every);
    let ticks: Vec<String> = kept().map(|t| format!("{t:?}")).collect();
    let labels: Vec<String> = kept()
        .map(|&t| format!("{{{}}}", latex(&scale.label(axis, t))))
        .collect();
    format!(
        "{mode}  {which}min={low:?}, {which}max={high:?}, {which}label={{{}}},\n  \
         {which}tick={{{}}}, {which}ticklabels={{{}}}, minor {which} tick num=0,\n",
        latex(&axis.label),
        ticks.join(","),
        labels.join(",")
    )
}

/// Colour, dashes and marker.
fn options(style: &Style) -> String {
    let colour = name_of(style.colour);
    let (mark, turn) = match style.shape {
        Shape::Circle => ("*", ""),
        Shape::Square => ("square*", ""),
        Shape::Up => ("triangle*", ""),
        Shape::Down => ("triangle*", ", rotate=180"),
        Shape::Diamond => ("diamond*", ""),
        Shape::Plus => ("+", ""),
        Shape::Cross => ("x", ""),
    };
    let fill = if style.filled { &colour } else { "white" };
    let dashes = style.dashes.split_whitespace();
    let dashes = dashes.filter_map(|d| d.parse::<f64>().ok());
    let pattern: Vec<String> = dashes
        .zip(["on", "off"].into_iter().cycle())
        .map(|(dash, kind)| format!("{kind} {:.1}pt", DASH * dash))
        .collect();
    let line = if pattern.is_empty() {
        "solid".into()
    } else {
        format!("dash pattern={}", pattern.join(" "))
    };
    format!(
        "{colour}, {line}, line width=0.7pt, mark={mark}, mark size=1.6pt, mark options={{solid, \
         fill={fill}{turn}}}"
    )
}

/// How the points of a series become a drawing.
fn look(series: &Series) -> String {
    let all = options(&series.style);
    match series.draw {
        Draw::Line | Draw::Band => all,
        Draw::Plain => format!("{all}, mark=none"),
        Draw::Thin => format!(
            "{}, line width=0.4pt, mark=none",
            name_of(series.style.colour)
        ),
        Draw::Steps => {
            let repeat = series.points.len().div_ceil(STEP_MARKERS).max(1);
            format!("{all}, const plot, mark repeat={repeat}")
        }
        Draw::Marks | Draw::Named => format!("{all}, only marks"),
        Draw::Guide => format!("{all}, const plot, mark=none"),
    }
}

fn legend_entry(series: &Series) -> String {
    let style = options(&series.style);
    let (extra, text) = match series.draw {
        Draw::Guide => (", mark=none", latex(&series.name)),
        Draw::Plain | Draw::Thin => (", mark=none", latex_id(&series.name)),
        Draw::Marks | Draw::Named => (", only marks", latex_id(&series.name)),
        Draw::Line | Draw::Band | Draw::Steps => ("", latex_id(&series.name)),
    };
    format!("\\addlegendimage{{{style}{extra}}}\n\\addlegendentry{{{text}}}\n")
}

/// The code of one panel.
struct PanelCode<'a> {
    chart: &'a Chart,
    legend: &'a [&'a Series],
    scales: Scales,
}

impl PanelCode<'_> {
    fn draw(&self, panel: &Panel) -> String {
        let mut out = String::new();
        for &reference in &panel.references {
            let ends = self.scales.ends(reference).map(|(x, y)| self.at(x, y));
            let grey = format!("forget plot, {}, mark=none", name_of(GREY));
            out += &plot(&grey, &ends, "");
        }
        for series in panel.drawn() {
            let shift = self.shift(&series.name);
            out += &self.spread(series, &shift);
            let points: Vec<String> = series.points.iter().map(|p| self.at(p.x, p.y)).collect();
            out += &plot(&format!("{shift}, {}", look(series)), &points, "");
        }
        out
    }

    /// Options of a plot that is not in the legend, and that stands aside at single values.
    fn shift(&self, name: &str) -> String {
        if self.chart.x.values.is_empty() {
            return "forget plot".into();
        }
        let place = self.legend.iter().position(|s| s.name == name).unwrap_or(0) as f64;
        let aside = ASIDE * (place - (self.legend.len() as f64 - 1.0) / 2.0);
        format!("forget plot, xshift={aside:.2}pt")
    }

    fn at(&self, x: f64, y: f64) -> String {
        // pgfplots drops what is below a log axis: such values are drawn at the floor.
        let settle = |value: f64, scale: &Scale| match scale.log {
            true => value.max(scale.low),
            false => value,
        };
        let (x, y) = (settle(x, &self.scales.x), settle(y, &self.scales.y));
        format!("({x:?},{y:?})")
    }

    fn spread(&self, series: &Series, shift: &str) -> String {
        let colour = name_of(series.style.colour);
        let vertical = |p: &Point| {
            let (low, high) = p.y_ends?;
            Some([self.at(p.x, low), self.at(p.x, high)])
        };
        let horizontal = |p: &Point| {
            let (low, high) = p.x_ends?;
            Some([self.at(low, p.y), self.at(high, p.y)])
        };
        let bar = format!("{shift}, {colour}, line width=0.5pt, mark=none");
        let bars = |ends: Vec<[String; 2]>| -> String {
            ends.iter().map(|ends| plot(&bar, ends, "")).collect()
        };
        let upright: Vec<[String; 2]> = series.points.iter().filter_map(vertical).collect();
        let level = bars(series.points.iter().filter_map(horizontal).collect());
        if !self.chart.has_band(series) {
            return bars(upright) + &level;
        }
        let (lower, upper): (Vec<String>, Vec<String>) =
            upright.into_iter().map(|[low, high]| (low, high)).unzip();
        let corners: Vec<String> = upper.into_iter().chain(lower.into_iter().rev()).collect();
        let area = format!("{shift}, draw=none, fill={colour}, fill opacity=0.15, mark=none");
        plot(&area, &corners, " -- cycle") + &level
    }
}

fn plot(options: &str, points: &[String], end: &str) -> String {
    format!(
        "\\addplot[{options}] coordinates {{{}}}{end};\n",
        points.join(" ")
    )
}

/// Stacked bars as a `tikzpicture`.
fn bars(b: &Bars) -> String {
    let mut out = head(&b.name, FILLS.into_iter());
    let most = b.panels.iter().map(|p| p.bars.len()).max().unwrap_or(0);
    if most == 0 {
        return out + &nothing(&b.nothing);
    }
    let height = BARS_AROUND + BAR * most as f64;
    out += &group(b.panels.len(), "1.6cm");
    let _ = writeln!(
        out,
        "  width=0.82\\linewidth, height={height:.2}cm, scale only axis=false, xbar stacked, \
         /pgf/bar width=5pt,"
    );
    let _ = writeln!(
        out,
        "  xmin=0, xlabel={{{}}}, y dir=reverse, enlarge y limits={{abs=0.7}},",
        latex(&b.x.label)
    );
    out += "  xmajorgrids, grid style={gray!25}, label style={font=\\footnotesize}, tick label \
        style={font=\\scriptsize},\n";
    out += "  title style={font=\\footnotesize, yshift=-1ex}, scaled x ticks=false,\n]\n";
    let below = -1.0 / height.max(2.0) - 0.08;
    let legend = format!(
        ", legend style={{at={{(0.4,{below:.2})}}, anchor=north, draw=none, font=\\scriptsize}}, \
         legend columns=3"
    );
    for (place, panel) in b.panels.iter().enumerate() {
        let is_last = place + 1 == b.panels.len();
        out += &bar_panel(panel, if is_last { &legend } else { "" });
        if is_last {
            let parts: Vec<String> = b.parts.iter().map(|p| latex(p)).collect();
            let _ = writeln!(out, "\\legend{{{}}}", parts.join(", "));
        }
    }
    out + TAIL
}

fn bar_panel(panel: &BarPanel, legend: &str) -> String {
    let places: Vec<String> = (0..panel.bars.len()).map(|k| k.to_string()).collect();
    let labels: Vec<String> = panel.bars.iter().map(|b| latex_id(&b.name)).collect();
    let mut out = format!(
        "\\nextgroupplot[title={{{}}}, ytick={{{}}}, yticklabels={{{}}}{legend}]\n",
        latex(&panel.title),
        places.join(","),
        labels.join(",")
    );
    for (k, fill) in FILLS.into_iter().enumerate() {
        let bars = panel.bars.iter().enumerate();
        let points: Vec<String> = bars
            .filter_map(|(row, bar)| Some(format!("({:?},{row})", bar.parts.get(k)?)))
            .collect();
        let look = format!("fill={}, draw=black!70, line width=0.2pt", name_of(fill));
        out += &plot(&look, &points, "");
    }
    out
}
