//! External programs behind a fence: limits, a small environment, and no process that outlives
//! them. The harness talks to the program itself, through pipes, with its own clock.
//!
//! A supervisor, a process between harness and program, watches the program and kills what it
//! started. If the supervisor is itself killed or stopped, the harness adopts its processes and
//! kills them.

use super::channel::{Channel, Received, Sender};
use super::ending::signal_name;
use super::groups::ControlGroup;
use super::message::{
    Capabilities, Killed, LaunchRequest, SupervisorEvent, SupervisorOrder, SupervisorReport,
    WorkerRequest,
};
use super::processes::ProcessState;
use super::sandbox::wrapped;
use super::started::{kill_adopted, own_program, spawn, wait};
use nix::unistd::Pid;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::ffi::OsString;
use std::io::{PipeReader, PipeWriter, Read, pipe};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// Environment variables that every program gets.
pub const ENVIRONMENT: [&str; 4] = ["PATH", "HOME", "LANG", "TMPDIR"];

/// Variables without which the supervisor may not start. The program does not get them.
const FOR_THE_SUPERVISOR: [&str; 1] = ["LD_LIBRARY_PATH"];

/// Longest time from the start of a supervisor to the start of its program.
const START_PATIENCE: Duration = Duration::from_secs(120);

/// Interval at which the state of a supervisor is checked.
const LOOK: Duration = Duration::from_millis(100);

/// Longest silence of a supervisor, which reports every second, and longest time that it may need
/// to kill everything.
const SUPERVISOR_GRACE: Duration = Duration::from_secs(15);

/// Time for the end of stderr after all processes have ended: a pipe may have been passed to a
/// process that the program did not start.
const PIPE_GRACE: Duration = Duration::from_secs(2);

/// Bytes of stderr that are kept, each from its start and its end.
const STDERR_KEPT: usize = 2048;

/// What an external program may use.
#[derive(Clone, Debug, Default)]
pub struct Fence {
    /// Its working directory; the harness's own if empty.
    pub folder: PathBuf,
    /// Most memory of all its processes together, bytes.
    pub memory_bytes: Option<u64>,
    /// Names of environment variables that are passed on, beside [`ENVIRONMENT`].
    pub env: Vec<String>,
    /// Whether it sees the machine's files and network.
    pub sandbox: Sandbox,
    /// Files and folders that a sandbox hides.
    pub hidden: Vec<PathBuf>,
}

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

/// A running program with its pipes. Dropping it kills everything that it started.
pub struct FencedProcess {
    /// Its stdin, until the caller takes it.
    pub stdin: Option<PipeWriter>,
    /// Its stdout, until the caller takes it.
    pub stdout: Option<PipeReader>,
    supervisor: Child,
    channel: Channel,
    orders: Arc<Sender>,
    group: Option<ControlGroup>,
    stderr: StderrReader,
    started: Instant,
    /// When the supervisor was last heard.
    heard: Instant,
    /// Whether its group ran out of memory.
    is_out_of_memory: bool,
    /// Wall time at its end, s.
    wall_s: Option<f64>,
    report: Option<SupervisorReport>,
    fault: Option<FenceFault>,
    /// Whether its supervisor was waited for.
    is_over: bool,
    /// Its report, once everything is killed.
    ended: Option<FenceReport>,
}

/// Why a program could not be started. The harness or the machine failed, not the program.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

/// What happened to a supervisor that did not report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FenceFault {
    /// A process killed, stopped or held it; only the program has a reason to.
    Attacked(String),
    /// The harness or the machine failed.
    Failed(String),
}

/// Kills a program from another thread.
#[derive(Clone)]
pub struct FenceKiller(Arc<Sender>);

/// How a program ended.
#[derive(Clone, Debug)]
pub struct FenceReport {
    /// Why it was killed; `None` if it ended by itself.
    pub killed: Option<Killed>,
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it, if any.
    pub signal: Option<i32>,
    /// Wall time from its start to its end, by the harness's clock, s.
    pub wall_s: f64,
    /// Processor time of all its processes, s.
    pub cpu_s: Option<f64>,
    /// Peak memory of all its processes together, bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Why its supervisor did not report, if so. The exit code is then unknown.
    pub fault: Option<FenceFault>,
}

