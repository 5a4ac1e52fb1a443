//! Instances from a family's options, for the commands that take files or a family.

use anyhow::{Context, anyhow, ensure};
use offload_instances::Instance;
use offload_instances::families::{self, Spec};
use std::collections::BTreeMap;

/// A family with its options, as `generate` takes them
#[derive(clap::Args)]
pub struct Family {
    /// Family (see `offload-bench families`), instead of files
    #[arg(long)]
    pub family: Option<String>,
    /// Number of users N of each generated instance
    #[arg(long, requires = "family")]
    pub users: Option<usize>,
    /// Number of servers M
    #[arg(long, default_value_t = 4)]
    pub servers: usize,
    /// A parameter of the family; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "family")]
    pub set: Vec<String>,
}

impl Family {
    /// The instances with the seeds `first`, `first` + 1, ...; none when no family was named.
    ///
    /// # Errors
    /// Unknown names, bad values, or the family's own refusal.
    pub fn instances(&self, first: u64, count: u64) -> anyhow::Result<Vec<Instance>> {
        let Some(name) = &self.family else {
            return Ok(Vec::new());
        };
        let family = families::find(name).map_err(|e| anyhow!(e))?;
        let users = self
            .users
            .context("--users: is missing; say how many users each instance has")?;
        let mut parameters = BTreeMap::new();
        for item in &self.set {
            let (name, value) = item
                .split_once('=')
                .with_context(|| format!("--set {item}: write NAME=VALUE"))?;
            let twice = parameters
                .insert(name.to_string(), value.to_string())
                .is_some();
            ensure!(!twice, "--set {name}: is given twice; give it once");
        }
        let last = first
            .checked_add(count)
            .context("--seed: the seeds pass 2^64; give a smaller one")?;
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

/// A number above 0 from the command line.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    let good = |x: &f64| x.is_finite() && *x > 0.0;
    text.parse()
        .ok()
        .filter(good)
        .ok_or_else(|| "give a finite number above 0".into())
}
