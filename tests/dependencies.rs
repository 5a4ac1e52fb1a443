//! The architecture: crates depend only downwards, modules of a crate form no circle, and no import
//! runs up a layer.

mod sources;

use sources::{Modules, circles};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each crate may use of the others.
const ALLOWED: [(&str, &[&str]); 6] = [
    ("instances", &[]),
    ("solvers", &["offload-instances"]),
    ("verify", &["offload-instances"]),
    ("reports", &["offload-instances"]),
    (
        "harness",
        &[
            "offload-instances",
            "offload-solvers",
            "offload-verify",
            "offload-reports",
        ],
    ),
    (
        "tests",
        &[
            "offload-instances",
            "offload-solvers",
            "offload-verify",
            "offload-reports",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn crates_depend_only_downwards() {
    for (folder, allowed) in ALLOWED {
        let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = text.parse().unwrap();
        for section in ["dependencies", "build-dependencies"] {
            let empty = toml::Table::new();
            let used = manifest
                .get(section)
                .and_then(|v| v.as_table())
                .unwrap_or(&empty);
            for name in used.keys().filter(|k| k.starts_with("offload-")) {
                assert!(
                    allowed.contains(&name.as_str()),
                    "{folder} must not depend on {name}"
                );
            }
        }
    }
}

/// The verifier may use the types and files of `offload-instances`, never the evaluator, the
/// families or the fingerprint.
#[test]
fn the_verifier_shares_no_mathematics() {
    let mut uses: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("verify/src")).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let code: String = text
            .lines()
            .filter(|l| !l.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n");
        for part in code.split("offload_instances").skip(1) {
            let module = part
                .trim_start_matches("::")
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next();
            uses.entry(module.unwrap_or("").to_string())
                .or_default()
                .push(path.display().to_string());
        }
        assert!(
            !code.contains("offload_solvers"),
            "{} uses the solvers",
            path.display()
        );
    }
    for (module, files) in &uses {
        assert!(
            ["types", "files"].contains(&module.as_str()),
            "offload_instances::{module} is used in {files:?}"
        );
    }
    assert!(!uses.is_empty(), "the scan found nothing: it is broken");
}

/// For crates with an order of layers: top-level modules from bottom to top. Modules of one layer
/// may use each other, but not in a circle.
const LAYERS: [(&str, &[&[&str]]); 2] = [
    (
        "reports",
        &[
            &["error", "escape", "files", "text"],
            &["records"],
            &["statistics"],
            &["analysis"],
            &["figures"],
            &["document"],
            &[
                "campaign",
                "compare",
                "reproduce",
                "uncertainty",
                "tune",
                "simulate",
            ],
            &["lib.rs"],
        ],
    ),
    (
        "solvers",
        &[
            &["budget", "certificate", "costs", "outcome", "streams"],
            &["solver"],
            &["judge", "state"],
            &["search"],
            &["greedy"],
            &["baselines", "heuristics"],
            &["exact"],
            &["registry"],
            &["lib.rs"],
        ],
    ),
];

fn modules(folder: &str) -> Modules {
    let text = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = text.parse().unwrap();
    let library = manifest.get("lib").and_then(|lib| lib.get("name"));
    let name = library.unwrap_or(&manifest["package"]["name"]);
    Modules::read(&root().join(folder), name.as_str().unwrap())
}

/// No circle between files, and none between the modules right below a crate's root.
#[test]
fn modules_form_no_circle() {
    let mut found = Vec::new();
    for (folder, _) in ALLOWED {
        let modules = modules(folder);
        for graph in [modules.files(), modules.top_level()] {
            for circle in circles(graph) {
                found.push(format!(
                    "{folder}: {} -> {}",
                    circle.join(" -> "),
                    circle[0]
                ));
            }
        }
    }
    assert!(found.is_empty(), "circles:\n{}", found.join("\n"));
}

#[test]
fn no_import_runs_upwards() {
    let mut faults = Vec::new();
    for (folder, layers) in LAYERS {
        let layer = |module: &str| layers.iter().position(|layer| layer.contains(&module));
        for (from, used) in modules(folder).top_level() {
            if layer(&from).is_none() {
                faults.push(format!(
                    "{folder}: {from} has no layer; add it to the table"
                ));
            }
            for to in used.iter().filter(|to| layer(to) > layer(&from)) {
                faults.push(format!("{folder}: {from} uses {to}, which is above it"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Clap structs and wiring stay on top: nothing below `commands` calls into it.
#[test]
fn only_the_binary_uses_commands() {
    let mut users = Vec::new();
    for (file, used) in modules("harness").files() {
        let is_above = file == "main.rs" || file.starts_with("commands");
        if !is_above && used.iter().any(|f| f.starts_with("commands")) {
            users.push(file);
        }
    }
    assert!(users.is_empty(), "they use commands: {users:?}");
}

/// The scan sees what it should: names, re-exports, inline modules, macros, tests left out.
#[test]
fn the_scan_finds_uses() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("src");
    std::fs::create_dir_all(source.join("b")).unwrap();
    let write = |name: &str, text: &str| std::fs::write(source.join(name), text).unwrap();
    write(
        "lib.rs",
        "mod a; pub mod b; pub use b::c::Inner; pub use std::fs;",
    );
    write(
        "a.rs",
        "use crate::{Inner, fs}; fn f() { println!(\"{}\", crate::b::ONE) } #[cfg(test)] mod t { \
         use crate::b::d::X; }",
    );
    write("b/mod.rs", "mod c; mod d; pub const ONE: u8 = d::X;");
    write(
        "b/c.rs",
        "use super::ONE; pub struct Inner; mod e { use super::super::d; }",
    );
    write("b/d.rs", "pub const X: u8 = 1;");
    let modules = Modules::read(folder.path(), "sample");
    let files = modules.files();
    let used = |file: &str| files[file].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(used("lib.rs"), Vec::<&str>::new());
    assert_eq!(used("a.rs"), ["b/c.rs", "b/mod.rs"]);
    assert_eq!(used("b/mod.rs"), ["b/d.rs"]);
    assert_eq!(used("b/c.rs"), ["b/d.rs", "b/mod.rs"]);
    assert!(circles(files).is_empty());
    write("b/d.rs", "pub const X: u8 = super::ONE;");
    let found = circles(Modules::read(folder.path(), "sample").files());
    assert_eq!(found, [["b/d.rs", "b/mod.rs"]]);
}
