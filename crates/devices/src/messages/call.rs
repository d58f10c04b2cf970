//! Calls: a message to a device whose caller waits for the device's answer (facts §2.12, cloud API notes on
//! CallDeviceRRPCSync). Three forms: the old `$rrpc` topics, the present `$iotrrpc` topics, and custom topics, where
//! a token in the payload joins question and answer.
//!
//! What must stay true: the table of waiting callers is bounded, an entry leaves it when its caller does, and an
//! answer reaches only the caller of the device that gave it, after it is durable.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use ahash::AHashMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use yizhan_identity::topic_permission::filter_covers;
use yizhan_vocabulary::DeviceId;

use super::{PublishError, RawMessage};
use crate::Devices;
use crate::features::rrpc::{IOT_DOWN, IOT_UP, RRPC_DOWN};
use crate::links::{Completion, CompletionKind, Downlink};
use crate::registry::Device;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 16;

/// How question and answer travel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallForm {
    /// `$rrpc/rxd/…/N`, answered on `$rrpc/txd/…/N`.
    Rrpc,
    /// `$iotrrpc/down/…/N`, answered on `$iotrrpc/up/…/N`.
    IotRrpc,
    /// A topic of the product. The device answers with `method` `rrpc_sync_reply` and the question's `clientToken`.
    Custom {
        /// The topic of the question.
        topic: String,
        /// The topics on which an answer counts; any of the device's if there is none.
        reply_topic: Option<String>,
    },
}

/// A payload on its way down.
#[derive(Debug, Clone)]
pub enum CallPayload {
    /// As it is.
    Plain(Vec<u8>),
    /// To be put into base64 once more before it is sent.
    Base64(Vec<u8>),
}

/// A call of a device.
#[derive(Debug, Clone)]
pub struct Call {
    /// How it travels.
    pub form: CallForm,
    /// What is asked.
    pub payload: CallPayload,
    /// Who asks, for the content log.
    pub source: String,
}

/// Why a call was not made.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// As many callers wait as may.
    #[error("{0} calls wait for devices already; wait until some are answered")]
    TooMany(usize),
    /// The message was not taken.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallView {
    /// Its number, unique for hours.
    pub message_id: u32,
    /// Its token.
    pub client_token: String,
    /// Where an answer was expected; empty for any topic.
    pub reply_topic: String,
    /// The device's answer; none if it did not come in time.
    pub answer: Option<Vec<u8>>,
}

#[derive(Debug, PartialEq, Eq, Hash, Clone)]
enum Key {
    Number(u32),
    Token(Box<str>),
}

#[derive(Debug)]
struct Waiting {
    waiter: oneshot::Sender<Box<[u8]>>,
    reply_topic: Option<Box<str>>,
}

/// The waiting callers.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    waiting: Mutex<AHashMap<(DeviceId, Key), Waiting>>,
    /// How many of them wait for a custom topic, so that other messages of custom topics cost nothing more.
    custom: AtomicUsize,
    last: AtomicU32,
}

impl Calls {
    fn add(&self, device: DeviceId, key: Key, waiting: Waiting, limit: usize) -> Result<(), CallError> {
        let mut table = self.waiting.lock();
        if table.len() >= limit {
            return Err(CallError::TooMany(limit));
        }
        if matches!(key, Key::Token(_)) {
            self.custom.fetch_add(1, Ordering::Release);
        }
        table.insert((device, key), waiting);
        Ok(())
    }

    fn remove(&self, entry: &(DeviceId, Key)) -> Option<Waiting> {
        let waiting = self.waiting.lock().remove(entry)?;
        if matches!(entry.1, Key::Token(_)) {
            self.custom.fetch_sub(1, Ordering::Release);
        }
        Some(waiting)
    }

    /// Takes the caller that waits for the device's answer with this number, which is text from a topic.
    pub(crate) fn take_number(&self, device: DeviceId, number: &str, payload: &[u8]) -> Option<Completion> {
        let number = number.parse().ok()?;
        let Waiting { waiter, .. } = self.remove(&(device, Key::Number(number)))?;
        Some(Completion(CompletionKind::Called { waiter, payload: payload.into() }))
    }

