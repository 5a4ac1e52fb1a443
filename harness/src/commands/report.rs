//! `report`: gap tables and plots from a campaign.

use super::{print, tell};
use crate::{Verdict, campaign::RECORDS};
use std::path::PathBuf;

/// Make gap tables and plots from a campaign's records
#[derive(clap::Args)]
pub struct Arguments {
    /// The campaign's folder
    folder: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let path = a.folder.join(RECORDS);
    anyhow::ensure!(a.folder.is_dir(), "{}: not a folder; name the folder of a campaign", a.folder.display());
    anyhow::ensure!(path.is_file(), "{}: is missing; run a campaign first (offload-bench run)", path.display());
    let loaded = offload_reports::record::read_records(&path)?;
    if loaded.torn {
        tell(&format!(
            "note: {}: the last line is cut off and left out; run the campaign again to complete it",
            path.display()
        ));
    }
    anyhow::ensure!(
        !loaded.records.is_empty(),
        "{}: holds no record; run a campaign first (offload-bench run)",
        path.display()
    );
    let environments = offload_reports::read_environments(&a.folder)?;
    let study = offload_reports::Study::of(&loaded.records, &environments);
    print(&offload_reports::console_table(&study))?;
    for file in offload_reports::write_report(&study, &a.folder)? {
        print(&file.display().to_string())?;
    }
    Ok(Verdict::Done)
}
