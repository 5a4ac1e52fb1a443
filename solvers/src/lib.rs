//! The solvers: one file per algorithm, one trait, one registry.
//!
//! [`Solver`] is the contract and [`all`] the registry. [`run`] measures a solver and [`judge`]
//! recomputes what it claims. The layers, from bottom to top: the costs of a problem ([`costs`]),
//! the state of a plan ([`state`]), search engines, greedy rules, baselines, heuristics, exact
//! methods, the registry.
//!
//! ```
//! use offload_instances::families::{Spec, find as family, generate};
//! use offload_instances::{Problem, Weights};
//! use offload_solvers::{Budget, find, solve};
//! use std::sync::Arc;
//!
//! let spec = Spec { users: 20, servers: 4, seed: 1, parameters: Default::default() };
//! let instance = generate(family("paper")?.as_ref(), &spec)?;
//! let problem = Problem::new(Arc::new(instance), 0.8, Weights::Uncertainty)?;
//! let goa = solve(find("goa")?.as_ref(), &problem, &Budget::default());
//! let bnb = solve(find("bnb")?.as_ref(), &problem, &Budget::default());
//! assert!(bnb.gap.unwrap() <= 1e-4);
//! assert!(goa.evaluation.unwrap().objective >= bnb.outcome.bound.unwrap().0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod baselines;
mod budget;
pub mod certificate;
pub mod costs;
mod exact;
mod greedy;
mod heuristics;
mod judge;
mod outcome;
mod registry;
mod search;
mod solver;
pub mod state;
mod streams;

pub use budget::{Budget, Deadline};
pub use exact::milp;
pub use judge::{Author, ROUNDING, Solved, TimedOutcome, judge, relative_gap, run, solve};
pub use offload_instances::{Status, Trust};
pub use outcome::{Outcome, Progress, Stop};
pub use registry::{all, find, ids};
pub use solver::{About, Solver};
