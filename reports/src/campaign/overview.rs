//! The first paragraphs of a report: what was run, and the warnings that qualify everything below.

use crate::analysis::Study;
use crate::analysis::aggregates::reference_text;
use crate::analysis::gaps::{Analysis, Crossing, OPTIMAL, Reference, ScoredRecord, Standing};
use crate::analysis::recheck::sentence;
use crate::document::{Block, Prose, code, listed, prose, strong};
use crate::records::{Record, SolveEnd};
use crate::text::{self, clip, counted, percent};
use std::collections::{BTreeMap, BTreeSet};

/// Items listed before the rest is only counted.
const SHOWN: usize = 10;
/// Problems named as examples.
const EXAMPLES: usize = 3;
/// Longest reason of a failure shown, characters.
pub(super) const REASON: usize = 120;

/// What was run, then contradictions and warnings.
pub(super) fn overview(study: &Study) -> Vec<Block> {
    let analysis = &study.analysis;
    if analysis.rows.is_empty() {
        return vec![Block::paragraph(
            "There are no records: nothing was solved yet.",
        )];
    }
    let mut all = vec![Block::Paragraph(campaign(analysis))];
    all.push(recheck(study));
    all.extend(contradictions(&analysis.crossings));
    let mut notes = vec![
        unfinished(study),
        not_run(study),
        failures(analysis),
        timeouts(analysis),
    ];
    notes.extend(without_reference(analysis));
    notes.extend([
        without_plans(analysis),
        incomplete(analysis),
        single_instance(analysis),
        no_gap_at_all(analysis),
    ]);
    let notes: Vec<Prose> = notes.into_iter().flatten().collect();
    if notes.is_empty() {
        all.push(Block::paragraph(
            "No failed rows, no time-outs, no missing references.",
        ));
    } else {
        all.extend([Block::paragraph("Warnings:"), Block::List(notes)]);
    }
    all
}

/// What was re-checked; a refutation must not be overlooked.
fn recheck(study: &Study) -> Block {
    let text = sentence(study.recheck.as_ref());
    // Command names are code in every format.
    let mut prose = Prose::default();
    for (k, part) in text.split('`').enumerate() {
        if k % 2 == 0 {
            prose.push(part);
        } else {
            prose.push(code(part));
        }
    }
    match study.recheck {
        Some(recheck) if recheck.refuted > 0 => Block::Alert(vec![Block::Paragraph(prose)]),
        _ => Block::Paragraph(prose),
    }
}

fn campaign(analysis: &Analysis) -> Prose {
    let rows = || analysis.rows.iter().map(|row| row.record);
    let mut thresholds: Vec<f64> = analysis.problems.iter().map(|p| p.threshold).collect();
    thresholds.sort_by(f64::total_cmp);
    thresholds.dedup();
    let users: BTreeSet<usize> = rows().map(|r| r.users).collect();
    let families: BTreeSet<&str> = rows().map(|r| r.family.as_str()).collect();
    let families = families.into_iter().filter(|f| !f.is_empty());
    let families: Vec<Prose> = families.map(code).collect();
    let family = match families.len() {
        0 => "no named family".into(),
        1 => prose! { "family ", listed(families) },
        _ => prose! { "families ", listed(families) },
    };
    let problems = analysis.problems.len();
    let proved = analysis.problems.iter().filter(|p| p.is_proved()).count();
    prose! {
        counted(analysis.rows.len(), "row"), " of ", counted(analysis.solvers.len(), "solver"),
        " (", listed(analysis.solvers.iter().map(|id| code(id))), ") on ",
        counted(problems, "problem"), " from ", counted(instances(analysis), "instance"), ": ",
        family, " with N = ", text::listed(&users.into_iter().collect::<Vec<_>>()),
        ", threshold ", text::listed(&thresholds), ". Proved optimal within ", 100.0 * OPTIMAL,
        format!(" %: {proved} of "), counted(problems, "problem"), ". ", references(analysis)
    }
}

fn instances(analysis: &Analysis) -> usize {
    let all: BTreeSet<u64> = analysis.problems.iter().map(|p| p.cluster).collect();
    all.len()
}

fn references(analysis: &Analysis) -> String {
    let mut counts: BTreeMap<Reference, usize> = BTreeMap::new();
    for problem in &analysis.problems {
        *counts.entry(problem.reference).or_default() += 1;
    }
    format!("References: {}.", reference_text(&counts))
}

