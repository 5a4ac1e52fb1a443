//! The page of findings: each claim of the paper's abstract, and what was measured for and against
//! it. Every sentence with a result in it depends on the numbers; nothing is known beforehand.

use super::agreement::{PARTS, aim, assumption, cause, shares};
use super::cells::{Cell, Metric};
use super::differences::{Difference, Sign, Step};
use super::exact::GapCell;
use super::files::agreement_table;
use super::times::{Times, published_growth, published_times};
use super::{GOA, Margin, Reproduction};
use crate::bootstrap::Interval;
use crate::order::Catalogue;
use crate::scaling::Scaling;
use crate::stats::{mean, quantile};
use crate::tables::Threshold;
use crate::text::{counted, listed, percent, short};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// Mean gap up to which 'near-optimal' is taken to hold: the paper names no number.
const NEAR: f64 = 0.05;
/// Exponents of N and M in the stated complexity.
const STATED: [f64; 2] = [3.0, 2.0];
/// Cells listed one by one.
const LISTED: usize = 12;
/// Heuristics shown beside GOA where gaps are discussed.
const OTHERS: [&str; 3] = ["goa-marginal", "ga", "portfolio"];

/// What stands before and after numbers that differ from run to run.
const TIMES_FROM: &str = "<!-- times: these differ from run to run -->";
const TIMES_TO: &str = "<!-- end of times -->";

const CLAIMS: [&str; 5] = [
    "Better than the baselines in accuracy and delay",
    "Near-optimal",
    "The threshold tunes the trade-off",
    "The margin predicts accuracy",
    "Practical runtime, O(N^3 M^2)",
];

/// Name of a figure's file where the page stands among other documents.
pub(super) fn figure_name(name: &str) -> String {
    format!("reproduce-{name}")
}

/// The claims that can be judged without a running time, each with its verdict.
pub(super) fn verdicts(of: &Reproduction) -> Vec<(&'static str, String)> {
    let all = [
        Some(baselines_verdict(&tallies(&of.differences))),
        near_verdict(&goa_gaps(of)),
        Some(tuning_verdict(&of.ends)),
        of.margin.as_ref().map(margin_verdict),
    ];
    CLAIMS
        .into_iter()
        .zip(all)
        .filter_map(|(claim, verdict)| Some((claim, verdict?)))
        .collect()
}

/// The whole page; `file` names a figure's file, without its ending.
pub(super) fn page(of: &Reproduction, file: &dyn Fn(&str) -> String) -> String {
    let figure = |name: &str, what: &str| format!("![{what}](figures/{}.svg)\n\n", file(name));
    let mut text = format!(
        "# Findings\n\n\
         What the abstract of Kim, Lyu, Lee, Yang, *Accuracy-Delay Trade-Off in LLM Offloading \
         via Token-Level Uncertainty* (arXiv 2602.07958), claims, and what was \
         measured here for and against it. This page is written by the command; its sentences \
         follow from the numbers.\n\n{}\n\n\
         Intervals are 95 %, BCa bootstrap over runs (`docs/statistics.md`). 'Less' and 'more' \
         are said where an interval of paired differences excludes 0, 'undecided' where it does \
         not; \
         single cells are not corrected for their number.\n\n",
        of.setup.sentence()
    );
    text += &agreement_section(of);
    text += &figure(
        "delay-vs-users",
        "Total delay against the number of users, ours and published",
    );
    text += &figure(
        "accuracy-vs-users",
        "Accuracy against the number of users, ours and published",
    );
    text += &baselines_section(of);
    text += &near_section(of);
    if !of.gaps.is_empty() {
        text += &figure("gap-vs-users", "Certified gap against the number of users");
    }
    text += &tuning_section(of);
    text += &figure(
        "accuracy-vs-delay",
        "Accuracy against delay over thresholds",
    );
    text += &margin_section(of.margin.as_ref());
    text += &times_section(of.times.as_ref(), &of.catalogue);
    text.trim_end().to_string() + "\n"
}

fn shown(i: Interval, digits: usize) -> String {
    format!(
        "{:.digits$} ({:.digits$} to {:.digits$})",
        i.estimate, i.low, i.high
    )
}

/// `none`, or the items.
fn bullets(title: &str, items: &[String]) -> String {
    if items.is_empty() {
        return format!("{title}: nothing measured.\n\n");
    }
    let lines: String = items.iter().map(|item| format!("- {item}\n")).collect();
    format!("{title}:\n\n{lines}\n")
}

// Agreement with the published means.

