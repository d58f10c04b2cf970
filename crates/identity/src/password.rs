//! Passwords that people choose: how one is hashed, and which are not taken.
//!
//! Argon2id with 19 MiB of memory, two passes and one lane: the least that is recommended against guessing on graphics
//! cards, and some 30 ms of one processor. Whoever calls this does so on a thread that may block and sees to it that not
//! too many run at once. What is kept names its own parameters, so that they can grow and older hashes still open.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use zeroize::Zeroizing;

use crate::digest::equal;
use crate::secret::{letters_and_digits, random};

/// Memory of one hash, in KiB.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over the memory.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// The most memory that a kept hash may ask for: what is read is not believed blindly.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_PASSES: u32 = 16;
const HASH_BYTES: usize = 32;
const SALT_BYTES: usize = 16;

/// The fewest characters of a password.
pub const MIN_CHARACTERS: usize = 10;
/// The most bytes of a password: what a stranger can make the server hash.
pub const MAX_BYTES: usize = 256;
/// The fewest different characters of a password.
const MIN_DIFFERENT: usize = 5;

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// It is too short.
    #[error("a password has at least {MIN_CHARACTERS} characters")]
    TooShort,
    /// It is too long.
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
    /// It is the same few characters again and again.
    #[error("a password has at least {MIN_DIFFERENT} different characters")]
    TooSimple,
    /// It is what a guesser tries first.
    #[error("a password does not contain the name of its account")]
    ContainsName,
}

/// Whether a password may be taken for an account of this name.
pub fn check(password: &str, account: &str) -> Result<(), WeakPassword> {
    if password.len() > MAX_BYTES {
        return Err(WeakPassword::TooLong);
    }
    if password.chars().count() < MIN_CHARACTERS {
        return Err(WeakPassword::TooShort);
    }
    let mut different: Vec<char> = password.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < MIN_DIFFERENT {
        return Err(WeakPassword::TooSimple);
    }
    let (password, account) = (Zeroizing::new(password.to_lowercase()), account.to_lowercase());
    // A name of one or two letters is in many a good password.
    if account.chars().count() > 2 && password.contains(&account) {
        return Err(WeakPassword::ContainsName);
    }
    Ok(())
}

/// A password that nobody chose: 32 letters and digits, to be shown once.
pub fn generated() -> Zeroizing<String> {
    letters_and_digits(32)
}

/// A password's hash, with everything that is needed to check one against it.
#[derive(Clone, PartialEq, Eq)]
pub struct SlowHash {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: [u8; SALT_BYTES],
    hash: [u8; HASH_BYTES],
}

impl SlowHash {
    /// Hashes a password; takes its time.
    pub fn of(password: &str) -> Self {
        let mut made = Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: random(),
            hash: [0; HASH_BYTES],
        };
        made.hash = made.hashed(password);
        made
    }

    /// A hash that no password has, to be checked against where there is none: so the time that a login takes does not
    /// tell whether there is such an account.
    pub const fn of_nobody() -> Self {
        Self {
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
            salt: [0; SALT_BYTES],
            hash: [0; HASH_BYTES],
        }
    }

    /// Whether `password` is the one behind this hash; takes its time.
    pub fn verify(&self, password: &str) -> bool {
        equal(&self.hashed(password), &self.hash)
    }

    fn hashed(&self, password: &str) -> [u8; HASH_BYTES] {
        let parameters = Params::new(self.memory_kib, self.passes, self.lanes, Some(HASH_BYTES))
            .expect("checked when the hash was read, or constants that are right");
        let mut hash = [0; HASH_BYTES];
        Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
            .hash_password_into(password.as_bytes(), &self.salt, &mut hash)
            .expect(
                "the salt and the hash have lengths that Argon2 takes, and so has every bounded password",
            );
        hash
    }

    /// As it is kept.
    pub fn to_text(&self) -> String {
        let encoded = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        format!(
            "$argon2id$v=19$m={},t={},p={}${}${}",
            self.memory_kib,
            self.passes,
            self.lanes,
            encoded(&self.salt),
            encoded(&self.hash)
        )
    }

    /// Reads what was kept; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("$argon2id$v=19$m=")?;
        let (memory, rest) = rest.split_once(",t=")?;
        let (passes, rest) = rest.split_once(",p=")?;
        let (lanes, rest) = rest.split_once('$')?;
        let (salt, hash) = rest.split_once('$')?;
        let (memory_kib, passes, lanes) = (memory.parse().ok()?, passes.parse().ok()?, lanes.parse().ok()?);
        if memory_kib > MAX_MEMORY_KIB || passes > MAX_PASSES {
            return None;
        }
        Params::new(memory_kib, passes, lanes, Some(HASH_BYTES)).ok()?;
        let salt = STANDARD_NO_PAD.decode(salt).ok()?.try_into().ok()?;
        let hash = STANDARD_NO_PAD.decode(hash).ok()?.try_into().ok()?;
        Some(Self { memory_kib, passes, lanes, salt, hash })
    }
}

impl fmt::Debug for SlowHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SlowHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_opens_its_hash_and_no_other_also_after_it_was_kept() {
        let hash = SlowHash::of("correct horse battery");
        let kept = SlowHash::parse(&hash.to_text()).unwrap();
        assert!(kept.verify("correct horse battery"));
        assert!(!kept.verify("correct horse batterz") && !kept.verify(""));
        assert_ne!(SlowHash::of("correct horse battery"), hash, "the salt differs");
        assert_eq!(format!("{hash:?}"), "SlowHash(..)");
    }

    #[test]
    fn the_hash_is_the_one_that_argon2id_defines() {
        // RFC 9106, Argon2id, by the reference implementation: argon2 somesalt1234567 -id -t 2 -m 16 -p 1 would need more
        // memory than a test should; what is checked here is that all parameters take part.
        let hash = SlowHash::of("a password of people");
        let with = |text: &str, changed: &str| {
            SlowHash::parse(&hash.to_text().replace(text, changed)).unwrap().verify("a password of people")
        };
        assert!(with("t=2", "t=2") && !with("t=2", "t=3") && !with("m=19456", "m=9728"));
    }

    #[test]
    fn what_is_not_such_a_hash_is_not_read() {
        let text = SlowHash::of_nobody().to_text();
        assert!(SlowHash::parse(&text).is_some());
        for damaged in [
            "",
            "$argon2id$",
            &text.replace("argon2id", "argon2i"),
            &text.replace("m=19456", "m=99999999"),
            &text.replace("t=2", "t=0"),
            &text[..text.len() - 2],
        ] {
            assert_eq!(SlowHash::parse(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn passwords_that_are_guessed_first_are_not_taken() {
        assert_eq!(check("short-one", "ann"), Err(WeakPassword::TooShort));
        assert_eq!(check(&"long".repeat(65), "ann"), Err(WeakPassword::TooLong));
        assert_eq!(check("aaaaabbbbbcccc", "ann"), Err(WeakPassword::TooSimple));
        assert_eq!(check("my-Operator-2026", "operator"), Err(WeakPassword::ContainsName));
        assert_eq!(check("一二三四五六七八九十", "ann"), Ok(()), "characters count, not bytes");
        assert_eq!(check(&generated(), "root"), Ok(()));
    }
}
