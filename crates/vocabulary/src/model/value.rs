//! Reads one value of a known type out of JSON and hands it to a sink while it is read.
//!
//! Tolerances (device protocol facts §2.2): a `bool` is 0, 1, true or false; an `int` or `enum` may be written
//! as a float without fraction; a `float` may be an integer; a struct may leave members out; a `timestamp` may
//! be a text of digits (older vendor pages). Nothing else is converted, and an empty text is no item of a
//! `stringenum`. Recursion is bounded by the depth of the type, not by the text.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::MAX_ARRAY_ITEMS;
use super::data_type::{DataType, EnumType, MAX_INT, Members, StringEnumType, TextType};
use super::read::Shown;
use crate::thing::{ThingCode, ThingError};
use crate::value::PointValue;

/// The latest `timestamp`: the end of the year 9999, in milliseconds.
const MAX_TIMESTAMP: i64 = 253_402_300_799_999;

/// Why reading stopped, kept beside serde's own error, which cannot carry it.
pub(super) type Failure = Option<ThingError>;

/// Notes why reading stops and makes the error that stops it.
#[cold]
pub(super) fn refuse<E: Error>(failure: &mut Failure, code: ThingCode, detail: String) -> E {
    *failure = Some(ThingError::new(code, detail));
    E::custom("refused")
}

/// Where a value stands, for messages: `position.longitude`, `list[3].id`.
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

enum Step<'p> {
    Top,
    Name(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    /// The whole object.
    pub fn top() -> Self {
        Self { parent: None, step: Step::Top }
    }

    /// A named value outside everything else.
    pub fn root(name: &'p str) -> Self {
        Self { parent: None, step: Step::Name(name) }
    }

    fn member(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Step::Name(name) }
    }

    fn element(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    fn is_named(&self) -> bool {
        !matches!(self.step, Step::Top)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.step {
            Step::Top => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Name(name) if self.parent.is_some_and(Place::is_named) => write!(f, ".{name}"),
            Step::Name(name) => f.write_str(name),
        }
    }
}

/// A value without parts, after validation.
pub(super) enum Scalar<'s> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'s str),
}

/// Takes a value's parts in order.
pub(super) trait ValueSink {
    fn scalar(&mut self, scalar: Scalar<'_>);
    fn open(&mut self, bracket: u8);
    fn key(&mut self, key: &str);
    fn close(&mut self, bracket: u8);
}

/// Keeps nothing.
pub(super) struct Discard;

impl ValueSink for Discard {
    fn scalar(&mut self, _: Scalar<'_>) {}
    fn open(&mut self, _: u8) {}
    fn key(&mut self, _: &str) {}
    fn close(&mut self, _: u8) {}
}

/// Makes a [`PointValue`]: scalars as they are, structs and arrays as compact JSON.
#[derive(Default)]
pub(super) struct PointSink {
    json: Vec<u8>,
    depth: u32,
    value: Option<PointValue>,
}

impl PointSink {
    /// The value, after a successful read.
    pub fn take(self) -> PointValue {
        self.value.expect("a successful read hands over exactly one value")
    }

    fn separate(&mut self) {
        if !matches!(self.json.last(), Some(b'{' | b'[' | b':') | None) {
            self.json.push(b',');
        }
    }

    fn write_json(&mut self, scalar: &Scalar<'_>) {
        let written = match scalar {
            Scalar::Bool(value) => serde_json::to_writer(&mut self.json, &u8::from(*value)),
            Scalar::Int(value) => serde_json::to_writer(&mut self.json, value),
            Scalar::Float(value) => serde_json::to_writer(&mut self.json, value),
            Scalar::Text(text) => serde_json::to_writer(&mut self.json, text),
        };
        written.expect("writing a scalar to memory cannot fail");
    }
}

impl ValueSink for PointSink {
    fn scalar(&mut self, scalar: Scalar<'_>) {
        if self.depth > 0 {
            self.separate();
            return self.write_json(&scalar);
        }
        self.value = Some(match scalar {
            Scalar::Bool(value) => PointValue::Bool(value),
            Scalar::Int(value) => PointValue::Int(value),
            Scalar::Float(value) => PointValue::Float(value),
            Scalar::Text(text) => PointValue::Text(text.into()),
        });
    }

    fn open(&mut self, bracket: u8) {
        self.separate();
        self.json.push(bracket);
        self.depth += 1;
    }

