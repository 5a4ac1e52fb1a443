//! The direction of flow between crates (docs/architecture.md): a test, so that it stays one.

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
