//! `paper.tex`: tables (booktabs), figures (pgfplots), what must be known first and the methods,
//! ready for pdflatex.

use crate::bootstrap::Interval;
use crate::comparisons::Pair;
use crate::escape::{latex as escape, latex_id as id};
use crate::figures::Figure;
use crate::html::p_text;
use crate::study::Study;
use crate::tables::{Aggregate, Figures, Size, solvers};
use crate::text::{milliseconds, mode, percent, short};
use crate::{finding, methods, rich};
use std::fmt::Write as _;

/// The solver that pairs are shown against in the paper's table, where the campaign has it.
const BASE: &str = "goa";

/// Name and text of every table's file.
pub(crate) fn tables(study: &Study) -> Vec<(&'static str, String)> {
    vec![
        ("gap.tex", gap_table(study)),
        ("summary.tex", summary_table(study)),
        ("pairs.tex", pairs_table(study)),
        ("growth.tex", growth_table(study)),
    ]
}

/// The document.
pub(crate) fn paper(study: &Study, figures: &[Figure]) -> String {
    let analysis = &study.analysis;
    let first = finding::campaign(analysis) + &finding::read_first(study);
    let found = if analysis.rows.is_empty() {
        String::new()
    } else {
        finding::goa(&study.by_size, analysis)
    };
    let mut out = String::from(PREAMBLE);
    let _ = write!(out, "\\section{{Campaign}}\n{}", rich::tex(&first));
    let _ = write!(out, "\\section{{Finding}}\n{}", rich::tex(&found));
    out += "\\section{Methods}\n";
    out += &rich::tex(&methods::text(study));
    out += "\\section{Results}\nTables~\\ref{tab:gap} to~\\ref{tab:growth} and the figures hold the results; every number is in the CSV files beside this one.\n\n";
    out += "\\input{tables/gap.tex}\n\\input{tables/summary.tex}\n\\input{tables/pairs.tex}\n\\input{tables/growth.tex}\n\n";
    for figure in figures {
        let name = figure.name();
        let _ = write!(
            out,
            "\\begin{{figure}}\n\\centering\n\\input{{figures/{name}.tex}}\n\\caption{{{}. {}}}\n\\label{{fig:{name}}}\n\\end{{figure}}\n",
            escape(figure.title()),
            escape(figure.caption())
        );
    }
    out + "\\clearpage\n\\end{document}\n"
}

const PREAMBLE: &str = r"% Made by offload-bench. Compile twice with pdflatex (Debian: texlive-latex-base, texlive-latex-recommended, texlive-pictures).
\documentclass[10pt,twocolumn]{article}
\usepackage[margin=1.8cm]{geometry}
\usepackage{booktabs}
\usepackage{pgfplots}
\pgfplotsset{compat=1.16}
\usepgfplotslibrary{groupplots}
\usepackage{graphicx}
\setcounter{topnumber}{4}
\setcounter{totalnumber}{6}
\renewcommand{\topfraction}{0.95}
\renewcommand{\floatpagefraction}{0.6}
\renewcommand{\dbltopfraction}{0.95}
\renewcommand{\dblfloatpagefraction}{0.6}
\renewcommand{\textfraction}{0.05}
% Two figures fit a column.
\setlength{\abovecaptionskip}{3pt}
\setlength{\floatsep}{6pt}
% Floats of a page of their own start at its top.
\makeatletter
\setlength{\@fptop}{0pt}
\setlength{\@dblfptop}{0pt}
\setlength{\@fpsep}{6pt}
\makeatother
% The usual bullet needs another font, which not every system has as outlines.
\renewcommand{\labelitemi}{$\bullet$}
\emergencystretch=3em
\title{Campaign report}
\author{offload-bench}
\date{}
\begin{document}
\maketitle
";

/// A full-width table, scaled down where it is wider than the page.
fn wide(label: &str, caption: &str, columns: &str, body: &str) -> String {
    format!(
        "\\begin{{table*}}\n\\centering\n\\caption{{{}}}\n\\label{{tab:{label}}}\n\\footnotesize\n\\setlength{{\\tabcolsep}}{{3.5pt}}\n\\sbox0{{\\begin{{tabular}}{{{columns}}}\n{body}\\end{{tabular}}}}%\n\\ifdim\\wd0>\\textwidth \\resizebox{{\\textwidth}}{{!}}{{\\usebox0}}\\else\\usebox0\\fi\n\\end{{table*}}\n",
        escape(caption)
    )
}

