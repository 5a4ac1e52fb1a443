//! The supervisor of an external program: watches its memory and processes, kills all of its
//! descendants at its end, and reports to the harness. It sees nothing of the program's input and
//! output.

use super::channel::{Channel, Received, Sender};
use super::groups::remove_joined;
use super::message::{
    Killed, LaunchRequest, SupervisorEvent, SupervisorOrder, SupervisorReport, WorkerRequest,
};
use super::processes::{MemoryWatch, ProcessState, children, family, kill_families};
use super::started::own_program;
use anyhow::{Context, bail};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::time::TimeValLike;
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::{Pid, setsid};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Interval between measurements of memory and processes.
const LOOK: Duration = Duration::from_millis(10);

/// The interval is at least this multiple of the time that a measurement takes: reading the shared
/// memory of large processes is slow.
const LOOK_SHARE: u32 = 3;

/// Most simultaneous processes of a program.
const MAX_PROCESSES: usize = 256;

/// Interval between signs of life.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Time for the launcher to prepare.
const LAUNCH_PATIENCE: Duration = Duration::from_secs(60);

/// Signals that a terminal or a batch system sends to every process of a job. The harness decides
/// what a stop means; supervisors follow it.
const LEFT_TO_THE_HARNESS: [Signal; 6] = [
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// What can happen while the program runs.
enum Happening {
    Ended(std::io::Result<ExitStatus>),
    Order(Killed),
}

/// The program's own process, which a thread waits for, and a lock: only one thread kills at a
/// time, because two would disturb each other's search.
struct Program {
    pid: Pid,
    killing: Mutex<()>,
}

/// Supervises one program, and reports on `channel`.
pub fn supervise(mut channel: Channel, request: &LaunchRequest) -> anyhow::Result<()> {
    let sender = channel.sender()?;
    let done = launched(&mut channel, request)
        .and_then(|child| child.map_or(Ok(()), |child| watched(channel, &sender, request, child)));
    if let Err(e) = done {
        sender.send(&SupervisorEvent::Failed(format!("{e:#}")))?;
    }
    Ok(())
}

/// Prepares this process and the launcher, and starts the program on the harness's order. `None` if
/// the harness ended before.
fn launched(channel: &mut Channel, request: &LaunchRequest) -> anyhow::Result<Option<Child>> {
    // Not the harness's session: signals of its terminal and process group do not arrive here.
    let _ = setsid();
    let signals: SigSet = LEFT_TO_THE_HARNESS.into_iter().collect();
    signals.thread_block()?;
    #[cfg(target_os = "linux")]
    {
        // Orphans of the program become children of this process, so that they can be found.
        nix::sys::prctl::set_child_subreaper(true)?;
        // Other processes of the user cannot trace this one or open its files.
        nix::sys::prctl::set_dumpable(false)?;
    }
    let files = channel.take_files();
    let (mut launcher, theirs) = Channel::pair().context("cannot make a connection")?;
    let mut child = Command::new(own_program()?)
        .arg("worker")
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start a process")?;
    let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
    launcher.send_with(&WorkerRequest::Launch(request.clone()), &files)?;
    let prepared = launcher_event(&mut launcher, &mut child)?;
    if !matches!(prepared, Some(SupervisorEvent::Ready)) {
        bail!("its process ended before it was prepared");
    }
    channel.send(&SupervisorEvent::Ready)?;
    let Ok(Received::Message(SupervisorOrder::Start)) = channel.receive(None) else {
        let _ = child.kill();
        return Ok(None);
    };
    launcher.send(&SupervisorOrder::Start)?;
    // The connection closes when the program takes the launcher's place.
    launcher_event(&mut launcher, &mut child)?;
    channel.send(&SupervisorEvent::Started)?;
    Ok(Some(child))
}

/// The next event from the launcher; `None` if it closed the connection.
fn launcher_event(
    launcher: &mut Channel,
    child: &mut Child,
) -> anyhow::Result<Option<SupervisorEvent>> {
    match launcher.receive(Some(LAUNCH_PATIENCE))? {
        Received::Message(SupervisorEvent::Failed(reason)) => bail!(reason),
        Received::Message(event) => Ok(Some(event)),
        Received::Closed => Ok(None),
        Received::Silence => {
            let _ = child.kill();
            bail!(
                "its process was not prepared within {} s",
                LAUNCH_PATIENCE.as_secs()
            )
        }
    }
}

/// Watches the program to its end.
fn watched(
    mut channel: Channel,
    sender: &Sender,
    request: &LaunchRequest,
    mut child: Child,
) -> anyhow::Result<()> {
    let program = Arc::new(Program {
        pid: Pid::from_raw(child.id().try_into()?),
        killing: Mutex::new(()),
    });
    let (ordered, happenings) = mpsc::channel();
    let ended = ordered.clone();
    std::thread::spawn(move || drop(ended.send(Happening::Ended(child.wait()))));
    let lifeline = program.clone();
    let groups = request.groups.clone();
    std::thread::spawn(move || {
        while let Ok(Received::Message(SupervisorOrder::Kill(why))) = channel.receive(None) {
            let _ = ordered.send(Happening::Order(why));
        }
        // The harness has ended.
        lifeline.kill_all();
        lifeline.reap();
        remove_joined(&groups);
        std::process::exit(1);
    });
    let mut memory = MemoryWatch::default();
    let (killed, status) = watch(&happenings, sender, request.memory_bytes, &mut memory);
    if status.is_some() {
        tell(sender, &SupervisorEvent::Ended);
    }
    program.kill_all();
    let status = match status {
        Some(status) => status?,
        None => end(&happenings)?,
    };
    program.reap();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    // Peak memory that the measurements missed because the program was short. For a single process
    // only: the system does not report a sum.
    let peak_of_one = u64::try_from(usage.max_rss()).unwrap_or(0) * 1024;
    let report = SupervisorReport {
        killed,
        code: status.code(),
        signal: status.signal(),
        cpu_s: (usage.user_time() + usage.system_time()).num_microseconds() as f64 * 1e-6,
        peak_memory_bytes: memory.peak.max(peak_of_one),
    };
    tell(sender, &SupervisorEvent::Report(report));
    Ok(())
}

/// Tells the harness. If it has ended, waits: the thread that listens to it clears everything away
/// and ends this process.
fn tell(sender: &Sender, event: &SupervisorEvent) {
    if sender.send(event).is_err() {
        loop {
            std::thread::park();
        }
    }
}

/// The exit status of a program that was killed.
fn end(happenings: &Receiver<Happening>) -> anyhow::Result<ExitStatus> {
    loop {
        if let Happening::Ended(status) = happenings.recv()? {
            return Ok(status?);
        }
    }
}

/// Waits for the end of the program, an order to kill it, or a limit.
fn watch(
    happenings: &Receiver<Happening>,
    sender: &Sender,
    most_memory: Option<u64>,
    memory: &mut MemoryWatch,
) -> (Option<Killed>, Option<std::io::Result<ExitStatus>>) {
    let mut heartbeat = Instant::now();
    let mut pause = LOOK;
    loop {
        match happenings.recv_timeout(pause) {
            Ok(Happening::Ended(status)) => return (None, Some(status)),
            Ok(Happening::Order(why)) => return (Some(why), None),
            Err(RecvTimeoutError::Disconnected) => return (None, None),
            Err(RecvTimeoutError::Timeout) => {}
        }
        if heartbeat.elapsed() >= HEARTBEAT {
            // If the harness has ended, the thread that listens to it notices.
            let _ = sender.send_if_room(&SupervisorEvent::Alive);
            heartbeat = Instant::now();
        }
        let start = Instant::now();
        let mut count = 0;
        let family = family(children(Pid::this()), &mut |_| {
            count += 1;
            count <= MAX_PROCESSES
        });
        let used = memory.look(&family);
        pause = LOOK.max(start.elapsed() * LOOK_SHARE);
        if most_memory.is_some_and(|most| used > most) {
            return (Some(Killed::Memory), None);
        }
        if family.len() > MAX_PROCESSES {
            return (Some(Killed::Processes), None);
        }
    }
}

impl Program {
    /// Kills every descendant: first the program's process group, then processes that left it.
    fn kill_all(&self) {
        let _guard = self.killing.lock().unwrap_or_else(PoisonError::into_inner);
        // The program leads a group, which dies at once, however fast its members fork.
        let _ = killpg(self.pid, Signal::SIGKILL);
        kill_families(&|| children(Pid::this()), &|| self.reap());
    }

    /// Waits for orphans that this process adopted and that have ended.
    fn reap(&self) {
        for pid in children(Pid::this()) {
            let has_ended = ProcessState::of(pid).is_some_and(|state| state.is_ended());
            if has_ended && pid != self.pid {
                let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
            }
        }
    }
}
