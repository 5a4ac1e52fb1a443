//! Statistics that are curves: primal integral, distribution of gaps, performance profile.

use crate::records::Moment;

/// Primal gap at value z with reference z*: 0 when both are equal, 1 when there is no plan, else
/// |z - z*| / max(|z|, |z*|) (Berthold 2013, Operations Research Letters 41, 611-614; all values
/// here are > 0, so the case of opposite signs does not come up).
#[must_use]
pub fn primal_gap(value: Option<f64>, best: f64) -> f64 {
    match value {
        None => 1.0,
        Some(z) if z == best => 0.0,
        Some(z) => ((z - best).abs() / z.abs().max(best.abs())).min(1.0),
    }
}

/// Primal integral up to `end`, s: the integral over time of [`primal_gap`] of the incumbent
/// (Berthold 2013, there called P(T)). `moments` ascend in time; before the first with an objective
/// there is no plan; moments after `end` do not count.
#[must_use]
pub fn primal_integral(moments: &[Moment], best: f64, end: f64) -> f64 {
    let (mut since, mut value, mut sum) = (0.0, None, 0.0);
    for moment in moments
        .iter()
        .filter(|m| m.objective.is_some() && m.time_s < end)
    {
        sum += (moment.time_s - since) * primal_gap(value, best);
        (since, value) = (moment.time_s, moment.objective);
    }
    sum + (end - since).max(0.0) * primal_gap(value, best)
}

/// Distribution function of `values` over `count` rows: (x, share of rows with a value <= x) at
/// each distinct value. Rows without a value keep the curve below 1. At most `most` points, evenly
/// by rank, the last one among them.
#[must_use]
pub fn distribution(values: &[f64], count: usize, most: usize) -> Vec<(f64, f64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (place, &value) in sorted.iter().enumerate() {
        let share = (place + 1) as f64 / count.max(1) as f64;
        match points.last_mut().filter(|last| last.0 == value) {
            Some(last) => last.1 = share,
            None => points.push((value, share)),
        }
    }
    thin(&points, most)
}

/// At most `most` (>= 2) of the points, evenly by place, first and last among them.
#[must_use]
pub fn thin(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    (0..most)
        .map(|k| points[k * (points.len() - 1) / (most - 1)])
        .collect()
}

/// The points that no other one beats: less is better in both coordinates. By ascending x, each y
/// below the one before.
#[must_use]
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut front = points.to_vec();
    front.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut least = f64::INFINITY;
    front.retain(|&(_, y)| {
        let better = y < least;
        least = least.min(y);
        better
    });
    front
}

/// Performance ratios (Dolan and More 2002, Mathematical Programming 91, 201-213): `times[s][p]` is
/// solver s's time on problem p, s, None where it did not solve it. Ratio = time / least time of
/// any solver on that problem; problems without a solution have none. Times below `floor` count as
/// `floor`.
#[must_use]
pub fn performance_ratios(times: &[Vec<Option<f64>>], floor: f64) -> Vec<Vec<f64>> {
    let problems = times.first().map_or(0, Vec::len);
    let time = |solver: &[Option<f64>], p: usize| solver[p].map(|t| t.max(floor));
    let best: Vec<Option<f64>> = (0..problems)
        .map(|p| {
            times
                .iter()
                .filter_map(|solver| time(solver, p))
                .min_by(f64::total_cmp)
        })
        .collect();
    let ratios = |solver: &Vec<Option<f64>>| {
        (0..problems)
            .filter_map(|p| Some(time(solver, p)? / best[p]?))
            .collect()
    };
    times.iter().map(ratios).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(time_s: f64, objective: Option<f64>) -> Moment {
        Moment {
            time_s,
            objective,
            bound: None,
        }
    }

    #[test]
    fn primal_integral_by_hand() {
        // No plan for 1 s (1 * 1), 4 against 2 for 2 s (2 * 0.5), then 2 against 2.
        let moments = [
            moment(0.5, None),
            moment(1.0, Some(4.0)),
            moment(3.0, Some(2.0)),
        ];
        assert!((primal_integral(&moments, 2.0, 10.0) - 2.0).abs() < 1e-12);
        assert!((primal_integral(&moments, 2.0, 2.0) - 1.5).abs() < 1e-12);
        assert!((primal_integral(&[], 2.0, 3.0) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn distributions_stay_below_one_where_rows_failed() {
        assert_eq!(
            distribution(&[2.0, 1.0, 2.0], 4, 100),
            [(1.0, 0.25), (2.0, 0.75)]
        );
        let many: Vec<f64> = (0..1000).map(f64::from).collect();
        let thinned = distribution(&many, 1000, 10);
        assert_eq!((thinned.len(), thinned[9]), (10, (999.0, 1.0)));
        assert!(distribution(&[], 3, 10).is_empty());
    }

    #[test]
    fn fronts_by_hand() {
        let points = [
            (3.0, 1.0),
            (1.0, 9.0),
            (2.0, 9.0),
            (1.0, 8.0),
            (4.0, 1.0),
            (5.0, 0.5),
        ];
        assert_eq!(pareto_front(&points), [(1.0, 8.0), (3.0, 1.0), (5.0, 0.5)]);
        assert!(pareto_front(&[]).is_empty());
    }

    #[test]
    fn ratios_by_hand() {
        let times = [
            vec![Some(1.0), None, None],
            vec![Some(3.0), Some(2.0), None],
        ];
        assert_eq!(
            performance_ratios(&times, 1e-6),
            [vec![1.0], vec![3.0, 1.0]]
        );
        assert!(performance_ratios(&[], 1e-6).is_empty());
    }
}
