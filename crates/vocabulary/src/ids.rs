//! Typed identifiers. A value of one of these types has been checked; nothing else may stand in for it.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A product id is exactly ten ASCII letters, digits or underscores.
    #[error("a product id has exactly 10 letters, digits or underscores")]
    Product,
    /// A device name is 1 to 48 of `[a-zA-Z0-9:_-]`.
    #[error("a device name has 1 to 48 characters out of letters, digits, ':', '_' and '-'")]
    Device,
    /// The id of a project, an instance, an application, a family or a room is 1 to 32 of `[a-zA-Z0-9_-]`.
    #[error("an id has 1 to 32 characters out of letters, digits, '_' and '-'")]
    Container,
}

/// A product's id: exactly ten characters (device protocol facts §1.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProductId([u8; ProductId::LENGTH]);

impl ProductId {
    /// Bytes, and characters, of every product id.
    pub const LENGTH: usize = 10;

    /// Checks and takes a product id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let bytes: [u8; Self::LENGTH] = text.as_bytes().try_into().map_err(|_| IdError::Product)?;
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        bytes.iter().all(allowed).then_some(Self(bytes)).ok_or(IdError::Product)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("only ASCII passes parse")
    }
}

impl fmt::Display for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ProductId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ProductId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ProductId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A device's name within its product (device protocol facts §1.2).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceName(Arc<str>);

impl DeviceName {
    /// The longest name.
    pub const MAX_LENGTH: usize = 48;

    /// Checks and takes a device name.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-');
        let fits = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed);
        fits.then(|| Self(Arc::from(text))).ok_or(IdError::Device)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for DeviceName {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for DeviceName {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Declares the id of something that holds other things: a short text out of a small alphabet.
macro_rules! container_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The longest id.
            pub const MAX_LENGTH: usize = 32;

            /// Checks and takes an id.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
                let fits = (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(allowed);
                fits.then(|| Self(Arc::from(text))).ok_or(IdError::Container)
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

container_id! {
    /// A project's id (`prj-` and eight letters or digits in the vendor's samples): products sit in projects.
    ProjectId
}
container_id! {
    /// An instance's id: projects sit in instances (console guide, 实例管理).
    InstanceId
}
container_id! {
    /// An application's id (IotAppID; twelve letters in the vendor's samples).
    ApplicationId
}
container_id! {
    /// A family's id (`f_` and hexadecimal digits in the vendor's samples): users of an application share devices in it.
    FamilyId
}
container_id! {
    /// A room's id in a family; `0` is the room that every family has (application API facts §3.3).
    RoomId
}

impl RoomId {
    /// The room that every family has.
    pub fn default_room() -> Self {
        Self(Arc::from("0"))
    }

    /// Whether it is the room that every family has.
    pub fn is_default(&self) -> bool {
        self.as_str() == "0"
    }
}

/// A user of an application: a positive number, shown as decimal text of 18 digits as at the vendor's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppUserId(pub i64);

impl AppUserId {
    /// Takes the text form.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok().map(Self)).flatten()
    }
}

impl fmt::Display for AppUserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An account's number, as it stands in policies and logs (the vendor's uin).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uin(pub i64);

impl Uin {
    /// The root account that every installation has.
    pub const FIRST: Self = Self(100_000_000_001);
}

impl fmt::Display for Uin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A device's number inside this installation: never reused, the same in the registry and in the journal
/// (where it names the device's stream). It never appears on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DeviceId(pub u64);

/// A property's number inside its product: given once, kept for ever, used instead of the identifier in the
/// journal and in history, so that renaming or removing a property never mixes up stored values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PropertyNumber(pub u16);

/// Splits a device's MQTT client id, `PRODUCTID` + `DEVICENAME` without a separator (facts §1.2).
pub fn split_client_id(client_id: &str) -> Result<(ProductId, DeviceName), IdError> {
    let (product, device) = client_id.split_at_checked(ProductId::LENGTH).ok_or(IdError::Product)?;
    Ok((ProductId::parse(product)?, DeviceName::parse(device)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_splits_after_ten_characters() {
        let (product, device) = split_client_id("DEMOPROD01dev001").unwrap();
        assert_eq!((product.as_str(), device.as_str()), ("DEMOPROD01", "dev001"));
    }

    #[test]
    fn ids_of_the_wrong_shape_are_refused() {
        assert!(ProductId::parse("SHORT").is_err());
        assert!(ProductId::parse("TEN/CHARS1").is_err());
        assert!(DeviceName::parse("").is_err());
        assert!(DeviceName::parse(&"x".repeat(49)).is_err());
        assert!(DeviceName::parse("a b").is_err());
        assert!(split_client_id("DEMOPROD01").is_err());
        assert!(split_client_id("DEMOPROD0\u{e9}x").is_err());
    }
}
