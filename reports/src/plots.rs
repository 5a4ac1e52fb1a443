//! The figures of a report: which numbers each of them shows. One panel per interference mode
//! unless said otherwise.

use crate::bootstrap::Interval;
use crate::chart::{Axis, BarPanel, Bars, Chart, Draw, Figure, Panel, Point, Series, Spread};
use crate::comparisons::times_within;
use crate::curves::{distribution, pareto_front, performance_ratios, primal_gap, thin};
use crate::gaps::{Analysis, Outcome, Reference, Row};
use crate::record::Record;
use crate::scaling::{SHORTEST_S, Scaling};
use crate::study::Study;
use crate::style::GUIDES;
use crate::tables::{Aggregate, Figures, Size, Threshold, aggregate, moments, solvers};
use crate::text::{clip, listed, mode};
use std::collections::BTreeSet;

/// Gaps up to this many % are drawn at it.
const GAP_FLOOR_PCT: f64 = 0.001;
/// Times up to this are drawn at it, s.
const TIME_FLOOR_S: f64 = 1e-6;
/// Delays up to this are drawn at it, ms.
const SHORTEST_DELAY_MS: f64 = 1e-3;
/// Points that a curve keeps.
const CURVE_POINTS: usize = 160;
/// Guaranteed gap that counts as solved in the performance profile.
const PROFILE_GAP: f64 = 0.01;

const NO_GAP: &str = "no row has a gap";

/// All figures, in the order of a report.
pub(crate) fn figures(study: &Study) -> Vec<Figure> {
    let analysis = &study.analysis;
    let mut all = vec![
        Figure::Chart(gap_vs_users(study)),
        Figure::Chart(gap_distribution(analysis)),
    ];
    all.extend(
        [
            runtime_vs_users(study),
            gap_vs_load(analysis),
            gap_vs_time(study),
        ]
        .map(Figure::Chart),
    );
    all.extend(
        [
            anytime(analysis),
            profile(analysis),
            accuracy_vs_delay(analysis),
        ]
        .map(Figure::Chart),
    );
    all.push(Figure::Bars(delay_split(study)));
    all.extend([accuracy_vs_users(study), delay_vs_users(study)].map(Figure::Chart));
    all
}

fn modes(analysis: &Analysis) -> Vec<bool> {
    let all: BTreeSet<bool> = analysis
        .rows
        .iter()
        .map(|row| row.record.interference)
        .collect();
    all.into_iter().collect()
}

fn title(interference: bool) -> String {
    format!("interference {}", mode(interference))
}

/// Solvers without a point in any panel.
fn note(analysis: &Analysis, panels: &[Panel], reason: &str) -> String {
    let drawn = |id: &str| {
        panels
            .iter()
            .flat_map(|p| &p.series)
            .any(|s| s.name == id && !s.points.is_empty())
    };
    let missing: Vec<String> = solvers(analysis)
        .into_iter()
        .filter(|id| !drawn(id))
        .map(|id| clip(id, 34))
        .collect();
    if missing.is_empty() {
        String::new()
    } else {
        format!("{reason}: {}.", listed(&missing))
    }
}

fn percent_ends(interval: Option<Interval>) -> Option<(f64, f64)> {
    interval.map(|i| (100.0 * i.low, 100.0 * i.high))
}

/// One line per solver over the keys of `rows`, in each mode.
fn lines<K>(
    rows: &[Aggregate<K>],
    modes: &[bool],
    place: impl Fn(&K) -> (bool, f64),
    point: impl Fn(&Figures, f64) -> Option<Point>,
    draw: Draw,
) -> Vec<Panel> {
    let panel = |&interference: &bool| {
        let mut series: Vec<Series> = Vec::new();
        for row in rows {
            let (of, x) = place(&row.key);
            let Some(point) = point(&row.figures, x).filter(|_| of == interference) else {
                continue;
            };
            match series.iter_mut().find(|s| s.name == row.solver) {
                Some(s) => s.points.push(point),
                None => series.push(Series {
                    name: row.solver.clone(),
                    draw,
                    spread: Spread::Band,
                    points: vec![point],
                }),
            }
        }
        Panel {
            title: title(interference),
            series,
        }
    };
    modes.iter().map(panel).collect()
}

fn by_size(key: &Size) -> (bool, f64) {
    (key.interference, key.users as f64)
}

fn users_axis(study: &Study) -> Axis {
    Axis::users(
        study
            .by_size
            .iter()
            .map(|row| row.key.users as f64)
            .collect(),
    )
}

