//! CSV with a header, read row by row in bounded memory; errors name every faulty line.
//!
//! All external tables (query traces, request traces, positions) are read through [`scan`].

use crate::files::open_input;
use crate::random::Random;
use crate::text::did_you_mean;
use std::cell::Cell;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

/// Faulty rows reported in full; of the others only the line numbers are given.
const SHOWN: usize = 20;
/// Ranges of lines listed for faulty rows beyond [`SHOWN`]; the rest is counted.
const RANGES: usize = 1000;
/// Longest row, byte: with an unclosed quote the rest of the file would be one field.
const LONGEST_ROW: u64 = 1 << 20;
/// Most rows kept of a file. Of a longer file a sample is kept, chosen by seed ([`Reservoir`]).
pub const MOST_KEPT: usize = 100_000;

/// Opens the CSV file at `path`.
///
/// # Errors
/// A text that names the file and the remedy.
pub fn open(path: &Path) -> Result<BufReader<File>, String> {
    let name = path.display();
    if path.is_dir() {
        return Err(format!(
            "{name}: cannot read: it is a directory; name a CSV file"
        ));
    }
    let file = open_input(path).map_err(|e| e.to_string())?;
    Ok(BufReader::new(file))
}

/// Handles a row, given its line and its fields; the error says what is wrong with it.
type Each<'a> = dyn FnMut(u64, &[&str]) -> Result<(), String> + 'a;

/// Calls `each` for every row with its line and the fields of `columns`, in that order. Other
/// columns are ignored. A column is found by its exact name, or by its name in any case if that is
/// unique. Returns the number of rows.
///
/// # Errors
/// A missing or duplicate column; a file without rows; or, after the whole file was read, every
/// line that is not a row of the table or that `each` refused: the first 20 with the reason, the
/// line numbers of the rest.
pub fn scan(input: impl Read, columns: &[&str], each: &mut Each<'_>) -> Result<u64, String> {
    let read = Cell::new(0);
    let limited = Limited { input, read: &read };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(limited);
    let header = reader
        .headers()
        .map_err(|e| format!("line 1: {e}"))?
        .clone();
    let places = columns
        .iter()
        .map(|c| place(c, &header, columns))
        .collect::<Result<Vec<_>, _>>()?;
    let mut faults = FaultyLines::default();
    let mut record = csv::StringRecord::new();
    let mut rows = 0;
    loop {
        read.set(0);
        let before = reader.position().line();
        match reader.read_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {
                rows += 1;
                let line = record.position().map_or(before, csv::Position::line);
                let fields: Vec<&str> = places
                    .iter()
                    .map(|&p| record.get(p).unwrap_or(""))
                    .collect();
                if let Err(e) = each(line, &fields) {
                    faults.add(line, &e);
                }
            }
            Err(e) if e.is_io_error() => {
                faults.add(before, &e.to_string());
                break;
            }
            Err(e) => {
                rows += 1;
                faults.add(
                    e.position().map_or(before, csv::Position::line),
                    &e.to_string(),
                );
            }
        }
    }
    match faults.into_text() {
        Some(text) => Err(text),
        None if rows == 0 => Err("it has a header and no rows; give at least one row".into()),
        None => Ok(rows),
    }
}

/// The index of `column` in the header.
fn place(column: &str, header: &csv::StringRecord, columns: &[&str]) -> Result<usize, String> {
    for same in [
        |a: &str, b: &str| a == b,
        |a: &str, b: &str| a.eq_ignore_ascii_case(b),
    ] {
        let mut found = (0..header.len()).filter(|&k| same(&header[k], column));
        match (found.next(), found.next()) {
            (Some(k), None) => return Ok(k),
            (Some(_), Some(_)) => {
                return Err(format!(
                    "line 1: column '{column}' appears twice; rename one"
                ));
            }
            _ => {}
        }
    }
    Err(format!(
        "line 1: no column '{column}'; the header needs {}.{}",
        columns.join(","),
        did_you_mean(column, header)
    ))
}

/// The header of a CSV file.
///
/// # Errors
/// A text that says what is wrong with line 1.
pub fn header(input: impl Read) -> Result<Vec<String>, String> {
    let read = Cell::new(0);
    let limited = Limited { input, read: &read };
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(limited);
    let header = reader.headers().map_err(|e| format!("line 1: {e}"))?;
    Ok(header.iter().map(Into::into).collect())
}

/// The number in a field.
///
/// # Errors
/// A text with `remedy`, unless the field is a finite number that `good` accepts.
pub fn number(
    column: &str,
    text: &str,
    good: impl Fn(f64) -> bool,
    remedy: &str,
) -> Result<f64, String> {
    let value: f64 = text
        .parse()
        .map_err(|_| format!("{column} is '{text}'; {remedy}"))?;
    if value.is_finite() && good(value) {
        Ok(value)
    } else {
        Err(format!("{column} is {text}; {remedy}"))
    }
}

/// Refuses a row longer than [`LONGEST_ROW`].
struct Limited<'a, R> {
    input: R,
    read: &'a Cell<u64>,
}

impl<R: Read> Read for Limited<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.read.get() > LONGEST_ROW {
            let text = format!("a row of more than {LONGEST_ROW} bytes; close the open quote");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
        }
        let count = self.input.read(buffer)?;
        self.read.set(self.read.get() + count as u64);
        Ok(count)
    }
}

