//! Records what the program is built from: git revision, compiler and HiGHS version. A value that
//! cannot be determined stays empty.

use std::path::Path;
use std::process::Command;

/// Folders in which an uncommitted change means that the build differs from its revision.
const SOURCES: [&str; 8] = [
    "instances",
    "solvers",
    "verify",
    "reports",
    "harness",
    "Cargo.toml",
    "Cargo.lock",
    ".git/HEAD",
];

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let git = |words: &[&str]| output_of(Command::new("git").arg("-C").arg(&root).args(words));
    let revision = git(&["rev-parse", "HEAD"]).unwrap_or_default();
    let clean = git(&["status", "--porcelain", "--untracked-files=no"]).map(|text| text.is_empty());
    let compiler = std::env::var("RUSTC")
        .ok()
        .and_then(|rustc| output_of(Command::new(rustc).arg("--version")));
    println!("cargo:rustc-env=OFFLOAD_REVISION={revision}");
    println!(
        "cargo:rustc-env=OFFLOAD_CLEAN={}",
        clean.map_or(String::new(), |c| c.to_string())
    );
    println!(
        "cargo:rustc-env=OFFLOAD_COMPILER={}",
        compiler.unwrap_or_default()
    );
    println!(
        "cargo:rustc-env=OFFLOAD_HIGHS={}",
        highs(&root).unwrap_or_default()
    );
    for path in SOURCES
        .iter()
        .map(|name| root.join(name))
        .filter(|path| path.exists())
    {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    // The revision of HEAD, also in a linked work tree.
    if let Some(logs) = git(&[
        "rev-parse",
        "--path-format=absolute",
        "--git-path",
        "logs/HEAD",
    ]) {
        println!("cargo:rerun-if-changed={logs}");
    }
}

/// The output of a command, if it succeeds.
fn output_of(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_string())
}

/// The version of the HiGHS sources, which is that of the crate that bundles them.
fn highs(root: &Path) -> Option<String> {
    let lock = std::fs::read_to_string(root.join("Cargo.lock")).ok()?;
    let (_, rest) = lock.split_once("name = \"highs-sys\"\nversion = \"")?;
    Some(rest.split('"').next()?.to_string())
}
