//! The command line: the built binary, real files, exit codes, stdout and stderr.
//!
//! Every test works in its own folder, and no output is ever outside of it: a faulty program must
//! not overwrite a device or a user's file.

use offload_tests::program::{bench, files, good, json as read, json_lines, refuse};
use offload_tests::timeless;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;

/// A folder with the instance good.json (6 users, 3 servers) and its plan plan.json; returns the
/// instance too.
fn workshop() -> (TempDir, Value) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let made = good(
        path,
        "generate --family paper --users 6 --servers 3 --seed 1 -o .",
    );
    fs::rename(path.join(made.trim()), path.join("good.json")).unwrap();
    good(
        path,
        "solve good.json --solver goa --threshold 0.7 -o plan.json",
    );
    let instance = read(&path.join("good.json"));
    (folder, instance)
}

/// A campaign's configuration: two instances, goa and bnb.
const CONFIG: &str = r#"format = "offload-config/1"
thresholds = [0.7]
solvers = ["goa", "bnb"]
[[instances]]
family = "paper"
users = [6]
seeds = [1, 2]
"#;

/// A bad instance is refused by every command that reads one.
fn refuse_instance(folder: &Path, what: &str, file: &str, key: &str) {
    for line in [
        format!("solve {file} --solver goa --threshold 0.7 --json -o out.json"),
        format!("solve {file} --solver bnb --threshold 0.7 --certificate out.json"),
        format!("evaluate {file} plan.json --json"),
        format!("export {file} --format lp -o out.lp"),
    ] {
        refuse(folder, what, &line, key);
        refuse(folder, what, &line, file);
    }
}

#[test]
fn files_that_are_no_json_are_refused() {
    let (folder, mut instance) = workshop();
    let path = folder.path();
    let whole = instance.to_string();
    instance["users"][0]["payload_bits"] = json!("PLACE");
    let with = |number: &str| {
        instance
            .to_string()
            .replace("\"PLACE\"", number)
            .into_bytes()
    };
    let cases = [
        ("an empty file", Vec::new(), "the file is empty"),
        ("blanks", b" \n ".to_vec(), "the file is empty"),
        (
            "truncated JSON",
            whole.as_bytes()[..whole.len() / 2].to_vec(),
            "cut off",
        ),
        ("NaN", with("NaN"), "no NaN"),
        ("1e999", with("1e999"), "out of range"),
        ("Infinity", with("Infinity"), "no NaN or infinity"),
        (
            "a number with 400 digits",
            with(&"9".repeat(400)),
            "out of range",
        ),
        ("no UTF-8", vec![0xff, 0xfe, 0x00], "line 1"),
        (
            "text behind the end",
            format!("{whole}{{}}").into_bytes(),
            "trailing",
        ),
        ("deep nesting", vec![b'['; 100_000], "recursion"),
        ("an array", b"[]".to_vec(), "give an object"),
        (
            "a key twice",
            whole
                .replacen('{', "{\"interference\": false, \"interference\": true, ", 1)
                .into_bytes(),
            "is given twice",
        ),
    ];
    for (what, bytes, key) in cases {
        fs::write(path.join("bad.json"), bytes).unwrap();
        refuse_instance(path, what, "bad.json", key);
    }
}

#[test]
fn corrupt_gzip_is_refused() {
    let (folder, _) = workshop();
    let path = folder.path();
    let made = good(
        path,
        "generate --family paper --users 6 --servers 3 --seed 1 --gzip -o .",
    );
    let whole = fs::read(path.join(made.trim())).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0xff;
    for (what, bytes) in [
        ("half a gzip file", whole[..whole.len() / 2].to_vec()),
        ("a flipped byte", flipped),
        ("plain text under .gz", b"{}".to_vec()),
        ("an empty .gz", Vec::new()),
    ] {
        fs::write(path.join("bad.json.gz"), bytes).unwrap();
        refuse_instance(path, what, "bad.json.gz", "cannot read");
    }
}

/// What is wrong, the value that is changed (a JSON pointer) and its new text, and the place that
/// the message names.
struct Edit(&'static str, &'static str, &'static str, &'static str);

/// In an [`Edit`], the text that stands for removing the value.
const REMOVED: &str = "";

/// Changes, appends or removes a value.
fn edit(root: &mut Value, pointer: &str, text: &str) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = root.pointer_mut(parent).unwrap();
    let new = (text != REMOVED).then(|| serde_json::from_str(text).unwrap());
    match (parent, new) {
        (Value::Object(fields), Some(new)) => drop(fields.insert(last.into(), new)),
        (Value::Object(fields), None) => drop(fields.remove(last).unwrap()),
        (Value::Array(items), new) => {
            let k: usize = last.parse().unwrap();
            items.splice(k..(k + 1).min(items.len()), new);
        }
        (other, _) => panic!("{pointer}: {other} holds nothing"),
    }
}