/// Faulty lines, in ascending order, in bounded memory.
#[derive(Default)]
struct FaultyLines {
    shown: Vec<String>,
    ranges: Vec<(u64, u64)>,
    unlisted: u64,
}

impl FaultyLines {
    fn add(&mut self, line: u64, what: &str) {
        if self.shown.len() < SHOWN {
            self.shown.push(format!("line {line}: {what}"));
            return;
        }
        let full = self.ranges.len() >= RANGES;
        match self.ranges.last_mut() {
            Some((_, last)) if *last + 1 == line => *last = line,
            _ if full => self.unlisted += 1,
            _ => self.ranges.push((line, line)),
        }
    }

    fn into_text(mut self) -> Option<String> {
        if !self.ranges.is_empty() {
            let range = |&(a, b): &(u64, u64)| {
                if a == b {
                    format!("{a}")
                } else {
                    format!("{a}-{b}")
                }
            };
            let mut text = format!(
                "and lines {}",
                self.ranges.iter().map(range).collect::<Vec<_>>().join(", ")
            );
            if self.unlisted > 0 {
                let _ = write!(text, " and {} more", self.unlisted);
            }
            self.shown.push(text);
        }
        (!self.shown.is_empty()).then(|| self.shown.join("\n  "))
    }
}

/// A uniform sample without replacement of at most `limit` of the items offered, in the order of
/// arrival (Vitter 1985, algorithm R).
pub struct Reservoir<T> {
    limit: usize,
    seen: u64,
    kept: Vec<(u64, T)>,
    random: Random,
}

impl<T> Reservoir<T> {
    /// An empty sample. `random` decides which items stay, and is not used until more than `limit`
    /// were offered.
    #[must_use]
    pub fn new(limit: usize, random: Random) -> Self {
        Reservoir {
            limit,
            seen: 0,
            kept: Vec::new(),
            random,
        }
    }

    /// Offers one more item.
    pub fn offer(&mut self, item: T) {
        if self.kept.len() < self.limit {
            self.kept.push((self.seen, item));
        } else {
            let k = self.random.below(self.seen as usize + 1);
            if k < self.limit {
                self.kept[k] = (self.seen, item);
            }
        }
        self.seen += 1;
    }

    /// The number of items offered.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// The sample.
    #[must_use]
    pub fn into_items(mut self) -> Vec<T> {
        self.kept.sort_by_key(|(k, _)| *k);
        self.kept.into_iter().map(|(_, item)| item).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, columns: &[&str]) -> Result<Vec<(u64, String)>, String> {
        let mut all = Vec::new();
        scan(text.as_bytes(), columns, &mut |line, fields| {
            number("a", fields[0], |x| x > 0.0, "give a number above 0")?;
            all.push((line, fields.join("|")));
            Ok(())
        })
        .map(|_| all)
    }

    #[test]
    fn columns_are_found_by_name_in_any_case_and_order() {
        assert_eq!(
            rows("b,A\nx,1\n y , 2 \n", &["a", "b"]).unwrap(),
            [(2, "1|x".into()), (3, "2|y".into())]
        );
        assert!(rows("b,A,a\nx,7,1\n", &["a"]).is_ok_and(|r| r[0].1 == "1"));
        assert!(
            rows("b,A,A\nx,1,2\n", &["a"])
                .unwrap_err()
                .contains("appears twice")
        );
        let e = rows("longitud,x\n1,2\n", &["longitude"]).unwrap_err();
        assert!(
            e.contains("no column 'longitude'") && e.contains("Did you mean 'longitud'"),
            "{e}"
        );
        assert!(rows("a\n", &["a"]).unwrap_err().contains("no rows"));
        assert!(rows("", &["a"]).is_err());
    }

    #[test]
    fn every_bad_line_is_named() {
        let mut text = String::from("a,b\n");
        for line in 2..=200 {
            text += if line % 50 == 0 || line > 100 {
                "x,1\n"
            } else {
                "1,1\n"
            };
        }
        text.insert_str(4, "1\n");
        let e = rows(&text, &["a"]).unwrap_err();
        assert!(
            e.contains("line 2: ") && e.contains("line 51: a is 'x'") && e.contains("line 101: "),
            "{e}"
        );
        assert!(e.ends_with("and lines 119-201"), "{e}");
    }

    #[test]
    fn an_open_quote_does_not_swallow_the_file() {
        let text = format!("a,b\n1,2\n3,\"{}", "x\n".repeat(3 << 20));
        let e = rows(&text, &["a"]).unwrap_err();
        assert!(
            e.contains("line 3: ") && e.contains("close the open quote"),
            "{e}"
        );
    }

    #[test]
    fn a_reservoir_is_fair_and_keeps_the_order() {
        let mut hits = [0; 20];
        for seed in 0..4000 {
            let mut sample = Reservoir::new(5, Random::new(seed, 0));
            (0..20).for_each(|k| sample.offer(k));
            assert_eq!(sample.seen(), 20);
            let items = sample.into_items();
            assert!(items.len() == 5 && items.is_sorted());
            items.iter().for_each(|&k: &usize| hits[k] += 1);
        }
        // Each item is kept with probability 1/4: 1000 of 4000, standard deviation 27.
        assert!(hits.iter().all(|&h| (880..1120).contains(&h)), "{hits:?}");
        let mut all = Reservoir::new(5, Random::new(1, 0));
        (0..5).for_each(|k| all.offer(k));
        assert_eq!(all.into_items(), [0, 1, 2, 3, 4]);
    }
}
