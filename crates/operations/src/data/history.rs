//! The history of one property.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{DevicesError, HistoryQuery, Order};
use yizhan_vocabulary::PointValue;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::range::{OneNumber, cursor_of, milliseconds};

/// Points of one page unless the caller says how many.
const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 1_000;

/// Which points.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceDataHistory {
    /// The first moment, in milliseconds.
    min_time: i64,
    /// The last moment, in milliseconds.
    max_time: i64,
    product_id: String,
    device_name: String,
    /// The property's identifier in the thing model.
    field_name: String,
    /// 1 to 1000; 10 if it is not given.
    limit: Option<OneNumber>,
    /// Where the last page ended.
    context: Option<String>,
}

/// A page of points.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DataHistory {
    field_name: String,
    /// Whether this was all.
    listover: bool,
    /// To be given back for the next page.
    context: String,
    results: Vec<DataHistoryItem>,
}

/// One point.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DataHistoryItem {
    /// Milliseconds, as text.
    time: String,
    /// The value, as text.
    value: String,
}

pub(crate) async fn describe(call: Call, request: DescribeDeviceDataHistory) -> Outcome<DataHistory> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let limit = OneNumber::limit(request.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let query = HistoryQuery {
        range: milliseconds(request.min_time, request.max_time)?,
        order: Order::Ascending,
        limit,
        cursor: cursor_of(request.context.as_deref())?,
    };
    let field_name = request.field_name.clone();
    let page = call
        .blocking(move |platform| {
            platform.devices.history(&device, &field_name, &query).map_err(|error| match error {
                DevicesError::NotFound(why) => Failure::new(Code::InvalidParameterValue).because(why),
                other => other.into(),
            })
        })
        .await?;
    let item =
        |time: i64, value: &PointValue| DataHistoryItem { time: time.to_string(), value: text_of(value) };
    Ok(DataHistory {
        field_name: request.field_name,
        listover: page.next.is_none(),
        context: page.next.unwrap_or_default(),
        results: page.points.iter().map(|point| item(point.time.0, &point.value)).collect(),
    })
}

/// A value as text: text as it is, anything else as on the wire.
fn text_of(value: &PointValue) -> String {
    match value {
        PointValue::Text(text) => text.to_string(),
        other => serde_json::to_string(other).expect("values are numbers and checked JSON"),
    }
}
