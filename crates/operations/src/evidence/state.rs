//! How a device stands. Beside the state is what it is concluded from: the connection itself, or the end of the last one
//! as the connection log has it, the session, and the last thing the device said.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Condition, Device, Direction, LogName, LogQuery, LogView, Status, TimeRange};
use yizhan_vocabulary::causes::DisconnectCause;

use crate::call::Call;
use crate::failure::{Failure, Outcome};
use crate::platform::Platform;
use crate::text::{Language, Text};

/// Entries of the connection log that are looked at for the last connection and its end.
const CONNECTIONS_LOOKED_AT: usize = 20;
/// Entries of the content log that are looked at for the last report.
const MESSAGES_LOOKED_AT: usize = 100;

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceState {
    product_id: String,
    device_name: String,
}

/// How it stands, and why. Times are in milliseconds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedState {
    /// `online`, `offline`, `inactive` or `disabled`.
    state: &'static str,
    /// Whether the device itself may connect.
    enabled: bool,
    /// Whether its product's devices may connect.
    product_enabled: bool,
    /// Since when it is connected or not.
    since: Option<i64>,
    /// When it connected for the first time.
    activate_time: Option<i64>,
    create_time: i64,
    /// Where it is, or was last, connected from.
    address: Option<String>,
    /// `tcp`, `tls`, `psk`, `ws` or `wss`.
    transport: Option<String>,
    /// With which MQTT version.
    mqtt_version: Option<String>,
    /// The keep-alive of that connection in seconds; 0 means that it asked for none.
    keep_alive: Option<u16>,
    /// When it last came online.
    last_online_time: Option<i64>,
    /// When it last went offline.
    last_offline_time: Option<i64>,
    /// Why it last went offline: a name such as `keep_alive_timeout`.
    last_cause: Option<String>,
    /// The same in words, with what to do about it.
    last_cause_text: Option<String>,
    /// More about it, as the connection log has it.
    last_cause_detail: Option<String>,
    /// When it last sent something.
    last_report_time: Option<i64>,
    /// Where to it sent that.
    last_report_topic: Option<String>,
    /// The firmware that it said it has.
    firmware_version: Option<String>,
    /// Its session; none if there is none.
    session: Option<SessionState>,
    /// Commands that have no answer yet.
    open_commands: u64,
}

/// What the server keeps for the device.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SessionState {
    /// Whether it outlives the connection.
    kept: bool,
    /// What the device subscribes to.
    subscriptions: Vec<SessionSubscription>,
    /// Messages under way to it, or waiting for it.
    queued: u64,
    /// The most there may be.
    max_queued: u64,
}

/// A subscription.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SessionSubscription {
    topic: String,
    qos: u8,
}

pub(crate) async fn describe(call: Call, request: DescribeDeviceState) -> Outcome<DescribedState> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let language = call.caller().language;
    call.blocking(move |platform| state_of(platform, &device, language)).await
}

fn state_of(
    platform: &Platform,
    device: &Arc<Device>,
    language: Language,
) -> Result<DescribedState, Failure> {
    let presence = device.status();
    let connection = last_connection(platform, device)?;
    let report = last_report(platform, device)?;
    let newest_value = platform.devices.newest_value_at(device);
    let session = platform.devices.session_of(device);
    let cause = presence.last_cause;
    Ok(DescribedState {
        state: device.condition().as_str(),
        enabled: device.switched_on(),
        product_enabled: device.product().enabled(),
        since: presence.since.map(|at| at.0),
        activate_time: device.activated_at().map(|at| at.0),
        create_time: device.created_at.0,
        address: presence.address,
        transport: presence.transport.map(Into::into),
        mqtt_version: presence.mqtt_version.map(Into::into),
        keep_alive: connection.keep_alive,
        last_online_time: presence.last_online_at.map(|at| at.0),
        // The state knows of an end before the log shows it.
        last_offline_time: match presence.status {
            Status::Offline => presence.since.map(|at| at.0).or(connection.ended_at),
            _ => connection.ended_at,
        },
        last_cause: cause.and_then(name_of),
        last_cause_text: cause.map(|cause| cause_in_words(cause).in_language(language).to_owned()),
        last_cause_detail: connection.detail.filter(|detail| !detail.is_empty()),
        last_report_time: report.as_ref().map(|(at, _)| *at).or(newest_value.map(|at| at.0)),
        last_report_topic: report.map(|(_, topic)| topic),
        firmware_version: device.firmware(),
        session: session.map(|session| SessionState {
            kept: session.kept,
            subscriptions: session
                .subscriptions
                .into_iter()
                .map(|(topic, qos)| SessionSubscription { topic, qos })
                .collect(),
            queued: session.queued as u64,
            max_queued: session.max_queued as u64,
        }),
        open_commands: platform.devices.open_commands(device) as u64,
    })
}

