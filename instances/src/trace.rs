//! Query traces: CSV with a header, one measured query per row (`docs/src/reference/trace.md`).

use crate::calibrate::{Isotonic, by_rank};
use crate::random::{Random, stream};
use crate::rows::{self, MOST_KEPT, Reservoir, number};
use std::io::Read;
use std::path::Path;

/// The measured trace shipped with this crate; its provenance is in `instances/data/README.md`.
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
    /// Uncertainty of the small model, in \[0, 1\]: 1 - margin of its first token, or another
    /// column scaled by [`UncertaintyColumn`].
    pub uncertainty: f64,
    /// Whether (or how probably) the small model is right, in \[0, 1\].
    pub small_correct: f64,
    /// Whether (or how probably) the large model is right, in \[0, 1\].
    pub large_correct: f64,
}

/// The columns that every trace needs, besides an uncertainty.
const COLUMNS: [&str; 5] = [
    "prompt_bytes",
    "small_time_s",
    "large_time_s",
    "small_correct",
    "large_correct",
];

/// How a column is scaled to an uncertainty in \[0, 1\].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UncertaintyScale {
    /// Unchanged; its values must be in \[0, 1\].
    AsIs,
    /// The share of queries with a lower value, equal ones counting half ([`by_rank`]).
    Rank,
    /// The probability that the small model is wrong, by an isotonic fit to the trace itself
    /// ([`Isotonic`]).
    Calibrated,
}

/// The column of a trace that is the uncertainty, and how it is scaled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UncertaintyColumn {
    /// The column.
    pub column: String,
    /// Whether *low* values mean uncertain (a margin, a probability).
    pub falling: bool,
    /// Its scaling. A falling column counts as 1 - value, or as its negative for rank and
    /// calibration.
    pub scale: UncertaintyScale,
}

impl Default for UncertaintyColumn {
    fn default() -> Self {
        UncertaintyColumn {
            column: "uncertainty".into(),
            falling: false,
            scale: UncertaintyScale::AsIs,
        }
    }
}

impl UncertaintyColumn {
    /// From text: `column` is its name, with a leading `-` if low values mean uncertain. `scale` is
    /// `as-is`, `rank`, `calibrated` or `auto`: `as-is` for the column `uncertainty`, `rank` for
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
            "auto" if column == "uncertainty" => UncertaintyScale::AsIs,
            "auto" | "rank" => UncertaintyScale::Rank,
            "as-is" => UncertaintyScale::AsIs,
            "calibrated" => UncertaintyScale::Calibrated,
            other => {
                return Err(format!(
                    "scale {other}: give one of auto, as-is, rank, calibrated"
                ));
            }
        };
        Ok(UncertaintyColumn {
            column: column.into(),
            falling,
            scale,
        })
    }
}

/// The values that a column of uncertainty may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnRange {
    /// Any finite number.
    Finite,
    /// Numbers in \[0, 1\].
    Unit,
}

/// A trace with several candidate columns of uncertainty.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceTable {
    /// The queries; their `uncertainty` is 0 until a column is chosen.
    pub queries: Vec<Query>,
    /// One list for each requested column, unscaled.
    pub columns: Vec<Vec<f64>>,
}

