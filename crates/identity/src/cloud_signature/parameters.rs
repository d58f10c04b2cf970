//! Parameters of a query or a form, and putting together again what clients flatten (cloud API facts §2.1):
//! `DevicesItems.0.ProductId=P` is the member `ProductId` of the first element of the list `DevicesItems`. All values are
//! texts; whoever reads them takes texts for numbers and truth values.
//!
//! Memory stays in proportion to the input: an index chooses the order of elements and reserves nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Text;

/// The most parameters of a request.
pub const MAX_PARAMETERS: usize = 20_000;
/// The most parts of a parameter's name.
pub const MAX_DEPTH: usize = 16;
/// The longest name of a parameter.
const MAX_KEY: usize = 512;
/// Digits of an index.
const MAX_INDEX_DIGITS: usize = 5;

/// Why parameters cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// A value or name is not UTF-8.
    #[error("they are not UTF-8 text")]
    NotText,
    /// There are more than [`MAX_PARAMETERS`].
    #[error("there are more than {MAX_PARAMETERS}")]
    TooMany,
    /// One name stands twice.
    #[error("one stands twice")]
    Twice,
    /// A name is empty, has an empty part, is too long or too deep.
    #[error("a name is empty, too long or too deep")]
    Name,
    /// A name is a value and a list or object at once.
    #[error("one is a value and a list or an object at once")]
    Conflict,
}

/// Decoded parameters, sorted by name in byte order. No name stands twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameters<'a> {
    sorted: Vec<(Text<'a>, Text<'a>)>,
}

impl<'a> Parameters<'a> {
    /// Reads `name=value&name=value`.
    pub fn read(text: &'a str) -> Result<Self, ParameterError> {
        let mut sorted = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if sorted.len() == MAX_PARAMETERS {
                return Err(ParameterError::TooMany);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            sorted.push((decode(name)?, decode(value)?));
        }
        sorted.sort_unstable_by(|left: &(Text<'_>, Text<'_>), right| left.0.cmp(&right.0));
        if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(ParameterError::Twice);
        }
        Ok(Self { sorted })
    }

    /// One value.
    pub fn get(&self, name: &str) -> Option<&str> {
        let place = self.sorted.binary_search_by(|(known, _)| known.as_ref().cmp(name)).ok()?;
        Some(&self.sorted[place].1)
    }

    /// All, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.sorted.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The length of all names and values with a separator behind each.
    pub(super) fn text_len(&self) -> usize {
        self.sorted.iter().map(|(name, value)| name.len() + value.len() + 2).sum()
    }

    /// The object that was flattened; parameters named in `except` are left out. An object whose names are all numbers
    /// is a list. Holes between its numbers close, because documents count from 0 and from 1.
    pub fn unflatten(&self, except: &[&str]) -> Result<Value, ParameterError> {
        let mut root = BTreeMap::new();
        for (name, value) in self.iter().filter(|(name, _)| !except.contains(name)) {
            insert(&mut root, name, value)?;
        }
        let members = root.into_iter().map(|(name, node)| (name.to_owned(), node.into_value()));
        Ok(Value::Object(members.collect()))
    }
}

enum Node<'p> {
    Leaf(&'p str),
    Branch(BTreeMap<&'p str, Node<'p>>),
}

/// Puts a value to its place below `root`.
fn insert<'p>(
    root: &mut BTreeMap<&'p str, Node<'p>>,
    name: &'p str,
    value: &'p str,
) -> Result<(), ParameterError> {
    if name.len() > MAX_KEY || name.split('.').count() > MAX_DEPTH || name.split('.').any(str::is_empty) {
        return Err(ParameterError::Name);
    }
    let (path, last) = name.rsplit_once('.').map_or((None, name), |(path, last)| (Some(path), last));
    let mut branch = root;
    for part in path.into_iter().flat_map(|path| path.split('.')) {
        branch = match branch.entry(part).or_insert_with(|| Node::Branch(BTreeMap::new())) {
            Node::Branch(below) => below,
            Node::Leaf(_) => return Err(ParameterError::Conflict),
        };
    }
    match branch.insert(last, Node::Leaf(value)) {
        None => Ok(()),
        Some(_) => Err(ParameterError::Conflict),
    }
}

