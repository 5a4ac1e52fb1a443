//! Enumeration of all plans.

use crate::{About, Budget, Outcome, Solver, Stop, Trust};
use offload_instances::{Assignment, Problem};

/// Most plans to enumerate: about ten seconds.
const MAX_PLANS: f64 = 1e7;
/// Number of plans between checks of the deadline.
const CLOCK_EVERY: u64 = 1024;

/// See [`About::summary`].
pub struct Enumerate;

impl Solver for Enumerate {
    fn about(&self) -> About {
        About {
            id: "enumerate",
            summary: "tries every plan that keeps the rules; refuses more than 10 million",
            complexity: "O((M + 1)^N)",
            is_exact: true,
            ..About::HEURISTIC
        }
    }

    fn supports(&self, problem: &Problem) -> Result<(), String> {
        let plans = plans(problem);
        if plans <= MAX_PLANS {
            return Ok(());
        }
        Err(format!(
            "{plans:.1e} plans are too many to enumerate (at most {MAX_PLANS:.0e}); use milp or bnb"
        ))
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let deadline = budget.deadline();
        let mut plan: Assignment = (0..problem.n()).map(|i| first(problem, i)).collect();
        let mut best: Option<(f64, Assignment)> = None;
        for step in 1_u64.. {
            let loads = problem.loads(&plan);
            if (0..problem.m()).all(|j| loads[j] <= problem.capacity(j)) {
                let value = problem.objective(&plan);
                if best.as_ref().is_none_or(|(z, _)| value < *z) {
                    best = Some((value, plan.clone()));
                }
            }
            if !advance(problem, &mut plan) {
                break;
            }
            if step.is_multiple_of(CLOCK_EVERY) && deadline.is_over() {
                let plan = best.map(|(_, p)| p);
                return Outcome {
                    plan,
                    ..Outcome::nothing(Stop::TimeLimit)
                };
            }
        }
        match best {
            None => Outcome::nothing(Stop::Infeasible),
            Some((z, plan)) => Outcome {
                bound: Some((z, Trust::Enumerated)),
                stop: Stop::Proved,
                ..Outcome::plan(plan)
            },
        }
    }
}

/// The number of plans that satisfy the threshold rule: (M + 1) to the power of the number of
/// optional users times M to the power of the number of mandatory ones.
pub fn plans(problem: &Problem) -> f64 {
    let (m, mandatory) = (problem.m() as f64, problem.mandatory_count());
    m.powf(mandatory as f64) * (m + 1.0).powf((problem.n() - mandatory) as f64)
}

fn first(problem: &Problem, i: usize) -> Option<usize> {
    problem.is_mandatory(i).then_some(0)
}

/// Advances to the next plan, like an odometer; false after the last.
fn advance(problem: &Problem, plan: &mut Assignment) -> bool {
    for (i, place) in plan.iter_mut().enumerate() {
        let next = place.map_or(0, |j| j + 1);
        if next < problem.m() {
            *place = Some(next);
            return true;
        }
        *place = first(problem, i);
    }
    false
}
