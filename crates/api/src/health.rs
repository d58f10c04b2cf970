//! Whether the server lives, whether it can do its work, and its metrics.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::services::Services;

/// The process runs and answers.
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// The server can accept what devices report.
pub(crate) async fn ready(State(services): State<Arc<Services>>) -> Response {
    match services.journal.accepting() {
        Ok(()) => "ready\n".into_response(),
        Err(refused) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {refused}\n")).into_response(),
    }
}

/// Prometheus' text format.
pub(crate) async fn metrics(State(services): State<Arc<Services>>) -> Response {
    let text = services.platform.system.metrics_text();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}
