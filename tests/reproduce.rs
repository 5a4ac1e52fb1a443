//! `reproduce` from the command line: files, repeatability, certified gaps, bad arguments.
#![cfg(unix)]

use offload_tests::program::{Ran, bench, ends, good};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// What a run wrote, by name, without the times: they are marked and differ from run to run.
fn timeless(folder: &Path) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for place in [folder.to_path_buf(), folder.join("figures")] {
        for entry in fs::read_dir(place).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_file() && name != "times.csv" {
                all.insert(name, without_times(&fs::read_to_string(&path).unwrap()));
            }
        }
    }
    all
}

fn without_times(text: &str) -> String {
    let Some((before, rest)) = text.split_once("<!-- times") else {
        return text.into();
    };
    let (_, after) = rest.split_once("<!-- end of times -->").unwrap();
    format!("{before}{after}")
}

#[test]
fn the_same_bytes_on_any_number_of_threads_and_certified_gaps() {
    let folder = tempfile::tempdir().unwrap();
    let common = "reproduce --runs 4 --exact-runs 1 --time-limit 120";
    let one = bench(
        folder.path(),
        &format!("{common} -o one --threads 2 --findings page.md"),
    );
    assert_eq!(one.code, Some(0), "{}", one.err);
    let two = bench(folder.path(), &format!("{common} -o two --threads 1"));
    assert_eq!(two.code, Some(0), "{}", two.err);
    let (first, second) = (
        timeless(&folder.path().join("one")),
        timeless(&folder.path().join("two")),
    );
    for name in [
        "findings.md",
        "deviations.md",
        "cells.csv",
        "differences.csv",
        "thresholds.csv",
        "gaps.csv",
    ] {
        assert!(first.contains_key(name), "{name} is missing");
    }
    for name in [
        "delay-vs-users",
        "accuracy-vs-users",
        "accuracy-vs-delay",
        "gap-vs-users",
    ] {
        for ending in ["svg", "tex", "csv"] {
            assert!(
                first.contains_key(&format!("{name}.{ending}")),
                "{name}.{ending} is missing"
            );
        }
    }
    assert!(folder.path().join("one/times.csv").is_file());
    assert!(first == second, "two runs differ");
    // The files' names apart, which depend on the folder.
    let summary = |done: &Ran| {
        done.out
            .lines()
            .filter(|l| !l.contains(".md") && !l.contains(".csv"))
            .map(String::from)
            .collect::<Vec<_>>()
    };
    assert_eq!(summary(&one), summary(&two));

    let page = fs::read_to_string(folder.path().join("page.md")).unwrap();
    assert!(
        page.contains("(figures/reproduce-gap-vs-users.svg)"),
        "{page}"
    );
    assert!(
        folder
            .path()
            .join("figures/reproduce-gap-vs-users.svg")
            .is_file()
    );
    for heading in [
        "Better than the baselines",
        "Near-optimal",
        "Practical runtime",
        "threshold tunes",
        "margin predicts",
    ] {
        assert!(page.contains(heading), "no '{heading}' in {page}");
    }
    check_gaps(&first["gaps.csv"]);
}

/// 8 numbers of users x 5 thresholds x 11 solvers, all with a certified reference; a plan that
/// breaks a rule has no gap, and at tau = 1 every plan has one.
fn check_gaps(csv: &str) {
    let mut lines = csv.lines().map(|l| l.split(',').collect::<Vec<_>>());
    let header = lines.next().unwrap();
    let column = |name: &str| header.iter().position(|h| *h == name).unwrap();
    let [tau, broken, reference, gap] =
        ["threshold", "violations", "reference", "gap_guaranteed_pct"].map(column);
    let rows: Vec<Vec<&str>> = lines.collect();
    assert_eq!(rows.len(), 8 * 5 * 11);
    for row in &rows {
        assert_eq!(row[reference], "certified", "{row:?}");
        assert_eq!(row[gap].is_empty(), row[broken] != "0", "{row:?}");
        assert!(row[tau] != "1" || row[broken] == "0", "{row:?}");
        assert!(
            row[gap].parse::<f64>().is_ok_and(|g| g >= 0.0) || row[gap].is_empty(),
            "{row:?}"
        );
    }
    assert!(
        rows.iter().any(|row| row[broken] != "0"),
        "no baseline breaks a rule"
    );
}

#[test]
fn the_exact_part_may_be_left_out_and_the_servers_drawn_anew() {
    let folder = tempfile::tempdir().unwrap();
    good(
        folder.path(),
        "reproduce --runs 3 --exact-runs 0 --unpaired -o new",
    );
    assert!(!folder.path().join("new/gaps.csv").exists());
    let page = fs::read_to_string(folder.path().join("new/findings.md")).unwrap();
    assert!(
        page.contains("--unpaired") && page.contains("drawn anew"),
        "{page}"
    );
    good(folder.path(), "reproduce --runs 3 --exact-runs 0 -o same");
    let cells =
        |name: &str| fs::read_to_string(folder.path().join(name).join("cells.csv")).unwrap();
    let (new, same) = (cells("new"), cells("same"));
    assert_eq!(
        rows_of(&new, ",local-only,"),
        rows_of(&same, ",local-only,")
    );
    assert_ne!(rows_of(&new, ",goa,"), rows_of(&same, ",goa,"));
}

fn rows_of<'a>(csv: &'a str, method: &str) -> Vec<&'a str> {
    csv.lines().filter(|l| l.contains(method)).collect()
}

#[test]
fn bad_arguments_are_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    for (line, key) in [
        ("reproduce --runs 0 -o out", "--runs 0"),
        ("reproduce --runs 1 -o out", "from 2 to"),
        ("reproduce --runs 10001 -o out", "from 2 to 10000"),
        ("reproduce --threads 0 -o out", "--threads 0"),
        ("reproduce --time-limit 0 -o out", "seconds > 0"),
        ("reproduce --gap -1 -o out", "--gap"),
        (
            "reproduce --findings nowhere/page.md -o out",
            "folder nowhere does not exist",
        ),
        ("reproduce", "--output"),
    ] {
        ends(folder.path(), line, 2, key);
    }
    assert!(!folder.path().join("out").exists());
}
