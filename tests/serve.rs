//! External solvers: programs that answer many problems (`serve:`), what they are shown, and their
//! versions.
#![cfg(unix)]

use offload_tests::program::{bench, ends, good, json, json_lines, record_of, records, words};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A folder with the configuration `c.toml` and the program `s.sh`.
fn with_program(config: &str, program: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.toml"), config).unwrap();
    fs::write(folder.path().join("s.sh"), program).unwrap();
    folder
}

/// The head of a configuration with three problems on one instance of six users.
const THREE: &str = r#"format = "offload-config/1"
thresholds = [0.2, 0.7, 0.9]
[[instances]]
family = "paper"
users = [6]
seeds = [1]
"#;

/// [`THREE`] with the program `s.sh` under the name `mine`.
fn config(more: &str) -> String {
    format!("{THREE}[[solver]]\nname = \"mine\"\nid = \"serve:sh s.sh\"\n{more}\n")
}

/// A program that says hello and then runs `answer` for each request, with `$id` and `$line`.
fn program(answer: &str) -> String {
    format!(
        "{HELLO}\nwhile read -r line; do\nid=${{line#*'\"id\": '}}; id=${{id%%,*}}\n{answer}\n\
         done\n"
    )
}

const HELLO: &str =
    r#"echo '{"protocol": "offload-solver/2", "name": "shell", "version": "1", "more": 0}'"#;

/// Answers with all six users at server 0.
const ANSWER: &str = r#"echo "{\"id\": $id, \"assignment\": [0, 0, 0, 0, 0, 0]}""#;

/// Runs the campaign of a folder; returns its records.
fn run(folder: &Path) -> Vec<Value> {
    good(folder, "run c.toml -o out --quiet");
    records(&folder.join("out"))
}

/// The records of a program that runs `answer` for each request.
fn rows_of(answer: &str, more: &str) -> Vec<Value> {
    let folder = with_program(&config(more), &program(answer));
    run(folder.path())
}

fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or("")
}

fn number(record: &Value, field: &str) -> f64 {
    record[field].as_f64().unwrap_or(f64::NAN)
}

#[test]
fn a_program_is_started_once_and_its_start_is_not_timed() {
    let answer = format!("echo warn$id >&2; sleep 0.05; {ANSWER}");
    let slow = format!("echo $$ >> pids; sleep 1\n{}", program(&answer));
    let folder = with_program(&config(""), &slow);
    let path = folder.path();
    let rows = run(path);
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_eq!(row["status"], "feasible", "{row}");
        let time = number(row, "time_s");
        assert!((0.05..0.9).contains(&time), "{row}");
        assert_eq!(row["wall_time_s"], row["time_s"], "{row}");
        assert!(row["algorithm_time_s"].is_null(), "{row}");
        assert!(text(row, "output").starts_with("warn"), "{row}");
        assert!(text(row, "solver_version").ends_with("; shell 1"), "{row}");
        assert!(row["options"]["anytime"].is_null(), "{row}");
    }
    assert_eq!(
        fs::read_to_string(path.join("pids"))
            .unwrap()
            .lines()
            .count(),
        1
    );
    // All users at server 0, as the evaluator prices it.
    good(
        path,
        "generate --family paper --users 6 --servers 4 --seed 1 -o .",
    );
    let plan = r#"{"format": "offload-plan/1", "assignment": [0, 0, 0, 0, 0, 0]}"#;
    fs::write(path.join("plan.json"), plan).unwrap();
    let line =
        "evaluate paper-n6-m4-s1.json plan.json --threshold 0.2 --weights uncertainty --json";
    let value = &json_lines(&good(path, line))[0];
    assert_eq!(rows[0]["objective"], value["objective"]);
}

#[test]
fn one_process_runs_for_each_thread_and_none_stays() {
    let answer = format!("sleep 0.05; {ANSWER}");
    let slow = format!("echo $$ >> pids\n{}", program(&answer));
    let text = config("").replace("seeds = [1]", "seeds = [1, 2, 3, 4]");
    let folder = with_program(
        &text.replace("thresholds", "threads = 2\nthresholds"),
        &slow,
    );
    let rows = run(folder.path());
    assert!(rows.len() == 12 && rows.iter().all(|row| row["status"] == "feasible"));
    let pids = fs::read_to_string(folder.path().join("pids")).unwrap();
    assert_eq!(pids.lines().count(), 2, "{pids}");
    for pid in pids.lines() {
        assert!(!Path::new("/proc").join(pid).exists(), "{pid} lives on");
    }
}

