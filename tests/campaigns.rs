//! Campaigns under bad conditions: external and hostile solvers, limits, changed configurations,
//! kills, full disks.
#![cfg(unix)]

use offload_tests::program::{
    CAMPAIGN, bench, binary, ends, good, json_lines, record_of, records, words,
};
use offload_tests::timeless;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A folder with the configuration `c.toml`.
fn with_config(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.toml"), text).unwrap();
    folder
}

/// The head of a configuration with one instance.
const ONE: &str = r#"format = "offload-config/1"
thresholds = [0.7]
[[instances]]
family = "paper"
users = [6]
seeds = [1]
"#;

/// One `[[solver]]` that runs a shell command.
fn shell(name: &str, command: &str, more: &str) -> String {
    format!("[[solver]]\nname = \"{name}\"\nid = '''exec:{command}'''\n{more}\n")
}

/// A plan that puts all six users at server 0.
const PLAN: &str = r#"{"format": "offload-plan/1", "assignment": [0, 0, 0, 0, 0, 0]}"#;

#[test]
fn external_solvers_are_evaluated_by_us() {
    let says =
        |text: &str| format!("cat > input.json; echo to stderr >&2; echo chatter; echo '{text}'");
    let lying = PLAN.replace('}', ", \"objective\": 0.0}");
    let text = [
        ONE.to_string(),
        shell("good", &says(&lying), ""),
        shell("deaf", &format!("echo '{PLAN}'"), ""),
        shell(
            "infeasible",
            &format!("echo '{}'", PLAN.replace('0', "null")),
            "",
        ),
        shell(
            "short",
            &format!("echo '{}'", PLAN.replace("[0, ", "[")),
            "",
        ),
    ];
    let folder = with_config(&text.concat());
    let path = folder.path();
    good(path, "run c.toml -o out");
    let out = path.join("out");
    let ours = record_of(&out, "good");
    assert_eq!(ours["status"], "feasible");
    assert_eq!(ours["output"], "chatter\nto stderr");
    fs::write(path.join("plan.json"), PLAN).unwrap();
    good(
        path,
        "generate --family paper --users 6 --servers 4 --seed 1 -o .",
    );
    let line =
        "evaluate paper-n6-m4-s1.json plan.json --threshold 0.7 --weights uncertainty --json";
    let ran = bench(path, line);
    let value: Value =
        serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {}", ran.err));
    assert_eq!(ours["objective"], value["objective"]);
    assert_eq!(record_of(&out, "deaf")["objective"], value["objective"]);
    assert!(
        ours["cpu_s"].as_f64().is_some() && ours["peak_memory_bytes"].as_u64().unwrap() > 100_000
    );
    // What it read is what the format promises.
    let input: Value = serde_json::from_slice(&fs::read(path.join("input.json")).unwrap()).unwrap();
    let mut instance: Value =
        serde_json::from_slice(&fs::read(path.join("paper-n6-m4-s1.json")).unwrap()).unwrap();
    // The answers to the queries are not shown.
    for user in instance["users"].as_array_mut().unwrap() {
        let user = user.as_object_mut().unwrap();
        for hidden in ["correct_local", "correct_edge", "edge_time_s"] {
            assert!(user.remove(hidden).is_some(), "{hidden}");
        }
    }
    assert_eq!(input["instance"], instance);
    assert_eq!(
        input["problem"],
        serde_json::json!({"threshold": 0.7, "weights": "uncertainty"})
    );
    let infeasible = record_of(&out, "infeasible");
    assert_eq!(
        (
            &infeasible["status"],
            infeasible["violations"].as_u64().unwrap() > 0
        ),
        (&"error".into(), true)
    );
    let short = record_of(&out, "short");
    assert!(
        short["stop"]
            .as_str()
            .unwrap()
            .contains("5 entries for 6 users"),
        "{short}"
    );
}

