//! Values that wander inside a thing model's limits, and the JSON of values that do not.

use serde_json::Value as Json;
use yizhan_vocabulary::model::{DataType, IntType, Members};

use crate::random::Random;

/// How far a number moves in one step: its range divided by this.
const STEPS_ACROSS: f64 = 50.0;
/// The range assumed where a model's is so wide that a walk would look like noise.
const WIDEST: f64 = 1_000.0;
/// Elements of a simulated array.
const ARRAY_ITEMS: usize = 3;
/// The most characters of a simulated text.
const TEXT_CHARS: u32 = 12;

/// The present value of a property, member or output.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Float(f64),
    /// An item's place in its enumeration.
    Item(usize),
    Text(String),
    Time,
    List(Vec<Value>),
}

impl Value {
    /// Somewhere inside the limits; around zero where they are very wide.
    pub(crate) fn start(kind: &DataType, random: &mut Random) -> Self {
        match kind {
            DataType::Bool => Self::Bool(random.chance(0.5)),
            DataType::Int(limits) => {
                let widest = WIDEST as i64;
                let low =
                    (-widest / 2).max(limits.min).min(limits.max.saturating_sub(widest)).max(limits.min);
                let high = limits.max.min(low.saturating_add(widest));
                Self::Int(on_step(random.between(low, high), limits))
            }
            DataType::Float(limits) => {
                // Infinite where the limits are those of the type.
                let width = (limits.max - limits.min).min(WIDEST);
                let low = (-width / 2.0).max(limits.min).min(limits.max - width).max(limits.min);
                Self::Float(low + width * random.fraction())
            }
            DataType::Enum(items) => Self::Item(random.below(items.items.len() as u64) as usize),
            DataType::StringEnum(items) => Self::Item(random.below(items.items.len() as u64) as usize),
            DataType::Text(limits) => Self::Text(text(limits.min, limits.max, random)),
            DataType::Timestamp => Self::Time,
            DataType::Struct(members) => {
                Self::List(members.iter().map(|member| Self::start(&member.kind, random)).collect())
            }
            DataType::Array(item) => {
                Self::List((0..ARRAY_ITEMS).map(|_| Self::start(item, random)).collect())
            }
        }
    }

    /// Moves a little; the value stays inside the limits.
    pub(crate) fn step(&mut self, kind: &DataType, random: &mut Random) {
        match (self, kind) {
            (Self::Bool(value), _) => *value ^= random.chance(0.1),
            (Self::Int(value), DataType::Int(limits)) => {
                let width = limits.max.saturating_sub(limits.min).min(WIDEST as i64);
                let most = (width as f64 / STEPS_ACROSS).ceil() as i64;
                // A walk in steps that are wider than its stride would never leave its place.
                let most = most.max(limits.step.unwrap_or(1));
                let moved = value.saturating_add(random.between(-most, most)).clamp(limits.min, limits.max);
                *value = on_step(moved, limits);
            }
            (Self::Float(value), DataType::Float(limits)) => {
                let most = (limits.max - limits.min).min(WIDEST) / STEPS_ACROSS;
                *value = (*value + most * (2.0 * random.fraction() - 1.0)).clamp(limits.min, limits.max);
            }
            (Self::Item(place), DataType::Enum(items)) => move_place(place, items.items.len(), random),
            (Self::Item(place), DataType::StringEnum(items)) => move_place(place, items.items.len(), random),
            (Self::Text(value), DataType::Text(limits)) if random.chance(0.05) => {
                *value = text(limits.min, limits.max, random);
            }
            (Self::List(values), DataType::Struct(members)) => {
                values
                    .iter_mut()
                    .zip(members.iter())
                    .for_each(|(value, member)| value.step(&member.kind, random));
            }
            (Self::List(values), DataType::Array(item)) => {
                values.iter_mut().for_each(|value| value.step(item, random));
            }
            _ => {}
        }
    }

