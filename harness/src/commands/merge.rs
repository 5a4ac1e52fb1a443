//! `merge`: one campaign from its shards.

use super::{print, tell};
use crate::Verdict;
use crate::config::Config;
use crate::merge::{Job, Outcome, Summary, merge};
use std::path::{Path, PathBuf};

/// Put the shards of a campaign together; tells what is missing, double or made differently
#[derive(clap::Args)]
pub struct Arguments {
    /// The shards' folders
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// The merged campaign's folder; made if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// What the shards were to solve; default: what they say themselves
    #[arg(long, value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Folder that the configuration's paths are relative to; default: its own
    #[arg(long, value_name = "DIR", requires = "config")]
    relative_to: Option<PathBuf>,
    /// Merge records of different programs, versions or options too
    #[arg(long)]
    allow_mixed: bool,
    /// Replace the records in the merged campaign's folder
    #[arg(long)]
    force: bool,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let config = a
        .config
        .as_ref()
        .map(|path| Config::read(path, a.relative_to.as_deref()))
        .transpose()?;
    let job = Job {
        folders: &a.folders,
        output: &a.output,
        config,
        allow_mixed: a.allow_mixed,
        force: a.force,
    };
    match merge(&job)? {
        Outcome::Merged(summary) => tell_of(&summary, &a.output, a.folders.len()),
        Outcome::Refused(reasons) => {
            tell(&format!(
                "refused, nothing is written:\n  {}",
                reasons.join("\n  ")
            ));
            Ok(Verdict::Refuted)
        }
    }
}

fn tell_of(s: &Summary, folder: &Path, shards: usize) -> anyhow::Result<Verdict> {
    for path in &s.torn {
        let remedy = "run this shard again to complete it";
        tell(&format!(
            "note: {}: the last line is cut off and left out; {remedy}",
            path.display()
        ));
    }
    if !s.compared {
        tell("note: what is missing is not known without the configuration; name it with --config");
    }
    if s.extra > 0 {
        tell(&format!(
            "note: {} records are not what the configuration asks for; they are kept, at the end",
            s.extra
        ));
    }
    if s.processors.len() > 1 {
        tell(&format!(
            "note: times come from different processors: {}",
            s.processors.join("; ")
        ));
    }
    let double = if s.duplicates > 0 {
        format!(" ({} double ones left out)", s.duplicates)
    } else {
        String::new()
    };
    let folder = folder.display();
    let next = format!("next: offload-bench report {folder}");
    print(&format!(
        "{} records from {shards} folders{double}, in {folder}; {next}",
        s.records
    ))?;
    if s.missing == 0 {
        return Ok(Verdict::Done);
    }
    let more = s.missing.saturating_sub(s.first_missing.len());
    let more = if more > 0 {
        format!("\n  ... and {more} more")
    } else {
        String::new()
    };
    let first = s.first_missing.join("\n  ");
    let rows = s.missing + s.records - s.extra;
    tell(&format!(
        "missing: {} of {rows} rows:\n  {first}{more}\nrun the shards again (they do only what is \
         missing) and merge with --force",
        s.missing
    ));
    Ok(Verdict::Refuted)
}
