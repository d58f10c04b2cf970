//! What a device proves itself with: product id, name and secret, and the CONNECT fields made from them
//! (device protocol facts §1.2, §1.3).

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde::{Deserialize, Serialize};

/// The application id that the vendor's C SDK sends; servers do not check it.
const SDK_APP_ID: &str = "21010406";

/// One device's identity and key, as `yizhan admin device create --json` prints them.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credential {
    /// Ten characters.
    #[serde(alias = "product_id")]
    pub product: String,
    /// The device's name within the product.
    #[serde(alias = "name")]
    pub device: String,
    /// Base64 text as the platform hands it out.
    pub secret: String,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Credential({}/{}, secret hidden)", self.product, self.device)
    }
}

/// Why a credential cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The secret is not base64.
    #[error("the secret of {0} is not base64 text: copy it from the device's page again")]
    SecretNotBase64(String),
    /// The signature could not be made.
    #[error("the signature of {0} cannot be computed: {1}")]
    Signature(String, String),
}

/// The CONNECT fields of a device login.
#[derive(Clone)]
pub struct Login {
    /// Product id and device name without a separator; also the PSK identity.
    pub client_id: String,
    /// `client_id;app id;connection id;expiry`.
    pub username: String,
    /// `hex;hmacsha1` or `hmacsha256`; absent over TLS-PSK, which has proved the key already.
    pub password: Option<String>,
    /// The decoded secret: the PSK.
    pub key: Vec<u8>,
}

impl Credential {
    /// Builds the login. `connection_id` is five letters or digits; `expiry` is in seconds.
    pub fn login(&self, connection_id: &str, expiry: u64, signed: bool) -> Result<Login, CredentialError> {
        let client_id = format!("{}{}", self.product, self.device);
        let key = openssl::base64::decode_block(self.secret.trim())
            .map_err(|_| CredentialError::SecretNotBase64(client_id.clone()))?;
        let username = format!("{client_id};{SDK_APP_ID};{connection_id};{expiry}");
        let password = match signed {
            true => Some(
                sign(&key, &username)
                    .map_err(|error| CredentialError::Signature(client_id.clone(), error.to_string()))?,
            ),
            false => None,
        };
        Ok(Login { client_id, username, password, key })
    }
}

/// `HEX;hmacsha256` of the whole user name.
fn sign(key: &[u8], username: &str) -> Result<String, openssl::error::ErrorStack> {
    let key = PKey::hmac(key)?;
    let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
    let digest = signer.sign_oneshot_to_vec(username.as_bytes())?;
    let mut password = String::with_capacity(digest.len() * 2 + 11);
    for byte in digest {
        use std::fmt::Write as _;
        write!(password, "{byte:02x}").expect("writing to a String does not fail");
    }
    password.push_str(";hmacsha256");
    Ok(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demo() -> Credential {
        Credential {
            product: "DEMOPROD01".into(),
            device: "dev001".into(),
            secret: "lDZ6Uqt+I9E0wW7rvDUs7Q==".into(),
        }
    }

    #[test]
    fn the_login_signs_the_whole_user_name_with_the_decoded_secret() {
        let login = demo().login("ABCDE", 2_147_483_647, true).unwrap();
        assert_eq!(login.client_id, "DEMOPROD01dev001");
        assert_eq!(login.username, "DEMOPROD01dev001;21010406;ABCDE;2147483647");
        assert_eq!(login.key.len(), 16);
        let vector = sign(&login.key, "DEMOPROD01dev001;12010126;ABCDE;2147483647").unwrap();
        assert_eq!(vector, "9aec8e9f55a5cfd89efa38e551a2609cbdff71ea0d8baad90a711703c5b9dc67;hmacsha256");
    }

    #[test]
    fn a_psk_login_has_no_password() {
        assert!(demo().login("ABCDE", 1, false).unwrap().password.is_none());
    }

    #[test]
    fn a_secret_that_is_not_base64_is_named() {
        let bad = Credential { secret: "not base64!".into(), ..demo() };
        let error = bad.login("ABCDE", 1, true).err().unwrap();
        assert_eq!(error, CredentialError::SecretNotBase64("DEMOPROD01dev001".into()));
    }

    #[test]
    fn the_secret_does_not_show_in_debug_output() {
        assert!(!format!("{:?}", demo()).contains("lDZ6"));
    }

    #[test]
    fn credentials_read_from_what_the_admin_command_prints() {
        let text = r#"{"product_id":"DEMOPROD01","name":"dev001","secret":"lDZ6Uqt+I9E0wW7rvDUs7Q=="}"#;
        let read: Credential = serde_json::from_str(text).unwrap();
        assert_eq!(read.device, "dev001");
    }
}
