//! The logs of a device, put into the form in which people read them.

use std::sync::Arc;

use base64::Engine;
use serde::Serialize;
use serde_json::value::RawValue;
use yizhan_journal::{Cursor, LogEntry, LogKind, Order, TimeRange};
use yizhan_vocabulary::UnixMillis;

use crate::commands::{self, CommandView};
use crate::features::log::LineLevel;
use crate::links::Direction;
use crate::records::connection::ConnectionBody;
use crate::records::{connection, content, device_log, diagnostic, event};
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// The logs by the names that surfaces use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogName {
    /// Messages both ways (内容日志).
    Content,
    /// Events.
    Event,
    /// Ended action calls.
    Action,
    /// Online and offline (上下线日志).
    Connection,
    /// Problems (云端诊断日志).
    Diagnostic,
    /// Steps of commands.
    Command,
    /// What the device logged itself (设备本地日志).
    Device,
}

impl LogName {
    /// Every log with its name.
    pub const ALL: &[(Self, &'static str)] = &[
        (Self::Content, "content"),
        (Self::Event, "event"),
        (Self::Action, "action"),
        (Self::Connection, "connection"),
        (Self::Diagnostic, "diagnostic"),
        (Self::Command, "command"),
        (Self::Device, "device"),
    ];

    /// The log with this name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == text).map(|(log, _)| *log)
    }

    /// The log of this kind of record.
    pub(crate) fn of_kind(kind: LogKind) -> Option<Self> {
        Self::ALL.iter().map(|(log, _)| *log).find(|log| log.kind() == kind)
    }

    pub(crate) const fn kind(self) -> LogKind {
        match self {
            Self::Content => LogKind::Content,
            Self::Event => LogKind::Event,
            Self::Action => LogKind::Action,
            Self::Connection => LogKind::Connection,
            Self::Diagnostic => LogKind::Diagnostic,
            Self::Command => LogKind::Command,
            Self::Device => LogKind::Device,
        }
    }
}

/// Which entries are asked for.
#[derive(Debug, Clone)]
pub struct LogQuery {
    /// The first moment, and the first moment after.
    pub range: TimeRange,
    /// Oldest or newest first.
    pub order: Order,
    /// How many records at most; a message and its answer are one.
    pub limit: usize,
    /// Where the last page ended.
    pub cursor: Option<Cursor>,
}

/// A page of a log.
#[derive(Debug, Serialize)]
pub struct LogPage {
    /// The entries in the order asked for.
    pub entries: Vec<LogView>,
    /// The cursor of the next page, if there is one.
    pub next: Option<String>,
}

/// One entry of a log.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum LogView {
    /// A message.
    Content {
        /// When it was received or sent.
        time: UnixMillis,
        /// Its place in the order of all changes; an answer has that of its request.
        seq: u64,
        /// Which way it went.
        direction: Direction,
        /// Its topic.
        topic: String,
        /// Its QoS.
        qos: u8,
        /// Who sent it, where that is neither the device nor the platform itself.
        #[serde(skip_serializing_if = "Option::is_none")]
        source: Option<String>,
        /// Text, or base64 of bytes that are no text.
        payload: String,
        /// Whether `payload` is base64.
        base64: bool,
        /// Whether the payload is JSON.
        decoded: bool,
        /// The code of the platform's answer to it, where that has one.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
    },
    /// An event.
    Event {
        /// When it was received.
        time: UnixMillis,
        /// Its place in the order of all changes.
        seq: u64,
        /// Its identifier.
        event: String,
        /// `info`, `alert` or `fault`.
        #[serde(rename = "type")]
        kind: String,
        /// When it happened by the device's clock.
        device_time: UnixMillis,
        /// What came with it.
        params: Box<RawValue>,
    },
    /// A step of a command, or an ended action call.
    Command {
        /// When it happened.
        time: UnixMillis,
        /// Its place in the order of all changes.
        seq: u64,
        /// The command as it was then.
        #[serde(flatten)]
        command: Box<CommandView>,
    },
    /// A device came online.
    Online {
        /// When.
        time: UnixMillis,
        /// Its place in the order of all changes.
        seq: u64,
        /// Always `online`.
        event: &'static str,
        /// From where.
        address: String,
        /// By which transport.
        transport: String,
        /// With which MQTT version.
        mqtt_version: String,
        /// The keep-alive it asked for.
        keep_alive_s: u16,
    },
    /// A device went offline.
    Offline {
        /// When.
        time: UnixMillis,
        /// Its place in the order of all changes.
        seq: u64,
        /// Always `offline`.
        event: &'static str,
        /// The named reason.
        cause: yizhan_vocabulary::causes::DisconnectCause,
        /// The reason in the vendor's words.
        reason: &'static str,
        /// More about it.
        detail: String,
    },
    /// A line of the device's own log.
    Device {
        /// When it was handed in.
        time: UnixMillis,
        /// Its place in the order of all changes.
        seq: u64,
        /// `ERROR`, `WARN`, `INFO` or `DEBUG`.
        level: &'static str,
        /// The line as the device wrote it.
        text: String,
    },
    /// A problem.
    Diagnostic {
        /// When.
        time: UnixMillis,
        /// Its place in the order of all changes.
        seq: u64,
        /// What was attempted.
        content: String,
        /// How it ended.
        result: String,
        /// The named reason.
        errcode: &'static str,
    },
}

