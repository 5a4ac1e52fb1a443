//! Experiments with a report of their own.

pub mod record_trace;
pub mod reproduce;
pub mod simulate;
pub mod tune;
pub mod uncertainty;

use offload_instances::files::write_bytes;
use std::path::{Path, PathBuf};

/// Writes files into a folder, each completely or not at all. Returns their paths.
fn write_files(folder: &Path, files: Vec<(&str, Vec<u8>)>) -> anyhow::Result<Vec<PathBuf>> {
    files
        .into_iter()
        .map(|(name, bytes)| {
            let path = folder.join(name);
            write_bytes(&path, &bytes)?;
            Ok(path)
        })
        .collect()
}
