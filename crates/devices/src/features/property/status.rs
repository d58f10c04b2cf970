//! `get_status`: the device asks for its own last values and for the controls that were issued while it was away.
//!
//! Three shapes of the question occur (facts §2.2): without a type, with `type` beside the method, and with
//! `params.type`. The answer's `data` is always an object. Controls told this way belong to the question's token:
//! the device answers them with that token, although no control with it was ever sent.

use serde_json::{Map, Value};
use yizhan_vocabulary::model::{DataType, Direction};
use yizhan_vocabulary::thing::{PropertyUplink, StatusEntry, StatusReply};
use yizhan_vocabulary::{PointValue, PropertyNumber, ThingCode, ThingError, UnixMillis};

use super::DOWN;
use crate::commands::CommandId;
use crate::features::{CommandEffect, Effects, Situation};
use crate::records::content::ReplyMethod;

pub(super) fn get_status(situation: &Situation<'_>, message: &PropertyUplink<'_>, effects: &mut Effects) {
    let token = message.client_token.as_deref();
    let (wants_reported, wants_control) = match message.kind.as_deref() {
        None => (true, true),
        Some("report") => (true, false),
        Some("control") => (false, true),
        Some(_) => {
            let error = ThingError::new(ThingCode::BadValue, "type must be report or control");
            return effects.refuse(DOWN, ReplyMethod::GetStatus, token, error);
        }
    };
    let pending = if wants_control { PendingControls::of(situation) } else { PendingControls::default() };
    let reported = if wants_reported { reported(situation) } else { Vec::new() };
    let control = pending.entries(situation);
    let mut payload = Vec::with_capacity(256);
    let reply = StatusReply {
        client_token: token,
        reported: wants_reported.then_some(&reported),
        control: (!wants_reported || !control.is_empty()).then_some(&control),
        show_meta: message.show_meta,
    };
    reply.write(&mut payload);
    effects.answer_literal(DOWN, payload);
    if let (Some(token), false) = (token, pending.ids.is_empty()) {
        effects.commands.push(CommandEffect::StatusRead { token: token.into(), ids: pending.ids });
    }
}

/// The last values that the present model still has with a type that fits.
fn reported<'a>(situation: &Situation<'a>) -> Vec<StatusEntry<'a>> {
    let Some(model) = situation.model else { return Vec::new() };
    let present = |last: &'a crate::registry::LastValue| {
        let property = model.property_by_number(last.number)?;
        fits(&property.kind, &last.value).then_some(StatusEntry {
            identifier: &property.identifier,
            value: &last.value,
            time: last.time,
        })
    };
    situation.state.values.iter().filter_map(present).collect()
}

/// Whether a stored value is still of the kind its property has: a model may change while values exist.
pub(crate) fn fits(kind: &DataType, value: &PointValue) -> bool {
    match value {
        PointValue::Bool(_) => matches!(kind, DataType::Bool),
        PointValue::Int(_) => matches!(kind, DataType::Int(_) | DataType::Enum(_) | DataType::Timestamp),
        PointValue::Float(_) => matches!(kind, DataType::Float(_)),
        PointValue::Text(_) => matches!(kind, DataType::Text(_) | DataType::StringEnum(_)),
        PointValue::Json(json) => match kind {
            DataType::Struct(_) => json.starts_with('{'),
            DataType::Array(_) => json.starts_with('['),
            _ => false,
        },
    }
}

/// All pending controls laid over each other, later over earlier, and which commands they are.
#[derive(Default)]
struct PendingControls {
    values: Vec<(PropertyNumber, PointValue, UnixMillis)>,
    ids: Vec<CommandId>,
}

impl PendingControls {
    fn of(situation: &Situation<'_>) -> Self {
        let mut pending = Self::default();
        let (Some(commands), Some(model)) = (situation.state.commands.as_deref(), situation.model) else {
            return pending;
        };
        let mut points = Vec::new();
        for command in commands.pending_controls() {
            points.clear();
            // A control from before a change of the model may not fit any more; it stays pending and expires.
            if model.read_properties(command.params.get(), Direction::Control, &mut points).is_err() {
                continue;
            }
            for (number, value) in points.drain(..) {
                pending.lay_over(number, value, command.created_at);
            }
            pending.ids.push(command.id);
        }
        pending
    }

    fn lay_over(&mut self, number: PropertyNumber, value: PointValue, time: UnixMillis) {
        match self.values.iter_mut().find(|(below, ..)| *below == number) {
            Some((_, below, at)) => {
                *below = merge(below, value);
                *at = time;
            }
            None => self.values.push((number, value, time)),
        }
    }

    fn entries<'a>(&'a self, situation: &Situation<'a>) -> Vec<StatusEntry<'a>> {
        let Some(model) = situation.model else { return Vec::new() };
        let entry = |(number, value, time): &'a (PropertyNumber, PointValue, UnixMillis)| {
            let property = model.property_by_number(*number)?;
            Some(StatusEntry { identifier: &property.identifier, value, time: *time })
        };
        self.values.iter().filter_map(entry).collect()
    }
}

/// The later value; of two structs the members of both, because a control may set some members only.
fn merge(below: &PointValue, above: PointValue) -> PointValue {
    let object = |value: &PointValue| match value {
        PointValue::Json(json) => serde_json::from_str::<Map<String, Value>>(json).ok(),
        _ => None,
    };
    match (object(below), object(&above)) {
        (Some(mut merged), Some(later)) => {
            merged.extend(later);
            PointValue::Json(Value::Object(merged).to_string().into())
        }
        _ => above,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_control_of_a_struct_keeps_the_members_it_does_not_name() {
        let json = |text: &str| PointValue::Json(text.into());
        let merged = merge(&json(r#"{"longitude":3,"latitude":1}"#), json(r#"{"longitude":4}"#));
        assert_eq!(merged, json(r#"{"latitude":1,"longitude":4}"#));
        assert_eq!(merge(&PointValue::Int(1), PointValue::Int(2)), PointValue::Int(2));
        assert_eq!(merge(&json("[1]"), json("[2]")), json("[2]"));
    }
}
