//! Where the instances of a campaign come from, and what they are called.

use super::lines::NumberedRecord;
use crate::campaign::config::Config;
use crate::campaign::matrix::{InstanceOrigin, origins};
use offload_instances::Instance;
use offload_reports::{Environment, Record};
use std::collections::{BTreeSet, HashSet};
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
    let configs: BTreeSet<(&str, &str)> = environments
        .iter()
        .filter(|e| !e.config.is_empty())
        .map(|e| (e.config.as_str(), e.config_folder.as_str()))
        .collect();
    let (mut all, mut notes) = (Vec::new(), Vec::new());
    for (text, folder) in configs {
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
