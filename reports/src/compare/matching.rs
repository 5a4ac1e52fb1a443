//! The solves that two campaigns have in common.

use crate::analysis::comparisons::excess;
use crate::analysis::gaps::{Analysis, ProblemBounds};
use crate::records::{Environment, Record, SolverCatalogue, Status};
use std::collections::HashMap;

/// One of the two campaigns.
#[derive(Clone, Copy, Debug)]
pub struct CampaignSide<'a> {
    /// What it is called, such as its folder.
    pub name: &'a str,
    /// Its records, no key twice.
    pub records: &'a [Record],
    /// Its runs; may be empty.
    pub environments: &'a [Environment],
}

/// A solve that both campaigns hold.
pub(super) struct CommonSolve<'a> {
    pub records: [&'a Record; 2],
    /// How each of them ended.
    pub states: [SolveState; 2],
    /// Number of its instance.
    pub cluster: u64,
    /// Against the common reference.
    pub gaps: [Option<f64>; 2],
}

/// Every solve of both campaigns.
pub(super) struct Matched<'a> {
    pub pairs: Vec<CommonSolve<'a>>,
    pub alone: [Vec<&'a Record>; 2],
}

/// Fingerprint, threshold as bits, weights.
pub(super) type BoundsKey<'a> = (&'a str, u64, &'a str);

/// How a solve ended, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SolveState {
    /// Proved optimal, or that no plan exists.
    Proved,
    /// A feasible plan, of an anytime solver also at its time budget.
    Plan,
    /// Out of time with a feasible plan.
    LatePlan,
    /// Out of time without a plan.
    Late,
    /// A plan that violates constraints.
    Violating,
    /// An error, or an end without a plan.
    Failed,
}

impl CommonSolve<'_> {
    /// Guaranteed gap of B minus that of A.
    pub fn difference(&self) -> Option<f64> {
        Some(self.gaps[1]? - self.gaps[0]?)
    }

    /// Whether it ended in another way.
    pub fn is_changed(&self) -> bool {
        let [before, after] = self.states;
        before != after
    }
}

impl SolveState {
    /// How `record` ended.
    #[must_use]
    pub fn of(record: &Record, catalogue: &SolverCatalogue) -> Self {
        let plan = record.objective.is_some();
        match record.status {
            Status::Error | Status::NotRun => Self::Failed,
            _ if plan && record.violations > 0 => Self::Violating,
            Status::Optimal | Status::Infeasible => Self::Proved,
            Status::Timeout if catalogue.is_at_budget(record) => Self::Plan,
            Status::Timeout if plan => Self::LatePlan,
            Status::Timeout => Self::Late,
            Status::Feasible if plan => Self::Plan,
            Status::Feasible => Self::Failed,
        }
    }

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Plan => "plan",
            Self::LatePlan => "timeout with a plan",
            Self::Late => "timeout without a plan",
            Self::Violating => "plan that breaks rules",
            Self::Failed => "error",
        }
    }
}

pub(super) fn problem_key(record: &Record) -> BoundsKey<'_> {
    (
        &record.fingerprint,
        record.threshold.to_bits(),
        &record.weights,
    )
}

pub(super) fn key_of(problem: &ProblemBounds) -> BoundsKey<'_> {
    (
        &problem.fingerprint,
        problem.threshold.to_bits(),
        &problem.weights,
    )
}

/// Pairs in the order of records, and what has no partner.
pub(super) fn matched<'a>(records: [&'a [Record]; 2], common: &Analysis) -> Matched<'a> {
    let problems: HashMap<BoundsKey, &ProblemBounds> =
        common.problems.iter().map(|p| (key_of(p), p)).collect();
    let mut others: HashMap<String, &'a Record> = records[1].iter().map(|r| (r.key(), r)).collect();
    let mut first: Vec<&'a Record> = records[0].iter().collect();
    first.sort_by(|x, y| common.catalogue.record_order(x, y));
    let mut pairs = Vec::new();
    let mut alone = [Vec::new(), Vec::new()];
    for old in first {
        // Every record is of a problem of the analysis.
        let (Some(new), Some(problem)) =
            (others.remove(&old.key()), problems.get(&problem_key(old)))
        else {
            alone[0].push(old);
            continue;
        };
        let gaps = [old, new].map(|record| excess(problem.standing_of(record)));
        pairs.push(CommonSolve {
            records: [old, new],
            states: [old, new].map(|record| SolveState::of(record, &common.catalogue)),
            cluster: problem.cluster,
            gaps,
        });
    }
    alone[1] = others.into_values().collect();
    Matched { pairs, alone }
}
