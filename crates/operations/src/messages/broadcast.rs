//! A message to every device of a product.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::BroadcastError;

use super::{decoded, qos};
use crate::call::Call;
use crate::data::source_of;
use crate::failure::{Code, Failure, Outcome};

/// A message for all devices of a product; it goes to `$broadcast/rxd/PRODUCTID/DEVICENAME`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublishBroadcastMessage {
    product_id: String,
    payload: String,
    /// 0 or 1.
    qos: i64,
    /// `base64` if the payload is to be decoded before it is sent.
    payload_encoding: Option<String>,
}

/// A broadcast that is under way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Started {
    task_id: i64,
}

pub(crate) async fn start(call: Call, request: PublishBroadcastMessage) -> Outcome<Started> {
    let product = call.product(&request.product_id)?;
    let payload = decoded(request.payload, request.payload_encoding.as_deref())?;
    let (qos, source) = (qos(Some(request.qos))?, source_of(&call));
    let id = call
        .blocking(move |platform| {
            platform.devices.broadcast(&product.id, payload, qos, &source).map_err(|error| match error {
                BroadcastError::Running => Failure::new(Code::BroadcastTaskIsRunning),
                BroadcastError::TooLarge { .. } => {
                    Failure::new(Code::PayloadOverLimit).because(error.to_string())
                }
                BroadcastError::Other(other) => other.into(),
            })
        })
        .await?;
    Ok(Started { task_id: id.0 })
}
