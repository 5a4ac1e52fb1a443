//! One line of `records.jsonl`: what one solver did on one problem (`offload-record/3`).

use crate::error::{LineFault, ReportError};
use offload_instances::files::open_regular;
use offload_instances::{Realised, Status, StoredPlan, Trust};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

/// Name of the record file in a campaign's folder.
pub const RECORDS: &str = "records.jsonl";

/// The `format` of every record.
pub const RECORD_FORMAT: &str = "offload-record/3";

/// The older formats that are still read: their records lack the fields that came later.
pub const OLDER_RECORD_FORMATS: [&str; 2] = ["offload-record/2", "offload-record/1"];

/// Name of the option that a record of an anytime solver has, with the value true.
pub const ANYTIME: &str = "anytime";

/// One moment of a solve: what was known `time_s` after its start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Moment {
    /// Wall time since the start, s.
    pub time_s: f64,
    /// Value of the incumbent, weighted s; null while there is none.
    pub objective: Option<f64>,
    /// Lower bound, weighted s; null while there is none.
    pub bound: Option<f64>,
}

/// One solve: (instance, threshold, weights, solver, solver seed) and what came of it. SI units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Version of the format.
    #[schemars(extend("const" = RECORD_FORMAT))]
    pub format: String,
    /// Name of the instance.
    pub instance: String,
    /// Fingerprint of the instance, 64 hexadecimal digits.
    pub fingerprint: String,
    /// Family of the instance; may be empty.
    pub family: String,
    /// Number of users, N.
    pub users: usize,
    /// Number of servers, M.
    pub servers: usize,
    /// Whether servers interfere with each other.
    pub interference: bool,
    /// Seed that generated the instance, if one did.
    pub instance_seed: Option<u64>,
    /// Threshold tau: users with a greater uncertainty must be offloaded.
    pub threshold: f64,
    /// `uncertainty` or `uniform`.
    pub weights: String,
    /// What made the instance, with its version (`paper 0.1.0`); empty for an instance from a file.
    #[serde(default)]
    pub generator: String,
    /// Name of the solver in the campaign: its id, unless the configuration gives another.
    pub solver: String,
    /// Version of the solver; empty when unknown.
    #[serde(default)]
    pub solver_version: String,
    // Shared: a campaign has many records and few kinds of options.
    /// The options of the solver: its `id`, `anytime` if it is, and `time_limit_s`, `gap` and
    /// others if set.
    #[serde(default)]
    pub options: Arc<Options>,
    /// The solver's own seed.
    pub seed: u64,
    /// How it ended.
    pub status: Status,
    /// Why it stopped, as text.
    pub stop: String,
    /// F(x) as the evaluator recomputed it, weighted s; null without a plan.
    pub objective: Option<f64>,
    /// Bound on F*, weighted s; null when the solver gives none.
    pub lower_bound: Option<f64>,
    /// What stands behind `lower_bound`; null exactly when that is.
    pub trust: Option<Trust>,
    /// Wall time of the algorithm, s; of several repetitions the median. Of an external solver it
    /// is `algorithm_time_s`, or `wall_time_s` where that is null.
    pub time_s: f64,
    /// Wall time of each repetition, s; empty when there was one.
    #[serde(default)]
    pub times_s: Vec<f64>,
    /// Wall time that the harness measured around an external solver, s: of a command from the
    /// start of its process to its end, of a server from the request to the answer. Null for a
    /// built-in solver.
    #[serde(default)]
    pub wall_time_s: Option<f64>,
    /// Wall time of the algorithm alone, s, as an external solver reported it; null when it did
    /// not.
    #[serde(default)]
    pub algorithm_time_s: Option<f64>,
    /// Processor time of the solve, children included, s; null when it was not measured.
    #[serde(default)]
    pub cpu_s: Option<f64>,
    /// Greatest memory in use (resident) during the solve, bytes; null when it was not measured.
    #[serde(default)]
    pub peak_memory_bytes: Option<u64>,
    /// Incumbent and bound over time, times ascending; empty when the solver does not record them.
    #[serde(default)]
    pub trajectory: Vec<Moment>,
    /// Rules that the plan breaks.
    pub violations: usize,
    /// Those of them that are mandatory users left local.
    pub mandatory_local: usize,
    /// Users offloaded; null without a plan.
    pub offloaded: Option<usize>,
    /// Realised metrics; null without a plan or without measured edge times.
    pub realised: Option<Realised>,
    /// The plan; null without one, or when the campaign does not keep it.
    #[serde(default)]
    pub assignment: Option<StoredPlan>,
    /// What an external solver printed beside its plan, cut to some kilobytes; null when nothing.
    #[serde(default)]
    pub output: Option<String>,
}

