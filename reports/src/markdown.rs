//! `report.md`: what must be known first, what was found, the tables, and what every word in them
//! means.

use crate::figures::Figure;
use crate::gaps::Analysis;
use crate::html::p_text;
use crate::study::Study;
use crate::tables::{Aggregate, Figures, Setting, Size, solvers};
use crate::text::{code, counted, milliseconds, mode, percent, short};
use crate::{FIGURES as FIGURE_FOLDER, finding, methods};
use std::fmt::Write as _;

/// Figures shown in the Markdown report; the others are linked.
const SHOWN: [&str; 3] = ["gap-vs-users", "gap-distribution", "runtime-vs-users"];

/// The whole report.
pub(crate) fn report(study: &Study, figures: &[Figure]) -> String {
    let analysis = &study.analysis;
    let mut out = String::from("# Campaign report\n\n");
    out += &finding::campaign(analysis);
    out += &finding::read_first(study);
    if analysis.rows.is_empty() {
        return out + DEFINITIONS;
    }
    let summary = &study.by_size;
    out += "## Finding\n\n";
    out += &finding::goa(summary, analysis);
    out += "## Guaranteed gap by solver and number of users\n\n";
    out += "Mean guaranteed gap in %, the largest in parentheses. – : no row with a gap.\n\n";
    for interference in [false, true] {
        out += &pivot(analysis, summary, interference);
    }
    out += &figure_section(figures);
    out += &summary_section(summary);
    out += &detail_section(study);
    out += &pair_section(study);
    out += &growth_section(study);
    let _ = write!(out, "## Methods\n\n{}", methods::text(study));
    out + DEFINITIONS
}

fn figure_section(figures: &[Figure]) -> String {
    let mut out = String::new();
    let mut others: Vec<String> = Vec::new();
    for figure in figures {
        let (name, title) = (figure.name(), figure.title());
        if SHOWN.contains(&name) {
            let _ = write!(
                out,
                "![{title}]({FIGURE_FOLDER}/{name}.svg)\n\n{}\n\n",
                figure.caption()
            );
        } else {
            others.push(format!("[{title}]({FIGURE_FOLDER}/{name}.svg)"));
        }
    }
    let _ = write!(
        out,
        "More figures: {}. Beside each stand its numbers (`.csv`) and a version for papers \
         (`.tex`).\n\n",
        others.join(" · ")
    );
    out
}

fn pair_section(study: &Study) -> String {
    let mut out = String::from("## Solvers against each other\n\n");
    if study.pairs.is_empty() {
        return out
            + "No two solvers share a problem that both solved without breaking a rule.\n\n";
    }
    out += "<details><summary>Paired differences on common problems</summary>\n\n";
    out += "| interference | first | second | problems | wins | ties | losses | mean difference % \
        | effect | p (Holm) |\n|---|---|---|--:|--:|--:|--:|--:|--:|--:|\n";
    for pair in &study.pairs {
        let d = &pair.paired;
        let ends = d.interval.map_or_else(String::new, |i| {
            format!(" [{}, {}]", percent(Some(i.low)), percent(Some(i.high)))
        });
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} | {} | {}{ends} | {} | {} |",
            mode(pair.interference),
            code(&pair.first),
            code(&pair.second),
            d.problems,
            d.wins,
            d.problems - d.wins - d.losses,
            d.losses,
            percent(Some(d.mean)),
            short(d.test.map(|t| t.effect)),
            d.test
                .map_or_else(|| "–".into(), |_| p_text(pair.corrected_p)),
        );
    }
    out + "\nFirst less second, in points of the guaranteed gap: below 0 the first is \
        better.\n\n</details>\n\n"
}

fn growth_section(study: &Study) -> String {
    let mut out = String::from(
        "## Growth of time with N\n\n| interference | M | solver | exponent | runs | cut off \
         |\n|---|--:|---|--:|--:|--:|\n",
    );
    for g in &study.growth {
        let Some(s) = g.scaling else { continue };
        let e = s.exponent;
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} [{}, {}] | {} | {} |",
            mode(g.interference),
            g.servers,
            code(&g.solver),
            short(Some(e.estimate)),
            short(Some(e.low)),
            short(Some(e.high)),
            s.runs,
            s.censored
        );
    }
    let mut best = String::from(
        "\n## Virtual best\n\n| interference | N | all solvers: gap mean % (max) | without \
         bounds: gap mean % (max) |\n|---|--:|--:|--:|\n",
    );
    let cell = |stats: Option<crate::stats::Stats>| {
        stats.map_or_else(
            || "–".into(),
            |s| format!("{} ({})", percent(Some(s.mean)), percent(Some(s.max))),
        )
    };
    for row in &study.virtual_best {
        let _ = writeln!(
            best,
            "| {} | {} | {} | {} |",
            mode(row.key.interference),
            row.key.users,
            cell(row.all),
            cell(row.without_bounds)
        );
    }
    out + &best + "\n"
}

