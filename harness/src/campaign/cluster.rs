//! A campaign as a job array on Slurm, with a job behind it that merges and reports.

use crate::campaign::config::Config;
use crate::campaign::matrix;
use crate::files::make_folder;
use crate::notice::Notify;
use anyhow::{Context, bail, ensure};
use offload_instances::files::write_bytes;
use offload_reports::records::record::RECORDS;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Parts of a campaign when nobody says how many.
const SHARDS: usize = 8;

/// Most parts: what Slurm can be set up to allow in one array.
pub const MAX_SHARDS: usize = 4_000_000;

/// How long before its time limit a task is told, s: to finish what it is solving, and to be queued
/// again. Slurm may tell it a minute earlier.
const NOTICE_S: u32 = 120;

/// What the array's script does behind its settings.
const ARRAY: &str = include_str!("array.sh");

/// What the script of the job behind the array does.
const MERGE: &str = include_str!("merge.sh");

/// What is submitted, and with which settings of Slurm.
pub struct Submission {
    /// The configuration's file.
    pub config: PathBuf,
    /// The campaign's folder, on a disk that all machines share.
    pub output: PathBuf,
    /// Parts, a task of the array each; `None` = as before in this folder, or 8.
    pub shards: Option<usize>,
    /// Partition.
    pub partition: Option<String>,
    /// Time limit of a task, as `sbatch --time` takes it.
    pub time: Option<String>,
    /// Processors of a task; `None` = the configuration's `threads`.
    pub cpus: Option<usize>,
    /// Memory of a task, as `sbatch --mem` takes it.
    pub memory: Option<String>,
    /// More arguments of sbatch for both jobs.
    pub more: Vec<String>,
}

/// A job's script.
pub struct Script {
    /// Its file.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Both jobs, ready to be submitted.
pub struct PreparedSubmission {
    /// The array's script, then that of the job behind it.
    pub scripts: [Script; 2],
    /// Parts of the campaign.
    pub shards: usize,
    /// Problems of the campaign.
    pub problems: usize,
    config_text: String,
}

/// The jobs that Slurm accepted.
pub struct SubmittedJobs {
    /// Number of the array.
    pub array: String,
    /// Number of the job behind it.
    pub merge: String,
}

/// What both scripts need to know.
struct ScriptValues<'a> {
    asked: &'a Submission,
    /// The program, the configuration's copy, the folder that its paths are relative to, and the
    /// campaign's folder; all absolute.
    bench: String,
    config: String,
    base: String,
    out: String,
    shards: usize,
    cpus: usize,
}

/// Reads the configuration, makes all its mistakes show now and not in a queue, and writes the
/// scripts' texts.
///
/// # Errors
/// A faulty configuration, another number of shards than the folder's earlier one, or a path that a
/// script cannot hold.
pub fn prepare(asked: &Submission, notify: Notify) -> anyhow::Result<PreparedSubmission> {
    let config = Config::read(&asked.config, None)?;
    let groups =
        matrix::groups(&config, notify).with_context(|| asked.config.display().to_string())?;
    let problems: usize = groups.iter().map(|g| g.terms.len()).sum();
    let out = std::path::absolute(&asked.output)?;
    let submit = out.join("submit");
    let earlier = earlier_shards(&submit.join("array.sbatch"));
    let wanted = asked.shards.map(|n| n.min(problems.max(1)));
    if let (Some(now), Some(then)) = (wanted, earlier)
        && now != then
        && has_records(&out, then)
    {
        bail!(
            "{}: was submitted in {then} shards; say --shards {then}, or choose another folder",
            asked.output.display()
        );
    }
    let shards = wanted.or(earlier).unwrap_or(SHARDS).min(problems.max(1));
    let base = std::path::absolute(config.folder.join("."))?;
    let values = ScriptValues {
        asked,
        bench: text(&std::env::current_exe().context("cannot find this program itself")?)?,
        config: text(&submit.join("config.toml"))?,
        base: text(&base)?,
        out: text(&out)?,
        shards,
        cpus: asked.cpus.unwrap_or_else(|| config.workers()),
    };
    let script = |name: &str, text| Script {
        path: submit.join(name),
        text,
    };
    Ok(PreparedSubmission {
        scripts: [
            script("array.sbatch", values.array()?),
            script("merge.sbatch", values.merge()?),
        ],
        shards,
        problems,
        config_text: config.text,
    })
}

/// Writes the scripts and submits them.
///
/// # Errors
/// A folder that cannot be written, or an answer of sbatch that is no job's number.
pub fn submit(
    asked: &Submission,
    prepared: &PreparedSubmission,
    notify: Notify,
) -> anyhow::Result<SubmittedJobs> {
    let folder = prepared.scripts[0].path.parent().unwrap_or(Path::new(""));
    make_folder(&folder.join("logs"))?;
    write_bytes(&folder.join("config.toml"), prepared.config_text.as_bytes())?;
    for script in &prepared.scripts {
        write_bytes(&script.path, script.text.as_bytes())?;
    }
    if asked.shards.is_some_and(|n| n > prepared.shards) {
        notify(&format!(
            "note: there are {} problems: {} shards are enough",
            prepared.problems, prepared.shards
        ));
    }
    let array = sbatch(&[], &prepared.scripts[0].path)?;
    // Not `afterok`: if a task fails for good, the other shards are merged all the same, and what
    // is missing is listed.
    let merge = sbatch(
        &[format!("--dependency=afterany:{array}")],
        &prepared.scripts[1].path,
    )
    .with_context(|| format!("job {array} (the array) is queued, but not the job that merges"))?;
    Ok(SubmittedJobs { array, merge })
}

