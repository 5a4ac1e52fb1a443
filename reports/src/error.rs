//! What can go wrong between a campaign's records and its report.

use std::fmt;
use std::path::{Path, PathBuf};

/// Faults printed before the rest is only counted.
const SHOWN: usize = 20;

/// Why records could not be read or a report not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The operating system refused.
    #[error("{}: cannot {action}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// "read" or "write".
        action: &'static str,
        /// What the system said.
        // Not `source`: a message with its chain of causes would hold it twice.
        reason: std::io::Error,
    },
    /// A file of a campaign is not an ordinary file.
    #[error(transparent)]
    File(#[from] offload_instances::FileError),
    /// Lines of a record file that are no records.
    #[error("{}", list(path, faults))]
    Records {
        /// The file.
        path: PathBuf,
        /// Every bad line, in order; never empty.
        faults: Vec<LineFault>,
    },
}

/// One bad line of a record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineFault {
    /// Line number, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

impl ReportError {
    pub(crate) fn io(path: &Path, action: &'static str, reason: std::io::Error) -> Self {
        Self::Io {
            path: path.to_path_buf(),
            action,
            reason,
        }
    }
}

impl LineFault {
    /// The fault of line `line` (from 1): what is wrong, and its remedy.
    #[must_use]
    pub fn new(line: usize, (what, remedy): (String, &'static str)) -> Self {
        Self { line, what, remedy }
    }
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}; {}", self.line, self.what, self.remedy)
    }
}

fn list(path: &Path, faults: &[LineFault]) -> String {
    let shown: Vec<String> = faults
        .iter()
        .take(SHOWN)
        .map(|fault| format!("{}: {fault}", path.display()))
        .collect();
    let rest = faults.len().saturating_sub(SHOWN);
    let tail = if rest > 0 {
        format!("\n... and {rest} more bad lines")
    } else {
        String::new()
    };
    shown.join("\n") + &tail
}
