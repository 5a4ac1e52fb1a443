//! A comparison as a document, as CSV and as tables for the terminal.

use super::changes::{Claim, Contradiction, StatusChange};
use super::columns::{self, Scope, lead};
use super::comparison::Comparison;
use super::setup::SetupDifference;
use super::shifts::{LEVEL, SolverShift, Verdict};
use crate::document::{Block, Column, Document, Prose, Table, Value};
use crate::document::{code, columns, csv, listed, prose, strong, terminal};
use crate::text::{clip, counted, mode, short};

/// Items listed before the rest is only counted.
const SHOWN: usize = 10;

/// Instances below which a test at [`LEVEL`] cannot find anything, and intervals are too short.
const FEW: usize = 6;

/// Longest name of a campaign in a sentence, characters.
const NAME: usize = 60;

/// The document of `compare.md` and `compare.html`.
pub(super) fn document(c: &Comparison) -> Document {
    let mut blocks = overview(c);
    blocks.push(Block::heading("What changed"));
    blocks.push(finding(c));
    if !c.differences.is_empty() {
        blocks.push(Block::heading("Differences in setup"));
        blocks.push(Block::Table(differences(&c.differences)));
    }
    blocks.extend(shifts(&c.totals, Scope::Totals));
    blocks.push(Block::heading("Solves with another status"));
    blocks.push(if c.changes.is_empty() {
        Block::paragraph("None: every common solve has the same status in both campaigns.")
    } else {
        Block::Table(changes(c))
    });
    blocks.extend(shifts(&c.groups, Scope::Groups));
    blocks.push(Block::heading("How to read this"));
    blocks.extend(explanation());
    Document {
        title: "Comparison of two campaigns",
        blocks,
        footer: "Made by offload-bench. The numbers of the tables of gaps and times are in \
                 compare.csv beside it; every solve with another status is in compare-changes.csv.",
    }
}

/// The gaps and the times of some shifts.
fn shifts(all: &[SolverShift], scope: Scope) -> Vec<Block> {
    if all.is_empty() {
        return Vec::new();
    }
    let [gaps, times] = match scope {
        Scope::Totals => ["Gaps by solver", "Times by solver"],
        Scope::Groups => ["Gaps by family and N", "Times by family and N"],
    };
    let of = |parts: Vec<Vec<Column<SolverShift>>>, caption: &str| {
        let columns: Vec<_> = [lead(scope)].into_iter().chain(parts).flatten().collect();
        Block::Table(Table::of(caption, &columns, all))
    };
    vec![
        Block::heading(gaps),
        of(
            vec![columns::gaps(), columns::loss()],
            "Difference: mean guaranteed gap of B minus that of A on the same solves, in points \
             (%); below 0, B is better.",
        ),
        Block::heading(times),
        of(
            vec![columns::times()],
            "B / A: geometric mean of the ratios of times on the same solves; below 1, B is \
             faster. Cut off: one of the two timed out.",
        ),
    ]
}

/// `compare.csv`: the totals (`scope` is `solver`), then every family and N (`group`).
pub(super) fn csv(c: &Comparison) -> String {
    let columns = [
        lead(Scope::Groups),
        columns::gaps(),
        columns::times(),
        columns::loss(),
    ];
    let columns: Vec<_> = columns.into_iter().flatten().collect();
    csv::table(&columns, c.totals.iter().chain(&c.groups))
}

/// The summary for a terminal.
#[must_use]
pub fn console(c: &Comparison) -> String {
    let mut out = format!(
        "A: {} ({})\nB: {} ({})\n",
        c.names[0],
        counted(c.rows[0], "row"),
        c.names[1],
        counted(c.rows[1], "row")
    );
    if !c.contradictions.is_empty() {
        out += &format!(
            "\nERROR: {} below a lower bound or on a problem proved infeasible, {} of them across \
             the campaigns. See compare.md.\n",
            counted(c.contradictions.len(), "plan"),
            c.crossings_between()
        );
        for x in c.contradictions.iter().take(SHOWN) {
            out += &format!("  {}\n", contradiction(c, x).plain());
        }
    }
    if !c.differences.is_empty() {
        let table = terminal::table(&differences(&c.differences));
        out += &format!("\ndifferences in setup:\n{table}");
    }
    let totals = Table::of("", &columns::console(), &c.totals);
    out += &format!(
        "\nB against A on {}:\n{}",
        counted(c.pairs, "common solve"),
        terminal::table(&totals)
    );
    if !c.changes.is_empty() {
        let table = terminal::table(&changes(c));
        out += &format!("\nsolves with another status:\n{table}");
    }
    for note in notes(c) {
        out += &format!("note: {}\n", note.plain());
    }
    out
}

