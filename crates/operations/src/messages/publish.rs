//! Messages without an answer, to one device and to many.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{BatchOutcome, BatchResult, PublishError, Published, RawMessage};

use super::{decoded, qos, refused};
use crate::call::Call;
use crate::data::source_of;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// A message for one device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublishMessage {
    product_id: String,
    device_name: String,
    /// The full topic; one that the device may subscribe to.
    topic: String,
    payload: String,
    /// 0 or 1; 0 if it is not given. A message with 1 is kept for a device whose session outlives its connection.
    qos: Option<i64>,
    /// `base64` if the payload is to be decoded before it is sent.
    payload_encoding: Option<String>,
}

pub(crate) async fn one(call: Call, request: PublishMessage) -> Outcome<Nothing> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let message = RawMessage {
        topic: request.topic,
        payload: decoded(request.payload, request.payload_encoding.as_deref())?,
        qos: qos(request.qos)?,
        source: source_of(&call),
    };
    call.blocking(move |platform| platform.devices.publish(&device, message).map_err(refused)).await?;
    Ok(Nothing {})
}

/// A message for many devices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchPublishMessage {
    product_id: String,
    /// At most 200.
    device_names: Vec<String>,
    /// The full topic; `${deviceName}` in it stands for the name of each device.
    topic: String,
    payload: String,
    /// 0 or 1; 0 if it is not given.
    qos: Option<i64>,
    /// `base64` if the payload is to be decoded before it is sent.
    payload_encoding: Option<String>,
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchPublished {
    /// How many devices were named.
    total: i64,
    /// To how many it is on its way.
    success_count: i64,
    /// The others, each with what became of its message.
    failures: Vec<DeviceResult>,
}

/// One device of a batch.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceResult {
    device_name: String,
    /// `PENDING` (kept for the device), `OFFLINE`, `FAILED` or `TIMEOUT`.
    status: &'static str,
    err_code: i64,
    err_msg: String,
}

/// The vendor's number for a device that is online and does not listen (facts §4.3, ControlDeviceData).
const NOT_LISTENING: i64 = 23_101;
/// Its number for a device that is offline, from the sample of the batch.
const OFFLINE: i64 = 23_102;
/// Ours for anything else: the vendor publishes none.
const OTHER: i64 = 23_100;

pub(crate) async fn many(call: Call, request: BatchPublishMessage) -> Outcome<BatchPublished> {
    let product = call.product(&request.product_id)?;
    let message = RawMessage {
        topic: request.topic,
        payload: decoded(request.payload, request.payload_encoding.as_deref())?,
        qos: qos(request.qos)?,
        source: source_of(&call),
    };
    let names = request.device_names;
    if names.is_empty() {
        return Err(Failure::new(Code::InvalidParameterValue).because("DeviceNames is empty"));
    }
    let total = names.len() as i64;
    let results =
        call.blocking(move |platform| platform.devices.publish_batch(&product.id, &names, &message)).await?;
    let failures: Vec<_> = results.into_iter().filter_map(failure).collect();
    Ok(BatchPublished { total, success_count: total - failures.len() as i64, failures })
}

/// What the answer says about a device whose message is not on its way.
fn failure(result: BatchResult) -> Option<DeviceResult> {
    let (status, err_code, err_msg) = match result.outcome {
        BatchOutcome::Published(Published::Sent) => return None,
        BatchOutcome::Published(Published::Queued) => ("PENDING", 0, "kept for the device".to_owned()),
        BatchOutcome::Unknown => ("FAILED", OTHER, "the product has no such device".to_owned()),
        BatchOutcome::TimedOut => ("TIMEOUT", OTHER, "the batch took too long".to_owned()),
        BatchOutcome::Refused(error) => {
            let (status, code) = match &error {
                PublishError::Offline => ("OFFLINE", OFFLINE),
                PublishError::NoSubscription => ("FAILED", NOT_LISTENING),
                _ => ("FAILED", OTHER),
            };
            (status, code, error.to_string())
        }
    };
    Some(DeviceResult { device_name: result.device, status, err_code, err_msg })
}
