//! The threshold and the weights that reach a target at least cost: `docs/src/use/tune.md`.
//!
//! [`tune`] is the study: [`measure`] solves every instance at every setting.
//! `offload_reports::tune` chooses a setting on one part of the instances and judges it on the
//! other.

use crate::notice::Notify;
use crate::process::direct::DirectSolver;
use crate::process::solver::catalogue;
use crate::studies;
use anyhow::{bail, ensure};
use offload_instances::random::Random;
use offload_instances::{Instance, Problem, Weights, fingerprint};
use offload_reports::tune::{
    PlanWorth, TuneParts, TuneReport, TuneTarget, TunedChoice, TunedSetting, TunedSolver,
};
use offload_solvers::{Budget, Status};
use rayon::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Random stream that splits the instances.
const SPLIT: u64 = 111;

/// A threshold with weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuneSetting {
    /// Threshold tau, in \[0, 1\].
    pub threshold: f64,
    /// The weights.
    pub weights: Weights,
}

impl TuneSetting {
    /// The setting as displayed in reports.
    fn shown(self) -> TunedSetting {
        TunedSetting {
            threshold: self.threshold,
            weights: self.weights.name(),
        }
    }
}

/// Delay statistic of an instance.
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

/// Solvers, target and settings to search.
pub struct TuneOptions {
    /// Ids of the solvers; each gets its own choice.
    pub solvers: Vec<String>,
    /// The target.
    pub target: TuneTarget,
    /// Delay statistic of an instance.
    pub delay: Delay,
    /// Weights to choose from.
    pub weights: Vec<Weights>,
    /// Number of steps from threshold 0 to threshold 1.
    pub steps: usize,
    /// Share of the instances held out to judge the choice, in \[0, 1).
    pub held_out: f64,
    /// Seed of the split, of the intervals and of the solvers.
    pub seed: u64,
    /// Relative gap at which exact solvers may stop.
    pub gap: f64,
    /// Problems solved in parallel, 1 to 1024.
    pub threads: usize,
}

/// Result of a tuning.
pub struct Tuning {
    options: TuneOptions,
    names: Vec<String>,
    settings: Vec<TuneSetting>,
    measured: Vec<TunedSolver>,
    parts: TuneParts,
}

/// Measures every solver at every setting.
///
/// # Errors
/// If a number is out of range, a solver, weights or an instance is given twice, or a solver fails.
pub fn tune(
    instances: Vec<Instance>,
    options: TuneOptions,
    notify: Notify,
) -> anyhow::Result<Tuning> {
    let solvers = DirectSolver::all(&options.solvers, options.threads)?;
    options.check()?;
    check_instances(&instances)?;
    if instances.len() < 2 || options.held_out == 0.0 {
        notify("note: nothing is held out; the figures are for the instances used for tuning");
    }
    let instances: Vec<Arc<Instance>> = instances.into_iter().map(Arc::new).collect();
    let parts = split(instances.len(), options.held_out, options.seed);
    let settings = settings(options.steps, &options.weights);
    let budget = Budget {
        gap: options.gap,
        seed: options.seed,
        ..Budget::default()
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()?;
    let one = |solver: &DirectSolver| -> anyhow::Result<TunedSolver> {
        let measured = || measure(&instances, &settings, solver, &budget, options.delay);
        Ok(TunedSolver {
            solver: solver.name().into(),
            worth: pool.install(measured)?,
        })
    };
    let measured = solvers
        .iter()
        .map(one)
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Tuning {
        names: instances.iter().map(|i| i.name.clone()).collect(),
        options,
        settings,
        measured,
        parts,
    })
}

impl TuneOptions {
    fn check(&self) -> anyhow::Result<()> {
        for (name, value, least, most) in [
            ("--steps", self.steps, 1, 1_000_000),
            ("--threads", self.threads, 1, 1024),
        ] {
            ensure!(
                (least..=most).contains(&value),
                "{name} {value}: give a whole number from {least} to {most}"
            );
        }
        ensure!(
            (0.0..1.0).contains(&self.held_out),
            "--held-out {}: give a number >= 0 and < 1",
            self.held_out
        );
        let twice = (1..self.weights.len()).any(|k| self.weights[..k].contains(&self.weights[k]));
        ensure!(!twice, "--weights: one is given twice; give each once");
        if let TuneTarget::Accuracy(accuracy) = self.target {
            ensure!(
                accuracy <= 100.0,
                "--accuracy {accuracy}: give a percentage up to 100"
            );
        }
        Ok(())
    }
}

