//! Tables as CSV: full precision, empty where there is no value.

use super::Column;
use super::value::CsvNumbers;
use crate::files::{csv_text, write_csv};
use std::io::Write;

/// The columns' CSV of some rows.
pub(crate) fn table<'a, R: 'a>(
    columns: &[Column<R>],
    rows: impl IntoIterator<Item = &'a R>,
) -> String {
    let cells = |row: &R| cells(columns, row, CsvNumbers::Decimal);
    csv_text(&names(columns), rows.into_iter().map(cells))
}

/// The same, whole numbers without a decimal point.
pub(crate) fn table_of_shortest<'a, R: 'a>(
    columns: &[Column<R>],
    rows: impl IntoIterator<Item = &'a R>,
) -> String {
    let cells = |row: &R| cells(columns, row, CsvNumbers::Shortest);
    csv_text(&names(columns), rows.into_iter().map(cells))
}

/// [`table`], written row by row.
pub(crate) fn write<R>(
    out: &mut dyn Write,
    columns: &[Column<R>],
    rows: impl Iterator<Item = R>,
) -> std::io::Result<()> {
    let cells = |row: R| cells(columns, &row, CsvNumbers::Decimal);
    write_csv(out, names(columns), rows.map(cells))
}

fn names<R>(columns: &[Column<R>]) -> Vec<&'static str> {
    columns.iter().flat_map(|c| c.csv).copied().collect()
}

fn cells<R>(columns: &[Column<R>], row: &R, numbers: CsvNumbers) -> Vec<String> {
    let mut all = Vec::new();
    for column in columns.iter().filter(|c| !c.csv.is_empty()) {
        (column.value)(row).csv(numbers, &mut all);
    }
    all
}