fn gap_point(f: &Figures, x: f64) -> Option<Point> {
    let ends = percent_ends(f.intervals.map(|i| i.mean));
    f.gap.map(|gap| Point {
        x,
        y: 100.0 * gap.mean,
        ends,
    })
}

fn gap_axis(label: &str) -> Axis {
    Axis::log(label, "gap_guaranteed_pct", GAP_FLOOR_PCT)
}

fn gap_vs_users(study: &Study) -> Chart {
    let panels = lines(
        &study.by_size,
        &modes(&study.analysis),
        by_size,
        gap_point,
        Draw::Line,
    );
    Chart {
        name: "gap-vs-users",
        title: "Guaranteed gap to the optimum",
        caption: "Mean guaranteed gap against the number of users N, by solver; bands or bars are \
            bootstrap 95 % intervals over instances."
            .into(),
        x: users_axis(study),
        y: gap_axis("mean guaranteed gap (%)"),
        note: note(&study.analysis, &panels, "No gap to show (see the tables)"),
        panels,
        nothing: NO_GAP,
    }
}

fn gap_distribution(analysis: &Analysis) -> Chart {
    let panel = |interference: bool| {
        let series = solvers(analysis).into_iter().filter_map(|id| {
            let rows: Vec<&Row> = of_solver(analysis, id, interference).collect();
            let gaps: Vec<f64> = rows
                .iter()
                .filter_map(|row| Some((100.0 * row.outcome.gap()?.guaranteed).max(GAP_FLOOR_PCT)))
                .collect();
            let points: Vec<Point> = distribution(&gaps, rows.len(), CURVE_POINTS)
                .into_iter()
                .map(|(x, y)| Point::at(x, 100.0 * y))
                .collect();
            (!points.is_empty()).then(|| curve(id, points))
        });
        Panel {
            title: title(interference),
            series: series.collect(),
        }
    };
    let panels: Vec<Panel> = modes(analysis).into_iter().map(panel).collect();
    Chart {
        name: "gap-distribution",
        title: "Distribution of guaranteed gaps",
        caption: "Share of all rows whose guaranteed gap is at most x. Rows without a gap keep a \
            curve below 100 %."
            .into(),
        x: gap_axis("guaranteed gap (%)"),
        y: Axis {
            range: Some((0.0, 100.0)),
            ..Axis::linear("share of all rows (%)", "share_pct")
        },
        note: note(analysis, &panels, "No gap to show (see the tables)"),
        panels,
        nothing: NO_GAP,
    }
}

fn of_solver<'a>(
    analysis: &'a Analysis<'a>,
    id: &'a str,
    interference: bool,
) -> impl Iterator<Item = &'a Row<'a>> {
    analysis
        .rows
        .iter()
        .filter(move |row| row.record.solver == id && row.record.interference == interference)
}

fn curve(id: &str, points: Vec<Point>) -> Series {
    Series {
        name: id.into(),
        draw: Draw::Steps,
        spread: Spread::Bars,
        points,
    }
}

fn runtime_vs_users(study: &Study) -> Chart {
    let point = |f: &Figures, x| f.time_s.map(|t| Point::at(x, t.max(TIME_FLOOR_S)));
    let modes = modes(&study.analysis);
    let mut panels = lines(&study.by_size, &modes, by_size, point, Draw::Marks);
    for (panel, interference) in panels.iter_mut().zip(&modes) {
        let fits = study
            .growth
            .iter()
            .filter(|g| g.interference == *interference);
        // With several M there is no one line for a solver.
        let several = fits
            .clone()
            .map(|g| g.servers)
            .collect::<BTreeSet<_>>()
            .len()
            > 1;
        for (solver, fit) in fits
            .filter_map(|g| Some((&g.solver, g.scaling?)))
            .filter(|_| !several)
        {
            let Some(at) = panel.series.iter().position(|s| s.name == *solver) else {
                continue;
            };
            let ends = [
                panel.series[at].points.first(),
                panel.series[at].points.last(),
            ];
            let points = ends
                .into_iter()
                .flatten()
                .map(|p| Point::at(p.x, fitted(&fit, p.x)))
                .collect();
            panel.series.push(Series {
                name: solver.clone(),
                draw: Draw::Thin,
                spread: Spread::Bars,
                points,
            });
        }
    }
    let users = users_axis(study);
    Chart {
        name: "runtime-vs-users",
        title: "Running time of one solve",
        caption: "Median running time (markers) against N, both on log axes, with fitted power \
            laws (lines; exponents in the table of growth). \
                  Runs that were cut off count as at least that long in the fit."
            .into(),
        x: Axis {
            log: users.values.len() > 1,
            ..users
        },
        y: Axis::time("median time", "time_s", TIME_FLOOR_S),
        note: note(
            &study.analysis,
            &panels,
            "No time to show (all rows ended in an error)",
        ),
        panels,
        nothing: "no row has a time",
    }
}