    fn key(&mut self, key: &str) {
        self.separate();
        // Identifiers are ASCII letters, digits and '_': nothing to escape.
        self.json.push(b'"');
        self.json.extend_from_slice(key.as_bytes());
        self.json.extend_from_slice(b"\":");
    }

    fn close(&mut self, bracket: u8) {
        self.json.push(bracket);
        self.depth -= 1;
        if self.depth == 0 {
            let json = String::from_utf8(std::mem::take(&mut self.json)).expect("only UTF-8 was written");
            self.value = Some(PointValue::Json(json.into()));
        }
    }
}

/// A value of one type.
pub(super) struct ValueSeed<'a, S> {
    pub kind: &'a DataType,
    pub place: &'a Place<'a>,
    pub sink: &'a mut S,
    pub failure: &'a mut Failure,
}

impl<S: ValueSink> ValueSeed<'_, S> {
    fn bad<E: Error>(self, reason: impl fmt::Display) -> E {
        refuse(self.failure, ThingCode::BadValue, format!("{}: {reason}", self.place))
    }

    fn wrong_type<E: Error>(self, got: &str) -> E {
        let kind = self.kind;
        self.bad(format_args!("expected {kind}, got {got}"))
    }

    fn integer<E: Error>(self, value: i64) -> Result<(), E> {
        let scalar = match self.kind {
            DataType::Int(limits) if (limits.min..=limits.max).contains(&value) => Scalar::Int(value),
            DataType::Int(limits) => {
                let range = format_args!("{value} is outside [{}, {}]", limits.min, limits.max);
                return Err(self.bad(range));
            }
            DataType::Float(_) => return self.float(value as f64),
            DataType::Bool if value == 0 || value == 1 => Scalar::Bool(value == 1),
            DataType::Bool => return Err(self.bad(format_args!("{value} is neither 0 nor 1"))),
            DataType::Enum(items) if items.contains(value) => Scalar::Int(value),
            DataType::Enum(items) => {
                let items = EnumItems(items);
                return Err(self.bad(format_args!("{value} is not one of {items}")));
            }
            DataType::Timestamp if (0..=MAX_TIMESTAMP).contains(&value) => Scalar::Int(value),
            DataType::Timestamp => return Err(self.bad(format_args!("{value} is not a time"))),
            _ => return Err(self.wrong_type("a number")),
        };
        self.sink.scalar(scalar);
        Ok(())
    }

    fn float<E: Error>(self, value: f64) -> Result<(), E> {
        match self.kind {
            DataType::Float(limits) if value >= limits.min && value <= limits.max => {
                self.sink.scalar(Scalar::Float(value));
                Ok(())
            }
            DataType::Float(limits) => {
                let range = format_args!("{value:?} is outside [{:?}, {:?}]", limits.min, limits.max);
                Err(self.bad(range))
            }
            DataType::Bool | DataType::Int(_) | DataType::Enum(_) | DataType::Timestamp => {
                if value.fract() != 0.0 {
                    return Err(self.wrong_type("a number with a fraction"));
                }
                if value.abs() > MAX_INT as f64 {
                    return Err(self.bad(format_args!("{value:e} is too large")));
                }
                self.integer(value as i64)
            }
            _ => Err(self.wrong_type("a number")),
        }
    }

    fn text<E: Error>(self, text: &str) -> Result<(), E> {
        match self.kind {
            DataType::Text(limits) => match misfit(limits, text) {
                None => self.sink.scalar(Scalar::Text(text)),
                Some(length) => {
                    let TextType { min, max } = limits;
                    return Err(self.bad(format_args!("{length} characters, allowed are {min} to {max}")));
                }
            },
            DataType::StringEnum(items) if items.contains(text) => self.sink.scalar(Scalar::Text(text)),
            DataType::StringEnum(items) => {
                let items = StringEnumItems(items);
                return Err(self.bad(format_args!("{} is not one of {items}", Shown(text))));
            }
            DataType::Timestamp if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                match text.parse() {
                    Ok(value) => return self.integer(value),
                    Err(_) => return Err(self.bad("the time is too large")),
                }
            }
            _ => return Err(self.wrong_type("a text")),
        }
        Ok(())
    }
}