#[rustfmt::skip] // a table
const INSTANCE_EDITS: [Edit; 25] = [
    Edit("negative gain", "/gain/0/1", "-1e-9", "gain[0][1]"),
    Edit("zero gain", "/gain/5/2", "0.0", "gain[5][2]"),
    Edit("a row too short", "/gain/3/2", REMOVED, "gain[3]"),
    Edit("a row too long", "/gain/3/3", "1.0", "gain[3]"),
    Edit("a row missing", "/gain/5", REMOVED, "5 rows for 6 users"),
    Edit("unknown version", "/format", "\"offload-instance/2\"", "offload-instance/2"),
    Edit("another format", "/format", "\"offload-plan/1\"", "offload-plan/1"),
    Edit("format missing", "/format", REMOVED, "format: is missing"),
    Edit("gain missing", "/gain", REMOVED, "gain: is missing"),
    Edit("zero servers", "/servers", "[]", "servers: is empty"),
    Edit("zero users", "/users", "[]", "users: is empty"),
    Edit("uncertainty 1.5", "/users/2/uncertainty", "1.5", "users[2].uncertainty"),
    Edit("uncertainty -0.1", "/users/2/uncertainty", "-0.1", "users[2].uncertainty"),
    Edit("a text for a number", "/users/1/payload_bits", "\"12\"", "users[1].payload_bits"),
    Edit("true for a number", "/users/1/payload_bits", "true", "users[1].payload_bits"),
    Edit("payload 0", "/users/0/payload_bits", "0", "users[0].payload_bits"),
    Edit("a subnormal payload", "/users/0/payload_bits", "5e-324", "users[0].payload_bits"),
    Edit("a delay that overflows", "/users/0/payload_bits", "1e308", "users[0] at servers[0]"),
    Edit("power 0", "/users/0/tx_power_w", "0", "users[0].tx_power_w"),
    Edit("bandwidth -1", "/servers/1/bandwidth_hz", "-1", "servers[1].bandwidth_hz"),
    Edit("a broken cap", "/servers/1/max_users", "1.5", "servers[1].max_users"),
    Edit("a negative cap", "/servers/1/max_users", "-1", "servers[1].max_users"),
    Edit("a number for a user", "/users/4", "7", "users[4]"),
    Edit("an object for the users", "/users", "{}", "users"),
    Edit("a text for interference", "/interference", "\"yes\"", "interference"),
];

#[test]
fn instances_with_faults_are_refused() {
    let (folder, instance) = workshop();
    for Edit(what, pointer, text, key) in INSTANCE_EDITS {
        let mut bad = instance.clone();
        edit(&mut bad, pointer, text);
        fs::write(folder.path().join("bad.json"), bad.to_string()).unwrap();
        refuse_instance(folder.path(), what, "bad.json", key);
    }
}

#[rustfmt::skip] // a table
const PLAN_EDITS: [Edit; 9] = [
    Edit("too short", "/assignment/5", REMOVED, "5 entries for 6 users"),
    Edit("too long", "/assignment/6", "0", "7 entries for 6 users"),
    Edit("no such server", "/assignment/5", "3", "assignment[5]"),
    Edit("a negative server", "/assignment/5", "-1", "assignment[5]"),
    Edit("half a server", "/assignment/5", "1.5", "assignment[5]"),
    Edit("a huge server", "/assignment/5", "18446744073709551615", "assignment[5]"),
    Edit("threshold 3", "/threshold", "3", "threshold"),
    Edit("unknown weights", "/weights", "\"heavy\"", "weights"),
    Edit("another version", "/format", "\"offload-plan/2\"", "offload-plan/2"),
];

#[test]
fn plans_with_faults_are_refused() {
    let (folder, _) = workshop();
    let path = folder.path();
    let plan = read(&path.join("plan.json"));
    for Edit(what, pointer, text, key) in PLAN_EDITS {
        let mut bad = plan.clone();
        edit(&mut bad, pointer, text);
        fs::write(path.join("bad.json"), bad.to_string()).unwrap();
        refuse(path, what, "evaluate good.json bad.json --json", key);
        // The verifier may also read such a plan and refute it, which is exit code 1.
        let ran = bench(path, "verify bad.json --instance good.json");
        let printed = format!("{}{}", ran.out, ran.err);
        assert!(matches!(ran.code, Some(1 | 2)), "{what}: {printed}");
        assert!(
            printed.contains("bad.json") && !printed.contains("feasible plan"),
            "{what}: {printed}"
        );
    }
}

#[test]
fn plans_that_break_the_threshold_rule_are_refuted() {
    let (folder, _) = workshop();
    let path = folder.path();
    good(
        path,
        "solve good.json --solver local-only --threshold 0.7 -o local.json",
    );
    let ran = bench(path, "evaluate good.json local.json --json");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let value = &json_lines(&ran.out)[0];
    assert_eq!(value["feasible"], json!(false));
    assert_eq!(value["mandatory_local"], json!(3));
    let ran = bench(path, "verify local.json --instance good.json");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.out.contains("REFUSED") && ran.out.contains("mandatory-local"),
        "{}",
        ran.out
    );
}

