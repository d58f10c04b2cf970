//! The signature in a device's QR code: an app that scans it binds the device (facts, AppSecureAddDeviceInFamily).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_identity::binding_signature::end_of;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Which device, and for how long.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GenSingleDeviceSignature {
    product_id: String,
    device_name: String,
    /// Seconds, 1 to 86400; -1 for ten years.
    expire: i64,
}

/// A device's signature.
// Management API facts §6, DeviceSignatureInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceSignatureInfo {
    device_name: String,
    /// 32 hexadecimal characters.
    device_signature: String,
}

/// The signature that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SignedDevice {
    device_signature: DeviceSignatureInfo,
}

pub(crate) async fn sign(call: Call, request: GenSingleDeviceSignature) -> Outcome<SignedDevice> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let end = end_of(request.expire, call.now()).ok_or_else(|| {
        Failure::new(Code::InvalidParameterValue).because("Expire is 1 to 86400 seconds, or -1 for ten years")
    })?;
    let signature = call.platform().bindings.sign(device.id, end);
    let device_signature = signature.ok_or(const { Failure::new(Code::InternalError) })?;
    let device_name = device.name.to_string();
    Ok(SignedDevice { device_signature: DeviceSignatureInfo { device_name, device_signature } })
}
