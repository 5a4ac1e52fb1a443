//! Running text.

use crate::text;

/// A run of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Plain text.
    Text(String),
    /// An identifier, a command or a file.
    Code(String),
    /// Text that stands out.
    Strong(Prose),
    /// A term that is introduced.
    Emphasis(String),
}

/// Running text: a sentence or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prose(pub Vec<Inline>);

impl Prose {
    pub(crate) fn push(&mut self, part: impl Into<Prose>) {
        self.0.extend(part.into().0);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text alone.
    #[must_use]
    pub fn plain(&self) -> String {
        let one = |inline: &Inline| match inline {
            Inline::Text(t) | Inline::Code(t) | Inline::Emphasis(t) => t.clone(),
            Inline::Strong(inner) => inner.plain(),
        };
        self.0.iter().map(one).collect()
    }

    /// The first letter made a capital.
    pub(crate) fn capitalised(mut self) -> Self {
        if let Some(Inline::Text(first)) = self.0.first_mut() {
            let mut letters = first.chars();
            let capital = letters.next().map(char::to_uppercase);
            *first = capital.into_iter().flatten().chain(letters).collect();
        }
        self
    }
}

impl From<Inline> for Prose {
    fn from(inline: Inline) -> Self {
        Self(vec![inline])
    }
}

/// What is shown as plain text.
macro_rules! plain {
    ($($kind:ty),*) => {
        $(impl From<$kind> for Prose {
            fn from(value: $kind) -> Self {
                let text = value.to_string();
                if text.is_empty() {
                    Self::default()
                } else {
                    Inline::Text(text).into()
                }
            }
        })*
    };
}
plain!(&str, String, usize, f64);

/// An identifier, on one line.
pub(crate) fn code(id: &str) -> Prose {
    Inline::Code(text::plain(id)).into()
}

pub(crate) fn strong(inner: impl Into<Prose>) -> Prose {
    Inline::Strong(inner.into()).into()
}

pub(crate) fn emphasis(term: &str) -> Prose {
    Inline::Emphasis(term.into()).into()
}

/// `a, b and c`.
pub(crate) fn listed(items: impl IntoIterator<Item = Prose>) -> Prose {
    let items: Vec<Prose> = items.into_iter().collect();
    let count = items.len();
    let mut all = Prose::default();
    for (k, item) in items.into_iter().enumerate() {
        match k {
            0 => {}
            _ if k + 1 == count => all.push(" and "),
            _ => all.push(", "),
        }
        all.push(item);
    }
    all
}
