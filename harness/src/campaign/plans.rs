//! Takes a plan out of a campaign's records, with its problem.

use crate::campaign::certificates::{CERTIFICATES, instance_name};
use crate::campaign::config::Config;
use crate::campaign::matrix::origins;
use crate::files::read_campaign;
use anyhow::{Context, anyhow, ensure};
use offload_instances::{Instance, Plan, Weights, fingerprint};
use offload_reports::{Record, read_environments};
use std::collections::BTreeSet;
use std::path::Path;

/// Most rows that an error lists; the rest is only counted.
const SHOWN: usize = 10;

/// Which row of a campaign. What is not given matches every row.
#[derive(Clone, Copy, Debug)]
pub struct PlanChoice<'a> {
    /// The campaign's folder.
    pub folder: &'a Path,
    /// Name of the instance.
    pub instance: Option<&'a str>,
    /// Fingerprint of the instance; set when the instance is given.
    pub fingerprint: Option<&'a str>,
    /// Threshold tau.
    pub threshold: Option<f64>,
    /// Weights.
    pub weights: Option<Weights>,
    /// Name of the solver.
    pub solver: Option<&'a str>,
    /// Seed of the solver.
    pub seed: Option<u64>,
}

impl PlanChoice<'_> {
    fn takes(&self, r: &Record) -> bool {
        self.instance.is_none_or(|name| name == r.instance)
            && self.fingerprint.is_none_or(|print| print == r.fingerprint)
            && self
                .threshold
                .is_none_or(|threshold| threshold == r.threshold)
            && self
                .weights
                .is_none_or(|weights| weights.name() == r.weights)
            && self.solver.is_none_or(|solver| solver == r.solver)
            && self.seed.is_none_or(|seed| seed == r.seed)
    }
}

/// The chosen plan with its instance, which may be given; then the row must be about it.
///
/// # Errors
/// If the campaign cannot be read, no row fits, its plan is not stored, several rows fit (they are
/// listed), or the instance is not found.
pub fn chosen_plan(
    choice: PlanChoice,
    given: Option<Instance>,
) -> anyhow::Result<(Instance, Plan)> {
    let print = given.as_ref().map(fingerprint);
    let record = choose(PlanChoice {
        fingerprint: print.as_deref(),
        ..choice
    })?;
    let plan = plan_of(choice.folder, &record)?;
    let instance = given.map_or_else(|| instance_of(choice.folder, &record), Ok)?;
    Ok((instance, plan))
}

/// The only row of a campaign that fits and has a plan.
fn choose(choice: PlanChoice) -> anyhow::Result<Record> {
    let name = choice.folder.display();
    let records = read_campaign(choice.folder)?.records;
    let fitting: Vec<Record> = records.into_iter().filter(|r| choice.takes(r)).collect();
    ensure!(!fitting.is_empty(), "{name}: no row fits the choice");
    let total = fitting.len();
    let mut stored: Vec<Record> = fitting
        .into_iter()
        .filter(|r| r.assignment.is_some())
        .collect();
    ensure!(
        !stored.is_empty(),
        "{name}: {total} rows fit, but none stores a plan; run the campaign with plans = \"all\""
    );
    if stored.len() > 1 {
        let line = |r: &Record| {
            format!(
                "\n  {} (seed {}) on {}, threshold {}, weights {}",
                r.solver, r.seed, r.instance, r.threshold, r.weights
            )
        };
        let lines: String = stored.iter().take(SHOWN).map(line).collect();
        let more = match stored.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!("\n  ... and {more} more"),
        };
        return Err(anyhow!(
            "{name}: {} rows fit; choose one by the instance's name, --threshold, --weights, \
             --solver and --seed:{lines}{more}",
            stored.len()
        ));
    }
    stored.pop().context("a row was found")
}

/// The plan of a row; an error if it does not fit the row's number of users and servers.
fn plan_of(folder: &Path, r: &Record) -> anyhow::Result<Plan> {
    let name = folder.display();
    let stored = r.assignment.as_ref();
    let stored = stored.with_context(|| format!("{name}: the row stores no plan"))?;
    let assignment = stored.assignment(r.users, r.servers);
    let assignment =
        assignment.map_err(|why| anyhow!("{name}: the plan of {} is invalid: {why}", r.solver))?;
    Ok(Plan {
        instance: r.instance.clone(),
        threshold: Some(r.threshold),
        weights: r.weights.parse().ok(),
        solver: r.solver.clone(),
        assignment,
    })
}

/// The instance of a row: the one stored beside its certificates, else generated or read again as
/// the recorded configurations say. An error if none of them has the row's fingerprint.
fn instance_of(folder: &Path, r: &Record) -> anyhow::Result<Instance> {
    let is_it = |instance: &Instance| fingerprint(instance) == r.fingerprint;
    let stored = folder.join(CERTIFICATES).join(instance_name(r));
    if let Some(instance) = offload_instances::read_instance(&stored).ok().filter(is_it) {
        return Ok(instance);
    }
    let environments = read_environments(folder)?;
    let configs: BTreeSet<(&str, &str)> = environments
        .iter()
        .map(|e| (e.config.as_str(), e.config_folder.as_str()))
        .collect();
    for (text, base) in configs {
        let Ok(config) = Config::parse(text.to_string(), Path::new(base)) else {
            continue;
        };
        for origin in origins(&config, &mut Vec::new()) {
            if let Some(instance) = origin.make_if(r).filter(is_it) {
                return Ok(instance);
            }
        }
    }
    Err(anyhow!(
        "{}: the instance {} is neither stored in it nor made by its configuration; give its file",
        folder.display(),
        r.instance
    ))
}
