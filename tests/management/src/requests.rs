//! Requests made from an operation's own description, so that no operation can be forgotten: members that name objects
//! get the names asked for, other required members a value of their type.

use serde_json::{Map, Value, json};

/// The objects that a request names.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// Values by member name; a member may be named `ProductID` where the table says `ProductId`.
    members: Vec<(&'static str, Value)>,
}

impl Names {
    /// A further object.
    pub fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    /// The object that members of this name mean.
    pub fn value(&self, member: &str) -> Option<Value> {
        self.of(member)
    }

    fn of(&self, member: &str) -> Option<Value> {
        let found = self.members.iter().find(|(name, _)| name.eq_ignore_ascii_case(member));
        found.map(|(_, value)| value.clone())
    }
}

/// A request of this schema, and how many objects it names.
pub fn request_for(schema: &Value, names: &Names) -> (Value, usize) {
    let mut named = 0;
    let request = object(schema, names, &mut named);
    (request, named)
}

fn object(schema: &Value, names: &Names, named: &mut usize) -> Value {
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut members = Map::new();
    for (member, inner) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = names.of(member) {
            *named += 1;
            let listed = has_type(inner, "array");
            members.insert(member.clone(), if listed { json!([value]) } else { value });
        } else if required.contains(&member.as_str()) || has_objects(inner) {
            members.insert(member.clone(), value(inner, names, named));
        }
    }
    Value::Object(members)
}

fn value(schema: &Value, names: &Names, named: &mut usize) -> Value {
    if let Some(word) = first_word(schema) {
        return word;
    }
    match () {
        () if schema["oneOf"][0].get("const").is_some() => schema["oneOf"][0]["const"].clone(),
        () if has_type(schema, "object") => object(schema, names, named),
        () if has_type(schema, "array") => json!([value(&schema["items"], names, named)]),
        () if has_type(schema, "integer") || has_type(schema, "number") => json!(1),
        () if has_type(schema, "boolean") => json!(true),
        () => json!("x"),
    }
}

/// The first of the words that the member may be, where it is one of a few.
fn first_word(schema: &Value) -> Option<Value> {
    let words = schema["enum"].as_array().and_then(|words| words.first()).cloned();
    let single = || schema.get("const").cloned();
    let among = || schema["oneOf"].as_array().or(schema["anyOf"].as_array())?.iter().find_map(first_word);
    words.or_else(single).or_else(among)
}

fn has_type(schema: &Value, wanted: &str) -> bool {
    match &schema["type"] {
        Value::String(one) => one == wanted,
        Value::Array(several) => several.iter().any(|one| one == wanted),
        _ => false,
    }
}

/// Lists of objects are where several devices are named at once.
fn has_objects(schema: &Value) -> bool {
    has_type(schema, "array") && has_type(&schema["items"], "object")
}
