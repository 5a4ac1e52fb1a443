//! Solves that ended otherwise than before, and bounds of one campaign above plans of the other.

use super::{Pair, ProblemKey, Side, key_of, problem_key};
use crate::csv_files::{cell, percent};
use crate::gaps::{Analysis, Problem, Reference, is_below, plan_value};
use crate::order::Catalogue;
use crate::record::{Record, Status, Trust};
use std::collections::{BTreeMap, HashMap};

/// Problems named for each kind of change.
const NAMED: usize = 3;

/// How a solve ended, from best to worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Proved optimal, or that no plan exists.
    Proved,
    /// A plan that breaks no rule.
    Plan,
    /// Out of time with a plan that breaks no rule.
    LatePlan,
    /// Out of time without a plan.
    Late,
    /// A plan that breaks rules.
    Violating,
    /// An error, or an end without a plan.
    Failed,
}

/// Solves of one solver that ended as `from` in A and as `to` in B.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusChange {
    /// The solver.
    pub solver: String,
    /// In A.
    pub from: State,
    /// In B.
    pub to: State,
    /// How many.
    pub solves: usize,
    /// Instance and threshold of some of them: where the gap grew most, or where there is none any
    /// more, first.
    pub named: Vec<(String, f64)>,
}

/// A claim that a plan contradicts.
#[derive(Clone, Debug, PartialEq)]
pub enum Claim {
    /// That no plan is below this value, weighted s.
    Bound(f64, Trust),
    /// That there is no plan.
    Infeasible,
}

/// A plan that breaks no rule below a bound, or of a problem that is said to have none. One of the
/// programs involved is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    /// Name of the instance.
    pub instance: String,
    /// Threshold tau.
    pub threshold: f64,
    /// `uncertainty` or `uniform`.
    pub weights: String,
    /// The plan's value, weighted s.
    pub objective: f64,
    /// Who found the plan, and in which campaign (0: A, 1: B).
    pub plan_by: (String, usize),
    /// What it contradicts.
    pub claim: Claim,
    /// Who claims that, and in which campaign.
    pub claim_by: (String, usize),
}

impl State {
    /// How `record` ended.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let plan = record.objective.is_some();
        match record.status {
            Status::Error => Self::Failed,
            _ if plan && record.violations > 0 => Self::Violating,
            Status::Optimal | Status::Infeasible => Self::Proved,
            Status::Timeout if plan => Self::LatePlan,
            Status::Timeout => Self::Late,
            Status::Feasible if plan => Self::Plan,
            Status::Feasible => Self::Failed,
        }
    }

    /// In words.
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

impl Contradiction {
    /// Whether the plan is in one campaign and the claim in the other.
    #[must_use]
    pub fn is_between(&self) -> bool {
        self.plan_by.1 != self.claim_by.1
    }
}

/// Changes by solver and kind: those for the worse first, then those for the better; the more
/// solves, the earlier.
pub(super) fn changes(pairs: &[Pair], catalogue: &Catalogue) -> Vec<StatusChange> {
    /// A solver and what its solves became.
    type Kind<'a> = ((usize, &'a str), [State; 2]);
    let mut kinds: BTreeMap<Kind, Vec<&Pair>> = BTreeMap::new();
    for pair in pairs
        .iter()
        .filter(|pair| pair.states()[0] != pair.states()[1])
    {
        kinds
            .entry((catalogue.order(&pair.records[0].solver), pair.states()))
            .or_default()
            .push(pair);
    }
    let mut all: Vec<StatusChange> = kinds
        .into_iter()
        .map(|(((_, solver), [from, to]), mut pairs)| {
            // Stable: equals keep the order of records.
            let loss = |pair: &&Pair| pair.difference().unwrap_or(f64::INFINITY);
            pairs.sort_by(|x, y| loss(y).total_cmp(&loss(x)));
            let name = |pair: &&Pair| (pair.records[0].instance.clone(), pair.records[0].threshold);
            let named = pairs.iter().take(NAMED).map(name).collect();
            StatusChange {
                solver: solver.into(),
                from,
                to,
                solves: pairs.len(),
                named,
            }
        })
        .collect();
    all.sort_by_key(|c| (c.to < c.from, std::cmp::Reverse(c.solves)));
    all
}

