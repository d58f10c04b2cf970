//! What becomes of each row of a table, given the devices that the product has. Nothing is changed here.

use std::collections::HashMap;

use yizhan_devices::{AuthMode, Device, MAX_TAGS, Product, Tag};
use yizhan_identity::secret::DeviceSecret;
use yizhan_vocabulary::{DeviceName, ProductId};

use super::read::Row;
use crate::text::{Language, Text};

/// The longest key and the longest value of a tag, in characters.
const MAX_TAG_CHARS: usize = 128;

/// What is to be done with a row.
pub(super) enum Verdict {
    /// A device is made.
    Create,
    /// The device is there; its tags change.
    Update,
    /// The device is there as the row has it.
    Unchanged,
    /// Nothing, because of this.
    Refused(Reason),
}

/// Why a row is not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reason {
    /// The name is none that a device can have.
    BadName,
    /// The name stands in this line already.
    Twice(u64),
    /// The key is none.
    BadSecret,
    /// Devices of the product have certificates, and no keys.
    NoKeysHere,
    /// The device is there with another key.
    OtherSecret,
    /// The tags are not `key=value` with semicolons between, or longer or more than may be.
    BadTags,
}

/// A row with what is to be done.
pub(super) struct Planned {
    pub product: ProductId,
    pub line: u64,
    pub name: String,
    pub tags: Option<Vec<Tag>>,
    pub secret: Option<DeviceSecret>,
    pub verdict: Verdict,
}

impl Verdict {
    /// The word for it in answers and files.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Refused(_) => "refused",
        }
    }

    /// Why it is refused; nothing if it is not.
    pub fn reason(&self, language: Language) -> String {
        match self {
            Self::Refused(reason) => reason.shown(language),
            _ => String::new(),
        }
    }
}

impl Reason {
    /// In words.
    pub fn shown(&self, language: Language) -> String {
        let text = match self {
            Self::BadName => Text::new(
                "a device name has 1 to 48 characters out of letters, digits, ':', '_' and '-'",
                "设备名称为 1 到 48 个字符，仅支持字母、数字、“:”、“_”和“-”",
            ),
            Self::Twice(line) => {
                return match language {
                    Language::Chinese => format!("第 {line} 行已有相同的设备名称"),
                    Language::English => format!("the name stands in line {line} already"),
                };
            }
            Self::BadSecret => {
                Text::new("the key is not base64 of 8 to 64 bytes", "设备密钥不是有效的 Base64 文本")
            }
            Self::NoKeysHere => Text::new(
                "devices of this product have certificates, so there is no key to give",
                "该产品使用证书认证，不能指定设备密钥",
            ),
            Self::OtherSecret => {
                Text::new("the device is there already with another key", "设备已存在，且密钥不同")
            }
            Self::BadTags => Text::new(
                "tags are key=value with semicolons between them, at most 20, each text at most 128 characters",
                "标签格式为 key=value，以分号分隔，最多 20 个，每个键和值不超过 128 个字符",
            ),
        };
        text.in_language(language).to_owned()
    }
}

/// What is to be done with each row.
pub(super) fn plan(product: &Product, rows: Vec<Row>) -> Vec<Planned> {
    let mut lines: HashMap<String, u64> = HashMap::with_capacity(rows.len());
    rows.into_iter()
        .map(|row| {
            let first = *lines.entry(row.name.clone()).or_insert(row.line);
            judged(product, row, first)
        })
        .collect()
}

fn judged(product: &Product, row: Row, first: u64) -> Planned {
    let Row { line, name, tags, secret, bad_tags } = row;
    let parsed = secret.as_deref().map(DeviceSecret::parse);
    let refused = |reason| Verdict::Refused(reason);
    let fits = tags.as_deref().is_none_or(tags_fit) && !bad_tags;
    let verdict = match &parsed {
        _ if DeviceName::parse(&name).is_err() => refused(Reason::BadName),
        _ if first != line => refused(Reason::Twice(first)),
        Some(_) if product.auth != AuthMode::Key => refused(Reason::NoKeysHere),
        Some(Err(_)) => refused(Reason::BadSecret),
        _ if !fits => refused(Reason::BadTags),
        parsed => {
            let given = parsed.as_ref().and_then(|parsed| parsed.as_ref().ok());
            match product.device(&name) {
                None => Verdict::Create,
                Some(device) if given.is_some_and(|given| !has_secret(&device, given)) => {
                    refused(Reason::OtherSecret)
                }
                Some(device) if tags.as_deref().is_some_and(|tags| !has_tags(&device, tags)) => {
                    Verdict::Update
                }
                Some(_) => Verdict::Unchanged,
            }
        }
    };
    Planned { product: product.id, line, name, tags, secret: parsed.and_then(Result::ok), verdict }
}

fn has_secret(device: &Device, given: &DeviceSecret) -> bool {
    device.secret().is_some_and(|secret| secret.key().as_slice() == given.key().as_slice())
}

fn has_tags(device: &Device, wanted: &[Tag]) -> bool {
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    device.tags().as_ref().map_or(wanted.is_empty(), |tags| **tags == wanted)
}

/// Whether a device can have these tags.
fn tags_fit(tags: &[Tag]) -> bool {
    let fits = |text: &str| text.chars().count() <= MAX_TAG_CHARS && !text.chars().any(char::is_control);
    let mut keys: Vec<&str> = tags.iter().map(|tag| tag.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.len() == tags.len()
        && tags.len() <= MAX_TAGS
        && tags.iter().all(|tag| !tag.key.is_empty() && fits(&tag.key) && fits(&tag.value))
}