    /// Appends the value's JSON as devices write it: bool as 0 or 1, floats with two decimals where those stay
    /// inside the limits.
    pub(crate) fn write(&self, kind: &DataType, now_ms: i64, out: &mut Vec<u8>) {
        match (self, kind) {
            (Self::Bool(value), _) => out.push(b'0' + u8::from(*value)),
            (Self::Int(value), _) => append(out, format_args!("{value}")),
            (Self::Float(value), DataType::Float(limits)) => {
                let rounded = (value * 100.0).round() / 100.0;
                let fits = (limits.min..=limits.max).contains(&rounded);
                append(out, format_args!("{}", if fits { rounded } else { *value }));
            }
            (Self::Item(place), DataType::Enum(items)) => {
                append(out, format_args!("{}", items.items[*place].value));
            }
            (Self::Item(place), DataType::StringEnum(items)) => append_text(out, &items.items[*place].value),
            (Self::Text(value), _) => append_text(out, value),
            (Self::List(values), DataType::Struct(members)) => write_members(values, members, now_ms, out),
            (Self::List(values), DataType::Array(item)) => {
                out.push(b'[');
                for (place, value) in values.iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    value.write(item, now_ms, out);
                }
                out.push(b']');
            }
            _ => append(out, format_args!("{}", now_ms / 1000)),
        }
    }

    /// Takes what a control says. The control has been checked against the model; what does not fit is ignored.
    pub(crate) fn obey(&mut self, kind: &DataType, wanted: &Json) {
        match (self, kind) {
            (Self::Bool(value), _) => {
                *value =
                    wanted.as_bool().unwrap_or_else(|| wanted.as_f64().is_some_and(|number| number != 0.0));
            }
            (Self::Int(value), _) => *value = wanted.as_i64().unwrap_or(*value),
            (Self::Float(value), _) => *value = wanted.as_f64().unwrap_or(*value),
            (Self::Item(place), DataType::Enum(items)) => {
                let found = items.items.iter().position(|item| Some(item.value) == wanted.as_i64());
                *place = found.unwrap_or(*place);
            }
            (Self::Item(place), DataType::StringEnum(items)) => {
                let found = items.items.iter().position(|item| Some(&*item.value) == wanted.as_str());
                *place = found.unwrap_or(*place);
            }
            (Self::Text(value), _) => {
                if let Some(text) = wanted.as_str() {
                    text.clone_into(value);
                }
            }
            (Self::List(values), DataType::Struct(members)) => {
                for (value, member) in values.iter_mut().zip(members.iter()) {
                    if let Some(wanted) = wanted.get(&*member.identifier) {
                        value.obey(&member.kind, wanted);
                    }
                }
            }
            (Self::List(values), DataType::Array(item)) => {
                let Some(wanted) = wanted.as_array() else { return };
                let mut nothing = Random::seeded(0);
                values.resize_with(wanted.len(), || Self::start(item, &mut nothing));
                values.iter_mut().zip(wanted).for_each(|(value, wanted)| value.obey(item, wanted));
            }
            _ => {}
        }
    }
}

/// Appends `{"member":value,…}` with all members.
pub(crate) fn write_members(values: &[Value], members: &Members, now_ms: i64, out: &mut Vec<u8>) {
    out.push(b'{');
    for (place, (value, member)) in values.iter().zip(members.iter()).enumerate() {
        if place > 0 {
            out.push(b',');
        }
        append_text(out, &member.identifier);
        out.push(b':');
        value.write(&member.kind, now_ms, out);
    }
    out.push(b'}');
}

/// Appends fresh values for all members: an event's parameters or an action's outputs.
pub(crate) fn write_fresh(members: &Members, now_ms: i64, random: &mut Random, out: &mut Vec<u8>) {
    let values: Vec<Value> = members.iter().map(|member| Value::start(&member.kind, random)).collect();
    write_members(&values, members, now_ms, out);
}

/// Appends a value beyond the type's limits; false, and nothing appended, for types without any and where JSON has no
/// number beyond them.
pub(crate) fn write_beyond(kind: &DataType, out: &mut Vec<u8>) -> bool {
    match kind {
        DataType::Bool => append(out, format_args!("7")),
        DataType::Int(limits) => {
            let beyond = limits.max.checked_add(1).or_else(|| limits.min.checked_sub(1));
            let Some(beyond) = beyond else { return false };
            append(out, format_args!("{beyond}"));
        }
        DataType::Float(limits) => {
            let above = limits.max + (limits.max.abs() + 1.0);
            let below = limits.min - (limits.min.abs() + 1.0);
            let Some(beyond) = [above, below].into_iter().find(|number| number.is_finite()) else {
                return false;
            };
            append(out, format_args!("{beyond}"));
        }
        DataType::Enum(items) => {
            let largest = items.items.iter().map(|item| item.value).max().unwrap_or(0);
            let Some(beyond) = largest.checked_add(1) else { return false };
            append(out, format_args!("{beyond}"));
        }
        DataType::StringEnum(_) => append_text(out, "no such item of this enumeration"),
        DataType::Text(limits) if limits.max < 4096 => append_text(out, &"x".repeat(limits.max as usize + 1)),
        DataType::Text(_) | DataType::Timestamp | DataType::Array(_) | DataType::Struct(_) => return false,
    }
    true
}

/// Appends a value of another type.
pub(crate) fn write_wrong_type(kind: &DataType, out: &mut Vec<u8>) {
    match kind {
        DataType::Struct(_) | DataType::Array(_) => append(out, format_args!("12")),
        DataType::Text(_) | DataType::StringEnum(_) => append(out, format_args!("[1]")),
        _ => append_text(out, "not a number"),
    }
}

/// Appends formatted text.
pub(crate) fn append(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    out.write_fmt(text).expect("writing to a Vec does not fail");
}

/// Appends a JSON string.
pub(crate) fn append_text(out: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(out, text).expect("a text is always JSON and writing to a Vec does not fail");
}

/// The number of the limits' steps that is nearest; the number itself where there is no step.
fn on_step(value: i64, limits: &IntType) -> i64 {
    let Some(step) = limits.step.filter(|step| *step > 1) else { return value };
    // Wide types: the distance between the limits of 64 bits does not fit into 64 bits.
    let (value, min, max) = (i128::from(value), i128::from(limits.min), i128::from(limits.max));
    let step = i128::from(step);
    let steps = ((value - min + step / 2) / step).min((max - min) / step);
    i64::try_from(min + steps * step).unwrap_or(limits.min)
}

