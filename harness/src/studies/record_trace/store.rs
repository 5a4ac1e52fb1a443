//! The trace while it is recorded: each query's line is on disk before the next, and a note next to
//! the trace describes its settings.

use crate::files::check_ordinary;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Version tag of the note next to a trace.
pub const NOTE_FORMAT: &str = "offload-trace-note/1";

/// The columns, in order.
const HEADER: &str = "query,prompt_bytes,small_time_s,large_time_s,uncertainty,small_correct,large_correct,entropy,perplexity,\
                      one_minus_p1,large_uncertainty,small_prompt_tokens,large_prompt_tokens,answer_tokens\n";

/// One line of a trace.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceRow {
    /// Number of the question, from 0.
    pub query: usize,
    /// Size of the prompt, bytes.
    pub prompt_bytes: usize,
    /// Wall time of the small model, s.
    pub small_time_s: f64,
    /// Wall time of the large model, s.
    pub large_time_s: f64,
    /// 1 - margin of the small model's first token, in \[0, 1\].
    pub uncertainty: f64,
    /// Whether the small model is right.
    pub small_correct: u8,
    /// Whether the large model is right.
    pub large_correct: u8,
    /// Normalised entropy of the small model's first token, in \[0, 1\].
    pub entropy: f64,
    /// Perplexity of the small model's answer, >= 1.
    pub perplexity: Option<f64>,
    /// 1 - p1 of the small model's first token, in \[0, 1\].
    pub one_minus_p1: f64,
    /// 1 - margin of the large model's first token, in \[0, 1\].
    pub large_uncertainty: f64,
    /// Number of prompt tokens, as counted by the small model's server.
    pub small_prompt_tokens: Option<u64>,
    /// Number of prompt tokens, as counted by the large model's server.
    pub large_prompt_tokens: Option<u64>,
    /// Number of tokens of the small model's answer.
    pub answer_tokens: usize,
}

impl TraceRow {
    fn line(&self) -> String {
        let whole = |x: Option<u64>| x.map_or(String::new(), |x| x.to_string());
        // Six decimals are microseconds and millionths, finer than the measurement.
        format!(
            "{},{},{:.6},{:.6},{:.6},{},{},{:.6},{},{:.6},{:.6},{},{},{}\n",
            self.query,
            self.prompt_bytes,
            // A clock may return 0 for a very short time, but times in a trace must be positive.
            self.small_time_s.max(1e-6),
            self.large_time_s.max(1e-6),
            self.uncertainty,
            self.small_correct,
            self.large_correct,
            self.entropy,
            self.perplexity.map_or(String::new(), |p| format!("{p:.6}")),
            self.one_minus_p1,
            self.large_uncertainty,
            whole(self.small_prompt_tokens),
            whole(self.large_prompt_tokens),
            self.answer_tokens
        )
    }
}

/// The settings of a trace. A run resumes only with the same settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordingNote {
    /// [`NOTE_FORMAT`].
    pub format: String,
    /// blake3 of the questions and their answers, hexadecimal.
    pub questions: String,
    /// The prompt's template.
    pub template: String,
    /// Names of the small and the large model, as sent; empty = the server's default.
    pub models: [String; 2],
    /// Base URLs of the small and the large model's server.
    pub endpoints: [String; 2],
    /// `completions` or `chat`.
    pub api: String,
    /// Candidates requested, texts kept, maximum tokens of an answer.
    pub sizes: [usize; 3],
    /// Fields added to every request.
    pub extra: serde_json::Map<String, serde_json::Value>,
}

/// A trace on disk, open for appending.
#[derive(Debug)]
pub struct TraceStore {
    path: PathBuf,
    file: File,
    done: BTreeMap<usize, ()>,
    /// Whether the last line was incomplete when opened.
    pub torn: bool,
}

fn note_path(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".note.json");
    path.with_file_name(name)
}

