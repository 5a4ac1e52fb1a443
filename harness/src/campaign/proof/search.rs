//! The search for the instances of a campaign. Each is proved as soon as it is found, so that few
//! are in memory at a time.

use super::findings::{Findings, Refutation};
use super::lines::NumberedRecord;
use super::problem::{Prover, prove_instance};
use super::row::open_all;
use super::sources::{
    InstanceLabels, fingerprint_fault, generator_fault, label_fault, label_of, origin_name,
};
use crate::campaign::certificates::{CERTIFICATES, instance_name};
use crate::campaign::matrix::InstanceOrigin;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// Most notes on instances that could not be made; the rest is left out.
const MOST_NOTES: usize = 5;

/// The search.
pub(super) struct Search<'a> {
    prover: &'a Prover<'a>,
    by_instance: &'a HashMap<&'a str, Vec<&'a NumberedRecord>>,
    found: Mutex<FoundInstances>,
}

/// The instances found.
#[derive(Default)]
pub(super) struct FoundInstances {
    /// Labels of the instances that have rows, by fingerprint.
    labels: HashMap<String, BTreeSet<InstanceLabels>>,
    /// Fingerprints of the instances that the configurations make, by name.
    names: HashMap<String, BTreeSet<String>>,
    /// Fingerprints of the instances that the configurations make, by the names of their origins.
    pub(super) made: HashMap<String, String>,
    /// Why files of a configuration that are there cannot be read.
    pub(super) unreadable: Vec<String>,
    /// Whether a file of a configuration could not be read.
    lacks_file: bool,
    /// What could not be made.
    pub(super) notes: Vec<String>,
}

impl<'a> Search<'a> {
    /// A search for the instances of these rows.
    pub(super) fn new(
        prover: &'a Prover<'a>,
        by_instance: &'a HashMap<&'a str, Vec<&'a NumberedRecord>>,
    ) -> Self {
        Search {
            prover,
            by_instance,
            found: Mutex::default(),
        }
    }

    /// Changes what was found. A panic elsewhere leaves it valid.
    fn noted<T>(&self, change: impl FnOnce(&mut FoundInstances) -> T) -> T {
        change(&mut self.found.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Instances that the recorded configurations generate or read.
    pub(super) fn of_origins(&self, origins: &[InstanceOrigin]) -> Findings {
        origins
            .par_iter()
            .map(|origin| self.of_origin(origin))
            .reduce(Findings::default, Findings::joined)
    }

    fn of_origin(&self, origin: &InstanceOrigin) -> Findings {
        let instance = match origin.make() {
            Ok(instance) => instance,
            Err(e) => {
                self.noted(|found| {
                    if let InstanceOrigin::File { path, .. } = origin {
                        found.lacks_file = true;
                        if path.exists() {
                            found.unreadable.push(format!("{e:#}"));
                        }
                    }
                    if found.notes.len() < MOST_NOTES {
                        let note = format!("note: {}: {e:#}", origin.describe());
                        found.notes.push(note);
                    }
                });
                return Findings::default();
            }
        };
        let print = offload_verify::fingerprint(&instance);
        let rows = self.by_instance.get(print.as_str());
        let is_new = self.noted(|found| {
            let of_name = found.names.entry(instance.name.clone()).or_default();
            of_name.insert(print.clone());
            found.made.insert(origin_name(origin), print.clone());
            if rows.is_none() {
                return false;
            }
            let is_new = !found.labels.contains_key(&print);
            let labels = found.labels.entry(print).or_default();
            labels.insert(label_of(&instance));
            is_new
        });
        match rows {
            Some(rows) if is_new => prove_instance(self.prover, &instance, rows),
            _ => Findings::default(),
        }
    }

    /// Instances stored beside the certificates. A stored instance must be the one that its name
    /// says, also when a configuration makes it. Its labels count only when none does.
    pub(super) fn of_stored(&self) -> Findings {
        let prints: Vec<&&str> = self.by_instance.keys().collect();
        prints
            .par_iter()
            .map(|print| self.of_stored_one(print))
            .reduce(Findings::default, Findings::joined)
    }

    fn of_stored_one(&self, print: &str) -> Findings {
        let rows = &self.by_instance[print];
        let name = instance_name(&rows[0].record);
        let path = self.prover.folder.join(CERTIFICATES).join(&name);
        if !path.is_file() {
            return Findings::default();
        }
        let instance = match offload_instances::read_instance(&path) {
            Ok(instance) => instance,
            Err(e) => return refuted(rows, &format!("its stored instance cannot be read: {e}")),
        };
        if offload_verify::fingerprint(&instance) != print {
            return refuted(
                rows,
                &format!("{CERTIFICATES}/{name} holds another instance"),
            );
        }
        let is_new = self.noted(|found| {
            let is_new = !found.labels.contains_key(print);
            if is_new {
                let labels = BTreeSet::from([label_of(&instance)]);
                found.labels.insert(print.to_string(), labels);
            }
            is_new
        });
        if is_new {
            prove_instance(self.prover, &instance, rows)
        } else {
            Findings::default()
        }
    }

    /// What was found.
    pub(super) fn finished(self) -> FoundInstances {
        let found = self.found.into_inner();
        found.unwrap_or_else(PoisonError::into_inner)
    }
}

impl FoundInstances {
    /// Fingerprints of known instances with rows that no configuration makes, sorted.
    pub(super) fn spare(&self) -> Vec<&str> {
        let made: HashSet<&String> = self.made.values().collect();
        let mut spare: Vec<&str> = self
            .labels
            .keys()
            .filter(|print| !made.contains(print))
            .map(String::as_str)
            .collect();
        spare.sort_unstable();
        spare
    }

    /// Rows whose instance was not found.
    pub(super) fn without_instance(
        &self,
        prover: &Prover,
        by_instance: &HashMap<&str, Vec<&NumberedRecord>>,
    ) -> Findings {
        let mut findings = Findings::default();
        for (print, rows) in by_instance {
            if !self.labels.contains_key(*print) {
                for row in rows {
                    let terms = prover.terms.get(&row.record.solver);
                    open_all(
                        row,
                        terms.is_some_and(|terms| terms.certificate),
                        &mut findings,
                    );
                }
            }
        }
        findings
    }

    /// Rows whose fingerprint is none or that of another instance than the configurations make
    /// under the same name, and rows whose instance has another name, family, seed or generator.
    pub(super) fn mislabelled(&self, records: &[NumberedRecord]) -> Findings {
        let mut findings = Findings::default();
        for row in records {
            let r = &row.record;
            let why = fingerprint_fault(&r.fingerprint)
                .or_else(|| self.name_fault(&r.instance, &r.fingerprint))
                .or_else(|| {
                    let known = self.labels.get(&r.fingerprint)?;
                    label_fault(r, known).or_else(|| generator_fault(r, known))
                });
            if let Some(why) = why {
                findings.refute(Refutation::of(row, "instance", why));
            }
        }
        findings
    }

    fn name_fault(&self, name: &str, print: &str) -> Option<String> {
        let known = self.names.get(name)?;
        // A file that cannot be read may have held the other instance.
        if self.lacks_file || known.contains(print) {
            return None;
        }
        let other = known.first()?;
        Some(format!(
            "the recorded configuration makes another instance of this name, with the fingerprint \
             {other}"
        ))
    }
}

fn refuted(rows: &[&NumberedRecord], why: &str) -> Findings {
    let mut findings = Findings::default();
    if let Some(row) = rows.first() {
        findings.refute(Refutation::of(row, "instance", why.to_string()));
    }
    findings
}
