//! What the benchmarks end with: fitted exponents as a table, and the curves as CSV and SVG, from
//! criterion's own estimates.

use offload_reports::statistics::scaling::{Scaling, Timing, fit};
use offload_reports::style::{Shape, style};
use plotters::prelude::*;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

/// Sizes below this are left out of the fits: there the constant part of a solve is what is
/// measured.
const LEAST_USERS: usize = 20;

/// The sizes at which a solver was benchmarked.
pub struct Curve {
    /// The solver's id.
    pub solver: String,
    /// `users` or `servers`: what the size is.
    pub axis: &'static str,
    /// Sizes measured, ascending.
    pub sizes: Vec<usize>,
    /// The first size at which one solve took longer than the cap, and the cap, s.
    pub censored: Option<(usize, f64)>,
}

/// A curve with criterion's medians, s.
struct Measured<'a> {
    curve: &'a Curve,
    points: Vec<(usize, [f64; 3])>,
    fit: Option<Scaling>,
}

/// Reads criterion's medians (with their 95 % intervals) from `folder`, fits t = c N^b, and writes
/// `scaling.md`, `scaling.csv` and `scaling.svg` there. Returns the table.
///
/// # Errors
/// When criterion's files are not there (benchmarks were filtered out or only listed) or the files
/// cannot be written.
pub fn write(
    folder: &Path,
    by_users: &[Curve],
    by_servers: &[Curve],
) -> Result<String, Box<dyn Error>> {
    let measured: Vec<Measured> = by_users
        .iter()
        .chain(by_servers)
        .map(|c| read(folder, c))
        .filter(|m| !m.points.is_empty())
        .collect();
    let table = table(&measured);
    let mut csv = String::from("solver,axis,size,median_s,low_s,high_s\n");
    for m in &measured {
        for (size, [median, low, high]) in &m.points {
            writeln!(
                csv,
                "{},{},{size},{median:e},{low:e},{high:e}",
                m.curve.solver, m.curve.axis
            )?;
        }
    }
    offload_instances::files::write_bytes(&folder.join("scaling.md"), table.as_bytes())?;
    offload_instances::files::write_bytes(&folder.join("scaling.csv"), csv.as_bytes())?;
    offload_instances::files::write_bytes(
        &folder.join("scaling.svg"),
        draw(&measured)?.as_bytes(),
    )?;
    Ok(format!(
        "{table}\nThe curves: {}",
        folder.join("scaling.svg").display()
    ))
}

fn read<'a>(folder: &Path, curve: &'a Curve) -> Measured<'a> {
    let median = |size: usize| -> Option<[f64; 3]> {
        let path = folder.join(format!(
            "{}_{}/{size}/new/estimates.json",
            curve.solver, curve.axis
        ));
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
        let median = json.get("median")?;
        let interval = median.get("confidence_interval")?;
        let nanoseconds = |v: Option<&serde_json::Value>| v?.as_f64().map(|t| t * 1e-9);
        Some([
            nanoseconds(median.get("point_estimate"))?,
            nanoseconds(interval.get("lower_bound"))?,
            nanoseconds(interval.get("upper_bound"))?,
        ])
    };
    let points: Vec<_> = curve
        .sizes
        .iter()
        .filter_map(|&size| median(size).map(|m| (size, m)))
        .collect();
    let least = if curve.axis == "users" {
        LEAST_USERS
    } else {
        1
    };
    let ended = points
        .iter()
        .filter(|(size, _)| *size >= least)
        .map(|(size, m)| (*size, m[0], false));
    let cut = curve.censored.map(|(size, cap)| (size, cap, true));
    let timing = |(size, time_s, censored): (usize, f64, bool)| Timing {
        size: size as f64,
        time_s,
        censored,
        cluster: size as u64,
    };
    Measured {
        curve,
        fit: fit(&ended.chain(cut).map(timing).collect::<Vec<_>>()),
        points,
    }
}

fn table(measured: &[Measured]) -> String {
    let mut text = String::from(
        "| solver | grows with | exponent (95 % interval) | smallest | largest \
         |\n|---|---|---|---|---|\n",
    );
    for m in measured {
        let exponent = m.fit.as_ref().map_or("too few sizes".to_string(), |f| {
            format!(
                "{:.2} ({:.2} .. {:.2})",
                f.exponent.estimate, f.exponent.low, f.exponent.high
            )
        });
        let cell = |p: Option<&(usize, [f64; 3])>| {
            p.map_or(String::new(), |(s, t)| format!("{s}: {}", time(t[0])))
        };
        let cut = m.curve.censored.map_or(String::new(), |(size, cap)| {
            format!(", {size}: over {}", time(cap))
        });
        let (first, last) = (cell(m.points.first()), cell(m.points.last()));
        let Curve { solver, axis, .. } = m.curve;
        let _ = writeln!(
            text,
            "| {solver} | {axis} | {exponent} | {first} | {last}{cut} |"
        );
    }
    text
}

/// A time in s as text with two or three digits and a fitting unit.
#[must_use]
pub fn time(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s < 1e-6 => (s * 1e9, "ns"),
        s if s < 1e-3 => (s * 1e6, "us"),
        s if s < 1.0 => (s * 1e3, "ms"),
        s => (s, "s"),
    };
    let digits = if value >= 100.0 {
        0
    } else {
        usize::from(value < 10.0) + 1
    };
    format!("{value:.digits$} {unit}")
}

