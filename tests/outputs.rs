//! What the built program writes and prints: numbers that agree everywhere, sets of files, hostile
//! names. Tests run the built binary.

use offload_tests::program::{CAMPAIGN, bench, ends, good, json_lines, records, refuse, words};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// A campaign of an anytime solver on three problems.
const ANYTIME: &str = r#"format = "offload-config/1"
thresholds = [0.5]
solvers = ["goa", "portfolio"]
[budget]
time_limit_s = 0.02
[[instances]]
family = "paper"
users = [8]
seeds = { from = 1, count = 3 }
"#;

/// A folder with an instance `a.json` and a configuration `c.toml`.
fn workshop(config: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let made = good(
        path,
        "generate --family paper --users 12 --servers 3 --seed 1 -o .",
    );
    fs::rename(path.join(made.trim()), path.join("a.json")).expect("a generated instance");
    fs::write(path.join("c.toml"), config).expect("a configuration");
    folder
}

/// The rows of a CSV file of a campaign `out` as cells, the names of columns first.
fn cells(folder: &Path, name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder.join("out").join(name)).expect("a CSV file");
    let lines = text.lines().map(|line| line.split(',').map(String::from));
    lines.map(Iterator::collect).collect()
}

/// The values of a column for a solver.
fn column(rows: &[Vec<String>], solver: &str, name: &str) -> Vec<String> {
    let place = |name| {
        rows[0]
            .iter()
            .position(|cell| cell == name)
            .expect("a column")
    };
    let (of, value) = (place("solver"), place(name));
    let rows = rows[1..].iter().filter(|row| row[of] == solver);
    rows.map(|row| row[value].clone()).collect()
}

#[test]
fn json_has_the_gap_of_the_table() {
    let folder = workshop(ANYTIME);
    let line = "solve a.json --solver goa,local-only,bnb --threshold 0.7 --gap 0.01";
    let table = good(folder.path(), line);
    let all = json_lines(&good(folder.path(), &format!("{line} --json")));
    let shown = |value: &Value| {
        let gap = value["gap"].as_f64();
        gap.map_or("-".into(), |gap| format!("{:.4} %", 100.0 * gap))
    };
    for value in &all {
        let solver = value["solver"].as_str().expect("a name");
        let row = table
            .lines()
            .find(|row| row.starts_with(&format!("| {solver} ")));
        let gap = row.and_then(|row| row.split('|').nth(4)).expect("a gap");
        assert_eq!(gap.trim(), shown(value), "{value}\n{table}");
        let trust = value["gap_trust"].as_str();
        assert_eq!(trust.is_some(), value["gap"].is_f64(), "{value}");
    }
    assert!(all[0]["gap"].as_f64() > Some(0.0), "{all:?}");
    assert!(all[0]["lower_bound"].is_null() && all[0]["gap_trust"] == "certified");
    assert!(all[1]["gap"].is_null(), "a plan that breaks a rule");
}

#[test]
fn an_anytime_solver_is_no_failure_in_new_and_in_older_campaigns() {
    let folder = workshop(ANYTIME);
    let path = folder.path();
    let gates = "format = \"offload-gates/1\"\n[[gate]]\nname = \"all\"\nmax_failures = 0\n";
    fs::write(path.join("g.toml"), gates).expect("gates");
    assert!(good(path, "run c.toml -o out").starts_with("6 new"));
    let file = path.join("out/records.jsonl");
    let new = fs::read_to_string(&file).expect("records");
    assert_eq!(new.matches("\"anytime\":true,").count(), 3, "{new}");
    let old = new.replace("\"anytime\":true,", "");
    for text in [new, old.clone()] {
        fs::write(&file, &text).expect("records");
        assert!(good(path, "run c.toml -o out").starts_with("0 new"));
        good(path, "report out");
        let totals = cells(path, "totals.csv");
        assert_eq!(column(&totals, "portfolio", "timeouts"), ["0"]);
        let par10 = column(&totals, "portfolio", "par10_ms");
        let par10 = par10[0].parse::<f64>().expect("a time");
        assert!((20.0..150.0).contains(&par10), "{par10} ms");
        let gaps = cells(path, "gaps.csv");
        assert_eq!(column(&gaps, "portfolio", "anytime"), ["true"; 3]);
        assert_eq!(column(&gaps, "portfolio", "solved"), ["true"; 3]);
        assert_eq!(column(&gaps, "goa", "anytime"), ["false"; 3]);
        let report = fs::read_to_string(path.join("out/report.md")).expect("a report");
        assert!(!report.contains("Timed out"), "{report}");
        good(path, "check out --gates g.toml");
    }
    // Rows of both kinds go on together.
    let kept: Vec<&str> = old.lines().take(5).collect();
    fs::write(&file, kept.join("\n") + "\n").expect("records");
    assert!(good(path, "run c.toml -o out").starts_with("1 new"));
}

#[test]
fn the_focus_is_one_of_the_campaigns_solvers() {
    let folder = workshop(CAMPAIGN);
    let path = folder.path();
    good(path, "run c.toml -o out");
    refuse(
        path,
        "unknown focus",
        "report out --focus gao",
        "--focus gao: the campaign has no such solver; name one of dmin, goa",
    );
    good(path, "report out --focus dmin");
    let report = fs::read_to_string(path.join("out/report.md")).expect("a report");
    assert!(report.contains("`dmin` against every other"), "{report}");
}

