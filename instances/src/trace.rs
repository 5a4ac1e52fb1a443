//! Query traces: CSV with a header, one measured query a row (`docs/formats.md`).

use crate::calibrate::{Isotonic, by_rank};
use crate::random::Random;
use crate::rows::{self, MOST_KEPT, Reservoir, number};
use std::io::Read;
use std::path::Path;

/// The measured trace shipped with this crate; provenance in `instances/data/README.md`.
pub const EMBEDDED: &str = include_str!("../data/babi-queries.csv");

/// One query of a trace.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Query {
    /// Prompt size, byte, > 0.
    pub prompt_bytes: f64,
    /// Time of the small model, s, > 0.
    pub small_time_s: f64,
    /// Time of the large model, s, > 0.
    pub large_time_s: f64,
    /// How unsure the small model is, in \[0, 1\]: 1 - margin of its first token, or what
    /// [`Choice`] made of another column.
    pub uncertainty: f64,
    /// Whether the small model is right, in \[0, 1\].
    pub small_correct: f64,
    /// Whether the large model is right, in \[0, 1\].
    pub large_correct: f64,
}

/// The columns that every trace needs beside one of uncertainty.
const COLUMNS: [&str; 5] = [
    "prompt_bytes",
    "small_time_s",
    "large_time_s",
    "small_correct",
    "large_correct",
];

/// How a column becomes an uncertainty within 0..1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// As it stands; it has to be within 0..1.
    AsIs,
    /// The share of queries with a lower value, equal ones counting half ([`by_rank`]).
    Rank,
    /// The probability that the small model is wrong, as an isotonic fit to the trace itself gives
    /// it ([`Isotonic`]).
    Calibrated,
}

/// Which column says how unsure the small model is, and how it is scaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The column.
    pub column: String,
    /// Whether *low* values mean unsure (a margin, a probability).
    pub falling: bool,
    /// Its way to 0..1; a falling column counts as 1 - value, or as its negative for rank and
    /// calibration.
    pub scale: Scale,
}

impl Default for Choice {
    fn default() -> Self {
        Choice {
            column: "uncertainty".into(),
            falling: false,
            scale: Scale::AsIs,
        }
    }
}

impl Choice {
    /// From text: `column` is its name, with a leading `-` when low values mean unsure; `scale` is
    /// `as-is`, `rank`, `calibrated`, or `auto`: as it is for the column `uncertainty`, by rank for
    /// any other.
    ///
    /// # Errors
    /// An empty name or an unknown scale.
    pub fn parse(column: &str, scale: &str) -> Result<Self, String> {
        let (column, falling) = column
            .strip_prefix('-')
            .map_or((column, false), |rest| (rest, true));
        if column.is_empty() {
            return Err("uncertainty: name a column of the trace".into());
        }
        let scale = match scale {
            "auto" if column == "uncertainty" => Scale::AsIs,
            "auto" | "rank" => Scale::Rank,
            "as-is" => Scale::AsIs,
            "calibrated" => Scale::Calibrated,
            other => {
                return Err(format!(
                    "scale {other}: give one of auto, as-is, rank, calibrated"
                ));
            }
        };
        Ok(Choice {
            column: column.into(),
            falling,
            scale,
        })
    }
}

/// A trace with several columns of uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The queries; their `uncertainty` is 0 until a column is chosen.
    pub queries: Vec<Query>,
    /// One list for each column asked for, as it stands in the file.
    pub columns: Vec<Vec<f64>>,
}

impl Table {
    /// The queries with the uncertainty of column `k`, scaled as `choice` says.
    ///
    /// # Panics
    /// When there is no such column.
    #[must_use]
    pub fn queries_with(&self, k: usize, choice: &Choice) -> Vec<Query> {
        let column = &self.columns[k];
        let sign = if choice.falling { -1.0 } else { 1.0 };
        let signed = || column.iter().map(|x| sign * x).collect::<Vec<f64>>();
        let scaled = match choice.scale {
            Scale::AsIs if choice.falling => column.iter().map(|x| 1.0 - x).collect(),
            Scale::AsIs => column.clone(),
            Scale::Rank => by_rank(&signed()),
            Scale::Calibrated => {
                let x = signed();
                let wrong: Vec<f64> = self.queries.iter().map(|q| 1.0 - q.small_correct).collect();
                let fit = Isotonic::fit(&x, &wrong);
                x.into_iter().map(|x| fit.at(x).clamp(0.0, 1.0)).collect()
            }
        };
        self.queries
            .iter()
            .zip(scaled)
            .map(|(q, uncertainty)| Query { uncertainty, ..*q })
            .collect()
    }
}