impl Devices {
    /// Entries of one log of a device.
    pub fn logs(
        &self,
        device: &Arc<Device>,
        log: LogName,
        query: &LogQuery,
    ) -> Result<LogPage, DevicesError> {
        let limit = query.limit.clamp(1, self.0.config.max_query_limit);
        let page =
            self.journal().log(device.id, log.kind(), query.range, query.order, limit, query.cursor)?;
        let mut entries = Vec::with_capacity(page.items.len());
        for entry in &page.items {
            entries.extend(views(device, log, entry, query.order));
        }
        Ok(LogPage { entries, next: page.next.map(|cursor| cursor.to_string()) })
    }
}

/// What people see of one record; nothing of what a newer release wrote.
pub(crate) fn views(device: &Device, log: LogName, entry: &LogEntry, order: Order) -> Vec<LogView> {
    match log {
        LogName::Content => content_views(device, entry, order),
        _ => Vec::from_iter(view(log, entry)),
    }
}

/// A message, and its answer behind it in time.
fn content_views(device: &Device, entry: &LogEntry, order: Order) -> Vec<LogView> {
    let Some(read) = content::decode(&entry.body, device.topic_suffix()) else { return Vec::new() };
    let answer = read.rendered_reply().map(|(topic, payload)| {
        // The answer goes out with QoS 1 where the device subscribed with it; the log keeps what was offered.
        content_view(entry, Direction::Down, topic, 1, None, &payload, None)
    });
    let code = read.reply.as_ref().and_then(content::Reply::code);
    let message = content_view(entry, read.direction, read.topic, read.qos, read.source, read.payload, code);
    match (answer, order) {
        (None, _) => vec![message],
        (Some(answer), Order::Ascending) => vec![message, answer],
        (Some(answer), Order::Descending) => vec![answer, message],
    }
}

fn content_view(
    entry: &LogEntry,
    direction: Direction,
    topic: String,
    qos: u8,
    source: Option<String>,
    payload: &[u8],
    code: Option<i32>,
) -> LogView {
    let text = std::str::from_utf8(payload).ok().filter(|text| !text.contains('\0'));
    LogView::Content {
        time: entry.time,
        seq: entry.seq,
        direction,
        topic,
        qos,
        source,
        payload: text
            .map_or_else(|| base64::engine::general_purpose::STANDARD.encode(payload), ToOwned::to_owned),
        base64: text.is_none(),
        decoded: text.is_some_and(|text| serde_json::from_str::<&RawValue>(text).is_ok()),
        code,
    }
}

/// An entry of any log but the content log; nothing for what a newer release wrote.
fn view(log: LogName, entry: &LogEntry) -> Option<LogView> {
    let (time, seq) = (entry.time, entry.seq);
    match log {
        LogName::Content => None,
        LogName::Event => {
            let read = event::decode(&entry.body)?;
            Some(LogView::Event {
                time,
                seq,
                event: read.event.into_owned(),
                kind: read.kind.into_owned(),
                device_time: UnixMillis(read.time),
                params: read.params.to_owned(),
            })
        }
        LogName::Action | LogName::Command => {
            let command = Box::new(commands::decode(&entry.body)?);
            Some(LogView::Command { time, seq, command })
        }
        LogName::Connection => match connection::decode(&entry.body)? {
            ConnectionBody::Online { address, transport, version, keep_alive_s } => Some(LogView::Online {
                time,
                seq,
                event: "online",
                address: address.to_string(),
                transport,
                mqtt_version: version,
                keep_alive_s,
            }),
            ConnectionBody::Offline { cause, detail } => {
                let reason = cause.as_str();
                Some(LogView::Offline { time, seq, event: "offline", cause, reason, detail })
            }
        },
        LogName::Device => {
            let read = device_log::decode(&entry.body)?;
            let level = LineLevel::of_number(read.level).map_or("", LineLevel::as_str);
            Some(LogView::Device { time, seq, level, text: read.text.into_owned() })
        }
        LogName::Diagnostic => {
            let problem = diagnostic::decode(&entry.body)?;
            let (content, result, errcode) = (problem.content(), problem.result(), problem.errcode());
            Some(LogView::Diagnostic { time, seq, content, result, errcode })
        }
    }
}
