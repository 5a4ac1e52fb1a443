//! Proves a whole campaign from its instances alone: every value from its plan, every bound from
//! its certificate or by enumeration, every claim of infeasibility by counting.
//!
//! `findings` holds what is found, `lines` reads the records, `sources` finds the instances, `row`
//! checks a plan, `bound` a bound, `problem` all rows of one problem, `doubled` finds solves that
//! stand there twice, `rerun` repeats solves.

mod bound;
mod doubled;
pub mod findings;
mod lines;
mod problem;
mod rerun;
mod row;
mod sources;

use crate::campaign::certificates::{CERTIFICATES, instance_name};
use crate::campaign::matrix::{self, InstanceOrigin};
use doubled::doubled;
use findings::{Findings, Refutation, RowVerdict};
use lines::NumberedRecord;
use offload_instances::Instance;
use offload_reports::records::environment::{Environment, read_environments};
use problem::{Prover, prove_instance};
use rayon::prelude::*;
use sources::{InstanceLabels, label_of, listed_origins, solver_terms};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::Mutex;

/// Most notes on instances that could not be made; the rest is left out.
const MOST_NOTES: usize = 5;

/// What to do beside the re-check of plans and bounds.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProofOptions {
    /// Share of the rows of deterministic built-in solvers to repeat, above 0 and at most 1.
    pub rerun: Option<f64>,
}

/// What is proved of a campaign.
#[derive(Debug)]
pub struct Proof {
    /// Number of rows: lines of `records.jsonl`.
    pub rows: usize,
    /// Rows whose every figure that follows from a plan was recomputed, or that claim none.
    pub rechecked: usize,
    /// What was found, by claim and by row.
    pub findings: Findings,
    /// Verdict of each solve by its key ([`offload_reports::Record::key`]).
    pub verdicts: HashMap<String, RowVerdict>,
    /// Rows that the recorded configuration asks for and that are missing.
    pub missing: usize,
    /// Remarks, such as instances that could not be made.
    pub notes: Vec<String>,
}

impl Proof {
    /// Whether nothing is refuted.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.refutations.is_empty()
    }

    /// Whether nothing is refuted, every row is re-checked and no row is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.holds() && self.rechecked == self.rows && self.missing == 0
    }
}

/// Proves a campaign.
///
/// # Errors
/// If its records cannot be read.
pub fn prove(folder: &Path, options: ProofOptions) -> anyhow::Result<Proof> {
    let (records, mut notes) = lines::read(folder)?;
    let environments = read_environments(folder)?;
    let mut by_instance: HashMap<&str, Vec<&NumberedRecord>> = HashMap::new();
    for row in &records {
        let rows = by_instance.entry(&row.record.fingerprint).or_default();
        rows.push(row);
    }
    let terms = solver_terms(&environments);
    let prover = Prover {
        folder,
        terms: &terms,
        rerun: options.rerun,
    };
    let (origins, faults) = listed_origins(&environments, &records);
    notes.extend(faults);
    let search = Search {
        folder,
        prover: &prover,
        by_instance: &by_instance,
        labels: Mutex::default(),
        proved: Mutex::default(),
        notes: Mutex::default(),
    };
    let mut findings = search.of_origins(&origins);
    findings.merge(search.of_stored());
    findings.merge(search.without_instance());
    findings.merge(search.mislabelled());
    findings.merge(doubled(&records));
    notes.extend(search.notes.into_inner().unwrap_or_default());
    findings
        .refutations
        .sort_by(|a, b| (a.line, a.what).cmp(&(b.line, b.what)));
    Ok(summed(&records, &environments, findings, notes))
}

fn summed(
    records: &[NumberedRecord],
    environments: &[Environment],
    mut findings: Findings,
    notes: Vec<String>,
) -> Proof {
    let refuted: HashSet<usize> = findings.refutations.iter().map(|r| r.line).collect();
    let mut rechecked = 0;
    let mut verdicts: HashMap<String, RowVerdict> = HashMap::with_capacity(records.len());
    for row in records {
        let verdict = RowVerdict {
            rechecked: findings.rechecked.contains(&row.line),
            refuted: refuted.contains(&row.line),
        };
        rechecked += usize::from(verdict.rechecked);
        verdicts
            .entry(row.record.key())
            .and_modify(|known| *known = known.and(verdict))
            .or_insert(verdict);
    }
    findings.rechecked = HashSet::new();
    let expected = matrix::expected_rows(environments);
    Proof {
        rows: records.len(),
        rechecked,
        missing: expected.map_or(0, |rows| rows.saturating_sub(verdicts.len())),
        findings,
        verdicts,
        notes,
    }
}

