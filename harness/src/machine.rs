//! What the operating system says about this machine.

use std::fs::read_to_string;

/// Memory of the machine, bytes; `None` where the system does not tell.
#[must_use]
pub fn memory_bytes() -> Option<u64> {
    let kib: u64 = field("/proc/meminfo", "MemTotal")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// Model of the processor; `None` where the system does not tell.
#[must_use]
pub fn processor() -> Option<String> {
    field("/proc/cpuinfo", "model name")
}

/// The value behind `name :` in one of the system's files.
#[must_use]
pub fn field(path: &str, name: &str) -> Option<String> {
    let text = read_to_string(path).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'))?;
    Some(line.trim().to_string())
}

/// Name of the operating system with the version of its kernel.
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