fn agreement_section(of: &Reproduction) -> String {
    let mut text = String::from(
        "## Is it the same experiment?\n\nOurs less the published means, over the cells that the \
         authors published:\n\n",
    );
    text += &agreement_table(of);
    text += "\nEvery cell is in `deviations.md` and `cells.csv`. The last column counts cells \
        whose deviation two samples of the same size would show by chance.\n\n";
    if let Some(parts) = shares(&of.cells) {
        text += "By part, in % of the published total delay of all cells together, with the \
            assumptions that the part rests on:\n\n";
        for (part, share) in PARTS.into_iter().zip(parts) {
            let _ = writeln!(
                text,
                "- {} {share:+.2} %: {}.",
                part.name().trim_end_matches(" (ms)"),
                assumption(part)
            );
        }
        text.push('\n');
    }
    text + &far_cells(&of.cells)
}

/// The cells that are off by more than the aims for their averages, with the assumption behind
/// each.
fn far_cells(cells: &[Cell]) -> String {
    let beyond = |c: &&Cell| {
        Metric::ALL.iter().any(|&m| {
            aim(m)
                .zip(c.deviation(m))
                .is_some_and(|(aim, deviation)| deviation.abs() > aim)
        })
    };
    let mut far: Vec<&Cell> = cells.iter().filter(beyond).collect();
    if far.is_empty() {
        return "No cell is off by more than what is aimed at on average.\n\n".into();
    }
    let size = |c: &Cell| c.deviation(Metric::Total).map_or(0.0, f64::abs);
    far.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let mut text = format!(
        "Cells off by more than what is aimed at on average ({} of {}), the largest deviations of \
         delay first, each with the assumption in which it lies:\n\n",
        far.len(),
        cells.iter().filter(|c| c.published.is_some()).count()
    );
    for c in far.iter().take(LISTED) {
        let deviations: Vec<String> = [Metric::Total, Metric::Offloaded, Metric::Accuracy]
            .into_iter()
            .filter_map(|m| Some(format!("{} {:+.1} {}", m.name(), c.deviation(m)?, m.unit())))
            .collect();
        let _ = writeln!(
            text,
            "- `{}`, N = {}, tau = {}: {}; {}.",
            c.method,
            c.users,
            c.threshold,
            deviations.join(", "),
            cause(c)
        );
    }
    if far.len() > LISTED {
        let _ = writeln!(text, "- and {} more.", far.len() - LISTED);
    }
    text + "\n"
}

// Better than the baselines.

/// GOA against one baseline over all cells.
#[derive(Clone, Debug, PartialEq)]
struct Tally {
    method: String,
    cells: usize,
    /// Cells in which GOA has less delay, undecided, more.
    delay: [usize; 3],
    /// Cells in which GOA has more accuracy, undecided, less.
    accuracy: [usize; 3],
    both_better: usize,
    both_worse: usize,
    /// Least and greatest mean difference, GOA less the baseline, ms.
    delay_range: (f64, f64),
    /// The same in percentage points.
    accuracy_range: (f64, f64),
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| {
        (low.min(v), high.max(v))
    })
}

fn tallies(differences: &[Difference]) -> Vec<Tally> {
    let mut all: Vec<Tally> = Vec::new();
    for d in differences {
        if all.iter().any(|t| t.method == d.method) {
            continue;
        }
        let of: Vec<&Difference> = differences
            .iter()
            .filter(|o| o.method == d.method)
            .collect();
        let count = |f: &dyn Fn(&Difference) -> bool| of.iter().filter(|d| f(d)).count();
        let delay =
            [Sign::Below, Sign::Open, Sign::Above].map(|s| count(&|d| Sign::of(d.delay) == s));
        let accuracy =
            [Sign::Above, Sign::Open, Sign::Below].map(|s| count(&|d| Sign::of(d.accuracy) == s));
        let both =
            |a: Sign, b: Sign| count(&|d| Sign::of(d.delay) == a && Sign::of(d.accuracy) == b);
        all.push(Tally {
            method: d.method.clone(),
            cells: of.len(),
            delay,
            accuracy,
            both_better: both(Sign::Below, Sign::Above),
            both_worse: both(Sign::Above, Sign::Below),
            delay_range: range(of.iter().filter_map(|d| d.delay.map(|i| i.estimate))),
            accuracy_range: range(of.iter().filter_map(|d| d.accuracy.map(|i| i.estimate))),
        });
    }
    all
}

fn baselines_verdict(tallies: &[Tally]) -> String {
    let sum = |f: fn(&Tally) -> usize| tallies.iter().map(f).sum::<usize>();
    let total = sum(|t| t.cells);
    let (better, worse) = (sum(|t| t.both_better), sum(|t| t.both_worse));
    let head = match better {
        _ if total == 0 => return "not measured.".into(),
        b if b == total => "holds in every comparison",
        0 => "holds in no comparison",
        _ => "holds in part",
    };
    format!(
        "{head}: GOA has both less delay and more accuracy in {better} of {total} comparisons ({} \
         over the cells), both more delay and less accuracy in {worse}.",
        counted(tallies.len(), "baseline")
    )
}

