//! Setting properties, and reporting them in a device's name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{CommandState, ControlRequest, Device, DevicesError};
use yizhan_vocabulary::UnixMillis;

use super::latest::named_device;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Which properties of which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ControlDeviceData {
    product_id: String,
    device_name: String,
    /// JSON text: an object of identifiers and values.
    data: String,
    /// `desired` (the default) sends them to the device, `reported` stores them as if the device had reported them.
    method: Option<String>,
    /// `PRODUCTID/DEVICENAME`; takes the place of both if it is given.
    device_id: Option<String>,
    /// The time of a report, in milliseconds; now if it is not given.
    data_timestamp: Option<i64>,
}

/// What became of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Controlled {
    /// Always empty.
    data: String,
    /// JSON text: `Sent` is 1 if the device is online and listens; `pushResult` is 0, or 23101 if it is not.
    result: &'static str,
}

const SENT: &str = r#"{"Sent":1,"pushResult":0}"#;
const NOT_SENT: &str = r#"{"Sent":0,"pushResult":23101}"#;

pub(crate) async fn control(call: Call, request: ControlDeviceData) -> Outcome<Controlled> {
    let device =
        named_device(&call, request.device_id.as_deref(), &request.product_id, &request.device_name)?;
    let result = match request.method.as_deref().unwrap_or_default() {
        "" | "desired" => {
            let wanted = ControlRequest { params: request.data, keep: None };
            let control = move |platform: &crate::Platform| {
                platform.devices.control(&device, &wanted).map_err(|error| refused(error, &device))
            };
            match call.blocking(control).await?.view.state {
                CommandState::Stored | CommandState::Expired => NOT_SENT,
                CommandState::Sent | CommandState::Received | CommandState::Done | CommandState::Failed => {
                    SENT
                }
            }
        }
        "reported" => {
            let time = request.data_timestamp.filter(|time| *time != 0).map(UnixMillis);
            let source = source_of(&call);
            let report = move |platform: &crate::Platform| {
                let devices = &platform.devices;
                devices
                    .simulate_report(&device, &request.data, time, &source)
                    .map_err(|error| refused(error, &device))
            };
            call.blocking(report).await?;
            SENT
        }
        _ => {
            let why = "Method is desired or reported";
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
    };
    Ok(Controlled { data: String::new(), result })
}

/// Who sends something, for the content log.
pub(crate) fn source_of(call: &Call) -> String {
    format!("uin/{}", call.caller().account)
}

/// The published codes of what can be wrong with a command (facts §4.2.5).
pub(super) fn refused(error: DevicesError, device: &Device) -> Failure {
    match error {
        DevicesError::Conflict(_) if device.product().model().is_none() => Failure::new(Code::ModelDefineNil),
        DevicesError::Conflict(_) if !device.enabled() => Failure::new(Code::DeviceAlreadyDisabled),
        DevicesError::NotFound(_) => Failure::new(Code::DeviceNotExist),
        DevicesError::LimitReached(why) => Failure::new(Code::ResourceInsufficient).because(why),
        other => other.into(),
    }
}
