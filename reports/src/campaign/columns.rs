//! The columns of a campaign's tables, each declared once: `summary.csv`, `pairs.csv`,
//! `growth.csv`, `gaps.csv`, the pages, the paper and the terminal all take them from here. A new
//! metric is a row in [`measures`], or in [`PLAN_MEANS`] where it is a mean over records.

use crate::analysis::aggregates::{
    Aggregate, GapIntervals, Measures, PLAN_MEANS, SettingKey, SizeKey, WITHIN,
};
use crate::analysis::comparisons::{SolverPair, TimeGrowth, VirtualBest};
use crate::analysis::gaps::{Gap, ProblemBounds, Standing};
use crate::document::Format::{Html, Latex, Markdown, Terminal};
use crate::document::{Column, Digits, Format, Value, columns};
use crate::records::{Realised, Record, SolveEnd};
use crate::statistics::{ConfidenceInterval, Stats};

const PAGE: &[Format] = &[Html];
const MARKDOWN: &[Format] = &[Markdown];
const REPORTS: &[Format] = &[Html, Markdown];
const DOCUMENTS: &[Format] = &[Html, Markdown, Latex];
const NOT_LATEX: &[Format] = &[Html, Markdown, Terminal];
const PAGE_AND_PAPER: &[Format] = &[Html, Latex];
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
    let (pct, ms) = (Value::percent, Value::milliseconds);
    let mut all = columns! { m: Measures;
        "rows"      csv["rows"]      .narrow(ROWS, "all")                   => m.rows;
        "with gap"  csv["with_gap"]  .only(REPORTS)                         => m.with_gap();
        "violating" csv["violating"] .narrow(ROWS, "viol.")                 => m.violating;
        "failed"    csv["failed"]    .narrow(ROWS, "failed")                => m.failed;
        "timed out" csv["timeouts"]  .narrow(ROWS, "late") .only(DOCUMENTS) => m.timeouts;

        "gap mean % [95 %]" csv["gap_mean_pct", "gap_mean_low_pct", "gap_mean_high_pct"]
            .narrow(MEAN.0, MEAN.1) => mean_gap(m);
        "median %" csv["gap_median_pct", "gap_median_low_pct", "gap_median_high_pct"]
            .narrow(GAP, "median") .only(DOCUMENTS) .bare() => gap(m, |g| g.median, |i| i.median);
        "q95 %" csv["gap_q95_pct", "gap_q95_low_pct", "gap_q95_high_pct"] .narrow(GAP, "q95")
            .only(DOCUMENTS) .bare() => gap(m, |g| g.q95, |i| i.q95);
        "max %" csv["gap_max_pct", "gap_max_low_pct", "gap_max_high_pct"] .narrow(GAP, "max")
            .bare() => gap(m, |g| g.max, |i| i.max);
    };
    all.extend(shares());
    all.extend(columns! { m: Measures;
                             csv["best_known"]                               => m.best;
        "above best known %" csv["above_best_known_mean_pct"] .only(REPORTS) => pct(m.above_best);
                             csv["proved_optimal"]                           => m.optimal;
        "proved optimal %" csv["proved_optimal_pct"] .narrow("", "optimal %") .only(TERMINAL)
            => pct(Some(m.optimal_share()));
        "references"       csv["references"]               .only(REPORTS)    => m.reference_text();
        "width %"          csv["reference_width_mean_pct"] .only(MARKDOWN)   => pct(m.width);

        "time ms" csv["time_median_ms"] .narrow("", "ms") .only(NOT_LATEX)   => ms(m.time_s);
        "geo. ms" csv["time_geometric_ms"] .narrow(TIME, "geo.") .only(DOCUMENTS)
            => ms(m.time_geometric_s);
        "PAR10 ms" csv["par10_ms"] .narrow(TIME, "PAR10") .only(DOCUMENTS)   => ms(m.par10_s);
        "primal int. ms" csv["primal_integral_ms"] .only(REPORTS)        => ms(m.primal_integral_s);
    });
    all.extend(plan_means());
    all.extend(columns! { m: Measures;
        "accuracy %" csv["accuracy_mean_pct"] .narrow("accuracy", "(%)") .only(DOCUMENTS)
            => m.accuracy_pct;
        "delay ms" csv["delay_mean_ms"] .narrow("delay", "(ms)") .only(DOCUMENTS) => m.delay_ms;
        csv["delay_local_ms"]   => m.delay_parts_ms.map(|parts| parts[0]);
        csv["delay_uplink_ms"]  => m.delay_parts_ms.map(|parts| parts[1]);
        csv["delay_compute_ms"] => m.delay_parts_ms.map(|parts| parts[2]);
    });
    all
}

