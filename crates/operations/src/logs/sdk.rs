//! What devices logged themselves.

use schemars::JsonSchema;
use serde::Serialize;
use yizhan_devices::{FoundEntry, LogName, LogView};

use super::keywords::{ListByKeywords, search};
use crate::call::Call;
use crate::failure::Outcome;

/// A page of lines, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SdkLog<T> {
    /// To be given back for the next page.
    context: String,
    /// Whether this was all.
    listover: bool,
    results: Vec<T>,
}

pub(crate) async fn list<T: From<FoundEntry>>(call: Call, request: ListByKeywords) -> Outcome<SdkLog<T>> {
    let page = search(&call, request, &[LogName::Device], |view| match view {
        LogView::Device { level, text, .. } => {
            vec![("loglevel", (*level).to_owned()), ("content", text.clone())]
        }
        _ => Vec::new(),
    })
    .await?;
    Ok(SdkLog {
        listover: page.next.is_none(),
        results: page.entries.into_iter().map(T::from).collect(),
        context: page.next.unwrap_or_default(),
    })
}
