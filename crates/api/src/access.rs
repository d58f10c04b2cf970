//! Who may use the internal API: whoever can open the local socket, and whoever holds a token.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use yizhan_identity::users::hash_token;

use crate::answer::ApiError;
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
const TOUCH_EVERY_MS: i64 = 60_000;

/// Lets local requests and those with a valid token pass.
pub(crate) async fn require(State(services): State<Arc<Services>>, request: Request, next: Next) -> Response {
    if request.extensions().get::<Origin>() == Some(&Origin::Local) {
        return next.run(request).await;
    }
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim).map(str::to_owned);
    let checked = tokio::task::spawn_blocking(move || token_is_valid(&services, token.as_deref())).await;
    match checked {
        Ok(Ok(true)) => next.run(request).await,
        Ok(Ok(false)) => {
            let message = "a valid token is required; make one with: yizhan admin token create NAME";
            ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", message).into_response()
        }
        Ok(Err(error)) => error.into_response(),
        Err(_) => ApiError::internal("the request was interrupted").into_response(),
    }
}

/// Compares hashes, so the time it takes says nothing about the tokens.
fn token_is_valid(services: &Services, token: Option<&str>) -> Result<bool, ApiError> {
    let Some(token) = token else { return Ok(false) };
    let hash = hash_token(token);
    let Some(found) = services.store.tokens()?.into_iter().find(|known| known.hash == hash) else {
        return Ok(false);
    };
    let now = services.clock.now();
    if found.last_used_at.is_none_or(|at| now.0 - at.0 > TOUCH_EVERY_MS) {
        services.store.touch_token(&found.name, now)?;
    }
    Ok(true)
}
