//! What a telephone's authenticator shows (RFC 6238), written independently of the server.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::device::SignatureAlgorithm;

/// The six digits that are shown now for a secret in base32.
pub fn code_now(secret: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
    let digits = SignatureAlgorithm::Sha1.sign(&base32(secret), &(now / 30).to_be_bytes());
    let bytes = hex::decode(digits).expect("a digest is shown in hex");
    let offset = usize::from(bytes[19] % 16);
    let word = bytes[offset..offset + 4].iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    format!("{:06}", word % (1 << 31) % 1_000_000)
}

fn base32(text: &str) -> Vec<u8> {
    let bits: String = text
        .bytes()
        .map(|letter| if letter.is_ascii_digit() { letter - b'2' + 26 } else { letter - b'A' })
        .map(|value| format!("{value:05b}"))
        .collect();
    let whole =
        bits.as_bytes().chunks_exact(8).map(|byte| std::str::from_utf8(byte).expect("zeros and ones"));
    whole.map(|byte| u8::from_str_radix(byte, 2).expect("eight bits")).collect()
}
