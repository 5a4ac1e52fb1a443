//! The built binary, run in a folder of a test's own, with the words of a line as it is typed.
//!
//! `OFFLOAD_BENCH` names the binary; without it target/release/offload-bench is taken, so build
//! that first.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command left behind.
pub struct Ran {
    /// Exit code; none after a signal.
    pub code: Option<i32>,
    /// Its stdout.
    pub out: String,
    /// Its stderr.
    pub err: String,
}

/// The built binary.
///
/// # Panics
/// When it is not there.
#[must_use]
pub fn binary() -> PathBuf {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/release/offload-bench");
    let path = std::env::var_os("OFFLOAD_BENCH").map_or(built, PathBuf::from);
    assert!(
        path.is_file(),
        "{} is missing: cargo build --release first, or set OFFLOAD_BENCH",
        path.display()
    );
    std::path::absolute(path).expect("a path")
}

/// Runs a command to its end; `what` names it in a panic's message.
///
/// # Panics
/// When it does not start, panics itself, or prints what is no text.
#[must_use]
pub fn ran(command: &mut Command, what: &str) -> Ran {
    let done = command.output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let ran = Ran {
        code: done.status.code(),
        out: text(done.stdout),
        err: text(done.stderr),
    };
    assert!(!ran.err.contains("panicked"), "{what}: {}", ran.err);
    ran
}

/// Runs the program in `folder`, with the words of `line`.
///
/// # Panics
/// When the program is not there or panics.
#[must_use]
pub fn bench(folder: &Path, line: &str) -> Ran {
    ran(
        Command::new(binary())
            .args(line.split_whitespace())
            .current_dir(folder),
        line,
    )
}

/// Runs what has to end with exit code `code` and say `key`; returns its stdout.
///
/// # Panics
/// When it ends otherwise.
pub fn ends(folder: &Path, line: &str, code: i32, key: &str) -> String {
    let ran = bench(folder, line);
    assert_eq!(ran.code, Some(code), "{line}: {} {}", ran.out, ran.err);
    assert!(
        ran.err.contains(key) || ran.out.contains(key),
        "{line}: no '{key}' in {} {}",
        ran.out,
        ran.err
    );
    ran.out
}
