//! The problems of a campaign: known up front, their instances made only when their turn comes.

use crate::campaign::config::{Config, InstanceSource};
use crate::files::read_instance;
use crate::notice::Notify;
use anyhow::{Context, anyhow, bail, ensure};
use offload_instances::families::{self, MAX_PAIRS, MAX_USERS, Spec};
use offload_instances::{Instance, Weights};
use offload_reports::Environment;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where one instance comes from.
#[derive(Clone, Debug)]
pub enum InstanceOrigin {
    /// A family generates it.
    Family {
        /// The family's id.
        id: String,
        /// What to generate.
        spec: Spec,
    },
    /// It stands in a file.
    File {
        /// The file.
        path: PathBuf,
        /// N x M when the campaign began.
        pairs: usize,
    },
}

/// One problem: an instance at one threshold with one choice of weights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProblemTerms {
    /// tau.
    pub threshold: f64,
    /// v.
    pub weights: Weights,
}

/// An instance to be made and the problems on it.
#[derive(Clone, Debug)]
pub struct InstanceGroup {
    /// The instance.
    pub origin: InstanceOrigin,
    /// Its problems, in the order of the configuration.
    pub terms: Vec<ProblemTerms>,
}

/// Part k of n, k from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to n.
    pub k: usize,
    /// At least 1.
    pub n: usize,
}

impl std::str::FromStr for Shard {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text
            .split_once('/')
            .and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        match numbers {
            Some((k, n)) if (1..=n).contains(&k) => Ok(Shard { k, n }),
            _ => Err("give k/n with k from 1 to n, such as 2/8".into()),
        }
    }
}

impl Shard {
    /// How many of `problems` problems [`shard`] deals to it.
    fn share_of(self, problems: usize) -> usize {
        (problems + self.n - self.k) / self.n
    }
}

impl std::fmt::Display for Shard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.k, self.n)
    }
}

impl InstanceOrigin {
    /// Generates or reads the instance.
    pub fn make(&self) -> anyhow::Result<Instance> {
        match self {
            InstanceOrigin::Family { id, spec } => {
                let family = families::find(id).map_err(|e| anyhow!(e))?;
                families::generate(family.as_ref(), spec).map_err(|e| anyhow!(e))
            }
            // Warnings were printed when the campaign began.
            InstanceOrigin::File { path, .. } => Ok(offload_instances::read_instance(path)?),
        }
    }

    /// N x M: what solving and generating grow with.
    pub fn pairs(&self) -> usize {
        match self {
            InstanceOrigin::Family { spec, .. } => spec.users * spec.servers,
            InstanceOrigin::File { pairs, .. } => *pairs,
        }
    }

    /// All but the seed, as a text to sort by; of a file its size alone.
    fn kind(&self) -> String {
        match self {
            InstanceOrigin::Family { id, spec } => {
                format!("{id} {} {} {:?}", spec.users, spec.servers, spec.parameters)
            }
            InstanceOrigin::File { .. } => String::new(),
        }
    }

    /// Family and size, in words.
    pub fn describe(&self) -> String {
        match self {
            InstanceOrigin::Family { id, spec } => {
                format!("{id}, {} users, {} servers", spec.users, spec.servers)
            }
            InstanceOrigin::File { path, .. } => path.display().to_string(),
        }
    }
}

/// Every problem of a campaign. Files are read once and sizes and parameters tried, so that
/// mistakes show before anything is solved.
pub fn groups(config: &Config, notify: Notify) -> anyhow::Result<Vec<InstanceGroup>> {
    let mut origins = Vec::new();
    for (k, source) in config.instances.iter().enumerate() {
        add_to(&mut origins, source, &config.folder, notify)
            .with_context(|| format!("instances[{k}]"))?;
    }
    let terms: Vec<ProblemTerms> = config
        .thresholds
        .iter()
        .flat_map(|&threshold| {
            config
                .weights
                .iter()
                .map(move |&weights| ProblemTerms { threshold, weights })
        })
        .collect();
    Ok(origins
        .into_iter()
        .map(|origin| InstanceGroup {
            origin,
            terms: terms.clone(),
        })
        .collect())
}

fn add_to(
    origins: &mut Vec<InstanceOrigin>,
    source: &InstanceSource,
    folder: &Path,
    notify: Notify,
) -> anyhow::Result<()> {
    for pattern in &source.files {
        for path in matches(pattern, folder)? {
            let instance = read_instance(&path, notify)?;
            origins.push(InstanceOrigin::File {
                path,
                pairs: instance.n() * instance.m(),
            });
        }
    }
    let Some(id) = &source.family else {
        return Ok(());
    };
    let seeds = source.seeds()?;
    for parameters in grid(&source.parameters)? {
        let before = origins.len();
        for &users in &source.users {
            for &servers in &source.servers {
                let fits = users <= MAX_USERS
                    && users
                        .checked_mul(servers)
                        .is_some_and(|pairs| pairs <= MAX_PAIRS);
                ensure!(
                    fits,
                    "{users} users x {servers} servers do not fit in memory; give fewer"
                );
                let spec = |seed| Spec {
                    users,
                    servers,
                    seed,
                    parameters: parameters.clone(),
                };
                origins.extend(seeds.iter().map(|&seed| InstanceOrigin::Family {
                    id: id.clone(),
                    spec: spec(seed),
                }));
            }
        }
        // The smallest of these finds a bad parameter without a wait.
        if let Some(smallest) = origins[before..].iter().min_by_key(|o| o.pairs()) {
            smallest.make()?;
        }
    }
    Ok(())
}

