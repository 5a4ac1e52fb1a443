//! Options that several commands share.

use super::output::tell;
use anyhow::{Context, anyhow, ensure};
use offload_bench::files::read_instance;
use offload_instances::Instance;
use offload_instances::families::{self, Spec};
use std::collections::BTreeMap;
use std::path::Path;

/// A family with its options, as in `generate`
#[derive(clap::Args)]
pub struct FamilyOptions {
    /// Family (see `offload-bench families`), instead of files
    #[arg(long)]
    pub family: Option<String>,
    /// Number of users N of each generated instance
    #[arg(long, requires = "family")]
    pub users: Option<usize>,
    /// Number of servers M
    #[arg(long, default_value_t = 4)]
    pub servers: usize,
    /// Parameter of the family; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "family")]
    pub set: Vec<String>,
}

impl FamilyOptions {
    /// The instance in `file`, or the family's instance with this seed if no file is given.
    ///
    /// # Errors
    /// If neither is given, the file cannot be read, or [`FamilyOptions::instances`] fails.
    pub fn one(&self, file: Option<&Path>, seed: u64) -> anyhow::Result<Instance> {
        if let Some(path) = file {
            return read_instance(path, &tell);
        }
        let one = self.instances(seed, 1)?.pop();
        one.context("give an instance or a family")
    }

    /// The instances with the seeds `first`, `first` + 1, ...; empty if no family was given.
    ///
    /// # Errors
    /// If a name is unknown, a value is invalid, or the family refuses the parameters.
    pub fn instances(&self, first: u64, count: u64) -> anyhow::Result<Vec<Instance>> {
        let Some(name) = &self.family else {
            return Ok(Vec::new());
        };
        let family = families::find(name).map_err(|e| anyhow!(e))?;
        let users = self
            .users
            .context("--users: is missing; give the number of users of each instance")?;
        let parameters = parameters(&self.set)?;
        let last = first
            .checked_add(count)
            .context("--seed: the seeds exceed 2^64; give a smaller one")?;
        let spec = |seed| Spec {
            users,
            servers: self.servers,
            seed,
            parameters: parameters.clone(),
        };
        (first..last)
            .map(|seed| families::generate(family.as_ref(), &spec(seed)).map_err(|e| anyhow!(e)))
            .collect()
    }
}

/// The parameters given with `--set NAME=VALUE`.
///
/// # Errors
/// If an item has another form, or a name is given twice.
pub(crate) fn parameters(items: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut parameters = BTreeMap::new();
    for item in items {
        let (name, value) = item
            .split_once('=')
            .with_context(|| format!("--set {item}: write NAME=VALUE"))?;
        let twice = parameters
            .insert(name.to_string(), value.to_string())
            .is_some();
        ensure!(!twice, "--set {name}: is given twice; give it once");
    }
    Ok(parameters)
}