/// What is wrong, the command line, and a word of the message.
#[rustfmt::skip] // a table
const BAD_LINES: [(&str, &str, &str); 37] = [
    ("threshold 2", "solve good.json --solver goa --threshold 2 -o out.json", "number from 0 to 1"),
    ("threshold NaN",
        "solve good.json --solver goa --threshold nan -o out.json", "number from 0 to 1"),
    ("threshold -0.1",
        "solve good.json --solver goa --threshold=-0.1 -o out.json", "number from 0 to 1"),
    ("threshold -0.1", "solve good.json --solver goa --threshold -0.1 -o out.json", "threshold"),
    ("no threshold", "solve good.json --solver goa -o out.json", "--threshold"),
    ("unknown solver",
        "solve good.json --solver gao --threshold 1 -o out.json", "unknown solver 'gao'"),
    ("one of two unknown",
        "solve good.json --solver goa,gao --threshold 1 -o out.json", "unknown solver 'gao'"),
    ("no solver's name",
        "solve good.json --solver goa, --threshold 1 -o out.json", "unknown solver ''"),
    ("unknown weights", "solve good.json --solver goa --threshold 1 --weights heavy", "heavy"),
    ("time limit 0", "solve good.json --solver goa --threshold 1 --time-limit 0", "--time-limit"),
    ("time limit NaN",
        "solve good.json --solver goa --threshold 1 --time-limit nan", "--time-limit"),
    ("gap negative", "solve good.json --solver bnb --threshold 1 --gap=-1", "--gap"),
    ("gap infinite", "solve good.json --solver bnb --threshold 1 --gap inf", "--gap"),
    ("seed 2^64",
        "solve good.json --solver ga --threshold 1 --seed 18446744073709551616", "--seed"),
    ("no such file", "solve none.json --solver goa --threshold 1 -o out.json", "none.json"),
    ("a directory", "solve . --solver goa --threshold 1 -o out.json", "directory"),
    ("no folder for -o",
        "solve good.json --solver goa --threshold 1 -o none/out.json", "none/out.json"),
    ("a directory for -o", "solve good.json --solver goa --threshold 1 -o .", "directory"),
    ("no folder",
        "solve good.json --solver bnb --threshold 1 --certificate none/c.json", "none/c.json"),
    ("no plan", "evaluate good.json none.json", "none.json"),
    ("an instance as plan", "evaluate good.json good.json", "offload-plan/1"),
    ("unknown format", "export good.json --format xml -o out.xml", "xml"),
    ("no folder for -o", "export good.json --format lp -o none/out.lp", "none/out.lp"),
    ("no bins", "export good.json --format lp --bins 0", "--bins"),
    ("unknown family", "generate --family papper --users 3 -o out", "Did you mean 'paper'"),
    ("unknown parameter",
        "generate --family paper --users 3 --set side=1 -o out", "no parameter 'side'"),
    ("parameter range",
        "generate --family paper --users 3 --set bandwidth_hz=-1 -o out", "bandwidth_hz=-1"),
    ("parameter NaN",
        "generate --family paper --users 3 --set bandwidth_hz=nan -o out", "bandwidth_hz=nan"),
    ("no value", "generate --family paper --users 3 --set fading -o out", "NAME=VALUE"),
    ("absurd size",
        "generate --family paper --users 1000000000000000000 -o out", "1000000000000000000"),
    ("users 0", "generate --family paper --users 0 -o out", "users 0"),
    ("servers 0", "generate --family paper --users 3 --servers 0 -o out", "servers 0"),
    ("count 0", "generate --family paper --users 3 --count 0 -o out", "--count 0"),
    ("seeds beyond 2^64",
        "generate --family paper --users 3 --seed 18446744073709551615 --count 2 -o out", "2^64"),
    ("a file for -o", "generate --family paper --users 3 -o good.json", "good.json"),
    ("only an instance", "verify good.json", "only instances"),
    ("unknown command", "solves good.json", "solves"),
];

#[test]
fn bad_command_lines_are_refused() {
    let (folder, _) = workshop();
    for (what, line, key) in BAD_LINES {
        refuse(folder.path(), what, line, key);
    }
}

/// What is wrong, the text of [`CONFIG`] that is replaced, what stands there instead, and a word of
/// the message.
const CONFIG_EDITS: [(&str, &str, &str, &str); 16] = [
    ("unknown key", "thresholds", "tresholds", "tresholds"),
    ("unknown key of a source", "users", "user", "user"),
    ("no version", "format = \"offload-config/1\"", "", "format"),
    ("unknown version", "config/1", "config/9", "config/9"),
    ("unknown solver", "bnb", "bnbb", "unknown solver 'bnbb'"),
    ("no solvers", "[\"goa\", \"bnb\"]", "[]", "solvers is empty"),
    ("no thresholds", "[0.7]", "[]", "thresholds is empty"),
    ("threshold 2", "0.7", "2.0", "thresholds: 2"),
    ("threshold NaN", "0.7", "nan", "thresholds: NaN"),
    (
        "unknown family",
        "paper",
        "papper",
        "unknown family 'papper'",
    ),
    ("users 0", "[6]", "[0]", "users 0"),
    ("no users", "[6]", "[]", "users"),
    ("no threads", "[[inst", "threads = 0\n[[inst", "threads"),
    (
        "time limit 0",
        "[[inst",
        "[budget]\ntime_limit_s = 0\n[[inst",
        "time_limit_s",
    ),
    (
        "gap negative",
        "[[inst",
        "[budget]\ngap = -1\n[[inst",
        "gap",
    ),
    ("no TOML", "[0.7]", "[0.7", "TOML"),
];

