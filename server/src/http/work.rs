//! Requests at work: how many at once, and how one stops when nobody waits for its answer any more.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value as Json;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tokio_stream::wrappers::ReceiverStream;

use super::{Refusal, respond};
use crate::answer::{ExportQuestion, Failure, Service, Stop, Topic, Weight, export};

/// Look-ups that run at once, beside walks.
const LIGHT_AT_ONCE: usize = 8;
/// Files that are written out at once.
const EXPORTS_AT_ONCE: usize = 4;
/// How long a request waits for its turn.
const TURN_WAIT: Duration = Duration::from_secs(120);
/// Pieces of a file that wait for a slow reader.
const PIECES_WAITING: usize = 4;
/// How long a reader of a file may take nothing.
const READER_WAIT: Duration = Duration::from_secs(60);

/// What works on requests.
pub(super) struct Works {
    service: Arc<Service>,
    light: Arc<Semaphore>,
    heavy: Arc<Semaphore>,
    exports: Arc<Semaphore>,
}

/// Stops the work of a request when the request is dropped, which happens as soon as its client has gone.
struct StopOnDrop(Stop);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.now();
    }
}

impl Works {
    pub(super) fn new(service: Service, at_once: usize) -> Self {
        let semaphore = |permits| Arc::new(Semaphore::new(permits));
        Self {
            service: Arc::new(service),
            light: semaphore(LIGHT_AT_ONCE),
            heavy: semaphore(at_once.max(1)),
            exports: semaphore(EXPORTS_AT_ONCE),
        }
    }

    pub(super) fn writable(&self) -> bool {
        self.service.graph().is_writable()
    }

    /// The answer to a question, when its turn has come.
    pub(super) async fn answer(&self, topic: &'static Topic, question: Json) -> Result<Response, Refusal> {
        let stop = Stop::default();
        let guard = StopOnDrop(stop.clone());
        let permit = turn(if topic.weight == Weight::Heavy { &self.heavy } else { &self.light }).await?;
        let service = Arc::clone(&self.service);
        let work = move || {
            let _permit = permit;
            service.follow().map_err(Failure::from)?;
            let answer = topic.answer(&service.request(stop), question)?;
            Ok::<Response, Failure>(respond(StatusCode::OK, &answer))
        };
        let outcome = spawn_blocking(work).await.map_err(|_| crashed())?;
        drop(guard);
        Ok(outcome?)
    }

    /// All rows of a query as a file. Its rows are found as fast as the client takes them.
    pub(super) async fn export(&self, question: Json) -> Result<Response, Refusal> {
        let question: ExportQuestion =
            serde_json::from_value(question).map_err(|error| Failure::question(error.to_string()))?;
        let format = question.format;
        let stop = Stop::default();
        let guard = StopOnDrop(stop.clone());
        let permit = turn(&self.exports).await?;
        let (sender, mut pieces) = mpsc::channel::<Result<Bytes, Failure>>(PIECES_WAITING);
        let (service, handle) = (Arc::clone(&self.service), Handle::current());
        spawn_blocking(move || {
            let _permit = permit;
            let send = |piece| {
                let sent = handle.block_on(timeout(READER_WAIT, sender.send(piece)));
                matches!(sent, Ok(Ok(())))
            };
            let followed = service.follow().map_err(Failure::from);
            let written = followed
                .and_then(|()| export(&service.request(stop), &question, &mut |piece| send(Ok(Bytes::from(piece)))));
            if let Err(failure) = written {
                send(Err(failure));
            }
        });
        // What goes wrong before the first piece is told as an error; later, the file breaks off.
        let first = pieces.recv().await.transpose()?;
        let body = Body::from_stream(FileStream { first, rest: ReceiverStream::new(pieces), _guard: guard });
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let name = format!("attachment; filename=\"hopgraph.{}\"", format.extension());
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(header::CONTENT_DISPOSITION, name);
        }
        Ok(response)
    }
}

async fn turn(semaphore: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Refusal> {
    match timeout(TURN_WAIT, Arc::clone(semaphore).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        _ => Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "too many others are being answered; ask again")),
    }
}

fn crashed() -> Refusal {
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "the answer failed by a fault of the program")
}

/// The pieces of a file. While it lives, the work goes on.
struct FileStream {
    first: Option<Bytes>,
    rest: ReceiverStream<Result<Bytes, Failure>>,
    _guard: StopOnDrop,
}

impl tokio_stream::Stream for FileStream {
    type Item = io::Result<Bytes>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        if let Some(first) = self.first.take() {
            return std::task::Poll::Ready(Some(Ok(first)));
        }
        let next = std::pin::Pin::new(&mut self.rest).poll_next(context);
        next.map(|piece| piece.map(|piece| piece.map_err(|failure| io::Error::other(failure.message))))
    }
}
