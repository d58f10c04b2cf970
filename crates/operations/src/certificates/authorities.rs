//! Bringing, replacing, deleting and looking at authorities.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::{OwnAuthority, OwnAuthorityError};
use yizhan_identity::authority::PrivateAuthorityError;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// An authority and the proof that its sender holds its key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BroughtAuthority {
    /// Its name, unique in the account; 1 to 32 characters.
    cert_name: String,
    /// The authority's certificate, PEM.
    cert_text: String,
    /// A certificate that it signed, PEM, whose common name is the SHA-256 of `iothub_` and the root account's number, in
    /// lower-case hexadecimal digits.
    verify_cert_text: String,
}

pub(crate) async fn create(call: Call, request: BroughtAuthority) -> Outcome<Nothing> {
    let owner = call.account()?;
    let BroughtAuthority { cert_name, cert_text, verify_cert_text } = request;
    let made = call
        .blocking(move |platform| {
            let devices = &platform.devices;
            devices.add_own_authority(owner, &cert_name, &cert_text, &verify_cert_text).map_err(refused)
        })
        .await?;
    call.changed(None, Some(seen(&made)));
    Ok(Nothing {})
}

pub(crate) async fn update(call: Call, request: BroughtAuthority) -> Outcome<Nothing> {
    let owner = call.account()?;
    let before = call.beside_authority(&request.cert_name)?;
    let BroughtAuthority { cert_name, cert_text, verify_cert_text } = request;
    let after = call
        .blocking(move |platform| {
            let devices = &platform.devices;
            devices.replace_own_authority(owner, &cert_name, &cert_text, &verify_cert_text).map_err(refused)
        })
        .await?;
    call.changed(Some(seen(&before)), Some(seen(&after)));
    Ok(Nothing {})
}

/// Which authority.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedAuthority {
    cert_name: String,
}

pub(crate) async fn delete(call: Call, request: NamedAuthority) -> Outcome<Nothing> {
    let owner = call.account()?;
    let before = call.beside_authority(&request.cert_name)?;
    call.blocking(move |platform| {
        platform.devices.delete_own_authority(owner, &request.cert_name).map_err(refused)
    })
    .await?;
    call.changed(Some(seen(&before)), None);
    Ok(Nothing {})
}

/// An authority as people see it.
// Management API facts §6, CertInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CertInfo {
    cert_name: String,
    /// The serial number, hexadecimal.
    #[serde(rename = "CertSN")]
    cert_sn: String,
    issuer_name: String,
    subject: String,
    /// When it was brought, or replaced; seconds.
    create_time: i64,
    /// Start of validity; seconds.
    effective_time: i64,
    /// End of validity; seconds.
    expire_time: i64,
    /// PEM.
    cert_text: String,
}

impl CertInfo {
    pub(super) fn of(authority: &OwnAuthority) -> Self {
        let facts = &authority.facts;
        Self {
            cert_name: authority.name.clone(),
            cert_sn: facts.serial.clone(),
            issuer_name: facts.issuer.clone(),
            subject: facts.subject.clone(),
            create_time: authority.created_at.seconds(),
            effective_time: facts.not_before.seconds(),
            expire_time: facts.not_after.seconds(),
            cert_text: facts.pem.clone(),
        }
    }
}

/// One authority.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DescribedAuthority {
    #[serde(rename = "CA")]
    ca: CertInfo,
}

pub(crate) async fn describe(call: Call, request: NamedAuthority) -> Outcome<DescribedAuthority> {
    call.account()?;
    Ok(DescribedAuthority { ca: CertInfo::of(&*call.beside_authority(&request.cert_name)?) })
}

/// All authorities.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribePrivateCas {}

/// Authorities.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AuthorityList {
    #[serde(rename = "CAs")]
    pub cas: Vec<CertInfo>,
}

pub(crate) async fn list(call: Call, _request: DescribePrivateCas) -> Outcome<AuthorityList> {
    let own = call.platform().devices.own_authorities(call.account()?);
    Ok(AuthorityList { cas: own.iter().map(|authority| CertInfo::of(authority)).collect() })
}

/// The published codes of what can be wrong with an authority.
pub(crate) fn refused(error: OwnAuthorityError) -> Failure {
    let code = match &error {
        OwnAuthorityError::BadName => Code::InvalidParameterValue,
        OwnAuthorityError::NameTaken => Code::CaCertNameRepeat,
        OwnAuthorityError::Repeated => Code::CaRepeat,
        OwnAuthorityError::TooMany => Code::CaCertLimit,
        OwnAuthorityError::NotFound => Code::CaCertNotExist,
        OwnAuthorityError::InUse => Code::CaAlreadyBindProduct,
        OwnAuthorityError::NotByCertificate => Code::CaCertNotSupport,
        OwnAuthorityError::Refused(PrivateAuthorityError::NotAnAuthority(_)) => Code::CaCertInvalid,
        OwnAuthorityError::Refused(PrivateAuthorityError::NotProved(_)) => Code::CaCertNotMatch,
        OwnAuthorityError::Devices(_) => Code::InternalError,
    };
    match error {
        OwnAuthorityError::Devices(error) => error.into(),
        error => Failure::new(code).because(error.to_string()),
    }
}

/// An authority for the audit log.
fn seen(authority: &OwnAuthority) -> serde_json::Value {
    json!({ "CertName": authority.name, "CertSN": authority.facts.serial, "Subject": authority.facts.subject })
}
