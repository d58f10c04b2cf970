//! The content log (内容日志): every message of a device, both ways. This is the body of the record that a report
//! produces on the hot path, so it is binary, and a standard reply is kept as method, code and status instead of
//! text: reading renders it again with the token of the request.
//!
//! Version 1: version, flags, topic, \[reply\], payload. Flags: bit 0 down, bits 1 and 2 QoS, bits 3 and 4 the
//! form of the reply. A topic is a code from [`CODED_TOPICS`] (then it names the device itself) or 0, a length and
//! the text. Version 2 has a source behind the topic: who sent a message that no device and no feature sent.
//! What must stay true: codes are never reused, and a payload is stored exactly as it was on the wire.

use yizhan_vocabulary::thing::{self, EventReplyMethod};

use super::sniff::sniff;
use crate::links::Direction;

/// The version in the first byte.
const VERSION: u8 = 1;
/// The version of a message with a source.
const VERSION_WITH_SOURCE: u8 = 2;
/// Topics `prefix` + `PRODUCTID/DEVICENAME` that are stored as a number. Append only.
const CODED_TOPICS: &[(u8, &str)] = &[
    (1, "$thing/up/property/"),
    (2, "$thing/down/property/"),
    (3, "$thing/up/event/"),
    (4, "$thing/down/event/"),
    (5, "$thing/up/action/"),
    (6, "$thing/down/action/"),
    (7, "$thing/up/service/"),
    (8, "$thing/down/service/"),
    (9, "$sys/operation/"),
    (10, "$sys/operation/result/"),
    (11, "$thing/up/raw/"),
    (12, "$thing/down/raw/"),
    (13, "$log/operation/"),
    (14, "$log/operation/result/"),
];

const FLAG_DOWN: u8 = 0b0000_0001;
const QOS_SHIFT: u8 = 1;
const QOS_MASK: u8 = 0b11;
const REPLY_SHIFT: u8 = 3;
const REPLY_NONE: u8 = 0;
const REPLY_STANDARD: u8 = 1;
const REPLY_LITERAL: u8 = 2;

/// The standard replies: what differs is the method and whether an empty `data` follows. Append only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ReplyMethod {
    Report = 1,
    ReportInfo = 2,
    GetStatus = 3,
    ClearControl = 4,
    Event = 5,
    Events = 6,
}

impl ReplyMethod {
    const ALL: [Self; 6] =
        [Self::Report, Self::ReportInfo, Self::GetStatus, Self::ClearControl, Self::Event, Self::Events];

    /// The method on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report_reply",
            Self::ReportInfo => "report_info_reply",
            Self::GetStatus => "get_status_reply",
            Self::ClearControl => "clear_control_reply",
            Self::Event => "event_reply",
            Self::Events => "events_reply",
        }
    }

    /// The reply to a request; `None` where there is no standard one.
    pub(crate) fn to(request: &str) -> Option<Self> {
        match request {
            "report" => Some(Self::Report),
            "report_info" => Some(Self::ReportInfo),
            "get_status" => Some(Self::GetStatus),
            "clear_control" => Some(Self::ClearControl),
            "event_post" => Some(Self::Event),
            "events_post" => Some(Self::Events),
            _ => None,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|method| *method as u8 == code)
    }
}

/// An answer to a device, before it is put into bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Reply {
    /// Method, the request's token, code and status.
    Standard { method: ReplyMethod, code: i32, status: std::borrow::Cow<'static, str> },
    /// Anything else, as it goes on the wire.
    Literal(Vec<u8>),
}

impl Reply {
    /// The code that a standard answer has.
    pub(crate) fn code(&self) -> Option<i32> {
        match self {
            Self::Standard { code, .. } => Some(*code),
            Self::Literal(_) => None,
        }
    }

