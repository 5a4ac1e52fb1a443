//! Properties of this machine, from the operating system.

use std::fs::read_to_string;

/// Total memory, bytes; `None` if the system does not report it.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    let kib: u64 = field("/proc/meminfo", "MemTotal")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// Processor model; `None` if the system does not report it.
#[must_use]
pub fn processor() -> Option<String> {
    field("/proc/cpuinfo", "model name")
}

/// The value after `name :` in a file under `/proc`.
#[must_use]
pub fn field(path: &str, name: &str) -> Option<String> {
    let text = read_to_string(path).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'))?;
    Some(line.trim().to_string())
}

/// Name of the operating system and version of its kernel.
#[must_use]
pub fn system() -> String {
    let release = read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.unwrap_or(std::env::consts::OS).trim_matches('"');
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{name} {}", kernel.trim()).trim().to_string()
}
