//! One order for everything, so that a report does not depend on the order in which solves
//! finished.

use crate::records::Record;
use std::cmp::Ordering;
use std::sync::Arc;

/// The known solvers, in the order of tables and legends; charts derive a solver's style from its
/// position. The caller passes it in, because this crate knows no solver. Solvers that are not in
/// it follow alphabetically.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SolverCatalogue {
    ids: Arc<[String]>,
}

/// A solver's position in the catalogue and its id: sorts solvers.
pub type SolverKey<'a> = (usize, &'a str);

impl SolverCatalogue {
    /// A catalogue of these ids, in their order.
    #[must_use]
    pub fn new(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            ids: ids.into_iter().map(Into::into).collect(),
        }
    }

    /// The position of a solver; the number of known solvers when it is not one of them.
    #[must_use]
    pub fn position(&self, id: &str) -> usize {
        let known = self.ids.iter().position(|known| known == id);
        known.unwrap_or(self.ids.len())
    }

    /// The key that sorts a solver.
    #[must_use]
    pub fn key<'a>(&self, id: &'a str) -> SolverKey<'a> {
        (self.position(id), id)
    }

    /// This catalogue, followed by those of `ids` that it lacks, alphabetically.
    #[must_use]
    pub fn with<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        let others = self.sorted(ids).into_iter();
        let others = others.filter(|id| self.position(id) == self.ids.len());
        Self::new(self.ids.iter().cloned().chain(others.map(String::from)))
    }

    /// The distinct ids among `ids`, in order.
    #[must_use]
    pub fn sorted<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
        let mut distinct: Vec<&str> = ids.into_iter().collect();
        distinct.sort_unstable();
        distinct.dedup();
        distinct.sort_by_key(|id| self.position(id));
        distinct
    }

    /// Sorts records by mode (interference off first), family, N, M, weights, threshold, instance,
    /// solver and seed. Records equal in all that are sorted by their text, which makes the order
    /// total.
    pub(crate) fn record_order(&self, a: &Record, b: &Record) -> Ordering {
        let text = |r: &Record| serde_json::to_string(r).unwrap_or_default();
        (a.interference, &a.family, a.users, a.servers, &a.weights)
            .cmp(&(b.interference, &b.family, b.users, b.servers, &b.weights))
            .then(a.threshold.total_cmp(&b.threshold))
            .then_with(|| (&a.instance, &a.fingerprint).cmp(&(&b.instance, &b.fingerprint)))
            .then_with(|| self.key(&a.solver).cmp(&self.key(&b.solver)))
            .then(a.seed.cmp(&b.seed))
            .then_with(|| text(a).cmp(&text(b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_ids_follow_in_alphabetical_order() {
        let known = SolverCatalogue::new(["goa", "bnb"]);
        assert_eq!(known.key("bnb"), (1, "bnb"));
        assert_eq!(known.key("a"), (2, "a"));
        assert_eq!(known.sorted(["z", "bnb", "a", "z"]), ["bnb", "a", "z"]);
        let all = known.with(["z", "bnb", "a", "z"]);
        assert_eq!(
            ["goa", "bnb", "a", "z"].map(|id| all.position(id)),
            [0, 1, 2, 3]
        );
    }
}
