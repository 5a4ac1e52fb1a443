//! Solves one problem with several solvers, outside a campaign.

use super::certify::certify;
use super::execute::{InstanceText, execute};
use super::external::{EXEC, ExternalOptions, SERVE};
use super::measured::Measured;
use super::solver::{Isolation, SolveLimits, SolverEntry, SolverKind};
use crate::notice::Notify;
use anyhow::{bail, ensure};
use offload_instances::{Assignment, Plan, Problem, Status, write_plan};
use offload_solvers::{Budget, Solved, Stop, find, solve};
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
    let measured = solve_once(entry, problem, budget, 1);
    if let Some(output) = &measured.output {
        notify(output);
    }
    let mut solved = measured.solved;
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

/// A solver of a study, of which several may solve at the same time.
pub struct DirectSolver {
    entry: SolverEntry,
    threads: usize,
}

impl DirectSolver {
    /// The solvers that the values of `--solver` name, as [`entries`] reads them; `threads` solve
    /// at the same time.
    ///
    /// # Errors
    /// See [`entries`].
    pub fn all(given: &[String], threads: usize) -> anyhow::Result<Vec<DirectSolver>> {
        let entries = entries(given, &SolveLimits::default())?.into_iter();
        Ok(entries
            .map(|entry| DirectSolver { entry, threads })
            .collect())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.entry.name
    }

    /// Solves in this process, or an external solver in its own.
    #[must_use]
    pub fn solve(&self, problem: &Problem, budget: &Budget) -> Solved {
        solve_once(&self.entry, problem, budget, self.threads).solved
    }
}

fn solve_once(entry: &SolverEntry, problem: &Problem, budget: &Budget, threads: usize) -> Measured {
    match &entry.kind {
        SolverKind::Own(solver) => Measured::of(solve(solver.as_ref(), problem, budget)),
        SolverKind::External(_) => {
            let text = InstanceText::of(problem);
            execute(entry, problem, &text, budget, threads, None)
        }
    }
}

/// The solvers that the values of `--solver` name, each with its id as its name. A value lists ids
/// separated by commas. A command extends to the end of its value.
///
/// # Errors
/// If a solver is unknown or given twice, or a command is followed by the id of a solver.
pub fn entries(given: &[String], limits: &SolveLimits) -> anyhow::Result<Vec<SolverEntry>> {
    let mut all: Vec<SolverEntry> = Vec::new();
    for id in split_ids(given)? {
        let name = id.trim().to_string();
        ensure!(
            all.iter().all(|entry| entry.name != name),
            "--solver {name}: is given twice; give it once"
        );
        let (limits, options) = (limits.clone(), ExternalOptions::default());
        let folder = Path::new("");
        all.push(SolverEntry::new(
            &id,
            name,
            limits,
            Isolation::WhereNeeded,
            folder,
            options,
        )?);
    }
    Ok(all)
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

/// Solver ids from comma-separated text. A command extends to the end, including commas, but what
/// looks like a further solver is refused: it was probably not meant for the command.
fn split_ids(given: &[String]) -> anyhow::Result<Vec<String>> {
    let is_command = |text: &str| {
        let text = text.trim_start();
        text.starts_with(EXEC) || text.starts_with(SERVE)
    };
    let mut all = Vec::new();
    for text in given {
        let mut rest = text.as_str();
        while let Some((one, more)) = rest.split_once(',').filter(|_| !is_command(rest)) {
            all.push(one.to_string());
            rest = more;
        }
        let further = rest.split(',').skip(1).map(str::trim);
        let swallowed = further
            .filter(|_| is_command(rest))
            .find(|part| is_command(part) || find(part).is_ok());
        if let Some(id) = swallowed {
            let command = rest.trim();
            bail!(
                "--solver {command}: a command extends to the end of its --solver, so `{id}` would \
                 belong to it; give `{id}` with a --solver of its own, or before the command, or \
                 in quotes if the command needs it"
            );
        }
        all.push(rest.to_string());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::split_ids;

    #[test]
    fn commands_keep_their_commas() {
        let split =
            |list: &[&str]| split_ids(&list.iter().map(|s| (*s).to_string()).collect::<Vec<_>>());
        let names = |list: &[&str]| split(list).unwrap();
        assert_eq!(names(&["goa,dmin", "ga"]), ["goa", "dmin", "ga"]);
        assert_eq!(names(&["goa, exec:a 1,2 ,b"]), ["goa", " exec:a 1,2 ,b"]);
        assert_eq!(names(&["serve:a 1,b", "goa"]), ["serve:a 1,b", "goa"]);
        assert_eq!(names(&["exec:a 'x,goa'"]), ["exec:a 'x,goa'"]);
        assert_eq!(names(&["goa,"]), ["goa", ""]);
        for bad in [
            "exec:a,goa",
            "dmin,serve:a , goa",
            "exec:a,exec:b",
            "exec:a,serve:b,c",
        ] {
            let refused = split(&[bad]).unwrap_err().to_string();
            assert!(refused.contains("of its own"), "{bad}: {refused}");
        }
    }
}
