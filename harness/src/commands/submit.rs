//! `submit`: a campaign as a Slurm job array, with a dependent job that merges and reports.

use super::output::{CommandEnd, print, tell};
use offload_bench::campaign::cluster::{MAX_SHARDS, Submission, prepare, submit};
use offload_bench::sizes::slurm_memory;
use std::path::PathBuf;

/// Run a campaign on a Slurm cluster: a job array of shards, and a dependent job that merges and
/// reports
#[derive(clap::Args)]
pub struct Arguments {
    /// Configuration (offload-config/1, TOML)
    config: PathBuf,
    /// Folder of the campaign, on a disk shared by all machines; running the command again solves
    /// only what is missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Number of shards, one task of the array each; default: as before in this folder, or 8
    #[arg(long, value_name = "N", value_parser = parse_shards)]
    shards: Option<usize>,
    /// Partition
    #[arg(long, value_name = "P")]
    partition: Option<String>,
    /// Time limit of a task; a task that needs more is queued again and resumes
    #[arg(long, value_name = "HH:MM:SS")]
    time: Option<String>,
    /// Processors per task; default: `threads` of the configuration
    #[arg(long, value_name = "C")]
    cpus: Option<usize>,
    /// Memory per task, such as 4G
    #[arg(long, value_name = "M", value_parser = slurm_memory)]
    mem: Option<String>,
    /// Additional sbatch argument for both jobs, such as --account=NAME; may be repeated
    #[arg(long = "sbatch-arg", value_name = "ARG", allow_hyphen_values = true)]
    more: Vec<String>,
    /// Print the scripts; write and submit nothing
    #[arg(long)]
    dry_run: bool,
}

fn parse_shards(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|n| (1..=MAX_SHARDS).contains(n));
    number.ok_or_else(|| format!("give a number from 1 to {MAX_SHARDS}"))
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let asked = Submission {
        config: a.config.clone(),
        output: a.output.clone(),
        shards: a.shards,
        partition: a.partition.clone(),
        time: a.time.clone(),
        cpus: a.cpus,
        memory: a.mem.clone(),
        more: a.more.clone(),
    };
    let prepared = prepare(&asked, &tell)?;
    if a.dry_run {
        for script in &prepared.scripts {
            print(&format!(
                "==> {} <==\n{}",
                script.path.display(),
                script.text
            ))?;
        }
        return Ok(CommandEnd::Done);
    }
    let jobs = submit(&asked, &prepared, &tell)?;
    let (name, shards) = (a.output.display(), prepared.shards);
    print(&format!(
        "job {0}: {shards} shards; job {1} merges them and reports in {name}; logs: \
         {name}/submit/logs; see squeue -j {0},{1}",
        jobs.array, jobs.merge
    ))?;
    Ok(CommandEnd::Done)
}
