//! `TC3-HMAC-SHA256` (cloud API facts §2.2): the signature stands in `Authorization`, over a canonical form of the
//! request. The canonical form is hashed piece by piece from the bytes that came and never put together.

use std::fmt;

use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::{CloudRequest, MAX_TIMESTAMP, Method, SignatureError, hosts, is_secret_id, seconds};
use crate::digest::{Hash, equal};

/// The name of the scheme.
pub(super) const ALGORITHM: &str = "TC3-HMAC-SHA256";
/// The end of every scope.
pub(super) const TERMINATOR: &str = "tc3_request";
/// The value of `X-TC-Content-SHA256`, and of the signed body, when a client does not sign its body.
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The longest `Authorization` that is looked at.
const MAX_AUTHORIZATION: usize = 2048;
/// The longest service name in a scope. It may be anything: one client makes it from the endpoint (facts §2.3).
const MAX_SERVICE: usize = 128;
/// The most headers that may be signed.
const MAX_SIGNED_HEADERS: usize = 32;
/// Bytes of a signature.
const SIGNATURE: usize = 32;

const fn malformed(what: &'static str) -> SignatureError {
    SignatureError::MalformedAuthorization(what)
}

/// What a signing key is derived for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope<'a> {
    /// The UTC day, such as `2023-11-14`.
    pub date: &'a str,
    /// The service, as the client names it.
    pub service: &'a str,
}

/// The key of one secret, day and service. Deriving it costs more than using it, and it is the same all day.
#[derive(Clone)]
pub struct SigningKey {
    date: Box<str>,
    service: Box<str>,
    key: Zeroizing<[u8; SIGNATURE]>,
}

impl SigningKey {
    /// Derives the key of `scope` from the secret key's text.
    pub fn derive(secret: &str, scope: Scope<'_>) -> Self {
        let mut first = Zeroizing::new(Vec::with_capacity(3 + secret.len()));
        first.extend_from_slice(b"TC3");
        first.extend_from_slice(secret.as_bytes());
        let mut key = Zeroizing::new([0; SIGNATURE]);
        key.copy_from_slice(Hash::Sha256.hmac(&first, &[scope.date.as_bytes()]).as_slice());
        for part in [scope.service, TERMINATOR] {
            let next = Hash::Sha256.hmac(key.as_slice(), &[part.as_bytes()]);
            key.copy_from_slice(next.as_slice());
        }
        Self { date: scope.date.into(), service: scope.service.into(), key }
    }

    /// Whether it is the key of this scope.
    pub fn is_for(&self, scope: Scope<'_>) -> bool {
        *self.date == *scope.date && *self.service == *scope.service
    }

    /// The signature of a canonical request that has this hash.
    pub(super) fn sign(&self, timestamp: &str, canonical: &[u8; 64]) -> [u8; SIGNATURE] {
        let parts: [&[u8]; 10] = [
            ALGORITHM.as_bytes(),
            b"\n",
            timestamp.as_bytes(),
            b"\n",
            self.date.as_bytes(),
            b"/",
            self.service.as_bytes(),
            b"/tc3_request",
            b"\n",
            canonical,
        ];
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(Hash::Sha256.hmac(self.key.as_slice(), &parts).as_slice());
        signature
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}/{}, ..)", self.date, self.service)
    }
}

/// Lower-case hexadecimal SHA-256.
pub(super) fn hex_sha256(hash: Sha256) -> [u8; 64] {
    let mut text = [0; 64];
    hex::encode_to_slice(hash.finalize(), &mut text).expect("the text has two characters a byte");
    text
}

/// The parts of `Authorization`.
struct Authorization<'a> {
    secret_id: &'a str,
    scope: Scope<'a>,
    signed_headers: &'a str,
    signature: [u8; SIGNATURE],
}

impl<'a> Authorization<'a> {
    fn read(text: &'a str) -> Result<Self, SignatureError> {
        if text.eq_ignore_ascii_case("skip") {
            return Err(SignatureError::Unsigned);
        }
        let (algorithm, fields) = text.split_once(' ').ok_or(malformed("it has no fields"))?;
        if algorithm != ALGORITHM {
            return Err(malformed("the algorithm is not TC3-HMAC-SHA256"));
        }
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for field in fields.split(',') {
            let (name, value) = field.trim().split_once('=').ok_or(malformed("a field has no value"))?;
            let place = match name {
                "Credential" => &mut credential,
                "SignedHeaders" => &mut signed_headers,
                "Signature" => &mut signature,
                _ => return Err(malformed("it has an unknown field")),
            };
            if place.replace(value).is_some() {
                return Err(malformed("a field stands twice"));
            }
        }
        let credential = credential.ok_or(malformed("Credential is missing"))?;
        let (secret_id, scope) = read_credential(credential)?;
        let signed_headers = signed_headers.ok_or(malformed("SignedHeaders is missing"))?;
        check_signed_headers(signed_headers)?;
        let text = signature.ok_or(malformed("Signature is missing"))?;
        let mut signature = [0; SIGNATURE];
        hex::decode_to_slice(text, &mut signature)
            .map_err(|_| malformed("Signature is not 64 hex digits"))?;
        Ok(Self { secret_id, scope, signed_headers, signature })
    }
}

/// `<SecretId>/<date>/<service>/tc3_request`.
fn read_credential(credential: &str) -> Result<(&str, Scope<'_>), SignatureError> {
    let mut parts = credential.split('/');
    let (Some(secret_id), Some(date), Some(service), Some(TERMINATOR), None) =
        (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed("Credential is not SecretId/date/service/tc3_request"));
    };
    let service_fits = (1..=MAX_SERVICE).contains(&service.len());
    if !is_secret_id(secret_id) || date.len() != 10 || !service_fits {
        return Err(malformed("a part of Credential is empty or too long"));
    }
    Ok((secret_id, Scope { date, service }))
}

