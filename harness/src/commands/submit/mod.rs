//! `submit`: a campaign as a job array on Slurm, with a job behind it that merges and reports.

use super::{make_folder, print, tell};
use crate::Verdict;
use crate::config::Config;
use crate::matrix;
use crate::store::RECORDS;
use anyhow::{Context, bail, ensure};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Parts of a campaign when nobody says how many.
const SHARDS: usize = 8;

/// Most parts: what Slurm can be set up to allow in one array.
const MAX_SHARDS: usize = 4_000_000;

/// How long before its time limit a task is told, s: to finish what it is solving, and to be queued
/// again. Slurm may tell it a minute earlier.
const NOTICE_S: u32 = 120;

/// What the array's script does behind its settings.
const ARRAY: &str = include_str!("array.sh");

/// What the script of the job behind the array does.
const MERGE: &str = include_str!("merge.sh");

/// Run a campaign on a Slurm cluster: a job array of shards, and a job behind it that merges and
/// reports
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration (offload-config/1, TOML)
    config: PathBuf,
    /// The campaign's folder, on a disk that all machines share; the same command again does only
    /// what is missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Parts, a task of the array each; default: as before in this folder, or 8
    #[arg(long, value_name = "N", value_parser = parse_shards)]
    shards: Option<usize>,
    /// Partition
    #[arg(long, value_name = "P")]
    partition: Option<String>,
    /// Time limit of a task; one that needs more is queued again and goes on
    #[arg(long, value_name = "HH:MM:SS")]
    time: Option<String>,
    /// Processors of a task; default: `threads` of the configuration
    #[arg(long, value_name = "C")]
    cpus: Option<usize>,
    /// Memory of a task, such as 4G
    #[arg(long, value_name = "M")]
    mem: Option<String>,
    /// Another argument of sbatch for both jobs, such as --account=NAME; may be repeated
    #[arg(long = "sbatch-arg", value_name = "ARG", allow_hyphen_values = true)]
    more: Vec<String>,
    /// Print the scripts; write and submit nothing
    #[arg(long)]
    dry_run: bool,
}

/// What both scripts need to know.
struct Plan<'a> {
    arguments: &'a Arguments,
    /// The program, the configuration's copy, the folder that its paths are relative to, and the
    /// campaign's folder; all absolute.
    bench: String,
    config: String,
    base: String,
    out: String,
    shards: usize,
    cpus: usize,
}

fn parse_shards(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=MAX_SHARDS).contains(n));
    number.ok_or_else(|| format!("give a number from 1 to {MAX_SHARDS}"))
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let config = Config::read(&a.config, None)?;
    // Mistakes show here and not in a queue.
    let groups = matrix::groups(&config).with_context(|| a.config.display().to_string())?;
    let problems: usize = groups.iter().map(|g| g.cells.len()).sum();
    let out = std::path::absolute(&a.output)?;
    let submit = out.join("submit");
    let earlier = earlier_shards(&submit.join("array.sbatch"));
    let asked = a.shards.map(|n| n.min(problems.max(1)));
    if let (Some(now), Some(then)) = (asked, earlier)
        && now != then
        && has_records(&out, then)
    {
        bail!(
            "{}: was submitted in {then} shards; say --shards {then}, or choose another folder",
            a.output.display()
        );
    }
    let shards = asked.or(earlier).unwrap_or(SHARDS).min(problems.max(1));
    let base = std::path::absolute(config.folder.join("."))?;
    let plan = Plan {
        arguments: a,
        bench: text(&std::env::current_exe().context("cannot find this program itself")?)?,
        config: text(&submit.join("config.toml"))?,
        base: text(&base)?,
        out: text(&out)?,
        shards,
        cpus: a.cpus.unwrap_or_else(|| config.workers()),
    };
    let scripts = [
        ("array.sbatch", plan.array()?),
        ("merge.sbatch", plan.merge()?),
    ];
    if a.dry_run {
        for (name, script) in &scripts {
            print(&format!(
                "==> {} <==\n{script}",
                submit.join(name).display()
            ))?;
        }
        return Ok(Verdict::Done);
    }
    make_folder(&submit.join("logs"))?;
    offload_instances::files::write_bytes(&submit.join("config.toml"), config.text.as_bytes())?;
    for (name, script) in &scripts {
        offload_instances::files::write_bytes(&submit.join(name), script.as_bytes())?;
    }
    if a.shards.is_some_and(|asked| asked > shards) {
        tell(&format!(
            "note: there are {problems} problems: {shards} shards are enough"
        ));
    }
    let array = sbatch(&[], &submit.join(scripts[0].0))?;
    // Not `afterok`: if a task fails for good, what is there is merged all the same, and what is
    // missing is listed.
    let behind = sbatch(
        &[format!("--dependency=afterany:{array}")],
        &submit.join(scripts[1].0),
    )
    .with_context(|| format!("job {array} (the array) is queued, but not the job that merges"))?;
    let name = a.output.display();
    print(&format!(
        "job {array}: {shards} shards; job {behind} merges them and reports in {name}; logs: {name}/submit/logs; see squeue -j {array},{behind}"
    ))?;
    Ok(Verdict::Done)
}

impl Plan<'_> {
    /// The script of the array.
    fn array(&self) -> anyhow::Result<String> {
        let a = self.arguments;
        let mut settings = vec![
            "--job-name=offload-bench".to_string(),
            format!("--array=1-{}", self.shards),
            format!("--signal=B:USR1@{NOTICE_S}"),
            format!("--cpus-per-task={}", self.cpus),
        ];
        settings.extend(a.time.as_ref().map(|t| format!("--time={t}")));
        settings.extend(a.mem.as_ref().map(|m| format!("--mem={m}")));
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
        let a = self.arguments;
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
            "sbatch is missing: this is no machine of a Slurm cluster. The scripts are in {}; submit again on one that is, \
             or run the shards yourself (docs/cluster.md)",
            script.parent().unwrap_or(Path::new("")).display()
        ),
        _ => anyhow::anyhow!("sbatch: cannot be started: {e}"),
    })?;
    let said = String::from_utf8_lossy(&ran.stderr);
    ensure!(
        ran.status.success(),
        "sbatch refused {name}: {}",
        said.trim()
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