impl TraceTable {
    /// The queries with the uncertainty of column `k`, scaled as in `uncertainty`.
    ///
    /// # Panics
    /// If there is no such column.
    #[must_use]
    pub fn queries_with(&self, k: usize, uncertainty: &UncertaintyColumn) -> Vec<Query> {
        let column = &self.columns[k];
        let sign = if uncertainty.falling { -1.0 } else { 1.0 };
        let signed = || column.iter().map(|x| sign * x).collect::<Vec<f64>>();
        let scaled = match uncertainty.scale {
            UncertaintyScale::AsIs if uncertainty.falling => {
                column.iter().map(|x| 1.0 - x).collect()
            }
            UncertaintyScale::AsIs => column.clone(),
            UncertaintyScale::Rank => by_rank(&signed()),
            UncertaintyScale::Calibrated => {
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

/// Reads the trace at `path` with its column `uncertainty`; of more than [`MOST_KEPT`] rows a
/// sample with seed 0.
///
/// # Errors
/// A text that names the file and every faulty line, as [`rows::scan`].
pub fn read(path: &Path) -> Result<Vec<Query>, String> {
    read_with(path, &UncertaintyColumn::default(), 0)
}

/// Reads the trace at `path` with the given uncertainty; of more than [`MOST_KEPT`] rows a sample
/// chosen by `seed`.
///
/// # Errors
/// As [`read`].
pub fn read_with(
    path: &Path,
    uncertainty: &UncertaintyColumn,
    seed: u64,
) -> Result<Vec<Query>, String> {
    let name = path.display();
    let input = rows::open(path)?;
    parse_with(input, uncertainty, seed).map_err(|e| {
        format!(
            "{name}: not a valid query trace: \
        {e}"
        )
    })
}

/// Reads a trace from CSV text with its column `uncertainty`.
///
/// # Errors
/// A text that names every faulty line, as [`rows::scan`].
pub fn parse(input: impl Read) -> Result<Vec<Query>, String> {
    parse_with(input, &UncertaintyColumn::default(), 0)
}

/// Reads a trace from CSV text with the given uncertainty; of more than [`MOST_KEPT`] rows a sample
/// chosen by `seed`.
///
/// # Errors
/// A text that names every faulty line, as [`rows::scan`].
pub fn parse_with(
    input: impl Read,
    uncertainty: &UncertaintyColumn,
    seed: u64,
) -> Result<Vec<Query>, String> {
    let range = match uncertainty.scale {
        UncertaintyScale::AsIs => ColumnRange::Unit,
        UncertaintyScale::Rank | UncertaintyScale::Calibrated => ColumnRange::Finite,
    };
    let table = parse_columns(input, &[uncertainty.column.as_str()], range, seed)?;
    Ok(table.queries_with(0, uncertainty))
}

/// Reads a trace with the given columns of uncertainty, whose values must be in `range`; of more
/// than [`MOST_KEPT`] rows a sample chosen by `seed`.
///
/// # Errors
/// A text that names every faulty line, as [`rows::scan`].
pub fn parse_columns(
    input: impl Read,
    columns: &[&str],
    range: ColumnRange,
    seed: u64,
) -> Result<TraceTable, String> {
    let mut kept = Reservoir::new(MOST_KEPT, Random::new(seed, stream::ROWS));
    let names: Vec<&str> = COLUMNS.iter().chain(columns).copied().collect();
    rows::scan(input, &names, &mut |_, fields| {
        kept.offer(query(fields, columns, range)?);
        Ok(())
    })?;
    let mut table = TraceTable {
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

fn query(
    fields: &[&str],
    columns: &[&str],
    range: ColumnRange,
) -> Result<(Query, Vec<f64>), String> {
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
    let metric = |(column, text): (&&str, &&str)| match range {
        ColumnRange::Unit => {
            let remedy = "give a number from 0 to 1, or scale it by rank or calibration";
            number(column, text, unit, remedy)
        }
        ColumnRange::Finite => number(column, text, |_| true, "give a finite number"),
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
            &UncertaintyColumn::parse(column, scale).unwrap(),
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
        // With the sign changed the order is reversed.
        let turned = with("-perplexity", "rank");
        assert!(
            by_rank
                .iter()
                .zip(&turned)
                .all(|(a, b)| (a.uncertainty + b.uncertainty - 1.0).abs() < 1e-12)
        );
        // A calibrated uncertainty is right on average: its mean is the share of errors.
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
            let choice = UncertaintyColumn::parse(column, scale)?;
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

    /// A million rows are read row by row, and a seeded sample is kept.
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

    /// An endless text that takes no memory.
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
