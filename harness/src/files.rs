//! Files and folders named on the command line: reading them, and checking output paths before a
//! long run.

use crate::notice::Notify;
use anyhow::Context;
use offload_instances::{Instance, Problem, Weights};
use offload_reports::records::record::RECORDS;
use offload_reports::{Environment, Loaded, Record, read_environments};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads an instance; warnings go to `notify`.
///
/// # Errors
/// If the file cannot be read or is not a valid instance.
pub fn read_instance(path: &Path, notify: Notify) -> anyhow::Result<Instance> {
    let mut warn = |w: String| notify(&format!("warning: {w}"));
    Ok(offload_instances::files::read_instance_with(
        path, &mut warn,
    )?)
}

/// Reads an instance and builds a problem with threshold tau, in \[0, 1\].
///
/// # Errors
/// If the file cannot be read or is not a valid instance, or the threshold is out of range.
pub fn read_problem(
    path: &Path,
    threshold: f64,
    weights: Weights,
    notify: Notify,
) -> anyhow::Result<Problem> {
    let instance = Arc::new(read_instance(path, notify)?);
    Ok(Problem::new(instance, threshold, weights)?)
}

/// Reads the records of a campaign, at least one.
///
/// # Errors
/// If the folder is not a campaign, or its records cannot be read.
pub fn read_campaign(folder: &Path) -> anyhow::Result<Loaded> {
    let path = folder.join(RECORDS);
    anyhow::ensure!(
        folder.is_dir(),
        "{}: not a folder; give the folder of a campaign",
        folder.display()
    );
    check_ordinary(&path)?;
    anyhow::ensure!(
        path.is_file(),
        "{}: is missing; run a campaign first (offload-bench run)",
        path.display()
    );
    let loaded = offload_reports::read_records(&path)?;
    anyhow::ensure!(
        !loaded.records.is_empty() || loaded.not_run.is_empty(),
        "{}: none of its {} solves ran ({}); run the campaign again",
        path.display(),
        loaded.not_run.len(),
        loaded.not_run[0].stop
    );
    anyhow::ensure!(
        !loaded.records.is_empty(),
        "{}: contains no record; run a campaign first (offload-bench run)",
        path.display()
    );
    Ok(loaded)
}

/// A campaign as read from its folder.
pub struct CampaignFolder {
    /// The records.
    pub records: Vec<Record>,
    /// Solves that the harness could not run.
    pub not_run: Vec<Record>,
    /// Its runs.
    pub environments: Vec<Environment>,
    /// Number of solves that stand there twice, with different results.
    pub contradicting: usize,
}

/// Reads a campaign, at least one record. Incomplete and contradicting lines go to `notify`.
///
/// # Errors
/// If the folder is not a campaign, or a file cannot be read.
pub fn read_folder(folder: &Path, notify: Notify) -> anyhow::Result<CampaignFolder> {
    let (loaded, name) = (read_campaign(folder)?, folder.join(RECORDS));
    if loaded.torn {
        notify(&format!(
            "note: {}: the last line is incomplete and was ignored; run the campaign again to \
             complete it",
            name.display()
        ));
    }
    if loaded.contradicting > 0 {
        notify(&format!(
            "ERROR: {}: contains {} solves twice, with different results; the last of each counts",
            name.display(),
            loaded.contradicting
        ));
    }
    Ok(CampaignFolder {
        records: loaded.records,
        not_run: loaded.not_run,
        environments: read_environments(folder)?,
        contradicting: loaded.contradicting,
    })
}

/// The ordinary files below a folder that match a pattern, sorted; none if no file does. `*`, `?`
/// and `**` work as in a shell.
///
/// # Errors
/// If the pattern is not valid, or a folder cannot be read.
pub fn matching_files(pattern: &str, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    // The folder's own path may contain wildcard characters.
    let full = Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(pattern);
    let found = glob::glob(&full.to_string_lossy())
        .map_err(|e| anyhow::anyhow!("{pattern}: {e}; fix the pattern"))?;
    let mut files = found.collect::<Result<Vec<_>, _>>()?;
    files.retain(|path| path.is_file());
    files.sort();
    Ok(files)
}

/// Checks that a file can be written in its folder, before a long run whose result goes there.
///
/// # Errors
/// If the folder does not exist, or the path is not an ordinary file.
pub fn check_target(path: &Path) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    anyhow::ensure!(
        folder.is_dir(),
        "{}: cannot write: folder {} does not exist; create it first",
        path.display(),
        folder.display()
    );
    anyhow::ensure!(
        !path.is_dir(),
        "{}: cannot write: it is a directory; give a file",
        path.display()
    );
    let special = path.exists() && !path.is_file();
    anyhow::ensure!(
        !special,
        "{}: cannot write: it is a device, a pipe or a socket; give an ordinary file",
        path.display()
    );
    Ok(())
}

/// Checks that a path names an ordinary file, or nothing.
///
/// # Errors
/// If it names a folder, a pipe or a device.
pub fn check_ordinary(path: &Path) -> anyhow::Result<()> {
    if path.exists() {
        offload_instances::files::check_regular(path)?;
    }
    Ok(())
}

/// Checks that a file of a folder is not a link to a file elsewhere. A path that names nothing
/// passes.
///
/// # Errors
/// If a symbolic link leads out of the folder.
pub fn check_inside(folder: &Path, path: &Path) -> anyhow::Result<()> {
    if !path.exists() {
        return Ok(());
    }
    let real = |path: &Path| {
        let real = path.canonicalize();
        real.with_context(|| format!("{}: cannot read", path.display()))
    };
    anyhow::ensure!(
        real(path)?.starts_with(real(folder)?),
        "{}: is a link to a file outside of {}; copy the file instead",
        path.display(),
        folder.display()
    );
    Ok(())
}

/// Checks that no two of these paths name the same file.
///
/// # Errors
/// Names the first duplicate path.
pub fn check_distinct(paths: &[&Path]) -> anyhow::Result<()> {
    for (k, a) in paths.iter().enumerate() {
        let twice = paths[..k].iter().any(|b| is_same(a, b));
        anyhow::ensure!(
            !twice,
            "{}: is given twice; it would be overwritten",
            a.display()
        );
    }
    Ok(())
}

/// Whether two paths name the same file or folder, even if it does not exist yet.
#[must_use]
pub fn is_same(a: &Path, b: &Path) -> bool {
    let real = |p: &Path| {
        p.canonicalize().ok().or_else(|| {
            let folder = p
                .parent()
                .filter(|f| !f.as_os_str().is_empty())
                .unwrap_or(Path::new("."));
            Some(folder.canonicalize().ok()?.join(p.file_name()?))
        })
    };
    a == b || real(a).is_some_and(|path| real(b) == Some(path))
}

/// Checks that a folder can be created, before a long run whose results go there.
///
/// # Errors
/// If the path is a file.
pub fn check_folder(path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !path.is_file(),
        "{}: is a file; give a folder",
        path.display()
    );
    Ok(())
}

/// Creates a folder for output.
///
/// # Errors
/// If it cannot be created.
pub fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| {
        format!(
            "{}: cannot create this folder; choose another",
            path.display()
        )
    })
}