/// The columns of [`PLAN_MEANS`].
fn plan_means() -> impl Iterator<Item = Column<Measures>> {
    PLAN_MEANS.iter().enumerate().map(|(k, mean)| {
        Column::hidden(move |m: &Measures| m.plan_means[k].into())
            .headed(mean.heading)
            .csv(mean.csv)
            .only(REPORTS)
    })
}

/// A statistic of the guaranteed gaps with its interval.
fn gap(
    m: &Measures,
    of: fn(&Stats) -> f64,
    interval: fn(&GapIntervals) -> ConfidenceInterval,
) -> Value {
    Value::percent_estimate(m.gap.as_ref().map(of), m.intervals.as_ref().map(interval))
}

/// The mean guaranteed gap with its interval.
pub(super) fn mean_gap(m: &Measures) -> Value {
    gap(m, |g| g.mean, |i| i.mean)
}

/// Shares within each of [`WITHIN`].
fn shares() -> Vec<Column<Measures>> {
    let within = |m: &Measures, place: usize| Value::Share(m.within[place], m.rows);
    const { assert!(WITHIN.len() == 5) };
    columns! { m: Measures;
        "≤ 0.01 %" csv["within_0.01_pct"] .narrow(SHARE, "0.01") .only(PAGE_AND_PAPER)
            => within(m, 0);
        "≤ 0.1 %" csv["within_0.1_pct"] .narrow(SHARE, "0.1") .only(PAGE_AND_PAPER) => within(m, 1);
        "≤ 1 %"   csv["within_1_pct"]   .narrow(SHARE, "1") .only(DOCUMENTS)        => within(m, 2);
        "≤ 5 %"   csv["within_5_pct"]   .narrow(SHARE, "5") .only(PAGE_AND_PAPER)   => within(m, 3);
        "≤ 10 %"  csv["within_10_pct"]  .narrow(SHARE, "10") .only(PAGE_AND_PAPER)  => within(m, 4);
    }
}

/// The columns of an aggregate: its key, its solver, what was measured.
fn aggregate<K: 'static>(key: Vec<Column<K>>) -> Vec<Column<Aggregate<K>>> {
    let key = key.into_iter().map(|c| c.of(|a: &Aggregate<K>| &a.key));
    let solver = columns! { a: Aggregate<K>;
        "solver" csv["solver"] .tag("solver") => Value::code(&a.solver);
    };
    let measures = measures().into_iter();
    let measures = measures.map(|c| c.of(|a: &Aggregate<K>| &a.measures));
    key.chain(solver).chain(measures).collect()
}

/// Per solver and kind of problem: `summary.csv`.
pub(super) fn by_setting() -> Vec<Column<Aggregate<SettingKey>>> {
    aggregate(columns! { k: SettingKey;
        "interference" csv["interference"] .tag("interference") .only(PAGE) => k.interference;
        "family"       csv["family"]       .tag("family") .only(PAGE) => &k.family;
        "M"            csv["servers"]      .only(PAGE) => k.servers;
        "weights"      csv["weights"]      .only(PAGE) => &k.weights;
        "N"            csv["users"]        .tag("users") => k.users;
        "threshold"    csv["threshold"]    .tag("threshold") => Value::Exact(k.threshold.0);
    })
}

/// Per solver, mode and number of users: `sizes.csv`.
pub(super) fn by_size() -> Vec<Column<Aggregate<SizeKey>>> {
    aggregate(columns! { k: SizeKey;
        "interference" csv["interference"] .tag("interference") .only(PAGE) => k.interference;
        "N"            csv["users"]        .tag("users")                    => k.users;
    })
}

