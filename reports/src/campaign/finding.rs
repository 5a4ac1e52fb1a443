//! What the records say about the solver that the reports are about, mode by mode.

use crate::analysis::Study;
use crate::analysis::aggregates::{Aggregate, SizeKey};
use crate::analysis::gaps::Analysis;
use crate::document::{Block, Prose, code, prose};
use crate::statistics::Stats;
use crate::text::{listed, mode, percent};

/// The guaranteed gap beyond which the report says so.
const NOTEWORTHY: f64 = 0.05;

/// The finding, a paragraph.
pub(super) fn finding(study: &Study) -> Block {
    let rows = |interference: bool| -> Vec<&Aggregate<SizeKey>> {
        let of = study.by_size.iter().filter(|r| r.solver == study.focus);
        of.filter(|r| r.key.interference == interference).collect()
    };
    let mut all = Prose::default();
    for interference in [false, true] {
        let rows = rows(interference);
        if !rows.is_empty() {
            all.push(in_mode(&study.focus, &rows, interference));
        }
    }
    if all.is_empty() {
        return Block::Paragraph(prose! {
            "The campaign has no rows of ", code(&study.focus), ". ",
            code("report --focus SOLVER"), " makes another solver the subject of this section."
        });
    }
    all.push(worst(&study.focus, &study.analysis));
    Block::Paragraph(all)
}

/// The gaps at one number of users.
struct GapsAt {
    users: usize,
    gap: Stats,
    above_best: Option<f64>,
}

fn in_mode(solver: &str, rows: &[&Aggregate<SizeKey>], interference: bool) -> Prose {
    let gaps: Vec<GapsAt> = rows
        .iter()
        .filter_map(|row| {
            Some(GapsAt {
                users: row.key.users,
                gap: row.measures.gap?,
                above_best: row.measures.above_best,
            })
        })
        .collect();
    let on = mode(interference);
    if gaps.is_empty() {
        return without_gaps(solver, rows, on);
    }
    let each: Vec<String> = gaps
        .iter()
        .map(|g| {
            let (mean, max) = (percent(Some(g.gap.mean)), percent(Some(g.gap.max)));
            format!("{mean} % at N = {} (largest {max} %)", g.users)
        })
        .collect();
    prose! {
        format!("With interference {on}, the mean guaranteed gap of "), code(solver),
        format!(" is {}. {} ", listed(&each), beyond(&gaps))
    }
}

fn without_gaps(solver: &str, rows: &[&Aggregate<SizeKey>], on: &str) -> Prose {
    let above = rows.iter().filter_map(|row| row.measures.above_best);
    let rest = above.reduce(f64::max).map_or_else(
        || "there is no feasible plan of it either. ".to_string(),
        |d| {
            format!(
                "on average it is at most {} % above the best known plan at any N. ",
                percent(Some(d))
            )
        },
    );
    prose! {
        format!("With interference {on}, no row of "), code(solver), " has a lower bound to \
        compare with; ", rest
    }
}

/// At which N the mean gap is noteworthy, and whether the bounds are close enough to be sure.
fn beyond(gaps: &[GapsAt]) -> String {
    let large = |g: &&GapsAt| g.gap.mean > NOTEWORTHY;
    let beyond: Vec<usize> = gaps.iter().filter(large).map(|g| g.users).collect();
    let surely: Vec<usize> = gaps
        .iter()
        .filter(large)
        .filter(|g| g.above_best.is_some_and(|low| low > NOTEWORTHY))
        .map(|g| g.users)
        .collect();
    let (limit, at) = (100.0 * NOTEWORTHY, listed(&beyond));
    match (beyond.len(), surely.len()) {
        (0, _) => format!("The mean is within {limit} % at every N."),
        (all, sure) if all == sure => format!(
            "The mean exceeds {limit} % at N = {at}, even when measured against the best known \
             plan."
        ),
        (_, 0) => format!(
            "The mean exceeds {limit} % at N = {at}; the bounds are too wide to tell whether the \
             true gap does."
        ),
        _ => format!(
            "The mean exceeds {limit} % at N = {at}; at N = {} it does so even when measured \
             against the best known plan.",
            listed(&surely)
        ),
    }
}

fn worst(solver: &str, analysis: &Analysis) -> Prose {
    let rows = analysis.rows.iter().filter(|r| r.record.solver == solver);
    let gaps = rows.filter_map(|row| Some((row.record, row.standing.gap()?)));
    // The first of equals, so that the sentence does not depend on the iterator's tie rule.
    let worst = gaps.reduce(|a, b| {
        if b.1.guaranteed > a.1.guaranteed {
            b
        } else {
            a
        }
    });
    let Some((record, gap)) = worst else {
        return Prose::default();
    };
    let [low, high] = [gap.low, gap.guaranteed].map(|g| percent(Some(g)));
    let size = if low == high {
        format!("is {high} %")
    } else {
        format!("is between {low} % and {high} %")
    };
    prose! {
        format!("The largest gap of a single row {size}, at "), code(&record.instance),
        format!(", threshold {}.", record.threshold)
    }
}
