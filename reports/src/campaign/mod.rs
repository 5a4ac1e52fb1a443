//! A campaign's report: Markdown, one HTML page, LaTeX, CSV, figures, and a table for the terminal.

mod columns;
mod figures;
mod finding;
mod glossary;
mod methods;
mod overview;
mod tables;
mod trajectories;

use crate::analysis::Study;
use crate::analysis::aggregates::ThresholdKey;
use crate::analysis::comparisons::TimeGrowth;
use crate::analysis::recheck::sentence;
use crate::document::{
    Block, Document, Filters, Picture, Select, Table, add_pictures, csv, html, latex, markdown,
    terminal,
};
use crate::error::ReportError;
use crate::escape::xml_characters;
use crate::files::FileSet;
use crate::text::{clip, counted, mode};
use columns::RecordLine;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Figures shown in the Markdown report; the others are linked.
const SHOWN: [&str; 3] = ["gap-vs-users", "gap-distribution", "runtime-vs-users"];

const TITLE: &str = "Campaign report";

/// Writes a campaign's report into `folder`, which is made if it is missing: `report.md`,
/// `report.html` (one page, nothing fetched), `paper.tex` with `tables/*.tex`, the CSV files of
/// [`NAMES`], and each figure as `figures/NAME.svg`, `.tex` (pgfplots) and `.csv` (every number
/// drawn). They are written all together or not at all. Returns the paths of those in `folder`
/// itself, the reports first.
///
/// # Errors
/// [`ReportError::Io`], naming the file; those of an earlier report are then as they were.
pub fn write_report(study: &Study, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let set = FileSet::begin(folder)?;
    // The row of every record takes as long as everything else.
    let (rows, rest) = rayon::join(|| add_rows(study, &set), || add_summaries(study, &set));
    rows.and(rest)?;
    set.finish()?;
    Ok(NAMES.iter().map(|name| folder.join(name)).collect())
}

/// The files of a report in its folder itself: the reports; a row per record, and per moment of
/// its trajectory; the tables, by kind of problem, by N and by interference mode; pairs; growth;
/// the virtual best.
pub const NAMES: [&str; 11] = [
    "report.md",
    "report.html",
    "paper.tex",
    "gaps.csv",
    "anytime.csv",
    "summary.csv",
    "sizes.csv",
    "totals.csv",
    "pairs.csv",
    "growth.csv",
    "virtual-best.csv",
];

/// The files that grow with the records, written as they are made.
fn add_rows(study: &Study, set: &FileSet) -> Result<(), ReportError> {
    set.add_with("gaps.csv", |out| write_gaps(study, out))?;
    set.add_with("anytime.csv", |out| {
        csv::write(out, &trajectories::columns(), trajectories::lines(study))
    })
}

/// `gaps.csv`.
fn write_gaps(study: &Study, out: &mut dyn std::io::Write) -> std::io::Result<()> {
    let analysis = &study.analysis;
    let lines = analysis.rows.iter().map(|scored| RecordLine {
        record: scored.record,
        standing: scored.standing,
        is_anytime: analysis.catalogue.is_anytime(scored.record),
        end: analysis.catalogue.end(scored.record),
        bounds: &analysis.problems[scored.problem],
    });
    csv::write(out, &columns::record_lines(), lines)
}

/// Everything but the row of every record.
fn add_summaries(study: &Study, set: &FileSet) -> Result<(), ReportError> {
    let figures = figures::figures(study).into_iter().map(Arc::new);
    let pictures: Vec<Picture> = figures.map(|f| Picture::new(&f, "")).collect();
    add_pictures(set, &pictures, &["svg", "tex", "csv"])?;
    for table in paper_tables(study) {
        let name = format!("tables/{}.tex", table.label);
        set.add(&name, latex::table(&table).as_bytes())?;
    }
    let summary = csv::table(&columns::by_setting(), &study.by_setting);
    let best = csv::table(&columns::virtual_best(), &study.virtual_best);
    let files = [
        ("report.md", markdown::document(&report(study, &pictures))),
        ("report.html", html::document(&page(study, &pictures))),
        ("paper.tex", latex::document(&paper(study, &pictures))),
        ("summary.csv", summary),
        ("sizes.csv", csv::table(&columns::by_size(), &study.by_size)),
        ("totals.csv", csv::table(&columns::by_mode(), &study.totals)),
        ("pairs.csv", csv::table(&columns::pairs(), &study.pairs)),
        ("growth.csv", csv::table(&columns::growth(), &study.growth)),
        ("virtual-best.csv", best),
    ];
    for (name, text) in files {
        set.add(name, text.as_bytes())?;
    }
    Ok(())
}

