//! The names of topics as this API writes them.

use yizhan_devices::FEATURES;
use yizhan_vocabulary::ProductId;
use yizhan_vocabulary::topics::{Rights, TopicRule};

use crate::failure::{Code, Failure, Outcome};

/// Stands for the name of each device.
pub(super) const DEVICE: &str = "${deviceName}";

/// A topic that a request names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TopicName {
    /// The suffix of a custom topic.
    Custom(String),
    /// A topic of the platform.
    Platform(&'static TopicRule),
}

impl TopicName {
    /// Reads `PRODUCTID/${deviceName}/SUFFIX`, or a topic of the platform with any device in it.
    pub(super) fn read(product: &ProductId, text: &str) -> Outcome<Self> {
        if text.starts_with('$') {
            return platform_topic(product, text).map(Self::Platform).ok_or_else(|| {
                Failure::new(Code::InvalidParameterValue)
                    .because("topics that begin with $ are the platform's; it has none of this name")
            });
        }
        let malformed = || {
            let why = format!("a topic of this product is {product}/{DEVICE}/ and what follows");
            Failure::new(Code::InvalidParameterValue).because(why)
        };
        let rest = text.strip_prefix(product.as_str()).and_then(|rest| rest.strip_prefix('/'));
        let (device, suffix) = rest.and_then(|rest| rest.split_once('/')).ok_or_else(malformed)?;
        if !device.eq_ignore_ascii_case(DEVICE) && device != "+" {
            return Err(malformed());
        }
        Ok(Self::Custom(suffix.to_owned()))
    }

    /// The suffix of a topic that may be changed.
    pub(super) fn changeable(self) -> Outcome<String> {
        match self {
            Self::Custom(suffix) => Ok(suffix),
            Self::Platform(_) => {
                let why = "the platform's own topics cannot be changed";
                Err(Failure::new(Code::InvalidParameterValue).because(why))
            }
        }
    }
}

/// How a custom topic is shown.
pub(super) fn shown(product: &ProductId, suffix: &str) -> String {
    format!("{product}/{DEVICE}/{suffix}")
}

/// The platform's topics with what a device may do.
pub(super) fn platform_topics() -> impl Iterator<Item = &'static TopicRule> {
    FEATURES.iter().flat_map(|feature| feature.topics)
}

fn platform_topic(product: &ProductId, text: &str) -> Option<&'static TopicRule> {
    platform_topics().find(|rule| {
        let rest = text.strip_prefix(rule.prefix).and_then(|rest| rest.strip_prefix(product.as_str()));
        let rest = rest.and_then(|rest| rest.strip_prefix('/'));
        rest.and_then(|rest| rest.strip_suffix(rule.suffix))
            .is_some_and(|device| !device.is_empty() && !device.contains('/'))
    })
}

/// What a number says (facts §4.3, Topic Privilege).
pub(super) fn rights_of(privilege: i64) -> Outcome<Rights> {
    match privilege {
        1 => Ok(Rights::Publish),
        2 => Ok(Rights::Subscribe),
        3 => Ok(Rights::Both),
        _ => Err(Failure::new(Code::InvalidParameterValue)
            .because("Privilege is 1 (publish), 2 (subscribe) or 3 (both)")),
    }
}

/// The number that says it.
pub(super) const fn privilege_of(rights: Rights) -> i64 {
    match rights {
        Rights::Publish => 1,
        Rights::Subscribe => 2,
        Rights::Both => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_one_of_the_product_for_every_device_or_one_of_the_platform() {
        let product = ProductId::parse("DEMOPROD01").unwrap();
        let read = |text: &str| TopicName::read(&product, text);
        for text in ["DEMOPROD01/${deviceName}/a/b", "DEMOPROD01/${devicename}/a/b", "DEMOPROD01/+/a/b"] {
            assert_eq!(read(text), Ok(TopicName::Custom("a/b".into())), "{text}");
        }
        for text in ["$thing/up/raw/DEMOPROD01/dev", "$thing/up/raw/DEMOPROD01/${deviceName}"] {
            let Ok(TopicName::Platform(rule)) = read(text) else { panic!("{text}") };
            assert_eq!((rule.prefix, rule.rights), ("$thing/up/raw/", Rights::Publish));
        }
        let foreign = [
            "OTHERPROD1/${deviceName}/a",
            "DEMOPROD01/dev001/a",
            "a",
            "$thing/up/DEMOPROD01/d",
            "",
            "DEMOPROD01/+",
        ];
        for text in foreign {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