/// What is compared, contradictions and warnings.
fn overview(c: &Comparison) -> Vec<Block> {
    let side = |k: usize| {
        let (rows, problems) = (counted(c.rows[k], "row"), counted(c.problems[k], "problem"));
        format!(" ({rows}, {problems}). ")
    };
    let mut all = vec![Block::Paragraph(prose! {
        "A: ", code(&c.names[0]), side(0), "B: ", code(&c.names[1]), side(1),
        counted(c.problems[2], "problem"), " and ", counted(c.pairs, "solve"),
        " are in both; only these are compared."
    })];
    all.extend(contradictions(c));
    let notes = notes(c);
    if !notes.is_empty() {
        all.extend([Block::paragraph("Warnings:"), Block::List(notes)]);
    }
    all
}

fn contradictions(c: &Comparison) -> Option<Block> {
    if c.contradictions.is_empty() {
        return None;
    }
    let lead = strong(format!(
        "Contradiction: {} below a lower bound or on a problem proved infeasible, {} of them \
         across the two campaigns.",
        counted(c.contradictions.len(), "plan"),
        c.crossings_between()
    ));
    let shown = c.contradictions.iter().take(SHOWN);
    let mut items: Vec<Prose> = shown.map(|x| contradiction(c, x)).collect();
    let rest = c.contradictions.len().saturating_sub(SHOWN);
    if rest > 0 {
        items.push(format!("and {rest} more").into());
    }
    Some(Block::Alert(vec![
        Block::Paragraph(prose! {
            lead, " A bound, a plan's evaluation or a proof is wrong in one of them. The affected \
            problems are not compared."
        }),
        Block::List(items),
    ]))
}

fn contradiction(c: &Comparison, x: &Contradiction) -> Prose {
    let side = |(id, k): &(String, usize)| {
        let k = (*k).min(1);
        let name = clip(&c.names[k], NAME);
        prose! { code(id), format!(" in {} ({name})", ["A", "B"][k]) }
    };
    let claim = match &x.claim {
        Claim::Bound(bound, trust) => prose! {
            format!("below the lower bound {bound} of "), side(&x.claim_by), format!(" ({trust})")
        },
        Claim::Infeasible => prose! {
            "although ", side(&x.claim_by), " proved that there is no plan"
        },
    };
    prose! {
        code(&x.instance),
        format!(", threshold {}, {} weights: ", x.threshold, clip(&x.weights, 20)),
        side(&x.plan_by), format!(" has a plan of {}, ", x.objective), claim
    }
}

fn name(s: &SolverShift) -> Prose {
    prose! { code(&s.solver), format!(" (interference {})", mode(s.key.interference)) }
}

fn notes(c: &Comparison) -> Vec<Prose> {
    let mut all = Vec::new();
    for (side, label) in ["A", "B"].into_iter().enumerate() {
        let count: usize = c.totals.iter().map(|s| s.alone[side]).sum();
        if count > 0 {
            let alone = c.totals.iter().filter(|s| s.alone[side] > 0);
            let each = listed(alone.map(|s| prose! { name(s), " ", s.alone[side] }));
            all.push(prose! {
                format!("Only in {label} and not compared: {} (", counted(count, "solve")), each,
                ")."
            });
        }
    }
    let timed = c.totals.iter().any(|s| s.time.is_some());
    if timed && c.other_machine {
        all.push(
            "The processor, the number of parallel solves or the timing mode differ or are not \
             recorded: a time ratio reflects the machines as much as the solvers."
                .into(),
        );
    }
    if timed && c.shared_machine {
        all.push(prose! {
            "Solves shared the machine, which distorts times: measure with ",
            code("timing = \"isolated\""), " before calling a solver faster or slower."
        });
    }
    let instances = c.totals.iter().filter_map(|s| s.gap.map(|g| g.instances));
    if let Some(most) = instances.max().filter(|&most| most < FEW) {
        all.push(
            format!(
                "{} in common: with fewer than {FEW}, no difference of gaps can be distinguished \
                 from chance, however large.",
                counted(most, "instance")
            )
            .into(),
        );
    }
    all
}

