//! Draws a [`Chart`] with pgfplots, for a column of a two-column paper: panels below each other,
//! the legend below the last.

use crate::chart::{Axis, Bars, Chart, Draw, Panel, Scale, Series, Spread, tick};
use crate::style::{Shape, Style, is_guide, style};
use crate::svg_chart::MOST_BANDS;
use crate::text::clip;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Labels that fit below a column's x axis.
const MOST_LABELS: usize = 8;
/// Distance of series side by side at single values, pt.
const ASIDE: f64 = 0.8;
/// Longest id in a legend, characters.
const LONGEST: usize = 22;
/// Markers on a line of steps.
const MARKS: usize = 6;
/// Fills of the three parts of a bar, as in the SVG.
const FILLS: [&str; 3] = ["0072B2", "E69F00", "E8E8E8"];

/// A text as LaTeX shows it: special characters escaped, others that pdflatex lacks replaced.
pub(crate) fn escape(text: &str) -> String {
    let one = |c: char| match c {
        '\\' => "\\textbackslash{}".into(),
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{c}"),
        '~' => "\\textasciitilde{}".into(),
        '^' => "\\textasciicircum{}".into(),
        '<' | '>' => format!("${c}$"),
        '"' => "''".into(),
        '≤' => "$\\leq$".into(),
        'µ' => "$\\mu$".into(),
        '–' => "--".into(),
        '…' => "\\ldots{}".into(),
        '×' => "$\\times$".into(),
        c if c.is_ascii() && !c.is_control() => c.to_string(),
        _ => "?".into(),
    };
    text.chars().map(one).collect()
}

/// An id in typewriter type.
pub(crate) fn id(text: &str) -> String {
    format!(
        "\\texttt{{{}}}",
        escape(&clip(text, LONGEST)).replace('-', "{-}")
    )
}

/// The figure as a `tikzpicture`.
pub(crate) fn chart(c: &Chart) -> String {
    let names = c.names();
    let mut out = head(c.name, names.iter().map(|n| style(n).colour));
    let points = || {
        c.panels
            .iter()
            .flat_map(|p| &p.series)
            .flat_map(|s| &s.points)
    };
    if points().next().is_none() {
        return format!("{out}\\fbox{{\\footnotesize {}}}\n", escape(c.nothing));
    }
    let ys = points().flat_map(|p| {
        [
            p.y,
            p.ends.map_or(p.y, |e| e.0),
            p.ends.map_or(p.y, |e| e.1),
        ]
    });
    let (x, y) = (Scale::of(&c.x, points().map(|p| p.x)), Scale::of(&c.y, ys));
    out += "\\begin{tikzpicture}\n\\begin{groupplot}[\n";
    let _ = writeln!(
        out,
        "  group style={{group size=1 by {}, vertical sep=1.5cm}},",
        c.panels.len()
    );
    out += "  width=0.92\\linewidth, height=0.46\\linewidth, scale only axis=false, clip \
        mode=individual,\n";
    out += &axis_options('x', &c.x, &x);
    out += &axis_options('y', &c.y, &y);
    out +=
        "  ymajorgrids, grid style={gray!25}, axis lines=left, label style={font=\\scriptsize},\n";
    out += "  tick label style={font=\\scriptsize}, title style={font=\\footnotesize, \
        yshift=-1ex},\n]\n";
    for (place, panel) in c.panels.iter().enumerate() {
        let last = place + 1 == c.panels.len();
        let legend = ", legend style={at={(0.5,-0.38)}, anchor=north, draw=none, \
            font=\\scriptsize, cells={anchor=west}}, legend columns=2";
        let _ = writeln!(
            out,
            "\\nextgroupplot[title={{{}}}{}]",
            escape(&panel.title),
            if last { legend } else { "" }
        );
        out += &series_of(c, panel, &x, &y);
        if last {
            for name in &names {
                let (mark, text) = if is_guide(name) {
                    (", mark=none", escape(name))
                } else {
                    ("", id(name))
                };
                let look = options(&style(name));
                let _ = writeln!(
                    out,
                    "\\addlegendimage{{{look}{mark}}}\n\\addlegendentry{{{text}}}"
                );
            }
        }
    }
    out + "\\end{groupplot}\n\\end{tikzpicture}\n"
}

