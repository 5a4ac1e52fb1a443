//! What `run --redo` asks for.

use anyhow::ensure;
use offload_bench::campaign::run::RedoChoice;
use std::path::{Path, PathBuf};

/// The configuration of `run`, and what its `--redo` asks for. In `run --redo FILE` without another
/// file, FILE is the configuration.
///
/// # Errors
/// If there is no configuration.
pub(crate) fn config_and_redo(
    config: Option<&Path>,
    redo: &[String],
) -> anyhow::Result<(PathBuf, RedoChoice)> {
    let mut values = redo.to_vec();
    let path = match (config, values.last_mut()) {
        (Some(path), _) => path.to_path_buf(),
        (None, Some(last)) => PathBuf::from(std::mem::take(last)),
        (None, None) => PathBuf::new(),
    };
    ensure!(!path.as_os_str().is_empty(), "give a configuration");
    let outdated = values.iter().any(String::is_empty);
    values.retain(|name| !name.is_empty());
    let redo = RedoChoice {
        outdated,
        solvers: values,
    };
    Ok((path, redo))
}
