//! Reference values and gaps: how far each plan is from the optimum, and what stands behind that
//! number.
//!
//! For a problem (fingerprint, threshold, weights) with optimum F*: LB is the greatest lower bound
//! of its records (an enumerated or certified one where it is within 0.1 % of a solver's claim) and
//! UB the least objective of its feasible plans, so LB <= F* <= UB. A feasible plan of value z
//! has a relative gap (z - F*)/F* within [(z - UB)/UB, (z - LB)/LB]; the upper
//! end is the *guaranteed* gap.

use crate::records::{Record, SolverCatalogue, Status, Trust};
use rayon::prelude::*;
use std::collections::HashMap;
use std::fmt;

/// Relative difference between two values of one plan that is taken for rounding.
pub const ROUNDING: f64 = 1e-9;
/// Guaranteed gap up to which a plan counts as proved optimal, and (UB - LB)/LB up to which a
/// problem does.
pub const OPTIMAL: f64 = 1e-4;

/// How much lower (relative) a re-checked bound may be than a solver's claim and still be the
/// reference.
pub const TRUST_MARGIN: f64 = 1e-3;

/// What the values of a problem are compared with; the order is the order of trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// A lower bound from trying all plans.
    Enumerated,
    /// A lower bound that the verifier re-checked.
    Certified,
    /// A lower bound that is a solver's claim.
    Solver,
    /// No lower bound above 0: only the best plan known, and no gap to the optimum.
    BestKnown,
    /// Neither a bound nor a feasible plan.
    Missing,
    /// Proved to have no plan.
    Infeasible,
    /// Bound and plan contradict each other: see [`Crossing`].
    Crossed,
}

/// A lower bound and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct LowerBound {
    /// LB, weighted s.
    pub value: f64,
    /// What stands behind it.
    pub trust: Trust,
    /// The solver that found it.
    pub solver: String,
}

/// A plan's value and where it is from.
#[derive(Clone, Debug, PartialEq)]
pub struct UpperBound {
    /// UB, weighted s.
    pub value: f64,
    /// The solver that found it.
    pub solver: String,
}

/// One problem: an instance with a threshold and weights.
#[derive(Clone, Debug, PartialEq)]
pub struct ProblemBounds {
    /// Name of the instance (the alphabetically first when several files hold the same instance).
    pub instance: String,
    /// Fingerprint of the instance.
    pub fingerprint: String,
    /// Threshold tau.
    pub threshold: f64,
    /// `uncertainty` or `uniform`.
    pub weights: String,
    /// The lower bound that gaps refer to: the greatest, or an enumerated or certified one within
    /// [`TRUST_MARGIN`] of it.
    pub lower: Option<LowerBound>,
    /// The greatest lower bound of all, which no plan may be below.
    pub greatest: Option<LowerBound>,
    /// Least objective of a feasible plan.
    pub upper: Option<UpperBound>,
    /// The solver that proved that there is no plan, if one did.
    pub infeasible: Option<String>,
    /// What its rows are compared with.
    pub reference: Reference,
    /// Number of its instance in the analysis: problems with one number share an instance, and
    /// bootstrap intervals resample these.
    pub cluster: u64,
    /// Up to when primal integrals of its rows are taken, s: the greatest time limit of its rows,
    /// or their greatest time when one has no limit.
    pub horizon_s: f64,
}

/// The interval that holds a plan's relative gap to the optimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gap {
    /// max(0, (z - UB)/UB): the gap is at least this.
    pub low: f64,
    /// (z - LB)/LB: the gap is at most this.
    pub guaranteed: f64,
}

/// How a record compares with the bounds of its problem. Every record is exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// A feasible plan, with a bound to compare it with.
    Gap(Gap),
    /// A feasible plan and no bound: (z - UB)/UB, which is no gap to the optimum. None
    /// when UB is 0.
    BestKnown(Option<f64>),
    /// A plan whose problem has contradicting bounds: no number is given until that is explained.
    Crossed,
    /// A plan that violates constraints: never a gap.
    Violating,
    /// No plan, and a proof that there is none.
    Infeasible,
    /// No plan: an error, or out of time before the first one.
    Failed,
}

/// A record and its place in the analysis.
#[derive(Clone, Copy, Debug)]
pub struct ScoredRecord<'a> {
    /// The record.
    pub record: &'a Record,
    /// Index of its problem in [`Analysis::problems`].
    pub problem: usize,
    /// How it compares with its problem.
    pub standing: Standing,
}

