//! The columns of a campaign's tables, each declared once: `summary.csv`, `pairs.csv`,
//! `growth.csv`, `gaps.csv`, the pages, the paper and the terminal all take them from here. A new
//! metric is a row in [`measures`].

use crate::analysis::aggregates::{Aggregate, Measures, SettingKey, SizeKey, WITHIN};
use crate::analysis::comparisons::{SolverPair, TimeGrowth, VirtualBest};
use crate::analysis::gaps::{ProblemBounds, ScoredRecord, Standing};
use crate::document::Format::{Html, Latex, Markdown, Terminal};
use crate::document::{Column, Digits, Format, Value};
use crate::records::{Realised, Record};
use crate::statistics::Stats;

const PAGE: &[Format] = &[Html];
const REPORTS: &[Format] = &[Html, Markdown];
const NOT_TERMINAL: &[Format] = &[Html, Markdown, Latex];
const NOT_REPORT: &[Format] = &[Html, Latex];
const TERMINAL: &[Format] = &[Markdown, Terminal];

/// Headings that columns share where space is short.
const GAP: &str = "guaranteed gap (%)";
/// The narrow heading of the mean gap.
pub(super) const MEAN: (&str, &str) = (GAP, "mean");
const ROWS: &str = "rows";
const SHARE: &str = "share of rows within (%)";
const TIME: &str = "time (ms)";

/// What was measured on the rows of an aggregate.
fn measures() -> Vec<Column<Measures>> {
    let mut all = vec![
        Column::new("rows", |m: &Measures| Value::Count(m.rows))
            .csv(&["rows"])
            .narrow(ROWS, "all"),
        Column::new("with gap", |m: &Measures| Value::Count(m.with_gap()))
            .csv(&["with_gap"])
            .only(REPORTS),
        Column::new("violating", |m: &Measures| Value::Count(m.violating))
            .csv(&["violating"])
            .narrow(ROWS, "viol."),
        Column::new("failed", |m: &Measures| Value::Count(m.failed))
            .csv(&["failed"])
            .narrow(ROWS, "failed"),
        Column::new("timed out", |m: &Measures| Value::Count(m.timeouts))
            .csv(&["timeouts"])
            .narrow(ROWS, "late")
            .only(NOT_TERMINAL),
    ];
    all.extend(gap_measures());
    all.extend(shares());
    all.extend(quality_measures());
    all.extend(time_measures());
    all.extend(realised_measures());
    all
}

fn gap_measures() -> Vec<Column<Measures>> {
    vec![
        Column::new("gap mean % [95 %]", mean_gap)
            .csv(&["gap_mean_pct", "gap_mean_low_pct", "gap_mean_high_pct"])
            .narrow(MEAN.0, MEAN.1),
        Column::new("median %", |m: &Measures| {
            let ends = m.intervals.map(|i| i.median);
            Value::percent_estimate(m.gap.map(|g| g.median), ends)
        })
        .csv(&[
            "gap_median_pct",
            "gap_median_low_pct",
            "gap_median_high_pct",
        ])
        .narrow(GAP, "median")
        .only(NOT_TERMINAL)
        .bare(),
        Column::new("q95 %", |m: &Measures| {
            Value::percent_estimate(m.gap.map(|g| g.q95), m.intervals.map(|i| i.q95))
        })
        .csv(&["gap_q95_pct", "gap_q95_low_pct", "gap_q95_high_pct"])
        .narrow(GAP, "q95")
        .only(NOT_TERMINAL)
        .bare(),
        Column::new("max %", |m: &Measures| {
            Value::percent_estimate(m.gap.map(|g| g.max), m.intervals.map(|i| i.max))
        })
        .csv(&["gap_max_pct", "gap_max_low_pct", "gap_max_high_pct"])
        .narrow(GAP, "max")
        .bare(),
    ]
}

/// The mean guaranteed gap with its interval.
pub(super) fn mean_gap(m: &Measures) -> Value {
    Value::percent_estimate(m.gap.map(|g| g.mean), m.intervals.map(|i| i.mean))
}

