//! Compares the rows of a campaign with the solves that its recorded configurations ask for.

use super::sources::{RecordedConfig, origin_name};
use crate::campaign::matrix::{InstanceGroup, InstanceOrigin, asked_problems};
use offload_reports::records::record::solve_key;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Most missing rows that are listed. A forged configuration may ask for any number.
const MOST_MISSING: usize = 1_000_000;

/// The rows that are missing, and those that are too many.
#[derive(Debug, Default)]
pub(super) struct AskedRows {
    /// Each missing solve in words, at most [`MOST_MISSING`].
    pub(super) missing: BTreeSet<String>,
    /// Keys of the rows that a configuration asks for.
    pub(super) found: HashSet<String>,
}

/// Lists the problems that each configuration asks for. Returns why some cannot be listed, and
/// which shards were run of configurations that were not run whole.
pub(super) fn list_problems(configs: &mut Vec<RecordedConfig>) -> Vec<String> {
    let (mut listed, mut faults) = (HashSet::new(), Vec::new());
    for recorded in &mut *configs {
        let mut found = Vec::new();
        let shards: BTreeSet<&str> = recorded.shards.iter().map(String::as_str).collect();
        recorded.asked = asked_problems(&recorded.config, &shards, &mut found);
        if found.is_empty() {
            listed.insert(recorded.config.text.clone());
        }
        faults.push(found);
    }
    let mut reasons = Vec::new();
    let mut faults = faults.into_iter();
    configs.retain(|recorded| {
        let faults = faults.next().unwrap_or_default();
        // The files of one configuration may have been in several folders; one is enough.
        if !faults.is_empty() && listed.contains(&recorded.config.text) {
            return false;
        }
        let words = |e: &anyhow::Error| format!("a recorded configuration: {e:#}");
        reasons.extend(faults.iter().map(words));
        if faults.is_empty() && !recorded.asked.is_whole {
            let shards: Vec<&str> = recorded.shards.iter().map(String::as_str).collect();
            let shards = shards.join(", ");
            reasons.push(format!(
                "the folder holds only these shards of a configuration: {shards}"
            ));
        }
        true
    });
    reasons
}

/// The rows of a campaign.
pub(super) struct PresentRows<'a, V> {
    /// By the key of their solves.
    pub(super) keys: &'a HashMap<String, V>,
    /// Fingerprint of each instance that could be made, by the name of its origin.
    pub(super) made: &'a HashMap<String, String>,
    /// Fingerprints of instances that have rows, are known and were made by no origin. An instance
    /// whose file is gone is one of them.
    pub(super) spare: Vec<&'a str>,
}

impl<V> PresentRows<'_, V> {
    /// Compares with what the configurations ask for.
    pub(super) fn compare(&self, configs: &[RecordedConfig]) -> AskedRows {
        let mut rows = AskedRows::default();
        for recorded in configs {
            let names: Vec<String> = recorded.config.entries().map_or_else(
                |_| Vec::new(),
                |entries| entries.into_iter().map(|entry| entry.name).collect(),
            );
            let mut spare = self.spare.iter();
            for group in &recorded.asked.groups {
                let print = match self.made.get(&origin_name(&group.origin)) {
                    Some(print) => Some(print.as_str()),
                    None if matches!(group.origin, InstanceOrigin::File { .. }) => {
                        spare.next().copied()
                    }
                    None => None,
                };
                for solver in &names {
                    for &seed in &recorded.config.seeds {
                        self.compare_group(group, print, (solver, seed), &mut rows);
                    }
                }
                if rows.missing.len() >= MOST_MISSING {
                    return rows;
                }
            }
        }
        rows
    }

    fn compare_group(
        &self,
        group: &InstanceGroup,
        print: Option<&str>,
        (solver, seed): (&str, u64),
        rows: &mut AskedRows,
    ) {
        for terms in &group.terms {
            let weights = terms.weights.name();
            if let Some(print) = print {
                let key = solve_key((print, terms.threshold), weights, solver, seed);
                if self.keys.contains_key(&key) {
                    rows.found.insert(key);
                    continue;
                }
            }
            let place = place(&group.origin);
            rows.missing.insert(format!(
                "{solver} (seed {seed}) on {place}, threshold {}, weights {weights}",
                terms.threshold
            ));
        }
    }
}

/// An instance in words that tell it from all others.
fn place(origin: &InstanceOrigin) -> String {
    let words = origin.describe();
    let InstanceOrigin::Family { spec, .. } = origin else {
        return words;
    };
    let parameters = spec.parameters.iter();
    let parameters: Vec<String> = parameters.map(|(k, v)| format!(", {k} {v}")).collect();
    format!("{words}, seed {}{}", spec.seed, parameters.concat())
}
