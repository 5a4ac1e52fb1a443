//! The threshold and the weights that reach a target at least cost: `docs/tune.md`.
//!
//! [`tune`] is the study: [`measure`] solves every instance at every setting, [`choose`] picks a
//! setting on one part of the instances, and [`report`] shows its worth on the other part.

pub mod report;

use crate::notice::Notify;
use crate::process::solver::catalogue;
use crate::studies;
use anyhow::{bail, ensure};
use offload_instances::random::Random;
use offload_instances::{Instance, Problem, Weights, fingerprint};
use offload_solvers::{Budget, Solver, Status, solve};
use rayon::prelude::*;
use report::{Measured, Report, judge};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Stream of the seed that parts the instances.
const SPLIT: u64 = 111;

/// A threshold with weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TuneSetting {
    /// tau, in \[0, 1\].
    pub threshold: f64,
    /// The weights.
    pub weights: Weights,
}

/// What a plan is worth, as measured and not as planned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Mean accuracy over users, %.
    pub accuracy_pct: f64,
    /// The delay that is minimised or limited, ms.
    pub delay_ms: f64,
    /// Share of users offloaded, %.
    pub offloaded_pct: f64,
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

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// A mean accuracy of at least so many %, with the least mean delay.
    Accuracy(f64),
    /// A mean delay of at most so many ms, with the greatest mean accuracy.
    Delay(f64),
}

impl Target {
    /// Whether means reach the target.
    #[must_use]
    pub fn is_reached(self, worth: &Worth) -> bool {
        match self {
            Target::Accuracy(least) => worth.accuracy_pct >= least,
            Target::Delay(most) => worth.delay_ms <= most,
        }
    }

    /// Whether `a` is better than `b`: reached before not reached; both reached, the lesser cost;
    /// none reached, the nearer.
    fn prefers(self, a: &Worth, b: &Worth) -> bool {
        // (what is to be small once the target is reached, by how much it is missed)
        let order = |w: &Worth| match self {
            Target::Accuracy(_) => (w.delay_ms, -w.accuracy_pct),
            Target::Delay(_) => (-w.accuracy_pct, w.delay_ms),
        };
        let (a_order, b_order) = (order(a), order(b));
        match (self.is_reached(a), self.is_reached(b)) {
            (true, true) => a_order < b_order,
            (false, false) => (a_order.1, a_order.0) < (b_order.1, b_order.0),
            (first, _) => first,
        }
    }
}

/// What is tuned, and how.
pub struct TuneOptions {
    /// Ids of the solvers; each gets its own choice.
    pub solvers: Vec<String>,
    /// What is to be reached.
    pub target: Target,
    /// Which delay of an instance counts.
    pub delay: Delay,
    /// Weights to choose from.
    pub weights: Vec<Weights>,
    /// Steps between the thresholds 0 and 1.
    pub steps: usize,
    /// Share of the instances that is held out, from 0, below 1.
    pub held_out: f64,
    /// Seed of the split, of the intervals and of the solvers.
    pub seed: u64,
    /// Relative gap at which exact solvers may stop.
    pub gap: f64,
    /// Problems solved at the same time, 1 to 1024.
    pub threads: usize,
}

/// A tuning that was run.
pub struct Tuning {
    options: TuneOptions,
    names: Vec<String>,
    settings: Vec<TuneSetting>,
    measured: Vec<Measured>,
    tuned: Vec<usize>,
    held: Vec<usize>,
}