impl FencedProcess {
    /// Starts `line` with the shell.
    ///
    /// # Errors
    /// If no process can be started.
    pub fn start(line: &str, fence: &Fence) -> Result<FencedProcess, StartError> {
        prepare_harness();
        let no_pipe = |e| StartError(format!("cannot make a pipe: {e}"));
        let (stdin_of_program, stdin) = pipe().map_err(no_pipe)?;
        let (stdout, stdout_of_program) = pipe().map_err(no_pipe)?;
        let (stderr, stderr_of_program) = pipe().map_err(no_pipe)?;
        let (channel, theirs) = Channel::pair().map_err(no_pipe)?;
        let orders = channel.sender().map_err(no_pipe)?;
        let stderr = StderrReader::start(stderr)
            .map_err(|e| StartError(format!("cannot start a thread: {e}")))?;
        let group = ControlGroup::create(fence.memory_bytes);
        let request = request(line, fence, group.as_ref());
        let supervisor = start_supervisor(fence, theirs)
            .map_err(|e| StartError(format!("cannot start a process: {e}")))?;
        let mut process = FencedProcess {
            stdin: Some(stdin),
            stdout: Some(stdout),
            supervisor,
            channel,
            orders: Arc::new(orders),
            group,
            stderr,
            started: Instant::now(),
            heard: Instant::now(),
            is_out_of_memory: false,
            wall_s: None,
            report: None,
            fault: None,
            is_over: false,
            ended: None,
        };
        let files = [
            OwnedFd::from(stdin_of_program),
            stdout_of_program.into(),
            stderr_of_program.into(),
        ];
        process.begin(&request, &files)?;
        Ok(process)
    }

    /// Has the supervisor prepare everything, then starts the clock and the program.
    fn begin(&mut self, request: &LaunchRequest, files: &[OwnedFd]) -> Result<(), StartError> {
        let files: Vec<_> = files.iter().map(AsFd::as_fd).collect();
        let request = WorkerRequest::Supervise(request.clone());
        let sent = self.channel.send_with(&request, &files);
        if sent.is_ok() && matches!(self.answer()?, SupervisorEvent::Ready) {
            self.started = Instant::now();
            let _ = self.orders.send(&SupervisorOrder::Start);
            self.answer()?;
            self.heard = Instant::now();
            return Ok(());
        }
        Err(StartError("its supervisor could not be started".into()))
    }

    /// The supervisor's next event, before the program runs.
    fn answer(&mut self) -> Result<SupervisorEvent, StartError> {
        match self.channel.receive(Some(START_PATIENCE)) {
            Ok(Received::Message(SupervisorEvent::Failed(reason))) => Err(StartError(reason)),
            Ok(Received::Message(event)) => Ok(event),
            Ok(Received::Silence) => Err(StartError(format!(
                "its supervisor did not start it within {} s",
                START_PATIENCE.as_secs()
            ))),
            Ok(Received::Closed) => {
                let status = wait(&mut self.supervisor);
                self.is_over = status.is_ok();
                let how = status.map_or(String::new(), |status| format!(" ({status})"));
                Err(StartError(format!(
                    "its supervisor ended before it started it{how}"
                )))
            }
            Err(e) => Err(StartError(format!("its supervisor cannot be reached: {e}"))),
        }
    }

    /// When it was started.
    #[must_use]
    pub fn started(&self) -> Instant {
        self.started
    }

    /// A handle that kills it from another thread.
    #[must_use]
    pub fn killer(&self) -> FenceKiller {
        FenceKiller(self.orders.clone())
    }

    /// Orders the supervisor to kill it. [`wait`](Self::wait) then returns its report.
    pub fn kill(&mut self, why: Killed) {
        self.killer().kill(why);
    }

    /// Start and end of what it wrote to stderr since this was last taken.
    pub fn take_stderr(&mut self) -> String {
        std::mem::take(&mut *locked(&self.stderr.kept)).text()
    }

    /// Why its supervisor no longer works, if so. The program is then to be ended by
    /// [`wait`](Self::wait).
    pub fn fault(&mut self) -> Option<FenceFault> {
        while self.fault.is_none() && self.hear(Duration::ZERO) {}
        self.fault.clone()
    }

