//! Parses a server's reply: text, log-probabilities, and the metrics computed from them.

use serde_json::Value;
use std::collections::HashMap;

/// A token of an answer, or a candidate token.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenCandidate {
    /// Its text, including spaces.
    pub text: String,
    /// Natural logarithm of its probability, <= 0.
    pub log_probability: f64,
}

/// A model's answer to one prompt.
#[derive(Clone, Debug)]
pub struct ModelReply {
    /// Wall time of the successful request, s.
    pub time_s: f64,
    /// The answer.
    pub text: String,
    /// Its tokens.
    pub tokens: Vec<TokenCandidate>,
    /// The most likely candidates at the answer's first position, as sent by the server; empty if
    /// the server sent none.
    pub candidates: Vec<TokenCandidate>,
    /// Number of tokens of the prompt, if the server reports it.
    pub prompt_tokens: Option<u64>,
}

/// Probabilities of the merged candidates at an answer's first position, in descending order with
/// sum 1.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstToken {
    probabilities: Vec<f64>,
    keep: usize,
}

/// Parses the body of `/completions` or `/chat/completions`. Servers use two formats of
/// log-probabilities: `logprobs.content[]` with `top_logprobs[]` (chat; also completions of
/// llama.cpp) and `logprobs.tokens[]`, `token_logprobs[]`, `top_logprobs[]` (completions of vLLM).
///
/// # Errors
/// If something is missing; the text names it and the remedy.
pub fn parse(body: &[u8], time_s: f64) -> Result<ModelReply, String> {
    let value: Value =
        serde_json::from_slice(body).map_err(|e| format!("the reply is not JSON: {e}"))?;
    let choice = value
        .pointer("/choices/0")
        .ok_or("the reply has no choices; is it an OpenAI-compatible server?")?;
    let text = choice
        .get("text")
        .or_else(|| choice.pointer("/message/content"));
    let text = text.and_then(Value::as_str).unwrap_or("").to_string();
    let none = "the reply contains no log-probabilities; use a server and a model that return them, or \
        the other --api";
    let logprobs = choice
        .get("logprobs")
        .filter(|l| l.is_object())
        .ok_or(none)?;
    let (mut tokens, mut candidates) = match logprobs.get("content").and_then(Value::as_array) {
        Some(content) => by_token(content),
        None => by_column(logprobs),
    }
    .ok_or(none)?;
    check_probabilities(&mut tokens)?;
    check_probabilities(&mut candidates)?;
    let prompt_tokens = value
        .pointer("/usage/prompt_tokens")
        .and_then(Value::as_u64);
    Ok(ModelReply {
        time_s,
        text,
        tokens,
        candidates,
        prompt_tokens,
    })
}

/// Largest log-probability that is read as 0: what remains of a probability of 1 after a server's
/// sums in single precision.
const ROUNDING: f64 = 1e-5;

/// The first log-probability that is above 0, as text. Rounded zeros become 0.
fn check_probabilities(tokens: &mut [TokenCandidate]) -> Result<(), String> {
    for token in tokens {
        let value = token.log_probability;
        if value > ROUNDING {
            let shown: String = token.text.chars().take(40).collect();
            return Err(format!(
                "the reply gives the token \"{}\" the log-probability {value}; it must be at \
                 most 0",
                shown.escape_debug()
            ));
        }
        token.log_probability = value.min(0.0);
    }
    Ok(())
}

fn token(value: &Value) -> Option<TokenCandidate> {
    let log_probability = value.get("logprob")?.as_f64()?;
    Some(TokenCandidate {
        text: value.get("token")?.as_str()?.to_string(),
        log_probability,
    })
}

fn by_token(content: &[Value]) -> Option<(Vec<TokenCandidate>, Vec<TokenCandidate>)> {
    let tokens = content.iter().map(token).collect::<Option<Vec<_>>>()?;
    let Some(first) = content.first() else {
        return Some((tokens, Vec::new()));
    };
    let best = first.get("top_logprobs")?.as_array()?;
    Some((tokens, best.iter().map(token).collect::<Option<Vec<_>>>()?))
}

fn by_column(logprobs: &Value) -> Option<(Vec<TokenCandidate>, Vec<TokenCandidate>)> {
    let texts = logprobs.get("tokens")?.as_array()?;
    let values = logprobs.get("token_logprobs")?.as_array()?;
    let pair = |(t, l): (&Value, &Value)| {
        Some(TokenCandidate {
            text: t.as_str()?.into(),
            log_probability: l.as_f64()?,
        })
    };
    let tokens = texts
        .iter()
        .zip(values)
        .map(pair)
        .collect::<Option<Vec<_>>>()?;
    if tokens.is_empty() {
        return Some((tokens, Vec::new()));
    }
    let best = logprobs
        .get("top_logprobs")?
        .as_array()?
        .first()?
        .as_object()?;
    let candidate = |(t, l): (&String, &Value)| {
        Some(TokenCandidate {
            text: t.clone(),
            log_probability: l.as_f64()?,
        })
    };
    Some((
        tokens,
        best.iter().map(candidate).collect::<Option<Vec<_>>>()?,
    ))
}

