//! What reports know of solvers: one order for everything, so that a report does not depend on the
//! order in which solves finished, and what counts as solved.

use crate::records::{Record, Status};
use std::cmp::Ordering;
use std::sync::Arc;

/// The known solvers, in the order of tables and legends; charts derive a solver's style from its
/// position. The caller passes it in, because this crate knows no solver. Solvers that are not in
/// it follow alphabetically.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SolverCatalogue {
    ids: Arc<[String]>,
    /// Ids of the solvers that use all their time by design.
    anytime: Arc<[String]>,
}

/// How a solve ended, seen from what its solver set out to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SolveEnd {
    /// It proved its answer; or, if it proves nothing, ended with a feasible plan; or, if it is an
    /// anytime solver, had a feasible plan when its time was up.
    Solved,
    /// The time limit cut it off.
    OutOfTime,
    /// It ended by itself, short of that: an error, a rule broken, no plan, a gap left open.
    Unsolved,
}

/// A solver's position in the catalogue and its id: sorts solvers.
pub type SolverKey<'a> = (usize, &'a str);

impl SolverCatalogue {
    /// A catalogue of these ids, in their order.
    #[must_use]
    pub fn new(ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            ids: ids.into_iter().map(Into::into).collect(),
            anytime: Arc::default(),
        }
    }

    /// The same catalogue, with the ids of the anytime solvers: for records that do not say so
    /// themselves.
    #[must_use]
    pub fn with_anytime(self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let anytime = ids.into_iter().map(Into::into).collect();
        Self { anytime, ..self }
    }

    /// Whether a record is one of an anytime solver.
    #[must_use]
    pub fn is_anytime(&self, record: &Record) -> bool {
        let is_known = || self.anytime.iter().any(|id| id == record.solver_id());
        record.states_anytime().unwrap_or_else(is_known)
    }

    /// How a solve ended. A time budget is no time limit for an anytime solver: with a feasible
    /// plan at its budget it did what it set out to do.
    #[must_use]
    pub fn end(&self, record: &Record) -> SolveEnd {
        let is_feasible = record.has_feasible_plan();
        match record.status {
            Status::Optimal | Status::Infeasible => SolveEnd::Solved,
            Status::Feasible | Status::Timeout if is_feasible && self.is_anytime(record) => {
                SolveEnd::Solved
            }
            Status::Feasible if is_feasible && record.lower_bound.is_none() => SolveEnd::Solved,
            Status::Timeout => SolveEnd::OutOfTime,
            Status::Feasible | Status::Error | Status::NotRun => SolveEnd::Unsolved,
        }
    }

    /// Whether an anytime solver ended at its time budget, with a feasible plan.
    #[must_use]
    pub fn is_at_budget(&self, record: &Record) -> bool {
        record.status == Status::Timeout && self.end(record) == SolveEnd::Solved
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
        let ids = self.ids.iter().cloned().chain(others.map(String::from));
        Self {
            ids: ids.collect(),
            anytime: self.anytime.clone(),
        }
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
    use crate::records::samples::record;

    #[test]
    fn a_budget_is_no_limit_for_an_anytime_solver() {
        let catalogue = SolverCatalogue::new(["goa", "portfolio"]).with_anytime(["portfolio"]);
        let ended = |solver: &str, objective| {
            let mut record = record(20, 1, solver, objective);
            record.status = Status::Timeout;
            record
        };
        let anytime = ended("portfolio", Some(1.0));
        assert_eq!(catalogue.end(&anytime), SolveEnd::Solved);
        assert!(catalogue.is_at_budget(&anytime));
        assert_eq!(catalogue.end(&ended("goa", Some(1.0))), SolveEnd::OutOfTime);
        // Killed before its first plan, or with one that breaks a rule.
        assert_eq!(
            catalogue.end(&ended("portfolio", None)),
            SolveEnd::OutOfTime
        );
        let mut violating = anytime.clone();
        violating.violations = 1;
        assert_eq!(catalogue.end(&violating), SolveEnd::OutOfTime);
        // The record's own word counts first, then the id behind a name of the configuration.
        let with = |mut record: Record, name: &str, value: serde_json::Value| {
            record.options = Arc::new([(name.to_string(), value)].into());
            record
        };
        let declared = with(ended("serve:x", Some(1.0)), "anytime", true.into());
        assert_eq!(catalogue.end(&declared), SolveEnd::Solved);
        let denied = with(ended("portfolio", Some(1.0)), "anytime", false.into());
        assert_eq!(catalogue.end(&denied), SolveEnd::OutOfTime);
        let renamed = with(ended("mine", Some(1.0)), "id", "portfolio".into());
        assert_eq!(catalogue.end(&renamed), SolveEnd::Solved);
        // A catalogue that a campaign's other solvers are added to still knows them.
        assert!(catalogue.with(["mine"]).is_at_budget(&anytime));
    }

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
