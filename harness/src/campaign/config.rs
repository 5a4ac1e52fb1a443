//! A campaign's configuration, `offload-config/1` (TOML).

use crate::process::Sandbox;
use crate::process::external::{EXEC, ExternalOptions, SERVE};
use crate::process::solver::{Isolation, SolveLimits, SolverEntry};
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

/// Most problems solved in parallel.
const MAX_THREADS: usize = 1024;

/// Most repetitions of a solve.
const MAX_REPETITIONS: usize = 1000;

/// Most instance seeds of a source: a list of them must fit in memory.
const MAX_SEEDS: u64 = 10_000_000;

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
    /// Solver ids, `exec:COMMAND` or `serve:COMMAND`.
    #[serde(default)]
    solvers: Vec<String>,
    /// Solvers with their own name and limits.
    #[serde(default)]
    solver: Vec<SolverTable>,
    /// Solver seeds.
    #[serde(default = "default_seeds")]
    pub seeds: Vec<u64>,
    /// Limits of each solve.
    #[serde(default)]
    budget: BudgetTable,
    /// Problems solved in parallel, 1 to 1024.
    #[serde(default = "one")]
    pub threads: usize,
    /// `parallel` (default), or `isolated`: one solve at a time, the solvers of a problem taking
    /// turns.
    #[serde(default)]
    pub timing: TimingMode,
    /// Number of timed runs of each solve, 1 to 1000; the median time is recorded.
    #[serde(default = "one")]
    pub repetitions: usize,
    /// Whether certificates are stored and re-checked by the verifier during the run.
    #[serde(default)]
    pub certificates: bool,
    /// Which plans are stored in the records.
    #[serde(default)]
    pub plans: KeptPlans,
    /// Sources of instances.
    pub(crate) instances: Vec<InstanceSource>,
    #[serde(skip)]
    pub(crate) folder: PathBuf,
    /// Text of the file, for the environment record.
    #[serde(skip)]
    pub(crate) text: String,
}

// Only for the schema: `Weights` is defined in another crate.
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
    /// `threads` problems in parallel: for gaps.
    #[default]
    Parallel,
    /// One solve at a time, the solvers of a problem taking turns: for published times.
    Isolated,
}

/// Which plans a campaign's records hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeptPlans {
    /// Every plan (default).
    #[default]
    All,
    /// For each problem the feasible plans of least objective among the rows that one run adds.
    Best,
    /// None: values cannot be re-checked.
    None,
}

/// Limits of every solve.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct BudgetTable {
    /// Time limit that the solver is asked to respect, s; default none.
    time_limit_s: Option<f64>,
    /// Relative gap at which exact solvers stop; default 1e-4.
    gap: Option<f64>,
    /// Time after which a solver's process is killed, s; default 2 x `time_limit_s` + 30, or none
    /// without `time_limit_s`.
    hard_time_limit_s: Option<f64>,
    /// Memory limit of a solver's process, bytes; default 80 % of the machine's memory divided by
    /// the number of threads.
    memory_limit_bytes: Option<u64>,
}

/// A solver with its own name and limits. Omitted limits come from `[budget]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SolverTable {
    /// Solver id, `exec:COMMAND` (started for each problem) or `serve:COMMAND` (started once per
    /// thread).
    id: String,
    /// Name in records and reports; default: the id.
    name: Option<String>,
    /// See `[budget]`.
    time_limit_s: Option<f64>,
    /// See `[budget]`.
    gap: Option<f64>,
    /// See `[budget]`.
    hard_time_limit_s: Option<f64>,
    /// See `[budget]`.
    memory_limit_bytes: Option<u64>,
    /// Whether it runs in its own process. Exact and external solvers always do.
    #[serde(default)]
    isolate: bool,
    /// External solvers: names of environment variables that are passed on, in addition to PATH,
    /// HOME, LANG and TMPDIR.
    #[serde(default)]
    env: Vec<String>,
    /// External solvers: `none` (default), or `bubblewrap`: no network, read-only files, a private
    /// /tmp, the campaign's folder hidden.
    #[serde(default)]
    sandbox: Sandbox,
    /// External solvers: whether they see `correct_local`, `correct_edge`, `edge_time_s` and the
    /// campaign's folder; default false.
    #[serde(default)]
    reveal: bool,
    /// External solvers: files that belong to the solver's version, relative to the configuration's
    /// folder. `*`, `?` and `**` work as in a shell.
    #[serde(default)]
    depends: Vec<String>,
    /// External solvers: a command whose first line of output belongs to the solver's version.
    version_command: Option<String>,
    /// `serve:` only: time for start and warm-up until the program's hello, s; default 60.
    hello_limit_s: Option<f64>,
}

