//! `verify`: re-checks plans, certificates and campaigns with the independent verifier.

use super::output::{CommandEnd, print, print_json, tell};
use super::values::share;
use anyhow::bail;
use offload_bench::campaign::proof::{ProofOptions, prove};
use offload_bench::display::proof;
use offload_bench::recheck::check_file;
use offload_instances::files::{parse_json, read_bytes};
use std::path::{Path, PathBuf};

/// Re-check plans, certificates and whole campaigns against the instances, with the independent
/// verifier
#[derive(clap::Args)]
pub struct Arguments {
    /// Plans, certificates, their instances, or the folder of a campaign
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// The instance of all files; default: found by the file name or the instance name in each file
    #[arg(long)]
    instance: Option<PathBuf>,
    #[command(flatten)]
    campaigns: CampaignOptions,
}

/// How campaigns are re-checked.
#[derive(clap::Args, Default)]
pub struct CampaignOptions {
    /// Campaigns: fail too when a row cannot be re-checked, such as one without a stored plan, or
    /// is missing
    #[arg(long)]
    strict: bool,
    /// Campaigns: repeat deterministic built-in solvers on this share of their rows, from 0 to 1
    /// (default 1), and compare the results
    #[arg(
        long, value_name = "SHARE", num_args = 0..=1, default_missing_value = "1",
        value_parser = share
    )]
    rerun: Option<f64>,
    /// Campaigns: print one JSON object each
    #[arg(long)]
    json: bool,
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
    let CampaignOptions {
        strict,
        rerun,
        json,
    } = a.campaigns;
    let for_campaigns = strict || json || rerun.is_some();
    if for_campaigns && let Some((path, _)) = rest.iter().find(|(_, content)| content.is_some()) {
        bail!(
            "{}: is a file; --strict, --json and --rerun are for the folders of campaigns",
            path.display()
        );
    }
    let mut all_hold = true;
    for (path, content) in rest {
        all_hold &= match content {
            None => campaign(path, &a.campaigns)?,
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
pub(super) fn campaign(folder: &Path, options: &CampaignOptions) -> anyhow::Result<bool> {
    let proved = prove(
        folder,
        ProofOptions {
            rerun: options.rerun,
        },
    )?;
    if options.json {
        print_json(&proof::json(folder, &proved))?;
    } else {
        print(&proof::text(folder, &proved))?;
    }
    Ok(if options.strict {
        proved.is_complete()
    } else {
        proved.holds()
    })
}
