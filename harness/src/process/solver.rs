//! A solver as a campaign uses it: one of ours or any command, with a name and limits.

use anyhow::{anyhow, ensure};
use offload_reports::SolverCatalogue;
use offload_solvers::{Author, Budget, Solver, find};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What an external solver's id begins with.
pub const EXEC: &str = "exec:";

/// Added to twice a solver's own time limit before its process is killed, s: start, reading, and a
/// last long step.
const GRACE_S: u64 = 30;

/// Share of the machine's memory that solvers may use together unless limits are given.
const MEMORY_SHARE: f64 = 0.8;

/// The solvers of this program, in the order of reports.
#[must_use]
pub fn catalogue() -> SolverCatalogue {
    SolverCatalogue::new(offload_solvers::ids())
}

/// What a solve may use. The first two are asked of the solver, the others are enforced.
#[derive(Clone, Debug, Default)]
pub struct SolveLimits {
    /// Time that the solver is asked to stay within.
    pub time: Option<Duration>,
    /// Gap at which an exact solver may stop.
    pub gap: Option<f64>,
    /// Time after which its process is killed.
    pub hard_time: Option<Duration>,
    /// Memory of its process, bytes.
    pub memory_bytes: Option<u64>,
}

/// Who solves.
pub enum SolverKind {
    /// A solver of this program.
    Own(Box<dyn Solver>),
    /// A command, run by the shell in a folder.
    Command {
        /// The command line.
        line: String,
        /// Where it runs.
        folder: PathBuf,
    },
}

/// Which of our solvers run in a process of their own. Commands always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Exact solvers alone: they may use more memory than there is.
    WhereNeeded,
    /// All.
    Always,
}

/// Makes sure that a certificate can be expected of one of these solvers.
///
/// # Errors
/// When none of them writes one; the text lists the solvers that do.
pub fn ensure_certificate(entries: &[SolverEntry]) -> anyhow::Result<()> {
    let writers: Vec<&str> = offload_solvers::all()
        .iter()
        .filter(|s| s.writes_certificate())
        .map(|s| s.id())
        .collect();
    ensure!(
        entries.iter().any(SolverEntry::writes_certificate),
        "--certificate: none of these solvers writes one; use one of {}",
        writers.join(", ")
    );
    Ok(())
}

/// A solver with its name and limits.
pub struct SolverEntry {
    /// Name in records.
    pub name: String,
    /// Its id: `goa`, `exec:...`.
    pub id: String,
    /// Who solves.
    pub kind: SolverKind,
    /// SolveLimits.
    pub limits: SolveLimits,
    /// Whether it runs in a process of its own.
    pub isolated: bool,
    /// Version: this program's, or for a command a hash of the files that it names.
    pub version: String,
}

impl SolverEntry {
    /// Finds the solver. Commands run in `folder`.
    ///
    /// # Errors
    /// When no solver has this id, or the command is empty.
    pub fn new(
        id: &str,
        name: String,
        limits: SolveLimits,
        isolation: Isolation,
        folder: &Path,
    ) -> anyhow::Result<SolverEntry> {
        let id = id.trim().to_string();
        let (kind, version, isolated) = match id.strip_prefix(EXEC) {
            Some(line) => {
                ensure!(
                    !line.trim().is_empty(),
                    "{EXEC}: give a command behind it, such as exec:python3 my_solver.py"
                );
                let line = line.trim().to_string();
                let version = version_of(&line, folder);
                (
                    SolverKind::Command {
                        line,
                        folder: folder.to_path_buf(),
                    },
                    version,
                    true,
                )
            }
            None => {
                let solver = find(&id).map_err(|e| anyhow!(e))?;
                let isolated = isolation == Isolation::Always || solver.is_exact();
                (
                    SolverKind::Own(solver),
                    env!("CARGO_PKG_VERSION").to_string(),
                    isolated,
                )
            }
        };
        Ok(SolverEntry {
            name,
            id,
            kind,
            limits,
            isolated,
            version,
        })
    }

    /// Whose outcomes these are, for the judge. Every external solver is held to the threshold
    /// rule.
    pub fn author(&self) -> Author<'_> {
        Author {
            name: &self.name,
            respects_threshold: match &self.kind {
                SolverKind::Own(solver) => solver.respects_threshold(),
                SolverKind::Command { .. } => true,
            },
        }
    }

    /// Whether it may write a certificate.
    pub fn writes_certificate(&self) -> bool {
        match &self.kind {
            SolverKind::Own(solver) => solver.writes_certificate(),
            SolverKind::Command { .. } => false,
        }
    }

    /// The budget with one of the campaign's seeds.
    pub fn budget(&self, seed: u64) -> Budget {
        Budget {
            time_limit: self.limits.time,
            gap: self.limits.gap.unwrap_or(Budget::default().gap),
            seed,
            ..Budget::default()
        }
    }

    /// What the record says that the solver was given. A gap is said only to those who may use it.
    pub fn options(&self) -> BTreeMap<String, Value> {
        let mut options: BTreeMap<String, Value> =
            [("id".to_string(), Value::from(self.id.clone()))].into();
        let uses_gap = match &self.kind {
            SolverKind::Own(solver) => solver.is_exact(),
            SolverKind::Command { .. } => true,
        };
        if uses_gap {
            options.insert("gap".into(), self.budget(0).gap.into());
        }
        if let Some(limit) = self.limits.time {
            options.insert("time_limit_s".into(), limit.as_secs_f64().into());
        }
        if let Some(limit) = self.limits.hard_time.filter(|_| self.isolated) {
            options.insert("hard_time_limit_s".into(), limit.as_secs_f64().into());
        }
        if let Some(limit) = self.limits.memory_bytes.filter(|_| self.isolated) {
            options.insert("memory_limit_bytes".into(), limit.into());
        }
        options
    }
}

impl SolveLimits {
    /// The time after which the process is killed, if any.
    pub fn kill_after(&self) -> Option<Duration> {
        self.hard_time.or_else(|| {
            self.time.map(|t| {
                t.saturating_mul(2)
                    .saturating_add(Duration::from_secs(GRACE_S))
            })
        })
    }

    /// The memory of one process when `threads` work at the same time, bytes; none when the machine
    /// does not tell.
    pub fn memory(&self, threads: usize) -> Option<u64> {
        self.memory_bytes.or_else(|| {
            let machine = crate::machine::memory_bytes()?;
            Some((machine as f64 * MEMORY_SHARE / threads.max(1) as f64) as u64)
        })
    }
}

/// A command's version: a hash of the files that it names, in order; empty when it names none.
fn version_of(line: &str, folder: &Path) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut found = false;
    for word in line.split_whitespace().map(|w| w.trim_matches(['"', '\''])) {
        let path = folder.join(word);
        if let Some(bytes) = path.is_file().then(|| std::fs::read(&path).ok()).flatten() {
            found = true;
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        }
    }
    if found {
        format!("blake3 {}", &hasher.finalize().to_hex()[..16])
    } else {
        String::new()
    }
}
