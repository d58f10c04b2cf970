//! Looking at devices.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::Device;

use super::entry::DeviceInfo;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::page::Page;

/// Filters one search may have (facts §4.3, GetDeviceList).
const MAX_FILTERS: usize = 10;

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDevice {
    product_id: String,
    device_name: String,
}

/// One device.
#[derive(Debug, Serialize, JsonSchema)]
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
    /// A part of the name.
    device_name: Option<String>,
    /// Up to 10, each with one value; a name `tag:KEY` means the tag of that key.
    filters: Option<Vec<Filter>>,
}

/// One condition.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Filter {
    name: String,
    values: Vec<String>,
}

/// A page of devices.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceList {
    devices: Vec<DeviceInfo>,
    /// How many there are in all.
    total: i64,
}

pub(crate) async fn list(call: Call, request: GetDeviceList) -> Outcome<DeviceList> {
    let page = Page::of(request.offset, request.limit)?;
    if request.filters.as_ref().is_some_and(|filters| filters.len() > MAX_FILTERS) {
        let why = format!("Filters has at most {MAX_FILTERS} conditions");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let products = if request.product_id == "-1" {
        let project = call.project(request.project_id.as_deref().unwrap_or_default())?;
        call.platform().devices.products_of(&project.id)
    } else {
        vec![call.product(&request.product_id)?]
    };
    let part = request.device_name.filter(|part| !part.is_empty());
    let found = call
        .blocking(move |_| {
            let mut devices: Vec<Arc<Device>> =
                products.iter().flat_map(|product| product.devices()).collect();
            if let Some(part) = part {
                devices.retain(|device| device.name.as_str().contains(&part));
            }
            devices.sort_unstable_by_key(|device| std::cmp::Reverse(device.id));
            let total = devices.len() as i64;
            let devices = page.cut(devices).iter().map(|device| DeviceInfo::of(device)).collect();
            Ok::<_, Failure>(DeviceList { devices, total })
        })
        .await?;
    Ok(found)
}
