//! One message to one device, and one to many: handed to the connection, kept for a session that outlives it, or
//! refused with the reason. Nothing here retries.

use std::sync::Arc;
use std::time::Instant;

use yizhan_vocabulary::causes::DropReason;
use yizhan_vocabulary::{ProductId, UnixMillis};

use crate::commands::problem_of;
use crate::links::{Direction, Downlink, SendOutcome};
use crate::registry::Device;
use crate::uplink::{Message, log_content};
use crate::{Devices, DevicesError};

/// The longest text that says who sent a message.
const MAX_SOURCE_CHARS: usize = 128;

/// A message for one device.
#[derive(Debug, Clone)]
pub struct RawMessage {
    /// The full topic.
    pub topic: String,
    /// The payload as the device gets it.
    pub payload: Vec<u8>,
    /// 0 or 1: a message with QoS 0 is never kept for a device that is offline.
    pub qos: u8,
    /// Who sends it, for the content log.
    pub source: String,
}

/// What became of a message that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The device is online and subscribes; the message is on its way.
    Sent,
    /// The device is offline; its kept session has the message, durably.
    Queued,
}

/// Why a message was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The device was deleted.
    #[error("the device was deleted")]
    Deleted,
    /// The device or its product is disabled.
    #[error("the device or its product is disabled; enable it first")]
    Disabled,
    /// The topic is not one the device may subscribe to.
    #[error("the device may not subscribe to {0}")]
    TopicRefused(String),
    /// The payload is too large.
    #[error("the payload has more than {limit} bytes")]
    TooLarge {
        /// The most it may have.
        limit: usize,
    },
    /// The device is online but does not subscribe to the topic.
    #[error("the device does not subscribe to the topic")]
    NoSubscription,
    /// The device is offline and no session keeps the message.
    #[error("the device is offline")]
    Offline,
    /// The device is offline and its session holds as many messages as it may.
    #[error("the device's session holds as many messages as it may")]
    StoreFull,
    /// Storage or the connection cannot take it now.
    #[error("the message cannot be taken now: {0}")]
    Unavailable(String),
}

/// What became of the message for one device of a batch.
#[derive(Debug)]
pub enum BatchOutcome {
    /// As for a single message.
    Published(Published),
    /// There is no such device.
    Unknown,
    /// It was refused.
    Refused(PublishError),
    /// The batch's time was over before it was this device's turn; nothing was sent to it.
    TimedOut,
}

/// One device of a batch.
#[derive(Debug)]
pub struct BatchResult {
    /// The device's name as it was given.
    pub device: String,
    /// What became of its message.
    pub outcome: BatchOutcome,
}

impl Devices {
    /// Sends a message to a device. Blocks while the message is made durable for a device that is offline.
    pub fn publish(&self, device: &Arc<Device>, message: RawMessage) -> Result<Published, PublishError> {
        self.check_message(device, &message)?;
        let RawMessage { topic, payload, qos, source } = message;
        let downlink = Downlink { topic: topic.into(), payload, qos: qos.min(1), tag: 0 };
        self.deliver(device, downlink, &source)
    }

    /// Sends a message to each of the named devices of a product; `${deviceName}` in the topic stands for the name of
    /// each. The answers are in the order of the names.
    pub fn publish_batch(
        &self,
        product: &ProductId,
        names: &[String],
        message: &RawMessage,
    ) -> Result<Vec<BatchResult>, DevicesError> {
        let product = self.known_product(product)?;
        let limit = self.0.config.max_batch_publish;
        if names.is_empty() || names.len() > limit {
            return Err(DevicesError::Invalid(format!("between 1 and {limit} devices can be named at once")));
        }
        let deadline = Instant::now() + self.0.config.batch_publish_wait;
        let one = |name: &String| {
            let outcome = match product.device(name) {
                _ if Instant::now() >= deadline => BatchOutcome::TimedOut,
                None => BatchOutcome::Unknown,
                Some(device) => {
                    let topic = message.topic.replace("${deviceName}", name);
                    match self.publish(&device, RawMessage { topic, ..message.clone() }) {
                        Ok(published) => BatchOutcome::Published(published),
                        Err(error) => BatchOutcome::Refused(error),
                    }
                }
            };
            BatchResult { device: name.clone(), outcome }
        };
        Ok(names.iter().map(one).collect())
    }

    /// The filters that the device's session subscribes to now.
    pub fn subscriptions(&self, device: &Device) -> Vec<String> {
        self.0.links.get().map(|links| links.subscriptions(device.id)).unwrap_or_default()
    }

    pub(super) fn check_message(&self, device: &Device, message: &RawMessage) -> Result<(), PublishError> {
        if device.deleted() {
            return Err(PublishError::Deleted);
        }
        if !device.enabled() {
            return Err(PublishError::Disabled);
        }
        if message.topic.contains(['+', '#']) || !self.may_subscribe(device, &message.topic) {
            return Err(PublishError::TopicRefused(message.topic.chars().take(128).collect()));
        }
        let limit = self.0.config.max_payload_bytes;
        if message.payload.len() > limit { Err(PublishError::TooLarge { limit }) } else { Ok(()) }
    }

    /// Hands a checked message over and keeps it in the content log.
    pub(super) fn deliver(
        &self,
        device: &Arc<Device>,
        downlink: Downlink,
        source: &str,
    ) -> Result<Published, PublishError> {
        let Some(links) = self.0.links.get() else { return Err(PublishError::Offline) };
        // Only what was taken stands in the log, and before the device's answer, which may be quicker than we are.
        let sent_at = self.0.clock.now();
        let outcome = links.send(device, downlink.clone());
        let refused = match outcome {
            SendOutcome::Sent | SendOutcome::Queued => {
                self.note_message(device, &downlink, source, sent_at);
                let queued = outcome == SendOutcome::Queued;
                return Ok(if queued { Published::Queued } else { Published::Sent });
            }
            SendOutcome::NoSubscriber => PublishError::NoSubscription,
            SendOutcome::Refused(DropReason::QueueFull) => PublishError::StoreFull,
            SendOutcome::Refused(DropReason::ReceiverOffline) | SendOutcome::Offline => PublishError::Offline,
            SendOutcome::Refused(reason) => PublishError::Unavailable(reason.as_str().to_owned()),
        };
        self.note_failure(device, outcome, &downlink);
        Err(refused)
    }

    fn note_message(&self, device: &Arc<Device>, downlink: &Downlink, source: &str, sent_at: UnixMillis) {
        let source: String = source.chars().take(MAX_SOURCE_CHARS).collect();
        let (submitted, _) = self.with_state(device, |recorder, state, _| {
            recorder.now = sent_at;
            let (topic, qos, payload) = (&*downlink.topic, downlink.qos, &*downlink.payload);
            let message = Message { topic, qos, payload, source: Some(&source) };
            log_content(device, state, recorder, Direction::Down, &message);
        });
        if let Err(error) = submitted.0 {
            tracing::warn!(%error, device = device.id.0, "a message could not be put into the content log");
        }
    }

    fn note_failure(&self, device: &Arc<Device>, outcome: SendOutcome, downlink: &Downlink) {
        let Some(problem) = problem_of(outcome, downlink) else { return };
        let (submitted, _) = self.with_state(device, |recorder, state, _| recorder.diagnose(state, &problem));
        if let Err(error) = submitted.0 {
            tracing::warn!(%error, device = device.id.0, "a failed message could not be noted");
        }
    }
}