impl TraceStore {
    /// Opens the trace at `path` to resume it, or creates it. An incomplete last line is removed.
    ///
    /// # Errors
    /// If the trace has other settings, is not a trace, is being written by another run, or cannot
    /// be written.
    pub fn open(path: &Path, note: &RecordingNote, queries: usize) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        check_ordinary(path)?;
        check_note(path, note)?;
        let write = || File::options().create(true).append(true).open(path);
        let mut file =
            write().with_context(|| format!("{name}: cannot write; choose another file"))?;
        let busy = "another run is recording into this file; wait for it or choose another";
        anyhow::ensure!(file.try_lock().is_ok(), "{name}: {busy}");
        let bytes = std::fs::read(path).with_context(|| format!("{name}: cannot read"))?;
        let whole = bytes.iter().rposition(|&b| b == b'\n').map_or(0, |k| k + 1);
        let begun = HEADER.as_bytes().starts_with(&bytes) || bytes.starts_with(HEADER.as_bytes());
        anyhow::ensure!(
            begun,
            "{name}: line 1: not a trace written by `trace record`; choose another file"
        );
        if whole < bytes.len() {
            // Truncated in place: the lock is on this file, not on a new one of the same name.
            file.set_len(whole as u64)?;
        }
        if whole == 0 {
            file.write_all(HEADER.as_bytes())?;
            file.sync_all()?;
        }
        let done = numbers(&bytes[..whole], queries).map_err(|e| anyhow::anyhow!("{name}: {e}"))?;
        Ok(TraceStore {
            path: path.to_path_buf(),
            file,
            done,
            torn: 0 < whole && whole < bytes.len(),
        })
    }

    /// The queries of `0..count` that are missing, ascending.
    #[must_use]
    pub fn missing(&self, count: usize) -> Vec<usize> {
        (0..count).filter(|k| !self.done.contains_key(k)).collect()
    }

    /// Appends a line and waits until it is on disk.
    ///
    /// # Errors
    /// If the disk refuses the write.
    pub fn append(&mut self, row: &TraceRow) -> anyhow::Result<()> {
        let written = self
            .file
            .write_all(row.line().as_bytes())
            .and_then(|()| self.file.sync_data());
        written.with_context(|| format!("{}: cannot write", self.path.display()))?;
        self.done.insert(row.query, ());
        Ok(())
    }

    /// Sorts the lines in the order of the questions; the file is replaced whole.
    ///
    /// # Errors
    /// If the disk refuses the write; the file is then unchanged.
    pub fn finish(self) -> anyhow::Result<()> {
        let text = std::fs::read_to_string(&self.path)?;
        let mut lines: Vec<(usize, &str)> = text
            .lines()
            .skip(1)
            .map(|line| (number(line).unwrap_or(usize::MAX), line))
            .collect();
        lines.sort_by_key(|(query, _)| *query);
        let body: String = lines.iter().flat_map(|(_, line)| [line, "\n"]).collect();
        let sorted = format!("{HEADER}{body}");
        if sorted != text {
            offload_instances::files::write_bytes(&self.path, sorted.as_bytes())?;
        }
        Ok(())
    }
}

fn number(line: &str) -> Option<usize> {
    line.split(',').next()?.parse().ok()
}

/// The queries in a trace's text. Each line must be complete and each query unique.
fn numbers(bytes: &[u8], queries: usize) -> Result<BTreeMap<usize, ()>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|e| format!("not UTF-8 text: {e}; choose another file"))?;
    let columns = HEADER.split(',').count();
    let mut done = BTreeMap::new();
    for (k, line) in text.lines().enumerate().skip(1) {
        let good = number(line).filter(|q| *q < queries && line.split(',').count() == columns);
        let query =
            good.ok_or_else(|| format!("line {}: not a line of this trace; remove it", k + 1))?;
        if done.insert(query, ()).is_some() {
            return Err(format!(
                "line {}: query {query} is a duplicate; remove one",
                k + 1
            ));
        }
    }
    Ok(done)
}

