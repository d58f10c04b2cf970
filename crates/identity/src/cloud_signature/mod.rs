//! Signatures of the vendor-compatible management API (cloud API facts §2): `TC3-HMAC-SHA256` in headers, and the older
//! `HmacSHA1`/`HmacSHA256` in parameters. Reading a request and proving it are two steps, because the key that proves
//! it is found by what is read: [`CloudCall::read`] says who claims to call what, [`Claim::verify`] whether it is so.
//!
//! What must stay true: everything is computed over the bytes that came, never over something written anew; of a claim
//! nothing is believed before it is verified; all that a caller can make long or numerous is bounded; the clock and the
//! replay memory are arguments.

mod hosts;
mod parameters;
mod replay;
mod sign;
mod tc3;
mod v1;

use std::borrow::Cow;
use std::time::Duration;

use serde_json::Value;
use yizhan_vocabulary::UnixMillis;

pub use parameters::{MAX_DEPTH, MAX_PARAMETERS, ParameterError, Parameters};
pub use replay::{ReplayMark, ReplayMemory, Replayed};
pub use sign::{SignedHeaders, sign_tc3, sign_v1};
pub use tc3::{Scope, SigningKey};

/// How far a request's timestamp may be from the clock (facts §2.1).
pub const DEFAULT_WINDOW: Duration = Duration::from_secs(5 * 60);

/// The longest name of an action, version, region or language that is looked at.
const MAX_NAME: usize = 128;
/// The longest session token that is looked at.
const MAX_TOKEN: usize = 8 * 1024;
/// The longest secret id.
const MAX_SECRET_ID: usize = 128;
/// Digits of a timestamp: enough for some ten thousand years.
const MAX_TIMESTAMP: usize = 12;

/// The two methods of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Parameters in the query.
    Get,
    /// Parameters in the body.
    Post,
}

impl Method {
    /// As it is written in a request and signed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request as it came. `header` finds the first header of a lower-case name.
#[derive(Clone, Copy)]
pub struct CloudRequest<'a> {
    /// How it was sent.
    pub method: Method,
    /// The path that was asked for.
    pub path: &'a str,
    /// What stands behind `?`, undecoded.
    pub query: &'a str,
    /// Finds a header's value.
    pub header: &'a dyn Fn(&str) -> Option<&'a [u8]>,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> CloudRequest<'a> {
    /// A header that is text of at most `longest` bytes; one that is not does not count.
    fn text(&self, name: &str, longest: usize) -> Option<&'a str> {
        let value = std::str::from_utf8((self.header)(name)?).ok()?.trim();
        (1..=longest).contains(&value.len()).then_some(value)
    }

    /// Whether the body is a form, by its `Content-Type`.
    fn is_form(&self) -> bool {
        let kind = self.text("content-type", MAX_NAME).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    }
}

/// Why a request is not believed; [`Self::code`] is what the vendor calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no `Authorization`, or its client runs without signing (`SKIP`).
    #[error("the request is not signed")]
    Unsigned,
    /// `Authorization` is not of its form, or a header that it says is signed is not there.
    #[error("the Authorization header is malformed: {0}")]
    MalformedAuthorization(&'static str),
    /// The credential's date is not the UTC day of the timestamp.
    #[error("the date in the credential scope is not the UTC date of the timestamp")]
    ScopeDate,
    /// Something that every request needs is missing.
    #[error("the parameter {0} is missing")]
    Missing(&'static str),
    /// Something that every request needs is not of its form.
    #[error("the parameter {0} is malformed")]
    Malformed(&'static str),
    /// The parameters cannot be read.
    #[error("the parameters cannot be read: {0}")]
    Parameters(#[from] ParameterError),
    /// The timestamp is too far from the clock.
    #[error(
        "the timestamp is more than {allowed} seconds away from the server's time: {ahead} seconds ahead of it"
    )]
    Expired {
        /// Seconds by which the timestamp is ahead; negative when it is behind.
        ahead: i64,
        /// Seconds it may be away.
        allowed: u64,
    },
    /// There is no such secret id; found out by whoever knows them.
    #[error("there is no such secret id")]
    UnknownSecretId,
    /// No host that the client may have meant makes the signature right.
    #[error("the signature does not match")]
    WrongSignature,
    /// The same signed request came before.
    #[error("this signed request was used before")]
    Replayed,
}

impl SignatureError {
    /// The vendor's code (facts §2.6). It has none for a repeated request: to a client it is an outdated signature, and
    /// the remedy is the same, signing anew; `SignatureFailure` would send people looking for a wrong key.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unsigned | Self::MalformedAuthorization(_) | Self::ScopeDate => {
                "AuthFailure.InvalidAuthorization"
            }
            Self::Missing(_) => "MissingParameter",
            Self::Malformed(_) => "InvalidParameterValue",
            Self::Parameters(_) => "InvalidParameter",
            Self::Expired { .. } | Self::Replayed => "AuthFailure.SignatureExpire",
            Self::UnknownSecretId => "AuthFailure.SecretIdNotFound",
            Self::WrongSignature => "AuthFailure.SignatureFailure",
        }
    }
}

