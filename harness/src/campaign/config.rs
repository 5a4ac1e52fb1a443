//! A campaign's configuration, `offload-config/1` (TOML).

use crate::process::solver::{EXEC, Isolation, SolveLimits, SolverEntry};
use anyhow::{Context, anyhow, bail, ensure};
use offload_instances::Weights;
use offload_instances::families;
use offload_instances::text::did_you_mean;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Version tag.
const CONFIG_FORMAT: &str = "offload-config/1";

/// Most problems solved at the same time.
const MAX_THREADS: usize = 1024;

/// Most repetitions of a timed solve.
const MAX_REPETITIONS: usize = 1000;

/// A campaign: instances x thresholds x weights x solvers x seeds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Version of the format.
    #[schemars(extend("const" = CONFIG_FORMAT))]
    format: String,
    /// Thresholds tau, each from 0 to 1.
    pub thresholds: Vec<f64>,
    /// Weights: `uncertainty` (default), `uniform`, or both.
    #[serde(default = "default_weights")]
    #[schemars(with = "Vec<WeightsName>")]
    pub weights: Vec<Weights>,
    /// Solver ids, or `exec:COMMAND`.
    #[serde(default)]
    solvers: Vec<String>,
    /// Solvers with a name and limits of their own.
    #[serde(default)]
    solver: Vec<SolverTable>,
    /// Seeds of the solvers.
    #[serde(default = "default_seeds")]
    pub seeds: Vec<u64>,
    /// What each solve may spend.
    #[serde(default)]
    budget: BudgetTable,
    /// Problems solved at the same time, 1 to 1024.
    #[serde(default = "one")]
    pub threads: usize,
    /// `parallel` (default) or `isolated`: one solve at a time, solvers in turn.
    #[serde(default)]
    pub timing: TimingMode,
    /// How often each solve is timed, 1 to 1000; the median is kept.
    #[serde(default = "one")]
    pub repetitions: usize,
    /// Whether certificates are kept and re-checked by the verifier on the fly.
    #[serde(default)]
    pub certificates: bool,
    /// Where instances come from.
    pub(crate) instances: Vec<InstanceSource>,
    #[serde(skip)]
    pub(crate) folder: PathBuf,
    /// The text of the file, for the record.
    #[serde(skip)]
    pub(crate) text: String,
}

// For the schema alone: `Weights` belongs to another crate.
/// Weights of the objective.
#[derive(JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code)]
pub(crate) enum WeightsName {
    Uncertainty,
    Uniform,
}

/// How solves share the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TimingMode {
    /// `threads` problems at the same time: for gaps.
    #[default]
    Parallel,
    /// One solve at a time, the solvers of a problem in turn: for published times.
    Isolated,
}

/// SolveLimits of every solve.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BudgetTable {
    /// Seconds that a solver is asked to stay within; none = no limit.
    time_limit_s: Option<f64>,
    /// Relative gap at which exact solvers stop; default 1e-4.
    gap: Option<f64>,
    /// Seconds after which a solver's process is killed; default 2 x `time_limit_s` + 30, none
    /// without `time_limit_s`.
    hard_time_limit_s: Option<f64>,
    /// Bytes that a solver's process may use; default 80 % of the machine's memory, shared by the
    /// threads.
    memory_limit_bytes: Option<u64>,
}

/// One solver with a name and limits of its own; what is left out comes from `[budget]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SolverTable {
    /// Solver id, or `exec:COMMAND`.
    id: String,
    /// Its name in records and reports; default: the id.
    name: Option<String>,
    /// As in `[budget]`.
    time_limit_s: Option<f64>,
    /// As in `[budget]`.
    gap: Option<f64>,
    /// As in `[budget]`.
    hard_time_limit_s: Option<f64>,
    /// As in `[budget]`.
    memory_limit_bytes: Option<u64>,
    /// Whether it runs in a process of its own; exact and external solvers always do.
    #[serde(default)]
    isolate: bool,
}

/// Instances of a family, or from files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstanceSource {
    /// Family of generated instances.
    pub family: Option<String>,
    /// Numbers of users N.
    #[serde(default)]
    pub users: Vec<usize>,
    /// Numbers of servers M; default 4.
    #[serde(default = "default_servers")]
    pub servers: Vec<usize>,
    /// Seeds of the instances: a list, or `{ from = 1, count = 500 }`.
    #[serde(default)]
    seeds: Seeds,
    /// Parameters of the family; an array stands for one value after the other.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub parameters: BTreeMap<String, toml::Value>,
    /// Instance files, relative to the configuration's folder; `*`, `?` and `**` as in a shell.
    #[serde(default)]
    pub files: Vec<String>,
}