#[test]
fn bad_configurations_are_refused() {
    let (folder, _) = workshop();
    let path = folder.path();
    for (what, from, to, key) in CONFIG_EDITS {
        assert!(CONFIG.contains(from), "{what}");
        fs::write(path.join("bad.toml"), CONFIG.replace(from, to)).unwrap();
        refuse(path, what, "run bad.toml -o campaign", key);
    }
    let (head, _) = CONFIG.split_once("[[instances]]").unwrap();
    fs::write(path.join("bad.toml"), head).unwrap();
    refuse(
        path,
        "no instances",
        "run bad.toml -o campaign",
        "instances",
    );
    fs::write(
        path.join("bad.toml"),
        format!("{head}[[instances]]\nfiles = [\"none.json\"]\n"),
    )
    .unwrap();
    refuse(
        path,
        "no such instance",
        "run bad.toml -o campaign",
        "none.json",
    );
    refuse(
        path,
        "no such configuration",
        "run none.toml -o campaign",
        "none.toml",
    );
}

#[test]
fn folders_without_good_records_are_refused() {
    let (folder, _) = workshop();
    let path = folder.path();
    fs::create_dir(path.join("bare")).unwrap();
    refuse(path, "no records", "report bare", "records.jsonl");
    refuse(path, "no records", "verify bare", "records.jsonl");
    refuse(path, "no folder", "report none", "none");
    refuse(path, "a file", "report good.json", "good.json");
    fs::write(path.join("c.toml"), CONFIG).unwrap();
    good(path, "run c.toml -o campaign");
    // Plans can be re-checked without certificates.
    good(path, "verify campaign --strict");
    let records = path.join("campaign/records.jsonl");
    let text = fs::read_to_string(&records).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1] = &lines[1][..40];
    fs::write(&records, lines.join("\n") + "\n").unwrap();
    for line in [
        "report campaign",
        "run c.toml -o campaign",
        "verify campaign",
    ] {
        refuse(path, "a broken line in the middle", line, "line 2");
        refuse(path, "a broken line in the middle", line, "records.jsonl");
    }
}

#[test]
fn other_files_are_not_verified() {
    let (folder, _) = workshop();
    let path = folder.path();
    for (what, text, key) in [
        (
            "another format",
            r#"{"format": "offload-record/1"}"#,
            "offload-record/1",
        ),
        ("no format", "{}", "format"),
        ("not an object", "[1]", "format"),
        (
            "an empty certificate",
            r#"{"format": "offload-certificate/1"}"#,
            "tree: is missing",
        ),
        ("no JSON", "plan", "not valid JSON"),
    ] {
        fs::write(path.join("bad.json"), text).unwrap();
        refuse(path, what, "verify bad.json --instance good.json", key);
        refuse(
            path,
            what,
            "verify bad.json --instance good.json",
            "bad.json",
        );
    }
}

#[test]
fn infeasible_problems_exit_with_1() {
    let (folder, mut instance) = workshop();
    let path = folder.path();
    for server in instance["servers"].as_array_mut().unwrap() {
        server["max_users"] = json!(0);
    }
    fs::write(path.join("caps.json"), instance.to_string()).unwrap();
    for solver in [
        "goa",
        "bnb",
        "enumerate",
        "exact",
        "milp",
        "ga",
        "local-search",
    ] {
        let ran = bench(
            path,
            &format!("solve caps.json --solver {solver} --threshold 0.7 --json -o out.json"),
        );
        assert_eq!(ran.code, Some(1), "{solver}: {}", ran.err);
        let value = &json_lines(&ran.out)[0];
        assert_eq!(value["status"], json!("infeasible"), "{solver}");
        assert!(
            value["objective"].is_null() && value["assignment"].is_null(),
            "{solver}: {value}"
        );
        assert!(
            ran.err.contains("out.json"),
            "{solver} should say that there is no plan: {}",
            ran.err
        );
        assert!(!path.join("out.json").exists(), "{solver}");
    }
}

#[test]
fn generating_twice_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for gzip in ["", "--gzip"] {
        let line = format!("generate --family paper --users 8 --seed 3 --count 2 {gzip} -o");
        let (a, b) = (
            good(path, &format!("{line} a")),
            good(path, &format!("{line} b")),
        );
        let read = |name: &str| fs::read(path.join(name)).unwrap();
        let contents: Vec<_> = a.lines().map(read).collect();
        assert_eq!(contents, b.lines().map(read).collect::<Vec<_>>());
        assert_eq!(contents.len(), 2);
        assert_ne!(contents[0], contents[1], "two seeds");
        let end = if gzip.is_empty() { ".json" } else { ".json.gz" };
        assert!(a.lines().all(|name| name.ends_with(end)), "{a}");
    }
    let solve = |file: &str| {
        json_lines(&good(
            path,
            &format!("solve {file} --solver goa --threshold 0.7 --json"),
        ))
        .remove(0)
    };
    let (plain, packed) = (
        solve("a/paper-n8-m4-s3.json"),
        solve("a/paper-n8-m4-s3.json.gz"),
    );
    assert_eq!(plain["objective"], packed["objective"]);
    good(
        path,
        "generate --family paper --users 3 --seed 18446744073709551615 -o last",
    );
}

