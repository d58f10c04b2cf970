//! Looking at devices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{DeviceQuery, FirmwareQuery, search_devices};

use super::entry::DeviceInfo;
use crate::call::Call;
use crate::failure::{Failure, Outcome};
use crate::filter::{Filter, TAG, conditions, unknown_filter};
use crate::page::Page;

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDevice {
    product_id: String,
    device_name: String,
}

/// One device.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedDevice {
    device: DeviceInfo,
}

pub(crate) async fn describe(call: Call, request: DescribeDevice) -> Outcome<DescribedDevice> {
    let device = call.device(&request.product_id, &request.device_name)?;
    Ok(DescribedDevice { device: DeviceInfo::of(&device) })
}

/// What to search for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetDeviceList {
    /// `-1` means all products of the project.
    product_id: String,
    /// Needed where ProductId is `-1`.
    project_id: Option<String>,
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
    /// The firmware that devices run; `None-FirmwareVersion` finds those that never said.
    firmware_version: Option<String>,
    /// A part of the name.
    device_name: Option<String>,
    /// Up to 10, each with one value; a name `tag:KEY` means the tag of that key.
    filters: Option<Vec<Filter>>,
}

/// A page of devices.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceList {
    devices: Vec<DeviceInfo>,
    /// How many there are in all.
    total: i64,
}

pub(crate) async fn list(call: Call, request: GetDeviceList) -> Outcome<DeviceList> {
    let products = if request.product_id == "-1" {
        let project = call.project(request.project_id.as_deref().unwrap_or_default())?;
        call.products_of(&project.id)
    } else {
        vec![call.product(&request.product_id)?]
    };
    let page = Page::of(request.offset, request.limit)?;
    let firmware = request.firmware_version.filter(|version| !version.is_empty());
    let mut query = DeviceQuery {
        name: request.device_name,
        firmware: firmware.map(|version| match version.as_str() {
            "None-FirmwareVersion" => FirmwareQuery::None,
            _ => FirmwareQuery::Version(version),
        }),
        offset: page.offset(),
        limit: page.limit(),
        ..DeviceQuery::default()
    };
    for (name, value) in conditions(request.filters)? {
        match name.strip_prefix(TAG) {
            Some(key) => query.tags.push((key.to_owned(), value)),
            None if name == "DeviceName" => query.name = Some(value),
            None => return Err(unknown_filter(&name)),
        }
    }
    call.blocking(move |_| {
        let found = search_devices(&products, &query);
        let devices = found.devices.iter().map(|device| DeviceInfo::of(device)).collect();
        Ok::<_, Failure>(DeviceList { devices, total: found.total as i64 })
    })
    .await
}
