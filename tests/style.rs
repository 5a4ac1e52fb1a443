//! Rules of style that neither rustfmt nor clippy checks.

mod sources;

use sources::{is_test_only, parse, rust_files, workspace};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::Item;

/// Most columns of a line.
const WIDTH: usize = 100;

/// Types that may be defined in several files, and why.
const SHARED_NAMES: [(&str, &str); 1] = [(
    "Arguments",
    "each command has its own clap struct of this name",
)];

fn shown(path: &Path) -> String {
    let path = path.strip_prefix(workspace()).unwrap_or(path);
    path.display().to_string()
}

/// Comments are at most [`WIDTH`] columns wide, except for a single long word such as an address.
/// So is code; rustfmt leaves only lines with a long literal or an attribute wider.
#[test]
fn lines_are_narrow() {
    let mut wide = Vec::new();
    for path in rust_files() {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        for (k, line) in text.lines().enumerate() {
            let code = line.trim_start();
            let is_comment = code.starts_with("//");
            let may_be_wide = if is_comment {
                code.split_whitespace().count() <= 2
            } else {
                code.contains('"') || code.starts_with("#[")
            };
            if line.chars().count() > WIDTH && !may_be_wide {
                wide.push(format!("{}:{}", shown(&path), k + 1));
            }
        }
    }
    assert!(
        wide.is_empty(),
        "over {WIDTH} columns:\n{}",
        wide.join("\n")
    );
}

/// The types that the library and binary code of a file defines.
fn types(items: &[Item], names: &mut BTreeSet<String>) {
    for item in items {
        let (attributes, name) = match item {
            Item::Enum(x) => (&x.attrs, &x.ident),
            Item::Struct(x) => (&x.attrs, &x.ident),
            Item::Trait(x) => (&x.attrs, &x.ident),
            Item::Type(x) => (&x.attrs, &x.ident),
            Item::Union(x) => (&x.attrs, &x.ident),
            Item::Mod(x) => {
                if let (Some((_, items)), false) = (&x.content, is_test_only(&x.attrs)) {
                    types(items, names);
                }
                continue;
            }
            _ => continue,
        };
        if !is_test_only(attributes) {
            names.insert(name.to_string());
        }
    }
}

/// One name, one meaning: no two files define a type of the same name. The verifier has its own
/// copies on purpose; tests, benches and examples do not count.
#[test]
fn a_type_name_is_defined_once() {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in rust_files() {
        let name = shown(&path);
        if !name.contains("/src/") || name.starts_with("verify/") || name.starts_with("tests/") {
            continue;
        }
        let mut names = BTreeSet::new();
        types(&parse(&path).items, &mut names);
        for ty in names {
            files.entry(ty).or_default().push(name.clone());
        }
    }
    files.retain(|ty, files| files.len() > 1 && SHARED_NAMES.iter().all(|(name, _)| name != ty));
    let lines = files
        .iter()
        .map(|(ty, files)| format!("{ty}: {}", files.join(", ")));
    let lines: Vec<String> = lines.collect();
    assert!(
        lines.is_empty(),
        "{} type names are defined in several files:\n{}",
        lines.len(),
        lines.join("\n")
    );
}
