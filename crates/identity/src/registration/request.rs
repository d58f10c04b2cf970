//! The two forms of a registration request: signed by headers (`POST /device/register`) and signed inside the
//! body (`POST /register/dev`).

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use yizhan_vocabulary::{DeviceName, ProductId};

use super::RegistrationError;
use crate::digest::{Hash, equal};
use crate::secret::ProductSecret;

/// The longest body that is looked at (a certificate request may be in it).
pub const MAX_BODY: usize = 16 * 1024;

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, RegistrationError> {
    if body.len() > MAX_BODY {
        return Err(RegistrationError::MalformedRequest);
    }
    serde_json::from_slice(body).map_err(|_| RegistrationError::MalformedRequest)
}

/// The body of `POST /device/register`. Its signature is in the headers:
/// [`SignedRequest`](crate::signed_request::SignedRequest), with the product secret's text as key.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NewRequest {
    /// The product.
    pub product_id: ProductId,
    /// The device.
    pub device_name: DeviceName,
}

impl NewRequest {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, RegistrationError> {
        read(body)
    }
}

/// The body of `POST /register/dev`.
#[derive(Debug, Clone)]
pub struct OldRequest {
    /// The product.
    pub product_id: ProductId,
    /// The device.
    pub device_name: DeviceName,
    signed_text: String,
    signature: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OldBody<'a> {
    product_id: ProductId,
    device_name: DeviceName,
    nonce: Integer,
    timestamp: Integer,
    #[serde(borrow)]
    signature: Cow<'a, str>,
}

/// A number, which one kit writes as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Integer {
    Number(i64),
    Text(String),
}

impl Integer {
    fn into_text(self) -> Result<String, RegistrationError> {
        let fits = |text: &str| {
            (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        };
        match self {
            Self::Number(number) => Ok(number.to_string()),
            Self::Text(text) if fits(&text) => Ok(text),
            Self::Text(_) => Err(RegistrationError::MalformedRequest),
        }
    }
}

impl OldRequest {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, RegistrationError> {
        const MAX_SIGNATURE: usize = 128;
        let body: OldBody<'_> = read(body)?;
        if body.signature.len() > MAX_SIGNATURE {
            return Err(RegistrationError::BadSignature);
        }
        let (nonce, timestamp) = (body.nonce.into_text()?, body.timestamp.into_text()?);
        let signed_text = format!(
            "deviceName={}&nonce={nonce}&productId={}&timestamp={timestamp}",
            body.device_name, body.product_id
        );
        Ok(Self {
            product_id: body.product_id,
            device_name: body.device_name,
            signed_text,
            signature: body.signature.into_owned(),
        })
    }

    /// Checks the signature in both readings of the documents: base64 of the digest's hexadecimal text, as the
    /// C kit sends it, or of the digest itself. The timestamp may be 0, so it says nothing.
    pub fn verify(&self, secret: &ProductSecret) -> Result<(), RegistrationError> {
        let digest = Hash::Sha1.hmac(secret.as_text().as_bytes(), &[self.signed_text.as_bytes()]);
        let given = STANDARD.decode(&self.signature).map_err(|_| RegistrationError::BadSignature)?;
        let as_hex = hex::encode(digest.as_slice());
        if equal(&given, as_hex.as_bytes()) || equal(&given, digest.as_slice()) {
            Ok(())
        } else {
            Err(RegistrationError::BadSignature)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The captured request of the facts, §3.2.
    const OLD: &str = r#"{"deviceName":"dev001","nonce":1182842157,"productId":"DEMOPROD01","timestamp":1795220413,"signature":"OGNmYzk1ZjM5NzI1MGVlZWI5OGNlYzJlNzIxZmZlNzkyMzhjYjRkYQ=="}"#;

    fn secret() -> ProductSecret {
        ProductSecret::parse("hzvf5LF9S0isvBhDSauWMaIk").unwrap()
    }

    fn verdict(body: &str) -> Result<(), RegistrationError> {
        OldRequest::parse(body.as_bytes())?.verify(&secret())
    }

    #[test]
    fn the_c_kits_request_is_accepted() {
        let request = OldRequest::parse(OLD.as_bytes()).unwrap();
        assert_eq!((request.product_id.as_str(), request.device_name.as_str()), ("DEMOPROD01", "dev001"));
        assert_eq!(request.verify(&secret()), Ok(()));
    }

    #[test]
    fn the_other_reading_of_the_signature_is_accepted_too() {
        let raw = STANDARD.encode(hex::decode("8cfc95f397250eeeb98cec2e721ffe79238cb4da").unwrap());
        let body = OLD.replace("OGNmYzk1ZjM5NzI1MGVlZWI5OGNlYzJlNzIxZmZlNzkyMzhjYjRkYQ==", &raw);
        assert_eq!(verdict(&body), Ok(()));
    }

    #[test]
    fn numbers_may_come_as_text() {
        let body = OLD.replace("1182842157", "\"1182842157\"").replace("1795220413", "\"1795220413\"");
        assert_eq!(verdict(&body), Ok(()));
        let injected = OLD.replace("1182842157", "\"1182842157&productId=X\"");
        assert_eq!(verdict(&injected), Err(RegistrationError::MalformedRequest));
    }

    #[test]
    fn whatever_is_signed_cannot_be_changed() {
        for (from, to) in
            [("dev001", "dev002"), ("1182842157", "1"), ("DEMOPROD01", "DEMOPROD02"), ("413", "0")]
        {
            assert_eq!(verdict(&OLD.replace(from, to)), Err(RegistrationError::BadSignature), "{from}");
        }
        assert_eq!(verdict(&OLD.replace("OGN", "OGO")), Err(RegistrationError::BadSignature));
        assert_eq!(verdict(&OLD.replace("OGN", "***")), Err(RegistrationError::BadSignature));
        let endless = OLD.replace("OGN", &"OGN0".repeat(100));
        assert_eq!(verdict(&endless), Err(RegistrationError::BadSignature));
    }

    #[test]
    fn a_body_of_another_form_is_malformed() {
        let endless = format!("{OLD}{}", " ".repeat(MAX_BODY));
        for body in ["", "[]", "{}", "{\"deviceName\":1}", &OLD.replace("dev001", "a b"), &endless] {
            assert_eq!(verdict(body), Err(RegistrationError::MalformedRequest));
        }
    }

    #[test]
    fn the_new_form_is_read_whatever_its_order_and_spacing() {
        let expected = NewRequest {
            product_id: ProductId::parse("DEMOPROD01").unwrap(),
            device_name: DeviceName::parse("dev001").unwrap(),
        };
        for body in [
            r#"{"ProductId":"DEMOPROD01","DeviceName":"dev001"}"#,
            r#"{ "DeviceName": "dev001", "ProductId": "DEMOPROD01", "clientCert": "x" }"#,
        ] {
            assert_eq!(NewRequest::parse(body.as_bytes()), Ok(expected.clone()));
        }
        for body in ["", "{}", r#"{"ProductId":"SHORT","DeviceName":"dev001"}"#, "\u{0}"] {
            assert_eq!(NewRequest::parse(body.as_bytes()), Err(RegistrationError::MalformedRequest));
        }
    }
}
