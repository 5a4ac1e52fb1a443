//! Pipes, devices and links as input: pipes work on the command line, and nothing waits for ever.
#![cfg(unix)]

use offload_tests::program::{CAMPAIGN, Ran, bench, binary, ends, good, program, ran};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than the time that a pipe without a writer is waited for, 10 s.
const PATIENCE: Duration = Duration::from_secs(25);

fn make_pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Runs a line that must end within [`PATIENCE`].
fn soon(folder: &Path, line: &str) -> Ran {
    let mut command = Command::new("timeout");
    command.args([&PATIENCE.as_secs().to_string(), binary().to_str().unwrap()]);
    let ran = ran(
        command.args(line.split_whitespace()).current_dir(folder),
        line,
    );
    assert_ne!(ran.code, Some(124), "{line}: it waits for ever");
    ran
}

fn refuse(folder: &Path, line: &str, key: &str) {
    let ran = soon(folder, line);
    assert_eq!(ran.code, Some(2), "{line}: {} {}", ran.out, ran.err);
    assert!(ran.err.contains(key), "{line}: no '{key}' in {}", ran.err);
}

/// A folder with a campaign `out`, its configuration, an instance and a plan.
fn workshop() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("c.toml"), CAMPAIGN).unwrap();
    good(path, "run c.toml -o out --quiet");
    let line = "generate --family paper --users 6 --servers 3 --seed 1 -o .";
    let made = good(path, line);
    fs::rename(path.join(made.trim()), path.join("a.json")).unwrap();
    good(
        path,
        "solve a.json --solver goa --threshold 0.7 -o plan.json",
    );
    folder
}

#[test]
fn pipes_work_on_the_command_line() {
    let folder = workshop();
    let path = folder.path();
    let bench = binary();
    let bench = bench.to_str().unwrap();
    let shell = |script: &str| {
        let mut command = Command::new("bash");
        command.args(["-c", script]).current_dir(path);
        let ran = ran(&mut command, script);
        assert_eq!(ran.code, Some(0), "{script}: {} {}", ran.out, ran.err);
        ran.out
    };
    let solve = "solve --solver goa --threshold 0.7 --json";
    let stable = |text: String| text.split("\"time_s\"").next().unwrap().to_string();
    let expected = stable(shell(&format!("{bench} {solve} a.json")));
    for script in [
        format!("cat a.json | {bench} {solve} /dev/stdin"),
        format!("{bench} {solve} /dev/stdin < a.json"),
        format!("{bench} {solve} <(cat a.json)"),
        format!("{bench} {solve} <(sleep 1; cat a.json)"),
        format!("mkfifo p; (sleep 1; cat a.json > p) & {bench} {solve} p; wait"),
    ] {
        assert_eq!(stable(shell(&script)), expected, "{script}");
    }
    let evaluate = "--threshold 0.7 --weights uncertainty --json";
    let expected = shell(&format!("{bench} evaluate a.json plan.json {evaluate}"));
    let piped = shell(&format!(
        "{bench} evaluate <(cat a.json) <(cat plan.json) {evaluate}"
    ));
    assert_eq!(piped, expected);
    shell(&format!(
        "cat plan.json | {bench} verify /dev/stdin --instance a.json"
    ));
    shell(&format!(
        "cat c.toml | {bench} run /dev/stdin -o piped --quiet"
    ));
    let sites = "printf 'longitude,latitude\\n13.4,52.5\\n13.5,52.6\\n'";
    shell(&format!(
        "{bench} generate --family topology --users 3 --servers 2 --seed 1 -o . \
         --set sites=<({sites})"
    ));
}

#[test]
fn pipes_that_nothing_writes_to_and_devices_are_errors() {
    let folder = workshop();
    let path = folder.path();
    make_pipe(&path.join("p"));
    let start = Instant::now();
    refuse(
        path,
        "solve p --solver goa --threshold 0.7",
        "no program wrote to this pipe",
    );
    assert!(start.elapsed() > Duration::from_secs(9));
    refuse(path, "run p -o new", "no program wrote to this pipe");
    for line in [
        "solve /dev/zero --solver goa --threshold 0.7",
        "evaluate a.json /dev/zero",
        "run /dev/zero -o new",
        "verify /dev/zero",
        "check out --gates /dev/zero",
        "generate --family topology --users 3 --servers 2 --seed 1 -o . --set sites=/dev/zero",
        "simulate a.json --solver goa --threshold 0.7 --times /dev/zero -o new",
    ] {
        refuse(path, line, "it is a device");
    }
    refuse(path, "unpack p -o new", "it is a pipe");
}

