//! Why a message of the thing protocol is refused: the code that goes into the reply and a text for people.
//!
//! The codes are the vendor's (device protocol facts §2.13, device guide "错误码"). The text names the
//! identifier and the limit, and never repeats more than a few characters of what the device sent.

use std::fmt;

/// The `code` of a reply on a `$thing` topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ThingCode {
    /// The payload is not JSON, or not the JSON the channel needs.
    NotJson = 400,
    /// Unknown method, or an identifier that the thing model does not have or does not open in this direction.
    UnknownIdentifier = 403,
    /// An event that the thing model does not declare.
    UndeclaredEvent = 404,
    /// The timestamp is more than 24 hours away from now.
    BadTimestamp = 405,
    /// A value of the wrong type or outside its range.
    BadValue = 406,
    /// The server failed inside.
    Internal = 503,
}

impl ThingCode {
    /// Every code, in rising order.
    pub const ALL: &[Self] = &[
        Self::NotJson,
        Self::UnknownIdentifier,
        Self::UndeclaredEvent,
        Self::BadTimestamp,
        Self::BadValue,
        Self::Internal,
    ];

    /// The number on the wire.
    pub const fn number(self) -> i32 {
        self as i32
    }
}

impl fmt::Display for ThingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}

/// A refused message: what the reply says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {detail}")]
pub struct ThingError {
    /// The `code` of the reply.
    pub code: ThingCode,
    /// The `status` of the reply, in English.
    pub detail: String,
}

impl ThingError {
    /// A refusal with its text.
    pub fn new(code: ThingCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }

    /// What a JSON error means where `what` (a part of the message) was read: a well-formed value of the wrong
    /// kind or size is a bad value, everything else is not JSON.
    pub(crate) fn from_json(error: &serde_json::Error, what: &str) -> Self {
        if error.is_data() {
            return Self::new(ThingCode::BadValue, format!("{what} must be a JSON object"));
        }
        let text = error.to_string();
        // The library has no other sign for a number such as 1e999, which is JSON but fits no type.
        let code = match text.starts_with("number out of range") {
            true => ThingCode::BadValue,
            false => ThingCode::NotJson,
        };
        Self::new(code, format!("{what}: {text}"))
    }
}
