//! How near the reproduced means come to the published ones, and where a difference comes from.

use super::cells::{MethodMeans, PaperMetric};
use super::published::published;
use crate::document::{Prose, code, prose};
use crate::statistics::mean;

/// No cell should be off by more than this, % (points for accuracy).
pub const WORST_AIM: f64 = 12.0;
/// Runs behind each published mean.
const PUBLISHED_RUNS: f64 = 500.0;
/// The parts that the total delay is the sum of.
pub(super) const PARTS: [PaperMetric; 3] = [
    PaperMetric::Local,
    PaperMetric::Uplink,
    PaperMetric::Compute,
];
/// The method that shows how far the published means move by their draws alone: it offloads
/// every user whatever tau is.
pub(super) const WITHOUT_TAU: &str = "all-offload";

/// Agreement of one metric over the cells that the authors published.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The metric.
    pub metric: PaperMetric,
    /// Cells compared; those in which theirs is 0 and ours is not are left out.
    pub cells: usize,
    /// Mean of the absolute deviations, % or points as [`PaperMetric::unit`] says.
    pub mean_abs: f64,
    /// Mean of the deviations with their signs.
    pub mean: f64,
    /// Greatest absolute deviation.
    pub max_abs: f64,
    /// The cell of that deviation.
    pub worst: MethodMeans,
    /// Cells whose deviation is no larger than chance makes in 95 of 100: see [`by_chance`].
    pub chance: usize,
}

/// The most that `mean_abs` should be; none for the parts of the delay, which have no
/// target.
#[must_use]
pub fn aim(metric: PaperMetric) -> Option<f64> {
    match metric {
        PaperMetric::Total => Some(5.0),
        PaperMetric::Offloaded => Some(3.0),
        PaperMetric::Accuracy => Some(1.0),
        _ => None,
    }
}

impl Agreement {
    /// Whether the aims are met; None where there are none.
    #[must_use]
    pub fn is_met(&self) -> Option<bool> {
        aim(self.metric).map(|aim| self.mean_abs <= aim && self.max_abs <= WORST_AIM)
    }
}

/// Agreement by metric, in the order of [`PaperMetric::ALL`]; metrics without a published cell are
/// left out.
#[must_use]
pub fn agreement(cells: &[MethodMeans]) -> Vec<Agreement> {
    let of = |metric: PaperMetric| {
        let all: Vec<(usize, f64)> = cells
            .iter()
            .enumerate()
            .filter_map(|(k, c)| Some((k, c.deviation(metric)?)))
            .collect();
        let worst = all
            .iter()
            .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()).then(b.0.cmp(&a.0)))?;
        Some(Agreement {
            metric,
            cells: all.len(),
            mean_abs: mean(&all.iter().map(|d| d.1.abs()).collect::<Vec<f64>>())?,
            mean: mean(&all.iter().map(|d| d.1).collect::<Vec<f64>>())?,
            max_abs: worst.1.abs(),
            worst: cells[worst.0].clone(),
            chance: all
                .iter()
                .filter(|d| by_chance(&cells[d.0], metric) == Some(true))
                .count(),
        })
    };
    PaperMetric::ALL.into_iter().filter_map(of).collect()
}

/// Whether ours minus theirs lies within sqrt(h^2 + h'^2): h is half the width of our interval, and
/// h' what it is at the 500 runs of theirs, whose spread the authors did not publish. None without
/// an interval or a published mean.
#[must_use]
pub fn by_chance(cell: &MethodMeans, metric: PaperMetric) -> Option<bool> {
    let place = metric.place();
    let interval = cell.intervals[place]?;
    let half = (interval.high - interval.low) / 2.0;
    let reach = half * (1.0 + cell.runs as f64 / PUBLISHED_RUNS).sqrt();
    Some((cell.means[place] - cell.published?[place]).abs() <= reach.max(1e-9))
}

/// The part of the delay in which ours differs most from the published one, with the difference,
/// ms.
#[must_use]
pub fn main_part(cell: &MethodMeans) -> Option<(PaperMetric, f64)> {
    let theirs = cell.published?;
    let difference = |m: PaperMetric| (m, cell.means[m.place()] - theirs[m.place()]);
    PARTS
        .map(difference)
        .into_iter()
        .max_by(|a, b| a.1.abs().total_cmp(&b.1.abs()))
}

/// Ours minus theirs by part of the delay, summed over the published cells, in % of their total
/// delay; in the order local, uplink, compute.
#[must_use]
pub fn shares(cells: &[MethodMeans]) -> Option<[f64; 3]> {
    let with = cells.iter().filter_map(|c| Some((c, c.published?)));
    let with: Vec<(&MethodMeans, [f64; 6])> = with.collect();
    let total = with.iter().map(|(_, p)| p[PaperMetric::Total.place()]);
    let total: f64 = total.sum();
    let part = |m: PaperMetric| {
        with.iter()
            .map(|(c, p)| c.means[m.place()] - p[m.place()])
            .sum::<f64>()
    };
    (total > 0.0).then(|| PARTS.map(|m| 100.0 * part(m) / total))
}

