//! What the server says to a device: answers to its own messages, and commands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use yizhan_vocabulary::model::{Direction, Mode};

use super::device::Device;
use super::messages;
use super::values::{append, write_fresh};

/// The fields of all messages on `$thing/down/…`; strings without escapes are borrowed.
#[derive(Debug, Deserialize)]
pub(crate) struct Downlink<'a> {
    #[serde(borrow)]
    pub(crate) method: Cow<'a, str>,
    #[serde(borrow, default, rename = "clientToken")]
    pub(crate) token: Cow<'a, str>,
    #[serde(default)]
    pub(crate) code: Option<i64>,
    #[serde(borrow, default)]
    pub(crate) status: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    params: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "actionId")]
    action: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    data: Option<StatusData<'a>>,
}

#[derive(Debug, Deserialize)]
struct StatusData<'a> {
    #[serde(borrow, default)]
    control: Option<&'a RawValue>,
}

/// A command in a downlink.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    Control,
    Action,
    /// A control that waited while the device was away, inside `get_status_reply`.
    PendingControl,
}

impl Command {
    /// The name under which it is counted.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Action => "action",
            Self::PendingControl => "pending control",
        }
    }
}

impl Downlink<'_> {
    /// Whether this is a command, and which.
    pub(crate) fn command(&self) -> Option<Command> {
        match &*self.method {
            "control" => Some(Command::Control),
            "action" => Some(Command::Action),
            "get_status_reply" if self.pending_control().is_some() => Some(Command::PendingControl),
            _ => None,
        }
    }

    fn pending_control(&self) -> Option<&RawValue> {
        let control = self.data.as_ref()?.control?;
        (control.get().trim() != "{}").then_some(control)
    }
}

/// How a device was told to treat a command.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Orders<'a> {
    /// Refuse it, with this code and status.
    pub(crate) refuse: Option<(i64, &'a str)>,
    /// Outputs of actions by identifier, as JSON; those that are not named are made up.
    pub(crate) outputs: Option<&'a BTreeMap<String, serde_json::Value>>,
}

impl Orders<'_> {
    /// What a script's refusal says.
    pub(crate) const SCRIPTED_REFUSAL: Orders<'static> =
        Orders { refuse: Some((1, "refused as scripted")), outputs: None };
}

/// Does what a command says and appends the reply: the code that the reply carries.
pub(crate) fn obey(
    device: &mut Device,
    command: Command,
    downlink: &Downlink<'_>,
    now_ms: i64,
    orders: Orders<'_>,
    reply: &mut Vec<u8>,
) -> i64 {
    match command {
        Command::Action => act(device, downlink, now_ms, orders, reply),
        Command::Control => control(device, downlink, downlink.params, orders, reply),
        Command::PendingControl => control(device, downlink, downlink.pending_control(), orders, reply),
    }
}

fn control(
    device: &mut Device,
    downlink: &Downlink<'_>,
    params: Option<&RawValue>,
    orders: Orders<'_>,
    reply: &mut Vec<u8>,
) -> i64 {
    let params = params.map_or("{}", RawValue::get);
    let checked = device.model.read_properties(params, Direction::Control, &mut Vec::new());
    let (code, status) = match (orders.refuse, checked) {
        (Some((code, status)), _) => (code, status.to_owned()),
        (None, Err(error)) => (i64::from(error.code.number()), error.detail),
        (None, Ok(())) => (0, "success".to_owned()),
    };
    if code == 0 {
        let wanted: serde_json::Value = serde_json::from_str(params).unwrap_or_default();
        let properties = device.model.properties().iter().enumerate();
        for (place, property) in properties.filter(|(_, property)| property.mode.may_control()) {
            if let Some(wanted) = wanted.get(&*property.identifier) {
                device.values[place].obey(&property.kind, wanted);
                device.changed[place] = property.mode != Mode::Write;
                device.told[place] = true;
            }
        }
    }
    messages::control_reply(&downlink.token, code, &status, reply);
    code
}

fn act(
    device: &mut Device,
    downlink: &Downlink<'_>,
    now_ms: i64,
    orders: Orders<'_>,
    reply: &mut Vec<u8>,
) -> i64 {
    let (model, name) = (device.model.clone(), downlink.action.as_deref().unwrap_or_default());
    let input = downlink.params.map_or("{}", RawValue::get);
    let (code, status) = match (orders.refuse, model.read_action_input(name, input)) {
        (Some((code, status)), _) => (code, status.to_owned()),
        (None, Err(error)) => (i64::from(error.code.number()), error.detail),
        (None, Ok(())) => (0, "action execute success!".to_owned()),
    };
    let random = &mut device.random;
    let told = orders.outputs.and_then(|outputs| outputs.get(name));
    let outputs = |out: &mut Vec<u8>| match (model.action(name).filter(|_| code == 0), told) {
        (Some(_), Some(told)) => append(out, format_args!("{told}")),
        (Some(action), None) => write_fresh(&action.output, now_ms, random, out),
        (None, _) => out.extend_from_slice(b"{}"),
    };
    messages::action_reply(&downlink.token, code, &status, outputs, reply);
    code
}
