//! What a device logged itself, handed in over HTTP (device protocol facts §3.5): as JSON with signature headers, and in
//! the older form, one block of text with its signature in front. Both prove the device with its key and keep what its
//! log level asks for. Refusals are answered with HTTP status 200, because the vendor's clients read no other body.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use yizhan_devices::Device;
use yizhan_identity::log_block::LogBlock;
use yizhan_identity::registration::request_id;
use yizhan_identity::signed_request::SignedRequest;
use yizhan_observe::Refusal;
use yizhan_store::AuthMode;
use yizhan_vocabulary::causes::AccessRefusal;
use yizhan_vocabulary::{DeviceName, ProductId};

use crate::server::Remote;
use crate::services::Services;

/// The largest upload.
pub(crate) const MAX_BODY: usize = 128 * 1024;

/// What the kits send as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Upload {
    product_id: ProductId,
    device_name: DeviceName,
    /// Three letters for lines that do not begin with their level.
    #[serde(default)]
    level: Option<String>,
    message: Lines,
}

/// A list, or one text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    Many(Vec<String>),
    One(String),
}

/// Why an upload is refused.
enum LogError {
    Malformed,
    Entry(AccessRefusal),
    Unavailable,
}

impl LogError {
    const fn parts(&self) -> (&'static str, &'static str) {
        match self {
            Self::Malformed => ("InvalidParameter", "The body is not a log of a device"),
            Self::Entry(AccessRefusal::Throttled) => {
                ("RequestLimitExceeded", "Too many failed attempts, try again later")
            }
            Self::Entry(AccessRefusal::UnknownDevice) => {
                ("ResourceNotFound.DeviceNotExist", "The device does not exist")
            }
            Self::Entry(AccessRefusal::DeviceDisabled) => ("UnauthorizedOperation", "The device is disabled"),
            Self::Entry(_) => ("AuthFailure.SignatureFailure", "The signature does not match"),
            Self::Unavailable => ("InternalError", "The log cannot be stored now, try again later"),
        }
    }
}

/// `POST /device/reportlog`.
pub(crate) async fn report(
    State(services): State<Arc<Services>>,
    Extension(remote): Extension<Remote>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let work = move || take_json(&services, remote.0, &headers, &body);
    let outcome = tokio::task::spawn_blocking(work).await.unwrap_or(Err(LogError::Unavailable));
    let id = request_id();
    let response = match outcome.map_err(|error| error.parts()) {
        Ok(()) => json!({"RequestId": id}),
        Err((code, message)) => json!({"Error": {"Code": code, "Message": message}, "RequestId": id}),
    };
    answer(&json!({ "Response": response }))
}

/// `POST /cgi-bin/report-log`. The C kit looks for `"Retcode":0`.
pub(crate) async fn report_text(
    State(services): State<Arc<Services>>,
    Extension(remote): Extension<Remote>,
    body: Bytes,
) -> Response {
    let work = move || take_text(&services, remote.0, &body);
    let outcome = tokio::task::spawn_blocking(work).await.unwrap_or(Err(LogError::Unavailable));
    match outcome.map_err(|error| error.parts()) {
        Ok(()) => answer(&json!({"Retcode": 0, "Message": ""})),
        Err((code, message)) => answer(&json!({"Retcode": 1, "Code": code, "Message": message})),
    }
}

fn answer(body: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

fn take_json(
    services: &Services,
    remote: Option<IpAddr>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), LogError> {
    let upload: Upload = serde_json::from_slice(body).map_err(|_| LogError::Malformed)?;
    let device =
        identify(services, remote, &upload.product_id, &upload.device_name, "/device/reportlog", |device| {
            let signed =
                SignedRequest::of("/device/reportlog", |name| headers.get(name)?.to_str().ok(), body);
            match (device.product().auth, device.secret()) {
                (AuthMode::Key, Some(secret)) => {
                    signed.verify(&services.hosts, secret.as_text().as_bytes()).is_ok()
                }
                _ => {
                    let now = services.clock.now();
                    services.certificates.check_request(device.id, &signed, &services.hosts, now).is_ok()
                }
            }
        })?;
    let lines = match upload.message {
        Lines::Many(lines) => lines,
        Lines::One(line) => vec![line],
    };
    keep(services, &device, lines.iter().map(String::as_str), upload.level.as_deref())
}

fn take_text(services: &Services, remote: Option<IpAddr>, body: &[u8]) -> Result<(), LogError> {
    let block = LogBlock::read(body).ok_or(LogError::Malformed)?;
    let device =
        identify(services, remote, &block.product, &block.device, "/cgi-bin/report-log", |device| {
            device.secret().is_some_and(|secret| block.is_signed_with(secret.as_text()))
        })?;
    keep(services, &device, block.lines(), None)
}

fn keep<'a>(
    services: &Services,
    device: &Arc<Device>,
    lines: impl IntoIterator<Item = &'a str>,
    level: Option<&str>,
) -> Result<(), LogError> {
    services.devices.keep_device_log(device, lines, level).map(drop).map_err(|_| LogError::Unavailable)
}

/// The device that signed an upload.
fn identify(
    services: &Services,
    remote: Option<IpAddr>,
    product: &ProductId,
    name: &DeviceName,
    place: &'static str,
    is_signed: impl FnOnce(&Device) -> bool,
) -> Result<Arc<Device>, LogError> {
    let identity = format!("{product}{name}");
    let refused = |reason: AccessRefusal| {
        services.metrics.management().access_refused(reason);
        services.metrics.refusals.push(Refusal {
            time: services.clock.now(),
            reason: reason.as_str(),
            identity: identity.clone(),
            address: remote.map(|address| address.to_string()).unwrap_or_default(),
            transport: "http",
            detail: place.to_owned(),
        });
        LogError::Entry(reason)
    };
    if remote.is_some_and(|address| services.router.is_throttled(address, &identity)) {
        return Err(refused(AccessRefusal::Throttled));
    }
    let device = services.devices.find(product, name.as_str());
    let verdict = match &device {
        None => Some(AccessRefusal::UnknownDevice),
        Some(device) if !is_signed(device) => Some(AccessRefusal::BadSignature),
        Some(_) => None,
    };
    match (verdict, device) {
        (None, Some(device)) if device.enabled() => Ok(device),
        (None, _) => Err(refused(AccessRefusal::DeviceDisabled)),
        (Some(reason), _) => {
            if let Some(address) = remote {
                services.router.note_failed_login(address, &identity);
            }
            Err(refused(reason))
        }
    }
}
