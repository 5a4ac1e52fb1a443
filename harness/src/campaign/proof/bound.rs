//! Checks the bounds and certificates of rows.

use super::findings::{ClaimOutcome, Findings, Refutation, RowClaim};
use super::lines::NumberedRecord;
use super::row::{TOLERANCE, bound_claim, claimed_trust};
use super::sources::SolverTerms;
use crate::campaign::certificates::{CERTIFICATES, CertificateNeed, certificate_name, is_missing};
use offload_instances::Instance;
use offload_reports::{Record, Status, Trust};
use offload_verify::{
    CertificateCheck, Interval, ProblemCheck, read_certificate, verify_certificate,
};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::path::Path;

/// Most assignments, (M + 1)^N, that are tried again.
const MOST_ASSIGNMENTS: f64 = 1e6;

/// Checks the bounds of one problem.
pub(super) struct BoundChecker<'a> {
    /// The instance.
    pub(super) instance: &'a Instance,
    /// The problem on it.
    pub(super) problem: &'a ProblemCheck<'a>,
    /// The campaign's folder.
    pub(super) folder: &'a Path,
    /// What the solvers were asked for, by name.
    pub(super) terms: &'a HashMap<String, SolverTerms>,
    /// The least value of all plans, once all were tried.
    pub(super) least: OnceCell<Option<Interval>>,
}

/// What is proved of the bound of a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ProvedBound {
    /// The row's bound, if it was re-checked and holds.
    pub(super) lower: Option<f64>,
    /// The value of the certificate's feasible plan, rounded up.
    pub(super) upper: Option<f64>,
}

/// A certificate of a row, looked up and checked.
enum CheckedCertificate {
    Missing,
    Refused(String),
    Accepted(Box<CertificateCheck>),
}

impl BoundChecker<'_> {
    /// Checks the bound of a row and its claim of infeasibility, and counts both.
    pub(super) fn check(&self, row: &NumberedRecord, findings: &mut Findings) -> ProvedBound {
        let r = &row.record;
        let certificate = look_up(r, self.instance, self.folder);
        let mut proved = ProvedBound::default();
        if let CheckedCertificate::Accepted(check) = &certificate {
            proved.upper = check.upper;
        }
        if r.status == Status::Infeasible {
            let outcome = infeasibility(self.problem, &certificate);
            findings.claim(row, RowClaim::Infeasible, outcome);
        }
        if let (Some(bound), Some(trust)) = (r.lower_bound, claimed_trust(r)) {
            let outcome = match trust {
                Trust::Certified => certified(r, bound, &certificate),
                Trust::Enumerated => self.enumerated(bound, &certificate),
                Trust::Solver => claimed(&certificate),
            };
            if outcome == ClaimOutcome::Holds {
                proved.lower = Some(bound);
            }
            findings.claim(row, bound_claim(trust), outcome);
        }
        // A `certified` bound without a certificate is refuted as such.
        let has_claim = r.status == Status::Infeasible
            || claimed_trust(r).is_some_and(|trust| trust != Trust::Certified);
        let asked = self.terms.get(&r.solver).is_some_and(|t| t.certificate);
        if has_claim && is_missing(self.folder, r, CertificateNeed::Possible, asked) {
            findings.refute(Refutation::of(row, "certificate", missing(r)));
        }
        proved
    }

    fn enumerated(&self, bound: f64, certificate: &CheckedCertificate) -> ClaimOutcome {
        match certificate {
            CheckedCertificate::Refused(why) => return ClaimOutcome::Refuted(why.clone()),
            CheckedCertificate::Accepted(check) if bound <= check.lower * (1.0 + TOLERANCE) => {
                return ClaimOutcome::Holds;
            }
            _ => {}
        }
        if self.problem.assignments() > MOST_ASSIGNMENTS {
            return ClaimOutcome::Open("more than a million assignments");
        }
        match self.least.get_or_init(|| self.problem.least_value()) {
            Some(least) if bound > least.hi * (1.0 + TOLERANCE) => ClaimOutcome::Refuted(format!(
                "its bound is {bound:?}, but the least value of all plans is at most {:?}",
                least.hi
            )),
            _ => ClaimOutcome::Holds,
        }
    }
}

fn missing(r: &Record) -> String {
    format!(
        "{CERTIFICATES}/{} is missing; run the campaign again to make it",
        certificate_name(r)
    )
}

/// The certificate under the name that follows from the record, checked against the instance. Its
/// problem must be the record's.
fn look_up(r: &Record, instance: &Instance, folder: &Path) -> CheckedCertificate {
    // Most rows can have none.
    if r.trust.is_none() && r.status != Status::Infeasible {
        return CheckedCertificate::Missing;
    }
    let name = certificate_name(r);
    let path = folder.join(CERTIFICATES).join(&name);
    if !path.is_file() {
        return CheckedCertificate::Missing;
    }
    let certificate = match read_certificate(&path) {
        Ok(certificate) => certificate,
        Err(e) => {
            return CheckedCertificate::Refused(format!("its certificate cannot be read: {e}"));
        }
    };
    let differs = [
        (
            "fingerprint",
            !certificate.fingerprint.eq_ignore_ascii_case(&r.fingerprint),
        ),
        (
            "threshold",
            certificate.threshold.to_bits() != r.threshold.to_bits(),
        ),
        ("weights", certificate.weights.name() != r.weights),
    ];
    if let Some((field, _)) = differs.iter().find(|(_, differs)| *differs) {
        let why = format!("{CERTIFICATES}/{name} is for another problem: its {field} differs");
        return CheckedCertificate::Refused(why);
    }
    let check = verify_certificate(instance, &certificate);
    match check.faults.first() {
        Some(fault) => {
            let (place, cause) = (&fault.place, &fault.cause);
            CheckedCertificate::Refused(format!("its certificate is refused: {place} {cause}"))
        }
        None => CheckedCertificate::Accepted(Box::new(check)),
    }
}

fn certified(r: &Record, bound: f64, certificate: &CheckedCertificate) -> ClaimOutcome {
    match certificate {
        CheckedCertificate::Missing => ClaimOutcome::Refuted(missing(r)),
        CheckedCertificate::Refused(why) => ClaimOutcome::Refuted(why.clone()),
        CheckedCertificate::Accepted(check) if bound <= check.lower => ClaimOutcome::Holds,
        CheckedCertificate::Accepted(check) => {
            let proved = check.lower;
            ClaimOutcome::Refuted(format!(
                "its bound is {bound:?}, but its certificate proves only {proved:?}"
            ))
        }
    }
}

/// A solver's word stays one. Its certificate, which may prove less, must be sound.
fn claimed(certificate: &CheckedCertificate) -> ClaimOutcome {
    match certificate {
        CheckedCertificate::Refused(why) => ClaimOutcome::Refuted(why.clone()),
        _ => ClaimOutcome::Open("no proof goes with them"),
    }
}

/// Counting decides; a certificate beside it must be sound.
fn infeasibility(problem: &ProblemCheck, certificate: &CheckedCertificate) -> ClaimOutcome {
    if !problem.has_no_plan() {
        return ClaimOutcome::Refuted(
            "it claims that no plan keeps the rules, but the servers hold all mandatory users"
                .into(),
        );
    }
    match certificate {
        CheckedCertificate::Refused(why) => ClaimOutcome::Refuted(why.clone()),
        _ => ClaimOutcome::Holds,
    }
}
