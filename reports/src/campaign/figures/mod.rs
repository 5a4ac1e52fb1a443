//! The figures of a campaign's report: which numbers each of them shows. One panel for each
//! interference mode unless noted otherwise. A new figure is a function and a line in [`FIGURES`].

mod gaps;
mod outcomes;
mod panels;
mod progress;
mod times;

use crate::analysis::Study;
use crate::figures::Figure;

/// All figures, in the order of a report.
const FIGURES: &[fn(&Study) -> Figure] = &[
    gaps::gap_vs_users,
    gaps::gap_distribution,
    times::runtime_vs_users,
    gaps::gap_vs_load,
    times::gap_vs_time,
    progress::anytime,
    progress::performance_profile,
    outcomes::accuracy_vs_delay,
    outcomes::delay_split,
    outcomes::accuracy_vs_users,
    outcomes::delay_vs_users,
];

/// All figures of a campaign.
pub(crate) fn figures(study: &Study) -> Vec<Figure> {
    FIGURES.iter().map(|figure| figure(study)).collect()
}