/// Seeds, one by one or as a range.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Seeds {
    /// Each seed.
    List(Vec<u64>),
    /// `count` seeds from `from`.
    Range(SeedRange),
}

/// `count` seeds from `from`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeedRange {
    /// The first.
    from: u64,
    /// How many.
    count: u64,
}

impl Default for Seeds {
    fn default() -> Self {
        Seeds::List(Vec::new())
    }
}

fn default_weights() -> Vec<Weights> {
    vec![Weights::Uncertainty]
}

fn default_seeds() -> Vec<u64> {
    vec![0]
}

fn one() -> usize {
    1
}

fn default_servers() -> Vec<usize> {
    vec![4]
}

impl Config {
    /// Reads and checks a configuration. Paths in it are relative to `folder`, or else to its own.
    pub fn read(path: &Path, folder: Option<&Path>) -> anyhow::Result<Config> {
        let name = path.display();
        let bytes = offload_instances::files::read_bytes(path)?;
        let text =
            String::from_utf8(bytes).map_err(|_| anyhow!("{name}: not text; give a TOML file"))?;
        let folder = folder.or(path.parent()).unwrap_or(Path::new(""));
        Config::parse(text, folder).with_context(|| format!("{name}"))
    }

    /// A configuration from its text; paths in it are relative to `folder`.
    pub fn parse(text: String, folder: &Path) -> anyhow::Result<Config> {
        let mut config: Config = parse_toml(&text, CONFIG_FORMAT)?;
        config.folder = folder.to_path_buf();
        config.text = text;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.format == CONFIG_FORMAT,
            "format is \"{}\"; this program reads \"{CONFIG_FORMAT}\"",
            self.format
        );
        ensure!(
            !self.thresholds.is_empty(),
            "thresholds is empty; give at least one"
        );
        let none = self.solvers.is_empty() && self.solver.is_empty();
        ensure!(
            !none,
            "solvers is empty; give at least one, or a [[solver]]"
        );
        ensure!(
            !self.seeds.is_empty() && !self.weights.is_empty(),
            "seeds or weights is empty; give at least one of each"
        );
        once(
            "thresholds",
            self.thresholds.iter().map(|t| (t + 0.0).to_bits()),
        )?;
        once("seeds", self.seeds.iter())?;
        once("weights", self.weights.iter())?;
        for t in &self.thresholds {
            ensure!(
                (0.0..=1.0).contains(t),
                "thresholds: {t} is not from 0 to 1"
            );
        }
        let threads = 1..=MAX_THREADS;
        ensure!(
            threads.contains(&self.threads),
            "threads: {} is not from 1 to {MAX_THREADS}",
            self.threads
        );
        let repetitions = 1..=MAX_REPETITIONS;
        ensure!(
            repetitions.contains(&self.repetitions),
            "repetitions: {} is not from 1 to {MAX_REPETITIONS}",
            self.repetitions
        );
        let entries = self.entries()?;
        once("solvers", entries.iter().map(|e| e.name.as_str()))?;
        ensure!(
            !self.instances.is_empty(),
            "there is no [[instances]]; give at least one source"
        );
        for (k, source) in self.instances.iter().enumerate() {
            source.check().with_context(|| format!("instances[{k}]"))?;
        }
        Ok(())
    }

    /// Every solver with its name and limits, in order: the short list first.
    pub fn entries(&self) -> anyhow::Result<Vec<SolverEntry>> {
        let short = self.solvers.iter().map(|id| {
            let table = SolverTable {
                id: id.clone(),
                name: None,
                time_limit_s: None,
                gap: None,
                hard_time_limit_s: None,
                memory_limit_bytes: None,
                isolate: false,
            };
            self.entry(&table).context("solvers")
        });
        let long = self
            .solver
            .iter()
            .enumerate()
            .map(|(k, t)| self.entry(t).with_context(|| format!("solver[{k}]")));
        short.chain(long).collect()
    }

    fn entry(&self, table: &SolverTable) -> anyhow::Result<SolverEntry> {
        let b = &self.budget;
        let limits = SolveLimits {
            time: duration("time_limit_s", table.time_limit_s.or(b.time_limit_s))?,
            gap: table.gap.or(b.gap),
            hard_time: duration(
                "hard_time_limit_s",
                table.hard_time_limit_s.or(b.hard_time_limit_s),
            )?,
            memory_bytes: table.memory_limit_bytes.or(b.memory_limit_bytes),
        };
        ensure!(
            limits.gap.is_none_or(|g| g.is_finite() && g >= 0.0),
            "gap: give a finite number from 0"
        );
        ensure!(
            limits.memory_bytes != Some(0),
            "memory_limit_bytes: give bytes above 0"
        );
        let name = table
            .name
            .clone()
            .unwrap_or_else(|| table.id.trim().to_string());
        let plain = !name.trim().is_empty() && name.chars().all(|c| !c.is_control());
        ensure!(
            plain,
            "name: give a text without line ends or other control characters"
        );
        let clash = table.name.is_some() && name.starts_with(EXEC);
        ensure!(
            !clash,
            "name: \"{name}\" looks like a command; give another"
        );
        let isolation = if table.isolate {
            Isolation::Always
        } else {
            Isolation::WhereNeeded
        };
        SolverEntry::new(&table.id, name, limits, isolation, &self.folder)
    }

    /// Threads of the run: one when times are measured.
    pub fn workers(&self) -> usize {
        if self.timing == TimingMode::Isolated {
            1
        } else {
            self.threads
        }
    }
}

