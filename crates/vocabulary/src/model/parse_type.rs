//! Reads one type definition (`define`, `dataType`, `arrayInfo`).
//!
//! Limits are texts in the vendor's models (`"min":"0"`) and numbers in hand-written ones; both are read. A
//! limit may be absent, empty or the word `undefined`, which a vendor console once wrote: then there is none.

use super::data_type::{
    DataType, EnumItem, EnumType, FloatType, IntType, MAX_INT, Members, StringEnumItem, StringEnumType,
    TextType,
};
use super::error::{Findings, ModelErrorCode as Code};
use super::node::{Node, Section};
use super::notes::{TYPE_KEYS, note_unknown_keys};
use super::parse::{MemberRules, read_member_list};
use super::{MAX_ENUM_ITEMS, MAX_TEXT_CHARS, MAX_TYPE_DEPTH};

/// The most characters of an enumeration's value or label, and of a unit.
const MAX_LABEL_CHARS: usize = 128;
/// The most characters of a `string` whose model names no maximum: the vendor's default.
const DEFAULT_TEXT_MAX: u32 = 2048;

/// The vendor's tools call a member's type `dataType`, and its code generator reads it under `define`.
const STRUCT_MEMBERS: MemberRules = MemberRules {
    definition: &["dataType", "define"],
    not_an_object: Code::InvalidStruct,
    bad_id: Code::InvalidId,
    duplicate: Code::DuplicateId,
    too_many: Code::TooLarge,
    no_definition: Code::InvalidStruct,
};

/// Reads a type that lies `depth` structs and arrays deep.
pub(super) fn read_type(section: &Section<'_>, depth: usize, findings: &mut Findings) -> Option<DataType> {
    note_unknown_keys(section, TYPE_KEYS, findings);
    let name = match section.get("type") {
        Some(Node::Text(name)) => name.as_str(),
        Some(node) => {
            let text = format!("expected the name of a type, got {}", node.kind());
            findings.add(Code::InvalidType, section.at("type"), text);
            return None;
        }
        None => {
            findings.add(Code::InvalidType, section.at("type"), "\"type\" is missing");
            return None;
        }
    };
    match name {
        "bool" => read_bool(section, findings),
        "int" => read_int(section, findings),
        "float" => read_float(section, findings),
        "string" => read_text(section, findings),
        "enum" => read_enum(section, findings),
        "stringenum" => read_string_enum(section, findings),
        "timestamp" => Some(DataType::Timestamp),
        "struct" => read_struct(section, depth + 1, findings),
        "array" => read_array(section, depth + 1, findings),
        _ => {
            let text = format!("the type is none of {}", DataType::NAMES.join(", "));
            findings.add(Code::InvalidType, section.at("type"), text);
            None
        }
    }
}

fn read_bool(section: &Section<'_>, findings: &mut Findings) -> Option<DataType> {
    let Some(mapping) = section.get("mapping") else { return Some(DataType::Bool) };
    let mapping = Section::of(mapping, section.at("mapping"), Code::InvalidBoolMapping, findings)?;
    for (key, label) in mapping.entries() {
        if key != "0" && key != "1" {
            let text = "the mapping of a bool has the keys \"0\" and \"1\" only";
            findings.add(Code::InvalidBoolMapping, mapping.at(key), text);
        }
        read_label(label, || mapping.at(key), Code::InvalidBoolMapping, findings);
    }
    for key in ["0", "1"].into_iter().filter(|key| mapping.get(key).is_none()) {
        findings.add(Code::InvalidBoolMapping, mapping.at(key), "the label is missing");
    }
    Some(DataType::Bool)
}

fn read_int(section: &Section<'_>, findings: &mut Findings) -> Option<DataType> {
    let min = read_limit(section, "min", findings, integer);
    let max = read_limit(section, "max", findings, integer);
    let step = read_limit(section, "step", findings, integer);
    let start = read_limit(section, "start", findings, integer);
    let unit = read_unit(section, findings);
    let (min, max) = (min.unwrap_or(-MAX_INT), max.unwrap_or(MAX_INT));
    check_range(section, min, max, start, findings);
    check_step(section, step.is_none_or(|step| step > 0), findings);
    Some(DataType::Int(IntType { min, max, step, unit }))
}

fn read_float(section: &Section<'_>, findings: &mut Findings) -> Option<DataType> {
    let min = read_limit(section, "min", findings, float);
    let max = read_limit(section, "max", findings, float);
    let step = read_limit(section, "step", findings, float);
    let start = read_limit(section, "start", findings, float);
    let unit = read_unit(section, findings);
    let (min, max) = (min.unwrap_or(f64::MIN), max.unwrap_or(f64::MAX));
    check_range(section, min, max, start, findings);
    check_step(section, step.is_none_or(|step| step > 0.0), findings);
    Some(DataType::Float(FloatType { min, max, step, unit }))
}

