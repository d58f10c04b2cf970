//! Compares two types: what is different, and whether every value of the old one is a value of the new one.

use std::fmt::Display;

use super::ChangeKind;
use crate::Bilingual;
use crate::model::{DataType, EnumType, FloatType, IntType, Members, StringEnumType, TextType};

/// How the values of the new type relate to those of the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// The same values.
    Same,
    /// All old ones and more.
    Wider,
    /// Some old ones are missing.
    Narrower,
}

/// One difference between two types.
#[derive(Debug)]
pub(super) struct Difference {
    pub path: String,
    pub kind: ChangeKind,
    pub fit: Fit,
    pub what: Bilingual,
}

/// Appends the differences between two types that stand at the same place.
pub(super) fn compare_types(path: &str, old: &DataType, new: &DataType, out: &mut Vec<Difference>) {
    match (old, new) {
        (DataType::Int(old), DataType::Int(new)) => compare_ints(path, old, new, out),
        (DataType::Float(old), DataType::Float(new)) => compare_floats(path, old, new, out),
        (DataType::Text(old), DataType::Text(new)) => compare_texts(path, old, new, out),
        (DataType::Enum(old), DataType::Enum(new)) => compare_enums(path, old, new, out),
        (DataType::StringEnum(old), DataType::StringEnum(new)) => compare_string_enums(path, old, new, out),
        (DataType::Struct(old), DataType::Struct(new)) => compare_members(path, old, new, out),
        (DataType::Array(old), DataType::Array(new)) => compare_types(&format!("{path}[]"), old, new, out),
        (DataType::Bool, DataType::Bool) | (DataType::Timestamp, DataType::Timestamp) => {}
        _ => out.push(Difference {
            path: path.to_owned(),
            kind: ChangeKind::TypeChanged,
            fit: if takes_all(new, old) { Fit::Wider } else { Fit::Narrower },
            what: Bilingual::of(
                format!("the type was {old}, is {new}; values stored so far keep their old type"),
                format!("数据类型由 {old} 改为 {new}，已存储的值保持原类型"),
            ),
        }),
    }
}

/// Whether a type takes every value of another type of a different name.
fn takes_all(new: &DataType, old: &DataType) -> bool {
    match (old, new) {
        (DataType::Int(old), DataType::Float(new)) => old.min as f64 >= new.min && old.max as f64 <= new.max,
        (DataType::Enum(old), DataType::Int(new)) => {
            old.items.iter().all(|item| (new.min..=new.max).contains(&item.value))
        }
        (DataType::Enum(old), DataType::Float(new)) => {
            old.items.iter().all(|item| (new.min..=new.max).contains(&(item.value as f64)))
        }
        (DataType::StringEnum(old), DataType::Text(new)) => old
            .items
            .iter()
            .all(|item| (new.min as usize..=new.max as usize).contains(&item.value.chars().count())),
        _ => false,
    }
}

/// Appends the differences between two lists of members or parameters. A new member counts as wider: where all must be
/// given, the caller knows better.
pub(super) fn compare_members(path: &str, old: &Members, new: &Members, out: &mut Vec<Difference>) {
    let of = |members: &Members, identifier: &str| members.position(identifier);
    for member in new.iter() {
        let path = format!("{path}.{}", member.identifier);
        match of(old, &member.identifier).and_then(|position| old.get(position)) {
            Some(before) => compare_types(&path, &before.kind, &member.kind, out),
            None => out.push(Difference {
                path,
                kind: ChangeKind::Added,
                fit: Fit::Wider,
                what: Bilingual::of("new", "新增"),
            }),
        }
    }
    for member in old.iter().filter(|member| of(new, &member.identifier).is_none()) {
        out.push(Difference {
            path: format!("{path}.{}", member.identifier),
            kind: ChangeKind::Removed,
            fit: Fit::Narrower,
            what: Bilingual::of("removed", "已删除"),
        });
    }
}

fn compare_ints(path: &str, old: &IntType, new: &IntType, out: &mut Vec<Difference>) {
    compare_ranges(path, "range", "范围", (old.min, old.max), (new.min, new.max), out);
    compare_units(path, &old.unit, &new.unit, out);
}

fn compare_floats(path: &str, old: &FloatType, new: &FloatType, out: &mut Vec<Difference>) {
    compare_ranges(path, "range", "范围", (old.min, old.max), (new.min, new.max), out);
    compare_units(path, &old.unit, &new.unit, out);
}

