//! `check`: a real campaign, the same with a planted fault, and everything that a gate must refuse.

use offload_tests::program::{ends, records};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::path::Path;
use tempfile::TempDir;

const CONFIG: &str = r#"format = "offload-config/1"
thresholds = [0.6]
solvers = ["goa", "local-search", "bnb"]
certificates = true
[[instances]]
family = "paper"
users = [8, 12]
servers = [2]
seeds = [1, 2, 3]
"#;

/// A folder with the campaign `out`, 18 rows.
fn campaign() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.toml"), CONFIG).unwrap();
    ends(folder.path(), "run c.toml -o out", 0, "18 new");
    folder
}

/// Writes the campaign `name`: the records of `out`, each changed.
fn changed(folder: &Path, name: &str, change: impl Fn(&mut Value)) {
    let mut records = records(&folder.join("out"));
    records.iter_mut().for_each(change);
    let lines: Vec<String> = records.iter().map(|record| format!("{record}\n")).collect();
    fs::create_dir(folder.join(name)).unwrap();
    fs::write(folder.join(name).join("records.jsonl"), lines.concat()).unwrap();
}

/// Multiplies a number of a solver's records.
fn scaled(solver: &'static str, field: &'static str, factor: f64) -> impl Fn(&mut Value) {
    move |record| {
        if record["solver"] == solver {
            record[field] = json!(record[field].as_f64().unwrap() * factor);
        }
    }
}

/// Writes `g.toml` with one gate.
fn gate(folder: &Path, text: &str) {
    fs::write(
        folder.join("g.toml"),
        format!("format = \"offload-gates/1\"\n[[gate]]\nname = \"mine\"\n{text}\n"),
    )
    .unwrap();
}

/// The greatest certified gap of GOA, from the records alone.
fn greatest_gap(folder: &Path) -> f64 {
    let records = records(&folder.join("out"));
    let bounds: HashMap<&str, f64> = records
        .iter()
        .filter(|r| r["solver"] == "bnb")
        .map(|r| {
            (
                r["instance"].as_str().unwrap(),
                r["lower_bound"].as_f64().unwrap(),
            )
        })
        .collect();
    let goa = records.iter().filter(|r| r["solver"] == "goa");
    goa.map(|r| r["objective"].as_f64().unwrap() / bounds[r["instance"].as_str().unwrap()] - 1.0)
        .fold(0.0, f64::max)
}

#[test]
fn a_planted_fault_is_noticed() {
    let folder = campaign();
    let path = folder.path();
    changed(path, "worse", scaled("goa", "objective", 1.03));
    let limit = greatest_gap(path) + 0.001;
    gate(
        path,
        &format!(
            "solver = \"goa\"\nmax_gap = {limit}\nmin_share_certified = 1\nmax_failures = 0\nmin_rows = 6"
        ),
    );
    let text = ends(path, "check out --gates g.toml", 0, "All 6 criteria hold.");
    assert!(
        text.contains("| mine") && text.contains("| max_gap") && !text.contains("FAILED"),
        "{text}"
    );
    // The margin of a percentage is no percentage.
    assert!(text.contains("0.100 points"), "{text}");
    let text = ends(
        path,
        "check worse --gates g.toml",
        1,
        "1 of 5 criteria failed.",
    );
    assert!(
        text.contains("FAILED") && text.contains("the greatest is `paper-n"),
        "{text}"
    );
}

#[test]
fn a_regression_beyond_noise_is_noticed() {
    let folder = campaign();
    let path = folder.path();
    changed(path, "worse", scaled("goa", "objective", 1.03));
    changed(path, "bound", scaled("bnb", "lower_bound", 0.9));
    gate(
        path,
        "solver = \"goa\"\nmax_mean_increase = 0.01\nmax_increase = 0.02",
    );
    ends(
        path,
        "check out --gates g.toml --baseline out",
        0,
        "unmatched: 0 here, 0 in the baseline",
    );
    // A bound that only one of the two found is no change of the plans.
    ends(path, "check out --gates g.toml --baseline bound", 0, "hold");
    ends(path, "check bound --gates g.toml --baseline out", 0, "hold");
    let text = ends(
        path,
        "check worse --gates g.toml --baseline out",
        1,
        "2 of 5 criteria failed",
    );
    assert!(
        text.contains("on 6 instances") && text.contains("the lower end of the interval decides"),
        "{text}"
    );
    // Being better is allowed.
    ends(path, "check out --gates g.toml --baseline worse", 0, "hold");
    ends(path, "check out --gates g.toml", 2, "--baseline DIR");
}

