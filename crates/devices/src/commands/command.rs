//! One command: a control of properties or an action call, from "stored" to its end. The whole command is one
//! JSON body, written at each transition, so that any of its records alone tells all about it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use yizhan_vocabulary::UnixMillis;

use crate::records::Version;

/// A command's number: the time of its making and a counter, so that its log entries are found without an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

impl CommandId {
    const COUNTER_BITS: u32 = 20;

    /// The id of a command made at `now` under the journal's sequence number `seq`.
    pub(crate) fn new(now: UnixMillis, seq: u64) -> Self {
        let millis = u64::try_from(now.0).unwrap_or(0);
        Self((millis << Self::COUNTER_BITS) | (seq & ((1 << Self::COUNTER_BITS) - 1)))
    }

    /// When the command was made.
    pub const fn made_at(self) -> UnixMillis {
        UnixMillis((self.0 >> Self::COUNTER_BITS) as i64)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The text is not a command id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a command id is 16 hexadecimal digits")]
pub struct CommandIdError;

impl FromStr for CommandId {
    type Err = CommandIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let well_formed = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !well_formed {
            return Err(CommandIdError);
        }
        u64::from_str_radix(text, 16).map(Self).map_err(|_| CommandIdError)
    }
}

impl Serialize for CommandId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CommandId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// How far a command has come. Later states never go back, except from `sent` to `stored` when the message could
/// not be delivered after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommandState {
    /// Durable, not on its way: the device is offline or does not subscribe.
    Stored,
    /// Handed to the device's connection or kept session.
    Sent,
    /// The device's client acknowledged the message, or the device read the control with `get_status`.
    Received,
    /// The device answered with code 0.
    Done,
    /// The device answered with another code, or the command could not be carried out.
    Failed,
    /// No answer came in time.
    Expired,
}

impl CommandState {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Sent => "sent",
            Self::Received => "received",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Whether nothing more will happen.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Expired)
    }
}

/// What the command asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CommandKind {
    /// Set properties.
    Control,
    /// Call an action.
    Action {
        /// The action's identifier in the thing model.
        action: String,
        /// Whether the caller did not wait for the answer.
        asynchronous: bool,
    },
}

/// A command as people and programs see it, and as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CommandView {
    /// Its number.
    #[serde(rename = "command_id")]
    pub id: CommandId,
    /// Control or action.
    #[serde(flatten)]
    pub kind: CommandKind,
    /// The token by which the device answers.
    pub client_token: String,
    /// How far it has come.
    pub state: CommandState,
    /// What was asked for.
    pub params: Box<RawValue>,
    /// The code of the device's answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// The status text of the device's answer, or why the command ended without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The response of an action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<Box<RawValue>>,
    /// When it was stored.
    pub created_at: UnixMillis,
    /// When its state last changed.
    pub updated_at: UnixMillis,
    /// When it expires unless the device answers.
    pub expires_at: UnixMillis,
    /// The device read the control with `get_status` and said `clear_control`: silence now counts as done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cleared: bool,
}

impl CommandView {
    /// Whether a control still belongs into `get_status_reply`.
    pub(crate) fn is_pending_control(&self) -> bool {
        self.kind == CommandKind::Control && !self.cleared && !self.state.is_final()
    }

    /// How long it is kept on after a restart. A clock that was set back in between does not make it longer than it was
    /// asked for.
    pub(crate) fn remaining(&self, now: UnixMillis) -> Duration {
        let millis = |from: UnixMillis| u64::try_from(self.expires_at.0.saturating_sub(from.0)).unwrap_or(0);
        Duration::from_millis(millis(now).min(millis(self.created_at)))
    }
}

#[derive(Deserialize)]
struct BodyHead {
    #[serde(rename = "v")]
    _version: Version,
}

#[derive(Serialize)]
struct BodyRef<'a> {
    v: Version,
    #[serde(flatten)]
    command: &'a CommandView,
}

/// The journal body of a command.
pub(crate) fn encode(command: &CommandView) -> Vec<u8> {
    serde_json::to_vec(&BodyRef { v: Version, command })
        .expect("a command has only text, numbers and checked JSON")
}

/// The command in a journal body; `None` if a newer release wrote it.
pub(crate) fn decode(body: &[u8]) -> Option<CommandView> {
    serde_json::from_slice::<BodyHead>(body).ok()?;
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control() -> CommandView {
        CommandView {
            id: CommandId::new(UnixMillis(1_795_220_173_000), 5),
            kind: CommandKind::Control,
            client_token: "clientToken-1".into(),
            state: CommandState::Sent,
            params: RawValue::from_string(r#"{"power_switch":1}"#.into()).unwrap(),
            code: None,
            status: None,
            response: None,
            created_at: UnixMillis(1_795_220_173_000),
            updated_at: UnixMillis(1_795_220_173_001),
            expires_at: UnixMillis(1_795_306_573_000),
            cleared: false,
        }
    }

    #[test]
    fn a_command_survives_a_round_trip() {
        let command = control();
        let read = decode(&encode(&command)).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), serde_json::to_value(&command).unwrap());
        let newer = String::from_utf8(encode(&command)).unwrap().replace(r#""v":1"#, r#""v":2"#);
        assert!(decode(newer.as_bytes()).is_none());
    }

    #[test]
    fn what_is_left_after_a_restart_is_never_more_than_there_was() {
        let command = control();
        let day = Duration::from_secs(24 * 3600);
        assert_eq!(command.remaining(command.created_at.plus_ms(3_600_000)), day - Duration::from_secs(3600));
        assert_eq!(command.remaining(command.created_at.plus_ms(-3_600_000)), day);
        assert_eq!(command.remaining(command.expires_at.plus_ms(1)), Duration::ZERO);
    }

    #[test]
    fn an_id_is_text_that_knows_when_it_was_made() {
        let id = CommandId::new(UnixMillis(1_795_220_173_000), 0x12_3456);
        assert_eq!(id.to_string().parse::<CommandId>(), Ok(id));
        assert_eq!(id.made_at(), UnixMillis(1_795_220_173_000));
        assert_eq!("+000000000000001".parse::<CommandId>(), Err(CommandIdError));
    }
}