/// Heading, narrow heading, name in CSV and formats of the shares within each of [`WITHIN`].
const SHARES: [(&str, &str, &[&str], &[Format]); WITHIN.len()] = [
    ("≤ 0.01 %", "0.01", &["within_0.01_pct"], NOT_REPORT),
    ("≤ 0.1 %", "0.1", &["within_0.1_pct"], NOT_REPORT),
    ("≤ 1 %", "1", &["within_1_pct"], NOT_TERMINAL),
    ("≤ 5 %", "5", &["within_5_pct"], NOT_REPORT),
    ("≤ 10 %", "10", &["within_10_pct"], NOT_REPORT),
];

fn shares() -> impl Iterator<Item = Column<Measures>> {
    let share = |(k, (heading, narrow, csv, formats)): (usize, (&str, _, _, _))| {
        Column::new(heading, move |m: &Measures| {
            Value::Share(m.within[k], m.rows)
        })
        .csv(csv)
        .narrow(SHARE, narrow)
        .only(formats)
    };
    SHARES.into_iter().enumerate().map(share)
}

fn quality_measures() -> Vec<Column<Measures>> {
    vec![
        Column::hidden(&["best_known"], |m: &Measures| Value::Count(m.best)),
        Column::new("above best known %", |m: &Measures| {
            Value::percent(m.above_best)
        })
        .csv(&["above_best_known_mean_pct"])
        .only(REPORTS),
        Column::hidden(&["proved_optimal"], |m: &Measures| Value::Count(m.optimal)),
        Column::new("proved optimal %", |m: &Measures| {
            Value::percent(Some(m.optimal_share()))
        })
        .csv(&["proved_optimal_pct"])
        .narrow("", "optimal %")
        .only(TERMINAL),
        Column::new("references", |m: &Measures| Value::Text(m.reference_text()))
            .csv(&["references"])
            .only(REPORTS),
        Column::new("width %", |m: &Measures| Value::percent(m.width))
            .csv(&["reference_width_mean_pct"])
            .only(&[Markdown]),
    ]
}

fn time_measures() -> Vec<Column<Measures>> {
    vec![
        Column::new("time ms", |m: &Measures| Value::milliseconds(m.time_s))
            .csv(&["time_median_ms"])
            .narrow("", "ms")
            .only(&[Html, Markdown, Terminal]),
        Column::new("geo. ms", |m: &Measures| {
            Value::milliseconds(m.time_geometric_s)
        })
        .csv(&["time_geometric_ms"])
        .narrow(TIME, "geo.")
        .only(NOT_TERMINAL),
        Column::new("PAR10 ms", |m: &Measures| Value::milliseconds(m.par10_s))
            .csv(&["par10_ms"])
            .narrow(TIME, "PAR10")
            .only(NOT_TERMINAL),
        Column::new("primal int. ms", |m: &Measures| {
            Value::milliseconds(m.primal_integral_s)
        })
        .csv(&["primal_integral_ms"])
        .only(REPORTS),
    ]
}

fn realised_measures() -> Vec<Column<Measures>> {
    fn part(m: &Measures, k: usize) -> Value {
        Value::number(m.delay_parts_ms.map(|parts| parts[k]))
    }
    vec![
        Column::new("offloaded", |m: &Measures| Value::number(m.offloaded))
            .csv(&["offloaded_mean"])
            .only(REPORTS),
        Column::new("accuracy %", |m: &Measures| Value::number(m.accuracy_pct))
            .csv(&["accuracy_mean_pct"])
            .narrow("accuracy", "(%)")
            .only(NOT_TERMINAL),
        Column::new("delay ms", |m: &Measures| Value::number(m.delay_ms))
            .csv(&["delay_mean_ms"])
            .narrow("delay", "(ms)")
            .only(NOT_TERMINAL),
        Column::hidden(&["delay_local_ms"], |m: &Measures| part(m, 0)),
        Column::hidden(&["delay_uplink_ms"], |m: &Measures| part(m, 1)),
        Column::hidden(&["delay_compute_ms"], |m: &Measures| part(m, 2)),
    ]
}

/// The columns of an aggregate: its key, its solver, what was measured.
fn aggregate<K: 'static>(key: Vec<Column<K>>) -> Vec<Column<Aggregate<K>>> {
    let mut all: Vec<Column<Aggregate<K>>> = key
        .into_iter()
        .map(|c| c.of(|a: &Aggregate<K>| &a.key))
        .collect();
    all.push(
        Column::new("solver", |a: &Aggregate<K>| Value::Code(a.solver.clone()))
            .csv(&["solver"])
            .tag("solver"),
    );
    all.extend(
        measures()
            .into_iter()
            .map(|c| c.of(|a: &Aggregate<K>| &a.measures)),
    );
    all
}

