//! Predicts the size and duration of a run: the output of a dry run.

use crate::campaign::config::Config;
use crate::campaign::matrix::InstanceGroup;
use crate::process::solver::{SolverEntry, SolverKind};
use comfy_table::{Table, presets};
use offload_instances::Problem;
use offload_reports::text::counted;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time that a dry run may spend on trial solves.
const PROBING: Duration = Duration::from_secs(10);

/// Approximate size of a record, bytes.
const RECORD_BYTES: usize = 1200;

/// Problems of one kind: their number and a representative.
type Kinds<'a> = BTreeMap<(usize, String), (usize, &'a InstanceGroup)>;

/// The matrix, its size and an estimated duration. Runs each heuristic once per size, for at most
/// 10 s in total.
///
/// # Errors
/// If an instance cannot be generated.
pub fn forecast(config: &Config, groups: &[InstanceGroup]) -> anyhow::Result<String> {
    let entries = config.entries()?;
    let mut kinds = Kinds::new();
    for group in groups {
        kinds
            .entry((group.origin.pairs(), group.origin.describe()))
            .or_insert((0, group))
            .0 += group.terms.len();
    }
    let problems: usize = groups.iter().map(|g| g.terms.len()).sum();
    let rows_each = entries.len() * config.seeds.len();
    let rows = problems * rows_each;
    let solvers = solver_table(config, &entries, &kinds, problems * config.seeds.len())?;
    let threads = config.workers();
    let estimate = format!(
        "{:.0} s on {threads} threads",
        solvers.seconds / threads as f64
    );
    let more = if solvers.complete {
        ""
    } else {
        ", plus solvers without a time limit"
    };
    Ok(format!(
        "{}\n\n{}\n\n{}, {}, {}, {}: {}, about \
         {:.1} MB\nestimate: up to {estimate}{more} (each heuristic tried once per size)",
        instance_table(&kinds, rows_each),
        solvers.table,
        counted(groups.len(), "instance"),
        counted(problems, "problem"),
        counted(entries.len(), "solver"),
        counted(config.seeds.len(), "seed"),
        counted(rows, "row"),
        (rows * RECORD_BYTES) as f64 / 1e6
    ))
}

fn instance_table(kinds: &Kinds, rows_each: usize) -> Table {
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_header(["instances", "problems", "rows"]);
    for ((_, name), (problems, _)) in kinds {
        table.add_row([
            name.clone(),
            problems.to_string(),
            (problems * rows_each).to_string(),
        ]);
    }
    table
}

/// The solvers with their estimated times.
struct SolverForecast {
    table: Table,
    /// Sum of the known times, s.
    seconds: f64,
    /// Whether every solver's time is known or limited.
    complete: bool,
}

/// `solves` is the number of solves per solver, not counting repetitions.
fn solver_table(
    config: &Config,
    entries: &[SolverEntry],
    kinds: &Kinds,
    solves: usize,
) -> anyhow::Result<SolverForecast> {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header([
        "solver",
        "options",
        "own process",
        "time, about",
    ]);
    let deadline = Instant::now() + PROBING;
    let (mut sum, mut complete) = (0.0, true);
    for entry in entries {
        let measured = measured_time(config, entry, kinds, deadline)?;
        let most = entry
            .limits
            .time
            .map(|t| t.as_secs_f64() * (solves * config.repetitions) as f64);
        let time = match (measured, most) {
            (Some(seconds), _) => format!("{seconds:.1} s"),
            (None, Some(most)) => format!("at most {most:.0} s"),
            (None, None) => "unknown: no time limit".into(),
        };
        sum += measured.or(most).unwrap_or(0.0);
        complete &= measured.or(most).is_some();
        let options: Vec<String> = entry
            .options()
            .iter()
            .filter(|(k, _)| *k != "id")
            .map(|(k, v)| format!("{k} {v}"))
            .collect();
        let own = if entry.isolated { "yes" } else { "no" };
        table.add_row([entry.name.clone(), options.join(", "), own.into(), time]);
    }
    Ok(SolverForecast {
        table,
        seconds: sum,
        complete,
    })
}

/// Estimated time of all solves of a solver, s, from one trial per kind of problem; `None` if a
/// kind was not tried.
fn measured_time(
    config: &Config,
    entry: &SolverEntry,
    kinds: &Kinds,
    deadline: Instant,
) -> anyhow::Result<Option<f64>> {
    let mut seconds = 0.0;
    for (count, group) in kinds.values() {
        let count = (count * config.seeds.len() * config.repetitions) as f64;
        match probe(entry, config, group, deadline)? {
            Some(one) => seconds += one * count,
            None => return Ok(None),
        }
    }
    Ok(Some(seconds))
}

/// Time of one solve by a built-in heuristic, s; `None` for other solvers or when the trial budget
/// is used up.
fn probe(
    entry: &SolverEntry,
    config: &Config,
    group: &InstanceGroup,
    deadline: Instant,
) -> anyhow::Result<Option<f64>> {
    let SolverKind::Own(solver) = &entry.kind else {
        return Ok(None);
    };
    let Some(terms) = group
        .terms
        .first()
        .filter(|_| !solver.about().is_exact && Instant::now() < deadline)
    else {
        return Ok(None);
    };
    let problem = Problem::new(
        Arc::new(group.origin.make()?),
        terms.threshold,
        terms.weights,
    )?;
    let mut budget = entry.budget(config.seeds[0]);
    budget.time_limit = Some(budget.time_limit.unwrap_or(PROBING).min(PROBING));
    Ok(Some(
        offload_solvers::solve(solver.as_ref(), &problem, &budget).time_s,
    ))
}
