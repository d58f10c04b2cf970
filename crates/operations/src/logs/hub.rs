//! Logs by keywords, as the vendor's older service has them: connections and problems, and messages.

use schemars::JsonSchema;
use serde::Serialize;
use yizhan_devices::{LogName, LogView};

use super::keywords::{ListByKeywords, search};
use super::rows::{Behaviour, Payload, behaviour_of};
use crate::call::Call;
use crate::failure::Outcome;

/// A page of rows, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Log<T> {
    /// To be given back for the next page.
    context: String,
    /// Whether this was all.
    listover: bool,
    results: Vec<T>,
}

pub(crate) async fn behaviour<T: From<Behaviour>>(call: Call, request: ListByKeywords) -> Outcome<Log<T>> {
    let logs = &[LogName::Connection, LogName::Diagnostic];
    let page = search(&call, request, logs, |view| match behaviour_of(view) {
        Some((scene, content, result)) => {
            vec![("scene", scene.to_owned()), ("content", content), ("result", result)]
        }
        None => Vec::new(),
    })
    .await?;
    let (owner, offset) = (call.caller().owner, call.platform().devices.calendar().offset_ms);
    let rows = page.entries.iter().filter_map(|entry| Behaviour::of(entry, owner, offset));
    Ok(Log {
        listover: page.next.is_none(),
        results: rows.map(T::from).collect(),
        context: page.next.unwrap_or_default(),
    })
}

pub(crate) async fn payload<T: From<Payload>>(call: Call, request: ListByKeywords) -> Outcome<Log<T>> {
    let page = search(&call, request, &[LogName::Content], |view| match view {
        LogView::Content { topic, payload, .. } => {
            vec![("topic", topic.clone()), ("payload", payload.clone())]
        }
        _ => Vec::new(),
    })
    .await?;
    let owner = call.caller().owner;
    let rows = page.entries.iter().filter_map(|entry| Payload::of(entry, owner));
    Ok(Log {
        listover: page.next.is_none(),
        results: rows.map(T::from).collect(),
        context: page.next.unwrap_or_default(),
    })
}
