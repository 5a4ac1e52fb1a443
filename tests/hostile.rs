//! Hostile external solvers: each costs its own row, with the right reason; no process of it lives
//! on, and no record is forged. The collection is `tests/hostile/solver.py`, one function a mode.
//!
//! Modes that need bubblewrap are left out, with a note, where it does not work.
#![cfg(target_os = "linux")]

use offload_tests::program::{SECRET, binary, good, program, ran, records};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// One instance. Memory is limited so that no mode burdens the machine.
const HEAD: &str = r#"format = "offload-config/1"
thresholds = [0.5]
threads = 1
[budget]
hard_time_limit_s = 30
memory_limit_bytes = 150000000
[[instances]]
family = "paper"
users = [5]
seeds = [1]
[[solver]]
id = "goa"
"#;

/// How a mode is run.
#[derive(Clone, Copy, PartialEq)]
enum Terms {
    /// With the limits of the campaign.
    Plain,
    /// With a hard time limit of [`SHORT`] seconds.
    Short,
    /// Asked to answer within 0.01 s.
    Hurried,
    /// With 600 MB of memory.
    Roomy,
    /// Under bubblewrap.
    Boxed,
    /// Under bubblewrap, with the campaign's folder in sight.
    Revealed,
    /// Needs control groups: what no process maps is not counted without them.
    Grouped,
}

/// Seconds for modes that run until they are killed: enough to start Python.
const SHORT: f64 = 2.5;