/// The search for the instances of a campaign. Each is proved as soon as it is found, so that few
/// are in memory at a time.
struct Search<'a> {
    folder: &'a Path,
    prover: &'a Prover<'a>,
    by_instance: &'a HashMap<&'a str, Vec<&'a NumberedRecord>>,
    /// Labels of every instance found, by fingerprint.
    labels: Mutex<HashMap<String, BTreeSet<InstanceLabels>>>,
    /// Fingerprints of the instances found.
    proved: Mutex<HashSet<String>>,
    notes: Mutex<Vec<String>>,
}

impl Search<'_> {
    /// Proves the rows of an instance, unless that was done.
    fn found(&self, instance: &Instance) -> Findings {
        let print = offload_verify::fingerprint(instance);
        let Some(rows) = self.by_instance.get(print.as_str()) else {
            return Findings::default();
        };
        if let Ok(mut labels) = self.labels.lock() {
            let known = labels.entry(print.clone()).or_default();
            known.insert(label_of(instance));
        }
        let is_new = self.proved.lock().is_ok_and(|mut done| done.insert(print));
        if is_new {
            prove_instance(self.prover, instance, rows)
        } else {
            Findings::default()
        }
    }

    fn note(&self, text: String) {
        if let Ok(mut notes) = self.notes.lock()
            && notes.len() < MOST_NOTES
        {
            notes.push(text);
        }
    }

    /// Instances that the recorded configurations generate or read.
    fn of_origins(&self, origins: &[InstanceOrigin]) -> Findings {
        let one = |origin: &InstanceOrigin| match origin.make() {
            Ok(instance) => self.found(&instance),
            Err(e) => {
                self.note(format!("note: {}: {e:#}", origin.describe()));
                Findings::default()
            }
        };
        origins
            .par_iter()
            .map(one)
            .reduce(Findings::default, Findings::joined)
    }

    /// Instances stored beside the certificates. A stored instance must be the one that its name
    /// says, also when another source gave it.
    fn of_stored(&self) -> Findings {
        let prints: Vec<&&str> = self.by_instance.keys().collect();
        let one = |print: &&&str| {
            let row = self.by_instance[**print][0];
            let name = instance_name(&row.record);
            let path = self.folder.join(CERTIFICATES).join(&name);
            if !path.is_file() {
                return Findings::default();
            }
            let read = offload_instances::read_instance(&path).map_err(|e| e.to_string());
            match read {
                Ok(instance) if offload_verify::fingerprint(&instance) == ***print => {
                    self.found(&instance)
                }
                Ok(_) => refuted(row, format!("{CERTIFICATES}/{name} holds another instance")),
                Err(why) => refuted(row, format!("its stored instance cannot be read: {why}")),
            }
        };
        prints
            .par_iter()
            .map(one)
            .reduce(Findings::default, Findings::joined)
    }

    /// Rows whose instance was not found.
    fn without_instance(&self) -> Findings {
        let mut findings = Findings::default();
        let Ok(proved) = self.proved.lock() else {
            return findings;
        };
        for (print, rows) in self.by_instance {
            if !proved.contains(*print) {
                rows.iter()
                    .for_each(|row| row::open_all(row, &mut findings));
            }
        }
        findings
    }

    /// Rows whose instance has another name, family or seed in every source.
    fn mislabelled(&self) -> Findings {
        let mut findings = Findings::default();
        let Ok(labels) = self.labels.lock() else {
            return findings;
        };
        for (print, known) in labels.iter() {
            for row in self.by_instance.get(print.as_str()).into_iter().flatten() {
                if let Some(why) = sources::label_fault(&row.record, known) {
                    findings.refute(Refutation::of(row, "instance", why));
                }
            }
        }
        findings
    }
}

fn refuted(row: &NumberedRecord, why: String) -> Findings {
    let mut findings = Findings::default();
    findings.refute(Refutation::of(row, "instance", why));
    findings
}
