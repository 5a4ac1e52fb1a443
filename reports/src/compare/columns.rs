//! The columns of a comparison's tables: `compare.csv`, the pages and the terminal.

use super::changes::StatusChange;
use super::shifts::{Example, SolverShift, Verdict};
use crate::analysis::comparisons::PairedDifferences;
use crate::document::Format::{Html, Markdown, Terminal};
use crate::document::{Column, Digits, Format, Value, columns};
use crate::text::{NOTHING, percent};

const REPORTS: &[Format] = &[Html, Markdown];

/// Whether rows are all problems of a solver or one family and number of users.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Totals,
    Groups,
}

/// Which problems, and the solver.
pub(super) fn lead(scope: Scope) -> Vec<Column<SolverShift>> {
    let mut all = columns! { s: SolverShift;
                       csv["scope"] => if s.key.part.is_some() { "group" } else { "solver" };
        "interference" csv["interference"] .narrow("", "interf.") => s.key.interference;
    };
    if scope == Scope::Groups {
        all.extend(columns! { s: SolverShift;
            "family" csv["family"] .only(REPORTS) => s.key.part.as_ref().map(|p| p.family.as_str());
            "N"      csv["users"]  .only(REPORTS) => s.key.part.as_ref().map(|p| p.users);
        });
    }
    all.extend(columns! { s: SolverShift;
        "solver" csv["solver"] => Value::code(&s.solver);
    });
    all
}

/// The pairs and the differences of their gaps.
pub(super) fn gaps() -> Vec<Column<SolverShift>> {
    fn count(s: &SolverShift, of: fn(&PairedDifferences) -> usize) -> usize {
        s.gap.as_ref().map_or(0, of)
    }
    let test = |s: &SolverShift| s.gap.and_then(|g| g.test);
    columns! { s: SolverShift;
        "pairs"     csv["pairs"]                    => s.pairs;
        "only A"    csv["only_a"]    .only(REPORTS) => s.alone[0];
        "only B"    csv["only_b"]    .only(REPORTS) => s.alone[1];
                    csv["changed"]                  => s.changed;
        "with gaps" csv["gap_pairs"] .only(REPORTS) => count(s, |g| g.problems);
        "instances" csv["instances"] .only(REPORTS) => count(s, |g| g.instances);
        "better"    csv["better"]                   => count(s, |g| g.wins);
        "same"      csv["same"]                     => count(s, PairedDifferences::ties);
        "worse"     csv["worse"]                    => count(s, |g| g.losses);

        "gap A %"  csv["gap_a_mean_pct"] .only(REPORTS) => Value::percent(s.gaps[0]);
        "gap B %"  csv["gap_b_mean_pct"] .only(REPORTS) => Value::percent(s.gaps[1]);
        "difference, points [95 %]"
            csv["difference_mean_pct", "difference_low_pct", "difference_high_pct"]
            .narrow("", "gap B - A, points")
            => Value::percent_estimate(s.gap.map(|g| g.mean), s.gap.and_then(|g| g.interval));
        "effect"   csv["rank_biserial"]  .only(REPORTS) => test(s).map(|t| t.effect);
                   csv["p"] => test(s).map(|t| t.p);
        "p (Holm)" csv["p_holm"] => Value::Number(test(s).map(|_| s.corrected_p), Digits::P);
        "verdict"  csv["verdict"]        .narrow("", "gaps") => s.verdict.name();
    }
}

/// The ratios of times.
pub(super) fn times() -> Vec<Column<SolverShift>> {
    let verdict = |s: &SolverShift| s.time.map_or(Verdict::Nothing, |t| t.verdict);
    columns! { s: SolverShift;
        "pairs"   csv["time_pairs"]   .only(REPORTS)       => s.time.map_or(0, |t| t.pairs);
        "cut off" csv["time_cut_off"] .only(REPORTS)       => s.time.map_or(0, |t| t.cut_off);
        "B / A [95 %]" csv["time_ratio", "time_ratio_low", "time_ratio_high"]
            .narrow("", "time B / A") => ratio(s);
        "verdict" csv["time_verdict"] .narrow("", "times") => verdict(s).time_name();
    }
}

pub(super) fn ratio(s: &SolverShift) -> Value {
    let interval = s.time.and_then(|t| t.interval);
    Value::estimate(s.time.map(|t| t.ratio), interval, 1.0, Digits::Short)
}

/// The pair that lost most.
pub(super) fn loss() -> Vec<Column<SolverShift>> {
    fn example(worst: &Example) -> String {
        let points = percent(Some(worst.difference));
        let (instance, threshold) = (&worst.instance, worst.threshold);
        format!("{points} at {instance}, threshold {threshold}")
    }
    columns! { s: SolverShift;
        csv["largest_loss_pct"] => Value::percent(s.worst.as_ref().map(|w| w.difference));
        "largest loss" .only(REPORTS) => s.worst.as_ref().map_or(NOTHING.into(), example);
    }
}

/// Solves whose status changed, by solver and kind.
pub(super) fn status_changes() -> Vec<Column<StatusChange>> {
    fn examples(c: &StatusChange) -> String {
        let named = c.named.iter();
        let named = named.map(|(instance, t)| format!("{instance} at threshold {t}"));
        let more = (c.solves > c.named.len()).then_some("…".to_string());
        named.chain(more).collect::<Vec<_>>().join(", ")
    }
    columns! { c: StatusChange;
        "change" => if c.to > c.from { "worse" } else { "better" };
        "solver" => Value::code(&c.solver);
        "in A" => c.from.name();
        "in B" => c.to.name();
        "solves" => c.solves;
        "examples" .only(&[Html, Markdown, Terminal]) => examples(c);
    }
}

/// The totals for a terminal.
pub(super) fn console() -> Vec<Column<SolverShift>> {
    let all = [lead(Scope::Totals), gaps(), times()];
    let on_console = |c: &Column<SolverShift>| c.head.formats.contains(&Terminal);
    all.into_iter().flatten().filter(on_console).collect()
}
