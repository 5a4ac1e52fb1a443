//! How a command ends, and how it prints.

use std::io::Write;
use std::path::PathBuf;

/// How a command ended when it did not fail.
pub enum CommandEnd {
    /// Exit code 0.
    Done,
    /// Exit code 1: a check failed or a problem is infeasible.
    Refuted,
    /// A signal asked us to stop: 128 plus its number.
    Stopped(u8),
}

impl CommandEnd {
    /// [`CommandEnd::Done`] when all that was checked holds, else [`CommandEnd::Refuted`].
    pub fn of(holds: bool) -> Self {
        if holds { Self::Done } else { Self::Refuted }
    }
}

/// Prints to stdout; a closed pipe is no error.
pub fn print(text: &str) -> anyhow::Result<()> {
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
pub fn print_paths(paths: &[PathBuf]) -> anyhow::Result<()> {
    paths
        .iter()
        .try_for_each(|path| print(&path.display().to_string()))
}

/// A note to stderr; where that is closed or full there is no way to deliver it.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
