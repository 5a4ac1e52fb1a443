//! Solves that stand in a campaign's records twice.

use super::findings::{Findings, Refutation};
use super::lines::NumberedRecord;
use offload_reports::Record;
use std::collections::HashMap;

/// Refutes every row whose solve stands in an earlier line with another result.
pub(super) fn doubled(records: &[NumberedRecord]) -> Findings {
    let mut findings = Findings::default();
    let mut first: HashMap<String, &NumberedRecord> = HashMap::with_capacity(records.len());
    for row in records {
        let known = *first.entry(row.record.key()).or_insert(row);
        if known.line != row.line && !is_same_result(&known.record, &row.record) {
            let why = format!(
                "line {} is the same solve with another result; remove one of both",
                known.line
            );
            findings.refute(Refutation::of(row, "row", why));
        }
    }
    findings
}

fn is_same_result(a: &Record, b: &Record) -> bool {
    let bits = |x: Option<f64>| x.map(f64::to_bits);
    a.status == b.status
        && bits(a.objective) == bits(b.objective)
        && bits(a.lower_bound) == bits(b.lower_bound)
        && a.trust == b.trust
        && a.assignment == b.assignment
}
