//! The names a server certificate carries: the defaults, which the vendor's clients were built for, and what the
//! operator configured.

use std::net::IpAddr;

use openssl::x509::X509Extension;
use openssl::x509::X509v3Context;
use openssl::x509::extension::SubjectAlternativeName;

use super::AuthorityError;

/// Names that every server certificate carries.
pub const DEFAULT_NAMES: [&str; 5] = [
    "localhost",
    "*.iotcloud.tencentdevices.com",
    "*.ap-guangzhou.iothub.tencentdevices.com",
    "127.0.0.1",
    "::1",
];

/// How many names a certificate may carry: old clients read handshakes into small buffers.
const MAX_NAMES: usize = 64;

/// A checked list of names, without repetitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerNames(Vec<String>);

impl ServerNames {
    /// The default names and `configured` ones: DNS names, also `*.` in front, and IP addresses.
    pub fn with<'a>(configured: impl IntoIterator<Item = &'a str>) -> Result<Self, AuthorityError> {
        let mut names: Vec<String> = Vec::new();
        for name in DEFAULT_NAMES.into_iter().chain(configured) {
            let canonical = canonical(name).ok_or_else(|| AuthorityError::InvalidName(name.to_owned()))?;
            if names.len() >= MAX_NAMES {
                return Err(AuthorityError::InvalidName(format!("{name} (more than {MAX_NAMES} names)")));
            }
            if !names.contains(&canonical) {
                names.push(canonical);
            }
        }
        Ok(Self(names))
    }

    /// The names as texts.
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }

    /// Whether each of these names is in `present`.
    pub(super) fn are_in(&self, present: &[String]) -> bool {
        self.0.iter().all(|name| present.contains(name))
    }

    pub(super) fn extension(&self, context: &X509v3Context<'_>) -> Result<X509Extension, AuthorityError> {
        let mut alternatives = SubjectAlternativeName::new();
        for name in &self.0 {
            match name.parse::<IpAddr>() {
                Ok(_) => alternatives.ip(name),
                Err(_) => alternatives.dns(name),
            };
        }
        Ok(alternatives.build(context)?)
    }
}

/// The one spelling of a name, if it is one.
fn canonical(name: &str) -> Option<String> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(address.to_string());
    }
    let labels = name.strip_prefix("*.").unwrap_or(name);
    let label_fits = |label: &str| {
        let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // The last label of a DNS name is never a number: what ends in one is a mistyped address.
    let typo = labels.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let fits = name.len() <= 253 && labels.split('.').all(label_fits) && !typo;
    fits.then(|| name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_and_kept_once() {
        let names =
            ServerNames::with(["Iot.Example.com", "iot.example.com", "192.0.2.1", "2001:DB8::1"]).unwrap();
        let own = &names.as_slice()[DEFAULT_NAMES.len()..];
        assert_eq!(own, ["iot.example.com", "192.0.2.1", "2001:db8::1"]);
        for refused in ["", "a b", "a..b", "*", "a.*.b", "-a", "a,DNS:b", "192.0.2.300", "host:80", "é", "a."]
        {
            assert!(ServerNames::with([refused]).is_err(), "{refused:?}");
        }
    }
}
