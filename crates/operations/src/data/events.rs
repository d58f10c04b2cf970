//! The events of a device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Device, LogName, LogQuery, LogView, TimeRange};
use yizhan_vocabulary::UnixMillis;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::range::{OneNumber, cursor_of};

const DEFAULT_SIZE: i64 = 10;
const MAX_SIZE: i64 = 1_000;
const DAY_MS: i64 = 24 * 3600 * 1000;

/// Which events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListEventHistory {
    product_id: String,
    device_name: String,
    /// `info`, `alert` or `fault`; all of them if it is empty.
    r#type: Option<String>,
    /// The first second; 24 hours ago if it is 0.
    start_time: Option<i64>,
    /// The last second; now if it is 0.
    end_time: Option<i64>,
    /// Where the last page ended.
    context: Option<String>,
    /// 1 to 1000; 10 if it is not given.
    size: Option<OneNumber>,
    /// Only this event of the thing model.
    event_id: Option<String>,
}

/// A page of events, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EventHistory {
    /// To be given back for the next page.
    context: String,
    /// How many there are in all.
    total: i64,
    /// Whether this was all.
    listover: bool,
    event_history: Vec<EventHistoryItem>,
}

/// One event.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EventHistoryItem {
    /// When it happened by the device's clock, in milliseconds.
    time_stamp: i64,
    product_id: String,
    device_name: String,
    event_id: String,
    /// `info`, `alert` or `fault`.
    r#type: String,
    /// JSON text: what came with it.
    data: String,
}

pub(crate) async fn list(call: Call, request: ListEventHistory) -> Outcome<EventHistory> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let wanted = |text: Option<String>| text.filter(|text| !text.is_empty());
    let kind = wanted(request.r#type);
    if kind.as_deref().is_some_and(|kind| !matches!(kind, "info" | "alert" | "fault")) {
        return Err(Failure::new(Code::InvalidParameterValue).because("Type is info, alert or fault"));
    }
    let event = wanted(request.event_id);
    let mut query = LogQuery::newest(
        seconds(&call, request.start_time, request.end_time)?,
        OneNumber::limit(request.size, DEFAULT_SIZE, MAX_SIZE)?,
    );
    query.cursor = cursor_of(request.context.as_deref())?;
    let fits = move |view: &LogView| match view {
        LogView::Event { event: id, kind: found, .. } => {
            event.as_ref().is_none_or(|event| event == id) && kind.as_ref().is_none_or(|kind| kind == found)
        }
        _ => false,
    };
    let asked = std::sync::Arc::clone(&device);
    let page = call
        .blocking(move |platform| platform.devices.logs_that_fit(&asked, LogName::Event, &query, fits))
        .await?;
    Ok(EventHistory {
        listover: page.next.is_none(),
        context: page.next.unwrap_or_default(),
        total: page.total as i64,
        event_history: page.entries.into_iter().filter_map(|view| item(&device, view)).collect(),
    })
}

/// From the first second to the end of the last; 0 is 24 hours ago, and now.
fn seconds(call: &Call, start: Option<i64>, end: Option<i64>) -> Outcome<TimeRange> {
    let now = call.now();
    let start =
        start.filter(|start| *start != 0).map_or(Some(now.0 - DAY_MS), |start| start.checked_mul(1000));
    let end =
        end.filter(|end| *end != 0).map_or(Some(now.0 + 1), |end| end.checked_add(1)?.checked_mul(1000));
    match (start, end) {
        (Some(start), Some(end)) if start < end => Ok(TimeRange::between(UnixMillis(start), UnixMillis(end))),
        _ => Err(Failure::new(Code::InvalidParameterValue).because("EndTime is before StartTime")),
    }
}

fn item(device: &Device, view: LogView) -> Option<EventHistoryItem> {
    let LogView::Event { event, kind, device_time, params, .. } = view else { return None };
    Some(EventHistoryItem {
        time_stamp: device_time.0,
        product_id: device.product_id().to_string(),
        device_name: device.name.to_string(),
        event_id: event,
        r#type: kind,
        data: params.get().to_owned(),
    })
}
