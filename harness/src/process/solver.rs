//! A solver as a campaign uses it: a built-in solver or a command, with a name and limits.

use super::external::{ExternalOptions, ExternalSolver};
use super::fence::Sandbox;
use super::sandbox::ensure_bubblewrap;
use anyhow::{anyhow, ensure};
use offload_reports::SolverCatalogue;
use offload_reports::records::record::ANYTIME;
use offload_solvers::{Author, Budget, Solver, find};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// Seconds added to twice the solver's time limit to get the default kill limit: allows for
/// start-up, reading, and a long last step.
const GRACE_S: u64 = 30;

/// Share of the machine's memory that all solvers together may use by default.
const MEMORY_SHARE: f64 = 0.8;

/// The built-in solvers, in the order of reports, and which of them are anytime solvers.
#[must_use]
pub fn catalogue() -> SolverCatalogue {
    let all = offload_solvers::all();
    let anytime = all.iter().filter(|solver| solver.about().is_anytime);
    SolverCatalogue::new(offload_solvers::ids()).with_anytime(anytime.map(|solver| solver.id()))
}

/// Limits of a solve. The first two are passed to the solver, the others are enforced.
#[derive(Clone, Debug, Default)]
pub struct SolveLimits {
    /// Time limit that the solver is asked to respect.
    pub time: Option<Duration>,
    /// Relative gap at which an exact solver may stop.
    pub gap: Option<f64>,
    /// Time after which its process is killed.
    pub hard_time: Option<Duration>,
    /// Memory limit of its process, bytes.
    pub memory_bytes: Option<u64>,
}

/// What runs the solve.
pub enum SolverKind {
    /// A built-in solver.
    Own(Box<dyn Solver>),
    /// A command, run by the shell.
    External(Box<ExternalSolver>),
}

/// Which built-in solvers run in a process of their own. External
/// solvers always do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Only exact solvers: they may exceed the available memory.
    WhereNeeded,
    /// All solvers.
    Always,
}

/// Checks that at least one of these solvers can write a certificate.
///
/// # Errors
/// If none of them can; the text lists the solvers that do.
pub fn ensure_certificate(entries: &[SolverEntry]) -> anyhow::Result<()> {
    let writers: Vec<&str> = offload_solvers::all()
        .iter()
        .filter(|s| s.about().writes_certificate)
        .map(|s| s.id())
        .collect();
    ensure!(
        entries.iter().any(SolverEntry::writes_certificate),
        "--certificate: none of these solvers writes a certificate; use one of {}",
        writers.join(", ")
    );
    Ok(())
}

/// A solver with its name and limits.
pub struct SolverEntry {
    /// Name in records.
    pub name: String,
    /// Id: `goa`, `exec:...`, `serve:...`.
    pub id: String,
    /// What runs the solve.
    pub kind: SolverKind,
    /// Limits of each solve.
    pub limits: SolveLimits,
    /// Whether it runs in a process of its own.
    pub isolated: bool,
    /// Version: that of this program, or of an external solver; the latter is empty until
    /// [`SolverEntry::prepare`] has determined it.
    pub version: String,
    /// Why an external solver could not be asked for its version.
    pub trouble: Option<String>,
}

impl SolverEntry {
    /// Finds a solver by its id. External solvers run in `folder`.
    ///
    /// # Errors
    /// If no solver has this id, the command is empty, or an option does not fit.
    pub fn new(
        id: &str,
        name: String,
        limits: SolveLimits,
        isolation: Isolation,
        folder: &Path,
        options: ExternalOptions,
    ) -> anyhow::Result<SolverEntry> {
        let id = id.trim().to_string();
        let (kind, isolated, version) = match ExternalSolver::of(&id, folder, options)? {
            Some(solver) => (SolverKind::External(Box::new(solver)), true, String::new()),
            None => {
                let solver = find(&id).map_err(|e| anyhow!(e))?;
                let isolated = isolation == Isolation::Always || solver.about().is_exact;
                let version = env!("CARGO_PKG_VERSION").to_string();
                (SolverKind::Own(solver), isolated, version)
            }
        };
        Ok(SolverEntry {
            name,
            id,
            kind,
            limits,
            isolated,
            version,
            trouble: None,
        })
    }

    /// Determines the version of an external solver, before the first solve of a campaign in
    /// `folder` on `threads` threads.
    ///
    /// # Errors
    /// If it cannot be determined for another reason than that the program does not start, or its
    /// sandbox does not work on this machine.
    pub fn prepare(&mut self, folder: &Path, threads: usize) -> anyhow::Result<()> {
        let memory = self.limits.memory(threads);
        if let SolverKind::External(solver) = &mut self.kind {
            if solver.options.sandbox == Sandbox::Bubblewrap {
                ensure_bubblewrap()?;
            }
            solver.campaign = Some(std::path::absolute(folder)?);
            let found = solver.version(memory)?;
            self.version = found.version;
            self.trouble = found.trouble;
        }
        Ok(())
    }

    /// Whether it is a program of the user.
    pub fn is_external(&self) -> bool {
        matches!(self.kind, SolverKind::External(_))
    }

    /// The author of these outcomes, for the judge. External solvers must respect the threshold
    /// rule.
    pub fn author(&self) -> Author<'_> {
        Author {
            name: &self.name,
            respects_threshold: match &self.kind {
                SolverKind::Own(solver) => solver.about().respects_threshold,
                SolverKind::External(_) => true,
            },
        }
    }

    /// Whether it begins with a plan that the budget gives.
    pub fn takes_start(&self) -> bool {
        match &self.kind {
            SolverKind::Own(solver) => solver.about().takes_start,
            SolverKind::External(_) => false,
        }
    }

    /// Whether it may write a certificate.
    pub fn writes_certificate(&self) -> bool {
        match &self.kind {
            SolverKind::Own(solver) => solver.about().writes_certificate,
            SolverKind::External(_) => false,
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

    /// The options for the record. The gap is included only for solvers that may use it, and
    /// `anytime` only for solvers that are.
    pub fn options(&self) -> BTreeMap<String, Value> {
        let mut options: BTreeMap<String, Value> =
            [("id".to_string(), Value::from(self.id.clone()))].into();
        let uses_gap = match &self.kind {
            SolverKind::Own(solver) => solver.about().is_exact,
            SolverKind::External(_) => true,
        };
        if uses_gap {
            options.insert("gap".into(), self.budget(0).gap.into());
        }
        let is_anytime = match &self.kind {
            SolverKind::Own(solver) => solver.about().is_anytime,
            SolverKind::External(_) => false,
        };
        if is_anytime {
            options.insert(ANYTIME.into(), true.into());
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
        if let SolverKind::External(solver) = &self.kind {
            options.extend(solver.recorded());
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

    /// Memory limit of one process when `threads` run in parallel, bytes; `None` if the machine's
    /// memory is unknown.
    pub fn memory(&self, threads: usize) -> Option<u64> {
        self.memory_bytes.or_else(|| {
            let machine = crate::machine::memory_bytes()?;
            Some((machine as f64 * MEMORY_SHARE / threads.max(1) as f64) as u64)
        })
    }
}