fn line(cells: &[String]) -> String {
    format!("{} \\\\\n", cells.join(" & "))
}

fn number(text: &str) -> String {
    escape(text)
}

/// `mean [low, high]` in %.
fn ranged(mean: f64, interval: Option<Interval>) -> String {
    let ends = interval.map_or_else(String::new, |i| {
        format!(
            " \\scriptsize[{}, {}]",
            number(&percent(Some(i.low))),
            number(&percent(Some(i.high)))
        )
    });
    number(&percent(Some(mean))) + &ends
}

fn gap_table(study: &Study) -> String {
    let mut users: Vec<usize> = study.by_size.iter().map(|row| row.key.users).collect();
    users.sort_unstable();
    users.dedup();
    let mut body = String::from("\\toprule\n");
    let mut header = vec!["solver".to_string()];
    header.extend(users.iter().map(|n| format!("$N = {n}$")));
    body += &line(&header);
    for interference in [false, true] {
        let rows: Vec<&Aggregate<Size>> = study
            .by_size
            .iter()
            .filter(|r| r.key.interference == interference)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let _ = write!(
            body,
            "\\midrule\n\\multicolumn{{{}}}{{l}}{{\\emph{{interference {}}}}} \\\\\n",
            users.len() + 1,
            mode(interference)
        );
        for solver in solvers(&study.analysis) {
            let of: Vec<&&Aggregate<Size>> = rows.iter().filter(|r| r.solver == solver).collect();
            if of.is_empty() {
                continue;
            }
            let mut cells = vec![id(solver)];
            cells.extend(users.iter().map(|&n| {
                let figures = of.iter().find(|r| r.key.users == n).map(|r| &r.figures);
                let cell =
                    figures.and_then(|f| Some(ranged(f.gap?.mean, f.intervals.map(|i| i.mean))));
                cell.unwrap_or_else(|| "--".into())
            }));
            body += &line(&cells);
        }
    }
    body += "\\bottomrule\n";
    let caption = "Mean guaranteed gap in % by number of users, with its bootstrap 95 % interval over instances. --: no row with a gap.";
    wide(
        "gap",
        caption,
        &format!("l{}", "r".repeat(users.len())),
        &body,
    )
}

fn summary_cells(f: &Figures) -> Vec<String> {
    let share = |count: usize| number(&percent(Some(count as f64 / f.rows.max(1) as f64)));
    let mut cells: Vec<String> = [f.rows, f.violating, f.failed, f.timeouts]
        .map(|n| n.to_string())
        .into();
    cells.push(f.gap.map_or_else(
        || "--".into(),
        |g| ranged(g.mean, f.intervals.map(|i| i.mean)),
    ));
    cells.extend(
        [
            f.gap.map(|g| g.median),
            f.gap.map(|g| g.q95),
            f.gap.map(|g| g.max),
        ]
        .map(|v| number(&percent(v))),
    );
    cells.extend(f.within.map(share));
    cells.extend([f.time_geometric_s, f.par10_s].map(|v| number(&milliseconds(v))));
    cells.extend([f.accuracy_pct, f.delay_ms].map(|v| number(&short(v))));
    cells
}

