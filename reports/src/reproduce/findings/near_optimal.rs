//! AbstractClaim: near-optimal.

use super::super::exact::SolverGaps;
use super::super::experiment::{GOA, Reproduction};
use super::claim::{AbstractClaim, evidence, not_measured, sentence};
use crate::analysis::aggregates::ThresholdKey;
use crate::document::{Block, Column, Prose, Table, Value, code, columns, emphasis, prose};
use crate::statistics::mean;
use crate::text::{NOTHING, counted, percent, short};
use std::collections::{BTreeMap, BTreeSet};

pub(super) const CLAIM: AbstractClaim = AbstractClaim {
    title: "Near-optimal",
    verdict: |of| verdict(&goa_gaps(of)),
    blocks,
    figure: "gap-vs-users",
};

/// Mean gap up to which 'near-optimal' is taken to hold: the paper names no number.
const NEAR: f64 = 0.05;
/// Mean gaps whose cells are counted in favour, and against.
const LIMITS: [[f64; 2]; 2] = [[0.01, NEAR], [0.10, 0.20]];
/// Heuristics shown beside GOA.
const OTHERS: [&str; 3] = ["goa-marginal", "ga", "portfolio"];

fn goa_gaps(of: &Reproduction) -> Vec<&SolverGaps> {
    of.gaps.iter().filter(|c| c.solver == GOA).collect()
}

fn verdict(cells: &[&SolverGaps]) -> Option<String> {
    let means: Vec<(f64, &SolverGaps)> =
        cells.iter().filter_map(|c| Some((c.mean()?, *c))).collect();
    let least = means.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let greatest = means.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let near = means.iter().filter(|m| m.0 <= NEAR).count();
    let head = match near {
        n if n == means.len() => "holds in every cell measured".to_string(),
        0 => "holds in no cell measured".into(),
        n => format!("holds in {n} of {} cells measured", means.len()),
    };
    let at = |(gap, cell): &(f64, &SolverGaps)| {
        let gap = percent(Some(*gap));
        format!("{gap} % (N = {}, tau = {})", cell.users, cell.threshold)
    };
    Some(format!(
        "{head}, if near means a mean guaranteed gap of at most {} %: GOA's means are between {} \
         and {}.",
        short(Some(100.0 * NEAR)),
        at(least),
        at(greatest)
    ))
}

fn blocks(of: &Reproduction) -> Vec<Block> {
    let cells = goa_gaps(of);
    let Some(verdict) = verdict(&cells) else {
        return not_measured();
    };
    let mut all = vec![
        Block::Paragraph(prose! { sentence(&verdict), " The paper names no number." }),
        Block::Paragraph(bounds(of)),
    ];
    let cut = of.exact.iter().filter(|e| !e.proved).count();
    if cut > 0 {
        let verb = if cut == 1 { "was" } else { "were" };
        all.push(Block::paragraph(format!(
            "{} {verb} not solved to the requested gap in time: their bounds depend on the \
             machine.",
            counted(cut, "problem")
        )));
    }
    let (pro, con) = arguments(of, &cells);
    all.extend(evidence("For GOA", pro));
    all.extend(evidence("Against GOA", con));
    all.push(Block::Table(by_threshold(&cells)));
    all.push(Block::paragraph(
        "All solvers, all cells together. A plan that leaves a user above the threshold local \
         violates a constraint and has no gap; at tau = 1 no user has to be offloaded and every \
         plan has one. The reference is the weakest behind the gaps of the row.",
    ));
    all.push(Block::Table(by_solver(of)));
    all
}

fn bounds(of: &Reproduction) -> Prose {
    prose! {
        "Lower bounds are those of ", code("bnb"), format!(", with a requested gap of {} and a \
        limit of {} s, on {} for each N and threshold. A \
        ", of.setup.gap, of.setup.time_limit_s, counted(of.setup.exact_runs, "run")),
        emphasis("certified"), " bound was re-checked by the verifier from its certificate and the \
        instance alone. Gaps are guaranteed ones, (z - LB)/LB; with so few problems per cell, \
        intervals are too short (", code("docs/src/reference/statistics.md"), ")."
    }
}

fn arguments(of: &Reproduction, cells: &[&SolverGaps]) -> (Vec<Prose>, Vec<Prose>) {
    let counted = |side: &str, limit: f64, is: &dyn Fn(f64) -> bool| {
        let number = cells.iter().filter(|c| c.mean().is_some_and(is)).count();
        (number > 0).then(|| {
            Prose::from(format!(
                "its mean gap is {side} {:.0} % in {number} of {} cells.",
                100.0 * limit,
                cells.len()
            ))
        })
    };
    let pro = LIMITS[0]
        .into_iter()
        .filter_map(|l| counted("at most", l, &|g| g <= l));
    let con = LIMITS[1]
        .into_iter()
        .filter_map(|l| counted("above", l, &|g| g > l));
    let (mut pro, mut con): (Vec<Prose>, Vec<Prose>) = (pro.collect(), con.collect());
    if let Some(pooled) = Pooled::of(of, GOA, None) {
        let side = if pooled.max().is_some_and(|m| m > NEAR) {
            &mut con
        } else {
            &mut pro
        };
        side.push(
            format!(
                "over all problems its gap is {} % on average, {} % at most.",
                percent(mean(&pooled.gaps)),
                percent(pooled.max())
            )
            .into(),
        );
    }
    con.extend(better_heuristics(of));
    (pro, con)
}

