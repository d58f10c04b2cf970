//! The older scheme (cloud API facts §2.4): everything, the signature included, stands in the parameters of a form or a
//! query. Signed is the decoded text of all others, sorted by name, behind method, host and path.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{CloudRequest, MAX_NAME, Method, ParameterError, Parameters, SignatureError};
use super::{hosts, is_secret_id, seconds};
use crate::digest::{Hash, MAX_DIGEST, equal};

/// Parameters that belong to the request and not to its action.
pub(super) const COMMON: [&str; 11] = [
    "Action",
    "Language",
    "Nonce",
    "Region",
    "RequestClient",
    "SecretId",
    "Signature",
    "SignatureMethod",
    "Timestamp",
    "Token",
    "Version",
];

/// The longest `Nonce`; it may be larger than any number here and stays a text of digits.
const MAX_NONCE: usize = 64;

/// The decoded parameters, if the request can be of this scheme.
pub(super) fn parameters<'a>(request: &CloudRequest<'a>) -> Result<Option<Parameters<'a>>, ParameterError> {
    match request.method {
        Method::Get => Parameters::read(request.query).map(Some),
        Method::Post if request.is_form() => {
            let form = std::str::from_utf8(request.body).map_err(|_| ParameterError::NotText)?;
            Parameters::read(form).map(Some)
        }
        Method::Post => Ok(None),
    }
}

/// The text that is signed, behind the host.
pub(super) fn signed_text(path: &str, parameters: &Parameters<'_>) -> String {
    let mut text = String::with_capacity(path.len() + parameters.text_len());
    text.push_str(path);
    let mut separator = '?';
    for (name, value) in parameters.iter().filter(|(name, _)| *name != "Signature") {
        text.push(separator);
        text.push_str(name);
        text.push('=');
        text.push_str(value);
        separator = '&';
    }
    text
}

/// A signature method by its name; without a name it is the oldest.
pub(super) fn method(name: Option<&str>) -> Result<Hash, SignatureError> {
    match name {
        None => Ok(Hash::Sha1),
        Some(name) if name.eq_ignore_ascii_case("HmacSHA1") => Ok(Hash::Sha1),
        Some(name) if name.eq_ignore_ascii_case("HmacSHA256") => Ok(Hash::Sha256),
        Some(_) => Err(SignatureError::Malformed("SignatureMethod")),
    }
}

/// Reads who claims to have signed a request.
pub(super) fn claim<'a>(
    request: &'a CloudRequest<'_>,
    parameters: &'a Parameters<'a>,
) -> Result<super::Claim<'a>, SignatureError> {
    let needed = |name| match parameters.get(name) {
        Some("") | None => Err(SignatureError::Missing(name)),
        Some(value) => Ok(value),
    };
    let secret_id = needed("SecretId")?;
    let nonce = needed("Nonce")?;
    let timestamp = seconds(needed("Timestamp")?)?;
    let signature = needed("Signature")?;
    if !is_secret_id(secret_id) {
        return Err(SignatureError::Malformed("SecretId"));
    }
    if nonce.len() > MAX_NONCE || !nonce.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(SignatureError::Malformed("Nonce"));
    }
    let hash = method(parameters.get("SignatureMethod"))?;
    let host = request.text("host", MAX_NAME * 4).unwrap_or_default();
    let proof = Proof { method: request.method, path: request.path, host, parameters, hash, signature };
    Ok(super::Claim { secret_id, timestamp, proof: super::Proof::V1(proof) })
}

/// A signature and what it is over.
pub(super) struct Proof<'a> {
    method: Method,
    path: &'a str,
    host: &'a str,
    parameters: &'a Parameters<'a>,
    hash: Hash,
    signature: &'a str,
}

impl<'a> Proof<'a> {
    pub(super) const fn signature(&self) -> &'a str {
        self.signature
    }

    /// Tries the hosts that the client may have signed.
    pub(super) fn verify(&self, secret: &str) -> Result<(), SignatureError> {
        let mut bytes = [0; MAX_DIGEST + 2];
        let length =
            STANDARD.decode_slice(self.signature, &mut bytes).map_err(|_| SignatureError::WrongSignature)?;
        let text = signed_text(self.path, self.parameters);
        let right = hosts::candidates(self.host).any(|host| {
            let parts = [self.method.as_str().as_bytes(), host.as_bytes(), text.as_bytes()];
            equal(self.hash.hmac(secret.as_bytes(), &parts).as_slice(), &bytes[..length])
        });
        if right { Ok(()) } else { Err(SignatureError::WrongSignature) }
    }
}
