//! A recording from its options: checks, measurement, summary.

use super::asking::{AskingPlan, Recorded, record};
use super::client::{Api, Client, ClientSettings};
use super::pace::RequestPace;
use super::questions::{self, TEMPLATE, TraceQuestion};
use super::store::{NOTE_FORMAT, RecordingNote, TraceStore};
use crate::files::{check_distinct, check_target};
use crate::notice::Notify;
use anyhow::{Context, ensure};
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most candidates or answer tokens.
const MOST_TOKENS: usize = 1000;
/// Most requests in parallel.
const MOST_IN_FLIGHT: usize = 256;

/// Options of a recording.
#[derive(Clone, Debug)]
pub struct RecordingOptions {
    /// Base URL of the small model's OpenAI-compatible server, such as http://127.0.0.1:8080/v1
    pub endpoint: String,
    /// Base URL of the large model's server; `None` = that of the small model
    pub large_endpoint: Option<String>,
    /// Name of the small model; `None` = the server's own
    pub model: Option<String>,
    /// Name of the large model; `None` = the server's own
    pub large_model: Option<String>,
    /// Questions: CSV or JSON Lines (.jsonl) with question, answer and optionally context
    pub questions: PathBuf,
    /// Ask only the first N questions
    pub limit: Option<usize>,
    /// Prompt template with {context} and {question}; `None` = the paper's
    pub template: Option<PathBuf>,
    /// Interface: raw completions, as in the paper, or chat (the only one with log-probabilities in
    /// Ollama)
    pub api: Api,
    /// Number of most likely first tokens to request; servers may limit it (vLLM: 20 unless started
    /// with --max-logprobs)
    pub candidates: usize,
    /// Number of most likely texts to keep after merging equal ones
    pub keep: usize,
    /// Maximum number of tokens of an answer
    pub max_tokens: usize,
    /// Fields added to every request, as a JSON object, such as {"cache_prompt": false}
    pub extra_body: Option<String>,
    /// Environment variable with the small model's key, sent as a bearer token
    pub key_env: Option<String>,
    /// Environment variable with the large model's key; `None` = that of the small model if the
    /// server is the same
    pub large_key_env: Option<String>,
    /// Queries in parallel; above 1 the measured times affect each other
    pub in_flight: usize,
    /// Minimum time between the starts of two requests, s
    pub pause: Option<Duration>,
    /// Time limit of one request, s
    pub timeout: Duration,
    /// Number of retries of a request after a temporary failure
    pub retries: u32,
    /// Output trace (CSV); queries that it already contains are not asked again
    pub output: PathBuf,
}

/// Asks two models every question that the trace does not contain yet, and returns a summary. If it
/// stops early, measured queries are kept.
///
/// # Errors
/// If an option is out of range, a server refuses a request, or a file cannot be written.
pub fn record_trace(a: &RecordingOptions, notify: Notify) -> anyhow::Result<String> {
    let large_endpoint = check(a)?;
    let mut asked = questions::read(&a.questions).map_err(anyhow::Error::msg)?;
    asked.truncate(a.limit.unwrap_or(usize::MAX));
    let plan = AskingPlan {
        template: template(a)?,
        candidates: a.candidates,
        keep: a.keep,
        in_flight: a.in_flight,
    };
    let extra = extra(a)?;
    let pace = Arc::new(RequestPace::new(a.pause.unwrap_or_default().as_secs_f64()));
    let client =
        |endpoint: &str, model: &Option<String>, key: Option<&str>| -> anyhow::Result<Client> {
            let settings = ClientSettings {
                endpoint: endpoint.into(),
                model: model.clone(),
                key: key.map(|name| secret(name, endpoint, notify)).transpose()?,
                api: a.api,
                max_tokens: a.max_tokens,
                timeout: a.timeout,
                retries: a.retries,
                extra: extra.clone(),
            };
            Ok(Client::new(settings, pace.clone()))
        };
    let same = a
        .key_env
        .as_deref()
        .filter(|_| large_endpoint == a.endpoint);
    let models = [
        client(&a.endpoint, &a.model, a.key_env.as_deref())?,
        client(
            large_endpoint,
            &a.large_model,
            a.large_key_env.as_deref().or(same),
        )?,
    ];
    let note = note(a, large_endpoint, &plan, &asked, extra);
    let mut store = TraceStore::open(&a.output, &note, asked.len())?;
    let missing = store.missing(asked.len());
    let last_note = Cell::new(Instant::now());
    let progress = |done: usize, of: usize| {
        if done == of || last_note.get().elapsed() > Duration::from_secs(10) {
            last_note.set(Instant::now());
            notify(&format!("{done} of {of}"));
        }
    };
    let path = a.output.display();
    if store.torn {
        notify(&format!(
            "note: {path}: the last line is incomplete after an earlier stop; it is removed and asked again"
        ));
    }
    let recorded = record(&plan, &asked, &missing, &models, &mut store, &progress)
        .with_context(|| format!("{path}: measured queries are kept; run again to resume"))?;
    store.finish()?;
    summary(a, &recorded, asked.len() - missing.len(), notify)
}