/// A request that was read and not yet believed.
pub struct CloudCall<'a> {
    request: CloudRequest<'a>,
    /// The decoded parameters of the older scheme; none for `TC3`.
    parameters: Option<Parameters<'a>>,
}

/// What an action is to work with.
#[derive(Debug, Clone, PartialEq)]
pub enum Arguments<'a> {
    /// A body, which should be JSON; not read yet.
    Body(&'a [u8]),
    /// Parameters, put together again. Every value is a text.
    Tree(Value),
}

impl<'a> CloudCall<'a> {
    /// Finds out which scheme a request uses. A request without `Authorization` is of the older scheme when its
    /// parameters carry a signature.
    pub fn read(request: CloudRequest<'a>) -> Result<Self, SignatureError> {
        let parameters = if (request.header)("authorization").is_some() {
            None
        } else {
            v1::parameters(&request)?.filter(|parameters| {
                parameters.get("Signature").is_some() || (request.header)("x-tc-action").is_none()
            })
        };
        Ok(Self { request, parameters })
    }

    /// The action's name.
    pub fn action(&self) -> Result<&str, SignatureError> {
        self.named("x-tc-action", "Action", MAX_NAME).ok_or(SignatureError::Missing("Action"))
    }

    /// The API's version.
    pub fn version(&self) -> Result<&str, SignatureError> {
        self.named("x-tc-version", "Version", MAX_NAME).ok_or(SignatureError::Missing("Version"))
    }

    /// The region that the client has chosen.
    pub fn region(&self) -> Option<&str> {
        self.named("x-tc-region", "Region", MAX_NAME)
    }

    /// The language in which it wants messages.
    pub fn language(&self) -> Option<&str> {
        self.named("x-tc-language", "Language", MAX_NAME)
    }

    /// The token of temporary keys.
    pub fn token(&self) -> Option<&str> {
        self.named("x-tc-token", "Token", MAX_TOKEN)
    }

    /// The name of the key that it claims, for telling people about a refusal; whoever may be called so uses
    /// [`Self::claim`].
    pub fn claimed_key(&self) -> Option<&str> {
        self.read_claim().ok().map(|claim| claim.secret_id)
    }

