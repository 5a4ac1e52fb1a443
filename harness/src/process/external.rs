//! An external solver: its command, what it may use and see, and its version.

use super::fence::{Fence, FencedProcess, Sandbox};
use super::serve_message::Hello;
use super::serve_pool::{PoolError, ServePool};
use crate::files::matching_files;
use anyhow::{Context, anyhow, bail, ensure};
use offload_reports::records::record::ANYTIME;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Prefix of the id of a program that is started for each problem.
pub const EXEC: &str = "exec:";

/// Prefix of the id of a program that is started once for many problems.
pub const SERVE: &str = "serve:";

/// Default time limit of a hello.
const HELLO_LIMIT: Duration = Duration::from_secs(60);

/// Time limit of a version command.
const VERSION_LIMIT: Duration = Duration::from_secs(60);

/// Most characters of a version command's line that are kept.
const VERSION_KEPT: usize = 200;

/// Most bytes of a version command's output that are read.
const VERSION_BYTES: u64 = 1 << 16;

/// Between the parts of a version.
const PART_END: &str = "; ";

/// Begins the part of a version that covers the files that the command names.
const NAMED: &str = "blake3 ";

/// Begins the part of a version that covers the files in `depends`.
const DEPENDS: &str = "depends ";

/// Hexadecimal digits of a hash in a version.
const SHORT_HASH: usize = 16;

/// How the harness and the program talk.
pub enum ExternalProtocol {
    /// Started for each problem.
    Exec,
    /// Started once for many problems.
    Serve(ServePool),
}

/// What the configuration says of an external solver.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ExternalOptions {
    /// Names of environment variables that are passed on.
    pub env: Vec<String>,
    /// The sandbox.
    pub sandbox: Sandbox,
    /// Whether it sees measured answers and times, and the campaign's folder.
    pub reveal: bool,
    /// Patterns of files that belong to its version, relative to its folder.
    pub depends: Vec<String>,
    /// A command whose output belongs to its version.
    pub version_command: Option<String>,
    /// Time limit of its hello.
    pub hello_limit: Option<Duration>,
}

/// A command that solves problems.
pub struct ExternalSolver {
    /// The command line, run by the shell.
    pub line: String,
    /// Its working directory.
    pub folder: PathBuf,
    /// How it is talked to.
    pub protocol: ExternalProtocol,
    /// What the configuration says of it.
    pub options: ExternalOptions,
    /// The campaign's folder, hidden from it by a sandbox.
    pub campaign: Option<PathBuf>,
}

/// What is known of an external solver at the start of a run.
pub struct ExternalVersion {
    /// Its version; empty when nothing is known.
    pub version: String,
    /// Why the program could not be asked for its part of the version.
    pub trouble: Option<String>,
}

impl ExternalSolver {
    /// The external solver with this id; `None` for the id of another solver.
    ///
    /// # Errors
    /// If no command follows the prefix, or an option is invalid.
    pub fn of(id: &str, folder: &Path, options: ExternalOptions) -> anyhow::Result<Option<Self>> {
        let (protocol, prefix, line) = match (id.strip_prefix(EXEC), id.strip_prefix(SERVE)) {
            (Some(line), _) => (ExternalProtocol::Exec, EXEC, line),
            (_, Some(line)) => (ExternalProtocol::Serve(ServePool::default()), SERVE, line),
            (None, None) => {
                ensure!(
                    options == ExternalOptions::default(),
                    "{id}: env, sandbox, reveal, depends, version_command and hello_limit_s are \
                     only for external solvers ({EXEC} or {SERVE}); omit them"
                );
                return Ok(None);
            }
        };
        ensure!(
            !line.trim().is_empty(),
            "{prefix}: a command must follow, such as {prefix}python3 my_solver.py"
        );
        ensure!(
            prefix == SERVE || options.hello_limit.is_none(),
            "hello_limit_s: only programs that are started with {SERVE} say hello; omit it"
        );
        options.check()?;
        Ok(Some(ExternalSolver {
            line: line.trim().to_string(),
            folder: folder.to_path_buf(),
            protocol,
            options,
            campaign: None,
        }))
    }

