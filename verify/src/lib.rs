//! An independent checker: re-checks plans (`offload-plan/1`) and certificates
//! (`offload-certificate/1`) from the instance alone.
//!
//! All mathematics is implemented here a second time, with outward rounding, from
//! `docs/src/concepts/model.md` and `docs/src/reference/certificate.md`. Of `offload_instances`
//! this crate uses only the plain data in [`types`](offload_instances::types) and the reading of
//! files in [`files`](offload_instances::files). It uses no code of the solvers.
//!
//! * [`verify_plan`]: which rules a plan breaks, and an interval that contains its exact value.
//! * [`ProblemCheck`]: the same for many plans of one problem, with the number of broken rules, the
//!   realised metrics, and whether any plan keeps the rules.
//! * [`fingerprint`]: the hash that names an instance.
//! * [`read_certificate`] and [`verify_certificate`]: whether a certificate proves that no plan is
//!   below a bound.
//!
//! Modules: `interval` rounds outward, `model` computes costs, `tree` keeps the box of a node,
//! `reach` counts the loads and interferences that are possible in it, `curve` finds the least of a
//! server's part over its loads, `bound` proves the bound, `check` combines them. `problem`
//! measures plans. `raw` and `read`
//! read a [`Certificate`].
//!
//! # Example
//!
//! One user, whose query is answered faster on its device than at the server. The certificate is a
//! single leaf, whose multiplier for the user is the local cost:
//!
//! ```
//! use offload_instances::types::{Instance, Server, User, Weights};
//! use offload_verify::{parse_certificate, verify_certificate, verify_plan};
//!
//! let user = User {
//!     payload_bits: 1e6,
//!     tx_power_w: 0.2,
//!     local_delay_s: 0.5,
//!     edge_work_flop: 1e12,
//!     uncertainty: 0.3,
//!     edge_time_s: None,
//!     correct_local: None,
//!     correct_edge: None,
//!     position_m: None,
//! };
//! let server = Server {
//!     bandwidth_hz: 1e6,
//!     noise_w: 1e-9,
//!     capacity_flops: 1e13,
//!     user_cap_flops: 1e13,
//!     max_users: None,
//!     position_m: None,
//! };
//! let instance = Instance {
//!     name: String::new(),
//!     family: String::new(),
//!     seed: None,
//!     interference: true,
//!     reference_flops: None,
//!     users: vec![user],
//!     servers: vec![server],
//!     gain: vec![vec![5e-9]],
//! };
//!
//! let plan = verify_plan(&instance, 0.8, Weights::Uniform, &[None]);
//! assert!(plan.is_feasible() && plan.value.unwrap().hi >= 0.5);
//!
//! let text = format!(
//!     r#"{{
//!         "format": "offload-certificate/1", "fingerprint": "{}",
//!         "threshold": 0.8, "weights": "uniform", "trust": "certified",
//!         "assignment": [null], "objective": 0.5, "lower_bound": 0.5,
//!         "multipliers": [{{"users": [0.5], "interference": [0]}}],
//!         "tree": [{{"leaf": 0}}]
//!     }}"#,
//!     offload_instances::fingerprint(&instance)
//! );
//! let (certificate, _warnings) = parse_certificate("example", text.as_bytes())?;
//! let check = verify_certificate(&instance, &certificate);
//! assert!(check.is_certified(), "{:?}", check.faults);
//! # Ok::<(), offload_verify::CertificateError>(())
//! ```

mod bound;
mod certificate;
mod check;
mod curve;
mod fault;
mod fingerprint;
mod interval;
mod model;
mod plan;
mod problem;
mod raw;
mod reach;
mod read;
mod tree;

pub use certificate::{CERTIFICATE_FORMAT, Certificate, CertificateError, Multipliers, Trust};
pub use check::{CertificateCheck, verify_certificate};
pub use fault::{Code, Fault};
pub use fingerprint::fingerprint;
pub use interval::Interval;
pub use plan::{PlanCheck, verify_plan};
pub use problem::{PlanWorth, ProblemCheck, RealisedWorth};
pub use raw::MAX_CERTIFICATE_NODES;
pub use read::{MAX_CERTIFICATE_BYTES, parse_certificate, read_certificate, read_certificate_with};
pub use tree::{LoadRange, Node, Place};

// The brute force of the integration tests also serves the unit tests, which see private items.
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
#[cfg(test)]
extern crate self as offload_verify;
