//! The running processes of one program that answers many problems.

use super::fence::{Fence, StartError};
use super::serve_message::Hello;
use super::serve_process::{HelloError, ServedProcess};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Failures in a row after which a program is no longer started.
const MAX_FAILURES: usize = 3;

/// The processes of one program. At most one is started for each thread that solves at the same
/// time.
#[derive(Default)]
pub struct ServePool {
    idle: Mutex<Vec<ServedProcess>>,
    state: Mutex<PoolState>,
    requests: AtomicU64,
}

#[derive(Default)]
struct PoolState {
    /// What the first process said.
    hello: Option<Hello>,
    /// Starts that failed since the last that succeeded.
    failures: usize,
    /// Why the last one failed.
    reason: String,
    stderr: String,
}

/// Why no process could be taken.
pub enum PoolError {
    /// The harness could not start one.
    NotStarted(StartError),
    /// The program does not introduce itself.
    Refused {
        /// The reason.
        reason: String,
        /// Its stderr.
        stderr: String,
    },
}

impl ServePool {
    /// An idle process, or a new one.
    ///
    /// # Errors
    /// If none is idle and a new one does not introduce itself, or did not three times in a row.
    pub fn take(
        &self,
        line: &str,
        fence: &Fence,
        limit: Duration,
    ) -> Result<ServedProcess, PoolError> {
        while let Some(mut process) = self.idle.lock().ok().and_then(|mut idle| idle.pop()) {
            if !process.has_ended() {
                return Ok(process);
            }
        }
        if let Ok(state) = self.state.lock()
            && state.failures >= MAX_FAILURES
        {
            return Err(PoolError::Refused {
                reason: format!(
                    "it failed to start {MAX_FAILURES} times in a row and is not started again; \
                     the last time: {}",
                    state.reason
                ),
                stderr: state.stderr.clone(),
            });
        }
        let (reason, stderr) = match ServedProcess::start(line, fence, limit) {
            Ok((process, hello)) => match self.accept(hello) {
                Ok(()) => return Ok(process),
                Err(reason) => (reason, String::new()),
            },
            Err(HelloError::NotStarted(e)) => return Err(PoolError::NotStarted(e)),
            Err(HelloError::Refused { reason, stderr }) => (reason, stderr),
        };
        if let Ok(mut state) = self.state.lock() {
            state.failures += 1;
            state.reason.clone_from(&reason);
            state.stderr.clone_from(&stderr);
        }
        Err(PoolError::Refused { reason, stderr })
    }

    /// All processes of a pool must be the same program.
    fn accept(&self, hello: Hello) -> Result<(), String> {
        let Ok(mut state) = self.state.lock() else {
            return Ok(());
        };
        match &state.hello {
            Some(first) if *first != hello => {
                return Err(format!(
                    "its hello changed during the run: `{}` before, `{}` now",
                    first.describe(),
                    hello.describe()
                ));
            }
            _ => state.hello = Some(hello),
        }
        state.failures = 0;
        Ok(())
    }

    /// Gives back a process that answered.
    pub fn give_back(&self, process: ServedProcess) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(process);
        }
    }

    /// The id of the next request.
    pub fn next_id(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What the program said of itself, once a process was started.
    pub fn hello(&self) -> Option<Hello> {
        self.state.lock().ok().and_then(|state| state.hello.clone())
    }
}

impl Drop for ServePool {
    fn drop(&mut self) {
        if let Ok(idle) = self.idle.get_mut() {
            // All are asked to end before the first is waited for.
            idle.iter_mut().for_each(ServedProcess::close);
        }
    }
}
