//! The columns of a comparison's tables: `compare.csv`, the pages and the terminal.

use super::changes::StatusChange;
use super::shifts::{SolverShift, Verdict};
use crate::analysis::comparisons::PairedDifferences;
use crate::document::Format::{Html, Markdown, Terminal};
use crate::document::{Column, Digits, Format, Value};
use crate::text::{NOTHING, percent};

const REPORTS: &[Format] = &[Html, Markdown];
const CONSOLE: &[Format] = &[Terminal];

/// Whether rows are all problems of a solver or one family and number of users.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Totals,
    Groups,
}

/// Which problems, and the solver.
pub(super) fn lead(scope: Scope) -> Vec<Column<SolverShift>> {
    let mut all = vec![
        Column::hidden(&["scope"], |s: &SolverShift| {
            Value::Text(
                if s.key.part.is_some() {
                    "group"
                } else {
                    "solver"
                }
                .into(),
            )
        }),
        Column::new("interference", |s: &SolverShift| {
            Value::Switch(s.key.interference)
        })
        .csv(&["interference"])
        .narrow("", "interf."),
    ];
    if scope == Scope::Groups {
        all.extend([
            Column::new("family", |s: &SolverShift| {
                Value::Text(
                    s.key
                        .part
                        .as_ref()
                        .map_or_else(String::new, |p| p.family.clone()),
                )
            })
            .csv(&["family"])
            .only(REPORTS),
            Column::new("N", |s: &SolverShift| {
                Value::Counted(s.key.part.as_ref().map(|p| p.users))
            })
            .csv(&["users"])
            .only(REPORTS),
        ]);
    }
    all.push(
        Column::new("solver", |s: &SolverShift| Value::Code(s.solver.clone())).csv(&["solver"]),
    );
    all
}

/// The pairs and the differences of their gaps.
pub(super) fn gaps() -> Vec<Column<SolverShift>> {
    let mut all = vec![
        Column::new("pairs", |s: &SolverShift| Value::Count(s.pairs)).csv(&["pairs"]),
        Column::new("only A", |s: &SolverShift| Value::Count(s.alone[0]))
            .csv(&["only_a"])
            .only(REPORTS),
        Column::new("only B", |s: &SolverShift| Value::Count(s.alone[1]))
            .csv(&["only_b"])
            .only(REPORTS),
        Column::hidden(&["changed"], |s: &SolverShift| Value::Count(s.changed)),
        count("with gaps", &["gap_pairs"], |g| g.problems).only(REPORTS),
        count("instances", &["instances"], |g| g.instances).only(REPORTS),
        count("better", &["better"], |g| g.wins),
        count("same", &["same"], PairedDifferences::ties),
        count("worse", &["worse"], |g| g.losses),
    ];
    all.extend([
        Column::new("gap A %", |s: &SolverShift| Value::percent(s.gaps[0]))
            .csv(&["gap_a_mean_pct"])
            .only(REPORTS),
        Column::new("gap B %", |s: &SolverShift| Value::percent(s.gaps[1]))
            .csv(&["gap_b_mean_pct"])
            .only(REPORTS),
        Column::new("difference, points [95 %]", |s: &SolverShift| {
            Value::percent_estimate(s.gap.map(|g| g.mean), s.gap.and_then(|g| g.interval))
        })
        .csv(&[
            "difference_mean_pct",
            "difference_low_pct",
            "difference_high_pct",
        ])
        .narrow("", "gap B - A, points"),
        Column::new("effect", |s: &SolverShift| {
            Value::number(s.gap.and_then(|g| g.test).map(|t| t.effect))
        })
        .csv(&["rank_biserial"])
        .only(REPORTS),
        Column::hidden(&["p"], |s: &SolverShift| {
            Value::number(s.gap.and_then(|g| g.test).map(|t| t.p))
        }),
        Column::new("p (Holm)", |s: &SolverShift| {
            Value::Number(s.gap.and_then(|g| g.test).map(|_| s.corrected_p), Digits::P)
        })
        .csv(&["p_holm"]),
        Column::new("verdict", |s: &SolverShift| {
            Value::Text(s.verdict.name().into())
        })
        .csv(&["verdict"])
        .narrow("", "gaps"),
    ]);
    all
}

fn count(
    heading: &str,
    csv: &'static [&'static str],
    of: fn(&PairedDifferences) -> usize,
) -> Column<SolverShift> {
    Column::new(heading, move |s: &SolverShift| {
        Value::Count(s.gap.as_ref().map_or(0, of))
    })
    .csv(csv)
}

/// The ratios of times.
pub(super) fn times() -> Vec<Column<SolverShift>> {
    vec![
        Column::new("pairs", |s: &SolverShift| {
            Value::Count(s.time.map_or(0, |t| t.pairs))
        })
        .csv(&["time_pairs"])
        .only(REPORTS),
        Column::new("cut off", |s: &SolverShift| {
            Value::Count(s.time.map_or(0, |t| t.cut_off))
        })
        .csv(&["time_cut_off"])
        .only(REPORTS),
        Column::new("B / A [95 %]", ratio)
            .csv(&["time_ratio", "time_ratio_low", "time_ratio_high"])
            .narrow("", "time B / A"),
        Column::new("verdict", |s: &SolverShift| {
            let verdict = s.time.map_or(Verdict::Nothing, |t| t.verdict);
            Value::Text(verdict.time_name().into())
        })
        .csv(&["time_verdict"])
        .narrow("", "times"),
    ]
}

pub(super) fn ratio(s: &SolverShift) -> Value {
    let interval = s.time.and_then(|t| t.interval);
    Value::estimate(s.time.map(|t| t.ratio), interval, 1.0, Digits::Short)
}

/// The pair that lost most.
pub(super) fn loss() -> Vec<Column<SolverShift>> {
    vec![
        Column::hidden(&["largest_loss_pct"], |s: &SolverShift| {
            Value::percent(s.worst.as_ref().map(|w| w.difference))
        }),
        Column::new("largest loss", |s: &SolverShift| {
            Value::Text(s.worst.as_ref().map_or_else(
                || NOTHING.into(),
                |w| {
                    let points = percent(Some(w.difference));
                    format!("{points} at {}, threshold {}", w.instance, w.threshold)
                },
            ))
        })
        .only(REPORTS),
    ]
}

/// Solves whose status changed, by solver and kind.
pub(super) fn status_changes() -> Vec<Column<StatusChange>> {
    vec![
        Column::new("change", |c: &StatusChange| {
            Value::Text(if c.to > c.from { "worse" } else { "better" }.into())
        }),
        Column::new("solver", |c: &StatusChange| Value::Code(c.solver.clone())),
        Column::new("in A", |c: &StatusChange| Value::Text(c.from.name().into())),
        Column::new("in B", |c: &StatusChange| Value::Text(c.to.name().into())),
        Column::new("solves", |c: &StatusChange| Value::Count(c.solves)),
        Column::new("examples", |c: &StatusChange| {
            let named = c
                .named
                .iter()
                .map(|(instance, t)| format!("{instance} at threshold {t}"));
            let more = if c.solves > c.named.len() {
                ", …"
            } else {
                ""
            };
            Value::Text(named.collect::<Vec<_>>().join(", ") + more)
        })
        .only(&[Html, Markdown, Terminal]),
    ]
}

/// The totals for a terminal.
pub(super) fn console() -> Vec<Column<SolverShift>> {
    let all = [lead(Scope::Totals), gaps(), times()];
    let on_console = |c: &Column<SolverShift>| CONSOLE.iter().all(|f| c.head.formats.contains(f));
    all.into_iter().flatten().filter(on_console).collect()
}
