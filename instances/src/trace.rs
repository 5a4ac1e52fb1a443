//! Query traces: CSV with a header, one measured query a row (`docs/formats.md`).

use crate::text::did_you_mean;
use std::io::Read;
use std::path::Path;

/// The measured trace shipped with this crate; provenance in `instances/data/README.md`.
pub const EMBEDDED: &str = include_str!("../data/babi-queries.csv");

/// Faulty rows printed before the rest is only counted.
const SHOWN: usize = 20;

/// One query of a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// Prompt size, byte, > 0.
    pub prompt_bytes: f64,
    /// Time of the small model, s, > 0.
    pub small_time_s: f64,
    /// Time of the large model, s, > 0.
    pub large_time_s: f64,
    /// 1 - margin of the small model's first token, in \[0, 1\].
    pub uncertainty: f64,
    /// Whether the small model is right, in \[0, 1\].
    pub small_correct: f64,
    /// Whether the large model is right, in \[0, 1\].
    pub large_correct: f64,
}

/// The columns read, in the order of [`Query`]'s fields; any others are left alone.
const COLUMNS: [&str; 6] =
    ["prompt_bytes", "small_time_s", "large_time_s", "uncertainty", "small_correct", "large_correct"];

/// Reads the trace at `path`.
///
/// # Errors
/// One text that names the file and every faulty line (the first 20, the rest counted).
pub fn read(path: &Path) -> Result<Vec<Query>, String> {
    let name = path.display();
    if path.is_dir() {
        return Err(format!("{name}: cannot read: it is a directory; name a CSV file"));
    }
    let file = std::fs::File::open(path).map_err(|e| format!("{name}: cannot read: {e}; check the path"))?;
    parse(std::io::BufReader::new(file)).map_err(|e| format!("{name}: not a valid query trace: {e}"))
}

/// Reads a trace from CSV text, row by row.
///
/// # Errors
/// Every faulty line (the first 20, the rest counted).
pub fn parse(input: impl Read) -> Result<Vec<Query>, String> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
    let header = reader.headers().map_err(|e| format!("line 1: {e}"))?.clone();
    let mut places = [0; 6];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        *place = header.iter().position(|h| h == column).ok_or_else(|| {
            format!(
                "line 1: no column '{column}'; the header needs {}.{}",
                COLUMNS.join(","),
                did_you_mean(column, &header)
            )
        })?;
    }
    let mut queries = Vec::new();
    let (mut faults, mut count) = (Vec::new(), 0);
    for (k, record) in reader.records().enumerate() {
        let parsed = match &record {
            Ok(r) => query(r, &places).map_err(|e| (r.position().map_or(k as u64 + 2, csv::Position::line), e)),
            Err(e) => Err((e.position().map_or(k as u64 + 2, csv::Position::line), e.to_string())),
        };
        match parsed {
            Ok(q) => queries.push(q),
            Err((line, e)) => {
                count += 1;
                if count <= SHOWN {
                    faults.push(format!("line {line}: {e}"));
                }
            }
        }
    }
    if count > SHOWN {
        faults.push(format!("... and {} more", count - SHOWN));
    }
    if count > 0 {
        return Err(faults.join("\n  "));
    }
    if queries.is_empty() {
        return Err("it has a header and no rows; give at least one query".into());
    }
    Ok(queries)
}

fn query(record: &csv::StringRecord, places: &[usize; 6]) -> Result<Query, String> {
    let mut values = [0.0_f64; 6];
    for (k, value) in values.iter_mut().enumerate() {
        let text = record.get(places[k]).unwrap_or("");
        *value = text.parse().map_err(|_| format!("{} is '{text}'; give a number", COLUMNS[k]))?;
        let (good, remedy) = if k < 3 {
            (value.is_finite() && *value > 0.0, "give a finite number above 0")
        } else {
            ((0.0..=1.0).contains(value), "give a number from 0 to 1")
        };
        if !good {
            return Err(format!("{} is {text}; {remedy}", COLUMNS[k]));
        }
    }
    let [prompt_bytes, small_time_s, large_time_s, uncertainty, small_correct, large_correct] = values;
    Ok(Query { prompt_bytes, small_time_s, large_time_s, uncertainty, small_correct, large_correct })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_trace_is_whole() {
        let queries = parse(EMBEDDED.as_bytes()).unwrap();
        assert_eq!(queries.len(), 2000);
        let small = queries.iter().map(|q| q.small_correct).sum::<f64>() / 2000.0;
        let large = queries.iter().map(|q| q.large_correct).sum::<f64>() / 2000.0;
        assert!((small - 0.211).abs() < 5e-4 && (large - 0.362).abs() < 1e-3, "{small} {large}");
    }

    #[test]
    fn every_faulty_line_is_named() {
        let text = "query,prompt_bytes,small_time_s,large_time_s,uncertainty,small_correct,large_correct\n\
                    0,10,0.1,0.2,0.5,0,1\n1,x,0.1,0.2,0.5,0,1\n2,10,0.1,0.2,1.5,0,1\n3,10,0.1\n";
        let e = parse(text.as_bytes()).unwrap_err();
        assert!(
            e.contains("line 3: prompt_bytes is 'x'")
                && e.contains("line 4: uncertainty is 1.5")
                && e.contains("line 5"),
            "{e}"
        );
        let e = parse("prompt_byte,small_time_s\n".as_bytes()).unwrap_err();
        assert!(e.contains("no column 'prompt_bytes'") && e.contains("prompt_byte"), "{e}");
    }
}