/// Instances generated by a family, or read from files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InstanceSource {
    /// Family that generates the instances.
    pub family: Option<String>,
    /// Numbers of users N.
    #[serde(default)]
    pub users: Vec<usize>,
    /// Numbers of servers M; default 4.
    #[serde(default = "default_servers")]
    pub servers: Vec<usize>,
    /// Instance seeds: a list, or `{ from = 1, count = 500 }`.
    #[serde(default)]
    seeds: Seeds,
    /// Parameters of the family; an array lists several values.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub parameters: BTreeMap<String, toml::Value>,
    /// Instance files relative to the configuration's folder. `*`, `?` and `**` work as in a shell.
    #[serde(default)]
    pub files: Vec<String>,
}

/// Seeds as a list or a range.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
enum Seeds {
    /// A list of seeds.
    List(Vec<u64>),
    /// `count` consecutive seeds starting at `from`.
    Range(SeedRange),
}

/// `count` consecutive seeds starting at `from`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SeedRange {
    /// First seed.
    from: u64,
    /// Number of seeds.
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
    /// Reads and checks a configuration. Its paths are relative to `folder`, or by default to the
    /// folder of the configuration file.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML of this format, or has an invalid value. The error
    /// names the file, the key and the remedy.
    pub fn read(path: &Path, folder: Option<&Path>) -> anyhow::Result<Config> {
        let name = path.display();
        let bytes = offload_instances::files::read_bytes(path)?;
        let text =
            String::from_utf8(bytes).map_err(|_| anyhow!("{name}: not text; give a TOML file"))?;
        let folder = folder.or(path.parent()).unwrap_or(Path::new(""));
        Config::parse(text, folder).with_context(|| format!("{name}"))
    }

    /// Parses and checks a configuration; its paths are relative to `folder`.
    ///
    /// # Errors
    /// If the text is not TOML of this format or has an invalid value.
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
                "thresholds: {t} is not between 0 and 1"
            );
        }
        let threads = 1..=MAX_THREADS;
        ensure!(
            threads.contains(&self.threads),
            "threads: {} is not between 1 and {MAX_THREADS}",
            self.threads
        );
        let repetitions = 1..=MAX_REPETITIONS;
        ensure!(
            repetitions.contains(&self.repetitions),
            "repetitions: {} is not between 1 and {MAX_REPETITIONS}",
            self.repetitions
        );
        let entries = self.entries()?;
        once("solvers", entries.iter().map(|e| e.name.as_str()))?;
        ensure!(
            !self.instances.is_empty(),
            "[[instances]] is missing; give at least one source"
        );
        for (k, source) in self.instances.iter().enumerate() {
            source.check().with_context(|| format!("instances[{k}]"))?;
        }
        Ok(())
    }

    /// Every solver with its name and limits: first those of `solvers`, then those of `[[solver]]`.
    ///
    /// # Errors
    /// If a solver is unknown or a limit is out of range.
    pub fn entries(&self) -> anyhow::Result<Vec<SolverEntry>> {
        let short = self.solvers.iter().map(|id| {
            let table = SolverTable {
                id: id.clone(),
                ..SolverTable::default()
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
            "gap: give a finite number >= 0"
        );
        ensure!(
            limits.memory_bytes != Some(0),
            "memory_limit_bytes: give a number > 0"
        );
        let name = table
            .name
            .clone()
            .unwrap_or_else(|| table.id.trim().to_string());
        let plain = !name.trim().is_empty() && name.chars().all(|c| !c.is_control());
        ensure!(
            plain,
            "name: give text without line breaks or other control characters"
        );
        let looks_like_command = name.starts_with(EXEC) || name.starts_with(SERVE);
        let clash = table.name.is_some() && looks_like_command;
        ensure!(
            !clash,
            "name: \"{name}\" looks like a command; choose another"
        );
        let isolation = if table.isolate {
            Isolation::Always
        } else {
            Isolation::WhereNeeded
        };
        let options = ExternalOptions {
            env: table.env.clone(),
            sandbox: table.sandbox,
            reveal: table.reveal,
            depends: table.depends.clone(),
            version_command: table.version_command.clone(),
            hello_limit: duration("hello_limit_s", table.hello_limit_s)?,
        };
        SolverEntry::new(&table.id, name, limits, isolation, &self.folder, options)
    }

    /// Whether solves of this solver are asked for a certificate.
    pub fn asks_certificate(&self, entry: &SolverEntry) -> bool {
        self.certificates && entry.isolated && entry.writes_certificate()
    }

    /// Number of threads of the run: one for isolated timing.
    pub fn workers(&self) -> usize {
        if self.timing == TimingMode::Isolated {
            1
        } else {
            self.threads
        }
    }
}

/// Parses TOML that must declare `format`. For an unknown key the error suggests the nearest known
/// one.
pub(crate) fn parse_toml<T: serde::de::DeserializeOwned>(
    text: &str,
    format: &str,
) -> anyhow::Result<T> {
    // Checked before the other keys, because a later version may have different ones.
    if let Ok(table) = toml::from_str::<toml::Table>(text)
        && let Some(other) = table.get("format").and_then(toml::Value::as_str)
    {
        ensure!(
            other == format,
            "format is \"{other}\"; this program reads \"{format}\""
        );
    }
    toml::from_str(text).map_err(|e| {
        // Only serde's message lists the known keys of a table.
        let quoted: Vec<&str> = e.message().split('`').skip(1).step_by(2).collect();
        let hint = match quoted.split_first() {
            Some((word, known)) if e.message().starts_with("unknown field") => {
                did_you_mean(word, known.iter().copied())
            }
            _ => String::new(),
        };
        anyhow!("{}{hint} See docs/src/reference/configuration.md.", e)
    })
}

fn duration(name: &str, seconds: Option<f64>) -> anyhow::Result<Option<Duration>> {
    let Some(t) = seconds else { return Ok(None) };
    match Duration::try_from_secs_f64(t) {
        Ok(duration) if t > 0.0 => Ok(Some(duration)),
        _ => bail!("{name}: give a number of seconds > 0"),
    }
}

/// Refuses duplicates in a list: their work would be done and counted twice.
pub(crate) fn once<T: Ord + Copy + std::fmt::Debug>(
    name: &str,
    values: impl Iterator<Item = T>,
) -> anyhow::Result<()> {
    let mut seen = std::collections::BTreeSet::new();
    for value in values {
        ensure!(
            seen.insert(value),
            "{name}: contains a duplicate, {value:?}; give each entry once, or give each its own \
             name"
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
                    "files: users, seeds and parameters are only for families; omit them"
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
                    "servers is empty; give at least one value or omit the key"
                );
                once("users", self.users.iter())?;
                once("servers", self.servers.iter())?;
                once("seeds", seeds.iter())?;
            }
        }
        Ok(())
    }

    /// Expands the seeds to a list.
    pub fn seeds(&self) -> anyhow::Result<Vec<u64>> {
        match &self.seeds {
            Seeds::List(list) => Ok(list.clone()),
            Seeds::Range(SeedRange { from, count }) => {
                ensure!(
                    *count <= MAX_SEEDS,
                    "seeds: count is {count}, more than {MAX_SEEDS}; use a smaller one"
                );
                let end = from
                    .checked_add(*count)
                    .context("seeds: from + count exceeds 2^64; use smaller values")?;
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
