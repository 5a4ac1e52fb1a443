//! Solves one problem with several solvers, outside a campaign.

use super::certify::certify;
use super::execute::{InstanceText, execute};
use super::solver::{EXEC, Isolation, SolveLimits, SolverEntry, SolverKind};
use crate::notice::Notify;
use offload_instances::{Assignment, Plan, Problem, Status, write_plan};
use offload_solvers::{Budget, Solved, Stop, solve};
use std::path::Path;

/// A solve with its certificate as it is stored in a file.
pub struct CertifiedSolve {
    /// The solve. Its bound is `certified` if the verifier accepted the certificate.
    pub solved: Solved,
    /// The certificate, from solvers that write one.
    pub certificate: Option<Vec<u8>>,
}

/// Solves in this process (commands run in their own) and lets the verifier re-check the
/// certificate. `instance_file` is stored in the certificate as a hint. Output of a command other
/// than its plan goes to `notify`.
///
/// # Errors
/// If a certificate cannot be parsed after it was written.
pub fn solve_and_certify(
    entry: &SolverEntry,
    problem: &Problem,
    budget: &Budget,
    instance_file: &Path,
    notify: Notify,
) -> anyhow::Result<CertifiedSolve> {
    let mut solved = match &entry.kind {
        SolverKind::Own(solver) => solve(solver.as_ref(), problem, budget),
        SolverKind::Command { .. } => {
            let text = InstanceText::of(problem);
            let measured = execute(entry, problem, &text, budget, 1, None);
            if let Some(output) = &measured.output {
                notify(output);
            }
            measured.solved
        }
    };
    let certificate = certify(
        problem,
        &mut solved,
        Some(&instance_file.display().to_string()),
    )?;
    Ok(CertifiedSolve {
        solved,
        certificate,
    })
}

/// Parses solver ids separated by commas. A command extends to the end of its text.
///
/// # Errors
/// If a solver is unknown.
pub fn entries(given: &[String], limits: &SolveLimits) -> anyhow::Result<Vec<SolverEntry>> {
    split_ids(given)
        .into_iter()
        .map(|id| {
            let name = id.trim().to_string();
            let limits = limits.clone();
            SolverEntry::new(&id, name, limits, Isolation::WhereNeeded, Path::new(""))
        })
        .collect()
}

/// Writes the best plan; feasible plans are preferred.
///
/// # Errors
/// If the file cannot be written.
pub fn write_best_plan(
    path: &Path,
    problem: &Problem,
    all: &[Solved],
    notify: Notify,
) -> anyhow::Result<()> {
    let name = path.display();
    let Some((solved, assignment)) = best_plan(all) else {
        notify(&format!("no plan was found: {name} is not written"));
        return Ok(());
    };
    let violations = solved.evaluation.as_ref().map_or(0, |e| e.violations.len());
    if violations > 0 {
        notify(&format!(
            "note: {name}: no solver found a feasible plan; the written plan violates {violations} \
             rules"
        ));
    }
    let plan = Plan {
        instance: problem.instance().name.clone(),
        threshold: Some(problem.threshold()),
        weights: Some(problem.weights()),
        solver: solved.solver.clone(),
        assignment: assignment.clone(),
    };
    Ok(write_plan(path, &plan)?)
}

/// The best plan with its solve; feasible plans are preferred. Without a feasible plan the first
/// one is used, because the user may want to inspect it.
fn best_plan(all: &[Solved]) -> Option<(&Solved, &Assignment)> {
    let value = |s: &&Solved| s.evaluation.as_ref().map_or(f64::INFINITY, |e| e.objective);
    let is_feasible = |s: &&Solved| s.evaluation.as_ref().is_some_and(|e| e.is_feasible());
    let best = all
        .iter()
        .filter(is_feasible)
        .min_by(|a, b| value(a).total_cmp(&value(b)))
        .or_else(|| all.iter().find(|s| s.outcome.plan.is_some()))?;
    Some((best, best.outcome.plan.as_ref()?))
}

/// Whether every problem was feasible and no solver was refuted. Reasons of failed solves go to
/// `notify`.
///
/// # Errors
/// If a solver does not accept the problem.
pub fn all_well(entries: &[SolverEntry], all: &[Solved], notify: Notify) -> anyhow::Result<bool> {
    let mut well = true;
    for (entry, solved) in entries.iter().zip(all) {
        match (&solved.outcome.stop, solved.status) {
            (Stop::Unsupported(why), _) => {
                anyhow::bail!("{} does not accept this problem: {why}", entry.id)
            }
            (_, Status::Infeasible) => well = false,
            (stop, Status::Error) => {
                notify(&format!("error: {}: {}", entry.id, stop.describe()));
                well = false;
            }
            _ => {}
        }
    }
    Ok(well)
}

/// Solver ids from comma-separated text. A command extends to the end, including commas.
fn split_ids(given: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    for text in given {
        let mut rest = text.as_str();
        while let Some((one, more)) = rest
            .split_once(',')
            .filter(|_| !rest.trim_start().starts_with(EXEC))
        {
            all.push(one.to_string());
            rest = more;
        }
        all.push(rest.to_string());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::split_ids;

    #[test]
    fn commands_keep_their_commas() {
        let names =
            |list: &[&str]| split_ids(&list.iter().map(|s| (*s).to_string()).collect::<Vec<_>>());
        assert_eq!(names(&["goa,dmin", "ga"]), ["goa", "dmin", "ga"]);
        assert_eq!(names(&["goa, exec:a 1,2 ,b"]), ["goa", " exec:a 1,2 ,b"]);
        assert_eq!(names(&["goa,"]), ["goa", ""]);
    }
}
