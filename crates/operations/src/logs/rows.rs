//! Rows of logs. The vendor spells the members of the same row differently in each service and version.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Serialize;
use time::OffsetDateTime;
use yizhan_devices::{Direction, FoundEntry, LogView};
use yizhan_vocabulary::{Uin, UnixMillis};

/// A connection or a problem.
#[derive(Debug)]
pub(super) struct Behaviour {
    product: String,
    device: String,
    content: String,
    result: String,
    scene: &'static str,
    time: String,
    request: String,
    user: String,
}

/// Scene, content and result of a row, for rows and for keywords.
pub(super) fn behaviour_of(view: &LogView) -> Option<(&'static str, String, String)> {
    match view {
        LogView::Online { address, transport, mqtt_version, .. } => {
            let content =
                format!("Device connect, address:{address}, transport:{transport}, MQTT:{mqtt_version}");
            Some(("STATUS", content, "SUCC".to_owned()))
        }
        LogView::Offline { reason, detail, .. } => {
            let content =
                if detail.is_empty() { (*reason).to_owned() } else { format!("{reason}, {detail}") };
            Some(("STATUS", content, "SUCC".to_owned()))
        }
        LogView::Diagnostic { content, result, .. } => Some(("DEVICE", content.clone(), result.clone())),
        _ => None,
    }
}

impl Behaviour {
    pub(super) fn of(entry: &FoundEntry, owner: Uin, offset_ms: i64) -> Option<Self> {
        let (scene, content, result) = behaviour_of(&entry.view)?;
        Some(Self {
            product: entry.device.product_id().to_string(),
            device: entry.device.name.to_string(),
            content,
            result,
            scene,
            time: local_time(entry.time, offset_ms),
            request: entry.seq.to_string(),
            user: owner.to_string(),
        })
    }
}

/// `2018-05-24 15:00:04.725` in the time zone of the installation.
fn local_time(at: UnixMillis, offset_ms: i64) -> String {
    let millis = at.0.saturating_add(offset_ms);
    let Ok(local) = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1_000)) else {
        return String::new();
    };
    let (date, time, fraction) = (local.date(), local.time(), millis.rem_euclid(1_000));
    let (year, month, day) = (date.year(), u8::from(date.month()), date.day());
    let (hour, minute, second) = time.as_hms();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{fraction:03}")
}

/// A connection or a problem, as iotcloud 2021-04-08 spells it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LogItem {
    /// What happened.
    content: String,
    device_name: String,
    product_id: String,
    request_id: String,
    /// `SUCC`, or what failed.
    result: String,
    /// `STATUS` or `DEVICE`.
    scene: &'static str,
    /// In the time zone of the installation.
    time: String,
    #[serde(rename = "Userid")]
    old_user_id: String,
    user_id: String,
}

impl From<Behaviour> for LogItem {
    fn from(row: Behaviour) -> Self {
        Self {
            content: row.content,
            device_name: row.device,
            product_id: row.product,
            request_id: row.request,
            result: row.result,
            scene: row.scene,
            time: row.time,
            old_user_id: row.user.clone(),
            user_id: row.user,
        }
    }
}

/// The same as iotcloud 2018-06-14 spells it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OldLogItem {
    /// What happened.
    content: String,
    devicename: String,
    productid: String,
    requestid: String,
    /// `SUCC`, or what failed.
    result: String,
    /// `STATUS` or `DEVICE`.
    scene: &'static str,
    /// In the time zone of the installation.
    time: String,
    userid: String,
}

impl From<Behaviour> for OldLogItem {
    fn from(row: Behaviour) -> Self {
        Self {
            content: row.content,
            devicename: row.device,
            productid: row.product,
            requestid: row.request,
            result: row.result,
            scene: row.scene,
            time: row.time,
            userid: row.user,
        }
    }
}

/// A message.
#[derive(Debug)]
pub(super) struct Payload {
    owner: String,
    product: String,
    device: String,
    source_type: &'static str,
    source: String,
    topic: String,
    format: &'static str,
    payload: String,
    request: String,
    time: String,
}

