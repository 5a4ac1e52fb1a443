//! The page of findings: each claim of the paper's abstract, and what was measured for and against
//! it. Every sentence with a result in it depends on the numbers; nothing is known beforehand.
//!
//! A claim is a file here and an entry in [`CLAIMS`].

mod agreement;
mod baselines;
mod claim;
mod margin;
mod near_optimal;
mod runtime;
mod tuning;

use super::experiment::Reproduction;
use crate::document::{Block, Document, Picture, code, emphasis, prose};
use claim::AbstractClaim;

const CLAIMS: [AbstractClaim; 5] = [
    baselines::CLAIM,
    near_optimal::CLAIM,
    tuning::CLAIM,
    margin::CLAIM,
    runtime::CLAIM,
];

/// The claims that can be judged without a running time, each with its verdict.
pub(super) fn verdicts(of: &Reproduction) -> Vec<(&'static str, String)> {
    let judged = |claim: &AbstractClaim| Some((claim.title, (claim.verdict)(of)?));
    CLAIMS.iter().filter_map(judged).collect()
}

/// The whole page.
pub(super) fn document(of: &Reproduction, pictures: &[Picture]) -> Document {
    let figure = |name: &str| {
        let found = pictures.iter().find(|p| p.figure.name() == name);
        found.cloned().map(Block::Figure)
    };
    let mut blocks = vec![
        Block::Paragraph(prose! {
            "The claims of the abstract of Kim, Lyu, Lee, Yang, ",
            emphasis("Accuracy-Delay Trade-Off in LLM Offloading via Token-Level Uncertainty"),
            " (arXiv 2602.07958), and what was measured here for and against them. The command \
            writes this page; its sentences follow from the numbers."
        }),
        Block::Paragraph(of.setup.describe()),
        Block::Paragraph(prose! {
            "Intervals are 95 %, BCa bootstrap over runs (",
            code("docs/src/reference/statistics.md"), "). 'Less' and 'more' mean that an interval \
            of paired differences excludes 0, 'undecided' that it does not; single cells are not \
            corrected for their number."
        }),
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