fn baselines_section(of: &Reproduction) -> String {
    let all = tallies(&of.differences);
    let mut text = format!(
        "## {}\n\n{}\n\n",
        CLAIMS[0],
        sentence(&baselines_verdict(&all))
    );
    if all.is_empty() {
        return text;
    }
    let (mut pro, mut con) = (Vec::new(), Vec::new());
    for t in &all {
        let name = format!("`{}`", t.method);
        if t.both_better > 0 {
            pro.push(format!(
                "less delay and more accuracy than {name} in {} of {} cells.",
                t.both_better, t.cells
            ));
        }
        if t.both_better < t.cells {
            if t.delay[0] > 0 {
                let by = format!("by up to {:.0} ms", -t.delay_range.0);
                pro.push(format!(
                    "less delay than {name} in {} of {} cells ({by}).",
                    t.delay[0], t.cells
                ));
            }
            if t.accuracy[0] > 0 {
                let by = format!("by up to {:.2} points", t.accuracy_range.1);
                pro.push(format!(
                    "more accuracy than {name} in {} of {} cells ({by}).",
                    t.accuracy[0], t.cells
                ));
            }
        }
        if t.delay[2] > 0 {
            let by = format!("by up to {:.0} ms", t.delay_range.1);
            con.push(format!(
                "more delay than {name} in {} of {} cells ({by}).",
                t.delay[2], t.cells
            ));
        }
        if t.accuracy[2] > 0 {
            let by = format!("by up to {:.2} points", -t.accuracy_range.0);
            con.push(format!(
                "less accuracy than {name} in {} of {} cells ({by}).",
                t.accuracy[2], t.cells
            ));
        }
    }
    text += &bullets("For, GOA has", &pro);
    text += &bullets("Against, GOA has", &con);
    text += "| against | delay: less / undecided / more | GOA less it, ms: least to greatest | \
        accuracy: more / undecided / less | points: least to greatest |\n|---|---|---|---|---|\n";
    for t in &all {
        let three = |c: [usize; 3]| format!("{} / {} / {}", c[0], c[1], c[2]);
        let _ = writeln!(
            text,
            "| `{}` | {} | {:.0} to {:.0} | {} | {:.2} to {:.2} |",
            t.method,
            three(t.delay),
            t.delay_range.0,
            t.delay_range.1,
            three(t.accuracy),
            t.accuracy_range.0,
            t.accuracy_range.1
        );
    }
    text + "\nHow to read it: a baseline that offloads more or fewer users than GOA stands at \
        another point of the trade-off between accuracy and delay. `all-offload` gives everybody \
        the large model. \
            `local-only`, `random` and `dmin` may leave a user above the threshold local, which \
            GOA may not: they solve a looser problem. `random` offloads as many users as GOA. \
            The paper's genetic algorithm is compared by its gap below, on fewer runs.\n\n"
}