/// Measures every solver at every setting.
///
/// # Errors
/// A number out of its range, a solver or weights given twice, an instance given twice, or a solver
/// that fails.
pub fn tune(
    instances: Vec<Instance>,
    options: TuneOptions,
    notify: Notify,
) -> anyhow::Result<Tuning> {
    let solvers = studies::solvers(&options.solvers)?;
    options.check()?;
    check_instances(&instances)?;
    if instances.len() < 2 || options.held_out == 0.0 {
        notify("note: nothing is held out, so the figures are those of the instances tuned on");
    }
    let instances: Vec<Arc<Instance>> = instances.into_iter().map(Arc::new).collect();
    let (tuned, held) = split(instances.len(), options.held_out, options.seed);
    let settings = settings(options.steps, &options.weights);
    let budget = Budget {
        gap: options.gap,
        seed: options.seed,
        ..Budget::default()
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()?;
    let one = |solver: &dyn Solver| -> anyhow::Result<Measured> {
        let measured = || measure(&instances, &settings, solver, &budget, options.delay);
        Ok(Measured {
            solver: solver.id().into(),
            worth: pool.install(measured)?,
        })
    };
    let measured = solvers
        .iter()
        .map(|s| one(s.as_ref()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(Tuning {
        names: instances.iter().map(|i| i.name.clone()).collect(),
        options,
        settings,
        measured,
        tuned,
        held,
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
            "--held-out {}: give a number from 0, below 1",
            self.held_out
        );
        let twice = (1..self.weights.len()).any(|k| self.weights[..k].contains(&self.weights[k]));
        ensure!(!twice, "--weights: one is given twice; give it once");
        if let Target::Accuracy(accuracy) = self.target {
            ensure!(
                accuracy <= 100.0,
                "--accuracy {accuracy}: give a number of % up to 100"
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

    /// Whether every solver reaches the target.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.report().is_reached()
    }

    /// Writes `tune.json`, `front.csv` and `front.svg` into `folder`, each whole or not at all.
    /// Returns their paths.
    ///
    /// # Errors
    /// When a file cannot be written.
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
                ("front.svg", report.chart().svg().into_bytes()),
            ],
        )
    }

    fn report(&self) -> Report<'_> {
        let (o, parts) = (&self.options, (&*self.tuned, &*self.held));
        let choice = |m: &Measured| judge(m, parts, o.target, o.seed);
        Report {
            settings: &self.settings,
            measured: &self.measured,
            parts,
            target: o.target,
            delay: o.delay,
            catalogue: catalogue().with(self.measured.iter().map(|m| m.solver.as_str())),
            choices: self.measured.iter().map(choice).collect(),
        }
    }
}

/// The thresholds 0, 1/steps, ..., 1 with each of the weights.
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

/// Every instance at every setting: `[setting][instance]`; none where no plan keeps the threshold
/// rule.
///
/// # Errors
/// A solver does not take a problem or fails on it.
pub fn measure(
    instances: &[Arc<Instance>],
    settings: &[TuneSetting],
    solver: &dyn Solver,
    budget: &Budget,
    delay: Delay,
) -> anyhow::Result<Vec<Vec<Option<Worth>>>> {
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
    solver: &dyn Solver,
    budget: &Budget,
    delay: Delay,
) -> anyhow::Result<Option<Worth>> {
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
    Ok(Some(Worth {
        accuracy_pct,
        delay_ms,
        offloaded_pct,
    }))
}

/// Parts 0..count at random into a part to tune on and a held-out one of about `share` of it; with
/// `share` > 0 and at least 2 instances neither is empty. Both ascending.
#[must_use]
pub fn split(count: usize, share: f64, seed: u64) -> (Vec<usize>, Vec<usize>) {
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
    (tuned, order)
}

/// Means over some instances; none when a setting has no plan for one of them.
#[must_use]
pub fn average(worth: &[Option<Worth>], part: &[usize]) -> Option<Worth> {
    let all: Vec<Worth> = part.iter().map(|&k| worth[k]).collect::<Option<_>>()?;
    let mean = |f: fn(&Worth) -> f64| all.iter().map(f).sum::<f64>() / all.len() as f64;
    (!all.is_empty()).then(|| Worth {
        accuracy_pct: mean(|w| w.accuracy_pct),
        delay_ms: mean(|w| w.delay_ms),
        offloaded_pct: mean(|w| w.offloaded_pct),
    })
}

/// The best setting for a target by its means; of equal ones the first. None when no setting has a
/// plan for every instance.
#[must_use]
pub fn choose(means: &[Option<Worth>], target: Target) -> Option<usize> {
    let mut best: Option<(usize, Worth)> = None;
    for (k, worth) in means.iter().enumerate() {
        if let Some(worth) = worth
            && best.as_ref().is_none_or(|(_, b)| target.prefers(worth, b))
        {
            best = Some((k, *worth));
        }
    }
    best.map(|b| b.0)
}

/// Which settings are on the front: no other has at least its accuracy and at most its delay, one
/// of them strictly.
#[must_use]
pub fn front(means: &[Option<Worth>]) -> Vec<bool> {
    let beats = |a: &Worth, b: &Worth| {
        a.accuracy_pct >= b.accuracy_pct
            && a.delay_ms <= b.delay_ms
            && (a.accuracy_pct > b.accuracy_pct || a.delay_ms < b.delay_ms)
    };
    means
        .iter()
        .map(|w| {
            w.as_ref()
                .is_some_and(|w| means.iter().flatten().all(|o| !beats(o, w)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worth(accuracy_pct: f64, delay_ms: f64) -> Option<Worth> {
        Some(Worth {
            accuracy_pct,
            delay_ms,
            offloaded_pct: 0.0,
        })
    }

    #[test]
    fn the_cheapest_that_reaches_the_target_is_chosen() {
        let means = [
            worth(30.0, 10.0),
            worth(35.0, 20.0),
            worth(36.0, 15.0),
            None,
            worth(40.0, 50.0),
            worth(36.0, 15.0),
        ];
        assert_eq!(choose(&means, Target::Accuracy(33.0)), Some(2));
        assert_eq!(choose(&means, Target::Accuracy(36.5)), Some(4));
        assert_eq!(
            choose(&means, Target::Accuracy(90.0)),
            Some(4),
            "the nearest when none reaches it"
        );
        assert_eq!(choose(&means, Target::Delay(18.0)), Some(2));
        assert_eq!(choose(&means, Target::Delay(1.0)), Some(0));
        assert_eq!(choose(&[None, None], Target::Delay(1.0)), None);
        assert_eq!(front(&means), [true, false, true, false, true, true]);
    }

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
            let (tuned, held) = split(count, share, 3);
            let mut all = [tuned.clone(), held.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..count).collect::<Vec<_>>());
            assert!(!tuned.is_empty() && held.is_empty() == (count < 2 || share == 0.0));
            assert_eq!((tuned, held), split(count, share, 3));
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
