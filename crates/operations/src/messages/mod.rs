//! Messages and calls to devices outside of the thing model (management API facts §4.2.5): to one device, to many, to
//! all of a product, and with an answer.

mod broadcast;
mod call_device;
mod publish;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use yizhan_devices::PublishError;

use crate::failure::{Code, Failure, Outcome};
use crate::operation::{Audit, EXPLORER, EXPLORER_AND_VIDEO, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "PublishMessage",
        EXPLORER_AND_VIDEO,
        Audit::Ledger,
        text!("Send a message to a topic of a device", "透传 Payload 至设备"),
        handler!(publish::one: publish::PublishMessage => Nothing),
    ),
    Operation::new(
        "BatchPublishMessage",
        EXPLORER,
        Audit::Ledger,
        text!("Send a message to each of many devices", "批量透传 Payload 至设备"),
        handler!(publish::many: publish::BatchPublishMessage => publish::BatchPublished),
    ),
    Operation::new(
        "PublishBroadcastMessage",
        EXPLORER,
        Audit::Ledger,
        text!("Send a message to every device of a product", "发布广播消息"),
        handler!(broadcast::start: broadcast::PublishBroadcastMessage => broadcast::Started),
    ),
    Operation::new(
        "CallDeviceRRPCSync",
        EXPLORER,
        Audit::Ledger,
        text!("Send a message to a device and wait for its answer", "同步 RRPC 调用设备"),
        handler!(call_device::call: call_device::CallDeviceRrpc => call_device::Replied),
    ),
    Operation::new(
        "PublishRRPCMessage",
        EXPLORER,
        Audit::Ledger,
        text!("Send a message on the older RRPC topics and wait for the answer", "下发 RRPC 消息"),
        handler!(call_device::publish: call_device::PublishRrpcMessage => call_device::RrpcReplied),
    ),
];

/// A payload as the device is to get it: as it is, or decoded from base64.
fn decoded(payload: String, encoding: Option<&str>) -> Outcome<Vec<u8>> {
    match encoding.unwrap_or_default() {
        "" => Ok(payload.into_bytes()),
        "base64" => STANDARD
            .decode(payload.as_bytes())
            .map_err(|_| Failure::new(Code::InvalidParameterValue).because("Payload is not base64")),
        _ => {
            let why = "PayloadEncoding is base64 or empty";
            Err(Failure::new(Code::InvalidParameterValue).because(why))
        }
    }
}

fn qos(asked: Option<i64>) -> Outcome<u8> {
    match asked.unwrap_or(0) {
        qos @ (0 | 1) => Ok(qos as u8),
        _ => Err(Failure::new(Code::InvalidParameterValue).because("Qos is 0 or 1")),
    }
}

/// The published code of each refusal.
fn refused(error: PublishError) -> Failure {
    let code = match &error {
        PublishError::Deleted => return Failure::new(Code::DeviceNotExist),
        PublishError::Disabled => return Failure::new(Code::DeviceAlreadyDisabled),
        PublishError::NoSubscription => return Failure::new(Code::DeviceNoSubscription),
        PublishError::Offline => return Failure::new(Code::DeviceOffline),
        PublishError::StoreFull => Code::MessageSaved,
        PublishError::TooLarge { .. } => Code::PayloadOverLimit,
        PublishError::TopicRefused(_) => Code::InvalidParameterValue,
        PublishError::Unavailable(_) => Code::ServiceUnavailable,
    };
    Failure::new(code).because(error.to_string())
}
