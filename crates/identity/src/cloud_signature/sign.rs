//! Signing as the vendor's clients do, for the simulator, load generators and tests.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::tc3::{ALGORITHM, Scope, SigningKey, TERMINATOR, hex_sha256, utc_date};
use super::{Method, Parameters, SignatureError, v1};

/// The headers that the vendor's clients sign.
#[derive(Debug, Clone, Copy)]
pub struct SignedHeaders<'a> {
    /// `Content-Type`.
    pub content_type: &'a str,
    /// `Host`.
    pub host: &'a str,
}

/// The `Authorization` of a request to `/` at `timestamp`; none when there is no such time.
pub fn sign_tc3(
    (secret_id, secret): (&str, &str),
    service: &str,
    timestamp: i64,
    headers: SignedHeaders<'_>,
    (method, query, body): (Method, &str, &[u8]),
) -> Option<String> {
    const SIGNED: &str = "content-type;host";
    let date = utc_date(OffsetDateTime::from_unix_timestamp(timestamp).ok()?);
    let body = hex_sha256(Sha256::new_with_prefix(body));
    let mut canonical = Sha256::new();
    canonical.update(format!("{}\n/\n{query}\n", method.as_str()));
    canonical.update(format!("content-type:{}\nhost:{}\n\n{SIGNED}\n", headers.content_type, headers.host));
    canonical.update(body);
    let key = SigningKey::derive(secret, Scope { date: &date, service });
    let signature = hex::encode(key.sign(&timestamp.to_string(), &hex_sha256(canonical)));
    Some(format!(
        "{ALGORITHM} Credential={secret_id}/{date}/{service}/{TERMINATOR}, SignedHeaders={SIGNED}, Signature={signature}"
    ))
}

/// The `Signature` of undecoded parameters that are sent to `/`, by the `SignatureMethod` among them.
pub fn sign_v1(secret: &str, method: Method, host: &str, parameters: &str) -> Result<String, SignatureError> {
    let parameters = Parameters::read(parameters)?;
    let hash = v1::method(parameters.get("SignatureMethod"))?;
    let text = v1::signed_text("/", &parameters);
    let digest =
        hash.hmac(secret.as_bytes(), &[method.as_str().as_bytes(), host.as_bytes(), text.as_bytes()]);
    Ok(STANDARD.encode(digest.as_slice()))
}
