//! The same devices as the video API shows them (facts §8.1, Devices and control): shorter, and switched one at a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Device, DeviceQuery, Status, search_devices};

use super::change::{delete_unbound, switch};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::page::Page;

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneDevice {
    product_id: String,
    device_name: String,
}

/// A device.
// Management API facts §8.1, DeviceInfo.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VideoDevice {
    device_name: String,
    /// 1 online, 0 not.
    online: u64,
    /// Seconds; 0 before the first connection.
    login_time: i64,
    /// The key; empty for a device with a certificate.
    device_psk: String,
    /// 1 enabled, 0 disabled.
    enable_state: u64,
    /// Seconds until which the device may be used; 0 is without an end.
    expire_time: u64,
    /// 0 off, 1 error, 2 warn, 3 info, 4 debug.
    log_level: u64,
}

impl VideoDevice {
    fn of(device: &Device) -> Self {
        let presence = device.status();
        Self {
            device_name: device.name.to_string(),
            online: u64::from(presence.status == Status::Online),
            login_time: presence.last_online_at.map_or(0, |at| at.seconds()),
            device_psk: device.secret().map(|secret| secret.as_text().to_owned()).unwrap_or_default(),
            enable_state: u64::from(device.switched_on()),
            expire_time: 0,
            log_level: u64::from(device.log_level()),
        }
    }
}

pub(crate) async fn describe(call: Call, request: OneDevice) -> Outcome<VideoDevice> {
    Ok(VideoDevice::of(&*call.device(&request.product_id, &request.device_name)?))
}

/// What to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDevices {
    product_id: String,
    offset: i64,
    /// 1 to 100; 10 for 0.
    limit: i64,
    /// A part of the name.
    device_name: Option<String>,
}

/// A page of devices.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceList {
    /// How many there are in all.
    total_count: u64,
    devices: Vec<VideoDevice>,
}

pub(crate) async fn list(call: Call, request: DescribeDevices) -> Outcome<DeviceList> {
    let product = call.product(&request.product_id)?;
    let page = Page::of(Some(request.offset), Some(request.limit))?;
    let query = DeviceQuery {
        name: request.device_name,
        offset: page.offset(),
        limit: page.limit(),
        ..DeviceQuery::default()
    };
    call.blocking(move |_| {
        let found = search_devices(&[product], &query);
        let devices = found.devices.iter().map(|device| VideoDevice::of(device)).collect();
        Ok::<_, Failure>(DeviceList { total_count: found.total as u64, devices })
    })
    .await
}

/// What a device is to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyDevice {
    product_id: String,
    device_name: String,
    /// 1 on, 0 off; stays as it is if it is not given.
    enable_state: Option<u64>,
}

pub(crate) async fn modify(call: Call, request: ModifyDevice) -> Outcome<Nothing> {
    let device = call.device(&request.product_id, &request.device_name)?;
    match request.enable_state {
        None => {}
        Some(state @ 0..=1) => switch(&call, device, state == 1).await?,
        Some(_) => return Err(Failure::new(Code::InvalidParameterValue).because("EnableState is 0 or 1")),
    }
    Ok(Nothing {})
}

pub(crate) async fn delete(call: Call, request: OneDevice) -> Outcome<Nothing> {
    let device = call.device(&request.product_id, &request.device_name)?;
    delete_unbound(&call, device).await?;
    Ok(Nothing {})
}
