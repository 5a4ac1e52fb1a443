//! The built binary, run in a folder of a test's own, with the words of a line as it is typed.
//!
//! `OFFLOAD_BENCH` names the binary. Without it target/release/offload-bench is used, so build that
//! first.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A key in the environment of every command, under the name `TEST_KEY`. No command may print it.
pub const SECRET: &str = "sk-very-secret-0123456789";

/// A small campaign: 24 problems, two solvers.
pub const CAMPAIGN: &str = r#"format = "offload-config/1"
thresholds = [0.5, 0.8]
solvers = ["goa", "dmin"]
[[instances]]
family = "paper"
users = [5, 9]
seeds = { from = 1, count = 3 }
parameters = { interference = [true, false] }
"#;

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
/// If it does not exist.
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

/// The program, to be run in `folder`, without what differs between machines.
#[must_use]
pub fn program(folder: &Path) -> Command {
    let mut command = Command::new(binary());
    command
        .current_dir(folder)
        .env("TEST_KEY", SECRET)
        .env("COLUMNS", "100");
    // A proxy of the machine must not come between a test and loopback.
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    command
}

/// Runs a command to its end; `what` names it in a panic's message.
///
/// # Panics
/// If it does not start, panics itself, or prints the secret or something that is not text.
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
    let printed = [&ran.out, &ran.err].iter().any(|t| t.contains(SECRET));
    assert!(!printed, "{what}: the key is printed");
    ran
}

/// Runs the program in `folder` with these words.
#[must_use]
pub fn words(folder: &Path, words: &[&str]) -> Ran {
    ran(program(folder).args(words), &format!("{words:?}"))
}

/// Runs the program in `folder` with the words of `line`.
#[must_use]
pub fn bench(folder: &Path, line: &str) -> Ran {
    words(folder, &line.split_whitespace().collect::<Vec<_>>())
}

/// Runs what must succeed; returns its stdout.
///
/// # Panics
/// Unless the exit code is 0.
pub fn good(folder: &Path, line: &str) -> String {
    ends(folder, line, 0, "")
}

/// Runs what must end with exit code `code` and print `key`; returns its stdout.
///
/// # Panics
/// If it ends otherwise.
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

/// Runs what must be refused as bad input: exit code 2, a message with `key`, nothing on stdout,
/// and no file made or changed. `what` names the case.
///
/// # Panics
/// If it ends otherwise.
pub fn refuse(folder: &Path, what: &str, line: &str, key: &str) {
    let before = files(folder);
    let ran = bench(folder, line);
    assert_eq!(ran.code, Some(2), "{what}: {line}: {} {}", ran.out, ran.err);
    assert!(
        ran.err.contains("error") && ran.err.contains(key),
        "{what}: {line}: no '{key}' in: {}",
        ran.err
    );
    assert!(ran.out.is_empty(), "{what}: {line}: {}", ran.out);
    assert!(
        files(folder) == before,
        "{what}: {line}: a file was made, removed or changed"
    );
}

/// Every file below a folder, with its content.
///
/// # Panics
/// If the folder is unreadable.
#[must_use]
pub fn files(folder: &Path) -> BTreeSet<(PathBuf, Vec<u8>)> {
    let mut all = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            let content = fs::read(&path).expect("a readable file");
            all.insert((path, content));
        }
    }
    all
}

/// A JSON file.
///
/// # Panics
/// If it is unreadable.
#[must_use]
pub fn json(path: &Path) -> Value {
    let bytes = fs::read(path).expect("a readable file");
    serde_json::from_slice(&bytes).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// JSON objects, one per line.
///
/// # Panics
/// If a line is not JSON.
#[must_use]
pub fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    text.lines().map(parse).collect()
}

/// The records of a campaign's folder.
///
/// # Panics
/// If they are unreadable.
#[must_use]
pub fn records(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("records.jsonl")).expect("a campaign's records");
    json_lines(&text)
}

/// The campaign's record of a solver.
///
/// # Panics
/// If there is none.
#[must_use]
pub fn record_of(folder: &Path, solver: &str) -> Value {
    let mut all = records(folder).into_iter();
    all.find(|r| r["solver"] == solver)
        .unwrap_or_else(|| panic!("no record of {solver}"))
}