/// Records that the configurations of a campaign's runs ask for together. Of several configurations
/// the one that asks for most counts, since a campaign grows by running a longer one; of a
/// configuration of which only shards were run, those shards. None when a configuration is not
/// recorded or cannot be read any more: then nobody knows.
pub fn expected_rows(environments: &[Environment]) -> Option<usize> {
    let mut shards: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for e in environments {
        shards
            .entry((e.config.as_str(), e.config_folder.as_str()))
            .or_default()
            .insert(&e.shard);
    }
    let counts: Option<Vec<usize>> = shards
        .iter()
        .map(|((config, folder), shards)| asked_for(config, folder, shards))
        .collect();
    counts?.into_iter().max()
}

fn asked_for(config: &str, folder: &str, shards: &BTreeSet<&str>) -> Option<usize> {
    let config = Config::parse(config.to_string(), Path::new(folder)).ok()?;
    let rows_each = config.entries().ok()?.len() * config.seeds.len();
    let problems = count_instances(&config)? * config.thresholds.len() * config.weights.len();
    // An empty shard is all of the campaign.
    let parts: Option<Vec<Shard>> = if shards.contains("") {
        Some(Vec::new())
    } else {
        shards.iter().map(|s| s.parse().ok()).collect()
    };
    let parts = parts?;
    let count = if parts.is_empty() {
        problems
    } else {
        parts.iter().map(|s| s.share_of(problems)).sum()
    };
    Some(count.min(problems) * rows_each)
}

/// Instances of a configuration, each counted once, without making any.
fn count_instances(config: &Config) -> Option<usize> {
    let mut files = BTreeSet::new();
    let mut specs = BTreeSet::new();
    for source in &config.instances {
        for pattern in &source.files {
            files.extend(matches(pattern, &config.folder).ok()?);
        }
        let Some(id) = &source.family else { continue };
        let (seeds, grid) = (source.seeds().ok()?, grid(&source.parameters).ok()?);
        for parameters in grid {
            for &users in &source.users {
                for &servers in &source.servers {
                    specs.extend(
                        seeds
                            .iter()
                            .map(|&seed| (id, users, servers, seed, parameters.clone())),
                    );
                }
            }
        }
    }
    Some(files.len() + specs.len())
}

/// The files that a pattern names, sorted.
fn matches(pattern: &str, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !pattern.contains(['*', '?', '[']) || folder.join(pattern).is_file() {
        return Ok(vec![folder.join(pattern)]);
    }
    // The folder itself may hold characters that a pattern gives a meaning.
    let full = Path::new(&glob::Pattern::escape(&folder.to_string_lossy())).join(pattern);
    let found = glob::glob(&full.to_string_lossy())
        .map_err(|e| anyhow!("files: {pattern}: {e}; mend the pattern"))?;
    let mut files = found.collect::<Result<Vec<_>, _>>()?;
    files.retain(|path| path.is_file());
    ensure!(
        !files.is_empty(),
        "files: {pattern}: names no file in {}",
        folder.display()
    );
    files.sort();
    Ok(files)
}

