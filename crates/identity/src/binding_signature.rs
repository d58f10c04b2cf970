//! The signature in a device's QR code: whoever scans it may bind the device to a family. The vendor's answer is 32
//! hexadecimal characters (facts: GenSingleDeviceSignatureOfPublic), and the app hands back nothing else
//! (AppSecureAddDeviceInFamily takes `DeviceSignature` alone), so the 16 bytes must themselves say which device is
//! meant and until when.
//!
//! They are one block of AES-128 under a key of the installation: five bytes of the device's number, four of the last
//! second, seven zeros. A block cipher is a permutation nobody can predict without its key, so a made-up signature opens
//! to seven zeros once in 2^56 tries, and each try is a request. Numbers of devices are never reused: the signature of a
//! deleted device names nothing.

use aes::Aes128;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use yizhan_vocabulary::{DeviceId, UnixMillis};

use crate::digest::{Hash, equal};

/// Told apart from everything else that is made with a key of this installation.
const PURPOSE: &[u8] = b"yizhan-binding-signature-1";
const BLOCK: usize = 16;
const NUMBER: usize = 5;
const MOMENT: usize = 4;
/// The longest time that can be asked for in seconds; -1 stands for [`FOREVER_S`].
pub const MAX_EXPIRE_S: i64 = 86_400;
/// What -1 stands for: ten years, long enough to be printed on a box.
pub const FOREVER_S: i64 = 10 * 365 * 86_400;

/// Why a signature binds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BindingRefusal {
    /// It is not 32 hexadecimal characters, or not of this installation.
    #[error("the device signature is not valid")]
    Unknown,
    /// Its time is over.
    #[error("the device signature has expired")]
    Expired,
}

/// Makes and opens device signatures with a key of the installation.
pub struct BindingSigner {
    cipher: Aes128,
}

impl BindingSigner {
    /// A signer with a key derived from `key`.
    pub fn new(key: &[u8; 32]) -> Self {
        let derived = Hash::Sha256.hmac(key, &[PURPOSE]);
        let key: [u8; BLOCK] = *derived.as_slice().first_chunk().expect("SHA-256 has more than 16 bytes");
        Self { cipher: Aes128::new(&key.into()) }
    }

    /// The signature for the device until the second in which `end` lies. `None` for a number or a time that does not
    /// fit into its place: the device with the number 2^40, and the year 2106.
    pub fn sign(&self, device: DeviceId, end: UnixMillis) -> Option<String> {
        let seconds = u32::try_from(end.seconds()).ok()?;
        let number = device.0.to_be_bytes();
        if number[..8 - NUMBER] != [0; 8 - NUMBER] {
            return None;
        }
        let mut block = [0; BLOCK];
        block[..NUMBER].copy_from_slice(&number[8 - NUMBER..]);
        block[NUMBER..NUMBER + MOMENT].copy_from_slice(&seconds.to_be_bytes());
        let mut block = block.into();
        self.cipher.encrypt_block(&mut block);
        Some(hex::encode(block))
    }

    /// The device that a signature binds now.
    pub fn open(&self, signature: &str, now: UnixMillis) -> Result<DeviceId, BindingRefusal> {
        let mut block = [0; BLOCK];
        hex::decode_to_slice(signature, &mut block).map_err(|_| BindingRefusal::Unknown)?;
        let mut block = block.into();
        self.cipher.decrypt_block(&mut block);
        let block: [u8; BLOCK] = block.into();
        let (number, rest) = block.split_at(NUMBER);
        let (moment, zeros) = rest.split_at(MOMENT);
        if !equal(zeros, &[0; BLOCK - NUMBER - MOMENT]) {
            return Err(BindingRefusal::Unknown);
        }
        let seconds = moment.iter().fold(0, |sum, byte| (sum << 8) | i64::from(*byte));
        if now.seconds() > seconds {
            return Err(BindingRefusal::Expired);
        }
        Ok(DeviceId(number.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte))))
    }
}

impl std::fmt::Debug for BindingSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("BindingSigner(..)")
    }
}

/// The last moment of a signature that was asked for with `expire` seconds: 1 to 86400, or -1 for ten years (facts,
/// GenSingleDeviceSignatureOfPublic.Expire). `None` for any other number.
pub fn end_of(expire: i64, now: UnixMillis) -> Option<UnixMillis> {
    match expire {
        -1 => Some(now.plus_ms(FOREVER_S * 1000)),
        1..=MAX_EXPIRE_S => Some(now.plus_ms(expire * 1000)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_220_173_000);

    #[test]
    fn a_signature_names_its_device_until_its_end() {
        let signer = BindingSigner::new(&[7; 32]);
        for number in [1, 77, (1 << 40) - 1] {
            let signature = signer.sign(DeviceId(number), NOW.plus_ms(60_000)).unwrap();
            assert_eq!(signature.len(), 32);
            assert_eq!(signer.open(&signature, NOW), Ok(DeviceId(number)));
            assert_eq!(signer.open(&signature.to_uppercase(), NOW.plus_ms(60_000)), Ok(DeviceId(number)));
            assert_eq!(signer.open(&signature, NOW.plus_ms(61_000)), Err(BindingRefusal::Expired));
        }
        assert_eq!(signer.sign(DeviceId(1 << 40), NOW), None);
        assert_eq!(signer.sign(DeviceId(1), UnixMillis(i64::from(u32::MAX) * 1000 + 1000)), None);
    }

    #[test]
    fn what_another_key_made_or_nobody_made_binds_nothing() {
        let signer = BindingSigner::new(&[7; 32]);
        let signature = BindingSigner::new(&[8; 32]).sign(DeviceId(1), NOW).unwrap();
        let mut changed = signer.sign(DeviceId(1), NOW).unwrap();
        let last = if changed.ends_with('0') { "1" } else { "0" };
        changed.replace_range(31.., last);
        for signature in [signature.as_str(), changed.as_str(), "", "00", &"0".repeat(32), &"x".repeat(32)] {
            assert_eq!(signer.open(signature, NOW), Err(BindingRefusal::Unknown), "{signature}");
        }
    }

    #[test]
    fn the_time_asked_for_is_a_day_at_most_or_ten_years() {
        assert_eq!(end_of(-1, NOW), Some(NOW.plus_ms(FOREVER_S * 1000)));
        assert_eq!(end_of(1, NOW), Some(NOW.plus_ms(1000)));
        assert_eq!(end_of(86_400, NOW), Some(NOW.plus_ms(86_400_000)));
        assert!([0, -2, 86_401, i64::MAX].iter().all(|expire| end_of(*expire, NOW).is_none()));
    }
}
