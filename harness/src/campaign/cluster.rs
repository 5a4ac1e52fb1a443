//! A campaign as a Slurm job array, with a dependent job that merges the shards and writes the
//! report.

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

/// Default number of shards.
const SHARDS: usize = 8;

/// Most shards: the largest array size that Slurm can be configured to allow.
pub const MAX_SHARDS: usize = 4_000_000;

/// Seconds before its time limit at which a task gets a signal, so that it can finish the current
/// solves and be queued again. Slurm may send the signal up to a minute earlier.
const NOTICE_S: u32 = 120;

/// Body of the array's script, after its settings.
const ARRAY: &str = include_str!("array.sh");

/// Body of the merge job's script.
const MERGE: &str = include_str!("merge.sh");

/// What is submitted, and the Slurm settings.
pub struct Submission {
    /// The configuration file.
    pub config: PathBuf,
    /// The campaign's folder, on a disk shared by all machines.
    pub output: PathBuf,
    /// Number of shards, one task of the array each; `None` = as before in this folder, or 8.
    pub shards: Option<usize>,
    /// Partition.
    pub partition: Option<String>,
    /// Time limit of a task, in the format of `sbatch --time`.
    pub time: Option<String>,
    /// Processors per task; `None` = the configuration's `threads`.
    pub cpus: Option<usize>,
    /// Memory per task, in the format of `sbatch --mem`.
    pub memory: Option<String>,
    /// Additional sbatch arguments for both jobs.
    pub more: Vec<String>,
}

/// A job script.
pub struct Script {
    /// Its path.
    pub path: PathBuf,
    /// Its content.
    pub text: String,
}

/// Both jobs, ready for submission.
pub struct PreparedSubmission {
    /// The array's script, then the merge job's.
    pub scripts: [Script; 2],
    /// Number of shards.
    pub shards: usize,
    /// Number of problems in the campaign.
    pub problems: usize,
    config_text: String,
}

/// The jobs that Slurm accepted.
pub struct SubmittedJobs {
    /// Job number of the array.
    pub array: String,
    /// Job number of the merge job.
    pub merge: String,
}

/// What both scripts contain.
struct ScriptValues<'a> {
    asked: &'a Submission,
    /// Absolute paths: the program, the copy of the configuration, the folder that the
    /// configuration's paths are relative to, and the campaign's folder.
    bench: String,
    config: String,
    base: String,
    out: String,
    shards: usize,
    cpus: usize,
}

/// Reads the configuration and builds the scripts. Mistakes in the configuration are reported here,
/// before anything is queued.
///
/// # Errors
/// If the configuration has mistakes, the number of shards differs from the folder's earlier
/// submission, or a path cannot be written in a script.
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
            "{}: was submitted in {then} shards; use --shards {then}, or choose another folder",
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

/// Writes the scripts and submits them with sbatch.
///
/// # Errors
/// If the folder cannot be written, or sbatch's answer is not a job number.
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
            "note: the campaign has only {} problems; {} shards are enough",
            prepared.problems, prepared.shards
        ));
    }
    let array = sbatch(&[], &prepared.scripts[0].path)?;
    // Not `afterok`: if a task fails permanently, the other shards are still merged and the missing
    // rows are listed.
    let merge = sbatch(
        &[format!("--dependency=afterany:{array}")],
        &prepared.scripts[1].path,
    )
    .with_context(|| format!("job {array} (the array) is queued, but not the job that merges"))?;
    Ok(SubmittedJobs { array, merge })
}

impl ScriptValues<'_> {
    /// The array's script.
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

    /// The merge job's script.
    fn merge(&self) -> anyhow::Result<String> {
        self.script(
            vec!["--job-name=offload-merge".to_string()],
            "merge.log",
            MERGE,
        )
    }

    fn script(&self, mut settings: Vec<String>, log: &str, body: &str) -> anyhow::Result<String> {
        let a = self.asked;
        // In a Slurm file name a percent sign starts a pattern.
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
                "'{setting}' is not an sbatch argument; it must start with - and be one line"
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

/// A path as it is written in a script.
fn text(path: &Path) -> anyhow::Result<String> {
    let text = path.to_str().filter(|t| !t.chars().any(char::is_control));
    text.map(String::from).with_context(|| {
        format!(
            "{}: this path cannot be written in a script; use a UTF-8 path without line breaks",
            path.display()
        )
    })
}

/// Quotes one word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Quotes one word for a `#SBATCH` line. Such lines support double quotes and backslashes, but no
/// other shell syntax.
fn setting_quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=:.,/@%+[]".contains(c);
    if word.chars().all(plain) {
        return word.to_string();
    }
    format!("\"{}\"", word.replace('\\', r"\\").replace('"', "\\\""))
}

/// The number of shards in the script of an earlier submission.
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

/// Submits a script and returns the job number.
fn sbatch(arguments: &[String], script: &Path) -> anyhow::Result<String> {
    let name = script.display();
    let ran = Command::new("sbatch")
        .arg("--parsable")
        .args(arguments)
        .arg(script)
        .output();
    let ran = ran.map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => anyhow::anyhow!(
            "sbatch is missing: this machine is not part of a Slurm cluster. The scripts are in {}; \
             submit on a cluster machine, or run the shards yourself (docs/src/use/cluster.md)",
            script.parent().unwrap_or(Path::new("")).display()
        ),
        _ => anyhow::anyhow!("sbatch: cannot start: {e}"),
    })?;
    let errors = String::from_utf8_lossy(&ran.stderr);
    ensure!(
        ran.status.success(),
        "sbatch refused {name}: {}",
        errors.trim()
    );
    let output = String::from_utf8_lossy(&ran.stdout);
    // On a multi-cluster system the cluster's name follows.
    let job = output.trim().split(';').next().unwrap_or("").to_string();
    let number = !job.is_empty() && job.bytes().all(|b| b.is_ascii_digit());
    ensure!(
        number,
        "sbatch answered \"{}\" to {name}, which is not a job number; check squeue",
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
