//! Questions with their answers, and the prompt built from them.

use serde::Deserialize;
use std::path::Path;

/// The prompt of Kim et al. (arXiv 2602.07958), as in their public implementation.
pub const TEMPLATE: &str = "Instruction: Answer with only one word. No explanation.\nContext: \
    {context}\nQuestion: {question}\nAnswer(only one word):";

/// Most faulty lines that are listed; the rest is only counted.
const SHOWN: usize = 20;

/// One question.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TraceQuestion {
    /// Context of the question; may be empty.
    #[serde(default, alias = "passage")]
    pub context: String,
    /// The question.
    pub question: String,
    /// The right answer, one or a few words.
    pub answer: String,
}

impl TraceQuestion {
    /// Fills this question into the template. Texts are trimmed. Without a context, lines of the
    /// template that contain `{context}` are dropped.
    #[must_use]
    pub fn prompt(&self, template: &str) -> String {
        let context = self.context.trim();
        let kept: Vec<&str> = template
            .split('\n')
            .filter(|line| !context.is_empty() || !line.contains("{context}"))
            .collect();
        // A single pass over the template: braces in a question are plain text.
        let mut prompt = String::new();
        let mut rest = kept.join("\n");
        while let Some(at) = rest.find('{') {
            let tail = rest.split_off(at);
            prompt += &rest;
            let (place, text) = [("{context}", context), ("{question}", self.question.trim())]
                .into_iter()
                .find(|(place, _)| tail.starts_with(place))
                .unwrap_or(("{", "{"));
            prompt += text;
            rest = tail[place.len()..].to_string();
        }
        prompt + &rest
    }
}

/// Reads questions: CSV with a header, or JSON Lines if the name ends in `.jsonl`. Columns or keys:
/// `question`, `answer` and optionally `context` (or `passage`). Others are ignored.
///
/// # Errors
/// One text that names the file and every faulty line (the first 20, the rest counted).
pub fn read(path: &Path) -> Result<Vec<TraceQuestion>, String> {
    let name = path.display();
    let bytes = offload_instances::files::read_bytes(path).map_err(|e| e.to_string())?;
    let text = String::from_utf8(bytes)
        .map_err(|e| format!("{name}: not UTF-8 text: {e}; save it as UTF-8"))?;
    let lines = path.extension().is_some_and(|e| e == "jsonl");
    let parsed = if lines {
        json_lines(&text)
    } else {
        csv_rows(&text)
    };
    let (mut questions, mut faults) = (Vec::new(), Vec::new());
    for (line, item) in parsed {
        match item.and_then(checked) {
            Ok(question) => questions.push(question),
            Err(fault) => faults.push(format!("line {line}: {fault}")),
        }
    }
    if faults.len() > SHOWN {
        let rest = faults.len() - SHOWN;
        faults.truncate(SHOWN);
        faults.push(format!("... and {rest} more"));
    }
    if !faults.is_empty() {
        return Err(format!(
            "{name}: not a valid file of questions:\n  {}",
            faults.join("\n  ")
        ));
    }
    if questions.is_empty() {
        return Err(format!(
            "{name}: it contains no question; give at least one"
        ));
    }
    Ok(questions)
}

type Lines = Vec<(u64, Result<TraceQuestion, String>)>;

fn json_lines(text: &str) -> Lines {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(k, line)| {
            (
                k as u64 + 1,
                serde_json::from_str(line).map_err(|e| e.to_string()),
            )
        })
        .collect()
}

fn csv_rows(text: &str) -> Lines {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let missing = |header: &csv::StringRecord| {
        let needed = ["question", "answer"]
            .into_iter()
            .find(|c| header.iter().all(|h| h != *c))?;
        let hint = offload_instances::text::did_you_mean(needed, header);
        Some(format!(
            "no column '{needed}'; the header needs question,answer and may have context.{hint}"
        ))
    };
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(e) => return vec![(1, Err(e.to_string()))],
    };
    if let Some(fault) = missing(&header) {
        return vec![(1, Err(fault))];
    }
    let line = |position: Option<&csv::Position>| position.map_or(0, csv::Position::line);
    let row = |record: csv::Result<csv::StringRecord>| match record {
        Ok(r) => (
            line(r.position()),
            r.deserialize(Some(&header))
                .map_err(|e: csv::Error| e.to_string()),
        ),
        Err(e) => (line(e.position()), Err(e.to_string())),
    };
    reader.records().map(row).collect()
}

fn checked(question: TraceQuestion) -> Result<TraceQuestion, String> {
    let empty = |text: &str| text.trim().is_empty();
    match () {
        () if empty(&question.question) => Err("the question is empty; write one".into()),
        () if empty(&question.answer) => Err("the answer is empty; write the right word".into()),
        () => Ok(question),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(context: &str, question: &str) -> TraceQuestion {
        TraceQuestion {
            context: context.into(),
            question: question.into(),
            answer: "x".into(),
        }
    }

    #[test]
    fn prompts_are_the_papers() {
        let with = question(" Mary went out. ", "Where is {context}?\n").prompt(TEMPLATE);
        let expected = "Instruction: Answer with only one word. No explanation.\nContext: Mary \
            went out.\n\
                        Question: Where is {context}?\nAnswer(only one word):";
        assert_eq!(with, expected);
        let without = question("", "Who?").prompt(TEMPLATE);
        assert!(
            !without.contains("Context") && without.contains("Question: Who?\n"),
            "{without}"
        );
        assert_eq!(
            question("c", "q").prompt("{\"a\": {question}}"),
            "{\"a\": q}"
        );
    }

    #[test]
    fn files_are_read_and_faults_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let csv = write("a.csv", "task,passage,question,answer\n1,\"a\nb\",q,yes\n");
        let read_csv = read(&csv).unwrap();
        assert_eq!(
            (read_csv[0].context.as_str(), read_csv[0].answer.as_str()),
            ("a\nb", "yes")
        );
        let lines = write(
            "a.jsonl",
            "{\"question\":\"q\",\"answer\":\"no\",\"task\":3}\n\n",
        );
        assert_eq!(read(&lines).unwrap().len(), 1);
        let bad = write(
            "b.jsonl",
            "{\"question\":\"q\",\"answer\":\" \"}\n{\"question\":1}\nx\n",
        );
        let fault = read(&bad).unwrap_err();
        assert!(
            ["line 1: the answer", "line 2", "line 3"]
                .iter()
                .all(|key| fault.contains(key)),
            "{fault}"
        );
        let fault = read(&write("b.csv", "question,answers\nq,a\n")).unwrap_err();
        assert!(
            fault.contains("no column 'answer'") && fault.contains("Did you mean 'answers'"),
            "{fault}"
        );
        assert!(
            read(&write("c.csv", "question,answer\n"))
                .unwrap_err()
                .contains("no question")
        );
    }
}
