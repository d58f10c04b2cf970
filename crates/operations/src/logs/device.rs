//! The logs of one device, newest first.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Direction, FilteredPage, LogName, LogQuery, LogView};

use super::keywords::span;
use super::rows::behaviour_of;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::range::{OneNumber, cursor_of};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 1_000;

/// Which rows of which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceLog {
    /// The first moment, in milliseconds.
    min_time: i64,
    /// The last moment, in milliseconds.
    max_time: i64,
    product_id: String,
    device_name: String,
    /// 1 to 1000; 50 if it is not given.
    limit: Option<OneNumber>,
    /// Where the last page ended.
    context: Option<String>,
}

/// Which messages of which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceCommLog {
    /// The first moment, in milliseconds.
    min_time: i64,
    /// The last moment, in milliseconds.
    max_time: i64,
    product_id: String,
    device_name: String,
    /// 1 to 1000; 50 if it is not given.
    limit: Option<OneNumber>,
    /// Where the last page ended.
    context: Option<String>,
    /// `shadow` (to the device) or `device` (from it); both if it is empty.
    r#type: Option<String>,
}

async fn page(
    call: &Call,
    request: DescribeDeviceLog,
    log: LogName,
    fits: impl Fn(&LogView) -> bool + Send + 'static,
) -> Outcome<FilteredPage> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let limit = OneNumber::limit(request.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let mut query = LogQuery::newest(span(request.min_time, request.max_time)?, limit);
    query.cursor = cursor_of(request.context.as_deref())?;
    let device = Arc::clone(&device);
    call.blocking(move |platform| platform.devices.logs_that_fit(&device, log, &query, fits)).await
}

/// When a device came and went.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatusLog {
    /// Whether this was all.
    listover: bool,
    /// To be given back for the next page.
    context: String,
    results: Vec<StatusLogItem>,
    /// How many there are in all.
    total_count: i64,
}

/// One row.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StatusLogItem {
    /// Milliseconds, as text.
    time: String,
    /// `Online` or `Offline`.
    r#type: &'static str,
    /// From where, or why.
    data: String,
}

pub(crate) async fn status(call: Call, request: DescribeDeviceLog) -> Outcome<StatusLog> {
    let page = page(&call, request, LogName::Connection, |_| true).await?;
    let row = |view: &LogView| {
        let (time, kind) = match view {
            LogView::Online { time, .. } => (time, "Online"),
            LogView::Offline { time, .. } => (time, "Offline"),
            _ => return None,
        };
        let (_, data, _) = behaviour_of(view)?;
        Some(StatusLogItem { time: time.0.to_string(), r#type: kind, data })
    };
    Ok(StatusLog {
        listover: page.next.is_none(),
        results: page.entries.iter().filter_map(row).collect(),
        total_count: page.total as i64,
        context: page.next.unwrap_or_default(),
    })
}

/// The messages of a device.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CommLog {
    /// Whether this was all.
    listover: bool,
    /// To be given back for the next page.
    context: String,
    results: Vec<CommLogItem>,
}

/// One message.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CommLogItem {
    /// Milliseconds, as text.
    time: String,
    /// `shadow` (to the device) or `device` (from it).
    r#type: &'static str,
    /// The payload: text, or base64 of bytes that are no text.
    data: String,
}

const fn type_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "device",
        Direction::Down => "shadow",
    }
}

pub(crate) async fn communication(call: Call, request: DescribeDeviceCommLog) -> Outcome<CommLog> {
    let wanted = request.r#type.filter(|wanted| !wanted.is_empty());
    let known = wanted.as_deref().is_none_or(|wanted| matches!(wanted, "shadow" | "device"));
    let asked = DescribeDeviceLog {
        min_time: request.min_time,
        max_time: request.max_time,
        product_id: request.product_id,
        device_name: request.device_name,
        limit: request.limit,
        context: request.context,
    };
    if !known {
        call.device(&asked.product_id, &asked.device_name)?;
        return Err(Failure::new(Code::InvalidParameterValue).because("Type is shadow or device"));
    }
    let fits = move |view: &LogView| match view {
        LogView::Content { direction, .. } => {
            wanted.as_deref().is_none_or(|wanted| wanted == type_of(*direction))
        }
        _ => false,
    };
    let page = page(&call, asked, LogName::Content, fits).await?;
    let row = |view: LogView| match view {
        LogView::Content { time, direction, payload, .. } => {
            Some(CommLogItem { time: time.0.to_string(), r#type: type_of(direction), data: payload })
        }
        _ => None,
    };
    Ok(CommLog {
        listover: page.next.is_none(),
        context: page.next.unwrap_or_default(),
        results: page.entries.into_iter().filter_map(row).collect(),
    })
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DiagnosticLog {
    /// Whether this was all.
    listover: bool,
    /// To be given back for the next page.
    context: String,
    results: Vec<DiagnosticLogItem>,
    /// How many there are in all.
    total_count: i64,
}

/// One problem.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DiagnosticLogItem {
    /// Milliseconds.
    time: i64,
    /// What was attempted.
    content: String,
    /// How it ended.
    result: String,
    /// The named reason.
    err_code: &'static str,
}

pub(crate) async fn diagnostic(call: Call, request: DescribeDeviceLog) -> Outcome<DiagnosticLog> {
    let page = page(&call, request, LogName::Diagnostic, |_| true).await?;
    let row = |view: LogView| match view {
        LogView::Diagnostic { time, content, result, errcode, .. } => {
            Some(DiagnosticLogItem { time: time.0, content, result, err_code: errcode })
        }
        _ => None,
    };
    Ok(DiagnosticLog {
        listover: page.next.is_none(),
        total_count: page.total as i64,
        context: page.next.unwrap_or_default(),
        results: page.entries.into_iter().filter_map(row).collect(),
    })
}
