//! One file per command: its options and wiring. The library does the work.

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

/// Prints to stdout; a closed pipe is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| out.write_all(b"\n"))
        .and_then(|()| out.flush());
    match written {
        // The reader may stop early (`| head`). The work and the exit code stay the same.
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Prints the paths of written files, one per line.
pub(crate) fn print_paths(paths: &[std::path::PathBuf]) -> anyhow::Result<()> {
    paths
        .iter()
        .try_for_each(|path| print(&path.display().to_string()))
}

/// Prints a note to stderr. If stderr is closed or full, the note is lost.
pub(crate) fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
