//! `verify`: re-checks plans, certificates and campaigns with the independent verifier.

use super::output::{CommandEnd, print, tell};
use anyhow::bail;
use offload_bench::campaign::certificates::verify_folder;
use offload_bench::recheck::check_file;
use offload_instances::files::{parse_json, read_bytes};
use std::path::{Path, PathBuf};

/// Re-check plans and certificates against the instance with the independent verifier
#[derive(clap::Args)]
pub struct Arguments {
    /// Plans, certificates, their instances, or the folder of a campaign
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The instance of all files; default: found by the file name or the instance name in each file
    #[arg(long)]
    instance: Option<PathBuf>,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let mut instances: Vec<PathBuf> = a.instance.iter().cloned().collect();
    let mut rest = Vec::new();
    for path in &a.files {
        if path.is_dir() {
            rest.push((path, None));
            continue;
        }
        let bytes = read_bytes(path)?;
        let value = parse_json(&path.display().to_string(), &bytes)?;
        if value["format"] == "offload-instance/1" {
            instances.push(path.clone());
        } else {
            rest.push((path, Some((bytes, value))));
        }
    }
    if rest.is_empty() {
        bail!("only instances were given; give a plan, a certificate or the folder of a campaign");
    }
    let mut all_hold = true;
    for (path, content) in rest {
        all_hold &= match content {
            None => campaign(path)?,
            Some((bytes, value)) => {
                let check = check_file(path, (&bytes, &value), &instances, &tell)?;
                print(&check.text)?;
                check.holds
            }
        };
    }
    Ok(CommandEnd::of(all_hold))
}

/// Re-checks the campaign of a folder and prints the result. Returns whether every claim holds.
pub(super) fn campaign(folder: &Path) -> anyhow::Result<bool> {
    let check = verify_folder(folder)?;
    for (file, reason) in &check.refused {
        print(&format!("REFUSED {}: {reason}", file.display()))?;
    }
    print(&format!(
        "{}: {} certificates re-checked, {} refused",
        folder.display(),
        check.checked,
        check.refused.len()
    ))?;
    Ok(check.refused.is_empty())
}