/// What comes of a mode: its name, terms, status, and a part of its reason.
struct Mode(&'static str, Terms, &'static str, &'static str);

use Terms::{Boxed, Grouped, Hurried, Plain, Revealed, Roomy, Short};

const FINISHED: &str = "finished";
const AT_LIMIT: &str = "killed after 2.5 s, its hard time limit";
const MEMORY: &str = "more than 150000000 bytes of memory";

#[rustfmt::skip]
const MODES: [Mode; 86] = [
    Mode("good", Plain, "feasible", FINISHED),
    // The harness and the supervisor.
    Mode("forger_by_fd", Plain, "error", "nothing on stdout"),
    Mode("forger_by_stdout", Plain, "error", "it wrote no plan"),
    Mode("forger_and_killer", Plain, "error", "its supervisor was killed by SIGKILL"),
    Mode("tracer", Plain, "error", "nothing on stdout"),
    Mode("supervisor_killer", Plain, "error", "its supervisor was killed by SIGKILL"),
    Mode("supervisor_stopper", Plain, "error", "its supervisor was stopped"),
    Mode("supervisor_killer_with_daemon", Plain, "error", "its supervisor was killed by SIGKILL"),
    Mode("supervisor_stopper_with_daemon", Plain, "error", "its supervisor was stopped"),
    Mode("supervisor_interrupter", Plain, "feasible", FINISHED),
    Mode("own_group_killer", Plain, "error", "it ended by SIGKILL"),
    Mode("group_escaper", Plain, "error", MEMORY),
    // Processes that live on.
    Mode("setsid_daemon", Plain, "feasible", FINISHED),
    Mode("double_fork_daemon", Plain, "feasible", FINISHED),
    Mode("daemon_with_stdout", Plain, "feasible", FINISHED),
    Mode("daemon_without_environment", Plain, "feasible", FINISHED),
    Mode("busy_children", Plain, "feasible", FINISHED),
    Mode("zombies", Plain, "feasible", FINISHED),
    Mode("deaf", Short, "timeout", AT_LIMIT),
    Mode("stops_itself", Short, "timeout", AT_LIMIT),
    // Amounts.
    Mode("stdout_flood", Plain, "error", "it printed more than 65696 bytes"),
    Mode("stderr_flood", Short, "timeout", AT_LIMIT),
    Mode("fork_bomb", Roomy, "error", "it started too many processes"),
    Mode("thread_bomb", Grouped, "error", "exit code 3"),
    Mode("memory_hoarder", Plain, "error", MEMORY),
    Mode("shared_memory_hoarder", Plain, "error", MEMORY),
    Mode("memory_of_children", Plain, "error", MEMORY),
    Mode("shares_memory", Plain, "feasible", FINISHED),
    Mode("tmpfs_hoarder", Grouped, "error", MEMORY),
    Mode("unlinked_tmpfs_hoarder", Grouped, "error", MEMORY),
    Mode("memfd_hoarder", Grouped, "error", MEMORY),
    Mode("many_files", Plain, "error", "nothing on stdout"),
    Mode("raises_limits", Plain, "feasible", FINISHED),
    Mode("core_dump", Plain, "error", "it ended by SIGABRT"),
    // What it can see.
    Mode("environment_reader", Plain, "feasible", FINISHED),
    Mode("open_files", Plain, "feasible", FINISHED),
    Mode("answer_key_reader", Plain, "feasible", FINISHED),
    Mode("symlinks_in_tmp", Plain, "feasible", FINISHED),
    Mode("lost_folder", Plain, "feasible", FINISHED),
    // The same, and more, in a sandbox.
    Mode("good", Boxed, "feasible", FINISHED),
    Mode("campaign_reader", Boxed, "feasible", FINISHED),
    Mode("campaign_reader", Revealed, "feasible", FINISHED),
    Mode("records_writer", Boxed, "feasible", FINISHED),
    Mode("folder_remover", Boxed, "feasible", FINISHED),
    Mode("network_user", Boxed, "feasible", FINISHED),
    Mode("process_lister", Boxed, "feasible", FINISHED),
    Mode("kills_everything", Boxed, "error", "exit code 137"),
    Mode("environment_reader", Boxed, "feasible", FINISHED),
    Mode("symlinks_in_tmp", Boxed, "feasible", FINISHED),
    Mode("double_fork_daemon", Boxed, "feasible", FINISHED),
    Mode("fork_bomb", Boxed, "error", "killed: it"),
    Mode("memory_hoarder", Boxed, "error", MEMORY),
    Mode("deaf", Boxed, "timeout", "killed after"),
    // Ends.
    Mode("exit_code", Plain, "error", "exit code 7"),
    Mode("own_signal", Plain, "error", "SIGSEGV"),
    Mode("answer_then_crash", Plain, "error", "it ended by SIGKILL"),
    Mode("answer_then_fail", Plain, "error", "exit code 1"),
    Mode("answer_then_sleep", Short, "timeout", AT_LIMIT),
    Mode("sleeper", Short, "timeout", AT_LIMIT),
    Mode("late", Hurried, "timeout", "limit"),
    Mode("closes_stdout", Short, "timeout", AT_LIMIT),
    Mode("closes_stdin", Plain, "feasible", FINISHED),
    Mode("reads_nothing", Plain, "feasible", FINISHED),
    Mode("drip", Short, "timeout", AT_LIMIT),
    // Clocks.
    Mode("clock_changer", Plain, "feasible", FINISHED),
    Mode("negative_time", Plain, "error", "algorithm_time_s"),
    Mode("impossible_time", Plain, "error", "algorithm_time_s"),
    // Answers.
    Mode("nothing", Plain, "error", "nothing on stdout"),
    Mode("two_answers", Plain, "feasible", FINISHED),
    Mode("truncated", Plain, "error", "it wrote no plan"),
    Mode("garbage_after", Plain, "error", "it wrote no plan"),
    Mode("nan", Plain, "error", "it wrote no plan"),
    Mode("infinite", Plain, "error", "it wrote no plan"),
    Mode("huge", Plain, "error", "it wrote no plan"),
    Mode("fraction", Plain, "error", "it wrote no plan"),
    Mode("deep", Plain, "error", "it wrote no plan"),
    Mode("long_string", Plain, "feasible", FINISHED),
    Mode("invalid_utf8", Plain, "error", "it wrote no plan"),
    Mode("null_bytes", Plain, "error", "it wrote no plan"),
    Mode("byte_order_mark", Plain, "error", "it wrote no plan"),
    Mode("too_short", Plain, "error", ""),
    Mode("too_long", Plain, "error", ""),
    Mode("out_of_range", Plain, "error", ""),
    Mode("negative", Plain, "error", "it wrote no plan"),
    Mode("all_local", Plain, "error", "infeasible"),
    Mode("terminal_controls", Plain, "feasible", FINISHED),
];

impl Mode {
    /// Its name in records.
    fn record(&self) -> String {
        let suffix = match self.1 {
            Boxed => "-boxed",
            Revealed => "-revealed",
            _ => "",
        };
        self.0.to_string() + suffix
    }

    fn table(&self, python: &str) -> String {
        let more = match self.1 {
            Plain | Grouped => String::new(),
            Short => format!("hard_time_limit_s = {SHORT}"),
            Hurried => "time_limit_s = 0.01".into(),
            Roomy => "memory_limit_bytes = 600000000".into(),
            Boxed => format!(
                "sandbox = \"bubblewrap\"\nhard_time_limit_s = {}",
                2.0 * SHORT
            ),
            Revealed => "sandbox = \"bubblewrap\"\nreveal = true".into(),
        };
        let (name, mode) = (self.record(), self.0);
        format!(
            "[[solver]]\nname = \"{name}\"\nid = \"exec:exec {python} solver.py {mode}\"\n\
             env = [\"HOSTILE_MARK\", \"HOSTILE_PORT\"]\n{more}\n"
        )
    }
}

/// The files of this test.
fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder with the solvers and a configuration.
fn folder_with(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(source("hostile/solver.py"), at("solver.py")).unwrap();
    let example = source("../docs/examples/my_solver.py");
    fs::copy(example, at("my_solver.py")).unwrap();
    fs::write(at("c.toml"), config).unwrap();
    folder
}

fn has_bubblewrap() -> bool {
    let mut bwrap = Command::new("bwrap");
    bwrap.args([
        "--unshare-all",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "true",
    ]);
    bwrap.output().is_ok_and(|done| done.status.success())
}

/// Whether the harness can limit what no process maps.
fn has_groups() -> bool {
    let root = Path::new("/sys/fs/cgroup");
    let probe = |hierarchy: &str, file: &str| {
        let group = root
            .join(hierarchy)
            .join(format!("offload-test-{}", std::process::id()));
        let made = fs::create_dir(&group).is_ok();
        let has = group.join(file).exists();
        let _ = fs::remove_dir(&group);
        made && has
    };
    probe("memory", "memory.limit_in_bytes") || probe("", "memory.max")
}

/// The modes that this machine can run.
fn modes() -> Vec<&'static Mode> {
    let (bubblewrap, groups) = (has_bubblewrap(), has_groups());
    let can = |mode: &&Mode| match mode.1 {
        Boxed | Revealed => bubblewrap,
        Grouped => groups,
        Plain | Short | Hurried | Roomy => true,
    };
    let modes: Vec<&Mode> = MODES.iter().filter(can).collect();
    if !bubblewrap {
        eprintln!("note: bwrap does not work here; modes in a sandbox are left out");
    }
    if !groups {
        eprintln!("note: no control groups can be created; modes that need them are left out");
    }
    modes
}