impl ModelReply {
    /// The merged candidates at the first position; `None` if the answer has no token.
    ///
    /// Follows the paper's public implementation: texts are trimmed and lower-cased, empty ones are
    /// dropped, the probabilities of equal ones are added, and the `keep` most likely are kept and
    /// scaled to sum 1.
    #[must_use]
    pub fn first_token(&self, keep: usize) -> Option<FirstToken> {
        if self.candidates.is_empty() {
            return None;
        }
        // A server may send its whole vocabulary.
        let mut sums: HashMap<String, f64> = HashMap::new();
        for candidate in &self.candidates {
            let text = candidate.text.trim().to_lowercase();
            if !text.is_empty() {
                *sums.entry(text).or_default() += libm::exp(candidate.log_probability);
            }
        }
        let mut merged: Vec<(String, f64)> = sums.into_iter().collect();
        merged.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        merged.truncate(keep);
        let total: f64 = merged.iter().map(|m| m.1).sum();
        let probabilities = merged
            .iter()
            .map(|m| m.1 / total)
            .filter(|p| p.is_finite())
            .collect();
        Some(FirstToken {
            probabilities,
            keep,
        })
    }

    /// exp of minus the mean log-probability of the answer's tokens, >= 1; `None` without tokens.
    #[must_use]
    pub fn perplexity(&self) -> Option<f64> {
        let sum: f64 = self.tokens.iter().map(|t| t.log_probability).sum();
        (!self.tokens.is_empty()).then(|| libm::exp(-sum / self.tokens.len() as f64))
    }
}

impl FirstToken {
    /// p1, in \[0, 1\]; 0 if every candidate was blank, because nothing is known then.
    #[must_use]
    pub fn best(&self) -> f64 {
        self.probabilities.first().map_or(0.0, |p| p.min(1.0))
    }

    /// 1 - (p1 - p2), in \[0, 1\].
    #[must_use]
    pub fn uncertainty(&self) -> f64 {
        let second = self.probabilities.get(1).copied().unwrap_or(0.0);
        (1.0 - (self.best() - second)).clamp(0.0, 1.0)
    }

    /// -sum of p ln p over the kept candidates, divided by ln of the maximum number kept, in \[0,
    /// 1\]; 1 if every candidate was blank.
    #[must_use]
    pub fn entropy(&self) -> f64 {
        if self.probabilities.is_empty() || self.keep < 2 {
            return if self.probabilities.is_empty() {
                1.0
            } else {
                0.0
            };
        }
        let sum: f64 = self
            .probabilities
            .iter()
            .filter(|p| **p > 0.0)
            .map(|p| -p * libm::log(*p))
            .sum();
        (sum / libm::log(self.keep as f64)).clamp(0.0, 1.0)
    }
}

