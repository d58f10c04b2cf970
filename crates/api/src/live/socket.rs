//! The WebSocket. Frames are tungstenite's, as under MQTT, so that there is one implementation of them in the server; the
//! answer to the upgrade is written here, because `tungstenite` would read the request from the bytes and hyper has.

use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Message, Role, WebSocketConfig};
use yizhan_identity::registration::request_id;
use yizhan_operations::{Code, Failure};

use super::places::{LivePlace, LivePlaces};
use super::watcher::Watcher;
use super::{FLUSH_EVERY, RECHECK_EVERY};
use crate::access::Identity;
use crate::console::{language, refused};
use crate::server::Held;
use crate::services::Services;

/// The longest message of a client.
const MAX_MESSAGE: usize = 16 * 1024;
/// A client that says nothing this long is asked whether it is there.
const PING_AFTER: Duration = Duration::from_secs(20);
/// A client that says nothing this long, asked or not, is gone.
const GONE_AFTER: Duration = Duration::from_secs(60);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// Takes the upgrade.
pub(super) async fn open(
    State(services): State<Arc<Services>>,
    Extension(places): Extension<Arc<LivePlaces>>,
    Extension(held): Extension<Held>,
    mut request: Request,
) -> Response {
    let language = language(request.headers());
    let Some(key) = accepted_key(request.headers()) else {
        let failure = Failure::new(Code::UnsupportedProtocol).because("this is a WebSocket of version 13");
        return refused(&failure, language, &request_id());
    };
    let Some(upgrade) = request.extensions_mut().remove::<OnUpgrade>() else {
        return refused(&Failure::new(Code::InternalError), language, &request_id());
    };
    let identity = Identity::of(&request, language);
    let (caller, place) = match admitted(&services, &identity, &places).await {
        Ok(admitted) => admitted,
        Err(failure) => return refused(&failure, language, &request_id()),
    };
    places.clients().spawn(async move {
        let Ok(upgraded) = upgrade.await else { return };
        let config = WebSocketConfig::default()
            .read_buffer_size(4 * 1024)
            .max_message_size(Some(MAX_MESSAGE))
            .max_frame_size(Some(MAX_MESSAGE));
        let io = TokioIo::new(upgraded);
        let mut socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
        let mut watcher = Watcher::new(services, identity, caller);
        let ending = serve(&mut socket, &mut watcher, &place).await;
        // The peer may be gone already.
        drop(socket.close(Some(ending)).await);
        drop(held);
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    response
}

/// Who calls, and a place for it.
pub(super) async fn admitted(
    services: &Arc<Services>,
    identity: &Identity,
    places: &Arc<LivePlaces>,
) -> Result<(yizhan_operations::Caller, LivePlace), Failure> {
    let caller = identity.caller(services).await?;
    let full = || Failure::new(Code::LimitExceeded).because("too many clients watch already");
    let place = places.take(caller.owner).ok_or_else(full)?;
    Ok((caller, place))
}

/// The answer to the key of an acceptable upgrade.
fn accepted_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let upgrade = headers.get(header::UPGRADE)?.to_str().ok()?;
    let version = headers.get(header::SEC_WEBSOCKET_VERSION)?;
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?;
    if !upgrade.eq_ignore_ascii_case("websocket") || version != "13" {
        return None;
    }
    HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()
}

/// Carries messages until one side ends it; says how.
async fn serve(socket: &mut Socket, watcher: &mut Watcher, place: &LivePlace) -> CloseFrame {
    let mut flush = interval(FLUSH_EVERY);
    flush.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut recheck = interval(RECHECK_EVERY);
    recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut heard_at, mut asked) = (Instant::now(), false);
    let mut out = Vec::new();
    loop {
        let mut allowed = true;
        tokio::select! {
            message = socket.next() => {
                (heard_at, asked) = (Instant::now(), false);
                match message {
                    Some(Ok(Message::Text(text))) => watcher.hear(text.as_str(), &mut out).await,
                    Some(Ok(Message::Binary(_))) => return frame(CloseCode::Unsupported, "messages are texts"),
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return frame(CloseCode::Normal, ""),
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                }
            }
            _ = flush.tick() => watcher.flush(&mut out),
            _ = recheck.tick() => {
                allowed = watcher.recheck(&mut out).await;
                if heard_at.elapsed() >= GONE_AFTER {
                    return frame(CloseCode::Away, "nothing was heard for a minute");
                }
                if heard_at.elapsed() >= PING_AFTER && !std::mem::replace(&mut asked, true)
                    && socket.send(Message::Ping(Vec::new().into())).await.is_err()
                {
                    return frame(CloseCode::Away, "");
                }
            }
            () = place.stopped() => return frame(CloseCode::Restart, "the server stops"),
        }
        for text in out.drain(..) {
            // A peer that takes nothing for long is ended by the stream below.
            if socket.send(Message::text(text)).await.is_err() {
                return frame(CloseCode::Away, "");
            }
        }
        if !allowed {
            return frame(CloseCode::Policy, "the session has ended");
        }
    }
}

fn frame(code: CloseCode, reason: &'static str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}
