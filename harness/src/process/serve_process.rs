//! A program that answers one request after the other, and the conversation with it.
//!
//! One thread writes its requests and one reads its lines, so that a program that reads or writes
//! nothing cannot block the harness beyond a limit.

use super::ending::how_it_ended;
use super::fence::{Fence, FenceFault, FenceReport, FencedProcess, StartError};
use super::message::Killed;
use super::serve_message::{Hello, ServeAnswer, SolverLine, parse_line};
use offload_instances::Assignment;
use std::io::{BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError, channel, sync_channel,
};
use std::time::{Duration, Instant};

/// Most bytes of a hello.
const HELLO_BYTES: usize = 1 << 16;

/// Most incumbents of one solve: more would only fill the record.
const MAX_INCUMBENTS: usize = 1000;

/// Lines that are read ahead. A program that writes more waits.
const LINES_AHEAD: usize = 16;

/// Time that a program gets to end after it closed its stdout or its stdin was closed.
const GOODBYE: Duration = Duration::from_secs(1);

/// What was read from a program.
enum ReadLine {
    /// A line without its end, and when it was complete.
    Complete(Vec<u8>, Instant),
    /// A line longer than is allowed.
    TooLong,
}

/// A running program that has introduced itself.
pub struct ServedProcess {
    fenced: FencedProcess,
    /// `None` once its stdin is closed.
    requests: Option<Sender<Vec<u8>>>,
    lines: Receiver<ReadLine>,
    /// A line that was read before it was wanted.
    early: Option<ReadLine>,
    /// Most bytes of a line.
    most: Arc<AtomicUsize>,
}

/// Why a program could not be used.
pub enum HelloError {
    /// The harness could not start a process.
    NotStarted(StartError),
    /// The program failed before its hello or said something else.
    Refused {
        /// The reason.
        reason: String,
        /// Its stderr so far.
        stderr: String,
    },
}

/// What came of one request.
pub struct Conversation {
    /// The answer, or why none came. The program is then killed.
    pub end: Result<ServeAnswer, BrokenOff>,
    /// Wall time from the request to the answer or to the end, s.
    pub wall_s: f64,
    /// The incumbents with their times, s.
    pub incumbents: Vec<(f64, Assignment)>,
    /// Stderr that was read since the previous request.
    pub stderr: String,
}

/// Why a conversation ended without an answer.
pub enum BrokenOff {
    /// The limit passed.
    TimeLimit,
    /// The program ended.
    Ended(FenceReport),
    /// Its supervisor no longer works.
    Fault(FenceFault),
    /// A line was longer than is allowed.
    TooLong,
    /// A line is not part of the protocol, for this reason.
    Nonsense(String),
}

/// The limits of one request.
pub struct RequestLimits {
    /// After which the program is killed.
    pub time: Option<Duration>,
    /// Most bytes of one line.
    pub line_bytes: usize,
}

impl ServedProcess {
    /// Starts a program and waits for its hello.
    ///
    /// # Errors
    /// If it cannot be started, or gives no valid hello within the limit.
    pub fn start(line: &str, fence: &Fence, limit: Duration) -> Result<(Self, Hello), HelloError> {
        let begin = Instant::now();
        let mut fenced = FencedProcess::start(line, fence).map_err(HelloError::NotStarted)?;
        let most = Arc::new(AtomicUsize::new(HELLO_BYTES));
        let (sender, lines) = sync_channel(LINES_AHEAD);
        if let Some(stdout) = fenced.stdout.take() {
            let most = most.clone();
            std::thread::spawn(move || read_lines(stdout, &sender, &most));
        }
        let (requests, waiting) = channel::<Vec<u8>>();
        if let Some(mut stdin) = fenced.stdin.take() {
            // A program that has ended shows it by the end of its stdout.
            std::thread::spawn(move || {
                while let Ok(request) = waiting.recv() {
                    if stdin
                        .write_all(&request)
                        .and_then(|()| stdin.flush())
                        .is_err()
                    {
                        break;
                    }
                }
            });
        }
        let mut process = ServedProcess {
            fenced,
            requests: Some(requests),
            lines,
            early: None,
            most,
        };
        match process.hello(begin, limit) {
            Ok(hello) => Ok((process, hello)),
            Err(reason) => {
                process.fenced.kill(Killed::Time);
                let stderr = process.fenced.take_stderr();
                Err(HelloError::Refused { reason, stderr })
            }
        }
    }

    fn hello(&mut self, begin: Instant, limit: Duration) -> Result<Hello, String> {
        match self.next_line(Some(begin + limit)) {
            Ok((line, _)) => Hello::parse(&line),
            Err(BrokenOff::TimeLimit) => {
                Err(format!("it gave no hello within {} s", limit.as_secs_f64()))
            }
            Err(BrokenOff::TooLong) => Err(format!("its hello exceeds {HELLO_BYTES} bytes")),
            Err(BrokenOff::Nonsense(reason)) => Err(reason),
            Err(BrokenOff::Fault(fault)) => Err(fault.to_string()),
            Err(BrokenOff::Ended(report)) => Err(format!("before its hello {}", ended(&report))),
        }
    }

