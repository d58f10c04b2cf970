//! What the operator does to accounts is in the audit log, like everything that accounts do.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde_json::Value;
use yizhan_identity::registration::request_id;
use yizhan_operations::Means;
use yizhan_store::AuditRow;
use yizhan_vocabulary::Uin;

use crate::access::Passed;
use crate::answer::Answer;
use crate::server::Remote;
use crate::services::Services;

/// By which means and from where the operator works.
pub(crate) struct Operator {
    means: Means,
    address: String,
}

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let means = match parts.extensions.get::<Passed>() {
            Some(Passed::Token(name)) => Means::Token(name.clone()),
            Some(Passed::Local) | None => Means::Local,
        };
        let remote = parts.extensions.get::<Remote>().and_then(|remote| remote.0);
        Ok(Self { means, address: remote.map(|address| address.to_string()).unwrap_or_default() })
    }
}

/// What was done.
pub(crate) struct Done<T> {
    /// The root account whose objects were concerned.
    pub owner: Uin,
    /// The object before, without secrets.
    pub before: Option<Value>,
    /// The object afterwards, without secrets.
    pub after: Option<Value>,
    /// The answer.
    pub answer: T,
}

impl Operator {
    /// Does something and records it, a refusal as well.
    pub fn does<T>(
        &self,
        services: &Services,
        operation: &str,
        request: &Value,
        work: impl FnOnce() -> Answer<Done<T>>,
    ) -> Answer<T> {
        let (entry, result) = match work() {
            Ok(Done { owner, before, after, answer }) => ((owner, before, after, "ok"), Ok(answer)),
            Err(error) => ((Uin::FIRST, None, None, error.code()), Err(error)),
        };
        let (owner, before, after, outcome) = entry;
        let text = |value: Value| value.to_string();
        let row = AuditRow {
            id: 0,
            at: services.clock.now(),
            owner,
            actor: Uin::FIRST,
            means: self.means.shown(),
            address: self.address.clone(),
            operation: operation.to_owned(),
            resource: format!("qcs::cam::uin/{owner}:*"),
            outcome: outcome.to_owned(),
            request: request.to_string(),
            before: before.map(text),
            after: after.map(text),
            request_id: request_id(),
        };
        if let Err(error) = services.store.add_audit_entries(&[row], services.platform.audit_kept) {
            // What was done is done; what could not be noted is at least in the server's log.
            tracing::error!(operation, %error, "an audit entry could not be kept");
        }
        result
    }
}
