//! Control groups (cgroups, version 2 or 1) that hold an external solver: hard limits on memory and
//! tasks, which also count shared memory and temporary files in memory, and a way to kill all.
//!
//! They are used where the harness may create groups below its own: as root, or where the system
//! delegates them (systemd user sessions, containers). Elsewhere the supervisor's measurements and
//! resource limits apply alone.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Most tasks (processes and threads) of a solver in a group.
const MAX_TASKS: u64 = 2048;

/// Start of the names of groups. The harness's process id and a number follow.
const PREFIX: &str = "offload-bench-";

/// Attempts, a millisecond apart, to kill or remove a group: ended processes leave it with a delay.
const ATTEMPTS: usize = 500;

/// The file that lists the processes of a group and takes new ones.
const MEMBERS: &str = "cgroup.procs";

/// Where groups can be created, one place per mounted hierarchy.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hierarchy {
    /// The folder below which groups are created.
    base: PathBuf,
    kind: HierarchyKind,
}

/// What a group in a hierarchy can limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum HierarchyKind {
    /// Version 2: everything that its folder offers.
    Unified,
    /// Version 1, controller `memory`.
    Memory,
    /// Version 1, controller `pids`.
    Tasks,
}

/// The groups of one solver. Dropping it kills its processes and removes it.
pub struct ControlGroup {
    folders: Vec<(PathBuf, HierarchyKind)>,
}

/// What is in force on this machine, for the record of the environment.
#[must_use]
pub fn limits_in_force() -> &'static str {
    let Some(group) = ControlGroup::create(None) else {
        return "resource limits and measurements";
    };
    let has = |name: &str| group.folders.iter().any(|(f, _)| f.join(name).exists());
    match (has("memory.max"), has("memory.limit_in_bytes")) {
        (true, _) => "control groups, version 2",
        (_, true) => "control groups, version 1",
        _ => "resource limits and measurements",
    }
}

impl ControlGroup {
    /// Creates the groups that this machine allows; `None` if it allows none.
    pub fn create(memory: Option<u64>) -> Option<ControlGroup> {
        static PLACES: OnceLock<Vec<Hierarchy>> = OnceLock::new();
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let places = PLACES.get_or_init(|| {
            let read = |path| fs::read_to_string(path).unwrap_or_default();
            let mut places = hierarchies(&read("/proc/self/mounts"), &read("/proc/self/cgroup"));
            places.retain(|place| fs::exists(place.base.join(MEMBERS)).unwrap_or(false));
            for place in &places {
                remove_stale(&place.base);
            }
            places
        });
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PREFIX}{}-{number}", std::process::id());
        let mut group = ControlGroup {
            folders: Vec::new(),
        };
        for place in places {
            let folder = place.base.join(&name);
            if fs::create_dir(&folder).is_err() {
                continue;
            }
            group.folders.push((folder.clone(), place.kind));
            limit(&folder, place, memory);
        }
        (!group.folders.is_empty()).then_some(group)
    }

    /// The files to which a process writes `0` to join.
    pub fn entries(&self) -> Vec<PathBuf> {
        let entry = |(folder, _): &(PathBuf, _)| folder.join(MEMBERS);
        self.folders.iter().map(entry).collect()
    }

    /// Whether the kernel killed a process because the group had no memory left.
    pub fn ran_out_of_memory(&self) -> bool {
        self.folders.iter().any(|(folder, _)| {
            ["memory.events", "memory.oom_control"].iter().any(|name| {
                let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
                let count = text.lines().find_map(|l| l.strip_prefix("oom_kill "));
                count.is_some_and(|count| count.trim() != "0")
            })
        })
    }

    /// Kills every process in it.
    pub fn kill(&self) {
        for (folder, _) in &self.folders {
            kill_members(folder);
        }
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        self.kill();
        for (folder, _) in &self.folders {
            remove(folder);
        }
    }
}