/// `report.md`.
fn report(study: &Study, pictures: &[Picture]) -> Document {
    let mut blocks = overview::overview(study);
    if !study.analysis.rows.is_empty() {
        blocks.extend([Block::heading("Finding"), finding::finding(study)]);
        blocks.push(Block::heading(
            "Guaranteed gap by solver and number of users",
        ));
        blocks.push(Block::Table(tables::gaps_by_users(study)));
        let (shown, others): (Vec<_>, Vec<_>) = pictures
            .iter()
            .cloned()
            .partition(|p| SHOWN.contains(&p.figure.name()));
        blocks.extend(shown.into_iter().map(Block::Figure));
        blocks.push(Block::FigureLinks(others));
        blocks.push(Block::heading("Summary by solver"));
        blocks.push(Block::paragraph(
            "All families, thresholds and weights together.",
        ));
        blocks.extend(tables::folded_sizes(study));
        blocks.push(Block::heading(
            "By family, number of users, threshold and solver",
        ));
        blocks.extend(tables::folded_settings(study));
        blocks.push(Block::heading("Solvers against each other"));
        if !study.pairs.is_empty() {
            blocks.push(Block::Table(tables::pairs_of_one(study)));
        }
        blocks.push(folded_pairs(study));
        blocks.push(Block::heading("Growth of time with N"));
        blocks.push(Block::Table(tables::growth(fitted(study))));
        blocks.push(Block::heading("Virtual best"));
        blocks.push(Block::Table(tables::virtual_best(study)));
        blocks.push(Block::heading("Methods"));
        blocks.extend(methods::methods(study));
    }
    blocks.push(Block::heading("Glossary"));
    blocks.extend(glossary::glossary());
    document(blocks)
}

fn document(blocks: Vec<Block>) -> Document {
    Document {
        title: TITLE,
        blocks,
        footer: "Made by offload-bench. The numbers of all tables are in summary.csv, sizes.csv, \
                 totals.csv, pairs.csv, growth.csv and virtual-best.csv beside it, those of \
                 figures in figures/*.csv, and every row is in gaps.csv.",
    }
}

fn fitted<'a>(study: &'a Study) -> impl Iterator<Item = &'a TimeGrowth> {
    study.growth.iter().filter(|g| g.scaling.is_some())
}

fn folded_pairs(study: &Study) -> Block {
    if study.pairs.is_empty() {
        return Block::paragraph("No two solvers have feasible plans of a common problem.");
    }
    Block::Details(
        "Paired differences on common problems".into(),
        vec![Block::Table(tables::pairs(study))],
    )
}

/// `report.html`.
fn page(study: &Study, pictures: &[Picture]) -> Document {
    let mut blocks = overview::overview(study);
    blocks.push(Block::section("Finding", "finding", "Finding"));
    if !study.analysis.rows.is_empty() {
        blocks.push(finding::finding(study));
    }
    blocks.push(Block::section("Results", "results", "Results"));
    blocks.push(Block::paragraph(
        "Filters act on all tables below and on the series of the figures. Each row is one solver \
         on one kind of problem; filters never combine rows.",
    ));
    blocks.extend([
        Block::Filters(filters(study)),
        Block::Subheading("By kind of problem"),
        Block::Table(tables::settings(study)),
        Block::Subheading("By number of users, all families and thresholds together"),
        Block::Table(tables::sizes(study)),
        Block::section("Figures", "figures", "Figures"),
    ]);
    blocks.extend(pictures.iter().cloned().map(Block::Figure));
    blocks.extend([
        Block::section("Solvers against each other", "pairs", "Pairs"),
        Block::Table(tables::pairs_of_one(study)),
        Block::Table(tables::pairs(study)),
        Block::section("Growth of time with N", "growth", "Growth"),
        Block::Table(tables::growth(&study.growth)),
        Block::section("Virtual best", "best", "Virtual best"),
        Block::Table(tables::virtual_best(study)),
        Block::section("Methods", "methods", "Methods"),
    ]);
    blocks.extend(methods::methods(study));
    blocks.push(Block::section("Glossary", "glossary", "Glossary"));
    blocks.extend(glossary::glossary());
    document(blocks)
}

