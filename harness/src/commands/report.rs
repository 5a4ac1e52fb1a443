//! `report`: gap tables and plots from a campaign.

use super::{print, read_campaign, tell};
use crate::{Verdict, campaign::RECORDS};
use std::path::PathBuf;

/// Make gap tables and plots from a campaign's records
#[derive(clap::Args)]
pub struct Arguments {
    /// The campaign's folder
    folder: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<Verdict> {
    let loaded = read_campaign(&a.folder)?;
    if loaded.torn {
        tell(&format!(
            "note: {}: the last line is cut off and left out; run the campaign again to complete it",
            a.folder.join(RECORDS).display()
        ));
    }
    let environments = offload_reports::read_environments(&a.folder)?;
    let study = offload_reports::Study::of(&loaded.records, &environments);
    print(&offload_reports::console_table(&study))?;
    for file in offload_reports::write_report(&study, &a.folder)? {
        print(&file.display().to_string())?;
    }
    Ok(Verdict::Done)
}
