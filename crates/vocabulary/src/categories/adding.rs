//! Adding standard functions to a model (console guide, 添加标准功能). The model is somebody's text: what is in it already stays
//! letter by letter, in its order.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::Category;
use super::starting::{Template, compact};

/// Why standard functions cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddError {
    /// The category has no standard function of this name.
    #[error("the category has no standard function \"{0}\"")]
    Unknown(String),
    /// The model has a feature of this name.
    #[error("the model has \"{0}\" already")]
    AlreadyThere(String),
    /// The model cannot be read.
    #[error("the thing model cannot be read: {0}")]
    NotAModel(String),
}

/// The members of an object as text, in their order.
struct Entries<'m>(Vec<(String, &'m RawValue)>);

impl<'de: 'm, 'm> Deserialize<'de> for Entries<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_map(Members).map(Entries)
    }
}

#[derive(serde::Deserialize)]
struct Named {
    #[serde(default)]
    id: String,
}

fn identifier(feature: &RawValue) -> String {
    serde_json::from_str::<Named>(feature.get()).map(|named| named.id).unwrap_or_default()
}

/// The model with some standard functions of a category behind those it has.
pub fn add_functions(model: &str, category: i64, identifiers: &[String]) -> Result<String, AddError> {
    let template = Category::find(category)
        .and_then(|category| category.template)
        .unwrap_or(r#"{"properties":[],"events":[],"actions":[]}"#);
    let template: Template<'_> = serde_json::from_str(template).expect("a test compiles every template");
    let sections =
        [("properties", &template.properties), ("events", &template.events), ("actions", &template.actions)];
    let of_category = |wanted: &str| {
        sections.iter().any(|(_, features)| features.iter().any(|it| identifier(it) == wanted))
    };
    if let Some(unknown) = identifiers.iter().find(|wanted| !of_category(wanted)) {
        return Err(AddError::Unknown(unknown.clone()));
    }
    let broken = |error: serde_json::Error| AddError::NotAModel(error.to_string());
    let Entries(mut entries) = serde_json::from_str(model).map_err(broken)?;
    let mut written: Vec<(String, String)> = Vec::with_capacity(entries.len());
    for (section, standard) in sections {
        let place = entries.iter().position(|(key, _)| key == section);
        let present: Vec<&RawValue> = match place {
            Some(place) => {
                let list: Option<Vec<&RawValue>> =
                    serde_json::from_str(entries[place].1.get()).map_err(broken)?;
                list.unwrap_or_default()
            }
            None => Vec::new(),
        };
        if let Some(twice) = present.iter().map(|it| identifier(it)).find(|id| identifiers.contains(id)) {
            return Err(AddError::AlreadyThere(twice));
        }
        let added =
            standard.iter().filter(|it| identifiers.contains(&identifier(it))).map(|it| compact(it.get()));
        let all: Vec<String> = present.iter().map(|it| it.get().to_owned()).chain(added).collect();
        written.push((section.to_owned(), format!("[{}]", all.join(","))));
    }
    // The sections go to where they were, new ones to the end; everything else stays where it is.
    let mut parts = Vec::with_capacity(entries.len() + sections.len());
    for (key, value) in entries.drain(..) {
        let replaced =
            written.iter().position(|(section, _)| *section == key).map(|place| written.remove(place).1);
        parts.push(member(&key, &replaced.unwrap_or_else(|| value.get().to_owned())));
    }
    parts.extend(written.iter().map(|(key, value)| member(key, value)));
    Ok(format!("{{{}}}", parts.join(",")))
}

fn member(key: &str, value: &str) -> String {
    format!("{}:{value}", serde_json::Value::from(key))
}