/// Per solver and kind of problem: `summary.csv`.
pub(super) fn by_setting() -> Vec<Column<Aggregate<SettingKey>>> {
    aggregate(vec![
        Column::new("interference", |k: &SettingKey| {
            Value::Switch(k.interference)
        })
        .csv(&["interference"])
        .tag("interference")
        .only(PAGE),
        Column::new("family", |k: &SettingKey| Value::Text(k.family.clone()))
            .csv(&["family"])
            .tag("family")
            .only(PAGE),
        Column::new("M", |k: &SettingKey| Value::Count(k.servers))
            .csv(&["servers"])
            .only(PAGE),
        Column::new("weights", |k: &SettingKey| Value::Text(k.weights.clone()))
            .csv(&["weights"])
            .only(PAGE),
        Column::new("N", |k: &SettingKey| Value::Count(k.users))
            .csv(&["users"])
            .tag("users"),
        Column::new("threshold", |k: &SettingKey| Value::Exact(k.threshold.0))
            .csv(&["threshold"])
            .tag("threshold"),
    ])
}

/// Per solver, mode and number of users.
pub(super) fn by_size() -> Vec<Column<Aggregate<SizeKey>>> {
    aggregate(vec![
        Column::new("interference", |k: &SizeKey| Value::Switch(k.interference))
            .tag("interference")
            .only(PAGE),
        Column::new("N", |k: &SizeKey| Value::Count(k.users)).tag("users"),
    ])
}

/// Per solver and mode.
pub(super) fn totals() -> Vec<Column<Aggregate<bool>>> {
    aggregate(Vec::new())
}

/// Two solvers on common problems: `pairs.csv`.
pub(super) fn pairs() -> Vec<Column<SolverPair>> {
    let mut all = vec![
        Column::new("interference", |p: &SolverPair| {
            Value::Switch(p.interference)
        })
        .csv(&["interference"])
        .tag("interference")
        .narrow("", "interf."),
        Column::new("first", |p: &SolverPair| Value::Code(p.first.clone()))
            .csv(&["first"])
            .tag("solver")
            .only(REPORTS),
        Column::new("second", |p: &SolverPair| Value::Code(p.second.clone()))
            .csv(&["second"])
            .tag("second")
            .narrow("", "against"),
        Column::new("problems", |p: &SolverPair| Value::Count(p.paired.problems))
            .csv(&["problems"]),
        Column::new("instances", |p: &SolverPair| {
            Value::Count(p.paired.instances)
        })
        .csv(&["instances"])
        .only(PAGE),
        Column::new("wins", |p: &SolverPair| Value::Count(p.paired.wins)).csv(&["wins"]),
        Column::new("ties", |p: &SolverPair| Value::Count(p.paired.ties())).csv(&["ties"]),
        Column::new("losses", |p: &SolverPair| Value::Count(p.paired.losses)).csv(&["losses"]),
        Column::new("mean difference % [95 %]", |p: &SolverPair| {
            Value::percent_estimate(Some(p.paired.mean), p.paired.interval)
        })
        .csv(&[
            "difference_mean_pct",
            "difference_low_pct",
            "difference_high_pct",
        ]),
    ];
    all.extend([
        Column::hidden(&["wilcoxon_instances"], |p: &SolverPair| {
            Value::Counted(p.paired.test.map(|t| t.count))
        }),
        Column::hidden(&["wilcoxon_plus"], |p: &SolverPair| {
            Value::number(p.paired.test.map(|t| t.plus))
        }),
        Column::hidden(&["wilcoxon_minus"], |p: &SolverPair| {
            Value::number(p.paired.test.map(|t| t.minus))
        }),
        Column::new("effect", |p: &SolverPair| {
            Value::number(p.paired.test.map(|t| t.effect))
        })
        .csv(&["rank_biserial"]),
        Column::new("p", |p: &SolverPair| {
            Value::Number(p.paired.test.map(|t| t.p), Digits::P)
        })
        .csv(&["p"])
        .only(PAGE),
        Column::new("p (Holm)", |p: &SolverPair| {
            Value::Number(p.paired.test.map(|_| p.corrected_p), Digits::P)
        })
        .csv(&["p_holm"]),
    ]);
    all
}

