//! Every kind of chart, by every drawer.

use super::*;

fn line(name: &str, place: usize, draw: Draw) -> Series {
    let point = |k: u8| {
        let (x, y) = (f64::from(k), f64::from(k * k));
        Point {
            x_ends: (k == 1).then_some((0.5, 1.5)),
            y_ends: Some((y - 0.5, y + 0.5)),
            ..Point::at(x, y)
        }
    };
    Series::new(name, Style::at(place), draw, (1..5).map(point).collect())
}

fn chart() -> Chart {
    let empty = Series::new("absent", Style::at(5), Draw::Line, Vec::new());
    let draws = [
        ("a<b", Draw::Line),
        ("bnb", Draw::Band),
        ("plain", Draw::Plain),
        ("goa", Draw::Steps),
        ("front", Draw::Guide),
    ];
    let series = draws.into_iter().enumerate();
    let mut all: Vec<Series> = series
        .map(|(k, (name, draw))| line(name, k, draw))
        .collect();
    all.insert(2, empty);
    let panel = Panel {
        references: vec![
            ReferenceLine::X(2.0),
            ReferenceLine::Y(30.0),
            ReferenceLine::Diagonal,
        ],
        ..Panel::new("left", all)
    };
    Chart {
        name: "all".into(),
        title: "All & more".into(),
        x: Axis::linear("x", "x"),
        y: Axis::linear("y", "y"),
        panels: vec![panel, Panel::new("right", vec![line("goa", 3, Draw::Thin)])],
        nothing: "nothing".into(),
        note: "a note".into(),
        ..Chart::default()
    }
}

#[test]
fn a_chart_holds_every_series_once_and_no_nonsense() {
    let figure = Figure::from(chart());
    let (svg, tex) = (figure.svg(), figure.tex());
    assert!(svg.ends_with("</svg>\n") && svg.contains("a&lt;b") && svg.contains("a note"));
    // In the panels four series and one; in the legend four.
    assert_eq!(svg.matches("<g data-series").count(), 9);
    assert_eq!(svg.matches(">goa</text>").count(), 1);
    assert!(!svg.contains("absent") && !svg.contains(">nothing<"));
    assert_eq!(svg.matches("<polygon").count(), 1);
    assert_eq!(tex.matches("\\addlegendentry").count(), 5);
    assert_eq!(tex.matches("-- cycle").count(), 1);
    for text in [&svg, &tex] {
        assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    }
    let csv = figure.csv();
    assert!(
        csv.starts_with("panel,series,drawn_as,x,y,low,high,x_low,x_high\n"),
        "{csv}"
    );
    assert!(csv.contains("left,goa,points,2.0,4.0,3.5,4.5,,\n"), "{csv}");
    assert_eq!(csv.lines().count(), 1 + 6 * 4);
}

#[test]
fn panels_with_axes_of_their_own_stand_below_each_other() {
    let mut chart = chart();
    let width = |svg: &str| svg.contains("width=\"1000\"");
    assert!(width(&chart.svg()));
    let labels = |svg: &str, text: &str| svg.matches(&format!(">{text}</text>")).count();
    assert_eq!(labels(&chart.svg(), "x"), 2);
    for (panel, label) in chart.panels.iter_mut().zip(["first", "second"]) {
        panel.y = Some(Axis::linear(label, label));
    }
    let svg = chart.svg();
    assert!(width(&svg));
    assert_eq!(
        ["x", "y", "first", "second"].map(|t| labels(&svg, t)),
        [1, 0, 1, 1]
    );
    assert!(Figure::from(chart).tex().contains("ylabel={second}"));
}

#[test]
fn charts_without_points() {
    for panels in [vec![], vec![Panel::default()]] {
        let empty = Figure::from(Chart { panels, ..chart() });
        assert!(
            empty.svg().contains(">nothing<") && empty.tex().contains("{\\footnotesize nothing}")
        );
        assert_eq!(empty.csv().lines().count(), 1);
    }
    let bars = Figure::from(Bars {
        nothing: "no bars".into(),
        ..Bars::default()
    });
    assert!(bars.svg().contains(">no bars<") && bars.tex().contains("no bars"));
}