/// A contradiction: a feasible plan is below a lower bound, or exists although
/// the problem was proved infeasible. One of the programs involved is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Crossing {
    /// Name of the instance.
    pub instance: String,
    /// Threshold tau.
    pub threshold: f64,
    /// `uncertainty` or `uniform`.
    pub weights: String,
    /// The plan's value, weighted s.
    pub objective: f64,
    /// The solver that found the plan.
    pub plan_by: String,
    /// The bound, weighted s; none when the claim is that there is no plan at all.
    pub bound: Option<f64>,
    /// What stands behind the bound.
    pub trust: Option<Trust>,
    /// The solver that made the claim.
    pub bound_by: String,
}

/// The problems and gaps of some records, in an order that does not depend on theirs.
#[derive(Clone, Debug)]
pub struct Analysis<'a> {
    /// The problems.
    pub problems: Vec<ProblemBounds>,
    /// One row per record.
    pub rows: Vec<ScoredRecord<'a>>,
    /// Contradictions; a campaign without bugs has none.
    pub crossings: Vec<Crossing>,
    /// The solvers' ids, in the order of tables.
    pub solvers: Vec<&'a str>,
    /// The order of solvers, with a position for every solver of the campaign.
    pub catalogue: SolverCatalogue,
}

impl<'a> Analysis<'a> {
    /// The rows of one mode.
    pub(crate) fn rows_of(&self, interference: bool) -> impl Iterator<Item = &ScoredRecord<'a>> {
        let rows = self.rows.iter();
        rows.filter(move |row| row.record.interference == interference)
    }
}

impl Reference {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Enumerated => "enumerated",
            Self::Certified => "certified",
            Self::Solver => "solver",
            Self::BestKnown => "best-known",
            Self::Missing => "missing",
            Self::Infeasible => "infeasible",
            Self::Crossed => "crossed",
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<Trust> for Reference {
    fn from(trust: Trust) -> Self {
        match trust {
            Trust::Enumerated => Self::Enumerated,
            Trust::Certified => Self::Certified,
            Trust::Solver => Self::Solver,
        }
    }
}

impl Standing {
    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap(_) => "gap",
            Self::BestKnown(_) => "best-known",
            Self::Crossed => "crossed",
            Self::Violating => "violating",
            Self::Infeasible => "infeasible",
            Self::Failed => "failed",
        }
    }

    /// The gap, if there is one.
    #[must_use]
    pub fn gap(self) -> Option<Gap> {
        match self {
            Self::Gap(gap) => Some(gap),
            _ => None,
        }
    }
}

impl Gap {
    /// Whether the plan is proved optimal, within [`OPTIMAL`].
    #[must_use]
    pub fn is_optimal(self) -> bool {
        self.guaranteed <= OPTIMAL
    }
}

impl ProblemBounds {
    /// (UB - LB)/LB: how far apart the two ends of what is known are. None without a bound above 0,
    /// without a plan, or when they contradict each other.
    #[must_use]
    pub fn width(&self) -> Option<f64> {
        let (lower, upper) = (self.usable_lower()?, self.upper.as_ref()?);
        (self.reference != Reference::Crossed).then(|| relative_excess(upper.value, lower))
    }

