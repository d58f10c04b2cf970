//! Running an operation: the handler, and what is recorded about it.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::audit::audit_row;
use crate::call::Call;
use crate::failure::{Code, Failure};
use crate::operation::Audit;

/// The longest answer, in bytes.
const MAX_ANSWER_BYTES: usize = 10 * 1024 * 1024;
/// Longest time for one operation, whatever it waits for.
const DEADLINE: Duration = Duration::from_secs(90);

/// Runs the operation of `call` and gives its answer: a JSON object as text. What it did is recorded before this returns.
///
/// What changes something runs as a task of its own: a caller that goes away while it waits must not leave it half done,
/// or done without an entry in the audit log.
pub async fn dispatch(call: Call, request: Value, request_id: &str) -> Result<String, Failure> {
    if call.operation().audit() != Audit::Write {
        let answer = in_time(call.operation().run(call.clone(), request)).await??;
        return if call.hides_secrets() { without_secrets(answer) } else { Ok(answer) };
    }
    let writes = call.platform().writes.clone();
    let request_id = request_id.to_owned();
    let task = writes.spawn(async move {
        let kept = request.clone();
        let result = call.operation().run(call.clone(), request).await;
        record(&call, &kept, &result, &request_id).await;
        result
    });
    // The task goes on after the deadline, and what becomes of it is recorded.
    in_time(task).await?.unwrap_or_else(|error| {
        tracing::error!(%error, "a management operation broke off");
        Err(Failure::new(Code::InternalError))
    })
}

/// An answer to somebody who may look at things, but not at their keys.
fn without_secrets(answer: String) -> Result<String, Failure> {
    let read: Result<Value, _> = serde_json::from_str(&answer);
    let mut answer = read.map_err(|error| {
        tracing::error!(%error, "an answer is not what it should be");
        Failure::new(Code::InternalError)
    })?;
    blank_secrets(&mut answer);
    Ok(answer.to_string())
}

/// Members that hold a key, or lead to a file of keys.
const SECRET_MEMBERS: &[&str] =
    &["psk", "secret", "secretkey", "clientkey", "privatekey", "appskey", "nwkskey", "downloadurl"];

fn blank_secrets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = name.to_ascii_lowercase();
                match member {
                    Value::String(text) if SECRET_MEMBERS.iter().any(|ending| name.ends_with(ending)) => {
                        text.clear();
                    }
                    other => blank_secrets(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(blank_secrets),
        _ => {}
    }
}

/// What comes of it within the deadline.
async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let late =
        |_| Failure::new(Code::ServiceUnavailable).because("it takes too long; see later what became of it");
    tokio::time::timeout(DEADLINE, work).await.map_err(late)
}

async fn record(call: &Call, request: &Value, result: &Result<String, Failure>, request_id: &str) {
    let outcome = result.as_ref().map_or_else(|failure| failure.code().as_str(), |_| "ok");
    let row = audit_row(call, request, outcome, request_id);
    let written =
        call.blocking(move |platform| platform.store.add_audit_entries(&[row], platform.audit_kept));
    if let Err(failure) = written.await {
        // The operation is done and its caller must hear so; what could not be noted is at least in the server's log.
        tracing::error!(operation = call.operation().name(), request_id, %failure, "an audit entry could not be kept");
    }
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
