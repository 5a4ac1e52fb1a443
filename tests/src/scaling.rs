//! What the benchmarks end with: fitted exponents as a table, and the curves as CSV and SVG, from
//! criterion's own estimates.

use offload_reports::SolverCatalogue;
use offload_reports::figures::{Axis, Chart, Draw, Panel, Point, Series, Style};
use offload_reports::statistics::scaling::{SHORTEST_S, Scaling, Timing, fit};
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
        chart(&measured).svg().as_bytes(),
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

/// Time against N, both axes logarithmic, a line for each solver with its fitted exponent in the
/// legend.
fn chart(measured: &[Measured]) -> Chart {
    let catalogue = SolverCatalogue::new(offload_solvers::all().iter().map(|s| s.id()));
    let curves = || measured.iter().filter(|m| m.curve.axis == "users");
    let sizes = curves().flat_map(|m| m.points.iter().map(|(size, _)| *size as f64));
    let series = |m: &Measured| {
        let exponent = m
            .fit
            .as_ref()
            .map_or(String::new(), |f| format!("  N^{:.2}", f.exponent.estimate));
        let point = |(size, [median, low, high]): &(usize, [f64; 3])| Point {
            y_ends: Some((*low, *high)),
            ..Point::at(*size as f64, *median)
        };
        Series::new(
            format!("{}{exponent}", m.curve.solver),
            Style::at(catalogue.position(&m.curve.solver)),
            Draw::Line,
            m.points.iter().map(point).collect(),
        )
    };
    Chart {
        name: "scaling".into(),
        title: "Time of one solve".into(),
        caption:
            "Median time of one solve with its 95 % interval against N; the fitted power of N \
            follows each solver's name."
                .into(),
        x: Axis {
            log_floor: Some(1.0),
            ..Axis::users(sizes.collect())
        },
        y: Axis::time("median time", "time_s", SHORTEST_S),
        panels: vec![Panel::new("", curves().map(series).collect())],
        ..Chart::default()
    }
}
