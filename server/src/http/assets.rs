//! The files of the page, compressed when the program was built.

use std::io::Read;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use flate2::read::GzDecoder;

use super::Refusal;

/// A file of the page.
struct Asset {
    path: &'static str,
    media_type: &'static str,
    /// With gzip.
    bytes: &'static [u8],
}

macro_rules! asset {
    ($path:literal, $file:literal, $media_type:literal) => {
        Asset {
            path: $path,
            media_type: $media_type,
            bytes: include_bytes!(concat!(env!("OUT_DIR"), "/", $file, ".gz")),
        }
    };
}

/// All of them: the page, its one script, style and worker, and the licences of what is in the script.
const ASSETS: &[Asset] = &[
    asset!("/", "index.html", "text/html; charset=utf-8"),
    asset!("/page.js", "page.js", "text/javascript; charset=utf-8"),
    asset!("/layout.js", "layout.js", "text/javascript; charset=utf-8"),
    asset!("/page.css", "page.css", "text/css; charset=utf-8"),
    asset!("/icon.svg", "icon.svg", "image/svg+xml"),
    asset!("/licences.txt", "licences.txt", "text/plain; charset=utf-8"),
];

/// The file that is asked for.
pub(super) fn answer(request: &Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "files of the page are asked with GET").response();
    }
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == request.uri().path()) else {
        return Refusal::new(StatusCode::NOT_FOUND, "there is no such file").response();
    };
    let accepted = request.headers().get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let zipped = accepted.is_some_and(|accepted| accepted.split(',').any(|one| one.trim().starts_with("gzip")));
    let body = if zipped { Body::from(asset.bytes) } else { Body::from(unzipped(asset.bytes)) };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.media_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if zipped {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    response
}

fn unzipped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    // These bytes were written by the build; they are whole.
    let _ = GzDecoder::new(bytes).read_to_end(&mut plain);
    plain
}
