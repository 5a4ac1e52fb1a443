//! One order for everything, so that a report does not depend on the order in which solves
//! finished.

use crate::record::Record;
use std::cmp::Ordering;

/// The solvers that come first in tables and legends, in this order: from the simplest rule to the
/// exact methods. Others follow, alphabetically.
pub const SOLVERS: [&str; 22] = [
    "local-only",
    "all-offload",
    "threshold-only",
    "random",
    "random-feasible",
    "dmin",
    "goa",
    "goa-marginal",
    "regret",
    "hjtora",
    "best-response",
    "lagrangian",
    "ga",
    "local-search",
    "anneal",
    "tabu",
    "lns",
    "portfolio",
    "enumerate",
    "milp",
    "bnb",
    "exact",
];

/// Sorts solver ids: [`SOLVERS`] first, then the alphabet.
#[must_use]
pub fn solver_order(id: &str) -> (usize, &str) {
    (
        SOLVERS
            .iter()
            .position(|&known| known == id)
            .unwrap_or(SOLVERS.len()),
        id,
    )
}

/// Sorts records by mode (interference off first), family, N, M, weights, threshold, instance,
/// solver and seed. Records equal in all that are sorted by their text, which makes the order
/// total.
pub(crate) fn record_order(a: &Record, b: &Record) -> Ordering {
    let text = |r: &Record| serde_json::to_string(r).unwrap_or_default();
    (a.interference, &a.family, a.users, a.servers, &a.weights)
        .cmp(&(b.interference, &b.family, b.users, b.servers, &b.weights))
        .then(a.threshold.total_cmp(&b.threshold))
        .then_with(|| (&a.instance, &a.fingerprint).cmp(&(&b.instance, &b.fingerprint)))
        .then_with(|| solver_order(&a.solver).cmp(&solver_order(&b.solver)))
        .then(a.seed.cmp(&b.seed))
        .then_with(|| text(a).cmp(&text(b)))
}
