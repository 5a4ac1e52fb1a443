//! Sends prompts to one model behind an OpenAI-compatible server, one at a time, and retries after
//! temporary failures.

use super::answer::{self, ModelReply};
use super::pace::RequestPace;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Wait before the first retry, s; it doubles with every retry.
const FIRST_WAIT_S: f64 = 0.5;
/// Longest wait before a retry, s, whatever a server's Retry-After header requests.
const LONGEST_WAIT_S: f64 = 60.0;
/// Longest reply that is read, bytes.
const MOST_BYTES: u64 = 16 << 20;
/// Most characters of a server's error message that are shown.
const MESSAGE: usize = 400;

/// Which interface of the server is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Api {
    /// `/completions`: the prompt as it is, as in the paper
    Completions,
    /// `/chat/completions`: the prompt as one user message, in the model's own chat template
    Chat,
}

impl Api {
    /// The name used on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Api::Completions => "completions",
            Api::Chat => "chat",
        }
    }
}

/// Address of a model and options of its requests.
pub struct ClientSettings {
    /// Base URL, such as `http://127.0.0.1:8080/v1`.
    pub endpoint: String,
    /// The model's name on the server; `None` = the server's default.
    pub model: Option<String>,
    /// The secret that is sent as a bearer token, from the environment; never printed.
    pub key: Option<String>,
    /// The interface.
    pub api: Api,
    /// Maximum number of tokens of an answer.
    pub max_tokens: usize,
    /// Time limit of one request including the answer.
    pub timeout: Duration,
    /// Number of retries of a request after a temporary failure.
    pub retries: u32,
    /// Fields added to every request.
    pub extra: Map<String, Value>,
}

/// Why a request failed. The text names the server and contains no secret.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Failure(String);

/// A client for one model.
pub struct Client {
    settings: ClientSettings,
    agent: ureq::Agent,
    pace: Arc<RequestPace>,
}

/// Result of one attempt.
enum Tried {
    Answer(ModelReply),
    /// A temporary failure: the reason, and the wait that the server asks for, s.
    Later(String, Option<f64>),
    Refused(String),
}

