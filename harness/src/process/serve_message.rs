//! The lines of `offload-solver/2`, the protocol between the harness and a program that is started
//! once for many problems: `docs/src/use/external-solvers.md`.

use offload_instances::files::plan_from_json;
use offload_instances::types::PLAN_FORMAT;
use offload_instances::{Assignment, Problem};
use offload_solvers::Budget;
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Name and version of the protocol.
pub const PROTOCOL: &str = "offload-solver/2";

/// Most characters of a program's name and of its version.
const MAX_NAME: usize = 100;

/// Most characters of a line that a message quotes.
const QUOTED: usize = 80;

/// The first line of a program: what it is. Keys that are not listed here are ignored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Hello {
    protocol: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    #[serde(default)]
    pub version: String,
    /// Whether it improves its plan until the time limit, so that it uses all the time it is given.
    #[serde(default)]
    pub anytime: bool,
}

impl Hello {
    /// Parses a program's first line.
    ///
    /// # Errors
    /// Why it is not one of this protocol.
    pub fn parse(line: &[u8]) -> Result<Hello, String> {
        let value: Value = serde_json::from_slice(line)
            .map_err(|_| format!("its first line is not JSON: {}", quoted(line)))?;
        let protocol = value.get("protocol").and_then(Value::as_str);
        if let Some(other) = protocol.filter(|p| *p != PROTOCOL) {
            return Err(format!(
                "its protocol is {}; this program speaks \"{PROTOCOL}\"",
                quoted(other.as_bytes())
            ));
        }
        let hello: Hello = serde_json::from_value(value).map_err(|e| {
            format!(
                "its first line is no hello ({e}): {}; give {{\"protocol\": \"{PROTOCOL}\", \
                 \"name\": .., \"version\": .., \"anytime\": ..}}",
                quoted(line)
            )
        })?;
        for (key, text) in [("name", &hello.name), ("version", &hello.version)] {
            let fits = text.chars().count() <= MAX_NAME && text.chars().all(|c| !c.is_control());
            if !fits {
                return Err(format!(
                    "the {key} in its hello is not a text of at most {MAX_NAME} characters without \
                     control characters"
                ));
            }
        }
        if hello.name.trim().is_empty() {
            return Err("the name in its hello is empty".into());
        }
        Ok(hello)
    }

    /// Name and version, as they enter the solver's version.
    #[must_use]
    pub fn describe(&self) -> String {
        format!("{} {}", self.name.trim(), self.version.trim())
            .trim()
            .to_string()
    }
}

/// A request, on one line. `instance` is the instance in its file format.
#[must_use]
pub fn request_line(id: u64, problem: &Problem, instance: &str, budget: &Budget) -> Vec<u8> {
    // The id comes first and the instance last, so that simple programs find them easily.
    let mut line = format!(
        "{{\"id\": {id}, \"threshold\": {}, \"weights\": {}, \"time_limit_s\": {}, \"seed\": {}, \
         \"gap\": {}, \"problem\": ",
        json!(problem.threshold()),
        json!(problem.weights().name()),
        json!(budget.time_limit.map(|t| t.as_secs_f64())),
        budget.seed,
        json!(budget.gap),
    );
    // Between the values of a JSON text a line end is only white space.
    line.extend(instance.trim_end().chars().filter(|c| *c != '\n'));
    line += "}\n";
    line.into_bytes()
}

/// A line that a program writes after a request.
#[derive(Debug, PartialEq)]
pub enum SolverLine {
    /// Its best plan so far.
    Incumbent(Assignment),
    /// Its answer.
    Answer(ServeAnswer),
}

/// The answer to a request.
#[derive(Debug, PartialEq)]
pub struct ServeAnswer {
    /// The plan, or why there is none.
    pub plan: Result<Assignment, String>,
    /// The time that the program states for its algorithm, s.
    pub algorithm_time_s: Option<f64>,
}

/// Parses a line that follows the request with this id.
///
/// # Errors
/// Why it is not a line of this protocol. Nothing that the program writes later can then be
/// assigned to a request.
pub fn parse_line(line: &[u8], id: u64) -> Result<SolverLine, String> {
    let Ok(Value::Object(mut object)) = serde_json::from_slice(line) else {
        return Err(format!(
            "it wrote a line that is not a JSON object: {}",
            quoted(line)
        ));
    };
    match object.get("id") {
        Some(found) if found.as_u64() == Some(id) => {}
        Some(found) => {
            let found = quoted(found.to_string().as_bytes());
            return Err(format!("it answered request {found} where {id} was asked"));
        }
        None => return Err(format!("it wrote a line without an id: {}", quoted(line))),
    }
    if let Some(plan) = object.remove("incumbent").filter(|v| !v.is_null()) {
        return assignment(plan)
            .map(SolverLine::Incumbent)
            .map_err(|e| format!("its incumbent is no plan: {e}"));
    }
    let plan = match (object.remove("error"), object.remove("assignment")) {
        (Some(Value::String(error)), _) => Err(format!("it reports: {}", quoted(error.as_bytes()))),
        (Some(error), _) if !error.is_null() => {
            Err("the error in its answer is not a text".to_string())
        }
        (_, Some(plan)) if !plan.is_null() => {
            assignment(plan).map_err(|e| format!("it wrote no plan: {e}"))
        }
        _ => Err("its answer holds neither an assignment nor an error".to_string()),
    };
    Ok(SolverLine::Answer(match algorithm_time(&object) {
        Ok(algorithm_time_s) => ServeAnswer {
            plan,
            algorithm_time_s,
        },
        Err(reason) => ServeAnswer {
            plan: plan.and(Err(reason)),
            algorithm_time_s: None,
        },
    }))
}