    /// Waits for its end, and kills it `limit` after its start. No process of it lives afterwards.
    pub fn wait(&mut self, limit: Option<Duration>) -> FenceReport {
        if let Some(ended) = &self.ended {
            return ended.clone();
        }
        let mut killed_at = None;
        while self.report.is_none() && self.fault.is_none() {
            let left = limit.map(|limit| limit.saturating_sub(self.started.elapsed()));
            let is_late = left.is_some_and(|left| left.is_zero()) && self.wall_s.is_none();
            if is_late && killed_at.is_none() {
                killed_at = Some(Instant::now());
                self.kill(Killed::Time);
            }
            if killed_at.is_some_and(|at| at.elapsed() > SUPERVISOR_GRACE) {
                self.attacked("its supervisor did not kill it");
            }
            let patience = left.filter(|left| !left.is_zero()).unwrap_or(LOOK);
            self.hear(patience.min(LOOK));
        }
        let wall_s = self.wall_s.unwrap_or_else(|| self.elapsed_s());
        self.end();
        let is_out_of_memory = self.ran_out_of_memory();
        self.group = None;
        let _ = self.stderr.end.recv_timeout(PIPE_GRACE);
        let report = self.report.take();
        let killed = report.as_ref().and_then(|r| r.killed);
        let ended = FenceReport {
            killed: killed.or(is_out_of_memory.then_some(Killed::Memory)),
            code: report.as_ref().and_then(|r| r.code),
            signal: report.as_ref().and_then(|r| r.signal),
            wall_s,
            cpu_s: report.as_ref().map(|r| r.cpu_s),
            peak_memory_bytes: report.as_ref().map(|r| r.peak_memory_bytes),
            fault: self.fault.clone(),
        };
        self.ended.insert(ended).clone()
    }

    fn elapsed_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Hears the supervisor's next event, or checks its state if there is none. Returns whether
    /// there was one.
    fn hear(&mut self, patience: Duration) -> bool {
        match self.channel.receive(Some(patience)) {
            Ok(Received::Message(event)) => {
                self.heard = Instant::now();
                match event {
                    SupervisorEvent::Ended => self.wall_s = Some(self.elapsed_s()),
                    SupervisorEvent::Report(report) => self.report = Some(report),
                    SupervisorEvent::Failed(reason) => {
                        let reason = format!("its supervisor failed: {reason}");
                        self.fault = Some(FenceFault::Failed(reason));
                    }
                    SupervisorEvent::Ready | SupervisorEvent::Started | SupervisorEvent::Alive => {}
                }
                self.report.is_none()
            }
            Ok(Received::Silence) => {
                self.check_supervisor();
                false
            }
            Ok(Received::Closed) | Err(_) => {
                self.fault = Some(self.how_supervisor_ended());
                false
            }
        }
    }

    fn check_supervisor(&mut self) {
        let pid = Pid::from_raw(i32::try_from(self.supervisor.id()).unwrap_or(0));
        if ProcessState::of(pid).is_some_and(|state| state.is_held()) {
            self.attacked("its supervisor was stopped");
        } else if self.heard.elapsed() > SUPERVISOR_GRACE {
            self.attacked("its supervisor stopped answering");
        } else if !self.is_out_of_memory && self.ran_out_of_memory() {
            // The kernel may have killed one of its processes only.
            self.is_out_of_memory = true;
            self.kill(Killed::Memory);
        }
    }

    fn ran_out_of_memory(&self) -> bool {
        let group = self.group.as_ref();
        group.is_some_and(ControlGroup::ran_out_of_memory)
    }

    fn attacked(&mut self, how: &str) {
        self.fault = Some(FenceFault::Attacked(how.into()));
    }

    fn how_supervisor_ended(&mut self) -> FenceFault {
        // Its connection is closed, so it has ended or is about to.
        let _ = self.supervisor.kill();
        let how = wait(&mut self.supervisor);
        self.is_over = how.is_ok();
        match how.map(|status| (status.signal(), status)) {
            Ok((Some(signal), _)) => FenceFault::Attacked(format!(
                "its supervisor was killed by {}",
                signal_name(signal)
            )),
            Ok((None, status)) => FenceFault::Failed(format!("its supervisor ended ({status})")),
            Err(e) => FenceFault::Failed(format!("its supervisor was lost: {e}")),
        }
    }

    /// Ends the supervisor, and everything that it left behind.
    fn end(&mut self) {
        if self.report.is_none() || self.fault.is_some() {
            let _ = self.supervisor.kill();
        }
        if !self.is_over {
            let _ = wait(&mut self.supervisor);
            self.is_over = true;
        }
        if let Some(group) = &self.group {
            group.kill();
        }
        if self.report.is_none() {
            kill_adopted();
        }
    }
}