/// The verdicts in sentences.
fn finding(c: &Comparison) -> Block {
    if c.pairs == 0 {
        return Block::paragraph(
            "No solve is in both campaigns (same instance, threshold, weights, solver and seed), \
             so there is nothing to compare.",
        );
    }
    let points = |s: &SolverShift| {
        let by = s.gap.map_or_else(String::new, |gap| {
            let ends = Value::percent_estimate(Some(gap.mean), gap.interval).ends();
            format!(" by {} points{ends}", short(Some(100.0 * gap.mean.abs())))
        });
        prose! { name(s), by }
    };
    let factor = |s: &SolverShift| prose! { name(s), " ", columns::ratio(s).text() };
    let gaps = |verdict: Verdict, show: &dyn Fn(&SolverShift) -> Prose| -> Vec<Prose> {
        let of = c.totals.iter().filter(|s| s.verdict == verdict);
        of.map(show).collect()
    };
    let times = |verdict: Verdict| -> Vec<Prose> {
        let is = |s: &&SolverShift| s.time.is_some_and(|t| t.verdict == verdict);
        c.totals.iter().filter(is).map(factor).collect()
    };
    let groups = [
        ("Worse in B, beyond noise", gaps(Verdict::Worse, &points)),
        ("Better in B, beyond noise", gaps(Verdict::Better, &points)),
        (
            "No difference of gaps beyond noise",
            gaps(Verdict::Unclear, &name),
        ),
        ("No gaps to compare", gaps(Verdict::Nothing, &name)),
        ("Slower in B", times(Verdict::Worse)),
        ("Faster in B", times(Verdict::Better)),
    ];
    let groups = groups.into_iter().filter(|(_, items)| !items.is_empty());
    let mut lines: Vec<Prose> = groups
        .map(|(lead, items)| prose! { lead, ": ", listed(items), "." })
        .collect();
    let changed = |wanted: fn(&StatusChange) -> bool| -> usize {
        let of = c.changes.iter().filter(|x| wanted(x));
        of.map(|x| x.solves).sum()
    };
    let (worse, better) = (changed(|x| x.to > x.from), changed(|x| x.to < x.from));
    let worse = counted(worse, "solve");
    lines.push(format!("Status worse than before: {worse}; better: {better}.").into());
    Block::List(lines)
}

fn differences(all: &[SetupDifference]) -> Table {
    let columns = columns! { d: SetupDifference;
        "what"    => &d.what;
        "A"       => &d.values[0];
        "B"       => &d.values[1];
        "affects" => if d.timing { "times" } else { "" };
    };
    let caption = "From the campaigns' environments and records; options are those given to each \
                   solver.";
    Table::of(caption, &columns, all)
}

fn changes(c: &Comparison) -> Table {
    let caption = prose! {
        "The examples are those that lost their plan or most of their gap; every solve is in ",
        code("compare-changes.csv"), "."
    };
    Table::of(caption, &columns::status_changes(), &c.changes)
}

fn explanation() -> [Block; 2] {
    [
        Block::paragraph(
            "A solve is matched with the one of the same instance (fingerprint), threshold, \
             weights, solver and seed. Both plans are compared with one reference: the best lower \
             bound of either campaign, or the best known plan if there is no bound. Plans that \
             violate constraints have no gap and are not compared.",
        ),
        Block::paragraph(format!(
            "Better and worse: the bootstrap 95 % interval of the mean difference over instances \
             excludes 0, and Wilcoxon's p, corrected by Holm's method over the rows of a table, is \
             below {LEVEL}. Faster and slower: the interval of the ratio excludes 1. Otherwise \
             there is no difference beyond noise, which does not prove that there is none. Times \
             up to 1 µs count as 1 µs. Solves that ended in an error have no time; for solves that \
             were cut off the time limit counts, so that ratios are nearer to 1 than the truth."
        )),
    ]
}