fn fitted(fit: &Scaling, users: f64) -> f64 {
    fit.at(users).max(SHORTEST_S)
}

fn gap_vs_load(analysis: &Analysis) -> Chart {
    let load = |r: &Record| (r.interference, Threshold(r.users as f64 / r.servers as f64));
    let rows = aggregate(analysis, load);
    let panels = lines(
        &rows,
        &modes(analysis),
        |key| (key.0, key.1.0),
        gap_point,
        Draw::Line,
    );
    let users = Axis::users(rows.iter().map(|row| row.key.1.0).collect());
    Chart {
        name: "gap-vs-load",
        title: "Guaranteed gap against load",
        caption: "Mean guaranteed gap against users per server, N/M, over all N and M; bands or \
            bars are bootstrap 95 % intervals over instances."
            .into(),
        x: Axis {
            label: "users per server N/M".into(),
            column: "users_per_server",
            ..users
        },
        y: gap_axis("mean guaranteed gap (%)"),
        note: note(analysis, &panels, "No gap to show (see the tables)"),
        panels,
        nothing: NO_GAP,
    }
}

fn gap_vs_time(study: &Study) -> Chart {
    let modes = modes(&study.analysis);
    let mut panels = lines(
        &study.totals,
        &modes,
        |&of| (of, 0.0),
        |f, _| time_and_gap(f),
        Draw::Named,
    );
    panels
        .iter_mut()
        .flat_map(|p| &mut p.series)
        .for_each(|s| s.spread = Spread::Bars);
    for (panel, &interference) in panels.iter_mut().zip(&modes) {
        let slowest = panel
            .series
            .iter()
            .flat_map(|s| &s.points)
            .map(|p| p.x)
            .fold(0.0, f64::max);
        // First, so that they lie under the markers.
        panel
            .series
            .splice(0..0, guides(study, interference, slowest));
    }
    Chart {
        name: "gap-vs-time",
        title: "Gap against time",
        caption: "Mean guaranteed gap (with its bootstrap 95 % interval) against the shifted \
            geometric mean of the time, all N together: lower left is better. \
                  Solid grey: the Pareto front of the solvers with a gap on every row. Dotted \
                  grey: the gap that the best plans known show, \
                  because the bounds are no closer."
            .into(),
        x: Axis::time("shifted geometric mean of the time", "time_s", TIME_FLOOR_S),
        y: gap_axis("mean guaranteed gap (%)"),
        note: note(&study.analysis, &panels, "No gap to show (see the tables)"),
        panels,
        nothing: NO_GAP,
    }
}

fn time_and_gap(f: &Figures) -> Option<Point> {
    Some(Point {
        x: f.time_geometric_s?.max(TIME_FLOOR_S),
        ..gap_point(f, 0.0)?
    })
}

/// The Pareto front of a mode's solvers up to the slowest one's time, and the gap that the best
/// plans known show.
fn guides(study: &Study, interference: bool, slowest: f64) -> Vec<Series> {
    // Who has no gap on some problems, for a rule broken or time run out, is not measured on the
    // same ones.
    let whole = |f: &Figures| f.gap.as_ref().is_some_and(|gap| gap.count == f.rows);
    let totals = study
        .totals
        .iter()
        .filter(|row| row.key == interference && whole(&row.figures));
    let points: Vec<_> = totals
        .clone()
        .filter_map(|row| time_and_gap(&row.figures))
        .map(|p| (p.x, p.y))
        .collect();
    let mut front = pareto_front(&points);
    if let Some(&(x, least)) = front.last()
        && x < slowest
    {
        front.push((slowest, least));
    }
    let fastest = points.iter().map(|p| p.0).fold(slowest, f64::min);
    // Any of them will do: they all have the same problems.
    let width = totals
        .clone()
        .find_map(|row| row.figures.width)
        .map(|w| (100.0 * w).max(GAP_FLOOR_PCT));
    let floor = width
        .map(|y| vec![(fastest, y), (slowest, y)])
        .unwrap_or_default();
    let guide = |(name, points): (&str, Vec<(f64, f64)>)| Series {
        name: name.into(),
        draw: Draw::Guide,
        spread: Spread::Bars,
        points: points.into_iter().map(|(x, y)| Point::at(x, y)).collect(),
    };
    GUIDES.into_iter().zip([front, floor]).map(guide).collect()
}

