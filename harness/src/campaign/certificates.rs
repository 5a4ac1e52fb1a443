//! The certificates of a campaign: their names, and which of them are missing.

use offload_reports::records::record::Record;
use std::path::{Path, PathBuf};

/// Name of the folder of certificates and their instances.
pub const CERTIFICATES: &str = "certificates";

/// Digits of a hash in a file name.
const DIGITS: usize = 16;

/// End of a certificate's file name.
const CERTIFICATE_END: &str = ".certificate.json.gz";

/// End of the name of the file that says why there is no certificate.
const REFUSAL_END: &str = ".no-certificate.txt";

/// File name of a record's instance. It is the fingerprint, because names can repeat and can
/// contain characters that a file name cannot.
pub fn instance_name(r: &Record) -> String {
    stored_name(&r.fingerprint)
}

/// File name of the instance with this fingerprint.
pub fn stored_name(fingerprint: &str) -> String {
    format!("{}.json.gz", print_digits(fingerprint))
}

/// The first digits of the fingerprint. A record may hold any text there, and a file name must not
/// leave the folder.
fn print_digits(fingerprint: &str) -> String {
    let is_plain = fingerprint.chars().all(|c| c.is_ascii_alphanumeric());
    if is_plain {
        fingerprint.chars().take(DIGITS).collect()
    } else {
        hashed(fingerprint)
    }
}

fn hashed(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..DIGITS].to_string()
}

/// File name of a record's certificate.
pub fn certificate_name(r: &Record) -> String {
    stem(r) + CERTIFICATE_END
}

/// File name of the reason why a solve that was asked for a certificate has none, such as its size.
/// Without that file `run` would ask for the certificate again and again.
pub fn refusal_name(r: &Record) -> String {
    stem(r) + REFUSAL_END
}

fn stem(r: &Record) -> String {
    let fingerprint = print_digits(&r.fingerprint);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let solver = if r.solver.chars().all(plain) && r.solver.len() < 64 {
        r.solver.clone()
    } else {
        hashed(&r.solver)
    };
    format!(
        "{fingerprint}-t{}-{}-{solver}-r{}",
        r.threshold, r.weights, r.seed
    )
}

/// The certificate of a record and its instance, as paths in a campaign's folder.
pub fn certificate_files(record: &Record) -> [PathBuf; 2] {
    [certificate_name(record), instance_name(record)].map(|name| Path::new(CERTIFICATES).join(name))
}

/// What a record says that a certificate may support.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateNeed {
    /// A bound of trust `certified`, which nothing else supports.
    Promised,
    /// Another bound, or that no plan keeps the rules.
    Possible,
    /// Nothing.
    Nothing,
}

/// Whether a record lacks its certificate: it promises one, or `asked` says that the configuration
/// asks for one and the folder does not say why there is none.
pub fn is_missing(folder: &Path, record: &Record, need: CertificateNeed, asked: bool) -> bool {
    let lacks = |name: String| !folder.join(CERTIFICATES).join(name).is_file();
    match need {
        CertificateNeed::Promised => lacks(certificate_name(record)),
        CertificateNeed::Possible if asked => {
            lacks(certificate_name(record)) && lacks(refusal_name(record))
        }
        CertificateNeed::Possible | CertificateNeed::Nothing => false,
    }
}
