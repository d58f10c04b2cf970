//! The value of one property at one moment, as it is kept in memory, in the journal and in history.

use serde::{Serialize, Serializer};

/// A property's value after validation against the thing model.
#[derive(Debug, Clone, PartialEq)]
pub enum PointValue {
    /// `bool`; on the wire 0 or 1.
    Bool(bool),
    /// `int`, `enum` and `timestamp` (seconds).
    Int(i64),
    /// `float`; always finite.
    Float(f64),
    /// `string` and `stringenum`.
    Text(Box<str>),
    /// `struct` and `array`: compact JSON.
    Json(Box<str>),
}

impl PointValue {
    /// The number behind the value, for down-sampling; text and JSON have none.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Bool(value) => Some(f64::from(u8::from(*value))),
            Self::Int(value) => Some(*value as f64),
            Self::Float(value) => Some(*value),
            Self::Text(_) | Self::Json(_) => None,
        }
    }
}

/// On the wire a bool is 0 or 1 and a struct or array is itself, not text (facts §2.2).
impl Serialize for PointValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_u8(u8::from(*value)),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Json(json) => {
                let raw: &serde_json::value::RawValue =
                    serde_json::from_str(json).map_err(serde::ser::Error::custom)?;
                raw.serialize(serializer)
            }
        }
    }
}
