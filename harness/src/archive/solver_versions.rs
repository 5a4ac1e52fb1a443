//! Compares the files of external solvers with the versions in their records: an archive with other
//! files than those that made its records would mislead.

use super::solver_files::{DeclaredSolver, externals, is_system};
use crate::notice::Notify;
use crate::process::external::{command_words, file_version, recorded_file_version};
use anyhow::{Context, bail};
use offload_reports::Record;
use std::collections::BTreeMap;
use std::path::Path;

/// The versions of external solvers as their files are now, by name and id. Several configurations
/// may declare one solver with other dependencies.
#[derive(Default)]
pub(super) struct FileVersions(BTreeMap<(String, String), Vec<String>>);

impl FileVersions {
    /// Adds the external solvers of a configuration. Those whose files cannot be compared are left
    /// out with a note.
    ///
    /// # Errors
    /// If the configuration is not TOML.
    pub(super) fn add(
        &mut self,
        config: &str,
        folder: &Path,
        notify: Notify,
    ) -> anyhow::Result<()> {
        let folder = std::path::absolute(folder)?;
        for solver in externals(config).context("configuration")? {
            let (_, line) = solver.id.split_once(':').unwrap_or_default();
            let skipped = |why: &str| {
                notify(&format!(
                    "note: solver {}: its files are not compared with its records: {why}",
                    solver.name
                ));
            };
            if names_system(&solver, &folder) {
                skipped("the command names a program of the system, which is not packed");
                continue;
            }
            match file_version(line, &solver.depends, &folder) {
                Ok(Some(version)) => {
                    let key = (solver.name, solver.id);
                    self.0.entry(key).or_default().push(version);
                }
                Ok(None) => {}
                Err(e) => skipped(&format!("{e:#}")),
            }
        }
        Ok(())
    }

    /// Checks the records of these solvers.
    ///
    /// # Errors
    /// If one was made with other files.
    pub(super) fn check(&self, folder: &Path, records: &[Record]) -> anyhow::Result<()> {
        for ((name, id), now) in &self.0 {
            let of = |r: &&Record| {
                r.solver == *name && r.options.get("id").and_then(|v| v.as_str()) == Some(id)
            };
            let then = |r: &Record| recorded_file_version(&r.solver_version);
            let is_other = |r: &&Record| then(r).is_some_and(|then| !now.contains(&then));
            let other: Vec<&Record> = records.iter().filter(of).filter(is_other).collect();
            if let (Some(first), Some(now)) = (other.first(), now.last()) {
                bail!(
                    "{}: solver {name}: its files are not those that made {} of its records \
                     (version {} then, {now} now); restore the files, or solve again with \
                     `run --redo '{name}'`, then pack",
                    folder.display(),
                    other.len(),
                    then(first).unwrap_or_default()
                );
            }
        }
        Ok(())
    }
}

/// Whether a command names a file of the operating system by its absolute path. It is part of the
/// version, and differs between machines.
fn names_system(solver: &DeclaredSolver, folder: &Path) -> bool {
    let (_, line) = solver.id.split_once(':').unwrap_or_default();
    command_words(line)
        .map(|word| folder.join(word))
        .any(|path| path.is_file() && is_system(&path))
}