/// The field `algorithm_time_s` of an answer; null counts as left out.
///
/// # Errors
/// If it is not a number.
pub fn algorithm_time(answer: &Map<String, Value>) -> Result<Option<f64>, String> {
    match answer.get("algorithm_time_s").filter(|v| !v.is_null()) {
        None => Ok(None),
        Some(value) => value.as_f64().map(Some).ok_or_else(|| {
            let shown = quoted(value.to_string().as_bytes());
            format!("the algorithm_time_s in its answer is not a number: {shown}")
        }),
    }
}

fn assignment(value: Value) -> Result<Assignment, String> {
    let plan = json!({ "format": PLAN_FORMAT, "assignment": value });
    plan_from_json(&plan)
        .map(|p| p.assignment)
        .map_err(|faults| faults[0].to_string())
}

/// The start of a text, without control characters.
#[must_use]
pub fn quoted(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    let start: String = text.chars().take(QUOTED).collect();
    let mark = if start.len() < text.len() { " ..." } else { "" };
    format!("`{}`{mark}", start.escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hello_is_checked() {
        let line = br#"{"protocol": "offload-solver/2", "name": "mine", "version": "1.2",
            "anytime": true, "more": [1]}"#;
        let hello = Hello::parse(line).unwrap();
        assert_eq!(
            (hello.describe().as_str(), hello.anytime),
            ("mine 1.2", true)
        );
        let short = Hello::parse(br#"{"protocol": "offload-solver/2", "name": "mine"}"#).unwrap();
        assert_eq!((short.describe().as_str(), short.anytime), ("mine", false));
        for (line, why) in [
            ("loading ...", "not JSON"),
            ("{}", "protocol"),
            (
                r#"{"protocol": "offload-solver/1", "name": "x"}"#,
                "speaks \"offload-solver/2\"",
            ),
            (r#"{"protocol": "offload-solver/2"}"#, "name"),
            (
                r#"{"protocol": "offload-solver/2", "name": " "}"#,
                "is empty",
            ),
            (
                r#"{"protocol": "offload-solver/2", "name": "a\nb"}"#,
                "control characters",
            ),
            (
                r#"{"protocol": "offload-solver/2", "name": "a", "anytime": "yes"}"#,
                "anytime",
            ),
        ] {
            let refused = Hello::parse(line.as_bytes()).unwrap_err();
            assert!(refused.contains(why), "{line}: {refused}");
        }
    }

    #[test]
    fn an_answer_is_a_plan_or_a_reason() {
        let answer = |text: &str| match parse_line(text.as_bytes(), 3) {
            Ok(SolverLine::Answer(answer)) => answer,
            other => panic!("{text}: {other:?}"),
        };
        let good = answer(r#"{"id": 3, "assignment": [null, 1], "algorithm_time_s": 0.5}"#);
        assert_eq!(good.plan, Ok(vec![None, Some(1)]));
        assert_eq!(good.algorithm_time_s, Some(0.5));
        for (text, why) in [
            (r#"{"id": 3}"#, "neither an assignment nor an error"),
            (r#"{"id": 3, "assignment": [-1]}"#, "assignment[0]"),
            (
                r#"{"id": 3, "error": "too\nlarge", "assignment": [1]}"#,
                "`too\\nlarge`",
            ),
            (r#"{"id": 3, "error": 5}"#, "not a text"),
            (
                r#"{"id": 3, "assignment": [1], "algorithm_time_s": "1"}"#,
                "not a number",
            ),
        ] {
            let refused = answer(text).plan.unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
        let step = parse_line(br#"{"id": 3, "incumbent": [0]}"#, 3);
        assert_eq!(step, Ok(SolverLine::Incumbent(vec![Some(0)])));
    }

    #[test]
    fn lines_of_no_request_are_refused() {
        for (text, why) in [
            ("chatter", "not a JSON object"),
            ("[1]", "not a JSON object"),
            (
                r#"{"id": 2, "assignment": [1]}"#,
                "request `2` where 3 was asked",
            ),
            (r#"{"id": "3", "assignment": [1]}"#, "where 3 was asked"),
            (r#"{"assignment": [1]}"#, "without an id"),
            (r#"{"id": 3, "incumbent": [0.5]}"#, "its incumbent"),
        ] {
            let refused = parse_line(text.as_bytes(), 3).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
