//! Selects an exact solver for the problem.

use crate::exact::bnb::Bnb;
use crate::exact::enumerate::{Enumerate, plans};
use crate::exact::milp::Milp;
use crate::{About, Budget, Outcome, Solver, Stop};
use offload_instances::Problem;

/// Up to this many plans, enumeration is fastest: about a microsecond per plan.
const FEW_PLANS: f64 = 1e5;

/// See [`About::summary`].
pub struct Exact;

impl Solver for Exact {
    fn about(&self) -> About {
        About {
            id: "exact",
            summary: "enumerate up to 100,000 plans, else bnb; milp where bnb runs out of memory \
                and \
                interference is off; reports its choice",
            complexity: "that of the solver it picks",
            is_exact: true,
            takes_start: true,
            writes_certificate: true,
            ..About::HEURISTIC
        }
    }

    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome {
        let count = plans(problem);
        if count <= FEW_PLANS {
            return enumerate(problem, budget, count);
        }
        let outcome = Bnb.solve(problem, budget);
        let out_of_memory = matches!(outcome.stop, Stop::Stalled(_)) && !problem.has_interference();
        if !out_of_memory || budget.time_limit.is_some() {
            return with_note(
                outcome,
                &format!("bnb, because {count:.1e} plans are too many to enumerate"),
            );
        }
        let second = Milp.solve(problem, budget);
        if second.stop == Stop::Proved {
            let why = "milp, because bnb ran out of memory and interference is off";
            // The certificate proves bnb's bound, which is weaker than milp's.
            return Outcome {
                certificate: outcome.certificate,
                ..with_note(second, why)
            };
        }
        with_note(outcome, "bnb, because milp did no better")
    }
}

/// Enumerates all plans. The certificate comes from `bnb`, which takes about a millisecond here,
/// because enumeration leaves no proof that can be re-checked.
fn enumerate(problem: &Problem, budget: &Budget, count: f64) -> Outcome {
    let outcome = Enumerate.solve(problem, budget);
    let outcome = Outcome {
        certificate: Bnb.solve(problem, budget).certificate,
        ..outcome
    };
    with_note(
        outcome,
        &format!("enumerate, because there are only {count:.0} plans"),
    )
}

fn with_note(mut outcome: Outcome, choice: &str) -> Outcome {
    outcome.note = if outcome.note.is_empty() {
        choice.into()
    } else {
        format!("{choice}; {}", outcome.note)
    };
    outcome
}