/// The places for groups: the harness's own group in each hierarchy. In version 2 a group that has
/// processes cannot pass memory and tasks on to groups below it; there it is the group above.
fn hierarchies(mounts: &str, own: &str) -> Vec<Hierarchy> {
    let mut found = Vec::new();
    for line in mounts.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        let [_, at, kind, options, ..] = fields[..] else {
            continue;
        };
        let (controller, kind) = match kind {
            "cgroup2" => ("", HierarchyKind::Unified),
            "cgroup" if options.split(',').any(|o| o == "memory") => {
                ("memory", HierarchyKind::Memory)
            }
            "cgroup" if options.split(',').any(|o| o == "pids") => ("pids", HierarchyKind::Tasks),
            _ => continue,
        };
        // A line is `number:controllers:path`.
        let path = own.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            controllers
                .split(',')
                .any(|c| c == controller)
                .then_some(path)
        });
        let Some(path) = path else { continue };
        let own = Path::new(at).join(path.trim_start_matches('/'));
        let base = if own.is_dir() { own } else { at.into() };
        let passes_on = |folder: &Path| {
            let text = fs::read_to_string(folder.join("cgroup.subtree_control"));
            text.is_ok_and(|t| ["memory", "pids"].iter().all(|c| t.contains(c)))
        };
        let above = base.parent().filter(|above| passes_on(above));
        let base = match above {
            Some(above) if kind == HierarchyKind::Unified && !passes_on(&base) => above.into(),
            _ => base,
        };
        found.push(Hierarchy { base, kind });
    }
    found
}

/// Sets the limits that the hierarchy knows. A missing file is a limit that it does not know.
fn limit(folder: &Path, place: &Hierarchy, memory: Option<u64>) {
    let set = |name: &str, value: &str| {
        let path = folder.join(name);
        let _ = path.exists().then(|| fs::write(path, value));
    };
    if place.kind != HierarchyKind::Memory {
        set("pids.max", &MAX_TASKS.to_string());
    }
    let Some(bytes) = memory.map(|bytes| bytes.to_string()) else {
        return;
    };
    match place.kind {
        HierarchyKind::Unified => {
            set("memory.max", &bytes);
            set("memory.swap.max", "0");
            set("memory.oom.group", "1");
        }
        HierarchyKind::Memory => {
            set("memory.limit_in_bytes", &bytes);
            set("memory.memsw.limit_in_bytes", &bytes);
        }
        HierarchyKind::Tasks => {}
    }
}

fn members(folder: &Path) -> Vec<Pid> {
    let text = fs::read_to_string(folder.join(MEMBERS)).unwrap_or_default();
    let pids = text.lines().flat_map(str::parse);
    pids.filter(|&pid| pid > 0).map(Pid::from_raw).collect()
}

fn kill_members(folder: &Path) {
    let at_once = folder.join("cgroup.kill");
    if at_once.exists() && fs::write(&at_once, "1").is_ok() {
        return;
    }
    for _ in 0..ATTEMPTS {
        let members = members(folder);
        if members.is_empty() {
            return;
        }
        for pid in members {
            let _ = kill(pid, Signal::SIGKILL);
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn remove(folder: &Path) {
    remove_below(folder);
    for _ in 0..ATTEMPTS {
        match fs::remove_dir(folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                std::thread::sleep(Duration::from_millis(1));
            }
            _ => return,
        }
    }
}

/// Removes groups that the solver created in its own.
fn remove_below(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            kill_members(&entry.path());
            remove(&entry.path());
        }
    }
}

/// Removes groups of harnesses that no longer run, with their processes.
fn remove_stale(base: &Path) {
    for entry in fs::read_dir(base).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|n| n.strip_prefix(PREFIX)?.split_once('-'))
            .and_then(|(pid, _)| pid.parse::<u32>().ok());
        if pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists()) {
            kill_members(&entry.path());
            remove(&entry.path());
        }
    }
}

/// Adds this process to the groups with these [`entries`](ControlGroup::entries).
///
/// # Errors
/// If a group does not take it.
pub fn join(entries: &[PathBuf]) -> Result<()> {
    entries.iter().try_for_each(|entry| fs::write(entry, "0"))
}

/// Removes the groups with these entries, for a supervisor whose harness has ended. Everything in
/// them is dead or about to be.
pub fn remove_joined(entries: &[PathBuf]) {
    for folder in entries.iter().filter_map(|entry| entry.parent()) {
        kill_members(folder);
        remove(folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_groups_follows_mounts_and_own_group() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        for folder in ["two/user/app", "two/user/scope", "mem/a", "pids"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("two/user/cgroup.subtree_control"), "cpu memory pids\n").unwrap();
        let mounts = format!(
            "x {0}/two cgroup2 rw 0 0\nx {0}/mem cgroup rw,memory 0 0\nx {0}/pids cgroup rw,pids \
             0 0\nx /tmp tmpfs rw 0 0\nx {0}/cpu cgroup rw,cpu 0 0\n",
            root.path().display()
        );
        let own = "5:memory:/a\n4:cpu,pids:/gone\n0::/user/scope\n";
        let found = hierarchies(&mounts, own);
        let bases: Vec<_> = found.iter().map(|h| h.base.clone()).collect();
        assert_eq!(bases, [at("two/user"), at("mem/a"), at("pids")]);
        assert_eq!(hierarchies(&mounts, "").len(), 0);
    }
}
