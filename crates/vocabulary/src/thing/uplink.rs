//! What a device sends on each channel of the thing protocol.

use std::borrow::Cow;

use serde::de::{Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;
use smallvec::SmallVec;

use super::envelope::{Envelope, Key, Keys};
use super::{ThingCode, ThingError};

/// The most events of one `events_post`.
pub const MAX_EVENTS_PER_MESSAGE: usize = 64;

/// A message on `$thing/up/property` (facts §2.2).
#[derive(Debug, Clone, PartialEq)]
pub struct PropertyUplink<'a> {
    /// `report`, `control_reply`, `get_status`, `clear_control`, `report_info`; absent in Python's replies.
    pub method: Option<Cow<'a, str>>,
    /// Pairs request and reply.
    pub client_token: Option<Cow<'a, str>>,
    /// As sent; see [`super::normalize_timestamp`].
    pub timestamp: Option<i64>,
    /// The JSON of `params`.
    pub params: Option<&'a str>,
    /// The result of a `control_reply`.
    pub code: Option<i64>,
    /// The text of a `control_reply`.
    pub status: Option<Cow<'a, str>>,
    /// What a `get_status` asks for: `report` or `control`; from `type` or, as ESP sends it, `params.type`.
    pub kind: Option<Cow<'a, str>>,
    /// Whether a `get_status` asks for the times of the values.
    pub show_meta: bool,
}

impl<'a> PropertyUplink<'a> {
    const KEYS: Keys = Keys::of(&[
        Key::Method,
        Key::ClientToken,
        Key::Timestamp,
        Key::Params,
        Key::Code,
        Key::Status,
        Key::Kind,
        Key::ShowMeta,
    ]);

    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ThingError> {
        let mut found = Envelope::parse(payload, Self::KEYS)?;
        if found.kind.is_none()
            && found.method.as_deref() == Some("get_status")
            && let Some(params) = found.params
        {
            found.kind = Envelope::parse_text(params, Keys::of(&[Key::Kind]))?.kind;
        }
        let Envelope { method, client_token, timestamp, params, code, status, kind, show_meta, .. } = found;
        Ok(Self { method, client_token, timestamp, params, code, status, kind, show_meta })
    }
}

/// A message on `$thing/up/event` (facts §2.3). `event_post` and `events_post` both may carry one event or a
/// list: the Python SDK sends single events as a list under the single method.
#[derive(Debug, Clone, PartialEq)]
pub struct EventUplink<'a> {
    /// `event_post` or `events_post`; the reply's method follows it.
    pub method: Option<Cow<'a, str>>,
    /// Pairs request and reply.
    pub client_token: Option<Cow<'a, str>>,
    /// The events, at least one.
    pub posts: SmallVec<[EventPost<'a>; 1]>,
}

/// One event of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct EventPost<'a> {
    /// Which event; empty when the device named none, which no model declares.
    pub event_id: Cow<'a, str>,
    /// `info`, `alert` or `fault`, as the device says.
    pub kind: Option<Cow<'a, str>>,
    /// As sent; see [`super::normalize_timestamp`].
    pub timestamp: Option<i64>,
    /// The JSON of `params`.
    pub params: Option<&'a str>,
}

impl<'a> EventUplink<'a> {
    const POST_KEYS: Keys = Keys::of(&[Key::EventId, Key::Kind, Key::Timestamp, Key::Params]);
    const KEYS: Keys = Keys::of(&[
        Key::Method,
        Key::ClientToken,
        Key::Events,
        Key::EventId,
        Key::Kind,
        Key::Timestamp,
        Key::Params,
    ]);

    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ThingError> {
        let mut found = Envelope::parse(payload, Self::KEYS)?;
        let (method, client_token) = (found.method.take(), found.client_token.take());
        let mut posts = SmallVec::new();
        match found.events {
            Some(events) => read_elements(events, MAX_EVENTS_PER_MESSAGE, "events", |element| {
                posts.push(EventPost::from(Envelope::parse_text(element, Self::POST_KEYS)?));
                Ok(())
            })?,
            None => posts.push(EventPost::from(found)),
        }
        if posts.is_empty() {
            return Err(ThingError::new(ThingCode::NotJson, "\"events\" is empty"));
        }
        Ok(Self { method, client_token, posts })
    }
}