fn check_range<T: PartialOrd + std::fmt::Debug>(
    section: &Section<'_>,
    min: T,
    max: T,
    start: Option<T>,
    findings: &mut Findings,
) {
    if min > max {
        let text = format!("the minimum {min:?} is greater than the maximum {max:?}");
        findings.add(Code::InvalidRange, section.at("min"), text);
    } else if let Some(start) = start.filter(|start| *start < min || *start > max) {
        let text = format!("the start value {start:?} is outside [{min:?}, {max:?}]");
        findings.add(Code::InvalidRange, section.at("start"), text);
    }
}

fn check_step(section: &Section<'_>, fits: bool, findings: &mut Findings) {
    if !fits {
        findings.add(Code::InvalidRange, section.at("step"), "the step must be greater than 0");
    }
}

fn read_text(section: &Section<'_>, findings: &mut Findings) -> Option<DataType> {
    let mut length = |key: &str, absent: u32, refused: u32| {
        let Some(value) = read_limit(section, key, findings, integer) else { return absent };
        let fitting = u32::try_from(value).ok().filter(|value| *value <= MAX_TEXT_CHARS);
        fitting.unwrap_or_else(|| {
            let text = format!("a length lies between 0 and {MAX_TEXT_CHARS}, got {value}");
            findings.add(Code::RangeOverflow, section.at(key), text);
            refused
        })
    };
    let (min, max) = (length("min", 0, 0), length("max", DEFAULT_TEXT_MAX, MAX_TEXT_CHARS));
    check_range(section, min, max, None, findings);
    Some(DataType::Text(TextType { min, max }))
}

fn read_enum(section: &Section<'_>, findings: &mut Findings) -> Option<DataType> {
    let mapping = read_mapping(section, findings)?;
    let mut items: Vec<EnumItem> = Vec::with_capacity(mapping.entries().len());
    for (key, label) in mapping.entries() {
        let label = read_label(label, || mapping.at(key), Code::InvalidEnumMapping, findings);
        let value = key.parse::<i64>().ok().filter(|value| (-MAX_INT..=MAX_INT).contains(value));
        let Some(value) = value else {
            findings.add(Code::InvalidEnumMapping, mapping.at(key), "the key of an enum is an integer");
            continue;
        };
        items.push(EnumItem { value, label: label.unwrap_or_default() });
    }
    items.sort_by_key(|item| item.value);
    for pair in items.windows(2).filter(|pair| pair[0].value == pair[1].value) {
        let text = format!("the value {} appears twice", pair[0].value);
        findings.add(Code::InvalidEnumMapping, mapping.path(), text);
    }
    Some(DataType::Enum(EnumType { items: items.into() }))
}

fn read_string_enum(section: &Section<'_>, findings: &mut Findings) -> Option<DataType> {
    let mapping = read_mapping(section, findings)?;
    let mut items = Vec::with_capacity(mapping.entries().len());
    for (key, label) in mapping.entries() {
        let label = read_label(label, || mapping.at(key), Code::InvalidEnumMapping, findings);
        if key.is_empty() || key.chars().count() > MAX_LABEL_CHARS {
            let text = format!("the key of a stringenum has 1 to {MAX_LABEL_CHARS} characters");
            findings.add(Code::InvalidEnumMapping, mapping.path(), text);
        }
        items.push(StringEnumItem { value: key.as_str().into(), label: label.unwrap_or_default() });
    }
    Some(DataType::StringEnum(StringEnumType { items: items.into() }))
}

fn read_mapping<'n>(section: &Section<'n>, findings: &mut Findings) -> Option<Section<'n>> {
    let path = section.at("mapping");
    let Some(node) = section.get("mapping") else {
        findings.add(Code::InvalidEnumMapping, path, "\"mapping\" is missing");
        return None;
    };
    let mapping = Section::of(node, path, Code::InvalidEnumMapping, findings)?;
    let count = mapping.entries().len();
    if !(1..=MAX_ENUM_ITEMS).contains(&count) {
        let text = format!("{count} items, allowed are 1 to {MAX_ENUM_ITEMS}");
        findings.add(Code::InvalidEnumMapping, mapping.path(), text);
        return None;
    }
    Some(mapping)
}

fn read_label(
    node: &Node,
    path: impl FnOnce() -> String,
    code: Code,
    findings: &mut Findings,
) -> Option<Box<str>> {
    match node {
        Node::Text(label) if label.chars().count() <= MAX_LABEL_CHARS => Some(label.as_str().into()),
        Node::Text(_) => {
            findings.add(code, path(), format!("the label has more than {MAX_LABEL_CHARS} characters"));
            None
        }
        node => {
            findings.add(code, path(), format!("expected a label, got {}", node.kind()));
            None
        }
    }
}