    /// What it may use.
    #[must_use]
    pub fn fence(&self, memory_bytes: Option<u64>) -> Fence {
        let hidden = self.campaign.iter().filter(|_| !self.options.reveal);
        Fence {
            folder: self.folder.clone(),
            memory_bytes,
            env: self.options.env.clone(),
            sandbox: self.options.sandbox,
            hidden: hidden.cloned().collect(),
        }
    }

    /// Time limit of a hello.
    #[must_use]
    pub fn hello_limit(&self) -> Duration {
        self.options.hello_limit.unwrap_or(HELLO_LIMIT)
    }

    /// What the program said of itself, once it was started.
    #[must_use]
    pub fn hello(&self) -> Option<Hello> {
        match &self.protocol {
            ExternalProtocol::Exec => None,
            ExternalProtocol::Serve(pool) => pool.hello(),
        }
    }

    /// The options for the record, where they differ from the default.
    #[must_use]
    pub fn recorded(&self) -> BTreeMap<String, Value> {
        let mut recorded = BTreeMap::new();
        let o = &self.options;
        if !o.env.is_empty() {
            recorded.insert("env".into(), o.env.clone().into());
        }
        if o.sandbox != Sandbox::None {
            recorded.insert("sandbox".into(), "bubblewrap".into());
        }
        if o.reveal {
            recorded.insert("reveal".into(), true.into());
        }
        if self.hello().is_some_and(|hello| hello.anytime) {
            recorded.insert(ANYTIME.into(), true.into());
        }
        recorded
    }

    /// Determines its version: the files on its command line, the files that it depends on, the
    /// output of its version command, and its own name and version. A program that answers many
    /// problems is started for that.
    ///
    /// # Errors
    /// If a pattern matches no file, a file cannot be read, or the version command fails.
    pub fn version(&self, memory_bytes: Option<u64>) -> anyhow::Result<ExternalVersion> {
        let files = file_version(&self.line, &self.options.depends, &self.folder)?;
        let mut parts: Vec<String> = files.into_iter().collect();
        let fence = self.fence(memory_bytes);
        if let Some(command) = &self.options.version_command {
            let line =
                printed(command, &fence).with_context(|| format!("version_command `{command}`"))?;
            parts.push(line);
        }
        let mut trouble = None;
        if let ExternalProtocol::Serve(pool) = &self.protocol {
            match pool.take(&self.line, &fence, self.hello_limit()) {
                Ok(process) => pool.give_back(process),
                Err(PoolError::NotStarted(e)) => bail!("cannot start a process: {e}"),
                Err(PoolError::Refused { reason, .. }) => trouble = Some(reason),
            }
            parts.extend(pool.hello().map(|hello| hello.describe()));
        }
        Ok(ExternalVersion {
            version: parts.join(PART_END),
            trouble,
        })
    }
}

impl ExternalOptions {
    fn check(&self) -> anyhow::Result<()> {
        for name in &self.env {
            let good = !name.is_empty() && !name.contains(['=', '\0']);
            ensure!(
                good,
                "env: \"{}\" is not the name of a variable; give names only",
                name.escape_debug()
            );
        }
        for pattern in &self.depends {
            let path = Path::new(pattern);
            ensure!(
                !pattern.trim().is_empty() && path.is_relative(),
                "depends: \"{pattern}\" is not a path relative to the configuration's folder"
            );
            glob::Pattern::new(pattern)
                .map_err(|e| anyhow!("depends: {pattern}: {e}; fix the pattern"))?;
        }
        let command = self.version_command.as_deref();
        ensure!(
            command.is_none_or(|c| !c.trim().is_empty()),
            "version_command: is empty; give a command or omit it"
        );
        Ok(())
    }
}

