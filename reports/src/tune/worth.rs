//! What a plan is worth.

/// What a plan is worth, as measured and not as planned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanWorth {
    /// Mean accuracy over users, %.
    pub accuracy_pct: f64,
    /// The delay that is minimised or limited, ms.
    pub delay_ms: f64,
    /// Share of users offloaded, %.
    pub offloaded_pct: f64,
}