    /// Whether the best plan known is proved optimal, within [`OPTIMAL`].
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.width().is_some_and(|width| width <= OPTIMAL)
    }

    /// The bound, if a relative gap can rest on it: a bound of 0 or less says nothing that delays
    /// do not say already.
    fn usable_lower(&self) -> Option<f64> {
        let value = self.lower.as_ref()?.value;
        (value > 0.0).then_some(value)
    }

    fn settle_reference(&mut self) {
        let greatest = self.greatest.as_ref();
        let contradicted = self.upper.as_ref().is_some_and(|upper| {
            self.infeasible.is_some() || greatest.is_some_and(|b| is_below(upper.value, b.value))
        });
        self.reference = match (&self.lower, &self.upper) {
            _ if contradicted => Reference::Crossed,
            _ if self.infeasible.is_some() => Reference::Infeasible,
            (Some(lower), _) if lower.value > 0.0 => lower.trust.into(),
            (_, Some(_)) => Reference::BestKnown,
            _ => Reference::Missing,
        };
    }

    /// How `record`, one of this problem, compares.
    pub(crate) fn standing_of(&self, record: &Record) -> Standing {
        let Some(value) = plan_value(record) else {
            return outcome_without_plan(record);
        };
        if self.reference == Reference::Crossed {
            return Standing::Crossed;
        }
        let upper = self.upper.as_ref().filter(|u| u.value > 0.0);
        let low = upper.map(|u| relative_excess(value, u.value));
        match self.usable_lower() {
            Some(lower) => {
                let guaranteed = relative_excess(value, lower);
                // Rounding may put LB a hair above UB.
                Standing::Gap(Gap {
                    low: low.unwrap_or(0.0).min(guaranteed),
                    guaranteed,
                })
            }
            None => Standing::BestKnown(low),
        }
    }

    fn crossing_of(&self, record: &Record) -> Option<Crossing> {
        let objective = plan_value(record)?;
        let at = |bound, trust, bound_by: &str| Crossing {
            instance: self.instance.clone(),
            threshold: self.threshold,
            weights: self.weights.clone(),
            objective,
            plan_by: record.solver.clone(),
            bound,
            trust,
            bound_by: bound_by.to_string(),
        };
        if let Some(solver) = &self.infeasible {
            return Some(at(None, None, solver));
        }
        let greatest = self.greatest.as_ref();
        let lower = greatest.filter(|lower| is_below(objective, lower.value))?;
        Some(at(Some(lower.value), Some(lower.trust), &lower.solver))
    }
}

/// Whether `value` is below `bound` by more than [`ROUNDING`].
pub(crate) fn is_below(value: f64, bound: f64) -> bool {
    value < bound - ROUNDING * bound.abs()
}

/// (value - reference)/reference for reference > 0; 0 when the value is below the reference, which
/// here can only be rounding, since anything more is a [`Crossing`] and gets no number.
fn relative_excess(value: f64, reference: f64) -> f64 {
    ((value - reference) / reference).max(0.0)
}

/// The value of a feasible plan.
pub(crate) fn plan_value(record: &Record) -> Option<f64> {
    record.objective.filter(|_| record.has_feasible_plan())
}

fn outcome_without_plan(record: &Record) -> Standing {
    match record.status {
        Status::Error | Status::NotRun => Standing::Failed,
        _ if record.objective.is_some() => Standing::Violating,
        Status::Infeasible => Standing::Infeasible,
        _ => Standing::Failed,
    }
}

/// Groups records by problem, finds each problem's bounds and each record's gap.
#[must_use]
pub fn analyse<'a>(
    records: impl IntoIterator<Item = &'a Record>,
    catalogue: &SolverCatalogue,
) -> Analysis<'a> {
    let mut sorted: Vec<&'a Record> = records.into_iter().collect();
    sorted.par_sort_by(|a, b| catalogue.record_order(a, b));
    let solvers = catalogue.sorted(sorted.iter().map(|record| record.solver.as_str()));
    let mut members: Vec<Vec<&Record>> = Vec::new();
    let mut places = HashMap::new();
    let mut problem_of = Vec::with_capacity(sorted.len());
    for &record in &sorted {
        let key = (
            &record.fingerprint,
            record.threshold.to_bits(),
            &record.weights,
        );
        let place = *places.entry(key).or_insert(members.len());
        if place == members.len() {
            members.push(Vec::new());
        }
        members[place].push(record);
        problem_of.push(place);
    }
    let mut instances = HashMap::new();
    let mut number = |fingerprint| {
        let next = instances.len() as u64;
        *instances.entry(fingerprint).or_insert(next)
    };
    let clusters = members
        .iter()
        .map(|records| number(&records[0].fingerprint));
    let clusters: Vec<u64> = clusters.collect();
    let members = members.par_iter().zip(clusters);
    let problems: Vec<ProblemBounds> = members
        .map(|(records, cluster)| problem_from(records, cluster, catalogue))
        .collect();
    let pairs = || sorted.iter().copied().zip(problem_of.iter().copied());
    let crossings = pairs()
        .filter_map(|(record, problem)| problems[problem].crossing_of(record))
        .collect();
    let rows = pairs()
        .map(|(record, problem)| ScoredRecord {
            record,
            problem,
            standing: problems[problem].standing_of(record),
        })
        .collect();
    Analysis {
        problems,
        rows,
        crossings,
        catalogue: catalogue.with(solvers.iter().copied()),
        solvers,
    }
}

