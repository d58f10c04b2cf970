//! The same messages as server-sent events, for where WebSockets do not get through. What is watched stands in the
//! address: `?Subscribe=` with one subscription or a list of them; their ids are 1, 2 and so on.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use yizhan_identity::registration::request_id;
use yizhan_operations::{Code, Failure};

use super::places::{LivePlace, LivePlaces};
use super::socket::admitted;
use super::watcher::Watcher;
use super::{FLUSH_EVERY, RECHECK_EVERY};
use crate::access::Identity;
use crate::console::{language, refused};
use crate::services::Services;

/// Without events, a comment is sent this often, so that proxies do not think that nothing will come.
const COMMENT_AFTER: Duration = Duration::from_secs(15);
/// The longest text of what is watched.
const MAX_SUBSCRIBE: usize = 8 * 1024;

/// What is watched.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Asked {
    subscribe: String,
}

/// Begins the stream.
pub(super) async fn open(
    State(services): State<Arc<Services>>,
    Extension(places): Extension<Arc<LivePlaces>>,
    asked: Result<Query<Asked>, QueryRejection>,
    request: Request,
) -> Response {
    let language = language(request.headers());
    let identity = Identity::of(&request, language);
    let begun = async {
        let wanted = read(asked.ok().map(|Query(asked)| asked.subscribe).as_deref())?;
        let (caller, place) = admitted(&services, &identity, &places).await?;
        let mut watcher = Watcher::new(Arc::clone(&services), identity.clone(), caller);
        let mut first = Vec::new();
        for (id, request) in (1..).zip(wanted) {
            watcher.subscribe(id, request, &mut first).await;
        }
        Ok((watcher, place, first))
    };
    let (watcher, place, first) = match begun.await {
        Ok(begun) => begun,
        Err(failure) => return refused(&failure, language, &request_id()),
    };
    // One message waits here; the others wait in the bounded queues.
    let (sender, receiver) = mpsc::channel(1);
    places.clients().spawn(serve(watcher, place, first, sender));
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would collect the events otherwise.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::new(Events(receiver))).into_response()
}

fn read(text: Option<&str>) -> Result<Vec<Value>, Failure> {
    let text = text.ok_or_else(|| Failure::new(Code::MissingParameter).because("Subscribe"))?;
    if text.len() > MAX_SUBSCRIBE {
        return Err(Failure::new(Code::RequestSizeLimitExceeded));
    }
    match serde_json::from_str(text) {
        Ok(Value::Array(list)) => Ok(list),
        Ok(one) => Ok(vec![one]),
        Err(error) => Err(Failure::new(Code::InvalidRequest).because(error.to_string())),
    }
}

/// Sends until the client is gone, may watch nothing any more, or the server stops.
async fn serve(mut watcher: Watcher, place: LivePlace, mut out: Vec<String>, sender: mpsc::Sender<Bytes>) {
    let mut flush = interval(FLUSH_EVERY);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut recheck = interval(RECHECK_EVERY);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said_at = Instant::now();
    let mut allowed = true;
    loop {
        for text in out.drain(..) {
            said_at = Instant::now();
            if sender.send(format!("data: {text}\n\n").into()).await.is_err() {
                return;
            }
        }
        if !allowed {
            return;
        }
        tokio::select! {
            _ = flush.tick() => watcher.flush(&mut out),
            _ = recheck.tick() => {
                allowed = watcher.recheck(&mut out).await;
                if said_at.elapsed() >= COMMENT_AFTER {
                    said_at = Instant::now();
                    if sender.send(Bytes::from_static(b":\n\n")).await.is_err() {
                        return;
                    }
                }
            }
            () = sender.closed() => return,
            () = place.stopped() => return,
        }
    }
}

/// The body of the answer.
struct Events(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0.poll_recv(cx).map(|text| text.map(|text| Ok(Frame::data(text))))
    }
}