/// A verdict as a sentence of its own.
fn sentence(verdict: &str) -> String {
    let mut letters = verdict.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

// Near-optimal.

fn goa_gaps(of: &Reproduction) -> Vec<&GapCell> {
    of.gaps.iter().filter(|c| c.solver == GOA).collect()
}

fn near_verdict(cells: &[&GapCell]) -> Option<String> {
    let means: Vec<(f64, &GapCell)> = cells.iter().filter_map(|c| Some((c.mean()?, *c))).collect();
    let least = means.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
    let greatest = means.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
    let near = means.iter().filter(|m| m.0 <= NEAR).count();
    let head = match near {
        n if n == means.len() => "holds in every cell measured".to_string(),
        0 => "holds in no cell measured".into(),
        n => format!("holds in {n} of {} cells measured", means.len()),
    };
    let at = |m: &(f64, &GapCell)| {
        format!(
            "{} % (N = {}, tau = {})",
            percent(Some(m.0)),
            m.1.users,
            m.1.threshold
        )
    };
    Some(format!(
        "{head}, taking a mean guaranteed gap of at most {} % for near: GOA's means run from {} \
         to {}.",
        short(Some(100.0 * NEAR)),
        at(least),
        at(greatest)
    ))
}

fn near_section(of: &Reproduction) -> String {
    let cells = goa_gaps(of);
    let mut text = format!("## {}\n\n", CLAIMS[1]);
    let Some(verdict) = near_verdict(&cells) else {
        return text + "Not measured.\n\n";
    };
    let _ = write!(
        text,
        "{} The paper names no number.\n\n\
         Lower bounds are those of `bnb`, asked for a gap of {} within {} s, on {} for each N and \
         threshold. A *certified* bound was re-checked by the verifier from its certificate and \
         the instance alone. \
         Gaps are guaranteed ones, (z - LB)/LB; with so few problems a cell, intervals are too \
         short (`docs/statistics.md`).\n\n",
        sentence(&verdict),
        of.setup.gap,
        of.setup.time_limit_s,
        counted(of.setup.exact_runs, "run")
    );
    let cut = of.exact.iter().filter(|e| !e.proved).count();
    if cut > 0 {
        let _ = writeln!(
            text,
            "{} not solved to the asked gap in time: their bounds depend on the machine.\n",
            counted(cut, "problem") + if cut == 1 { " was" } else { " were" }
        );
    }
    let (mut pro, mut con) = (Vec::new(), Vec::new());
    let count = |f: &dyn Fn(f64) -> bool| cells.iter().filter(|c| c.mean().is_some_and(f)).count();
    for (limit, list) in [(0.01, true), (NEAR, true), (0.10, false), (0.20, false)] {
        let (number, side) = if list {
            (count(&|g| g <= limit), "at most")
        } else {
            (count(&|g| g > limit), "above")
        };
        let line = format!(
            "its mean gap is {side} {:.0} % in {number} of {} cells.",
            100.0 * limit,
            cells.len()
        );
        match (number, list) {
            (0, _) => {}
            (_, true) => pro.push(line),
            (_, false) => con.push(line),
        }
    }
    if let Some(p) = pooled(of, GOA, None) {
        let line = format!(
            "over all problems its gap is {} % on average, {} % at most.",
            percent(mean(&p.gaps)),
            percent(p.max())
        );
        if p.max().is_some_and(|m| m > NEAR) {
            con.push(line)
        } else {
            pro.push(line)
        }
    }
    con.extend(beaten(of));
    text += &bullets("For GOA", &pro);
    text += &bullets("Against GOA", &con);
    text + &gap_grid(&cells) + &gap_solvers(of)
}

/// Other heuristics whose mean gap is smaller than GOA's, with both.
fn beaten(of: &Reproduction) -> Vec<String> {
    let goa = pooled(of, GOA, None).and_then(|p| mean(&p.gaps));
    let smaller = |id: &&str| {
        let p = pooled(of, id, None)?;
        let m = mean(&p.gaps)?;
        (m < goa?).then(|| {
            format!(
                "`{id}` comes to {} % on average, {} % at most.",
                percent(Some(m)),
                percent(p.max())
            )
        })
    };
    OTHERS.iter().filter_map(smaller).collect()
}

/// GOA's mean and largest gap by N and threshold.
fn gap_grid(cells: &[&GapCell]) -> String {
    let thresholds: BTreeSet<Threshold> = cells.iter().map(|c| Threshold(c.threshold)).collect();
    let users: BTreeSet<usize> = cells.iter().map(|c| c.users).collect();
    let heads: Vec<String> = thresholds
        .iter()
        .map(|t| format!(" tau = {} |", t.0))
        .collect();
    let mut text = format!(
        "GOA's mean (largest) guaranteed gap, %:\n\n| N |{}\n|--:|{}\n",
        heads.concat(),
        "--:|".repeat(thresholds.len())
    );
    for n in users {
        let _ = write!(text, "| {n} |");
        for tau in &thresholds {
            let cell = cells
                .iter()
                .find(|c| c.users == n && Threshold(c.threshold) == *tau);
            let said = cell.map_or("–".into(), |c| {
                format!("{} ({})", percent(c.mean()), percent(c.max()))
            });
            let _ = write!(text, " {said} |");
        }
        text.push('\n');
    }
    text + "\n"
}

/// One solver's problems of all cells together.
struct Pooled {
    gaps: Vec<f64>,
    problems: usize,
    violating: usize,
    reference: String,
}

impl Pooled {
    fn max(&self) -> Option<f64> {
        self.gaps.iter().copied().reduce(f64::max)
    }

    fn within(&self, limit: f64) -> String {
        percent(Some(
            self.gaps.iter().filter(|g| **g <= limit).count() as f64 / self.problems.max(1) as f64,
        ))
    }
}

fn pooled(of: &Reproduction, solver: &str, tau: Option<f64>) -> Option<Pooled> {
    let cells = of
        .gaps
        .iter()
        .filter(|c| c.solver == solver && tau.is_none_or(|t| c.threshold == t));
    let cells: Vec<&GapCell> = cells.collect();
    let trust = cells.iter().filter_map(|c| c.trust).max();
    (!cells.is_empty()).then(|| Pooled {
        gaps: cells.iter().flat_map(|c| c.gaps.iter().copied()).collect(),
        problems: cells.iter().map(|c| c.problems).sum(),
        violating: cells.iter().map(|c| c.violating).sum(),
        reference: trust.map_or("–".into(), |t| t.to_string()),
    })
}

fn gap_solvers(of: &Reproduction) -> String {
    let mut solvers: Vec<&str> = Vec::new();
    for c in &of.gaps {
        if !solvers.contains(&c.solver.as_str()) {
            solvers.push(&c.solver);
        }
    }
    solvers.sort_by_key(|id| of.catalogue.order(id));
    let mut text = String::from(
        "All solvers, all cells together. A plan that leaves a user above the threshold local \
         breaks a rule and has no gap; at tau = 1 nobody has to be offloaded and every plan has \
         one. \
         The reference is the weakest behind the gaps of the row.\n\n\
         | solver | problems | break a rule | mean gap, % | largest | within 1 % | within 5 % | \
         at tau = 1: mean (largest) | reference |\n|---|--:|--:|--:|--:|--:|--:|--:|---|\n",
    );
    for id in solvers {
        let Some(p) = pooled(of, id, None) else {
            continue;
        };
        let free = pooled(of, id, Some(1.0));
        let last = free.map_or("–".into(), |f| {
            format!("{} ({})", percent(mean(&f.gaps)), percent(f.max()))
        });
        let _ = writeln!(
            text,
            "| `{id}` | {} | {} | {} | {} | {} | {} | {last} | {} |",
            p.problems,
            p.violating,
            percent(mean(&p.gaps)),
            percent(p.max()),
            p.within(0.01),
            p.within(0.05),
            p.reference
        );
    }
    text + "\nShares are of all problems, those without a gap included. Every problem is in \
        `gaps.csv`.\n\n"
}

// The threshold.

fn both_fall(s: &Step) -> bool {
    Sign::of(s.delay) == Sign::Below && Sign::of(s.accuracy) == Sign::Below
}

fn tuning_verdict(ends: &[Step]) -> String {
    let falls = ends.iter().filter(|s| both_fall(s)).count();
    let head = match falls {
        _ if ends.is_empty() => return "not measured.".into(),
        n if n == ends.len() => "holds at every N",
        0 => "holds at no N",
        _ => "holds at some N",
    };
    let (from, to) = (ends[0].from, ends[0].to);
    format!(
        "{head}: from tau = {from} to {to}, GOA's delay and its accuracy both fall at {falls} of \
         {} values of N.",
        ends.len()
    )
}

fn tuning_section(of: &Reproduction) -> String {
    let mut text = format!(
        "## {}\n\n{}\n\n",
        CLAIMS[2],
        sentence(&tuning_verdict(&of.ends))
    );
    if of.ends.is_empty() {
        return text;
    }
    let count = |f: &dyn Fn(&Step) -> bool| of.steps.iter().filter(|s| f(s)).count();
    let total = of.steps.len();
    let of_total =
        |n: usize, what: &str| (n > 0).then(|| format!("{what} in {n} of {total} steps."));
    let pro: Vec<String> = [
        of_total(
            count(&both_fall),
            "from one threshold to the next, delay and accuracy both fall",
        ),
        of_total(count(&|s| Sign::of(s.delay) == Sign::Below), "delay falls"),
        of_total(
            count(&|s| Sign::of(s.accuracy) == Sign::Below),
            "accuracy falls",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    let con: Vec<String> = [
        of_total(
            count(&|s| Sign::of(s.delay) == Sign::Open),
            "delay does not clearly change",
        ),
        of_total(count(&|s| Sign::of(s.delay) == Sign::Above), "delay rises"),
        of_total(
            count(&|s| Sign::of(s.accuracy) == Sign::Open),
            "accuracy does not clearly change",
        ),
        of_total(
            count(&|s| Sign::of(s.accuracy) == Sign::Above),
            "accuracy rises",
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    text += &bullets("For", &pro);
    text += &bullets("Against", &con);
    text += "GOA from the lowest threshold to the highest, on the same runs:\n\n| N | tau | total \
        delay, ms | change | accuracy, % | change, points |\n|--:|---|---|---|---|---|\n";
    for s in &of.ends {
        let at = |tau: f64| {
            of.cells
                .iter()
                .find(|c| c.users == s.users && c.threshold == tau && c.method == GOA)
        };
        let pair = |metric: Metric, digits: usize| {
            let value = |tau| {
                at(tau).map_or("–".into(), |c| {
                    format!("{:.digits$}", c.means[metric.place()])
                })
            };
            format!("{} → {}", value(s.from), value(s.to))
        };
        let change = |i: Option<Interval>, digits| i.map_or("–".into(), |i| shown(i, digits));
        let _ = writeln!(
            text,
            "| {} | {} → {} | {} | {} | {} | {} |",
            s.users,
            s.from,
            s.to,
            pair(Metric::Total, 0),
            change(s.delay, 0),
            pair(Metric::Accuracy, 2),
            change(s.accuracy, 2)
        );
    }
    text + "\nEach step is in `thresholds.csv`.\n\n"
}

// The margin.

fn margin_verdict(m: &Margin) -> String {
    let head = match crate::uncertainty::verdict(&m.quality) {
        "predicts" => "holds in the measured trace",
        "contradicts" => "contradicted by the measured trace",
        _ => "undecided in the measured trace",
    };
    let gain = match m.quality.gain {
        g if g.low > 0.0 => "it also tells where the large model gains over the small one",
        g if g.high < 0.0 => "where it is high, the large model gains less over the small one",
        _ => "it does not tell where the large model gains over the small one",
    };
    format!(
        "{head}: a wrong answer of the small model has the smaller margin in {} % of pairs (50 \
         would be chance); {gain}, rank correlation {}.",
        shown(scaled(m.quality.auroc, 100.0), 1),
        shown(m.quality.gain, 3)
    )
}

fn scaled(i: Interval, factor: f64) -> Interval {
    Interval {
        estimate: factor * i.estimate,
        low: factor * i.low,
        high: factor * i.high,
    }
}

fn margin_section(margin: Option<&Margin>) -> String {
    let mut text = format!("## {}\n\n", CLAIMS[3]);
    let Some(m) = margin else {
        return text + "Not measured.\n\n";
    };
    let q = &m.quality;
    let _ = write!(
        text,
        "{}\n\nMeasured on {}: {} queries, the small model right in {:.1} %, the large one in \
         {:.1} %. The instances of this page are no evidence here: their answers are drawn from \
         the uncertainty, so the claim is built into them. \
         Intervals are over queries; AUROC {}, point-biserial correlation with being right {}, \
         rank correlation {}.\n\n",
        sentence(&margin_verdict(m)),
        m.trace,
        m.queries,
        m.right_pct[0],
        m.right_pct[1],
        shown(q.auroc, 3),
        shown(q.biserial, 3),
        shown(q.spearman, 3)
    );
    // Bins go from the least predicted probability of a right answer, so from the most unsure
    // tenth.
    if let Some((unsure, sure)) = q
        .bins
        .first()
        .and_then(|bins| bins.first().zip(bins.last()))
    {
        let share = |s: crate::uncertainty::statistics::Share| {
            format!(
                "{:.0} % ({:.0} to {:.0})",
                100.0 * s.value,
                100.0 * s.low,
                100.0 * s.high
            )
        };
        let _ = writeln!(
            text,
            "| tenth of the queries | small model right | large model right |\n|---|---|---|\n| \
             largest margin | {} | {} |\n| smallest margin | {} | {} |\n",
            share(sure.small),
            share(sure.large),
            share(unsure.small),
            share(unsure.large)
        );
    }
    text + "One trace of two small models on one set of questions; `offload-bench uncertainty` \
        asks the same of any other.\n\n"
}

// Running time.

fn growth_sentence(what: &str, scaling: Option<Scaling>, stated: f64) -> String {
    let Some(s) = scaling else {
        return format!("with {what}: no exponent could be fitted.");
    };
    let e = s.exponent;
    let to = if e.high < stated {
        "below the stated"
    } else if e.low > stated {
        "above the stated"
    } else {
        "compatible with the stated"
    };
    format!(
        "with {what}: time grows as {what}^{}, {to} {stated}.",
        shown(e, 2)
    )
}

fn times_section(times: Option<&Times>, catalogue: &Catalogue) -> String {
    let mut text = format!("## {}\n\n", CLAIMS[4]);
    text += "A stated complexity is an upper bound: a smaller exponent does not contradict it. \
        Exponents are fitted to times by maximum likelihood on logarithms \
        (`docs/statistics.md`).\n\n";
    let published = published_times();
    if let Some(most) = published.iter().map(|t| t.0).max() {
        let of: Vec<String> = published
            .iter()
            .filter(|t| t.0 == most)
            .map(|t| format!("{:.1} ms at tau = {}", t.2, t.1))
            .collect();
        let _ = writeln!(
            text,
            "The authors' own times of one GOA run at N = {most} (their implementation and \
             machine): {}. The 413.7 ms of the paper is one of them. Their times over all N and \
             tau, {}\n",
            listed(&of),
            growth_sentence("N", published_growth(), STATED[0])
        );
    }
    let Some(t) = times else {
        return text + "Not measured here.\n";
    };
    let _ = write!(
        text,
        "{TIMES_FROM}\n\n{}",
        measured_times(t, &published, catalogue)
    );
    text + "\n" + TIMES_TO + "\n"
}

fn measured_times(t: &Times, published: &[(usize, f64, f64)], catalogue: &Catalogue) -> String {
    let mut text = String::new();
    let machine = if t.machine.is_empty() {
        String::new()
    } else {
        format!(" ({})", t.machine)
    };
    let theirs: Vec<f64> = published
        .iter()
        .filter(|p| p.0 == t.users)
        .map(|p| p.2)
        .collect();
    if let (Some(ours), Some(theirs)) = (t.median(GOA, t.users, t.servers), quantile(&theirs, 0.5))
    {
        let _ = writeln!(
            text,
            "The GOA of this program takes {} ms at N = {}, M = {}, tau = {}{machine}, 1/{:.0} of \
             the authors' median of {theirs:.1} ms there. It makes the same decisions, but prices \
             a pair anew only when it may have become the least.\n",
            short(Some(1e3 * ours)),
            t.users,
            t.servers,
            t.threshold,
            theirs / (1e3 * ours)
        );
    }
    let _ = writeln!(
        text,
        "- {}",
        growth_sentence("N", t.over_users(GOA), STATED[0])
    );
    let _ = writeln!(
        text,
        "- {}\n",
        growth_sentence("M", t.over_servers(GOA), STATED[1])
    );
    let mut solvers: Vec<&str> = t.rows.iter().map(|r| r.solver.as_str()).collect();
    solvers.sort_by_key(|id| catalogue.order(id));
    solvers.dedup();
    let heads: Vec<String> = solvers.iter().map(|id| format!(" `{id}`, ms |")).collect();
    let _ = writeln!(
        text,
        "| N | M |{}\n|--:|--:|{}",
        heads.concat(),
        "--:|".repeat(solvers.len())
    );
    for (users, servers) in t.sizes() {
        let cells: Vec<String> = solvers
            .iter()
            .map(|id| {
                format!(
                    " {} |",
                    short(t.median(id, users, servers).map(|s| 1e3 * s))
                )
            })
            .collect();
        let _ = writeln!(text, "| {users} | {servers} |{}", cells.concat());
    }
    let _ = writeln!(
        text,
        "\nMedians over instances of medians of {} solves, one at a time on one thread.",
        t.repetitions
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Trust;
    use crate::uncertainty::statistics::Quality;

    fn interval(low: f64, high: f64) -> Option<Interval> {
        Some(Interval {
            estimate: f64::midpoint(low, high),
            low,
            high,
        })
    }

    fn difference(method: &str, delay: (f64, f64), accuracy: (f64, f64)) -> Difference {
        Difference {
            users: 50,
            threshold: 0.8,
            method: method.into(),
            delay: interval(delay.0, delay.1),
            accuracy: interval(accuracy.0, accuracy.1),
        }
    }

    fn gap_cell(users: usize, gaps: &[f64]) -> GapCell {
        GapCell {
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

    fn step(delay: (f64, f64), accuracy: (f64, f64)) -> Step {
        let (delay, accuracy) = (interval(delay.0, delay.1), interval(accuracy.0, accuracy.1));
        Step {
            users: 50,
            from: 0.6,
            to: 1.0,
            delay,
            accuracy,
        }
    }

    #[test]
    fn baselines_are_judged_both_ways() {
        let better = [
            difference("local-only", (-9.0, -8.0), (1.0, 2.0)),
            difference("random", (-2.0, -1.0), (0.1, 0.2)),
        ];
        let verdict = baselines_verdict(&tallies(&better));
        assert!(
            verdict.starts_with("holds in every comparison")
                && verdict.contains("in 2 of 2 comparisons"),
            "{verdict}"
        );
        let worse = [
            difference("dmin", (1.0, 2.0), (-2.0, -1.0)),
            difference("all-offload", (-3.0, -2.0), (-1.0, 0.1)),
        ];
        let verdict = baselines_verdict(&tallies(&worse));
        assert!(
            verdict.starts_with("holds in no comparison") && verdict.ends_with("accuracy in 1."),
            "{verdict}"
        );
        let some = baselines_verdict(&tallies(&[better[0].clone(), worse[0].clone()]));
        assert!(some.starts_with("holds in part"), "{some}");
        assert_eq!(baselines_verdict(&[]), "not measured.");
        let tally = &tallies(&worse)[1];
        assert_eq!(
            (tally.delay, tally.accuracy, tally.both_better),
            ([1, 0, 0], [0, 1, 0], 0)
        );
    }

    #[test]
    fn near_is_judged_both_ways() {
        let (near, far) = (gap_cell(20, &[0.001, 0.003]), gap_cell(120, &[0.2, 0.4]));
        let verdict = |cells: &[&GapCell]| near_verdict(cells).unwrap();
        assert!(
            verdict(&[&near]).starts_with("holds in every cell"),
            "{}",
            verdict(&[&near])
        );
        assert!(
            verdict(&[&far]).starts_with("holds in no cell"),
            "{}",
            verdict(&[&far])
        );
        let both = verdict(&[&near, &far]);
        assert!(
            both.starts_with("holds in 1 of 2 cells")
                && both.contains("30.0 % (N = 120, tau = 0.8)"),
            "{both}"
        );
        assert_eq!(near_verdict(&[]), None);
    }

    #[test]
    fn the_threshold_is_judged_both_ways() {
        let (falls, flat) = (
            step((-5.0, -4.0), (-2.0, -1.0)),
            step((-5.0, 4.0), (-2.0, -1.0)),
        );
        assert!(tuning_verdict(std::slice::from_ref(&falls)).starts_with("holds at every N"));
        assert!(tuning_verdict(std::slice::from_ref(&flat)).starts_with("holds at no N"));
        assert!(tuning_verdict(&[falls, flat]).contains("at 1 of 2 values of N"));
        assert_eq!(tuning_verdict(&[]), "not measured.");
    }

    fn margin(auroc: (f64, f64), gain: (f64, f64)) -> Margin {
        let of = |ends: (f64, f64)| Interval {
            estimate: f64::midpoint(ends.0, ends.1),
            low: ends.0,
            high: ends.1,
        };
        let (zero, name) = (of((-0.1, 0.1)), "uncertainty".to_string());
        let (calibration, bins) = (Vec::new(), Vec::new());
        let quality = Quality {
            name,
            auroc: of(auroc),
            biserial: zero,
            spearman: zero,
            gain: of(gain),
            ahead: None,
            calibration,
            bins,
        };
        Margin {
            trace: "a trace".into(),
            queries: 10,
            right_pct: [20.0, 40.0],
            quality,
        }
    }

    #[test]
    fn the_margin_is_judged_both_ways() {
        let holds = margin_verdict(&margin((0.6, 0.8), (0.1, 0.2)));
        assert!(
            holds.starts_with("holds in the measured trace")
                && holds.contains("70.0 (60.0 to 80.0) %"),
            "{holds}"
        );
        let fails = margin_verdict(&margin((0.2, 0.4), (-0.1, 0.2)));
        assert!(
            fails.starts_with("contradicted") && fails.contains("does not tell where"),
            "{fails}"
        );
        assert!(margin_verdict(&margin((0.4, 0.6), (-0.2, -0.1))).starts_with("undecided"));
    }

    #[test]
    fn growth_is_judged_all_ways() {
        let fit = |low: f64, high: f64| {
            let exponent = Interval {
                estimate: f64::midpoint(low, high),
                low,
                high,
            };
            Some(Scaling {
                exponent,
                factor: 1e-6,
                deviation: 0.1,
                runs: 9,
                censored: 0,
            })
        };
        assert!(growth_sentence("N", fit(1.0, 2.0), 3.0).ends_with("below the stated 3."));
        assert!(
            growth_sentence("N", fit(2.0, 4.0), 3.0).ends_with("compatible with the stated 3.")
        );
        assert!(growth_sentence("N", fit(3.5, 4.0), 3.0).ends_with("above the stated 3."));
        assert!(growth_sentence("N", None, 3.0).contains("no exponent"));
    }

    #[test]
    fn far_cells_have_a_cause_and_near_ones_are_not_listed() {
        let published = Some([800.0, 49.0, 56.0, 10.0, 90.0, 700.0]);
        let cell = |total: f64, uplink: f64| Cell {
            users: 50,
            threshold: 0.8,
            method: "dmin".into(),
            runs: 4,
            means: [total, 49.0, 56.0, 10.0, uplink, 700.0],
            intervals: [None; 6],
            published,
        };
        let text = far_cells(&[cell(810.0, 100.0), cell(720.0, 10.0)]);
        assert!(
            text.contains("(1 of 2)")
                && text.contains("`dmin`, N = 50, tau = 0.8: total delay (ms) -10.0 %"),
            "{text}"
        );
        assert!(text.contains("-80 ms of it in the uplink delay"), "{text}");
        assert!(far_cells(&[cell(810.0, 100.0)]).starts_with("No cell is off"));
    }
}