#[test]
fn nothing_passes_for_want_of_rows() {
    let folder = campaign();
    let path = folder.path();
    gate(path, "solver = \"goa\"\nmax_failures = 0");
    ends(path, "check out --gates g.toml", 0, "All 4 criteria hold.");
    // Half of the rows were never run.
    changed(path, "half", |_| ());
    let text = fs::read_to_string(path.join("half/records.jsonl")).unwrap();
    let half: Vec<&str> = text.lines().take(9).collect();
    fs::write(path.join("half/records.jsonl"), half.join("\n") + "\n").unwrap();
    ends(path, "check half --gates g.toml", 0, "hold");
    fs::copy(
        path.join("out/environments.jsonl"),
        path.join("half/environments.jsonl"),
    )
    .unwrap();
    ends(
        path,
        "check half --gates g.toml",
        1,
        "the campaign is unfinished",
    );
    // A list in which one value is mistyped.
    gate(
        path,
        "solver = [\"goa\", \"gao\"]\nthreshold = [0.6, 0.7]\nmax_failures = 0",
    );
    let text = ends(path, "check out --gates g.toml", 1, "solver \"gao\"");
    assert!(text.contains("threshold 0.7"), "{text}");
    // One solve with two results.
    let worse = |line: &str| {
        let mut record: Value = serde_json::from_str(line).unwrap();
        record["objective"] = json!(record["objective"].as_f64().unwrap() * 1.5);
        format!("{record}\n")
    };
    fs::write(
        path.join("half/records.jsonl"),
        worse(half[0]) + &half.join("\n") + "\n",
    )
    .unwrap();
    ends(
        path,
        "check half --gates g.toml",
        2,
        "twice, with different results",
    );
}

#[test]
fn verdicts_are_not_mixed_up() {
    let folder = campaign();
    let path = folder.path();
    gate(path, "solver = \"goa\"\nmax_failures = 0");
    ends(
        path,
        "check out --gates g.toml --markdown ./v --junit v",
        2,
        "given twice",
    );
    ends(
        path,
        "check out --gates g.toml --markdown out/environments.jsonl",
        2,
        "given twice",
    );
    ends(
        path,
        "check out --gates g.toml --markdown out/certificates/v.md",
        2,
        "certificates",
    );
    ends(path, "check out --gates g.toml --markdown v.md", 0, "hold");
    assert!(path.join("v.md").is_file());
    changed(path, "torn", |_| ());
    let text = fs::read_to_string(path.join("torn/records.jsonl")).unwrap();
    fs::write(path.join("torn/records.jsonl"), &text[..text.len() - 20]).unwrap();
    ends(
        path,
        "check torn --gates g.toml --markdown v.md",
        2,
        "incomplete",
    );
    assert!(!path.join("v.md").exists(), "an earlier verdict stands");
}

#[test]
fn strict_leaves_no_room_for_noise() {
    let folder = campaign();
    let path = folder.path();
    // One instance of six: the interval of the mean reaches down to 0.
    let first = records(&path.join("out"))[0]["instance"].clone();
    let worse = scaled("goa", "objective", 1.03);
    changed(path, "one", |record| {
        if record["instance"] == first {
            worse(record);
        }
    });
    gate(path, "solver = \"goa\"\nmax_mean_increase = 0.004");
    ends(path, "check one --gates g.toml --baseline out", 0, "hold");
    gate(
        path,
        "solver = \"goa\"\nmax_mean_increase = 0.004\nstrict = true",
    );
    ends(
        path,
        "check one --gates g.toml --baseline out",
        1,
        "upper end",
    );
    gate(path, "solver = \"goa\"\nmax_increase = 0.02");
    ends(
        path,
        "check one --gates g.toml --baseline out",
        1,
        first.as_str().unwrap(),
    );
}

#[test]
fn nothing_to_measure_is_a_failure() {
    let folder = campaign();
    let path = folder.path();
    gate(path, "solver = \"gao\"\nmax_gap = 9");
    ends(path, "check out --gates g.toml", 1, "the filter solver");
    gate(path, "solver = \"goa\"\nmax_gap = 9\nmin_rows = 7");
    ends(path, "check out --gates g.toml", 1, "6, required >= 7");
    // No problem in common with the baseline.
    changed(path, "other", |record| {
        record["fingerprint"] = json!(
            record["fingerprint"]
                .as_str()
                .unwrap()
                .chars()
                .rev()
                .collect::<String>()
        )
    });
    gate(path, "solver = \"goa\"\nmax_increase = 9");
    ends(
        path,
        "check out --gates g.toml --baseline other",
        1,
        "unmatched: 6 here",
    );
    // Without bounds there is no gap.
    changed(path, "unproved", |record| {
        record["lower_bound"] = Value::Null;
        record["trust"] = Value::Null;
    });
    gate(path, "solver = \"goa\"\nmax_gap = 9\nallow_missing = 6");
    ends(
        path,
        "check unproved --gates g.toml",
        1,
        "nothing could be measured",
    );
}

