//! Campaigns in shards: merging, the faults that a merge must report, and submission to Slurm.
//! `make test-slurm` tests with a real Slurm.
#![cfg(unix)]

use offload_tests::program::{CAMPAIGN, Ran, bench, program, ran, words};
use offload_tests::timeless;
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// Runs the program with these words and this PATH.
fn with_path(folder: &Path, words: &[&str], path: &str) -> Ran {
    ran(
        program(folder).args(words).env("PATH", path),
        &format!("{words:?}"),
    )
}

/// Runs a line, expects an exit code, and returns everything printed.
fn ends(folder: &Path, line: &str, code: i32) -> String {
    let ran = bench(folder, line);
    assert_eq!(ran.code, Some(code), "{line}: {} {}", ran.out, ran.err);
    ran.out + &ran.err
}

/// The small campaign with certificates.
fn config() -> String {
    CAMPAIGN.replace("\"dmin\"]", "\"dmin\", \"bnb\"]\ncertificates = true")
}

const ROWS: usize = 72;

/// A folder with `c.toml` and its shards 1 to 3 in `s1` to `s3`.
fn sharded() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("c.toml"), config()).unwrap();
    for k in 1..=3 {
        ends(
            folder.path(),
            &format!("run c.toml --shard {k}/3 -o s{k} --quiet"),
            0,
        );
    }
    folder
}

fn lines(file: &Path) -> Vec<String> {
    fs::read_to_string(file)
        .unwrap()
        .lines()
        .map(String::from)
        .collect()
}

fn write_lines(file: &Path, lines: &[String]) {
    fs::write(file, lines.join("\n") + "\n").unwrap();
}

/// Which solves a campaign holds, in its order.
fn solves(folder: &Path) -> Vec<String> {
    let name = |line: &String| {
        let r: Value = serde_json::from_str(line).unwrap();
        ["fingerprint", "threshold", "weights", "solver", "seed"]
            .map(|field| r[field].to_string())
            .join(" ")
    };
    lines(&folder.join("records.jsonl"))
        .iter()
        .map(name)
        .collect()
}

#[test]
fn shards_merged_are_the_one_machine_run() {
    let folder = sharded();
    let path = folder.path();
    ends(path, "run c.toml -o whole --quiet", 0);
    let printed = ends(path, "merge s3 s1 s2 -o all", 0);
    assert!(
        printed.starts_with(&format!("{ROWS} records from 3 folders, in all")),
        "{printed}"
    );
    let (whole, all) = (path.join("whole"), path.join("all"));
    assert_eq!(
        timeless(&all.join("records.jsonl")),
        timeless(&whole.join("records.jsonl"))
    );
    assert_eq!(solves(&all), solves(&whole));
    assert_eq!(lines(&all.join("environments.jsonl")).len(), 3);
    let names = |folder: &Path| {
        let mut names: Vec<_> = fs::read_dir(folder.join("certificates"))
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&all), names(&whole));
    ends(path, "verify all", 0);
    ends(path, "report all", 0);
    // In any order of the folders; and existing files are replaced only on request.
    let before = fs::read(all.join("records.jsonl")).unwrap();
    assert!(ends(path, "merge s1 s2 s3 -o all", 2).contains("--force"));
    ends(path, "merge s1 s2 s3 -o all --force", 0);
    assert_eq!(fs::read(all.join("records.jsonl")).unwrap(), before);
    assert!(all.join("report.md").is_file(), "files of others stay");
    let left: Vec<_> = fs::read_dir(&all)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.to_string_lossy().starts_with(".offload-")),
        "{left:?}"
    );
    // What was merged may be merged again, and a run goes on from there.
    ends(path, "merge all s2 -o again", 0);
    assert!(ends(path, "run c.toml -o again", 0).starts_with("0 new"));
}

#[test]
fn double_solves_are_kept_once_unless_they_differ() {
    let folder = sharded();
    let path = folder.path();
    // The same rows once more, at other times.
    ends(path, "run c.toml --shard 2/3 -o t2 --quiet", 0);
    let printed = ends(path, "merge s1 s2 s3 t2 -o all", 0);
    assert!(
        printed.contains(&format!(
            "{ROWS} records from 4 folders (24 duplicates dropped)"
        )),
        "{printed}"
    );
    let file = path.join("t2/records.jsonl");
    let changed = lines(&file)[0].replace("\"offloaded\":", "\"offloaded\":1");
    write_lines(&file, &[changed]);
    let printed = ends(path, "merge s1 s2 s3 t2 -o other", 1);
    assert!(
        printed.contains("has one result in s2 and another in t2"),
        "{printed}"
    );
    assert!(printed.contains("goa (seed 0) on paper-n"), "{printed}");
    assert!(!path.join("other/records.jsonl").exists());
}