/// How the time of a solver grows with N: `growth.csv`.
pub(super) fn growth() -> Vec<Column<TimeGrowth>> {
    vec![
        Column::new("interference", |g: &TimeGrowth| {
            Value::Switch(g.interference)
        })
        .csv(&["interference"])
        .tag("interference")
        .narrow("", "interf."),
        Column::new("M", |g: &TimeGrowth| Value::Count(g.servers)).csv(&["servers"]),
        Column::new("solver", |g: &TimeGrowth| Value::Code(g.solver.clone()))
            .csv(&["solver"])
            .tag("solver"),
        Column::new("exponent of N [95 %]", |g: &TimeGrowth| {
            Value::interval(g.scaling.map(|s| s.exponent), 1.0, Digits::Short)
        })
        .csv(&["exponent", "exponent_low", "exponent_high"]),
        Column::new("fitted ms at N = 100", |g: &TimeGrowth| {
            Value::milliseconds(g.scaling.map(|s| s.at(100.0)))
        }),
        Column::hidden(&["factor_s"], |g: &TimeGrowth| {
            Value::number(g.scaling.map(|s| s.factor))
        }),
        Column::hidden(&["deviation_log"], |g: &TimeGrowth| {
            Value::number(g.scaling.map(|s| s.deviation))
        }),
        Column::new("runs", |g: &TimeGrowth| {
            Value::Counted(g.scaling.map(|s| s.runs))
        })
        .csv(&["runs"]),
        Column::new("cut off", |g: &TimeGrowth| {
            Value::Counted(g.scaling.map(|s| s.censored))
        })
        .csv(&["cut_off"]),
        Column::new("left out (errors)", |g: &TimeGrowth| {
            Value::Count(g.left_out)
        })
        .csv(&["left_out"])
        .only(PAGE),
    ]
}

/// The best plan of every problem.
pub(super) fn virtual_best() -> Vec<Column<VirtualBest>> {
    fn gap(stats: Option<Stats>, of: fn(&Stats) -> f64) -> Value {
        Value::percent(stats.as_ref().map(of))
    }
    vec![
        Column::new("interference", |b: &VirtualBest| {
            Value::Switch(b.key.interference)
        }),
        Column::new("N", |b: &VirtualBest| Value::Count(b.key.users)),
        Column::new("gap mean %", |b: &VirtualBest| gap(b.all, |s| s.mean)),
        Column::new("max %", |b: &VirtualBest| gap(b.all, |s| s.max)),
        Column::new("without bounds: mean %", |b: &VirtualBest| {
            gap(b.without_bounds, |s| s.mean)
        }),
        Column::new("max %", |b: &VirtualBest| gap(b.without_bounds, |s| s.max)),
    ]
}

/// A record with the bounds of its problem: a line of `gaps.csv`.
pub(super) struct GapLine<'a> {
    pub scored: &'a ScoredRecord<'a>,
    pub bounds: &'a ProblemBounds,
}

