//! `merge`: one campaign from its shards.

use super::output::{CommandEnd, print, tell};
use offload_bench::campaign::config::Config;
use offload_bench::campaign::merge::{MergeJob, MergeOutcome, MergeSummary, merge};
use std::path::{Path, PathBuf};

/// Merge the shards of a campaign; lists missing, duplicate and incompatible records
#[derive(clap::Args)]
pub struct Arguments {
    /// Folders of the shards
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Folder of the merged campaign; created if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Configuration of the campaign; default: the one recorded in the shards
    #[arg(long, value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Folder that the configuration's paths are relative to; default: the configuration's folder
    #[arg(long, value_name = "DIR", requires = "config")]
    relative_to: Option<PathBuf>,
    /// Merge records of different programs, versions or options too
    #[arg(long)]
    allow_mixed: bool,
    /// Replace existing records in the output folder
    #[arg(long)]
    force: bool,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let config = a
        .config
        .as_ref()
        .map(|path| Config::read(path, a.relative_to.as_deref()))
        .transpose()?;
    let job = MergeJob {
        folders: &a.folders,
        output: &a.output,
        config,
        allow_mixed: a.allow_mixed,
        force: a.force,
        notify: &tell,
    };
    match merge(&job)? {
        MergeOutcome::Merged(summary) => report(&summary, &a.output, a.folders.len()),
        MergeOutcome::Refused(reasons) => {
            tell(&format!(
                "refused, nothing was written:\n  {}",
                reasons.join("\n  ")
            ));
            Ok(CommandEnd::Refuted)
        }
    }
}

fn report(s: &MergeSummary, folder: &Path, shards: usize) -> anyhow::Result<CommandEnd> {
    s.notes().iter().for_each(|note| tell(note));
    let double = if s.duplicates > 0 {
        format!(" ({} duplicates dropped)", s.duplicates)
    } else {
        String::new()
    };
    print(&format!(
        "{} records from {shards} folders{double}, in {1}; next: offload-bench report {1}",
        s.records,
        folder.display()
    ))?;
    let missing: Vec<String> = s
        .missing_text()
        .into_iter()
        .chain(s.uncertified_text())
        .collect();
    missing.iter().for_each(|text| tell(text));
    Ok(CommandEnd::of(missing.is_empty()))
}
