//! The JSON of a model as a tree that keeps what a map would hide: the order of keys and keys given twice.
//! Only models are read this way; they are rare and small. Messages never are.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use super::error::{Findings, ModelErrorCode};

/// A JSON value.
#[derive(Debug)]
pub(super) enum Node {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// What the value is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// An object of the model and the place where it stands.
pub(super) struct Section<'n> {
    entries: &'n [(String, Node)],
    path: String,
}

impl<'n> Section<'n> {
    /// Views a node as an object; notes an error with `code` when it is none, and keys that appear twice.
    pub fn of(node: &'n Node, path: String, code: ModelErrorCode, findings: &mut Findings) -> Option<Self> {
        let Node::Object(entries) = node else {
            findings.add(code, path, format!("expected an object, got {}", node.kind()));
            return None;
        };
        let mut seen = BTreeSet::new();
        for (key, _) in entries {
            if !seen.insert(key.as_str()) {
                let text = "the key appears twice in this object";
                findings.add(ModelErrorCode::DuplicateKey, place_of(&path, key), text);
            }
        }
        Some(Self { entries, path })
    }

    /// The value of a key; `null` counts as absent.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        let found = self.entries.iter().find(|(name, _)| name == key);
        found.map(|(_, node)| node).filter(|node| !matches!(node, Node::Null))
    }

    /// The keys with their values.
    pub fn entries(&self) -> &'n [(String, Node)] {
        self.entries
    }

    /// The object's own place.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The place of a key in it.
    pub fn at(&self, key: &str) -> String {
        place_of(&self.path, key)
    }
}

/// The place of a key in an object; keys from the model are cut to a readable length.
fn place_of(path: &str, key: &str) -> String {
    const LONGEST: usize = 64;
    let key = key.char_indices().nth(LONGEST).map_or(key, |(end, _)| &key[..end]);
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node, E> {
        Ok(Node::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Node::Object(entries))
    }
}