/// Solvers down, numbers of users across.
fn pivot(analysis: &Analysis, summary: &[Aggregate<Size>], interference: bool) -> String {
    let rows: Vec<&Aggregate<Size>> = summary
        .iter()
        .filter(|row| row.key.interference == interference)
        .collect();
    let mut users: Vec<usize> = rows.iter().map(|row| row.key.users).collect();
    users.dedup();
    if users.is_empty() {
        return String::new();
    }
    let mut out = format!("Interference {}:\n\n| solver |", mode(interference));
    for n in &users {
        let _ = write!(out, " N = {n} |");
    }
    let _ = write!(out, "\n|---|{}\n", "---:|".repeat(users.len()));
    for id in solvers(analysis) {
        let of_solver: Vec<&&Aggregate<Size>> =
            rows.iter().filter(|row| row.solver == id).collect();
        if of_solver.is_empty() {
            continue;
        }
        let _ = write!(out, "| {} |", code(id));
        for &n in &users {
            let gap = of_solver
                .iter()
                .find(|row| row.key.users == n)
                .and_then(|row| row.figures.gap);
            let cell = gap.map(|g| format!("{} ({})", percent(Some(g.mean)), percent(Some(g.max))));
            let _ = write!(out, " {} |", cell.unwrap_or_else(|| "–".into()));
        }
        out.push('\n');
    }
    out + "\n"
}

fn summary_section(summary: &[Aggregate<Size>]) -> String {
    let mut out =
        String::from("## Summary per solver\n\nAll families, thresholds and weights together.\n\n");
    for interference in [false, true] {
        let rows: Vec<&Aggregate<Size>> = summary
            .iter()
            .filter(|row| row.key.interference == interference)
            .collect();
        let title = format!("Interference {}", mode(interference));
        let lead = |row: &Aggregate<Size>| vec![row.key.users.to_string()];
        out += &folded(&title, &["N"], &rows, lead);
    }
    out
}

fn detail_section(study: &Study) -> String {
    let details = &study.by_setting;
    let block = |row: &Aggregate<Setting>| {
        let key = &row.key;
        (
            key.interference,
            key.family.clone(),
            key.servers,
            key.weights.clone(),
        )
    };
    let mut out = String::from("## By family, number of users, threshold and solver\n\n");
    for rows in details.chunk_by(|a, b| block(a) == block(b)) {
        let key = &rows[0].key;
        let family = if key.family.is_empty() {
            "unnamed".into()
        } else {
            code(&key.family)
        };
        let weights = code(&key.weights);
        let on = mode(key.interference);
        let title = format!(
            "Interference {on}, family {family}, {}, {weights} weights",
            counted(key.servers, "server")
        );
        let lead = |row: &Aggregate<Setting>| {
            vec![row.key.users.to_string(), row.key.threshold.0.to_string()]
        };
        out += &folded(
            &title,
            &["N", "threshold"],
            &rows.iter().collect::<Vec<_>>(),
            lead,
        );
    }
    out
}

