//! Dynamic registration over HTTP, the new form and the old one (device protocol facts §3.1 to §3.4). Refusals are
//! answered with HTTP status 200, because the vendor's clients never read the body of anything else.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use parking_lot::Mutex;
use yizhan_devices::{Device, DeviceLinks, DevicesError};
use yizhan_identity::authority::{Issued, KeyKind};
use yizhan_identity::registration::{
    Credentials, EncryptedPayload, NewRequest, OldRequest, RegistrationError, new_style_error,
    new_style_success, old_style_error, old_style_success, request_id,
};
use yizhan_identity::secret::ProductSecret;
use yizhan_identity::signed_request::SignedRequest;
use yizhan_identity::throttle::{Limit, Throttle, ThrottleLimits};
use yizhan_observe::Refusal;
use yizhan_store::AuthMode;
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::{DeviceName, ProductId};

use crate::server::Remote;
use crate::services::Services;

/// What bounds the certificates that registration hands out: each costs a new RSA key.
#[derive(Debug)]
pub struct CertificateHandOuts {
    /// Counts certificates handed out as the login throttle counts failures.
    throttle: Mutex<Throttle>,
    /// Held while a key is made, so that registration takes one processor at most.
    making: Mutex<()>,
}

/// How long a registration waits while keys are made for others; the kits wait a few seconds for their answer.
const KEY_WAIT: Duration = Duration::from_secs(3);

impl Default for CertificateHandOuts {
    /// A device gets five at once, then one after 1 s doubling to 15 min, forgotten at one per 2 min; an address 200 at
    /// once, then one per 1 s to 10 s, forgotten at two a second: a production line stands behind one address.
    fn default() -> Self {
        let limit = |free_failures, longest_lock, forget_one_after| Limit {
            free_failures,
            first_lock: Duration::from_secs(1),
            longest_lock,
            forget_one_after,
        };
        let device = limit(5, Duration::from_secs(15 * 60), Duration::from_secs(120));
        let address = limit(200, Duration::from_secs(10), Duration::from_millis(500));
        let limits = ThrottleLimits {
            max_entries: 16_384,
            pair: device,
            address,
            identity: device,
            ..ThrottleLimits::default()
        };
        Self { throttle: Mutex::new(Throttle::new(limits)), making: Mutex::default() }
    }
}

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
    let request = NewRequest::parse(body)
        .inspect_err(|refusal| note_refusal(services, remote, String::new(), *refusal))?;
    let signed = SignedRequest::of("/device/register", |name| headers.get(name)?.to_str().ok(), body);
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
    let request = OldRequest::parse(body)
        .inspect_err(|refusal| note_refusal(services, remote, String::new(), *refusal))?;
    let verify = |secret: &ProductSecret| request.verify(secret);
    register(services, remote, &request.product_id, &request.device_name, verify)
}

/// Whose registration it is.
struct Applicant<'a> {
    remote: Option<IpAddr>,
    product: &'a ProductId,
    name: &'a DeviceName,
    /// `PIDDEV`, as in a login.
    identity: String,
}

/// Registers the device, and remembers a refusal for the operators.
fn register(
    services: &Services,
    remote: Option<IpAddr>,
    product: &ProductId,
    name: &DeviceName,
    verify: impl FnOnce(&ProductSecret) -> Result<(), RegistrationError>,
) -> Result<EncryptedPayload, RegistrationError> {
    let applicant = Applicant { remote, product, name, identity: format!("{product}{name}") };
    enrol(services, &applicant, verify)
        .inspect_err(|refusal| note_refusal(services, remote, applicant.identity.clone(), *refusal))
}

fn note_refusal(services: &Services, remote: Option<IpAddr>, identity: String, refusal: RegistrationError) {
    services.metrics.management().registration_refused(refusal);
    services.metrics.refusals.push(Refusal {
        time: services.clock.now(),
        reason: refusal.as_str(),
        identity,
        address: remote.map(|address| address.to_string()).unwrap_or_default(),
        transport: "http",
        detail: format!("registration: {}", refusal.message()),
    });
}

/// Checks the signature with the product's secret, then the rules, then hands out what the device needs.
fn enrol(
    services: &Services,
    applicant: &Applicant<'_>,
    verify: impl FnOnce(&ProductSecret) -> Result<(), RegistrationError>,
) -> Result<EncryptedPayload, RegistrationError> {
    let Applicant { remote, product, name, identity } = applicant;
    if remote.is_some_and(|address| services.router.is_throttled(address, identity)) {
        return Err(RegistrationError::TooManyRequests);
    }
    let known = services.devices.product(product).ok_or(RegistrationError::UnknownProduct)?;
    let secret =
        ProductSecret::parse(known.settings().secret.expose()).map_err(|_| RegistrationError::Unavailable)?;
    if let Err(error) = verify(&secret) {
        if let Some(address) = remote {
            services.router.note_failed_login(*address, identity);
        }
        return Err(error);
    }
    if known.auth == AuthMode::Key {
        let device = services.devices.register(product, name)?.device;
        let key = device.secret().ok_or(RegistrationError::Unavailable)?;
        return Ok(Credentials::Key(&key).encrypt(&secret));
    }
    let issued = hand_out_certificate(services, applicant)?;
    let (certificate, private_key) = (&*issued.certificate, &*issued.private_key);
    Ok(Credentials::Certificate { certificate, private_key }.encrypt(&secret))
}

/// A fresh certificate with its private key, which is kept nowhere: a device that asks again gets another one, and those
/// it was given before do not count any more.
fn hand_out_certificate(services: &Services, applicant: &Applicant<'_>) -> Result<Issued, RegistrationError> {
    let hand_outs = &services.hand_outs;
    let now = services.clock.monotonic();
    if let Some(address) = applicant.remote
        && hand_outs.throttle.lock().check(address, &applicant.identity, now).is_err()
    {
        return Err(RegistrationError::TooManyRequests);
    }
    let device = services.devices.register(applicant.product, applicant.name)?.device;
    let _making = hand_outs.making.try_lock_for(KEY_WAIT).ok_or(RegistrationError::Unavailable)?;
    if let Some(address) = applicant.remote {
        hand_outs.throttle.lock().failed(address, &applicant.identity, now);
    }
    issue_first(services, &device)
}

fn issue_first(services: &Services, device: &Device) -> Result<Issued, RegistrationError> {
    let authority = &services.authorities.authority;
    let issued = services.certificates.issue_first(authority, device, KeyKind::Rsa2048, services.clock.now());
    if issued.is_ok() && device.activated_at().is_some() {
        // It connected in this very moment, with a certificate that does not count any more.
        services.router.disconnect(device.id, DisconnectCause::CredentialRevoked);
    }
    issued.map_err(|error| match error {
        DevicesError::Conflict(_) => RegistrationError::AlreadyActivated,
        error => {
            tracing::error!(device = device.id.0, %error, "no certificate could be issued by registration");
            RegistrationError::Unavailable
        }
    })
}
