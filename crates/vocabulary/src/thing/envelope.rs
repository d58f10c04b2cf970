//! The outer object of every uplink, read in one pass.
//!
//! Each channel names the keys it needs; all others are skipped whatever they hold. A needed key of the wrong
//! type, or given twice, makes the message unreadable (400). `null` counts as absent: the Python SDK sends
//! `"clientToken":null`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{ThingCode, ThingError};

/// How deep objects and arrays of a message may lie in each other.
pub const MAX_DEPTH: usize = 32;

/// The keys the protocol knows, each one bit of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Key {
    Method = 1 << 0,
    ClientToken = 1 << 1,
    Timestamp = 1 << 2,
    Params = 1 << 3,
    Code = 1 << 4,
    Status = 1 << 5,
    Kind = 1 << 6,
    ShowMeta = 1 << 7,
    EventId = 1 << 8,
    Events = 1 << 9,
    Response = 1 << 10,
    Resource = 1 << 11,
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "method" => Self::Method,
            "clientToken" => Self::ClientToken,
            "timestamp" => Self::Timestamp,
            "params" => Self::Params,
            "code" => Self::Code,
            "status" => Self::Status,
            "type" => Self::Kind,
            "showmeta" => Self::ShowMeta,
            "eventId" => Self::EventId,
            "events" => Self::Events,
            "response" => Self::Response,
            "resource" => Self::Resource,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::ClientToken => "clientToken",
            Self::Timestamp => "timestamp",
            Self::Params => "params",
            Self::Code => "code",
            Self::Status => "status",
            Self::Kind => "type",
            Self::ShowMeta => "showmeta",
            Self::EventId => "eventId",
            Self::Events => "events",
            Self::Response => "response",
            Self::Resource => "resource",
        }
    }
}

/// A set of keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys(u16);

impl Keys {
    /// The set of these keys.
    pub const fn of(keys: &[Key]) -> Self {
        let mut bits = 0;
        let mut position = 0;
        while position < keys.len() {
            bits |= keys[position] as u16;
            position += 1;
        }
        Self(bits)
    }

    const fn contains(self, key: Key) -> bool {
        self.0 & key as u16 != 0
    }
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub method: Option<Cow<'a, str>>,
    pub client_token: Option<Cow<'a, str>>,
    pub timestamp: Option<i64>,
    pub params: Option<&'a str>,
    pub code: Option<i64>,
    pub status: Option<Cow<'a, str>>,
    pub kind: Option<Cow<'a, str>>,
    pub show_meta: bool,
    pub event_id: Option<Cow<'a, str>>,
    pub events: Option<&'a str>,
    pub response: Option<&'a str>,
    pub resource: Option<&'a str>,
}

impl<'a> Envelope<'a> {
    /// Reads a payload.
    pub fn parse(payload: &'a [u8], wanted: Keys) -> Result<Self, ThingError> {
        let Ok(text) = std::str::from_utf8(payload) else {
            return Err(ThingError::new(ThingCode::NotJson, "the payload is not UTF-8"));
        };
        check_depth(text)?;
        Self::parse_text(text, wanted)
    }

    /// Reads a text whose depth was checked.
    pub fn parse_text(text: &'a str, wanted: Keys) -> Result<Self, ThingError> {
        let mut found = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = EnvelopeSeed { wanted, found: &mut found }.deserialize(&mut deserializer);
        match read.and_then(|()| deserializer.end()) {
            Ok(()) => Ok(found),
            Err(error) => Err(ThingError::new(ThingCode::NotJson, error.to_string())),
        }
    }
}

/// Refuses texts nested deeper than [`MAX_DEPTH`], so that whoever parses a part later may recurse.
fn check_depth(text: &str) -> Result<(), ThingError> {
    // A text with few opening brackets cannot be deep; counting bytes is far cheaper than following strings.
    // The two brackets differ in one bit, and a run of 255 bytes cannot overflow its counter: sixteen and more
    // bytes are counted at a time.
    let brackets = |run: &[u8]| run.iter().fold(0_u8, |count, byte| count + u8::from(byte | 0x20 == b'{'));
    if text.as_bytes().chunks(255).map(|run| usize::from(brackets(run))).sum::<usize>() <= MAX_DEPTH {
        return Ok(());
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            let detail = format!("the message is nested more than {MAX_DEPTH} deep");
            return Err(ThingError::new(ThingCode::NotJson, detail));
        }
    }
    Ok(())
}

struct EnvelopeSeed<'e, 'de> {
    wanted: Keys,
    found: &'e mut Envelope<'de>,
}

impl<'de> DeserializeSeed<'de> for EnvelopeSeed<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for EnvelopeSeed<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { wanted, found } = self;
        let mut seen = 0_u16;
        while let Some(key) = map.next_key_seed(KeySeed)? {
            let Some(key) = key.filter(|key| wanted.contains(*key)) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if seen & key as u16 != 0 {
                return Err(A::Error::custom(format_args!("\"{}\" is given twice", key.name())));
            }
            seen |= key as u16;
            match key {
                Key::Method => found.method = map.next_value_seed(Text(key))?,
                Key::ClientToken => found.client_token = map.next_value_seed(Text(key))?,
                Key::Timestamp => found.timestamp = map.next_value_seed(Integer(key))?,
                Key::Params => found.params = raw(&mut map)?,
                Key::Code => found.code = map.next_value_seed(Integer(key))?,
                Key::Status => found.status = map.next_value_seed(Text(key))?,
                Key::Kind => found.kind = map.next_value_seed(Text(key))?,
                Key::ShowMeta => found.show_meta = map.next_value_seed(Integer(key))?.unwrap_or(0) != 0,
                Key::EventId => found.event_id = map.next_value_seed(Text(key))?,
                Key::Events => found.events = raw(&mut map)?,
                Key::Response => found.response = raw(&mut map)?,
                Key::Resource => found.resource = raw(&mut map)?,
            }
        }
        Ok(())
    }
}

/// The text of a value; none for `null`.
fn raw<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Option<&'de str>, A::Error> {
    let text = map.next_value::<&'de RawValue>()?.get();
    Ok((text != "null").then_some(text))
}

/// A key of the object; none when the protocol does not know it.
struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Option<Key>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Key>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed {
    type Value = Option<Key>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, text: &str) -> Result<Option<Key>, E> {
        Ok(Key::parse(text))
    }
}

/// A text, or `null`.
struct Text(Key);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text for \"{}\"", self.0.name())
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// An integer, written as a number or as a text of digits (the C SDK's fence reply), or `null`. A fraction is
/// cut off and what is too large becomes the largest integer: the meaning is checked where the value is used.
struct Integer(Key);

impl<'de> DeserializeSeed<'de> for Integer {
    type Value = Option<i64>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Visitor<'_> for Integer {
    type Value = Option<i64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number for \"{}\"", self.0.name())
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(i64::from(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Some(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Some(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Some(value as i64))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let number = text.trim().parse().map_err(|_| {
            E::custom(format_args!("expected a number for \"{}\", got another text", self.0.name()))
        })?;
        Ok(Some(number))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
