//! Experiments with a report of their own.

pub mod record_trace;
pub mod reproduce;
pub mod simulate;
pub mod tune;
pub mod uncertainty;

use offload_reports::FileSet;
use std::path::{Path, PathBuf};

/// Writes files into a folder, all of them or none. Returns their paths.
fn write_files(folder: &Path, files: Vec<(&str, Vec<u8>)>) -> anyhow::Result<Vec<PathBuf>> {
    let set = FileSet::begin(folder)?;
    for (name, bytes) in &files {
        set.add(name, bytes)?;
    }
    set.finish()?;
    Ok(files.iter().map(|(name, _)| folder.join(name)).collect())
}