    /// Writes the answer as it goes on the wire. Keys stand in the order of the facts' examples.
    pub(crate) fn write(&self, token: Option<&str>, out: &mut Vec<u8>) {
        match self {
            Self::Standard { method, code, status } => match method {
                ReplyMethod::Event => {
                    thing::write_event_reply(out, EventReplyMethod::One, token, *code, status);
                }
                ReplyMethod::Events => {
                    thing::write_event_reply(out, EventReplyMethod::Many, token, *code, status);
                }
                _ => thing::write_reply(out, method.as_str(), token, *code, status),
            },
            Self::Literal(bytes) => out.extend_from_slice(bytes),
        }
    }
}

/// A message as it is put into the log.
pub(crate) struct ContentParts<'a> {
    pub direction: Direction,
    pub topic: &'a str,
    /// `PRODUCTID/DEVICENAME` of the device whose log this is.
    pub device_path: &'a str,
    pub qos: u8,
    /// Who sent it, where that is neither the device nor the platform itself.
    pub source: Option<&'a str>,
    pub reply: Option<&'a Reply>,
    pub payload: &'a [u8],
}

/// Appends the body of a content record to `out`.
pub(crate) fn encode(parts: &ContentParts<'_>, out: &mut Vec<u8>) {
    let form = match parts.reply {
        None => REPLY_NONE,
        Some(Reply::Standard { .. }) => REPLY_STANDARD,
        Some(Reply::Literal(_)) => REPLY_LITERAL,
    };
    let down = if parts.direction == Direction::Down { FLAG_DOWN } else { 0 };
    out.reserve(parts.payload.len() + 64);
    out.push(if parts.source.is_some() { VERSION_WITH_SOURCE } else { VERSION });
    out.push(down | ((parts.qos & QOS_MASK) << QOS_SHIFT) | (form << REPLY_SHIFT));
    let coded = parts
        .topic
        .strip_suffix(parts.device_path)
        .and_then(|prefix| CODED_TOPICS.iter().find(|(_, coded)| *coded == prefix).map(|(code, _)| *code));
    match coded {
        Some(code) => out.push(code),
        None => {
            out.push(0);
            push_bytes(out, parts.topic.as_bytes());
        }
    }
    if let Some(source) = parts.source {
        push_bytes(out, source.as_bytes());
    }
    match parts.reply {
        None => {}
        Some(Reply::Standard { method, code, status }) => {
            out.push(*method as u8);
            out.extend_from_slice(&code.to_le_bytes());
            push_bytes(out, status.as_bytes());
        }
        Some(Reply::Literal(bytes)) => push_bytes(out, bytes),
    }
    out.extend_from_slice(parts.payload);
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("a payload is far below 4 GiB");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(bytes);
}

/// A message read back from the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ContentRead<'a> {
    pub direction: Direction,
    pub topic: String,
    pub qos: u8,
    pub source: Option<String>,
    pub reply: Option<Reply>,
    pub payload: &'a [u8],
}

impl ContentRead<'_> {
    /// The reply to this message as it went on the wire, with its topic.
    pub(crate) fn rendered_reply(&self) -> Option<(String, Vec<u8>)> {
        let reply = self.reply.as_ref()?;
        let mut payload = Vec::new();
        let envelope = sniff(self.payload);
        reply.write(envelope.client_token.as_deref(), &mut payload);
        Some((answer_topic(&self.topic)?, payload))
    }
}

/// The topic on which a message of this topic is answered.
fn answer_topic(topic: &str) -> Option<String> {
    match topic.strip_prefix("$thing/up/") {
        Some(rest) => Some(format!("$thing/down/{rest}")),
        None => ["$sys/operation/", "$log/operation/"]
            .into_iter()
            .find_map(|asked| topic.strip_prefix(asked).map(|rest| format!("{asked}result/{rest}"))),
    }
}

