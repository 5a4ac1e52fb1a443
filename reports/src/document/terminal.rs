//! Tables and prose for a terminal.

use super::{Format, Table};
use crate::text::clip;
use comfy_table::{CellAlignment, TableComponent, presets};

/// Widest cell, characters.
const WIDEST: usize = 40;

/// A table; each section below its title.
pub(crate) fn table(table: &Table) -> String {
    let places = table.places(Format::Terminal);
    let mut out = String::new();
    for section in &table.sections {
        let mut drawn = comfy_table::Table::new();
        drawn.load_preset(presets::UTF8_HORIZONTAL_ONLY).set_header(
            places
                .iter()
                .map(|&k| table.heads[k].text(Format::Terminal)),
        );
        for component in [
            TableComponent::HorizontalLines,
            TableComponent::MiddleIntersections,
            TableComponent::VerticalLines,
        ] {
            drawn.remove_style(component);
        }
        for row in &section.rows {
            drawn.add_row(places.iter().map(|&k| clip(&row[k].text(), WIDEST)));
        }
        for (column, &k) in drawn.column_iter_mut().zip(&places) {
            if !table.is_words(k) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        if !section.title.is_empty() {
            out += &format!("{}\n", section.title);
        }
        out += &format!("{}\n", drawn.trim_fmt());
    }
    out
}
