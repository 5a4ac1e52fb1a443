//! A comparison as text: Markdown, one HTML page, CSV, and a table for the terminal.

use super::{
    Claim, Comparison, Contradiction, Difference, Group, LEVEL, Shift, TimeRatio, Verdict, changes,
};
use crate::comparisons::Paired;
use crate::csv_files::{cell, percent as full_percent};
use crate::html::{self, Cell, p_text};
use crate::rich;
use crate::text::{clip, code, counted, listed, mode, percent, short};
use comfy_table::{CellAlignment, Table, presets};
use std::fmt::Write as _;

/// Items listed before the rest is only counted.
const SHOWN: usize = 10;

/// Instances below which a test at [`LEVEL`] cannot find anything, and intervals are too short.
const FEW: usize = 6;

/// A part of the document.
enum Part {
    Heading(&'static str),
    /// In the little Markdown of [`rich`].
    Words(String),
    Table(Grid),
}

/// A table before it is Markdown, HTML or text.
struct Grid {
    caption: &'static str,
    header: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
}

impl Grid {
    fn markdown(&self) -> String {
        let plain = |cell: &Cell| {
            let text = clip(&cell.text, usize::MAX);
            let text = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('|', "\\|")
                .replace('*', "\\*");
            text.replace('`', "'")
        };
        let first = self.rows.first();
        let side = |k: usize| {
            if first.is_some_and(|row| row[k].left) {
                "---"
            } else {
                "--:"
            }
        };
        let sides: Vec<&str> = (0..self.header.len()).map(side).collect();
        let mut out = format!("| {} |\n|{}|\n", self.header.join(" | "), sides.join("|"));
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(plain).collect();
            let _ = writeln!(out, "| {} |", cells.join(" | "));
        }
        format!("{out}\n{}\n\n", self.caption)
    }

    fn html(&self) -> String {
        html::table(
            self.caption,
            &self.header,
            self.rows.iter().map(|cells| (Vec::new(), cells.clone())),
        )
    }

    fn console(&self) -> String {
        let mut table = Table::new();
        table
            .load_preset(presets::UTF8_HORIZONTAL_ONLY)
            .set_header(&self.header);
        for row in &self.rows {
            table.add_row(row.iter().map(|cell| clip(&cell.text, 40)));
        }
        for (k, column) in table.column_iter_mut().enumerate() {
            if self.rows.first().is_some_and(|row| !row[k].left) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        table.trim_fmt()
    }
}

/// `compare.md`.
pub(super) fn markdown(c: &Comparison) -> String {
    let mut out = String::from("# Comparison of two campaigns\n\n");
    for part in parts(c) {
        out += &match part {
            Part::Heading(text) => format!("## {text}\n\n"),
            Part::Words(text) => text,
            Part::Table(grid) => grid.markdown(),
        };
    }
    out.trim_end().to_string() + "\n"
}

/// `compare.html`.
pub(super) fn page(c: &Comparison) -> String {
    let one = |part: Part| match part {
        Part::Heading(text) => format!("<h2>{text}</h2>\n"),
        Part::Words(text) => rich::html(&text),
        Part::Table(grid) => grid.html(),
    };
    let body: String = parts(c).into_iter().map(one).collect();
    html::plain_page(
        "Comparison of two campaigns",
        &body,
        "Made by offload-bench. Every number here is in compare.csv and compare-changes.csv \
         beside this page.",
    )
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
        let count = counted(c.contradictions.len(), "plan");
        let _ = writeln!(
            out,
            "\nERROR: {count} below a lower bound or of a problem without plans, {} of them \
             between the campaigns. See compare.md.",
            c.crossings_between()
        );
        for line in c
            .contradictions
            .iter()
            .take(SHOWN)
            .map(|x| contradiction(c, x))
        {
            let _ = writeln!(out, "  {}", line.replace('`', ""));
        }
    }
    if !c.differences.is_empty() {
        let _ = write!(
            out,
            "\nnot the same in both:\n{}\n",
            differences(&c.differences).console()
        );
    }
    let _ = write!(
        out,
        "\nB against A on {}:\n{}\n",
        counted(c.pairs, "common solve"),
        summary(&c.totals).console()
    );
    if !c.changes.is_empty() {
        let _ = write!(
            out,
            "\nsolves that ended otherwise:\n{}\n",
            change_table(c).console()
        );
    }
    for note in notes(c) {
        let _ = writeln!(out, "note: {}", note.replace('`', ""));
    }
    out
}

