//! What a proof of a campaign finds: counts by claim, and what is refuted.

use super::lines::NumberedRecord;
use serde::Serialize;
use std::collections::{BTreeMap, HashSet};

/// A kind of claim that rows make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RowClaim {
    /// Objective, violations, offloaded users and realised metrics of a plan.
    Plan,
    /// A bound of trust `certified`.
    CertifiedBound,
    /// A bound of trust `enumerated`.
    EnumeratedBound,
    /// A bound of trust `solver`.
    SolverBound,
    /// That no plan keeps the rules.
    Infeasible,
    /// That a repeated solve gives the same result.
    Repeated,
}

impl RowClaim {
    /// Its words in tables.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            RowClaim::Plan => "values and metrics of plans",
            RowClaim::CertifiedBound => "bounds, certified",
            RowClaim::EnumeratedBound => "bounds, enumerated",
            RowClaim::SolverBound => "bounds, a solver's word",
            RowClaim::Infeasible => "no feasible plan exists",
            RowClaim::Repeated => "repeated solves",
        }
    }
}

/// Result of checking one claim of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum ClaimOutcome {
    /// Re-checked, and true.
    Holds,
    /// Not re-checked, for this reason.
    Open(&'static str),
    /// Re-checked, and false, for this reason.
    Refuted(String),
}

/// Counts of one kind of claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ClaimTally {
    /// Rows that make the claim.
    pub claimed: usize,
    /// Those for which it was re-checked and holds.
    pub rechecked: usize,
    /// Those for which it was refuted.
    pub refuted: usize,
    /// Those that were not re-checked, by reason.
    pub open: BTreeMap<&'static str, usize>,
}

impl ClaimTally {
    fn add(&mut self, other: &ClaimTally) {
        self.claimed += other.claimed;
        self.rechecked += other.rechecked;
        self.refuted += other.refuted;
        for (reason, count) in &other.open {
            *self.open.entry(reason).or_default() += count;
        }
    }
}

/// A claim of a row that is false, or that its campaign fails to support as promised.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refutation {
    /// Line of the row in `records.jsonl`, from 1.
    pub line: usize,
    /// Name of the instance.
    pub instance: String,
    /// Threshold tau.
    pub threshold: f64,
    /// `uncertainty` or `uniform`.
    pub weights: String,
    /// The solver.
    pub solver: String,
    /// The solver's seed.
    pub seed: u64,
    /// What is refuted, such as `bound`.
    pub what: &'static str,
    /// Why.
    pub why: String,
}

impl Refutation {
    /// The refutation of something that a row claims.
    pub(super) fn of(row: &NumberedRecord, what: &'static str, why: String) -> Self {
        let r = &row.record;
        Refutation {
            line: row.line,
            instance: r.instance.clone(),
            threshold: r.threshold,
            weights: r.weights.clone(),
            solver: r.solver.clone(),
            seed: r.seed,
            what,
            why,
        }
    }
}

/// The verdict on one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowVerdict {
    /// Whether everything that follows from its plan was recomputed, or it has no plan and claims
    /// no value.
    pub rechecked: bool,
    /// Whether something is refuted.
    pub refuted: bool,
}

impl RowVerdict {
    /// The verdict on two rows of one solve.
    #[must_use]
    pub fn and(self, other: RowVerdict) -> RowVerdict {
        RowVerdict {
            rechecked: self.rechecked && other.rechecked,
            refuted: self.refuted || other.refuted,
        }
    }
}

/// What was found of some rows.
#[derive(Debug, Default)]
pub struct Findings {
    /// Counts by claim.
    pub tallies: BTreeMap<RowClaim, ClaimTally>,
    /// What is refuted.
    pub refutations: Vec<Refutation>,
    /// Rows without a plan that claim nothing: failures and time-outs.
    pub silent: usize,
    /// Lines of the rows that were re-checked.
    pub(super) rechecked: HashSet<usize>,
}

impl Findings {
    /// Counts a claim of a row, and keeps its refutation.
    pub(super) fn claim(&mut self, row: &NumberedRecord, claim: RowClaim, outcome: ClaimOutcome) {
        let tally = self.tallies.entry(claim).or_default();
        tally.claimed += 1;
        match outcome {
            ClaimOutcome::Holds => tally.rechecked += 1,
            ClaimOutcome::Open(reason) => *tally.open.entry(reason).or_default() += 1,
            ClaimOutcome::Refuted(why) => {
                tally.refuted += 1;
                let what = match claim {
                    RowClaim::Plan => "plan",
                    RowClaim::Infeasible => "infeasibility",
                    RowClaim::Repeated => "repeated solve",
                    RowClaim::CertifiedBound
                    | RowClaim::EnumeratedBound
                    | RowClaim::SolverBound => "bound",
                };
                self.refutations.push(Refutation::of(row, what, why));
            }
        }
    }

    /// Keeps a refutation that belongs to no counted claim.
    pub(super) fn refute(&mut self, refutation: Refutation) {
        self.refutations.push(refutation);
    }

    /// Adds what was found of other rows.
    pub(super) fn merge(&mut self, other: Findings) {
        for (claim, tally) in &other.tallies {
            self.tallies.entry(*claim).or_default().add(tally);
        }
        self.refutations.extend(other.refutations);
        self.silent += other.silent;
        if self.rechecked.is_empty() {
            self.rechecked = other.rechecked;
        } else {
            self.rechecked.extend(other.rechecked);
        }
    }

    /// Both together.
    pub(super) fn joined(mut self, other: Findings) -> Findings {
        self.merge(other);
        self
    }

    /// The counts of a claim.
    #[must_use]
    pub fn tally(&self, claim: RowClaim) -> ClaimTally {
        self.tallies.get(&claim).cloned().unwrap_or_default()
    }
}
