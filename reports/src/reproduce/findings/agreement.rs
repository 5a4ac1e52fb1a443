//! Whether it is the same experiment: agreement with the published means.

use super::super::agreement::{PARTS, aim, assumption, cause, shares};
use super::super::cells::{MethodMeans, PaperMetric};
use super::super::deviations::agreement_table;
use super::super::experiment::Reproduction;
use crate::document::{Block, Prose, code, prose};

/// Cells listed one by one.
const LISTED: usize = 12;

pub(super) fn blocks(of: &Reproduction) -> Vec<Block> {
    let mut all = vec![
        Block::heading("Is it the same experiment?"),
        Block::paragraph("Ours minus the published means, over the published cells:"),
        Block::Table(agreement_table(of)),
        Block::Paragraph(prose! {
            "Every cell is in ", code("deviations.md"), " and ", code("cells.csv"), ". The last \
            column counts cells whose deviation two samples of the same size would show by chance."
        }),
    ];
    if let Some(parts) = shares(&of.cells) {
        all.push(Block::paragraph(
            "By part, in % of the published total delay of all cells together, with the \
             assumptions that the part depends on:",
        ));
        let part = |(part, share): (PaperMetric, f64)| {
            let name = part.name().trim_end_matches(" (ms)");
            Prose::from(format!("{name} {share:+.2} %: {}.", assumption(part)))
        };
        all.push(Block::List(
            PARTS.into_iter().zip(parts).map(part).collect(),
        ));
    }
    all.extend(far_cells(&of.cells));
    all
}

/// The cells that are off by more than the targets of their averages, with the assumption behind
/// each.
fn far_cells(cells: &[MethodMeans]) -> Vec<Block> {
    let beyond = |c: &&MethodMeans| {
        let pairs = PaperMetric::ALL
            .iter()
            .filter_map(|&m| c.deviation(m).zip(aim(m)));
        pairs
            .into_iter()
            .any(|(deviation, aim)| deviation.abs() > aim)
    };
    let mut far: Vec<&MethodMeans> = cells.iter().filter(beyond).collect();
    if far.is_empty() {
        return vec![Block::paragraph(
            "No cell is off by more than the target of the average.",
        )];
    }
    let size = |c: &MethodMeans| c.deviation(PaperMetric::Total).map_or(0.0, f64::abs);
    far.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let mut items: Vec<Prose> = far.iter().take(LISTED).map(|c| far_cell(c)).collect();
    if far.len() > LISTED {
        items.push(format!("and {} more.", far.len() - LISTED).into());
    }
    let published = cells.iter().filter(|c| c.published.is_some()).count();
    vec![
        Block::paragraph(format!(
            "Cells off by more than the target of the average ({} of {published}), the largest \
             deviations of delay first, each with the assumption that it depends on:",
            far.len()
        )),
        Block::List(items),
    ]
}

fn far_cell(c: &MethodMeans) -> Prose {
    let deviation =
        |m: PaperMetric| Some(format!("{} {:+.1} {}", m.name(), c.deviation(m)?, m.unit()));
    let metrics = [
        PaperMetric::Total,
        PaperMetric::Offloaded,
        PaperMetric::Accuracy,
    ];
    let deviations: Vec<String> = metrics.into_iter().filter_map(deviation).collect();
    prose! {
        code(&c.method),
        format!(", N = {}, tau = {}: {}; ", c.users, c.threshold, deviations.join(", ")), cause(c),
        "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_cells_have_a_cause_and_near_ones_are_not_listed() {
        let published = Some([800.0, 49.0, 56.0, 10.0, 90.0, 700.0]);
        let cell = |total: f64, uplink: f64| MethodMeans {
            users: 50,
            threshold: 0.8,
            method: "dmin".into(),
            runs: 4,
            means: [total, 49.0, 56.0, 10.0, uplink, 700.0],
            intervals: [None; 6],
            published,
        };
        let far = far_cell(&cell(720.0, 10.0)).plain();
        assert!(
            far.starts_with("dmin, N = 50, tau = 0.8: total delay (ms) -10.0 %")
                && far.contains("-80 ms of it in the uplink delay"),
            "{far}"
        );
        assert_eq!(far_cells(&[cell(810.0, 100.0), cell(720.0, 10.0)]).len(), 2);
        assert_eq!(far_cells(&[cell(810.0, 100.0)]).len(), 1);
    }
}