/// Name, command, limit, and the status and reason of its record.
struct Hostile(
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const TWO_SECONDS: &str = "hard_time_limit_s = 2";
const MEMORY: &str = "hard_time_limit_s = 20\nmemory_limit_bytes = 100000000";

#[rustfmt::skip] // a table
const HOSTILE: [Hostile; 13] = [
    Hostile("hangs", "sleep 1000", TWO_SECONDS, "timeout", "killed after 2 s"),
    Hostile("ignores", "trap '' TERM INT HUP; while :; do sleep 1; done",
        TWO_SECONDS, "timeout", "killed after 2 s"),
    Hostile("allocates", "head -c 4000000000 /dev/zero | tail -c 3999999999",
        MEMORY, "error", "bytes of memory"),
    Hostile("garbage", "head -c 3000 /dev/urandom", TWO_SECONDS, "error", "wrote no plan"),
    Hostile("silent", "true", TWO_SECONDS, "error", "nothing on stdout"),
    Hostile("exits", "echo reason >&2; exit 3", TWO_SECONDS, "error", "exit code 3"),
    Hostile("dies", "kill -SEGV $$", TWO_SECONDS, "error", "SIGSEGV"),
    Hostile("floods", "head -c 1000000000 /dev/zero", TWO_SECONDS, "error", "printed more than"),
    Hostile("shouts", "head -c 1000000000 /dev/zero >&2; exit 4",
        "hard_time_limit_s = 60", "error", "exit code 4"),
    Hostile("late", "sleep 1.5", "time_limit_s = 1", "timeout", "nothing on stdout"),
    Hostile("missing", "no-such-program", TWO_SECONDS, "error", "exit code 127"),
    Hostile("leaves", "sleep 4321 & setsid sleep 4321 & exit 5",
        TWO_SECONDS, "error", "exit code 5"),
    // Bounded, in case the limit fails: a test must not take the machine down.
    Hostile("forks", "for k in $(seq 400); do sleep 4321 & done; sleep 4321",
        "hard_time_limit_s = 20", "error", "too many processes"),
];

#[test]
fn hostile_solvers_cost_one_row_each() {
    let mut text = ONE.replace("thresholds", "solvers = [\"goa\"]\nthresholds");
    for Hostile(name, command, more, ..) in HOSTILE {
        text += &shell(name, command, more);
    }
    let folder = with_config(&text);
    let out = folder.path().join("out");
    good(folder.path(), "run c.toml -o out");
    assert_eq!(records(&out).len(), HOSTILE.len() + 1);
    for Hostile(name, _, _, status, reason) in HOSTILE {
        let record = record_of(&out, name);
        assert_eq!(record["status"], status, "{name}: {record}");
        assert!(
            record["stop"].as_str().unwrap().contains(reason),
            "{name}: {record}"
        );
        assert!(record["objective"].is_null(), "{name}: {record}");
        assert!(
            record["output"].as_str().unwrap_or("").chars().count() < 5000,
            "{name}"
        );
    }
    assert_eq!(record_of(&out, "exits")["output"], "reason");
    assert_eq!(record_of(&out, "goa")["status"], "feasible");
    assert_eq!(processes("sleep\x004321"), 0, "children are left behind");
    good(folder.path(), "report out");
}

/// Living processes whose command line holds a text.
fn processes(text: &str) -> usize {
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter(|p| {
        let line = fs::read(p.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(text)
    })
    .count()
}

#[test]
fn our_own_solvers_are_limited_too() {
    let solver =
        |name: &str, more: &str| format!("[[solver]]\nid = \"bnb\"\nname = \"{name}\"\n{more}\n");
    let text = ONE.replace("[6]", "[1000]")
        + &solver("slow", "gap = 0\nhard_time_limit_s = 0.5")
        + &solver(
            "large",
            "gap = 0\ntime_limit_s = 60\nmemory_limit_bytes = 12000000",
        )
        + &solver("good", "time_limit_s = 0.5\ngap = 0.5");
    let folder = with_config(&text);
    let out = folder.path().join("out");
    good(folder.path(), "run c.toml -o out");
    let slow = record_of(&out, "slow");
    assert!(
        slow["status"] == "timeout"
            && slow["stop"]
                .as_str()
                .unwrap()
                .contains("killed after 0.5 s"),
        "{slow}"
    );
    let large = record_of(&out, "large");
    assert!(
        large["status"] == "error"
            && large["stop"]
                .as_str()
                .unwrap()
                .contains("its process ended"),
        "{large}"
    );
    let sound = record_of(&out, "good");
    assert!(
        sound["objective"].is_f64()
            && sound["peak_memory_bytes"].is_u64()
            && sound["cpu_s"].is_f64(),
        "{sound}"
    );
    assert_eq!(
        sound["options"],
        serde_json::json!({"id": "bnb", "gap": 0.5, "time_limit_s": 0.5})
    );
}

#[test]
fn records_of_another_making_are_not_mixed() {
    let folder = with_config(CAMPAIGN);
    let path = folder.path();
    assert!(good(path, "run c.toml -o out").starts_with("48 new"));
    // More of the same is added to what is there.
    fs::write(
        path.join("c.toml"),
        CAMPAIGN
            .replace("\"dmin\"]", "\"dmin\", \"ga\"]")
            .replace("[5, 9]", "[5, 9, 11]"),
    )
    .unwrap();
    assert!(good(path, "run c.toml -o out").starts_with("60 new records, 48 existing"));
    // Another budget makes another record.
    let limited = CAMPAIGN.replace("[[inst", "[budget]\ntime_limit_s = 9\n[[inst");
    fs::write(path.join("c.toml"), &limited).unwrap();
    let before = timeless(&path.join("out/records.jsonl"));
    ends(path, "run c.toml -o out", 2, "time_limit_s 9");
    let said = bench(path, "run c.toml -o out").err;
    for solver in ["goa", "dmin"] {
        let line = format!("\n  {solver}: 24 rows, made with version ");
        assert!(said.contains(&line), "{said}");
    }
    let survey = "out: of 48 rows, 0 exist, 0 are missing, 48 are outdated";
    ends(path, "run c.toml -o out --dry-run", 0, survey);
    ends(path, "run c.toml -o out", 2, "--redo");
    assert_eq!(timeless(&path.join("out/records.jsonl")), before);
    assert!(
        good(path, "run c.toml -o out --redo").starts_with("48 rows solved again, 0 kept, in out")
    );
    assert_eq!(records(&path.join("out")).len(), 108);
    assert!(good(path, "run c.toml -o out").starts_with("0 new"));
    // So does another version of the solver.
    let file = path.join("out/records.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        text.replace("\"solver_version\":\"", "\"solver_version\":\"0.0."),
    )
    .unwrap();
    ends(path, "run c.toml -o out", 2, "--redo");
}

#[test]
fn a_changed_instance_is_noticed() {
    let text = "format = \"offload-config/1\"\nthresholds = [0.7]\nsolvers = [\"goa\", \"exec:sh my.sh\"]\n[[instances]]\nfiles = [\"made/*.json\"]\n";
    let folder = with_config(text);
    let path = folder.path();
    good(path, "generate --family paper --users 6 --count 3 -o made");
    fs::write(path.join("my.sh"), format!("echo '{PLAN}'")).unwrap();
    assert!(good(path, "run c.toml -o out").starts_with("6 new"));
    let file = path.join("made/paper-n6-m4-s2.json");
    let instance = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        instance.replacen("\"uncertainty\":", "\"uncertainty\":0.5,\"was\":", 1),
    )
    .unwrap();
    ends(
        path,
        "run c.toml -o out",
        2,
        "paper-n6-m4-s2 is a different instance now",
    );
    assert!(good(path, "run c.toml -o out --redo").starts_with("2 rows solved again, 4 kept"));
    // A command's version is what its files hold.
    fs::write(path.join("my.sh"), format!("# new\necho '{PLAN}'")).unwrap();
    ends(path, "run c.toml -o out", 2, "blake3");
    assert!(good(path, "run c.toml -o out --redo").starts_with("3 rows solved again, 3 kept"));
}