fn parts(c: &Comparison) -> Vec<Part> {
    let mut all = vec![
        Part::Words(first(c)),
        Part::Heading("What changed"),
        Part::Words(finding(c)),
    ];
    if !c.differences.is_empty() {
        all.extend([
            Part::Heading("What is not the same in both"),
            Part::Table(differences(&c.differences)),
        ]);
    }
    let mode_of = |on: &bool| vec![Cell::text(mode(*on))];
    if !c.totals.is_empty() {
        let lead = vec!["interference"];
        all.extend([
            Part::Heading("Gaps by solver"),
            Part::Table(gaps(&c.totals, lead.clone(), mode_of)),
        ]);
        all.extend([
            Part::Heading("Times by solver"),
            Part::Table(times(&c.totals, lead, mode_of)),
        ]);
    }
    all.push(Part::Heading("Solves that ended otherwise"));
    all.push(if c.changes.is_empty() {
        Part::Words("None: every common solve ended as before.\n\n".into())
    } else {
        Part::Table(change_table(c))
    });
    if !c.groups.is_empty() {
        let lead = vec!["interference", "family", "N"];
        let of = |g: &Group| {
            vec![
                Cell::text(mode(g.interference)),
                Cell::text(&g.family),
                Cell::count(g.users),
            ]
        };
        all.extend([
            Part::Heading("Gaps by family and N"),
            Part::Table(gaps(&c.groups, lead.clone(), of)),
        ]);
        all.extend([
            Part::Heading("Times by family and N"),
            Part::Table(times(&c.groups, lead, of)),
        ]);
    }
    all.extend([Part::Heading("How to read this"), Part::Words(words())]);
    all
}

/// What must be known before any number.
fn first(c: &Comparison) -> String {
    let mut out = format!(
        "A: {} ({}, {}). B: {} ({}, {}).\n{} and {} are in both; only they are compared.\n\n",
        code(&c.names[0]),
        counted(c.rows[0], "row"),
        counted(c.problems[0], "problem"),
        code(&c.names[1]),
        counted(c.rows[1], "row"),
        counted(c.problems[1], "problem"),
        counted(c.problems[2], "problem"),
        counted(c.pairs, "solve"),
    );
    out += &contradictions(c);
    let notes = notes(c);
    if !notes.is_empty() {
        out += "To be read first:\n\n";
        for note in notes {
            let _ = writeln!(out, "- {note}");
        }
        out.push('\n');
    }
    out
}

fn contradictions(c: &Comparison) -> String {
    if c.contradictions.is_empty() {
        return String::new();
    }
    let between = c.crossings_between();
    let mut out = format!(
        "> **Contradiction: {} where no plan should be, {between} of them between the two \
         campaigns.** A bound, a plan's evaluation or a proof is wrong in one \
         of them. The problems concerned are not compared.\n>\n",
        counted(c.contradictions.len(), "plan")
    );
    for x in c.contradictions.iter().take(SHOWN) {
        let _ = writeln!(out, "> - {}", contradiction(c, x));
    }
    let rest = c.contradictions.len().saturating_sub(SHOWN);
    if rest > 0 {
        let _ = writeln!(out, "> - and {rest} more");
    }
    out + "\n"
}

