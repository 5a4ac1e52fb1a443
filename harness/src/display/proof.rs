//! The proof of a campaign as text: a table of claims, what is refuted, and what it proves; or as
//! JSON.

use crate::campaign::proof::Proof;
use crate::campaign::proof::findings::{ClaimTally, Refutation, RowClaim};
use comfy_table::{CellAlignment, Table, presets};
use offload_reports::analysis::recheck::{Checked, Recheck, grouped};
use serde_json::{Value, json};
use std::path::Path;

/// Most refutations listed; the rest is only counted.
const SHOWN: usize = 20;

/// What a proof of a campaign says and what it does not.
const MEANING: &str =
    "This proves what plans and bounds are worth, not which program made them or how fast.";

/// The claims in the order of the table.
const CLAIMS: [RowClaim; 6] = [
    RowClaim::Plan,
    RowClaim::CertifiedBound,
    RowClaim::EnumeratedBound,
    RowClaim::SolverBound,
    RowClaim::Infeasible,
    RowClaim::Repeated,
];

/// The proof as text.
#[must_use]
pub fn text(folder: &Path, proof: &Proof) -> String {
    let mut text = format!(
        "{}: {} of {} re-checked\n{}",
        folder.display(),
        grouped(proof.rechecked),
        rows(proof.rows),
        table(proof)
    );
    for line in remarks(proof) {
        text += &format!("\n{line}");
    }
    let refuted = &proof.findings.refutations;
    for refutation in refuted.iter().take(SHOWN) {
        text += &format!("\n{}", described(refutation));
    }
    if refuted.len() > SHOWN {
        text += &format!("\n... and {} more", grouped(refuted.len() - SHOWN));
    }
    let verdict = match refuted.len() {
        0 => "Nothing is refuted.".to_string(),
        count => format!("REFUTED: {} in total.", grouped(count)),
    };
    text + &format!("\n{verdict}\n{MEANING}")
}

fn table(proof: &Proof) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::ASCII_MARKDOWN);
    table.set_header(["claim", "rows", "re-checked", "refuted", "not re-checked"]);
    for claim in CLAIMS {
        let tally = proof.findings.tally(claim);
        if tally.claimed == 0 && matches!(claim, RowClaim::Repeated) {
            continue;
        }
        let open: usize = tally.open.values().sum();
        let counts = [tally.claimed, tally.rechecked, tally.refuted, open].map(grouped);
        let mut cells = vec![claim.words().to_string()];
        cells.extend(counts);
        table.add_row(cells);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Why claims were not re-checked, rows that claim nothing, missing rows, notes.
fn remarks(proof: &Proof) -> Vec<String> {
    let mut lines = Vec::new();
    for claim in CLAIMS {
        let ClaimTally { open, .. } = proof.findings.tally(claim);
        for (reason, count) in open {
            lines.push(format!(
                "not re-checked: {} ({}): {reason}",
                claim.words(),
                grouped(count)
            ));
        }
    }
    if proof.findings.silent > 0 {
        lines.push(format!(
            "no plan and no claim: {}",
            rows(proof.findings.silent)
        ));
    }
    if proof.missing > 0 {
        lines.push(format!(
            "missing: {} of the configuration",
            rows(proof.missing)
        ));
    }
    lines.extend(proof.notes.iter().cloned());
    lines
}

fn described(r: &Refutation) -> String {
    format!(
        "REFUTED line {}: {} of {} (seed {}) on {}, threshold {}, weights {}: {}",
        r.line, r.what, r.solver, r.seed, r.instance, r.threshold, r.weights, r.why
    )
}

/// The proof as one JSON object.
#[must_use]
pub fn json(folder: &Path, proof: &Proof) -> Value {
    let claims: Vec<Value> = CLAIMS
        .iter()
        .map(|claim| {
            let tally = proof.findings.tally(*claim);
            json!({
                "claim": claim,
                "rows": tally.claimed,
                "rechecked": tally.rechecked,
                "refuted": tally.refuted,
                "not_rechecked": tally.open,
            })
        })
        .collect();
    json!({
        "folder": folder.display().to_string(),
        "rows": proof.rows,
        "rechecked": proof.rechecked,
        "missing": proof.missing,
        "silent": proof.findings.silent,
        "claims": claims,
        "refutations": proof.findings.refutations,
        "notes": proof.notes,
        "holds": proof.holds(),
        "complete": proof.is_complete(),
    })
}

fn rows(count: usize) -> String {
    let noun = if count == 1 { "row" } else { "rows" };
    format!("{} {noun}", grouped(count))
}

/// The counts that a report shows.
#[must_use]
pub fn recheck(proof: &Proof) -> Recheck {
    let checked = |claim| {
        let tally = proof.findings.tally(claim);
        Checked {
            count: tally.rechecked,
            of: tally.claimed,
        }
    };
    Recheck {
        rows: Checked {
            count: proof.rechecked,
            of: proof.rows,
        },
        certified: checked(RowClaim::CertifiedBound),
        enumerated: checked(RowClaim::EnumeratedBound),
        infeasible: checked(RowClaim::Infeasible),
        solver_bounds: proof.findings.tally(RowClaim::SolverBound).claimed,
        refuted: proof.findings.refutations.len(),
    }
}