/// Living processes with `mark` in their environment or command line.
fn marked(mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let read = |file: &str| fs::read(process.path().join(file)).unwrap_or_default();
        let (environment, line) = (read("environ"), read("cmdline"));
        let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(mark);
        if has(&environment) || has(&line) {
            found.push(String::from_utf8_lossy(&line).into_owned());
        }
    }
    found
}

/// Control groups that a harness has left.
fn groups_of(harness: u32) -> Vec<PathBuf> {
    let text = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut left = Vec::new();
    for own in text.lines().filter_map(|line| line.rsplit_once(':')) {
        let path = own.1.trim_start_matches('/');
        for hierarchy in ["memory", "pids", "unified", ""] {
            let folder = Path::new("/sys/fs/cgroup").join(hierarchy).join(path);
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.starts_with(&format!("offload-bench-{harness}-")) {
                    left.push(entry.path());
                }
            }
        }
    }
    left
}

/// Runs a campaign of these modes, and checks what it leaves behind. Returns its rows.
fn run(modes: &[&Mode], mark: &str) -> Vec<Value> {
    let mut config = HEAD.to_string();
    let python = interpreter();
    for mode in modes {
        config += &mode.table(&python);
    }
    let folder = folder_with(&config);
    let path = folder.path();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut run = program(path);
    run.args(["run", "c.toml", "-o", "out", "--quiet"])
        .env("HOSTILE_MARK", mark)
        .env("HOSTILE_PORT", port);
    let run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let (harness, done) = run
        .map(|run| (run.id(), run.wait_with_output().unwrap()))
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    assert_eq!(groups_of(harness), Vec::<PathBuf>::new(), "groups are left");
    assert_eq!(marked(mark), Vec::<String>::new(), "processes are left");
    // The harness cannot know whose files these are. A sandbox keeps them to itself.
    let _ = fs::remove_file(Path::new("/dev/shm").join(mark));
    let entries = fs::read_dir(path).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("__")).collect();
    names.sort();
    assert_eq!(names, ["c.toml", "my_solver.py", "out", "solver.py"]);
    assert_eq!(fs::read_to_string(path.join("c.toml")).unwrap(), config);
    let rows = records(&path.join("out"));
    assert_eq!(rows.len(), modes.len() + 1);
    assert_eq!(row_of(&rows, "goa")["status"], "feasible");
    good(path, "report out");
    rows
}