fn contradiction(c: &Comparison, x: &Contradiction) -> String {
    let side = |k: usize| {
        format!(
            "{} ({})",
            ["A", "B"][k.min(1)],
            clip(&c.names[k.min(1)], 60)
        )
    };
    let claim = match &x.claim {
        Claim::Bound(bound, trust) => {
            format!(
                "below the lower bound {bound} of {} in {} ({trust})",
                code(&x.claim_by.0),
                side(x.claim_by.1)
            )
        }
        Claim::Infeasible => {
            format!(
                "although {} in {} says that there is no plan",
                code(&x.claim_by.0),
                side(x.claim_by.1)
            )
        }
    };
    let at = format!(
        "{}, threshold {}, {} weights",
        code(&x.instance),
        x.threshold,
        clip(&x.weights, 20)
    );
    format!(
        "{at}: {} in {} has a plan of {}, {claim}",
        code(&x.plan_by.0),
        side(x.plan_by.1),
        x.objective
    )
}

fn notes(c: &Comparison) -> Vec<String> {
    let mut all = Vec::new();
    for (side, name) in ["A", "B"].into_iter().enumerate() {
        let alone = c.totals.iter().filter(|s| s.alone[side] > 0);
        let each: Vec<String> = alone
            .map(|s| {
                format!(
                    "{} (interference {}) {}",
                    code(&s.solver),
                    mode(s.key),
                    s.alone[side]
                )
            })
            .collect();
        let count: usize = c.totals.iter().map(|s| s.alone[side]).sum();
        if count > 0 {
            all.push(format!(
                "Only in {name}, and not compared: {} ({}).",
                counted(count, "solve"),
                listed(&each)
            ));
        }
    }
    let timed = c.totals.iter().any(|s| s.time.is_some());
    if timed && c.other_machine {
        all.push(
            "The processor, the number of solves at a time or the timing mode are not the \
            same in both, or not known: a time ratio tells as much of them as of the \
            solvers."
                .into(),
        );
    }
    if timed && c.shared_machine {
        all.push(
            "Solves shared the machine, which distorts times: measure with `timing \
            = \"isolated\"` before a time is called faster or slower."
                .into(),
        );
    }
    let most = c
        .totals
        .iter()
        .filter_map(|s| s.gap.map(|g| g.instances))
        .max();
    if let Some(most) = most.filter(|&most| most < FEW) {
        all.push(format!(
            "{} in common: with fewer than {FEW} no difference of gaps can be told from chance, \
             however large.",
            counted(most, "instance")
        ));
    }
    all
}

/// The verdicts in sentences.
fn finding(c: &Comparison) -> String {
    if c.pairs == 0 {
        return "No solve is in both campaigns (same instance, threshold, weights, solver and \
            seed), so that there is nothing to compare.\n\n"
            .into();
    }
    let points = |s: &Shift<bool>| {
        let mut text = format!("{} (interference {})", code(&s.solver), mode(s.key));
        if let Some(gap) = &s.gap {
            let _ = write!(
                text,
                " by {} points{}",
                short(Some(100.0 * gap.mean.abs())),
                ends(gap)
            );
        }
        text
    };
    let name = |s: &Shift<bool>| format!("{} (interference {})", code(&s.solver), mode(s.key));
    let factor = |s: &Shift<bool>| {
        format!(
            "{} {}",
            name(s),
            s.time.as_ref().map_or_else(String::new, ratio_text)
        )
    };
    let of = |verdict: Verdict, show: &dyn Fn(&Shift<bool>) -> String| -> Vec<String> {
        c.totals
            .iter()
            .filter(|s| s.verdict == verdict)
            .map(show)
            .collect()
    };
    let timed = |verdict: Verdict| -> Vec<String> {
        c.totals
            .iter()
            .filter(|s| s.time.is_some_and(|t| t.verdict == verdict))
            .map(factor)
            .collect()
    };
    let mut out = String::new();
    for (lead, items) in [
        ("Worse in B, beyond noise", of(Verdict::Worse, &points)),
        ("Better in B, beyond noise", of(Verdict::Better, &points)),
        (
            "No difference of gaps beyond noise",
            of(Verdict::Unclear, &name),
        ),
        ("No gaps to compare", of(Verdict::Nothing, &name)),
        ("Slower in B", timed(Verdict::Worse)),
        ("Faster in B", timed(Verdict::Better)),
    ] {
        if !items.is_empty() {
            let _ = writeln!(out, "- {lead}: {}.", listed(&items));
        }
    }
    let worse: usize = c
        .changes
        .iter()
        .filter(|x| x.to > x.from)
        .map(|x| x.solves)
        .sum();
    let better: usize = c
        .changes
        .iter()
        .filter(|x| x.to < x.from)
        .map(|x| x.solves)
        .sum();
    let _ = writeln!(
        out,
        "- Ended worse than before: {}; better: {better}.",
        counted(worse, "solve")
    );
    out + "\n"
}