/// Mean primal gap over time, of solvers that tell how they came along.
fn anytime(analysis: &Analysis) -> Chart {
    let tells: BTreeSet<&str> = analysis
        .rows
        .iter()
        .filter(|r| !r.record.trajectory.is_empty())
        .map(|r| r.record.solver.as_str())
        .collect();
    let panel = |interference: bool| {
        let series = solvers(analysis)
            .into_iter()
            .filter(|id| tells.contains(id))
            .filter_map(|id| {
                let points = anytime_points(analysis, id, interference);
                (!points.is_empty()).then(|| curve(id, points))
            });
        Panel {
            title: title(interference),
            series: series.collect(),
        }
    };
    let panels: Vec<Panel> = modes(analysis).into_iter().map(panel).collect();
    Chart {
        name: "anytime",
        title: "How plans improve over time",
        caption: "Mean primal gap (Berthold 2013) of the incumbent to the best plan known, over \
            all problems with one; 100 % while there is none. \
                  Only solvers that record how they came along."
            .into(),
        x: Axis::time("time", "time_s", TIME_FLOOR_S),
        y: Axis {
            range: None,
            ..gap_axis("mean primal gap (%)")
        },
        note: String::new(),
        panels,
        nothing: "no record tells how it came along",
    }
}

fn anytime_points(analysis: &Analysis, id: &str, interference: bool) -> Vec<Point> {
    // Each change of a row's primal gap is an event; the mean is a running sum of them.
    let mut events: Vec<(f64, f64)> = Vec::new();
    let mut rows = 0.0;
    for row in of_solver(analysis, id, interference) {
        let problem = &analysis.problems[row.problem];
        let Some(best) = problem
            .upper
            .as_ref()
            .filter(|_| problem.reference != Reference::Crossed)
        else {
            continue;
        };
        rows += 1.0;
        if !matches!(row.outcome, Outcome::Gap(_) | Outcome::BestKnown(_)) {
            continue;
        }
        let mut before = 1.0;
        for moment in moments(row.record).iter().filter(|m| m.objective.is_some()) {
            let gap = primal_gap(moment.objective, best.value);
            if gap != before {
                events.push((moment.time_s.max(TIME_FLOOR_S), gap - before));
                before = gap;
            }
        }
    }
    events.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut sum = rows;
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (time, change) in events {
        sum += change;
        let y = (100.0 * sum / rows).max(GAP_FLOOR_PCT);
        match points.last_mut().filter(|last| last.0 == time) {
            Some(last) => last.1 = y,
            None => points.push((time, y)),
        }
    }
    thin(&points, CURVE_POINTS)
        .into_iter()
        .map(|(x, y)| Point::at(x, y))
        .collect()
}

fn profile(analysis: &Analysis) -> Chart {
    let panel = |interference: bool| {
        let times = times_within(analysis, interference, PROFILE_GAP);
        let problems = times.first().map_or(0, |t| t.1.len());
        let columns: Vec<Vec<Option<f64>>> = times.iter().map(|t| t.1.clone()).collect();
        let ratios = performance_ratios(&columns, TIME_FLOOR_S);
        let series = times
            .iter()
            .zip(ratios)
            .filter(|(_, ratios)| !ratios.is_empty())
            .map(|((id, _), ratios)| {
                let points = distribution(&ratios, problems, CURVE_POINTS)
                    .into_iter()
                    .map(|(x, y)| Point::at(x, 100.0 * y));
                curve(id, points.collect())
            });
        Panel {
            title: title(interference),
            series: series.collect(),
        }
    };
    let panels: Vec<Panel> = modes(analysis).into_iter().map(panel).collect();
    Chart {
        name: "performance-profile",
        title: "Time to a plan within 1 %, against the fastest",
        caption: "Performance profile (Dolan and More 2002): share of problems on which a solver \
            ended with a guaranteed gap of at most 1 % within x times the time of the fastest \
            solver that did."
            .into(),
        x: Axis::log("time / fastest time", "ratio", 1.0),
        y: Axis {
            range: Some((0.0, 100.0)),
            ..Axis::linear("share of problems (%)", "share_pct")
        },
        note: note(analysis, &panels, "Never within 1 %"),
        panels,
        nothing: "no plan is within 1 % of a bound",
    }
}

/// The greatest N of a mode, where solvers differ most.
fn greatest(analysis: &Analysis, interference: bool) -> usize {
    let of_mode = analysis
        .rows
        .iter()
        .filter(|row| row.record.interference == interference);
    of_mode.map(|row| row.record.users).max().unwrap_or(0)
}

