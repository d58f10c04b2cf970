//! The JSON a device sends (device protocol facts §2.2 to §2.4), appended to a buffer that is reused.

use yizhan_vocabulary::model::{Event, ThingModel};

use super::faults::FaultKind;
use super::values::{Value, append, append_text, write_beyond, write_fresh, write_wrong_type};
use crate::random::Random;

/// Two days: far beyond the 24 hours a server tolerates.
const FAR_PAST_MS: i64 = 2 * 24 * 3600 * 1000;
/// More than the platform's largest packet.
const OVERSIZE: usize = 70_000;

/// Appends a report of the properties in `chosen`, spoilt as `fault` says.
pub(crate) fn report(
    model: &ThingModel,
    values: &[Value],
    chosen: impl Iterator<Item = usize>,
    token: &Token<'_>,
    now_ms: i64,
    fault: Option<FaultKind>,
    out: &mut Vec<u8>,
) {
    let start = out.len();
    let timestamp = if fault == Some(FaultKind::BadTimestamp) { now_ms - FAR_PAST_MS } else { now_ms };
    append(out, format_args!(r#"{{"method":"report","clientToken":"{token}","timestamp":{timestamp}"#));
    if fault == Some(FaultKind::Oversize) {
        out.extend_from_slice(br#","padding":""#);
        out.resize(out.len() + OVERSIZE, b'x');
        out.push(b'"');
    }
    out.extend_from_slice(br#","params":{"#);
    let mut spoilt = false;
    let mut first = true;
    for place in chosen {
        let property = &model.properties()[place];
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        append_text(out, &property.identifier);
        out.push(b':');
        let spoilt_now = !spoilt
            && match fault {
                Some(FaultKind::OutOfRange) => write_beyond(&property.kind, out),
                Some(FaultKind::WrongType) => {
                    write_wrong_type(&property.kind, out);
                    true
                }
                _ => false,
            };
        if !spoilt_now {
            values[place].write(&property.kind, now_ms, out);
        }
        spoilt |= spoilt_now;
    }
    if fault == Some(FaultKind::UnknownProperty) {
        out.extend_from_slice(if first { br#""no_such_property":1"# } else { br#","no_such_property":1"# });
    }
    out.extend_from_slice(b"}}");
    if fault == Some(FaultKind::BadJson) {
        out.truncate(start + (out.len() - start) / 2);
    }
}

/// Appends `get_status` or `clear_control`.
pub(crate) fn question(method: &str, token: &Token<'_>, out: &mut Vec<u8>) {
    append(out, format_args!(r#"{{"method":"{method}","clientToken":"{token}"}}"#));
}

/// Appends an event with fresh parameters.
pub(crate) fn event(event: &Event, token: &Token<'_>, now_ms: i64, random: &mut Random, out: &mut Vec<u8>) {
    append(
        out,
        format_args!(r#"{{"method":"event_post","clientToken":"{token}","version":"1.0","eventId":"#),
    );
    append_text(out, &event.identifier);
    append(out, format_args!(r#","type":"{}","timestamp":{now_ms},"params":"#, event.kind.as_str()));
    write_fresh(&event.params, now_ms, random, out);
    out.push(b'}');
}

/// Appends `control_reply`.
pub(crate) fn control_reply(token: &str, code: i64, status: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(br#"{"method":"control_reply","clientToken":"#);
    append_text(out, token);
    append(out, format_args!(r#","code":{code},"status":"#));
    append_text(out, status);
    out.push(b'}');
}

/// Appends `action_reply`; `response` appends the outputs object.
pub(crate) fn action_reply(
    token: &str,
    code: i64,
    status: &str,
    response: impl FnOnce(&mut Vec<u8>),
    out: &mut Vec<u8>,
) {
    out.extend_from_slice(br#"{"method":"action_reply","clientToken":"#);
    append_text(out, token);
    append(out, format_args!(r#","code":{code},"status":"#));
    append_text(out, status);
    out.extend_from_slice(br#","response":"#);
    response(out);
    out.push(b'}');
}

/// A device's own client token: product id and a counter, as the vendor's C SDK makes them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Token<'a> {
    pub(crate) product: &'a str,
    pub(crate) number: u32,
}

impl std::fmt::Display for Token<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.product, self.number)
    }
}

impl Token<'_> {
    /// The counter of a token that this device made.
    pub(crate) fn number_in(token: &str) -> Option<u32> {
        token.rsplit_once('-')?.1.parse().ok()
    }
}
