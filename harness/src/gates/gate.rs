//! Gate files, `offload-gates/1` (TOML): parsing and validation.

use crate::campaign::config::{WeightsName, once, parse_toml};
use anyhow::{Context, anyhow, ensure};
use offload_instances::Weights;
use offload_reports::Record;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the check that every campaign must pass, independent of the file.
pub(super) const CAMPAIGN: &str = "whole campaign";

/// Version tag.
const FORMAT: &str = "offload-gates/1";

/// Gates: requirements on the records of a campaign.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gates {
    /// Version of the format.
    #[schemars(extend("const" = FORMAT))]
    format: String,
    /// The gates, at least one.
    #[serde(rename = "gate")]
    pub gates: Vec<Gate>,
}

/// Filters that select rows (one record is one row), and criteria that the selected rows must meet.
/// Gaps, shares and increases are fractions: 0.01 is 1 %.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// Name in the output; must be unique.
    pub name: String,
    /// Filter: families of the instances.
    pub family: Option<ValueFilter<String>>,
    /// Filter: solvers, by their names in the records.
    pub solver: Option<ValueFilter<String>>,
    /// Filter: number of users N.
    pub users: Option<ValueRange>,
    /// Filter: number of servers M.
    pub servers: Option<ValueRange>,
    /// Filter: users per server, N/M.
    pub load: Option<ValueRange>,
    /// Filter: thresholds.
    pub threshold: Option<ValueFilter<f64>>,
    /// Filter: whether servers interfere.
    pub interference: Option<bool>,
    /// Filter: weights of the objective.
    #[schemars(with = "Option<WeightsName>")]
    pub weights: Option<Weights>,
    /// The mean guaranteed gap is at most this.
    pub max_mean_gap: Option<f64>,
    /// The mean guaranteed gap is at least this: checks that a known weakness is still present.
    pub min_mean_gap: Option<f64>,
    /// The greatest guaranteed gap is at most this.
    pub max_gap: Option<f64>,
    /// At least this share of all rows has a guaranteed gap within this limit.
    pub min_share_within: Option<Within>,
    /// At least this share of all rows is compared with a certified or enumerated bound.
    pub min_share_certified: Option<f64>,
    /// Most rows whose plan violates a rule.
    pub max_violations: Option<usize>,
    /// Most rows that ended in an error or a time-out, or without an answer.
    pub max_failures: Option<usize>,
    /// No row belongs to a problem whose bounds and plans contradict each other.
    #[serde(default)]
    pub no_bound_crossing: bool,
    /// At least this share of all rows was re-checked; needs `check --verify`.
    pub min_share_rechecked: Option<f64>,
    /// Most rows of which the re-check refutes something; needs `check --verify`.
    pub max_refuted: Option<usize>,
    /// Compared with the baseline, the mean gap grew by at most this. Fails only if the whole 95 %
    /// interval is above it.
    pub max_mean_increase: Option<f64>,
    /// Compared with the baseline, no instance's mean gap grew by more than this.
    pub max_increase: Option<f64>,
    /// Whether `max_mean_increase` fails if any part of the interval is above the limit.
    #[serde(default)]
    pub strict: bool,
    /// Rows (or pairs) that may lack a gap without failing the criteria on gaps.
    #[serde(default)]
    pub allow_missing: usize,
    /// Fewest rows that the filters must select; default 1.
    #[serde(default = "one")]
    pub min_rows: usize,
}

/// One value or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "give one value or a list of values of the right kind"
)]
#[schemars(inline)]
pub enum ValueFilter<T> {
    /// A single value.
    One(T),
    /// Any of several values.
    Several(Vec<T>),
}

/// From `min` to `max`, both included; either may be omitted.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValueRange {
    /// The smallest value.
    pub min: Option<f64>,
    /// The largest value.
    pub max: Option<f64>,
}

/// A required share of rows within a gap.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Within {
    /// Greatest gap.
    pub gap: f64,
    /// Smallest share, 0 to 1.
    pub share: f64,
}

fn one() -> usize {
    1
}

