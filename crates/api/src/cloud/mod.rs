//! The vendor-compatible management API: `POST /` and `GET /` (cloud API facts §2). This is its wire only: who signed,
//! what is asked for, and the envelope of the answer. What can be asked is in `yizhan-operations`.
//!
//! Followed by a request: `body` receives it within its limits; `entry` finds out who signed it and makes it a call;
//! the operation runs; `envelope` writes the answer. Every request that is turned away here is counted under a named
//! reason and stands in the list of refusals.
//!
//! What must stay true: the answer is always HTTP 200 with exactly `application/json` and a request id, because clients
//! read nothing else (facts §2.7); requests are told apart by version and action, never by host; nothing large is
//! received for a key that does not exist.

mod body;
mod entry;
mod envelope;
mod refusal;

use std::sync::Arc;
use std::time::Duration;

use axum::Router as Routes;
use axum::extract::{DefaultBodyLimit, Extension, Request, State};
use axum::response::Response;
use axum::routing::any;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use yizhan_identity::cloud_signature::{DEFAULT_WINDOW, ReplayMemory};
use yizhan_identity::registration::request_id;
use yizhan_operations::{Class, Code, Failure, dispatch};
use yizhan_vocabulary::causes::AccessRefusal;

use self::entry::Accepted;
use self::refusal::TurnedAway;
use crate::server::Remote;
use crate::services::Services;

/// Limits of the compatible API. The sizes are the vendor's.
#[derive(Debug, Clone)]
pub struct CloudSettings {
    /// Largest JSON body, in bytes.
    pub max_json_bytes: usize,
    /// Largest form of the older signatures, in bytes.
    pub max_form_bytes: usize,
    /// Largest query, in bytes.
    pub max_query_bytes: usize,
    /// Bytes of large requests that are held at once, for all clients together.
    pub max_receiving_bytes: usize,
    /// How far a request's time may be from the server's.
    pub signature_window: Duration,
    /// Signed requests that are remembered, so that they cannot be used again.
    pub replay_entries: usize,
}

impl Default for CloudSettings {
    fn default() -> Self {
        Self {
            max_json_bytes: 10 * 1024 * 1024,
            max_form_bytes: 1024 * 1024,
            max_query_bytes: 32 * 1024,
            max_receiving_bytes: 128 * 1024 * 1024,
            signature_window: DEFAULT_WINDOW,
            replay_entries: ReplayMemory::DEFAULT_CAPACITY,
        }
    }
}

/// Forms have this part of the room for large bodies, beside it.
const FORMS_SHARE: usize = 8;

/// Where signed requests come in.
struct Entrance {
    services: Arc<Services>,
    settings: CloudSettings,
    replays: Mutex<ReplayMemory>,
    /// A permit for each [`body::UNIT`] of large bodies.
    receiving: Arc<Semaphore>,
    /// The same for forms, whose signer is known only when they are there.
    receiving_forms: Arc<Semaphore>,
}

/// The routes of the API.
pub(crate) fn routes(services: &Arc<Services>, settings: &CloudSettings) -> Routes {
    let entrance = Entrance {
        services: Arc::clone(services),
        replays: Mutex::new(ReplayMemory::new(settings.replay_entries)),
        receiving: room(settings.max_receiving_bytes),
        receiving_forms: room((settings.max_receiving_bytes / FORMS_SHARE).max(settings.max_form_bytes)),
        settings: settings.clone(),
    };
    // The limits here are finer than that of the extractor.
    Routes::new().route("/", any(answer)).layer(DefaultBodyLimit::disable()).with_state(Arc::new(entrance))
}

fn room(bytes: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(body::units(bytes) as usize))
}

async fn answer(
    State(entrance): State<Arc<Entrance>>,
    Extension(remote): Extension<Remote>,
    request: Request,
) -> Response {
    let request_id = request_id();
    match entrance.serve(remote, request, &request_id).await {
        Ok(answer) => envelope::success(&answer, &request_id),
        Err(away) => {
            entrance.note(&away, remote);
            let message = away.failure.message(away.language);
            envelope::failure(away.failure.code(), &message, &request_id)
        }
    }
}

impl Entrance {
    async fn serve(
        self: &Arc<Self>,
        remote: Remote,
        request: Request,
        request_id: &str,
    ) -> Result<String, TurnedAway> {
        let (parts, body) = request.into_parts();
        let mut received = self.receive(parts, body).await?;
        let _place = received.place.take();
        let Accepted { call, arguments, used } = self.enter(received, remote).await?;
        if let Some(used) = used {
            let people = self.services.platform.people.clone();
            // Whether it could be noted is told there.
            drop(tokio::task::spawn_blocking(move || people.note_use(&used)).await);
        }
        let caller = call.caller().clone();
        dispatch(call.clone(), arguments, request_id).await.map_err(|failure| TurnedAway {
            // An operation that refuses has been asked in the right way; only that it was not allowed is noted.
            reason: (failure.code().class() == Class::Forbidden).then_some(AccessRefusal::NotPermitted),
            failure,
            language: caller.language,
            who: caller.means.shown(),
            about: call.operation().name().to_owned(),
        })
    }

    /// Believes and reads a request; on a thread of its own when that takes long.
    async fn enter(
        self: &Arc<Self>,
        received: body::Received,
        remote: Remote,
    ) -> Result<Accepted, TurnedAway> {
        if received.is_small() {
            return self.accept(&received, remote);
        }
        let entrance = Arc::clone(self);
        let work = tokio::task::spawn_blocking(move || entrance.accept(&received, remote));
        work.await.unwrap_or_else(|_| Err(TurnedAway::failed(Failure::new(Code::InternalError))))
    }
}
