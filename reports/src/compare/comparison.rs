//! Two campaigns compared.

use super::changes::{self, Contradiction, StatusChange};
use super::matching::{CampaignSide, matched, problem_key};
use super::setup::{self, SetupDifference};
use super::shifts::{ShiftKey, SolverShift, shifts};
use crate::analysis::gaps::analyse;
use crate::records::SolverCatalogue;
use std::collections::HashSet;

/// Two campaigns compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// What A and B are called.
    pub names: [String; 2],
    /// Their numbers of records.
    pub rows: [usize; 2],
    /// Problems in A, in B and in both.
    pub problems: [usize; 3],
    /// Solves in both.
    pub pairs: usize,
    /// Where the two were not made alike.
    pub differences: Vec<SetupDifference>,
    /// Whether times may differ because the machines or their load do: what is known of them is not
    /// equal.
    pub other_machine: bool,
    /// Whether solves shared the machine in one of the campaigns.
    pub shared_machine: bool,
    /// Bounds above plans, those between the campaigns first.
    pub contradictions: Vec<Contradiction>,
    /// Per interference mode and solver.
    pub totals: Vec<SolverShift>,
    /// Per family, N and solver.
    pub groups: Vec<SolverShift>,
    /// Solves whose status changed, the worst changes first.
    pub changes: Vec<StatusChange>,
    /// `compare-changes.csv`: every pair whose state differs.
    pub(super) changes_csv: String,
}

impl Comparison {
    /// Compares campaign `a`, the earlier one, with `b`.
    #[must_use]
    pub fn of(a: &CampaignSide, b: &CampaignSide, catalogue: &SolverCatalogue) -> Self {
        let sides = [a, b];
        let common = analyse(a.records.iter().chain(b.records), catalogue);
        let matched = matched([a.records, b.records], &common);
        let seen = sides.map(|s| s.records.iter().map(problem_key).collect::<HashSet<_>>());
        let differences = setup::differences(&sides, catalogue);
        Self {
            names: sides.map(|s| s.name.to_string()),
            rows: sides.map(|s| s.records.len()),
            problems: [
                seen[0].len(),
                seen[1].len(),
                seen[0].intersection(&seen[1]).count(),
            ],
            pairs: matched.pairs.len(),
            other_machine: differences.iter().any(|d| d.timing)
                || sides.iter().any(|s| s.environments.is_empty()),
            shared_machine: sides
                .iter()
                .any(|s| s.environments.iter().any(|e| e.threads > 1)),
            differences,
            contradictions: changes::contradictions(&sides, &common),
            totals: shifts(&matched, ShiftKey::total, catalogue),
            groups: shifts(&matched, ShiftKey::part, catalogue),
            changes: changes::changes(&matched.pairs, catalogue),
            changes_csv: changes::csv(&matched.pairs),
        }
    }

    /// Contradictions of which the plan is in one campaign and the bound in the other.
    #[must_use]
    pub fn crossings_between(&self) -> usize {
        self.contradictions
            .iter()
            .filter(|c| c.is_between())
            .count()
    }
}
