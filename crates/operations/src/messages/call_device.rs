//! Messages whose sender waits for the device's answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{CallError, CallForm, CallPayload, CallView};

use super::refused;
use crate::call::Call;
use crate::data::source_of;
use crate::failure::{Code, Failure, Outcome};

/// A question to a device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CallDeviceRrpc {
    product_id: String,
    device_name: String,
    /// What is asked.
    payload: Option<String>,
    /// `base64` if the payload is to be put into base64 before it is sent.
    encoding: Option<String>,
    /// A topic of the product; `$iotrrpc/down/PRODUCTID/DEVICENAME/N` if it is empty.
    topic: Option<String>,
    /// With `Topic`: the topics on which an answer counts, wildcards included; any if it is empty.
    reply_topic: Option<String>,
}

/// The answer, or that there was none.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Replied {
    client_token: String,
    /// `Replied` or `Timeout`.
    status: &'static str,
    message_id: i64,
    /// The device's answer; only if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
    /// Where an answer was expected.
    reply_topic: String,
}

pub(crate) async fn call(call: Call, request: CallDeviceRrpc) -> Outcome<Replied> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let form = match (given(request.topic), given(request.reply_topic)) {
        (None, None) => CallForm::IotRrpc,
        // Without a template for answers, the client token alone tells which one is meant (the vendor's own sample).
        (Some(topic), reply_topic) => CallForm::Custom { topic, reply_topic },
        (None, Some(_)) => return Err(Failure::new(Code::TopicMismatch)),
    };
    let payload = request.payload.unwrap_or_default().into_bytes();
    let payload = match request.encoding.as_deref().unwrap_or_default() {
        "" => CallPayload::Plain(payload),
        "base64" => CallPayload::Base64(payload),
        _ => {
            let why = "Encoding is base64 or empty";
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
    };
    let view = asked(&call, &request.product_id, &request.device_name, form, payload).await?;
    Ok(Replied {
        client_token: view.client_token,
        status: if view.answer.is_some() { "Replied" } else { "Timeout" },
        message_id: i64::from(view.message_id),
        payload_base64: view.answer.map(|answer| STANDARD.encode(answer)),
        reply_topic: view.reply_topic,
    })
}

/// A question on the older topics.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublishRrpcMessage {
    product_id: String,
    device_name: String,
    /// What is asked.
    payload: String,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RrpcReplied {
    message_id: i64,
    payload_base64: String,
}

pub(crate) async fn publish(call: Call, request: PublishRrpcMessage) -> Outcome<RrpcReplied> {
    let payload = CallPayload::Plain(request.payload.into_bytes());
    let view = asked(&call, &request.product_id, &request.device_name, CallForm::Rrpc, payload).await?;
    let answer = view.answer.ok_or(const { Failure::new(Code::RrpcTimeout) })?;
    Ok(RrpcReplied { message_id: i64::from(view.message_id), payload_base64: STANDARD.encode(answer) })
}

async fn asked(
    call: &Call,
    product: &str,
    name: &str,
    form: CallForm,
    payload: CallPayload,
) -> Outcome<CallView> {
    let device = call.device(product, name)?;
    let question = yizhan_devices::Call { form, payload, source: source_of(call) };
    let pending = call
        .blocking(move |platform| {
            platform.devices.call(&device, question).map_err(|error| match error {
                CallError::Publish(error) => refused(error),
                CallError::TooMany(_) => Failure::new(Code::ResourceInsufficient).because(error.to_string()),
            })
        })
        .await?;
    Ok(pending.answer(call.platform().devices.call_wait()).await)
}