impl Client {
    /// A client that respects `pace`.
    #[must_use]
    pub fn new(settings: ClientSettings, pace: Arc<RequestPace>) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(settings.timeout))
            .http_status_as_error(false)
            // A redirect would send the prompt, and possibly the key, to a different server.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("offload-bench/", env!("CARGO_PKG_VERSION")))
            .build();
        Client {
            settings,
            agent: config.into(),
            pace,
        }
    }

    /// Sends a prompt, decoded greedily, and asks for the `candidates` most likely tokens at the
    /// first position. Retries after status 408, 429, 500, 502, 503, 504 and broken connections.
    /// The wait starts at 0.5 s and doubles each time (or follows Retry-After), up to 60 s.
    ///
    /// # Errors
    /// If the server refuses the request, or does not answer within the allowed attempts.
    pub fn ask(&self, prompt: &str, candidates: usize) -> Result<ModelReply, Failure> {
        let body = self.body(prompt, candidates);
        let mut wait = FIRST_WAIT_S;
        let mut last = String::new();
        for attempt in 0..=self.settings.retries {
            if attempt > 0 {
                std::thread::sleep(Duration::from_secs_f64(wait.min(LONGEST_WAIT_S)));
            }
            self.pace.wait();
            match self.send(&body) {
                Tried::Answer(reply) => return Ok(reply),
                Tried::Refused(why) => return Err(self.failure(&why)),
                Tried::Later(why, asked) => {
                    wait = asked.unwrap_or((2.0 * wait).min(LONGEST_WAIT_S));
                    last = why;
                }
            }
        }
        Err(self.failure(&format!(
            "{last}; tried {} times; check that the server is running",
            self.settings.retries + 1
        )))
    }

    fn url(&self) -> String {
        let path = match self.settings.api {
            Api::Completions => "completions",
            Api::Chat => "chat/completions",
        };
        format!("{}/{path}", self.settings.endpoint.trim_end_matches('/'))
    }

    fn body(&self, prompt: &str, candidates: usize) -> Vec<u8> {
        let mut body = match self.settings.api {
            Api::Completions => json!({ "prompt": prompt, "logprobs": candidates }),
            Api::Chat => {
                json!({ "messages": [{ "role": "user", "content": prompt }], "logprobs": true, "top_logprobs": candidates })
            }
        };
        body["max_tokens"] = json!(self.settings.max_tokens);
        body["temperature"] = json!(0);
        if let Some(model) = &self.settings.model {
            body["model"] = json!(model);
        }
        for (name, value) in &self.settings.extra {
            body[name] = value.clone();
        }
        body.to_string().into_bytes()
    }

    fn send(&self, body: &[u8]) -> Tried {
        let mut request = self
            .agent
            .post(self.url())
            .header("Content-Type", "application/json");
        if let Some(key) = &self.settings.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let start = Instant::now();
        let mut response = match request.send(body) {
            Ok(response) => response,
            Err(e) => return Self::broken(&e),
        };
        let status = response.status().as_u16();
        let after = response
            .headers()
            .get("retry-after")
            .and_then(|v| v.to_str().ok()?.trim().parse::<f64>().ok());
        let after = after.filter(|s| s.is_finite() && *s >= 0.0);
        let read = response
            .body_mut()
            .with_config()
            .limit(MOST_BYTES)
            .read_to_vec();
        let time_s = start.elapsed().as_secs_f64();
        let bytes = match read {
            Ok(bytes) => bytes,
            Err(e) => return Self::broken(&e),
        };
        match status {
            200..=299 => match answer::parse(&bytes, time_s) {
                Ok(reply) => Tried::Answer(reply),
                Err(why) => Tried::Refused(why),
            },
            408 | 429 | 500 | 502 | 503 | 504 => {
                Tried::Later(format!("status {status}: {}", message(&bytes)), after)
            }
            301..=308 => Tried::Refused(format!(
                "status {status}: the server redirects to another address; give that one"
            )),
            401 | 403 => Tried::Refused(format!(
                "status {status}: {}; check --key-env",
                message(&bytes)
            )),
            404 => Tried::Refused(format!(
                "status {status}: {}; check the URL (it often ends in /v1) and the model",
                message(&bytes)
            )),
            _ => Tried::Refused(format!("status {status}: {}", message(&bytes))),
        }
    }

    /// A broken connection or a time-out may succeed on retry; an invalid request will not.
    fn broken(error: &ureq::Error) -> Tried {
        use ureq::Error as E;
        match error {
            E::BadUri(_) | E::Http(_) | E::BodyExceedsLimit(_) | E::Tls(_) | E::InvalidProxyUrl => {
                Tried::Refused(error.to_string())
            }
            _ => Tried::Later(error.to_string(), None),
        }
    }

    fn failure(&self, why: &str) -> Failure {
        let text = format!("{}: {why}", self.url());
        // The server's message may repeat the key.
        let text = match &self.settings.key {
            Some(key) if !key.is_empty() => text.replace(key.as_str(), "(key)"),
            _ => text,
        };
        Failure(text)
    }
}

/// The server's error message, as a single line.
fn message(body: &[u8]) -> String {
    let parsed: Option<Value> = serde_json::from_slice(body).ok();
    let inner = parsed.as_ref().and_then(|v| {
        ["/error/message", "/message", "/error", "/detail"]
            .iter()
            .find_map(|place| v.pointer(place)?.as_str())
    });
    let text = inner.map_or_else(
        || String::from_utf8_lossy(body).into_owned(),
        str::to_string,
    );
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MESSAGE)
        .collect();
    if line.trim().is_empty() {
        "no message".into()
    } else {
        line.trim().to_string()
    }
}
