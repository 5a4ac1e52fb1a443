//! What the claims of the abstract have in common.

use crate::document::{Block, Prose};
use crate::reproduce::experiment::Reproduction;

/// A claim of the abstract.
pub(super) struct AbstractClaim {
    pub title: &'static str,
    /// What the measurements say; None when the claim was not measured or needs running times.
    pub verdict: fn(&Reproduction) -> Option<String>,
    /// The section's text.
    pub blocks: fn(&Reproduction) -> Vec<Block>,
    /// Name of the figure at the end of the section.
    pub figure: &'static str,
}

/// A verdict as a sentence of its own.
pub(super) fn sentence(verdict: &str) -> Prose {
    Prose::from(verdict).capitalised()
}

/// The evidence for one side: a title and the items, or that there is none.
pub(super) fn evidence(title: &str, items: Vec<Prose>) -> Vec<Block> {
    if items.is_empty() {
        return vec![Block::paragraph(format!("{title}: nothing measured."))];
    }
    vec![Block::paragraph(format!("{title}:")), Block::List(items)]
}

pub(super) fn not_measured() -> Vec<Block> {
    vec![Block::paragraph("Not measured.")]
}

#[cfg(test)]
pub(super) mod tests {
    use crate::statistics::ConfidenceInterval;

    /// An interval around its middle.
    pub fn interval(low: f64, high: f64) -> Option<ConfidenceInterval> {
        Some(ConfidenceInterval {
            estimate: f64::midpoint(low, high),
            low,
            high,
        })
    }
}