/// ` [low, high]` of a difference in points, if there is one.
fn ends(gap: &Paired) -> String {
    gap.interval.map_or_else(String::new, |i| {
        format!(" [{}, {}]", percent(Some(i.low)), percent(Some(i.high)))
    })
}

fn ratio_text(t: &TimeRatio) -> String {
    let ends = t.interval.map_or_else(String::new, |i| {
        format!(" [{}, {}]", short(Some(i.low)), short(Some(i.high)))
    });
    format!("{}{ends}", short(Some(t.ratio)))
}

fn differences(all: &[Difference]) -> Grid {
    let row = |d: &Difference| {
        let times = if d.timing { "times too" } else { "" };
        vec![
            Cell::text(&d.what),
            Cell::text(&d.values[0]),
            Cell::text(&d.values[1]),
            Cell::text(times),
        ]
    };
    Grid {
        caption: "As the campaigns' environments and records tell it; options are those that each \
            solver was given.",
        header: vec!["what", "A", "B", "matters for"],
        rows: all.iter().map(row).collect(),
    }
}

fn p_cell(p: Option<f64>) -> String {
    p.map_or_else(|| "–".into(), p_text)
}

/// A number with its interval, sorted by the number.
fn ranged(value: Option<f64>, text: String) -> Cell {
    let sorted = value.filter(|v| v.is_finite());
    Cell {
        text: sorted.map_or_else(|| "–".into(), |_| text),
        value: sorted.map_or_else(String::new, |v| format!("{v:?}")),
        left: false,
    }
}

fn difference_cell(gap: Option<&Paired>) -> Cell {
    ranged(
        gap.map(|g| g.mean),
        gap.map_or_else(String::new, |g| percent(Some(g.mean)) + &ends(g)),
    )
}

fn counts(gap: Option<&Paired>) -> [Cell; 3] {
    gap.map_or([0; 3], |g| {
        [g.wins, g.problems - g.wins - g.losses, g.losses]
    })
    .map(Cell::count)
}

fn gaps<K>(all: &[Shift<K>], lead: Vec<&'static str>, place: impl Fn(&K) -> Vec<Cell>) -> Grid {
    let rest = [
        "pairs",
        "only A",
        "only B",
        "with gaps",
        "instances",
        "better",
        "same",
        "worse",
        "gap A %",
        "gap B %",
        "difference [95 %]",
        "effect",
        "p (Holm)",
        "verdict",
        "largest loss",
    ];
    let row = |s: &Shift<K>| {
        let gap = s.gap.as_ref();
        let mut cells = vec![Cell::text(&s.solver)];
        cells.extend(place(&s.key));
        cells.extend([s.pairs, s.alone[0], s.alone[1]].map(Cell::count));
        cells.extend(
            [
                gap.map_or(0, |g| g.problems),
                gap.map_or(0, |g| g.instances),
            ]
            .map(Cell::count),
        );
        cells.extend(counts(gap));
        cells.extend(s.gaps.map(|g| Cell::number(g, percent)));
        cells.push(difference_cell(gap));
        let test = gap.and_then(|g| g.test);
        cells.push(Cell::number(test.map(|t| t.effect), short));
        cells.push(Cell::number(test.map(|_| s.corrected_p), p_cell));
        cells.push(Cell::text(s.verdict.name()));
        let worst = s.worst.as_ref().map_or_else(
            || "–".into(),
            |w| {
                format!(
                    "{} at {}, threshold {}",
                    percent(Some(w.difference)),
                    w.instance,
                    w.threshold
                )
            },
        );
        cells.push(Cell::text(&worst));
        cells
    };
    Grid {
        caption: "Difference: mean guaranteed gap of B less that of A on the same solves, in \
            points (%); below 0 B is better.",
        header: ["solver"].into_iter().chain(lead).chain(rest).collect(),
        rows: all.iter().map(row).collect(),
    }
}