impl std::fmt::Display for FenceFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let (FenceFault::Attacked(how) | FenceFault::Failed(how)) = self;
        f.write_str(how)
    }
}

impl Drop for FencedProcess {
    fn drop(&mut self) {
        if self.ended.is_none() {
            self.end();
        }
    }
}

impl FenceKiller {
    /// Orders the supervisor to kill the program.
    pub fn kill(&self, why: Killed) {
        // If the supervisor has ended, the thread that waits for it notices.
        let _ = self.0.send(&SupervisorOrder::Kill(why));
    }
}

/// Makes this process the one that adopts orphans, and closes its memory and open files to other
/// processes of the user. Both once.
fn prepare_harness() {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        #[cfg(target_os = "linux")]
        {
            // Both exist since Linux 3.4; without them there is less protection.
            let _ = nix::sys::prctl::set_child_subreaper(true);
            let _ = nix::sys::prctl::set_dumpable(false);
        }
    });
}

fn request(line: &str, fence: &Fence, group: Option<&ControlGroup>) -> LaunchRequest {
    let shell = ["/bin/sh", "-c", line];
    let drops = |name: &&&str| !fence.env.iter().any(|passed| passed == **name);
    let drop_env = FOR_THE_SUPERVISOR.iter().filter(drops);
    let (arguments, capabilities) = match fence.sandbox {
        Sandbox::None => {
            let words = shell.iter().map(OsString::from);
            (words.collect(), Capabilities::Reduced)
        }
        Sandbox::Bubblewrap => {
            let words = wrapped(&shell, &fence.folder, &fence.hidden);
            (words, Capabilities::Kept)
        }
    };
    LaunchRequest {
        arguments,
        folder: fence.folder.clone(),
        drop_env: drop_env.map(ToString::to_string).collect(),
        memory_bytes: fence.memory_bytes,
        groups: group.map(ControlGroup::entries).unwrap_or_default(),
        capabilities,
    }
}

/// Starts a supervisor with the environment of its program.
fn start_supervisor(fence: &Fence, connection: OwnedFd) -> std::io::Result<Child> {
    let mut command = Command::new(own_program()?);
    command.arg("worker").env_clear();
    let passed = ENVIRONMENT.iter().chain(&FOR_THE_SUPERVISOR).copied();
    for name in passed.chain(fence.env.iter().map(String::as_str)) {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
        .stdin(Stdio::from(connection))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    spawn(&mut command)
}

/// A stderr that is read in a thread of its own.
struct StderrReader {
    kept: Arc<Mutex<KeptText>>,
    /// Disconnected at its end.
    end: mpsc::Receiver<()>,
}

/// Start and end of a text.
#[derive(Default)]
struct KeptText {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    left_out: usize,
}

impl StderrReader {
    /// Starts to read everything. Only the start and the end are kept.
    fn start(mut stderr: PipeReader) -> std::io::Result<StderrReader> {
        let (sender, end) = mpsc::channel();
        let kept = Arc::new(Mutex::new(KeptText::default()));
        let text = kept.clone();
        let read = move || {
            let _sender = sender;
            let mut buffer = [0; 8192];
            while let Ok(n) = stderr.read(&mut buffer)
                && n > 0
            {
                locked(&text).add(&buffer[..n]);
            }
        };
        std::thread::Builder::new().spawn(read)?;
        Ok(StderrReader { kept, end })
    }
}

impl KeptText {
    fn add(&mut self, bytes: &[u8]) {
        let room = (STDERR_KEPT - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..room]);
        self.tail.extend(&bytes[room..]);
        let over = self.tail.len().saturating_sub(STDERR_KEPT);
        self.tail.drain(..over);
        self.left_out += over;
    }

    fn text(self) -> String {
        let mut text = self.head;
        if self.left_out > 0 {
            text.extend_from_slice(format!("\n... {} bytes ...\n", self.left_out).as_bytes());
        }
        text.extend(self.tail);
        String::from_utf8_lossy(&text).into_owned()
    }
}

fn locked(text: &Mutex<KeptText>) -> MutexGuard<'_, KeptText> {
    text.lock().unwrap_or_else(PoisonError::into_inner)
}
