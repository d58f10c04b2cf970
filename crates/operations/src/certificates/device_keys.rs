//! The keys of single devices.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::AuthMode;
use yizhan_identity::DeviceSecret;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// A device and its new key.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateDevicePsk {
    product_id: String,
    device_name: String,
    /// Base64 of 1 to 48 bytes.
    psk: String,
}

pub(crate) async fn update_psk(call: Call, request: UpdateDevicePsk) -> Outcome<Nothing> {
    let device = call.device(&request.product_id, &request.device_name)?;
    if device.product().auth != AuthMode::Key {
        return Err(Failure::new(Code::ProductNotSupportPsk));
    }
    let secret = DeviceSecret::parse(&request.psk)
        .map_err(|error| Failure::new(Code::InvalidParameterValue).because(format!("Psk: {error}")))?;
    call.blocking(move |platform| platform.devices.set_device_secret(&device, secret)).await?;
    Ok(Nothing {})
}

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedDevice {
    product_id: String,
    device_name: String,
}

/// The private key of a device.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ClientKey {
    /// PEM.
    client_key: String,
}

pub(crate) async fn client_key(call: Call, request: NamedDevice) -> Outcome<ClientKey> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let found = call.blocking(move |platform| platform.store.batch_credentials(device.id)).await?;
    let (_, key) = found.ok_or_else(|| {
        let why = "only the keys of certificates that a batch made are kept, while the certificate counts";
        Failure::new(Code::ResourceNotFound).because(why)
    })?;
    Ok(ClientKey { client_key: key.expose().to_owned() })
}