#[test]
fn solve_prints_the_documented_object() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::copy(&offload_tests::golden_files()[0], path.join("golden.json")).unwrap();
    let n = read(&path.join("golden.json"))["users"]
        .as_array()
        .unwrap()
        .len();
    let all = json_lines(&good(
        path,
        "solve golden.json --solver goa,dmin,bnb --threshold 0.7 --gap 0.1 --json",
    ));
    assert_eq!(
        all.iter()
            .map(|v| v["solver"].as_str().unwrap())
            .collect::<Vec<_>>(),
        ["goa", "dmin", "bnb"]
    );
    for value in &all {
        let status = value["status"].as_str().unwrap();
        assert!(
            ["optimal", "feasible", "infeasible", "timeout", "error"].contains(&status),
            "{value}"
        );
        assert!(value["objective"].as_f64().unwrap() > 0.0, "{value}");
        assert!(value["time_s"].as_f64().unwrap() >= 0.0, "{value}");
        assert!(value["violations"].is_u64(), "{value}");
        assert_eq!(value["assignment"].as_array().unwrap().len(), n, "{value}");
        // A heuristic has a gap to the bound of another solver.
        for (key, is_given) in [
            ("lower_bound", value["solver"] == "bnb"),
            ("gap", value["violations"] == 0),
        ] {
            let number = value
                .get(key)
                .unwrap_or_else(|| panic!("no {key}: {value}"));
            assert_eq!(number.is_f64(), is_given, "{key}: {value}");
            assert_eq!(number.is_null(), !is_given, "{key}: {value}");
        }
    }
    let table = good(path, "solve golden.json --solver goa,dmin --threshold 0.7");
    assert!(
        table.contains("goa") && table.contains("dmin") && table.contains("objective"),
        "{table}"
    );
}

#[test]
fn goa_decides_as_its_authors_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut compared = 0;
    for file in offload_tests::golden_files() {
        fs::copy(&file, path.join("golden.json")).unwrap();
        let decisions = read(&file.with_extension("decisions.json"));
        for decision in decisions["decisions"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|d| d["solver"] == "goa")
        {
            let line = format!(
                "solve golden.json --solver goa --threshold {} --json",
                decision["threshold"]
            );
            let value = json_lines(&good(path, &line)).remove(0);
            assert_eq!(
                value["assignment"],
                decision["assignment"],
                "{} {line}",
                file.display()
            );
            compared += 1;
        }
    }
    assert_eq!(compared, 8 * 5);
}

#[test]
fn evaluate_recomputes_what_solve_prints() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for file in offload_tests::golden_files() {
        fs::copy(&file, path.join("golden.json")).unwrap();
        for weights in ["uncertainty", "uniform"] {
            let line = format!(
                "solve golden.json --solver goa --threshold 0.8 --weights {weights} --json -o plan.json"
            );
            let solved = json_lines(&good(path, &line)).remove(0);
            let plan = read(&path.join("plan.json"));
            assert_eq!(plan["format"], json!("offload-plan/1"));
            assert_eq!(plan["assignment"], solved["assignment"]);
            let value = json_lines(&good(path, "evaluate golden.json plan.json --json")).remove(0);
            assert_eq!(value["objective"], solved["objective"], "{line}");
            assert_eq!(value["feasible"], json!(true));
            assert_eq!(value["weights"], json!(weights));
            let text = good(path, "verify plan.json --instance golden.json");
            assert!(text.contains("feasible plan"), "{text}");
        }
    }
}

#[test]
fn solvers_and_families_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let first = |text: String| -> Vec<String> {
        text.lines()
            .map(|l| l.split_whitespace().next().unwrap().to_string())
            .collect()
    };
    let solvers = first(good(path, "solvers"));
    for id in [
        "local-only",
        "all-offload",
        "random",
        "dmin",
        "goa",
        "ga",
        "local-search",
        "enumerate",
        "milp",
        "bnb",
    ] {
        assert!(solvers.iter().any(|s| s == id), "{id} in {solvers:?}");
    }
    let families = first(good(path, "families"));
    for id in [
        "paper",
        "trace",
        "hotspot",
        "heterogeneous",
        "tight",
        "adversarial",
    ] {
        assert!(families.iter().any(|f| f == id), "{id} in {families:?}");
    }
    for id in families {
        assert!(good(path, &format!("families {id}")).starts_with(&id));
        let made = good(
            path,
            &format!("generate --family {id} --users 4 --servers 2 -o made"),
        );
        let value = json_lines(&good(
            path,
            &format!("solve {} --solver goa --threshold 1 --json", made.trim()),
        ))
        .remove(0);
        assert_eq!(value["status"], json!("feasible"), "{id}");
    }
    refuse(path, "unknown family", "families papper", "papper");
}

#[test]
fn exports_start_with_the_right_words() {
    let (folder, _) = workshop();
    let path = folder.path();
    for format in ["mps", "lp"] {
        let printed = good(path, &format!("export good.json --format {format}"));
        good(
            path,
            &format!("export good.json --format {format} -o out.{format}"),
        );
        assert_eq!(
            printed,
            fs::read_to_string(path.join(format!("out.{format}"))).unwrap()
        );
        if format == "mps" {
            assert!(printed.starts_with("NAME"), "{printed}");
            assert!(
                printed.lines().nth(1) == Some("ROWS") && printed.trim_end().ends_with("ENDATA")
            );
        } else {
            let first = printed.lines().find(|line| !line.starts_with('\\'));
            assert_eq!(first, Some("Minimize"));
            assert_eq!(printed.trim_end().lines().last(), Some("End"));
        }
    }
}

