//! How much a device is to log.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// Which level for which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutLogLevel {
    product_id: String,
    device_name: String,
    /// 0 off, 1 error, 2 warning, 3 info, 4 debug.
    log_level: i64,
}

pub(crate) async fn put(call: Call, request: PutLogLevel) -> Outcome<Nothing> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let level = u8::try_from(request.log_level)
        .map_err(|_| Failure::new(Code::InvalidParameterValue).because("a log level is between 0 and 4"))?;
    let before = device.log_level();
    call.blocking(move |platform| platform.devices.put_log_level(&device, level)).await?;
    call.changed(Some(json!({ "LogLevel": before })), Some(json!({ "LogLevel": level })));
    Ok(Nothing {})
}