/// The options of a solver, by name.
pub type Options = BTreeMap<String, serde_json::Value>;

/// What a record file held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// The records, in file order; of several with one key, the last.
    pub records: Vec<Record>,
    /// True when the last line was cut off (a crash while writing it) and was left out.
    pub torn: bool,
    /// Records that a later one with the same key replaced.
    pub duplicates: usize,
    /// Those of them whose result was another one.
    pub contradicting: usize,
    /// Solves that the harness could not run and that no later record replaces. They are results of
    /// no solver, and `run` repeats them.
    pub not_run: Vec<Record>,
}

impl Record {
    /// The time limit that the solver was given, s, if one is recorded.
    #[must_use]
    pub fn time_limit_s(&self) -> Option<f64> {
        self.options
            .get("time_limit_s")
            .and_then(serde_json::Value::as_f64)
            .filter(|&limit| limit > 0.0)
    }

    /// Whether the record says that its solver is an anytime solver: one that improves its plan
    /// until its time is up. None when it does not say.
    #[must_use]
    pub fn states_anytime(&self) -> Option<bool> {
        self.options.get(ANYTIME)?.as_bool()
    }

    /// The solver's id: `id` of the options, or the name of the solver where that is missing.
    #[must_use]
    pub fn solver_id(&self) -> &str {
        let id = self.options.get("id").and_then(serde_json::Value::as_str);
        id.unwrap_or(&self.solver)
    }

    /// Whether it holds a plan that breaks no rule.
    #[must_use]
    pub fn has_feasible_plan(&self) -> bool {
        self.status != Status::Error && self.objective.is_some() && self.violations == 0
    }

    /// Identifies the solve: two records with one key are two runs of the same (fingerprint,
    /// threshold, weights, solver, seed). The solver's id comes last since, as a command line, it
    /// may hold any character.
    #[must_use]
    pub fn key(&self) -> String {
        format!(
            "{}|{:?}|{}|{}|{}",
            self.fingerprint, self.threshold, self.weights, self.seed, self.solver
        )
    }

    fn key_hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (
            &self.fingerprint,
            self.threshold.to_bits(),
            &self.weights,
            self.seed,
            &self.solver,
        )
            .hash(&mut hasher);
        hasher.finish()
    }

    /// Whether both have the same [`Record::key`].
    fn has_key_of(&self, other: &Self) -> bool {
        self.fingerprint == other.fingerprint
            && self.threshold.to_bits() == other.threshold.to_bits()
            && self.weights == other.weights
            && self.seed == other.seed
            && self.solver == other.solver
    }
}

/// Reads `records.jsonl`. Unknown fields and blank lines are left alone. A last line without a
/// newline that is not JSON is what a crash leaves behind: it is left out and reported in
/// [`Loaded::torn`].
///
/// # Errors
/// [`ReportError::Io`] when the file cannot be read, [`ReportError::Records`] with every other bad
/// line.
pub fn read_records(path: &Path) -> Result<Loaded, ReportError> {
    let fail = |e| ReportError::io(path, "read", e);
    let file = open_regular(path)?;
    // Line by line: a campaign of a million solves is larger than its records in memory.
    let read = parse_records(BufReader::with_capacity(1 << 20, file)).map_err(fail)?;
    read.map_err(|faults| ReportError::Records {
        path: path.to_path_buf(),
        faults,
    })
}