#[test]
fn pipes_in_a_campaign_are_errors() {
    let folder = workshop();
    let path = folder.path();
    let commands = [
        "run c.toml -o out --quiet",
        "report out",
        "verify out",
        "check out --gates gates.toml",
        "merge out -o merged",
        "pack out -o x.tar.zst",
    ];
    fs::write(
        path.join("gates.toml"),
        "format = \"offload-gates/1\"\n[[gate]]\nname = \"e\"\nmax_failures = 0\n",
    )
    .unwrap();
    for name in ["records.jsonl", "environments.jsonl"] {
        let file = path.join("out").join(name);
        let text = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        make_pipe(&file);
        for line in commands {
            // A complete campaign gets no new environment, and plans are verified without any.
            let unused = name == "environments.jsonl"
                && (line.starts_with("run") || line.starts_with("verify"));
            if unused {
                soon(path, line);
            } else {
                let key = if line.starts_with("verify") {
                    "records.jsonl"
                } else {
                    "it is a pipe"
                };
                refuse(path, line, key);
            }
        }
        fs::remove_file(&file).unwrap();
        fs::write(&file, text).unwrap();
    }
    let lock = path.join("out/.lock");
    fs::remove_file(&lock).unwrap();
    make_pipe(&lock);
    refuse(path, "run c.toml -o out --quiet", "it is a pipe");
}

#[test]
fn links_out_of_a_shard_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let config = CAMPAIGN.replace("\"dmin\"]", "\"bnb\"]\ncertificates = true");
    fs::write(path.join("c.toml"), config).unwrap();
    good(path, "run c.toml -o out --quiet --shard 1/1");
    fs::write(path.join("secret"), "of another user").unwrap();
    let certificates = path.join("out/certificates");
    let inside = certificates.join("inside.json.gz");
    let first = fs::read_dir(&certificates)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    // A link within the shard is harmless.
    symlink(first.path(), &inside).unwrap();
    good(path, "merge out -o merged");
    let evil = certificates.join("evil.json.gz");
    symlink(path.join("secret"), &evil).unwrap();
    ends(
        path,
        "merge out -o other",
        2,
        "evil.json.gz: is a link to a file outside of out",
    );
    fs::remove_file(&evil).unwrap();
    for name in ["records.jsonl", "environments.jsonl", "certificates"] {
        let file = path.join("out").join(name);
        fs::rename(&file, path.join("moved")).unwrap();
        symlink(path.join("moved"), &file).unwrap();
        ends(
            path,
            "merge out -o other",
            2,
            "outside of out; copy the file instead",
        );
        fs::remove_file(&file).unwrap();
        fs::rename(path.join("moved"), &file).unwrap();
    }
    assert!(!path.join("other").exists());
    good(path, "merge out -o other");
}

/// A run that lasts until it is killed.
fn long_run(path: &Path) -> Child {
    let config = CAMPAIGN.replace("\"dmin\"]", "\"exec:sleep 60\"]");
    fs::write(path.join("long.toml"), config).unwrap();
    let mut run = program(path);
    let child = run
        .args(["run", "long.toml", "-o", "out", "--quiet"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !path.join("out/records.jsonl").exists() {
        assert!(start.elapsed() < PATIENCE, "the run does not start");
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

fn signal(child: &Child, name: &str) {
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_run_that_waits_can_be_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let mut first = long_run(path);
    for (name, code) in [("TERM", 143), ("INT", 130)] {
        let waiting = program(path)
            .args(["run", "long.toml", "-o", "out", "--quiet", "--wait", "600"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(700));
        signal(&waiting, name);
        let start = Instant::now();
        let ended = waiting.wait_with_output().unwrap();
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{name}: {:?}",
            start.elapsed()
        );
        assert_eq!(ended.status.code(), Some(code), "{ended:?}");
        let printed = String::from_utf8(ended.stdout).unwrap();
        assert!(printed.contains("stopped"), "{printed}");
    }
    // The second signal ends the program at once; the solver's processes go with it.
    signal(&first, "TERM");
    std::thread::sleep(Duration::from_millis(200));
    signal(&first, "TERM");
    first.wait().unwrap();
}

#[test]
fn amounts_of_memory_are_checked_before_submission() {
    let folder = workshop();
    let path = folder.path();
    for memory in ["0", "4000", "4G", "512m", "4GB"] {
        let line = format!("submit c.toml -o s --dry-run --mem {memory}");
        let printed = good(path, &line);
        assert!(
            printed.contains(&format!("#SBATCH --mem={memory}\n")),
            "{printed}"
        );
    }
    for memory in [
        "lots",
        "4X",
        "-1",
        "4.5G",
        "1e3",
        "G",
        "4G#",
        "99999999999999999999",
    ] {
        let ran = bench(
            path,
            &format!("submit c.toml -o s --dry-run --mem={memory}"),
        );
        assert_eq!(ran.code, Some(2), "{memory}: {}", ran.out);
        assert!(ran.err.contains("--mem"), "{memory}: {}", ran.err);
    }
}

/// The output of a command is written by another process, as in a shell's `<(...)`.
#[test]
fn slow_writers_are_waited_for() {
    let folder = workshop();
    let path = folder.path();
    let text = fs::read(path.join("a.json")).unwrap();
    let mut child = program(path)
        .args([
            "solve",
            "/dev/stdin",
            "--solver",
            "goa",
            "--threshold",
            "0.7",
        ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    for piece in text.chunks(text.len() / 3 + 1) {
        std::thread::sleep(Duration::from_millis(300));
        pipe.write_all(piece).unwrap();
    }
    drop(pipe);
    assert!(child.wait().unwrap().success());
}
