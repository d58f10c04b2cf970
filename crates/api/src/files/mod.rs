//! `/files`: uploads and downloads through signed URLs. The signature is the whole permission, and it is checked before a
//! byte of a body is read or anything of a batch is looked up.

mod large;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use http_body_util::{BodyExt, Full};
use hyper::body::{Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use yizhan_devices::DevicesError;
use yizhan_files::{BatchFile, Draft, ResultId, UploadError, UploadId};
use yizhan_identity::signed_url::UrlRefusal;

use crate::services::Services;
use large::LargeFile;

/// All routes; each checks its URL itself.
pub(crate) fn routes() -> Router<Arc<Services>> {
    Router::new()
        .route("/files/uploads/{id}", put(upload))
        .route("/files/batches/{file}", get(batch))
        .route("/files/backups/{file}", get(backup))
        .route("/files/diagnostics/{file}", get(diagnostics))
        .route("/files/results/{file}", get(result))
}

/// Why a URL gives or takes nothing; answered as a line of text, because tools show it to people as it is.
enum Refusal {
    Url(UrlRefusal),
    Upload(UploadError),
    NotFound,
    Busy,
    Failed,
}

impl From<UploadError> for Refusal {
    fn from(error: UploadError) -> Self {
        Self::Upload(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Url(refusal) => (StatusCode::FORBIDDEN, refusal.to_string()),
            Self::Upload(error) => (status_of(&error), error.to_string()),
            Self::NotFound => (StatusCode::NOT_FOUND, "there is no such file".to_owned()),
            Self::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, "too many files are being sent; try again later".to_owned())
            }
            Self::Failed => (StatusCode::INTERNAL_SERVER_ERROR, "the file could not be made".to_owned()),
        };
        (status, format!("{text}\n")).into_response()
    }
}

fn status_of(error: &UploadError) -> StatusCode {
    match error {
        UploadError::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        UploadError::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
        UploadError::Full => StatusCode::SERVICE_UNAVAILABLE,
        UploadError::Failed(detail) => {
            tracing::error!(detail, "an upload could not be stored");
            StatusCode::INTERNAL_SERVER_ERROR
        }
        UploadError::NotHere | UploadError::NotFound => StatusCode::NOT_FOUND,
    }
}

fn check(services: &Services, request: &Request) -> Result<(), Refusal> {
    let uri = request.uri();
    let query = uri.query().unwrap_or_default();
    // Whoever may fetch a file may also ask how long it is.
    let method = if request.method() == http::Method::HEAD { "GET" } else { request.method().as_str() };
    services.platform.files.check(method, uri.path(), query).map_err(Refusal::Url)
}

async fn upload(
    State(services): State<Arc<Services>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<StatusCode, Refusal> {
    check(&services, &request)?;
    let id = UploadId::parse(&id).ok_or(Refusal::NotFound)?;
    let files = Arc::clone(&services.platform.files);
    let mut draft = on_disk(move || files.begin_upload(&id)).await?;
    let mut body = request.into_body();
    while let Some(frame) = body.frame().await {
        // The sender has gone; what came so far goes with the draft.
        let frame = frame.map_err(|error| UploadError::Failed(error.to_string()))?;
        if let Ok(bytes) = frame.into_data() {
            draft = on_disk(move || extended(draft, &bytes)).await?;
        }
    }
    on_disk(move || draft.finish()).await?;
    Ok(StatusCode::OK)
}

fn extended(mut draft: Draft, bytes: &[u8]) -> Result<Draft, UploadError> {
    draft.write(bytes)?;
    Ok(draft)
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, UploadError> + Send + 'static,
) -> Result<T, Refusal> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.unwrap_or_else(|error| Err(UploadError::Failed(error.to_string())))?)
}

async fn batch(
    State(services): State<Arc<Services>>,
    Path(file): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    check(&services, &request)?;
    let place = services.platform.files.sending_place().ok_or(Refusal::Busy)?;
    let make = {
        let file = file.clone();
        move || {
            let (id, kind) = BatchFile::named(&file).ok_or_else(no_such_file)?;
            let batches = &services.platform.batches;
            let batch = batches.batch(id)?;
            match kind {
                BatchFile::Devices => Ok(("text/csv; charset=utf-8", batches.result_csv(&batch)?)),
                BatchFile::Pictures => Ok(("application/zip", batches.result_pictures(&batch)?)),
            }
        }
    };
    let made = tokio::task::spawn_blocking(make).await.map_err(|_| Refusal::Failed)?;
    let (content_type, bytes) = made.map_err(|error: DevicesError| match error {
        DevicesError::NotFound(_) => Refusal::NotFound,
        error => {
            tracing::error!(%error, "the result of a batch could not be made");
            Refusal::Failed
        }
    })?;
    Ok(as_download(Body::new(Sent { file: Full::from(bytes), _place: place }), content_type, &file))
}

async fn backup(
    State(services): State<Arc<Services>>,
    Path(file): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    check(&services, &request)?;
    let place = services.platform.files.sending_place().ok_or(Refusal::Busy)?;
    let name = file.clone();
    let opened = tokio::task::spawn_blocking(move || {
        let found = services.platform.system.backup_file(&name)?;
        let bytes = found.metadata().ok()?.len();
        Some((found, bytes))
    });
    let (found, bytes) = opened.await.map_err(|_| Refusal::Failed)?.ok_or(Refusal::NotFound)?;
    Ok(as_download(Body::new(LargeFile::new(found, bytes, place)), "application/zstd", &file))
}

/// The file that a job has made.
async fn result(
    State(services): State<Arc<Services>>,
    Path(file): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    check(&services, &request)?;
    let place = services.platform.files.sending_place().ok_or(Refusal::Busy)?;
    let id = file.strip_suffix(".csv").and_then(ResultId::parse).ok_or(Refusal::NotFound)?;
    let platform = Arc::clone(&services.platform);
    let bytes = on_disk(move || {
        let sealed = platform.files.result(&id)?;
        let opened = platform.store.open_file(&id.to_string(), &sealed);
        let text = opened.map_err(|error| UploadError::Failed(error.to_string()))?;
        Ok(text.expose().as_bytes().to_vec())
    })
    .await?;
    let body = Body::new(Sent { file: Full::from(bytes), _place: place });
    Ok(as_download(body, "text/csv; charset=utf-8", "devices.csv"))
}

async fn diagnostics(
    State(services): State<Arc<Services>>,
    Path(file): Path<String>,
    request: Request,
) -> Result<Response, Refusal> {
    check(&services, &request)?;
    let place = services.platform.files.sending_place().ok_or(Refusal::Busy)?;
    let made = tokio::task::spawn_blocking(move || yizhan_operations::diagnostics(&services.platform));
    let bytes = made.await.map_err(|_| Refusal::Failed)?.map_err(|_| Refusal::Failed)?;
    Ok(as_download(Body::new(Sent { file: Full::from(bytes), _place: place }), "application/zip", &file))
}

/// A file that a browser stores under its name.
fn as_download(body: Body, content_type: &'static str, file: &str) -> Response {
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    // It holds keys: nothing on the way may keep it.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // The name was signed by this server, so it has no character that a header cannot.
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{file}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    answer
}

/// A file on its way out; its place is free when it is sent, or nobody takes it any more.
struct Sent {
    file: Full<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl hyper::body::Body for Sent {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.file).poll_frame(context)
    }

    fn size_hint(&self) -> SizeHint {
        self.file.size_hint()
    }
}

fn no_such_file() -> DevicesError {
    DevicesError::NotFound("there is no such file".to_owned())
}
