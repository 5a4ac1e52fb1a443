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
///   mandatory user unless [`About::respects_threshold`] is false.
/// - A bound is at most F of every feasible plan. No solver reports an objective: it is recomputed.
/// - After `budget.time_limit` a solver returns its best result so far.
///
/// ```
/// use offload_instances::families::{Spec, find as family, generate};
/// use offload_instances::{Problem, Status, Weights};
/// use offload_solvers::{About, Budget, Outcome, Solver, solve};
/// use std::sync::Arc;
///
/// /// Every user at server 0.
/// struct FirstServer;
///
/// impl Solver for FirstServer {
///     fn about(&self) -> About {
///         About {
///             id: "first-server",
///             summary: "every user at server 0",
///             ..About::HEURISTIC
///         }
///     }
///
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
    /// Its name and its promises; the same at every call.
    fn about(&self) -> About;

    /// Whether it accepts this problem.
    ///
    /// # Errors
    /// The reason why not.
    fn supports(&self, _problem: &Problem) -> Result<(), String> {
        Ok(())
    }

    /// Solves a problem within the budget. [`crate::Stop`] lists the possible ends.
    fn solve(&self, problem: &Problem, budget: &Budget) -> Outcome;

    /// [`About::id`].
    fn id(&self) -> &'static str {
        self.about().id
    }
}

/// What is known of a solver before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// Its name on the command line and in records.
    pub id: &'static str,
    /// One line: what it does, with its source.
    pub summary: &'static str,
    /// How its work grows with N users and M servers, with the assumption behind it.
    pub complexity: &'static str,
    /// Whether its plans offload every mandatory user (threshold rule). If not, they have no gap
    /// unless tau = 1.
    pub respects_threshold: bool,
    /// Whether it proves bounds and stops when the requested gap is reached.
    pub is_exact: bool,
    /// Whether it improves its plan until the time limit, so that it uses all the time it is given.
    pub is_anytime: bool,
    /// Whether it begins with [`Budget::start`], if that is given.
    pub takes_start: bool,
    /// Whether its outcome holds a certificate of its bound, on every problem that it accepts.
    pub writes_certificate: bool,
}

impl About {
    /// A heuristic that keeps the threshold rule and ends by itself; give it an id and a summary.
    pub const HEURISTIC: About = About {
        id: "",
        summary: "",
        complexity: "not stated",
        respects_threshold: true,
        is_exact: false,
        is_anytime: false,
        takes_start: false,
        writes_certificate: false,
    };
}
