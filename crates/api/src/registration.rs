//! Dynamic registration over HTTP, the new form and the old one (device protocol facts §3.1 to §3.4). Refusals are
//! answered with HTTP status 200, because the vendor's clients never read the body of anything else.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use yizhan_devices::RegistrationError as Rule;
use yizhan_identity::registration::{
    Credentials, EncryptedPayload, NewRequest, OldRequest, RegistrationError, new_style_error,
    new_style_success, old_style_error, old_style_success, request_id,
};
use yizhan_identity::secret::{DeviceSecret, ProductSecret};
use yizhan_identity::signed_request::SignedRequest;
use yizhan_vocabulary::{DeviceName, ProductId};

use crate::server::Remote;
use crate::services::Services;

/// `POST /device/register`.
pub(crate) async fn new_style(
    State(services): State<Arc<Services>>,
    Extension(remote): Extension<Remote>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let outcome = blocking(move || register_new(&services, remote.0, &headers, &body)).await;
    let id = request_id();
    json(match outcome {
        Ok(payload) => new_style_success(&payload, &id),
        Err(error) => new_style_error(error, &id),
    })
}

/// `POST /register/dev`.
pub(crate) async fn old_style(
    State(services): State<Arc<Services>>,
    Extension(remote): Extension<Remote>,
    body: Bytes,
) -> Response {
    let outcome = blocking(move || register_old(&services, remote.0, &body)).await;
    json(match outcome {
        Ok(payload) => old_style_success(&payload),
        Err(error) => old_style_error(error),
    })
}

fn json(text: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], text).into_response()
}

async fn blocking(
    work: impl FnOnce() -> Result<EncryptedPayload, RegistrationError> + Send + 'static,
) -> Result<EncryptedPayload, RegistrationError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(RegistrationError::Unavailable))
}

fn register_new(
    services: &Services,
    remote: Option<IpAddr>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<EncryptedPayload, RegistrationError> {
    let request = NewRequest::parse(body)?;
    let field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signed = SignedRequest {
        path: "/device/register",
        host: headers.get(header::HOST).and_then(|value| value.to_str().ok()),
        algorithm: field("x-tc-algorithm"),
        timestamp: field("x-tc-timestamp"),
        nonce: field("x-tc-nonce"),
        signature: field("x-tc-signature"),
        body,
    };
    let verify = |secret: &ProductSecret| {
        signed.verify(&services.hosts, secret.as_text().as_bytes()).map_err(RegistrationError::from)
    };
    register(services, remote, &request.product_id, &request.device_name, verify)
}

fn register_old(
    services: &Services,
    remote: Option<IpAddr>,
    body: &[u8],
) -> Result<EncryptedPayload, RegistrationError> {
    let request = OldRequest::parse(body)?;
    let verify = |secret: &ProductSecret| request.verify(secret);
    register(services, remote, &request.product_id, &request.device_name, verify)
}

/// Checks the signature with the product's secret, then the rules, then hands out what the device needs.
fn register(
    services: &Services,
    remote: Option<IpAddr>,
    product: &ProductId,
    name: &DeviceName,
    verify: impl FnOnce(&ProductSecret) -> Result<(), RegistrationError>,
) -> Result<EncryptedPayload, RegistrationError> {
    let identity = format!("{product}{name}");
    if let Some(address) = remote
        && services.router.is_throttled(address, &identity)
    {
        return Err(RegistrationError::TooManyRequests);
    }
    let known = services.devices.product(product).ok_or(RegistrationError::UnknownProduct)?;
    let secret =
        ProductSecret::parse(known.settings().secret.expose()).map_err(|_| RegistrationError::Unavailable)?;
    if let Err(error) = verify(&secret) {
        if let Some(address) = remote {
            services.router.note_failed_login(address, &identity);
        }
        return Err(error);
    }
    if !known.enabled() {
        return Err(RegistrationError::ProductDisabled);
    }
    let enrolled = services.devices.register(product, name).map_err(refusal)?;
    let device = DeviceSecret::parse(&enrolled.secret).map_err(|_| RegistrationError::Unavailable)?;
    Ok(Credentials::Key(&device).encrypt(&secret))
}

fn refusal(rule: Rule) -> RegistrationError {
    match rule {
        Rule::UnknownProduct => RegistrationError::UnknownProduct,
        Rule::NotEnabled | Rule::WrongAuthMode => RegistrationError::RegistrationOff,
        Rule::UnknownDevice => RegistrationError::UnknownDevice,
        Rule::QuotaReached => RegistrationError::QuotaExhausted,
        Rule::Activated => RegistrationError::AlreadyActivated,
        Rule::Disabled => RegistrationError::DeviceDisabled,
        Rule::Unavailable => RegistrationError::Unavailable,
    }
}