/// Clients must sign these two headers at least; with the host it is certain for whom a request was meant.
fn check_signed_headers(list: &str) -> Result<(), SignatureError> {
    if list.split(';').count() > MAX_SIGNED_HEADERS {
        return Err(malformed("SignedHeaders is too long"));
    }
    if list.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(malformed("SignedHeaders has capital letters"));
    }
    for needed in ["content-type", "host"] {
        if !list.split(';').any(|name| name == needed) {
            return Err(malformed("SignedHeaders must list content-type and host"));
        }
    }
    Ok(())
}

/// Reads who claims to have signed a request.
pub(super) fn claim<'a>(request: &CloudRequest<'a>) -> Result<super::Claim<'a>, SignatureError> {
    let text = (request.header)("authorization").ok_or(SignatureError::Unsigned)?;
    let text = (text.len() <= MAX_AUTHORIZATION).then_some(text).ok_or(malformed("it is too long"))?;
    let text = std::str::from_utf8(text).map_err(|_| malformed("it is not text"))?.trim();
    let authorization = Authorization::read(text)?;
    let raw_timestamp =
        request.text("x-tc-timestamp", MAX_TIMESTAMP).ok_or(match (request.header)("x-tc-timestamp") {
            Some(_) => SignatureError::Malformed("Timestamp"),
            None => SignatureError::Missing("Timestamp"),
        })?;
    let timestamp = seconds(raw_timestamp)?;
    if !is_utc_date(authorization.scope.date, timestamp) {
        return Err(SignatureError::ScopeDate);
    }
    let found = authorization
        .signed_headers
        .split(';')
        .map(|name| Some((name, (request.header)(name)?.trim_ascii())));
    let headers: Option<Vec<_>> = found.collect();
    let headers = headers.ok_or(malformed("a signed header is not in the request"))?;
    let host = headers.iter().find(|(name, _)| *name == "host").map_or(&[][..], |(_, value)| value);
    let host = std::str::from_utf8(host).map_err(|_| SignatureError::Malformed("Host"))?;
    let unsigned = request.text("x-tc-content-sha256", MAX_AUTHORIZATION) == Some(UNSIGNED_PAYLOAD);
    let secret_id = authorization.secret_id;
    let proof = Proof {
        method: request.method,
        path: request.path,
        query: request.query,
        headers,
        host,
        body: if unsigned { UNSIGNED_PAYLOAD.as_bytes() } else { request.body },
        raw_timestamp,
        authorization,
    };
    Ok(super::Claim { secret_id, timestamp, proof: super::Proof::Tc3(proof) })
}

/// Whether `date` is the UTC day of `timestamp`.
fn is_utc_date(date: &str, timestamp: i64) -> bool {
    OffsetDateTime::from_unix_timestamp(timestamp).is_ok_and(|at| date == utc_date(at))
}

/// A day as scopes name it.
pub(super) fn utc_date(at: OffsetDateTime) -> String {
    format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())
}

/// A signature and what it is over.
pub(super) struct Proof<'a> {
    method: Method,
    path: &'a str,
    query: &'a str,
    /// The signed headers, as they came.
    headers: Vec<(&'a str, &'a [u8])>,
    host: &'a str,
    /// What is signed as the body.
    body: &'a [u8],
    raw_timestamp: &'a str,
    authorization: Authorization<'a>,
}

/// How clients write the values of signed headers. The vendor's text says all in lower case; its own clients write
/// them as they send them and lower only the action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Letters {
    ActionLowered,
    AllLowered,
    AsSent,
}

impl<'a> Proof<'a> {
    pub(super) const fn scope(&self) -> Scope<'a> {
        self.authorization.scope
    }

    pub(super) const fn signature(&self) -> &[u8; SIGNATURE] {
        &self.authorization.signature
    }

    /// Tries the hosts that the client may have signed, first with header values as the vendor's clients write them.
    pub(super) fn verify(&self, key: &SigningKey) -> Result<(), SignatureError> {
        let body = hex_sha256(Sha256::new_with_prefix(self.body));
        let matches = |letters| {
            hosts::candidates(self.host).any(|host| {
                let canonical = self.canonical(host, letters, &body);
                equal(&key.sign(self.raw_timestamp, &canonical), &self.authorization.signature)
            })
        };
        let right = matches(Letters::ActionLowered)
            || self.has_capitals() && (matches(Letters::AllLowered) || matches(Letters::AsSent));
        if right { Ok(()) } else { Err(SignatureError::WrongSignature) }
    }

    fn has_capitals(&self) -> bool {
        self.headers.iter().any(|(_, value)| value.iter().any(u8::is_ascii_uppercase))
    }

    /// The hash of the canonical request, if the client signed `host`.
    fn canonical(&self, host: &str, letters: Letters, body: &[u8; 64]) -> [u8; 64] {
        let mut hash = Sha256::new();
        for part in [self.method.as_str(), self.path, self.query] {
            hash.update(part);
            hash.update("\n");
        }
        for &(name, sent) in &self.headers {
            let value = if name == "host" { host.as_bytes() } else { sent };
            let lowered = match letters {
                Letters::ActionLowered => name == "x-tc-action",
                Letters::AllLowered => true,
                Letters::AsSent => false,
            };
            hash.update(name);
            hash.update(":");
            if lowered {
                hash.update(value.to_ascii_lowercase())
            } else {
                hash.update(value)
            }
            hash.update("\n");
        }
        hash.update("\n");
        hash.update(self.authorization.signed_headers);
        hash.update("\n");
        hash.update(body);
        hex_sha256(hash)
    }
}