#[test]
fn solves_that_did_not_run_are_repeated_and_never_counted() {
    let folder = workshop(CAMPAIGN);
    let path = folder.path();
    let gates = "format = \"offload-gates/1\"\n[[gate]]\nname = \"all\"\nmax_violations = 99\n";
    fs::write(path.join("g.toml"), gates).expect("gates");
    good(path, "run c.toml -o out");
    let file = path.join("out/records.jsonl");
    let mut all = records(&path.join("out"));
    let lost = &mut all[7];
    for name in ["objective", "offloaded", "realised", "assignment"] {
        lost[name] = Value::Null;
    }
    (lost["status"], lost["stop"]) = (json!("not-run"), json!("too many open files"));
    let lines: Vec<String> = all.iter().map(ToString::to_string).collect();
    fs::write(&file, lines.join("\n") + "\n").expect("records");

    let printed = good(path, "report out");
    assert!(
        printed.contains("WARNING: 1 solve did not run (too many open files)"),
        "{printed}"
    );
    assert_eq!(cells(path, "gaps.csv").len(), 48, "a head and 47 rows");
    ends(
        path,
        "check out --gates g.toml",
        1,
        "the campaign is unfinished",
    );
    // Also where the configuration is not known.
    fs::rename(path.join("out/environments.jsonl"), path.join("kept")).expect("a file");
    ends(
        path,
        "check out --gates g.toml",
        1,
        "the campaign is unfinished",
    );
    fs::rename(path.join("kept"), path.join("out/environments.jsonl")).expect("a file");

    assert!(good(path, "run c.toml -o out").starts_with("1 new"));
    good(path, "check out --gates g.toml");
    assert!(!good(path, "report out").contains("did not run"));
}

#[test]
fn control_characters_never_reach_the_terminal() {
    let folder = workshop(ANYTIME);
    let path = folder.path();
    let attack = "\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}";
    let external = format!("exec:false {attack}");
    let solve = |more: &[&str]| {
        let line = ["solve", "a.json", "--threshold", "0.7", "--solver"];
        words(path, &[&line[..], &[external.as_str()], more].concat())
    };
    for ran in [
        words(path, &["report", attack]),
        words(path, &[attack]),
        words(path, &["report", "out", "--focus", attack]),
        words(path, &["solve", "a.json", attack]),
        solve(&[]),
        solve(&["--json"]),
    ] {
        let printed = ran.out + &ran.err;
        let hostile = ['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}'];
        assert!(!printed.contains(hostile), "{printed:?}");
        assert!(!printed.is_empty());
    }
    let printed = json_lines(&solve(&["--json"]).out);
    assert_eq!(printed[0]["solver"], external, "JSON keeps the name");
    let ran = words(path, &["report", attack]);
    assert!(ran.err.contains("\\u{1b}]0;owned\\u{7}"), "{}", ran.err);
}

#[test]
fn a_failure_is_printed_once_and_leaves_the_old_report() {
    let folder = workshop(CAMPAIGN);
    let path = folder.path();
    good(path, "run c.toml -o out");
    good(path, "report out");
    let read = || fs::read_to_string(path.join("out/report.md")).expect("a report");
    let old = read();
    let blocked = path.join("out/virtual-best.csv");
    fs::remove_file(&blocked).expect("a file");
    fs::create_dir(&blocked).expect("a folder");
    let ran = bench(path, "report out --focus dmin");
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert_eq!(ran.err.matches("is a directory").count(), 1, "{}", ran.err);
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert_eq!(read(), old);
    fs::remove_dir(&blocked).expect("an empty folder");
    good(path, "report out --focus dmin");
    assert_ne!(read(), old);
}

#[test]
fn a_failed_solver_gives_its_reason_once() {
    let folder = workshop(ANYTIME);
    let line = [
        "solve",
        "a.json",
        "--threshold",
        "0.7",
        "--solver",
        "exec:exit 3",
    ];
    let ran = words(folder.path(), &line);
    assert_eq!(ran.code, Some(1), "{} {}", ran.out, ran.err);
    let printed = ran.out + &ran.err;
    let reason = ran.err.trim_start_matches("error: exec:exit 3: ").trim();
    assert!(
        !reason.is_empty() && ran.err.starts_with("error: "),
        "{printed}"
    );
    assert_eq!(printed.matches(reason).count(), 1, "{printed}");
}

#[test]
fn leftovers_of_killed_writers_are_removed() {
    let folder = workshop(CAMPAIGN);
    let path = folder.path();
    good(path, "run c.toml -o out");
    let at = |name: &str| path.join("out").join(name);
    fs::create_dir(at(".offload-set")).expect("a folder");
    for name in [".offload-set/report.md", ".offload-dead", ".offload-young"] {
        fs::write(at(name), "half").expect("a file");
    }
    let old = SystemTime::now() - Duration::from_secs(3600);
    for name in [".offload-set", ".offload-dead"] {
        let file = fs::File::open(at(name)).expect("a file");
        file.set_modified(old).expect("another time");
    }
    good(path, "report out");
    assert!(!at(".offload-set").exists() && !at(".offload-dead").exists());
    assert!(at(".offload-young").exists(), "its writer may be at work");
}
