//! What a table's cell holds, before it is text.

use super::Prose;
use crate::files::full;
use crate::statistics::ConfidenceInterval;
use crate::text::{NOTHING, mode, percent, short};

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// An identifier.
    Code(String),
    /// Sentences.
    Words(Prose),
    /// Shown as on or off.
    Switch(bool),
    Count(usize),
    /// A count that may be missing.
    Counted(Option<u64>),
    /// An exact number, such as a threshold: shown as it is.
    Exact(f64),
    /// The same, without a decimal point in CSV when it is whole.
    Plain(f64),
    Number(Option<f64>, Digits),
    /// A number with the ends of its interval: three columns in CSV.
    Estimate(Option<f64>, Option<(f64, f64)>, Digits),
    /// A count of a total: shown in %, the count alone in CSV.
    Share(usize, usize),
}

/// How a number is shown; CSV has all digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Digits {
    /// [`short`].
    Short,
    /// So many decimals.
    Fixed(usize),
    /// A probability.
    P,
}

/// What values of ordinary types are in a cell.
macro_rules! cells {
    ($($value:ident: $kind:ty => $cell:expr;)*) => {
        $(impl From<$kind> for Value {
            fn from($value: $kind) -> Self {
                $cell
            }
        })*
    };
}
cells! {
    text:     String                     => Self::Text(text);
    text:     &String                    => Self::Text(text.clone());
    text:     &str                       => Self::Text(text.into());
    text:     Option<&str>               => Self::Text(text.unwrap_or_default().into());
    words:    Prose                      => Self::Words(words);
    on:       bool                       => Self::Switch(on);
    count:    usize                      => Self::Count(count);
    count:    Option<usize>              => Self::Counted(count.map(|c| c as u64));
    count:    u64                        => Self::Counted(Some(count));
    count:    Option<u64>                => Self::Counted(count);
    number:   f64                        => Self::Number(Some(number), Digits::Short);
    number:   Option<f64>                => Self::Number(number, Digits::Short);
    interval: Option<ConfidenceInterval> => Self::interval(interval, 1.0, Digits::Short);
}

/// How numbers are written in CSV.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CsvNumbers {
    /// With a decimal point: `10.0`.
    Decimal,
    /// Without one when they are whole: `10`.
    Shortest,
}

impl Digits {
    pub fn show(self, value: Option<f64>) -> String {
        let Some(value) = value.filter(|v| v.is_finite()) else {
            return NOTHING.into();
        };
        match self {
            Self::Short => short(Some(value)),
            Self::Fixed(digits) => format!("{value:.digits$}"),
            Self::P => p_text(value),
        }
    }
}

/// A p value.
fn p_text(p: f64) -> String {
    if p < 0.0005 {
        format!("{p:.0e}")
    } else {
        format!("{p:.3}")
    }
}

/// `0.712 [0.690, 0.734]`.
pub(crate) fn shown(interval: ConfidenceInterval, digits: usize) -> String {
    Value::interval(Some(interval), 1.0, Digits::Fixed(digits)).text()
}

impl Value {
    /// A fraction in %.
    pub fn percent(fraction: Option<f64>) -> Self {
        Self::Number(fraction.map(|f| 100.0 * f), Digits::Short)
    }

    /// Seconds in ms.
    pub fn milliseconds(seconds: Option<f64>) -> Self {
        Self::Number(seconds.map(|s| 1e3 * s), Digits::Short)
    }

    /// An identifier.
    pub fn code(id: &str) -> Self {
        Self::Code(id.into())
    }

    /// A number and an interval around it, both times `factor`.
    pub fn estimate(
        value: Option<f64>,
        interval: Option<ConfidenceInterval>,
        factor: f64,
        digits: Digits,
    ) -> Self {
        let ends = interval.map(|i| (factor * i.low, factor * i.high));
        Self::Estimate(value.map(|v| factor * v), ends, digits)
    }

    /// An interval with its own estimate, times `factor`.
    pub fn interval(interval: Option<ConfidenceInterval>, factor: f64, digits: Digits) -> Self {
        Self::estimate(interval.map(|i| i.estimate), interval, factor, digits)
    }

    /// A fraction with its interval, in %.
    pub fn percent_estimate(value: Option<f64>, interval: Option<ConfidenceInterval>) -> Self {
        Self::estimate(value, interval, 100.0, Digits::Short)
    }

    /// Whether it is set to the left, as words are.
    pub fn is_words(&self) -> bool {
        matches!(
            self,
            Self::Text(_) | Self::Code(_) | Self::Words(_) | Self::Switch(_)
        )
    }

    /// The ends of an estimate, ` [low, high]`.
    pub fn ends(&self) -> String {
        match self {
            Self::Estimate(Some(_), Some((low, high)), digits) => {
                format!(
                    " [{}, {}]",
                    digits.show(Some(*low)),
                    digits.show(Some(*high))
                )
            }
            _ => String::new(),
        }
    }

    /// What is shown, without the ends of an estimate.
    pub fn lead(&self) -> String {
        match self {
            Self::Text(text) | Self::Code(text) => text.clone(),
            Self::Words(prose) => prose.plain(),
            Self::Switch(on) => mode(*on).into(),
            Self::Count(count) => count.to_string(),
            Self::Counted(count) => count.map_or_else(|| NOTHING.into(), |c| c.to_string()),
            Self::Exact(value) | Self::Plain(value) => value.to_string(),
            Self::Number(value, digits) | Self::Estimate(value, _, digits) => digits.show(*value),
            Self::Share(count, of) => percent(Some(*count as f64 / (*of).max(1) as f64)),
        }
    }

    /// What is shown.
    pub fn text(&self) -> String {
        self.lead() + &self.ends()
    }

    /// What a column is sorted by; empty for nothing.
    pub fn sort_key(&self) -> String {
        match self {
            Self::Number(value, _) | Self::Estimate(value, _, _) => {
                full(value.filter(|v| v.is_finite()))
            }
            Self::Share(count, of) => full(Some(*count as f64 / (*of).max(1) as f64)),
            Self::Counted(count) => full(*count),
            other => other.text(),
        }
    }

    /// Appends its CSV cells.
    pub fn csv(&self, numbers: CsvNumbers, row: &mut Vec<String>) {
        // -0 + 0 is 0: the sign of a zero says nothing.
        let number = |value: Option<f64>| match (numbers, value.map(|v| v + 0.0)) {
            (CsvNumbers::Shortest, Some(value)) => value.to_string(),
            (_, value) => full(value),
        };
        match self {
            Self::Switch(on) => row.push(on.to_string()),
            Self::Exact(value) => row.push(number(Some(*value))),
            Self::Number(value, _) => row.push(number(*value)),
            Self::Estimate(value, ends, _) => {
                row.extend([*value, ends.map(|e| e.0), ends.map(|e| e.1)].map(number))
            }
            Self::Count(count) => row.push(count.to_string()),
            Self::Share(count, of) => {
                let share = *count as f64 / (*of).max(1) as f64;
                row.push(number(Some(100.0 * share)));
            }
            Self::Counted(count) => row.push(full(*count)),
            other => row.push(other.text()),
        }
    }
}
