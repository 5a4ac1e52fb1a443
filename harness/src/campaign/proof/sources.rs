//! What the recorded configurations of a campaign say: where its instances come from, what they are
//! called, and what its solvers were asked for.

use super::lines::NumberedRecord;
use crate::campaign::config::Config;
use crate::campaign::matrix::{AskedProblems, InstanceOrigin};
use offload_instances::{FINGERPRINT_DIGITS, Instance, is_fingerprint};
use offload_reports::records::record::{Options, RECORD_FORMAT};
use offload_reports::{Environment, Record};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

/// The record format without `generator`.
const FIRST_RECORD_FORMAT: &str = "offload-record/1";

/// The options that say what was solved and how exactly. The others are about the machine.
const COMPARED_OPTIONS: [&str; 3] = ["id", "gap", "time_limit_s"];

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

/// Why a record's fingerprint is none; `None` if it has the form of one.
pub(super) fn fingerprint_fault(print: &str) -> Option<String> {
    (!is_fingerprint(print)).then(|| {
        format!(
            "its fingerprint is not {FINGERPRINT_DIGITS} lower-case hexadecimal digits, so it is \
             of no instance"
        )
    })
}

/// Why a record's `generator` is not the one of its instance; `None` if it is. Records of the first
/// version have none.
pub(super) fn generator_fault(r: &Record, known: &BTreeSet<InstanceLabels>) -> Option<String> {
    if r.format == FIRST_RECORD_FORMAT && r.generator.is_empty() {
        return None;
    }
    let fits = |label: &InstanceLabels| match label.seed {
        None => r.generator.is_empty(),
        Some(_) => {
            let rest = r.generator.strip_prefix(label.family.as_str());
            rest.and_then(|rest| rest.strip_prefix(' '))
                .is_some_and(is_version)
        }
    };
    (!known.iter().any(fits)).then(|| {
        format!(
            "its generator is {:?}; it should be the instance's family and a version, or empty \
             for an instance that has no seed",
            r.generator
        )
    })
}

/// Whether a text is a version, such as 0.2.0 or 1.0.0-rc.1.
fn is_version(text: &str) -> bool {
    let (numbers, suffix) = text.split_once(['-', '+']).unwrap_or((text, ""));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let has_plain_suffix = suffix
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b".-+".contains(&b));
    numbers.split('.').count() == 3 && numbers.split('.').all(is_number) && has_plain_suffix
}

/// What a solver was asked for, by the configurations that name it.
#[derive(Clone, Debug, Default)]
pub(super) struct SolverTerms {
    /// Whether one asks for certificates.
    pub(super) certificate: bool,
    /// The greatest gap at which it may stop.
    pub(super) gap: f64,
    /// The options that each configuration gives it.
    options: Vec<Options>,
}

impl SolverTerms {
    /// The first option of a record that no configuration gives its solver. Older formats record
    /// other options.
    pub(super) fn option_fault(&self, r: &Record) -> Option<String> {
        if r.format != RECORD_FORMAT {
            return None;
        }
        let differing = |asked: &Options| {
            let differs = |name: &&&str| !is_same_option(asked.get(**name), r.options.get(**name));
            COMPARED_OPTIONS.iter().find(differs).copied()
        };
        let faults: Option<Vec<&str>> = self.options.iter().map(differing).collect();
        let name = *faults?.first()?;
        let words = |value: Option<&Value>| value.map_or("missing".into(), Value::to_string);
        Some(format!(
            "its option `{name}` is {}, but the recorded configuration makes it {}",
            words(r.options.get(name)),
            words(self.options.first()?.get(name))
        ))
    }
}

/// Numbers are compared as such: 1 is 1.0.
fn is_same_option(a: Option<&Value>, b: Option<&Value>) -> bool {
    let number = |x: Option<&Value>| x.and_then(Value::as_f64);
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.to_bits() == b.to_bits(),
        _ => a == b,
    }
}

/// A recorded configuration and the shards of it that were run.
pub(super) struct RecordedConfig {
    /// The configuration.
    pub(super) config: Config,
    /// The shards; an empty one is the whole campaign.
    pub(super) shards: BTreeSet<String>,
    /// What it asks for.
    pub(super) asked: AskedProblems,
}

/// The configurations of a campaign's runs, and why some cannot be used. Runs of one configuration
/// may have had their files in different folders, such as shards on several machines.
pub(super) fn configurations(environments: &[Environment]) -> (Vec<RecordedConfig>, Vec<String>) {
    let mut texts: BTreeMap<&str, (BTreeSet<&str>, BTreeSet<String>)> = BTreeMap::new();
    for e in environments {
        let (folders, shards) = texts.entry(&e.config).or_default();
        folders.insert(&e.config_folder);
        shards.insert(e.shard.clone());
    }
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (text, (folders, shards)) in texts {
        if text.is_empty() {
            faults.push("a run recorded no configuration".to_string());
            continue;
        }
        for folder in folders {
            match Config::parse(text.to_string(), Path::new(folder)) {
                Ok(config) => all.push(RecordedConfig {
                    config,
                    shards: shards.clone(),
                    asked: AskedProblems::default(),
                }),
                Err(e) => faults.push(format!("a recorded configuration: {e:#}")),
            }
        }
    }
    if all.is_empty() && faults.is_empty() {
        faults.push("no configuration is recorded (environments.jsonl)".to_string());
    }
    (all, faults)
}

/// What every solver of the recorded configurations was asked for, by its name. Not every record
/// holds the gap.
pub(super) fn solver_terms(configs: &[RecordedConfig]) -> HashMap<String, SolverTerms> {
    let mut all: HashMap<String, SolverTerms> = HashMap::new();
    for RecordedConfig { config, .. } in configs {
        for entry in config.entries().unwrap_or_default() {
            let terms = all.entry(entry.name.clone()).or_default();
            terms.certificate |= config.asks_certificate(&entry);
            terms.gap = terms.gap.max(entry.budget(0).gap);
            terms.options.push(entry.options());
        }
    }
    all
}

/// The instances of these problems that some record may be about, each once. Larger ones than any
/// record has are not worth making, and a forged configuration may list very large ones.
pub(super) fn wanted_origins(
    configs: &[RecordedConfig],
    records: &[NumberedRecord],
) -> Vec<InstanceOrigin> {
    let size = |row: &NumberedRecord| (row.record.users, row.record.servers);
    let sizes: HashSet<(usize, usize)> = records.iter().map(size).collect();
    let mut seen = BTreeSet::new();
    configs
        .iter()
        .flat_map(|recorded| &recorded.asked.groups)
        .map(|group| &group.origin)
        .filter(|origin| match origin {
            InstanceOrigin::Family { spec, .. } => sizes.contains(&(spec.users, spec.servers)),
            InstanceOrigin::File { .. } => true,
        })
        .filter(|origin| seen.insert(origin_name(origin)))
        .cloned()
        .collect()
}

/// Tells origins apart. The size of a file is only noted for some.
pub(super) fn origin_name(origin: &InstanceOrigin) -> String {
    match origin {
        InstanceOrigin::Family { .. } => format!("{origin:?}"),
        InstanceOrigin::File { path, .. } => path.display().to_string(),
    }
}