fn parse_records(mut from: impl BufRead) -> std::io::Result<Result<Loaded, Vec<LineFault>>> {
    let mut reading = Reading::default();
    let mut line = Vec::new();
    while from.read_until(b'\n', &mut line)? > 0 {
        reading.line(&line);
        line.clear();
    }
    Ok(if reading.faults.is_empty() {
        Ok(reading.finished())
    } else {
        Err(reading.faults)
    })
}

/// A record file, read so far.
#[derive(Default)]
struct Reading {
    loaded: Loaded,
    faults: Vec<LineFault>,
    lines: usize,
    /// Where the record of a key is, by the key's hash, or the next free number after it.
    places: HashMap<u64, usize>,
    /// Options met so far.
    options: Vec<Arc<Options>>,
}

impl Reading {
    fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        // Only the last line of a file lacks its newline.
        if !line.ends_with(b"\n") && serde_json::from_slice::<serde_json::Value>(line).is_err() {
            self.loaded.torn = true;
            return;
        }
        match parse_line(line) {
            Ok(record) => self.keep(record),
            Err(fault) => self.faults.push(LineFault::new(self.lines, fault)),
        }
    }

    /// Sets aside the solves that were not run.
    fn finished(self) -> Loaded {
        let mut loaded = self.loaded;
        let was_not_run = |record: &mut Record| record.status == Status::NotRun;
        loaded.not_run = loaded.records.extract_if(.., was_not_run).collect();
        loaded
    }

    fn keep(&mut self, mut record: Record) {
        record.trajectory.shrink_to_fit();
        match self.options.iter().find(|known| **known == record.options) {
            Some(known) => record.options = known.clone(),
            None => self.options.push(record.options.clone()),
        }
        let mut hash = record.key_hash();
        loop {
            match self.places.get(&hash).copied() {
                None => {
                    self.places.insert(hash, self.loaded.records.len());
                    self.loaded.records.push(record);
                    return;
                }
                Some(place) if self.loaded.records[place].has_key_of(&record) => {
                    let kept = &self.loaded.records[place];
                    if record.status == Status::NotRun {
                        return;
                    }
                    // A solve that was repeated because it could not be run is no second result.
                    if kept.status == Status::NotRun {
                        self.loaded.records[place] = record;
                        return;
                    }
                    let result = |r: &Record| {
                        (
                            r.status,
                            r.objective.map(f64::to_bits),
                            r.lower_bound.map(f64::to_bits),
                        )
                    };
                    self.loaded.contradicting += usize::from(result(kept) != result(&record));
                    self.loaded.records[place] = record;
                    self.loaded.duplicates += 1;
                    return;
                }
                Some(_) => hash = hash.wrapping_add(1),
            }
        }
    }
}

/// Whether records of this `format` are read.
#[must_use]
pub fn is_read(format: &str) -> bool {
    format == RECORD_FORMAT || OLDER_RECORD_FORMATS.contains(&format)
}

/// The field that says how to read the others.
#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    format: Option<serde_json::Value>,
}