#[test]
fn a_campaign_resumes_and_reports() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let records = path.join("campaign/records.jsonl");
    fs::write(path.join("c.toml"), CONFIG).unwrap();
    assert!(good(path, "run c.toml -o campaign").starts_with("4 new"));
    let first = fs::read(&records).unwrap();
    let known = timeless(&records);
    assert_eq!(known.len(), 4);

    assert!(good(path, "run c.toml -o campaign").starts_with("0 new"));
    assert!(
        fs::read(&records).unwrap() == first,
        "nothing to do, and yet the records changed"
    );

    let last_line = first[..first.len() - 1]
        .iter()
        .rposition(|&b| b == b'\n')
        .unwrap()
        + 1;
    for cut in [
        last_line + 1,
        usize::midpoint(last_line, first.len()),
        first.len() - 2,
    ] {
        fs::write(&records, &first[..cut]).unwrap();
        assert!(
            good(path, "run c.toml -o campaign").starts_with("1 new"),
            "cut at {cut}"
        );
        assert!(timeless(&records) == known, "cut at {cut}");
    }

    good(path, "report campaign");
    for (file, start) in [("report.md", "# "), ("gaps.csv", ""), ("summary.csv", "")] {
        let text = fs::read_to_string(path.join("campaign").join(file)).unwrap();
        assert!(
            text.starts_with(start) && text.contains("goa") && text.contains("bnb"),
            "{file}: {text}"
        );
    }
    let names: Vec<String> = files(&path.join("campaign"))
        .iter()
        .map(|(p, _)| p.display().to_string())
        .collect();
    let svg: Vec<&String> = names.iter().filter(|name| name.ends_with(".svg")).collect();
    assert_eq!(svg.len(), 11, "{names:?}");
    assert!(
        svg.iter()
            .all(|name| fs::read_to_string(name).unwrap().starts_with("<svg"))
    );
}

/// Rewrites a campaign's records with those that are wanted, given their number and text.
fn keep_records(campaign: &Path, wanted: impl Fn(usize, &str) -> bool) {
    let file = campaign.join("records.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let lines = text.lines().enumerate();
    let kept: Vec<&str> = lines
        .filter(|(k, l)| wanted(*k, l))
        .map(|(_, l)| l)
        .collect();
    fs::write(&file, kept.join("\n") + "\n").unwrap();
}

/// A folder with the campaign `a`, and `b`: the same with 2 of its 4 rows.
fn two_campaigns() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("c.toml"), CONFIG).unwrap();
    good(path, "run c.toml -o a");
    good(path, "run c.toml -o b");
    keep_records(&path.join("b"), |k, _| k < 2);
    folder
}

#[test]
fn a_report_and_a_comparison_name_missing_rows() {
    let folder = two_campaigns();
    let path = folder.path();
    assert!(!good(path, "report a").contains("unfinished"));
    assert!(good(path, "report b").contains("unfinished: 2 of 4 rows"));
    let report = fs::read_to_string(path.join("b/report.md")).unwrap();
    assert!(report.contains("**Unfinished: 2 of the 4 rows"), "{report}");

    let printed = good(path, "report --compare a b -o both");
    assert!(
        printed.contains("B against A on 2 common solves") && printed.contains("Only in A"),
        "{printed}"
    );
    let names = [
        "compare.md",
        "compare.html",
        "compare.csv",
        "compare-changes.csv",
    ];
    let read = || names.map(|name| fs::read(path.join("both").join(name)).unwrap());
    let first = read();
    assert!(String::from_utf8_lossy(&first[0]).starts_with("# Comparison of two campaigns\n"));
    good(path, "report --compare a b -o both");
    assert!(read() == first, "the same campaigns gave other bytes");
    good(path, "report --compare a b");
    assert!(path.join("b/compare.md").is_file() && !path.join("a/compare.md").exists());
}

#[test]
fn bad_comparisons_are_refused() {
    let folder = two_campaigns();
    let path = folder.path();
    refuse(
        path,
        "no folder to compare with",
        "report --compare a none",
        "none",
    );
    refuse(
        path,
        "one folder to compare",
        "report --compare a",
        "--compare",
    );
    refuse(
        path,
        "an output without a comparison",
        "report a -o both",
        "--compare",
    );
    refuse(path, "nothing to report", "report", "FOLDER");
    refuse(
        path,
        "twice",
        "report --compare a b --compare a b",
        "--compare",
    );
    fs::write(
        path.join("d.toml"),
        CONFIG.replace("thresholds = [", "thresholds = [0.125, "),
    )
    .unwrap();
    good(path, "run d.toml -o d");
    keep_records(&path.join("d"), |_, line| {
        line.contains("\"threshold\":0.125")
    });
    refuse(
        path,
        "nothing in common",
        "report --compare a d",
        "no common problem",
    );
}

/// A stop after the last brace and before its newline leaves a whole record: the next one must not
/// be glued to it.
#[test]
fn a_campaign_resumes_behind_a_record_without_newline() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let records = path.join("campaign/records.jsonl");
    fs::write(path.join("c.toml"), CONFIG).unwrap();
    good(path, "run c.toml -o campaign");
    let known = timeless(&records);
    let text = fs::read_to_string(&records).unwrap();
    let two: Vec<&str> = text.lines().take(2).collect();
    fs::write(&records, two.join("\n")).unwrap();
    assert!(good(path, "run c.toml -o campaign").starts_with("2 new"));
    assert!(timeless(&records) == known);
    assert!(good(path, "run c.toml -o campaign").starts_with("0 new"));
    good(path, "report campaign");
}

