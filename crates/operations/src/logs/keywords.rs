//! Searching by keywords: `productid:X devicename:Y` and free words, all of which a row must have. A product must be
//! named; without a device, all devices of the product are searched.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use yizhan_devices::{Device, FoundPage, LogName, LogQuery, LogView, TimeRange};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::range::{OneNumber, cursor_of, milliseconds};

const DEFAULT_ROWS: i64 = 10;
const MAX_ROWS: i64 = 500;
/// The longest text of keywords.
const MAX_KEYWORDS: usize = 1_024;

/// Which rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListByKeywords {
    /// The first moment, in milliseconds.
    min_time: i64,
    /// The last moment, in milliseconds.
    max_time: i64,
    /// `productid:X`, perhaps `devicename:Y` and other `key:value`, and words that a row must contain.
    keywords: Option<String>,
    /// Where the last page ended.
    context: Option<String>,
    /// 1 to 500; 10 if it is not given.
    max_num: Option<OneNumber>,
}

/// Keywords, taken apart.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Keywords {
    product: Option<String>,
    device: Option<String>,
    /// Other `key:value`, the keys in lower case.
    pub fields: Vec<(String, String)>,
    /// Free words.
    pub words: Vec<String>,
}

impl Keywords {
    fn read(text: &str) -> Self {
        let mut found = Self::default();
        let mut tokens = text.split_whitespace();
        while let Some(token) = tokens.next() {
            let Some((key, value)) = token.split_once(':') else {
                found.words.push(token.to_owned());
                continue;
            };
            // Some write a blank behind the colon.
            let value = if value.is_empty() { tokens.next().unwrap_or_default() } else { value };
            let value = value.replace("%20", " ");
            match key.to_ascii_lowercase().as_str() {
                "productid" => found.product = Some(value),
                "devicename" => found.device = Some(value),
                key => found.fields.push((key.to_owned(), value)),
            }
        }
        found
    }

    /// Whether a row has all of the words and, in the fields that it has, all of the values.
    pub(super) fn fit(&self, fields: &[(&str, &str)]) -> bool {
        let has =
            |key: &str, value: &str| fields.iter().any(|(name, text)| *name == key && text.contains(value));
        self.fields.iter().all(|(key, value)| has(key, value))
            && self.words.iter().all(|word| fields.iter().any(|(_, text)| text.contains(word.as_str())))
    }
}

/// Searches the named logs; `fields` says what a row has, for the keywords.
pub(super) async fn search(
    call: &Call,
    request: ListByKeywords,
    logs: &'static [LogName],
    fields: fn(&LogView) -> Vec<(&'static str, String)>,
) -> Outcome<FoundPage> {
    let text = request.keywords.unwrap_or_default();
    if text.len() > MAX_KEYWORDS {
        let why = format!("Keywords has at most {MAX_KEYWORDS} bytes");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let keywords = Keywords::read(&text);
    let Some(product) = keywords.product.as_deref() else {
        call.account()?;
        let why = "Keywords must name a product: productid:X";
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    };
    let device = keywords.device.as_deref().map(|device| call.device(product, device)).transpose()?;
    let product = if device.is_none() { Some(call.product(product)?) } else { None };
    let range = milliseconds(request.min_time, request.max_time)?;
    let mut query = LogQuery::newest(range, OneNumber::limit(request.max_num, DEFAULT_ROWS, MAX_ROWS)?);
    // A context that no answer gave, as the vendor's samples have it, is the beginning of a search.
    query.cursor = cursor_of(request.context.as_deref()).unwrap_or_default();
    call.blocking(move |platform| {
        let devices = &platform.devices;
        let searched: Vec<Arc<Device>> = match (device, product) {
            (Some(device), _) => vec![device],
            (None, Some(product)) => devices.devices_to_search(&product, &query)?,
            (None, None) => Vec::new(),
        };
        devices.newest_of_many(&searched, logs, &query, |_, view| {
            let fields = fields(view);
            let fields: Vec<_> = fields.iter().map(|(key, text)| (*key, text.as_str())).collect();
            !fields.is_empty() && keywords.fit(&fields)
        })
    })
    .await
}

/// From the first moment to the last.
pub(super) fn span(first: i64, last: i64) -> Outcome<TimeRange> {
    milliseconds(first, last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_name_a_product_and_what_rows_must_have() {
        let read = Keywords::read("ProductID:P devicename: d scene:STATUS content:Device%20connect publish");
        assert_eq!((read.product.as_deref(), read.device.as_deref()), (Some("P"), Some("d")));
        assert_eq!(read.words, ["publish"]);
        assert!(read.fit(&[("scene", "STATUS"), ("content", "Device connect: publish")]));
        assert!(!read.fit(&[("scene", "DEVICE"), ("content", "Device connect: publish")]));
        assert!(!read.fit(&[("scene", "STATUS"), ("content", "Device connect")]));
        assert_eq!(
            Keywords::read("devicename:"),
            Keywords { device: Some(String::new()), ..Keywords::default() }
        );
    }
}
