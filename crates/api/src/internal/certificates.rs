//! Device certificates.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::json;
use yizhan_devices::DeviceLinks;
use yizhan_identity::authority::KeyKind;
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::DisconnectCause;

use super::audited::{Done, Operator, Wanted};
use super::{blocking, find_device};
use crate::answer::Answer;
use crate::extract::{Json, Path};
use crate::services::Services;

/// What a device needs to authenticate by certificate. The private key is shown this once and kept nowhere.
#[derive(Serialize)]
pub(crate) struct Issued {
    certificate: String,
    private_key: String,
    ca: String,
    serial: String,
    not_after: UnixMillis,
}

pub(crate) async fn issue(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path((product, device)): Path<(String, String)>,
) -> Answer<(StatusCode, Json<Issued>)> {
    let issue = move |services: &Services| {
        let wanted = Wanted::of_device(services, "IssueCertificate", (&product, &device), ());
        operator.does(services, wanted, || {
            let device = find_device(services, &product, &device)?;
            let authority = &services.authorities.authority;
            let now = services.clock.now();
            let issued = services.certificates.issue(authority, &device, KeyKind::Rsa2048, now)?;
            let after = json!({ "serial": issued.serial, "not_after": issued.not_after });
            let answer = Issued {
                certificate: issued.certificate,
                private_key: issued.private_key.to_string(),
                ca: services.authorities.certificate.clone(),
                serial: issued.serial,
                not_after: issued.not_after,
            };
            Ok(Done::new(None, Some(after), answer))
        })
    };
    Ok((StatusCode::CREATED, Json(blocking(&services, issue).await?)))
}

pub(crate) async fn revoke(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path((product, device)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let revoke = move |services: &Services| {
        let wanted = Wanted::of_device(services, "RevokeCertificates", (&product, &device), ());
        operator.does(services, wanted, || {
            let device = find_device(services, &product, &device)?;
            let revoked = services.certificates.revoke_all(&device, services.clock.now())?;
            if revoked > 0 {
                services.router.disconnect(device.id, DisconnectCause::CredentialRevoked);
            }
            Ok(Done::new(Some(json!({ "certificates": revoked })), None, ()))
        })
    };
    blocking(&services, revoke).await?;
    Ok(StatusCode::NO_CONTENT)
}
