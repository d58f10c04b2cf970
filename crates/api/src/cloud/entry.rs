//! From a received request to a call: who signed it, which operation it means, what that is to work with. The order
//! matters: the key is proven before anything else is said, and only a proven request costs its key's budget and a
//! place in the replay memory.

use std::sync::Arc;

use axum::http::HeaderValue;
use axum::http::request::Parts;
use serde_json::{Map, Value};
use yizhan_identity::cloud_signature::{Arguments, Claim, CloudCall, CloudRequest, Method, SignatureError};
use yizhan_observe::Counter;
use yizhan_operations::{
    Audit, Call, Caller, Code, Failure, Language, Means, Operation, Rights, Version, find, is_vendor_action,
};
use yizhan_people::{ApiKey, CallClass, KeyUse};
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::AccessRefusal;

use super::Entrance;
use super::body::Received;
use super::refusal::{Refusal, TurnedAway};
use crate::server::Remote;

/// A request that is believed and understood.
pub(super) struct Accepted {
    pub call: Call,
    pub arguments: Value,
    /// A use of the key that should be written down.
    pub used: Option<KeyUse>,
}

impl Entrance {
    /// Believes a request and makes it a call, or turns it away.
    pub(super) fn accept(&self, received: &Received, remote: Remote) -> Result<Accepted, TurnedAway> {
        let check = |call: &CloudCall<'_>| self.check(call, remote).map_err(|refusal| told(call, refusal));
        read(received.method, &received.parts, &received.body, check)?
    }

    /// What the head of a request says for itself, before a large body is received.
    pub(super) fn foresee(&self, received: &Received) -> Result<(), TurnedAway> {
        let foresee = |call: &CloudCall<'_>| {
            if call.reads_body() {
                return Ok(());
            }
            let claimed = self.claimed(call, self.services.clock.now());
            claimed.map(drop).map_err(|refusal| told(call, refusal))
        };
        read(received.method, &received.parts, &[], foresee)?
    }

    /// A refusal of a request whose body was not looked at.
    pub(super) fn about(&self, parts: &Parts, refusal: Refusal) -> TurnedAway {
        let method = if parts.method == axum::http::Method::GET { Method::Get } else { Method::Post };
        read(method, parts, &[], |call| told(call, refusal)).unwrap_or_else(|away| away)
    }

    fn check(&self, call: &CloudCall<'_>, remote: Remote) -> Result<Accepted, Refusal> {
        let now = self.services.clock.now();
        let (claim, key) = self.claimed(call, now)?;
        key.verify(&claim)?;
        let (version, operation) = operation(call.version()?, call.action()?)?;
        self.admit(&key, &claim, operation, now)?;
        let arguments = arguments(call)?;
        let account = key.account();
        let caller = Caller {
            account: account.uin,
            owner: account.root(),
            rights: self.services.platform.people.rights(account).map(|rights| rights as Arc<dyn Rights>),
            operator: false,
            means: Means::Key(Arc::clone(key.id())),
            address: remote.0,
            language: language(call),
        };
        let platform = Arc::clone(&self.services.platform);
        let used = key.used(now, remote.0);
        Ok(Accepted { call: Call::new(platform, caller, operation, Some(version)), arguments, used })
    }

    /// Who claims to call, and the key that would prove it.
    fn claimed<'c>(
        &self,
        call: &'c CloudCall<'_>,
        now: UnixMillis,
    ) -> Result<(Claim<'c>, Arc<ApiKey>), Refusal> {
        call.action()?;
        call.version()?;
        let claim = call.claim(now, self.settings.signature_window)?;
        if call.token().is_some() {
            return Err(Refusal::new(AccessRefusal::SessionToken, Failure::new(Code::AuthTokenFailure)));
        }
        let key = self.services.platform.people.key(claim.secret_id())?;
        Ok((claim, key))
    }

    /// Takes the request from the key's budget, once.
    fn admit(
        &self,
        key: &ApiKey,
        claim: &Claim<'_>,
        operation: &Operation,
        now: UnixMillis,
    ) -> Result<(), Refusal> {
        let writes = operation.audit() != Audit::Read;
        let monotonic = self.services.clock.monotonic();
        let class = if writes { CallClass::Change } else { CallClass::Read };
        if !key.admit(class, self.services.platform.people.rate_limits(), monotonic) {
            return Err(Refusal::new(AccessRefusal::RateLimited, Failure::new(Code::RequestLimitExceeded)));
        }
        let usable_for = claim.usable_for(now, self.settings.signature_window);
        let mut replays = self.replays.lock();
        let evicted = replays.evicted();
        let admitted = replays.admit(claim.replay_mark(), writes, monotonic, usable_for);
        let evicted = replays.evicted() - evicted;
        drop(replays);
        if evicted > 0 {
            self.services.metrics.management().add(Counter::ReplaysForgotten, evicted);
        }
        admitted.map_err(|_| SignatureError::Replayed.into())
    }
}

/// Reads a request and looks at it.
fn read<T>(
    method: Method,
    parts: &Parts,
    body: &[u8],
    look: impl FnOnce(&CloudCall<'_>) -> T,
) -> Result<T, TurnedAway> {
    let header = |name: &str| parts.headers.get(name).map(HeaderValue::as_bytes);
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let request = CloudRequest { method, path, query, header: &header, body };
    let call = CloudCall::read(request).map_err(Refusal::from)?;
    Ok(look(&call))
}

/// A refusal in the request's language and with its names.
fn told(call: &CloudCall<'_>, refusal: Refusal) -> TurnedAway {
    refusal.of(language(call), call.claimed_key(), call.action().ok())
}

fn language(call: &CloudCall<'_>) -> Language {
    call.language().map(Language::of_tag).unwrap_or_default()
}

/// The operation that is meant.
fn operation(version: &str, action: &str) -> Result<(Version, &'static Operation), Refusal> {
    let Some(known) = Version::of_text(version) else {
        let failure = Failure::new(Code::NoSuchVersion).because(version.to_owned());
        return Err(Refusal::new(AccessRefusal::UnknownVersion, failure));
    };
    if let Some(operation) = find(known, action) {
        return Ok((known, operation));
    }
    let (reason, code) = if is_vendor_action(known, action) {
        (AccessRefusal::UnsupportedAction, Code::UnsupportedOperation)
    } else {
        (AccessRefusal::UnknownAction, Code::InvalidAction)
    };
    Err(Refusal::new(reason, Failure::new(code).because(action.to_owned())))
}

/// What the operation is to work with.
fn arguments(call: &CloudCall<'_>) -> Result<Value, Refusal> {
    let body = match call.arguments()? {
        Arguments::Tree(tree) => return Ok(tree),
        Arguments::Body(body) => body,
    };
    if body.trim_ascii().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    serde_json::from_slice(body).map_err(|error| {
        let failure = Failure::new(Code::InvalidRequest).because(format!("the body is not JSON: {error}"));
        Refusal::new(AccessRefusal::MalformedRequest, failure)
    })
}
