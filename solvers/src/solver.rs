//! The trait that every algorithm implements.

use crate::{Budget, Outcome};
use offload_instances::Problem;

/// An algorithm.
///
/// The contract, which the conformance tests hold every registered solver to:
///
/// - Implementations are stateless. Everything random comes from `budget.seed`, so that the same
///   problem and budget give the same plan on every machine, unless a time limit cuts in.
/// - [`Solver::solve`] is called only with a problem that [`Solver::supports`] accepts. A heuristic
///   that keeps the threshold rule is never called with an infeasible problem; an exact solver is,
///   and proves it.
/// - A plan has one entry per user. It keeps the capacity of every server, and offloads every
///   mandatory user unless [`Solver::respects_threshold`] is false.
/// - A bound is at most F of every feasible plan. No solver states an objective: it is recomputed.
/// - After `budget.time_limit` a solver returns the best that it has.
///
/// ```
/// use offload_instances::families::{Spec, find as family, generate};
/// use offload_instances::{Problem, Status, Weights};
/// use offload_solvers::{Budget, Outcome, Solver, solve};
/// use std::sync::Arc;
///
/// /// Every user at server 0.
/// struct FirstServer;
///
/// impl Solver for FirstServer {
///     fn id(&self) -> &'static str {
///         "first-server"
///     }
///     fn summary(&self) -> &'static str {
///         "every user at server 0"
///     }
///     fn solve(&self, problem: &Problem, _: &Budget) -> Outcome {
///         Outcome::plan(vec![Some(0); problem.n()])
///     }
/// }
///
/// let spec = Spec { users: 5, servers: 2, seed: 1, parameters: Default::default() };
/// let instance = generate(family("paper")?.as_ref(), &spec)?;
/// let problem = Problem::new(Arc::new(instance), 0.8, Weights::Uncertainty)?;
/// let solved = solve(&FirstServer, &problem, &Budget::default());
/// assert_eq!(solved.status, Status::Feasible);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Solver: Send + Sync {
    /// Its name on the command line and in records.
    fn id(&self) -> &'static str;

    /// One line: what it does, with its source.
    fn summary(&self) -> &'static str;

    /// How its work grows with N users and M servers, with the assumption behind it.
    fn complexity(&self) -> &'static str {
        "not stated"
    }

    /// Whether its plans offload every mandatory user (threshold rule). If not, they have no gap
    /// unless tau = 1.
    fn respects_threshold(&self) -> bool {
        true
    }

    /// Whether it proves bounds and stops when the asked gap is met.
    fn is_exact(&self) -> bool {
        false
    }

    /// Whether it goes on improving its plan until the time limit. Such a solver uses all the time
    /// that it is given.
    fn is_anytime(&self) -> bool {
        false
    }

    /// Whether its outcome holds a certificate of its bound, on every problem that it accepts.
    fn writes_certificate(&self) -> bool {
        false
    }

    /// Whether it accepts this problem.
    ///
    /// # Errors
    /// The reason why not.
    fn supports(&self, _problem: &Problem) -> Result<(), String> {
        Ok(())
    }

    /// Solves a problem within the budget. [`crate::Stop`] lists the possible ends.
    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome;
}
