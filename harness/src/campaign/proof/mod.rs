//! Proves a whole campaign from its instances alone: every value from its plan, every bound from
//! its certificate or by enumeration, every claim of infeasibility by counting.
//!
//! `findings` holds what is found, `lines` reads the records, `sources` reads the configurations,
//! `search` finds the instances, `row` checks a plan, `bound` a bound, `problem` all rows of one
//! problem, `doubled` finds solves that stand there twice, `asked` finds rows that are missing,
//! `rerun` repeats solves.

mod asked;
mod bound;
mod doubled;
pub mod findings;
mod lines;
mod problem;
mod rerun;
mod row;
mod search;
mod sources;

use asked::{AskedRows, PresentRows, list_problems};
use doubled::doubled;
use findings::{Findings, RowVerdict};
use lines::NumberedRecord;
use offload_reports::records::environment::read_environments;
use problem::Prover;
use search::Search;
use sources::{configurations, solver_terms, wanted_origins};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::Path;

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
    /// Solves that the recorded configurations ask for and that have no row, in words.
    pub missing: BTreeSet<String>,
    /// Rows that no recorded configuration asks for.
    pub unasked: usize,
    /// Rows whose solve has an earlier row.
    pub doubled: usize,
    /// Why it is not known whether rows are missing, and which shards the folder holds if not all.
    pub incomplete: Vec<String>,
    /// Remarks, such as instances that could not be made.
    pub notes: Vec<String>,
}

impl Proof {
    /// Whether nothing is refuted.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.findings.refutations.is_empty()
    }

    /// Whether nothing is refuted, every row is re-checked, and no row that the recorded
    /// configurations ask for is missing or doubled.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.holds()
            && self.rechecked == self.rows
            && self.missing.is_empty()
            && self.doubled == 0
            && self.incomplete.is_empty()
    }
}

/// Proves a campaign.
///
/// # Errors
/// If its records cannot be read.
pub fn prove(folder: &Path, options: ProofOptions) -> anyhow::Result<Proof> {
    let (records, mut notes) = lines::read(folder)?;
    let (mut configs, mut incomplete) = configurations(&read_environments(folder)?);
    incomplete.extend(list_problems(&mut configs));
    let mut by_instance: HashMap<&str, Vec<&NumberedRecord>> = HashMap::new();
    for row in &records {
        let rows = by_instance.entry(&row.record.fingerprint).or_default();
        rows.push(row);
    }
    let terms = solver_terms(&configs);
    let prover = Prover {
        folder,
        terms: &terms,
        rerun: options.rerun,
    };
    let search = Search::new(&prover, &by_instance);
    let mut findings = search.of_origins(&wanted_origins(&configs, &records));
    findings.merge(search.of_stored());
    let found = search.finished();
    findings.merge(found.without_instance(&prover, &by_instance));
    findings.merge(found.mislabelled(&records));
    findings.merge(doubled(&records));
    findings
        .refutations
        .sort_by(|a, b| (a.line, a.what).cmp(&(b.line, b.what)));
    let verdicts = verdicts(&records, &findings);
    let present = PresentRows {
        keys: &verdicts,
        made: &found.made,
        spare: found.spare(),
    };
    let AskedRows {
        missing,
        found: asked,
    } = present.compare(&configs);
    incomplete.extend(found.unreadable);
    notes.extend(found.notes);
    let is_rechecked = |row: &&NumberedRecord| findings.rechecked.contains(&row.line);
    let rechecked = records.iter().filter(is_rechecked).count();
    findings.rechecked = HashSet::new();
    Ok(Proof {
        rows: records.len(),
        rechecked,
        missing,
        unasked: verdicts.len() - asked.len(),
        doubled: records.len() - verdicts.len(),
        incomplete,
        findings,
        verdicts,
        notes,
    })
}

fn verdicts(records: &[NumberedRecord], findings: &Findings) -> HashMap<String, RowVerdict> {
    let refuted: HashSet<usize> = findings.refutations.iter().map(|r| r.line).collect();
    let mut verdicts: HashMap<String, RowVerdict> = HashMap::with_capacity(records.len());
    for row in records {
        let verdict = RowVerdict {
            rechecked: findings.rechecked.contains(&row.line),
            refuted: refuted.contains(&row.line),
        };
        verdicts
            .entry(row.record.key())
            .and_modify(|known| *known = known.and(verdict))
            .or_insert(verdict);
    }
    verdicts
}
