//! `pack`: a campaign as one file.

use super::output::{CommandEnd, print, tell};
use offload_bench::archive::{CrateDescription, PackJob, pack};
use offload_bench::campaign::config::Config;
use std::path::PathBuf;

/// Pack a campaign into one file to share: records, plans, instances, certificates, environments,
/// the configuration without local paths, and files of external solvers
#[derive(clap::Args)]
pub struct Arguments {
    /// The campaign's folder
    folder: PathBuf,
    /// The archive, NAME.tar.zst
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Configuration of the campaign; default: the one that the last run recorded
    #[arg(long, value_name = "CONFIG")]
    config: Option<PathBuf>,
    /// Folder that the configuration's paths are relative to; default: the configuration's folder
    #[arg(long, value_name = "DIR", requires = "config")]
    relative_to: Option<PathBuf>,
    /// Title in the description of the archive
    #[arg(long)]
    title: Option<String>,
    /// Author, "NAME" or "NAME <https://orcid.org/...>"; may be repeated
    #[arg(long = "author", value_name = "NAME")]
    authors: Vec<String>,
    /// Licence of the data: an SPDX identifier such as CC-BY-4.0, or an address
    #[arg(long)]
    license: Option<String>,
    /// Day of publication; default: the day of the campaign's last run
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let config = a
        .config
        .as_ref()
        .map(|path| Config::read(path, a.relative_to.as_deref()))
        .transpose()?;
    let summary = pack(&PackJob {
        folder: &a.folder,
        output: &a.output,
        config: config.as_ref(),
        about: CrateDescription {
            title: a.title.clone(),
            authors: a.authors.clone(),
            license: a.license.clone(),
            date: a.date.clone(),
        },
        notify: &tell,
    })?;
    print(&format!(
        "{} records, {} instances, {} certificates and {} solver files in {4}: {5:.2} MB, {6:.2} MB \
         unpacked; to re-check it: offload-bench unpack {4} --verify",
        summary.records,
        summary.instances,
        summary.certificates,
        summary.solver_files,
        a.output.display(),
        megabytes(summary.packed_bytes),
        megabytes(summary.unpacked_bytes),
    ))?;
    Ok(CommandEnd::Done)
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