/// Reads one line of `records.jsonl`.
///
/// # Errors
/// What is wrong with it, and the remedy.
pub fn parse_line(line: &[u8]) -> Result<Record, (String, &'static str)> {
    const RERUN: &str = "remove the line; `run` then solves it again";
    // serde would take an array for a struct.
    if line.trim_ascii_start().first() != Some(&b'{') {
        return Err(("not a JSON object".into(), RERUN));
    }
    let head: Head =
        serde_json::from_slice(line).map_err(|e| (format!("not a JSON object ({e})"), RERUN))?;
    match head.format.as_ref().and_then(serde_json::Value::as_str) {
        Some(known) if is_read(known) => {}
        Some(other) => {
            let what = format!("format is `{other}`, this version reads `{RECORD_FORMAT}`");
            return Err((
                what,
                "use the version of the program that wrote it, or start the campaign in a new folder",
            ));
        }
        None => return Err((format!("no `format`; `{RECORD_FORMAT}` is expected"), RERUN)),
    }
    let record: Record =
        serde_json::from_slice(line).map_err(|e| (format!("not a record: {e}"), RERUN))?;
    if record.lower_bound.is_some() != record.trust.is_some() {
        let what = "`lower_bound` and `trust` must both be there or both be null".to_string();
        return Err((
            what,
            "a bound needs a statement of trust: set both to null, or remove the line",
        ));
    }
    match impossible(&record) {
        Some(what) => Err((what, RERUN)),
        None => Ok(record),
    }
}

