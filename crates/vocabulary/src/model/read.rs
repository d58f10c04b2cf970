//! Validates what devices and callers send against the model: the parameters of reports, controls, events and
//! actions. One pass over the text, no tree of values; what fails leaves nothing behind.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};

use super::data_type::{DataType, Members};
use super::value::{Discard, Failure, MemberSeed, Place, PointSink, ValueSeed, refuse};
use super::{EventKind, MAX_PROPERTIES, Property, ThingModel};
use crate::ids::PropertyNumber;
use crate::thing::{ThingCode, ThingError};
use crate::value::PointValue;

/// Which way a set of property values travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the device; properties it only takes are refused.
    Report,
    /// To the device; properties it only reports are refused.
    Control,
}

impl ThingModel {
    /// Reads the `params` of a report or control and appends the values to `out`. On an error `out` is as it was.
    ///
    /// 403 for an identifier that is undeclared or closed in this direction, 406 for a value of the wrong type
    /// or range, 400 for anything that is not JSON or gives a key twice.
    pub fn read_properties(
        &self,
        params_json: &str,
        direction: Direction,
        out: &mut Vec<(PropertyNumber, PointValue)>,
    ) -> Result<(), ThingError> {
        let before = out.len();
        let mut failure = None;
        let seed = PropertiesSeed { model: self, direction, out, failure: &mut failure };
        let outcome = run(params_json, seed);
        outcome.map_err(|error| {
            out.truncate(before);
            failure.unwrap_or_else(|| ThingError::from_json(&error, "params"))
        })
    }

    /// Validates an event's parameters. 404 for an undeclared event, 406 for a type that is not the event's own.
    /// A device may leave parameters out; `params_json` may be empty when there are none.
    pub fn read_event(
        &self,
        event_id: &str,
        type_: Option<&str>,
        params_json: &str,
    ) -> Result<(), ThingError> {
        let Some(event) = self.event(event_id) else {
            let detail = format!("event {} is not defined", Shown(event_id));
            return Err(ThingError::new(ThingCode::UndeclaredEvent, detail));
        };
        if let Some(type_) = type_
            && EventKind::parse(type_) != Some(event.kind)
        {
            let wanted = event.kind.as_str();
            let detail = format!("event \"{event_id}\" is of type \"{wanted}\", not {}", Shown(type_));
            return Err(ThingError::new(ThingCode::BadValue, detail));
        }
        read_members(&event.params, params_json, "params", Completeness::Partial)
    }

    /// Validates what a caller gives to an action. Every declared input must be there: the vendor's device SDK
    /// does not answer a call with fewer (device protocol facts §2.4).
    pub fn read_action_input(&self, action_id: &str, json: &str) -> Result<(), ThingError> {
        let action = self.known_action(action_id)?;
        read_members(&action.input, json, "params", Completeness::Complete)
    }

    /// Validates what a device answers to an action; it may leave outputs out.
    pub fn read_action_output(&self, action_id: &str, json: &str) -> Result<(), ThingError> {
        let action = self.known_action(action_id)?;
        read_members(&action.output, json, "response", Completeness::Partial)
    }

    fn known_action(&self, action_id: &str) -> Result<&super::Action, ThingError> {
        self.action(action_id).ok_or_else(|| {
            let detail = format!("action {} is not defined", Shown(action_id));
            ThingError::new(ThingCode::UnknownIdentifier, detail)
        })
    }
}

impl DataType {
    /// Reads one value of this type from JSON.
    pub fn read(&self, json: &str) -> Result<PointValue, ThingError> {
        let mut failure = None;
        let mut sink = PointSink::default();
        let seed =
            ValueSeed { kind: self, place: &Place::root("value"), sink: &mut sink, failure: &mut failure };
        run(json, seed).map_err(|error| failure.unwrap_or_else(|| ThingError::from_json(&error, "value")))?;
        Ok(sink.take())
    }
}

/// Whether every member must be given.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Completeness {
    Partial,
    Complete,
}

