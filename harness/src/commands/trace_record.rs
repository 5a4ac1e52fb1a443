//! `trace record`: asks two live models every question.

use super::output::{CommandEnd, print, tell};
use super::values::seconds;
use offload_bench::studies::record_trace::client::Api;
use offload_bench::studies::record_trace::{RecordingOptions, record_trace};
use std::path::PathBuf;
use std::time::Duration;

/// Ask a small and a large model every question and record times, uncertainty and correctness;
/// resumes where it stopped
#[derive(clap::Args)]
pub struct Arguments {
    /// Base URL of the small model's OpenAI-compatible server, such as http://127.0.0.1:8080/v1
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// Base URL of the large model's server [default: that of the small model]
    #[arg(long, value_name = "URL")]
    large_endpoint: Option<String>,
    /// Name of the small model [default: the server's own]
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// Name of the large model [default: the server's own]
    #[arg(long, value_name = "NAME")]
    large_model: Option<String>,
    /// Questions: CSV or JSON Lines (.jsonl) with question, answer and optionally context
    #[arg(long, value_name = "FILE")]
    questions: PathBuf,
    /// Ask only the first N questions
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Prompt template with {context} and {question} [default: the paper's]
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Raw completions, as in the paper, or chat (the only one with log-probabilities in Ollama)
    #[arg(long, value_enum, default_value_t = Api::Completions)]
    api: Api,
    /// Number of most likely first tokens to request; servers may limit it (vLLM: 20 unless started
    /// with --max-logprobs)
    #[arg(long, value_name = "K", default_value_t = 30)]
    candidates: usize,
    /// Number of most likely texts to keep after merging equal ones
    #[arg(long, value_name = "K", default_value_t = 10)]
    keep: usize,
    /// Maximum number of tokens of an answer
    #[arg(long, value_name = "N", default_value_t = 5)]
    max_tokens: usize,
    /// Fields added to every request, as a JSON object, such as {"cache_prompt": false}
    #[arg(long, value_name = "JSON")]
    extra_body: Option<String>,
    /// Environment variable with the small model's key, sent as a bearer token
    #[arg(long, value_name = "VARIABLE")]
    key_env: Option<String>,
    /// Environment variable with the large model's key [default: --key-env if the server is the
    /// same]
    #[arg(long, value_name = "VARIABLE")]
    large_key_env: Option<String>,
    /// Queries in parallel; above 1 the measured times affect each other
    #[arg(long, value_name = "N", default_value_t = 1)]
    in_flight: usize,
    /// Minimum time between the starts of two requests, s
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    pause: Option<Duration>,
    /// Time limit of one request, s
    #[arg(long, value_name = "S", default_value = "120", value_parser = seconds)]
    timeout: Duration,
    /// Number of retries of a request after a temporary failure
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// Output trace (CSV); queries that it already contains are not asked again
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

pub fn run(a: &Arguments) -> anyhow::Result<CommandEnd> {
    let options = RecordingOptions {
        endpoint: a.endpoint.clone(),
        large_endpoint: a.large_endpoint.clone(),
        model: a.model.clone(),
        large_model: a.large_model.clone(),
        questions: a.questions.clone(),
        limit: a.limit,
        template: a.template.clone(),
        api: a.api,
        candidates: a.candidates,
        keep: a.keep,
        max_tokens: a.max_tokens,
        extra_body: a.extra_body.clone(),
        key_env: a.key_env.clone(),
        large_key_env: a.large_key_env.clone(),
        in_flight: a.in_flight,
        pause: a.pause,
        timeout: a.timeout,
        retries: a.retries,
        output: a.output.clone(),
    };
    print(&record_trace(&options, &tell)?)?;
    Ok(CommandEnd::Done)
}
