//! Whether the server lives, whether it can do its work, and its metrics.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use yizhan_observe::Gauge;

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
    let text = services.metrics.render(&gauges(&services));
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

fn gauges(services: &Services) -> Vec<Gauge> {
    let gauge = |name, help, value: f64| Gauge { name, help, value };
    let [full, handshakes, rate] = services.admission.refusals();
    let (retained, retained_bytes) = services.router.retained_size();
    let journal = services.journal.stats();
    vec![
        gauge("yizhan_connections", "Connections open now.", services.admission.open() as f64),
        gauge(
            "yizhan_sessions",
            "Sessions known now, connected or kept.",
            services.router.session_count() as f64,
        ),
        gauge(
            "yizhan_subscriptions",
            "Subscriptions outside the platform topics.",
            services.router.subscription_count() as f64,
        ),
        gauge("yizhan_retained_messages", "Retained messages.", retained as f64),
        gauge("yizhan_retained_bytes", "Bytes of retained messages.", retained_bytes as f64),
        gauge("yizhan_devices", "Devices registered.", services.devices.device_count() as f64),
        gauge(
            "yizhan_commands_outstanding",
            "Commands that have not ended.",
            services.devices.outstanding_commands() as f64,
        ),
        gauge(
            "yizhan_accepts_refused_full_total",
            "Connections not taken because the server was full.",
            full as f64,
        ),
        gauge(
            "yizhan_accepts_refused_handshakes_total",
            "Connections not taken because of unfinished handshakes.",
            handshakes as f64,
        ),
        gauge(
            "yizhan_accepts_refused_rate_total",
            "Connections not taken because of their rate.",
            rate as f64,
        ),
        gauge("yizhan_journal_commits_total", "Commits of the log.", journal.commits as f64),
        gauge("yizhan_journal_log_bytes_total", "Bytes written to the log.", journal.log_bytes as f64),
        gauge(
            "yizhan_journal_refused_disk_full_total",
            "Batches refused because the disk is full.",
            journal.refused_disk_full as f64,
        ),
        gauge(
            "yizhan_journal_refused_backlog_total",
            "Batches refused because too much waited.",
            journal.refused_backlog as f64,
        ),
        gauge(
            "yizhan_journal_free_bytes",
            "Free bytes of the journal's file system.",
            journal.free_bytes as f64,
        ),
        gauge("yizhan_journal_bytes", "Bytes the journal takes on disk.", journal.disk_bytes as f64),
    ]
}
