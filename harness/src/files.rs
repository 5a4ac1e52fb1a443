//! Files and folders as the commands name them: reading with notes, and checks before hours are
//! spent on what is written at the end.

use crate::notice::Notify;
use anyhow::Context;
use offload_instances::{Instance, Problem, Weights};
use offload_reports::Loaded;
use offload_reports::records::record::RECORDS;
use std::path::Path;
use std::sync::Arc;

/// Reads an instance; warnings go to `notify`.
///
/// # Errors
/// When the file cannot be read or is no instance.
pub fn read_instance(path: &Path, notify: Notify) -> anyhow::Result<Instance> {
    let mut warn = |w: String| notify(&format!("warning: {w}"));
    Ok(offload_instances::files::read_instance_with(
        path, &mut warn,
    )?)
}

/// Reads an instance and states the problem.
///
/// # Errors
/// When the file cannot be read, is no instance, or the threshold is not within 0 to 1.
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
/// When the folder holds no campaign, or its records cannot be read.
pub fn read_campaign(folder: &Path) -> anyhow::Result<Loaded> {
    let path = folder.join(RECORDS);
    anyhow::ensure!(
        folder.is_dir(),
        "{}: not a folder; name the folder of a campaign",
        folder.display()
    );
    anyhow::ensure!(
        path.is_file(),
        "{}: is missing; run a campaign first (offload-bench run)",
        path.display()
    );
    let loaded = offload_reports::read_records(&path)?;
    anyhow::ensure!(
        !loaded.records.is_empty(),
        "{}: holds no record; run a campaign first (offload-bench run)",
        path.display()
    );
    Ok(loaded)
}

/// Makes sure that a file can be written in its folder before hours are spent on what goes into it.
///
/// # Errors
/// When there is no such folder, or the path is something else than an ordinary file.
pub fn check_target(path: &Path) -> anyhow::Result<()> {
    let folder = path
        .parent()
        .filter(|p| !p.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    anyhow::ensure!(
        folder.is_dir(),
        "{}: cannot write: there is no folder {}; make it first",
        path.display(),
        folder.display()
    );
    anyhow::ensure!(
        !path.is_dir(),
        "{}: cannot write: it is a directory; name a file",
        path.display()
    );
    let special = path.exists() && !path.is_file();
    anyhow::ensure!(
        !special,
        "{}: cannot write: it is a device, a pipe or a socket; name an ordinary file",
        path.display()
    );
    Ok(())
}

/// Makes sure that no two of these name the same file.
///
/// # Errors
/// Naming the first path that stands twice.
pub fn check_distinct(paths: &[&Path]) -> anyhow::Result<()> {
    for (k, a) in paths.iter().enumerate() {
        let twice = paths[..k].iter().any(|b| is_same(a, b));
        anyhow::ensure!(
            !twice,
            "{}: is named twice; it would be overwritten",
            a.display()
        );
    }
    Ok(())
}

/// Whether two paths name the same file or folder, also one that is not there yet.
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

/// Makes sure that a folder can be made there before hours are spent on what goes into it.
///
/// # Errors
/// When it is a file.
pub fn check_folder(path: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !path.is_file(),
        "{}: is a file; name a folder",
        path.display()
    );
    Ok(())
}

/// Makes a folder for output.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| {
        format!(
            "{}: cannot make this folder; choose another",
            path.display()
        )
    })
}