fn filters(study: &Study) -> Filters {
    let rows = || study.analysis.rows.iter().map(|row| row.record);
    let families: BTreeSet<String> = rows().map(|r| xml_characters(&r.family)).collect();
    let users: BTreeSet<usize> = rows().map(|r| r.users).collect();
    let thresholds: BTreeSet<ThresholdKey> = rows().map(|r| ThresholdKey(r.threshold)).collect();
    let modes: BTreeSet<&str> = rows().map(|r| mode(r.interference)).collect();
    let select = |name, label, options| Select {
        name,
        label,
        options,
    };
    Filters {
        selects: vec![
            select("family", "Family", families.into_iter().collect()),
            select(
                "interference",
                "Interference",
                modes.into_iter().map(String::from).collect(),
            ),
            select(
                "users",
                "N",
                users.iter().map(ToString::to_string).collect(),
            ),
            select(
                "threshold",
                "Threshold",
                thresholds.iter().map(|t| t.0.to_string()).collect(),
            ),
        ],
        solvers: study
            .analysis
            .solvers
            .iter()
            .map(|id| xml_characters(id))
            .collect(),
    }
}

/// The tables of the paper, in its order.
fn paper_tables(study: &Study) -> [Table; 4] {
    [
        tables::gaps_by_users(study),
        tables::summary(study),
        tables::pairs_of_one(study),
        tables::growth(fitted(study)),
    ]
}

/// `paper.tex`.
fn paper(study: &Study, pictures: &[Picture]) -> Document {
    let mut blocks = vec![Block::heading("Campaign")];
    blocks.extend(overview::overview(study));
    blocks.push(Block::heading("Finding"));
    if !study.analysis.rows.is_empty() {
        blocks.push(finding::finding(study));
    }
    blocks.push(Block::heading("Methods"));
    blocks.extend(methods::methods(study));
    blocks.push(Block::heading("Results"));
    blocks.push(Block::paragraph(
        "The results are in the tables and figures. The numbers of the tables are in sizes.csv \
         (by N), totals.csv (all problems of a mode), pairs.csv and growth.csv beside this \
         document, those of figures in figures/*.csv.",
    ));
    blocks.extend(paper_tables(study).into_iter().map(Block::Table));
    blocks.extend(pictures.iter().cloned().map(Block::Figure));
    document(blocks)
}

/// One table per interference mode, one row per solver: counts, mean guaranteed gap at each N,
/// greatest gap, share proved optimal, median time. Contradictions between bounds and plans stand
/// before the tables.
#[must_use]
pub fn console_table(study: &Study) -> String {
    let analysis = &study.analysis;
    if analysis.rows.is_empty() {
        return "no records\n".into();
    }
    let mut out = String::new();
    if !analysis.crossings.is_empty() {
        out += &format!(
            "ERROR: {} below a lower bound; these problems have no gap. See report.md.\n\n",
            counted(analysis.crossings.len(), "plan")
        );
    }
    let (rows, missing) = (analysis.rows.len(), study.missing_rows());
    if missing > 0 {
        out += &format!(
            "WARNING: unfinished: {rows} of {} in the configuration are present.\n\n",
            counted(rows + missing, "row")
        );
    }
    if let Some((stop, _)) = overview::most_frequent_stop(study.not_run.iter()) {
        let count = counted(study.not_run.len(), "solve");
        let stop = clip(stop, overview::REASON);
        out += &format!("WARNING: {count} did not run ({stop}); run again to repeat them.\n\n");
    }
    out + &terminal::table(&tables::terminal(study))
        + "Mean guaranteed gap in % by number of users, then over all with its 95 % interval: \
           (plan - bound)/bound, an upper bound of the true gap; –: no bound or no plan.\n"
        + &sentence(study.recheck.as_ref()).replace('`', "")
        + "\n"
}

#[cfg(test)]
mod tests;
