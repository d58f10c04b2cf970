//! The answers on the wire. Every one, a refusal too, goes out with HTTP status 200: the kits treat any other
//! status as a broken transport and never read the body. The C kit reads 256 bytes of body at most, so the old
//! style stays compact.

use serde::Serialize;

use super::{EncryptedPayload, RegistrationError};
use crate::secret::random;

/// A new request id: a random UUID.
pub fn request_id() -> String {
    let mut bytes = random::<16>();
    bytes[6] = (bytes[6] & 0x0F) | 0x40;
    bytes[8] = (bytes[8] & 0x3F) | 0x80;
    let digits = hex::encode(bytes);
    format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewAnswer<'a> {
    response: NewBody<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<NewError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
    request_id: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct NewError {
    code: String,
    message: &'static str,
}

#[derive(Serialize)]
struct OldAnswer<'a> {
    code: u16,
    message: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    len: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a str>,
}

fn write(answer: &impl Serialize) -> String {
    serde_json::to_string(answer).expect("texts and numbers are always JSON")
}

/// Credentials, in the answer to `POST /device/register`.
pub fn new_style_success(payload: &EncryptedPayload, request_id: &str) -> String {
    let response =
        NewBody { error: None, len: Some(payload.length), payload: Some(&payload.base64), request_id };
    write(&NewAnswer { response })
}

/// A refusal, in the answer to `POST /device/register`.
pub fn new_style_error(error: RegistrationError, request_id: &str) -> String {
    let error = Some(NewError { code: error.code().to_string(), message: error.message() });
    write(&NewAnswer { response: NewBody { error, len: None, payload: None, request_id } })
}

/// Credentials, in the answer to `POST /register/dev`.
pub fn old_style_success(payload: &EncryptedPayload) -> String {
    write(&OldAnswer { code: 0, message: "", len: Some(payload.length), payload: Some(&payload.base64) })
}

/// A refusal, in the answer to `POST /register/dev`.
pub fn old_style_error(error: RegistrationError) -> String {
    write(&OldAnswer { code: error.code(), message: error.message(), len: None, payload: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::Credentials;
    use crate::secret::{DeviceSecret, ProductSecret};

    #[test]
    fn the_answers_have_the_vendors_form() {
        let payload = EncryptedPayload { length: 53, base64: "AAAA".into() };
        assert_eq!(
            new_style_success(&payload, "f4da4f1f"),
            r#"{"Response":{"Len":53,"Payload":"AAAA","RequestId":"f4da4f1f"}}"#
        );
        assert_eq!(
            new_style_error(RegistrationError::AlreadyActivated, "1"),
            r#"{"Response":{"Error":{"Code":"1021","Message":"Device has been activated"},"RequestId":"1"}}"#
        );
        assert_eq!(old_style_success(&payload), r#"{"code":0,"message":"","len":53,"payload":"AAAA"}"#);
        assert_eq!(
            old_style_error(RegistrationError::AlreadyActivated),
            r#"{"code":1021,"message":"Device has been activated"}"#
        );
    }

    #[test]
    fn an_old_style_answer_fits_the_c_kits_buffer() {
        let longest = DeviceSecret::parse(&"A".repeat(64)).unwrap();
        let payload = Credentials::Key(&longest).encrypt(&ProductSecret::generate());
        assert!(old_style_success(&payload).len() <= 256);
    }

    #[test]
    fn request_ids_are_random_uuids() {
        let (one, two) = (request_id(), request_id());
        assert_ne!(one, two);
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
    }
}
