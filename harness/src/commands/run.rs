//! `run`: a campaign.

use super::{make_folder, print};
use crate::campaign::{Job, run as run_job};
use crate::matrix::{Group, Shard};
use crate::solver::Subject;
use crate::stop::Stop;
use crate::{Verdict, config::Config, matrix};
use anyhow::Context;
use comfy_table::{Table, presets};
use offload_instances::Problem;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time that a dry run spends on trying solvers.
const PROBING: Duration = Duration::from_secs(10);

/// Bytes of a record, about.
const RECORD_BYTES: usize = 1200;

/// Run a campaign: instances x thresholds x solvers; resumes where it stopped
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration (offload-config/1, TOML)
    config: PathBuf,
    /// The campaign's folder; made if missing
    #[arg(short, long, value_name = "DIR", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// Print what would be solved, how much it is and how long it may take; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Only part k of n, to be put together by `merge`
    #[arg(long, value_name = "K/N")]
    shard: Option<Shard>,
    /// Remove records that would be made differently now (solver version, options, instance) and
    /// solve them again
    #[arg(long)]
    redo: bool,
    /// Tell nothing while it runs
    #[arg(long)]
    quiet: bool,
    /// Wait that long for another run in the folder to end, such as one that is just being killed;
    /// default: not at all
    #[arg(long, value_name = "SECONDS", value_parser = super::seconds)]
    wait: Option<Duration>,
    /// Folder that the configuration's paths are relative to; default: its own
    #[arg(long, value_name = "DIR")]
    relative_to: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let config = Config::read(&a.config, a.relative_to.as_deref())?;
    let mut groups = matrix::groups(&config).with_context(|| a.config.display().to_string())?;
    if let Some(shard) = a.shard {
        groups = matrix::shard(&groups, shard);
    }
    if a.dry_run {
        print(&describe(&config, &groups)?)?;
        return Ok(Verdict::Done);
    }
    let folder = a.output.as_ref().context("give a folder with -o")?;
    make_folder(folder)?;
    let stop = Stop::listen()?;
    let patience = a.wait.unwrap_or_default();
    let job = Job {
        config: &config,
        groups: &groups,
        shard: a.shard,
        folder,
        redo: a.redo,
        quiet: a.quiet,
        patience,
    };
    let summary = run_job(&job, &stop)?;
    let folder = folder.display();
    let removed = match summary.removed {
        0 => String::new(),
        n => format!(" ({n} made differently were removed)"),
    };
    let next = match summary.stopped {
        Some(_) => "stopped; the same command goes on".to_string(),
        None if a.shard.is_some() => {
            "next: offload-bench merge, when all shards are done".to_string()
        }
        None => format!("next: offload-bench report {folder}"),
    };
    print(&format!(
        "{} new records, {} were there already{removed}, in {folder}; {next}",
        summary.new, summary.kept
    ))?;
    Ok(summary.stopped.map_or(Verdict::Done, Verdict::Stopped))
}

/// The matrix, its size and an estimate of its cost.
fn describe(config: &Config, groups: &[Group]) -> anyhow::Result<String> {
    let entries = config.entries()?;
    let mut kinds: BTreeMap<(usize, String), (usize, &Group)> = BTreeMap::new();
    for group in groups {
        kinds
            .entry((group.origin.pairs(), group.origin.describe()))
            .or_insert((0, group))
            .0 += group.cells.len();
    }
    let mut text = String::new();
    let mut table = Table::new();
    table
        .load_preset(presets::ASCII_MARKDOWN)
        .set_header(["instances", "problems", "rows"]);
    let rows_each = entries.len() * config.seeds.len();
    for ((_, name), (problems, _)) in &kinds {
        table.add_row([
            name.clone(),
            problems.to_string(),
            (problems * rows_each).to_string(),
        ]);
    }
    let problems: usize = groups.iter().map(|g| g.cells.len()).sum();
    let rows = problems * rows_each;
    writeln!(text, "{table}\n")?;
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN).set_header([
        "solver",
        "options",
        "own process",
        "time, about",
    ]);
    let deadline = Instant::now() + PROBING;
    let mut known = 0.0;
    let mut complete = true;
    for entry in &entries {
        let (mut seconds, mut measured) = (0.0, true);
        for (count, group) in kinds.values() {
            let count = (count * config.seeds.len() * config.repetitions) as f64;
            match probe(entry, config, group, deadline)? {
                Some(one) => seconds += one * count,
                None => measured = false,
            }
        }
        let most = entry
            .limits
            .time
            .map(|t| t.as_secs_f64() * (rows / entries.len().max(1) * config.repetitions) as f64);
        let time = match (measured, most) {
            (true, _) => format!("{seconds:.1} s"),
            (false, Some(most)) => format!("at most {most:.0} s"),
            (false, None) => "unknown: no time limit".into(),
        };
        known += if measured {
            seconds
        } else {
            most.unwrap_or(0.0)
        };
        complete &= measured || most.is_some();
        let options: Vec<String> = entry
            .options()
            .iter()
            .filter(|(k, _)| *k != "id")
            .map(|(k, v)| format!("{k} {v}"))
            .collect();
        let own = if entry.isolated { "yes" } else { "no" };
        table.add_row([entry.name.clone(), options.join(", "), own.into(), time]);
    }
    let bytes = rows * RECORD_BYTES;
    let threads = config.workers();
    let estimate = format!("{:.0} s on {threads} threads", known / threads as f64);
    writeln!(text, "{table}\n")?;
    writeln!(
        text,
        "{} instances, {problems} problems, {} solvers, {} seeds: {rows} rows, about {:.1} MB",
        groups.len(),
        entries.len(),
        config.seeds.len(),
        bytes as f64 / 1e6
    )?;
    let more = if complete {
        ""
    } else {
        ", and solvers without a time limit beyond that"
    };
    write!(
        text,
        "estimate: up to {estimate}{more} (heuristics tried once on each size)"
    )?;
    Ok(text)
}

/// Time of one solve by a heuristic of ours, s; none for others or when there is no time left to
/// try.
fn probe(
    entry: &crate::solver::Entry,
    config: &Config,
    group: &Group,
    deadline: Instant,
) -> anyhow::Result<Option<f64>> {
    let Subject::Own(solver) = &entry.subject else {
        return Ok(None);
    };
    let Some(cell) = group
        .cells
        .first()
        .filter(|_| !solver.is_exact() && Instant::now() < deadline)
    else {
        return Ok(None);
    };
    let problem = Problem::new(Arc::new(group.origin.make()?), cell.threshold, cell.weights)?;
    let mut budget = entry.budget(config.seeds[0]);
    budget.time_limit = Some(budget.time_limit.unwrap_or(PROBING).min(PROBING));
    Ok(Some(
        offload_solvers::solve(solver.as_ref(), &problem, &budget).time_s,
    ))
}
