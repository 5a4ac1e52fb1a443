//! Picks an exact solver by the problem.

use crate::bnb::Bnb;
use crate::enumerate::{Enumerate, plans};
use crate::milp::Milp;
use crate::{Budget, Outcome, Solver, Stop};
use offload_instances::Problem;

/// Up to so many plans, enumeration is faster than the start of `bnb`: about a microsecond each.
const FEW_PLANS: f64 = 1e5;

/// See [`Solver::summary`].
pub struct Exact;

impl Solver for Exact {
    fn id(&self) -> &'static str {
        "exact"
    }

    fn summary(&self) -> &'static str {
        "enumerate up to 100,000 plans, else bnb; milp where bnb runs out of memory and \
         interference is off; says which"
    }

    fn complexity(&self) -> &'static str {
        "that of the solver it picks"
    }

    fn is_exact(&self) -> bool {
        true
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let count = plans(problem);
        if count <= FEW_PLANS {
            return noted(
                Enumerate.solve(problem, budget),
                &format!("enumerate, because there are only {count:.0} plans"),
            );
        }
        let outcome = Bnb.solve(problem, budget);
        let out_of_memory = matches!(outcome.stop, Stop::Stalled(_)) && !problem.has_interference();
        if !out_of_memory || budget.time_limit.is_some() {
            return noted(
                outcome,
                &format!("bnb, because {count:.1e} plans are too many to enumerate"),
            );
        }
        let second = Milp.solve(problem, budget);
        if second.stop == Stop::Proved {
            return noted(
                second,
                "milp, because bnb ran out of memory and interference is off",
            );
        }
        noted(outcome, "bnb, because milp did no better")
    }
}

/// The outcome with the choice put before its note.
fn noted(mut outcome: Outcome, what: &str) -> Outcome {
    outcome.note = if outcome.note.is_empty() {
        what.into()
    } else {
        format!("{what}; {}", outcome.note)
    };
    outcome
}
