//! Watching live: `GET /api/v1/live` as a WebSocket, and `GET /api/v1/live/events` as a stream of server-sent events for
//! where a proxy takes WebSockets apart. Both carry the same messages of one [`Watcher`].
//!
//! What must stay true: each subscription is authorised like the operations that show the same, when it is made and every
//! few seconds after; a slow reader costs a bounded amount of memory and nobody else anything; and what could not be shown
//! is counted and said.

mod places;
mod socket;
mod stream;
mod subscription;
mod watcher;

use std::sync::Arc;
use std::time::Duration;

use axum::Router as Routes;
use axum::routing::get;

use crate::services::Services;

pub(crate) use places::LivePlaces;

/// How often what has come is sent.
const FLUSH_EVERY: Duration = Duration::from_millis(100);
/// How often is looked whether everything may still be watched.
const RECHECK_EVERY: Duration = Duration::from_secs(3);

/// The routes below `/api/v1/live`.
pub(crate) fn routes() -> Routes<Arc<Services>> {
    Routes::new().route("/live", get(socket::open)).route("/live/events", get(stream::open))
}
