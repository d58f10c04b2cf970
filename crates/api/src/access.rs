//! Who may use the internal API: whoever can open the local socket, and whoever holds a token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use yizhan_identity::users::hash_token;
use yizhan_observe::Refusal;
use yizhan_vocabulary::causes::AccessRefusal;

use crate::answer::{Answer, ApiError};
use crate::server::Remote;
use crate::services::Services;

/// How a request reached the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Through the local socket, which only the server's own user can open.
    Local,
    /// Through a network port.
    Network,
}

/// A last use is written down at most this often, in milliseconds.
const TOUCH_EVERY_MS: u64 = 60_000;

/// Lets local requests and those with a valid token pass.
pub(crate) async fn require(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    if request.extensions().get::<Origin>() == Some(&Origin::Local) {
        return next.run(request).await;
    }
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim).map(str::to_owned);
    let asked = Arc::clone(&services);
    let checked = tokio::task::spawn_blocking(move || check_token(&asked, token.as_deref())).await;
    match checked {
        Ok(Ok(Ok(()))) => next.run(request).await,
        Ok(Ok(Err(refusal))) => {
            note_refusal(&services, &request, refusal);
            let message = "a valid token is required; make one with: yizhan admin token create NAME";
            ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response()
        }
        Ok(Err(error)) => error.into_response(),
        Err(_) => ApiError::internal("the request was interrupted").into_response(),
    }
}

fn note_refusal(services: &Services, request: &Request, refusal: AccessRefusal) {
    services.metrics.management().access_refused(refusal);
    let remote = request.extensions().get::<Remote>().and_then(|remote| remote.0);
    services.metrics.refusals.push(Refusal {
        time: services.clock.now(),
        reason: refusal.as_str(),
        identity: String::new(),
        address: remote.map(|address| address.to_string()).unwrap_or_default(),
        detail: format!("{} {}", request.method(), request.uri().path()),
    });
}

/// Compares hashes, so the time it takes says nothing about the tokens.
fn check_token(services: &Services, token: Option<&str>) -> Answer<Result<(), AccessRefusal>> {
    let Some(token) = token else { return Ok(Err(AccessRefusal::MissingToken)) };
    let hash = hash_token(token);
    let Some(found) = services.store.tokens()?.into_iter().find(|known| known.hash == hash) else {
        return Ok(Err(AccessRefusal::UnknownToken));
    };
    let now = services.clock.now();
    // A clock that was set back must not stop the noting for as long as it was ahead.
    if found.last_used_at.is_none_or(|at| now.0.abs_diff(at.0) > TOUCH_EVERY_MS)
        && let Err(error) = services.store.touch_token(&found.name, now)
    {
        // The note is for people; on a full disk the token must still open the way to repair.
        tracing::warn!(token = found.name, %error, "the last use of a token could not be noted");
    }
    Ok(Ok(()))
}