fn accuracy_vs_delay(analysis: &Analysis) -> Chart {
    let key = |r: &Record| (r.interference, r.users, Threshold(r.threshold));
    let rows = aggregate(analysis, key);
    let panels: Vec<Panel> = modes(analysis)
        .into_iter()
        .map(|interference| {
            let most = greatest(analysis, interference);
            let kept: Vec<&Aggregate<_>> = rows
                .iter()
                .filter(|r| (r.key.0, r.key.1) == (interference, most))
                .collect();
            let series = solvers(analysis).into_iter().filter_map(|id| {
                let point = |f: &Figures| {
                    Some(Point {
                        x: f.delay_ms?,
                        y: f.accuracy_pct?,
                        ends: f.accuracy_interval.map(|i| (i.low, i.high)),
                    })
                };
                let points: Vec<Point> = kept
                    .iter()
                    .filter(|r| r.solver == id)
                    .filter_map(|r| point(&r.figures))
                    .collect();
                (!points.is_empty()).then(|| Series {
                    name: id.into(),
                    draw: Draw::Line,
                    spread: Spread::Bars,
                    points,
                })
            });
            Panel {
                title: format!("{}, N = {most}", title(interference)),
                series: series.collect(),
            }
        })
        .collect();
    Chart {
        name: "accuracy-vs-delay",
        title: "Accuracy against delay over thresholds",
        caption: "Realised accuracy (with its bootstrap 95 % interval) against the realised mean \
            delay per user, a point for each threshold, at the greatest N: upper left is better. \
                  Plans that break the threshold rule are shown too."
            .into(),
        // One bad rule is ten times as slow as the others, which differ by tenths.
        x: Axis::log(
            "mean delay per user (ms)",
            "delay_mean_ms",
            SHORTEST_DELAY_MS,
        ),
        y: Axis::linear("accuracy (%)", "accuracy_pct"),
        note: note(analysis, &panels, "No accuracy or delay to show"),
        panels,
        nothing: "no row has realised accuracy and delay",
    }
}

fn delay_split(study: &Study) -> Bars {
    let panel = |interference: bool| {
        let most = greatest(&study.analysis, interference);
        let rows = study.by_size.iter().filter(|r| {
            r.key
                == Size {
                    interference,
                    users: most,
                }
        });
        let bars = rows
            .filter_map(|r| Some((r.solver.clone(), r.figures.delay_parts_ms?)))
            .collect();
        BarPanel {
            title: format!("{}, N = {most}", title(interference)),
            bars,
        }
    };
    Bars {
        name: "delay-split",
        title: "Where the delay comes from",
        caption: "Realised mean delay per user, split into local computing, uplink and computing \
            at servers, at the greatest N, all thresholds together."
            .into(),
        x_label: "mean delay per user (ms)",
        parts: ["local", "uplink", "edge compute"],
        panels: modes(&study.analysis)
            .into_iter()
            .map(panel)
            .filter(|p| !p.bars.is_empty())
            .collect(),
    }
}

fn accuracy_vs_users(study: &Study) -> Chart {
    let point = |f: &Figures, x| {
        Some(Point {
            x,
            y: f.accuracy_pct?,
            ends: f.accuracy_interval.map(|i| (i.low, i.high)),
        })
    };
    let panels = lines(
        &study.by_size,
        &modes(&study.analysis),
        by_size,
        point,
        Draw::Line,
    );
    Chart {
        name: "accuracy-vs-users",
        title: "Accuracy against the number of users",
        caption:
            "Realised accuracy against N, all thresholds together; bands or bars are bootstrap 95 \
             % intervals over instances."
                .into(),
        x: users_axis(study),
        y: Axis::linear("accuracy (%)", "accuracy_pct"),
        note: note(&study.analysis, &panels, "No accuracy to show"),
        panels,
        nothing: "no row has an accuracy",
    }
}

fn delay_vs_users(study: &Study) -> Chart {
    let point = |f: &Figures, x| {
        Some(Point {
            x,
            y: f.delay_ms?,
            ends: f.delay_interval.map(|i| (i.low, i.high)),
        })
    };
    let panels = lines(
        &study.by_size,
        &modes(&study.analysis),
        by_size,
        point,
        Draw::Line,
    );
    Chart {
        name: "delay-vs-users",
        title: "Delay against the number of users",
        caption: "Realised mean delay per user against N, all thresholds together; bands or bars \
            are bootstrap 95 % intervals over instances."
            .into(),
        x: users_axis(study),
        y: Axis::linear("mean delay per user (ms)", "delay_mean_ms"),
        note: note(&study.analysis, &panels, "No delay to show"),
        panels,
        nothing: "no row has a realised delay",
    }
}