fn summary_table(study: &Study) -> String {
    let mut body = String::from(
        "\\toprule\n & \\multicolumn{4}{c}{rows} & \\multicolumn{4}{c}{guaranteed gap (\\%)} & \\multicolumn{5}{c}{share of rows within (\\%)} & \\multicolumn{2}{c}{time (ms)} & accuracy & delay \\\\\n\
         \\cmidrule(lr){2-5}\\cmidrule(lr){6-9}\\cmidrule(lr){10-14}\\cmidrule(lr){15-16}\n\
         solver & all & viol. & failed & late & mean & median & q95 & max & 0.01 & 0.1 & 1 & 5 & 10 & geo. & PAR10 & (\\%) & (ms) \\\\\n",
    );
    for interference in [false, true] {
        let rows: Vec<&Aggregate<bool>> = study
            .totals
            .iter()
            .filter(|r| r.key == interference)
            .collect();
        if !rows.is_empty() {
            let _ = write!(
                body,
                "\\midrule\n\\multicolumn{{18}}{{l}}{{\\emph{{interference {}}}}} \\\\\n",
                mode(interference)
            );
        }
        for row in rows {
            let mut cells = vec![id(&row.solver)];
            cells.extend(summary_cells(&row.figures));
            body += &line(&cells);
        }
    }
    body += "\\bottomrule\n";
    let caption = "All problems of a mode together. Late: out of time. Geo.: shifted geometric mean (shift 1 ms). PAR10: unsolved rows count ten time limits. \
                   Accuracy and delay per user are realised means, plans that break rules included.";
    wide("summary", caption, &format!("l{}", "r".repeat(17)), &body)
}

fn pairs_table(study: &Study) -> String {
    let base = if study
        .pairs
        .iter()
        .any(|p| p.first == BASE || p.second == BASE)
    {
        BASE.to_string()
    } else {
        study
            .pairs
            .first()
            .map_or_else(|| BASE.into(), |p| p.first.clone())
    };
    let shown: Vec<&Pair> = study
        .pairs
        .iter()
        .filter(|p| p.first == base || p.second == base)
        .collect();
    let mut body = format!(
        "\\toprule\n{} against & interf. & problems & wins & ties & losses & difference (points) & effect & $p$ (Holm) \\\\\n\\midrule\n",
        id(&base)
    );
    for pair in shown {
        let d = &pair.paired;
        // Seen from the base, whichever side it is on.
        let forward = pair.first == base;
        let sign = if forward { 1.0 } else { -1.0 };
        let (wins, losses) = if forward {
            (d.wins, d.losses)
        } else {
            (d.losses, d.wins)
        };
        let interval = d.interval.map(|i| {
            if forward {
                i
            } else {
                Interval {
                    estimate: -i.estimate,
                    low: -i.high,
                    high: -i.low,
                }
            }
        });
        body += &line(&[
            id(if forward { &pair.second } else { &pair.first }),
            mode(pair.interference).into(),
            d.problems.to_string(),
            wins.to_string(),
            (d.problems - wins - losses).to_string(),
            losses.to_string(),
            ranged(sign * d.mean, interval),
            number(&short(d.test.map(|t| sign * t.effect))),
            d.test
                .map_or_else(|| "--".into(), |_| number(&p_text(pair.corrected_p))),
        ]);
    }
    body += "\\bottomrule\n";
    let caption = format!(
        "{base} against every other solver on common problems: difference of guaranteed gaps (below 0: {base} is better), matched-pairs rank-biserial effect, \
         Wilcoxon's p corrected over all pairs of the campaign."
    );
    wide("pairs", &caption, "llrrrrrrr", &body)
}

fn growth_table(study: &Study) -> String {
    let mut body = String::from(
        "\\toprule\nsolver & interf. & $M$ & exponent of $N$ & ms at $N = 100$ & runs & cut off \\\\\n\\midrule\n",
    );
    for g in &study.growth {
        let Some(s) = g.scaling else { continue };
        let ends = format!(
            "{} \\scriptsize[{}, {}]",
            short(Some(s.exponent.estimate)),
            number(&short(Some(s.exponent.low))),
            number(&short(Some(s.exponent.high)))
        );
        let cells = [
            id(&g.solver),
            mode(g.interference).into(),
            g.servers.to_string(),
            ends,
        ];
        let rest = [
            number(&milliseconds(Some(s.at(100.0)))),
            s.runs.to_string(),
            s.censored.to_string(),
        ];
        body += &line(&[cells.as_slice(), rest.as_slice()].concat());
    }
    body += "\\bottomrule\n";
    let caption = "Growth of time with N: fitted exponents with 95 % intervals clustered by instance; runs that were cut off count as at least that long.";
    wide("growth", caption, "llrrrrr", &body)
}