/// The interpreter itself: `python3` may be a script that starts it slowly.
fn interpreter() -> String {
    let mut python = Command::new("python3");
    python.args(["-c", "import sys; print(sys.executable)"]);
    let done = python.output().expect("python3 starts");
    String::from_utf8(done.stdout).unwrap().trim().to_string()
}

fn row_of<'a>(rows: &'a [Value], solver: &str) -> &'a Value {
    let found = rows.iter().find(|row| row["solver"] == solver);
    found.unwrap_or_else(|| panic!("no record of {solver}"))
}

#[test]
fn hostile_solvers_cost_their_own_row() {
    let modes = modes();
    // Two campaigns at the same time: no solver reaches into the other one.
    let (even, odd): (Vec<_>, Vec<_>) = modes.iter().enumerate().partition(|(k, _)| k % 2 == 0);
    let rows: Vec<Value> = std::thread::scope(|scope| {
        let runs = [("a", even), ("b", odd)].map(|(name, part)| {
            let part: Vec<&Mode> = part.into_iter().map(|(_, mode)| *mode).collect();
            let mark = format!("hostile-{}-{name}", std::process::id());
            scope.spawn(move || run(&part, &mark))
        });
        runs.into_iter()
            .flat_map(|run| run.join().unwrap())
            .collect()
    });
    let faults = faults(&modes, &rows);
    assert!(faults.is_empty(), "{faults}");
    what_they_saw(&modes, &rows);
}

/// Rows that are not as they should be.
fn faults(modes: &[&Mode], rows: &[Value]) -> String {
    let mut faults = String::new();
    let best = &row_of(rows, "good")["objective"];
    for mode in modes {
        let row = row_of(rows, &mode.record());
        let text = |key: &str| row[key].as_str().unwrap_or("").to_string();
        let has_plan = mode.2 == "feasible" || mode.1 == Hurried || mode.0 == "all_local";
        let time = row["wall_time_s"].as_f64().unwrap_or(0.0);
        let sound = text("status") == mode.2
            && text("stop").contains(mode.3)
            && (row["objective"].is_f64() == has_plan)
            && (0.001..20.0).contains(&time)
            && text("output").chars().count() < 5000;
        let same = ["closes_stdin", "reads_nothing", "long_string", "all_local"].contains(&mode.0)
            || !has_plan
            || row["objective"] == *best;
        if !sound || !same {
            let _ = writeln!(faults, "{}: {row}", mode.record());
        }
    }
    faults
}

/// What solvers found out about the harness and the machine.
fn what_they_saw(modes: &[&Mode], rows: &[Value]) {
    let output = |name: &str| {
        row_of(rows, name)["output"]
            .as_str()
            .unwrap_or("")
            .to_string()
    };
    assert_eq!(output("forger_by_fd"), "opened 0");
    assert_eq!(output("forger_and_killer"), "opened 0");
    assert_eq!(output("tracer"), "taken 0");
    assert_eq!(output("open_files"), "files [0, 1, 2]");
    assert_eq!(output("answer_key_reader"), "key False");
    assert_eq!(output("raises_limits"), "core 0 0");
    assert_eq!(output("clock_changer"), "refused");
    let environment = output("environment_reader");
    let (names, others) = environment.split_once('\n').unwrap();
    for name in ["HOSTILE_MARK", "PATH"] {
        assert!(names.contains(name), "{environment}");
    }
    assert!(!environment.contains("TEST_KEY"), "{environment}");
    assert_eq!(others.matches("refused").count(), 2, "{environment}");
    if modes.iter().any(|mode| mode.1 == Boxed) {
        assert!(output("campaign_reader-revealed").contains("records.jsonl"));
        assert_eq!(output("campaign_reader-boxed"), "sees []");
        assert_eq!(output("records_writer-boxed"), "refused\nrefused\nrefused");
        assert_eq!(output("network_user-boxed"), "refused\nrefused");
        let processes = output("process_lister-boxed");
        let count = processes.strip_prefix("processes ").unwrap();
        assert!(count.parse::<usize>().unwrap() < 6, "{processes}");
    }
}