impl ScriptValues<'_> {
    /// The script of the array.
    fn array(&self) -> anyhow::Result<String> {
        let a = self.asked;
        let mut settings = vec![
            "--job-name=offload-bench".to_string(),
            format!("--array=1-{}", self.shards),
            format!("--signal=B:USR1@{NOTICE_S}"),
            format!("--cpus-per-task={}", self.cpus),
        ];
        settings.extend(a.time.as_ref().map(|t| format!("--time={t}")));
        settings.extend(a.memory.as_ref().map(|m| format!("--mem={m}")));
        self.script(settings, "shard-%a.log", ARRAY)
    }

    /// The script of the job behind it.
    fn merge(&self) -> anyhow::Result<String> {
        self.script(
            vec!["--job-name=offload-merge".to_string()],
            "merge.log",
            MERGE,
        )
    }

    fn script(&self, mut settings: Vec<String>, log: &str, body: &str) -> anyhow::Result<String> {
        let a = self.asked;
        // In a file name a percent sign begins a pattern.
        let logs = format!("{}/submit/logs/{log}", self.out.replace('%', "%%"));
        settings.extend([
            "--requeue".to_string(),
            "--open-mode=append".to_string(),
            format!("--output={logs}"),
        ]);
        settings.extend(a.partition.as_ref().map(|p| format!("--partition={p}")));
        settings.extend(a.more.iter().cloned());
        let mut script = String::from("#!/bin/bash\n");
        for setting in settings {
            let bare = setting.starts_with('-') && !setting.chars().any(char::is_control);
            ensure!(
                bare,
                "'{setting}' is no argument of sbatch; it begins with - and is one line"
            );
            writeln!(script, "#SBATCH {}", setting_quoted(&setting))?;
        }
        script += "# Written by offload-bench submit.\nset -u\n";
        let values = [
            ("bench", &self.bench),
            ("config", &self.config),
            ("base", &self.base),
            ("out", &self.out),
        ];
        for (name, value) in values {
            writeln!(script, "{name}={}", quoted(value))?;
        }
        writeln!(script, "shards={}\n", self.shards)?;
        Ok(script + body)
    }
}

/// A path as a script can hold it.
fn text(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().filter(|t| !t.chars().any(char::is_control));
    text.map(String::from).with_context(|| {
        format!(
            "{}: a script cannot hold this path; use one without line ends and in UTF-8",
            path.display()
        )
    })
}

/// One word of a shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// One word of a `#SBATCH` line, which knows double quotes and the backslash, but nothing else of a
/// shell.
fn setting_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=:.,/@%+[]".contains(c);
    if word.chars().all(plain) {
        return word.to_string();
    }
    format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""))
}

/// The number of shards in a script of an earlier submission.
fn earlier_shards(script: &Path) -> Option<usize> {
    let text = std::fs::read_to_string(script).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("#SBATCH --array=1-"))?
        .parse()
        .ok()
}

fn has_records(out: &Path, shards: usize) -> bool {
    (1..=shards).any(|k| {
        out.join("shards")
            .join(k.to_string())
            .join(RECORDS)
            .exists()
    })
}

/// Submits a script; returns the job's number.
fn sbatch(arguments: &[String], script: &Path) -> anyhow::Result<String> {
    let name = script.display();
    let ran = Command::new("sbatch")
        .arg("--parsable")
        .args(arguments)
        .arg(script)
        .output();
    let ran = ran.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => anyhow::anyhow!(
            "sbatch is missing: this is no machine of a Slurm cluster. The scripts are in {}; submit \
             again on one that is, or run the shards yourself (docs/src/use/cluster.md)",
            script.parent().unwrap_or(Path::new("")).display()
        ),
        _ => anyhow::anyhow!("sbatch: cannot be started: {e}"),
    })?;
    let errors = String::from_utf8_lossy(&ran.stderr);
    ensure!(
        ran.status.success(),
        "sbatch refused {name}: {}",
        errors.trim()
    );
    let output = String::from_utf8_lossy(&ran.stdout);
    // With several clusters it is followed by the cluster's name.
    let job = output.trim().split(';').next().unwrap_or("").to_string();
    let number = !job.is_empty() && job.bytes().all(|b| b.is_ascii_digit());
    ensure!(
        number,
        "sbatch answered \"{}\" to {name} and not a job's number; see squeue",
        output.trim()
    );
    Ok(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_shell_and_sbatch() {
        assert_eq!(quoted("it's $here"), r"'it'\''s $here'");
        assert_eq!(setting_quoted("--output=/a/%a.log"), "--output=/a/%a.log");
        assert_eq!(
            setting_quoted("--comment=a \"b\" \\"),
            r#""--comment=a \"b\" \\""#
        );
    }
}
