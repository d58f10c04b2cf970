//! Deleting devices and switching them on and off.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::{Device, DevicesError};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;

/// Devices one request may concern.
const MAX_DEVICES: usize = 100;

/// What is said about a device that a user has bound.
// Management API facts §2.7.
const BOUND: &str = "device has binded family";

/// A device that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteDevice {
    product_id: String,
    device_name: String,
    /// Whether it goes even if a user has bound it in a family.
    force_delete: Option<bool>,
}

/// A device, by its names.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DevicesItem {
    product_id: String,
    device_name: String,
}

/// Devices that are to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteDevices {
    /// 1 to 100 devices.
    devices_items: Vec<DevicesItem>,
}

/// Devices that are to be switched on or off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateDevicesEnableState {
    /// 1 to 100 devices.
    devices_items: Vec<DevicesItem>,
    /// 1 on, 0 off.
    status: i64,
}

/// How it went: both empty when all went well, `fail` and a reason otherwise.
// Management API facts §2.7.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchOutcome {
    result_code: &'static str,
    result_message: String,
}

impl BatchOutcome {
    const DONE: Self = Self { result_code: "", result_message: String::new() };

    const fn failed(why: String) -> Self {
        Self { result_code: "fail", result_message: why }
    }
}

pub(crate) async fn delete(call: Call, request: DeleteDevice) -> Outcome<BatchOutcome> {
    let device = call.device(&request.product_id, &request.device_name)?;
    delete_all(call, vec![device], request.force_delete.unwrap_or(false)).await
}

pub(crate) async fn delete_many(call: Call, request: DeleteDevices) -> Outcome<BatchOutcome> {
    let devices = named(&call, &request.devices_items)?;
    delete_all(call, devices, false).await
}

async fn delete_all(call: Call, devices: Vec<Arc<Device>>, force: bool) -> Outcome<BatchOutcome> {
    let deleted = call
        .blocking(move |platform| {
            if !force && any_bound(platform, &devices)? {
                return Ok(Err(BOUND.to_owned()));
            }
            Ok::<_, Failure>(Ok(each(devices, |device| delete_one(platform, device))))
        })
        .await?;
    match deleted {
        Err(why) => Ok(BatchOutcome::failed(why)),
        Ok((gone, why)) => {
            call.changed(Some(gone), None);
            Ok(why.map_or(BatchOutcome::DONE, BatchOutcome::failed))
        }
    }
}

/// Does it with each device, whatever becomes of the others: with which it was done, and the first reason why not.
fn each(
    devices: Vec<Arc<Device>>,
    work: impl Fn(&Arc<Device>) -> Result<(), DevicesError>,
) -> (serde_json::Value, Option<String>) {
    let (mut done, mut first) = (Vec::with_capacity(devices.len()), None);
    for device in devices {
        let before = seen(&device);
        match work(&device) {
            Ok(()) => done.push(before),
            Err(error) => {
                first.get_or_insert_with(|| format!("{}: {error}", device.name));
            }
        }
    }
    (done.into(), first)
}

/// Whether users have bound one of the devices; then none is deleted.
fn any_bound(platform: &Platform, devices: &[Arc<Device>]) -> Outcome<bool> {
    for device in devices {
        if platform.apps.bound(device.id)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Deletes one device that no user has bound.
pub(super) async fn delete_unbound(call: &Call, device: Arc<Device>) -> Outcome<()> {
    let before = seen(&device);
    call.blocking(move |platform| {
        if platform.apps.bound(device.id)? {
            return Err(Failure::new(Code::UnsupportedOperation).because(BOUND));
        }
        Ok(delete_one(platform, &device)?)
    })
    .await?;
    call.changed(Some(before), None);
    Ok(())
}

pub(crate) fn delete_one(platform: &Platform, device: &Arc<Device>) -> Result<(), DevicesError> {
    match platform.devices.delete_device(device) {
        // Somebody else was faster; it is gone, which is what was asked for.
        Ok(()) | Err(DevicesError::NotFound(_)) => platform.certificates.forget(device),
        Err(error) => return Err(error),
    }
    Ok(())
}

pub(crate) async fn enable_many(call: Call, request: UpdateDevicesEnableState) -> Outcome<BatchOutcome> {
    let enabled = match request.status {
        0 => false,
        1 => true,
        _ => return Err(Failure::new(Code::InvalidParameterValue).because("Status is 0 or 1")),
    };
    let devices = named(&call, &request.devices_items)?;
    let (switched, why) = call
        .blocking(move |platform| {
            let switch = |device: &Arc<Device>| platform.devices.enable_device(device, enabled);
            Ok::<_, Failure>(each(devices, switch))
        })
        .await?;
    call.changed(Some(switched), Some(json!({ "EnableState": i64::from(enabled) })));
    Ok(why.map_or(BatchOutcome::DONE, BatchOutcome::failed))
}

/// Switches one device on or off.
pub(super) async fn switch(call: &Call, device: Arc<Device>, enabled: bool) -> Outcome<()> {
    call.changed(Some(seen(&device)), Some(json!({ "EnableState": i64::from(enabled) })));
    call.blocking(move |platform| platform.devices.enable_device(&device, enabled)).await
}

/// The devices that a request names; all must be there.
fn named(call: &Call, items: &[DevicesItem]) -> Outcome<Vec<Arc<Device>>> {
    if items.is_empty() || items.len() > MAX_DEVICES {
        let why = format!("DevicesItems has 1 to {MAX_DEVICES} devices");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    items.iter().map(|item| call.device(&item.product_id, &item.device_name)).collect()
}

/// A device for the audit log.
fn seen(device: &Device) -> serde_json::Value {
    json!({
        "ProductId": device.product_id(),
        "DeviceName": device.name,
        "EnableState": i64::from(device.switched_on()),
    })
}
