//! Requests to a completions endpoint, again and again where that may help.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::StatusCode;

use super::response::{self, Token};
use crate::InferenceError;
use crate::model_folder::RemoteSettings;

/// How often a request is sent before it is given up.
const TRIES_MAX: u32 = 5;

/// How long to wait before the second try; each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest wait that a server may ask for.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// How many tokens are asked for in the place of the answer. Servers give fewer if they allow fewer.
const TOKENS_ASKED: u32 = 20;

/// How much of a server's complaint is repeated.
const COMPLAINT_CHARACTERS: usize = 300;

/// Sends requests to one endpoint.
pub(super) struct Client {
    agent: Agent,
    endpoint: String,
    model: String,
    key: Option<String>,
}

/// Why a try failed.
enum Failure {
    /// Another try may do better, after this time if the server names one.
    Passing { reason: String, wait: Option<Duration> },
    /// The same request will fail again.
    Lasting(String),
}

impl Client {
    /// The error says what is wrong with the settings.
    pub(super) fn new(settings: &RemoteSettings) -> Result<Self, String> {
        let read = |name: &String| {
            std::env::var(name).map_err(|_| {
                format!("the environment variable {name}, which is to hold the key of the server, is not set")
            })
        };
        let key = settings.key_variable.as_ref().map(read).transpose()?;
        let config = Agent::config_builder().timeout_global(Some(settings.timeout)).http_status_as_error(false).build();
        Ok(Self { agent: config.into(), endpoint: settings.endpoint.clone(), model: settings.model.clone(), key })
    }

    /// The most probable tokens behind a prompt.
    pub(super) fn most_probable(&self, prompt: &str) -> Result<Vec<Token>, InferenceError> {
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let reason = match self.request(prompt) {
                Ok(tokens) => return Ok(tokens),
                Err(Failure::Passing { wait: asked, .. }) if attempt < TRIES_MAX => {
                    std::thread::sleep(asked.unwrap_or(wait).min(WAIT_MAX));
                    wait *= 2;
                    continue;
                }
                Err(Failure::Passing { reason, .. }) => format!("{reason}; given up after {TRIES_MAX} tries"),
                Err(Failure::Lasting(reason)) => reason,
            };
            return Err(InferenceError::Remote { endpoint: self.endpoint.clone(), reason });
        }
        unreachable!("the loop ends by returning")
    }

    fn request(&self, prompt: &str) -> Result<Vec<Token>, Failure> {
        let body = json!({
            "model": self.model,
            "prompt": prompt,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": TOKENS_ASKED,
        });
        let mut request = self.agent.post(&self.endpoint);
        if let Some(key) = &self.key {
            request = request.header("Authorization", format!("Bearer {key}"));
        }
        let passing = |error: ureq::Error| Failure::Passing { reason: error.to_string(), wait: None };
        let mut answer = request.send_json(&body).map_err(passing)?;
        let status = answer.status();
        let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok()?.trim().parse().ok());
        let text = answer.body_mut().read_to_string().map_err(passing)?;
        if !status.is_success() {
            return Err(refusal(status, &text, wait.map(Duration::from_secs)));
        }
        let parsed: Value = serde_json::from_str(&text).map_err(|error| Failure::Passing {
            reason: format!("the answer is not JSON ({error}): {}", beginning(&text)),
            wait: None,
        })?;
        response::tokens(&parsed).map_err(|problem| Failure::Lasting(format!("{problem}: {}", beginning(&text))))
    }
}

/// Too many requests, or trouble on the server's side, may pass; all else is our own mistake.
fn refusal(status: StatusCode, text: &str, wait: Option<Duration>) -> Failure {
    let reason = format!("the server says {status}: {}", beginning(text));
    let may_pass =
        status.is_server_error() || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status);
    if may_pass { Failure::Passing { reason, wait } } else { Failure::Lasting(reason) }
}

fn beginning(text: &str) -> String {
    text.trim().chars().take(COMPLAINT_CHARACTERS).collect()
}
