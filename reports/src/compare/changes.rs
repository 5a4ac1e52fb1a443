//! Solves whose status changed, and bounds of one campaign above plans of the other.

use super::matching::{BoundsKey, CampaignSide, CommonSolve, SolveState, key_of, problem_key};
use crate::analysis::gaps::{Analysis, ProblemBounds, Reference, is_below, plan_value};
use crate::document::{Column, Value, columns, csv as document_csv};
use crate::records::{Record, SolverCatalogue, SolverKey, Status, Trust};
use std::collections::{BTreeMap, HashMap};

/// Problems named for each kind of change.
const NAMED: usize = 3;

/// Solves of one solver that ended as `from` in A and as `to` in B.
#[derive(Clone, Debug, PartialEq)]
pub struct StatusChange {
    /// The solver.
    pub solver: String,
    /// In A.
    pub from: SolveState,
    /// In B.
    pub to: SolveState,
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

/// A feasible plan below a bound, or of a problem that was proved infeasible. One of the
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
    /// The solver that found the plan, and its campaign (0: A, 1: B).
    pub plan_by: (String, usize),
    /// What it contradicts.
    pub claim: Claim,
    /// The solver that claims it, and its campaign.
    pub claim_by: (String, usize),
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
pub(super) fn changes(pairs: &[CommonSolve], catalogue: &SolverCatalogue) -> Vec<StatusChange> {
    /// A solver and what its solves became.
    type Kind<'a> = (SolverKey<'a>, [SolveState; 2]);
    let mut kinds: BTreeMap<Kind, Vec<&CommonSolve>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.is_changed()) {
        let kind = (catalogue.key(&pair.records[0].solver), pair.states);
        kinds.entry(kind).or_default().push(pair);
    }
    let mut all: Vec<StatusChange> = kinds
        .into_iter()
        .map(|(((_, solver), [from, to]), mut pairs)| {
            // Stable: equals keep the order of records.
            let loss = |pair: &&CommonSolve| pair.difference().unwrap_or(f64::INFINITY);
            pairs.sort_by(|x, y| loss(y).total_cmp(&loss(x)));
            let name =
                |pair: &&CommonSolve| (pair.records[0].instance.clone(), pair.records[0].threshold);
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

/// `compare-changes.csv`: every solve whose status changed.
pub(super) fn csv(pairs: &[CommonSolve]) -> String {
    document_csv::table(&columns(), pairs.iter().filter(|pair| pair.is_changed()))
}

fn columns<'a>() -> Vec<Column<CommonSolve<'a>>> {
    columns! { p: CommonSolve;
        csv["solver"]      => &p.records[0].solver;
        csv["instance"]    => &p.records[0].instance;
        csv["fingerprint"] => &p.records[0].fingerprint;
        csv["family"]      => &p.records[0].family;
        csv["users"]       => p.records[0].users;
        csv["threshold"]   => Value::Exact(p.records[0].threshold);
        csv["weights"]     => &p.records[0].weights;
        csv["seed"]        => p.records[0].seed;
        csv["a_state"]     => p.states[0].name();
        csv["b_state"]     => p.states[1].name();
        csv["a_gap_pct"]   => Value::percent(p.gaps[0]);
        csv["b_gap_pct"]   => Value::percent(p.gaps[1]);
        csv["b_stop"]      => &p.records[1].stop;
    }
}

/// Every plan below a bound of either campaign; those between the two first.
pub(super) fn contradictions(sides: &[&CampaignSide; 2], common: &Analysis) -> Vec<Contradiction> {
    let crossed: Vec<&ProblemBounds> = common
        .problems
        .iter()
        .filter(|p| p.reference == Reference::Crossed)
        .collect();
    let places = crossed.iter().enumerate().map(|(k, p)| (key_of(p), k));
    let places: HashMap<BoundsKey, usize> = places.collect();
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
    problem: &ProblemBounds,
    records: &mut [(usize, &Record)],
    catalogue: &SolverCatalogue,
) -> Vec<Contradiction> {
    records.sort_by(|x, y| {
        let order = |(side, r): &(usize, &Record)| {
            (
                *side,
                catalogue.position(&r.solver),
                r.solver.clone(),
                r.seed,
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
