//! Who is connecting, and what they may do: device signatures, secrets, certificates, dynamic registration,
//! brute-force limits and topic permission.
//!
//! Rules and cryptography only: nothing here reads the registry, a socket or a clock. What is known about a
//! device, and the time, come as arguments; the answer is a verdict with a named reason.

pub mod authority;
pub mod binding_signature;
pub mod cloud_signature;
pub mod device_auth;
mod digest;
pub mod log_block;
pub mod password;
pub mod registration;
pub mod secret;
pub mod signed_request;
pub mod signed_url;
pub mod throttle;
pub mod topic_permission;
pub mod totp;
pub mod users;

pub use authority::Authority;
pub use binding_signature::BindingSigner;
pub use device_auth::DeviceLogin;
pub use registration::RegistrationError;
pub use secret::{DeviceSecret, ProductSecret};
pub use signed_url::UrlSigner;
pub use throttle::Throttle;
pub use topic_permission::TopicPermission;