impl<T: PartialEq> ValueFilter<T> {
    fn values(&self) -> &[T] {
        match self {
            ValueFilter::One(value) => std::slice::from_ref(value),
            ValueFilter::Several(values) => values,
        }
    }

    fn takes(&self, value: &T) -> bool {
        self.values().contains(value)
    }
}

impl ValueRange {
    fn takes(&self, value: f64) -> bool {
        self.min.is_none_or(|min| min <= value) && self.max.is_none_or(|max| value <= max)
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(
            self.min.is_some() || self.max.is_some(),
            "give min, max or both"
        );
        let finite = [self.min, self.max]
            .into_iter()
            .flatten()
            .all(f64::is_finite);
        ensure!(finite, "give finite numbers");
        ensure!(
            self.min.zip(self.max).is_none_or(|(min, max)| min <= max),
            "min is greater than max"
        );
        Ok(())
    }
}

impl Gates {
    /// Reads and checks a gate file.
    ///
    /// # Errors
    /// If the file cannot be read, is not TOML of this format, or has an invalid gate.
    pub fn read(path: &Path) -> anyhow::Result<Gates> {
        let name = path.display();
        let bytes = offload_instances::files::read_bytes(path)?;
        let text =
            String::from_utf8(bytes).map_err(|_| anyhow!("{name}: not text; give a TOML file"))?;
        Gates::parse(&text).with_context(|| format!("{name}"))
    }

    fn parse(text: &str) -> anyhow::Result<Gates> {
        let gates: Gates = parse_toml(text, FORMAT)?;
        ensure!(
            gates.format == FORMAT,
            "format is \"{}\"; this program reads \"{FORMAT}\"",
            gates.format
        );
        ensure!(
            !gates.gates.is_empty(),
            "[[gate]] is missing; give at least one"
        );
        for (k, gate) in gates.gates.iter().enumerate() {
            gate.check()
                .with_context(|| format!("gate[{k}] \"{}\"", gate.name.escape_debug()))?;
        }
        once("gate: name", gates.gates.iter().map(|gate| &gate.name))?;
        Ok(gates)
    }

    /// The first gate that compares with a baseline, if any.
    pub fn needs_baseline(&self) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.is_paired())
    }

    /// The first gate that concerns the re-check, if any.
    pub fn needs_recheck(&self) -> Option<&Gate> {
        self.gates.iter().find(|gate| gate.needs_recheck())
    }
}

impl Gate {
    /// Whether a criterion compares with a baseline.
    pub fn is_paired(&self) -> bool {
        self.max_mean_increase.is_some() || self.max_increase.is_some()
    }

    /// Whether a criterion concerns the re-check.
    pub fn needs_recheck(&self) -> bool {
        self.min_share_rechecked.is_some() || self.max_refuted.is_some()
    }

    /// Whether a criterion concerns gaps.
    fn is_about_gaps(&self) -> bool {
        self.max_mean_gap.is_some() || self.min_mean_gap.is_some() || self.max_gap.is_some()
    }