/// Checks the options, and returns the large model's endpoint.
fn check(a: &RecordingOptions) -> anyhow::Result<&str> {
    check_target(&a.output)?;
    let mut files = vec![a.questions.as_path(), a.output.as_path()];
    files.extend(a.template.as_deref());
    check_distinct(&files)?;
    let large = a.large_endpoint.as_deref().unwrap_or(&a.endpoint);
    check_url("--endpoint", &a.endpoint)?;
    check_url("--large-endpoint", large)?;
    let apart = large != a.endpoint || (a.large_model.is_some() && a.large_model != a.model);
    ensure!(
        apart,
        "a trace compares two models: give --large-endpoint, or --large-model together with --model"
    );
    for (name, value, least, most) in [
        ("--candidates", a.candidates, 2, MOST_TOKENS),
        ("--keep", a.keep, 2, MOST_TOKENS),
        ("--max-tokens", a.max_tokens, 1, MOST_TOKENS),
        ("--in-flight", a.in_flight, 1, MOST_IN_FLIGHT),
        ("--limit", a.limit.unwrap_or(1), 1, usize::MAX),
    ] {
        ensure!(
            (least..=most).contains(&value),
            "{name} {value}: give a whole number from {least} to {most}"
        );
    }
    Ok(large)
}

/// Checks that a URL contains no secret, because it is printed and stored next to the trace.
fn check_url(option: &str, url: &str) -> anyhow::Result<()> {
    let rest = url
        .strip_prefix("http://")
        .or_else(|| url.strip_prefix("https://"));
    let host = rest.map(|r| r.split('/').next().unwrap_or(""));
    ensure!(
        host.is_some_and(|h| !h.is_empty()),
        "{option}: give a URL such as http://127.0.0.1:8080/v1"
    );
    let secret = url.contains(['?', '#']) || host.is_some_and(|h| h.contains('@'));
    ensure!(
        !secret,
        "{option}: the URL is stored and must not contain a user, password or query; put the key into an \
         environment variable and name it with --key-env"
    );
    Ok(())
}

/// The secret in an environment variable. Neither its value nor a name that looks like a secret is
/// ever printed.
fn secret(variable: &str, endpoint: &str, notify: Notify) -> anyhow::Result<String> {
    let is_name = variable
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '_')
        && variable.len() <= 64;
    ensure!(
        is_name,
        "--key-env: give the name of an environment variable, not the key itself"
    );
    let value = std::env::var(variable)
        .ok()
        .filter(|v| !v.trim().is_empty());
    let value = value
        .context("--key-env: this environment variable is not set or empty; set it to the key")?;
    let plain = value.trim().chars().all(|c| c.is_ascii_graphic());
    ensure!(
        plain,
        "--key-env: the key in this environment variable contains spaces or special characters; set \
         it again"
    );
    let here = ["http://127.", "http://localhost", "http://[::1]"]
        .iter()
        .any(|p| endpoint.starts_with(p));
    if endpoint.starts_with("http://") && !here {
        notify("warning: the key is sent unencrypted (http); use https where you can");
    }
    Ok(value.trim().to_string())
}

