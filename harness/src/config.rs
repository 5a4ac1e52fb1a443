//! A campaign's configuration, `offload-config/1` (TOML).

use anyhow::{Context, anyhow, bail, ensure};
use offload_instances::families::{self, Spec};
use offload_instances::{Instance, Weights};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Version tag.
const CONFIG_FORMAT: &str = "offload-config/1";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    format: String,
    /// Thresholds tau.
    pub thresholds: Vec<f64>,
    /// Weights.
    #[serde(default = "default_weights")]
    pub weights: Vec<Weights>,
    /// Solver ids.
    pub solvers: Vec<String>,
    /// Seeds of the solvers.
    #[serde(default = "default_seeds")]
    pub seeds: Vec<u64>,
    /// What each solve may spend.
    #[serde(default)]
    pub budget: BudgetTable,
    /// Problems solved at the same time.
    #[serde(default = "default_threads")]
    pub threads: usize,
    /// Whether certificates are kept and re-checked by the verifier on the fly.
    #[serde(default)]
    pub certificates: bool,
    /// Where instances come from.
    instances: Vec<Source>,
    #[serde(skip)]
    folder: PathBuf,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BudgetTable {
    /// Seconds; none = no limit.
    pub time_limit_s: Option<f64>,
    /// Relative gap at which exact solvers stop.
    pub gap: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    family: Option<String>,
    #[serde(default)]
    users: Vec<usize>,
    #[serde(default = "default_servers")]
    servers: Vec<usize>,
    #[serde(default)]
    seeds: Vec<u64>,
    #[serde(default)]
    parameters: BTreeMap<String, toml::Value>,
    #[serde(default)]
    files: Vec<PathBuf>,
}

fn default_weights() -> Vec<Weights> {
    vec![Weights::Uncertainty]
}

fn default_seeds() -> Vec<u64> {
    vec![0]
}

fn default_threads() -> usize {
    1
}

fn default_servers() -> Vec<usize> {
    vec![4]
}

impl Config {
    /// Reads and checks a configuration. Paths in it are relative to its folder.
    pub fn read(path: &Path) -> anyhow::Result<Config> {
        let name = path.display();
        let bytes = offload_instances::files::read_bytes(path)?;
        let text = String::from_utf8(bytes).map_err(|_| anyhow!("{name}: not text; give a TOML file"))?;
        let mut config: Config =
            toml::from_str(&text).map_err(|e| anyhow!("{name}: {e}mend it as docs/formats.md says"))?;
        config.folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        config.check().with_context(|| format!("{name}"))?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.format == CONFIG_FORMAT, "format is \"{}\"; this program reads \"{CONFIG_FORMAT}\"", self.format);
        ensure!(!self.thresholds.is_empty(), "thresholds is empty; give at least one");
        ensure!(!self.solvers.is_empty(), "solvers is empty; give at least one");
        ensure!(
            !self.seeds.is_empty() && !self.weights.is_empty(),
            "seeds or weights is empty; give at least one of each"
        );
        once("thresholds", self.thresholds.iter().map(|t| (t + 0.0).to_bits()))?;
        once("solvers", self.solvers.iter())?;
        once("seeds", self.seeds.iter())?;
        once("weights", self.weights.iter())?;
        for t in &self.thresholds {
            ensure!((0.0..=1.0).contains(t), "thresholds: {t} is not from 0 to 1");
        }
        for id in &self.solvers {
            offload_solvers::find(id).map_err(|e| anyhow!("solvers: {e}"))?;
        }
        ensure!((1..=1024).contains(&self.threads), "threads: {} is not from 1 to 1024", self.threads);
        let good = |x: f64| x.is_finite() && x >= 0.0;
        ensure!(self.budget.gap.is_none_or(good), "budget.gap: give a finite number from 0");
        if let Some(t) = self.budget.time_limit_s {
            ensure!(t > 0.0 && Duration::try_from_secs_f64(t).is_ok(), "budget.time_limit_s: give seconds above 0");
        }
        ensure!(!self.instances.is_empty(), "there is no [[instances]]; give at least one source");
        for (k, source) in self.instances.iter().enumerate() {
            source.check().with_context(|| format!("instances[{k}]"))?;
        }
        Ok(())
    }

    /// Every instance of every source, in order.
    pub fn instances(&self) -> anyhow::Result<Vec<Instance>> {
        let mut all = Vec::new();
        for (k, source) in self.instances.iter().enumerate() {
            source.add_to(&mut all, &self.folder).with_context(|| format!("instances[{k}]"))?;
        }
        Ok(all)
    }
}

/// Refuses a list that holds something twice: its work would be done and counted twice.
fn once<T: Ord>(name: &str, values: impl Iterator<Item = T>) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        ensure!(seen.insert(value), "{name}: holds an entry twice; give each once");
    }
    Ok(())
}

impl Source {
    fn check(&self) -> anyhow::Result<()> {
        match &self.family {
            None => {
                ensure!(!self.files.is_empty(), "give a family or files");
                let plain = self.users.is_empty() && self.seeds.is_empty() && self.parameters.is_empty();
                ensure!(plain, "files: users, seeds and parameters belong to a family; leave them out");
            }
            Some(id) => {
                families::find(id).map_err(|e| anyhow!(e))?;
                ensure!(self.files.is_empty(), "give a family or files, not both");
                ensure!(
                    !self.users.is_empty() && !self.seeds.is_empty(),
                    "family {id}: give users = [...] and seeds = [...]"
                );
                ensure!(!self.servers.is_empty(), "servers is empty; give at least one or leave it out");
                once("users", self.users.iter())?;
                once("servers", self.servers.iter())?;
                once("seeds", self.seeds.iter())?;
            }
        }
        Ok(())
    }

    fn add_to(&self, all: &mut Vec<Instance>, folder: &Path) -> anyhow::Result<()> {
        for file in &self.files {
            all.push(crate::commands::read_instance(&folder.join(file))?);
        }
        let Some(id) = &self.family else { return Ok(()) };
        let family = families::find(id).map_err(|e| anyhow!(e))?;
        for parameters in grid(&self.parameters)? {
            for &users in &self.users {
                for &servers in &self.servers {
                    for &seed in &self.seeds {
                        let spec = Spec { users, servers, seed, parameters: parameters.clone() };
                        all.push(families::generate(family.as_ref(), &spec).map_err(|e| anyhow!(e))?);
                    }
                }
            }
        }
        Ok(())
    }
}

/// Every combination of parameter values; an array stands for one value after the other.
fn grid(table: &BTreeMap<String, toml::Value>) -> anyhow::Result<Vec<BTreeMap<String, String>>> {
    let mut all = vec![BTreeMap::new()];
    for (name, value) in table {
        let values = match value {
            toml::Value::Array(items) => {
                ensure!(!items.is_empty(), "parameters.{name}: is an empty array; give at least one value");
                items.clone()
            }
            single => vec![single.clone()],
        };
        let mut next = Vec::new();
        for value in values {
            let text = match value {
                toml::Value::String(s) => s,
                toml::Value::Integer(x) => x.to_string(),
                toml::Value::Float(x) => x.to_string(),
                toml::Value::Boolean(x) => x.to_string(),
                _ => bail!("parameters.{name}: give a number, a text, true, false, or an array of them"),
            };
            next.extend(all.iter().cloned().map(|mut m: BTreeMap<String, String>| {
                m.insert(name.clone(), text.clone());
                m
            }));
        }
        all = next;
    }
    Ok(all)
}