#[test]
fn two_runs_and_any_threads_differ_in_times_only() {
    let folder = with_config(
        &CAMPAIGN
            .replace("[5, 9]", "[5, 9]\n")
            .replace("\"dmin\"", "\"dmin\", \"bnb\", \"ga\""),
    );
    let path = folder.path();
    let base = fs::read_to_string(path.join("c.toml")).unwrap();
    let mut seen = Vec::new();
    for (k, more) in [
        "threads = 1",
        "threads = 1",
        "threads = 4",
        "timing = \"isolated\"\nrepetitions = 3",
    ]
    .iter()
    .enumerate()
    {
        fs::write(
            path.join("c.toml"),
            base.replace("thresholds", &format!("{more}\nthresholds")),
        )
        .unwrap();
        good(path, &format!("run c.toml -o out{k} --quiet"));
        seen.push(timeless(&path.join(format!("out{k}/records.jsonl"))));
    }
    assert!(seen.iter().all(|records| *records == seen[0]));
    for record in records(&path.join("out3")) {
        let mut times: Vec<f64> = record["times_s"]
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_f64().unwrap())
            .collect();
        times.sort_by(f64::total_cmp);
        assert_eq!(
            (times.len(), record["time_s"].as_f64().unwrap()),
            (3, times[1]),
            "{record}"
        );
    }
    // Interleaved: the records of one problem stand together, its solvers in turn.
    let order: Vec<String> = records(&path.join("out3"))[..4]
        .iter()
        .map(|r| r["solver"].as_str().unwrap().into())
        .collect();
    assert_eq!(order, ["goa", "dmin", "bnb", "ga"]);
    let line = fs::read_to_string(path.join("out3/environments.jsonl")).unwrap();
    let environment: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (
            &environment["timing"],
            &environment["threads"],
            &environment["repetitions"]
        ),
        (&"isolated".into(), &1.into(), &3.into())
    );
    for field in ["cores", "memory_bytes"] {
        assert!(environment[field].as_u64().unwrap() > 0, "{field}");
    }
    for field in [
        "started",
        "program",
        "compiler",
        "highs",
        "os",
        "config",
        "config_folder",
    ] {
        assert!(!environment[field].as_str().unwrap().is_empty(), "{field}");
    }
}

