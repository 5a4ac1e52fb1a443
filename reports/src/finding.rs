//! The sentences of a report, computed from the data: what was run, what must be known first, what
//! GOA does.

use crate::gaps::{Analysis, Crossing, OPTIMAL, Outcome, Reference, Row};
use crate::record::Status;
use crate::study::Study;
use crate::tables::{Aggregate, Size, solvers};
use crate::text::{clip, code, counted, listed, mode, percent};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Items listed before the rest is only counted.
const SHOWN: usize = 10;
/// The guaranteed gap beyond which the report says so.
const NOTEWORTHY: f64 = 0.05;

/// What was run.
pub(crate) fn campaign(analysis: &Analysis) -> String {
    if analysis.rows.is_empty() {
        return "There are no records: nothing was solved yet.\n\n".into();
    }
    let instances: BTreeSet<&str> = analysis
        .problems
        .iter()
        .map(|p| p.fingerprint.as_str())
        .collect();
    let mut thresholds: Vec<f64> = analysis.problems.iter().map(|p| p.threshold).collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let mut users: Vec<usize> = analysis.rows.iter().map(|row| row.record.users).collect();
    users.sort_unstable();
    users.dedup();
    let ids: Vec<String> = solvers(analysis).into_iter().map(code).collect();
    let families: BTreeSet<&str> = analysis
        .rows
        .iter()
        .map(|row| row.record.family.as_str())
        .collect();
    let families: Vec<String> = families
        .into_iter()
        .filter(|f| !f.is_empty())
        .map(code)
        .collect();
    let problems = analysis.problems.len();
    let proved = analysis.problems.iter().filter(|p| p.is_proved()).count();
    format!(
        "{} of {} ({}) on {}: {} of {families} with N = {users}, threshold {thresholds}.\n\
         Proved optimal within {tolerance} %: {proved} of {}. {}\n\n",
        counted(analysis.rows.len(), "row"),
        counted(ids.len(), "solver"),
        listed(&ids),
        counted(problems, "problem"),
        counted(instances.len(), "instance"),
        counted(problems, "problem"),
        references(analysis),
        families = if families.is_empty() {
            "no named family".into()
        } else {
            format!("family {}", listed(&families))
        },
        users = listed(&users),
        thresholds = listed(&thresholds),
        tolerance = 100.0 * OPTIMAL,
    )
}

fn references(analysis: &Analysis) -> String {
    let mut counts: BTreeMap<Reference, usize> = BTreeMap::new();
    for problem in &analysis.problems {
        *counts.entry(problem.reference).or_default() += 1;
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(kind, count)| format!("{kind} {count}"))
        .collect();
    format!("References: {}.", parts.join(", "))
}

/// What qualifies everything below it: contradictions first, then what is missing.
pub(crate) fn read_first(study: &Study) -> String {
    let analysis = &study.analysis;
    if analysis.rows.is_empty() {
        return String::new();
    }
    let mut out = contradictions(&analysis.crossings);
    let mut notes = vec![unfinished(study), failures(analysis), timeouts(analysis)];
    notes.extend(without_reference(analysis));
    notes.extend([
        without_plans(analysis),
        incomplete(analysis),
        single_instance(analysis),
        no_gap_at_all(analysis),
    ]);
    notes.retain(|note| !note.is_empty());
    if notes.is_empty() {
        return out + "No failed row, no time-out, no missing reference.\n\n";
    }
    out += "To be read first:\n\n";
    for note in notes {
        let _ = writeln!(out, "- {note}");
    }
    out + "\n"
}

fn contradictions(crossings: &[Crossing]) -> String {
    if crossings.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "> **Contradiction: {} where no plan should be.** A bound, a plan's evaluation or a proof \
         is wrong. \
         The problems concerned get no gap.\n>\n",
        counted(crossings.len(), "plan")
    );
    for c in crossings.iter().take(SHOWN) {
        let _ = writeln!(out, "> - {}", c.describe());
    }
    out += &more(crossings.len(), "> - ", "`crossed` in gaps.csv");
    out + "\n"
}

impl Crossing {
    /// The contradiction in one sentence, names as Markdown code.
    #[must_use]
    pub fn describe(&self) -> String {
        let claim = match (self.bound, self.trust) {
            (Some(bound), Some(trust)) => {
                let by = code(&self.bound_by);
                format!(
                    "below the lower bound {bound} of {by} ({trust}) by {:e}",
                    bound - self.objective
                )
            }
            _ => format!(
                "although {} says that there is no plan",
                code(&self.bound_by)
            ),
        };
        let at = format!(
            "{}, threshold {}, {} weights",
            code(&self.instance),
            self.threshold,
            clip(&self.weights, 20)
        );
        format!(
            "{at}: {} has a plan of {}, {claim}",
            code(&self.plan_by),
            self.objective
        )
    }
}

fn more(count: usize, lead: &str, place: &str) -> String {
    let rest = count.saturating_sub(SHOWN);
    if rest == 0 {
        String::new()
    } else {
        format!("{lead}and {rest} more: {place}\n")
    }
}

