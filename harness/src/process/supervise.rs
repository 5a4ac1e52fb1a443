//! Runs a command with limits on time, memory, processes and output, and kills all of its
//! descendants.

use super::message::{CommandReply, Killed};
use anyhow::Context;
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::time::TimeValLike;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Interval between measurements of memory and processes.
const LOOK: Duration = Duration::from_millis(10);

/// Most simultaneous processes of a command.
const MAX_PROCESSES: usize = 256;

/// Bytes of stderr that are kept, each from its start and its end.
const STDERR_KEPT: usize = 2048;

/// Rounds of killing, a millisecond apart, before processes that cannot be killed (blocked in the
/// kernel) are abandoned.
const KILL_ROUNDS: usize = 500;

/// Bytes of a memory page, the unit of `/proc/PID/statm`, on the supported machines (x86-64, most
/// arm64).
const PAGE: u64 = 4096;

/// What is needed at the end, regardless of what ended the command.
#[derive(Default)]
struct Watch {
    killed: Option<Killed>,
    peak: u64,
}

/// Runs `line` with `input` on its stdin. `lifeline` is this process's stdin: when it closes, this
/// process ends.
pub fn supervise(
    line: &str,
    folder: &Path,
    input: Vec<u8>,
    limit: Option<Duration>,
    memory: Option<u64>,
    most_output: usize,
    mut lifeline: impl Read + Send + 'static,
) -> anyhow::Result<CommandReply> {
    // Orphans of the command become children of this process, so that they can be found.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_child_subreaper(true)?;
    let start = Instant::now();
    let mut command = Command::new("/bin/sh");
    // A process group can be killed at once, however fast its members fork.
    command.process_group(0);
    command
        .arg("-c")
        .arg(line)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if !folder.as_os_str().is_empty() {
        command.current_dir(folder);
    }
    let mut child = command.spawn().context("cannot start /bin/sh")?;
    COMMAND.store(child.id(), Ordering::Relaxed);
    std::thread::spawn(move || {
        let _ = lifeline.read(&mut [0]);
        kill_all();
        std::process::exit(1);
    });
    if let Some(mut stdin) = child.stdin.take() {
        // The command may not read its input.
        std::thread::spawn(move || drop(stdin.write_all(&input)));
    }
    let full = Arc::new(AtomicBool::new(false));
    let stdout = read_stdout(&mut child, most_output, full.clone());
    let stderr = read_stderr(&mut child);
    let (sender, ended) = channel();
    std::thread::spawn(move || drop(sender.send(child.wait())));
    let (watch, status) = watch(&ended, start, limit, memory, &full);
    let time_s = start.elapsed().as_secs_f64();
    kill_all();
    let status = match status {
        Some(status) => status?,
        None => ended.recv()??,
    };
    let (stdout, stderr) = (join(stdout), join(stderr));
    reap();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    // Peak memory that the measurements missed because the command was short. For a single process
    // only: the system does not report a sum.
    let peak_of_one = u64::try_from(usage.max_rss()).unwrap_or(0) * 1024;
    Ok(CommandReply {
        killed: watch
            .killed
            .or_else(|| full.load(Ordering::Relaxed).then_some(Killed::Output)),
        code: status.code(),
        signal: status.signal(),
        stdout,
        stderr,
        time_s,
        cpu_s: (usage.user_time() + usage.system_time()).num_microseconds() as f64 * 1e-6,
        peak_memory_bytes: watch.peak.max(peak_of_one),
    })
}

/// Waits for the end of the command or for a limit.
fn watch(
    ended: &Receiver<std::io::Result<ExitStatus>>,
    start: Instant,
    limit: Option<Duration>,
    memory: Option<u64>,
    full: &AtomicBool,
) -> (Watch, Option<std::io::Result<ExitStatus>>) {
    let mut watch = Watch::default();
    loop {
        match ended.recv_timeout(LOOK) {
            Ok(status) => return (watch, Some(status)),
            Err(RecvTimeoutError::Disconnected) => return (watch, None),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let mut count = 0;
        let family = descendants(&mut |_| {
            count += 1;
            count <= MAX_PROCESSES
        });
        let used: u64 = family.iter().map(|&pid| resident(pid)).sum();
        watch.peak = watch.peak.max(used);
        watch.killed = if limit.is_some_and(|limit| start.elapsed() >= limit) {
            Some(Killed::Time)
        } else if memory.is_some_and(|most| used > most) {
            Some(Killed::Memory)
        } else if family.len() > MAX_PROCESSES {
            Some(Killed::Processes)
        } else if full.load(Ordering::Relaxed) {
            Some(Killed::Output)
        } else {
            continue;
        };
        return (watch, None);
    }
}

/// Keeps what fits; more output is a reason to kill.
fn read_stdout(
    child: &mut Child,
    most: usize,
    full: Arc<AtomicBool>,
) -> Option<JoinHandle<String>> {
    let stdout = child.stdout.take()?;
    Some(std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut stdout = stdout.take(most as u64 + 1);
        let _ = stdout.read_to_end(&mut bytes);
        if bytes.len() > most {
            full.store(true, Ordering::Relaxed);
            bytes.truncate(most);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }))
}

