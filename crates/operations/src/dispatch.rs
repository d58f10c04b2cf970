//! Running an operation: the handler, and what is recorded about it.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use yizhan_vocabulary::{Uin, UnixMillis};

use crate::call::Call;
use crate::failure::{Code, Failure};
use crate::operation::Audit;

/// The longest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 10 * 1024 * 1024;
/// Longest time for one operation, whatever it waits for.
const DEADLINE: Duration = Duration::from_secs(90);

/// One use of an operation that writes, for the audit log.
#[derive(Debug, Clone)]
pub struct AuditEntry {
    /// When.
    pub at: UnixMillis,
    /// The root account whose objects were concerned.
    pub owner: Uin,
    /// The account that acted.
    pub actor: Uin,
    /// How it proved who it is.
    pub means: String,
    /// Where it called from.
    pub address: String,
    /// The operation's name.
    pub operation: &'static str,
    /// The object, as policies name it; empty if the request was refused before one was found.
    pub resource: String,
    /// `ok`, or the code of the failure.
    pub outcome: &'static str,
    /// The request, as it came; whoever stores it takes secrets out.
    pub request: Value,
    /// The object before.
    pub before: Option<Value>,
    /// The object after.
    pub after: Option<Value>,
    /// The number by which the caller can ask for it.
    pub request_id: String,
}

/// Where writes are recorded.
pub trait AuditLog: Send + Sync {
    /// Records an entry. May block for the time of a small transaction.
    fn record(&self, entry: AuditEntry);
}

/// Runs the operation of `call` and gives its answer: a JSON object as text. What it did is recorded before this returns.
pub async fn dispatch(call: Call, request: Value, request_id: &str) -> Result<String, Failure> {
    let operation = call.operation();
    let kept = (operation.audit() == Audit::Write).then(|| request.clone());
    let running = operation.run(call.clone(), request);
    let result = match tokio::time::timeout(DEADLINE, running).await {
        Ok(result) => result,
        Err(_) => Err(Failure::new(Code::ServiceUnavailable).because("it took too long")),
    };
    if let Some(request) = kept {
        record(&call, request, &result, request_id).await;
    }
    result
}

async fn record(call: &Call, request: Value, result: &Result<String, Failure>, request_id: &str) {
    let note = call.take_note();
    let caller = call.caller();
    let entry = AuditEntry {
        at: call.now(),
        owner: caller.owner,
        actor: caller.account,
        means: caller.means.shown(),
        address: caller.address.map(|address| address.to_string()).unwrap_or_default(),
        operation: call.operation().name(),
        resource: note.resource,
        outcome: result.as_ref().map_or_else(|failure| failure.code().as_str(), |_| "ok"),
        request,
        before: note.before,
        after: note.after,
        request_id: request_id.to_owned(),
    };
    let recorded = call.blocking(move |platform| {
        platform.audit.record(entry);
        Ok::<(), Failure>(())
    });
    // What failed has been logged there; the operation itself is done.
    drop(recorded.await);
}

/// A handler's answer as text, unless it is too long.
pub(crate) fn rendered(response: &impl Serialize) -> Result<String, Failure> {
    let text = serde_json::to_string(response).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        Failure::new(Code::InternalError)
    })?;
    if text.len() > MAX_ANSWER_BYTES {
        return Err(Failure::new(Code::ResponseSizeLimitExceeded));
    }
    Ok(text)
}
