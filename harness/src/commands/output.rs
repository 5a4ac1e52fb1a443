//! How a command ends, and how it prints.

use std::io::Write;
use std::path::PathBuf;

/// How a command ended without an error.
pub enum CommandEnd {
    /// Exit code 0.
    Done,
    /// Exit code 1: a check failed or a problem is infeasible.
    Refuted,
    /// A signal asked the program to stop: exit code 128 plus its number.
    Stopped(u8),
}

impl CommandEnd {
    /// [`CommandEnd::Done`] if all checks hold, otherwise [`CommandEnd::Refuted`].
    pub fn of(holds: bool) -> Self {
        if holds { Self::Done } else { Self::Refuted }
    }
}

/// Prints to stdout; a closed pipe is not an error.
pub fn print(text: &str) -> anyhow::Result<()> {
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
pub fn print_paths(paths: &[PathBuf]) -> anyhow::Result<()> {
    paths
        .iter()
        .try_for_each(|path| print(&path.display().to_string()))
}

/// Prints a note to stderr. If stderr is closed or full, the note is lost.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
