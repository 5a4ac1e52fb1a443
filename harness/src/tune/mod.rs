//! The threshold and the weights that reach a target at least cost: `docs/tune.md`.
//!
//! [`measure`] solves every instance at every setting; `offload_reports::tune` chooses a setting on
//! one part of the instances and judges it on the other part.

use offload_instances::random::Random;
use offload_instances::{Instance, Problem, Weights};
use offload_reports::tune::{PlanWorth, TuneParts, TunedSetting};
use offload_solvers::{Budget, Solver, Status, solve};
use rayon::prelude::*;
use std::sync::Arc;

/// Stream of the seed that parts the instances.
const SPLIT: u64 = 111;

/// A threshold with weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// tau, in \[0, 1\].
    pub threshold: f64,
    /// The weights.
    pub weights: Weights,
}

impl Setting {
    /// The setting as reports show it.
    #[must_use]
    pub fn shown(self) -> TunedSetting {
        TunedSetting {
            threshold: self.threshold,
            weights: self.weights.name(),
        }
    }
}

/// Which delay of an instance counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Delay {
    /// The mean over users
    Mean,
    /// The 95 % quantile over users
    P95,
}

impl Delay {
    /// The name used on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Delay::Mean => "mean",
            Delay::P95 => "p95",
        }
    }
}

/// The thresholds 0, 1/steps, ..., 1 with each of the weights.
#[must_use]
pub fn settings(steps: usize, weights: &[Weights]) -> Vec<Setting> {
    let threshold = |k: usize| k as f64 / steps as f64;
    weights
        .iter()
        .flat_map(|&weights| {
            (0..=steps).map(move |k| Setting {
                threshold: threshold(k),
                weights,
            })
        })
        .collect()
}

/// Every instance at every setting: `[setting][instance]`; none where no plan keeps the threshold
/// rule.
///
/// # Errors
/// A solver does not take a problem or fails on it.
pub fn measure(
    instances: &[Arc<Instance>],
    settings: &[Setting],
    solver: &dyn Solver,
    budget: &Budget,
    delay: Delay,
) -> anyhow::Result<Vec<Vec<Option<PlanWorth>>>> {
    let one = |setting: &Setting| {
        instances
            .iter()
            .map(|i| worth(i, *setting, solver, budget, delay))
            .collect()
    };
    settings.par_iter().map(one).collect()
}

fn worth(
    instance: &Arc<Instance>,
    setting: Setting,
    solver: &dyn Solver,
    budget: &Budget,
    delay: Delay,
) -> anyhow::Result<Option<PlanWorth>> {
    let problem = Problem::new(instance.clone(), setting.threshold, setting.weights)?;
    let solved = solve(solver, &problem, budget);
    let (name, tau) = (&instance.name, setting.threshold);
    let why = solved.outcome.stop.describe();
    anyhow::ensure!(
        solved.status != Status::Error,
        "{}: {name} at threshold {tau}: {why}",
        solver.id()
    );
    let Some(evaluation) = solved.evaluation else {
        return Ok(None);
    };
    let realised = evaluation.realised.and_then(|r| Some((r, r.accuracy_pct?)));
    let (realised, accuracy_pct) = realised.ok_or_else(|| {
        anyhow::anyhow!(
            "{name}: holds no edge_time_s, reference_flops, correct_local or correct_edge; tune \
             needs them all"
        )
    })?;
    let delay_ms = match delay {
        Delay::Mean => realised.delay_mean_ms,
        Delay::P95 => realised.delay_p95_ms,
    };
    let offloaded_pct = 100.0 * evaluation.offloaded as f64 / problem.n() as f64;
    Ok(Some(PlanWorth {
        accuracy_pct,
        delay_ms,
        offloaded_pct,
    }))
}

/// Parts 0..count at random into a part to tune on and a held-out one of about `share` of it; with
/// `share` > 0 and at least 2 instances neither is empty. Both ascending.
#[must_use]
pub fn split(count: usize, share: f64, seed: u64) -> TuneParts {
    let mut order: Vec<usize> = (0..count).collect();
    Random::new(seed, SPLIT).shuffle(&mut order);
    let held = (share * count as f64).round() as usize;
    let held = if share > 0.0 && count >= 2 {
        held.clamp(1, count - 1)
    } else {
        0
    };
    let mut tuned = order.split_off(held);
    order.sort_unstable();
    tuned.sort_unstable();
    TuneParts {
        tuned,
        held_out: order,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_disjoint_whole_and_repeatable() {
        for (count, share) in [
            (2, 0.5),
            (20, 0.5),
            (7, 0.01),
            (7, 0.99),
            (1, 0.5),
            (5, 0.0),
        ] {
            let parts = split(count, share, 3);
            let (tuned, held) = (parts.tuned.clone(), parts.held_out.clone());
            let mut all = [tuned.clone(), held.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
            assert!(!tuned.is_empty() && held.is_empty() == (count < 2 || share == 0.0));
            assert_eq!(parts, split(count, share, 3));
        }
    }

    #[test]
    fn settings_cover_both_ends() {
        let all = settings(4, &[Weights::Uncertainty, Weights::Uniform]);
        assert_eq!(all.len(), 10);
        assert_eq!(
            (all[0].threshold, all[4].threshold, all[5].weights),
            (0.0, 1.0, Weights::Uniform)
        );
    }
}
