//! What the program displays, as snapshots: help texts, lists, tables, messages.
//!
//! After a wanted change, accept the new texts with `INSTA_UPDATE=always cargo test --release -p
//! offload-tests --test snapshots`, or review them with `cargo insta review`, and commit them.
//! Times are replaced; everything else is the same on every machine.

use insta::{Settings, assert_snapshot};
use offload_tests::program::{bench, good};
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;

/// A command line and all that it prints.
fn shown(folder: &Path, line: &str) -> String {
    let ran = bench(folder, line);
    let code = ran.code.expect("it ends by itself");
    let mut text = format!("$ offload-bench {line}\n{}", ran.out);
    if !ran.err.is_empty() {
        let _ = write!(text, "[stderr]\n{}", ran.err);
    }
    if code != 0 {
        let _ = writeln!(text, "[exit code {code}]");
    }
    text
}

/// Compares the texts of several lines with the snapshot `name`.
fn snapshot<'a>(name: &str, folder: &Path, lines: impl IntoIterator<Item = &'a str>) {
    let texts: Vec<String> = lines.into_iter().map(|line| shown(folder, line)).collect();
    let mut settings = Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    // Times: in the last column of `solve`, in the forecast of `run --dry-run`.
    settings.add_filter(r"\| \d+\.\d{6} \|\n", "| [time] |\n");
    settings.add_filter(r"\| \d+\.\d s +\|", "| [time] |");
    settings.add_filter(r"up to \d+ s on", "up to [time] on");
    settings.bind(|| assert_snapshot!(name, texts.join("\n")));
}

/// A folder with an instance `a.json`, a plan `plan.json` and a certificate `c.json`.
fn workshop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let made = good(
        path,
        "generate --family paper --users 6 --servers 3 --seed 1 -o .",
    );
    std::fs::rename(path.join(made.trim()), path.join("a.json")).unwrap();
    good(
        path,
        "solve a.json --solver goa --threshold 0.7 -o plan.json",
    );
    good(
        path,
        "solve a.json --solver bnb --threshold 0.7 --certificate c.json",
    );
    folder
}

/// The commands that `--help` lists.
fn commands(help: &str) -> Vec<&str> {
    let listed = help
        .split("Commands:\n")
        .nth(1)
        .expect("a list of commands");
    let listed = listed.split("\n\n").next().unwrap_or_default().lines();
    let entry = listed.filter(|line| !line.starts_with("   "));
    let names = entry.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").collect()
}

#[test]
fn help() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    snapshot("help", path, ["--help"]);
    let help = good(path, "--help");
    for command in commands(&help) {
        let line = format!("{command} --help");
        snapshot(&format!("help-{command}"), path, [line.as_str()]);
    }
    snapshot("help-trace-record", path, ["trace record --help"]);
}

#[test]
fn lists() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    snapshot("solvers", path, ["solvers"]);
    snapshot("families", path, ["families"]);
    let listed = good(path, "families");
    let names = listed
        .lines()
        .filter_map(|line| line.split_whitespace().next());
    let lines: Vec<String> = names.map(|name| format!("families {name}")).collect();
    snapshot("family-parameters", path, lines.iter().map(String::as_str));
}

#[test]
fn one_problem() {
    let folder = workshop();
    let lines = [
        "generate --family trace --users 4 --count 2 -o made",
        "solve a.json --solver local-only,goa,bnb,exact --threshold 0.7",
        "solve a.json --solver goa --threshold 0.7 -o other.json",
        "evaluate a.json plan.json",
        "verify plan.json --instance a.json",
        "verify c.json",
    ];
    snapshot("one-problem", folder.path(), lines);
}

#[test]
fn a_campaign() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::write(path.join("c.toml"), offload_tests::program::CAMPAIGN).unwrap();
    let gates = "format = \"offload-gates/1\"\n[[gate]]\nname = \"both\"\nmax_failures = 0\nmin_rows = 99\n";
    std::fs::write(path.join("g.toml"), gates).unwrap();
    let lines = [
        "run c.toml --dry-run -o out",
        "run c.toml --shard 1/2 -o s1 --quiet",
        "run c.toml --shard 2/2 -o s2 --quiet",
        "merge s1 s2 -o out",
        "check out --gates g.toml",
    ];
    snapshot("campaign", path, lines);
}

#[test]
fn errors() {
    let folder = workshop();
    let path = folder.path();
    std::fs::write(path.join("empty.json"), "").unwrap();
    std::fs::write(
        path.join("bad.json"),
        "{\"format\": \"offload-instance/1\", \"users\": [7]}",
    )
    .unwrap();
    std::fs::write(path.join("bad.toml"), "tresholds = [1]").unwrap();
    let lines = [
        "solves a.json",
        "solve none.json --solver goa --threshold 0.7",
        "solve empty.json --solver goa --threshold 0.7",
        "solve bad.json --solver goa --threshold 0.7",
        "solve a.json --solver gao --threshold 0.7",
        "solve a.json --solver goa --threshold 2",
        "solve a.json --solver goa --threshold 0.7 --certificate x.json",
        "evaluate a.json a.json",
        "verify a.json",
        "generate --family papper --users 3 -o made",
        "generate --family paper --users 3 --set side=1 -o made",
        "run bad.toml -o out",
        "report none",
    ];
    snapshot("errors", path, lines);
}