#[test]
fn a_program_may_state_the_time_of_its_algorithm() {
    let timed = |time: &str| {
        let answer = ANSWER.replace(
            "\\\"assignment",
            &format!("\\\"algorithm_time_s\\\": {time}, \\\"assignment"),
        );
        rows_of(&format!("sleep 0.02; {answer}"), "")
    };
    for row in timed("0.015") {
        assert_eq!(
            (row["status"].clone(), row["time_s"].clone()),
            (json!("feasible"), json!(0.015))
        );
        assert_eq!(row["algorithm_time_s"], 0.015);
        assert!(number(&row, "wall_time_s") >= 0.02, "{row}");
    }
    for bad in ["1000", "-1", "\\\"fast\\\""] {
        for row in timed(bad) {
            assert_eq!(row["status"], "error", "{bad}: {row}");
            assert!(
                text(&row, "stop").contains("algorithm_time_s"),
                "{bad}: {row}"
            );
            assert!(row["algorithm_time_s"].is_null() && row["time_s"] == row["wall_time_s"]);
        }
    }
}

#[test]
fn a_one_shot_program_may_state_it_too() {
    let plan = r#"{"format": "offload-plan/1", "assignment": [0, 0, 0, 0, 0, 0], "algorithm_time_s": TIME}"#;
    let solver = |name: &str, time: &str| {
        let plan = plan.replace("TIME", time);
        format!("[[solver]]\nname = \"{name}\"\nid = '''exec:sleep 0.05; echo '{plan}' '''\n")
    };
    let text = [THREE, &solver("good", "0.03"), &solver("bad", "100")].concat();
    let folder = with_program(&text, "");
    run(folder.path());
    let out = folder.path().join("out");
    let row = record_of(&out, "good");
    assert_eq!(
        (row["time_s"].clone(), row["algorithm_time_s"].clone()),
        (json!(0.03), json!(0.03))
    );
    assert!(number(&row, "wall_time_s") >= 0.05, "{row}");
    let bad = record_of(&out, "bad");
    assert_eq!(bad["status"], "error");
    assert!(text_has(&bad, "stop", "algorithm_time_s 100"), "{bad}");
}

fn text_has(record: &Value, field: &str, part: &str) -> bool {
    text(record, field).contains(part)
}

#[test]
fn a_program_is_shown_the_problem_and_nothing_of_the_answers() {
    let family = |more: &str| config(more).replace("\"paper\"", "\"trace\"");
    for (more, reveals) in [("", false), ("reveal = true", true)] {
        let keeps = format!("echo \"$line\" >> seen.jsonl; {ANSWER}");
        let text =
            family(more) + "[[solver]]\nname = \"once\"\nid = \"exec:cat > once.json\"\n" + more;
        let folder = with_program(&text, &program(&keeps));
        let path = folder.path();
        let rows = run(path);
        assert!(
            rows[0]["realised"]["accuracy_pct"].is_number(),
            "{}",
            rows[0]
        );
        assert_eq!(
            rows[0]["options"]["reveal"],
            if reveals { json!(true) } else { Value::Null }
        );
        let seen = json_lines(&fs::read_to_string(path.join("seen.jsonl")).unwrap());
        assert_eq!(seen.len(), 3);
        let mut keys: Vec<&String> = seen[0].as_object().unwrap().keys().collect();
        keys.sort();
        assert_eq!(
            keys,
            [
                "gap",
                "id",
                "problem",
                "seed",
                "threshold",
                "time_limit_s",
                "weights"
            ]
        );
        assert!(seen[1]["id"].as_u64().unwrap() < 1 << 53);
        assert_eq!(seen[1]["threshold"], 0.7);
        assert_eq!(
            (seen[1]["weights"].clone(), seen[1]["time_limit_s"].clone()),
            (json!("uncertainty"), json!(null))
        );
        good(
            path,
            "generate --family trace --users 6 --servers 4 --seed 1 -o .",
        );
        let mut whole = json(&path.join("trace-n6-m4-s1.json"));
        assert!(whole["users"][0]["correct_edge"].is_number());
        if !reveals {
            for user in whole["users"].as_array_mut().unwrap() {
                for key in ["edge_time_s", "correct_local", "correct_edge"] {
                    user.as_object_mut().unwrap().remove(key);
                }
            }
        }
        assert_eq!(seen[0]["problem"], whole);
        assert_eq!(json(&path.join("once.json"))["instance"], whole);
    }
}

