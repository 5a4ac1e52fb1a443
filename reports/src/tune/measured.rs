//! What was measured for tuning.

use super::worth::PlanWorth;

/// A threshold with weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TunedSetting {
    /// tau, in \[0, 1\].
    pub threshold: f64,
    /// Name of the weights: `uncertainty` or `uniform`.
    pub weights: &'static str,
}

/// One solver's measurements, `[setting][instance]`.
pub struct TunedSolver {
    /// The solver's id.
    pub solver: String,
    /// None where no plan satisfies the constraints.
    pub worth: Vec<Vec<Option<PlanWorth>>>,
}

/// The instances tuned on and the held-out ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TuneParts {
    /// Places of the instances that settings are chosen on.
    pub tuned: Vec<usize>,
    /// Places of the instances that the choice is judged on.
    pub held_out: Vec<usize>,
}
