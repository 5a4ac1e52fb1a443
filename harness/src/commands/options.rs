//! Options that several commands share, and how their values are read.

use anyhow::{Context, anyhow, ensure};
use offload_instances::Instance;
use offload_instances::families::{self, Spec};
use std::collections::BTreeMap;
use std::time::Duration;

/// A family with its options, as `generate` takes them
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
    /// A parameter of the family; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", requires = "family")]
    pub set: Vec<String>,
}

impl FamilyOptions {
    /// The instance with this seed.
    ///
    /// # Errors
    /// When no family was named, and those of [`FamilyOptions::instances`].
    pub fn one(&self, seed: u64) -> anyhow::Result<Instance> {
        let one = self.instances(seed, 1)?.pop();
        one.context("name an instance or a family")
    }

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
        let parameters = parameters(&self.set)?;
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

/// The parameters that `--set NAME=VALUE` gives.
///
/// # Errors
/// An item of another form, or a name that is given twice.
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

/// A number above 0 from the command line.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    let good = |x: &f64| x.is_finite() && *x > 0.0;
    text.parse()
        .ok()
        .filter(good)
        .ok_or_else(|| "give a finite number above 0".into())
}

/// A threshold from the command line: a number from 0 to 1.
pub(crate) fn threshold(text: &str) -> Result<f64, String> {
    let value = text
        .parse()
        .map_err(|_| "give a number from 0 to 1".to_string())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("give a number from 0 to 1".into())
    }
}

/// A gap from the command line: a finite number from 0.
pub(crate) fn gap(text: &str) -> Result<f64, String> {
    let good = |x: &f64| x.is_finite() && *x >= 0.0;
    text.parse()
        .ok()
        .filter(good)
        .ok_or_else(|| "give a finite number from 0, such as 1e-4".into())
}

/// A duration in seconds from the command line.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let refuse = || "give a number of seconds above 0".to_string();
    let value: f64 = text.parse().map_err(|_| refuse())?;
    if value > 0.0 {
        Duration::try_from_secs_f64(value)
            .map_err(|_| "give less than 1.8e19 seconds, or leave it out".to_string())
    } else {
        Err(refuse())
    }
}
