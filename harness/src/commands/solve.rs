//! `solve`: one problem, one or several solvers.

use super::{check_distinct, check_target, gap, print, read_problem, seconds, tell, threshold};
use crate::Verdict;
use crate::certify::certify;
use crate::execute::{Measured, Text, execute};
use crate::solver::{EXEC, Entry, Limits, Subject};
use anyhow::Context;
use comfy_table::{ContentArrangement, Table, presets};
use offload_instances::files::write_bytes;
use offload_instances::{Plan, Problem, Weights, write_plan};
use offload_solvers::{Budget, Solved, Status, Stop, relative_gap, solve};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Solve one problem and print a table, or JSON
#[derive(clap::Args)]
pub struct Arguments {
    /// Instance file (offload-instance/1, .json or .json.gz)
    instance: PathBuf,
    /// Solver, or several with commas between (see `offload-bench solvers`); `exec:COMMAND` runs a
    /// program of yours
    #[arg(long, required = true)]
    solver: Vec<String>,
    /// Uncertainty threshold tau, from 0 to 1: users above it must be offloaded
    #[arg(long, value_parser = threshold, allow_negative_numbers = true)]
    threshold: f64,
    /// Weights v_i: uncertainty (v = a, the paper's) or uniform (v = 1)
    #[arg(long, default_value_t = Weights::Uncertainty)]
    weights: Weights,
    /// Time limit per solver, s
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    time_limit: Option<Duration>,
    /// Relative gap at which exact solvers may stop
    #[arg(long, value_name = "G", default_value = "1e-4", value_parser = gap, allow_negative_numbers = true)]
    gap: f64,
    /// Seed of everything random in the solver
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Write the best plan to this file, feasible ones first
    #[arg(short, long, value_name = "PLAN")]
    output: Option<PathBuf>,
    /// Write a certificate that `offload-bench verify` re-checks (bnb, exact, lagrangian; .gz
    /// compresses)
    #[arg(long, value_name = "FILE")]
    certificate: Option<PathBuf>,
    /// Print one JSON object per solver, one a line
    #[arg(long)]
    json: bool,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let limits = Limits {
        time: a.time_limit,
        gap: Some(a.gap),
        ..Limits::default()
    };
    let entry = |id: String| {
        Entry::new(
            &id,
            id.trim().to_string(),
            limits.clone(),
            false,
            Path::new(""),
        )
    };
    let solvers = names(&a.solver)
        .into_iter()
        .map(entry)
        .collect::<anyhow::Result<Vec<_>>>()?;
    let written: Vec<&Path> = a
        .output
        .iter()
        .chain(&a.certificate)
        .map(PathBuf::as_path)
        .collect();
    for path in &written {
        check_target(path)?;
    }
    check_distinct(&[&[a.instance.as_path()], written.as_slice()].concat())?;
    let writes = solvers.iter().any(Entry::writes_certificate);
    anyhow::ensure!(
        writes || a.certificate.is_none(),
        "--certificate: none of these solvers writes one; use bnb"
    );
    let problem = read_problem(&a.instance, a.threshold, a.weights)?;
    let budget = Budget {
        time_limit: a.time_limit,
        gap: a.gap,
        seed: a.seed,
        ..Budget::default()
    };
    let (mut all, mut certificate) = (Vec::new(), None);
    for solver in &solvers {
        let mut solved = match &solver.subject {
            Subject::Own(solver) => solve(solver.as_ref(), &problem, &budget),
            Subject::Command { .. } => told(&execute(
                solver,
                &problem,
                &Text::of(&problem),
                &budget,
                1,
                None,
            )),
        };
        let bytes = certify(
            &problem,
            &mut solved,
            Some(&a.instance.display().to_string()),
        )?;
        certificate = certificate.or(bytes);
        if a.json {
            print(&as_json(&solved).to_string())?;
        }
        all.push(solved);
    }
    if !a.json {
        print(&table(&problem, &all))?;
    }
    if let Some(path) = &a.output {
        write_best(path, a, &problem, &all)?;
    }
    if let Some(path) = &a.certificate {
        let bytes = certificate.context("the solver wrote no certificate; use bnb")?;
        write_bytes(path, &bytes)?;
    }
    verdict(&solvers, &all)
}

/// Splits at commas; a command takes all that follows it, commas and all.
fn names(given: &[String]) -> Vec<String> {
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

/// What a command printed beside its plan goes to stderr, as if it had run here.
fn told(measured: &Measured) -> Solved {
    if let Some(output) = &measured.output {
        tell(output);
    }
    measured.solved.clone()
}

/// Infeasible problems and refuted solvers make exit code 1, solvers that do not take the problem
/// 2.
fn verdict(solvers: &[Entry], all: &[Solved]) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::Done;
    for (solver, solved) in solvers.iter().zip(all) {
        match (&solved.outcome.stop, solved.status) {
            (Stop::Unsupported(why), _) => {
                anyhow::bail!("{} does not take this problem: {why}", solver.id)
            }
            (_, Status::Infeasible) => verdict = Verdict::Refuted,
            (stop, Status::Error) => {
                tell(&format!("error: {}: {}", solver.id, stop.describe()));
                verdict = Verdict::Refuted;
            }
            _ => {}
        }
    }
    Ok(verdict)
}