fn head<'a>(name: &str, colours: impl Iterator<Item = &'a str>) -> String {
    let mut out = format!("% Every number drawn here is in {name}.csv.\n");
    for colour in colours
        .map(|c| c.trim_start_matches('#'))
        .collect::<BTreeSet<_>>()
    {
        let _ = writeln!(
            out,
            "\\definecolor{{off{colour}}}{{HTML}}{{{}}}",
            colour.to_uppercase()
        );
    }
    out
}

fn axis_options(which: char, axis: &Axis, scale: &Scale) -> String {
    let single = !axis.values.is_empty();
    let (low, high) = match (single, scale.log) {
        (true, true) => (scale.low / 1.1, scale.high * 1.1),
        (true, false) => {
            let room = 0.05 * (scale.high - scale.low).max(1.0);
            (scale.low - room, scale.high + room)
        }
        _ => (scale.low, scale.high),
    };
    let mut out = String::new();
    if scale.log {
        let _ = write!(out, "  {which}mode=log,");
    }
    let every = scale.ticks.len().div_ceil(MOST_LABELS).max(1);
    let kept: Vec<f64> = scale.ticks.iter().copied().step_by(every).collect();
    let ticks: Vec<String> = kept.iter().map(|t| format!("{t:?}")).collect();
    let sign = |t: f64| {
        if scale.floored && t <= scale.low {
            "≤ "
        } else {
            ""
        }
    };
    let labels: Vec<String> = kept
        .iter()
        .map(|&t| format!("{{{}}}", escape(&format!("{}{}", sign(t), tick(axis, t)))))
        .collect();
    let _ = writeln!(
        out,
        "  {which}min={low:?}, {which}max={high:?}, {which}label={{{}}},",
        escape(&axis.label)
    );
    let _ = writeln!(
        out,
        "  {which}tick={{{}}}, {which}ticklabels={{{}}}, minor {which} tick num=0,",
        ticks.join(","),
        labels.join(",")
    );
    out
}

