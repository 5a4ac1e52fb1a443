//! Parsers for option values.

use std::time::Duration;

/// Parses a number above 0.
pub(crate) fn positive(text: &str) -> Result<f64, String> {
    let good = |x: &f64| x.is_finite() && *x > 0.0;
    text.parse()
        .ok()
        .filter(good)
        .ok_or_else(|| "give a finite number > 0".into())
}

/// Parses a threshold, a number from 0 to 1.
pub(crate) fn threshold(text: &str) -> Result<f64, String> {
    let value = text
        .parse()
        .map_err(|_| "give a number from 0 to 1".to_string())?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("give a number from 0 to 1".into())
    }
}

/// Parses a share, a number above 0 and at most 1.
pub(crate) fn share(text: &str) -> Result<f64, String> {
    let good = |x: &f64| *x > 0.0 && *x <= 1.0;
    text.parse()
        .ok()
        .filter(good)
        .ok_or_else(|| "give a share above 0 and at most 1, such as 0.1".into())
}

/// Parses a relative gap, a finite number >= 0.
pub(crate) fn gap(text: &str) -> Result<f64, String> {
    let good = |x: &f64| x.is_finite() && *x >= 0.0;
    text.parse()
        .ok()
        .filter(good)
        .ok_or_else(|| "give a finite number >= 0, such as 1e-4".into())
}

/// Parses a duration in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    let refuse = || "give a number of seconds > 0".to_string();
    let value: f64 = text.parse().map_err(|_| refuse())?;
    if value > 0.0 {
        Duration::try_from_secs_f64(value)
            .map_err(|_| "give less than 1.8e19 seconds, or omit it".to_string())
    } else {
        Err(refuse())
    }
}