/// Whether `text` contains `answer` as a word: the regular expression `\b answer \b`, ignoring case
/// and surrounding spaces; word characters are letters, digits and underscores. This is the rule of
/// the paper's public implementation, applied to the answer alone.
#[must_use]
pub fn contains_word(text: &str, answer: &str) -> bool {
    let (text, answer) = (text.trim().to_lowercase(), answer.trim().to_lowercase());
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let (first, last) = (answer.chars().next(), answer.chars().next_back());
    let mut from = 0;
    while let Some(at) = text[from..].find(&answer).map(|k| k + from) {
        let before = text[..at].chars().next_back();
        let after = text[at + answer.len()..].chars().next();
        if is_word(before) != is_word(first) && is_word(last) != is_word(after) {
            return true;
        }
        from = at + text[at..].chars().next().map_or(1, char::len_utf8);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(candidates: &[(&str, f64)]) -> ModelReply {
        let token = |&(text, p): &(&str, f64)| TokenCandidate {
            text: text.into(),
            log_probability: libm::log(p),
        };
        let candidates: Vec<TokenCandidate> = candidates.iter().map(token).collect();
        ModelReply {
            time_s: 1.0,
            text: String::new(),
            tokens: candidates.clone(),
            candidates,
            prompt_tokens: None,
        }
    }

    /// Computed by hand: yes 0.3 + 0.2, no 0.1, maybe 0.05 (dropped by keep = 2), blank dropped;
    /// scaled to 5/6 and 1/6.
    #[test]
    fn candidates_merge_as_in_the_paper() {
        let first = reply(&[
            (" yes", 0.3),
            ("Yes", 0.2),
            ("\n", 0.15),
            ("no", 0.1),
            ("maybe", 0.05),
        ])
        .first_token(2);
        let first = first.unwrap();
        assert!((first.best() - 5.0 / 6.0).abs() < 1e-12);
        assert!((first.uncertainty() - (1.0 - 4.0 / 6.0)).abs() < 1e-12);
        let entropy =
            -(5.0 / 6.0 * (5.0_f64 / 6.0).ln() + 1.0 / 6.0 * (1.0_f64 / 6.0).ln()) / 2.0_f64.ln();
        assert!((first.entropy() - entropy).abs() < 1e-12);
    }

    /// Comparing each candidate with all others took minutes.
    #[test]
    fn a_whole_vocabulary_of_candidates_takes_no_time() {
        let texts: Vec<String> = (0..330_000).map(|k| format!("t{k}")).collect();
        let all: Vec<(&str, f64)> = texts.iter().map(|t| (t.as_str(), 1e-6)).collect();
        let start = std::time::Instant::now();
        let first = reply(&all).first_token(10).unwrap();
        assert!((first.best() - 0.1).abs() < 1e-12);
        assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    }

    #[test]
    fn probabilities_above_1_are_refused() {
        let body = |first: f64, candidate: f64| {
            format!(
                r#"{{"choices":[{{"text":"a","logprobs":{{"tokens":["a"],"token_logprobs":[{first}],
                "top_logprobs":[{{"a":{candidate}}}]}}}}]}}"#
            )
        };
        for (first, candidate) in [(0.5, -1.0), (-1.0, 0.5), (-1.0, 300.0)] {
            let error = parse(body(first, candidate).as_bytes(), 1.0).unwrap_err();
            assert!(error.contains("must be at most 0"), "{error}");
        }
        let rounded = parse(body(1e-7, 1e-7).as_bytes(), 1.0).unwrap();
        assert_eq!(rounded.tokens[0].log_probability, 0.0);
        assert_eq!(rounded.perplexity(), Some(1.0));
    }

    #[test]
    fn edges_are_within_range() {
        let sure = reply(&[("a", 1.0)]).first_token(10).unwrap();
        assert_eq!((sure.uncertainty(), sure.entropy()), (0.0, 0.0));
        let blank = reply(&[(" ", 0.7), ("\n", 0.3)]).first_token(10).unwrap();
        assert_eq!(
            (blank.best(), blank.uncertainty(), blank.entropy()),
            (0.0, 1.0, 1.0)
        );
        assert_eq!(reply(&[]).first_token(10), None);
        assert!((reply(&[("a", 0.5), ("b", 0.5)]).perplexity().unwrap() - 2.0).abs() < 1e-12);
        let equal = reply(&[("a", 0.1); 1]).first_token(10).unwrap();
        assert_eq!(equal.best(), 1.0);
    }

    #[test]
    fn words_match_as_words() {
        for (text, answer, right) in [
            (" Bathroom.", "bathroom", true),
            ("the bathrooms", "bathroom", false),
            ("no, not known", "no", true),
            ("nothing; no", "no", true),
            ("know_no", "no", false),
            ("éno", "no", false),
            ("a, b", "a, b", true),
            ("x+y", "+", true),
            ("x+", "+", false),
            ("", "no", false),
        ] {
            assert_eq!(contains_word(text, answer), right, "{text} / {answer}");
        }
    }

    #[test]
    fn both_shapes_are_read() {
        let new = br#"{"choices":[{"message":{"content":" Yes"},"logprobs":{"content":[{"token":" Yes","logprob":-0.5,
            "top_logprobs":[{"token":" Yes","logprob":-0.5},{"token":"no","logprob":-2}]}]}}],"usage":{"prompt_tokens":7}}"#;
        let old =
            br#"{"choices":[{"text":" Yes","logprobs":{"tokens":[" Yes"],"token_logprobs":[-0.5],
            "top_logprobs":[{" Yes":-0.5,"no":-2}]}}],"usage":{"prompt_tokens":7}}"#;
        let (new, old) = (parse(new, 1.0).unwrap(), parse(old, 1.0).unwrap());
        assert_eq!(
            (&new.text, &new.tokens, new.prompt_tokens),
            (&old.text, &old.tokens, old.prompt_tokens)
        );
        assert_eq!(new.first_token(10), old.first_token(10));
        let silent = parse(
            br#"{"choices":[{"text":"","logprobs":{"content":[]}}]}"#,
            1.0,
        )
        .unwrap();
        assert_eq!(silent.first_token(10), None);
        for (body, key) in [
            (&b"<html>"[..], "not JSON"),
            (b"{}", "no choices"),
            (br#"{"choices":[{"text":"a"}]}"#, "no log-probabilities"),
            (
                br#"{"choices":[{"text":"a","logprobs":{"content":[{"token":"a","logprob":-1}]}}]}"#,
                "no log-probabilities",
            ),
        ] {
            assert!(parse(body, 1.0).unwrap_err().contains(key));
        }
    }
}