/// The text's length when it does not fit. Counting is left out when the number of bytes decides.
fn misfit(limits: &TextType, text: &str) -> Option<usize> {
    if limits.min == 0 && text.len() <= limits.max as usize {
        return None;
    }
    let length = text.chars().count();
    let fits = (limits.min as usize..=limits.max as usize).contains(&length);
    (!fits).then_some(length)
}

impl<'de, S: ValueSink> DeserializeSeed<'de> for ValueSeed<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: ValueSink> Visitor<'de> for ValueSeed<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.type_name())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        match self.kind {
            DataType::Bool => {
                self.sink.scalar(Scalar::Bool(value));
                Ok(())
            }
            _ => Err(self.wrong_type("true or false")),
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.integer(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.integer(value),
            Err(_) => self.float(value as f64),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.float(value)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.text(text)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(self.wrong_type("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let DataType::Array(element) = self.kind else { return Err(self.wrong_type("an array")) };
        let Self { place, sink, failure, .. } = self;
        sink.open(b'[');
        for index in 0_usize.. {
            let place = place.element(index);
            let seed = ValueSeed { kind: element, place: &place, sink: &mut *sink, failure: &mut *failure };
            if list.next_element_seed(seed)?.is_none() {
                break;
            }
            if index >= MAX_ARRAY_ITEMS {
                let detail = format!("{place}: an array has at most {MAX_ARRAY_ITEMS} elements");
                return Err(refuse(failure, ThingCode::BadValue, detail));
            }
        }
        sink.close(b']');
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let DataType::Struct(members) = self.kind else { return Err(self.wrong_type("an object")) };
        let seed = MemberSeed { members, place: self.place, sink: self.sink, failure: self.failure };
        seed.visit_map(map).map(drop)
    }
}

/// An object whose keys are members of a list; yields the set of those seen, one bit each.
pub(super) struct MemberSeed<'a, S> {
    pub members: &'a Members,
    pub place: &'a Place<'a>,
    pub sink: &'a mut S,
    pub failure: &'a mut Failure,
}

impl<'de, S: ValueSink> DeserializeSeed<'de> for MemberSeed<'_, S> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<u64, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: ValueSink> Visitor<'de> for MemberSeed<'_, S> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let Self { members, place, sink, failure } = self;
        let mut seen = 0_u64;
        sink.open(b'{');
        while let Some(position) = map.next_key_seed(MemberKey { members, place, failure: &mut *failure })? {
            let member = members.get(position).expect("a position the list itself gave");
            let place = place.member(&member.identifier);
            if seen & (1 << position) != 0 {
                return Err(refuse(failure, ThingCode::NotJson, format!("{place} is given twice")));
            }
            seen |= 1 << position;
            sink.key(&member.identifier);
            let (sink, failure) = (&mut *sink, &mut *failure);
            map.next_value_seed(ValueSeed { kind: &member.kind, place: &place, sink, failure })?;
        }
        sink.close(b'}');
        Ok(seen)
    }
}

/// A key of such an object.
struct MemberKey<'a> {
    members: &'a Members,
    place: &'a Place<'a>,
    failure: &'a mut Failure,
}

impl<'de> DeserializeSeed<'de> for MemberKey<'_> {
    type Value = usize;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<usize, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for MemberKey<'_> {
    type Value = usize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's identifier")
    }

    fn visit_str<E: Error>(self, identifier: &str) -> Result<usize, E> {
        self.members.position(identifier).ok_or_else(|| {
            let detail = match self.place.step {
                Step::Top => format!("{} is not defined", Shown(identifier)),
                _ => format!("{} has no member {}", self.place, Shown(identifier)),
            };
            refuse(self.failure, ThingCode::UnknownIdentifier, detail)
        })
    }
}

/// How many items of an enumeration a message lists.
const LISTED_ITEMS: usize = 8;

struct EnumItems<'a>(&'a EnumType);

impl fmt::Display for EnumItems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list_items(f, self.0.items.iter().map(|item| item.value))
    }
}

struct StringEnumItems<'a>(&'a StringEnumType);

impl fmt::Display for StringEnumItems<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        list_items(f, self.0.items.iter().map(|item| Shown(&item.value)))
    }
}

fn list_items<T: fmt::Display>(
    f: &mut fmt::Formatter<'_>,
    items: impl ExactSizeIterator<Item = T>,
) -> fmt::Result {
    let count = items.len();
    for (position, item) in items.take(LISTED_ITEMS).enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    if count > LISTED_ITEMS { f.write_str(", ...") } else { Ok(()) }
}