/// Columns of [`rows`].
pub(super) const COLUMNS: [&str; 13] = [
    "solver",
    "instance",
    "fingerprint",
    "family",
    "users",
    "threshold",
    "weights",
    "seed",
    "a_state",
    "b_state",
    "a_gap_pct",
    "b_gap_pct",
    "b_stop",
];

/// Every solve that ended otherwise.
pub(super) fn rows(pairs: &[Pair]) -> Vec<Vec<String>> {
    let row = |pair: &Pair| {
        let (a, b) = (pair.records[0], pair.records[1]);
        vec![
            a.solver.clone(),
            a.instance.clone(),
            a.fingerprint.clone(),
            a.family.clone(),
            a.users.to_string(),
            cell(Some(a.threshold)),
            a.weights.clone(),
            a.seed.to_string(),
            pair.states()[0].name().into(),
            pair.states()[1].name().into(),
            percent(pair.gaps[0]),
            percent(pair.gaps[1]),
            b.stop.clone(),
        ]
    };
    pairs
        .iter()
        .filter(|pair| pair.states()[0] != pair.states()[1])
        .map(row)
        .collect()
}

/// Every plan below a bound of either campaign; those between the two first.
pub(super) fn contradictions(sides: &[&Side; 2], common: &Analysis) -> Vec<Contradiction> {
    let crossed: Vec<&Problem> = common
        .problems
        .iter()
        .filter(|p| p.reference == Reference::Crossed)
        .collect();
    let places: HashMap<ProblemKey, usize> = crossed
        .iter()
        .enumerate()
        .map(|(k, p)| (key_of(p), k))
        .collect();
    let mut members: Vec<Vec<(usize, &Record)>> = vec![Vec::new(); crossed.len()];
    for (side, of) in sides.iter().enumerate() {
        for record in of.records {
            if let Some(&place) = places.get(&problem_key(record)) {
                members[place].push((side, record));
            }
        }
    }
    let mut all: Vec<Contradiction> = crossed
        .iter()
        .zip(&mut members)
        .flat_map(|(problem, records)| of_problem(problem, records, &common.catalogue))
        .collect();
    all.sort_by_key(|c| !c.is_between());
    all
}

fn of_problem(
    problem: &Problem,
    records: &mut [(usize, &Record)],
    catalogue: &Catalogue,
) -> Vec<Contradiction> {
    records.sort_by(|x, y| {
        let order = |r: &(usize, &Record)| {
            (
                r.0,
                catalogue.position(&r.1.solver),
                r.1.solver.clone(),
                r.1.seed,
            )
        };
        order(x).cmp(&order(y))
    });
    let bound = problem.greatest.as_ref();
    let claims = |r: &&(usize, &Record)| match &problem.infeasible {
        Some(_) => r.1.status == Status::Infeasible,
        None => {
            r.1.status != Status::Error && bound.is_some_and(|b| r.1.lower_bound == Some(b.value))
        }
    };
    let claim = match (&problem.infeasible, bound) {
        (None, Some(bound)) => Claim::Bound(bound.value, bound.trust),
        _ => Claim::Infeasible,
    };
    let Some(&(side, by)) = records.iter().find(claims) else {
        return Vec::new();
    };
    let below = |r: &Record| {
        let value = plan_value(r)?;
        let wrong = !matches!(claim, Claim::Bound(bound, _) if !is_below(value, bound));
        wrong.then_some(value)
    };
    let one = |(plan_side, record): &(usize, &Record)| {
        Some(Contradiction {
            instance: problem.instance.clone(),
            threshold: problem.threshold,
            weights: problem.weights.clone(),
            objective: below(record)?,
            plan_by: (record.solver.clone(), *plan_side),
            claim: claim.clone(),
            claim_by: (by.solver.clone(), side),
        })
    };
    records.iter().filter_map(one).collect()
}
