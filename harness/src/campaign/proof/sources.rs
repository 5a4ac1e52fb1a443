//! What the recorded configurations of a campaign say: where its instances come from, what they are
//! called, and what its solvers were asked for.

use super::lines::NumberedRecord;
use crate::campaign::config::Config;
use crate::campaign::matrix::{InstanceOrigin, origins};
use offload_instances::Instance;
use offload_reports::{Environment, Record};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

/// What an instance is called. The fingerprint does not cover it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InstanceLabels {
    name: String,
    family: String,
    seed: Option<u64>,
}

/// The labels of an instance.
pub(super) fn label_of(instance: &Instance) -> InstanceLabels {
    InstanceLabels {
        name: instance.name.clone(),
        family: instance.family.clone(),
        seed: instance.seed,
    }
}

/// Why a record's labels are those of no source of its instance; `None` if one has them.
pub(super) fn label_fault(r: &Record, known: &BTreeSet<InstanceLabels>) -> Option<String> {
    let is_known = |l: &InstanceLabels| {
        (&l.name, &l.family, l.seed) == (&r.instance, &r.family, r.instance_seed)
    };
    if known.iter().any(is_known) {
        return None;
    }
    let first = known.first()?;
    Some(format!(
        "its name, family and seed are {:?}, {:?} and {:?}, but the instance has {:?}, {:?} and \
         {:?}",
        r.instance, r.family, r.instance_seed, first.name, first.family, first.seed
    ))
}

/// What a solver was asked for, by the configurations that name it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SolverTerms {
    /// Whether one asks for certificates.
    pub(super) certificate: bool,
    /// The greatest gap at which it may stop.
    pub(super) gap: f64,
}

/// What every solver of the recorded configurations was asked for, by its name. Not every record
/// holds the gap.
pub(super) fn solver_terms(environments: &[Environment]) -> HashMap<String, SolverTerms> {
    let mut all: HashMap<String, SolverTerms> = HashMap::new();
    for (text, folder) in configurations(environments) {
        let Ok(config) = Config::parse(text.to_string(), Path::new(folder)) else {
            continue;
        };
        for entry in config.entries().unwrap_or_default() {
            let terms = all.entry(entry.name.clone()).or_default();
            terms.certificate |= config.asks_certificate(&entry);
            terms.gap = terms.gap.max(entry.budget(0).gap);
        }
    }
    all
}

/// The distinct configurations of some runs, each with the folder of its paths.
fn configurations(environments: &[Environment]) -> BTreeSet<(&str, &str)> {
    environments
        .iter()
        .filter(|e| !e.config.is_empty())
        .map(|e| (e.config.as_str(), e.config_folder.as_str()))
        .collect()
}

/// The instances that the recorded configurations list and that some record may be about, and
/// notes on configurations that cannot be used.
pub(super) fn listed_origins(
    environments: &[Environment],
    records: &[NumberedRecord],
) -> (Vec<InstanceOrigin>, Vec<String>) {
    let sizes: HashSet<(usize, usize, Option<u64>)> = records
        .iter()
        .map(|row| {
            let r = &row.record;
            (r.users, r.servers, r.instance_seed)
        })
        .collect();
    let (mut all, mut notes) = (Vec::new(), Vec::new());
    for (text, folder) in configurations(environments) {
        let mut faults = Vec::new();
        match Config::parse(text.to_string(), Path::new(folder)) {
            Ok(config) => all.extend(origins(&config, &mut faults)),
            Err(e) => faults.push(e),
        }
        notes.extend(
            faults
                .iter()
                .map(|e| format!("note: the recorded configuration: {e:#}")),
        );
    }
    all.retain(|origin| match origin {
        InstanceOrigin::Family { spec, .. } => {
            sizes.contains(&(spec.users, spec.servers, Some(spec.seed)))
        }
        InstanceOrigin::File { .. } => true,
    });
    (all, notes)
}