/// Writes the note of a new trace, or compares it with the note of an existing one.
fn check_note(path: &Path, note: &RecordingNote) -> anyhow::Result<()> {
    let note_file = note_path(path);
    let started = std::fs::metadata(path).is_ok_and(|m| m.len() > 0);
    if !started {
        let mut text = serde_json::to_vec_pretty(note)?;
        text.push(b'\n');
        return Ok(offload_instances::files::write_bytes(&note_file, &text)?);
    }
    let name = path.display();
    let bytes = offload_instances::files::read_bytes(&note_file).with_context(|| {
        format!(
            "{name}: exists, but the note that describes its settings is missing; choose \
            another file"
        )
    })?;
    let old: RecordingNote = serde_json::from_slice(&bytes).with_context(|| {
        format!(
            "{}: not a valid {NOTE_FORMAT} file; choose another output",
            note_file.display()
        )
    })?;
    let differs = [
        ("format", old.format != note.format),
        ("questions", old.questions != note.questions),
        ("template", old.template != note.template),
        ("model", old.models != note.models),
        ("endpoint", old.endpoints != note.endpoints),
        ("api", old.api != note.api),
        ("candidates, keep or max-tokens", old.sizes != note.sizes),
        ("extra-body", old.extra != note.extra),
    ];
    let what: Vec<&str> = differs.iter().filter(|d| d.1).map(|d| d.0).collect();
    let remedy = "give the same again, or choose another file";
    anyhow::ensure!(
        what.is_empty(),
        "{name}: was started with other {}; {remedy}",
        what.join(", ")
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(query: usize) -> TraceRow {
        TraceRow {
            query,
            prompt_bytes: 10,
            small_time_s: 0.5,
            large_time_s: 0.0,
            uncertainty: 0.25,
            small_correct: 0,
            large_correct: 1,
            entropy: 0.5,
            perplexity: None,
            one_minus_p1: 0.125,
            large_uncertainty: 0.75,
            small_prompt_tokens: Some(7),
            large_prompt_tokens: None,
            answer_tokens: 5,
        }
    }

    fn note(template: &str) -> RecordingNote {
        RecordingNote {
            format: NOTE_FORMAT.into(),
            questions: "00".into(),
            template: template.into(),
            models: Default::default(),
            endpoints: Default::default(),
            api: "chat".into(),
            sizes: [30, 10, 5],
            extra: Default::default(),
        }
    }

    /// Truncation at any byte loses at most the incomplete line.
    #[test]
    fn a_trace_cut_anywhere_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let mut store = TraceStore::open(&path, &note("a"), 4).unwrap();
        [3, 0, 2]
            .iter()
            .for_each(|&q| store.append(&row(q)).unwrap());
        drop(store);
        let text = std::fs::read(&path).unwrap();
        for cut in 0..=text.len() {
            std::fs::write(&path, &text[..cut]).unwrap();
            let mut store = TraceStore::open(&path, &note("a"), 4).unwrap();
            let lines = text[..cut]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                .saturating_sub(1);
            let missing = store.missing(4);
            assert_eq!(missing.len(), 4 - lines, "cut at {cut}");
            missing.iter().for_each(|&q| store.append(&row(q)).unwrap());
            store.finish().unwrap();
            let queries = offload_instances::trace::read(&path).unwrap();
            assert_eq!((queries.len(), queries[0].large_time_s), (4, 1e-6));
            let numbers: Vec<_> = std::fs::read_to_string(&path)
                .unwrap()
                .lines()
                .skip(1)
                .map(number)
                .collect();
            assert_eq!(numbers, [Some(0), Some(1), Some(2), Some(3)]);
        }
    }

    #[test]
    fn another_file_or_another_plan_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        let mut store = TraceStore::open(&path, &note("a"), 4).unwrap();
        store.append(&row(1)).unwrap();
        let fault = |note: &RecordingNote, queries| {
            format!("{:#}", TraceStore::open(&path, note, queries).unwrap_err())
        };
        assert!(fault(&note("a"), 4).contains("another run is recording"));
        drop(store);
        assert!(fault(&note("b"), 4).contains("other template"));
        assert!(fault(&note("a"), 1).contains("line 2"));
        let before = std::fs::read(&path).unwrap();
        std::fs::write(
            &path,
            [before.as_slice(), before.split_at(HEADER.len()).1].concat(),
        )
        .unwrap();
        assert!(fault(&note("a"), 4).contains("query 1 is a duplicate"));
        std::fs::write(&path, "a,b\n1,2\n").unwrap();
        assert!(fault(&note("a"), 4).contains("not a trace"));
        std::fs::remove_file(note_path(&path)).unwrap();
        assert!(fault(&note("a"), 4).contains("the note that describes"));
    }
}
