//! Offloading instances: problem data, the objective, families that generate instances, and files.
//!
//! The model is that of Kim, Lyu, Lee, Yang, *Accuracy-Delay Trade-Off in LLM Offloading via
//! Token-Level Uncertainty* (arXiv 2602.07958); `docs/src/concepts/model.md` defines it. All
//! quantities are in SI units.
//!
//! Module [`types`] holds plain data and [`files`] reads and writes it. The checker in
//! `offload-verify` may use these two modules only. [`delay`], [`problem`] and
//! [`evaluate`] hold the mathematics.
//!
//! # Example
//!
//! Generate an instance, state a problem on it, and evaluate a plan:
//!
//! ```
//! use offload_instances::evaluate::evaluate;
//! use offload_instances::families::{Spec, find, generate};
//! use offload_instances::{Problem, Weights};
//! use std::sync::Arc;
//!
//! let spec = Spec {
//!     users: 3,
//!     servers: 2,
//!     seed: 1,
//!     parameters: [("fading".to_string(), "false".to_string())].into(),
//! };
//! let instance = generate(find("paper")?.as_ref(), &spec)?;
//! let problem = Problem::new(Arc::new(instance), 0.9, Weights::Uncertainty)?;
//!
//! // Users 0 and 1 at servers 0 and 1, user 2 on its device.
//! let evaluation = evaluate(&problem, &[Some(0), Some(1), None]);
//! assert_eq!(evaluation.loads, [1, 1]);
//! assert_eq!(evaluation.objective, problem.objective(&[Some(0), Some(1), None]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod calibrate;
pub mod delay;
pub mod evaluate;
pub mod families;
pub mod files;
mod fingerprint;
pub mod layout;
pub mod outcome;
pub mod problem;
pub mod radio;
pub mod random;
pub mod rows;
mod stored_plan;
pub mod temporary;
pub mod text;
pub mod trace;
pub mod types;
mod validate;

pub use evaluate::{Evaluation, Realised, UserDelay, Violation};
pub use files::{FileError, read_instance, read_plan, write_instance, write_plan};
pub use fingerprint::{FINGERPRINT_DIGITS, fingerprint, is_fingerprint};
pub use outcome::{Status, Trust};
pub use problem::{Problem, ProblemError};
pub use stored_plan::{MAX_TEXT_SERVERS, StoredPlan};
pub use types::{Assignment, Instance, Plan, Server, User, Weights};
pub use validate::{Fault, faults_of};