    /// What the action is to work with. Common parameters of the older scheme are left out: no action has one of
    /// their names.
    pub fn arguments(&self) -> Result<Arguments<'a>, SignatureError> {
        if let Some(parameters) = &self.parameters {
            return Ok(Arguments::Tree(parameters.unflatten(&v1::COMMON)?));
        }
        match self.request.method {
            Method::Post => Ok(Arguments::Body(self.request.body)),
            Method::Get => {
                let parameters = Parameters::read(self.request.query)?;
                Ok(Arguments::Tree(parameters.unflatten(&[])?))
            }
        }
    }

    /// Who claims to call, if the request's time is within `window` of `now`.
    pub fn claim(&self, now: UnixMillis, window: Duration) -> Result<Claim<'_>, SignatureError> {
        let claim = self.read_claim()?;
        let ahead = claim.timestamp.saturating_sub(now.seconds());
        if ahead.unsigned_abs() > window.as_secs() {
            return Err(SignatureError::Expired { ahead, allowed: window.as_secs() });
        }
        Ok(claim)
    }

    /// Whether the body has to be there to know who claims to call.
    pub fn reads_body(&self) -> bool {
        self.request.method == Method::Post && self.parameters.is_some()
    }

    fn read_claim(&self) -> Result<Claim<'_>, SignatureError> {
        match &self.parameters {
            Some(parameters) => v1::claim(&self.request, parameters),
            None => tc3::claim(&self.request),
        }
    }

    fn named(&self, header: &str, parameter: &str, longest: usize) -> Option<&str> {
        match &self.parameters {
            Some(parameters) => {
                parameters.get(parameter).filter(|value| (1..=longest).contains(&value.len()))
            }
            None => self.request.text(header, longest),
        }
    }
}

/// Who claims to have made a call, and the proof, not yet verified.
pub struct Claim<'a> {
    secret_id: &'a str,
    timestamp: i64,
    proof: Proof<'a>,
}

enum Proof<'a> {
    Tc3(tc3::Proof<'a>),
    V1(v1::Proof<'a>),
}

impl<'a> Claim<'a> {
    /// The name of the key that is to prove it.
    pub const fn secret_id(&self) -> &'a str {
        self.secret_id
    }

    /// When the request was signed, in seconds.
    pub const fn timestamp(&self) -> i64 {
        self.timestamp
    }

    /// What the key of a `TC3` signature is derived for, so that it can be kept; none in the older scheme.
    pub const fn scope(&self) -> Option<Scope<'a>> {
        match &self.proof {
            Proof::Tc3(proof) => Some(proof.scope()),
            Proof::V1(_) => None,
        }
    }

    /// Checks the signature with the secret key's text.
    pub fn verify(&self, secret: &str) -> Result<(), SignatureError> {
        match &self.proof {
            Proof::Tc3(proof) => proof.verify(&SigningKey::derive(secret, proof.scope())),
            Proof::V1(proof) => proof.verify(secret),
        }
    }

    /// Checks a `TC3` signature with a derived key that was kept. One of another scope proves nothing.
    pub fn verify_with(&self, key: &SigningKey) -> Result<(), SignatureError> {
        match &self.proof {
            Proof::Tc3(proof) if key.is_for(proof.scope()) => proof.verify(key),
            Proof::Tc3(_) | Proof::V1(_) => Err(SignatureError::WrongSignature),
        }
    }

    /// What tells this request from others in the replay memory. Only of a verified claim: others would fill it.
    pub fn replay_mark(&self) -> ReplayMark<'_> {
        match &self.proof {
            Proof::Tc3(proof) => ReplayMark::Tc3(proof.signature()),
            Proof::V1(proof) => ReplayMark::V1(proof.signature()),
        }
    }

    /// How long from `now` the signature can still be used.
    pub fn usable_for(&self, now: UnixMillis, window: Duration) -> Duration {
        let left_ms = self.timestamp.saturating_mul(1000).saturating_sub(now.0);
        // Up to a second more, because timestamps are whole seconds.
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).saturating_add(999);
        Duration::from_millis(left_ms.saturating_add(window_ms).max(0).unsigned_abs())
    }
}

/// The text of a timestamp as a number of seconds.
fn seconds(text: &str) -> Result<i64, SignatureError> {
    let fits = (1..=MAX_TIMESTAMP).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if fits { text.parse().ok() } else { None };
    number.ok_or(SignatureError::Malformed("Timestamp"))
}

/// Whether a text can be a secret id at all.
fn is_secret_id(text: &str) -> bool {
    (1..=MAX_SECRET_ID).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// A text that most often needs no copy.
type Text<'a> = Cow<'a, str>;