/// The part of a version that follows from files, without starting a program; `None` if the command
/// names no file and depends on none.
///
/// # Errors
/// If a pattern matches no file, or a file cannot be read.
pub fn file_version(
    line: &str,
    depends: &[String],
    folder: &Path,
) -> anyhow::Result<Option<String>> {
    let mut parts: Vec<String> = named_files(line, folder).into_iter().collect();
    if !depends.is_empty() {
        let hash = dependencies(depends, folder).context("depends")?;
        parts.push(format!("{DEPENDS}{hash}"));
    }
    Ok((!parts.is_empty()).then(|| parts.join(PART_END)))
}

/// The part of a recorded version that follows from files.
#[must_use]
pub fn recorded_file_version(version: &str) -> Option<String> {
    let is_hash = |part: &str, prefix: &str| {
        let hash = part.strip_prefix(prefix);
        hash.is_some_and(|h| h.len() == SHORT_HASH && h.bytes().all(|b| b.is_ascii_hexdigit()))
    };
    let mut rest = version.split(PART_END).peekable();
    let mut parts = Vec::new();
    for prefix in [NAMED, DEPENDS] {
        parts.extend(rest.next_if(|part| is_hash(part, prefix)));
    }
    (!parts.is_empty()).then(|| parts.join(PART_END))
}

/// The words of a command, without their quotes.
pub fn command_words(line: &str) -> impl Iterator<Item = &str> {
    line.split_whitespace()
        .map(|word| word.trim_matches(['"', '\'']))
}

/// A hash of the files that a command names, in order; `None` if it names none.
fn named_files(line: &str, folder: &Path) -> Option<String> {
    let mut hasher = blake3::Hasher::new();
    let mut found = false;
    for word in command_words(line) {
        let path = folder.join(word);
        if let Some(bytes) = path.is_file().then(|| std::fs::read(&path).ok()).flatten() {
            found = true;
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(&bytes);
        }
    }
    found.then(|| format!("{NAMED}{}", short(&hasher)))
}

fn short(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex()[..SHORT_HASH].to_string()
}

/// A hash of all files that match a pattern: relative paths and contents, sorted by path.
fn dependencies(patterns: &[String], folder: &Path) -> anyhow::Result<String> {
    let mut hasher = blake3::Hasher::new();
    for (name, path) in &dependency_files(patterns, folder)? {
        for bytes in [name.len() as u64, std::fs::metadata(path)?.len()] {
            hasher.update(&bytes.to_le_bytes());
        }
        hasher.update(name.as_bytes());
        let file = std::fs::File::open(path)
            .with_context(|| format!("{}: cannot read", path.display()))?;
        hasher
            .update_reader(file)
            .with_context(|| format!("{}: cannot read", path.display()))?;
    }
    Ok(short(&hasher))
}

/// The files that match patterns, by their path relative to the folder.
///
/// # Errors
/// If a pattern is invalid or matches no file.
fn dependency_files(
    patterns: &[String],
    folder: &Path,
) -> anyhow::Result<BTreeMap<String, PathBuf>> {
    let mut files = BTreeMap::new();
    for pattern in patterns {
        let matching = matching_files(pattern, folder)?;
        ensure!(
            !matching.is_empty(),
            "{pattern}: matches no file in {}; fix the pattern",
            std::path::absolute(folder.join("."))?.display()
        );
        for path in matching {
            let name = path.strip_prefix(folder).unwrap_or(&path);
            files.insert(name.to_string_lossy().into_owned(), path);
        }
    }
    Ok(files)
}