/// Counts the rows that satisfy `wanted` by solver, in order.
fn by_solver(analysis: &Analysis, wanted: impl Fn(&Row) -> bool) -> Vec<(String, usize)> {
    let count = |id: &str| {
        analysis
            .rows
            .iter()
            .filter(|row| row.record.solver == id && wanted(row))
            .count()
    };
    let counts = solvers(analysis)
        .into_iter()
        .map(|id| (code(id), count(id)));
    counts.filter(|(_, count)| *count > 0).collect()
}

fn count_list(counts: &[(String, usize)]) -> String {
    listed(
        &counts
            .iter()
            .map(|(id, count)| format!("{id} {count}"))
            .collect::<Vec<_>>(),
    )
}

fn failures(analysis: &Analysis) -> String {
    let failed = |row: &Row| row.outcome == Outcome::Failed;
    let counts = by_solver(analysis, failed);
    if counts.is_empty() {
        return String::new();
    }
    let mut stops: BTreeMap<&str, usize> = BTreeMap::new();
    for row in analysis.rows.iter().filter(|row| failed(row)) {
        *stops.entry(&row.record.stop).or_default() += 1;
    }
    // The alphabetically first of the most frequent.
    let most = stops
        .iter()
        .max_by_key(|(stop, count)| (**count, std::cmp::Reverse(**stop)));
    let reason = most.map_or_else(String::new, |(stop, count)| {
        format!(" Most often ({count}): {}.", code(&clip(stop, 120)))
    });
    let total = counted(counts.iter().map(|c| c.1).sum(), "row");
    format!(
        "Failed, without a plan: {total} ({}).{reason}",
        count_list(&counts)
    )
}

fn timeouts(analysis: &Analysis) -> String {
    let late = |row: &Row| row.record.status == Status::Timeout;
    let counts = by_solver(analysis, late);
    if counts.is_empty() {
        return String::new();
    }
    let total = counted(counts.iter().map(|c| c.1).sum(), "row");
    let bare = analysis
        .rows
        .iter()
        .filter(|row| late(row) && row.outcome == Outcome::Failed)
        .count();
    format!(
        "Out of time: {total} ({}), {bare} of them without a plan.",
        count_list(&counts)
    )
}

fn without_reference(analysis: &Analysis) -> Vec<String> {
    let texts = [
        (
            Reference::BestKnown,
            "have no lower bound above 0: their rows are compared with the best plan known, which \
             is not a gap to the optimum",
        ),
        (
            Reference::Missing,
            "have neither a lower bound nor a plan that breaks no rule",
        ),
        (
            Reference::Infeasible,
            "are proved infeasible: no plan exists, and no gap",
        ),
    ];
    let note = |(kind, text): (Reference, &str)| {
        let problems: Vec<_> = analysis
            .problems
            .iter()
            .filter(|p| p.reference == kind)
            .collect();
        if problems.is_empty() {
            return String::new();
        }
        let names: Vec<String> = problems
            .iter()
            .take(3)
            .map(|p| format!("{} at threshold {}", code(&p.instance), p.threshold))
            .collect();
        let dots = if problems.len() > names.len() {
            ", …"
        } else {
            ""
        };
        format!(
            "{} of {} problems {text} ({}{dots}).",
            problems.len(),
            analysis.problems.len(),
            names.join(", ")
        )
    };
    texts.into_iter().map(note).collect()
}

/// A campaign that was stopped looks like a small one: says what its configuration asks for.
fn unfinished(study: &Study) -> String {
    let (rows, missing) = (study.analysis.rows.len(), study.missing_rows());
    if missing == 0 {
        return String::new();
    }
    let expected = rows + missing;
    format!(
        "**Unfinished: {rows} of the {} that the configuration asks for are there ({} % \
         missing).** Every mean is over those alone; `run` again makes the rest.",
        counted(expected, "row"),
        percent(Some(missing as f64 / expected as f64))
    )
}

fn single_instance(analysis: &Analysis) -> String {
    let instances: BTreeSet<&str> = analysis
        .problems
        .iter()
        .map(|p| p.fingerprint.as_str())
        .collect();
    if instances.len() != 1 {
        return String::new();
    }
    "A single instance: there are no intervals and no tests, and nothing here says anything of \
     other instances."
        .into()
}

/// Where every gap is closed, no table tells solvers apart by quality.
fn no_gap_at_all(analysis: &Analysis) -> String {
    let mut gaps = analysis
        .rows
        .iter()
        .filter_map(|row| row.outcome.gap())
        .peekable();
    if gaps.peek().is_none() || !gaps.all(|gap| gap.is_optimal()) {
        return String::new();
    }
    format!(
        "Every row with a gap is proved optimal within {} %: these problems do not tell solvers \
         apart by their gaps.",
        100.0 * OPTIMAL
    )
}

