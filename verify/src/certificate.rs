//! The certificate: what it holds and how it is read. `docs/formats.md` defines the file,
//! [`crate::check`] judges it.

use crate::fault::{Code, Fault};
use crate::raw::{Any, Object, RawCertificate};
use crate::tree::{Node, Place};
use offload_instances::files::{FileError, read_bytes};
use offload_instances::types::Weights;
use std::fmt::Write as _;
use std::path::Path;

/// Version tag of a certificate file.
pub const CERTIFICATE_FORMAT: &str = "offload-certificate/1";
/// Faults printed before the rest is only counted.
const SHOWN: usize = 20;

/// One set of Lagrange multipliers k.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Multipliers {
    /// u_i, weighted s, any sign, one per user.
    pub users: Vec<f64>,
    /// r_j, weighted s per W, any sign, one per server. Not used when interference is off.
    pub interference: Vec<f64>,
}

/// What a certificate claims to be proved by, or what a check finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trust {
    /// Every leaf is closed by multipliers, and the verifier has recomputed all of them.
    Certified,
    /// Some leaf rests on a solver's word.
    Solver,
    /// Nothing: there are faults. No file claims that.
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

/// A certificate as it stands in a file. All of it is claims, until [`crate::verify_certificate`]
/// has looked at it.
#[derive(Clone, Debug, PartialEq)]
pub struct Certificate {
    /// Name of the instance; may be empty, decides nothing.
    pub instance: String,
    /// blake3 of the instance's canonical form, 64 hexadecimal digits.
    pub fingerprint: String,
    /// tau.
    pub threshold: f64,
    /// The weights v_i.
    pub weights: Weights,
    /// Who made it; may be empty.
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
        /// What the parser said, with line and column.
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

/// Reads a certificate, plain or (`.gz`) compressed, ignoring unknown fields.
///
/// Checked here is what needs no instance: types, indices that are whole and not negative,
/// references to multipliers, a whole tree.
///
/// # Errors
/// [`CertificateError`], naming the file and every fault in it.
pub fn read_certificate(path: &Path) -> Result<Certificate, CertificateError> {
    read_certificate_with(path, &mut |_| ())
}

/// [`read_certificate`], with warnings about fields that the format does not know.
///
/// # Errors
/// [`CertificateError`], naming the file and every fault in it.
pub fn read_certificate_with(
    path: &Path,
    warn: &mut dyn FnMut(String),
) -> Result<Certificate, CertificateError> {
    let name = path.display().to_string();
    let bytes = read_bytes(path)?;
    let (certificate, warnings) = parse_certificate(&name, &bytes)?;
    for warning in warnings {
        warn(format!("{name}: {warning}"));
    }
    Ok(certificate)
}

/// A certificate from JSON text, and warnings about unknown fields. `path` only names the text in
/// errors.
///
/// # Errors
/// [`CertificateError::Json`] and [`CertificateError::Invalid`].
pub fn parse_certificate(
    path: &str,
    bytes: &[u8],
) -> Result<(Certificate, Vec<String>), CertificateError> {
    let raw: Any<Object<RawCertificate>> =
        serde_json::from_slice(bytes).map_err(|e| json_error(path, bytes, &e))?;
    let mut notes = Notes::default();
    let certificate = raw.finish(&mut notes);
    match certificate {
        Some(certificate) if notes.faults.is_empty() => {
            let faults =
                crate::tree::shape_faults(&certificate.tree, certificate.multipliers.len());
            if faults.is_empty() {
                return Ok((certificate, notes.warnings));
            }
            Err(CertificateError::Invalid {
                path: path.into(),
                faults,
            })
        }
        _ => Err(CertificateError::Invalid {
            path: path.into(),
            faults: notes.faults,
        }),
    }
}

fn json_error(path: &str, bytes: &[u8], e: &serde_json::Error) -> CertificateError {
    let detail = e.to_string();
    let remedy = if bytes.iter().all(u8::is_ascii_whitespace) {
        "the file is empty: write it again"
    } else if e.is_eof() {
        "the file is cut off: write it again"
    } else if detail.contains("out of range") {
        "JSON has no infinity: give finite numbers"
    } else {
        "mend the text at that place"
    };
    CertificateError::Json {
        path: path.into(),
        detail,
        remedy,
    }
}

/// What is noticed while reading.
#[derive(Default)]
pub(crate) struct Notes {
    pub(crate) faults: Vec<Fault>,
    pub(crate) warnings: Vec<String>,
}

impl Notes {
    pub(crate) fn add(
        &mut self,
        code: Code,
        place: impl Into<String>,
        cause: impl Into<String>,
        remedy: &str,
    ) {
        self.faults.push(Fault::new(code, place, cause, remedy));
    }
}
