//! Documents as LaTeX, ready for pdflatex.

use super::{Block, Document, Format, Inline, Prose, Table, Value};
use crate::escape::{latex as escape, latex_id as id};
use std::fmt::Write as _;

/// The document; its tables are files of their own, as [`table`] makes them.
pub(crate) fn document(document: &Document) -> String {
    let preamble = PREAMBLE.replace("TITLE", &escape(document.title));
    format!(
        "{preamble}{}\\clearpage\n\\end{{document}}\n",
        blocks(&document.blocks)
    )
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
\title{TITLE}
\author{offload-bench}
\date{}
\begin{document}
\maketitle
";

fn blocks(all: &[Block]) -> String {
    all.iter().map(block).collect()
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(heading) => format!("\\section{{{}}}\n", escape(heading.text)),
        Block::Subheading(text) => format!("\\subsection{{{}}}\n", escape(text)),
        Block::Paragraph(text) => format!("{}\n\n", prose(text)),
        Block::List(items) => {
            let items: String = items
                .iter()
                .map(|item| format!("  \\item {}\n", no_option(prose(item))))
                .collect();
            format!("\\begin{{itemize}}\n{items}\\end{{itemize}}\n\n")
        }
        Block::Alert(inner) => {
            format!("\\begin{{quote}}\n{}\\end{{quote}}\n\n", blocks(inner))
        }
        Block::Table(table) => format!("\\input{{tables/{}.tex}}\n", table.label),
        Block::Figure(picture) => format!(
            "\\begin{{figure}}\n\\centering\n\\input{{{}.tex}}\n\\caption{{{}. {}}}\n\\label{{fig:{}}}\n\\end{{figure}}\n",
            picture.path,
            escape(picture.figure.title()),
            escape(picture.figure.caption()),
            picture.figure.name()
        ),
        Block::Details(_, inner) => blocks(inner),
        Block::FigureLinks(_) | Block::Comment(_) | Block::Filters(_) => String::new(),
    }
}

fn prose(prose: &Prose) -> String {
    prose.0.iter().map(inline).collect()
}

fn inline(inline: &Inline) -> String {
    match inline {
        Inline::Text(text) => escape(text),
        Inline::Code(id) => format!("\\texttt{{{}}}", escape(id).replace('-', "{-}")),
        Inline::Strong(inner) => format!("\\textbf{{{}}}", prose(inner)),
        Inline::Emphasis(term) => format!("\\emph{{{}}}", escape(term)),
    }
}

/// Text after a command that would take a bracket for its option, and a star for its variant.
fn no_option(text: String) -> String {
    if text.starts_with(['[', '*']) {
        format!("{{}}{text}")
    } else {
        text
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Code(name) => id(name),
        Value::Words(words) => prose(words),
        Value::Estimate(..) => {
            let ends = value.ends();
            let small = if ends.is_empty() { "" } else { "\\scriptsize" };
            let ends = escape(ends.trim_start());
            let lead = escape(&value.lead());
            if small.is_empty() {
                lead
            } else {
                format!("{lead} {small}{ends}")
            }
        }
        other => escape(&other.text()),
    }
}

/// A full-width table (booktabs), scaled down where it is wider than the page.
pub(crate) fn table(table: &Table) -> String {
    let places = table.places(Format::Latex);
    let line = |cells: Vec<String>| format!("{} \\\\\n", no_option(cells.join(" & ")));
    let mut body = String::from("\\toprule\n");
    body += &shared_heads(table, &places);
    body += &line(
        places
            .iter()
            .map(|&k| escape(table.heads[k].text(Format::Latex)))
            .collect(),
    );
    for section in &table.sections {
        body += "\\midrule\n";
        if !section.title.is_empty() {
            let _ = writeln!(
                body,
                "\\multicolumn{{{}}}{{l}}{{\\emph{{{}}}}} \\\\",
                places.len(),
                escape(&section.title)
            );
        }
        for row in &section.rows {
            body += &line(places.iter().map(|&k| cell(&row[k])).collect());
        }
    }
    body += "\\bottomrule\n";
    let sides: String = places
        .iter()
        .map(|&k| if table.is_words(k) { 'l' } else { 'r' })
        .collect();
    format!(
        "\\begin{{table*}}\n\\centering\n\\caption{{{}}}\n\\label{{tab:{}}}\n\\footnotesize\n\\setlength{{\\tabcolsep}}{{3.5pt}}\n\\sbox0{{\\begin{{tabular}}{{{sides}}}\n{body}\\end{{tabular}}}}%\n\\ifdim\\wd0>\\textwidth \\resizebox{{\\textwidth}}{{!}}{{\\usebox0}}\\else\\usebox0\\fi\n\\end{{table*}}\n",
        prose(&table.caption),
        table.label
    )
}

/// The line of headings that neighbouring columns share; empty when no columns do.
fn shared_heads(table: &Table, places: &[usize]) -> String {
    let groups: Vec<&str> = places.iter().map(|&k| table.heads[k].group()).collect();
    if groups.iter().all(|group| group.is_empty()) {
        return String::new();
    }
    let (mut heads, mut rules, mut first) = (Vec::new(), String::new(), 1);
    for run in groups.chunk_by(|a, b| a == b) {
        let (group, last) = (escape(run[0]), first + run.len() - 1);
        if run.len() > 1 && !group.is_empty() {
            heads.push(format!("\\multicolumn{{{}}}{{c}}{{{group}}}", run.len()));
            let _ = write!(rules, "\\cmidrule(lr){{{first}-{last}}}");
        } else {
            heads.push(group);
            heads.extend(run.iter().skip(1).map(|_| String::new()));
        }
        first = last + 1;
    }
    format!("{} \\\\\n{rules}\n", heads.join(" & "))
}
