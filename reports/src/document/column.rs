//! The declaration of a table's column.

use super::Value;

/// Formats in which a table is shown. CSV is apart: a column is in it when it has names there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Html,
    Markdown,
    Latex,
    Terminal,
}

const ALL: &[Format] = &[
    Format::Html,
    Format::Markdown,
    Format::Latex,
    Format::Terminal,
];

/// How a row is turned into a cell.
type Compute<R> = Box<dyn Fn(&R) -> Value + Send + Sync>;

/// A column of a table whose rows are `R`s.
pub(crate) struct Column<R> {
    pub head: Head,
    /// Names in CSV: one for each cell of its value; none keeps it out.
    pub csv: &'static [&'static str],
    pub value: Compute<R>,
    /// Whether reports leave out the ends of its estimates.
    pub bare: bool,
}

/// How a column is named and where it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    /// With the unit.
    pub heading: String,
    /// Shared heading and own heading where space is short (LaTeX and terminal).
    pub narrow: Option<(&'static str, &'static str)>,
    /// Formats that show it.
    pub formats: &'static [Format],
    /// What a page's filters call it; empty when they do not act on it.
    pub tag: &'static str,
}

impl Head {
    /// The heading in a format: LaTeX shows the shared heading above it, a terminal has none.
    pub fn text(&self, format: Format) -> &str {
        match (self.narrow, format) {
            (Some((_, short)), Format::Latex) | (Some(("", short)), Format::Terminal) => short,
            _ => &self.heading,
        }
    }

    pub fn group(&self) -> &'static str {
        self.narrow.map_or("", |n| n.0)
    }
}

impl<R> Column<R> {
    /// A column that every format but CSV shows.
    pub fn new(
        heading: impl Into<String>,
        value: impl Fn(&R) -> Value + Send + Sync + 'static,
    ) -> Self {
        let heading = heading.into();
        Self {
            head: Head {
                heading,
                narrow: None,
                formats: ALL,
                tag: "",
            },
            csv: &[],
            value: Box::new(value),
            bare: false,
        }
    }

    /// A column of CSV alone.
    pub fn hidden(
        csv: &'static [&'static str],
        value: impl Fn(&R) -> Value + Send + Sync + 'static,
    ) -> Self {
        Self::new("", value).only(&[]).csv(csv)
    }

    pub fn csv(mut self, names: &'static [&'static str]) -> Self {
        self.csv = names;
        self
    }

    pub fn only(mut self, formats: &'static [Format]) -> Self {
        self.head.formats = formats;
        self
    }

    pub fn narrow(mut self, group: &'static str, heading: &'static str) -> Self {
        self.head.narrow = Some((group, heading));
        self
    }

    /// Without the ends of its estimates, which CSV has.
    pub fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    /// The cell that reports show.
    pub fn cell(&self, row: &R) -> Value {
        match (self.value)(row) {
            Value::Estimate(value, _, digits) if self.bare => Value::Number(value, digits),
            value => value,
        }
    }

    pub fn tag(mut self, tag: &'static str) -> Self {
        self.head.tag = tag;
        self
    }

    /// The same column of rows that hold an `R`.
    pub fn of<S: 'static>(self, pick: fn(&S) -> &R) -> Column<S>
    where
        R: 'static,
    {
        let value = self.value;
        Column {
            head: self.head,
            csv: self.csv,
            value: Box::new(move |row| value(pick(row))),
            bare: self.bare,
        }
    }
}
