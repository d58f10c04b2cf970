//! State records and the checkpoint image of a device. Both are only for replay at start.

use serde::{Deserialize, Serialize};
use yizhan_vocabulary::{PointValue, PropertyNumber, UnixMillis};

use super::Version;
use crate::commands::{CommandView, DeviceCommands, StatusRead};
use crate::registry::{DeviceState, LastValue, Presence};
use crate::statistics::ActiveDays;

#[derive(Serialize, Deserialize)]
struct StatusReadBody {
    v: Version,
    #[serde(flatten)]
    read: StatusRead,
}

pub(crate) fn encode_status_read(read: &StatusRead) -> Vec<u8> {
    let body = StatusReadBody { v: Version, read: read.clone() };
    serde_json::to_vec(&body).expect("a status read has only texts")
}

pub(crate) fn decode_status_read(body: &[u8]) -> Option<StatusRead> {
    serde_json::from_slice::<StatusReadBody>(body).ok().map(|body| body.read)
}

#[derive(Serialize, Deserialize)]
struct InfoBody<'a> {
    v: Version,
    #[serde(borrow)]
    info: &'a serde_json::value::RawValue,
}

pub(crate) fn encode_info(info: &str) -> Vec<u8> {
    let info = serde_json::from_str(info).unwrap_or(serde_json::value::RawValue::NULL);
    serde_json::to_vec(&InfoBody { v: Version, info }).expect("checked JSON is JSON")
}

pub(crate) fn decode_info(body: &[u8]) -> Option<Box<str>> {
    serde_json::from_slice::<InfoBody<'_>>(body).ok().map(|body| body.info.get().into())
}

/// A value in an image; the letter keeps kinds apart that look the same in JSON.
#[derive(Serialize, Deserialize)]
enum StoredValue {
    #[serde(rename = "b")]
    Bool(bool),
    #[serde(rename = "i")]
    Int(i64),
    #[serde(rename = "f")]
    Float(f64),
    #[serde(rename = "t")]
    Text(Box<str>),
    #[serde(rename = "j")]
    Json(Box<str>),
}

impl From<&PointValue> for StoredValue {
    fn from(value: &PointValue) -> Self {
        match value {
            PointValue::Bool(value) => Self::Bool(*value),
            PointValue::Int(value) => Self::Int(*value),
            PointValue::Float(value) => Self::Float(*value),
            PointValue::Text(text) => Self::Text(text.clone()),
            PointValue::Json(json) => Self::Json(json.clone()),
        }
    }
}

impl From<StoredValue> for PointValue {
    fn from(value: StoredValue) -> Self {
        match value {
            StoredValue::Bool(value) => Self::Bool(value),
            StoredValue::Int(value) => Self::Int(value),
            StoredValue::Float(value) => Self::Float(value),
            StoredValue::Text(text) => Self::Text(text),
            StoredValue::Json(json) => Self::Json(json),
        }
    }
}

/// A device's state as a checkpoint keeps it.
#[derive(Serialize, Deserialize)]
struct Image {
    v: Version,
    seq: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<(PropertyNumber, UnixMillis, StoredValue)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    presence: Option<Presence>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    info: Option<Box<str>>,
    #[serde(default, skip_serializing_if = "ActiveDays::is_empty")]
    active: ActiveDays,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    commands: Vec<CommandView>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status_read: Option<StatusRead>,
}

/// The checkpoint image of a device.
pub(crate) fn encode_image(state: &DeviceState) -> Vec<u8> {
    let commands = state.commands.as_deref();
    let image = Image {
        v: Version,
        seq: state.seq,
        values: state.values.iter().map(|last| (last.number, last.time, (&last.value).into())).collect(),
        presence: state.presence.as_deref().cloned(),
        info: state.info.clone(),
        active: state.active,
        commands: commands
            .map(|all| all.outstanding.iter().map(|entry| entry.view.clone()).collect())
            .unwrap_or_default(),
        status_read: commands.and_then(|all| all.status_read.clone()),
    };
    serde_json::to_vec(&image).expect("an image has only texts, numbers and checked JSON")
}

/// The state in a checkpoint image; an error if a newer release wrote it.
pub(crate) fn decode_image(bytes: &[u8]) -> Result<DeviceState, serde_json::Error> {
    let image: Image = serde_json::from_slice(bytes)?;
    let mut values: Vec<LastValue> = image
        .values
        .into_iter()
        .map(|(number, time, value)| LastValue { number, time, value: value.into() })
        .collect();
    values.shrink_to_fit();
    let mut commands = DeviceCommands { status_read: image.status_read, ..Default::default() };
    for view in image.commands {
        commands.restore(view, 0);
    }
    Ok(DeviceState {
        seq: image.seq,
        awaited_seq: 0,
        values,
        presence: image.presence.map(Box::new),
        info: image.info,
        active: image.active,
        commands: (!commands.is_empty()).then(|| Box::new(commands)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_comes_back_from_its_image() {
        let mut state = DeviceState { seq: 7, info: Some("{}".into()), ..Default::default() };
        let points = [
            PointValue::Bool(true),
            PointValue::Int(-1),
            PointValue::Float(0.1),
            PointValue::Text("a".into()),
        ];
        let numbered = (1..).map(PropertyNumber).zip(points);
        state.apply_points(UnixMillis(5), numbered);
        let read = decode_image(&encode_image(&state)).unwrap();
        assert_eq!((read.seq, read.values, read.info), (7, state.values, state.info));
    }

    #[test]
    fn an_image_of_version_1_stays_readable() {
        let stored = br#"{"v":1,"seq":9,"values":[[3,1795220173000,{"f":2.5}],[4,1795220173000,{"j":"{\"a\":1}"}]],"presence":{"online":false,"since":1795220173000,"online_at":1795220170000,"address":"10.0.0.1:4000","transport":"tcp","version":"3.1.1","cause":"keep_alive_timeout"},"commands":[{"command_id":"001a1fcdd3f88005","kind":"control","client_token":"clientToken-1","state":"sent","params":{"power_switch":1},"created_at":1795220173000,"updated_at":1795220173001,"expires_at":1795306573000}],"status_read":{"token":"T","ids":["001a1fcdd3f88005"]}}"#;
        let state = decode_image(stored).unwrap();
        assert_eq!(state.values[1].value, PointValue::Json(r#"{"a":1}"#.into()));
        assert!(!state.is_online());
        assert_eq!(state.commands.unwrap().controls_behind("T").len(), 1);
    }
}