fn times<K>(all: &[Shift<K>], lead: Vec<&'static str>, place: impl Fn(&K) -> Vec<Cell>) -> Grid {
    let rest = ["pairs", "cut off", "B / A [95 %]", "verdict"];
    let row = |s: &Shift<K>| {
        let mut cells = vec![Cell::text(&s.solver)];
        cells.extend(place(&s.key));
        let t = s.time.as_ref();
        cells.extend([t.map_or(0, |t| t.pairs), t.map_or(0, |t| t.cut_off)].map(Cell::count));
        cells.push(ranged(
            t.map(|t| t.ratio),
            t.map_or_else(String::new, ratio_text),
        ));
        cells.push(Cell::text(
            t.map_or(Verdict::Nothing, |t| t.verdict).time_name(),
        ));
        cells
    };
    Grid {
        caption: "B / A: geometric mean of the ratios of times on the same solves; below 1 B is \
            faster. Cut off: one of the two ran out of time.",
        header: ["solver"].into_iter().chain(lead).chain(rest).collect(),
        rows: all.iter().map(row).collect(),
    }
}

/// Few enough columns for a terminal.
fn summary(all: &[Shift<bool>]) -> Grid {
    let row = |s: &Shift<bool>| {
        let gap = s.gap.as_ref();
        let mut cells = vec![
            Cell::text(&s.solver),
            Cell::text(mode(s.key)),
            Cell::count(s.pairs),
        ];
        cells.extend(counts(gap));
        cells.push(difference_cell(gap));
        cells.push(Cell::number(
            gap.and_then(|g| g.test).map(|_| s.corrected_p),
            p_cell,
        ));
        cells.push(Cell::text(s.verdict.name()));
        let t = s.time.as_ref();
        cells.push(ranged(
            t.map(|t| t.ratio),
            t.map_or_else(String::new, ratio_text),
        ));
        cells.push(Cell::text(
            t.map_or(Verdict::Nothing, |t| t.verdict).time_name(),
        ));
        cells
    };
    Grid {
        caption: "",
        header: vec![
            "solver",
            "interf.",
            "pairs",
            "better",
            "same",
            "worse",
            "gap B - A, points",
            "p (Holm)",
            "gaps",
            "time B / A",
            "times",
        ],
        rows: all.iter().map(row).collect(),
    }
}

fn change_table(c: &Comparison) -> Grid {
    let rows = c.changes.iter().map(|x| {
        let named: Vec<String> = x
            .named
            .iter()
            .map(|(instance, t)| format!("{instance} at threshold {t}"))
            .collect();
        let more = if x.solves > named.len() { ", …" } else { "" };
        let kind = if x.to > x.from { "worse" } else { "better" };
        vec![
            Cell::text(kind),
            Cell::text(&x.solver),
            Cell::text(x.from.name()),
            Cell::text(x.to.name()),
            Cell::count(x.solves),
            Cell::text(&(named.join(", ") + more)),
        ]
    });
    Grid {
        caption: "The problems named lost their plan or most of their gap; every one is in \
            compare-changes.csv.",
        header: vec![
            "kind",
            "solver",
            "in A",
            "in B",
            "solves",
            "the worst of them",
        ],
        rows: rows.collect(),
    }
}