/// Other heuristics whose mean gap is smaller than GOA's.
fn better_heuristics(of: &Reproduction) -> Vec<Prose> {
    let goa = Pooled::of(of, GOA, None).and_then(|p| mean(&p.gaps));
    let smaller = |id: &&str| {
        let pooled = Pooled::of(of, id, None)?;
        let gap = mean(&pooled.gaps)?;
        let (average, most) = (percent(Some(gap)), percent(pooled.max()));
        (gap < goa?).then(|| {
            prose! { code(id), format!(" has a gap of {average} % on average, {most} % at most.") }
        })
    };
    OTHERS.iter().filter_map(smaller).collect()
}

/// GOA's mean and largest gap by N and threshold.
fn by_threshold(cells: &[&SolverGaps]) -> Table {
    let thresholds: BTreeSet<ThresholdKey> =
        cells.iter().map(|c| ThresholdKey(c.threshold)).collect();
    let users: BTreeSet<usize> = cells.iter().map(|c| c.users).collect();
    let mut columns = columns! { n: usize;
        "N" => *n;
    };
    for tau in thresholds {
        let of = cells.iter().filter(|c| ThresholdKey(c.threshold) == tau);
        let texts: BTreeMap<usize, String> = of
            .map(|c| (c.users, mean_and_max(c.mean(), c.max())))
            .collect();
        let text = move |n: &usize| texts.get(n).map_or(NOTHING, String::as_str).into();
        let column = Column::hidden(text).headed(format!("tau = {}", tau.0));
        columns.push(column.figures());
    }
    Table::of("GOA's mean (largest) guaranteed gap, %.", &columns, &users)
}

fn mean_and_max(mean: Option<f64>, max: Option<f64>) -> String {
    format!("{} ({})", percent(mean), percent(max))
}

/// One solver's problems of all cells together.
struct Pooled {
    solver: String,
    gaps: Vec<f64>,
    problems: usize,
    violating: usize,
    reference: String,
    /// Mean and largest gap at tau = 1.
    unconstrained: String,
}

impl Pooled {
    fn of(of: &Reproduction, solver: &str, tau: Option<f64>) -> Option<Self> {
        let is = |c: &&SolverGaps| c.solver == solver && tau.is_none_or(|t| c.threshold == t);
        let cells: Vec<&SolverGaps> = of.gaps.iter().filter(is).collect();
        let trust = cells.iter().filter_map(|c| c.trust).max();
        let free = tau.is_none().then(|| Self::of(of, solver, Some(1.0)));
        let free = free.flatten();
        (!cells.is_empty()).then(|| Self {
            solver: solver.into(),
            gaps: cells.iter().flat_map(|c| c.gaps.iter().copied()).collect(),
            problems: cells.iter().map(|c| c.problems).sum(),
            violating: cells.iter().map(|c| c.violating).sum(),
            reference: trust.map_or(NOTHING.into(), |t| t.to_string()),
            unconstrained: free.map_or(NOTHING.into(), |f| mean_and_max(mean(&f.gaps), f.max())),
        })
    }

    fn max(&self) -> Option<f64> {
        self.gaps.iter().copied().reduce(f64::max)
    }

    fn within(&self, limit: f64) -> Value {
        Value::Share(
            self.gaps.iter().filter(|g| **g <= limit).count(),
            self.problems,
        )
    }
}

fn by_solver(of: &Reproduction) -> Table {
    let ids = of
        .catalogue
        .sorted(of.gaps.iter().map(|c| c.solver.as_str()));
    let rows = ids.iter().filter_map(|id| Pooled::of(of, id, None));
    let rows: Vec<Pooled> = rows.collect();
    let columns = columns! { p: Pooled;
        "solver"      => Value::code(&p.solver);
        "problems"    => p.problems;
        "violating"   => p.violating;
        "mean gap, %" => Value::percent(mean(&p.gaps));
        "largest"     => Value::percent(p.max());
        "within 1 %"  => p.within(0.01);
        "within 5 %"  => p.within(0.05);
        "at tau = 1: mean (largest)" .figures() => &p.unconstrained;
        "reference"   => &p.reference;
    };
    let caption = prose! {
        "Shares are of all problems, those without a gap included. Every problem is in ",
        code("gaps.csv"), "."
    };
    Table::of(caption, &columns, &rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::Trust;

    fn gap_cell(users: usize, gaps: &[f64]) -> SolverGaps {
        SolverGaps {
            users,
            threshold: 0.8,
            solver: GOA.into(),
            problems: gaps.len(),
            gaps: gaps.to_vec(),
            violating: 0,
            interval: None,
            low: Some(0.0),
            trust: Some(Trust::Certified),
        }
    }

    #[test]
    fn near_is_judged_both_ways() {
        let (near, far) = (gap_cell(20, &[0.001, 0.003]), gap_cell(120, &[0.2, 0.4]));
        let judged = |cells: &[&SolverGaps]| verdict(cells).unwrap();
        assert!(judged(&[&near]).starts_with("holds in every cell"));
        assert!(judged(&[&far]).starts_with("holds in no cell"));
        let both = judged(&[&near, &far]);
        assert!(
            both.starts_with("holds in 1 of 2 cells")
                && both.contains("30.0 % (N = 120, tau = 0.8)"),
            "{both}"
        );
        assert_eq!(verdict(&[]), None);
    }
}
