//! Platform topics: which channel a topic belongs to and which device it names.
//!
//! A topic of the compatible protocol ends in `PRODUCTID/DEVICENAME` behind a fixed prefix, such as
//! `$thing/up/property/`. Who may use which is declared by the device features as [`TopicRule`]s (facts §2.1).

use crate::ids::{DeviceName, ProductId};

/// What a device may do with a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rights {
    /// The device may publish.
    Publish,
    /// The device may subscribe.
    Subscribe,
    /// Both.
    Both,
}

impl Rights {
    /// Whether publishing is among the rights.
    pub const fn may_publish(self) -> bool {
        matches!(self, Self::Publish | Self::Both)
    }

    /// Whether subscribing is among the rights.
    pub const fn may_subscribe(self) -> bool {
        matches!(self, Self::Subscribe | Self::Both)
    }
}

/// One topic a feature owns: `prefix`, then `PRODUCTID/DEVICENAME`, then `suffix` (whose levels may be `+`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TopicRule {
    /// Text before the product id, such as `$thing/up/property/`; empty for `PRODUCTID/DEVICENAME/control`.
    pub prefix: &'static str,
    /// Text after the device name, such as `/control` or `/+`; mostly empty.
    pub suffix: &'static str,
    /// What the device may do.
    pub rights: Rights,
}

/// Writes `prefix` + `PRODUCTID/DEVICENAME` + `suffix`.
pub fn device_topic(prefix: &str, product: &ProductId, device: &DeviceName, suffix: &str) -> String {
    let mut topic =
        String::with_capacity(prefix.len() + ProductId::LENGTH + 1 + device.as_str().len() + suffix.len());
    topic.push_str(prefix);
    topic.push_str(product.as_str());
    topic.push('/');
    topic.push_str(device.as_str());
    topic.push_str(suffix);
    topic
}