/// Colour, dashes and marker.
fn options(style: &Style) -> String {
    let colour = format!("off{}", style.colour.trim_start_matches('#'));
    let (mark, turn) = match style.shape {
        Shape::Circle => ("*", ""),
        Shape::Square => ("square*", ""),
        Shape::Up => ("triangle*", ""),
        Shape::Down => ("triangle*", ", rotate=180"),
        Shape::Diamond => ("diamond*", ""),
        Shape::Plus => ("+", ""),
        Shape::Cross => ("x", ""),
    };
    let fill = if style.filled {
        colour.as_str()
    } else {
        "white"
    };
    let dashes: Vec<f64> = style
        .dashes
        .split_whitespace()
        .filter_map(|d| d.parse().ok())
        .collect();
    let pattern: Vec<String> = dashes
        .iter()
        .enumerate()
        .map(|(k, d)| format!("{} {:.1}pt", if k % 2 == 0 { "on" } else { "off" }, 0.5 * d))
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

fn series_of(c: &Chart, panel: &Panel, x: &Scale, y: &Scale) -> String {
    let mut out = String::new();
    let names = c.names();
    let single = !c.x.values.is_empty();
    for series in panel.series.iter().filter(|s| !s.points.is_empty()) {
        let style = style(&series.name);
        let colour = style.colour.trim_start_matches('#');
        let place = names.iter().position(|n| *n == series.name).unwrap_or(0) as f64;
        let aside = ASIDE * (place - (names.len() as f64 - 1.0) / 2.0);
        let shift = if single {
            format!("forget plot, xshift={aside:.2}pt")
        } else {
            "forget plot".into()
        };
        // pgfplots drops what is below a log axis: the floor is where such values are drawn.
        let at = |px: f64, py: f64| format!("({:?},{:?})", settle(px, x), settle(py, y));
        out += &spread(series, colour, names.len() <= MOST_BANDS, &shift, &at);
        let points: Vec<String> = series.points.iter().map(|p| at(p.x, p.y)).collect();
        let repeat = points.len().div_ceil(MARKS).max(1);
        let how = match series.draw {
            Draw::Line => options(&style),
            Draw::Thin => format!("off{colour}, line width=0.4pt, mark=none"),
            Draw::Steps => format!("{}, const plot, mark repeat={repeat}", options(&style)),
            Draw::Marks | Draw::Named => format!("{}, only marks", options(&style)),
            Draw::Guide => format!("{}, const plot, mark=none", options(&style)),
        };
        let _ = writeln!(
            out,
            "\\addplot[{shift}, {how}] coordinates {{{}}};",
            points.join(" ")
        );
    }
    out
}

fn settle(value: f64, scale: &Scale) -> f64 {
    if scale.log {
        value.max(scale.low)
    } else {
        value
    }
}

fn spread(
    series: &Series,
    colour: &str,
    bands: bool,
    shift: &str,
    at: &dyn Fn(f64, f64) -> String,
) -> String {
    let ends: Vec<(f64, (f64, f64))> = series
        .points
        .iter()
        .filter_map(|p| Some((p.x, p.ends?)))
        .collect();
    if series.spread == Spread::Bars || ends.len() < 2 || !bands {
        let bar = |(x, (low, high)): &(f64, (f64, f64))| {
            format!(
                "\\addplot[{shift}, off{colour}, line width=0.5pt, mark=none] coordinates {{{} \
                 {}}};\n",
                at(*x, *low),
                at(*x, *high)
            )
        };
        return ends.iter().map(bar).collect();
    }
    let upper = ends.iter().map(|(x, e)| at(*x, e.1));
    let lower = ends.iter().rev().map(|(x, e)| at(*x, e.0));
    let corners: Vec<String> = upper.chain(lower).collect();
    format!(
        "\\addplot[{shift}, draw=none, fill=off{colour}, fill opacity=0.15, mark=none] \
         coordinates {{{}}} -- cycle;\n",
        corners.join(" ")
    )
}

/// Stacked bars as a `tikzpicture`.
pub(crate) fn bars(b: &Bars) -> String {
    let mut out = head(b.name, FILLS.into_iter());
    if b.panels.iter().all(|p| p.bars.is_empty()) {
        return format!("{out}\\fbox{{\\footnotesize no row has realised delays}}\n");
    }
    let most = b.panels.iter().map(|p| p.bars.len()).max().unwrap_or(1);
    out += "\\begin{tikzpicture}\n\\begin{groupplot}[\n";
    let _ = writeln!(
        out,
        "  group style={{group size=1 by {}, vertical sep=1.6cm}},",
        b.panels.len()
    );
    let height = 1.6 + 0.36 * most as f64;
    let _ = writeln!(
        out,
        "  width=0.82\\linewidth, height={height:.2}cm, scale only axis=false, xbar stacked, \
         /pgf/bar width=5pt,"
    );
    let _ = writeln!(
        out,
        "  xmin=0, xlabel={{{}}}, y dir=reverse, enlarge y limits={{abs=0.7}},",
        escape(b.x_label)
    );
    out += "  xmajorgrids, grid style={gray!25}, label style={font=\\footnotesize}, tick label \
        style={font=\\scriptsize},\n";
    out += "  title style={font=\\footnotesize, yshift=-1ex}, scaled x ticks=false,\n]\n";
    for (place, panel) in b.panels.iter().enumerate() {
        let places: Vec<String> = (0..panel.bars.len()).map(|k| k.to_string()).collect();
        let labels: Vec<String> = panel.bars.iter().map(|(name, _)| id(name)).collect();
        let last = place + 1 == b.panels.len();
        let below = -1.0 / height.max(2.0) - 0.08;
        let legend = format!(
            ", legend style={{at={{(0.4,{below:.2})}}, anchor=north, draw=none, \
             font=\\scriptsize}}, legend columns=3"
        );
        let _ = writeln!(
            out,
            "\\nextgroupplot[title={{{}}}, ytick={{{}}}, yticklabels={{{}}}{}]",
            escape(&panel.title),
            places.join(","),
            labels.join(","),
            if last { legend.as_str() } else { "" }
        );
        for (k, fill) in FILLS.into_iter().enumerate() {
            let points: Vec<String> = panel
                .bars
                .iter()
                .enumerate()
                .map(|(row, bar)| format!("({:?},{row})", bar.1[k]))
                .collect();
            let _ = writeln!(
                out,
                "\\addplot[fill=off{fill}, draw=black!70, line width=0.2pt] coordinates {{{}}};",
                points.join(" ")
            );
        }
        if last {
            let _ = writeln!(out, "\\legend{{{}}}", b.parts.join(", "));
        }
    }
    out + "\\end{groupplot}\n\\end{tikzpicture}\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_a_command() {
        assert_eq!(
            escape("a_b & 5% {x}\\y^~#$"),
            "a\\_b \\& 5\\% \\{x\\}\\textbackslash{}y\\textasciicircum{}\\textasciitilde{}\\#\\$"
        );
        assert_eq!(id("local-search"), "\\texttt{local{-}search}");
    }
}
