//! The trait that every algorithm implements.

use crate::{Budget, Outcome};
use offload_instances::Problem;

/// An algorithm.
///
/// The contract, which the conformance tests check for every registered solver:
///
/// - Implementations are stateless. All randomness comes from `budget.seed`, so that the same
///   problem and budget give the same plan on every machine, unless a time limit is reached.
/// - [`Solver::solve`] is called only with problems that [`Solver::supports`] accepts. A heuristic
///   that respects the threshold rule is never called with an infeasible problem. An exact solver
///   is, and proves infeasibility.
/// - A plan has one entry per user. It respects the capacity of every server, and offloads every
///   mandatory user unless [`Solver::respects_threshold`] is false.
/// - A bound is at most F of every feasible plan. No solver reports an objective: it is recomputed.
/// - After `budget.time_limit` a solver returns its best result so far.
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
    /// Name on the command line and in records.
    fn id(&self) -> &'static str;

    /// One line: the method, with its source.
    fn summary(&self) -> &'static str;

    /// Complexity in the numbers of users N and servers M, with its assumptions.
    fn complexity(&self) -> &'static str {
        "not stated"
    }

    /// Whether its plans offload every mandatory user (threshold rule). If not, they have no gap
    /// unless tau = 1.
    fn respects_threshold(&self) -> bool {
        true
    }

    /// Whether it proves bounds and stops when the requested gap is reached.
    fn is_exact(&self) -> bool {
        false
    }

    /// Whether it keeps improving its plan until the time limit and thus uses all the time that it
    /// gets.
    fn is_anytime(&self) -> bool {
        false
    }

    /// Whether its outcome contains a certificate of its bound, on every problem that it accepts.
    fn writes_certificate(&self) -> bool {
        false
    }

    /// Whether it accepts this problem.
    ///
    /// # Errors
    /// The reason for refusing.
    fn supports(&self, _problem: &Problem) -> Result<(), String> {
        Ok(())
    }

    /// Solves a problem within the budget. [`crate::Stop`] lists the possible ends.
    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome;
}
