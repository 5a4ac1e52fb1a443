//! What the published tables cannot show: how far every plan is from the optimum, by a certified
//! bound.

use super::cells::{CellKey, SEED};
use crate::analysis::aggregates::{ThresholdKey, grouped};
use crate::analysis::gaps::{Gap, is_below};
use crate::records::{SolverCatalogue, Trust};
use crate::statistics::bootstrap::{ConfidenceInterval, mean_interval};
use crate::statistics::summary::mean;

/// One solver on one problem.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactSolve {
    /// The solver's id.
    pub solver: String,
    /// F(x) as it was recomputed, weighted s; None without a plan.
    pub objective: Option<f64>,
    /// Rules that the plan breaks, such as mandatory users left local.
    pub violations: usize,
}

/// One problem with its lower bound and the plans of all solvers.
#[derive(Clone, Debug, PartialEq)]
pub struct ExactProblem {
    /// N.
    pub users: usize,
    /// tau.
    pub threshold: f64,
    /// Number of the run, from 0.
    pub run: usize,
    /// Name of the instance.
    pub instance: String,
    /// LB, weighted s.
    pub lower: f64,
    /// What stands behind it.
    pub trust: Trust,
    /// Whether the exact solver met the asked gap; if not, the time limit cut it short.
    pub proved: bool,
    /// The plans, the exact solver's among them.
    pub solves: Vec<ExactSolve>,
}

/// The gaps of one solver at one N and one threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct SolverGaps {
    /// N.
    pub users: usize,
    /// tau.
    pub threshold: f64,
    /// The solver's id.
    pub solver: String,
    /// Problems.
    pub problems: usize,
    /// Guaranteed gaps, fractions, of the problems on which it has one, in the order of runs.
    pub gaps: Vec<f64>,
    /// Plans that break a rule: they have no gap.
    pub violating: usize,
    /// Mean of the guaranteed gaps with its 95 % interval over problems; none with fewer than two.
    pub interval: Option<ConfidenceInterval>,
    /// Mean of the lower ends max(0, (z - UB)/UB).
    pub low: Option<f64>,
    /// The weakest reference behind these gaps.
    pub trust: Option<Trust>,
}

impl ExactProblem {
    /// UB, the least objective among feasible plans.
    #[must_use]
    pub fn upper(&self) -> Option<f64> {
        let feasible = self.solves.iter().filter(|s| s.violations == 0);
        feasible.filter_map(|s| s.objective).min_by(f64::total_cmp)
    }

    /// The gap of a plan, when it is feasible and LB > 0.
    #[must_use]
    pub fn gap(&self, solve: &ExactSolve) -> Option<Gap> {
        let has_gap = solve.violations == 0 && self.lower > 0.0;
        let z = solve.objective.filter(|_| has_gap)?;
        let upper = self.upper()?;
        Some(Gap {
            low: ((z - upper) / upper).max(0.0),
            guaranteed: ((z - self.lower) / self.lower).max(0.0),
        })
    }

    /// A plan below the bound by more than rounding: a bug in a bound or in the evaluation.
    #[must_use]
    pub fn crossing(&self) -> Option<&ExactSolve> {
        let below = |s: &&ExactSolve| s.objective.is_some_and(|z| is_below(z, self.lower));
        self.solves.iter().filter(|s| s.violations == 0).find(below)
    }
}

impl SolverGaps {
    /// Mean guaranteed gap, a fraction.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        mean(&self.gaps)
    }

    /// Greatest guaranteed gap, a fraction.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.gaps.iter().copied().reduce(f64::max)
    }
}

/// The cells of all problems, by N, threshold and solver.
#[must_use]
pub fn gap_cells(all: &[ExactProblem], catalogue: &SolverCatalogue) -> Vec<SolverGaps> {
    let solves = all
        .iter()
        .flat_map(|e| e.solves.iter().map(move |solve| (e, solve)));
    let groups = grouped(solves, |(e, solve)| {
        (
            e.users,
            ThresholdKey(e.threshold),
            catalogue.key(&solve.solver),
        )
    });
    let cell = |((users, threshold, (_, solver)), mut rows): (
        CellKey,
        Vec<(&ExactProblem, &ExactSolve)>,
    )| {
        rows.sort_by_key(|(exact, _)| exact.run);
        let with = rows.iter().filter_map(|(e, s)| Some((*e, e.gap(s)?)));
        let with: Vec<(&ExactProblem, Gap)> = with.collect();
        let gaps: Vec<f64> = with.iter().map(|(_, g)| g.guaranteed).collect();
        let ids: Vec<u64> = with.iter().map(|(e, _)| e.run as u64).collect();
        SolverGaps {
            users,
            threshold: threshold.0,
            solver: solver.into(),
            problems: rows.len(),
            violating: rows.iter().filter(|(_, s)| s.violations > 0).count(),
            interval: mean_interval(&gaps, &ids, SEED),
            low: mean(&with.iter().map(|(_, g)| g.low).collect::<Vec<f64>>()),
            trust: with.iter().map(|(e, _)| e.trust).max(),
            gaps,
        }
    };
    groups.into_iter().map(cell).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::samples::catalogue;

    fn solve(solver: &str, objective: f64, violations: usize) -> ExactSolve {
        ExactSolve {
            solver: solver.into(),
            objective: Some(objective),
            violations,
        }
    }

    fn exact(run: usize, lower: f64, solves: Vec<ExactSolve>) -> ExactProblem {
        let instance = format!("i{run}");
        ExactProblem {
            users: 50,
            threshold: 0.8,
            run,
            instance,
            lower,
            trust: Trust::Certified,
            proved: true,
            solves,
        }
    }

    #[test]
    fn gaps_by_hand() {
        let one = exact(
            0,
            2.0,
            vec![
                solve("goa", 3.0, 0),
                solve("bnb", 2.5, 0),
                solve("dmin", 1.0, 4),
            ],
        );
        assert_eq!(one.upper(), Some(2.5));
        assert_eq!(
            one.gap(&one.solves[0]),
            Some(Gap {
                low: 0.2,
                guaranteed: 0.5
            })
        );
        assert_eq!(one.gap(&one.solves[2]), None);
        assert_eq!(one.crossing(), None);
        let two = exact(1, 2.0, vec![solve("goa", 2.2, 0), solve("dmin", 2.0, 0)]);
        let cells = gap_cells(&[two, one], &catalogue());
        assert_eq!(
            cells.iter().map(|c| c.solver.as_str()).collect::<Vec<_>>(),
            ["dmin", "goa", "bnb"]
        );
        assert_eq!(
            (cells[0].problems, cells[0].gaps.len(), cells[0].violating),
            (2, 1, 1)
        );
        assert!(
            (cells[1].mean().unwrap() - 0.3).abs() < 1e-12 && cells[1].max() == Some(0.5),
            "{cells:?}"
        );
        assert_eq!(
            (cells[1].trust, cells[2].interval),
            (Some(Trust::Certified), None)
        );
    }

    #[test]
    fn a_plan_below_the_bound_is_found() {
        let rounding = exact(0, 2.0, vec![solve("goa", 2.0 - 1e-12, 0)]);
        assert_eq!(rounding.crossing(), None);
        let wrong = exact(0, 2.0, vec![solve("goa", 1.9, 0), solve("dmin", 1.0, 1)]);
        assert_eq!(wrong.crossing().map(|s| s.solver.as_str()), Some("goa"));
    }
}