#[test]
fn records_are_what_their_schemas_say() {
    let reply = format!("echo chatter >&2; echo '{PLAN}'");
    let text = ONE.replace(
        "thresholds",
        "solvers = [\"goa\", \"bnb\"]\nrepetitions = 2\nthresholds",
    ) + &shell("mine", &reply, "");
    let folder = with_config(&text);
    let out = folder.path().join("out");
    good(folder.path(), "run c.toml -o out");
    let all = records(&out);
    assert_eq!(all.len(), 3);
    for record in &all {
        has_fields(record, "offload-record-3", "");
        has_fields(&record["realised"], "offload-record-3", "/$defs/Realised");
        for moment in record["trajectory"].as_array().unwrap() {
            has_fields(moment, "offload-record-3", "/$defs/Moment");
        }
    }
    assert!(
        !record_of(&out, "bnb")["trajectory"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let line = fs::read_to_string(out.join("environments.jsonl")).unwrap();
    has_fields(
        &serde_json::from_str(&line).unwrap(),
        "offload-environment-1",
        "",
    );
}

/// Asserts that an object has the fields of a published schema (of a part of it), all and no
/// others, and requires them all.
fn has_fields(object: &Value, format: &str, part: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../docs/schema/{format}.json"));
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let schema = schema.pointer(part).unwrap();
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    let keys = |value: &Value| sorted(value.as_object().unwrap().keys().cloned().collect());
    let required = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_string());
    assert_eq!(keys(object), keys(&schema["properties"]), "{format}{part}");
    assert_eq!(keys(object), sorted(required.collect()), "{format}{part}");
}

#[test]
fn a_dry_run_writes_nothing() {
    let folder = with_config(CAMPAIGN);
    let text = good(folder.path(), "run c.toml --dry-run -o out");
    assert!(
        text.contains("12 instances, 24 problems, 2 solvers, 1 seed: 48 rows"),
        "{text}"
    );
    assert!(!folder.path().join("out").exists());
}

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    for (from, to, hint) in [
        ("thresholds", "tresholds", "Did you mean 'thresholds'"),
        ("seeds", "seed", "Did you mean 'seeds'"),
        (
            "[[inst",
            "[budget]\ntime_limit = 3\n[[inst",
            "Did you mean 'time_limit_s'",
        ),
        (
            "[[inst",
            "[[solver]]\nid = \"goa\"\nnam = \"x\"\n[[inst",
            "Did you mean 'name'",
        ),
    ] {
        let folder = with_config(&CAMPAIGN.replace(from, to));
        ends(folder.path(), "run c.toml -o out", 2, hint);
    }
    let folder = with_config(&CAMPAIGN.replace("[[inst", "[[solver]]\nid = \"goa\"\n[[inst"));
    ends(folder.path(), "run c.toml -o out", 2, "duplicate");
}

/// A campaign of a few hundred rows, some of them in processes of their own.
fn long() -> String {
    CAMPAIGN
        .replace(
            "\"dmin\"]",
            "\"dmin\", \"local-search\", \"bnb\"]\ncertificates = true",
        )
        .replace("count = 3", "count = 12")
}

