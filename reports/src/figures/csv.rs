//! The numbers of a figure as CSV, in full precision.

use super::chart::{Bars, Chart, Draw, Figure, Point};
use crate::files::csv_text;

/// What tells the points of a series from the lines that are drawn without markers.
fn kind(draw: Draw) -> &'static str {
    match draw {
        Draw::Thin | Draw::Guide | Draw::Plain => "line",
        Draw::Line | Draw::Band | Draw::Steps | Draw::Marks | Draw::Named => "points",
    }
}

impl Figure {
    /// Every number drawn, one point or segment a line.
    #[must_use]
    pub fn csv(&self) -> String {
        match self {
            Self::Chart(c) => chart(c),
            Self::Bars(b) => bars(b),
        }
    }
}

fn chart(c: &Chart) -> String {
    let points = || {
        let series = c.panels.iter();
        let series = series.flat_map(|p| p.series.iter().map(move |s| (p, s)));
        series.flat_map(|(p, s)| s.points.iter().map(move |point| (p, s, point)))
    };
    let mut header = vec![
        "panel", "series", "drawn_as", c.x.column, c.y.column, "low", "high",
    ];
    let has_x_ends = points().any(|row| row.2.x_ends.is_some());
    if has_x_ends {
        header.extend(["x_low", "x_high"]);
    }
    let cells = |point: &Point| {
        let mut all = vec![number(point.x), number(point.y)];
        all.extend(ends(point.y_ends));
        if has_x_ends {
            all.extend(ends(point.x_ends));
        }
        all
    };
    csv_text(
        &header,
        points().map(|(panel, series, point)| {
            let names = [&panel.title, &series.name].map(String::clone);
            let kind = kind(series.draw).to_string();
            names
                .into_iter()
                .chain([kind])
                .chain(cells(point))
                .collect()
        }),
    )
}

fn bars(b: &Bars) -> String {
    let rows = b.panels.iter().flat_map(|panel| {
        panel.bars.iter().flat_map(move |bar| {
            b.parts.iter().zip(&bar.parts).map(move |(part, &value)| {
                vec![
                    panel.title.clone(),
                    bar.name.clone(),
                    part.clone(),
                    number(value),
                ]
            })
        })
    });
    csv_text(&["panel", "series", "part", b.x.column], rows)
}

fn number(value: f64) -> String {
    format!("{value:?}")
}

fn ends(ends: Option<(f64, f64)>) -> [String; 2] {
    ends.map_or_else(Default::default, |(low, high)| [number(low), number(high)])
}
