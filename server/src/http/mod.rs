//! HTTP: who may ask, how many at once, and what goes back. The only place that knows it.

mod assets;
mod guard;
mod work;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::{Map, Value as Json, json};
use tokio::net::TcpListener;

use crate::answer::{Effect, Failure, FailureKind, Service, TOPICS, Topic};
use crate::limits::BODY_BYTES_MAX;
use crate::token::Token;
use guard::Guard;
use work::Works;

/// Where the API begins. The number is that of its version: within it, answers only gain fields.
const API: &str = "/api/v1";

/// How often a server looks whether it is to stop.
const STOP_EVERY: Duration = Duration::from_millis(100);
/// How long a server that stops waits for what it is answering.
const FAREWELL: Duration = Duration::from_secs(2);

/// Keys of a question in an address whose value is a text, whatever it looks like.
const TEXT_KEYS: [&str; 8] = ["q", "identifier", "before", "after", "text", "label", "from_label", "to_label"];

/// How to serve.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// The port; 0: any that is free.
    pub port: u16,
    /// An address beside the loopback one to listen on. What is sent there can be read by others on the way.
    pub listen: Option<IpAddr>,
    /// What every request to the API must know.
    pub token: Token,
    /// How many walks run at once; others wait their turn.
    pub at_once: usize,
}

/// Where a server is reached.
#[derive(Clone, Debug)]
pub struct Address {
    /// For a browser: with the token, behind `#`, so that it is sent nowhere.
    pub url: String,
    /// The socket.
    pub socket: SocketAddr,
}

/// Why a server could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The port is taken, or the address is not one of this machine.
    #[error("cannot listen on {address}: {source}; another --port may be free")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The system failed.
    #[error("the server failed: {0}")]
    Failed(#[from] io::Error),
}

/// Serves until `stop` says so. Calls `ready` once it can be reached.
///
/// # Errors
/// If it cannot listen, or the system fails.
pub fn serve(
    service: Service,
    options: &ServeOptions,
    ready: impl FnOnce(&Address),
    stop: impl Fn() -> bool + Send + 'static,
) -> Result<(), ServeError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        let address = SocketAddr::new(options.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)), options.port);
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| ServeError::Listen { address, source })?;
        let socket = listener.local_addr()?;
        let guard = Guard::new(socket, options.token.clone());
        let url = format!("http://{}/#token={}", guard.host(), options.token.reveal());
        let server = Arc::new(Server { guard, works: Works::new(service, options.at_once) });
        ready(&Address { url, socket });
        let stopped = async move {
            while !stop() {
                tokio::time::sleep(STOP_EVERY).await;
            }
        };
        let app = Router::new().fallback(answer).with_state(server);
        axum::serve(listener, app).with_graceful_shutdown(stopped).await.map_err(ServeError::from)
    });
    runtime.shutdown_timeout(FAREWELL);
    outcome
}

struct Server {
    guard: Guard,
    works: Works,
}

async fn answer(State(server): State<Arc<Server>>, request: Request) -> Response {
    let mut response = match server.guard.admit_host(request.headers()) {
        Ok(()) if request.uri().path().starts_with("/api") => match server.ask(request).await {
            Ok(response) => response,
            Err(refusal) => refusal.response(),
        },
        Ok(()) => assets::answer(&request),
        Err(refusal) => refusal.response(),
    };
    guard::add_headers(response.headers_mut());
    response
}

impl Server {
    async fn ask(&self, request: Request) -> Result<Response, Refusal> {
        self.guard.admit(request.headers())?;
        let name = request.uri().path().strip_prefix(API).map(|rest| rest.trim_matches('/'));
        let name = name.ok_or_else(|| Refusal::not_found(request.uri()))?.to_owned();
        if name.is_empty() {
            return Ok(respond(StatusCode::OK, &index()));
        }
        let effect = match name.as_str() {
            "export" => Effect::MayWrite,
            other => self::topic(other).ok_or_else(|| Refusal::not_found(request.uri()))?.effect,
        };
        let writes = effect == Effect::Writes || (effect == Effect::MayWrite && self.works.writable());
        let question = if request.method() == Method::POST {
            self.guard.admit_post(request.headers(), writes)?;
            body(request).await?
        } else if request.method() == Method::GET && !writes {
            from_address(request.uri())?
        } else {
            return Err(Refusal::method(writes));
        };
        match topic(&name) {
            Some(topic) => self.works.answer(topic, question).await,
            None => self.works.export(question).await,
        }
    }
}

fn topic(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}

/// What there is to ask.
fn index() -> Json {
    let topics = TOPICS.iter().map(|topic| {
        let writes = topic.effect == Effect::Writes;
        json!({ "address": format!("{API}/{}", topic.name), "purpose": topic.purpose, "writes": writes })
    });
    let export = json!({
        "address": format!("{API}/export"),
        "purpose": "All rows of a query as csv, jsonl, arrow or parquet.",
        "writes": false,
    });
    json!({
        "program": concat!("hopgraph ", env!("CARGO_PKG_VERSION")),
        "version": 1,
        "topics": topics.chain([export]).collect::<Vec<_>>(),
    })
}

async fn body(request: Request) -> Result<Json, Refusal> {
    let bytes = to_bytes(request.into_body(), BODY_BYTES_MAX).await.map_err(|_| {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, format!("a question has at most {} MiB", BODY_BYTES_MAX >> 20))
    })?;
    let text = if bytes.is_empty() { b"{}" } else { &bytes[..] };
    serde_json::from_slice(text).map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, format!("not JSON: {error}")))
}

/// A question in an address: `?q=brca&limit=5`. What reads as JSON is taken as such, but for texts.
fn from_address(uri: &Uri) -> Result<Json, Refusal> {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let Query(pairs) = pairs.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let mut map = Map::new();
    for (key, value) in pairs {
        let text = TEXT_KEYS.contains(&key.as_str());
        let json = if text { None } else { serde_json::from_str(&value).ok() };
        map.insert(key, json.unwrap_or(Json::String(value)));
    }
    Ok(Json::Object(map))
}

/// Why a request is not answered.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    error: Json,
}

impl Refusal {
    fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self { status, error: json!({ "kind": "refused", "message": message, "help": null, "place": null }) }
    }

    fn not_found(uri: &Uri) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no {}; {API} lists what there is", uri.path()))
    }

    fn method(writes: bool) -> Self {
        let allowed = if writes { "POST" } else { "GET or POST" };
        Self::new(StatusCode::METHOD_NOT_ALLOWED, format!("this is asked with {allowed}"))
    }

    fn response(self) -> Response {
        respond(self.status, &json!({ "error": self.error }))
    }
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let status = match failure.kind {
            FailureKind::Question => StatusCode::BAD_REQUEST,
            FailureKind::Missing => StatusCode::NOT_FOUND,
            FailureKind::ReadOnly => StatusCode::FORBIDDEN,
            FailureKind::Limit => StatusCode::UNPROCESSABLE_ENTITY,
            FailureKind::Stopped => StatusCode::SERVICE_UNAVAILABLE,
            FailureKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, error: failure.json() }
    }
}

fn respond(status: StatusCode, json: &Json) -> Response {
    let mut response = Response::new(Body::from(json.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
