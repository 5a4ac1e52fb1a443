//! The notices of third-party software list what is compiled into the program.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// The platform that the notices are written for; see `tests/notices.py`.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// C and C++ code inside packages.
const BUNDLED: [&str; 4] = [
    "HiGHS",
    "filereaderlp, in HiGHS",
    "pdqsort, in HiGHS",
    "Zstandard",
];

#[test]
fn every_compiled_package_has_a_notice() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let notices = std::fs::read_to_string(root.join("THIRD-PARTY-NOTICES.txt")).unwrap();
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--locked",
            "--offline",
            "-p",
            "offload-bench",
            "--target",
            TARGET,
        ])
        .args([
            "-e",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(&root)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let others = tree.lines().filter(|line| !line.contains("(/"));
    let compiled: BTreeSet<String> = others
        .map(|line| {
            line.replacen(" v", " ", 1)
                .trim_end_matches(" (*)")
                .to_string()
        })
        .collect();
    assert!(compiled.len() > 50, "{compiled:?}");
    let lines: BTreeSet<&str> = notices.lines().collect();
    let listed = |package: &String| {
        let overview = format!("\n{package}: ");
        lines.contains(package.as_str()) && notices.contains(&overview)
    };
    let missing: Vec<&String> = compiled.iter().filter(|p| !listed(p)).collect();
    assert!(
        missing.is_empty(),
        "run `make notices`; missing: {missing:?}"
    );
    for name in BUNDLED {
        assert!(lines.contains(name), "run `make notices`; missing: {name}");
    }
}