fn template(a: &RecordingOptions) -> anyhow::Result<String> {
    let Some(path) = &a.template else {
        return Ok(TEMPLATE.into());
    };
    let name = path.display();
    let bytes = offload_instances::files::read_bytes(path)?;
    let text = String::from_utf8(bytes)
        .map_err(|e| anyhow::anyhow!("{name}: not UTF-8 text: {e}; save it as UTF-8"))?;
    ensure!(
        text.contains("{question}"),
        "{name}: the prompt does not contain {{question}}; add it"
    );
    // Editors end a file with a newline that does not belong to the prompt.
    Ok(text.strip_suffix('\n').unwrap_or(&text).to_string())
}

fn extra(a: &RecordingOptions) -> anyhow::Result<serde_json::Map<String, serde_json::Value>> {
    let Some(text) = &a.extra_body else {
        return Ok(serde_json::Map::new());
    };
    serde_json::from_str(text).map_err(|e| anyhow::anyhow!("--extra-body: not a JSON object: {e}"))
}

fn note(
    a: &RecordingOptions,
    large_endpoint: &str,
    plan: &AskingPlan,
    asked: &[TraceQuestion],
    extra: serde_json::Map<String, serde_json::Value>,
) -> RecordingNote {
    let mut hash = blake3::Hasher::new();
    for text in asked
        .iter()
        .flat_map(|q| [&q.context, &q.question, &q.answer])
    {
        hash.update(&(text.len() as u64).to_le_bytes())
            .update(text.as_bytes());
    }
    RecordingNote {
        format: NOTE_FORMAT.into(),
        questions: hash.finalize().to_hex().to_string(),
        template: plan.template.clone(),
        models: [
            a.model.clone().unwrap_or_default(),
            a.large_model.clone().unwrap_or_default(),
        ],
        endpoints: [a.endpoint.clone(), large_endpoint.into()],
        api: a.api.name().into(),
        sizes: [a.candidates, a.keep, a.max_tokens],
        extra,
    }
}

fn summary(
    a: &RecordingOptions,
    recorded: &Recorded,
    kept: usize,
    notify: Notify,
) -> anyhow::Result<String> {
    let path = a.output.display();
    if !recorded.silent.is_empty() {
        let shown: Vec<String> = recorded
            .silent
            .iter()
            .take(10)
            .map(ToString::to_string)
            .collect();
        let more = if recorded.silent.len() > shown.len() {
            ", ..."
        } else {
            ""
        };
        notify(&format!(
            "note: {} queries got no token from a model and were omitted: {}{more}",
            recorded.silent.len(),
            shown.join(", ")
        ));
    }
    if recorded.new + kept == 0 {
        anyhow::bail!(
            "{path}: no query was answered with a token; try --api chat or another model"
        );
    }
    let queries = offload_instances::trace::read(&a.output).map_err(anyhow::Error::msg)?;
    let mean = |f: fn(&offload_instances::trace::Query) -> f64| {
        queries.iter().map(f).sum::<f64>() / queries.len() as f64
    };
    Ok(format!(
        "{path}: {} queries ({} new); small model right in {:.1} %, {:.3} s; large model {:.1} %, \
         {:.3} s; mean uncertainty {:.3}\n\
         next: offload-bench generate --family trace --set trace={path} --users 40 -o instances",
        queries.len(),
        recorded.new,
        100.0 * mean(|q| q.small_correct),
        mean(|q| q.small_time_s),
        100.0 * mean(|q| q.large_correct),
        mean(|q| q.large_time_s),
        mean(|q| q.uncertainty),
    ))
}
