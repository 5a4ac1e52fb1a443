//! Arrival times of requests: a Poisson process, or times from a file.

use offload_instances::random::Random;
use offload_instances::text::did_you_mean;
use std::path::Path;

/// Random streams of a replication's seed.
const TIMES: u64 = 101;
const USERS: u64 = 102;
/// Most faulty lines that are listed; the rest is only counted.
const SHOWN: usize = 20;
/// Most requests of a run, a limit on memory.
pub const MOST: usize = 10_000_000;

/// A request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arrival {
    /// Arrival time, s from the start.
    pub time_s: f64,
    /// Index of the user that sends it.
    pub user: usize,
}

/// A Poisson process with `rate` > 0 requests per second over `end_s` seconds (exponential
/// inter-arrival times); senders are uniform among `users`.
#[must_use]
pub fn poisson(rate: f64, end_s: f64, users: usize, seed: u64) -> Vec<Arrival> {
    let (mut times, mut who) = (Random::new(seed, TIMES), Random::new(seed, USERS));
    let mut arrivals = Vec::new();
    let mut time_s = times.exponential() / rate;
    while time_s < end_s {
        arrivals.push(Arrival {
            time_s,
            user: who.below(users),
        });
        time_s += times.exponential() / rate;
    }
    arrivals
}

/// The given times (ascending, s) before `end_s`; senders are uniform among `users`.
#[must_use]
pub fn given(times: &[f64], end_s: f64, users: usize, seed: u64) -> Vec<Arrival> {
    let mut who = Random::new(seed, USERS);
    let times = times.iter().take_while(|t| **t < end_s);
    times
        .map(|&time_s| Arrival {
            time_s,
            user: who.below(users),
        })
        .collect()
}

/// Reads times from the column `column` of a CSV file with a header: seconds, or dates such as
/// `2023-11-16 18:15:46.68` (all in one time zone). They are shifted so that the first is 0,
/// sorted, and divided by `speed`.
///
/// # Errors
/// One text that names the file and every faulty line (the first 20, the rest counted).
pub fn read(path: &Path, column: &str, speed: f64) -> Result<Vec<f64>, String> {
    let name = path.display();
    if path.is_dir() {
        return Err(format!(
            "{name}: cannot read: it is a directory; give a CSV file"
        ));
    }
    let file = offload_instances::files::open_input(path).map_err(|e| e.to_string())?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(std::io::BufReader::new(file));
    let header = reader
        .headers()
        .map_err(|e| format!("{name}: line 1: {e}"))?
        .clone();
    let place = header.iter().position(|h| h == column).ok_or_else(|| {
        let there: Vec<&str> = header.iter().collect();
        let hint = did_you_mean(column, &header);
        format!(
            "{name}: line 1: no column '{column}'; available: {}; choose one with \
             --time-column.{hint}",
            there.join(", ")
        )
    })?;
    let (mut times, mut faults, mut count) = (Vec::new(), Vec::new(), 0);
    for record in reader.records() {
        let parsed = match &record {
            Ok(r) => (
                r.position().map_or(0, csv::Position::line),
                time(r.get(place).unwrap_or("")),
            ),
            Err(e) => (
                e.position().map_or(0, csv::Position::line),
                Err(e.to_string()),
            ),
        };
        match parsed.1 {
            Ok(t) if times.len() < MOST => times.push(t),
            Ok(_) => return Err(format!("{name}: more than {MOST} requests; give fewer")),
            Err(fault) => {
                count += 1;
                if count <= SHOWN {
                    faults.push(format!("line {}: {fault}", parsed.0));
                }
            }
        }
    }
    if count > SHOWN {
        faults.push(format!("... and {} more", count - SHOWN));
    }
    if count > 0 {
        return Err(format!(
            "{name}: not a valid file of times:\n  {}",
            faults.join("\n  ")
        ));
    }
    times.sort_by(f64::total_cmp);
    let first = *times
        .first()
        .ok_or_else(|| format!("{name}: it has a header but no rows; give at least one time"))?;
    Ok(times.iter().map(|t| (t - first) / speed).collect())
}

/// Parses seconds or a date; returns seconds.
fn time(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|t| t.is_finite());
    number
        .or_else(|| date(text))
        .ok_or_else(|| format!("'{text}' is not a time; give seconds or YYYY-MM-DD HH:MM:SS"))
}

/// Seconds since 1970 of `YYYY-MM-DD HH:MM:SS[.fraction]`, with Hinnant's civil calendar algorithm
/// (every 400 years have 146,097 days).
fn date(text: &str) -> Option<f64> {
    let (day, clock) = text.trim_end_matches('Z').split_once([' ', 'T'])?;
    let whole: Vec<i64> = day
        .split('-')
        .map(|p| p.parse().ok())
        .collect::<Option<_>>()?;
    let parts: Vec<&str> = clock.split(':').collect();
    let (&[year, month, day], &[hour, minute, second]) = (whole.as_slice(), parts.as_slice())
    else {
        return None;
    };
    let (hour, minute, second): (i64, i64, f64) = (
        hour.parse().ok()?,
        minute.parse().ok()?,
        second.parse().ok()?,
    );
    let leap = i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let length = [31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = usize::try_from(month - 1)
        .ok()
        .and_then(|k| length.get(k))?;
    let valid =
        (1..=*length).contains(&day) && (0..24).contains(&hour) && (1..=9999).contains(&year);
    if !valid || !(0..60).contains(&minute) || !(0.0..61.0).contains(&second) {
        return None;
    }
    let shifted = if month > 2 { year } else { year - 1 };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some((days * 86_400 + hour * 3600 + minute * 60) as f64 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_has_its_rate_and_its_order() {
        let arrivals = poisson(50.0, 200.0, 7, 1);
        let n = arrivals.len() as f64;
        assert!((n - 10_000.0).abs() < 400.0, "4 standard deviations: {n}");
        assert!(
            arrivals.windows(2).all(|w| w[0].time_s <= w[1].time_s)
                && arrivals.iter().all(|a| a.user < 7)
        );
        assert_eq!(arrivals, poisson(50.0, 200.0, 7, 1));
        assert_ne!(arrivals, poisson(50.0, 200.0, 7, 2));
    }

    /// Day numbers computed with `date -u -d ... +%s`.
    #[test]
    fn times_are_read() {
        assert_eq!(date("1970-01-01 00:00:00"), Some(0.0));
        assert_eq!(date("2023-11-16 18:15:46.5"), Some(1_700_158_546.5));
        assert_eq!(date("2024-02-29T23:59:59Z"), Some(1_709_251_199.0));
        for bad in [
            "2023-11-16",
            "2023-13-01 00:00:00",
            "2023-02-29 00:00:00",
            "x",
            "",
            "2023-11-16 24:00:00",
            "2023-11-16 00:00",
        ] {
            assert!(time(bad).is_err(), "{bad}");
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(
            &path,
            "TIMESTAMP,a\n2023-11-16 18:15:48,1\n2023-11-16 18:15:46,2\n",
        )
        .unwrap();
        assert_eq!(read(&path, "TIMESTAMP", 2.0).unwrap(), [0.0, 1.0]);
        assert!(
            read(&path, "TIMESTAMPS", 2.0)
                .unwrap_err()
                .contains("Did you mean 'TIMESTAMP'")
        );
        std::fs::write(&path, "t\n1\nx\n2,3\n").unwrap();
        let fault = read(&path, "t", 1.0).unwrap_err();
        assert!(
            fault.contains("line 3") && fault.contains("line 4"),
            "{fault}"
        );
    }
}