impl<'a> From<Envelope<'a>> for EventPost<'a> {
    fn from(found: Envelope<'a>) -> Self {
        Self {
            event_id: found.event_id.unwrap_or_default(),
            kind: found.kind,
            timestamp: found.timestamp,
            params: found.params,
        }
    }
}

/// A message on `$thing/up/action`: the device's answer to an action (facts §2.4).
#[derive(Debug, Clone, PartialEq)]
pub struct ActionUplink<'a> {
    /// `action_reply`.
    pub method: Option<Cow<'a, str>>,
    /// The token of the call.
    pub client_token: Option<Cow<'a, str>>,
    /// 0 when the device did it.
    pub code: Option<i64>,
    /// The device's text.
    pub status: Option<Cow<'a, str>>,
    /// The JSON of `response`, the outputs.
    pub response: Option<&'a str>,
}

impl<'a> ActionUplink<'a> {
    const KEYS: Keys = Keys::of(&[Key::Method, Key::ClientToken, Key::Code, Key::Status, Key::Response]);

    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ThingError> {
        let Envelope { method, client_token, code, status, response, .. } =
            Envelope::parse(payload, Self::KEYS)?;
        Ok(Self { method, client_token, code, status, response })
    }
}

/// A message on `$thing/up/service`, as far as all its methods agree (facts §2.5).
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceUplink<'a> {
    /// Which service.
    pub method: Option<Cow<'a, str>>,
    /// Pairs request and reply; file messages have none.
    pub client_token: Option<Cow<'a, str>>,
    /// The JSON of `params`, where the method has it.
    pub params: Option<&'a str>,
}

impl<'a> ServiceUplink<'a> {
    const KEYS: Keys = Keys::of(&[Key::Method, Key::ClientToken, Key::Params]);

    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ThingError> {
        let Envelope { method, client_token, params, .. } = Envelope::parse(payload, Self::KEYS)?;
        Ok(Self { method, client_token, params })
    }
}

/// A message on `$sys/operation` or `$log/operation` (facts §2.12).
#[derive(Debug, Clone, PartialEq)]
pub struct SystemUplink<'a> {
    /// `get`, or `get_log_level`.
    pub kind: Option<Cow<'a, str>>,
    /// Pairs request and reply; only on `$log`.
    pub client_token: Option<Cow<'a, str>>,
    /// Whether `resource` asks for the time.
    pub wants_time: bool,
}

impl<'a> SystemUplink<'a> {
    const KEYS: Keys = Keys::of(&[Key::Kind, Key::ClientToken, Key::Resource]);
    /// The most entries of `resource`; the protocol knows one.
    const MAX_RESOURCES: usize = 16;

    /// Reads a payload.
    pub fn parse(payload: &'a [u8]) -> Result<Self, ThingError> {
        let Envelope { kind, client_token, resource, .. } = Envelope::parse(payload, Self::KEYS)?;
        let mut wants_time = false;
        if let Some(resource) = resource {
            read_elements(resource, Self::MAX_RESOURCES, "resource", |element| {
                wants_time |= element == "\"time\"";
                Ok(())
            })?;
        }
        Ok(Self { kind, client_token, wants_time })
    }
}

/// Hands each element of a JSON array to `read` as text.
fn read_elements<'a>(
    json: &'a str,
    limit: usize,
    what: &str,
    read: impl FnMut(&'a str) -> Result<(), ThingError>,
) -> Result<(), ThingError> {
    struct Elements<R> {
        limit: usize,
        read: R,
    }

    impl<'de, R: FnMut(&'de str) -> Result<(), ThingError>> Visitor<'de> for Elements<R> {
        type Value = Result<(), ThingError>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut outcome = Ok(());
            let mut count = 0_usize;
            while let Some(element) = list.next_element::<&'de RawValue>()? {
                count += 1;
                if outcome.is_ok() && count > self.limit {
                    let detail = format!("more than {} entries in one message", self.limit);
                    outcome = Err(ThingError::new(ThingCode::NotJson, detail));
                }
                if outcome.is_ok() {
                    outcome = (self.read)(element.get());
                }
            }
            Ok(outcome)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(json);
    match deserializer.deserialize_seq(Elements { limit, read }) {
        Ok(outcome) => outcome,
        Err(error) => Err(ThingError::new(ThingCode::NotJson, format!("\"{what}\": {error}"))),
    }
}