/// What the connection log knows beside the state.
#[derive(Default)]
struct LastConnection {
    keep_alive: Option<u16>,
    ended_at: Option<i64>,
    detail: Option<String>,
}

fn last_connection(platform: &Platform, device: &Arc<Device>) -> Result<LastConnection, Failure> {
    let mut found = LastConnection::default();
    if device.condition() == Condition::Inactive {
        return Ok(found);
    }
    let query = LogQuery::newest(TimeRange::ALL, CONNECTIONS_LOOKED_AT);
    for entry in platform.devices.logs(device, LogName::Connection, &query)?.entries {
        match entry {
            LogView::Online { keep_alive_s, .. } => {
                found.keep_alive.get_or_insert(keep_alive_s);
            }
            // The end of a connection that another one of the same device replaced is no end of its presence.
            LogView::Offline { cause: DisconnectCause::TakenOver, .. } => {}
            LogView::Offline { time, detail, .. } if found.ended_at.is_none() => {
                found.ended_at = Some(time.0);
                found.detail = Some(detail);
            }
            _ => {}
        }
    }
    Ok(found)
}

/// When the device last sent something, and where to; as far as the newest entries say.
fn last_report(platform: &Platform, device: &Arc<Device>) -> Result<Option<(i64, String)>, Failure> {
    let query = LogQuery::newest(TimeRange::ALL, MESSAGES_LOOKED_AT);
    let page = platform.devices.logs(device, LogName::Content, &query)?;
    Ok(page.entries.into_iter().find_map(|entry| match entry {
        LogView::Content { time, direction: Direction::Up, topic, .. } => Some((time.0, topic)),
        _ => None,
    }))
}

/// The stable name of a cause.
fn name_of(cause: DisconnectCause) -> Option<String> {
    serde_json::to_value(cause).ok().and_then(|name| name.as_str().map(ToOwned::to_owned))
}

/// Why a connection ended, and what to do about it.
const fn cause_in_words(cause: DisconnectCause) -> Text {
    match cause {
        DisconnectCause::ClientDisconnect => {
            Text::new("The device closed the connection in an orderly way.", "设备主动断开了连接。")
        }
        DisconnectCause::KeepAliveTimeout => Text::new(
            "Nothing came from the device for one and a half times its keep-alive: it lost power or the network, or it \
             does not send PINGREQ.",
            "超过 1.5 倍心跳间隔没有收到设备的任何数据：设备断电、断网，或没有发送心跳。",
        ),
        DisconnectCause::TakenOver => Text::new(
            "A newer connection of the same device took over. If that repeats, two devices use the same name.",
            "同一设备的新连接取代了旧连接。如果反复出现，说明有两台设备使用了同一个设备名称。",
        ),
        DisconnectCause::ServerShutdown => Text::new(
            "The server was stopped; devices connect again by themselves.",
            "服务器停止运行；设备会自动重新连接。",
        ),
        DisconnectCause::ConnectionLost => Text::new(
            "The connection broke without a goodbye: the device restarted, or the network between failed.",
            "连接异常中断：设备重启，或中间网络故障。",
        ),
        DisconnectCause::ProtocolViolation => Text::new(
            "The device sent something that MQTT does not allow; the detail says what.",
            "设备发送了不符合 MQTT 协议的数据，详见附加信息。",
        ),
        DisconnectCause::PacketTooLarge => Text::new(
            "The device sent a packet that is larger than the server takes.",
            "设备发送的报文超过了服务器允许的大小。",
        ),
        DisconnectCause::Disabled => Text::new(
            "The device or its product was disabled; enable it to let it connect.",
            "设备或产品被禁用；启用后设备才能连接。",
        ),
        DisconnectCause::Deleted => {
            Text::new("The device or its product was deleted.", "设备或产品已被删除。")
        }
        DisconnectCause::CredentialRevoked => Text::new(
            "The key or certificate that the device connected with is not valid any more; give it the new one.",
            "设备连接所用的密钥或证书已失效；请把新的凭证写入设备。",
        ),
        DisconnectCause::SlowReader => Text::new(
            "The device did not take in time what was sent to it.",
            "设备接收数据过慢，未及时读取下发的消息。",
        ),
        DisconnectCause::RateLimited => Text::new(
            "The device sent too many messages in too short a time.",
            "设备在短时间内发送了过多消息。",
        ),
        DisconnectCause::Kicked => Text::new("An operator closed the connection.", "运维人员断开了该连接。"),
        DisconnectCause::ServerError => Text::new(
            "Something failed inside the server; its log says more.",
            "服务器内部错误，详见服务器日志。",
        ),
    }
}
