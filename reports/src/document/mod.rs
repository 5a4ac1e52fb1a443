//! Documents independent of format: headings, prose, lists, alerts, tables and figures, and one
//! renderer for each format.
//!
//! A report builds its `Document` once; `html`, [`markdown`] and `latex` render it, and `csv` and
//! `terminal` render tables alone. A table's `Column`s are declared once, with name, heading,
//! value, digits and the formats in which they appear.

mod column;
pub(crate) mod csv;
pub(crate) mod html;
mod inline;
pub(crate) mod latex;
pub mod markdown;
mod table;
pub(crate) mod terminal;
mod value;

pub(crate) use column::{Column, Format, columns};
pub use inline::{Inline, Prose};
pub(crate) use inline::{code, emphasis, listed, strong};
pub(crate) use table::Table;
pub(crate) use value::{Digits, Value, shown};

use crate::error::ReportError;
use crate::figures::Figure;
use crate::files::{FIGURES, FileSet};
use std::sync::Arc;

/// A document.
pub(crate) struct Document {
    pub title: &'static str,
    pub blocks: Vec<Block>,
    /// Last line of a page.
    pub footer: &'static str,
}

/// A part of a document.
pub(crate) enum Block {
    /// A heading of a section.
    Heading(Heading),
    /// A heading within a section.
    Subheading(&'static str),
    Paragraph(Prose),
    List(Vec<Prose>),
    /// What must not be overlooked.
    Alert(Vec<Block>),
    Table(Table),
    Figure(Picture),
    /// A figure that is only named, with a link.
    FigureLinks(Vec<Picture>),
    /// Blocks that open on a click where the format allows it.
    Details(String, Vec<Block>),
    /// A mark for programs that read the file; invisible to readers.
    Comment(&'static str),
    /// Filters that act on the tables and figures below, on a page.
    Filters(Filters),
}

/// A section's heading.
pub(crate) struct Heading {
    pub text: &'static str,
    /// Anchor and name in a page's contents; none keeps the section out of them.
    pub entry: Option<(&'static str, &'static str)>,
}

/// A figure and where its files are.
#[derive(Clone)]
pub(crate) struct Picture {
    pub figure: Arc<Figure>,
    /// Path of its files from the document, without the ending.
    pub path: String,
}

/// Filters of a page.
pub(crate) struct Filters {
    pub selects: Vec<Select>,
    pub solvers: Vec<String>,
}

/// One choice; the empty choice takes everything.
pub(crate) struct Select {
    /// Tag of the columns that it filters.
    pub name: &'static str,
    pub label: &'static str,
    pub options: Vec<String>,
}

/// Concatenates texts, numbers, [`code`], [`strong`] and other prose into a [`Prose`], as in
/// `prose! { "Every row is in ", code("gaps.csv"), "." }`. With braces rustfmt leaves the lines as
/// they are: they are filled as in running text.
macro_rules! prose {
    ($($part:expr),* $(,)?) => {{
        let mut all = $crate::document::Prose::default();
        $(all.push($part);)*
        all
    }};
}
pub(crate) use prose;

impl Block {
    pub fn heading(text: &'static str) -> Self {
        Self::Heading(Heading { text, entry: None })
    }

    /// A heading with an anchor and a name in the contents.
    pub fn section(text: &'static str, anchor: &'static str, name: &'static str) -> Self {
        let entry = Some((anchor, name));
        Self::Heading(Heading { text, entry })
    }

    pub fn paragraph(prose: impl Into<Prose>) -> Self {
        Self::Paragraph(prose.into())
    }
}

impl Picture {
    /// A figure whose files are in the folder of figures, their names beginning with `prefix`.
    pub fn new(figure: &Arc<Figure>, prefix: &str) -> Self {
        Self {
            figure: figure.clone(),
            path: format!("{FIGURES}/{prefix}{}", figure.name()),
        }
    }

    /// A figure whose files are beside the document.
    pub fn beside(figure: &Arc<Figure>) -> Self {
        Self {
            figure: figure.clone(),
            path: figure.name().into(),
        }
    }
}

/// Adds figures in the formats of the given endings to a set of files; returns their names.
pub(crate) fn add_pictures(
    set: &FileSet,
    pictures: &[Picture],
    endings: &[&str],
) -> Result<Vec<String>, ReportError> {
    let mut names = Vec::new();
    for picture in pictures {
        for &ending in endings {
            let text = match ending {
                "svg" => picture.figure.svg(),
                "tex" => picture.figure.tex(),
                _ => picture.figure.csv(),
            };
            let name = format!("{}.{ending}", picture.path);
            set.add(&name, text.as_bytes())?;
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests;