/// A value that no solve can have.
fn impossible(r: &Record) -> Option<String> {
    let time = |t: f64| t.is_finite() && t >= 0.0;
    let is_named = |text: &String| !text.chars().any(char::is_control);
    Some(match r {
        _ if r.users == 0 || r.servers == 0 => {
            let (n, m) = (r.users, r.servers);
            format!("`users` is {n} and `servers` {m}, each is at least 1")
        }
        _ if !(0.0..=1.0).contains(&r.threshold) => {
            format!("`threshold` is {}, not from 0 to 1", r.threshold)
        }
        _ if !["uncertainty", "uniform"].contains(&r.weights.as_str()) => {
            let weights = r.weights.escape_debug();
            format!("`weights` is \"{weights}\", not uncertainty or uniform")
        }
        _ if !time(r.time_s) => format!("`time_s` is {}", r.time_s),
        _ if r.solver.is_empty() || r.fingerprint.is_empty() => {
            "`solver` or `fingerprint` is empty".into()
        }
        _ if ![&r.solver, &r.family, &r.instance]
            .into_iter()
            .all(is_named) =>
        {
            "a name holds a control character".into()
        }
        Record {
            objective: Some(z), ..
        } if !time(*z) => format!("`objective` is {z}"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::samples::record;

    fn parse_records(bytes: &[u8]) -> Result<Loaded, Vec<LineFault>> {
        super::parse_records(bytes).unwrap()
    }

    fn line(solver: &str) -> String {
        serde_json::to_string(&record(20, 1, solver, Some(1.5))).unwrap() + "\n"
    }

    #[test]
    fn reads_back_what_serde_writes() {
        let loaded = parse_records((line("goa") + &line("ga")).as_bytes()).unwrap();
        assert_eq!(
            loaded.records,
            [
                record(20, 1, "goa", Some(1.5)),
                record(20, 1, "ga", Some(1.5))
            ]
        );
        assert!(!loaded.torn && loaded.duplicates == 0);
    }

    #[test]
    fn tolerates_a_torn_last_line_only() {
        let whole = line("goa") + &line("ga");
        for cut in line("goa").len() + 1..whole.len() - 1 {
            let loaded = parse_records(&whole.as_bytes()[..cut]).unwrap();
            assert!(loaded.torn && loaded.records.len() == 1, "cut at {cut}");
        }
        let no_newline = parse_records(&whole.as_bytes()[..whole.len() - 1]).unwrap();
        assert!(!no_newline.torn && no_newline.records.len() == 2);

        let faults = parse_records(format!("{{\"format\"\n{}", line("ga")).as_bytes()).unwrap_err();
        assert_eq!(faults[0].line, 1);
        // A cut line that a newline was written behind is no crash of ours.
        assert!(parse_records(format!("{}{{\"for\n", line("ga")).as_bytes()).is_err());
    }

    #[test]
    fn names_every_bad_line() {
        let other = line("goa").replace("record/3", "record/4");
        let missing = line("goa").replace("\"users\":20,", "");
        let bound = line("goa").replace("\"trust\":null", "\"trust\":\"certified\"");
        let text = [other, line("ga"), missing, bound, "[1]\n".into()].concat();
        let faults = parse_records(text.as_bytes()).unwrap_err();
        let lines: Vec<usize> = faults.iter().map(|f| f.line).collect();
        assert_eq!(lines, [1, 3, 4, 5]);
        let error = ReportError::Records {
            path: "a/records.jsonl".into(),
            faults,
        }
        .to_string();
        assert!(
            error.contains("a/records.jsonl: line 1: format is `offload-record/4`"),
            "{error}"
        );
        assert!(error.contains("missing field `users`"), "{error}");
    }

    #[test]
    fn later_duplicates_win_and_unknown_fields_pass() {
        let extra = line("goa").replace("\"users\"", "\"new_field\":[1],\"users\"");
        let later = line("goa").replace("\"objective\":1.5", "\"objective\":1.25");
        let loaded = parse_records((extra + &line("ga") + &later).as_bytes()).unwrap();
        assert_eq!((loaded.records.len(), loaded.duplicates), (2, 1));
        assert_eq!(loaded.records[0].objective, Some(1.25));
    }

    #[test]
    fn a_solve_that_was_not_run_is_no_result() {
        let not_run = line("goa")
            .replace("\"feasible\"", "\"not-run\"")
            .replace("\"objective\":1.5", "\"objective\":null");
        let loaded = parse_records((not_run.clone() + &line("ga")).as_bytes()).unwrap();
        assert_eq!((loaded.records.len(), loaded.not_run.len()), (1, 1));
        assert_eq!(loaded.not_run[0].solver, "goa");

        let loaded = parse_records((not_run + &line("ga") + &line("goa")).as_bytes()).unwrap();
        assert_eq!((loaded.records.len(), loaded.not_run.len()), (2, 0));
        assert_eq!((loaded.duplicates, loaded.contradicting), (0, 0));
    }

    #[test]
    fn still_reads_the_first_version() {
        let mut now = serde_json::to_value(record(20, 1, "goa", Some(1.5))).unwrap();
        let fields = now.as_object_mut().unwrap();
        for new in [
            "generator",
            "solver_version",
            "options",
            "times_s",
            "cpu_s",
            "peak_memory_bytes",
            "trajectory",
            "wall_time_s",
            "algorithm_time_s",
            "assignment",
        ] {
            assert!(fields.remove(new).is_some(), "{new}");
        }
        fields.remove("output");
        fields.insert("format".into(), "offload-record/1".into());
        let loaded = parse_records(now.to_string().as_bytes()).unwrap();
        assert_eq!(loaded.records[0].objective, Some(1.5));
    }

    #[test]
    fn records_share_their_options() {
        let loaded = parse_records((line("goa") + &line("ga")).as_bytes()).unwrap();
        assert!(Arc::ptr_eq(
            &loaded.records[0].options,
            &loaded.records[1].options
        ));
        let other = line("bnb").replace("\"options\":{}", "\"options\":{\"gap\":0.5}");
        let loaded = parse_records((line("goa") + &other).as_bytes()).unwrap();
        assert_eq!(loaded.records[1].options.get("gap"), Some(&0.5.into()));
    }

    #[test]
    fn key_tells_solves_apart() {
        let a = record(20, 1, "goa", None);
        let same = Record {
            time_s: 9.0,
            ..a.clone()
        };
        assert_eq!((a.key(), a.key_hash()), (same.key(), same.key_hash()));
        for other in [
            Record {
                fingerprint: "f".into(),
                ..a.clone()
            },
            Record {
                threshold: 0.25,
                ..a.clone()
            },
            Record {
                weights: "uniform".into(),
                ..a.clone()
            },
            Record {
                solver: "ga".into(),
                ..a.clone()
            },
            Record {
                seed: 5,
                ..a.clone()
            },
        ] {
            assert_ne!(a.key(), other.key());
            assert!(!a.has_key_of(&other) && a.key_hash() != other.key_hash());
        }
    }
}
