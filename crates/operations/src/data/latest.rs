//! The last values of a device.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Device, LatestValue};
use yizhan_vocabulary::PointValue;

use crate::call::Call;
use crate::failure::Outcome;

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceData {
    product_id: String,
    device_name: String,
    /// `PRODUCTID/DEVICENAME`; takes the place of both if it is given.
    device_id: Option<String>,
}

/// The values.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceData {
    /// JSON text: each property with `Value` and `LastUpdate` (milliseconds).
    data: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    value: &'a PointValue,
    last_update: i64,
}

pub(crate) async fn describe(call: Call, request: DescribeDeviceData) -> Outcome<DeviceData> {
    let device =
        named_device(&call, request.device_id.as_deref(), &request.product_id, &request.device_name)?;
    let values = match call.platform().devices.latest_now(&device) {
        Some(values) => values,
        // Only what is not durable yet is worth a thread that waits.
        None => call.blocking(move |platform| platform.devices.latest(&device)).await?,
    };
    Ok(DeviceData { data: shown(&values) })
}

fn shown(values: &BTreeMap<Box<str>, LatestValue>) -> String {
    let shown: BTreeMap<&str, Shown<'_>> = values
        .iter()
        .map(|(property, last)| (&**property, Shown { value: &last.value, last_update: last.time.0 }))
        .collect();
    serde_json::to_string(&shown).expect("values are numbers, text and checked JSON")
}

/// The device that a request names: by both names, or by a `DeviceId` that takes their place (facts §4.2.5).
pub(super) fn named_device(
    call: &Call,
    device_id: Option<&str>,
    product: &str,
    name: &str,
) -> Outcome<Arc<Device>> {
    match device_id.filter(|id| !id.is_empty()).and_then(|id| id.split_once('/')) {
        Some((product, name)) => call.device(product, name),
        None => call.device(product, name),
    }
}
