//! The encrypted part of a registration answer (device protocol facts §3.3): AES-128-CBC with the first half of
//! the product secret, an IV of sixteen ASCII zeros and *zero padding*: some kits take the bytes as they are.

use aes::Aes128;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cbc::cipher::block_padding::NoPadding;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::secret::{DeviceSecret, ProductSecret};

const BLOCK: usize = 16;
const IV: [u8; BLOCK] = [b'0'; BLOCK];

/// What a device is given.
#[derive(Debug, Clone, Copy)]
pub enum Credentials<'a> {
    /// The secret of a key device.
    Key(&'a DeviceSecret),
    /// Certificate and private key (PEM) of a certificate device.
    Certificate {
        /// The certificate.
        certificate: &'a str,
        /// Its private key.
        private_key: &'a str,
    },
}

/// Credentials, encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedPayload {
    /// Bytes of the text before padding.
    pub length: usize,
    /// Base64 of the ciphertext.
    pub base64: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KeyText<'a> {
    encryption_type: u8,
    psk: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CertificateText<'a> {
    encryption_type: u8,
    client_cert: &'a str,
    client_key: &'a str,
}

impl Credentials<'_> {
    /// Encrypts the credentials for the holder of the product's secret.
    pub fn encrypt(&self, secret: &ProductSecret) -> EncryptedPayload {
        let text = match self {
            Self::Key(device) => serde_json::to_vec(&KeyText { encryption_type: 2, psk: device.as_text() }),
            Self::Certificate { certificate, private_key } => serde_json::to_vec(&CertificateText {
                encryption_type: 1,
                client_cert: certificate,
                client_key: private_key,
            }),
        };
        let mut bytes = Zeroizing::new(text.expect("texts and numbers are always JSON"));
        let length = bytes.len();
        bytes.resize(length.next_multiple_of(BLOCK), 0);
        let whole = bytes.len();
        let ciphertext = cbc::Encryptor::<Aes128>::new(secret.payload_key().into(), &IV.into())
            .encrypt_padded::<NoPadding>(&mut bytes, whole)
            .expect("the text was filled up to whole blocks");
        EncryptedPayload { length, base64: STANDARD.encode(ciphertext) }
    }
}

/// Decrypts a registration answer as a device does; for the simulator and tests.
pub fn decrypt(base64: &str, length: usize, secret: &ProductSecret) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(STANDARD.decode(base64).ok()?);
    cbc::Decryptor::<Aes128>::new(secret.payload_key().into(), &IV.into())
        .decrypt_padded::<NoPadding>(&mut bytes)
        .ok()?;
    let padding = bytes.get(length..)?;
    if padding.len() >= BLOCK || padding.iter().any(|&byte| byte != 0) {
        return None;
    }
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product() -> ProductSecret {
        ProductSecret::parse("hzvf5LF9S0isvBhDSauWMaIk").unwrap()
    }

    #[test]
    fn the_example_of_the_device_guide_is_reproduced() {
        let device = DeviceSecret::parse("lDZ6Uqt+I9E0wW7rvDUs7Q==").unwrap();
        let payload = Credentials::Key(&device).encrypt(&product());
        assert_eq!(payload.length, 53);
        assert_eq!(
            payload.base64,
            "s6FB3a1BA/YYbcmSE12XpeDVmQNDcf1QgVD141RRbmmAnFwQfp1ECAu5O016mCOvYlJJ6V59yM4OqQSiWphfTg=="
        );
        let clear = decrypt(&payload.base64, payload.length, &product()).unwrap();
        assert_eq!(clear.as_slice(), br#"{"encryptionType":2,"psk":"lDZ6Uqt+I9E0wW7rvDUs7Q=="}"#);
    }

    #[test]
    fn a_certificates_line_ends_are_escaped() {
        let credentials = Credentials::Certificate { certificate: "-----BEGIN\nx\n", private_key: "k\n" };
        let payload = credentials.encrypt(&product());
        let clear = decrypt(&payload.base64, payload.length, &product()).unwrap();
        let expected = br#"{"encryptionType":1,"clientCert":"-----BEGIN\nx\n","clientKey":"k\n"}"#;
        assert_eq!(clear.as_slice(), expected);
    }

    #[test]
    fn a_text_of_whole_blocks_is_not_padded() {
        for length in 0..40 {
            let certificate = "c".repeat(length);
            let credentials = Credentials::Certificate { certificate: &certificate, private_key: "k" };
            let payload = credentials.encrypt(&product());
            let ciphertext = STANDARD.decode(&payload.base64).unwrap();
            assert_eq!(ciphertext.len(), payload.length.next_multiple_of(16));
            assert!(decrypt(&payload.base64, payload.length, &product()).is_some());
        }
    }

    #[test]
    fn another_products_secret_does_not_decrypt() {
        let device = DeviceSecret::generate();
        let payload = Credentials::Key(&device).encrypt(&product());
        let other = ProductSecret::generate();
        assert_ne!(
            decrypt(&payload.base64, payload.length, &other),
            decrypt(&payload.base64, payload.length, &product())
        );
        assert_eq!(decrypt("AAAA", 3, &other), None);
        assert_eq!(decrypt(&payload.base64, 1000, &other), None);
    }
}
