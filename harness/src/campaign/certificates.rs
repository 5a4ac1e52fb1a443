//! The certificates of a campaign: their paths and their re-check.

use offload_instances::Trust;
use offload_reports::records::record::RECORDS;
use offload_reports::records::record::{self, Record};
use std::path::{Path, PathBuf};

/// Name of the folder of certificates and their instances.
pub const CERTIFICATES: &str = "certificates";

/// File name of a record's instance. It is the fingerprint, because names can repeat and can
/// contain characters that a file name cannot.
pub fn instance_name(r: &Record) -> String {
    format!("{}.json.gz", &r.fingerprint[..16.min(r.fingerprint.len())])
}

/// File name of a record's certificate.
pub fn certificate_name(r: &Record) -> String {
    let fingerprint = &r.fingerprint[..16.min(r.fingerprint.len())];
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let solver = if r.solver.chars().all(plain) && r.solver.len() < 64 {
        r.solver.clone()
    } else {
        blake3::hash(r.solver.as_bytes()).to_hex()[..16].to_string()
    };
    format!(
        "{fingerprint}-t{}-{}-{solver}-r{}.certificate.json.gz",
        r.threshold, r.weights, r.seed
    )
}

/// The certificate of a record and its instance, as paths in a campaign's folder.
pub fn certificate_files(record: &Record) -> [PathBuf; 2] {
    [certificate_name(record), instance_name(record)].map(|name| Path::new(CERTIFICATES).join(name))
}

/// Result of re-checking a campaign's certificates.
pub struct CampaignCheck {
    /// Number of certificates that were re-checked.
    pub checked: usize,
    /// Refused files, with the reason.
    pub refused: Vec<(PathBuf, String)>,
}

/// Re-checks every certificate of a campaign, and checks that no record claims more than was
/// proved.
///
/// # Errors
/// When the records cannot be read, or none of them claims a certified bound.
pub fn verify_folder(folder: &Path) -> anyhow::Result<CampaignCheck> {
    let path = folder.join(RECORDS);
    anyhow::ensure!(
        path.is_file(),
        "{}: is missing; give the folder of a campaign",
        path.display()
    );
    let loaded = record::read_records(&path)?;
    let claims = loaded
        .records
        .iter()
        .filter(|r| r.trust == Some(Trust::Certified));
    let (mut checked, mut refused) = (0, Vec::new());
    for r in claims {
        checked += 1;
        let [file, instance] = certificate_files(r).map(|name| folder.join(name));
        if let Err(reason) = verify_claim(r, &file, &instance) {
            refused.push((file, reason));
        }
    }
    anyhow::ensure!(
        checked > 0,
        "{}: no record claims a certified bound, so there is nothing to re-check; run it with \
         certificates = true and an exact solver",
        path.display()
    );
    Ok(CampaignCheck { checked, refused })
}

/// Why a record's claim does not follow from its certificate; `None` if it does.
fn verify_claim(record: &Record, file: &Path, instance: &Path) -> Result<(), String> {
    let instance = offload_instances::read_instance(instance).map_err(|e| e.to_string())?;
    let certificate = offload_verify::read_certificate(file).map_err(|e| e.to_string())?;
    let check = offload_verify::verify_certificate(&instance, &certificate);
    if let Some(fault) = check.faults.first() {
        return Err(format!("{}: {}", fault.place, fault.cause));
    }
    let holds = record.lower_bound.is_some_and(|b| b <= check.lower)
        && record.fingerprint == certificate.fingerprint;
    if holds {
        Ok(())
    } else {
        Err("the record claims a different instance or more than was proved".into())
    }
}
