//! `unpack`: the campaign of an archive, checked.

use super::output::{CommandEnd, print};
use super::verify::{self, CampaignOptions};
use anyhow::Context;
use offload_bench::archive::{UnpackJob, UnpackLimits, UnpackOutcome, unpack};
use offload_bench::sizes::bytes;
use offload_bench::stop::StopSignal;
use std::path::{Path, PathBuf};

/// End of an archive's name, which its folder does not have.
const EXTENSION: &str = ".tar.zst";

/// Unpack a campaign that `pack` wrote into a new folder; every file is checked against its hash
#[derive(clap::Args)]
pub struct Arguments {
    /// The archive, NAME.tar.zst
    archive: PathBuf,
    /// The new folder; default: NAME in the current folder
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// Re-check the campaign afterwards, as `verify` does. Exit code 1: a claim does not hold
    #[arg(long)]
    verify: bool,
    /// Most bytes of the unpacked files
    #[arg(long, value_name = "SIZE", default_value = "4G", value_parser = bytes)]
    max_size: u64,
    /// Most files
    #[arg(long, value_name = "N", default_value_t = UnpackLimits::default().files)]
    max_files: usize,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let folder = match &a.output {
        Some(folder) => folder.clone(),
        None => default_folder(&a.archive)?,
    };
    let job = UnpackJob {
        archive: &a.archive,
        output: &folder,
        limits: UnpackLimits {
            bytes: a.max_size,
            files: a.max_files,
        },
    };
    let summary = match unpack(&job, &StopSignal::listen()?)? {
        UnpackOutcome::Stopped(code) => return Ok(CommandEnd::Stopped(code)),
        UnpackOutcome::Unpacked(summary) => summary,
    };
    let next = if a.verify {
        String::new()
    } else {
        format!("; next: offload-bench verify {}", folder.display())
    };
    print(&format!(
        "{} files, {:.2} MB, in {}{next}",
        summary.files,
        summary.bytes as f64 / 1e6,
        folder.display()
    ))?;
    if a.verify {
        return Ok(CommandEnd::of(verify::campaign(
            &folder,
            &CampaignOptions::default(),
        )?));
    }
    Ok(CommandEnd::Done)
}

fn default_folder(archive: &Path) -> anyhow::Result<PathBuf> {
    let name = archive.file_name().and_then(|name| name.to_str());
    let folder = name.and_then(|name| name.strip_suffix(EXTENSION));
    let folder = folder.filter(|name| !name.is_empty());
    folder.map(PathBuf::from).with_context(|| {
        format!(
            "{}: its name does not end in {EXTENSION}; give a folder with -o",
            archive.display()
        )
    })
}