fn move_place(place: &mut usize, count: usize, random: &mut Random) {
    if random.chance(0.2) {
        *place = random.below(count as u64) as usize;
    }
}

fn text(min: u32, max: u32, random: &mut Random) -> String {
    let most = max.min(min.max(TEXT_CHARS));
    let length = random.between(i64::from(min), i64::from(most));
    (0..length).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use yizhan_vocabulary::model::{Direction, LAMP_MODEL, PropertyNumber, ThingModel};

    use super::*;

    fn lamp() -> ThingModel {
        let mut number = 0;
        ThingModel::parse(LAMP_MODEL, &mut |_| {
            number += 1;
            PropertyNumber(number)
        })
        .unwrap()
    }

    fn json(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_value_of_a_walk_is_accepted_by_the_model() {
        let model = lamp();
        let mut random = Random::seeded(11);
        for property in model.properties() {
            let mut value = Value::start(&property.kind, &mut random);
            for _ in 0..500 {
                let text = json(|out| value.write(&property.kind, 1_795_220_127_000, out));
                property
                    .kind
                    .read(&text)
                    .unwrap_or_else(|error| panic!("{}: {text}: {error}", property.identifier));
                value.step(&property.kind, &mut random);
            }
        }
    }

    #[test]
    fn a_number_moves_in_the_steps_of_its_model() {
        let mut random = Random::seeded(9);
        let kind = DataType::Int(IntType { min: 3, max: 25, step: Some(5), unit: "".into() });
        let mut value = Value::start(&kind, &mut random);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..500 {
            let Value::Int(number) = value else { panic!("{value:?}") };
            seen.insert(number);
            value.step(&kind, &mut random);
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [3, 8, 13, 18, 23]);
    }

    #[test]
    fn events_and_outputs_are_accepted_by_the_model() {
        let model = lamp();
        let mut random = Random::seeded(3);
        for event in model.events() {
            let params = json(|out| write_fresh(&event.params, 1_795_220_127_000, &mut random, out));
            model.read_event(&event.identifier, Some(event.kind.as_str()), &params).unwrap();
        }
        for action in model.actions() {
            let output = json(|out| write_fresh(&action.output, 1_795_220_127_000, &mut random, out));
            model.read_action_output(&action.identifier, &output).unwrap();
        }
    }

    #[test]
    fn wrong_values_are_refused_by_the_model() {
        let model = lamp();
        for property in model.properties() {
            let wrong = json(|out| write_wrong_type(&property.kind, out));
            assert!(property.kind.read(&wrong).is_err(), "{}: {wrong}", property.identifier);
            let mut out = Vec::new();
            if write_beyond(&property.kind, &mut out) {
                let beyond = String::from_utf8(out).unwrap();
                assert!(property.kind.read(&beyond).is_err(), "{}: {beyond}", property.identifier);
            }
        }
    }

    #[test]
    fn numbers_without_limits_stay_near_zero_and_cannot_be_exceeded() {
        let model = r#"{"version":"1.0","properties":[
            {"id":"any","name":"a","mode":"r","define":{"type":"float"}},
            {"id":"high","name":"b","mode":"r","define":{"type":"float","min":"5000"}},
            {"id":"low","name":"c","mode":"r","define":{"type":"float","max":"-7"}},
            {"id":"whole","name":"d","mode":"r","define":{"type":"int"}}
        ]}"#;
        let mut number = 0;
        let numbers = &mut |_: &str| {
            number += 1;
            PropertyNumber(number)
        };
        let model = ThingModel::parse(model, numbers).unwrap();
        let mut random = Random::seeded(5);
        for property in model.properties() {
            let mut value = Value::start(&property.kind, &mut random);
            for _ in 0..200 {
                let text = json(|out| value.write(&property.kind, 0, out));
                property.kind.read(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
                let near: f64 = text.parse().unwrap();
                assert!(near.abs() <= 10_000.0, "{}: {text}", property.identifier);
                value.step(&property.kind, &mut random);
            }
            let mut out = Vec::new();
            if write_beyond(&property.kind, &mut out) {
                let beyond = String::from_utf8(out).unwrap();
                serde_json::from_str::<Json>(&beyond).unwrap();
                assert!(property.kind.read(&beyond).is_err(), "{}: {beyond}", property.identifier);
            }
        }
    }

    #[test]
    fn a_controlled_value_is_reported_back() {
        let model = lamp();
        let params = r#"{"power_switch":1,"brightness":20}"#;
        model.read_properties(params, Direction::Control, &mut Vec::new()).unwrap();
        let wanted: Json = serde_json::from_str(params).unwrap();
        for name in ["power_switch", "brightness"] {
            let kind = &model.property(name).unwrap().kind;
            let mut value = Value::start(kind, &mut Random::seeded(1));
            value.obey(kind, &wanted[name]);
            assert_eq!(json(|out| value.write(kind, 0, out)), wanted[name].to_string());
        }
    }
}
