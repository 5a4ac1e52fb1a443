//! Describes the machine and the program for `environments.jsonl`.

use crate::config::{Config, Timing};
use crate::matrix::Shard;
use offload_reports::records::environment::{ENVIRONMENT_FORMAT, Environment};
use std::fs::read_to_string;
use std::time::SystemTime;

/// The environment of a run that begins now.
pub fn describe(config: &Config, shard: Option<Shard>) -> Environment {
    let built = |text: &str| Some(text.to_string()).filter(|t| !t.is_empty());
    let folder =
        std::path::absolute(config.folder.join(".")).unwrap_or_else(|_| config.folder.clone());
    Environment {
        format: ENVIRONMENT_FORMAT.into(),
        started: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        program: env!("CARGO_PKG_VERSION").into(),
        revision: built(env!("OFFLOAD_REVISION")),
        clean: env!("OFFLOAD_CLEAN").parse().ok(),
        compiler: env!("OFFLOAD_COMPILER").into(),
        highs: env!("OFFLOAD_HIGHS").into(),
        os: system(),
        cpu: field("/proc/cpuinfo", "model name").unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory_bytes: memory_bytes().unwrap_or(0),
        threads: config.workers(),
        timing: if config.timing == Timing::Isolated {
            "isolated".into()
        } else {
            "parallel".into()
        },
        repetitions: config.repetitions,
        config: config.text.clone(),
        config_folder: folder.display().to_string(),
        shard: shard.map_or(String::new(), |s| s.to_string()),
    }
}

/// Memory of the machine, bytes; none where it is not told.
pub fn memory_bytes() -> Option<u64> {
    let kib: u64 = field("/proc/meminfo", "MemTotal")?
        .split_whitespace()
        .next()?
        .parse()
        .ok()?;
    Some(kib * 1024)
}

/// The value behind `name :` in one of the system's files.
pub fn field(path: &str, name: &str) -> Option<String> {
    let text = read_to_string(path).ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':'))?;
    Some(line.trim().to_string())
}

fn system() -> String {
    let release = read_to_string("/etc/os-release").unwrap_or_default();
    let name = release
        .lines()
        .find_map(|line| line.strip_prefix("PRETTY_NAME="));
    let name = name.unwrap_or(std::env::consts::OS).trim_matches('"');
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{name} {}", kernel.trim()).trim().to_string()
}
