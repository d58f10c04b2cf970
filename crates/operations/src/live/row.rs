//! One row of any log: live and out of the past it looks the same. What a row has beside its head depends on `What`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use yizhan_devices::{CommandKind, CommandView, Device, Direction, LiveContent, LiveItem, LogView};
use yizhan_vocabulary::UnixMillis;

/// One row.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct LogRow {
    /// Names the row among all rows.
    id: String,
    /// Its place in the order of all changes. A message, its answer and its values have the same.
    seq: String,
    /// Milliseconds.
    time: i64,
    /// `Message`, `Value`, `Presence`, `Diagnostic`, `Command`, `Event` or `DeviceLog`.
    what: &'static str,
    product_id: String,
    device_name: String,
    /// Of a message: `up` (from the device) or `down` (to it).
    #[serde(skip_serializing_if = "Option::is_none")]
    direction: Option<&'static str>,
    /// Of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<String>,
    /// Of a message.
    #[serde(rename = "QoS", skip_serializing_if = "Option::is_none")]
    qos: Option<u8>,
    /// Of a message: text, or base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    /// `base64` if the payload is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    /// Of a message: who sent it, where that is neither the device nor the platform itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Of a message from a device: the code of the platform's answer. Of a command: the code of the device's.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    /// Of values: each property's, by identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<serde_json::Value>")]
    values: Option<BTreeMap<Box<str>, yizhan_vocabulary::PointValue>>,
    /// Of presence: `online` or `offline`. Of an event: its identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    /// Of an event: `info`, `alert` or `fault`.
    #[serde(skip_serializing_if = "Option::is_none")]
    event_type: Option<String>,
    /// Of an event: when it happened by the device's clock, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_time: Option<i64>,
    /// JSON text: of an event, what came with it; of a command, what was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<String>,
    /// Of going online: from where.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    /// Of going online: by which transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    transport: Option<String>,
    /// Of going online: with which MQTT version.
    #[serde(skip_serializing_if = "Option::is_none")]
    mqtt_version: Option<String>,
    /// Of going online: the keep-alive, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    keep_alive: Option<u16>,
    /// Of going offline: the named reason. Of a problem: its named reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Of going offline: more about it. Of a problem: what was attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Of a problem: how it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    /// Of a command.
    #[serde(skip_serializing_if = "Option::is_none")]
    command_id: Option<String>,
    /// Of a command: the action; empty for a control.
    #[serde(skip_serializing_if = "Option::is_none")]
    action_id: Option<String>,
    /// Of a command: the token by which the device answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    client_token: Option<String>,
    /// Of a command: `stored`, `sent`, `received`, `done`, `failed` or `expired`.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// Of a command: the status of the device's answer, or why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    /// Of an action: JSON text, the device's response.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<String>,
    /// Of a line of the device's own log: `ERROR`, `WARN`, `INFO` or `DEBUG`.
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<&'static str>,
    /// Of a line of the device's own log.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl LogRow {
    /// The row of something that just happened.
    pub fn of_live(item: LiveItem) -> Self {
        match item.content {
            LiveContent::Entry(view) => Self::of(&item.device, view),
            LiveContent::Values(values) => {
                let head = Self::head(&item.device, item.time, item.seq, "Value", "v");
                Self { values: Some(values), ..head }
            }
        }
    }

    /// The row of an entry.
    pub(crate) fn of(device: &Device, view: LogView) -> Self {
        match view {
            LogView::Content { time, seq, direction, topic, qos, source, payload, base64, code, .. } => {
                let (direction, mark) = match direction {
                    Direction::Up => ("up", ""),
                    Direction::Down => ("down", "d"),
                };
                Self {
                    direction: Some(direction),
                    topic: Some(topic),
                    qos: Some(qos),
                    payload: Some(payload),
                    encoding: base64.then_some("base64"),
                    source,
                    code: code.map(i64::from),
                    ..Self::head(device, time, seq, "Message", mark)
                }
            }
            LogView::Event { time, seq, event, kind, device_time, params } => Self {
                event: Some(event),
                event_type: Some(kind),
                device_time: Some(device_time.0),
                params: Some(params.get().to_owned()),
                ..Self::head(device, time, seq, "Event", "")
            },
            LogView::Command { time, seq, command } => {
                Self::of_command(Self::head(device, time, seq, "Command", ""), *command)
            }
            LogView::Online { time, seq, event, address, transport, mqtt_version, keep_alive_s } => Self {
                event: Some(event.to_owned()),
                address: Some(address),
                transport: Some(transport),
                mqtt_version: Some(mqtt_version),
                keep_alive: Some(keep_alive_s),
                ..Self::head(device, time, seq, "Presence", "")
            },
            LogView::Offline { time, seq, event, reason, detail, .. } => Self {
                event: Some(event.to_owned()),
                reason: Some(reason),
                detail: Some(detail),
                ..Self::head(device, time, seq, "Presence", "")
            },
            LogView::Device { time, seq, level, text } => Self {
                level: Some(level),
                text: Some(text),
                ..Self::head(device, time, seq, "DeviceLog", "")
            },
            LogView::Diagnostic { time, seq, content, result, errcode } => Self {
                detail: Some(content),
                result: Some(result),
                reason: Some(errcode),
                ..Self::head(device, time, seq, "Diagnostic", "")
            },
        }
    }

    fn of_command(head: Self, command: CommandView) -> Self {
        Self {
            command_id: Some(command.id.to_string()),
            action_id: Some(match command.kind {
                CommandKind::Action { action, .. } => action,
                CommandKind::Control => String::new(),
            }),
            client_token: Some(command.client_token),
            state: Some(command.state.as_str()),
            params: Some(command.params.get().to_owned()),
            code: command.code,
            status: command.status,
            response: command.response.map(|response| response.get().to_owned()),
            ..head
        }
    }

    /// `mark` tells rows apart that come from one change.
    fn head(device: &Device, time: UnixMillis, seq: u64, what: &'static str, mark: &str) -> Self {
        Self {
            id: format!("{seq}{mark}"),
            seq: seq.to_string(),
            time: time.0,
            what,
            product_id: device.product_id().to_string(),
            device_name: device.name.to_string(),
            ..Self::default()
        }
    }

    /// Whether it is a message this way.
    pub(crate) fn goes(&self, direction: &str) -> bool {
        self.direction == Some(direction)
    }

    /// Whether it is a message whose topic contains this, in lower case.
    pub(crate) fn has_topic(&self, part: &str) -> bool {
        self.topic.as_ref().is_some_and(|topic| topic.to_lowercase().contains(part))
    }

    /// The state of a command, the level of a line or the kind of an event.
    pub(crate) fn grade(&self) -> Option<&str> {
        self.state.or(self.level).or(self.event_type.as_deref())
    }

    /// Whether any text of it contains this, in lower case.
    pub(crate) fn has_text(&self, part: &str) -> bool {
        let texts = [
            Some(&self.device_name),
            self.topic.as_ref(),
            self.payload.as_ref(),
            self.event.as_ref(),
            self.params.as_ref(),
            self.address.as_ref(),
            self.detail.as_ref(),
            self.result.as_ref(),
            self.client_token.as_ref(),
            self.action_id.as_ref(),
            self.status.as_ref(),
            self.response.as_ref(),
            self.text.as_ref(),
        ];
        let named = [self.reason, self.state];
        let has = |text: &str| text.to_lowercase().contains(part);
        texts.into_iter().flatten().any(|text| has(text)) || named.into_iter().flatten().any(has)
    }
}
