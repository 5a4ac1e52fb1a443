//! The summary for a terminal.

use crate::gaps::Analysis;
use crate::study::Study;
use crate::tables::{Aggregate, Figures, Size, solvers};
use crate::text::{clip, counted, milliseconds, mode, percent};
use comfy_table::{CellAlignment, Table, TableComponent, presets};

/// Above this many different N, the table has one column for all of them.
const MOST_SIZES: usize = 8;

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
        let count = counted(analysis.crossings.len(), "plan");
        out += &format!(
            "ERROR: {count} below a lower bound; these problems get no gap. See report.md.\n\n"
        );
    }
    if study.missing_rows() > 0 {
        let (rows, missing) = (analysis.rows.len(), study.missing_rows());
        out += &format!(
            "WARNING: unfinished: {rows} of {} that the configuration asks for are there.\n\n",
            counted(rows + missing, "row")
        );
    }
    for interference in [false, true] {
        let of_mode: Vec<&Aggregate<bool>> = study
            .totals
            .iter()
            .filter(|row| row.key == interference)
            .collect();
        if !of_mode.is_empty() {
            let title = format!(
                "interference {}: mean guaranteed gap in % by number of users",
                mode(interference)
            );
            out += &format!(
                "{title}\n{}\n\n",
                mode_table(analysis, &of_mode, &study.by_size).trim_fmt()
            );
        }
    }
    out + "Guaranteed gap: (plan - bound)/bound, an upper end; – where there is no bound or no \
        plan to compare.\n"
}

fn mode_table(
    analysis: &Analysis,
    totals: &[&Aggregate<bool>],
    sizes: &[Aggregate<Size>],
) -> Table {
    let interference = totals[0].key;
    let of_mode: Vec<&Aggregate<Size>> = sizes
        .iter()
        .filter(|row| row.key.interference == interference)
        .collect();
    let mut users: Vec<usize> = of_mode.iter().map(|row| row.key.users).collect();
    users.dedup();
    let users = if users.len() > MOST_SIZES {
        Vec::new()
    } else {
        users
    };

    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table
        .remove_style(TableComponent::HorizontalLines)
        .remove_style(TableComponent::MiddleIntersections);
    table.remove_style(TableComponent::VerticalLines);
    let mut header: Vec<String> = ["solver", "rows", "viol.", "failed"]
        .map(String::from)
        .into();
    header.extend(users.iter().map(|n| format!("N={n}")));
    header.extend(["all N", "max", "optimal %", "ms"].map(String::from));
    table.set_header(header);
    for id in solvers(analysis) {
        let Some(total) = totals.iter().find(|row| row.solver == id) else {
            continue;
        };
        let figures = |n: usize| {
            of_mode
                .iter()
                .find(|r| r.solver == id && r.key.users == n)
                .map(|r| &r.figures)
        };
        table.add_row(cells(id, &total.figures, users.iter().map(|&n| figures(n))));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn cells<'a>(
    id: &str,
    total: &Figures,
    by_size: impl Iterator<Item = Option<&'a Figures>>,
) -> Vec<String> {
    let mean = |figures: &Figures| percent(figures.gap.map(|gap| gap.mean));
    let mut cells = vec![
        clip(id, 30),
        total.rows.to_string(),
        total.violating.to_string(),
        total.failed.to_string(),
    ];
    cells.extend(by_size.map(|figures| figures.map_or_else(|| "–".into(), mean)));
    cells.extend([
        mean(total),
        percent(total.gap.map(|gap| gap.max)),
        percent(Some(total.optimal_share())),
        milliseconds(total.time_s),
    ]);
    cells
}
