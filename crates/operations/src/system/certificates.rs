//! The certificates that devices and browsers see of this server, and the authority that vouches for them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_identity::authority::inspect_pem;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeServerCertificates {}

/// The certificates.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ServerCertificates {
    certificates: Vec<ServerCertificate>,
    /// The authority's certificate, PEM: what devices and tools are given to trust.
    ca_pem: String,
    /// The same as a file of the server.
    ca_file: String,
}

/// A certificate.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct ServerCertificate {
    /// `authority`, `rsa` or `ecdsa`.
    role: String,
    /// The subject's common name.
    common_name: String,
    /// Names and addresses under which the server can be reached with it.
    names: Vec<String>,
    /// Milliseconds since 1970.
    not_before: i64,
    /// Milliseconds since 1970. The server renews its own certificates before they end, but not the authority's.
    not_after: i64,
    /// Hexadecimal.
    serial: String,
    /// SHA-256 of the certificate, hexadecimal.
    fingerprint: String,
}

impl ServerCertificate {
    fn of(role: &str, pem: &str) -> Outcome<Self> {
        let unreadable = |error: yizhan_identity::authority::AuthorityError| {
            tracing::error!(role, %error, "a certificate of the server cannot be read");
            Failure::new(Code::InternalError)
        };
        let facts = inspect_pem(pem).map_err(unreadable)?;
        Ok(Self {
            role: role.to_owned(),
            common_name: facts.common_name.unwrap_or_default(),
            names: facts.names,
            not_before: facts.not_before.0,
            not_after: facts.not_after.0,
            serial: facts.serial,
            fingerprint: hex_text(&facts.fingerprint),
        })
    }
}

fn hex_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) async fn describe(
    call: Call,
    _request: DescribeServerCertificates,
) -> Outcome<ServerCertificates> {
    call.operator()?;
    let row = call.blocking(|platform| platform.store.authority()).await?;
    let row = row.ok_or(const { Failure::new(Code::ResourceNotFound) })?;
    let mut certificates = vec![ServerCertificate::of("rsa", &row.server_rsa.certificate)?];
    if let Some(ec) = &row.server_ec {
        certificates.push(ServerCertificate::of("ecdsa", &ec.certificate)?);
    }
    certificates.push(ServerCertificate::of("authority", &row.ca_certificate)?);
    let ca_file = call.platform().system.parts.data.join("ca.pem").display().to_string();
    Ok(ServerCertificates { certificates, ca_pem: row.ca_certificate, ca_file })
}
