//! The types of values in a thing model, compiled: limits are numbers, enumerations are sorted lists.
//!
//! Sources: the smart lamp of the console guide ("物模型格式参考") for bool, enum, int, float, string and
//! timestamp; the Java SDK's `struct.json` and the lock example of the application guide for struct
//! (`specs` of `{id, name, dataType}`) and array (`arrayInfo` holding the element's type).

use std::fmt;

/// The largest integer a value may have in either direction: beyond it a double, and so a JavaScript client,
/// cannot hold every integer. The vendor's own models go up to 4,300,000,000.
pub const MAX_INT: i64 = (1 << 53) - 1;

/// The type of a value with its limits.
#[derive(Debug, Clone, PartialEq)]
pub enum DataType {
    /// `bool`: 0 or 1.
    Bool,
    /// `int`.
    Int(IntType),
    /// `float`.
    Float(FloatType),
    /// `enum`: one of some integers.
    Enum(EnumType),
    /// `stringenum`: one of some texts.
    StringEnum(StringEnumType),
    /// `string`.
    Text(TextType),
    /// `timestamp`: seconds since the epoch.
    Timestamp,
    /// `struct`: named members, of which a value may leave out any.
    Struct(Members),
    /// `array`: any number of elements of one type.
    Array(Box<DataType>),
}

/// The limits of an `int`. The step only guides input: vendor models declare steps that their own samples
/// do not keep, so no value is refused because of it.
#[derive(Debug, Clone, PartialEq)]
pub struct IntType {
    /// The smallest value.
    pub min: i64,
    /// The largest value.
    pub max: i64,
    /// By how much a control element should move the value.
    pub step: Option<i64>,
    /// The unit, such as `%`.
    pub unit: Box<str>,
}

/// The limits of a `float`. The step only guides input, as for [`IntType`].
#[derive(Debug, Clone, PartialEq)]
pub struct FloatType {
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// By how much a control element should move the value.
    pub step: Option<f64>,
    /// The unit, such as `V`.
    pub unit: Box<str>,
}

/// The items of an `enum`.
#[derive(Debug, Clone, PartialEq)]
pub struct EnumType {
    /// The items, by rising value.
    pub items: Box<[EnumItem]>,
}

/// One item of an `enum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumItem {
    /// The value on the wire.
    pub value: i64,
    /// What people see.
    pub label: Box<str>,
}

impl EnumType {
    /// Whether `value` is one of the items.
    pub fn contains(&self, value: i64) -> bool {
        self.items.iter().any(|item| item.value == value)
    }
}

/// The items of a `stringenum`.
#[derive(Debug, Clone, PartialEq)]
pub struct StringEnumType {
    /// The items, in the order of the model.
    pub items: Box<[StringEnumItem]>,
}

/// One item of a `stringenum`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringEnumItem {
    /// The value on the wire.
    pub value: Box<str>,
    /// What people see.
    pub label: Box<str>,
}

impl StringEnumType {
    /// Whether `value` is one of the items.
    pub fn contains(&self, value: &str) -> bool {
        self.items.iter().any(|item| &*item.value == value)
    }
}

/// The limits of a `string`, in characters (the vendor's console: "字符串长度: 0-64个字符").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextType {
    /// The fewest characters.
    pub min: u32,
    /// The most characters.
    pub max: u32,
}

/// The members of a struct, or the parameters of an event or action: a short list with unique identifiers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Members(Box<[Member]>);

/// One member of a struct, or one parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The name on the wire.
    pub identifier: Box<str>,
    /// What people see.
    pub name: Box<str>,
    /// The type of its values.
    pub kind: DataType,
}

impl Members {
    /// The longest list; sightings are kept as the bits of one word.
    pub const MAX: usize = 64;

    /// Takes a checked list.
    pub(super) fn new(list: Vec<Member>) -> Self {
        assert!(list.len() <= Self::MAX, "the parser bounds member lists");
        Self(list.into())
    }

    /// The members in the order of the model.
    pub fn iter(&self) -> std::slice::Iter<'_, Member> {
        self.0.iter()
    }

    /// The member at a position.
    pub fn get(&self, position: usize) -> Option<&Member> {
        self.0.get(position)
    }

    /// Where the member with this identifier stands.
    pub fn position(&self, identifier: &str) -> Option<usize> {
        self.0.iter().position(|member| &*member.identifier == identifier)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl DataType {
    /// The types a model may name.
    pub const NAMES: &[&str] =
        &["bool", "int", "float", "string", "enum", "stringenum", "timestamp", "struct", "array"];

    /// The type's name in a model.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Enum(_) => "enum",
            Self::StringEnum(_) => "stringenum",
            Self::Text(_) => "string",
            Self::Timestamp => "timestamp",
            Self::Struct(_) => "struct",
            Self::Array(_) => "array",
        }
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())
    }
}
