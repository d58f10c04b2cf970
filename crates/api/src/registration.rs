//! Dynamic registration over HTTP, the new form and the old one (device protocol facts §3.1 to §3.4). Refusals are
//! answered with HTTP status 200, because the vendor's clients never read the body of anything else.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use yizhan_devices::Device;
use yizhan_identity::authority::DeviceKey;
use yizhan_identity::registration::{
    Credentials, EncryptedPayload, NewRequest, OldRequest, RegistrationError, new_style_error,
    new_style_success, old_style_error, old_style_success, request_id,
};
use yizhan_identity::secret::ProductSecret;
use yizhan_identity::signed_request::SignedRequest;
use yizhan_store::AuthMode;
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
    let enrolled = services.devices.register(product, name)?;
    hand_out(services, &enrolled.device, &secret)
}

/// The device's key, or a fresh certificate with its private key, which is kept nowhere: a device that asks again gets
/// another one, and those it was given before do not count any more.
fn hand_out(
    services: &Services,
    device: &Device,
    product: &ProductSecret,
) -> Result<EncryptedPayload, RegistrationError> {
    if device.product().auth == AuthMode::Key {
        let secret = device.secret().ok_or(RegistrationError::Unavailable)?;
        return Ok(Credentials::Key(&secret).encrypt(product));
    }
    let now = services.clock.now();
    let authority = &services.authorities.authority;
    let issue = || {
        services.certificates.revoke_all(device.id, now)?;
        services.certificates.issue(authority, device, DeviceKey::Rsa2048, now)
    };
    let issued = issue().map_err(|error| {
        tracing::error!(device = device.id.0, %error, "no certificate could be issued by registration");
        RegistrationError::Unavailable
    })?;
    let (certificate, private_key) = (&*issued.certificate, &*issued.private_key);
    Ok(Credentials::Certificate { certificate, private_key }.encrypt(product))
}
