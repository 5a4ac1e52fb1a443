//! One file per command: its options and its wiring. The work is done by the library.

pub mod check;
pub mod evaluate;
pub mod export;
pub mod families;
pub mod generate;
pub mod merge;
pub mod options;
pub mod report;
pub mod reproduce;
pub mod run;
pub mod simulate;
pub mod solve;
pub mod solvers;
pub mod submit;
pub mod trace;
mod trace_record;
pub mod tune;
pub mod uncertainty;
pub mod values;
pub mod verify;

use std::io::Write;

/// Prints to stdout; a closed pipe is no error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        // The reader of our output may stop early (`| head`); the work and the exit code stay what
        // they are.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Prints the paths of written files, one a line.
pub(crate) fn print_paths(paths: &[std::path::PathBuf]) -> anyhow::Result<()> {
    paths
        .iter()
        .try_for_each(|path| print(&path.display().to_string()))
}

/// A note to stderr; where that is closed or full there is no way to deliver it.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
