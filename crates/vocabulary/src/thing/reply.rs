//! Writes what the server sends on the thing topics.
//!
//! Every message has `method` and `clientToken` as texts, an absent token being empty, because one client
//! crashes without them; codes are numbers; no spaces (device protocol facts §2.1, general reply rules).

use serde::Serialize;

use crate::clock::UnixMillis;
use crate::value::PointValue;

/// Appends any serializable scalar as JSON.
fn write_json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(&mut *out, value).expect("writing a scalar to memory cannot fail");
}

fn write_head(out: &mut Vec<u8>, method: &str, client_token: Option<&str>) {
    out.extend_from_slice(b"{\"method\":");
    write_json(out, method);
    out.extend_from_slice(b",\"clientToken\":");
    write_json(out, client_token.unwrap_or(""));
}

fn write_result(out: &mut Vec<u8>, code: i32, status: &str) {
    out.extend_from_slice(b",\"code\":");
    write_json(out, &code);
    out.extend_from_slice(b",\"status\":");
    write_json(out, status);
}

/// `{"method":"report_reply","clientToken":"..","code":0,"status":"success"}`: the reply of most requests.
pub fn write_reply(out: &mut Vec<u8>, method: &str, client_token: Option<&str>, code: i32, status: &str) {
    write_head(out, method, client_token);
    write_result(out, code, status);
    out.push(b'}');
}

/// The reply's method, which follows the request's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventReplyMethod {
    /// `event_reply`, to `event_post`.
    One,
    /// `events_reply`, to `events_post`.
    Many,
}

impl EventReplyMethod {
    /// The method on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "event_reply",
            Self::Many => "events_reply",
        }
    }
}

/// `{"method":"event_reply","clientToken":"..","code":0,"status":"","data":{}}`.
pub fn write_event_reply(
    out: &mut Vec<u8>,
    method: EventReplyMethod,
    client_token: Option<&str>,
    code: i32,
    status: &str,
) {
    write_head(out, method.as_str(), client_token);
    write_result(out, code, status);
    out.extend_from_slice(b",\"data\":{}}");
}

/// `{"method":"control","clientToken":"..","params":{..}}`; `params` is a JSON object that was validated.
pub fn write_control(out: &mut Vec<u8>, client_token: &str, params: &str) {
    write_head(out, "control", Some(client_token));
    out.extend_from_slice(b",\"params\":");
    out.extend_from_slice(params.as_bytes());
    out.push(b'}');
}

/// `{"method":"action","clientToken":"..","actionId":"..","timestamp":s,"params":{..}}`; `params` is a JSON
/// object that was validated.
pub fn write_action(out: &mut Vec<u8>, client_token: &str, action_id: &str, now: UnixMillis, params: &str) {
    write_head(out, "action", Some(client_token));
    out.extend_from_slice(b",\"actionId\":");
    write_json(out, action_id);
    out.extend_from_slice(b",\"timestamp\":");
    write_json(out, &now.seconds());
    out.extend_from_slice(b",\"params\":");
    out.extend_from_slice(params.as_bytes());
    out.push(b'}');
}

/// One property in a status reply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatusEntry<'a> {
    /// Which property.
    pub identifier: &'a str,
    /// Its value.
    pub value: &'a PointValue,
    /// When the value was reported or asked for.
    pub time: UnixMillis,
}

/// The reply to `get_status`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StatusReply<'a> {
    /// The token of the request.
    pub client_token: Option<&'a str>,
    /// The last reported values; absent when the request did not ask for them.
    pub reported: Option<&'a [StatusEntry<'a>]>,
    /// Controls that wait for the device; absent when there are none or the request did not ask for them.
    pub control: Option<&'a [StatusEntry<'a>]>,
    /// Whether to add the times of the values.
    pub show_meta: bool,
}

impl StatusReply<'_> {
    /// `{"method":"get_status_reply","clientToken":"..","code":0,"status":"success","data":{"reported":{..}}}`.
    /// The times are our own form, shaped like the shadow's metadata: no client pins one (facts §7.11).
    pub fn write(&self, out: &mut Vec<u8>) {
        write_head(out, "get_status_reply", self.client_token);
        write_result(out, 0, "success");
        out.extend_from_slice(b",\"data\":{");
        let sections = [("reported", self.reported), ("control", self.control)];
        let sections =
            || sections.iter().filter_map(|(name, entries)| entries.map(|entries| (*name, entries)));
        for (position, (name, entries)) in sections().enumerate() {
            write_key(out, position, name);
            write_object(out, entries.iter().map(|entry| (entry.identifier, entry.value)));
        }
        if self.show_meta && sections().next().is_some() {
            out.extend_from_slice(b",\"metadata\":{");
            for (position, (name, entries)) in sections().enumerate() {
                write_key(out, position, name);
                out.push(b'{');
                for (position, entry) in entries.iter().enumerate() {
                    write_key(out, position, entry.identifier);
                    out.extend_from_slice(b"{\"timestamp\":");
                    write_json(out, &entry.time.0);
                    out.push(b'}');
                }
                out.push(b'}');
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"}}");
    }
}

fn write_key(out: &mut Vec<u8>, position: usize, key: &str) {
    if position > 0 {
        out.push(b',');
    }
    write_json(out, key);
    out.push(b':');
}

/// Appends values as one JSON object, such as the `params` of a control.
pub fn write_object<'a>(out: &mut Vec<u8>, values: impl IntoIterator<Item = (&'a str, &'a PointValue)>) {
    out.push(b'{');
    for (position, (identifier, value)) in values.into_iter().enumerate() {
        write_key(out, position, identifier);
        write_value(out, value);
    }
    out.push(b'}');
}

/// Appends a value as the protocol writes it: a bool is 0 or 1, a struct or array is itself.
pub fn write_value(out: &mut Vec<u8>, value: &PointValue) {
    match value {
        PointValue::Bool(value) => out.push(if *value { b'1' } else { b'0' }),
        PointValue::Int(value) => write_json(out, value),
        PointValue::Float(value) => write_json(out, value),
        PointValue::Text(text) => write_json(out, &**text),
        PointValue::Json(json) => out.extend_from_slice(json.as_bytes()),
    }
}

/// `{"type":"get","time":s,"ntptime1":ms,"ntptime2":ms}` on `$sys/operation/result`.
pub fn write_time_reply(out: &mut Vec<u8>, received: UnixMillis, sent: UnixMillis) {
    out.extend_from_slice(b"{\"type\":\"get\",\"time\":");
    write_json(out, &sent.seconds());
    out.extend_from_slice(b",\"ntptime1\":");
    write_json(out, &received.0);
    out.extend_from_slice(b",\"ntptime2\":");
    write_json(out, &sent.0);
    out.push(b'}');
}