impl Payload {
    pub(super) fn of(entry: &FoundEntry, owner: Uin) -> Option<Self> {
        let LogView::Content { direction, topic, source, payload, base64, decoded, .. } = &entry.view else {
            return None;
        };
        let device = &entry.device;
        let path = device.topic_suffix().to_owned();
        let (source_type, source) = match (direction, source) {
            (_, Some(source)) => ("api", source.clone()),
            (Direction::Up, None) => ("device:DEFAULT_DEVICE", path),
            (Direction::Down, None) => ("platform", String::new()),
        };
        Some(Self {
            owner: owner.to_string(),
            product: device.product_id().to_string(),
            device: device.name.to_string(),
            source_type,
            source,
            topic: topic.clone(),
            format: if *decoded { "json" } else { "binary" },
            payload: if *base64 { payload.clone() } else { STANDARD.encode(payload) },
            request: entry.seq.to_string(),
            time: entry.time.0.to_string(),
        })
    }
}

/// A message, as iotcloud 2021-04-08 spells it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PayloadLogItem {
    uin: String,
    product_id: String,
    device_name: String,
    /// `device:DEFAULT_DEVICE`, `api` or `platform`.
    src_type: &'static str,
    /// Who sent it.
    src_name: String,
    topic: String,
    /// `json` or `binary`.
    payload_format_type: &'static str,
    /// Base64.
    payload: String,
    request_id: String,
    /// Milliseconds, as text.
    date_time: String,
}

impl From<Payload> for PayloadLogItem {
    fn from(row: Payload) -> Self {
        Self {
            uin: row.owner,
            product_id: row.product,
            device_name: row.device,
            src_type: row.source_type,
            src_name: row.source,
            topic: row.topic,
            payload_format_type: row.format,
            payload: row.payload,
            request_id: row.request,
            date_time: row.time,
        }
    }
}

/// The same as iotcloud 2018-06-14 spells it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OldPayloadLogItem {
    uin: String,
    #[serde(rename = "ProductID")]
    product_id: String,
    device_name: String,
    /// `device:DEFAULT_DEVICE`, `api` or `platform`.
    src_type: &'static str,
    /// Who sent it.
    src_name: String,
    topic: String,
    /// `json` or `binary`.
    payload_fmt_type: &'static str,
    /// Base64.
    payload: String,
    #[serde(rename = "RequestID")]
    request_id: String,
    /// Milliseconds, as text.
    date_time: String,
}

impl From<Payload> for OldPayloadLogItem {
    fn from(row: Payload) -> Self {
        Self {
            uin: row.owner,
            product_id: row.product,
            device_name: row.device,
            src_type: row.source_type,
            src_name: row.source,
            topic: row.topic,
            payload_fmt_type: row.format,
            payload: row.payload,
            request_id: row.request,
            date_time: row.time,
        }
    }
}

/// A line of a device's own log, as iotcloud 2021-04-08 spells it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SdkLogItem {
    product_id: String,
    device_name: String,
    /// `ERROR`, `WARN`, `INFO` or `DEBUG`.
    level: &'static str,
    /// When it was handed in, in milliseconds, as text.
    date_time: String,
    content: String,
}

/// The same as iotvideo and iotcloud 2018-06-14 spell it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OldSdkLogItem {
    #[serde(rename = "ProductID")]
    product_id: String,
    device_name: String,
    /// `ERROR`, `WARN`, `INFO` or `DEBUG`.
    level: &'static str,
    /// When it was handed in, in milliseconds, as text.
    date_time: String,
    content: String,
}

impl From<FoundEntry> for SdkLogItem {
    fn from(entry: FoundEntry) -> Self {
        let OldSdkLogItem { product_id, device_name, level, date_time, content } = entry.into();
        Self { product_id, device_name, level, date_time, content }
    }
}

impl From<FoundEntry> for OldSdkLogItem {
    fn from(entry: FoundEntry) -> Self {
        let (level, content) = match entry.view {
            LogView::Device { level, text, .. } => (level, text),
            _ => ("", String::new()),
        };
        Self {
            product_id: entry.device.product_id().to_string(),
            device_name: entry.device.name.to_string(),
            level,
            date_time: entry.time.0.to_string(),
            content,
        }
    }
}