/// Reads the trace at `path`, its column `uncertainty` as it stands; of more than [`MOST_KEPT`]
/// rows a sample with seed 0.
///
/// # Errors
/// One text that names the file and every faulty line, as [`rows::scan`].
pub fn read(path: &Path) -> Result<Vec<Query>, String> {
    read_with(path, &Choice::default(), 0)
}

/// Reads the trace at `path` with the uncertainty of `choice`; of more than [`MOST_KEPT`] rows a
/// sample that `seed` decides.
///
/// # Errors
/// As [`read`].
pub fn read_with(path: &Path, choice: &Choice, seed: u64) -> Result<Vec<Query>, String> {
    let name = path.display();
    let input = rows::open(path)?;
    parse_with(input, choice, seed).map_err(|e| format!("{name}: not a valid query trace: {e}"))
}

/// Reads a trace from CSV text, its column `uncertainty` as it stands.
///
/// # Errors
/// Every faulty line, as [`rows::scan`].
pub fn parse(input: impl Read) -> Result<Vec<Query>, String> {
    parse_with(input, &Choice::default(), 0)
}

/// Reads a trace from CSV text with the uncertainty of `choice`; of more than [`MOST_KEPT`] rows a
/// sample that `seed` decides.
///
/// # Errors
/// Every faulty line, as [`rows::scan`].
pub fn parse_with(input: impl Read, choice: &Choice, seed: u64) -> Result<Vec<Query>, String> {
    let within = choice.scale == Scale::AsIs;
    let table = parse_columns(input, &[choice.column.as_str()], within, seed)?;
    Ok(table.queries_with(0, choice))
}

/// Reads a trace with the given columns of uncertainty, which must hold finite numbers, `within`
/// 0..1 if so asked; of more than [`MOST_KEPT`] rows a sample that `seed` decides.
///
/// # Errors
/// Every faulty line, as [`rows::scan`].
pub fn parse_columns(
    input: impl Read,
    columns: &[&str],
    within: bool,
    seed: u64,
) -> Result<Table, String> {
    let mut kept = Reservoir::new(MOST_KEPT, Random::new(seed, KEEPING));
    let names: Vec<&str> = COLUMNS.iter().chain(columns).copied().collect();
    rows::scan(input, &names, &mut |_, fields| {
        kept.offer(query(fields, columns, within)?);
        Ok(())
    })?;
    let mut table = Table {
        queries: Vec::new(),
        columns: vec![Vec::new(); columns.len()],
    };
    for (query, values) in kept.into_items() {
        table.queries.push(query);
        table
            .columns
            .iter_mut()
            .zip(values)
            .for_each(|(column, x)| column.push(x));
    }
    Ok(table)
}

/// The stream of a seed that decides which rows of a long trace are kept.
const KEEPING: u64 = 11;