/// What a program does with each request, more keys of its table, and the status and reason of all
/// its rows.
struct Trouble(&'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip] // a table
const TROUBLES: [Trouble; 17] = [
    Trouble("echo why >&2; exit 3", "", "error", "it ended with exit code 3 without an answer: why"),
    Trouble("kill -SEGV $$", "", "error", "SIGSEGV"),
    Trouble("exec >&-; sleep 100", "", "error", "it closed its stdout"),
    Trouble("sleep 1000", "hard_time_limit_s = 0.3", "timeout", "killed after 0.3 s"),
    Trouble("trap '' TERM; while :; do sleep 1; done", "hard_time_limit_s = 0.3", "timeout", "killed after 0.3 s"),
    Trouble("printf '{\"id\": '; sleep 1000", "hard_time_limit_s = 0.3", "timeout", "killed after 0.3 s"),
    Trouble("echo '{\"id\": 77, \"assignment\": [0]}'", "", "error", "it answered request `77` where"),
    Trouble("echo '{\"assignment\": [0]}'", "", "error", "without an id"),
    Trouble("echo thinking ...", "", "error", "not a JSON object: `thinking ...`"),
    Trouble("printf '\\033[31m\\377\\n'", "", "error", "`\\u{1b}[31m"),
    Trouble("echo", "", "error", "not a JSON object"),
    Trouble("head -c 1000000 /dev/zero | tr '\\0' x; echo", "", "error", "a line of more than"),
    Trouble("head -c 100000000 /dev/zero", "", "error", "a line of more than"),
    Trouble("echo \"{\\\"id\\\": $id, \\\"error\\\": \\\"too large\\\"}\"", "", "error", "it reports: `too large`"),
    Trouble("echo \"{\\\"id\\\": $id, \\\"assignment\\\": [0]}\"", "", "error", "1 entries for 6 users"),
    Trouble("echo \"{\\\"id\\\": $id, \\\"assignment\\\": [9,9,9,9,9,9]}\"", "", "error", "wrong shape"),
    Trouble("echo \"{\\\"id\\\": $id}\"", "", "error", "neither an assignment nor an error"),
];

#[test]
fn trouble_costs_its_own_row() {
    let mut text = THREE.to_string();
    let folder = with_program("", "");
    let path = folder.path();
    for (k, Trouble(answer, more, ..)) in TROUBLES.iter().enumerate() {
        fs::write(path.join(format!("{k}.sh")), program(answer)).unwrap();
        text += &format!("[[solver]]\nname = \"s{k}\"\nid = \"serve:exec sh {k}.sh\"\n{more}\n");
    }
    fs::write(path.join("c.toml"), text + "[[solver]]\nid = \"goa\"\n").unwrap();
    let said = good(path, "run c.toml -o out --quiet");
    let rows = records(&path.join("out"));
    // One line a solver: the result, 14 solvers with errors, and none for time-outs and `goa`.
    assert_eq!(said.lines().count(), 15, "{said}");
    let line = "3 rows of s0 failed (it ended with exit code 3 without an answer: why)";
    assert!(said.lines().any(|l| l == line), "{said}");
    assert_eq!(rows.len(), 3 * (TROUBLES.len() + 1));
    for (k, Trouble(answer, _, status, reason)) in TROUBLES.iter().enumerate() {
        let name = format!("s{k}");
        let of = |row: &&Value| row["solver"] == name.as_str();
        for row in rows.iter().filter(of) {
            assert_eq!(row["status"], *status, "{answer}: {row}");
            assert!(text_has(row, "stop", reason), "{answer}: {row}");
            assert!(row["objective"].is_null(), "{answer}: {row}");
            assert!(row["wall_time_s"].is_number(), "{answer}: {row}");
        }
    }
    good(path, "report out");
}

#[test]
fn the_row_after_a_failure_gets_a_new_process() {
    // The second request of a program's life is never answered well.
    for failure in [
        "exit 7",
        "echo nonsense",
        "sleep 100",
        &format!("{ANSWER}; {ANSWER}"),
    ] {
        let answer = format!("n=$((n + 1)); if [ $n = 2 ]; then {failure}; else {ANSWER}; fi");
        let counts = format!("echo $$ >> pids\n{}", program(&answer));
        let folder = with_program(&config("hard_time_limit_s = 1"), &counts);
        let rows = run(folder.path());
        let statuses: Vec<&str> = rows.iter().map(|row| text(row, "status")).collect();
        // A second answer to one request is found by the next row, here the last.
        let answers_twice = failure.starts_with("echo \"");
        let failed = if answers_twice { 2 } else { 1 };
        let starts = if answers_twice { 1 } else { 2 };
        let pids = fs::read_to_string(folder.path().join("pids")).unwrap();
        assert_eq!(pids.lines().count(), starts, "{failure}: {pids}");
        for (k, status) in statuses.iter().enumerate() {
            assert_eq!(
                *status == "feasible",
                k != failed,
                "{failure}: {statuses:?}"
            );
        }
    }
}

#[test]
fn answers_before_their_request_are_refused() {
    // All ids from 0 to 9 with each answer and with the hello, well before the next request.
    let flood = "for k in 0 1 2 3 4 5 6 7 8 9; do \
                 echo \"{\\\"id\\\": $k, \\\"assignment\\\": [0, 0, 0, 0, 0, 0]}\"; done";
    let folder = with_program(&config(""), &format!("{}\n{flood}; sleep 100", HELLO));
    for row in run(folder.path()) {
        assert_eq!(row["status"], "error", "{row}");
        let stop = text(&row, "stop");
        let is_named = stop.contains("before the request") || stop.contains("it answered request");
        assert!(is_named, "{row}");
    }
    // The next id cannot be foreseen: no row has an answer of no time.
    let rows = rows_of(
        &format!("sleep 0.1; {ANSWER}; id=$((id + 1)); {ANSWER}"),
        "",
    );
    for row in rows.iter().filter(|row| row["status"] == "feasible") {
        assert!(row["wall_time_s"].as_f64().unwrap() >= 0.1, "{row}");
    }
    assert!(rows.iter().any(|row| row["status"] == "error"), "{rows:?}");
}

#[test]
fn a_late_answer_is_a_time_out_with_its_plan() {
    let rows = rows_of(&format!("sleep 0.4; {ANSWER}"), "time_limit_s = 0.2");
    for row in rows {
        assert_eq!(row["status"], "timeout", "{row}");
        assert!(row["objective"].is_number() && row["options"]["time_limit_s"] == 0.2);
    }
}

#[test]
fn incumbents_become_the_trajectory() {
    let hello = HELLO.replace("\"more\": 0", "\"anytime\": true");
    let step = |plan: &str| format!("echo \"{{\\\"id\\\": $id, \\\"incumbent\\\": {plan}}}\"");
    let answer = [
        step("[0, 1, 2, 3, 0, 1]"),
        "sleep 0.03".into(),
        step("[0, 0, 0, 0, 0, 1]"),
        // Not better than an earlier one, so no new moment.
        step("[0, 1, 2, 3, 0, 1]"),
        "sleep 0.03".into(),
        "echo \"{\\\"id\\\": $id, \\\"assignment\\\": [0, 0, 0, 0, 0, 0]}\"".into(),
    ];
    let anytime = program(&answer.join("\n")).replace(HELLO, &hello);
    let folder = with_program(&config("time_limit_s = 5"), &anytime);
    for row in run(folder.path()) {
        assert_eq!(
            (row["status"].clone(), row["options"]["anytime"].clone()),
            (json!("feasible"), json!(true))
        );
        let moments = row["trajectory"].as_array().unwrap();
        assert_eq!(moments.len(), 3, "{row}");
        assert_eq!(moments[2]["objective"], row["objective"]);
        for pair in moments.windows(2) {
            assert!(
                pair[0]["time_s"].as_f64() < pair[1]["time_s"].as_f64(),
                "{row}"
            );
            assert!(
                pair[0]["objective"].as_f64() > pair[1]["objective"].as_f64(),
                "{row}"
            );
        }
    }
    // A stated time ends no earlier than the last incumbent arrives; the plan is found then.
    let stated = answer.join("\n").replace(
        "\\\"assignment",
        "\\\"algorithm_time_s\\\": 0.001, \\\"assignment",
    );
    for row in rows_of(&stated, "") {
        assert_eq!(row["algorithm_time_s"], 0.001, "{row}");
        let time = number(&row, "time_s");
        assert!(
            (0.03..number(&row, "wall_time_s") - 0.025).contains(&time),
            "{row}"
        );
        let moments = row["trajectory"].as_array().unwrap();
        assert_eq!(moments.last().unwrap()["time_s"], row["time_s"], "{row}");
    }
    let short = step("[0]");
    for row in rows_of(&format!("{short}; {ANSWER}"), "") {
        assert!(
            row["status"] == "error" && text_has(&row, "stop", "wrong shape"),
            "{row}"
        );
    }
}

#[test]
fn a_program_without_a_valid_hello_costs_its_rows_only() {
    let says = |text: &str| format!("echo x >> starts\n{text}\n");
    let old = HELLO.replace("solver/2", "solver/1");
    for (start, reason) in [
        (
            "echo no module >&2; exit 1",
            "it ended with exit code 1: no module; if it solves one",
        ),
        ("echo Loading", "not JSON"),
        (old.as_str(), "speaks \"offload-solver/2\""),
        ("sleep 100", "no hello within 0.3 s"),
        ("head -c 10000000 /dev/zero", "its hello exceeds"),
    ] {
        let folder = with_program(&config("hello_limit_s = 0.3"), &says(start));
        let path = folder.path();
        let rows = run(path);
        assert_eq!(rows.len(), 3);
        for row in &rows {
            assert!(
                row["status"] == "error" && text_has(row, "stop", reason),
                "{start}: {row}"
            );
            assert!(row["wall_time_s"].is_null(), "{start}: {row}");
        }
        assert!(
            text_has(
                &rows[2],
                "stop",
                "3 times in a row and is not started again"
            ),
            "{}",
            rows[2]
        );
        let starts = fs::read_to_string(path.join("starts")).unwrap();
        assert_eq!(starts.lines().count(), 3, "{start}");
        if start.contains("no module") {
            assert_eq!(rows[0]["output"], "no module");
        }
        // While it stays broken nothing changes; once it is repaired, its rows are outdated.
        assert!(good(path, "run c.toml -o out").starts_with("0 new"));
        fs::write(path.join("s.sh"), program(ANSWER)).unwrap();
        ends(path, "run c.toml -o out", 2, "outdated");
        assert!(good(path, "run c.toml -o out --redo").starts_with("3 rows solved"));
    }
}

#[test]
fn good_records_survive_a_broken_program() {
    let folder = with_program(&config(""), &program(ANSWER));
    let path = folder.path();
    run(path);
    let before = fs::read(path.join("out/records.jsonl")).unwrap();
    // Its version comes from the program alone here, so that only the program could tell it.
    fs::write(path.join("s.sh"), "exit 1").unwrap();
    for line in ["run c.toml -o out", "run c.toml -o out --redo"] {
        ends(
            path,
            line,
            2,
            "a program that does not start: repair it first",
        );
    }
    let line = "run c.toml -o out --redo mine";
    ends(path, line, 2, "nothing was removed");
    assert!(fs::read(path.join("out/records.jsonl")).unwrap() == before);
}

#[test]
fn a_version_covers_what_the_program_depends_on() {
    let more = "depends = [\"*.py\", \"weights/*\"]\nversion_command = \"cat v\"";
    let folder = with_program(&config(more), &program(ANSWER));
    let path = folder.path();
    fs::create_dir(path.join("weights")).unwrap();
    for (file, content) in [
        ("a.py", "1"),
        ("weights/w.bin", "2"),
        ("v", "torch 2.1\nmore"),
    ] {
        fs::write(path.join(file), content).unwrap();
    }
    let rows = run(path);
    let version = text(&rows[0], "solver_version");
    assert!(
        version.contains("; depends ") && version.ends_with("; torch 2.1; shell 1"),
        "{version}"
    );
    assert!(good(path, "run c.toml -o out").starts_with("0 new"));
    let newer = program(ANSWER).replace("\"version\": \"1\"", "\"version\": \"2\"");
    for (file, content) in [
        ("a.py", "one"),
        ("weights/w.bin", "two"),
        ("weights/more.bin", ""),
        ("v", "torch 2.2"),
        ("s.sh", newer.as_str()),
    ] {
        fs::write(path.join(file), content).unwrap();
        ends(path, "run c.toml -o out", 2, "outdated records");
        let said = bench(path, "run c.toml -o out").err;
        let line = "\n  mine: 3 rows, version blake3 ";
        assert!(
            said.contains(line) && said.contains(", now blake3 "),
            "{said}"
        );
        assert!(
            good(path, "run c.toml -o out --redo").starts_with("3 rows solved again, 0 kept"),
            "{file}"
        );
        assert!(
            good(path, "run c.toml -o out").starts_with("0 new"),
            "{file}"
        );
    }
    fs::write(path.join("v"), "").unwrap();
    ends(
        path,
        "run c.toml -o out",
        2,
        "version_command `cat v`: it printed nothing",
    );
    fs::remove_file(path.join("v")).unwrap();
    ends(path, "run c.toml -o out", 2, "exit code 1");
    fs::remove_file(path.join("a.py")).unwrap();
    ends(path, "run c.toml -o out", 2, "*.py: matches no file");
}

#[test]
fn a_solver_can_be_repeated_without_question() {
    let folder = with_program(
        &config("").replace("thresholds", "solvers = [\"goa\"]\nthresholds"),
        &program(ANSWER),
    );
    let path = folder.path();
    run(path);
    let said = good(path, "run c.toml -o out --redo mine");
    assert!(said.starts_with("3 rows solved again, 3 kept"), "{said}");
    // Also when its records are outdated, but not those of another solver.
    fs::write(path.join("s.sh"), program(ANSWER) + "# edited\n").unwrap();
    ends(path, "run c.toml -o out --redo goa", 2, "outdated");
    assert!(good(path, "run --redo mine c.toml -o out").starts_with("3 rows solved"));
    fs::write(path.join("s.sh"), program(ANSWER)).unwrap();
    let said = good(path, "run c.toml -o out --redo goa --redo");
    assert!(said.starts_with("6 rows solved again, 0 kept"), "{said}");
    assert_eq!(records(&path.join("out")).len(), 6);
    ends(path, "run c.toml -o out --redo gao", 2, "it has goa, mine");
    // The file after --redo is the configuration, as before solvers could be named.
    assert!(good(path, "run --redo c.toml -o out").starts_with("0 new"));
    ends(path, "run -o out --redo", 2, "give a configuration");
    ends(path, "run -o out", 2, "<CONFIG>");
}

#[test]
fn several_solvers_can_be_given() {
    let folder = with_program("", &program(ANSWER));
    let path = folder.path();
    good(
        path,
        "generate --family trace --users 6 --servers 4 --count 3 -o .",
    );
    let served = ["--solver", "serve:sh s.sh", "--solver", "goa,dmin"];
    let ran = |line: &str| {
        let all: Vec<&str> = line.split_whitespace().chain(served).collect();
        let ran = words(path, &all);
        assert!(matches!(ran.code, Some(0 | 1)), "{line}: {}", ran.err);
        ran.out
    };
    let rows = json_lines(&ran("solve trace-n6-m4-s1.json --threshold 0.7 --json"));
    let names: Vec<&str> = rows.iter().map(|row| text(row, "solver")).collect();
    assert_eq!(names, ["serve:sh s.sh", "goa", "dmin"]);
    assert_eq!(rows[0]["assignment"], json!([0, 0, 0, 0, 0, 0]));
    for bad in [
        "exec:sh s.sh,goa",
        "serve:sh s.sh , goa",
        "serve:sh s.sh,exec:a",
    ] {
        let line = [
            "solve",
            "trace-n6-m4-s1.json",
            "--threshold",
            "0.7",
            "--solver",
            bad,
        ];
        let refused = words(path, &line);
        assert_eq!(refused.code, Some(2));
        assert!(
            refused.err.contains("a --solver of its own"),
            "{}",
            refused.err
        );
    }
    let none = "solve trace-n6-m4-s1.json --threshold 0.7 --solver serve:";
    assert!(bench(path, none).err.contains("a command must follow"));

    // Every slot has another number of users; the example deals with that.
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/serve_solver.sh");
    fs::copy(example, path.join("s.sh")).unwrap();
    let simulated = "simulate trace-n6-m4-s1.json --threshold 0.7 --rate 300 --slot 0.05 \
                     --slots 5 --replications 2 --threads 2 -o simulated";
    assert!(ran(simulated).contains("serve:sh s.sh"));
    assert!(
        fs::read_to_string(path.join("simulated/slots.csv"))
            .unwrap()
            .contains("serve:sh s.sh")
    );
    let tuned = "tune trace-n6-m4-s1.json trace-n6-m4-s2.json trace-n6-m4-s0.json --accuracy 1 \
                 --steps 2 -o tuned";
    assert!(ran(tuned).contains("serve:sh s.sh"));
    let line = "uncertainty --users 6 --instances 1 --thresholds 0.5 -o compared";
    assert!(ran(line).contains("compared"));
    let files = fs::read_dir(path.join("compared")).unwrap().flatten();
    let named =
        files.filter(|f| fs::read_to_string(f.path()).is_ok_and(|t| t.contains("serve:sh s.sh")));
    assert!(named.count() > 0);
}

#[test]
fn keys_of_external_solvers_are_checked() {
    for (more, key) in [
        ("env = [\"A=1\"]", "env"),
        ("env = [\"\"]", "env"),
        ("sandbox = \"docker\"", "bubblewrap"),
        ("depends = [\"/etc/passwd\"]", "depends"),
        ("depends = [\"a[\"]", "depends"),
        ("version_command = \" \"", "version_command"),
        ("hello_limit_s = 0", "hello_limit_s"),
        ("reveals = true", "Did you mean 'reveal'"),
    ] {
        let folder = with_program(&config(more), "");
        ends(folder.path(), "run c.toml -o out", 2, key);
    }
    for (id, more) in [
        ("goa", "reveal = true"),
        ("bnb", "env = [\"A\"]"),
        ("exec:true", "hello_limit_s = 5"),
        ("serve:", ""),
    ] {
        let text = format!("{THREE}[[solver]]\nid = \"{id}\"\n{more}\n");
        let folder = with_program(&text, "");
        ends(folder.path(), "run c.toml -o out", 2, "solver[0]");
    }
    let named = config("").replace("\"mine\"", "\"serve:x\"");
    ends(
        with_program(&named, "").path(),
        "run c.toml -o out",
        2,
        "looks like a command",
    );
}

/// Whether a command ends well.
fn works(command: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(command);
    command
        .args(arguments)
        .output()
        .is_ok_and(|o| o.status.success())
}

/// The programs of the documentation, run as it says.
#[test]
fn the_examples_work() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples");
    for entry in fs::read_dir(&examples).unwrap() {
        let file: PathBuf = entry.unwrap().path();
        fs::copy(&file, path.join(file.file_name().unwrap())).unwrap();
    }
    good(path, "generate --family paper --users 12 --seed 4 -o .");
    let mut solvers = vec!["serve:sh serve_solver.sh"];
    let source = path.join("serve_solver.c");
    let compiled = path.join("serve_solver");
    let arguments = [
        "-O2",
        "-Wall",
        "-Werror",
        "-o",
        compiled.to_str().unwrap(),
        source.to_str().unwrap(),
    ];
    if works("cc", &["--version"]) {
        assert!(works("cc", &arguments), "the example in C does not compile");
        solvers.push("serve:./serve_solver");
    }
    if works("python3", &["--version"]) {
        solvers.push("exec:python3 my_solver.py");
        solvers.push("serve:python3 serve_solver.py");
    }
    if works("python3", &["-c", "import numpy"]) {
        solvers.push("serve:python3 serve_numpy.py");
    }
    let mut line = vec![
        "solve",
        "paper-n12-m4-s4.json",
        "--threshold",
        "0.7",
        "--json",
    ];
    line.extend(solvers.iter().flat_map(|solver| ["--solver", solver]));
    line.extend(["--solver", "local-search"]);
    let ran = words(path, &line);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let rows = json_lines(&ran.out);
    let best = number(&rows[solvers.len()], "objective");
    for row in &rows[..solvers.len()] {
        assert_eq!(row["status"], "feasible", "{row}");
        assert!(number(row, "objective") >= 0.9 * best, "{row}");
    }
    // The same algorithm in two programs gives the same plan.
    let python: Vec<&Value> = rows
        .iter()
        .filter(|row| text_has(row, "solver", "python3"))
        .collect();
    assert!(
        python
            .windows(2)
            .all(|pair| pair[0]["assignment"] == pair[1]["assignment"])
    );
}