fn contradictions(crossings: &[Crossing]) -> Option<Block> {
    if crossings.is_empty() {
        return None;
    }
    let count = counted(crossings.len(), "plan");
    let lead = strong(format!(
        "Contradiction: {count} below a lower bound or on a problem that was proved infeasible."
    ));
    let shown = crossings.iter().take(SHOWN);
    let mut items: Vec<Prose> = shown.map(Crossing::describe).collect();
    let rest = crossings.len().saturating_sub(SHOWN);
    if rest > 0 {
        items.push(prose! { "and ", rest, " more: ", code("crossed"), " in ", code("gaps.csv") });
    }
    Some(Block::Alert(vec![
        Block::Paragraph(prose! {
            lead, " A bound, a plan's evaluation or a proof is wrong. The affected problems have \
            no gap."
        }),
        Block::List(items),
    ]))
}

impl Crossing {
    /// The contradiction in one sentence.
    #[must_use]
    pub fn describe(&self) -> Prose {
        let claim = match (self.bound, self.trust) {
            (Some(bound), Some(trust)) => prose! {
                format!("below the lower bound {bound} of "), code(&self.bound_by),
                format!(" ({trust}) by {:e}", bound - self.objective)
            },
            _ => prose! { "although ", code(&self.bound_by), " proved that there is no plan" },
        };
        prose! {
            code(&self.instance),
            format!(", threshold {}, {} weights: ", self.threshold, clip(&self.weights, 20)),
            code(&self.plan_by), format!(" has a plan of {}, ", self.objective), claim
        }
    }
}

/// `a 3, b 1` and the total of what `count` finds for each solver; None when that is 0.
fn by_solver(analysis: &Analysis, count: impl Fn(&str) -> usize) -> Option<(Prose, usize)> {
    let counts = analysis.solvers.iter().map(|id| (*id, count(id)));
    let counts: Vec<(&str, usize)> = counts.filter(|(_, count)| *count > 0).collect();
    let total = counts.iter().map(|c| c.1).sum();
    let items = counts
        .iter()
        .map(|(id, count)| prose! { code(id), " ", *count });
    (total > 0).then(|| (listed(items), total))
}

fn rows_by_solver(
    analysis: &Analysis,
    wanted: impl Fn(&ScoredRecord) -> bool,
) -> Option<(Prose, usize)> {
    by_solver(analysis, |id| {
        let rows = analysis.rows.iter();
        rows.filter(|row| row.record.solver == id && wanted(row))
            .count()
    })
}

/// The most frequent reason of an end, and how often it is given; of several the alphabetically
/// first.
pub(super) fn most_frequent_stop<'a>(
    records: impl Iterator<Item = &'a Record>,
) -> Option<(&'a str, usize)> {
    let mut stops: BTreeMap<&str, usize> = BTreeMap::new();
    for record in records {
        *stops.entry(&record.stop).or_default() += 1;
    }
    stops
        .into_iter()
        .max_by_key(|(stop, count)| (*count, std::cmp::Reverse(*stop)))
}

/// What the harness failed to run says nothing about a solver.
fn not_run(study: &Study) -> Option<Prose> {
    let (stop, count) = most_frequent_stop(study.not_run.iter())?;
    let total = study.not_run.len();
    let ids = study
        .analysis
        .catalogue
        .sorted(study.not_run.iter().map(|r| r.solver.as_str()));
    let each = ids.into_iter().map(|id| {
        let of = study.not_run.iter().filter(|r| r.solver == id);
        prose! { code(id), " ", of.count() }
    });
    Some(prose! {
        strong(format!("{} did not run", counted(total, "solve"))), " (", listed(each),
        format!("), most frequent reason ({count}): "), code(&clip(stop, REASON)),
        ". The fault is not the solver's, and no table contains them; ", code("run"),
        " again repeats them."
    })
}

fn failures(analysis: &Analysis) -> Option<Prose> {
    let failed = |row: &ScoredRecord| row.standing == Standing::Failed;
    let (each, total) = rows_by_solver(analysis, failed)?;
    let rows = analysis.rows.iter().filter(|row| failed(row));
    let (stop, count) = most_frequent_stop(rows.map(|row| row.record))?;
    Some(prose! {
        format!("Failed without a plan: {} (", counted(total, "row")), each,
        format!("). Most frequent reason ({count}): "), code(&clip(stop, REASON)), "."
    })
}