    fn check(&self) -> anyhow::Result<()> {
        let plain = !self.name.trim().is_empty() && self.name.chars().all(|c| !c.is_control());
        ensure!(
            plain,
            "name: give text without line breaks or other control characters"
        );
        ensure!(
            self.name.trim() == self.name,
            "name: starts or ends with a space; remove it"
        );
        ensure!(
            self.name != CAMPAIGN,
            "name: \"{}\" is the name of the built-in check; choose another",
            self.name
        );
        self.check_filters()?;
        let room = self
            .min_mean_gap
            .zip(self.max_mean_gap)
            .is_none_or(|(min, max)| min <= max);
        ensure!(room, "min_mean_gap is greater than max_mean_gap");
        let within = self.min_share_within;
        for (key, value) in [
            ("max_mean_gap", self.max_mean_gap),
            ("min_mean_gap", self.min_mean_gap),
            ("max_gap", self.max_gap),
            ("min_share_within: gap", within.map(|w| w.gap)),
            ("max_mean_increase", self.max_mean_increase),
            ("max_increase", self.max_increase),
        ] {
            let good = value.is_none_or(|x| x.is_finite() && x >= 0.0);
            ensure!(good, "{key}: give a fraction >= 0 (0.01 is 1 %)");
        }
        for (key, value) in [
            ("min_share_within: share", within.map(|w| w.share)),
            ("min_share_certified", self.min_share_certified),
            ("min_share_rechecked", self.min_share_rechecked),
        ] {
            ensure!(
                value.is_none_or(|x| (0.0..=1.0).contains(&x)),
                "{key}: give a share from 0 to 1"
            );
        }
        ensure!(
            self.min_rows > 0,
            "min_rows: give 1 or more; a gate without rows checks nothing"
        );
        ensure!(
            !self.strict || self.max_mean_increase.is_some(),
            "strict: applies only to max_mean_increase; give that too or omit this"
        );
        ensure!(
            self.allow_missing == 0 || self.is_about_gaps() || self.is_paired(),
            "allow_missing: applies only to criteria on gaps; give one or omit this"
        );
        let counted =
            self.max_violations.is_some() || self.max_failures.is_some() || self.no_bound_crossing;
        let shared = within.is_some() || self.min_share_certified.is_some();
        ensure!(
            counted || shared || self.needs_recheck() || self.is_about_gaps() || self.is_paired(),
            "no criterion; give one, such as max_mean_gap = 0.01"
        );
        Ok(())
    }

    fn check_filters(&self) -> anyhow::Result<()> {
        for (key, range) in [
            ("users", self.users),
            ("servers", self.servers),
            ("load", self.load),
        ] {
            range.map_or(Ok(()), |range| range.check()).context(key)?;
        }
        for (key, list) in [("family", &self.family), ("solver", &self.solver)] {
            let empty = list.as_ref().is_some_and(|list| list.values().is_empty());
            ensure!(
                !empty,
                "{key}: is empty; give at least one value or omit the key"
            );
        }
        let thresholds = self.threshold.as_ref().map(ValueFilter::values);
        once(
            "threshold",
            thresholds
                .iter()
                .flat_map(|list| list.iter().map(|t| t.to_bits())),
        )?;
        once("family", self.family.iter().flat_map(ValueFilter::values))?;
        once("solver", self.solver.iter().flat_map(ValueFilter::values))?;
        let invalid = thresholds
            .is_some_and(|list| list.is_empty() || list.iter().any(|t| !(0.0..=1.0).contains(t)));
        ensure!(!invalid, "threshold: give numbers from 0 to 1");
        Ok(())
    }