#[test]
fn missing_rows_are_reported_and_the_rest_is_merged() {
    let folder = sharded();
    let path = folder.path();
    let printed = ends(path, "merge s1 s3 -o two", 1);
    assert!(
        printed.contains(&format!("missing: 24 of {ROWS} rows")) && printed.contains("and 19 more"),
        "{printed}"
    );
    assert_eq!(solves(&path.join("two")).len(), 48);
    // A torn line counts as missing, and running again repairs it.
    let file = path.join("s2/records.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() - 20]).unwrap();
    let printed = ends(path, "merge s1 s2 s3 -o torn", 1);
    assert!(
        printed.contains("s2/records.jsonl: the last line is incomplete")
            && printed.contains("missing: 1 of"),
        "{printed}"
    );
    ends(path, "run c.toml --shard 2/3 -o s2 --quiet", 0);
    ends(path, "merge s1 s2 s3 -o torn --force", 0);
    // Another configuration asks for other rows.
    fs::write(path.join("more.toml"), config().replace("[5, 9]", "[5, 7]")).unwrap();
    let printed = ends(path, "merge s1 s2 s3 -o other --config more.toml", 1);
    assert!(
        printed.contains("missing: 36 of 72 rows")
            && printed.contains("36 records are not part of"),
        "{printed}"
    );
    // Nothing to compare with: reported, but not a failure.
    for k in 1..=3 {
        fs::remove_file(path.join(format!("s{k}/environments.jsonl"))).unwrap();
    }
    assert!(ends(path, "merge s1 s2 -o blind", 0).contains("--config"));
    assert!(ends(path, "merge s1 s2 -o blind --force --config c.toml", 1).contains("missing: 24"));
}

#[test]
fn different_makings_are_not_mixed() {
    let folder = sharded();
    let path = folder.path();
    let change = |file: &str, from: &str, to: &str| {
        let text = fs::read_to_string(path.join(file)).unwrap();
        assert!(text.contains(from), "{file}: no {from}");
        fs::write(path.join(file), text.replace(from, to)).unwrap();
        text
    };
    for (file, from, to, key) in [
        (
            "s2/records.jsonl",
            "\"solver_version\":\"",
            "\"solver_version\":\"9.",
            "solver bnb differs",
        ),
        (
            "s2/records.jsonl",
            "\"options\":{",
            "\"options\":{\"more\":1,",
            "solver goa differs",
        ),
        (
            "s2/records.jsonl",
            "\"generator\":\"paper ",
            "\"generator\":\"paper 9.",
            "family paper differs",
        ),
        (
            "s2/environments.jsonl",
            "\"program\":\"",
            "\"program\":\"9.",
            "offload-bench differs",
        ),
        (
            "s2/environments.jsonl",
            "thresholds = ",
            "thresholds  = ",
            "2 configurations",
        ),
    ] {
        let before = change(file, from, to);
        let printed = ends(path, "merge s1 s2 s3 -o all", 1);
        assert!(
            printed.contains(key) && printed.contains("--allow-mixed"),
            "{key}: {printed}"
        );
        assert!(!path.join("all/records.jsonl").exists());
        ends(path, "merge s1 s2 s3 -o mixed --allow-mixed --force", 0);
        fs::write(path.join(file), before).unwrap();
    }
    // A configuration that is named settles which of them counts.
    change("s2/environments.jsonl", "thresholds = ", "thresholds  = ");
    ends(path, "merge s1 s2 s3 -o all --config c.toml", 0);
}

#[test]
fn bad_folders_are_named() {
    let folder = sharded();
    let path = folder.path();
    fs::create_dir(path.join("empty")).unwrap();
    for (line, key) in [
        ("merge s1 nowhere -o all", "nowhere: not a folder"),
        ("merge s1 empty -o all", "records.jsonl: is missing"),
        ("merge s1 ./s1 -o all", "is given twice"),
        ("merge s1 s2 -o s2 --force", "is one of the shards"),
        ("merge -o all", "<DIR>..."),
    ] {
        let printed = ends(path, line, 2);
        assert!(printed.contains(key), "{line}: {printed}");
    }
    // A certificate that is not the same under the same name.
    ends(path, "run c.toml --shard 2/3 -o t2 --quiet", 0);
    let name = fs::read_dir(path.join("t2/certificates"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    fs::write(&name, "other").unwrap();
    assert!(ends(path, "merge s1 s2 s3 t2 -o all", 1).contains("differs from"));
    let mut all = lines(&path.join("s1/records.jsonl"));
    all[1] = "{\"format\":".into();
    write_lines(&path.join("s1/records.jsonl"), &all);
    assert!(ends(path, "merge s1 s2 s3 -o all", 2).contains("records.jsonl: line 2"));
    assert!(!path.join("all/records.jsonl").exists());
}

/// A folder whose name is hard to quote, with `c.toml` in it.
fn awkward() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("it's 100% here");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("c.toml"), config()).unwrap();
    (folder, path)
}

#[test]
fn a_dry_submission_prints_the_scripts() {
    let (_folder, path) = awkward();
    let typed = [
        "submit",
        "c.toml",
        "-o",
        "all",
        "--shards",
        "5",
        "--partition",
        "long",
        "--time",
        "01:00:00",
    ];
    let more = [
        "--cpus",
        "3",
        "--mem",
        "4G",
        "--sbatch-arg",
        "--account=me",
        "--sbatch-arg=--comment=a b",
        "--dry-run",
    ];
    let ran = words(&path, &[&typed[..], &more[..]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for line in [
        "#SBATCH --array=1-5",
        "#SBATCH --signal=B:USR1@120",
        "#SBATCH --requeue",
        "#SBATCH --time=01:00:00",
        "#SBATCH --mem=4G",
        "#SBATCH --cpus-per-task=3",
        "#SBATCH --partition=long",
        "#SBATCH --account=me",
        "#SBATCH \"--comment=a b\"",
        "shards=5",
    ] {
        assert!(
            ran.out.lines().any(|l| l == line),
            "no '{line}' in {}",
            ran.out
        );
    }
    assert!(
        ran.out.contains(r"it'\''s 100% here/all'")
            && ran.out.contains("it's 100%% here/all/submit/logs/")
    );
    assert!(!path.join("all").exists());
    for (line, key) in [
        ("submit c.toml -o all --shards 0 --dry-run", "from 1"),
        (
            "submit c.toml -o all --sbatch-arg account --dry-run",
            "is not an sbatch argument",
        ),
        ("submit d.toml -o all --dry-run", "d.toml"),
    ] {
        assert!(ends(&path, line, 2).contains(key), "{line}");
    }
}

#[test]
fn submission_hands_two_jobs_to_sbatch() {
    let (_folder, path) = awkward();
    let tools = path.join("bin");
    fs::create_dir(&tools).unwrap();
    let search = format!("{}:/usr/bin:/bin", tools.display());
    let typed = ["submit", "c.toml", "-o", "all", "--shards", "99"];
    // A PATH without sbatch.
    let ran = with_path(&path, &typed, tools.to_str().unwrap());
    assert!(
        ran.code == Some(2) && ran.err.contains("sbatch is missing"),
        "{}",
        ran.err
    );
    assert!(
        path.join("all/submit/array.sbatch").is_file()
            && path.join("all/submit/merge.sbatch").is_file()
    );
    assert_eq!(
        fs::read_to_string(path.join("all/submit/config.toml")).unwrap(),
        config()
    );

    write_sbatch(&tools);
    let ran = with_path(&path, &typed, &search);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    // No more shards than problems.
    assert!(
        ran.out.starts_with("job 7: 24 shards; job 7 merges them"),
        "{}",
        ran.out
    );
    assert!(ran.err.contains("24 shards are enough"), "{}", ran.err);
    let submit = path.canonicalize().unwrap().join("all/submit");
    let script = |name: &str| submit.join(name).display().to_string();
    let expected = [
        "--parsable".into(),
        script("array.sbatch"),
        "--parsable".into(),
        "--dependency=afterany:7".into(),
    ];
    let calls = lines(&tools.join("calls"));
    assert_eq!(calls[..4], expected);
    assert_eq!(calls[4..], [script("merge.sbatch")]);

    run_scripts(&path, &submit);
    // The same command again adds what is missing, although it asks for more shards than there are.
    let again = with_path(&path, &typed, &search);
    assert_eq!(again.code, Some(0), "{}", again.err);
    // Another number of shards would repeat rows. Without a number it is the one from before.
    let other = ["submit", "c.toml", "-o", "all", "--shards", "4"];
    let refused = with_path(&path, &other, &search);
    assert!(
        refused.code == Some(2) && refused.err.contains("--shards 24"),
        "{}",
        refused.err
    );
    let again = with_path(&path, &["submit", "c.toml", "-o", "all"], &search);
    assert!(
        again.out.starts_with("job 7: 24 shards"),
        "{} {}",
        again.out,
        again.err
    );
}

/// An `sbatch` that notes its arguments and answers as the real one.
fn write_sbatch(tools: &Path) {
    let fake = tools.join("sbatch");
    let record = "#!/bin/sh\nprintf '%s\\n' \"$@\" >>\"$(dirname \"$0\")/calls\"\necho '7;main'\n";
    fs::write(&fake, record).unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Runs two of the shards and the merge, without Slurm.
fn run_scripts(path: &Path, submit: &Path) {
    let script = |name: &str| submit.join(name);
    for k in ["1", "24"] {
        let done = Command::new("bash")
            .arg(script("array.sbatch"))
            .env("SLURM_ARRAY_TASK_ID", k)
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
    assert_eq!(solves(&path.join("all/shards/24")).len(), 3);
    let done = Command::new("bash")
        .arg(script("merge.sbatch"))
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{printed}");
    assert!(
        printed.contains("missing: 66 of 72 rows") && path.join("all/report.md").is_file(),
        "{printed}"
    );
}
