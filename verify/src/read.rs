//! Reading certificates from files and text.

use crate::certificate::{Certificate, CertificateError};
use crate::raw::{Any, Notes, Object, RawCertificate};
use offload_instances::files::{read_bytes_within, too_large};
use std::path::Path;

/// Most bytes of a certificate, decompressed (`docs/src/reference/certificate.md`).
pub const MAX_CERTIFICATE_BYTES: u64 = 1 << 29;

/// Reads a certificate, plain or (`.gz`) compressed, ignoring unknown fields. Checks everything
/// that needs no instance: types, indices that are whole and not negative, references to
/// multipliers, and that the tree is complete.
///
/// # Errors
/// [`CertificateError`], naming the file and every fault in it.
pub fn read_certificate(path: &Path) -> Result<Certificate, CertificateError> {
    read_certificate_with(path, &mut |_| ())
}

/// [`read_certificate`], with warnings about unknown fields.
///
/// # Errors
/// [`CertificateError`], naming the file and every fault in it.
pub fn read_certificate_with(
    path: &Path,
    warn: &mut dyn FnMut(String),
) -> Result<Certificate, CertificateError> {
    let name = path.display().to_string();
    let bytes = read_bytes_within(path, MAX_CERTIFICATE_BYTES)?;
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
    if bytes.len() as u64 > MAX_CERTIFICATE_BYTES {
        return Err(CertificateError::File(too_large(
            path,
            MAX_CERTIFICATE_BYTES,
        )));
    }
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
        "correct the text there"
    };
    CertificateError::Json {
        path: path.into(),
        detail,
        remedy,
    }
}
