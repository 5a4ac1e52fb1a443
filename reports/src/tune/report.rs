//! Everything that the report of tuning shows.

use super::choice::{TuneTarget, TunedChoice, average};
use super::measured::{TuneParts, TunedSetting, TunedSolver};
use super::worth::PlanWorth;
use crate::records::SolverCatalogue;

/// Everything that the files and the table show.
pub struct TuneReport<'a> {
    /// The settings.
    pub settings: Vec<TunedSetting>,
    /// One per solver.
    pub measured: &'a [TunedSolver],
    /// The parts of the instances.
    pub parts: &'a TuneParts,
    /// The target.
    pub target: TuneTarget,
    /// Name of the delay that counts: `mean` or `p95`.
    pub delay: &'a str,
    /// What was chosen, one per solver; none when no setting has a plan for every instance.
    pub choices: Vec<Option<TunedChoice>>,
    /// Decides how solvers are drawn.
    pub catalogue: SolverCatalogue,
}

impl TuneReport<'_> {
    pub(super) fn all(&self) -> Vec<usize> {
        let mut all = [self.parts.tuned.as_slice(), &self.parts.held_out].concat();
        all.sort_unstable();
        all
    }

    pub(super) fn means(&self, m: &TunedSolver, part: &[usize]) -> Vec<Option<PlanWorth>> {
        m.worth.iter().map(|w| average(w, part)).collect()
    }

    /// Whether every solver reaches the target on the part that was tuned on.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        let reached = |c: &TunedChoice| self.target.is_reached(&c.tuned);
        self.choices.iter().all(|c| c.as_ref().is_some_and(reached))
    }

    pub(super) fn target_text(&self) -> String {
        match self.target {
            TuneTarget::Accuracy(a) => {
                format!("accuracy at least {a} %, least {} delay", self.delay)
            }
            TuneTarget::Delay(d) => {
                format!("{} delay at most {d} ms, greatest accuracy", self.delay)
            }
        }
    }
}
