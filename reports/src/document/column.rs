//! The declaration of a table's columns.

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
    pub head: ColumnHead,
    /// Names in CSV: one for each cell of its value; none keeps it out.
    pub csv: &'static [&'static str],
    pub value: Compute<R>,
    /// Whether reports leave out the ends of its estimates.
    pub bare: bool,
}

/// How a column is named and where it is shown.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ColumnHead {
    /// With the unit.
    pub heading: String,
    /// Shared heading and own heading where space is short (LaTeX and terminal).
    pub narrow: Option<(&'static str, &'static str)>,
    /// Formats that show it.
    pub formats: &'static [Format],
    /// What a page's filters call it; empty when they do not act on it.
    pub tag: &'static str,
    /// Whether its texts are numbers, which are set to the right.
    pub is_figures: bool,
}

impl ColumnHead {
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

/// A table's columns, one a row: heading, names in CSV, where it is shown, and the value.
///
/// ```text
/// columns! { m: Measures;
///     "rows"      csv["rows"]     .narrow(ROWS, "all")                       => m.rows;
///     "timed out" csv["timeouts"] .narrow(ROWS, "late") .only(NOT_TERMINAL)  => m.timeouts;
///                 csv["best_known"]                                          => m.best;
/// }
/// ```
///
/// `m` is a row of the table, here a `&Measures`. The value is anything that converts into a
/// [`Value`]. A column without `csv` is not in CSV files, one without a heading is in nothing else.
/// What begins with a dot is a method of [`Column`].
macro_rules! columns {
    ($row:ident: $kind:ty; $(
        $($heading:literal)? $(csv[$($name:literal),+])? $(.$method:ident($($argument:expr),*))*
        => $value:expr;
    )*) => {
        vec![$(
            $crate::document::Column::hidden(move |$row: &$kind| {
                $crate::document::Value::from($value)
            })
            $(.headed($heading))?
            $(.csv(&[$($name),+]))?
            $(.$method($($argument),*))*
        ),*]
    };
}
pub(crate) use columns;

impl<R> Column<R> {
    /// A column that is shown nowhere.
    pub fn hidden(value: impl Fn(&R) -> Value + Send + Sync + 'static) -> Self {
        let head = ColumnHead {
            heading: String::new(),
            narrow: None,
            formats: &[],
            tag: "",
            is_figures: false,
        };
        Self {
            head,
            csv: &[],
            value: Box::new(value),
            bare: false,
        }
    }

    /// Shown in every format but CSV.
    pub fn headed(mut self, heading: impl Into<String>) -> Self {
        self.head.heading = heading.into();
        self.head.formats = ALL;
        self
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

    /// A column of texts that are numbers, such as `3 of 8`.
    pub fn figures(mut self) -> Self {
        self.head.is_figures = true;
        self
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
