//! The choice of a setting for a target, and the front of all settings.

use super::measured::{TuneParts, TunedSolver};
use super::worth::PlanWorth;
use crate::statistics::{ConfidenceInterval, mean_interval};

/// What is to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TuneTarget {
    /// A mean accuracy of at least so many %, with the least mean delay.
    Accuracy(f64),
    /// A mean delay of at most so many ms, with the greatest mean accuracy.
    Delay(f64),
}

/// What was chosen for a solver.
#[derive(Clone, Debug)]
pub struct TunedChoice {
    /// Place in the settings.
    pub setting: usize,
    /// Its means on the part that it was chosen on.
    pub tuned: PlanWorth,
    /// Accuracy (%) and delay (ms) on the held-out part with 95 % intervals over instances; none
    /// without a held-out part.
    pub held_out: Option<[ConfidenceInterval; 2]>,
}

impl TunedChoice {
    /// Chooses a setting for a solver on the first part and judges it on the second; None when no
    /// setting has a plan for every instance.
    #[must_use]
    pub fn of(m: &TunedSolver, parts: &TuneParts, target: TuneTarget, seed: u64) -> Option<Self> {
        let means: Vec<Option<PlanWorth>> =
            m.worth.iter().map(|w| average(w, &parts.tuned)).collect();
        let setting = choose(&means, target)?;
        let held = &parts.held_out;
        let clusters: Vec<u64> = held.iter().map(|&k| k as u64).collect();
        let interval = |f: fn(&PlanWorth) -> f64| {
            let values = held.iter().map(|&k| m.worth[setting][k].as_ref().map(f));
            let values: Vec<f64> = values.collect::<Option<_>>()?;
            mean_interval(&values, &clusters, seed)
        };
        let held_out = interval(|w| w.accuracy_pct)
            .zip(interval(|w| w.delay_ms))
            .map(|(accuracy, delay)| [accuracy, delay]);
        Some(Self {
            setting,
            tuned: means[setting]?,
            held_out,
        })
    }
}

impl TuneTarget {
    /// Whether means reach the target.
    #[must_use]
    pub fn is_reached(self, worth: &PlanWorth) -> bool {
        match self {
            Self::Accuracy(least) => worth.accuracy_pct >= least,
            Self::Delay(most) => worth.delay_ms <= most,
        }
    }

    /// Whether `a` is better than `b`: reached before not reached; both reached, the lesser cost;
    /// none reached, the nearer.
    fn prefers(self, a: &PlanWorth, b: &PlanWorth) -> bool {
        // (what is to be small once the target is reached, by how much it is missed)
        let order = |w: &PlanWorth| match self {
            Self::Accuracy(_) => (w.delay_ms, -w.accuracy_pct),
            Self::Delay(_) => (-w.accuracy_pct, w.delay_ms),
        };
        let (a_order, b_order) = (order(a), order(b));
        match (self.is_reached(a), self.is_reached(b)) {
            (true, true) => a_order < b_order,
            (false, false) => (a_order.1, a_order.0) < (b_order.1, b_order.0),
            (first, _) => first,
        }
    }
}

/// Means over some instances; none when a setting has no plan for one of them.
#[must_use]
pub fn average(worth: &[Option<PlanWorth>], part: &[usize]) -> Option<PlanWorth> {
    let all: Vec<PlanWorth> = part.iter().map(|&k| worth[k]).collect::<Option<_>>()?;
    let mean = |f: fn(&PlanWorth) -> f64| all.iter().map(f).sum::<f64>() / all.len() as f64;
    (!all.is_empty()).then(|| PlanWorth {
        accuracy_pct: mean(|w| w.accuracy_pct),
        delay_ms: mean(|w| w.delay_ms),
        offloaded_pct: mean(|w| w.offloaded_pct),
    })
}

/// The best setting for a target by its means; of equal ones the first. None when no setting has a
/// plan for every instance.
#[must_use]
pub fn choose(means: &[Option<PlanWorth>], target: TuneTarget) -> Option<usize> {
    let mut best: Option<(usize, PlanWorth)> = None;
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
pub fn front(means: &[Option<PlanWorth>]) -> Vec<bool> {
    let beats = |a: &PlanWorth, b: &PlanWorth| {
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

    fn worth(accuracy_pct: f64, delay_ms: f64) -> Option<PlanWorth> {
        Some(PlanWorth {
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
        assert_eq!(choose(&means, TuneTarget::Accuracy(33.0)), Some(2));
        assert_eq!(choose(&means, TuneTarget::Accuracy(36.5)), Some(4));
        assert_eq!(
            choose(&means, TuneTarget::Accuracy(90.0)),
            Some(4),
            "the nearest when none reaches it"
        );
        assert_eq!(choose(&means, TuneTarget::Delay(18.0)), Some(2));
        assert_eq!(choose(&means, TuneTarget::Delay(1.0)), Some(0));
        assert_eq!(choose(&[None, None], TuneTarget::Delay(1.0)), None);
        assert_eq!(front(&means), [true, false, true, false, true, true]);
    }
}
