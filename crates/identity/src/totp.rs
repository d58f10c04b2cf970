//! The second factor: codes that a telephone makes from a shared secret and the time (RFC 6238 with the parameters that
//! every authenticator has: SHA-1, six digits, thirty seconds), and the recovery codes for whoever lost the telephone.
//!
//! What must stay true: a code is taken once. The caller keeps the step of the last one, and only later steps count.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use yizhan_vocabulary::UnixMillis;
use zeroize::Zeroizing;

use crate::digest::equal;
use crate::secret::random;

/// Seconds of one step.
const STEP_SECONDS: i64 = 30;
/// Steps by which the telephone's clock may be wrong, each way.
const TOLERANCE: i64 = 1;
/// Bytes of a secret: what RFC 4226 recommends.
const SECRET_BYTES: usize = 20;
/// Recovery codes that a person gets.
pub const RECOVERY_CODES: usize = 10;
/// The alphabet of base32 (RFC 4648).
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// A new secret: base32, as authenticators read it.
pub fn generate_secret() -> Zeroizing<String> {
    base32(Zeroizing::new(random::<SECRET_BYTES>()).as_slice())
}

/// What the QR code says: the secret for an account of this installation.
pub fn uri(secret: &str, issuer: &str, account: &str) -> Zeroizing<String> {
    let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
    Zeroizing::new(format!(
        "otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}&algorithm=SHA1&digits=6&period=30"
    ))
}

/// The step whose code was given, if it is near to now and later than `last_step`; `None` if the code is refused.
pub fn accept(secret: &str, code: &str, now: UnixMillis, last_step: i64) -> Option<i64> {
    let secret = Zeroizing::new(from_base32(secret)?);
    let code: String = code.chars().filter(|letter| !letter.is_whitespace()).collect();
    if code.len() != 6 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let present = now.seconds().div_euclid(STEP_SECONDS);
    let steps = (present - TOLERANCE..=present + TOLERANCE).filter(|step| *step > last_step);
    // All of them are looked at: the time says nothing about which one it was.
    steps.fold(None, |found, step| {
        let right = equal(code_of(&secret, step).as_bytes(), code.as_bytes());
        if right { found.or(Some(step)) } else { found }
    })
}

/// The code that an authenticator shows at a moment; `None` if this is no secret.
pub fn code_at(secret: &str, at: UnixMillis) -> Option<String> {
    let secret = Zeroizing::new(from_base32(secret)?);
    Some(code_of(&secret, at.seconds().div_euclid(STEP_SECONDS)))
}

fn code_of(secret: &[u8], step: i64) -> String {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of every length");
    mac.update(&step.to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let offset = usize::from(digest[19] & 0x0f);
    let word = [digest[offset], digest[offset + 1], digest[offset + 2], digest[offset + 3]];
    let number = u32::from_be_bytes(word) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// New recovery codes of 80 random bits each, to be shown once, and their hashes.
pub fn generate_recovery_codes() -> (Vec<Zeroizing<String>>, Vec<[u8; 32]>) {
    let codes: Vec<_> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
    let hashes = codes.iter().map(|code| hash_recovery_code(code)).collect();
    (codes, hashes)
}

/// Sixteen letters and digits in groups of four.
fn recovery_code() -> Zeroizing<String> {
    let letters = base32(Zeroizing::new(random::<10>()).as_slice());
    let mut code = Zeroizing::new(String::with_capacity(19));
    for (place, letter) in letters.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

/// The hash under which a recovery code is kept and found, however it was typed. The codes are random, so one round is
/// enough.
pub fn hash_recovery_code(code: &str) -> [u8; 32] {
    let typed = Zeroizing::new(
        code.chars()
            .filter(char::is_ascii_alphanumeric)
            .take(64)
            .map(|letter| letter.to_ascii_uppercase())
            .collect::<String>(),
    );
    Sha256::digest(typed.as_bytes()).into()
}

fn base32(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 8 / 5 + 1));
    let (mut bits, mut held) = (0u32, 0);
    for byte in bytes {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(BASE32[(bits >> held & 31) as usize]));
        }
        bits &= (1 << held) - 1;
    }
    debug_assert!(held == 0, "secrets and codes are whole groups of five bits");
    text
}

fn from_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() * 5 / 8);
    let (mut bits, mut held) = (0u32, 0);
    for letter in text.bytes() {
        let value = BASE32.iter().position(|known| *known == letter)?;
        bits = (bits << 5) | u32::try_from(value).ok()?;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    Some(bytes)
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B: "12345678901234567890".
    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    fn accepted(code: &str, seconds: i64, last_step: i64) -> Option<i64> {
        accept(SECRET, code, UnixMillis(seconds * 1_000), last_step)
    }

    #[test]
    fn the_codes_are_those_of_the_standard() {
        // Appendix B has eight digits; the last six are the code of six digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(accepted(code, seconds, i64::MIN), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_taken_once_and_only_near_its_time() {
        assert_eq!(accepted("287 082", 59, i64::MIN), Some(1), "as authenticators show it");
        assert_eq!(accepted("287082", 59, 1), None, "used before");
        assert_eq!(accepted("287082", 59 + 30, 0), Some(1));
        assert_eq!(accepted("287082", 59 + 60, 0), None);
        for wrong in ["", "28708", "2870822", "28708a", "000000"] {
            assert_eq!(accepted(wrong, 59, i64::MIN), None, "{wrong}");
        }
    }

    #[test]
    fn secrets_and_recovery_codes_have_their_form() {
        let secret = generate_secret();
        assert_eq!((secret.len(), from_base32(&secret).map(|bytes| bytes.len())), (32, Some(20)));
        let (codes, hashes) = generate_recovery_codes();
        assert_eq!((codes.len(), hashes.len()), (RECOVERY_CODES, RECOVERY_CODES));
        assert!(codes.iter().all(|code| code.len() == 19), "{}", codes[0].len());
        let typed = codes[3].to_lowercase().replace('-', " ");
        assert_eq!(hash_recovery_code(&typed), hashes[3]);
        assert_ne!(hashes[3], hashes[4]);
    }

    #[test]
    fn the_uri_names_the_account_whatever_its_characters() {
        let uri = uri(SECRET, "Yizhan 驿站", "acme/ann+1");
        assert_eq!(
            uri.as_str(),
            "otpauth://totp/Yizhan%20%E9%A9%BF%E7%AB%99:acme%2Fann%2B1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Yizhan%20%E9%A9%BF%E7%AB%99&algorithm=SHA1&digits=6&period=30"
        );
    }
}