/// Per mode and solver: `totals.csv`.
pub(super) fn by_mode() -> Vec<Column<Aggregate<bool>>> {
    aggregate(columns! { on: bool;
        csv["interference"] => *on;
    })
}

/// Per solver, in tables with a section for each mode.
pub(super) fn totals() -> Vec<Column<Aggregate<bool>>> {
    aggregate(Vec::new())
}

/// Two solvers on common problems: `pairs.csv`.
pub(super) fn pairs() -> Vec<Column<SolverPair>> {
    columns! { p: SolverPair;
        "interference" csv["interference"] .narrow("", "interf.") .tag("interference")
            => p.interference;
        "first"     csv["first"] .tag("solver") .only(REPORTS) => Value::code(&p.first);
        "second"    csv["second"] .narrow("", "against") .tag("second") => Value::code(&p.second);
        "problems"  csv["problems"] => p.paired.problems;
        "instances" csv["instances"] .only(PAGE) => p.paired.instances;
        "wins"      csv["wins"] => p.paired.wins;
        "ties"      csv["ties"] => p.paired.ties();
        "losses"    csv["losses"] => p.paired.losses;
        "mean difference % [95 %]"
            csv["difference_mean_pct", "difference_low_pct", "difference_high_pct"]
            => Value::percent_estimate(Some(p.paired.mean), p.paired.interval);
                    csv["wilcoxon_instances"] => p.paired.test.map(|t| t.count);
                    csv["wilcoxon_plus"] => p.paired.test.map(|t| t.plus);
                    csv["wilcoxon_minus"] => p.paired.test.map(|t| t.minus);
        "effect"    csv["rank_biserial"] => p.paired.test.map(|t| t.effect);
        "p"         csv["p"] .only(PAGE) => Value::Number(p.paired.test.map(|t| t.p), Digits::P);
        "p (Holm)"  csv["p_holm"] => Value::Number(p.paired.test.map(|_| p.corrected_p), Digits::P);
    }
}

/// How the time of a solver grows with N: `growth.csv`.
pub(super) fn growth() -> Vec<Column<TimeGrowth>> {
    columns! { g: TimeGrowth;
        "interference" csv["interference"] .narrow("", "interf.") .tag("interference")
            => g.interference;
        "M"                    csv["servers"] => g.servers;
        "solver"               csv["solver"]        .tag("solver") => Value::code(&g.solver);
        "exponent of N [95 %]" csv["exponent", "exponent_low", "exponent_high"]
            => g.scaling.map(|s| s.exponent);
        "fitted ms at N = 100" csv["fitted_100_ms"]
            => Value::milliseconds(g.scaling.map(|s| s.at(100.0)));
                               csv["factor_s"] => g.scaling.map(|s| s.factor);
                               csv["deviation_log"] => g.scaling.map(|s| s.deviation);
        "runs"                 csv["runs"] => g.scaling.map(|s| s.runs);
        "cut off"              csv["cut_off"] => g.scaling.map(|s| s.censored);
        "left out"             csv["left_out"]      .only(PAGE) => g.left_out;
    }
}

/// The best plan of every problem: `virtual-best.csv`.
pub(super) fn virtual_best() -> Vec<Column<VirtualBest>> {
    columns! { b: VirtualBest;
        "interference" csv["interference"] => b.key.interference;
        "N"            csv["users"]        => b.key.users;
                       csv["with_gap"]     => b.all.map_or(0, |s| s.count);
        "gap mean %"   csv["gap_mean_pct"] => Value::percent(b.all.map(|s| s.mean));
        "max %"        csv["gap_max_pct"]  => Value::percent(b.all.map(|s| s.max));
                       csv["without_bounds_with_gap"]
            => b.without_bounds.map_or(0, |s| s.count);
        "without bounds: mean %" csv["without_bounds_gap_mean_pct"]
            => Value::percent(b.without_bounds.map(|s| s.mean));
        "max %"                  csv["without_bounds_gap_max_pct"]
            => Value::percent(b.without_bounds.map(|s| s.max));
    }
}

