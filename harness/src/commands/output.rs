//! How a command ends, and how it prints.

use offload_reports::text::{is_unseen, terminal};
use std::fmt::Write as _;
use std::io::Write as _;
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

/// Prints to stdout; a closed pipe is not an error. Control characters of names and file contents
/// never reach a terminal.
pub fn print(text: &str) -> anyhow::Result<()> {
    let text = terminal(text);
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

/// Prints JSON on one line. What [`terminal`] would not let through is written as JSON escapes.
pub fn print_json(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut out = String::new();
    for c in value.to_string().chars() {
        if is_unseen(c) {
            // All such characters have four hexadecimal digits.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    print(&out)
}

/// Prints the paths of written files, one per line.
pub fn print_paths(paths: &[PathBuf]) -> anyhow::Result<()> {
    paths
        .iter()
        .try_for_each(|path| print(&path.display().to_string()))
}

/// Prints a note to stderr, without control characters. If stderr is closed or full, the note is
/// lost.
pub fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", terminal(text));
}
