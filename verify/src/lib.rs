//! Who does not believe them: re-checks plans (`offload-plan/1`) and certificates
//! (`offload-certificate/1`) from the instance alone.
//!
//! Everything mathematical is written here afresh, with outward rounding, from `docs/model.md` and
//! `docs/formats.md`. Of `offload_instances` this crate uses the plain data in
//! [`types`](offload_instances::types) and the reading of files in
//! [`files`](offload_instances::files), nothing else; of the solvers it knows nothing.
//!
//! * [`verify_plan`]: which rules a plan breaks, and an interval that contains its exact value.
//! * [`read_certificate`] and [`verify_certificate`]: whether a proof holds that no plan is below a
//!   bound.
//!
//! Inside: `interval` rounds outward, `model` computes costs, `tree` keeps the box of a node,
//! `reach` counts which loads and interferences are possible in it, `curve` finds the least of a
//! server's part over its loads, `bound` proves the bound, `check` puts a certificate together.

mod bound;
mod certificate;
mod check;
mod curve;
mod fault;
mod fingerprint;
mod interval;
mod model;
mod plan;
mod raw;
mod reach;
mod tree;

pub use certificate::{
    CERTIFICATE_FORMAT, Certificate, CertificateError, Multipliers, Trust, parse_certificate,
    read_certificate, read_certificate_with,
};
pub use check::{CertificateCheck, verify_certificate};
pub use fault::{Code, Fault};
pub use interval::Interval;
pub use plan::{PlanCheck, verify_plan};
pub use tree::{Node, Place};

// The tests' brute force serves the tests inside the crate as well, which see what is private.
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod common;
#[cfg(test)]
extern crate self as offload_verify;
