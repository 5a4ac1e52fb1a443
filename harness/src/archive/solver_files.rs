//! The files of external solvers: those on the command line and those that `depends` declares.

use super::layout::{CONFIG, MANIFEST, METADATA, SOLVERS};
use super::rewrite::LocalPaths;
use super::staging::Staging;
use crate::campaign::certificates::CERTIFICATES;
use crate::files::matching_files;
use crate::notice::Notify;
use crate::process::external::{EXEC, SERVE};
use anyhow::{Context, anyhow, ensure};
use offload_reports::records::environment::ENVIRONMENTS;
use offload_reports::records::record::RECORDS;
use std::path::{Component, Path};
use toml::{Table, Value};

/// Folders of the operating system. Programs there, such as an interpreter, belong to the machine.
const SYSTEM: [&str; 5] = ["/bin", "/sbin", "/usr", "/opt", "/nix"];

/// An external solver of a configuration.
pub(super) struct DeclaredSolver {
    /// Its name in records.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Patterns of files that belong to its version.
    pub depends: Vec<String>,
}

/// Adds the files of a configuration's external solvers. Commands that name files outside of the
/// configuration's folder get another id, which is noted in `local`.
///
/// # Errors
/// If a file cannot be read, or two files would have one path.
pub(super) fn add_solver_files(
    staging: &mut Staging,
    local: &mut LocalPaths,
    config: &str,
    folder: &Path,
    notify: Notify,
) -> anyhow::Result<()> {
    let folder = std::path::absolute(folder)?;
    for solver in externals(config)? {
        let command = add_command(staging, &solver.id, &folder, notify)?;
        if command != solver.id {
            local.add_command(solver.id, command);
        }
        for pattern in &solver.depends {
            add_matches(staging, pattern, &folder, notify)?;
        }
    }
    Ok(())
}

/// The external solvers of a configuration.
///
/// # Errors
/// If the configuration is not TOML.
pub(super) fn externals(config: &str) -> anyhow::Result<Vec<DeclaredSolver>> {
    let table: Table = config.parse().context("the configuration is not TOML")?;
    let items = |name: &str| {
        table
            .get(name)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let text = |value: &Value| value.as_str().map(|text| text.trim().to_string());
    let short = items("solvers").filter_map(text).map(|id| DeclaredSolver {
        name: id.clone(),
        id,
        depends: Vec::new(),
    });
    let long = items("solver").filter_map(|table| {
        let depends = table.get("depends").and_then(Value::as_array);
        let id = table.get("id").and_then(text)?;
        Some(DeclaredSolver {
            name: table.get("name").and_then(text).unwrap_or(id.clone()),
            id,
            depends: depends.into_iter().flatten().filter_map(text).collect(),
        })
    });
    let is_external = |s: &DeclaredSolver| [EXEC, SERVE].iter().any(|p| s.id.starts_with(p));
    Ok(short.chain(long).filter(is_external).collect())
}

/// Whether a file belongs to the operating system.
pub(super) fn is_system(path: &Path) -> bool {
    SYSTEM.iter().any(|system| path.starts_with(system))
}

/// Adds the files that a command names. Returns its id in the archive.
fn add_command(
    staging: &mut Staging,
    id: &str,
    folder: &Path,
    notify: Notify,
) -> anyhow::Result<String> {
    let (kind, line) = id.split_once(':').unwrap_or((id, ""));
    let mut command = format!("{kind}:");
    for token in line.split_inclusive(char::is_whitespace) {
        let word = token.trim_end().trim_matches(['"', '\'']);
        let file = folder.join(word);
        let new = if word.is_empty() || !file.is_file() {
            None
        } else {
            add_word(staging, word, &file, folder)?
        };
        match new {
            Some(new) => {
                // The configuration may be that of somebody else.
                notify(&format!("note: {} is packed as {new}", file.display()));
                command.push_str(&token.replace(word, &new));
            }
            None => command.push_str(token),
        }
    }
    Ok(command)
}

/// Adds a file of a command. Returns the word that names it in the archive, or `None` if the word
/// stays.
fn add_word(
    staging: &mut Staging,
    word: &str,
    file: &Path,
    folder: &Path,
) -> anyhow::Result<Option<String>> {
    if let Some(path) = plain(Path::new(word)).filter(|path| is_free(path)) {
        add_unique(staging, &path, file)?;
        return Ok(None);
    }
    let real = file.canonicalize().unwrap_or_else(|_| file.to_path_buf());
    if is_system(file) || (is_system(&real) && Path::new(word).is_absolute()) {
        return Ok(None);
    }
    let base = folder
        .canonicalize()
        .unwrap_or_else(|_| folder.to_path_buf());
    let inside = real.strip_prefix(base).ok().and_then(plain);
    let path = match inside.filter(|path| is_free(path)) {
        Some(path) => path,
        None => {
            let name = file.file_name().and_then(|name| name.to_str());
            let name = name.ok_or_else(|| anyhow!("{}: its name is not text", file.display()))?;
            format!("{SOLVERS}/{name}")
        }
    };
    add_unique(staging, &path, file)?;
    Ok(Some(path))
}

/// Adds the files that a pattern of `depends` matches.
fn add_matches(
    staging: &mut Staging,
    pattern: &str,
    folder: &Path,
    notify: Notify,
) -> anyhow::Result<()> {
    for file in matching_files(pattern, folder).map_err(|e| anyhow!("depends: {e}"))? {
        let path = file.strip_prefix(folder).ok().and_then(plain);
        match path.filter(|path| is_free(path)) {
            Some(path) => add_unique(staging, &path, &file)?,
            None => notify(&format!(
                "note: {}: is not packed, because it is outside of the configuration's folder",
                file.display()
            )),
        }
    }
    Ok(())
}

fn add_unique(staging: &mut Staging, path: &str, file: &Path) -> anyhow::Result<()> {
    let same = |other: &Path| std::fs::read(other).ok() == std::fs::read(file).ok();
    let other = staging.files.get(path).map(|staged| staged.source.clone());
    ensure!(
        other.as_deref().is_none_or(same),
        "{}: another file of an external solver has the same name, {path}; rename one",
        file.display()
    );
    staging.add_file(path, file)
}

/// A relative path without `.` and `..`, as text.
fn plain(path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => names.push(name.to_str()?),
            _ => return None,
        }
    }
    (!names.is_empty()).then(|| names.join("/"))
}

/// Whether a solver's file may have this path in the archive.
fn is_free(path: &str) -> bool {
    let taken = [
        CONFIG,
        MANIFEST,
        METADATA,
        RECORDS,
        ENVIRONMENTS,
        CERTIFICATES,
    ];
    !taken.contains(&path.split('/').next().unwrap_or(""))
}