/// A record with the bounds of its problem: a line of `gaps.csv`.
pub(super) struct RecordLine<'a> {
    pub record: &'a Record,
    pub standing: Standing,
    pub is_anytime: bool,
    pub end: SolveEnd,
    pub bounds: &'a ProblemBounds,
}

impl RecordLine<'_> {
    fn gap(&self, of: fn(&Gap) -> f64) -> Value {
        Value::percent(self.standing.gap().as_ref().map(of))
    }

    /// How far the plan is above the best known one.
    fn above_best(&self) -> Value {
        match self.standing {
            Standing::BestKnown(distance) => Value::percent(distance),
            _ => self.gap(|g| g.low),
        }
    }

    fn realised(&self, of: fn(&Realised) -> f64) -> Option<f64> {
        self.record.realised.as_ref().map(of)
    }
}

/// Every record with its gap and the bounds that the gap rests on: `gaps.csv`.
pub(super) fn record_lines<'a>() -> Vec<Column<RecordLine<'a>>> {
    let mut all = columns! { l: RecordLine;
        csv["instance"]          => &l.record.instance;
        csv["fingerprint"]       => &l.record.fingerprint;
        csv["family"]            => &l.record.family;
        csv["users"]             => l.record.users;
        csv["servers"]           => l.record.servers;
        csv["interference"]      => l.record.interference;
        csv["instance_seed"]     => l.record.instance_seed;
        csv["threshold"]         => Value::Exact(l.record.threshold);
        csv["weights"]           => &l.record.weights;
        csv["solver"]            => &l.record.solver;
        csv["seed"]              => l.record.seed;
        csv["generator"]         => &l.record.generator;
        csv["solver_version"]    => &l.record.solver_version;
        csv["time_limit_s"]      => l.record.time_limit_s();
        csv["anytime"]           => l.is_anytime;
        csv["status"]            => l.record.status.to_string();
        csv["stop"]              => &l.record.stop;
        csv["objective"]         => l.record.objective;
        csv["lower_bound"]       => l.record.lower_bound;
        csv["trust"]             => l.record.trust.map(|t| t.name());
        csv["time_s"]            => l.record.time_s;
        csv["cpu_s"]             => l.record.cpu_s;
        csv["peak_memory_bytes"] => l.record.peak_memory_bytes;
        csv["violations"]        => l.record.violations;
        csv["mandatory_local"]   => l.record.mandatory_local;
        csv["offloaded"]         => l.record.offloaded;
        csv["delay_total_ms"]    => l.realised(|x| x.delay_total_ms);
        csv["delay_mean_ms"]     => l.realised(|x| x.delay_mean_ms);
        csv["delay_p95_ms"]      => l.realised(|x| x.delay_p95_ms);
        csv["delay_local_ms"]    => l.realised(|x| x.delay_local_ms);
        csv["delay_uplink_ms"]   => l.realised(|x| x.delay_uplink_ms);
        csv["delay_compute_ms"]  => l.realised(|x| x.delay_compute_ms);
        csv["accuracy_pct"]      => l.record.realised.as_ref().and_then(|x| x.accuracy_pct);
    };
    all.extend(columns! { l: RecordLine;
        csv["outcome"]                => l.standing.name();
        csv["solved"]                 => l.end == SolveEnd::Solved;
        csv["reference"]              => l.bounds.reference.name();
        csv["problem_lower_bound"]    => l.bounds.lower.as_ref().map(|b| b.value);
        csv["problem_lower_bound_by"] => l.bounds.lower.as_ref().map(|b| b.solver.as_str());
        csv["problem_upper_bound"]    => l.bounds.upper.as_ref().map(|b| b.value);
        csv["problem_upper_bound_by"] => l.bounds.upper.as_ref().map(|b| b.solver.as_str());
        csv["reference_width_pct"]    => Value::percent(l.bounds.width());
        csv["gap_low_pct"]            => l.gap(|g| g.low);
        csv["gap_guaranteed_pct"]     => l.gap(|g| g.guaranteed);
        csv["above_best_known_pct"]   => l.above_best();
    });
    all
}