fn query(fields: &[&str], columns: &[&str], within: bool) -> Result<(Query, Vec<f64>), String> {
    let unit = |x: f64| (0.0..=1.0).contains(&x);
    let mut values = [0.0; COLUMNS.len()];
    for (k, value) in values.iter_mut().enumerate() {
        *value = if k < 3 {
            number(
                COLUMNS[k],
                fields[k],
                |x| x > 0.0,
                "give a finite number above 0",
            )?
        } else {
            number(COLUMNS[k], fields[k], unit, "give a number from 0 to 1")?
        };
    }
    let metric = |(column, text): (&&str, &&str)| {
        if within {
            number(
                column,
                text,
                unit,
                "give a number from 0 to 1, or scale it by rank or calibration",
            )
        } else {
            number(column, text, |_| true, "give a finite number")
        }
    };
    let metrics = columns
        .iter()
        .zip(&fields[COLUMNS.len()..])
        .map(metric)
        .collect::<Result<_, _>>()?;
    let [
        prompt_bytes,
        small_time_s,
        large_time_s,
        small_correct,
        large_correct,
    ] = values;
    Ok((
        Query {
            prompt_bytes,
            small_time_s,
            large_time_s,
            uncertainty: 0.0,
            small_correct,
            large_correct,
        },
        metrics,
    ))
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
        assert!(
            (small - 0.211).abs() < 5e-4 && (large - 0.362).abs() < 1e-3,
            "{small} {large}"
        );
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
        assert!(
            e.contains("no column 'prompt_bytes'") && e.contains("prompt_byte"),
            "{e}"
        );
    }
    fn with(column: &str, scale: &str) -> Vec<Query> {
        parse_with(
            EMBEDDED.as_bytes(),
            &Choice::parse(column, scale).unwrap(),
            0,
        )
        .unwrap()
    }

    #[test]
    fn any_column_can_be_the_uncertainty() {
        let plain = with("uncertainty", "auto");
        assert_eq!(plain, parse(EMBEDDED.as_bytes()).unwrap());
        let by_rank = with("perplexity", "auto");
        let mean = by_rank.iter().map(|q| q.uncertainty).sum::<f64>() / 2000.0;
        assert!(
            (mean - 0.5).abs() < 1e-12
                && by_rank
                    .iter()
                    .all(|q| q.uncertainty > 0.0 && q.uncertainty < 1.0)
        );
        // A fall turned round is a rise: the order is the other one.
        let turned = with("-perplexity", "rank");
        assert!(
            by_rank
                .iter()
                .zip(&turned)
                .all(|(a, b)| (a.uncertainty + b.uncertainty - 1.0).abs() < 1e-12)
        );
        // A calibrated uncertainty is right on average: the mean probability of an error is their
        // share.
        for column in ["uncertainty", "entropy", "perplexity", "one_minus_p1"] {
            let calibrated = with(column, "calibrated");
            let mean = calibrated.iter().map(|q| q.uncertainty).sum::<f64>() / 2000.0;
            assert!((mean - 0.789).abs() < 5e-4, "{column} {mean}");
        }
        let low = with("-uncertainty", "as-is");
        assert!(
            plain
                .iter()
                .zip(&low)
                .all(|(a, b)| b.uncertainty == 1.0 - a.uncertainty)
        );
    }

    #[test]
    fn bad_choices_are_refused() {
        let parse = |column: &str, scale: &str| {
            let choice = Choice::parse(column, scale)?;
            parse_with(EMBEDDED.as_bytes(), &choice, 0)
        };
        let e = parse("perplexity", "as-is").unwrap_err();
        assert!(
            e.contains("line 2: perplexity is 2.05133") && e.contains("rank or calibration"),
            "{e}"
        );
        let e = parse("entropie", "rank").unwrap_err();
        assert!(
            e.contains("no column 'entropie'") && e.contains("Did you mean 'entropy'"),
            "{e}"
        );
        assert!(parse("-", "rank").unwrap_err().contains("name a column"));
        assert!(parse("entropy", "log").unwrap_err().contains("calibrated"));
    }

    /// A million rows: read row by row, a seeded sample kept.
    #[test]
    fn long_traces_are_sampled() {
        let head =
            "prompt_bytes,small_time_s,large_time_s,uncertainty,small_correct,large_correct\n";
        let row = "799,0.6876,4.6418,0.77541,0,1\n";
        let long = |rows: u64| {
            let body = Repeat {
                text: row.as_bytes(),
                at: 0,
            }
            .take(rows * row.len() as u64);
            head.as_bytes().chain(body)
        };
        assert_eq!(parse(long(150_000)).unwrap().len(), MOST_KEPT);
        let bad = long(1_000_000).chain("799,0.6876,4.6418,7,0,1\n".as_bytes());
        assert!(
            parse(bad)
                .unwrap_err()
                .starts_with("line 1000002: uncertainty is 7")
        );
    }

    /// A text without end, in no memory.
    struct Repeat {
        text: &'static [u8],
        at: usize,
    }

    impl Read for Repeat {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            for byte in buffer.iter_mut() {
                *byte = self.text[self.at];
                self.at = (self.at + 1) % self.text.len();
            }
            Ok(buffer.len())
        }
    }
}