/// Reads everything, but keeps only the start and the end.
fn read_stderr(child: &mut Child) -> Option<JoinHandle<String>> {
    let mut stderr = child.stderr.take()?;
    Some(std::thread::spawn(move || {
        let (mut head, mut tail, mut left_out) = (Vec::new(), VecDeque::new(), 0_usize);
        let mut buffer = [0; 8192];
        while let Ok(n) = stderr.read(&mut buffer)
            && n > 0
        {
            let room = (STDERR_KEPT - head.len()).min(n);
            head.extend_from_slice(&buffer[..room]);
            tail.extend(&buffer[room..n]);
            let over = tail.len().saturating_sub(STDERR_KEPT);
            tail.drain(..over);
            left_out += over;
        }
        let tail: Vec<u8> = tail.into();
        if left_out > 0 {
            head.extend_from_slice(format!("\n... {left_out} bytes ...\n").as_bytes());
        }
        head.extend_from_slice(&tail);
        String::from_utf8_lossy(&head).into_owned()
    }))
}

fn join(handle: Option<JoinHandle<String>>) -> String {
    handle.and_then(|h| h.join().ok()).unwrap_or_default()
}

/// Only one thread kills at a time: two would disturb each other's search.
static KILLING: Mutex<()> = Mutex::new(());

/// Kills every descendant: first the command's process group, then processes that left it. Those
/// are stopped when found, so that none can fork during the search.
fn kill_all() {
    let _guard = KILLING.lock();
    if let Ok(group @ 1..) = i32::try_from(COMMAND.load(Ordering::Relaxed)) {
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    for _ in 0..KILL_ROUNDS {
        let family = descendants(&mut |pid| {
            let _ = kill(pid, Signal::SIGSTOP);
            true
        });
        if family.is_empty() {
            return;
        }
        for &pid in &family {
            let _ = kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(1));
        reap();
    }
}

/// The command's own process, which a separate thread waits for.
static COMMAND: AtomicU32 = AtomicU32::new(0);

/// Reaps orphans that were adopted by this process.
fn reap() {
    for pid in children(std::process::id().try_into().unwrap_or(0)) {
        if is_zombie(pid) && u32::try_from(pid.as_raw()) != Ok(COMMAND.load(Ordering::Relaxed)) {
            let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
        }
    }
}

/// Visits all living descendants of this process. `meet` is called for each before its children are
/// searched; returning false ends the search.
fn descendants(meet: &mut dyn FnMut(Pid) -> bool) -> Vec<Pid> {
    let mut all: Vec<Pid> = Vec::new();
    let mut next = children(std::process::id().try_into().unwrap_or(0));
    while let Some(pid) = next.pop() {
        if !is_zombie(pid) {
            all.push(pid);
            if !meet(pid) {
                break;
            }
        }
        next.extend(children(pid.as_raw()));
    }
    all
}

/// Children of all threads of a process.
fn children(pid: i32) -> Vec<Pid> {
    let Ok(tasks) = std::fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let lists = tasks
        .flatten()
        .map(|task| std::fs::read_to_string(task.path().join("children")).unwrap_or_default());
    lists
        .flat_map(|l| {
            l.split_whitespace()
                .flat_map(str::parse)
                .map(Pid::from_raw)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn is_zombie(pid: Pid) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    // The state follows the name, which may itself contain brackets.
    stat.rsplit_once(')')
        .is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
}

/// Memory in use, bytes.
fn resident(pid: Pid) -> u64 {
    let Ok(statm) = std::fs::read_to_string(format!("/proc/{pid}/statm")) else {
        return 0;
    };
    statm
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse::<u64>().ok())
        .unwrap_or(0)
        * PAGE
}
