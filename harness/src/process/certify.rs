//! Lets the independent verifier re-check a solver's certificate right after the solve.

use offload_instances::Problem;
use offload_solvers::certificate::{Certificate, CertificateHead};
use offload_solvers::{Solved, Status, Stop, Trust, relative_gap};

/// Re-checks the certificate of a solve, if it has one, and returns the certificate as it is stored
/// in a file.
///
/// The bound becomes the one that the verifier proved, with trust `certified`. A claimed bound that
/// is stronger than the certificate's (all plans were enumerated, or a MILP solver continued) is
/// left unchanged. A refused certificate turns the solve into an error.
///
/// # Errors
/// If the certificate cannot be parsed after it was written.
pub fn certify(
    problem: &Problem,
    solved: &mut Solved,
    instance_file: Option<&str>,
) -> anyhow::Result<Option<Vec<u8>>> {
    let Some(certificate) = &solved.outcome.certificate else {
        return Ok(None);
    };
    let about = CertificateHead {
        solver: &solved.solver,
        instance_file,
        plan: solved.outcome.plan.as_ref(),
    };
    let mut bytes = Vec::new();
    certificate.write(&mut bytes, problem, &about)?;
    if is_too_large(certificate, &bytes) {
        let note = &mut solved.outcome.note;
        let more = if note.is_empty() { "" } else { "; " };
        *note += &format!("{more}its certificate is too large to be kept, so its bound is a claim");
        solved.outcome.certificate = None;
        return Ok(None);
    }
    let (parsed, _) = offload_verify::parse_certificate("certificate", &bytes)?;
    let check = offload_verify::verify_certificate(problem.instance(), &parsed);
    let is_claimed_bound = certificate.bound == solved.outcome.bound.map(|(bound, _)| bound);
    if let Some(fault) = check.faults.first() {
        let reason = format!(
            "its certificate is refused at {}: {}",
            fault.place, fault.cause
        );
        solved.status = Status::Error;
        solved.outcome.stop = Stop::Failed(reason);
        solved.outcome.bound = None;
        solved.gap = None;
    } else if is_claimed_bound && check.is_certified() && check.lower.is_finite() {
        solved.outcome.bound = Some((check.lower, Trust::Certified));
        let value = solved
            .evaluation
            .as_ref()
            .filter(|e| e.is_feasible())
            .map(|e| e.objective);
        solved.gap = value.and_then(|z| relative_gap(z, check.lower));
    }
    Ok(Some(bytes))
}

/// Whether no reader of certificates accepts it: see `docs/src/reference/certificate.md`.
fn is_too_large(certificate: &Certificate, bytes: &[u8]) -> bool {
    bytes.len() as u64 > offload_verify::MAX_CERTIFICATE_BYTES
        || certificate.tree.len() > offload_verify::MAX_CERTIFICATE_NODES
}
