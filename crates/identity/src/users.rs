//! Ordinary MQTT users and API tokens: generated passwords, kept as hashes only.
//!
//! The passwords are made here, of 160 random bits and more, so one round of SHA-256 is enough: there is no
//! guessable password that a slow hash would have to protect.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::digest::equal;
use crate::secret::random;

/// The longest user name.
pub const MAX_NAME: usize = 64;

/// Whether a text may name an MQTT user or a token: 1 to 64 of letters, digits and `.`, `_`, `-`, `@`. There is
/// no `;` among them: that is what tells a device's user name from a user's.
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@');
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(allowed)
}

/// A password's hash as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordHash {
    /// Random bytes in front of the password.
    pub salt: [u8; 16],
    /// SHA-256 of salt and password.
    pub hash: [u8; 32],
}

impl PasswordHash {
    /// A new password of 160 random bits, to be shown once, and its hash.
    pub fn generate() -> (Zeroizing<String>, Self) {
        let password = Zeroizing::new(URL_SAFE_NO_PAD.encode(Zeroizing::new(random::<20>()).as_slice()));
        let salt = random();
        let hash = Self { salt, hash: salted(&salt, password.as_bytes()) };
        (password, hash)
    }

    /// Whether `password` is the one behind this hash.
    pub fn verify(&self, password: &[u8]) -> bool {
        equal(&salted(&self.salt, password), &self.hash)
    }
}

fn salted(salt: &[u8; 16], password: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(password).finalize().into()
}

/// A new API token of 256 random bits, to be shown once, and its hash.
pub fn generate_token() -> (Zeroizing<String>, [u8; 32]) {
    let bytes = Zeroizing::new(random::<32>());
    let token =
        Zeroizing::new(format!("yz_{}", Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice())).as_str()));
    let hash = hash_token(&token);
    (token, hash)
}

/// The hash under which a token is kept and found.
pub fn hash_token(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_opens_its_hash_and_no_other() {
        let (password, hash) = PasswordHash::generate();
        let (other, _) = PasswordHash::generate();
        assert_eq!(password.len(), 27);
        assert!(hash.verify(password.as_bytes()));
        assert!(!hash.verify(other.as_bytes()));
        assert!(!hash.verify(b""));
    }

    #[test]
    fn a_token_is_found_by_its_hash() {
        let (token, hash) = generate_token();
        assert!(token.starts_with("yz_") && token.len() == 46);
        assert_eq!(hash_token(&token), hash);
        assert_ne!(hash_token("yz_"), hash);
    }

    #[test]
    fn a_user_name_cannot_look_like_a_device() {
        assert!(is_name("back-end.1@home"));
        for refused in ["", "a;b", "a b", "é", &"x".repeat(65)] {
            assert!(!is_name(refused), "{refused:?}");
        }
    }
}
