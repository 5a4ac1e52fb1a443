//! The processes that the harness starts, and orphans that it adopts when a supervisor is killed.
//!
//! While external solvers run, the harness adopts orphans among its descendants (subreaper). A
//! child that the harness did not start and that left its session can only be such an orphan: no
//! process can join a session, so a solver cannot pass for something else.

use super::processes::{ProcessState, children, kill_families};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Children that the harness started and has not waited for. The lock is held while a process is
/// started, so that no child is met between its start and its entry.
static STARTED: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

fn started() -> MutexGuard<'static, BTreeSet<i32>> {
    STARTED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This program, to be started as a worker. Not by its path where that can be avoided: its file may
/// be replaced during a campaign.
///
/// # Errors
/// If the system does not know the path.
pub fn own_program() -> std::io::Result<PathBuf> {
    let own = PathBuf::from("/proc/self/exe");
    if own.exists() {
        return Ok(own);
    }
    std::env::current_exe()
}

/// Starts a process of the harness.
pub fn spawn(command: &mut Command) -> std::io::Result<Child> {
    let mut started = started();
    let child = command.spawn()?;
    started.insert(i32::try_from(child.id()).unwrap_or(0));
    Ok(child)
}

/// Waits for a process of the harness.
pub fn wait(child: &mut Child) -> std::io::Result<ExitStatus> {
    let status = child.wait();
    started().remove(&i32::try_from(child.id()).unwrap_or(0));
    status
}

/// Kills every adopted orphan and its descendants.
pub fn kill_adopted() {
    let started = started();
    kill_families(&|| adopted(&started), &|| {
        for pid in adopted(&started) {
            let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
        }
    });
}

fn adopted(started: &BTreeSet<i32>) -> Vec<Pid> {
    let own = ProcessState::of(Pid::this()).map(|state| state.session);
    let foreign = |pid: &Pid| {
        !started.contains(&pid.as_raw())
            && ProcessState::of(*pid).is_some_and(|state| Some(state.session) != own)
    };
    children(Pid::this()).into_iter().filter(foreign).collect()
}
