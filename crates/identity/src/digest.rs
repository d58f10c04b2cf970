//! The keyed digests of the device protocol, and comparing them in constant time.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// The longest digest here (SHA-256).
pub(crate) const MAX_DIGEST: usize = 32;

/// A hash function of the device protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hash {
    Sha1,
    Sha256,
}

/// A digest's bytes.
#[derive(Clone, Copy)]
pub(crate) struct DigestBytes {
    bytes: [u8; MAX_DIGEST],
    length: usize,
}

impl DigestBytes {
    fn new(digest: &[u8]) -> Self {
        let mut bytes = [0; MAX_DIGEST];
        bytes[..digest.len()].copy_from_slice(digest);
        Self { bytes, length: digest.len() }
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl Hash {
    /// The digest of `message`.
    pub fn digest(self, message: &[u8]) -> DigestBytes {
        use sha2::Digest;
        match self {
            Self::Sha1 => DigestBytes::new(&Sha1::digest(message)),
            Self::Sha256 => DigestBytes::new(&Sha256::digest(message)),
        }
    }

    /// The HMAC of the concatenated `parts`.
    pub fn hmac(self, key: &[u8], parts: &[&[u8]]) -> DigestBytes {
        const ANY_KEY: &str = "an HMAC takes a key of any length";
        match self {
            Self::Sha1 => finish(Hmac::<Sha1>::new_from_slice(key).expect(ANY_KEY), parts),
            Self::Sha256 => finish(Hmac::<Sha256>::new_from_slice(key).expect(ANY_KEY), parts),
        }
    }
}

fn finish<M: Mac>(mut mac: M, parts: &[&[u8]]) -> DigestBytes {
    for part in parts {
        mac.update(part);
    }
    DigestBytes::new(&mac.finalize().into_bytes())
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
pub(crate) fn equal(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hmac_over_parts_is_the_hmac_over_the_whole() {
        let whole = Hash::Sha256.hmac(b"key", &[b"one two"]);
        assert!(equal(whole.as_slice(), Hash::Sha256.hmac(b"key", &[b"one", b" two"]).as_slice()));
        assert!(!equal(whole.as_slice(), Hash::Sha1.hmac(b"key", &[b"one two"]).as_slice()));
    }
}
