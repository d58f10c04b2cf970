//! The web console's files, and `GET /api/meta` by which an open console notices a newer server.
//!
//! Its pages have addresses of their own that only the browser understands, so whatever names no file is answered with
//! the first page: except below the addresses of the other surfaces, where a wrong one must be told, and for what looks
//! like a file. `GET /` is the console's unless it is a request of the cloud API; `POST /` never is.
//!
//! What must stay true: every answer carries the content policy, under which a page loads and asks nothing but this
//! server; only files whose names change with their content are kept without asking.

mod headers;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use yizhan_console::{Console, ConsoleError, File};

use self::headers::{protect, takes_brotli};
use crate::services::Services;

/// What the first part of a path of another surface can be. Below them nothing is a page of the console.
const OTHER_SURFACES: &[&str] = &[
    "api", "internal", "files", "device", "register", "cgi-bin", "metrics", "healthz", "readyz", "mqtt",
    "mcp",
];

/// What an open console asks now and then.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Meta {
    /// The server's version.
    version: &'static str,
    /// A name for this build of the console.
    build: String,
}

/// `GET /api/meta`, for everybody: the page on which people sign in asks for it too.
pub(crate) async fn meta(State(services): State<Arc<Services>>) -> Response {
    let console = services.console.clone();
    match on_a_thread(move || console.build()).await {
        Ok(build) => {
            let meta = Json(Meta { version: env!("CARGO_PKG_VERSION"), build });
            ([(header::CACHE_CONTROL, "no-store")], meta).into_response()
        }
        Err(answer) => answer,
    }
}

/// Answers whatever no other surface has.
pub(crate) async fn serve(State(services): State<Arc<Services>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    if !reads || OTHER_SURFACES.contains(&first) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let name = path.to_owned();
    let brotli = takes_brotli(request.headers());
    let console = services.console.clone();
    match on_a_thread(move || found(&console, &name, brotli)).await {
        Ok(Some(file)) => answer(&file, &request),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(answer) => answer,
    }
}

/// Stands before the cloud API and takes those visits to `/` that are a browser's.
pub(crate) async fn before_cloud(
    State(services): State<Arc<Services>>,
    request: Request,
    next: Next,
) -> Response {
    if is_signed_request(&request) { next.run(request).await } else { serve(State(services), request).await }
}

/// Whether a request to `/` can be meant for the cloud API: it says what it wants in its query, its headers or its body.
fn is_signed_request(request: &Request) -> bool {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return true;
    }
    let headers = request.headers();
    let query = request.uri().query().unwrap_or_default();
    let mut names = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
    headers.contains_key(header::AUTHORIZATION)
        || headers.contains_key("x-tc-action")
        || names.any(|name| matches!(name, "Action" | "SecretId" | "Signature"))
}

/// The file of this name; for an address of a page, the first page.
fn found(console: &Console, name: &str, brotli: bool) -> Result<Option<File>, ConsoleError> {
    if let Some(file) = console.file(name, brotli)? {
        return Ok(Some(file));
    }
    let is_page = !name.rsplit('/').next().unwrap_or_default().contains('.');
    is_page.then(|| console.index(brotli)).transpose()
}

/// Reading and decompressing take a moment that belongs on no thread that serves connections.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ConsoleError> + Send + 'static,
) -> Result<T, Response> {
    let failed = || StatusCode::INTERNAL_SERVER_ERROR.into_response();
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            tracing::error!(%error, "a file of the console could not be given out");
            Err(failed())
        }
        Err(_) => Err(failed()),
    }
}

fn answer(file: &File, request: &Request) -> Response {
    let known = headers::matches(request.headers(), &file.tag);
    let body = if known { Body::empty() } else { Body::from(file.bytes.clone()) };
    let mut response = Response::new(body);
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    protect(response.headers_mut());
    headers::describe(response.headers_mut(), file, !known);
    response
}
