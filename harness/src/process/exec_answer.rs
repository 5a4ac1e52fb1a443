//! The answer of a program that is started for one problem: a plan on its stdout.

use super::ending::ExternalAnswer;
use super::serve_message::algorithm_time;
use offload_instances::files::plan_from_json;
use serde_json::Value;

/// What the stdout of a one-shot program holds.
#[derive(Debug, PartialEq)]
pub struct ExecOutput {
    /// The answer, or why there is none.
    pub answer: Result<ExternalAnswer, String>,
    /// The other lines.
    pub rest: String,
}

impl ExecOutput {
    /// Reads a stdout: the plan is all of it, or its last line.
    #[must_use]
    pub fn of(stdout: &str) -> Self {
        let text = stdout.trim();
        if text.is_empty() {
            return ExecOutput {
                answer: Err("nothing on stdout".into()),
                rest: String::new(),
            };
        }
        let whole = answer(text);
        if whole.is_ok() {
            return ExecOutput {
                answer: whole,
                rest: String::new(),
            };
        }
        let (before, last) = text.rsplit_once('\n').unwrap_or(("", ""));
        match answer(last) {
            Ok(one) => ExecOutput {
                answer: Ok(one),
                rest: before.to_string(),
            },
            Err(_) => ExecOutput {
                answer: whole,
                rest: stdout.to_string(),
            },
        }
    }
}

fn answer(text: &str) -> Result<ExternalAnswer, String> {
    let value: Value = serde_json::from_str(text).map_err(|e| format!("not JSON ({e})"))?;
    let plan = plan_from_json(&value).map_err(|faults| faults[0].to_string())?;
    let algorithm_time_s = match &value {
        Value::Object(object) => algorithm_time(object)?,
        _ => None,
    };
    Ok(ExternalAnswer {
        plan: plan.assignment,
        algorithm_time_s,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_is_found_alone_or_in_the_last_line() {
        let answer = |algorithm_time_s| {
            Ok(ExternalAnswer {
                plan: vec![None, Some(1)],
                algorithm_time_s,
            })
        };
        let plan = "{\"format\": \"offload-plan/1\",\n \"assignment\": [null, 1]}";
        let alone = ExecOutput::of(plan);
        assert_eq!((alone.answer, alone.rest.as_str()), (answer(None), ""));
        let one = plan
            .replace('\n', "")
            .replace('}', ", \"algorithm_time_s\": 0.25}");
        let last = ExecOutput::of(&format!("step 1\nstep 2\n{one}\n"));
        assert_eq!(
            (last.answer, last.rest.as_str()),
            (answer(Some(0.25)), "step 1\nstep 2")
        );
        for bad in [
            "",
            "{}",
            "[1]",
            "nonsense",
            "{\"format\": \"offload-plan/1\", \"assignment\": [1.5]}",
            "{\"format\": \"offload-plan/1\", \"assignment\": [], \"algorithm_time_s\": \"1\"}",
        ] {
            assert!(ExecOutput::of(bad).answer.is_err(), "{bad}");
        }
    }
}
