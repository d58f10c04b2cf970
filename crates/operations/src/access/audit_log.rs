//! What was done with the account's objects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yizhan_store::{AuditQuery, AuditRow};
use yizhan_vocabulary::{Uin, UnixMillis};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::page::{MAX_LIMIT, Page};

/// Entries of a page that does not say how long.
const DEFAULT_ENTRIES: i64 = 20;

/// Which entries.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeAuditLog {
    /// Not before this time, seconds since 1970.
    start_time: Option<i64>,
    /// Before this time, seconds since 1970.
    end_time: Option<i64>,
    /// Only of this account.
    actor_uin: Option<i64>,
    /// Only this operation.
    operation: Option<String>,
    /// 1 to 100; 20 if it is not given.
    limit: Option<i64>,
    /// Where the last page ended.
    cursor: Option<String>,
}

/// A page of entries, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AuditLog {
    entries: Vec<Entry>,
    /// For the next page; empty when this is the last one.
    next_cursor: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Entry {
    id: i64,
    /// Seconds since 1970.
    time: i64,
    /// The account that acted.
    actor_uin: i64,
    /// How it proved who it is.
    means: String,
    address: String,
    operation: String,
    /// The object, as policies name it.
    resource: String,
    /// `ok`, or the code of the refusal.
    outcome: String,
    /// The request, without its secrets.
    request: Value,
    /// The object before.
    before: Option<Value>,
    /// The object afterwards.
    after: Option<Value>,
    request_id: String,
}

pub(crate) async fn describe(call: Call, request: DescribeAuditLog) -> Outcome<AuditLog> {
    let owner = call.access()?;
    let page = Page::within(None, request.limit, DEFAULT_ENTRIES, MAX_LIMIT)?;
    let limit = u32::try_from(page.limit()).unwrap_or(u32::MAX);
    let query = AuditQuery {
        owner,
        from: request.start_time.map_or(UnixMillis(i64::MIN), seconds),
        until: request.end_time.map_or(UnixMillis(i64::MAX), seconds),
        actor: request.actor_uin.map(Uin),
        operation: request.operation.filter(|name| !name.is_empty()),
        older_than: request
            .cursor
            .filter(|cursor| !cursor.is_empty())
            .map(|text| parsed(&text))
            .transpose()?,
        limit,
    };
    let rows = call.blocking(move |platform| platform.store.audit_entries(&query)).await?;
    let full = rows.len() == page.limit();
    let last = rows.last().filter(|_| full);
    let next_cursor = last.map(|row| format!("{}-{}", row.at.0, row.id)).unwrap_or_default();
    Ok(AuditLog { entries: rows.into_iter().map(entry).collect(), next_cursor })
}

fn seconds(seconds: i64) -> UnixMillis {
    UnixMillis(seconds.saturating_mul(1_000))
}

fn parsed(cursor: &str) -> Outcome<(UnixMillis, i64)> {
    let parts = cursor.split_once('-').and_then(|(at, id)| Some((at.parse().ok()?, id.parse().ok()?)));
    let (at, id) = parts
        .ok_or_else(|| Failure::new(Code::InvalidParameterValue).because("Cursor is not one of this log"))?;
    Ok((UnixMillis(at), id))
}

fn entry(row: AuditRow) -> Entry {
    // What was written as JSON is shown as JSON.
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    Entry {
        id: row.id,
        time: row.at.seconds(),
        actor_uin: row.actor.0,
        means: row.means,
        address: row.address,
        operation: row.operation,
        resource: row.resource,
        outcome: row.outcome,
        request: json(row.request),
        before: row.before.map(json),
        after: row.after.map(json),
        request_id: row.request_id,
    }
}