/// Time against N, both axes logarithmic, a line and a marker for each solver with its fitted
/// exponent in the legend.
fn draw(measured: &[Measured]) -> Result<String, Box<dyn Error>> {
    let curves: Vec<&Measured> = measured
        .iter()
        .filter(|m| m.curve.axis == "users")
        .collect();
    let times = || {
        curves
            .iter()
            .flat_map(|m| m.points.iter().map(|(_, t)| t[0]))
    };
    let sizes = || {
        curves
            .iter()
            .flat_map(|m| m.points.iter().map(|(s, _)| *s as f64))
    };
    let range = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, 0.0_f64), |(low, high), v| {
            (low.min(v), high.max(v))
        })
    };
    let ((left, right), (low, high)) = (range(&mut sizes()), range(&mut times()));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (860, 620)).into_drawing_area();
        root.fill(&WHITE)?;
        let (plot, legend) = root.split_horizontally(640);
        let mut chart = ChartBuilder::on(&plot)
            .margin(14)
            .x_label_area_size(44)
            .y_label_area_size(74)
            .build_cartesian_2d(
                (left..right * 1.05).log_scale(),
                (low / 2.0..high * 2.0).log_scale(),
            )?;
        let mesh = &mut chart.configure_mesh();
        mesh.x_desc("users N")
            .y_desc("time of one solve")
            .axis_desc_style(("sans-serif", 16));
        mesh.label_style(("sans-serif", 13))
            .x_label_formatter(&|x| format!("{x:.0}"))
            .y_label_formatter(&|t| time(*t));
        mesh.light_line_style(WHITE.mix(0.0))
            .bold_line_style(BLACK.mix(0.12))
            .draw()?;
        for (k, m) in curves.iter().enumerate() {
            let colour = colour(&m.curve.solver);
            let points: Vec<(f64, f64)> = m.points.iter().map(|(s, t)| (*s as f64, t[0])).collect();
            chart.draw_series(LineSeries::new(points.clone(), colour.stroke_width(2)))?;
            let [fill, outline, second] = marker(&m.curve.solver);
            let (inside, line) = (fill_of(&m.curve.solver).filled(), colour.stroke_width(2));
            chart.draw_series(points.iter().map(|&p| {
                EmptyElement::at(p)
                    + Polygon::new(fill.clone(), inside)
                    + PathElement::new(outline.clone(), line)
                    + PathElement::new(second.clone(), line)
            }))?;
            let y = 30 + 26 * k as i32;
            legend.draw(&PathElement::new([(0, y), (24, y)], colour.stroke_width(2)))?;
            legend.draw(
                &(EmptyElement::at((12, y))
                    + Polygon::new(fill, inside)
                    + PathElement::new(outline, line)
                    + PathElement::new(second, line)),
            )?;
            let exponent = m
                .fit
                .as_ref()
                .map_or(String::new(), |f| format!("  N^{:.2}", f.exponent.estimate));
            let label = format!("{}{exponent}", m.curve.solver);
            legend.draw(&Text::new(label, (32, y - 7), ("sans-serif", 15)))?;
        }
        root.present()?;
    }
    Ok(svg)
}

/// The solver's marker in reports around (0, 0), pixels: what is filled, its outline, and the
/// second bar of a cross.
fn marker(solver: &str) -> [Vec<(i32, i32)>; 3] {
    let round = (0..=12).map(|k| f64::from(k) * std::f64::consts::TAU / 12.0);
    let closed = |corners: &[(i32, i32)]| {
        let line: Vec<_> = corners.iter().chain(&corners[..1]).copied().collect();
        [corners.to_vec(), line, vec![(0, 0)]]
    };
    let bars =
        |a: (i32, i32), b: (i32, i32)| [vec![(0, 0)], vec![a, (-a.0, -a.1)], vec![b, (-b.0, -b.1)]];
    match style(solver).shape {
        Shape::Circle => {
            let line: Vec<_> = round
                .map(|t| {
                    (
                        (4.0 * t.cos()).round() as i32,
                        (4.0 * t.sin()).round() as i32,
                    )
                })
                .collect();
            [line.clone(), line, vec![(0, 0)]]
        }
        Shape::Square => closed(&[(-4, -4), (4, -4), (4, 4), (-4, 4)]),
        Shape::Up => closed(&[(0, -5), (5, 4), (-5, 4)]),
        Shape::Down => closed(&[(0, 5), (5, -4), (-5, -4)]),
        Shape::Diamond => closed(&[(0, -6), (6, 0), (0, 6), (-6, 0)]),
        Shape::Plus => bars((5, 0), (0, 5)),
        Shape::Cross => bars((4, 4), (4, -4)),
    }
}

/// What the marker is filled with.
fn fill_of(solver: &str) -> RGBColor {
    if style(solver).filled {
        colour(solver)
    } else {
        WHITE
    }
}

/// The solver's colour in reports, `#rrggbb`.
fn colour(solver: &str) -> RGBColor {
    let text = style(solver).colour;
    let part = |k: usize| {
        text.get(k..k + 2)
            .and_then(|h| u8::from_str_radix(h, 16).ok())
            .unwrap_or(0)
    };
    RGBColor(part(1), part(3), part(5))
}
