//! What the audit log keeps of an operation that writes: who, by which means, from where, on what, with which request,
//! and the object before and after. Secrets do not get into it.

use std::net::IpAddr;

use serde_json::Value;
use yizhan_store::AuditRow;
use yizhan_vocabulary::{Uin, UnixMillis};

use crate::call::{Call, Means};

/// The longest request, and the longest picture of an object, that is kept.
const MAX_KEPT_BYTES: usize = 16 * 1024;
/// What stands in place of a secret.
const HIDDEN: &str = "***";
/// Members with such an ending are secrets.
const SECRET_ENDINGS: &[&str] =
    &["psk", "secret", "secretkey", "password", "token", "privatekey", "appskey", "nwkskey"];

/// What is to be kept about one thing that was done or refused.
#[derive(Debug)]
pub struct AuditEntry<'a> {
    /// When.
    pub at: UnixMillis,
    /// The root account whose objects are concerned.
    pub owner: Uin,
    /// The account that acted.
    pub actor: Uin,
    /// By which means it proved who it is.
    pub means: &'a Means,
    /// Where it called from.
    pub address: Option<IpAddr>,
    /// What it did.
    pub operation: &'a str,
    /// With what.
    pub resource: String,
    /// `ok`, or the code of the refusal.
    pub outcome: &'a str,
    /// What it asked for.
    pub request: Value,
    /// The object before.
    pub before: Option<Value>,
    /// The object afterwards.
    pub after: Option<Value>,
    /// The answer's id.
    pub request_id: &'a str,
}

impl AuditEntry<'_> {
    /// The row in the log: without secrets, and bounded.
    pub fn row(self) -> AuditRow {
        AuditRow {
            id: 0,
            at: self.at,
            owner: self.owner,
            actor: self.actor,
            means: self.means.shown(),
            address: self.address.map(|address| address.to_string()).unwrap_or_default(),
            operation: self.operation.to_owned(),
            resource: self.resource,
            outcome: self.outcome.to_owned(),
            request: kept(self.request),
            before: self.before.map(kept),
            after: self.after.map(kept),
            request_id: self.request_id.to_owned(),
        }
    }
}

/// The entry of one use of an operation.
pub(crate) fn audit_row(call: &Call, request: &Value, outcome: &str, request_id: &str) -> AuditRow {
    let note = call.take_note();
    let caller = call.caller();
    let entry = AuditEntry {
        at: call.now(),
        owner: caller.owner,
        actor: caller.account,
        means: &caller.means,
        address: caller.address,
        operation: call.operation().name(),
        resource: note.resource,
        outcome,
        request: request.clone(),
        before: note.before,
        after: note.after,
        request_id,
    };
    entry.row()
}

/// A value as it is kept: without secrets, and not longer than may be.
fn kept(mut value: Value) -> String {
    hide_secrets(&mut value);
    let text = value.to_string();
    if text.len() <= MAX_KEPT_BYTES {
        return text;
    }
    let end = text.floor_char_boundary(MAX_KEPT_BYTES);
    Value::String(format!("{}… ({} bytes)", &text[..end], text.len())).to_string()
}

fn hide_secrets(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if is_secret(name) && !member.is_null() {
                    *member = Value::String(HIDDEN.to_owned());
                } else {
                    hide_secrets(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        _ => {}
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_hidden_wherever_they_stand_and_long_requests_are_cut() {
        let shown =
            kept(json!({"DefinedPsk": "a", "List": [{"SecretKey": "b", "Name": "c"}], "PushSecretKey": "d"}));
        assert_eq!(
            shown,
            r#"{"DefinedPsk":"***","List":[{"Name":"c","SecretKey":"***"}],"PushSecretKey":"***"}"#
        );
        let long = kept(json!({ "ModelSchema": "灯".repeat(MAX_KEPT_BYTES) }));
        assert!(long.len() < MAX_KEPT_BYTES * 2 && serde_json::from_str::<Value>(&long).is_ok());
    }
}
