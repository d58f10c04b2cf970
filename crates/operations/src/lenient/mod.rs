//! Reading requests as the vendor's clients write them (management API facts §2.1, §2.7): a number or a switch may come
//! as text, `ProductID` means `ProductId`, unknown members are passed over. What cannot be read is refused with the
//! member's place and the vendor's code.
//!
//! Request types are ordinary serde types; this is the deserializer that they are read with. `#[serde(flatten)]` would go
//! around it and must not be used in them.

mod problem;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::failure::{Code, Failure};
use problem::Problem;

/// Reads a request.
pub(crate) fn read<T: DeserializeOwned>(request: Value) -> Result<T, Failure> {
    let request = match request {
        Value::Null => Value::Object(Map::new()),
        Value::Object(members) => Value::Object(members),
        _ => return Err(Failure::new(Code::InvalidParameter).because("the request is not a JSON object")),
    };
    T::deserialize(Lenient(request)).map_err(Problem::into_failure)
}

/// A value that is read leniently.
struct Lenient(Value);

impl Lenient {
    fn wrong(self, visitor: &dyn serde::de::Expected) -> Problem {
        let found = match &self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(_) => Unexpected::Other("a number"),
            Value::String(_) => Unexpected::Other("text"),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        <Problem as serde::de::Error>::invalid_type(found, visitor)
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let read = match &self.0 {
            Value::Number(number) => {
                number.as_i64().map(Ok).or_else(|| number.as_u64().map(Err)).or_else(|| {
                    // 1.0 is how some languages write 1.
                    number
                        .as_f64()
                        .filter(|value| value.fract() == 0.0 && value.abs() < 9e15)
                        .map(|value| Ok(value as i64))
                })
            }
            Value::String(text) => {
                let text = text.trim();
                text.parse::<i64>().ok().map(Ok).or_else(|| text.parse::<u64>().ok().map(Err))
            }
            _ => None,
        };
        match read {
            Some(Ok(value)) => visitor.visit_i64(value),
            Some(Err(value)) => visitor.visit_u64(value),
            None => Err(self.wrong(&visitor)),
        }
    }
}

macro_rules! integers {
    ($($method:ident)+) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
            self.integer(visitor)
        }
    )+ };
}

impl<'de> Deserializer<'de> for Lenient {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            Value::Object(members) => visitor.visit_map(Members::of(members, &[])),
            other => other.deserialize_any(visitor).map_err(Problem::of_json),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let read = match &self.0 {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok().filter(|value: &f64| value.is_finite()),
            _ => None,
        };
        match read {
            Some(value) => visitor.visit_f64(value),
            None => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let read = match &self.0 {
            Value::Bool(value) => Some(*value),
            Value::Number(number) => match number.as_i64() {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            Value::String(text) => match text.as_str() {
                "true" | "True" | "TRUE" | "1" => Some(true),
                "false" | "False" | "FALSE" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        };
        match read {
            Some(value) => visitor.visit_bool(value),
            None => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            other => visitor.visit_some(Self(other)),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items { items: items.into_iter(), index: 0 }),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Object(members) => visitor.visit_map(Members::of(members, fields)),
            _ => Err(self.wrong(&visitor)),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(Word(text)),
            _ => Err(self.wrong(&visitor)),
        }
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map identifier ignored_any
    }
}

struct Items {
    items: std::vec::IntoIter<Value>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = Problem;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some(item) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index += 1;
        seed.deserialize(Lenient(item)).map(Some).map_err(|problem| problem.inside(&index.to_string()))
    }
}

struct Members {
    members: serde_json::map::IntoIter,
    fields: &'static [&'static str],
    value: Option<(String, Value)>,
}

impl Members {
    fn of(members: Map<String, Value>, fields: &'static [&'static str]) -> Self {
        Self { members: members.into_iter(), fields, value: None }
    }

    /// The name under which the type knows the member: clients write `ProductID` and `ProductId` for the same.
    fn field_name<'a>(&self, name: &'a str) -> &'a str
    where
        'static: 'a,
    {
        if self.fields.contains(&name) {
            return name;
        }
        let meant = |field: &&&'static str| {
            name.strip_suffix("ID").is_some_and(|stem| field.strip_suffix("Id") == Some(stem))
        };
        let meant_back = |field: &&&'static str| {
            name.strip_suffix("Id").is_some_and(|stem| field.strip_suffix("ID") == Some(stem))
        };
        self.fields.iter().find(|field| meant(field) || meant_back(field)).copied().unwrap_or(name)
    }
}

impl<'de> MapAccess<'de> for Members {
    type Error = Problem;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        let key: StrDeserializer<'_, Problem> = self.field_name(&name).into_deserializer();
        let key = seed.deserialize(key)?;
        self.value = Some((name, value));
        Ok(Some(key))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Problem> {
        let (name, value) = self.value.take().expect("serde asks for a value after its key");
        seed.deserialize(Lenient(value)).map_err(|problem| problem.inside(&name))
    }
}

struct Word(String);

impl<'de> EnumAccess<'de> for Word {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Problem> {
        let word: StrDeserializer<'_, Problem> = self.0.as_str().into_deserializer();
        let variant = seed.deserialize(word)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Word {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, _seed: T) -> Result<T::Value, Problem> {
        Err(serde::de::Error::custom("a single word is expected"))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, _visitor: V) -> Result<V::Value, Problem> {
        Err(serde::de::Error::custom("a single word is expected"))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        _visitor: V,
    ) -> Result<V::Value, Problem> {
        Err(serde::de::Error::custom("a single word is expected"))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Inner {
        product_id: String,
        enabled: Option<bool>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Sample {
        product_id: String,
        limit: u32,
        offset: Option<i64>,
        items: Option<Vec<Inner>>,
        accuracy: Option<f64>,
    }

    fn failure(request: Value) -> (Code, String) {
        let failure = read::<Sample>(request).unwrap_err();
        (failure.code(), failure.message(crate::Language::English))
    }

    #[test]
    fn numbers_and_switches_may_come_as_text_and_ids_in_capitals() {
        let request = json!({"ProductID": "P", "Limit": "10", "Offset": -1, "Accuracy": "1.5", "Unknown": {"a": [1]},
            "Items": [{"ProductID": "Q", "Enabled": "true"}, {"ProductId": "R", "Enabled": 0}]});
        let read: Sample = read(request).unwrap();
        let items = vec![
            Inner { product_id: "Q".into(), enabled: Some(true) },
            Inner { product_id: "R".into(), enabled: Some(false) },
        ];
        let expected = Sample {
            product_id: "P".into(),
            limit: 10,
            offset: Some(-1),
            items: Some(items),
            accuracy: Some(1.5),
        };
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_missing_or_of_another_type_is_named() {
        let (code, message) = failure(json!({"Limit": 1}));
        assert_eq!(code, Code::MissingParameter);
        assert!(message.contains("ProductId"), "{message}");
        let (code, message) = failure(json!({"ProductId": "P", "Limit": "ten"}));
        assert_eq!(code, Code::InvalidParameter);
        assert!(message.contains("Limit"), "{message}");
        let (_, message) = failure(json!({"ProductId": "P", "Limit": 1, "Items": [{"ProductId": 5}]}));
        assert!(message.contains("Items.0.ProductId"), "{message}");
        assert_eq!(failure(json!({"ProductId": "P", "Limit": -1})).0, Code::InvalidParameter);
        assert_eq!(failure(json!({"ProductId": "P", "Limit": 1, "Items": [{}]})).0, Code::MissingParameter);
        assert_eq!(failure(json!([1])).0, Code::InvalidParameter);
    }
}
