//! One order of solvers and records for everything, so that a report does not depend on the order
//! in which solves finished.

use crate::record::Record;
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Solver ids in the order in which tables and legends list them. A solver's position also decides
/// how figures draw it. The caller passes in the ids that it knows, from the simplest rule to the
/// exact methods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    ids: Vec<String>,
}

impl Catalogue {
    /// A catalogue of distinct ids in this order.
    pub fn new<S: Into<String>>(ids: impl IntoIterator<Item = S>) -> Self {
        Self {
            ids: ids.into_iter().map(Into::into).collect(),
        }
    }

    /// This catalogue, followed by those of `ids` that it lacks, alphabetically.
    #[must_use]
    pub fn with<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        let ids: BTreeSet<&str> = ids.into_iter().collect();
        let mut all = self.ids.clone();
        all.extend(
            ids.into_iter()
                .filter(|id| self.position(id) == self.ids.len())
                .map(String::from),
        );
        Self { ids: all }
    }

    /// Place of a solver, from 0; that of an id that is not in the catalogue is after the last.
    #[must_use]
    pub fn position(&self, id: &str) -> usize {
        self.ids
            .iter()
            .position(|known| known == id)
            .unwrap_or(self.ids.len())
    }

    /// What to sort ids by: the catalogue's ids first, then the alphabet.
    #[must_use]
    pub fn order<'a>(&self, id: &'a str) -> (usize, &'a str) {
        (self.position(id), id)
    }

    /// Compares records by mode (interference off first), family, N, M, weights, threshold,
    /// instance, solver and seed. Records equal in all that are compared by their text, which makes
    /// the order total.
    pub(crate) fn compare(&self, a: &Record, b: &Record) -> Ordering {
        let text = |r: &Record| serde_json::to_string(r).unwrap_or_default();
        (a.interference, &a.family, a.users, a.servers, &a.weights)
            .cmp(&(b.interference, &b.family, b.users, b.servers, &b.weights))
            .then(a.threshold.total_cmp(&b.threshold))
            .then_with(|| (&a.instance, &a.fingerprint).cmp(&(&b.instance, &b.fingerprint)))
            .then_with(|| self.order(&a.solver).cmp(&self.order(&b.solver)))
            .then(a.seed.cmp(&b.seed))
            .then_with(|| text(a).cmp(&text(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_ids_follow_in_alphabetical_order() {
        let known = Catalogue::new(["goa", "bnb"]);
        assert_eq!(known.order("bnb"), (1, "bnb"));
        assert_eq!(known.order("a"), (2, "a"));
        let all = known.with(["z", "bnb", "a", "z"]);
        assert_eq!(
            ["goa", "bnb", "a", "z"].map(|id| all.position(id)),
            [0, 1, 2, 3]
        );
        assert_eq!(all.with([]), all);
    }
}