/// The problem that `records`, at least one and all of them of that problem, are about.
fn problem_from(records: &[&Record], cluster: u64, catalogue: &SolverCatalogue) -> ProblemBounds {
    let first = records[0];
    let bounds = bounds(records, catalogue);
    let mut problem = ProblemBounds {
        instance: first.instance.clone(),
        fingerprint: first.fingerprint.clone(),
        threshold: first.threshold,
        weights: first.weights.clone(),
        lower: reference_bound(&bounds),
        greatest: bounds.into_iter().next(),
        upper: best_upper(records),
        infeasible: records
            .iter()
            .find(|r| r.status == Status::Infeasible)
            .map(|r| r.solver.clone()),
        reference: Reference::Missing,
        cluster,
        horizon_s: horizon(records),
    };
    problem.settle_reference();
    problem
}

fn horizon(records: &[&Record]) -> f64 {
    let limits: Option<Vec<f64>> = records.iter().map(|r| r.time_limit_s()).collect();
    let times = || records.iter().map(|r| r.time_s).fold(0.0, f64::max);
    limits.map_or_else(times, |limits| limits.into_iter().fold(0.0, f64::max))
}

/// Every usable bound of a problem, the greatest first; ties to the better founded, then by solver.
fn bounds(records: &[&Record], catalogue: &SolverCatalogue) -> Vec<LowerBound> {
    let usable = records.iter().filter(|r| r.status != Status::Error);
    let bound = |r: &&Record| {
        Some(LowerBound {
            value: r.lower_bound?,
            trust: r.trust?,
            solver: r.solver.clone(),
        })
    };
    let mut bounds: Vec<LowerBound> = usable.filter_map(bound).collect();
    bounds.sort_by(|a, b| {
        let by_name = || catalogue.key(&a.solver).cmp(&catalogue.key(&b.solver));
        b.value
            .total_cmp(&a.value)
            .then(a.trust.cmp(&b.trust))
            .then_with(by_name)
    });
    bounds
}

/// The bound that gaps refer to: the greatest that was enumerated or certified if it is within
/// [`TRUST_MARGIN`] of the greatest of all, which is taken otherwise. A bound that can be
/// re-checked is worth more than a solver's claim that is a little higher.
fn reference_bound(bounds: &[LowerBound]) -> Option<LowerBound> {
    let greatest = bounds.first()?;
    let near = |b: &&LowerBound| b.value >= greatest.value - TRUST_MARGIN * greatest.value.abs();
    bounds
        .iter()
        .find(|b| b.trust != Trust::Solver)
        .filter(near)
        .or(Some(greatest))
        .cloned()
}

