//! The glossary at the end of a report: what every column means.

use crate::document::{Block, Column, Prose, Table, code, emphasis, prose};

/// A term and its meaning.
#[derive(Clone)]
struct Entry {
    term: &'static str,
    meaning: Prose,
}

/// Terms with their meanings; a new column of a table has its row here.
macro_rules! entries {
    ($($term:literal: $meaning:expr;)*) => {
        vec![$(Entry { term: $term, meaning: $meaning.into() }),*]
    };
}

pub(super) fn glossary() -> Vec<Block> {
    let table = |heading: &str, entries: Vec<Entry>| {
        let term = Column::hidden(|e: &Entry| e.term.into()).headed(heading);
        let meaning = Column::hidden(|e: &Entry| e.meaning.clone().into()).headed("meaning");
        let columns = [term, meaning];
        Block::Table(Table::of("", &columns, &entries))
    };
    vec![
        Block::Paragraph(prose! {
            "A ", emphasis("problem"), " is an instance with a threshold and weights; a ",
            emphasis("row"),
            " is one record: one solver, with one seed, on one problem. A plan is ",
            emphasis("feasible"), " if it violates no constraint. For a problem, LB is the \
            greatest lower bound of its records; an enumerated or certified one within 0.1 % of a \
            solver's claim is preferred. UB is the least objective of its feasible plans, so the \
            optimum F* is in [LB, UB]. z is the objective of a row. Bounds of rows that ended in \
            an error are not used."
        }),
        table(
            "column",
            [row_columns(), gap_columns(), other_columns()].concat(),
        ),
        table("reference", references()),
        Block::Paragraph(prose! {
            "A plan below any bound, a solver's claim included, counts as crossed. Every row with \
            its interval and reference is in ", code("gaps.csv"), ". In full precision, the tables \
            by kind of problem are in ", code("summary.csv"), ", those by N in ",
            code("sizes.csv"), ", and those of all problems of a mode in ", code("totals.csv"), "."
        }),
    ]
}

fn row_columns() -> Vec<Entry> {
    entries! {
        "rows": "number of records; rows = violating + failed + the counts under references";
        "with gap": "rows with a feasible plan and LB > 0";
        "violating": "rows whose plan violates a constraint, such as a mandatory user left local: \
            they have no gap";
        "failed": "rows without a plan: an error, or timed out before the first plan";
        "timed out": "rows that the time limit cut off. An anytime solver improves its plan until \
            its time is up: with a feasible plan at its budget it is not timed out, but solved";
    }
}

fn gap_columns() -> Vec<Entry> {
    entries! {
        "gap mean, median, q95, max": prose! {
            "of the ", emphasis("guaranteed"), " gap (z - LB)/LB over rows with gap; the true gap \
            (z - F*)/F* is in [(z - UB)/UB, (z - LB)/LB]. Quantiles are of type 7: linear between \
            order statistics. In brackets: bootstrap 95 % interval over instances (",
            code("docs/src/reference/statistics.md"), "), none with a single instance"
        };
        "proved optimal": "share of all rows with (z - LB)/LB <= 0.0001 (0.01 %); a problem counts \
            as proved optimal when (UB - LB)/LB <= 0.0001. Differences within 1e-9 are treated as \
            rounding";
        "≤ 1 %": "share of all rows with a guaranteed gap of at most 1 %; the page and the CSV \
            files also have 0.01, 0.1, 5 and 10 %";
        "above best known": "mean of (z - UB)/UB over rows with a feasible plan: the lower end of \
            the interval, and all that is known without a bound";
        "references": "what the rows are compared with, and how many of them (below)";
        "width": "mean of (UB - LB)/LB over rows with gap: how much of a guaranteed gap may be due \
            to the bound";
    }
}

fn other_columns() -> Vec<Entry> {
    entries! {
        "time": "median wall time of the algorithm over rows that did not end in an error, \
            time-outs \
            included; the methods say what the times of external solvers hold";
        "geo.": "shifted geometric mean of the same times, exp(mean ln(t + 1 ms)) - 1 ms";
        "PAR10": "mean time in which an unsolved row (timed out, failed, constraints violated, or \
            an exact method short of its gap) counts ten time limits; – where such a row has no \
            limit";
        "primal int.": "mean primal integral (Berthold 2013): time integral of the relative \
            distance of the incumbent to the best known plan, 1 while there is none, up to the \
            time limit (the problem's longest time without one)";
        "offloaded": "mean number of users offloaded, over rows with a plan, violating ones \
            included";
        "accuracy, delay": "realised mean accuracy and mean delay per user, over rows with a plan \
            (violating ones included) whose instance has the data";
    }
}

fn references() -> Vec<Entry> {
    entries! {
        "enumerated": "all plans were tried";
        "certified": "LB was re-checked by the verifier from a certificate and the instance alone";
        "solver": prose! {
            "LB is a solver's own claim, that of ", code("bnb"), " included, that was not \
            re-checked"
        };
        "best-known": "no bound: rows are compared with UB, which gives no gap to the optimum";
        "infeasible": "a solver proved that there is no plan; no gap";
        "crossed": "a plan is below LB, or exists for a problem that was proved infeasible: a bug \
            in one of the programs; no gap until it is found";
    }
}