    /// Whether it has ended since the last request.
    pub fn has_ended(&mut self) -> bool {
        if self.early.is_none() {
            match self.lines.try_recv() {
                Ok(line) => self.early = Some(line),
                Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => {}
            }
        }
        false
    }

    /// Sends a request and waits for its answer. The clock starts just before the request is
    /// written. Without an answer the program is killed: a later one could not be told from the
    /// answer to another request.
    pub fn ask(&mut self, id: u64, request: Vec<u8>, limits: &RequestLimits) -> Conversation {
        self.most.store(limits.line_bytes, Ordering::Relaxed);
        let mut incumbents = Vec::new();
        let begin = Instant::now();
        if let Some(requests) = &self.requests {
            let _ = requests.send(request);
        }
        let deadline = limits.time.and_then(|limit| begin.checked_add(limit));
        let (end, done) = loop {
            let (line, read) = match self.next_line(deadline) {
                Ok(line) => line,
                Err(broken) => break (Err(broken), Instant::now()),
            };
            match parse_line(&line, id) {
                Ok(SolverLine::Answer(answer)) => break (Ok(answer), read),
                Ok(SolverLine::Incumbent(plan)) if incumbents.len() < MAX_INCUMBENTS => {
                    let time_s = read.saturating_duration_since(begin).as_secs_f64();
                    incumbents.push((time_s, plan));
                }
                Ok(SolverLine::Incumbent(_)) => {
                    let reason = format!("it sent more than {MAX_INCUMBENTS} incumbents");
                    break (Err(BrokenOff::Nonsense(reason)), read);
                }
                Err(reason) => break (Err(BrokenOff::Nonsense(reason)), read),
            }
        };
        let end = match (end, self.fenced.fault()) {
            (Ok(_), Some(fault)) => Err(BrokenOff::Fault(fault)),
            (end, _) => end,
        };
        if end.is_err() {
            self.fenced.kill(Killed::Time);
        }
        Conversation {
            end,
            wall_s: done.saturating_duration_since(begin).as_secs_f64(),
            incumbents,
            stderr: self.fenced.take_stderr(),
        }
    }

    fn next_line(&mut self, deadline: Option<Instant>) -> Result<(Vec<u8>, Instant), BrokenOff> {
        let read = match deadline {
            _ if self.early.is_some() => self.early.take().ok_or(RecvTimeoutError::Disconnected),
            None => self
                .lines
                .recv()
                .map_err(|_| RecvTimeoutError::Disconnected),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                self.lines.recv_timeout(left)
            }
        };
        match read {
            // A line that was complete only after the deadline does not count, however late it is
            // looked at.
            Ok(ReadLine::Complete(_, read)) if deadline.is_some_and(|d| read > d) => {
                Err(BrokenOff::TimeLimit)
            }
            Ok(ReadLine::Complete(line, read)) => Ok((line, read)),
            Ok(ReadLine::TooLong) => Err(BrokenOff::TooLong),
            Err(RecvTimeoutError::Timeout) => Err(BrokenOff::TimeLimit),
            Err(RecvTimeoutError::Disconnected) => Err(BrokenOff::Ended(self.goodbye())),
        }
    }

    /// Waits for its end; kills it if that takes too long.
    fn goodbye(&mut self) -> FenceReport {
        self.fenced
            .wait(Some(self.fenced.started().elapsed() + GOODBYE))
    }

    /// Closes its stdin: it should end.
    pub fn close(&mut self) {
        self.requests = None;
    }
}

impl Drop for ServedProcess {
    fn drop(&mut self) {
        self.close();
        self.goodbye();
    }
}

/// How a program that closed its stdout ended, in words.
#[must_use]
pub fn ended(report: &FenceReport) -> String {
    if report.killed == Some(Killed::Time) {
        "it closed its stdout".into()
    } else {
        how_it_ended(report.killed, report.code, report.signal)
    }
}

/// Reads until the end, a line that is too long, or until its lines are no longer wanted.
fn read_lines(stdout: impl Read, lines: &SyncSender<ReadLine>, most: &AtomicUsize) {
    let mut reader = BufReader::with_capacity(1 << 16, stdout);
    let mut line = Vec::new();
    loop {
        let Ok(part) = reader.fill_buf() else { return };
        if part.is_empty() {
            // An incomplete last line is not an answer.
            return;
        }
        let end = part.iter().position(|b| *b == b'\n');
        let used = end.map_or(part.len(), |end| end + 1);
        line.extend_from_slice(&part[..end.unwrap_or(used)]);
        let now = Instant::now();
        reader.consume(used);
        if line.len() > most.load(Ordering::Relaxed) {
            let _ = lines.send(ReadLine::TooLong);
            return;
        }
        if end.is_some() {
            let complete = ReadLine::Complete(std::mem::take(&mut line), now);
            if lines.send(complete).is_err() {
                return;
            }
        }
    }
}