#[test]
fn kills_lose_nothing_and_double_nothing() {
    // OFFLOAD_KILLS=50 is the long version.
    let kills: u64 = std::env::var("OFFLOAD_KILLS").map_or(6, |n| n.parse().unwrap());
    let seeds = if kills > 10 {
        "count = 16"
    } else {
        "count = 6"
    };
    let folder = with_config(&long().replace("count = 12", seeds));
    let path = folder.path();
    let start = Instant::now();
    good(path, "run c.toml -o whole");
    let whole = start.elapsed();
    let mut random = offload_instances::random::Random::new(start.elapsed().as_nanos() as u64, 1);
    let (mut killed, mut rows) = (0, 0);
    while killed < kills {
        let mut run = Command::new(binary())
            .args(["run", "c.toml", "-o", "out"])
            .current_dir(path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Short enough that the campaign lasts for all kills.
        std::thread::sleep(whole.mul_f64(0.02 + 1.5 * random.unit() / kills as f64));
        let ended = run.try_wait().unwrap().is_some();
        run.kill().unwrap();
        run.wait().unwrap();
        killed += 1;
        let now = fs::read_to_string(path.join("out/records.jsonl"))
            .unwrap_or_default()
            .lines()
            .count();
        assert!(now >= rows.max(1) - 1, "rows were lost: {now} after {rows}");
        rows = now;
        if ended {
            break;
        }
    }
    eprintln!("{killed} kills, {rows} rows before the last run");
    good(path, "run c.toml -o out");
    assert_eq!(
        timeless(&path.join("out/records.jsonl")),
        timeless(&path.join("whole/records.jsonl"))
    );
    good(path, "verify out");
}

#[test]
fn a_polite_stop_keeps_what_is_running() {
    let folder = with_config(&long());
    let path = folder.path();
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let run = Command::new(binary())
            .args(["run", "c.toml", "-o", "out"])
            .current_dir(path)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(60));
        assert!(
            Command::new("kill")
                .args([signal, &run.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        let output = run.wait_with_output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{printed}");
        assert!(printed.contains("stopped"), "{printed}");
        // Everything that it counted is there, and nothing is torn.
        let text = fs::read_to_string(path.join("out/records.jsonl")).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'));
        let (new, kept) = (number(&printed, 0), number(&printed, 3));
        assert!(text.lines().count() >= new + kept, "{printed}");
    }
    good(path, "run c.toml -o out");
    good(path, "run c.toml -o whole");
    assert_eq!(
        timeless(&path.join("out/records.jsonl")),
        timeless(&path.join("whole/records.jsonl"))
    );
}

/// The word of a text at a place, as a number.
fn number(text: &str, place: usize) -> usize {
    text.split_whitespace().nth(place).unwrap().parse().unwrap()
}

#[test]
fn a_full_disk_is_a_clear_error_and_loses_nothing() {
    let folder = with_config(&long().replace("\"bnb\"", "\"random\""));
    let path = folder.path();
    // A limit on the size of files stands in for a full disk: the write is cut off in the middle of
    // a record.
    let script = format!(
        "trap '' XFSZ; ulimit -f 40; exec {} run c.toml -o out",
        binary().display()
    );
    let run = Command::new("sh")
        .args(["-c", &script])
        .current_dir(path)
        .output()
        .unwrap();
    let printed = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(2), "{printed}");
    assert!(
        printed.contains("records.jsonl: cannot write") && printed.contains("free disk space"),
        "{printed}"
    );
    let text = fs::read_to_string(path.join("out/records.jsonl")).unwrap();
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "a torn line was left"
    );
    good(path, "run c.toml -o out");
    good(path, "run c.toml -o whole");
    assert_eq!(
        timeless(&path.join("out/records.jsonl")),
        timeless(&path.join("whole/records.jsonl"))
    );
}

#[test]
fn two_runs_in_one_folder_are_refused() {
    let folder = with_config(&(ONE.to_string() + &shell("slow", "sleep 3; exit 1", "")));
    let path = folder.path();
    let mut first = Command::new(binary())
        .args(["run", "c.toml", "-o", "out", "--quiet"])
        .current_dir(path)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(800));
    ends(path, "run c.toml -o out", 2, "another run is active");
    assert!(first.wait().unwrap().success());
    ends(path, "run c.toml -o c.toml", 2, "c.toml");
}

#[test]
fn the_example_in_python_works() {
    let has_numpy = Command::new("python3")
        .args(["-c", "import numpy"])
        .output()
        .is_ok_and(|o| o.status.success());
    if !has_numpy {
        eprintln!("skipped: python3 with numpy is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/examples/my_solver.py"),
        path.join("my_solver.py"),
    )
    .unwrap();
    good(path, "generate --family paper --users 12 --seed 4 -o .");
    let typed = [
        "solve",
        "paper-n12-m4-s4.json",
        "--threshold",
        "0.7",
        "--json",
        "--solver",
        "goa,exec:python3 my_solver.py",
    ];
    let ran = words(path, &typed);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let rows = json_lines(&ran.out);
    assert_eq!(rows[1]["status"], "feasible", "{}", rows[1]);
    assert!(rows[1]["objective"].as_f64().unwrap() >= 0.9 * rows[0]["objective"].as_f64().unwrap());
}
