//! The two secrets of the compatible protocol. Both are texts first: the device secret is base64, whose decoded
//! bytes key MQTT and PSK while the text itself keys HTTP requests; the product secret is used as text only.
//! Neither shows itself in `Debug`, and both are wiped when dropped.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, Zeroizing};

/// Fills an array with random bytes of the operating system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes once it is up");
    bytes
}

/// Random letters and digits.
pub fn letters_and_digits(length: usize) -> Zeroizing<String> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = Zeroizing::new(String::with_capacity(length));
    while text.len() < length {
        let bytes = Zeroizing::new(random::<32>());
        // Six bits at a time, passing over the two values that have no character: every character is as likely.
        let characters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        let missing = length - text.len();
        text.extend(characters.take(missing).map(|&byte| char::from(byte)));
    }
    text
}

/// Why a text is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// A device secret is base64 of 1 to 48 bytes.
    #[error("a device secret is base64 text of at most 64 characters")]
    Device,
    /// A product secret has 16 to 64 printable ASCII characters.
    #[error("a product secret has 16 to 64 printable ASCII characters without spaces")]
    Product,
}

/// A device's secret.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceSecret {
    text: Box<str>,
}

/// A device secret's bytes; wiped when dropped.
pub struct SecretKey {
    bytes: Zeroizing<[u8; DeviceSecret::MAX_BYTES]>,
    length: usize,
}

impl SecretKey {
    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl DeviceSecret {
    /// The longest text a device takes.
    pub const MAX_TEXT: usize = 64;
    /// The most bytes behind such a text.
    pub const MAX_BYTES: usize = 48;

    /// Takes a secret's text.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let secret = Self { text: text.into() };
        match secret.decode() {
            Ok(key) if key.length > 0 => Ok(secret),
            _ => Err(SecretError::Device),
        }
    }

    /// A new secret, of 16 random bytes as the platform gives them.
    pub fn generate() -> Self {
        let bytes = Zeroizing::new(random::<16>());
        Self { text: STANDARD.encode(bytes.as_slice()).into_boxed_str() }
    }

    /// The base64 text: what a device is given, and the key of its HTTP requests.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// The bytes: the key of CONNECT signatures and of TLS-PSK.
    pub fn key(&self) -> SecretKey {
        self.decode().expect("checked when the secret was made")
    }

    fn decode(&self) -> Result<SecretKey, SecretError> {
        if self.text.len() > Self::MAX_TEXT {
            return Err(SecretError::Device);
        }
        let mut bytes = Zeroizing::new([0; Self::MAX_BYTES]);
        let length = STANDARD
            .decode_slice(self.text.as_bytes(), bytes.as_mut_slice())
            .map_err(|_| SecretError::Device)?;
        Ok(SecretKey { bytes, length })
    }
}

impl Drop for DeviceSecret {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for DeviceSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceSecret(..)")
    }
}

/// A product's secret, which proves a registration request and encrypts its answer.
#[derive(Clone, PartialEq, Eq)]
pub struct ProductSecret {
    text: Box<str>,
}

impl ProductSecret {
    /// Characters of a generated secret.
    pub const LENGTH: usize = 24;

    /// Takes a secret's text.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let fits = (16..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self { text: text.into() }).ok_or(SecretError::Product)
    }

    /// A new secret: 24 random letters and digits.
    pub fn generate() -> Self {
        Self { text: letters_and_digits(Self::LENGTH).as_str().into() }
    }

    /// The text, which is also the key of registration signatures.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// The key of registration answers: the first 16 characters.
    pub(crate) fn payload_key(&self) -> &[u8; 16] {
        self.text.as_bytes().first_chunk().expect("a product secret has at least 16 characters")
    }
}

impl Drop for ProductSecret {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for ProductSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProductSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_secret_is_base64_of_1_to_48_bytes() {
        let secret = DeviceSecret::parse("lDZ6Uqt+I9E0wW7rvDUs7Q==").unwrap();
        assert_eq!(hex::encode(secret.key().as_slice()), "94367a52ab7e23d134c16eebbc352ced");
        assert!(DeviceSecret::parse(&"A".repeat(64)).is_ok());
        for refused in ["", "not base64", "A", &"A".repeat(68), "lDZ6Uqt+I9E0wW7rvDUs7Q== "] {
            assert_eq!(DeviceSecret::parse(refused), Err(SecretError::Device), "{refused:?}");
        }
    }

    #[test]
    fn generated_secrets_have_the_platforms_form_and_differ() {
        let (one, two) = (DeviceSecret::generate(), DeviceSecret::generate());
        assert_eq!((one.as_text().len(), one.key().as_slice().len()), (24, 16));
        assert_ne!(one, two);
        let (one, two) = (ProductSecret::generate(), ProductSecret::generate());
        assert_eq!(one.as_text().len(), 24);
        assert!(one.as_text().bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one, two);
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let device = DeviceSecret::parse("lDZ6Uqt+I9E0wW7rvDUs7Q==").unwrap();
        let product = ProductSecret::parse("hzvf5LF9S0isvBhDSauWMaIk").unwrap();
        assert_eq!(format!("{device:?} {product:?}"), "DeviceSecret(..) ProductSecret(..)");
    }

    #[test]
    fn a_product_secret_of_another_form_is_refused() {
        for refused in ["short", "with space with space!!", "é".repeat(20).as_str()] {
            assert_eq!(ProductSecret::parse(refused), Err(SecretError::Product));
        }
    }
}