fn read_members(
    members: &Members,
    json: &str,
    what: &'static str,
    completeness: Completeness,
) -> Result<(), ThingError> {
    let json = if json.is_empty() { "{}" } else { json };
    let mut failure = None;
    let mut sink = Discard;
    let place = Place::top();
    let seed = MemberSeed { members, place: &place, sink: &mut sink, failure: &mut failure };
    let seen =
        run(json, seed).map_err(|error| failure.unwrap_or_else(|| ThingError::from_json(&error, what)))?;
    if completeness == Completeness::Complete {
        let missing = members.iter().enumerate().find(|(position, _)| seen & (1 << position) == 0);
        if let Some((_, member)) = missing {
            let detail = format!("{} is missing", member.identifier);
            return Err(ThingError::new(ThingCode::BadValue, detail));
        }
    }
    Ok(())
}

/// Reads the whole of a text.
fn run<'de, S: DeserializeSeed<'de>>(json: &'de str, seed: S) -> serde_json::Result<S::Value> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The object of properties of a report or control.
struct PropertiesSeed<'a> {
    model: &'a ThingModel,
    direction: Direction,
    out: &'a mut Vec<(PropertyNumber, PointValue)>,
    failure: &'a mut Failure,
}

impl<'de> DeserializeSeed<'de> for PropertiesSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PropertiesSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of properties")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { model, direction, out, failure } = self;
        let mut seen = [0_u64; MAX_PROPERTIES / 64];
        let mut likely = 0;
        while let Some(position) = map.next_key_seed(PropertyKey { model, direction, likely, failure })? {
            likely = position + 1;
            let property = &model.properties[position];
            let (word, bit) = (position / 64, 1 << (position % 64));
            if seen[word] & bit != 0 {
                let detail = format!("{} is given twice", property.identifier);
                return Err(refuse(failure, ThingCode::NotJson, detail));
            }
            seen[word] |= bit;
            let mut sink = PointSink::default();
            let place = Place::root(&property.identifier);
            map.next_value_seed(ValueSeed { kind: &property.kind, place: &place, sink: &mut sink, failure })?;
            out.push((property.number, sink.take()));
        }
        Ok(())
    }
}

/// A key of that object: the position of an open property.
struct PropertyKey<'a> {
    model: &'a ThingModel,
    direction: Direction,
    /// The position to look at first: devices report properties in the order of the model.
    likely: usize,
    failure: &'a mut Failure,
}

impl PropertyKey<'_> {
    fn position(&self, identifier: &str) -> Option<usize> {
        match self.model.properties.get(self.likely) {
            Some(property) if &*property.identifier == identifier => Some(self.likely),
            _ => self.model.property_position(identifier),
        }
    }

    fn is_open(&self, property: &Property) -> bool {
        match self.direction {
            Direction::Report => property.mode.may_report(),
            Direction::Control => property.mode.may_control(),
        }
    }
}

impl<'de> DeserializeSeed<'de> for PropertyKey<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for PropertyKey<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property's identifier")
    }

    fn visit_str<E: serde::de::Error>(self, identifier: &str) -> Result<usize, E> {
        let Some(position) = self.position(identifier) else {
            let detail = format!("property {} is not defined", Shown(identifier));
            return Err(refuse(self.failure, ThingCode::UnknownIdentifier, detail));
        };
        if !self.is_open(&self.model.properties[position]) {
            let reason = match self.direction {
                Direction::Report => "is write-only and cannot be reported",
                Direction::Control => "is read-only and cannot be set",
            };
            let detail = format!("property \"{identifier}\" {reason}");
            return Err(refuse(self.failure, ThingCode::UnknownIdentifier, detail));
        }
        Ok(position)
    }
}

/// A text from outside in quotes, cut to a length that fits into a reply.
pub(super) struct Shown<'a>(pub &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 32;
        match self.0.char_indices().nth(LONGEST) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}...", &self.0[..end]),
        }
    }
}