fn compare_texts(path: &str, old: &TextType, new: &TextType, out: &mut Vec<Difference>) {
    compare_ranges(path, "length", "长度", (old.min, old.max), (new.min, new.max), out);
}

fn compare_ranges<T: PartialOrd + Display>(
    path: &str,
    english: &str,
    chinese: &str,
    old: (T, T),
    new: (T, T),
    out: &mut Vec<Difference>,
) {
    if old == new {
        return;
    }
    let fits = new.0 <= old.0 && new.1 >= old.1;
    let (kind, fit) =
        if fits { (ChangeKind::Widened, Fit::Wider) } else { (ChangeKind::Narrowed, Fit::Narrower) };
    let what = Bilingual::of(
        format!("the {english} was {} to {}, is {} to {}", old.0, old.1, new.0, new.1),
        format!("{chinese}由 {} 至 {} 改为 {} 至 {}", old.0, old.1, new.0, new.1),
    );
    out.push(Difference { path: path.to_owned(), kind, fit, what });
}

fn compare_units(path: &str, old: &str, new: &str, out: &mut Vec<Difference>) {
    if old != new {
        out.push(Difference {
            path: path.to_owned(),
            kind: ChangeKind::UnitChanged,
            fit: Fit::Same,
            what: Bilingual::of(
                format!("the unit was \"{old}\", is \"{new}\"; numbers are not converted"),
                format!("单位由“{old}”改为“{new}”，数值不会换算"),
            ),
        });
    }
}

fn compare_enums(path: &str, old: &EnumType, new: &EnumType, out: &mut Vec<Difference>) {
    let removed = old.items.iter().map(|item| item.value).filter(|value| !new.contains(*value));
    let added = new.items.iter().map(|item| item.value).filter(|value| !old.contains(*value));
    items_changed(path, removed, added, out);
    let relabelled = new.items.iter().filter_map(|item| {
        let before = old.items.iter().find(|before| before.value == item.value)?;
        (before.label != item.label).then(|| (item.value.to_string(), &*before.label, &*item.label))
    });
    labels_changed(path, relabelled, out);
}

fn compare_string_enums(path: &str, old: &StringEnumType, new: &StringEnumType, out: &mut Vec<Difference>) {
    let removed = old.items.iter().map(|item| &item.value).filter(|value| !new.contains(value));
    let added = new.items.iter().map(|item| &item.value).filter(|value| !old.contains(value));
    items_changed(path, removed, added, out);
    let relabelled = new.items.iter().filter_map(|item| {
        let before = old.items.iter().find(|before| before.value == item.value)?;
        (before.label != item.label).then(|| (item.value.to_string(), &*before.label, &*item.label))
    });
    labels_changed(path, relabelled, out);
}

fn items_changed<T: Display>(
    path: &str,
    removed: impl Iterator<Item = T>,
    added: impl Iterator<Item = T>,
    out: &mut Vec<Difference>,
) {
    if let Some(list) = listed(removed) {
        let what = Bilingual::of(format!("no longer a value: {list}"), format!("删除取值：{list}"));
        out.push(Difference { path: path.to_owned(), kind: ChangeKind::Narrowed, fit: Fit::Narrower, what });
    }
    if let Some(list) = listed(added) {
        let what = Bilingual::of(format!("new value: {list}"), format!("新增取值：{list}"));
        out.push(Difference { path: path.to_owned(), kind: ChangeKind::Widened, fit: Fit::Wider, what });
    }
}

/// A value that means something else now is the same value on the wire: worth a line, nothing is refused.
fn labels_changed<'m>(
    path: &str,
    relabelled: impl Iterator<Item = (String, &'m str, &'m str)>,
    out: &mut Vec<Difference>,
) {
    let pairs = relabelled.map(|(value, old, new)| format!("{value} ({old} -> {new})"));
    if let Some(list) = listed(pairs) {
        let what = Bilingual::of(format!("another label: {list}"), format!("取值名称变更：{list}"));
        out.push(Difference { path: path.to_owned(), kind: ChangeKind::Renamed, fit: Fit::Same, what });
    }
}

/// The first items of a list, and how many more there are.
fn listed<T: Display>(items: impl Iterator<Item = T>) -> Option<String> {
    const LISTED: usize = 8;
    let mut items = items.map(|item| item.to_string());
    let first: Vec<String> = items.by_ref().take(LISTED).collect();
    if first.is_empty() {
        return None;
    }
    let more = match items.count() {
        0 => String::new(),
        count => format!(", +{count}"),
    };
    Some(format!("{}{more}", first.join(", ")))
}
