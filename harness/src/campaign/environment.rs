//! Describes the machine, the program and the settings of a run for `environments.jsonl`.

use crate::campaign::config::{Config, TimingMode};
use crate::campaign::matrix::Shard;
use crate::machine;
use crate::process::limits_in_force;
use crate::process::solver::SolverEntry;
use offload_reports::records::environment::{ENVIRONMENT_FORMAT, Environment};
use std::time::SystemTime;

/// The first second that has no date of four digits: the start of the year 10000, UTC.
const LAST_S: u64 = 253_402_300_800;

/// A time in UTC, `2026-01-31T12:00:00Z`; empty if the clock is wrong: before 1970 or after 9999.
fn date_and_time(time: SystemTime) -> String {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) if since.as_secs() < LAST_S => {
            humantime::format_rfc3339_seconds(time).to_string()
        }
        _ => String::new(),
    }
}

/// The environment of a run that starts now.
pub fn describe(config: &Config, shard: Option<Shard>) -> Environment {
    let built = |text: &str| Some(text.to_string()).filter(|t| !t.is_empty());
    let folder =
        std::path::absolute(config.folder.join(".")).unwrap_or_else(|_| config.folder.clone());
    Environment {
        format: ENVIRONMENT_FORMAT.into(),
        started: date_and_time(SystemTime::now()),
        program: env!("CARGO_PKG_VERSION").into(),
        revision: built(env!("OFFLOAD_REVISION")),
        clean: env!("OFFLOAD_CLEAN").parse().ok(),
        compiler: env!("OFFLOAD_COMPILER").into(),
        highs: env!("OFFLOAD_HIGHS").into(),
        os: machine::system(),
        cpu: machine::processor().unwrap_or_default(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        memory_bytes: machine::memory_bytes().unwrap_or(0),
        threads: config.workers(),
        limits: limits(config).into(),
        timing: if config.timing == TimingMode::Isolated {
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

fn limits(config: &Config) -> &'static str {
    let has_external = |entries: Vec<SolverEntry>| entries.iter().any(SolverEntry::is_external);
    if config.entries().is_ok_and(has_external) {
        limits_in_force()
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn wrong_clocks_give_no_date() {
        let at = |s| date_and_time(SystemTime::UNIX_EPOCH + Duration::from_secs(s));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(LAST_S - 1), "9999-12-31T23:59:59Z");
        assert_eq!(at(LAST_S), "");
        let before = SystemTime::UNIX_EPOCH - Duration::from_nanos(1);
        assert_eq!(date_and_time(before), "");
    }
}