/// The object of the documented format, plus what stands behind the bound and why the solver
/// stopped.
fn as_json(s: &Solved) -> Value {
    json!({
        "solver": s.solver,
        "status": s.status.name(),
        "objective": s.evaluation.as_ref().map(|e| e.objective),
        "lower_bound": s.outcome.bound.map(|(b, _)| b),
        "gap": s.gap,
        "time_s": s.time_s,
        "assignment": s.outcome.plan,
        "violations": s.evaluation.as_ref().map_or(0, |e| e.violations.len()),
        "trust": s.outcome.bound.map(|(_, t)| t.name()),
        "stop": s.outcome.stop.describe(),
        "note": s.outcome.note,
    })
}

fn table(problem: &Problem, all: &[Solved]) -> String {
    // What a solver that failed says is no reference.
    let sound = all.iter().filter(|s| s.status != Status::Error);
    let best_bound = sound
        .filter_map(|s| s.outcome.bound)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "solver",
        "status",
        "objective (s)",
        "gap",
        "lower bound (s)",
        "offloaded",
        "violations",
        "time (s)",
    ]);
    for s in all {
        let feasible = s.evaluation.as_ref().filter(|e| e.is_feasible());
        let gap = feasible
            .zip(best_bound)
            .and_then(|(e, (lb, _))| relative_gap(e.objective, lb));
        let show = |x: Option<String>| x.unwrap_or_else(|| "-".into());
        table.add_row([
            s.solver.clone(),
            s.status.name().into(),
            show(s.evaluation.as_ref().map(|e| format!("{:.9}", e.objective))),
            show(gap.map(|g| format!("{:.4} %", 100.0 * g))),
            // Cut, not rounded: what is printed must be a bound too.
            show(
                s.outcome
                    .bound
                    .map(|(lb, _)| format!("{:.9}", (lb * 1e9).floor() / 1e9)),
            ),
            show(s.evaluation.as_ref().map(|e| e.offloaded.to_string())),
            show(
                s.evaluation
                    .as_ref()
                    .map(|e| e.violations.len().to_string()),
            ),
            format!("{:.6}", s.time_s),
        ]);
    }
    let instance = problem.instance();
    let mode = if instance.interference { "on" } else { "off" };
    let mut text = format!(
        "{}: {} users, {} servers, interference {mode}, threshold {}, weights {}, {} \
         mandatory\n{table}",
        instance.name,
        problem.n(),
        problem.m(),
        problem.threshold(),
        problem.weights(),
        problem.mandatory_count()
    );
    if let Some((lb, trust)) = best_bound {
        text += &format!(
            "\ngap = (objective - {lb:.9}) / {lb:.9}, the greatest lower bound above (reference: \
             {})",
            trust.name()
        );
    }
    for s in all {
        if !matches!(s.outcome.stop, Stop::Finished | Stop::Proved) || !s.outcome.note.is_empty() {
            text += &format!("\n{}: {}", s.solver, s.outcome.stop.describe());
            if !s.outcome.note.is_empty() {
                text += &format!(" ({})", s.outcome.note);
            }
        }
    }
    text
}

fn write_best(path: &Path, a: &Arguments, problem: &Problem, all: &[Solved]) -> anyhow::Result<()> {
    let feasible = all
        .iter()
        .filter(|s| s.evaluation.as_ref().is_some_and(|e| e.is_feasible()));
    // Without a feasible plan the first one is written: somebody may want to look at it.
    let value = |s: &&Solved| s.evaluation.as_ref().map_or(f64::INFINITY, |e| e.objective);
    let best = feasible
        .min_by(|a, b| value(a).total_cmp(&value(b)))
        .or_else(|| all.iter().find(|s| s.outcome.plan.is_some()));
    let Some((solved, assignment)) = best.and_then(|s| s.outcome.plan.clone().map(|p| (s, p)))
    else {
        tell(&format!(
            "no plan was found: {} is not written",
            path.display()
        ));
        return Ok(());
    };
    let violations = solved.evaluation.as_ref().map_or(0, |e| e.violations.len());
    if violations > 0 {
        tell(&format!(
            "note: {}: no solver found a feasible plan; the one written breaks {violations} rules",
            path.display()
        ));
    }
    let plan = Plan {
        instance: problem.instance().name.clone(),
        threshold: Some(a.threshold),
        weights: Some(a.weights),
        solver: solved.solver.clone(),
        assignment,
    };
    Ok(write_plan(path, &plan)?)
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn commands_keep_their_commas() {
        let names =
            |list: &[&str]| names(&list.iter().map(|s| (*s).to_string()).collect::<Vec<_>>());
        assert_eq!(names(&["goa,dmin", "ga"]), ["goa", "dmin", "ga"]);
        assert_eq!(names(&["goa, exec:a 1,2 ,b"]), ["goa", " exec:a 1,2 ,b"]);
        assert_eq!(names(&["goa,"]), ["goa", ""]);
    }
}
