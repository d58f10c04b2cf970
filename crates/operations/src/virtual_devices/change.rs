//! Starting, stopping and changing virtual devices.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use yizhan_devices::{Device, DeviceCreation, Product};
use yizhan_virtual_devices::{Behaviour, VirtualDeviceError};

use super::describe::DescribedVirtualDevice;
use crate::call::Call;
use crate::failure::{Failure, Outcome};
use crate::operation::Nothing;
use crate::platform::Platform;

/// The device that a product gets where a virtual one is wanted and none is named.
const OWN_DEVICE: &str = "virtual-device";

/// Which device is to be played.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartVirtualDevice {
    product_id: String,
    /// An existing device; without it the product's own virtual device, `virtual-device`, which is made if it is not there.
    device_name: Option<String>,
    /// How it behaves; as the last time, or as usual, if it is not given.
    behaviour: Option<Behaviour>,
    /// Take the place of the real device if that is connected. When the real one comes back, the virtual one gives way.
    force: Option<bool>,
}

pub(crate) async fn start(call: Call, request: StartVirtualDevice) -> Outcome<DescribedVirtualDevice> {
    let name = request.device_name.filter(|name| !name.is_empty());
    let wanted = match name {
        Some(name) => Wanted::Device(call.device(&request.product_id, &name)?),
        None => Wanted::OwnOf(call.product(&request.product_id)?),
    };
    let (behaviour, force) = (request.behaviour, request.force.unwrap_or(false));
    let by = call.caller().account;
    let started = call
        .blocking(move |platform| {
            let device = wanted.device(platform)?;
            platform.virtual_devices.start(&device, behaviour, force, by)?;
            DescribedVirtualDevice::of(platform, &device)
        })
        .await?;
    call.changed(None, Some(started.noted()));
    Ok(started)
}

enum Wanted {
    Device(Arc<Device>),
    OwnOf(Arc<Product>),
}

impl Wanted {
    fn device(self, platform: &Platform) -> Outcome<Arc<Device>> {
        let product = match self {
            Self::Device(device) => return Ok(device),
            Self::OwnOf(product) => product,
        };
        if product.device(OWN_DEVICE).is_none() {
            let names = DeviceCreation::Named(vec![OWN_DEVICE.to_owned()]);
            platform.devices.create_devices(&product.id, names)?;
        }
        Ok(platform.devices.known_device(&product.id, OWN_DEVICE)?)
    }
}

/// Which virtual device is to be stopped.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StopVirtualDevice {
    product_id: String,
    device_name: String,
}

pub(crate) async fn stop(call: Call, request: StopVirtualDevice) -> Outcome<Nothing> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let by = call.caller().account;
    let ran = call.blocking(move |platform| platform.virtual_devices.stop(&device, by)).await?;
    call.changed(Some(json!({ "Running": ran })), Some(json!({ "Running": false })));
    Ok(Nothing {})
}

/// How a virtual device is to behave.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyVirtualDevice {
    product_id: String,
    device_name: String,
    /// All of it: what is not given is as usual, not as before.
    behaviour: Behaviour,
}

pub(crate) async fn modify(call: Call, request: ModifyVirtualDevice) -> Outcome<DescribedVirtualDevice> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let by = call.caller().account;
    let (before, after) = call
        .blocking(move |platform| {
            let virtual_devices = &platform.virtual_devices;
            let before = virtual_devices.find(&device)?.ok_or(VirtualDeviceError::NotRunning)?.behaviour;
            virtual_devices.change(&device, request.behaviour, by)?;
            Ok::<_, Failure>((before, DescribedVirtualDevice::of(platform, &device)?))
        })
        .await?;
    call.changed(Some(json!({ "Behaviour": before })), Some(after.noted()));
    Ok(after)
}
