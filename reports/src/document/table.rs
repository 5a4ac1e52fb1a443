//! A table independent of format.

use super::column::ColumnHead;
use super::{Column, Format, Prose, Value};

/// A table.
pub(crate) struct Table {
    /// Name of its file and reference in LaTeX.
    pub label: &'static str,
    pub caption: Prose,
    pub heads: Vec<ColumnHead>,
    pub sections: Vec<Section>,
}

/// Rows that belong together.
pub(crate) struct Section {
    /// May be empty.
    pub title: String,
    pub rows: Vec<Vec<Value>>,
}

impl Table {
    /// The table of some rows; columns that only CSV shows are left out.
    pub fn of<'a, R: 'a>(
        caption: impl Into<Prose>,
        columns: &[Column<R>],
        rows: impl IntoIterator<Item = &'a R>,
    ) -> Self {
        Self::sectioned(caption, columns, [(String::new(), rows)])
    }

    /// The same with rows in sections; sections without rows are left out.
    pub fn sectioned<'a, R: 'a, I: IntoIterator<Item = &'a R>>(
        caption: impl Into<Prose>,
        columns: &[Column<R>],
        sections: impl IntoIterator<Item = (String, I)>,
    ) -> Self {
        let shown = || columns.iter().filter(|c| !c.head.formats.is_empty());
        let cells = |row: &R| shown().map(|c| c.cell(row)).collect();
        let section = |(title, rows): (String, I)| Section {
            title,
            rows: rows.into_iter().map(cells).collect(),
        };
        let sections = sections.into_iter().map(section);
        Self {
            label: "",
            caption: caption.into(),
            heads: shown().map(|c| c.head.clone()).collect(),
            sections: sections.filter(|s| !s.rows.is_empty()).collect(),
        }
    }

    /// Named, for LaTeX.
    pub fn labelled(mut self, label: &'static str) -> Self {
        self.label = label;
        self
    }

    pub fn is_empty(&self) -> bool {
        self.sections.is_empty()
    }

    /// Places of the columns that a format shows.
    pub fn places(&self, format: Format) -> Vec<usize> {
        (0..self.heads.len())
            .filter(|&k| self.heads[k].formats.contains(&format))
            .collect()
    }

    /// Whether a column holds words, which are set to the left.
    pub fn is_words(&self, place: usize) -> bool {
        if self.heads[place].is_figures {
            return false;
        }
        let first = self.sections.first().and_then(|s| s.rows.first());
        first.is_none_or(|row| row[place].is_words())
    }
}
