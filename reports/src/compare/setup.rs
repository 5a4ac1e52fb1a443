//! Differences in setup between two campaigns: program, machine, settings, versions and limits of
//! solvers.

use super::matching::CampaignSide;
use crate::records::record::ANYTIME;
use crate::records::{Environment, Record, SolverCatalogue};
use crate::text::clip;
use std::collections::{BTreeMap, BTreeSet};

/// Shown where a campaign does not record a value.
const UNKNOWN: &str = "not recorded";

/// Options that say what the solver is, not what it was given.
const DECLARED: [&str; 2] = ["id", ANYTIME];

/// Longest value shown, characters.
const LONGEST: usize = 160;

/// A difference in setup between A and B.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupDifference {
    /// What differs.
    pub what: String,
    /// What it was in A and in B.
    pub values: [String; 2],
    /// Whether times cannot be compared where this differs.
    pub timing: bool,
}

/// A fact of an environment: its name, whether it affects times, and the value (empty: unknown).
type Fact = (&'static str, bool, fn(&Environment) -> String);

const FACTS: [Fact; 11] = [
    ("program version", false, |e| e.program.clone()),
    ("revision", false, Environment::revision_text),
    ("compiler", false, |e| e.compiler.clone()),
    ("HiGHS", false, |e| e.highs.clone()),
    ("operating system", false, |e| e.os.clone()),
    ("processor", true, |e| e.cpu.clone()),
    ("cores", true, |e| known(e.cores > 0, e.cores)),
    ("memory (GB)", false, |e| {
        known(
            e.memory_bytes > 0,
            format!("{:.0}", e.memory_bytes as f64 / 1e9),
        )
    }),
    ("problems at a time", true, |e| {
        known(e.threads > 0, e.threads)
    }),
    ("timing", true, |e| e.timing.clone()),
    ("repetitions", false, |e| {
        known(e.repetitions > 0, e.repetitions)
    }),
];

fn known(is: bool, value: impl ToString) -> String {
    if is { value.to_string() } else { String::new() }
}

/// All differences: the environment's first, then the instances', then each solver's.
pub(super) fn differences(
    sides: &[&CampaignSide; 2],
    catalogue: &SolverCatalogue,
) -> Vec<SetupDifference> {
    let mut all: Vec<SetupDifference> = Vec::new();
    for (what, timing, value) in FACTS {
        let values = sides.map(|s| distinct(s.environments.iter().map(value)));
        all.extend(difference(what, timing, values));
    }
    all.extend(difference(
        "generator of instances",
        false,
        sides.map(|s| distinct(unlike(s.records, |r| &r.generator))),
    ));
    let solvers = sides.map(|s| solvers(s.records));
    for id in catalogue.sorted(solvers.iter().flat_map(|s| s.keys().copied())) {
        let of = |pick: fn(&Made) -> &BTreeSet<String>| {
            [0, 1].map(|k| {
                solvers[k]
                    .get(id)
                    .map_or_else(|| "not in this campaign".into(), |made| joined(pick(made)))
            })
        };
        let there = solvers.iter().all(|s| s.contains_key(id));
        if there {
            all.extend(difference(
                &format!("version of {id}"),
                false,
                of(|made| &made.versions),
            ));
        }
        // A solver that one campaign lacks is reported once.
        let what = if there {
            format!("options of {id}")
        } else {
            format!("solver {id}")
        };
        all.extend(difference(&what, false, of(|made| &made.options)));
    }
    all
}

/// Versions and options of a solver.
#[derive(Default)]
struct Made {
    versions: BTreeSet<String>,
    options: BTreeSet<String>,
}

fn solvers(records: &[Record]) -> BTreeMap<&str, Made> {
    let mut all: BTreeMap<&str, Made> = BTreeMap::new();
    // Nearly all records of a solver have the same: a text is made only where they change.
    let mut last: BTreeMap<&str, &Record> = BTreeMap::new();
    for r in records {
        let before = last.insert(&r.solver, r);
        if before.is_some_and(|b| b.solver_version == r.solver_version && b.options == r.options) {
            continue;
        }
        let options: Vec<String> = r
            .options
            .iter()
            .filter(|(name, _)| !DECLARED.contains(&name.as_str()))
            .map(|(name, value)| format!("{name} {value}"))
            .collect();
        let made = all.entry(&r.solver).or_default();
        made.versions.insert(r.solver_version.clone());
        made.options.insert(if options.is_empty() {
            "none".into()
        } else {
            options.join(", ")
        });
    }
    all
}

/// The different values of a field.
fn unlike<'a>(
    records: &'a [Record],
    field: fn(&Record) -> &String,
) -> impl Iterator<Item = String> + 'a {
    let all: BTreeSet<&String> = records.iter().map(field).collect();
    all.into_iter().cloned()
}

fn distinct(values: impl Iterator<Item = String>) -> String {
    joined(&values.collect())
}

fn joined(values: &BTreeSet<String>) -> String {
    let known = values.iter().filter(|v| !v.is_empty()).map(String::as_str);
    let known: Vec<&str> = known.collect();
    if known.is_empty() {
        UNKNOWN.into()
    } else {
        clip(&known.join("; "), LONGEST)
    }
}

fn difference(what: &str, timing: bool, values: [String; 2]) -> Option<SetupDifference> {
    (values[0] != values[1]).then(|| SetupDifference {
        what: what.into(),
        values,
        timing,
    })
}
