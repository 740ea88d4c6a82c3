//! Who may ask. A page of another site can make a browser send requests here, by a name that it makes lead to this
//! machine (DNS rebinding) or across origins; another user of the machine can reach the port. None of them gets in.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::Refusal;
use crate::token::Token;

/// What a page may load: its own files, and nothing else. Styles are set from scripts, never inline.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                              worker-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                              frame-ancestors 'none'";

const HEADERS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Adds to every answer what keeps a browser from doing more with it than was meant.
pub(super) fn add_headers(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// What is asked of a request before it is read.
pub(super) struct Guard {
    socket: SocketAddr,
    token: Token,
}

impl Guard {
    pub(super) fn new(socket: SocketAddr, token: Token) -> Self {
        Self { socket, token }
    }

    /// The name and port by which a browser on this machine reaches the server.
    pub(super) fn host(&self) -> String {
        let ip = self.socket.ip();
        if ip.is_unspecified() { format!("127.0.0.1:{}", self.socket.port()) } else { self.socket.to_string() }
    }

    /// Lets in whom names this server: a foreign name that leads here is the sign of DNS rebinding.
    pub(super) fn admit_host(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut hosts = headers.get_all(header::HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok()).unwrap_or_default();
        if hosts.next().is_none() && self.is_own(host) {
            return Ok(());
        }
        Err(Refusal::new(
            StatusCode::MISDIRECTED_REQUEST,
            format!("this server is http://{}, and answers under that name only", self.host()),
        ))
    }

    fn is_own(&self, host: &str) -> bool {
        let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
        if port != self.socket.port().to_string() {
            return false;
        }
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) if address.is_loopback() => ["127.0.0.1", "[::1]"].contains(&name),
            // An address in figures cannot be made to lead elsewhere.
            Ok(address) => self.socket.ip() == address || self.socket.ip().is_unspecified(),
            Err(_) => name.eq_ignore_ascii_case("localhost"),
        }
    }

    /// Lets in who knows the token and, if a browser says where it comes from, comes from this server's own page.
    pub(super) fn admit(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let foreign = || Refusal::new(StatusCode::FORBIDDEN, "this server is not asked from pages of other sites");
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        if site.is_some_and(|site| site != b"same-origin" && site != b"none") {
            return Err(foreign());
        }
        if headers.contains_key(header::ORIGIN) && !Self::is_from_own_page(headers) {
            return Err(foreign());
        }
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        if self.token.is(given) {
            return Ok(());
        }
        let message = "the token is missing or wrong: open the address that `hopgraph serve` printed, or send its \
                       token as `Authorization: Bearer ...`";
        Err(Refusal::new(StatusCode::UNAUTHORIZED, message))
    }

    /// A page of another site can post forms and plain text without asking, but not JSON; and what writes must say that it
    /// comes from here.
    pub(super) fn admit_post(&self, headers: &HeaderMap, writes: bool) -> Result<(), Refusal> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        if !essence.eq_ignore_ascii_case("application/json") {
            let message = "a question is posted as `Content-Type: application/json`";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
        if writes && !Self::is_from_own_page(headers) {
            let message = format!("what writes is sent with `Origin: http://{}`", self.host());
            return Err(Refusal::new(StatusCode::FORBIDDEN, message));
        }
        Ok(())
    }

    /// Whether the origin is that of this server, under the name that was admitted.
    fn is_from_own_page(headers: &HeaderMap) -> bool {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let (origin, host) = (text(header::ORIGIN), text(header::HOST));
        origin.and_then(|origin| origin.strip_prefix("http://")).is_some_and(|origin| Some(origin) == host)
    }
}
