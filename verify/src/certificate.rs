//! The contents of a certificate. `docs/src/reference/certificate.md` defines the file, module
//! `read` reads it, module `check` checks it.

use crate::fault::Fault;
use crate::tree::{Node, Place};
use offload_instances::files::FileError;
use offload_instances::types::Weights;
use std::fmt::Write as _;

/// Version tag of a certificate file.
pub const CERTIFICATE_FORMAT: &str = "offload-certificate/1";
/// Faults printed; the rest is only counted.
const SHOWN: usize = 20;

/// One set of Lagrange multipliers k.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Multipliers {
    /// u_i, weighted s, any sign, one per user.
    pub users: Vec<f64>,
    /// r_j, weighted s per W, any sign, one per server. Not used when interference is off.
    pub interference: Vec<f64>,
}

/// What stands behind a bound: a claim of a certificate, or the result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Every leaf is closed by multipliers, and the verifier has recomputed all of them.
    Certified,
    /// Some leaf is assumed: its bound is a solver's claim.
    Solver,
    /// Nothing, because there are faults. No file may claim this.
    Refused,
}

impl Trust {
    /// The name used in files: `certified`, `solver`, `refused`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Trust::Certified => "certified",
            Trust::Solver => "solver",
            Trust::Refused => "refused",
        }
    }
}

/// The contents of a certificate file. All of them are claims until [`crate::verify_certificate`]
/// has checked them.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Name of the instance; may be empty, and nothing depends on it.
    pub instance: String,
    /// blake3 of the instance's canonical form, 64 hexadecimal digits.
    pub fingerprint: String,
    /// tau.
    pub threshold: f64,
    /// The weights v_i.
    pub weights: Weights,
    /// The solver that made it; may be empty.
    pub solver: String,
    /// The best plan known, one entry per user; `None` = no plan.
    pub assignment: Option<Vec<Place>>,
    /// The claim for F of that plan, weighted s.
    pub objective: Option<f64>,
    /// The claim for the lower bound on F of every plan, weighted s; `None` (null in the file)
    /// claims that there is no feasible plan.
    pub lower_bound: Option<f64>,
    /// The claim for the trust.
    pub trust: Trust,
    /// The multipliers that the tree refers to by index.
    pub multipliers: Vec<Multipliers>,
    /// The nodes in preorder.
    pub tree: Vec<Node>,
}

/// Why a certificate could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file itself could not be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not JSON.
    #[error("{path}: not valid JSON: {detail}; {remedy}")]
    Json {
        /// The file.
        path: String,
        /// The error of the parser, with line and column.
        detail: String,
        /// What to do.
        remedy: &'static str,
    },
    /// JSON, but not a certificate.
    #[error("{path}: not a valid offload-certificate/1 file:{}", list(faults))]
    Invalid {
        /// The file.
        path: String,
        /// Everything that is wrong with it.
        faults: Vec<Fault>,
    },
}

fn list(faults: &[Fault]) -> String {
    let mut text = String::new();
    for fault in faults.iter().take(SHOWN) {
        let _ = write!(
            text,
            "\n  {}: {}; {}",
            fault.place, fault.cause, fault.remedy
        );
    }
    if faults.len() > SHOWN {
        let _ = write!(text, "\n  ... and {} more", faults.len() - SHOWN);
    }
    text
}
