//! An external program with its pipes, in a process group of its own.

use super::message::Killed;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Interval between two looks at a program that should end.
const LOOK: Duration = Duration::from_millis(2);

/// Most bytes of stderr that are kept, from its end.
const STDERR_KEPT: usize = 4096;

/// What keeps an external program from the rest of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Sandbox {
    /// Nothing but its limits.
    #[default]
    None,
    /// Bubblewrap: no network, read-only files, a private /tmp.
    Bubblewrap,
}

/// What an external program may use.
#[derive(Clone, Debug, Default)]
pub struct Fence {
    /// Its working directory.
    pub folder: PathBuf,
    /// Most memory of the program and its descendants, bytes.
    pub memory_bytes: Option<u64>,
    /// Names of environment variables that are passed on.
    pub env: Vec<String>,
    /// The sandbox.
    pub sandbox: Sandbox,
    /// Folders that the sandbox hides.
    pub hidden: Vec<PathBuf>,
}

/// Why a program could not be started. The harness or the machine failed, not the program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

/// A running program with its pipes. Dropping it kills everything that it started.
pub struct FencedProcess {
    /// Its stdin, to be taken and dropped by the caller.
    pub stdin: Option<ChildStdin>,
    /// Its stdout.
    pub stdout: Option<ChildStdout>,
    stderr: Arc<Mutex<Vec<u8>>>,
    child: Child,
    started: Instant,
    killed: Option<Killed>,
}

/// How a program ended.
#[derive(Debug)]
pub struct FenceReport {
    /// Why it was killed; `None` if it ended by itself.
    pub killed: Option<Killed>,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, if any.
    pub signal: Option<i32>,
}

impl FencedProcess {
    /// Starts `line` with the shell.
    ///
    /// # Errors
    /// If no process can be started.
    pub fn start(line: &str, fence: &Fence) -> Result<Self, StartError> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if !fence.folder.as_os_str().is_empty() {
            command.current_dir(&fence.folder);
        }
        let mut child = command.spawn().map_err(|e| StartError(e.to_string()))?;
        let stderr = Arc::new(Mutex::new(Vec::new()));
        if let Some(mut pipe) = child.stderr.take() {
            let kept = stderr.clone();
            std::thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(n) = pipe.read(&mut buffer)
                    && n > 0
                {
                    if let Ok(mut kept) = kept.lock() {
                        kept.extend_from_slice(&buffer[..n]);
                        let over = kept.len().saturating_sub(STDERR_KEPT);
                        kept.drain(..over);
                    }
                }
            });
        }
        Ok(FencedProcess {
            stdin: child.stdin.take(),
            stdout: child.stdout.take(),
            stderr,
            child,
            started: Instant::now(),
            killed: None,
        })
    }

    /// When it was started.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// Takes what it wrote to stderr since this was last taken.
    pub fn take_stderr(&mut self) -> String {
        let kept = self
            .stderr
            .lock()
            .map(|mut kept| std::mem::take(&mut *kept));
        String::from_utf8_lossy(&kept.unwrap_or_default()).into_owned()
    }

    /// Kills the program and its process group.
    pub fn kill(&mut self, why: Killed) {
        self.killed = self.killed.or(Some(why));
        if let Ok(group) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }

    /// Waits for its end; kills it at `limit` after its start.
    pub fn wait(&mut self, limit: Option<Duration>) -> FenceReport {
        while matches!(self.child.try_wait(), Ok(None)) {
            if limit.is_some_and(|limit| self.started.elapsed() >= limit) {
                self.kill(Killed::Time);
                break;
            }
            std::thread::sleep(LOOK);
        }
        let status = self.child.wait().ok();
        let killed = self.killed;
        self.kill(Killed::Time);
        FenceReport {
            killed,
            code: status.and_then(|s| s.code()),
            signal: status.and_then(|s| s.signal()),
        }
    }
}

impl Drop for FencedProcess {
    fn drop(&mut self) {
        self.kill(Killed::Time);
        let _ = self.child.wait();
    }
}