/// A table that opens on a click: with many sizes and solvers it is long.
fn folded<K>(
    title: &str,
    lead_header: &[&str],
    rows: &[&Aggregate<K>],
    lead: impl Fn(&Aggregate<K>) -> Vec<String>,
) -> String {
    if rows.is_empty() {
        return String::new();
    }
    // Backticks are not Markdown inside HTML tags.
    let mut out = format!(
        "<details><summary>{}</summary>\n\n",
        html(&title.replace('`', ""))
    );
    let header: Vec<&str> = lead_header
        .iter()
        .copied()
        .chain(["solver"])
        .chain(FIGURES)
        .collect();
    let aligned = format!(
        "{}---|{}",
        "---:|".repeat(lead_header.len()),
        "---:|".repeat(FIGURES.len())
    );
    let _ = write!(out, "| {} |\n|{aligned}\n", header.join(" | "));
    for row in rows {
        let mut cells = lead(row);
        cells.push(code(&row.solver));
        cells.extend(figure_cells(&row.figures));
        let _ = writeln!(out, "| {} |", cells.join(" | "));
    }
    out + "\n</details>\n\n"
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

const FIGURES: [&str; 20] = [
    "rows",
    "with gap",
    "violating",
    "failed",
    "gap mean % [95 % interval]",
    "median %",
    "q95 %",
    "max %",
    "proved optimal %",
    "within 1 %",
    "above best known %",
    "reference",
    "width %",
    "time ms",
    "geo. ms",
    "PAR10 ms",
    "primal int. ms",
    "offloaded",
    "accuracy %",
    "delay ms",
];

fn figure_cells(figures: &Figures) -> [String; 20] {
    let gap = figures.gap;
    let reference = figures.reference_text();
    let ends = figures.intervals.map_or_else(String::new, |i| {
        format!(
            " [{}, {}]",
            percent(Some(i.mean.low)),
            percent(Some(i.mean.high))
        )
    });
    [
        figures.rows.to_string(),
        figures.with_gap().to_string(),
        figures.violating.to_string(),
        figures.failed.to_string(),
        percent(gap.map(|g| g.mean)) + &ends,
        percent(gap.map(|g| g.median)),
        percent(gap.map(|g| g.q95)),
        percent(gap.map(|g| g.max)),
        percent(Some(figures.optimal_share())),
        percent(Some(figures.within[2] as f64 / figures.rows.max(1) as f64)),
        percent(figures.above_best),
        if reference.is_empty() {
            "–".into()
        } else {
            reference
        },
        percent(figures.width),
        milliseconds(figures.time_s),
        milliseconds(figures.time_geometric_s),
        milliseconds(figures.par10_s),
        milliseconds(figures.primal_integral_s),
        short(figures.offloaded),
        short(figures.accuracy_pct),
        short(figures.delay_ms),
    ]
}

pub(crate) const DEFINITIONS: &str = "\
## What the words mean

A *problem* is an instance with a threshold and weights; a *row* is one record: one solver, with \
one seed, on one problem.
For a problem, LB is the greatest lower bound of its records; an enumerated or certified one \
within 0.1 % of a solver's word is preferred to it.
UB is the least objective of its records that break no rule,
so the optimum F* lies in [LB, UB]. z is a row's objective. Bounds of rows that ended in an error \
are not used.

| column | meaning |
|---|---|
| rows | number of records; rows = violating + failed + the counts under reference |
| with gap | rows that break no rule and have LB > 0 to be compared with |
| violating | rows whose plan breaks a rule, such as a mandatory user left local: they never get \
a gap |
| failed | rows without a plan: an error, or out of time before the first plan |
| gap mean, median, q95, max | of the *guaranteed* gap (z - LB)/LB over rows with gap; the true \
gap (z - F*)/F* lies in [(z - UB)/UB, (z - LB)/LB]. Quantiles are of type 7: linear between order \
statistics. In brackets: bootstrap 95 % interval over instances (`docs/statistics.md`), none with \
a single instance |
| proved optimal | share of *all* rows with (z - LB)/LB <= 0.0001 (0.01 %); a problem counts as \
proved optimal when (UB - LB)/LB <= 0.0001. Differences within 1e-9 are taken for rounding |
| within 1 % | share of *all* rows with a guaranteed gap of at most 1 %; report.html and \
summary.csv also count 0.01, 0.1, 5 and 10 % |
| above best known | mean of (z - UB)/UB over rows that break no rule: the lower end of the \
interval, and all that can be said without a bound |
| reference | what the rows are compared with, and how many of them (below) |
| width | mean of (UB - LB)/LB over rows with gap: how much of a guaranteed gap may be the \
bound's fault |
| time | median wall time of the algorithm alone over rows that did not end in an error, \
time-outs included |
| geo. | shifted geometric mean of the same times, exp(mean ln(t + 1 ms)) - 1 ms |
| PAR10 | mean time in which an unsolved row (out of time, failed, rules broken, or an exact \
method short of its gap) counts ten time limits; – where such a row has no limit |
| primal int. | mean primal integral (Berthold 2013): time integral of the relative distance of \
the incumbent to the best plan known, 1 while there is none, up to the time limit (the problem's \
longest time without one) |
| offloaded | mean number of users offloaded, over rows with a plan, violating ones included |
| accuracy, delay | realised mean accuracy and mean delay per user, over rows with a plan \
(violating ones included) whose instance has the data |

| reference | what stands behind it |
|---|---|
| enumerated | all plans were tried |
| certified | LB was re-checked by the verifier from a certificate and the instance alone |
| solver | LB is a MILP solver's word |
| best-known | no bound: rows are compared with UB, which is not a gap to the optimum |
| infeasible | a solver proved that there is no plan; no gap |
| crossed | a plan lies below LB, or exists although none should: a bug in one of the programs; \
no gap until it is found |

A plan below *any* bound, a solver's word included, counts as crossed.
Every row with its interval and reference is in `gaps.csv`, the tables' figures in full precision \
in `summary.csv`.
";
