//! What the server did not take lately, and what it complains about.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::failure::Outcome;
use crate::page::Page;

/// Which refusals.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeRefusals {
    /// Only those in whose identity, address, reason or detail this stands.
    keyword: Option<String>,
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
}

/// A page of refusals, the newest first. The last thousand are remembered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Refusals {
    refusals: Vec<RefusalEntry>,
    total: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct RefusalEntry {
    /// Milliseconds since 1970.
    time: i64,
    /// The name of the reason, as counters have it.
    reason: String,
    /// Who it was, as far as it was said.
    identity: String,
    address: String,
    /// What exactly was wrong.
    detail: String,
}

pub(crate) async fn refusals(call: Call, request: DescribeRefusals) -> Outcome<Refusals> {
    call.operator()?;
    let page = Page::of(request.offset, request.limit)?;
    let keyword = request.keyword.unwrap_or_default();
    let mut found = call.platform().system.parts.metrics.refusals.newest(usize::MAX);
    found.retain(|refusal| {
        [refusal.reason, &refusal.identity, &refusal.address, &refusal.detail]
            .iter()
            .any(|text| text.contains(&keyword))
    });
    let total = found.len() as u64;
    let entry = |refusal: yizhan_observe::Refusal| RefusalEntry {
        time: refusal.time.0,
        reason: refusal.reason.to_owned(),
        identity: refusal.identity,
        address: refusal.address,
        detail: refusal.detail,
    };
    Ok(Refusals { refusals: page.cut(found).into_iter().map(entry).collect(), total })
}

/// Which warnings.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeWarnings {
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
}

/// A page of warnings, the newest first. The last five hundred since the start are remembered.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Warnings {
    warnings: Vec<WarningEntry>,
    total: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct WarningEntry {
    /// Milliseconds since 1970.
    time: i64,
    /// `WARN` or `ERROR`.
    level: String,
    /// The part of the server that says it.
    part: String,
    text: String,
}

pub(crate) async fn warnings(call: Call, request: DescribeWarnings) -> Outcome<Warnings> {
    call.operator()?;
    let page = Page::of(request.offset, request.limit)?;
    let found = call.platform().system.parts.warnings.newest(usize::MAX);
    let total = found.len() as u64;
    let entry = |warning: yizhan_observe::Warning| WarningEntry {
        time: warning.time.0,
        level: warning.level.to_owned(),
        part: warning.target,
        text: warning.text,
    };
    Ok(Warnings { warnings: page.cut(found).into_iter().map(entry).collect(), total })
}