fn best_upper(records: &[&Record]) -> Option<UpperBound> {
    let plans = records.iter().filter_map(|r| Some((plan_value(r)?, r)));
    let best = plans.min_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(value, r)| UpperBound {
        value,
        solver: r.solver.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::samples::{bounded, catalogue, record};

    fn standing(analysis: &Analysis, solver: &str) -> Standing {
        analysis
            .rows
            .iter()
            .find(|row| row.record.solver == solver)
            .unwrap()
            .standing
    }

    #[test]
    fn interval_between_bound_and_best_plan() {
        let records = [
            record(20, 1, "goa", Some(2.2)),
            record(20, 1, "ga", Some(2.1)),
            bounded(20, 1, "milp", Some(2.0), 1.6, Trust::Solver),
            bounded(20, 1, "bnb", None, 1.5, Trust::Certified),
        ];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(analysis.problems.len(), 1);
        assert_eq!(analysis.problems[0].reference, Reference::Solver);
        assert!((analysis.problems[0].width().unwrap() - 0.25).abs() < 1e-12);
        let goa = standing(&analysis, "goa").gap().unwrap();
        assert!((goa.low - 0.1).abs() < 1e-12 && (goa.guaranteed - 0.375).abs() < 1e-12);
        assert_eq!(standing(&analysis, "milp").gap().unwrap().low, 0.0);
        assert_eq!(standing(&analysis, "bnb"), Standing::Failed);
        assert!(analysis.crossings.is_empty());
    }

    #[test]
    fn trust_wins_between_bounds_that_only_rounding_separates() {
        let records = [
            bounded(20, 1, "milp", Some(2.0), 2.0 * (1.0 - 1e-12), Trust::Solver),
            bounded(
                20,
                1,
                "bnb",
                Some(2.0),
                2.0 * (1.0 - 1e-10),
                Trust::Certified,
            ),
        ];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(analysis.problems[0].lower.as_ref().unwrap().solver, "bnb");
        assert!(analysis.problems[0].is_proved());
    }

    #[test]
    fn no_gap_without_a_bound_or_with_violations() {
        let mut violating = record(20, 1, "local-only", Some(0.5));
        violating.violations = 2;
        let records = [
            record(20, 1, "goa", Some(2.2)),
            record(20, 1, "ga", Some(2.0)),
            violating,
        ];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(analysis.problems[0].reference, Reference::BestKnown);
        assert_eq!(analysis.problems[0].upper.as_ref().unwrap().value, 2.0);
        let Standing::BestKnown(Some(distance)) = standing(&analysis, "goa") else {
            panic!()
        };
        assert!((distance - 0.1).abs() < 1e-12);
        assert_eq!(standing(&analysis, "local-only"), Standing::Violating);
    }

    #[test]
    fn a_bound_of_zero_is_no_reference() {
        let records = [bounded(20, 1, "bnb", Some(2.0), 0.0, Trust::Certified)];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(analysis.problems[0].reference, Reference::BestKnown);
        assert_eq!(standing(&analysis, "bnb"), Standing::BestKnown(Some(0.0)));
    }

    #[test]
    fn a_bound_above_a_plan_is_reported_and_gives_no_gap() {
        let records = [
            bounded(20, 1, "milp", Some(2.0), 1.9, Trust::Solver),
            record(20, 1, "goa", Some(1.9 * (1.0 - 1e-8))),
            record(20, 2, "goa", Some(1.0)),
        ];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(analysis.crossings.len(), 1);
        let crossing = &analysis.crossings[0];
        assert_eq!(
            (crossing.plan_by.as_str(), crossing.bound_by.as_str()),
            ("goa", "milp")
        );
        assert_eq!(analysis.problems[0].reference, Reference::Crossed);
        assert_eq!(analysis.problems[0].width(), None);
        assert_eq!(standing(&analysis, "milp"), Standing::Crossed);
    }

    #[test]
    fn rounding_below_the_bound_is_a_gap_of_zero() {
        let records = [
            bounded(20, 1, "milp", Some(2.0), 1.9, Trust::Solver),
            record(20, 1, "goa", Some(1.9 * (1.0 - 0.9e-9))),
        ];
        let analysis = analyse(&records, &catalogue());
        assert!(analysis.crossings.is_empty());
        assert_eq!(
            standing(&analysis, "goa"),
            Standing::Gap(Gap {
                low: 0.0,
                guaranteed: 0.0
            })
        );
        assert!(analysis.problems[0].is_proved());
    }

    #[test]
    fn infeasible_problems_and_their_contradiction() {
        let mut proof = record(20, 1, "bnb", None);
        proof.status = Status::Infeasible;
        let mut failed = record(20, 1, "goa", None);
        failed.status = Status::Timeout;
        let records = [proof.clone(), failed];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(analysis.problems[0].reference, Reference::Infeasible);
        assert_eq!(standing(&analysis, "bnb"), Standing::Infeasible);
        assert_eq!(standing(&analysis, "goa"), Standing::Failed);

        let records = [proof, record(20, 1, "goa", Some(1.0))];
        let analysis = analyse(&records, &catalogue());
        assert_eq!(analysis.problems[0].reference, Reference::Crossed);
        assert_eq!(
            (analysis.crossings.len(), analysis.crossings[0].bound),
            (1, None)
        );
    }

    #[test]
    fn error_rows_lend_neither_bound_nor_plan() {
        let mut broken = bounded(20, 1, "exec:x", Some(0.1), 5.0, Trust::Solver);
        broken.status = Status::Error;
        let records = [
            broken,
            bounded(20, 1, "bnb", Some(2.0), 2.0, Trust::Certified),
        ];
        let analysis = analyse(&records, &catalogue());
        assert!(analysis.crossings.is_empty());
        assert_eq!(standing(&analysis, "exec:x"), Standing::Failed);
    }
}
