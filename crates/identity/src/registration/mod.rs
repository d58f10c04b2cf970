//! Dynamic registration: a device that knows only its product's secret asks for its own credentials over HTTP
//! (device protocol facts §3.1 to §3.4).
//!
//! The order is the caller's: read the request ([`NewRequest`] or [`OldRequest`]), find the product, verify the
//! signature, find the device, [`admit`] it, encrypt its credentials ([`Credentials::encrypt`]) and write the
//! answer. Every refusal is one of [`RegistrationError`], in both styles of answer.

mod answer;
mod payload;
mod request;
mod rules;

pub use answer::{new_style_error, new_style_success, old_style_error, old_style_success, request_id};
pub use payload::{Credentials, EncryptedPayload, decrypt};
pub use request::{MAX_BODY, NewRequest, OldRequest};
pub use rules::{Admission, KnownDevice, RegistrationFacts, RegistrationRule, admit};

/// Declares the catalogue of refusals: code, name and message of each, and the list of all.
macro_rules! registration_errors {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $name:literal, $message:literal;)+) => {
        /// Why a registration is refused. Codes and names are stable: devices and people see them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
        pub enum RegistrationError { $($(#[$doc])* #[error($message)] $variant,)+ }

        impl RegistrationError {
            /// Every refusal.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The code on the wire; never zero.
            pub const fn code(self) -> u16 {
                match self { $(Self::$variant => $code,)+ }
            }

            /// The name in metrics and lists.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The message on the wire.
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)+ }
            }
        }
    };
}

registration_errors! {
    /// The body or a header is not of the required form.
    MalformedRequest = 1001, "malformed_request", "The request is not well formed";
    /// The signature algorithm is not offered.
    UnknownAlgorithm = 1002, "unknown_algorithm", "The signature algorithm is not supported";
    /// The signature is wrong.
    BadSignature = 1003, "bad_signature", "The signature does not match";
    /// There is no such product.
    UnknownProduct = 1004, "unknown_product", "The product does not exist";
    /// The product is disabled.
    ProductDisabled = 1005, "product_disabled", "The product is disabled";
    /// The product does not allow dynamic registration.
    RegistrationOff = 1006, "registration_off", "Dynamic registration is off for this product";
    /// The device was not created beforehand and the product does not create devices.
    UnknownDevice = 1007, "unknown_device", "The device does not exist";
    /// The device is disabled.
    DeviceDisabled = 1008, "device_disabled", "The device is disabled";
    /// The product has created as many devices as it may.
    QuotaExhausted = 1009, "quota_exhausted", "The quota of automatically created devices is used up";
    /// Too many failed attempts, or too many certificates handed out.
    TooManyRequests = 1010, "too_many_requests", "Too many attempts, try again later";
    /// The server cannot store anything now.
    Unavailable = 1011, "unavailable", "The server cannot register devices now, try again later";
    /// The device has connected before (the vendor's code and message).
    AlreadyActivated = 1021, "already_activated", "Device has been activated";
}

impl From<crate::signed_request::SignatureRefusal> for RegistrationError {
    fn from(refusal: crate::signed_request::SignatureRefusal) -> Self {
        use crate::signed_request::SignatureRefusal as Refusal;
        match refusal {
            Refusal::MalformedHeaders => Self::MalformedRequest,
            Refusal::UnknownAlgorithm => Self::UnknownAlgorithm,
            Refusal::BadSignature => Self::BadSignature,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_refusal_has_its_own_code_and_a_message_that_fits_the_c_client() {
        let codes: HashSet<u16> = RegistrationError::ALL.iter().map(|error| error.code()).collect();
        let names: HashSet<&str> = RegistrationError::ALL.iter().map(|error| error.as_str()).collect();
        assert_eq!(names.len(), RegistrationError::ALL.len());
        assert_eq!(codes.len(), RegistrationError::ALL.len());
        assert!(!codes.contains(&0));
        assert_eq!(RegistrationError::AlreadyActivated.code(), 1021);
        for error in RegistrationError::ALL {
            assert_eq!(error.to_string(), error.message());
            assert!(old_style_error(*error).len() <= 256);
        }
    }
}