/// Every record with its gap and the bounds that the gap rests on: `gaps.csv`.
pub(super) fn gap_lines<'a>() -> Vec<Column<GapLine<'a>>> {
    let mut all: Vec<Column<GapLine>> = vec![
        text(&["instance"], |r| &r.instance),
        text(&["fingerprint"], |r| &r.fingerprint),
        text(&["family"], |r| &r.family),
        line(&["users"], |r| Value::Count(r.users)),
        line(&["servers"], |r| Value::Count(r.servers)),
        line(&["interference"], |r| Value::Switch(r.interference)),
        line(&["instance_seed"], |r| seed(r.instance_seed)),
        line(&["threshold"], |r| Value::Exact(r.threshold)),
        text(&["weights"], |r| &r.weights),
        text(&["solver"], |r| &r.solver),
        line(&["seed"], |r| seed(Some(r.seed))),
        text(&["generator"], |r| &r.generator),
        text(&["solver_version"], |r| &r.solver_version),
        line(&["time_limit_s"], |r| Value::number(r.time_limit_s())),
        line(&["status"], |r| Value::Text(r.status.to_string())),
        text(&["stop"], |r| &r.stop),
        line(&["objective"], |r| Value::number(r.objective)),
        line(&["lower_bound"], |r| Value::number(r.lower_bound)),
        line(&["trust"], |r| named(r.trust.map(|t| t.name()))),
        line(&["time_s"], |r| Value::number(Some(r.time_s))),
        line(&["cpu_s"], |r| Value::number(r.cpu_s)),
        line(&["peak_memory_bytes"], |r| seed(r.peak_memory_bytes)),
        line(&["violations"], |r| Value::Count(r.violations)),
        line(&["mandatory_local"], |r| Value::Count(r.mandatory_local)),
        line(&["offloaded"], |r| Value::Counted(r.offloaded)),
        realised(&["delay_total_ms"], |x| Some(x.delay_total_ms)),
        realised(&["delay_mean_ms"], |x| Some(x.delay_mean_ms)),
        realised(&["delay_p95_ms"], |x| Some(x.delay_p95_ms)),
        realised(&["delay_local_ms"], |x| Some(x.delay_local_ms)),
        realised(&["delay_uplink_ms"], |x| Some(x.delay_uplink_ms)),
        realised(&["delay_compute_ms"], |x| Some(x.delay_compute_ms)),
        realised(&["accuracy_pct"], |x| x.accuracy_pct),
    ];
    all.extend(reference_columns());
    all
}

fn reference_columns<'a>() -> [Column<GapLine<'a>>; 10] {
    let above = |l: &GapLine| match l.scored.standing {
        Standing::BestKnown(distance) => distance,
        standing => standing.gap().map(|g| g.low),
    };
    [
        Column::hidden(&["outcome"], |l: &GapLine| {
            named(Some(l.scored.standing.name()))
        }),
        Column::hidden(&["reference"], |l: &GapLine| {
            named(Some(l.bounds.reference.name()))
        }),
        Column::hidden(&["problem_lower_bound"], |l: &GapLine| {
            Value::number(l.bounds.lower.as_ref().map(|b| b.value))
        }),
        Column::hidden(&["problem_lower_bound_by"], |l: &GapLine| {
            named(l.bounds.lower.as_ref().map(|b| b.solver.as_str()))
        }),
        Column::hidden(&["problem_upper_bound"], |l: &GapLine| {
            Value::number(l.bounds.upper.as_ref().map(|b| b.value))
        }),
        Column::hidden(&["problem_upper_bound_by"], |l: &GapLine| {
            named(l.bounds.upper.as_ref().map(|b| b.solver.as_str()))
        }),
        Column::hidden(&["reference_width_pct"], |l: &GapLine| {
            Value::percent(l.bounds.width())
        }),
        Column::hidden(&["gap_low_pct"], |l: &GapLine| {
            Value::percent(l.scored.standing.gap().map(|g| g.low))
        }),
        Column::hidden(&["gap_guaranteed_pct"], |l: &GapLine| {
            Value::percent(l.scored.standing.gap().map(|g| g.guaranteed))
        }),
        Column::hidden(&["above_best_known_pct"], move |l: &GapLine| {
            Value::percent(above(l))
        }),
    ]
}

type Name = &'static [&'static str];

fn line<'a>(name: Name, value: fn(&Record) -> Value) -> Column<GapLine<'a>> {
    Column::hidden(name, move |l: &GapLine| value(l.scored.record))
}

fn text<'a>(name: Name, field: fn(&Record) -> &String) -> Column<GapLine<'a>> {
    Column::hidden(name, move |l: &GapLine| {
        Value::Text(field(l.scored.record).clone())
    })
}

fn realised<'a>(name: Name, field: fn(&Realised) -> Option<f64>) -> Column<GapLine<'a>> {
    Column::hidden(name, move |l: &GapLine| {
        Value::number(l.scored.record.realised.as_ref().and_then(field))
    })
}

fn named(name: Option<&str>) -> Value {
    Value::Text(name.unwrap_or_default().into())
}

/// A whole number of 64 bits.
fn seed(value: Option<u64>) -> Value {
    Value::Text(value.map_or_else(String::new, |v| v.to_string()))
}