/// Parses TOML that says to be of `format`; an unknown key is refused with the nearest known one.
pub(crate) fn parse_toml<T: serde::de::DeserializeOwned>(
    text: &str,
    format: &str,
) -> anyhow::Result<T> {
    // Before the fields: a later version may have others.
    if let Ok(table) = toml::from_str::<toml::Table>(text)
        && let Some(other) = table.get("format").and_then(toml::Value::as_str)
    {
        ensure!(
            other == format,
            "format is \"{other}\"; this program reads \"{format}\""
        );
    }
    toml::from_str(text).map_err(|e| {
        // serde's own words are the only place that knows the keys of each table.
        let quoted: Vec<&str> = e.message().split('`').skip(1).step_by(2).collect();
        let hint = match quoted.split_first() {
            Some((word, known)) if e.message().starts_with("unknown field") => {
                did_you_mean(word, known.iter().copied())
            }
            _ => String::new(),
        };
        anyhow!(
            "{}{hint} Mend it as docs/src/reference/configuration.md says.",
            e
        )
    })
}

fn duration(name: &str, seconds: Option<f64>) -> anyhow::Result<Option<Duration>> {
    let Some(t) = seconds else { return Ok(None) };
    match Duration::try_from_secs_f64(t) {
        Ok(duration) if t > 0.0 => Ok(Some(duration)),
        _ => bail!("{name}: give seconds above 0"),
    }
}

/// Refuses a list that holds something twice: its work would be done and counted twice.
pub(crate) fn once<T: Ord>(name: &str, values: impl Iterator<Item = T>) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        ensure!(
            seen.insert(value),
            "{name}: holds an entry twice; give each once (or names of their own)"
        );
    }
    Ok(())
}

impl InstanceSource {
    fn check(&self) -> anyhow::Result<()> {
        match &self.family {
            None => {
                ensure!(!self.files.is_empty(), "give a family or files");
                let plain =
                    self.users.is_empty() && self.seeds()?.is_empty() && self.parameters.is_empty();
                ensure!(
                    plain,
                    "files: users, seeds and parameters belong to a family; leave them out"
                );
            }
            Some(id) => {
                families::find(id).map_err(|e| anyhow!(e))?;
                ensure!(self.files.is_empty(), "give a family or files, not both");
                let seeds = self.seeds()?;
                ensure!(
                    !self.users.is_empty() && !seeds.is_empty(),
                    "family {id}: give users = [...] and seeds = [...]"
                );
                ensure!(
                    !self.servers.is_empty(),
                    "servers is empty; give at least one or leave it out"
                );
                once("users", self.users.iter())?;
                once("servers", self.servers.iter())?;
                once("seeds", seeds.iter())?;
            }
        }
        Ok(())
    }

    /// The seeds, one by one.
    pub fn seeds(&self) -> anyhow::Result<Vec<u64>> {
        match &self.seeds {
            Seeds::List(list) => Ok(list.clone()),
            Seeds::Range(SeedRange { from, count }) => {
                let end = from
                    .checked_add(*count)
                    .context("seeds: from + count goes beyond 2^64; give less")?;
                Ok((*from..end).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configurations_in_the_repository_are_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../configs");
        for entry in std::fs::read_dir(folder).unwrap() {
            let config = Config::read(&entry.unwrap().path(), None).unwrap();
            crate::campaign::matrix::groups(&config, &crate::notice::ignore).unwrap();
        }
    }
}
