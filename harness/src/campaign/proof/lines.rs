//! The lines of `records.jsonl`, each with its number.

use anyhow::Context;
use offload_reports::records::record::{RECORDS, Record, parse_line};
use offload_reports::{LineFault, ReportError, Status};
use rayon::prelude::*;
use std::path::Path;

/// A record with its line.
#[derive(Debug)]
pub struct NumberedRecord {
    /// Number of the line, from 1.
    pub line: usize,
    /// The record.
    pub record: Record,
}

/// Reads every record, in parallel, and notes an incomplete last line.
///
/// # Errors
/// If the folder is no campaign, or a line is not a record; all bad lines are listed.
pub(super) fn read(folder: &Path) -> anyhow::Result<(Vec<NumberedRecord>, Vec<String>)> {
    let path = folder.join(RECORDS);
    anyhow::ensure!(
        path.is_file(),
        "{}: is missing; give the folder of a campaign",
        path.display()
    );
    let bytes = std::fs::read(&path).with_context(|| format!("{}: cannot read", path.display()))?;
    let (mut lines, mut notes) = (split(&bytes), Vec::new());
    if let Some((_, last)) = lines.last()
        && !last.ends_with(b"\n")
        && serde_json::from_slice::<serde::de::IgnoredAny>(last).is_err()
    {
        lines.pop();
        notes.push(format!(
            "note: {}: the last line is incomplete and was ignored; run the campaign again to \
             complete it",
            path.display()
        ));
    }
    let parsed: Vec<Result<NumberedRecord, LineFault>> = lines
        .into_par_iter()
        .map(|(line, text)| match parse_line(text) {
            Ok(record) => Ok(NumberedRecord { line, record }),
            Err(fault) => Err(LineFault::new(line, fault)),
        })
        .collect();
    let (mut records, mut faults) = (Vec::with_capacity(parsed.len()), Vec::new());
    let mut not_run = 0;
    for result in parsed {
        match result {
            // It is no result, and the next run repeats it.
            Ok(row) if row.record.status == Status::NotRun => not_run += 1,
            Ok(record) => records.push(record),
            Err(fault) => faults.push(fault),
        }
    }
    anyhow::ensure!(faults.is_empty(), ReportError::Records { path, faults });
    if not_run > 0 {
        notes.push(format!(
            "note: {not_run} solves were not run, because the harness failed; they are no rows"
        ));
    }
    anyhow::ensure!(
        !records.is_empty(),
        "{}: contains no record; run a campaign first (offload-bench run)",
        path.display()
    );
    Ok((records, notes))
}

/// The lines that are not blank, with their numbers.
fn split(bytes: &[u8]) -> Vec<(usize, &[u8])> {
    bytes
        .split_inclusive(|&b| b == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.iter().all(u8::is_ascii_whitespace))
        .map(|(k, line)| (k + 1, line))
        .collect()
}