#[test]
fn certificates_are_certified() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for interference in ["false", "true"] {
        let line = format!(
            "generate --family paper --users 6 --servers 3 --set interference={interference} -o ."
        );
        let instance = good(path, &line);
        let instance = instance.trim();
        for solver in ["bnb", "exact"] {
            let line = format!(
                "solve {instance} --solver {solver} --threshold 0.7 --json --certificate c.json"
            );
            let ran = bench(path, &line);
            // `exact` may enumerate such a small problem, and then has no certificate to write.
            if solver == "exact" && ran.code == Some(2) {
                assert!(ran.err.contains("certificate"), "{}", ran.err);
                continue;
            }
            assert_eq!(ran.code, Some(0), "{line}: {}", ran.err);
            assert_eq!(json_lines(&ran.out)[0]["status"], json!("optimal"));
            let text = good(path, "verify c.json");
            assert!(
                text.contains("certified") && !text.contains("REFUSED"),
                "interference {interference}: {text}"
            );
            assert_eq!(
                good(path, &format!("verify c.json --instance {instance}")),
                text
            );
        }
    }
}

#[test]
fn a_certificate_that_claims_too_much_is_refused() {
    let (folder, _) = workshop();
    let path = folder.path();
    good(
        path,
        "solve good.json --solver bnb --threshold 0.7 --certificate c.json",
    );
    let mut certificate = read(&path.join("c.json"));
    certificate["lower_bound"] = json!(certificate["lower_bound"].as_f64().unwrap() * 1.01);
    fs::write(path.join("c.json"), certificate.to_string()).unwrap();
    let ran = bench(path, "verify c.json --instance good.json");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        ran.out.contains("REFUSED") && ran.out.contains("lower-bound"),
        "{}",
        ran.out
    );
}

/// Writing a file whole means renaming over its target, which must not happen to what is no
/// ordinary file: a socket stands in here for a device such as /dev/null.
#[cfg(unix)]
#[test]
fn special_files_are_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    let (folder, _) = workshop();
    let path = folder.path();
    let target = path.join("special");
    let _listener = std::os::unix::net::UnixListener::bind(&target).unwrap();
    for line in [
        "solve good.json --solver goa --threshold 0.7 -o special",
        "solve good.json --solver bnb --threshold 0.7 --certificate special",
        "export good.json --format lp -o special",
    ] {
        let _ = bench(path, line);
        assert!(
            fs::symlink_metadata(&target)
                .unwrap()
                .file_type()
                .is_socket(),
            "{line}: it was replaced"
        );
    }
}

