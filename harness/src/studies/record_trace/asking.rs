//! Asks both models the missing questions, several at a time.

use super::answer::{self, ModelReply};
use super::client::{Client, Failure};
use super::questions::TraceQuestion;
use super::store::{TraceRow, TraceStore};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};

/// What is asked of both models.
#[derive(Clone, Debug)]
pub struct AskingPlan {
    /// The prompt template, with `{context}` and `{question}`.
    pub template: String,
    /// Number of most likely tokens requested at the first position of the answer.
    pub candidates: usize,
    /// Number of most likely texts kept after merging.
    pub keep: usize,
    /// Queries in parallel, >= 1.
    pub in_flight: usize,
}

/// Result of a recording.
pub struct Recorded {
    /// Number of queries measured in this run.
    pub new: usize,
    /// Numbers (from 0) of the queries to which a model returned an empty answer. They are not in
    /// the trace.
    pub silent: Vec<usize>,
}

/// Measures the queries `missing` of `questions` and stores each one immediately. `progress` is
/// called with (done, total).
///
/// # Errors
/// The first refusal of a server, or a file that cannot be written. Stored queries are kept.
pub fn record(
    plan: &AskingPlan,
    questions: &[TraceQuestion],
    missing: &[usize],
    models: &[Client; 2],
    store: &mut TraceStore,
    progress: &dyn Fn(usize, usize),
) -> anyhow::Result<Recorded> {
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = channel();
    let mut recorded = Recorded {
        new: 0,
        silent: Vec::new(),
    };
    std::thread::scope(|scope| {
        for _ in 0..plan.in_flight.min(missing.len()) {
            let (sender, next, stop) = (sender.clone(), &next, &stop);
            scope.spawn(move || ask_all(plan, questions, missing, models, (next, stop), &sender));
        }
        drop(sender);
        let mut kept = || -> anyhow::Result<()> {
            for (query, outcome) in &receiver {
                match outcome? {
                    Some(row) => {
                        store.append(&row)?;
                        recorded.new += 1;
                    }
                    None => recorded.silent.push(query),
                }
                progress(recorded.new + recorded.silent.len(), missing.len());
            }
            Ok(())
        };
        let ended = kept();
        stop.store(true, Ordering::Relaxed);
        ended
    })?;
    recorded.silent.sort_unstable();
    Ok(recorded)
}

type AskOutcome = (usize, Result<Option<TraceRow>, Failure>);

/// One worker: takes queries until none is left or a worker failed.
fn ask_all(
    plan: &AskingPlan,
    questions: &[TraceQuestion],
    missing: &[usize],
    models: &[Client; 2],
    (next, stop): (&AtomicUsize, &AtomicBool),
    sender: &Sender<AskOutcome>,
) {
    while !stop.load(Ordering::Relaxed) {
        let Some(&query) = missing.get(next.fetch_add(1, Ordering::Relaxed)) else {
            return;
        };
        let outcome = ask(plan, query, &questions[query], models);
        let failed = outcome.is_err();
        if sender.send((query, outcome)).is_err() || failed {
            stop.store(true, Ordering::Relaxed);
            return;
        }
    }
}

/// Asks the small model, then the large one. On one machine parallel requests would slow each other
/// down.
fn ask(
    plan: &AskingPlan,
    query: usize,
    question: &TraceQuestion,
    models: &[Client; 2],
) -> Result<Option<TraceRow>, Failure> {
    let prompt = question.prompt(&plan.template);
    let small = models[0].ask(&prompt, plan.candidates)?;
    let large = models[1].ask(&prompt, plan.candidates)?;
    Ok(row(plan, query, &prompt, question, [&small, &large]))
}

/// The trace's line for a query; `None` if a model returned no token.
fn row(
    plan: &AskingPlan,
    query: usize,
    prompt: &str,
    question: &TraceQuestion,
    [small, large]: [&ModelReply; 2],
) -> Option<TraceRow> {
    let first = small.first_token(plan.keep)?;
    let other = large.first_token(plan.keep)?;
    let right = |reply: &ModelReply| u8::from(answer::contains_word(&reply.text, &question.answer));
    Some(TraceRow {
        query,
        prompt_bytes: prompt.len(),
        small_time_s: small.time_s,
        large_time_s: large.time_s,
        uncertainty: first.uncertainty(),
        small_correct: right(small),
        large_correct: right(large),
        entropy: first.entropy(),
        perplexity: small.perplexity(),
        one_minus_p1: 1.0 - first.best(),
        large_uncertainty: other.uncertainty(),
        small_prompt_tokens: small.prompt_tokens,
        large_prompt_tokens: large.prompt_tokens,
        answer_tokens: small.tokens.len(),
    })
}
