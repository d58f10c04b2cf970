//! What virtual devices are told to say.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yizhan_virtual_devices::{Answer, Said, Saying};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Properties that a virtual device reports.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReportAsVirtualDevice {
    product_id: String,
    device_name: String,
    /// JSON text: an object of identifiers and values. It is sent as it is, also where the model does not allow it: the
    /// answer shows what the platform says to that.
    data: String,
}

/// An event that a virtual device posts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PostEventAsVirtualDevice {
    product_id: String,
    device_name: String,
    event_id: String,
    /// `info`, `alert` or `fault`; that of the model if it is not given.
    event_type: Option<String>,
    /// JSON text: the parameters, an object. Sent as it is.
    params: Option<String>,
}

/// What the platform answered to the device.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SaidAsVirtualDevice {
    /// The token of the message.
    client_token: String,
    /// Whether the platform answered within five seconds.
    answered: bool,
    /// The code of the answer; 0 is success.
    code: i64,
    /// The status of the answer.
    status: String,
    /// Milliseconds between the message and the answer.
    elapsed_ms: f64,
}

impl From<Said> for SaidAsVirtualDevice {
    fn from(said: Said) -> Self {
        match said {
            Said::Answered(Answer { token, code, status, after_us }) => {
                Self { client_token: token, answered: true, code, status, elapsed_ms: after_us as f64 / 1e3 }
            }
            Said::Unanswered(token) => {
                Self { client_token: token, answered: false, code: 0, status: String::new(), elapsed_ms: 0.0 }
            }
        }
    }
}

pub(crate) async fn report(call: Call, request: ReportAsVirtualDevice) -> Outcome<SaidAsVirtualDevice> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let params = object("Data", &request.data)?;
    let said =
        call.blocking(move |platform| platform.virtual_devices.say(&device, Saying::Report(params))).await?;
    Ok(said.into())
}

pub(crate) async fn post(call: Call, request: PostEventAsVirtualDevice) -> Outcome<SaidAsVirtualDevice> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let params = object("Params", request.params.as_deref().filter(|text| !text.is_empty()).unwrap_or("{}"))?;
    let event = request.event_id;
    let of_the_model = || {
        let model = device.product().model()?;
        model.event(&event).map(|event| event.kind.as_str().to_owned())
    };
    let kind = request.event_type.filter(|kind| !kind.is_empty()).or_else(of_the_model);
    let saying = Saying::Event(event, kind.unwrap_or_else(|| "info".to_owned()), params);
    let said = call.blocking(move |platform| platform.virtual_devices.say(&device, saying)).await?;
    Ok(said.into())
}

/// The text as one JSON object on one line, not larger than a device's message may be.
fn object(name: &str, text: &str) -> Outcome<String> {
    const MAX_BYTES: usize = 60 * 1024;
    let refused = |why: &str| Failure::new(Code::InvalidParameterValue).because(format!("{name} {why}"));
    if text.len() > MAX_BYTES {
        return Err(refused("is too long"));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(members)) => Ok(Value::Object(members).to_string()),
        Ok(_) => Err(refused("is not a JSON object")),
        Err(error) => Err(refused(&format!("is not JSON: {error}"))),
    }
}