fn read_struct(section: &Section<'_>, depth: usize, findings: &mut Findings) -> Option<DataType> {
    check_depth(section, depth, findings)?;
    let path = section.at("specs");
    let Some(node) = section.get("specs") else {
        findings.add(Code::InvalidStruct, path, "\"specs\", the list of members, is missing");
        return None;
    };
    if matches!(node, Node::List(list) if list.is_empty()) {
        findings.add(Code::InvalidStruct, path, "a struct has at least one member");
        return None;
    }
    let members: Members = read_member_list(node, path, &STRUCT_MEMBERS, depth, findings)?;
    Some(DataType::Struct(members))
}

fn read_array(section: &Section<'_>, depth: usize, findings: &mut Findings) -> Option<DataType> {
    check_depth(section, depth, findings)?;
    let path = section.at("arrayInfo");
    let Some(node) = section.get("arrayInfo") else {
        findings.add(Code::InvalidArray, path, "\"arrayInfo\", the type of the elements, is missing");
        return None;
    };
    let element = Section::of(node, path, Code::InvalidArray, findings)?;
    Some(DataType::Array(Box::new(read_type(&element, depth, findings)?)))
}

fn check_depth(section: &Section<'_>, depth: usize, findings: &mut Findings) -> Option<()> {
    if depth > MAX_TYPE_DEPTH {
        let text = format!("structs and arrays lie more than {MAX_TYPE_DEPTH} deep in each other");
        findings.add(Code::TooLarge, section.path(), text);
        return None;
    }
    Some(())
}

fn read_unit(section: &Section<'_>, findings: &mut Findings) -> Box<str> {
    match section.get("unit") {
        None => "".into(),
        Some(Node::Text(unit)) if unit == "undefined" => "".into(),
        Some(Node::Text(unit)) if unit.chars().count() <= MAX_LABEL_CHARS => unit.as_str().into(),
        Some(Node::Text(_)) => {
            let text = format!("the unit has more than {MAX_LABEL_CHARS} characters");
            findings.add(Code::TooLarge, section.at("unit"), text);
            "".into()
        }
        Some(node) => {
            let text = format!("expected a text, got {}", node.kind());
            findings.add(Code::WrongShape, section.at("unit"), text);
            "".into()
        }
    }
}

/// Why a limit's text is no limit.
enum LimitError {
    NotANumber,
    Overflow,
}

/// Reads a limit; none when the model sets none, or a wrong one, which is then noted.
fn read_limit<T>(
    section: &Section<'_>,
    key: &str,
    findings: &mut Findings,
    convert: fn(&str) -> Result<T, LimitError>,
) -> Option<T> {
    let number;
    let text = match section.get(key)? {
        Node::Text(text) => text.trim(),
        Node::Number(value) => {
            number = value.to_string();
            &number
        }
        node => {
            let text = format!("expected a number, got {}", node.kind());
            findings.add(Code::InvalidRange, section.at(key), text);
            return None;
        }
    };
    if text.is_empty() || text == "undefined" {
        return None;
    }
    let shown: String = text.chars().take(40).collect();
    let (code, message) = match convert(text) {
        Ok(limit) => return Some(limit),
        Err(LimitError::NotANumber) => {
            (Code::InvalidRange, format!("{shown:?} is not a number of this type"))
        }
        Err(LimitError::Overflow) => {
            (Code::RangeOverflow, format!("{shown} is outside what the type can hold"))
        }
    };
    findings.add(code, section.at(key), message);
    None
}

fn integer(text: &str) -> Result<i64, LimitError> {
    if let Ok(value) = text.parse::<i64>() {
        return if (-MAX_INT..=MAX_INT).contains(&value) { Ok(value) } else { Err(LimitError::Overflow) };
    }
    // "100.0" is an integer all the same; so is an integer too large for 64 bits, which then overflows.
    let value = float(text)?;
    if value.fract() != 0.0 {
        return Err(LimitError::NotANumber);
    }
    if value.abs() > MAX_INT as f64 { Err(LimitError::Overflow) } else { Ok(value as i64) }
}

fn float(text: &str) -> Result<f64, LimitError> {
    // Rust reads words such as "nan" and "infinity" as numbers; a model may not contain them.
    if !text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E')) {
        return Err(LimitError::NotANumber);
    }
    let value = text.parse::<f64>().map_err(|_| LimitError::NotANumber)?;
    if value.is_finite() { Ok(value) } else { Err(LimitError::Overflow) }
}
