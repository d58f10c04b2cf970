//! Making a device.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::{AuthMode, Device, DeviceCreation, DevicesError};
use yizhan_identity::authority::KeyKind;
use yizhan_identity::secret::DeviceSecret;

use super::change::delete_one;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;
use crate::undo::or_undo;

/// Devices one request may make.
const MAX_AT_ONCE: usize = 1_000;
/// Those with certificates, whose keys take a while to make.
const MAX_CERTIFICATES_AT_ONCE: usize = 20;

/// A device that is to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateDevice {
    product_id: String,
    /// 1 to 48 of letters, digits, `:`, `_` and `-`; unique in the product.
    device_name: String,
    /// A key of its own (base64 text) instead of a generated one.
    defined_psk: Option<String>,
    /// LoRa devices only, which need a network server that is not here.
    #[serde(rename = "DevEUI")]
    dev_eui: Option<String>,
    /// A certificate of its own (PEM) instead of an issued one.
    tls_crt: Option<String>,
}

/// A device with what it needs to connect. The private key is shown this once and kept nowhere.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedDevice {
    data: DeviceData,
}

/// Credentials.
// Management API facts §6, DeviceData.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceData {
    device_cert: String,
    device_name: String,
    device_private_key: String,
    device_psk: String,
}

pub(crate) async fn create(call: Call, request: CreateDevice) -> Outcome<CreatedDevice> {
    let product = call.product(&request.product_id)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    if given(request.dev_eui).is_some() {
        let why = "LoRa devices need a network server, which this platform does not have";
        return Err(Failure::new(Code::UnsupportedOperation).because(why));
    }
    if given(request.tls_crt).is_some() {
        let why = "certificates made elsewhere are accepted through the product's private authority";
        return Err(Failure::new(Code::UnsupportedOperation).because(why));
    }
    let own_key = given(request.defined_psk);
    if own_key.is_some() && product.auth != AuthMode::Key {
        return Err(Failure::new(Code::ProductNotSupportPsk));
    }
    let secret = own_key
        .map(|text| DeviceSecret::parse(&text))
        .transpose()
        .map_err(|error| Failure::new(Code::InvalidParameterValue).because(format!("DefinedPsk: {error}")))?;
    let name = request.device_name;
    let data = call
        .blocking(move |platform| {
            let creation = DeviceCreation::Named(vec![name.clone()]);
            let made = match secret {
                None => platform.devices.create_devices(&product.id, creation),
                Some(secret) => {
                    platform.devices.create_device_with_key(&product.id, &name, secret).map(|one| vec![one])
                }
            };
            made.map_err(failure)?;
            let device = platform.devices.known_device(&product.id, &name)?;
            credentials_of_all(platform, &[device])
        })
        .await?
        .remove(0);
    call.changed(None, Some(json!({ "ProductId": request.product_id, "DeviceName": data.device_name })));
    Ok(CreatedDevice { data })
}

/// Several devices that are to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateDevices {
    product_id: String,
    /// Their names, 1 to 1,000.
    device_names: Option<Vec<String>>,
    /// Instead of names: what every name starts with; a number follows, counting on from the highest that exists.
    prefix: Option<String>,
    /// With `Prefix`: how many, 1 to 1,000.
    count: Option<usize>,
}

/// Devices with what they need to connect, in the order in which they were asked for.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedDevices {
    devices: Vec<DeviceData>,
}

pub(crate) async fn create_many(call: Call, request: CreateDevices) -> Outcome<CreatedDevices> {
    let product = call.product(&request.product_id)?;
    let refused = |why: String| Err(Failure::new(Code::InvalidParameterValue).because(why));
    let creation = match (request.device_names, request.prefix, request.count) {
        (Some(names), None, None) => DeviceCreation::Named(names),
        (None, Some(prefix), Some(count)) => DeviceCreation::Numbered { prefix, count },
        _ => return refused("either DeviceNames, or Prefix and Count".to_owned()),
    };
    let count = match &creation {
        DeviceCreation::Named(names) => names.len(),
        DeviceCreation::Numbered { count, .. } => *count,
    };
    if !(1..=MAX_AT_ONCE).contains(&count) {
        return refused(format!("between 1 and {MAX_AT_ONCE} devices can be made at once"));
    }
    if product.auth == AuthMode::Certificate && count > MAX_CERTIFICATES_AT_ONCE {
        let why = format!(
            "each device gets a certificate, so at most {MAX_CERTIFICATES_AT_ONCE} can be made at once; use a batch for more"
        );
        return refused(why);
    }
    let devices = call
        .blocking(move |platform| {
            let made = platform.devices.create_devices(&product.id, creation).map_err(failure)?;
            let known = made.iter().filter_map(|view| product.device(view.name.as_str()));
            credentials_of_all(platform, &known.collect::<Vec<_>>())
        })
        .await?;
    let names: Vec<_> = devices.iter().map(|device| device.device_name.as_str()).collect();
    call.changed(None, Some(json!({ "ProductId": request.product_id, "DeviceNames": names })));
    Ok(CreatedDevices { devices })
}

/// What new devices need to connect. If it cannot be made for one of them, none of them stays.
fn credentials_of_all(platform: &Platform, devices: &[Arc<Device>]) -> Outcome<Vec<DeviceData>> {
    let made = devices.iter().map(|device| credentials(platform, device)).collect();
    or_undo(made, || devices.iter().try_for_each(|device| delete_one(platform, device)))
}

/// What the device needs to connect; a certificate is issued where the product asks for one.
fn credentials(platform: &Platform, device: &Arc<Device>) -> Outcome<DeviceData> {
    let device_name = device.name.to_string();
    if let Some(secret) = device.secret() {
        let device_psk = secret.as_text().to_owned();
        return Ok(DeviceData {
            device_cert: String::new(),
            device_name,
            device_private_key: String::new(),
            device_psk,
        });
    }
    let authority = &platform.authorities.authority;
    let issued = platform.certificates.issue(authority, device, KeyKind::Rsa2048, platform.clock.now())?;
    Ok(DeviceData {
        device_cert: issued.certificate,
        device_name,
        device_private_key: issued.private_key.to_string(),
        device_psk: String::new(),
    })
}

/// The published codes of what can be wrong with a new device.
fn failure(error: DevicesError) -> Failure {
    match error {
        DevicesError::Conflict(why) => Failure::new(Code::DeviceAlreadyExist).because(why),
        DevicesError::Invalid(why) => Failure::new(Code::DeviceNameInvalid).because(why),
        DevicesError::LimitReached(why) => Failure::new(Code::DeviceExceedLimit).because(why),
        other => other.into(),
    }
}