impl Node<'_> {
    /// Not deeper than [`MAX_DEPTH`], because names are not.
    fn into_value(self) -> Value {
        let members = match self {
            Self::Leaf(text) => return Value::String(text.to_owned()),
            Self::Branch(members) => members,
        };
        if members.keys().all(|name| index(name).is_some()) {
            let mut elements: Vec<_> =
                members.into_iter().filter_map(|(name, node)| Some((index(name)?, node))).collect();
            elements.sort_by_key(|(index, _)| *index);
            return Value::Array(elements.into_iter().map(|(_, node)| node.into_value()).collect());
        }
        let members = members.into_iter().map(|(name, node)| (name.to_owned(), node.into_value()));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

/// A number as it stands in a flattened name: without leading zeros.
fn index(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = text.len() <= MAX_INDEX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { text.parse().ok() } else { None }
}

/// Undoes URL encoding. A `%` without two hexadecimal digits stands for itself, as browsers have it.
fn decode(text: &str) -> Result<Text<'_>, ParameterError> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Ok(Cow::Borrowed(text));
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => match behind.first_chunk::<2>().and_then(hex_byte) {
                Some(byte) => {
                    bytes.push(byte);
                    rest = &behind[2..];
                }
                None => bytes.push(b'%'),
            },
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ParameterError::NotText)
}

fn hex_byte(digits: &[u8; 2]) -> Option<u8> {
    let mut byte = [0];
    hex::decode_to_slice(digits, &mut byte).ok()?;
    Some(byte[0])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(text: &str) -> Result<Value, ParameterError> {
        Parameters::read(text)?.unflatten(&["Action"])
    }

    #[test]
    fn flattened_lists_and_objects_are_put_together_again() {
        assert_eq!(
            tree(
                "DevicesItems.0.ProductId=P&DevicesItems.0.DeviceName=d&Action=X&DevicesItems.1.ProductId=Q"
            ),
            Ok(json!({ "DevicesItems": [{ "ProductId": "P", "DeviceName": "d" }, { "ProductId": "Q" }] }))
        );
        assert_eq!(tree("A.10=k&A.9=j&A.1=b&A.2=c"), Ok(json!({ "A": ["b", "c", "j", "k"] })));
        assert_eq!(
            tree("A.0.0=x&A.0.1=y&B.C.D=z"),
            Ok(json!({ "A": [["x", "y"]], "B": { "C": { "D": "z" } } }))
        );
        assert_eq!(tree("A.0=x&A.b=y"), Ok(json!({ "A": { "0": "x", "b": "y" } })));
        assert_eq!(tree("A.00=x"), Ok(json!({ "A": { "00": "x" } })));
        assert_eq!(tree(""), Ok(json!({})));
        assert_eq!(tree("0=x&Empty="), Ok(json!({ "0": "x", "Empty": "" })));
    }

    #[test]
    fn values_are_decoded_once() {
        let parameters = Parameters::read("A=%E8%AE%BE+%2B%25+1&B=100%&C=%zz&%44=d").unwrap();
        let all: Vec<_> = parameters.iter().collect();
        assert_eq!(all, [("A", "设 +% 1"), ("B", "100%"), ("C", "%zz"), ("D", "d")]);
        assert_eq!(Parameters::read("A=%ff"), Err(ParameterError::NotText));
    }

    #[test]
    fn an_index_reserves_nothing() {
        assert_eq!(tree("A.99999=x"), Ok(json!({ "A": ["x"] })));
        assert_eq!(tree("A.4294967296=x"), Ok(json!({ "A": { "4294967296": "x" } })));
    }

    #[test]
    fn names_that_contradict_each_other_or_the_bounds_are_refused() {
        assert_eq!(tree("A=1&A=2"), Err(ParameterError::Twice));
        assert_eq!(tree("A=1&%41=2"), Err(ParameterError::Twice));
        assert_eq!(tree("A=1&A.0=2"), Err(ParameterError::Conflict));
        assert_eq!(tree("A.b.c=1&A.b=2"), Err(ParameterError::Conflict));
        for name in ["A..b", ".A", "A.", "=", &"a".repeat(MAX_KEY + 1), &"a.".repeat(MAX_DEPTH)] {
            assert_eq!(tree(&format!("{name}=1")), Err(ParameterError::Name), "{name}");
        }
        let deepest = ["a"; MAX_DEPTH].join(".");
        assert!(tree(&format!("{deepest}=1")).is_ok());
        let many: String = (0..=MAX_PARAMETERS).map(|number| format!("p{number}=&")).collect();
        assert_eq!(tree(&many), Err(ParameterError::TooMany));
    }
}
