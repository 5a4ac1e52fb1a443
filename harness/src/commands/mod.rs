//! One file per command.

pub mod check;
pub mod evaluate;
pub mod export;
pub mod families;
pub mod generate;
pub mod merge;
pub mod report;
pub mod reproduce;
pub mod run;
pub mod simulate;
pub mod solve;
pub mod solvers;
pub mod source;
pub mod submit;
pub mod trace;
pub mod tune;
pub mod uncertainty;
pub mod verify;

use crate::campaign::RECORDS;
use anyhow::Context;
use offload_instances::{Instance, Problem, Weights};
use offload_reports::Loaded;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Prints to stdout; a closed pipe is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        // Whoever reads our output may stop early (`| head`); the work and the exit code stay what
        // they are.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Reads an instance; warnings go to stderr.
pub(crate) fn read_instance(path: &Path) -> anyhow::Result<Instance> {
    Ok(offload_instances::files::read_instance_with(
        path,
        &mut |w| tell(&format!("warning: {w}")),
    )?)
}

/// Reads the records of a campaign, at least one.
pub(crate) fn read_campaign(folder: &Path) -> anyhow::Result<Loaded> {
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

/// Reads an instance and states the problem.
pub(crate) fn read_problem(
    path: &Path,
    threshold: f64,
    weights: Weights,
) -> anyhow::Result<Problem> {
    Ok(Problem::new(
        Arc::new(read_instance(path)?),
        threshold,
        weights,
    )?)
}

/// A threshold from the command line: a number from 0 to 1.
pub(crate) fn threshold(text: &str) -> Result<f64, String> {
    let value = text
        .parse()
        .map_err(|_| "give a number from 0 to 1".to_string())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("give a number from 0 to 1".into())
    }
}

/// A gap from the command line: a finite number from 0.
pub(crate) fn gap(text: &str) -> Result<f64, String> {
    let good = |x: &f64| x.is_finite() && *x >= 0.0;
    text.parse()
        .ok()
        .filter(good)
        .ok_or_else(|| "give a finite number from 0, such as 1e-4".into())
}

/// A duration in seconds from the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let refuse = || "give a number of seconds above 0".to_string();
    let value: f64 = text.parse().map_err(|_| refuse())?;
    if value > 0.0 {
        Duration::try_from_secs_f64(value)
            .map_err(|_| "give less than 1.8e19 seconds, or leave it out".to_string())
    } else {
        Err(refuse())
    }
}

/// Makes sure that a file can be written in its folder before hours are spent on what goes into it.
pub(crate) fn check_target(path: &Path) -> anyhow::Result<()> {
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
pub(crate) fn check_distinct(paths: &[&Path]) -> anyhow::Result<()> {
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
pub(crate) fn is_same(a: &Path, b: &Path) -> bool {
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

/// A note to stderr; where that is closed or full there is nobody to tell.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Makes a folder for output.
pub(crate) fn make_folder(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| {
        format!(
            "{}: cannot make this folder; choose another",
            path.display()
        )
    })
}
