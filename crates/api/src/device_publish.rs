//! `POST /device/publish`: a device's message over HTTP, signed with its key (device protocol facts §3.6). Refusals are
//! answered with HTTP status 200, because the vendor's clients never read the body of anything else.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use yizhan_devices::Device;
use yizhan_identity::registration::request_id;
use yizhan_identity::signed_request::{SignatureRefusal, SignedRequest};
use yizhan_mqtt::filter::TopicName;
use yizhan_mqtt::{Message, QoS};
use yizhan_observe::Refusal;
use yizhan_store::AuthMode;
use yizhan_vocabulary::causes::{AccessRefusal, DropReason};
use yizhan_vocabulary::{DeviceName, ProductId};

use crate::server::Remote;
use crate::services::Services;

/// The largest body: a payload of the largest size, with every byte escaped.
pub(crate) const MAX_BODY: usize = 512 * 1024;

/// What the kits send.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Publication {
    product_id: ProductId,
    device_name: DeviceName,
    topic_name: String,
    payload: String,
    /// A number, or the text of one.
    #[serde(default)]
    qos: Value,
    /// `base64` or nothing.
    #[serde(default)]
    payload_encoding: String,
}

/// Why a publication is refused: the vendor's code and a message.
struct PublishError {
    code: &'static str,
    message: &'static str,
    /// Who was refused entry, as opposed to a message that was refused; those are counted where they are dropped.
    access: Option<AccessRefusal>,
}

impl PublishError {
    const fn entry(access: AccessRefusal, code: &'static str, message: &'static str) -> Self {
        Self { code, message, access: Some(access) }
    }

    const fn message(code: &'static str, message: &'static str) -> Self {
        Self { code, message, access: None }
    }
}

const MALFORMED: PublishError = PublishError::message(
    "InvalidParameter",
    "The body needs ProductId, DeviceName, TopicName, Payload and perhaps Qos 0 or 1 and PayloadEncoding base64",
);
const UNAVAILABLE: PublishError =
    PublishError::message("InternalError", "The message cannot be stored now, try again later");

impl From<SignatureRefusal> for PublishError {
    fn from(refusal: SignatureRefusal) -> Self {
        let message = match refusal {
            SignatureRefusal::MalformedHeaders => "A signature header is missing or malformed",
            SignatureRefusal::UnknownAlgorithm => "The signature algorithm is not supported for this device",
            SignatureRefusal::BadSignature => "The signature does not match",
        };
        Self::entry(AccessRefusal::BadSignature, "AuthFailure.SignatureFailure", message)
    }
}

impl From<DropReason> for PublishError {
    fn from(reason: DropReason) -> Self {
        match reason {
            DropReason::NotAuthorized => Self::message(
                "UnauthorizedOperation",
                "The device may not publish to this topic; see its diagnostic log",
            ),
            DropReason::PayloadTooLarge => {
                Self::message("InvalidParameterValue", "The payload is larger than the platform allows")
            }
            DropReason::RateExceeded => {
                Self::message("RequestLimitExceeded", "The device publishes more often than it may")
            }
            _ => UNAVAILABLE,
        }
    }
}

pub(crate) async fn publish(
    State(services): State<Arc<Services>>,
    Extension(remote): Extension<Remote>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let work = move || take(&services, remote.0, &headers, &body);
    let outcome = tokio::task::spawn_blocking(work).await.unwrap_or(Err(UNAVAILABLE));
    let id = request_id();
    let response = match outcome {
        Ok(()) => json!({"RequestId": id}),
        Err(error) => json!({"Error": {"Code": error.code, "Message": error.message}, "RequestId": id}),
    };
    let text = json!({"Response": response}).to_string();
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

fn take(
    services: &Services,
    remote: Option<IpAddr>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), PublishError> {
    let publication: Publication = serde_json::from_slice(body).map_err(|_| MALFORMED)?;
    let identity = format!("{}{}", publication.product_id, publication.device_name);
    let device = identify(services, remote, headers, body, &publication, &identity)
        .inspect_err(|error| note_refusal(services, remote, identity, error))?;
    let message = message_of(publication).ok_or(MALFORMED)?;
    Ok(services.router.publish_as_device(&device, &message)?)
}

/// Who published: the device whose key or certificate signed the request.
fn identify(
    services: &Services,
    remote: Option<IpAddr>,
    headers: &HeaderMap,
    body: &[u8],
    publication: &Publication,
    identity: &str,
) -> Result<Arc<Device>, PublishError> {
    if remote.is_some_and(|address| services.router.is_throttled(address, identity)) {
        let message = "Too many failed attempts, try again later";
        return Err(PublishError::entry(AccessRefusal::Throttled, "RequestLimitExceeded", message));
    }
    let device = services.devices.find(&publication.product_id, publication.device_name.as_str());
    let verdict = match &device {
        Some(device) => check_signature(services, device, headers, body),
        None => {
            let message = "The device does not exist";
            Err(PublishError::entry(AccessRefusal::UnknownDevice, "ResourceNotFound.DeviceNotExist", message))
        }
    };
    match (verdict, device) {
        (Ok(()), Some(device)) if device.enabled() => Ok(device),
        (Ok(()), _) => {
            let message = "The device is disabled";
            Err(PublishError::entry(AccessRefusal::DeviceDisabled, "UnauthorizedOperation", message))
        }
        (Err(error), _) => {
            if let Some(address) = remote {
                services.router.note_failed_login(address, identity);
            }
            Err(error)
        }
    }
}

fn check_signature(
    services: &Services,
    device: &Device,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), PublishError> {
    let signed = SignedRequest::of("/device/publish", |name| headers.get(name)?.to_str().ok(), body);
    match (device.product().auth, device.secret()) {
        (AuthMode::Key, Some(secret)) => signed.verify(&services.hosts, secret.as_text().as_bytes())?,
        _ => {
            services.certificates.check_request(device.id, &signed, &services.hosts, services.clock.now())?;
        }
    }
    Ok(())
}

fn message_of(publication: Publication) -> Option<Message> {
    TopicName::check(&publication.topic_name).ok()?;
    let qos = match &publication.qos {
        Value::Null => 0,
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let qos = [QoS::AtMostOnce, QoS::AtLeastOnce].get(usize::try_from(qos).ok()?).copied()?;
    let payload = match publication.payload_encoding.as_str() {
        "" => publication.payload.into_bytes(),
        encoding if encoding.eq_ignore_ascii_case("base64") => STANDARD.decode(&publication.payload).ok()?,
        _ => return None,
    };
    Some(Message::new(publication.topic_name, payload, qos))
}

fn note_refusal(services: &Services, remote: Option<IpAddr>, identity: String, error: &PublishError) {
    let Some(refusal) = error.access else { return };
    services.metrics.management().access_refused(refusal);
    services.metrics.refusals.push(Refusal {
        time: services.clock.now(),
        reason: refusal.as_str(),
        identity,
        address: remote.map(|address| address.to_string()).unwrap_or_default(),
        transport: "http",
        detail: format!("/device/publish: {}", error.message),
    });
}