#[test]
fn rows_without_a_gap_are_not_dropped() {
    let folder = campaign();
    let path = folder.path();
    let first = records(&path.join("out"))[0]["instance"].clone();
    changed(path, "violating", |record| {
        if record["instance"] == first && record["solver"] == "goa" {
            record["violations"] = json!(1);
        }
    });
    gate(path, "solver = \"goa\"\nmax_mean_gap = 9");
    ends(path, "check out --gates g.toml", 0, "hold");
    ends(
        path,
        "check violating --gates g.toml",
        1,
        "1 row without a gap (1 violating), allow_missing is 0",
    );
    gate(
        path,
        "solver = \"goa\"\nmax_mean_gap = 9\nallow_missing = 1",
    );
    ends(path, "check violating --gates g.toml", 0, "hold");
    gate(path, "max_violations = 0");
    ends(
        path,
        "check violating --gates g.toml",
        1,
        first.as_str().unwrap(),
    );
}

#[test]
fn a_plan_below_a_bound_fails_whatever_the_gates_say() {
    let folder = campaign();
    let path = folder.path();
    changed(path, "crossed", scaled("bnb", "lower_bound", 1.5));
    gate(path, "max_failures = 0");
    let text = ends(path, "check crossed --gates g.toml", 1, "whole campaign");
    assert!(
        text.contains("below the lower bound") && text.contains("`paper-n"),
        "{text}"
    );
}

#[test]
fn bad_input_differs_from_a_failed_gate() {
    let folder = campaign();
    let path = folder.path();
    for (text, key) in [
        ("max_mean_gapp = 1", "Did you mean 'max_mean_gap'"),
        ("max_gap = -1", "g.toml: gate[0] \"mine\": max_gap"),
        ("solver = \"goa\"", "no criterion"),
    ] {
        gate(path, text);
        assert!(ends(path, "check out --gates g.toml", 2, key).is_empty());
    }
    gate(path, "max_gap = 9");
    ends(path, "check nowhere --gates g.toml", 2, "nowhere");
    ends(path, "check out --gates none.toml", 2, "none.toml");
    ends(
        path,
        "check out --gates g.toml --junit out/records.jsonl",
        2,
        "given twice",
    );
    ends(
        path,
        "check out --gates g.toml --junit g.toml",
        2,
        "given twice",
    );
    ends(
        path,
        "check out --gates g.toml --junit no/x.xml",
        2,
        "folder no does not exist",
    );
    // A campaign that was cut off may lack the row that would fail.
    changed(path, "torn", |_| {});
    let file = path.join("torn/records.jsonl");
    let text = fs::read(&file).unwrap();
    fs::write(&file, &text[..text.len() - 9]).unwrap();
    ends(path, "check torn --gates g.toml", 2, "incomplete");
}

/// Every element is closed by its own end tag, and every ampersand begins an entity. Returns the
/// names of all elements.
fn elements(xml: &str) -> Vec<String> {
    assert!(
        xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
        "{xml}"
    );
    assert!(xml.split('&').skip(1).all(|rest| {
        ["amp;", "lt;", "gt;", "quot;"]
            .iter()
            .any(|e| rest.starts_with(e))
    }));
    let (mut open, mut all): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for tag in xml.split('<').skip(2) {
        let (tag, text) = tag.split_once('>').unwrap();
        assert!(
            !text.contains('>') && tag.matches('"').count().is_multiple_of(2),
            "{tag}>{text}"
        );
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop().as_deref(), Some(name)),
            None => {
                let name = tag.split_whitespace().next().unwrap().to_string();
                all.push(name.clone());
                open.push(name);
            }
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn the_verdict_is_written_for_machines_and_people() {
    let folder = campaign();
    let path = folder.path();
    let text = "format = \"offload-gates/1\"\n[[gate]]\nname = 'a <b> & \"c\" | d'\nmax_gap = 0\nmax_failures = 0\n";
    fs::write(path.join("g.toml"), text).unwrap();
    ends(
        path,
        "check out --gates g.toml --markdown g.md --junit g.xml",
        1,
        "FAILED",
    );
    let xml = fs::read_to_string(path.join("g.xml")).unwrap();
    let names = elements(&xml);
    let count = |name: &str| names.iter().filter(|n| *n == name).count();
    assert_eq!(
        (
            count("testsuites"),
            count("testsuite"),
            count("testcase"),
            count("failure")
        ),
        (1, 2, 5, 1),
        "{xml}"
    );
    assert!(
        xml.contains("classname=\"a &lt;b&gt; &amp; &quot;c&quot; | d\" name=\"max_gap\""),
        "{xml}"
    );
    let markdown = fs::read_to_string(path.join("g.md")).unwrap();
    assert!(
        markdown.starts_with("# Gates\n\n1 of 5 criteria failed.\n\n| gate "),
        "{markdown}"
    );
    assert!(markdown.contains("`a <b> & \"c\" \\| d`"), "{markdown}");
}