fn timeouts(analysis: &Analysis) -> Option<Prose> {
    let late = |row: &ScoredRecord| analysis.catalogue.end(row.record) == SolveEnd::OutOfTime;
    let (each, total) = rows_by_solver(analysis, late)?;
    let bare = |row: &&ScoredRecord| late(row) && row.standing == Standing::Failed;
    let bare = analysis.rows.iter().filter(bare).count();
    Some(prose! {
        format!("Timed out: {} (", counted(total, "row")), each,
        format!("), {bare} of them without a plan.")
    })
}

/// Kinds of problems that give no gap, and what that means.
const WITHOUT_GAP: [(Reference, &str); 3] = [
    (
        Reference::BestKnown,
        "have no lower bound above 0: their rows are compared with the best known plan, which \
         gives no gap to the optimum",
    ),
    (
        Reference::Missing,
        "have neither a lower bound nor a feasible plan",
    ),
    (
        Reference::Infeasible,
        "are proved infeasible and have no gap",
    ),
];

fn without_reference(analysis: &Analysis) -> Vec<Option<Prose>> {
    let note = |(kind, meaning): (Reference, &str)| {
        let problems = analysis.problems.iter().filter(|p| p.reference == kind);
        let problems: Vec<_> = problems.collect();
        let mut names = Prose::default();
        for (k, p) in problems.iter().take(EXAMPLES).enumerate() {
            names.push(if k > 0 { ", " } else { "" });
            names.push(prose! { code(&p.instance), " at threshold ", p.threshold });
        }
        let more = problems.len() > EXAMPLES;
        let rest = if more { ", …" } else { "" };
        (!problems.is_empty()).then(|| {
            prose! {
                format!("{} of {} problems {meaning} (", problems.len(), analysis.problems.len()),
                names, rest, ")."
            }
        })
    };
    WITHOUT_GAP.into_iter().map(note).collect()
}

/// A campaign that was stopped looks like a small one.
fn unfinished(study: &Study) -> Option<Prose> {
    let (rows, missing) = (study.analysis.rows.len(), study.missing_rows());
    let expected = rows + missing;
    (missing > 0).then(|| {
        let share = percent(Some(missing as f64 / expected as f64));
        let expected = counted(expected, "row");
        let lead = format!(
            "Unfinished: {rows} of the {expected} in the configuration are present ({share} % \
             missing)."
        );
        prose! {
            strong(lead), " All means are over these rows only; ", code("run"),
            " again computes the others."
        }
    })
}

fn single_instance(analysis: &Analysis) -> Option<Prose> {
    (instances(analysis) == 1).then(|| {
        "A single instance: there are no intervals and no tests, and the results say nothing \
         about other instances."
            .into()
    })
}

/// Where every gap is closed, no table distinguishes solvers by quality.
fn no_gap_at_all(analysis: &Analysis) -> Option<Prose> {
    let gaps = || analysis.rows.iter().filter_map(|row| row.standing.gap());
    let closed = gaps().next().is_some() && gaps().all(|gap| gap.is_optimal());
    closed.then(|| {
        format!(
            "Every row with a gap is proved optimal within {} %: these problems do not \
             distinguish the solvers by gap.",
            100.0 * OPTIMAL
        )
        .into()
    })
}

fn without_plans(analysis: &Analysis) -> Option<Prose> {
    let useless = |id: &&&str| {
        let mut rows = analysis.rows.iter().filter(|row| row.record.solver == **id);
        rows.all(|row| matches!(row.standing, Standing::Violating | Standing::Failed))
    };
    let ids = analysis.solvers.iter().filter(useless);
    let ids: Vec<Prose> = ids.map(|id| code(id)).collect();
    (!ids.is_empty()).then(|| prose! { "No feasible plan on any problem: ", listed(ids), "." })
}

/// Means over different problems are not comparable.
fn incomplete(analysis: &Analysis) -> Option<Prose> {
    let all = analysis.problems.len();
    let seen = |id: &str| {
        let rows = analysis.rows.iter().filter(|row| row.record.solver == id);
        rows.map(|row| row.problem).collect::<BTreeSet<_>>().len()
    };
    let some = |id: &str| Some(seen(id)).filter(|&n| n < all).unwrap_or(0);
    let (each, _) = by_solver(analysis, some)?;
    Some(prose! {
        format!("Not run on all {all} problems, so that their means are over other problems than \
        those of the other solvers: "), each, "."
    })
}
