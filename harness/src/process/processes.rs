//! Processes as `/proc` shows them: descendants, their state and memory, and how to kill them all.
//! Where `/proc` is missing, the lists are empty.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::time::Duration;

/// Rounds of killing, a millisecond apart, before processes that cannot be killed (blocked in the
/// kernel) are abandoned.
const KILL_ROUNDS: usize = 500;

/// Rounds in a row without a process after which none is left: a list of children that changes
/// while it is read may lack one.
const EMPTY_ROUNDS: usize = 2;

/// Bytes of a memory page, the unit of `/proc/PID/statm`, on the supported machines (x86-64, most
/// arm64).
const PAGE: u64 = 4096;

/// The fields of `/proc/PID/stat` that are needed here.
pub struct ProcessState {
    /// `R` running, `S` sleeping, `T` stopped, `t` traced, `Z` ended but not waited for.
    pub letter: char,
    /// Its session.
    pub session: i32,
}

impl ProcessState {
    /// Reads it; `None` if the process does not exist.
    pub fn of(pid: Pid) -> Option<ProcessState> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The state follows the name, which may itself contain brackets. Then: parent, process
        // group, session.
        let (_, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_whitespace();
        let letter = fields.next()?.chars().next()?;
        let session = fields.nth(2)?.parse().ok()?;
        Some(ProcessState { letter, session })
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        matches!(self.letter, 'Z' | 'X')
    }

    /// Whether it is stopped or held by a tracer.
    pub fn is_held(&self) -> bool {
        matches!(self.letter, 'T' | 't')
    }
}

/// Children of all threads of a process.
pub fn children(pid: Pid) -> Vec<Pid> {
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

/// Visits these processes and their living descendants. `meet` is called for each before its
/// children are searched; returning false ends the search.
pub fn family(roots: Vec<Pid>, meet: &mut dyn FnMut(Pid) -> bool) -> Vec<Pid> {
    let mut all: Vec<Pid> = Vec::new();
    let mut next = roots;
    while let Some(pid) = next.pop() {
        if ProcessState::of(pid).is_some_and(|state| !state.is_ended()) {
            all.push(pid);
            if !meet(pid) {
                break;
            }
        }
        next.extend(children(pid));
    }
    all
}

/// Kills all processes that `roots` names at any time, and their descendants. They are stopped when
/// found, so that none can fork during the search. `reap` is called after each round.
pub fn kill_families(roots: &dyn Fn() -> Vec<Pid>, reap: &dyn Fn()) {
    let mut empty = 0;
    for _ in 0..KILL_ROUNDS {
        let found = family(roots(), &mut |pid| {
            let _ = kill(pid, Signal::SIGSTOP);
            true
        });
        for &pid in &found {
            let _ = kill(pid, Signal::SIGKILL);
        }
        empty = if found.is_empty() { empty + 1 } else { 0 };
        if empty == EMPTY_ROUNDS {
            return;
        }
        if !found.is_empty() {
            std::thread::sleep(Duration::from_millis(1));
        }
        reap();
    }
}

/// The memory of a family of processes over time.
#[derive(Default)]
pub struct MemoryWatch {
    /// The largest amount seen, bytes.
    pub peak: u64,
}

impl MemoryWatch {
    /// Memory in use, bytes. Pages that several processes share count once (proportional set size).
    pub fn look(&mut self, family: &[Pid]) -> u64 {
        let sum: u64 = family.iter().map(|&pid| resident(pid)).sum();
        // The proportional size is never above the resident one, and slow to read.
        if family.len() < 2 || sum <= self.peak {
            self.peak = self.peak.max(sum);
            return sum;
        }
        let each = |&pid: &Pid| proportional(pid).unwrap_or_else(|| resident(pid));
        let used = family.iter().map(each).sum();
        self.peak = self.peak.max(used);
        used
    }
}

/// Resident memory, bytes.
fn resident(pid: Pid) -> u64 {
    let Ok(statm) = std::fs::read_to_string(format!("/proc/{pid}/statm")) else {
        return 0;
    };
    let pages = statm.split_whitespace().nth(1);
    pages.and_then(|p| p.parse::<u64>().ok()).unwrap_or(0) * PAGE
}

/// Memory with the process's share of what it shares, bytes; `None` if it cannot be read.
fn proportional(pid: Pid) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib * 1024)
}