/// Every combination of parameter values; an array stands for one value after the other.
pub(crate) fn grid(
    table: &BTreeMap<String, toml::Value>,
) -> anyhow::Result<Vec<BTreeMap<String, String>>> {
    let mut all = vec![BTreeMap::new()];
    for (name, value) in table {
        let values = match value {
            toml::Value::Array(items) => {
                ensure!(
                    !items.is_empty(),
                    "parameters.{name}: is an empty array; give at least one value"
                );
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
                _ => bail!(
                    "parameters.{name}: give a number, a text, true, false, or an array of them"
                ),
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

/// The problems of one shard. Problems that differ in nothing but the instance's seed are expected
/// to cost alike, so they stand together, the largest first, and are dealt out in turn: of each
/// kind (size, family, parameters, threshold, weights) no shard gets more than one problem above
/// another. The same configuration gives the same shards on every machine.
pub fn shard(groups: &[InstanceGroup], shard: Shard) -> Vec<InstanceGroup> {
    let kinds: Vec<(Reverse<usize>, String)> = groups
        .iter()
        .map(|g| (Reverse(g.origin.pairs()), g.origin.kind()))
        .collect();
    let terms = |g: usize| (0..groups[g].terms.len()).map(move |c| (g, c));
    let mut order: Vec<(usize, usize)> = (0..groups.len()).flat_map(terms).collect();
    order.sort_by(|a, b| {
        kinds[a.0]
            .cmp(&kinds[b.0])
            .then(a.1.cmp(&b.1))
            .then(a.0.cmp(&b.0))
    });
    let mut mine: BTreeMap<usize, Vec<ProblemTerms>> = BTreeMap::new();
    for &(g, c) in order.iter().skip(shard.k - 1).step_by(shard.n) {
        mine.entry(g).or_default().push(groups[g].terms[c]);
    }
    mine.into_iter()
        .map(|(g, terms)| InstanceGroup {
            origin: groups[g].origin.clone(),
            terms,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some() -> Vec<InstanceGroup> {
        let spec = |users, seed| Spec {
            users,
            servers: 2,
            seed,
            parameters: BTreeMap::new(),
        };
        let terms: Vec<ProblemTerms> = [0.5, 0.7, 1.0]
            .map(|threshold| ProblemTerms {
                threshold,
                weights: Weights::Uniform,
            })
            .to_vec();
        let sizes = [5, 40, 20, 7, 7, 100, 3];
        let origin = |(k, &users): (usize, &usize)| InstanceOrigin::Family {
            id: "paper".into(),
            spec: spec(users, k as u64),
        };
        sizes
            .iter()
            .enumerate()
            .map(origin)
            .map(|origin| InstanceGroup {
                origin,
                terms: terms.clone(),
            })
            .collect()
    }

    #[test]
    fn shards_share_out_every_problem_once_and_evenly() {
        let all = some();
        for n in [1, 2, 3, 4, 30] {
            let mut dealt = Vec::new();
            let mut counts = Vec::new();
            for k in 1..=n {
                let part = shard(&all, Shard { k, n });
                counts.push(part.iter().map(|g| g.terms.len()).sum::<usize>());
                assert_eq!(Shard { k, n }.share_of(21), counts[k - 1], "{k}/{n}");
                for g in part {
                    dealt.extend(g.terms.iter().map(|c| format!("{:?} {c:?}", g.origin)));
                }
            }
            let mut whole: Vec<String> = all
                .iter()
                .flat_map(|g| g.terms.iter().map(|c| format!("{:?} {c:?}", g.origin)))
                .collect();
            dealt.sort();
            whole.sort();
            assert_eq!(dealt, whole);
            assert!(
                counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1,
                "{counts:?}"
            );
        }
        // Of each kind of problem, not only of all of them.
        let spec = |seed| Spec {
            users: 20,
            servers: 2,
            seed,
            parameters: BTreeMap::new(),
        };
        let terms = some()[0].terms.clone();
        let alike = |seed| InstanceGroup {
            origin: InstanceOrigin::Family {
                id: "paper".into(),
                spec: spec(seed),
            },
            terms: terms.clone(),
        };
        let all: Vec<InstanceGroup> = (0..11).map(alike).collect();
        for k in 1..=3 {
            let part = shard(&all, Shard { k, n: 3 });
            for cell in &terms {
                let count = part.iter().filter(|g| g.terms.contains(cell)).count();
                assert!((3..=4).contains(&count), "shard {k}, {cell:?}: {count}");
            }
        }
        assert!(
            "0/3".parse::<Shard>().is_err()
                && "4/3".parse::<Shard>().is_err()
                && "x".parse::<Shard>().is_err()
        );
        assert_eq!("3/3".parse::<Shard>(), Ok(Shard { k: 3, n: 3 }));
    }
    #[test]
    fn counts_what_a_configuration_asks_for() {
        let config = |more: &str| {
            format!(
                "format = \"offload-config/1\"\nthresholds = [0.5, 1.0]\nsolvers = \
                 [\"goa\", \"ga\"]\nseeds = [1, 2, 3]\n{more}\
                 [[instances]]\nfamily = \"paper\"\nusers = [5, 6]\nseeds = {{ from = 1, count = \
                 4 }}\nparameters = {{ interference = [false, true] }}\n"
            )
        };
        let run = |config: &str, shard: &str| Environment {
            config: config.into(),
            shard: shard.into(),
            ..Environment::default()
        };
        let whole = config("");
        // 16 instances x 2 thresholds x 2 solvers x 3 seeds.
        assert_eq!(expected_rows(&[run(&whole, "")]), Some(192));
        assert_eq!(
            expected_rows(&[run(&whole, "1/3"), run(&whole, "1/3")]),
            Some(11 * 6)
        );
        assert_eq!(
            expected_rows(&[run(&whole, "1/3"), run(&whole, "2/3"), run(&whole, "3/3")]),
            Some(192)
        );
        assert_eq!(
            expected_rows(&[run(&whole, "1/3"), run(&whole, "")]),
            Some(192)
        );
        let longer = config("weights = [\"uniform\", \"uncertainty\"]\n");
        assert_eq!(
            expected_rows(&[run(&longer, ""), run(&whole, "")]),
            Some(384)
        );
        // Named twice, made once.
        let again = format!(
            "{whole}[[instances]]{}",
            whole.split_once("[[instances]]").map_or("", |p| p.1)
        );
        assert_eq!(expected_rows(&[run(&again, "")]), Some(192));
        assert_eq!(expected_rows(&[]), None);
        assert_eq!(expected_rows(&[run("", "")]), None);
        assert_eq!(expected_rows(&[run(&whole, "x")]), None);
    }
}