/// Least and greatest published mean of a metric over the thresholds, of one method at one N. For a
/// method that ignores tau they are repetitions of one experiment, so they show how far a published
/// mean moves by its draws alone.
#[must_use]
pub fn published_range(users: usize, method: &str, metric: PaperMetric) -> Option<(f64, f64)> {
    let table = published();
    let values = table
        .iter()
        .filter(|p| p.users == users && p.solver == method)
        .map(|p| p.values()[metric.place()]);
    values.fold(None, |range, v| {
        Some(range.map_or((v, v), |(low, high): (f64, f64)| (low.min(v), high.max(v))))
    })
}

/// The assumption of the instances that a part of the delay depends on; the estimates are explained
/// in family `paper`.
#[must_use]
pub fn assumption(part: PaperMetric) -> &'static str {
    match part {
        PaperMetric::Uplink => {
            "the channels drawn, Rayleigh fading on free space, where few users with bad channels \
             dominate the mean; and the payloads, log-normal with mean 585 bit by estimate"
        }
        PaperMetric::Compute => {
            "the time of the large model, 209 ms +- 3 % for every user by estimate from the \
             published means, and how many users are offloaded"
        }
        _ => {
            "who stays local: the distribution of the uncertainty, Beta(1.8, 1), and the \
             planner's edge work are estimates from the published means; and the small model's \
             time, 32.6 ms +- 5 %"
        }
    }
}

/// In which part the deviation of a cell's total delay lies most, and the assumption behind it.
/// Empty without a published mean.
#[must_use]
pub fn cause(cell: &MethodMeans) -> Prose {
    let Some((part, difference)) = main_part(cell) else {
        return Prose::default();
    };
    let range = published_range(cell.users, WITHOUT_TAU, PaperMetric::Uplink)
        .filter(|_| part == PaperMetric::Uplink);
    let moves = range.map_or(Prose::default(), |(low, high)| {
        prose! {
            "; the authors' own uplink mean of ", code(WITHOUT_TAU), format!(", which does not \
            depend on tau, is between {low:.0} and {high:.0} ms over their five thresholds at this \
            N")
        }
    });
    prose! {
        format!("{difference:+.0} ms of it in the {}: \
        {}", part.name().trim_end_matches(" (ms)"), assumption(part)), moves
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::bootstrap::ConfidenceInterval;

    fn cell(means: [f64; 6], published: Option<[f64; 6]>) -> MethodMeans {
        let around = |m: f64| {
            Some(ConfidenceInterval {
                estimate: m,
                low: m - 10.0,
                high: m + 10.0,
            })
        };
        let intervals = means.map(around);
        MethodMeans {
            users: 50,
            threshold: 0.8,
            method: "goa".into(),
            runs: 500,
            means,
            intervals,
            published,
        }
    }

    const THEIRS: [f64; 6] = [100.0, 50.0, 55.0, 20.0, 30.0, 50.0];

    #[test]
    fn deviations_by_hand() {
        let near = cell([104.0, 50.0, 55.5, 20.0, 34.0, 50.0], Some(THEIRS));
        let far = cell([80.0, 45.0, 54.0, 20.0, 10.0, 50.0], Some(THEIRS));
        let all = agreement(&[near.clone(), far.clone(), cell(THEIRS, None)]);
        let total = &all[0];
        assert_eq!((total.metric, total.cells), (PaperMetric::Total, 2));
        assert_eq!(total.worst, far);
        assert!((total.mean_abs - 12.0).abs() < 1e-12 && (total.mean + 8.0).abs() < 1e-12);
        assert_eq!((total.is_met(), total.chance), (Some(false), 1));
        assert_eq!(
            agreement(std::slice::from_ref(&near))[0].is_met(),
            Some(true)
        );
        assert_eq!(all[4].is_met(), None);
        // sqrt(10^2 + 10^2) = 14.1 ms.
        assert_eq!(
            (
                by_chance(&near, PaperMetric::Total),
                by_chance(&far, PaperMetric::Total)
            ),
            (Some(true), Some(false))
        );
        assert_eq!(main_part(&far), Some((PaperMetric::Uplink, -20.0)));
        assert_eq!(shares(&[near, far]), Some([0.0, -8.0, 0.0]));
        assert!(agreement(&[]).is_empty());
    }

    #[test]
    fn causes_name_the_part() {
        let uplink = cause(&cell([80.0, 45.0, 54.0, 20.0, 10.0, 50.0], Some(THEIRS))).plain();
        assert!(
            uplink.starts_with("-20 ms of it in the uplink delay")
                && uplink.contains("81 and 152 ms"),
            "{uplink}"
        );
        let compute = cause(&cell([120.0, 50.0, 55.0, 20.0, 30.0, 70.0], Some(THEIRS))).plain();
        assert!(
            compute.starts_with("+20 ms of it in the edge compute delay"),
            "{compute}"
        );
        assert!(
            cause(&cell([120.0, 50.0, 55.0, 40.0, 30.0, 50.0], Some(THEIRS)))
                .plain()
                .contains("who stays local")
        );
        assert_eq!(cause(&cell(THEIRS, None)), Prose::default());
    }
}