fn check_instances(instances: &[Instance]) -> anyhow::Result<()> {
    let mut prints: Vec<(String, &str)> = instances
        .iter()
        .map(|i| (fingerprint(i), i.name.as_str()))
        .collect();
    prints.sort_unstable();
    match prints.windows(2).find(|w| w[0].0 == w[1].0) {
        None => Ok(()),
        Some(twice) => bail!("{}: this instance is given twice; give it once", twice[0].1),
    }
}

impl Tuning {
    /// The table for a terminal.
    #[must_use]
    pub fn table(&self) -> String {
        self.report().table()
    }

    /// Whether every solver reached the target.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.report().is_reached()
    }

    /// Writes `tune.json`, `front.csv` and `front.svg` into `folder`, each completely or not at
    /// all. Returns their paths.
    ///
    /// # Errors
    /// If a file cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
        let o = &self.options;
        let weights: Vec<&str> = o.weights.iter().map(|w| w.name()).collect();
        let options = json!({
            "weights": weights,
            "steps": o.steps,
            "held_out": o.held_out,
            "seed": o.seed,
            "gap": o.gap,
        });
        let report = self.report();
        let mut json = serde_json::to_vec_pretty(&report.json(&options, &self.names))?;
        json.push(b'\n');
        studies::write_files(
            folder,
            vec![
                ("tune.json", json),
                ("front.csv", report.csv().into_bytes()),
                ("front.svg", report.figure().svg().into_bytes()),
            ],
        )
    }

    fn report(&self) -> TuneReport<'_> {
        let (o, parts) = (&self.options, &self.parts);
        let choice = |m: &TunedSolver| TunedChoice::of(m, parts, o.target, o.seed);
        TuneReport {
            settings: self.settings.iter().map(|s| s.shown()).collect(),
            measured: &self.measured,
            parts,
            target: o.target,
            delay: o.delay.name(),
            catalogue: catalogue(),
            choices: self.measured.iter().map(choice).collect(),
        }
    }
}

/// The thresholds 0, 1/steps, ..., 1, each with each of the weights.
#[must_use]
pub fn settings(steps: usize, weights: &[Weights]) -> Vec<TuneSetting> {
    let threshold = |k: usize| k as f64 / steps as f64;
    weights
        .iter()
        .flat_map(|&weights| {
            (0..=steps).map(move |k| TuneSetting {
                threshold: threshold(k),
                weights,
            })
        })
        .collect()
}

/// Every instance at every setting, `[setting][instance]`; `None` if no plan satisfies the
/// threshold rule.
///
/// # Errors
/// If a solver does not accept a problem or fails on it.
pub fn measure(
    instances: &[Arc<Instance>],
    settings: &[TuneSetting],
    solver: &DirectSolver,
    budget: &Budget,
    delay: Delay,
) -> anyhow::Result<Vec<Vec<Option<PlanWorth>>>> {
    let one = |setting: &TuneSetting| {
        instances
            .iter()
            .map(|i| worth(i, *setting, solver, budget, delay))
            .collect()
    };
    settings.par_iter().map(one).collect()
}

fn worth(
    instance: &Arc<Instance>,
    setting: TuneSetting,
    solver: &DirectSolver,
    budget: &Budget,
    delay: Delay,
) -> anyhow::Result<Option<PlanWorth>> {
    let problem = Problem::new(instance.clone(), setting.threshold, setting.weights)?;
    let solved = solver.solve(&problem, budget);
    let (name, tau) = (&instance.name, setting.threshold);
    let why = solved.outcome.stop.describe();
    anyhow::ensure!(
        solved.status != Status::Error,
        "{}: {name} at threshold {tau}: {why}",
        solver.name()
    );
    let Some(evaluation) = solved.evaluation else {
        return Ok(None);
    };
    let realised = evaluation.realised.and_then(|r| Some((r, r.accuracy_pct?)));
    let (realised, accuracy_pct) = realised.ok_or_else(|| {
        anyhow::anyhow!(
            "{name}: edge_time_s, reference_flops, correct_local or correct_edge is missing; \
             tune needs them all"
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

/// Splits 0..count at random into a part for tuning and a held-out part of about `share` of it.
/// With `share` > 0 and at least 2 instances neither is empty. Both are ascending.
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
            let (tuned, held) = (&parts.tuned, &parts.held_out);
            let mut all = [tuned.as_slice(), held].concat();
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