/// Reads a content record; `None` for what a newer release wrote.
pub(crate) fn decode<'a>(body: &'a [u8], device_path: &str) -> Option<ContentRead<'a>> {
    let mut rest = body;
    let version = take(&mut rest, 1)?[0];
    if version != VERSION && version != VERSION_WITH_SOURCE {
        return None;
    }
    let flags = take(&mut rest, 1)?[0];
    let topic = match take(&mut rest, 1)?[0] {
        0 => String::from_utf8(take_bytes(&mut rest)?.to_vec()).ok()?,
        code => {
            let (_, prefix) = CODED_TOPICS.iter().find(|(known, _)| *known == code)?;
            format!("{prefix}{device_path}")
        }
    };
    let source = match version {
        VERSION_WITH_SOURCE => Some(String::from_utf8(take_bytes(&mut rest)?.to_vec()).ok()?),
        _ => None,
    };
    let reply = match (flags >> REPLY_SHIFT) & 0b11 {
        REPLY_STANDARD => {
            let method = ReplyMethod::from_code(take(&mut rest, 1)?[0])?;
            let code = i32::from_le_bytes(take(&mut rest, 4)?.try_into().ok()?);
            let status = String::from_utf8(take_bytes(&mut rest)?.to_vec()).ok()?;
            Some(Reply::Standard { method, code, status: status.into() })
        }
        REPLY_LITERAL => Some(Reply::Literal(take_bytes(&mut rest)?.to_vec())),
        _ => None,
    };
    let direction = if flags & FLAG_DOWN == 0 { Direction::Up } else { Direction::Down };
    let qos = (flags >> QOS_SHIFT) & QOS_MASK;
    Some(ContentRead { direction, topic, qos, source, reply, payload: rest })
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = u32::from_le_bytes(take(rest, 4)?.try_into().ok()?);
    take(rest, usize::try_from(length).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "DEMOPROD01/dev001";

    fn round_trip(topic: &str, reply: Option<&Reply>, payload: &[u8]) -> (usize, ContentRead<'static>) {
        let mut body = Vec::new();
        let parts = ContentParts {
            direction: Direction::Up,
            topic,
            device_path: PATH,
            qos: 1,
            source: None,
            reply,
            payload,
        };
        encode(&parts, &mut body);
        let length = body.len();
        (length, decode(Vec::leak(body), PATH).unwrap())
    }

    #[test]
    fn a_report_and_its_reply_take_a_dozen_bytes_beside_the_payload() {
        let payload = br#"{"method":"report","clientToken":"t-1","params":{}}"#;
        let reply = Reply::Standard { method: ReplyMethod::Report, code: 0, status: "success".into() };
        let (length, read) = round_trip("$thing/up/property/DEMOPROD01/dev001", Some(&reply), payload);
        assert!(length - payload.len() < 24, "{length}");
        let (topic, answer) = read.rendered_reply().unwrap();
        assert_eq!(topic, "$thing/down/property/DEMOPROD01/dev001");
        let expected = r#"{"method":"report_reply","clientToken":"t-1","code":0,"status":"success"}"#;
        assert_eq!(String::from_utf8(answer).unwrap(), expected);
        assert_eq!((read.qos, read.payload), (1, payload.as_slice()));
    }

    #[test]
    fn an_unknown_topic_and_a_literal_reply_are_kept_as_they_are() {
        let reply = Reply::Literal(b"{\"a\":1}".to_vec());
        let (_, read) = round_trip("some/custom/topic", Some(&reply), b"\xff\x00");
        assert_eq!((read.topic.as_str(), read.reply), ("some/custom/topic", Some(reply)));
        assert_eq!(read.payload, b"\xff\x00");
    }

    #[test]
    fn who_sent_a_message_is_kept_with_it() {
        let mut body = Vec::new();
        let (direction, device_path, source) = (Direction::Down, PATH, Some("uin/1"));
        let topic = "$thing/down/raw/DEMOPROD01/dev001";
        let parts =
            ContentParts { direction, topic, device_path, qos: 0, source, reply: None, payload: b"x" };
        encode(&parts, &mut body);
        let read = decode(&body, PATH).unwrap();
        assert_eq!((read.source.as_deref(), read.topic.as_str(), read.payload), (source, topic, &b"x"[..]));
    }

    #[test]
    fn a_body_of_a_newer_version_or_a_torn_one_is_not_misread() {
        assert_eq!(decode(&[3, 0, 1], PATH), None);
        assert_eq!(decode(&[1, 0, 0, 200, 0, 0, 0, b'x'], PATH), None);
        assert_eq!(decode(&[], PATH), None);
    }
}