fn words() -> String {
    format!(
        "A solve is matched with the one of the same instance (fingerprint), threshold, weights, \
         solver and seed. Both plans are compared with one reference: the best \
         lower bound of either campaign, or the best plan known where there is no bound. Plans \
         that break rules have no gap and are not compared.\n\n\
         Better and worse: the bootstrap 95 % interval of the mean difference over instances \
         excludes 0, and Wilcoxon's p, corrected by Holm's method over the rows of a \
         table, is below {LEVEL}. Faster and slower: the interval of the ratio excludes 1. \
         Otherwise there is no difference beyond noise, which is no proof that there is none. \
         Times up to 1 µs count as 1 µs. Solves that ended in an error have no time; of solves \
         that were cut off the time limit counts, so that ratios are \
         nearer to 1 than the truth.\n\n"
    )
}

const COLUMNS: [&str; 30] = [
    "scope",
    "interference",
    "family",
    "users",
    "solver",
    "pairs",
    "only_a",
    "only_b",
    "changed",
    "gap_pairs",
    "instances",
    "better",
    "same",
    "worse",
    "gap_a_mean_pct",
    "gap_b_mean_pct",
    "difference_mean_pct",
    "difference_low_pct",
    "difference_high_pct",
    "rank_biserial",
    "p",
    "p_holm",
    "verdict",
    "time_pairs",
    "time_cut_off",
    "time_ratio",
    "time_ratio_low",
    "time_ratio_high",
    "time_verdict",
    "largest_loss_pct",
];

/// `compare.csv`: the totals (`scope` is `solver`), then every family and N (`group`).
pub(super) fn csv(c: &Comparison) -> String {
    let totals = c.totals.iter().map(|s| {
        csv_row(
            [
                "solver".into(),
                s.key.to_string(),
                String::new(),
                String::new(),
            ],
            s,
        )
    });
    let groups = c.groups.iter().map(|s| {
        let key = &s.key;
        csv_row(
            [
                "group".into(),
                key.interference.to_string(),
                key.family.clone(),
                key.users.to_string(),
            ],
            s,
        )
    });
    crate::csv_files::table(&COLUMNS, totals.chain(groups))
}

fn csv_row<K>(lead: [String; 4], s: &Shift<K>) -> Vec<String> {
    let (gap, time) = (s.gap.as_ref(), s.time.as_ref());
    let (interval, test) = (gap.and_then(|g| g.interval), gap.and_then(|g| g.test));
    let mut cells: Vec<String> = lead.into();
    cells.push(s.solver.clone());
    cells.extend([s.pairs, s.alone[0], s.alone[1], s.changed].map(|n| n.to_string()));
    let counted = gap.map_or([0; 5], |g| {
        [
            g.problems,
            g.instances,
            g.wins,
            g.problems - g.wins - g.losses,
            g.losses,
        ]
    });
    cells.extend(counted.map(|n| n.to_string()));
    let differences = [
        gap.map(|g| g.mean),
        interval.map(|i| i.low),
        interval.map(|i| i.high),
    ];
    cells.extend(s.gaps.into_iter().chain(differences).map(full_percent));
    cells.extend(
        [
            test.map(|t| t.effect),
            test.map(|t| t.p),
            test.map(|_| s.corrected_p),
        ]
        .map(cell),
    );
    cells.push(s.verdict.name().into());
    cells.extend(
        [time.map_or(0, |t| t.pairs), time.map_or(0, |t| t.cut_off)].map(|n| n.to_string()),
    );
    let ratios = time.and_then(|t| t.interval);
    cells.extend(
        [
            time.map(|t| t.ratio),
            ratios.map(|i| i.low),
            ratios.map(|i| i.high),
        ]
        .map(cell),
    );
    cells.push(
        time.map_or(Verdict::Nothing, |t| t.verdict)
            .time_name()
            .into(),
    );
    cells.push(full_percent(s.worst.as_ref().map(|w| w.difference)));
    cells
}

/// `compare-changes.csv`.
pub(super) fn changes_csv(c: &Comparison) -> String {
    crate::csv_files::table(&changes::COLUMNS, c.changed.iter().cloned())
}
