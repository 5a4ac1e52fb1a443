//! What a problem is: the data of an offloading instance, its objective, the families that generate
//! instances, and the files that carry them.
//!
//! The model is that of Kim, Lyu, Lee, Yang, *Accuracy-Delay Trade-Off in LLM Offloading via
//! Token-Level Uncertainty* (arXiv 2602.07958); `docs/model.md` states it in full. Everything is in
//! SI units.
//!
//! Module [`types`] holds plain data and [`files`] reads and writes it; the checker in
//! `offload-verify` may use those two and nothing else of this crate. [`delay`], [`problem`]
//! and [`evaluate`] hold the mathematics.

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
pub mod text;
pub mod trace;
pub mod types;
mod validate;

pub use evaluate::{Evaluation, Realised, UserDelay, Violation};
pub use files::{FileError, read_instance, read_plan, write_instance, write_plan};
pub use fingerprint::fingerprint;
pub use outcome::{Status, Trust};
pub use problem::{Problem, ProblemError};
pub use types::{Assignment, Instance, Plan, Server, User, Weights};
pub use validate::{Fault, faults_of};
