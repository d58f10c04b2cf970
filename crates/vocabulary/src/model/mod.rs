//! The thing model (物模型): what a product's devices can report, be told and do.
//!
//! A model is JSON written in the vendor's format (console guide, "物模型格式参考"). [`ThingModel::parse`]
//! checks all of it and compiles it into a form in which a report is validated in one pass without building a
//! tree of values. A compiled model never changes; editing a model makes a new one.

pub mod compatibility;
mod data_type;
mod error;
mod node;
mod notes;
mod parse;
mod parse_type;
mod read;
mod value;

use std::collections::HashMap;

pub use data_type::{
    DataType, EnumItem, EnumType, FloatType, IntType, MAX_INT, Member, Members, StringEnumItem,
    StringEnumType, TextType,
};
pub use error::{MAX_ERRORS, ModelError, ModelErrorCode};
pub use notes::{ModelNote, ModelNoteCode};
pub use read::Direction;

pub use crate::ids::PropertyNumber;

/// The largest model text, in bytes.
pub const MAX_MODEL_BYTES: usize = 512 * 1024;
/// The most properties of one model; the vendor's console stops at 100 features.
pub const MAX_PROPERTIES: usize = 256;
/// The most events, and the most actions, of one model.
pub const MAX_EVENTS: usize = 256;
/// The most items of an enumeration.
pub const MAX_ENUM_ITEMS: usize = 512;
/// The most characters a `string` may allow.
pub const MAX_TEXT_CHARS: u32 = 16 * 1024;
/// How deep structs and arrays may lie in each other.
pub const MAX_TYPE_DEPTH: usize = 5;
/// The most elements of an array value.
pub const MAX_ARRAY_ITEMS: usize = 4096;

/// The smart lamp of the guides with what the vendor's device samples add: the model of the demo product.
pub const LAMP_MODEL: &str = include_str!("../../models/lamp.json");

/// How a property may be used (读写类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// `r`: the device reports it.
    Read,
    /// `w`: the device only takes it.
    Write,
    /// `rw`: both.
    ReadWrite,
}

impl Mode {
    /// Whether a device may report the property.
    pub const fn may_report(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite)
    }

    /// Whether the property may be set from the platform.
    pub const fn may_control(self) -> bool {
        matches!(self, Self::Write | Self::ReadWrite)
    }

    /// The mode as it is written in a model.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "r",
            Self::Write => "w",
            Self::ReadWrite => "rw",
        }
    }
}

/// How grave an event is (事件类型).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// `info`: 信息.
    Info,
    /// `alert`: 告警.
    Alert,
    /// `fault`: 故障.
    Fault,
}

impl EventKind {
    /// Every kind.
    pub const ALL: &[Self] = &[Self::Info, Self::Alert, Self::Fault];

    /// The kind on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Alert => "alert",
            Self::Fault => "fault",
        }
    }

    /// Reads a kind.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

/// A property (属性).
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    /// The name on the wire.
    pub identifier: Box<str>,
    /// What people see.
    pub name: Box<str>,
    /// Its number in journal and history.
    pub number: PropertyNumber,
    /// Who may write it.
    pub mode: Mode,
    /// Whether the product's standard demands it; a report may leave it out all the same.
    pub required: bool,
    /// The type of its values.
    pub kind: DataType,
}

/// An event (事件).
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The name on the wire.
    pub identifier: Box<str>,
    /// What people see.
    pub name: Box<str>,
    /// How grave it is.
    pub kind: EventKind,
    /// Whether the product's standard demands it.
    pub required: bool,
    /// What comes with it.
    pub params: Members,
}

/// An action (行为).
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The name on the wire.
    pub identifier: Box<str>,
    /// What people see.
    pub name: Box<str>,
    /// Whether the product's standard demands it.
    pub required: bool,
    /// What the caller gives.
    pub input: Members,
    /// What the device answers.
    pub output: Members,
}

/// A compiled thing model.
#[derive(Debug)]
pub struct ThingModel {
    source: Box<str>,
    properties: Box<[Property]>,
    events: Box<[Event]>,
    actions: Box<[Action]>,
    /// Position in `properties` by identifier. The seeds are fixed because only administrators choose the keys.
    positions: HashMap<Box<str>, u16, ahash::RandomState>,
}

impl ThingModel {
    /// Checks and compiles a model. `numbers` is asked for each property's number, in the order of the model,
    /// and only when the model has no error. On failure every error found is returned.
    pub fn parse(
        json: &str,
        numbers: &mut dyn FnMut(&str) -> PropertyNumber,
    ) -> Result<Self, Vec<ModelError>> {
        let parsed = parse::parse(json).0?;
        let property = |draft: parse::PropertyDraft| Property {
            number: numbers(&draft.identifier),
            identifier: draft.identifier,
            name: draft.name,
            mode: draft.mode,
            required: draft.required,
            kind: draft.kind,
        };
        let properties: Box<[Property]> = parsed.properties.into_iter().map(property).collect();
        let seeds = ahash::RandomState::with_seeds(0x7969, 0x7a68, 0x616e, 0x6d64);
        let mut positions = HashMap::with_capacity_and_hasher(properties.len(), seeds);
        for (position, property) in (0_u16..).zip(&properties) {
            positions.insert(property.identifier.clone(), position);
        }
        let (events, actions) = (parsed.events.into(), parsed.actions.into());
        Ok(Self { source: json.into(), properties, events, actions, positions })
    }

    /// Everything that can be said about a model's text: its errors, and what is allowed and probably not meant.
    pub fn check(json: &str) -> (Vec<ModelError>, Vec<ModelNote>) {
        let (outcome, notes) = parse::parse(json);
        (outcome.err().unwrap_or_default(), notes)
    }

    /// Compiles a model that is not a product's, whose properties have no numbers of their own: a template, or a
    /// draft that is to be compared.
    pub fn draft(json: &str) -> Result<Self, Vec<ModelError>> {
        Self::parse(json, &mut |_| PropertyNumber(0))
    }

    /// The model's JSON, exactly as it was given.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The properties in the order of the model.
    pub fn properties(&self) -> &[Property] {
        &self.properties
    }

    /// The events in the order of the model.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The actions in the order of the model.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The property with this identifier.
    pub fn property(&self, identifier: &str) -> Option<&Property> {
        self.property_position(identifier).map(|position| &self.properties[position])
    }

    /// The property with this number.
    pub fn property_by_number(&self, number: PropertyNumber) -> Option<&Property> {
        self.properties.iter().find(|property| property.number == number)
    }

    /// The event with this identifier.
    pub fn event(&self, identifier: &str) -> Option<&Event> {
        self.events.iter().find(|event| &*event.identifier == identifier)
    }

    /// The action with this identifier.
    pub fn action(&self, identifier: &str) -> Option<&Action> {
        self.actions.iter().find(|action| &*action.identifier == identifier)
    }

    fn property_position(&self, identifier: &str) -> Option<usize> {
        self.positions.get(identifier).map(|position| usize::from(*position))
    }
}