    /// For each filter by name, whether it selects a record. A filter that is not given selects
    /// every record.
    fn filters(&self, r: &Record) -> [(&'static str, bool); 8] {
        let (users, servers) = (r.users as f64, r.servers as f64);
        [
            (
                "family",
                self.family.as_ref().is_none_or(|f| f.takes(&r.family)),
            ),
            (
                "solver",
                self.solver.as_ref().is_none_or(|f| f.takes(&r.solver)),
            ),
            ("users", self.users.is_none_or(|f| f.takes(users))),
            ("servers", self.servers.is_none_or(|f| f.takes(servers))),
            ("load", self.load.is_none_or(|f| f.takes(users / servers))),
            (
                "threshold",
                self.threshold
                    .as_ref()
                    .is_none_or(|f| f.takes(&r.threshold)),
            ),
            (
                "interference",
                self.interference.is_none_or(|f| f == r.interference),
            ),
            (
                "weights",
                self.weights.is_none_or(|f| f.name() == r.weights),
            ),
        ]
    }

    /// Whether the gate selects this record.
    pub fn takes(&self, record: &Record) -> bool {
        self.filters(record).iter().all(|(_, passes)| *passes)
    }

    /// The filters that select no record on their own, and listed values that no record has. They
    /// are most likely misspelled.
    pub fn barren<'r>(&self, records: impl Iterator<Item = &'r Record> + Clone) -> Vec<String> {
        let mut passed: BTreeMap<&str, bool> = BTreeMap::new();
        for record in records.clone() {
            for (name, passes) in self.filters(record) {
                *passed.entry(name).or_default() |= passes;
            }
        }
        let mut all: Vec<String> = passed
            .iter()
            .filter(|(_, passed)| !**passed)
            .map(|(name, _)| (*name).into())
            .collect();
        for (name, list) in [("family", &self.family), ("solver", &self.solver)] {
            let has = |value: &str| {
                records.clone().any(|r| {
                    value
                        == if name == "family" {
                            &r.family
                        } else {
                            &r.solver
                        }
                })
            };
            let lost = list
                .iter()
                .flat_map(|list| list.values())
                .filter(|value| passed.get(name) == Some(&true) && !has(value));
            all.extend(lost.map(|value| format!("{name} \"{}\"", value.escape_debug())));
        }
        let lost = self.threshold.iter().flat_map(ValueFilter::values);
        let lost = lost.filter(|t| {
            passed.get("threshold") == Some(&true) && !records.clone().any(|r| r.threshold == **t)
        });
        all.extend(lost.map(|t| format!("threshold {t}")));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(gate: &str) -> String {
        let text = format!("format = \"offload-gates/1\"\n[[gate]]\nname = \"a\"\n{gate}\n");
        format!("{:#}", Gates::parse(&text).unwrap_err())
    }

    #[test]
    fn reads_every_key() {
        let text = r#"
format = "offload-gates/1"
[[gate]]
name = "all"
family = ["paper", "trace"]
solver = "goa"
users = { min = 10, max = 20 }
servers = { max = 4 }
load = { min = 2.5 }
threshold = [0.6, 1]
interference = true
weights = "uniform"
max_mean_gap = 0.01
min_mean_gap = 0
max_gap = 1
min_share_within = { gap = 0.01, share = 0.9 }
min_share_certified = 1
max_violations = 0
max_failures = 2
min_share_rechecked = 1
max_refuted = 0
no_bound_crossing = true
max_mean_increase = 0.001
max_increase = 0.01
strict = true
allow_missing = 3
min_rows = 5
"#;
        let gates = Gates::parse(text).unwrap();
        let gate = &gates.gates[0];
        assert_eq!(
            (gate.users.unwrap().max, gate.weights),
            (Some(20.0), Some(Weights::Uniform))
        );
        assert_eq!(gate.threshold.as_ref().unwrap().values(), [0.6, 1.0]);
        assert!(gates.needs_baseline().is_some() && gates.needs_recheck().is_some());
    }

    #[test]
    fn refuses_what_makes_no_sense() {
        for (gate, key) in [
            ("max_mean_gapp = 0.1", "Did you mean 'max_mean_gap'"),
            ("max_gap = 0.1\nusers = { mi = 3 }", "Did you mean 'min'"),
            ("max_gap = -0.1", "max_gap: give a fraction"),
            ("min_share_certified = 2", "from 0 to 1"),
            ("min_share_rechecked = 2", "from 0 to 1"),
            (
                "max_gap = 1\nusers = { min = 3, max = 2 }",
                "users: min is greater than max",
            ),
            ("max_gap = 1\nusers = {}", "users: give min"),
            ("max_gap = 1\nthreshold = 3", "threshold"),
            ("max_gap = 1\nsolver = []", "solver: is empty"),
            ("max_gap = 1\nsolver = 3", "give one value or a list"),
            ("max_gap = 1\nmin_rows = 0", "min_rows"),
            ("max_gap = 1\nstrict = true", "strict"),
            ("max_failures = 1\nallow_missing = 1", "allow_missing"),
            ("solver = \"goa\"", "no criterion"),
            (
                "max_gap = 1\n[[gate]]\nname = \"a\"\nmax_gap = 2",
                "duplicate",
            ),
        ] {
            let error = refused(gate);
            assert!(error.contains(key), "{gate}: no '{key}' in: {error}");
        }
        let error = Gates::parse("format = \"offload-gates/2\"\ngate = []")
            .unwrap_err()
            .to_string();
        assert!(error.contains("offload-gates/1"), "{error}");
    }

    #[test]
    fn the_gates_in_the_repository_are_read() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gates");
        for entry in std::fs::read_dir(folder).unwrap() {
            Gates::read(&entry.unwrap().path()).unwrap();
        }
    }
}
