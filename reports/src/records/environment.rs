//! One line of `environments.jsonl`: where and with what a run of a campaign was made
//! (`offload-environment/1`).

use crate::error::{LineFault, ReportError};
use crate::text::clip;
use offload_instances::files::check_regular;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Characters of a revision shown.
const REVISION: usize = 12;

/// The `format` of every line.
pub const ENVIRONMENT_FORMAT: &str = "offload-environment/1";

/// Name of the file in a campaign's folder: one line for each run that added records.
pub const ENVIRONMENTS: &str = "environments.jsonl";

/// The machine, the program and the settings of one run. What could not be found out is empty, 0 or
/// null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Environment {
    /// Version of the format.
    #[schemars(extend("const" = ENVIRONMENT_FORMAT))]
    pub format: String,
    /// When the run began, UTC, `2026-01-31T12:00:00Z`.
    pub started: String,
    /// Version of offload-bench.
    pub program: String,
    /// Git revision that the program was built from.
    pub revision: Option<String>,
    /// Whether nothing was changed beside that revision.
    pub clean: Option<bool>,
    /// Compiler that built it, with its version.
    pub compiler: String,
    /// Version of HiGHS.
    pub highs: String,
    /// Operating system and kernel.
    pub os: String,
    /// Model of the processor.
    pub cpu: String,
    /// Processors that the run could use.
    pub cores: usize,
    /// Memory of the machine, bytes.
    pub memory_bytes: u64,
    /// Problems solved at the same time.
    pub threads: usize,
    /// What enforced the limits of external solvers: control groups, or resource limits and
    /// measurements; empty without external solvers.
    pub limits: String,
    /// `parallel`, or `isolated` when solves ran one at a time.
    pub timing: String,
    /// How often each solve was timed.
    pub repetitions: usize,
    /// The configuration as it was read, for the record.
    pub config: String,
    /// The folder that the configuration's paths are relative to; itself relative to the campaign's
    /// folder, unless it is absolute.
    pub config_folder: String,
    /// Part of the campaign that the run was asked for, `2/4`; empty for all of it.
    pub shard: String,
}

impl Environment {
    /// A relative `config_folder`, as in an unpacked archive, is relative to the campaign's folder.
    /// It becomes absolute, so that it stays right when the environment is written elsewhere.
    fn placed_in(mut self, folder: &Path) -> Self {
        if !self.config_folder.is_empty() {
            let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
            let place = folder.join(&self.config_folder);
            self.config_folder = place.display().to_string();
        }
        self
    }

    /// The beginning of the revision, and whether something was changed beside it; empty when it is
    /// unknown.
    pub(crate) fn revision_text(&self) -> String {
        let Some(revision) = &self.revision else {
            return String::new();
        };
        let changed = match self.clean {
            Some(false) => ", with changes",
            _ => "",
        };
        clip(revision, REVISION) + changed
    }
}

/// The runs of a campaign's folder, in their order; none when the file is not there (campaigns of
/// older versions). A last line without a newline is what a crash leaves behind and is left out.
///
/// # Errors
/// [`ReportError`] when the file cannot be read or another line is not an environment.
pub fn read_environments(folder: &Path) -> Result<Vec<Environment>, ReportError> {
    let path = folder.join(ENVIRONMENTS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    check_regular(&path)?;
    let text = std::fs::read_to_string(&path).map_err(|e| ReportError::io(&path, "read", e))?;
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (index, line) in text
        .split_inclusive('\n')
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let read = serde_json::from_str::<Environment>(line);
        match read {
            Ok(e) if e.format == ENVIRONMENT_FORMAT => all.push(e.placed_in(folder)),
            Err(_) if !line.ends_with('\n') => {}
            other => {
                let what = other.map_or_else(
                    |e| format!("not an environment: {e}"),
                    |e| {
                        format!(
                            "format is `{}`, this version reads `{ENVIRONMENT_FORMAT}`",
                            e.format
                        )
                    },
                );
                faults.push(LineFault {
                    line: index + 1,
                    what,
                    remedy: "remove the line; only the report's methods paragraph needs it",
                });
            }
        }
    }
    if faults.is_empty() {
        Ok(all)
    } else {
        Err(ReportError::Records { path, faults })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_with_folder(folder: &str) -> Environment {
        Environment {
            format: ENVIRONMENT_FORMAT.into(),
            config_folder: folder.into(),
            ..Environment::default()
        }
    }

    #[test]
    fn reads_what_was_written_and_names_bad_lines() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read_environments(folder.path()).unwrap(), []);
        let one = Environment {
            format: ENVIRONMENT_FORMAT.into(),
            cores: 2,
            ..Environment::default()
        };
        let line = serde_json::to_string(&one).unwrap() + "\n";
        let file = folder.path().join(ENVIRONMENTS);
        std::fs::write(&file, format!("{line}{line}{{\"form")).unwrap();
        assert_eq!(
            read_environments(folder.path()).unwrap(),
            [one.clone(), one]
        );
        let moved = Environment {
            config_folder: "c".into(),
            ..one_with_folder("/a/b")
        };
        let lines = [one_with_folder("/a/b"), moved].map(|e| serde_json::to_string(&e).unwrap());
        std::fs::write(&file, lines.join("\n") + "\n").unwrap();
        let folders: Vec<String> = read_environments(folder.path())
            .unwrap()
            .into_iter()
            .map(|e| e.config_folder)
            .collect();
        let inside = folder.path().join("c").display().to_string();
        assert_eq!(folders, ["/a/b".to_string(), inside]);
        std::fs::write(&file, format!("[]\n{line}")).unwrap();
        let error = read_environments(folder.path()).unwrap_err().to_string();
        assert!(error.contains("environments.jsonl: line 1"), "{error}");
    }
}