/// Sites in a row of 300 m steps, their users, a request trace and a query trace with several
/// columns.
fn real_data(folder: &Path) {
    let (mut sites, mut users) = (
        String::from("SITE_ID,LATITUDE,LONGITUDE,NAME\n"),
        String::from("Latitude,Longitude\n"),
    );
    let mut requests = String::from("TIMESTAMP,ContextTokens,GeneratedTokens\n");
    let mut trace = String::from(
        "query,prompt_bytes,small_time_s,large_time_s,uncertainty,small_correct,large_correct,entropy,perplexity\n",
    );
    for k in 0..60 {
        let east = 144.95 + 0.0034 * f64::from(k % 6);
        sites += &if k < 6 {
            format!("{k},-37.81,{east},\"Corner, {k}\"\n")
        } else {
            String::new()
        };
        users += &format!("{},{}\n", -37.81 + 1e-5 * f64::from(k), east + 2e-4);
        requests += &format!("2023-11-16 18:15:{k:02},{},{}\n", 100 + 40 * k, 10 + k);
        let (unsure, right) = (f64::from(k) / 60.0, u8::from((k * 7) % 60 > k));
        trace += &format!(
            "{k},{},0.5,3,{unsure},{right},{},{},{}\n",
            200 + k,
            k % 2,
            unsure * unsure,
            1.0 + unsure
        );
    }
    for (name, text) in [
        ("sites.csv", sites),
        ("users.csv", users),
        ("requests.csv", requests),
        ("trace.csv", trace),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// Every new family and option: the same bytes twice, and a certified solve.
#[test]
fn real_data_is_generated_and_solved() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    real_data(path);
    for line in [
        "--family topology --set sites=sites.csv --set user_positions=users.csv",
        "--family topology --set sites=sites.csv --set site_choice=nearest --set queries=requests --set requests=requests.csv",
        "--family topology --set path_loss=uma --set queries=trace --set trace=trace.csv --uncertainty perplexity",
        "--family requests --set requests=requests.csv --set gpus=t4,h100",
        "--family trace --set trace=trace.csv --uncertainty -entropy --set scale=calibrated",
    ] {
        let made = good(
            path,
            &format!("generate {line} --users 8 --servers 3 --seed 4 -o a"),
        );
        let again = good(
            path,
            &format!("generate {line} --users 8 --servers 3 --seed 4 -o b"),
        );
        assert_eq!(
            fs::read(path.join(made.trim())).unwrap(),
            fs::read(path.join(again.trim())).unwrap(),
            "{line}"
        );
        let solved = good(
            path,
            &format!("solve {} --solver bnb --threshold 0.5 --json", made.trim()),
        );
        assert_eq!(json_lines(&solved)[0]["status"], json!("optimal"), "{line}");
    }
}

/// Faults of data files and of what names them; columns as in [`BAD_LINES`].
#[rustfmt::skip] // a table
const BAD_DATA: [(&str, &str, &str); 16] = [
    ("a bad site",
        "generate --family topology --users 3 --servers 2 --set sites=bad.csv -o out",
        "line 3: latitude is 'x'"),
    ("no such column",
        "generate --family topology --users 3 --servers 2 --set sites=bad.csv --set site_x=east -o out",
        "no column 'east'"),
    ("too many servers",
        "generate --family topology --users 3 --servers 7 --set sites=sites.csv -o out",
        "6 sites for 7 servers"),
    ("too many users",
        "generate --family topology --users 61 --servers 2 --set sites=sites.csv --set user_positions=users.csv -o out",
        "60 users"),
    ("a folder",
        "generate --family topology --users 3 --servers 2 --set sites=. -o out", "directory"),
    ("a missing file",
        "generate --family requests --users 3 --set requests=none.csv -o out", "none.csv"),
    ("a bad request",
        "generate --family requests --users 3 --set requests=bad.csv --set prompt_column=n --set answer_column=Longitude -o out",
        "line 3: n is 0"),
    ("an unknown class",
        "generate --family requests --users 3 --set gpus=h10 -o out", "Did you mean 'h100'"),
    ("an unknown column",
        "generate --family trace --users 3 --uncertainty entropie -o out",
        "Did you mean 'entropy'"),
    ("not within 0..1",
        "generate --family trace --users 3 --uncertainty perplexity --set scale=as-is -o out",
        "line 2: perplexity"),
    ("a family without",
        "generate --family paper --users 3 --uncertainty entropy -o out", "no query trace"),
    ("given twice",
        "generate --family trace --users 3 --uncertainty entropy --set uncertainty=entropy -o out",
        "twice"),
    ("a bad trace", "uncertainty bad.csv -o out", "none of the columns"),
    ("an unknown scale", "uncertainty trace.csv --scale log -o out", "calibrated"),
    ("a column twice", "uncertainty trace.csv --columns entropy,entropy -o out", "twice"),
    ("an unknown solver", "uncertainty trace.csv --solvers gao -o out", "unknown solver 'gao'"),
];

#[test]
fn bad_real_data_is_refused_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    real_data(path);
    fs::write(
        path.join("bad.csv"),
        "Latitude,Longitude,n\n-37.81,144.95,5\nx,144.95,0\n-37.81\n",
    )
    .unwrap();
    for (what, line, key) in BAD_DATA {
        refuse(path, what, line, key);
    }
}

#[test]
fn uncertainty_reports_and_repeats() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    real_data(path);
    let line = "uncertainty trace.csv --users 8 --servers 2 --instances 2 --thresholds 0.3,0.8 --solvers goa";
    let named = good(path, &format!("{line} -o a"));
    assert_eq!(named.lines().count(), 10, "{named}");
    good(path, &format!("{line} -o b"));
    assert!(
        files(&path.join("a"))
            .iter()
            .map(|f| &f.1)
            .eq(files(&path.join("b")).iter().map(|f| &f.1))
    );
    let text = fs::read_to_string(path.join("a/uncertainty.md")).unwrap();
    assert!(
        text.contains("| uncertainty | predicts |") && text.contains("| perplexity | goa | 0.3 |"),
        "{text}"
    );
    // The informed plan with no fewer right answers is never the slower one, up to the certified
    // gap.
    let gaps = fs::read_to_string(path.join("a/uncertainty-gaps.csv")).unwrap();
    let mut informed = 0;
    for row in gaps.lines().filter(|l| l.contains("information")) {
        let value: f64 = row.rsplit(',').next().unwrap().parse().unwrap();
        assert!(value >= -1.1e-3, "{row}");
        informed += 1;
    }
    assert_eq!(informed, 3 * 2 * 2 * 2);
    good(
        path,
        "uncertainty trace.csv --instances 0 --columns -entropy -o c",
    );
    let text = fs::read_to_string(path.join("c/uncertainty.md")).unwrap();
    assert!(
        text.contains("| -entropy | contradicts |") && !text.contains("two gaps"),
        "{text}"
    );
}

/// A claim that rests on a statement is never called certified, and a refused certificate proves
/// nothing that could be quoted.
#[test]
fn verify_says_what_a_claim_rests_on() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates");
    let verify = |file: &str| {
        bench(
            &corpus,
            &format!("verify --instance instances/mutant.json {file}"),
        )
    };
    for file in ["accepted/assumed.json", "accepted/assumed-part.json"] {
        let ran = verify(file);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        assert!(
            ran.out.contains("it rests on 1 assumed leaf"),
            "{}",
            ran.out
        );
        assert!(ran.out.contains("lower bound  0 weighted s"), "{}", ran.out);
        assert!(!ran.out.contains("certified"), "{}", ran.out);
    }
    let ran = verify("refused/claim-high.json");
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(
        !ran.out.contains("lower bound") && !ran.out.contains("gap"),
        "{}",
        ran.out
    );
}
