//! The page of findings: each claim of the paper's abstract, and what was measured for and against
//! it. Every sentence with a result in it depends on the numbers; nothing is known beforehand.
//!
//! A claim is a file here and an entry in [`CLAIMS`].

mod agreement;
mod baselines;
mod margin;
mod near_optimal;
mod runtime;
mod tuning;

use super::Reproduction;
use crate::document::{Block, Document, Picture, Prose, code, emphasis, prose};

/// A claim of the abstract.
struct Claim {
    title: &'static str,
    /// What the measurements say; None when the claim was not measured or needs running times.
    verdict: fn(&Reproduction) -> Option<String>,
    /// The section's text.
    blocks: fn(&Reproduction) -> Vec<Block>,
    /// Name of the figure at the end of the section.
    figure: &'static str,
}

const CLAIMS: [Claim; 5] = [
    baselines::CLAIM,
    near_optimal::CLAIM,
    tuning::CLAIM,
    margin::CLAIM,
    runtime::CLAIM,
];

/// The claims that can be judged without a running time, each with its verdict.
pub(super) fn verdicts(of: &Reproduction) -> Vec<(&'static str, String)> {
    let judged = |claim: &Claim| Some((claim.title, (claim.verdict)(of)?));
    CLAIMS.iter().filter_map(judged).collect()
}

/// The whole page.
pub(super) fn document(of: &Reproduction, pictures: &[Picture]) -> Document {
    let figure = |name: &str| {
        let found = pictures.iter().find(|p| p.figure.name() == name);
        found.cloned().map(Block::Figure)
    };
    let mut blocks = vec![
        Block::Paragraph(prose![
            "The claims of the abstract of Kim, Lyu, Lee, Yang, ",
            emphasis("Accuracy-Delay Trade-Off in LLM Offloading via Token-Level Uncertainty"),
            " (arXiv 2602.07958), and what was measured here for and against them. The command \
             writes this page; its sentences follow from the numbers."
        ]),
        Block::Paragraph(of.setup.describe()),
        Block::Paragraph(prose![
            "Intervals are 95 %, BCa bootstrap over runs (",
            code("docs/src/reference/statistics.md"),
            "). 'Less' and 'more' mean that an interval of paired differences excludes 0, \
             'undecided' that it does not; single cells are not corrected for their number."
        ]),
    ];
    blocks.extend(agreement::blocks(of));
    blocks.extend(figure("delay-vs-users"));
    blocks.extend(figure("accuracy-vs-users"));
    for claim in &CLAIMS {
        blocks.push(Block::heading(claim.title));
        blocks.extend((claim.blocks)(of));
        blocks.extend(figure(claim.figure));
    }
    Document {
        title: "Findings",
        blocks,
        footer: "",
    }
}

/// A verdict as a sentence of its own.
fn sentence(verdict: &str) -> Prose {
    Prose::from(verdict).capitalised()
}

/// The evidence for one side: a title and the items, or that there is none.
fn evidence(title: &str, items: Vec<Prose>) -> Vec<Block> {
    if items.is_empty() {
        return vec![Block::paragraph(format!("{title}: nothing measured."))];
    }
    vec![Block::paragraph(format!("{title}:")), Block::List(items)]
}

fn not_measured() -> Vec<Block> {
    vec![Block::paragraph("Not measured.")]
}

#[cfg(test)]
mod tests {
    use crate::statistics::ConfidenceInterval;

    /// An interval around its middle.
    pub(super) fn interval(low: f64, high: f64) -> Option<ConfidenceInterval> {
        Some(ConfidenceInterval {
            estimate: f64::midpoint(low, high),
            low,
            high,
        })
    }
}
