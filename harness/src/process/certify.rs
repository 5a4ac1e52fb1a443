//! Has the independent verifier re-check what a solver claims, as soon as it claims it.

use offload_instances::Problem;
use offload_solvers::certificate::CertificateHead;
use offload_solvers::{Solved, Status, Stop, Trust, relative_gap};

/// Re-checks the certificate of a solve, if there is one, and returns it as it stands in a file.
///
/// The bound becomes what the verifier proved, and its trust `certified`. A claimed bound that is
/// stronger than the certificate's own (all plans were enumerated, or a MILP solver went on) stays
/// as it is. A certificate that is refused turns the solve into an error.
///
/// # Errors
/// When the certificate cannot even be read back.
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
