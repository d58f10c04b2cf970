//! What requests for logs and history have in common: spans of time, cursors, and how many rows.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use yizhan_devices::{Cursor, TimeRange};
use yizhan_vocabulary::UnixMillis;

use crate::failure::{Code, Failure, Outcome};

/// A number, or a list with one: a published type is a list by mistake, so clients send both.
// Management API facts §8.1, `Limit:[U]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub(crate) struct OneNumber(pub i64);

impl OneNumber {
    /// The number of rows that is asked for; nothing, and 0 as some clients send it, mean the default.
    pub(crate) fn limit(asked: Option<Self>, default: i64, most: i64) -> Outcome<usize> {
        let limit = match asked.map_or(0, |number| number.0) {
            0 => default,
            limit => limit,
        };
        if !(1..=most).contains(&limit) {
            let why = format!("the number of rows is between 1 and {most}");
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
        Ok(usize::try_from(limit).expect("checked to be small and positive"))
    }
}

impl<'de> Deserialize<'de> for OneNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = i64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
                Ok(number)
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
                i64::try_from(number).map_err(|_| E::custom("the number is too large"))
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
                let whole = number.fract() == 0.0 && number.abs() < 9e15;
                if whole { Ok(number as i64) } else { Err(E::custom("the number is not a whole one")) }
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<i64, E> {
                text.trim().parse().map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<i64, A::Error> {
                let first: Option<i64> = list.next_element()?;
                let second: Option<i64> = list.next_element()?;
                match (first, second) {
                    (None, _) => Ok(0),
                    (Some(number), None) => Ok(number),
                    (Some(_), Some(_)) => Err(A::Error::custom("the list has more than one number")),
                }
            }
        }
        deserializer.deserialize_any(Either).map(Self)
    }
}

/// Where a page goes on; an empty text is the beginning.
pub(crate) fn cursor_of(context: Option<&str>) -> Outcome<Option<Cursor>> {
    let context = context.filter(|context| !context.is_empty());
    let cursor = context.map(str::parse).transpose();
    cursor.map_err(|_| {
        Failure::new(Code::InvalidParameterValue).because("Context is not one that an answer gave")
    })
}

/// From the first moment to the last, both in milliseconds.
pub(crate) fn milliseconds(first: i64, last: i64) -> Outcome<TimeRange> {
    if first < 0 || last < first {
        return Err(Failure::new(Code::InvalidParameterValue).because("MaxTime is before MinTime"));
    }
    Ok(TimeRange::between(UnixMillis(first), UnixMillis(last.saturating_add(1))))
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request {
        limit: Option<OneNumber>,
    }

    #[test]
    fn a_number_of_rows_may_be_a_number_text_or_a_list_of_one() {
        let read = |value| crate::lenient::read::<Request>(json!({ "Limit": value })).ok();
        for value in [json!(7), json!("7"), json!([7]), json!(["7"]), json!(7.0)] {
            let read = read(value.clone()).unwrap_or_else(|| panic!("{value}"));
            assert_eq!(OneNumber::limit(read.limit, 10, 100), Ok(7), "{value}");
        }
        for value in [json!("x"), json!([1, 2]), json!(1.5), json!({})] {
            assert!(read(value.clone()).is_none(), "{value}");
        }
        assert_eq!(OneNumber::limit(None, 10, 100), Ok(10));
        assert_eq!(OneNumber::limit(Some(OneNumber(0)), 10, 100), Ok(10));
        assert!(OneNumber::limit(Some(OneNumber(101)), 10, 100).is_err());
        assert!(OneNumber::limit(Some(OneNumber(-1)), 10, 100).is_err());
    }
}