/// The first line that a command prints.
fn printed(command: &str, fence: &Fence) -> anyhow::Result<String> {
    let mut process = FencedProcess::start(command, fence)?;
    drop(process.stdin.take());
    let stdout = process.stdout.take().context("it has no stdout")?;
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stdout.take(VERSION_BYTES).read_to_end(&mut bytes);
        bytes
    });
    let report = process.wait(Some(VERSION_LIMIT));
    let first = |text: &str| -> String {
        let line = text.lines().map(str::trim).find(|l| !l.is_empty());
        line.unwrap_or("").chars().take(VERSION_KEPT).collect()
    };
    let bytes = reader.join().unwrap_or_default();
    let line = first(&String::from_utf8_lossy(&bytes));
    if report.killed.is_some() || report.code != Some(0) {
        let how = super::ending::how_it_ended(report.killed, report.code, report.signal);
        let why = first(&process.take_stderr());
        match why.as_str() {
            "" => bail!("{how}"),
            why => bail!("{how}: {}", why.escape_debug()),
        }
    }
    ensure!(!line.is_empty(), "it printed nothing");
    ensure!(
        !line.chars().any(char::is_control),
        "its first line holds control characters; print plain text"
    );
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(depends: &[&str]) -> ExternalOptions {
        ExternalOptions {
            depends: depends.iter().map(|d| (*d).to_string()).collect(),
            ..ExternalOptions::default()
        }
    }

    #[test]
    fn a_version_follows_files_and_their_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::create_dir(path.join("weights")).unwrap();
        for (name, text) in [("a.py", "1"), ("b.py", "2"), ("weights/w", "3")] {
            std::fs::write(path.join(name), text).unwrap();
        }
        let version = |depends: &[&str]| {
            let solver = ExternalSolver::of("exec:python3 a.py", path, options(depends));
            let solver = solver.unwrap().unwrap();
            solver.version(None).unwrap().version
        };
        let plain = version(&[]);
        let whole = version(&["*.py", "weights/*"]);
        assert!(plain.starts_with("blake3 ") && whole.starts_with(&format!("{plain}; depends ")));
        assert_eq!(whole, version(&["weights/*", "a.py", "b.py"]));
        let recorded = |more: &str| recorded_file_version(&format!("{whole}{more}"));
        for more in ["", "; torch 2.1; mine 1", "; depends on torch"] {
            assert_eq!(recorded(more).as_deref(), Some(whole.as_str()), "{more}");
        }
        assert_eq!(recorded_file_version("torch 2.1; mine 1"), None);
        assert_ne!(whole, version(&["*.py"]));
        std::fs::rename(path.join("b.py"), path.join("c.py")).unwrap();
        let renamed = version(&["*.py", "weights/*"]);
        assert_ne!(whole, renamed);
        std::fs::write(path.join("weights/w"), "4").unwrap();
        assert_ne!(renamed, version(&["*.py", "weights/*"]));
        assert_eq!(plain, version(&[]));
        let missing = ExternalSolver::of("exec:true", path, options(&["*.npy"]));
        let missing = missing.unwrap().unwrap().version(None).err().unwrap();
        assert!(format!("{missing:#}").contains("*.npy: matches no file"));
    }

    #[test]
    fn options_are_checked() {
        let refused = |id: &str, options: ExternalOptions| {
            let refused = ExternalSolver::of(id, Path::new(""), options);
            refused.err().map(|e| e.to_string()).unwrap_or_default()
        };
        assert!(refused("goa", options(&["*.py"])).contains("only for external solvers"));
        assert!(refused("exec: ", options(&[])).contains("a command must follow"));
        assert!(refused("serve:", options(&[])).contains("serve:python3"));
        assert!(refused("exec:a", options(&["/etc/*"])).contains("relative"));
        assert!(refused("exec:a", options(&["a[.py"])).contains("fix the pattern"));
        let env = ExternalOptions {
            env: vec!["A=1".into()],
            ..options(&[])
        };
        assert!(refused("exec:a", env).contains("names only"));
        let hello = ExternalOptions {
            hello_limit: Some(Duration::from_secs(1)),
            ..options(&[])
        };
        assert!(refused("exec:a", hello.clone()).contains("hello_limit_s"));
        assert!(refused("serve:a", hello).is_empty());
    }
}
