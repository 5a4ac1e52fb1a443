//! Experiments with a report of their own.

pub mod record_trace;
pub mod reproduce;
pub mod simulate;
pub mod tune;
pub mod uncertainty;

use anyhow::{anyhow, ensure};
use offload_reports::FileSet;
use offload_solvers::{Solver, find};
use std::path::{Path, PathBuf};

/// The solvers with these ids, in this order.
///
/// # Errors
/// If an id is unknown or given twice.
pub fn solvers(ids: &[String]) -> anyhow::Result<Vec<Box<dyn Solver>>> {
    let ids: Vec<&str> = ids.iter().map(|id| id.trim()).collect();
    for (k, id) in ids.iter().enumerate() {
        ensure!(
            !ids[..k].contains(id),
            "--solver {id}: is given twice; give it once"
        );
    }
    ids.into_iter()
        .map(|id| find(id).map_err(|e| anyhow!(e)))
        .collect()
}

/// Writes files into a folder, all of them or none. Returns their paths.
fn write_files(folder: &Path, files: Vec<(&str, Vec<u8>)>) -> anyhow::Result<Vec<PathBuf>> {
    let set = FileSet::begin(folder)?;
    for (name, bytes) in &files {
        set.add(name, bytes)?;
    }
    set.finish()?;
    Ok(files.iter().map(|(name, _)| folder.join(name)).collect())
}