fn without_plans(analysis: &Analysis) -> String {
    let useless = |id: &&str| {
        let mut rows = analysis.rows.iter().filter(|row| row.record.solver == *id);
        rows.all(|row| matches!(row.outcome, Outcome::Violating | Outcome::Failed))
    };
    let ids: Vec<String> = solvers(analysis)
        .into_iter()
        .filter(useless)
        .map(code)
        .collect();
    if ids.is_empty() {
        String::new()
    } else {
        format!("Never a plan that breaks no rule: {}.", listed(&ids))
    }
}

/// Means over different problems are not comparable: says which solvers did not see all of them.
fn incomplete(analysis: &Analysis) -> String {
    let all = analysis.problems.len();
    let seen = |id: &str| {
        let rows = analysis.rows.iter().filter(|row| row.record.solver == id);
        rows.map(|row| row.problem).collect::<BTreeSet<_>>().len()
    };
    let counts: Vec<(String, usize)> = solvers(analysis)
        .into_iter()
        .map(|id| (code(id), seen(id)))
        .filter(|(_, count)| *count < all)
        .collect();
    if counts.is_empty() {
        return String::new();
    }
    format!(
        "Not run on all {all} problems, so that their means are not over the same ones as \
         others': {}.",
        count_list(&counts)
    )
}

/// What the records say about GOA, mode by mode.
pub(crate) fn goa(summary: &[Aggregate<Size>], analysis: &Analysis) -> String {
    let rows: Vec<&Aggregate<Size>> = summary.iter().filter(|row| row.solver == "goa").collect();
    if rows.is_empty() {
        return "The campaign has no rows of `goa`.\n\n".into();
    }
    let mut out = String::new();
    for interference in [false, true] {
        let of_mode: Vec<&Aggregate<Size>> = rows
            .iter()
            .copied()
            .filter(|r| r.key.interference == interference)
            .collect();
        if !of_mode.is_empty() {
            out += &goa_in_mode(&of_mode, interference);
        }
    }
    out += &worst(analysis);
    out.trim_end().to_string() + "\n\n"
}

fn goa_in_mode(rows: &[&Aggregate<Size>], interference: bool) -> String {
    let gaps: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row.key.users, row.figures.gap?, row.figures.above_best)))
        .collect();
    let on = mode(interference);
    if gaps.is_empty() {
        let above = rows
            .iter()
            .filter_map(|row| row.figures.above_best)
            .reduce(f64::max);
        let rest = above.map_or_else(
            || "and no plan of `goa` to compare with the best one known".to_string(),
            |d| {
                format!(
                    "only the best plan known, which `goa` misses by at most {} % on average at \
                     any N",
                    percent(Some(d))
                )
            },
        );
        return format!(
            "With interference {on}, no row of `goa` has a lower bound to be compared with, \
             {rest}. "
        );
    }
    let each: Vec<String> = gaps
        .iter()
        .map(|(n, gap, _)| {
            format!(
                "{} % at N = {n} (largest {} %)",
                percent(Some(gap.mean)),
                percent(Some(gap.max))
            )
        })
        .collect();
    let mut out = format!(
        "With interference {on}, the guaranteed gap of `goa` is on average {}. ",
        listed(&each)
    );
    let beyond: Vec<usize> = gaps
        .iter()
        .filter(|(_, gap, _)| gap.mean > NOTEWORTHY)
        .map(|g| g.0)
        .collect();
    let surely: Vec<usize> = gaps
        .iter()
        .filter(|(_, gap, low)| gap.mean > NOTEWORTHY && low.is_some_and(|l| l > NOTEWORTHY))
        .map(|g| g.0)
        .collect();
    out += &match (beyond.len(), surely.len()) {
        (0, _) => "Its mean is within 5 % at every N. ".to_string(),
        (all, sure) if all == sure => {
            format!(
                "Its mean exceeds 5 % at N = {}, there even against the best plan known. ",
                listed(&beyond)
            )
        }
        (_, 0) => format!(
            "Its mean exceeds 5 % at N = {}; the bounds are too wide there to tell whether the \
             true gap does. ",
            listed(&beyond)
        ),
        _ => format!(
            "Its mean exceeds 5 % at N = {}, at N = {} even against the best plan known. ",
            listed(&beyond),
            listed(&surely)
        ),
    };
    out
}

fn worst(analysis: &Analysis) -> String {
    let goa = analysis
        .rows
        .iter()
        .filter(|row| row.record.solver == "goa");
    let gaps = goa.filter_map(|row| Some((row.record, row.outcome.gap()?)));
    // The first of equals, so that the sentence does not depend on the iterator's tie rule.
    let worst = gaps.reduce(|a, b| {
        if b.1.guaranteed > a.1.guaranteed {
            b
        } else {
            a
        }
    });
    worst.map_or_else(String::new, |(record, gap)| {
        format!(
            "The largest single one, between {} % and {} %, is at {}, threshold {}.",
            percent(Some(gap.low)),
            percent(Some(gap.guaranteed)),
            code(&record.instance),
            record.threshold
        )
    })
}
