//! The launcher: a worker that prepares itself (session, limits, control groups, capabilities) and
//! then becomes the external program. Its supervisor stays outside these limits.

use super::channel::{Channel, Received};
use super::groups::join;
use super::message::{LaunchRequest, SupervisorEvent, SupervisorOrder};
use anyhow::{Context, bail, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::setsid;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

/// Most open files of a process: enough for every solver, and too few to exhaust the machine's.
const MAX_OPEN_FILES: u64 = 4096;

/// Longest file that a process may write, bytes: stops a runaway log before the disk is full.
const MAX_FILE: u64 = 16 << 30;

/// Tasks (processes and threads) that a user who is not root may have beside those that run now.
const MORE_TASKS: u64 = 2048;

/// The first file descriptor after stdin, stdout and stderr.
const FIRST_OTHER_FILE: i32 = 3;

/// How much earlier than others the kernel kills a solver when the machine has no memory left.
const OOM_SCORE: &str = "500";

/// Becomes the program of `request`. Returns only if the harness has ended.
pub fn launch(mut channel: Channel, request: &LaunchRequest) -> anyhow::Result<()> {
    let program = prepared(&mut channel, request).and_then(|mut program| {
        channel.send(&SupervisorEvent::Ready)?;
        match channel.receive(None)? {
            Received::Message(SupervisorOrder::Start) => {
                let name = program.get_program().to_owned();
                Err(program.exec()).with_context(|| format!("cannot start {}", name.display()))
            }
            _ => Ok(()),
        }
    });
    if let Err(e) = program {
        channel.send(&SupervisorEvent::Failed(format!("{e:#}")))?;
    }
    Ok(())
}

/// Limits this process, and returns the program with its files.
fn prepared(channel: &mut Channel, request: &LaunchRequest) -> anyhow::Result<Command> {
    let files: Result<[OwnedFd; 3], _> = channel.take_files().try_into();
    let Ok([stdin, stdout, stderr]) = files else {
        bail!("a program needs three open files");
    };
    setsid().context("cannot start a session")?;
    #[cfg(target_os = "linux")]
    {
        // Refused where another limit forbids it; the program then shares its parent's score.
        let _ = std::fs::write("/proc/self/oom_score_adj", OOM_SCORE);
        nix::sys::prctl::set_dumpable(false)?;
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL)?;
    }
    // What the harness inherited without closing it at `exec` is not for the program.
    close_fds::set_fds_cloexec(FIRST_OTHER_FILE, &[]);
    join(&request.groups).context("cannot join a control group")?;
    limit_resources()?;
    #[cfg(target_os = "linux")]
    if request.capabilities == super::message::Capabilities::Reduced {
        drop_capabilities()?;
    }
    let Some((name, arguments)) = request.arguments.split_first() else {
        bail!("a program needs a name");
    };
    let mut program = Command::new(name);
    program.args(arguments).stdin(Stdio::from(stdin));
    program
        .stdout(Stdio::from(stdout))
        .stderr(Stdio::from(stderr));
    for name in &request.drop_env {
        program.env_remove(name);
    }
    if !request.folder.as_os_str().is_empty() {
        let folder = request.folder.display();
        ensure!(
            request.folder.is_dir(),
            "its folder {folder} does not exist"
        );
        program.current_dir(&request.folder);
    }
    Ok(program)
}

fn limit_resources() -> anyhow::Result<()> {
    let lower = |resource: Resource, most: u64| -> anyhow::Result<()> {
        let (soft, hard) = getrlimit(resource)?;
        Ok(setrlimit(resource, soft.min(most), hard.min(most))?)
    };
    lower(Resource::RLIMIT_CORE, 0)?;
    lower(Resource::RLIMIT_NOFILE, MAX_OPEN_FILES)?;
    lower(Resource::RLIMIT_FSIZE, MAX_FILE)?;
    // The system counts all tasks of the user, and does not limit root.
    #[cfg(target_os = "linux")]
    if let Some(now) = tasks_now() {
        lower(Resource::RLIMIT_NPROC, now + MORE_TASKS)?;
    }
    Ok(())
}

/// Tasks on the machine, from `0.00 0.01 0.05 1/80 4711`.
#[cfg(target_os = "linux")]
fn tasks_now() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/loadavg").ok()?;
    let (_, all) = text.split_whitespace().nth(3)?.split_once('/')?;
    all.parse().ok()
}

/// Capabilities of root that reach into other processes, the kernel or the clock. Without them root
/// cannot trace a process that has them.
#[cfg(target_os = "linux")]
fn drop_capabilities() -> anyhow::Result<()> {
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    use rustix::thread::{capability_is_in_bounding_set, remove_capability_from_bounding_set};
    let dropped = [
        CapabilitySet::SYS_PTRACE,
        CapabilitySet::SYS_ADMIN,
        CapabilitySet::SYS_MODULE,
        CapabilitySet::SYS_RAWIO,
        CapabilitySet::SYS_BOOT,
        CapabilitySet::SYS_TIME,
        CapabilitySet::BPF,
        CapabilitySet::PERFMON,
        CapabilitySet::CHECKPOINT_RESTORE,
    ];
    let mut sets = capabilities(None)?;
    if !sets.effective.contains(CapabilitySet::SETPCAP) {
        return Ok(()); // not root: a program gets none
    }
    for capability in dropped {
        if capability_is_in_bounding_set(capability)? {
            remove_capability_from_bounding_set(capability)?;
        }
        sets.inheritable.remove(capability);
    }
    Ok(set_capabilities(None, sets)?)
}