    /// Takes the caller that a message on a custom topic answers, if it answers one.
    pub(crate) fn take_custom(&self, device: DeviceId, topic: &str, payload: &[u8]) -> Option<Completion> {
        #[derive(Deserialize)]
        struct Reply<'a> {
            #[serde(borrow)]
            method: std::borrow::Cow<'a, str>,
            #[serde(rename = "clientToken")]
            client_token: Box<str>,
            #[serde(default, borrow)]
            payload: std::borrow::Cow<'a, str>,
        }
        if self.custom.load(Ordering::Acquire) == 0 {
            return None;
        }
        let reply: Reply<'_> = serde_json::from_slice(payload).ok()?;
        if reply.method != "rrpc_sync_reply" {
            return None;
        }
        let answer = STANDARD.decode(reply.payload.as_bytes()).ok()?;
        let entry = (device, Key::Token(reply.client_token));
        {
            let table = self.waiting.lock();
            let expected = table.get(&entry)?.reply_topic.as_deref();
            if expected.is_some_and(|filter| !filter_covers(filter, topic)) {
                return None;
            }
        }
        let Waiting { waiter, .. } = self.remove(&entry)?;
        Some(Completion(CompletionKind::Called { waiter, payload: answer.into() }))
    }

    /// The next number: never 0, and not soon again after a restart.
    fn next_number(&self, now_ms: i64) -> u32 {
        let next =
            |last: u32| Some(if last == 0 { (now_ms as u32).max(1) } else { last.wrapping_add(1).max(1) });
        let before = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).unwrap_or(0);
        next(before).unwrap_or(1)
    }
}

/// A call that was sent. Dropping it gives the place in the table back.
pub struct PendingCall {
    devices: Devices,
    entry: (DeviceId, Key),
    view: CallView,
    waiter: oneshot::Receiver<Box<[u8]>>,
}

impl PendingCall {
    /// Waits for the device's answer.
    pub async fn answer(mut self, wait: Duration) -> CallView {
        let answer = tokio::time::timeout(wait, &mut self.waiter).await;
        let answer = answer.ok().and_then(Result::ok).map(Vec::from);
        CallView { answer, ..self.view.clone() }
    }
}

impl Drop for PendingCall {
    fn drop(&mut self) {
        self.devices.0.calls.remove(&self.entry);
    }
}

impl Devices {
    /// Sends a question to a device that is online.
    pub fn call(&self, device: &Arc<Device>, call: Call) -> Result<PendingCall, CallError> {
        let number = self.0.calls.next_number(self.0.clock.now().0);
        let client_token = generate_token();
        let path = device.topic_suffix();
        let (topic, reply_topic, key) = match &call.form {
            CallForm::Rrpc => (format!("{RRPC_DOWN}{path}/{number}"), String::new(), Key::Number(number)),
            CallForm::IotRrpc => {
                let reply_topic = format!("{IOT_UP}{path}/{number}");
                (format!("{IOT_DOWN}{path}/{number}"), reply_topic, Key::Number(number))
            }
            CallForm::Custom { topic, reply_topic } => {
                let key = Key::Token(client_token.as_str().into());
                (topic.clone(), reply_topic.clone().unwrap_or_default(), key)
            }
        };
        let payload = payload_of(&call, &client_token);
        let message = RawMessage { topic, payload, qos: 0, source: call.source };
        self.check_message(device, &message)?;
        let (sender, waiter) = oneshot::channel();
        let filter =
            (matches!(key, Key::Token(_)) && !reply_topic.is_empty()).then(|| reply_topic.as_str().into());
        let waiting = Waiting { waiter: sender, reply_topic: filter };
        self.0.calls.add(device.id, key.clone(), waiting, self.0.config.max_waiting_calls)?;
        let view = CallView { message_id: number, client_token, reply_topic, answer: None };
        let pending = PendingCall { devices: self.clone(), entry: (device.id, key), view, waiter };
        // With QoS 0 nothing is kept: an answer that comes after its caller has gone is of no use to anybody.
        let downlink = Downlink { topic: message.topic.into(), payload: message.payload, qos: 0, tag: 0 };
        self.deliver(device, downlink, &message.source)?;
        Ok(pending)
    }

    /// How long a caller waits for a device's answer to a call.
    pub fn call_wait(&self) -> Duration {
        self.0.config.answer_wait
    }
}

/// The payload as it goes on the wire. On a custom topic it carries the token: inside of a JSON object, or around
/// anything else.
fn payload_of(call: &Call, token: &str) -> Vec<u8> {
    let payload = match &call.payload {
        CallPayload::Plain(bytes) => bytes.clone(),
        CallPayload::Base64(bytes) => STANDARD.encode(bytes).into_bytes(),
    };
    if !matches!(call.form, CallForm::Custom { .. }) {
        return payload;
    }
    let object = match serde_json::from_slice(&payload) {
        Ok(Value::Object(mut object)) => {
            object.insert("clientToken".to_owned(), token.into());
            object
        }
        _ => Map::from_iter([
            ("method".to_owned(), "rrpc_sync".into()),
            ("clientToken".to_owned(), token.into()),
            ("payload".to_owned(), STANDARD.encode(&payload).into()),
        ]),
    };
    Value::Object(object).to_string().into_bytes()
}

fn generate_token() -> String {
    let mut random = [0_u8; TOKEN_BYTES];
    getrandom::fill(&mut random).expect("the system's source of randomness works");
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v2::{hex}")
}
