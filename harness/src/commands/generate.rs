//! `generate`: writes instances of a family.

use super::options::parameters;
use super::output::{CommandEnd, print};
use anyhow::{Context, anyhow};
use offload_bench::files::make_folder;
use offload_instances::families::{self, Spec};
use offload_instances::write_instance;
use std::path::PathBuf;

/// Write instances of a family
#[derive(clap::Args)]
pub struct Arguments {
    /// Family (see `offload-bench families`)
    #[arg(long)]
    family: String,
    /// Number of users N
    #[arg(long)]
    users: usize,
    /// Number of servers M
    #[arg(long, default_value_t = 4)]
    servers: usize,
    /// Seed of the first instance
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Number of instances, with seeds SEED, SEED + 1, ...
    #[arg(long, default_value_t = 1)]
    count: u64,
    /// Column of the query trace to use as uncertainty, with a leading - if low values mean unsure.
    /// Same as --set uncertainty=COLUMN. Columns other than 'uncertainty' are scaled by rank, or as
    /// --set scale=calibrated selects
    #[arg(long, value_name = "COLUMN", allow_hyphen_values = true)]
    uncertainty: Option<String>,
    /// Parameter of the family; may be repeated (see `offload-bench families FAMILY`)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// Compress the files (.json.gz)
    #[arg(long)]
    gzip: bool,
    /// Output folder; created if missing
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let family = families::find(&a.family).map_err(|e| anyhow!(e))?;
    let mut parameters = parameters(&a.set)?;
    if let Some(column) = &a.uncertainty {
        let has = family.parameters().iter().any(|p| p.name == "uncertainty");
        anyhow::ensure!(
            has,
            "--uncertainty: family {} has no query trace; use trace or topology",
            a.family
        );
        let twice = parameters
            .insert("uncertainty".to_string(), column.clone())
            .is_some();
        anyhow::ensure!(
            !twice,
            "--uncertainty: is given twice, also with --set; give it once"
        );
    }
    let last = a
        .seed
        .checked_add(a.count.saturating_sub(1))
        .context("--count: the seeds exceed 2^64; give fewer")?;
    anyhow::ensure!(a.count > 0, "--count 0: give at least 1");
    let mut made = false;
    for seed in a.seed..=last {
        let spec = Spec {
            users: a.users,
            servers: a.servers,
            seed,
            parameters: parameters.clone(),
        };
        let instance = families::generate(family.as_ref(), &spec).map_err(|e| anyhow!(e))?;
        if !made {
            make_folder(&a.output)?;
            made = true;
        }
        let end = if a.gzip { "json.gz" } else { "json" };
        let path = a.output.join(format!("{}.{end}", instance.name));
        write_instance(&path, &instance)?;
        print(&path.display().to_string())?;
    }
    Ok(CommandEnd::Done)
}