/// Modes that find other limits without root, or none.
#[rustfmt::skip]
const WITHOUT_ROOT: [Mode; 16] = [
    Mode("good", Plain, "feasible", FINISHED),
    Mode("forger_by_fd", Plain, "error", "nothing on stdout"),
    Mode("forger_and_killer", Plain, "error", "its supervisor was killed by SIGKILL"),
    Mode("tracer", Plain, "error", "nothing on stdout"),
    Mode("supervisor_killer_with_daemon", Plain, "error", "its supervisor was killed by SIGKILL"),
    Mode("supervisor_stopper_with_daemon", Plain, "error", "its supervisor was stopped"),
    Mode("setsid_daemon", Plain, "feasible", FINISHED),
    Mode("double_fork_daemon", Plain, "feasible", FINISHED),
    Mode("daemon_without_environment", Plain, "feasible", FINISHED),
    Mode("fork_bomb", Roomy, "error", "it started too many processes"),
    Mode("memory_hoarder", Plain, "error", MEMORY),
    Mode("memory_of_children", Plain, "error", MEMORY),
    Mode("shares_memory", Plain, "feasible", FINISHED),
    Mode("many_files", Plain, "error", "nothing on stdout"),
    Mode("environment_reader", Plain, "feasible", FINISHED),
    Mode("good", Boxed, "feasible", FINISHED),
];

/// The account `nobody`, which may create no control groups.
const NOBODY: &str = "65534";

/// The interpreter of the system: nobody may not reach the one of another user.
const SYSTEM_PYTHON: &str = "/usr/bin/python3";

#[test]
fn without_root_the_fences_hold() {
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    let as_nobody = ["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups"];
    let can_change = Command::new("setpriv").args(as_nobody).arg("true").output();
    let can_change = can_change.is_ok_and(|done| done.status.success());
    if !is_root || !can_change || !Path::new(SYSTEM_PYTHON).exists() {
        eprintln!("note: needs root, setpriv and {SYSTEM_PYTHON}; not tested");
        return;
    }
    let boxed = has_bubblewrap();
    let modes = WITHOUT_ROOT.iter().filter(|mode| boxed || mode.1 != Boxed);
    let modes: Vec<&Mode> = modes.collect();
    let tables = modes.iter().map(|mode| mode.table(SYSTEM_PYTHON));
    let folder = folder_with(&(HEAD.to_string() + &tables.collect::<String>()));
    let path = folder.path();
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    fs::copy(binary(), path.join("bench")).unwrap();
    let mark = format!("hostile-{}-nobody", std::process::id());
    let mut run = Command::new("setpriv");
    run.args(as_nobody)
        .args(["./bench", "run", "c.toml", "-o", "out", "--quiet"])
        .current_dir(path)
        .env("TEST_KEY", SECRET)
        .env("HOSTILE_MARK", &mark);
    let done = ran(&mut run, "run as nobody");
    assert_eq!(done.code, Some(0), "{} {}", done.out, done.err);
    assert_eq!(marked(&mark), Vec::<String>::new(), "processes are left");
    let rows = records(&path.join("out"));
    let faults = faults(&modes, &rows);
    assert!(faults.is_empty(), "{faults}");
    let output = |name: &str| {
        row_of(&rows, name)["output"]
            .as_str()
            .unwrap_or("")
            .to_string()
    };
    assert_eq!(output("forger_by_fd"), "opened 0");
    assert_eq!(output("forger_and_killer"), "opened 0");
    assert_eq!(output("tracer"), "taken 0");
    let environment = output("environment_reader");
    assert!(!environment.contains("TEST_KEY"), "{environment}");
    assert_eq!(environment.matches("refused").count(), 2, "{environment}");
}

/// Open files, of which one number allows the harness to write records, but not to start a program.
/// It depends on what the harness itself inherits.
const FEW_FILES: std::ops::Range<usize> = 10..40;

#[test]
fn a_harness_failure_is_not_a_result() {
    let mode = Mode("good", Plain, "feasible", FINISHED);
    let folder = folder_with(&(HEAD.to_string() + &mode.table(&interpreter())));
    let path = folder.path();
    let is_found = FEW_FILES.into_iter().any(|files| {
        let _ = fs::remove_dir_all(path.join("out"));
        let run = format!(
            "ulimit -n {files}; exec {} run c.toml -o out --quiet",
            binary().display()
        );
        let done = ran(
            Command::new("sh").args(["-c", &run]).current_dir(path),
            "few files",
        );
        done.code == Some(0)
    });
    assert!(is_found, "no number of open files lets the harness write");
    let rows = records(&path.join("out"));
    let row = row_of(&rows, "good");
    assert_eq!(row["status"], "not-run", "{row}");
    assert!(
        row["stop"]
            .as_str()
            .unwrap()
            .contains("Too many open files"),
        "{row}"
    );
    assert!(row["objective"].is_null(), "{row}");
    assert_eq!(row_of(&rows, "goa")["status"], "feasible");
    // The next run repeats it, and the one after that has nothing left to do.
    assert!(good(path, "run c.toml -o out").starts_with("1 new records, 1 existing"));
    assert!(good(path, "run c.toml -o out").starts_with("0 new records, 2 existing"));
    let rows = records(&path.join("out"));
    assert!(
        rows.iter()
            .any(|row| row["solver"] == "good" && row["status"] == "feasible")
    );
    good(path, "report out");
}

#[test]
fn nothing_outlives_a_killed_harness() {
    for name in ["answer_then_sleep", "deaf", "sleeper_with_daemon"] {
        let mode = Mode(name, Plain, "", "");
        let folder = folder_with(&(HEAD.to_string() + &mode.table(&interpreter())));
        let mark = format!("hostile-{}-killed-{}", std::process::id(), mode.0);
        let mut run = program(folder.path())
            .args(["run", "c.toml", "-o", "out", "--quiet"])
            .env("HOSTILE_MARK", &mark)
            .spawn()
            .unwrap();
        // The harness, its supervisor and the solver.
        wait_until(&|| marked(&mark).iter().any(|line| line.contains("solver.py")));
        std::thread::sleep(Duration::from_millis(300));
        let harness = run.id();
        run.kill().unwrap();
        run.wait().unwrap();
        wait_until(&|| marked(&mark).is_empty() && groups_of(harness).is_empty());
    }
}

/// Waits up to ten seconds.
fn wait_until(holds: &dyn Fn() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(
            start.elapsed() < Duration::from_secs(10),
            "it did not happen in time"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_missing_sandbox_is_one_error() {
    let mode = Mode("good", Boxed, "", "");
    let folder = folder_with(&(HEAD.to_string() + &mode.table("python3")));
    let empty = tempfile::tempdir().unwrap();
    let mut run = program(folder.path());
    run.args(["run", "c.toml", "-o", "out"])
        .env("PATH", empty.path());
    let done = ran(&mut run, "run without bwrap");
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert!(
        done.err.contains("apt-get install bubblewrap"),
        "{}",
        done.err
    );
    assert!(
        done.out.is_empty() && done.err.lines().count() == 1,
        "{}",
        done.err
    );
}

#[test]
fn a_solver_that_writes_to_the_records_is_noticed() {
    let mode = Mode("records_writer", Plain, "", "");
    let folder = folder_with(&(HEAD.to_string() + &mode.table(&interpreter())));
    let mut run = program(folder.path());
    run.args(["run", "c.toml", "-o", "out", "--quiet"]);
    let done = ran(&mut run, "run");
    assert_eq!(done.code, Some(2), "{} {}", done.out, done.err);
    let what = "records.jsonl: another program changed this file during the run";
    assert!(done.err.contains(what), "{}", done.err);
}
