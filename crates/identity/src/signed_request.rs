//! The signature of the platform's HTTP requests (device protocol facts §3.1, §3.5, §3.6): headers `X-TC-Algorithm`,
//! `X-TC-Timestamp`, `X-TC-Nonce` and `X-TC-Signature` over method, host, path and a hash of the body.
//!
//! Clients sign the host name they were built with, which is not always the one in their `Host` header, so a
//! short list of names is tried. The timestamp is signed but not compared with the clock: one kit always sends
//! the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::authority::DevicePublicKey;
use crate::digest::{Hash, MAX_DIGEST, equal};

/// The vendor's gateway names that clients have built in.
pub const VENDOR_HOSTS: [&str; 5] = [
    "ap-guangzhou.gateway.tencentdevices.com",
    "gateway.tencentdevices.com",
    "us-east.gateway.tencentdevices.com",
    "europe.gateway.tencentdevices.com",
    "ap-bangkok.gateway.tencentdevices.com",
];

/// How many host names may be configured: each one costs an HMAC for every wrong signature.
pub const MAX_HOSTS: usize = 32;

/// The longest header value that is looked at (an RSA signature of 4096 bits takes 684 characters).
const MAX_FIELD: usize = 1024;

/// The host names that clients may have signed, beside that of the request.
#[derive(Debug, Clone)]
pub struct HostList(Vec<String>);

impl Default for HostList {
    fn default() -> Self {
        Self(VENDOR_HOSTS.map(String::from).to_vec())
    }
}

impl HostList {
    /// The vendor's names and `configured` ones; those beyond [`MAX_HOSTS`] are not taken.
    pub fn with(configured: impl IntoIterator<Item = String>) -> Self {
        let mut hosts = Self::default().0;
        for host in configured {
            if hosts.len() < MAX_HOSTS && !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        Self(hosts)
    }
}

/// Why a signed request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefusal {
    /// A header of the signature is missing, empty or too long.
    #[error("a signature header is missing or malformed")]
    MalformedHeaders,
    /// The algorithm is not one of the platform's.
    #[error("the signature algorithm is not supported")]
    UnknownAlgorithm,
    /// No host name makes the signature right.
    #[error("the signature does not match")]
    BadSignature,
}

/// A signed `POST`. The fields are the headers' values as they came.
#[derive(Debug, Clone, Copy)]
pub struct SignedRequest<'a> {
    /// The path that was asked for.
    pub path: &'a str,
    /// The `Host` header.
    pub host: Option<&'a str>,
    /// `X-TC-Algorithm`.
    pub algorithm: &'a str,
    /// `X-TC-Timestamp`.
    pub timestamp: &'a str,
    /// `X-TC-Nonce`.
    pub nonce: &'a str,
    /// `X-TC-Signature`.
    pub signature: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl<'a> SignedRequest<'a> {
    /// The parts of a signed request; `header` finds a header by its lower-case name.
    pub fn of(path: &'a str, header: impl Fn(&'static str) -> Option<&'a str>, body: &'a [u8]) -> Self {
        let field = |name| header(name).unwrap_or_default();
        Self {
            path,
            host: header("host"),
            algorithm: field("x-tc-algorithm"),
            timestamp: field("x-tc-timestamp"),
            nonce: field("x-tc-nonce"),
            signature: field("x-tc-signature"),
            body,
        }
    }

    /// Checks an HMAC signature; `key` is the product or device secret's *text*.
    pub fn verify(&self, hosts: &HostList, key: &[u8]) -> Result<(), SignatureRefusal> {
        self.check_fields()?;
        let hash = if self.algorithm.eq_ignore_ascii_case("hmacsha256") {
            Hash::Sha256
        } else if self.algorithm.eq_ignore_ascii_case("hmacsha1") {
            Hash::Sha1
        } else {
            return Err(SignatureRefusal::UnknownAlgorithm);
        };
        self.any_host(hosts, hash, |text| {
            is_signature(self.signature, hash.hmac(key, &[text.as_bytes()]).as_slice())
        })
    }

    /// Checks an `rsa-sha256` signature with the key of a device's certificate; other algorithms are not for certificates.
    pub fn verify_with_certificate(
        &self,
        hosts: &HostList,
        key: &DevicePublicKey,
    ) -> Result<(), SignatureRefusal> {
        self.check_fields()?;
        if !self.algorithm.eq_ignore_ascii_case("rsa-sha256") {
            return Err(SignatureRefusal::UnknownAlgorithm);
        }
        let given = STANDARD.decode(self.signature).map_err(|_| SignatureRefusal::BadSignature)?;
        self.any_host(hosts, Hash::Sha256, |text| key.verify_rsa_sha256(text.as_bytes(), &given))
    }

    fn check_fields(&self) -> Result<(), SignatureRefusal> {
        let fields = [self.algorithm, self.timestamp, self.nonce, self.signature];
        let fits = |field: &&str| (1..=MAX_FIELD).contains(&field.len());
        if fields.iter().all(fits) { Ok(()) } else { Err(SignatureRefusal::MalformedHeaders) }
    }

    /// Tries the request's host as it came and lower-cased, then the list.
    fn any_host(
        &self,
        hosts: &HostList,
        hash: Hash,
        matches: impl Fn(&str) -> bool,
    ) -> Result<(), SignatureRefusal> {
        let body_hash = hex::encode(hash.digest(self.body).as_slice());
        let right = |host: &str| {
            matches(&format!(
                "POST\n{host}\n{}\n\n{}\n{}\n{}\n{body_hash}",
                self.path, self.algorithm, self.timestamp, self.nonce
            ))
        };
        let requested = self.host.map(without_port).filter(|host| host.len() <= MAX_FIELD);
        let lower = requested.map(str::to_ascii_lowercase).filter(|lower| Some(lower.as_str()) != requested);
        let candidates = requested.into_iter().chain(lower.as_deref());
        if candidates.chain(hosts.0.iter().map(String::as_str)).any(right) {
            Ok(())
        } else {
            Err(SignatureRefusal::BadSignature)
        }
    }
}

/// `host:port` without the port; an address in brackets keeps its brackets.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => {
            let bare_address = name.contains(':') && !name.ends_with(']');
            if bare_address { host } else { name }
        }
        _ => host,
    }
}

/// Whether a signature is `expected`: in base64, as the kits send it, or in hexadecimal, as the device guide's
/// example shows it. The two differ in length.
fn is_signature(given: &str, expected: &[u8]) -> bool {
    let mut bytes = [0; MAX_DIGEST + 2];
    let decoded = if given.len() == 2 * expected.len() {
        hex::decode_to_slice(given, &mut bytes[..expected.len()]).is_ok().then_some(expected.len())
    } else {
        STANDARD.decode_slice(given, &mut bytes).ok()
    };
    decoded.is_some_and(|length| equal(&bytes[..length], expected))
}

/// Signs a request as a device kit does; for the simulator and tests. `None` for an unknown algorithm.
pub fn sign(
    host: &str,
    path: &str,
    algorithm: &str,
    timestamp: &str,
    nonce: &str,
    body: &[u8],
    key: &[u8],
) -> Option<String> {
    let hash = match algorithm.to_ascii_lowercase().as_str() {
        "hmacsha256" => Hash::Sha256,
        "hmacsha1" => Hash::Sha1,
        _ => return None,
    };
    let body_hash = hex::encode(hash.digest(body).as_slice());
    let text = format!("POST\n{host}\n{path}\n\n{algorithm}\n{timestamp}\n{nonce}\n{body_hash}");
    let digest = hash.hmac(key, &[text.as_bytes()]);
    Some(STANDARD.encode(digest.as_slice()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"hzvf5LF9S0isvBhDSauWMaIk";
    const SHA256: SignedRequest<'static> = SignedRequest {
        path: "/device/register",
        host: Some("ap-guangzhou.gateway.tencentdevices.com"),
        algorithm: "hmacsha256",
        timestamp: "1795221228",
        nonce: "590682469",
        signature: "7m5S9F+sosOMvvV4/1Fmj3PTCR7sf2BDRX03Pd70nWk=",
        body: br#"{"ProductId":"DEMOPROD01","DeviceName":"dev001"}"#,
    };
    const SHA1: SignedRequest<'static> = SignedRequest {
        algorithm: "hmacsha1",
        timestamp: "1609430400",
        nonce: "1306986342",
        signature: "LX+r0j+KP7F3BoJkK0wBvUlvcEY=",
        ..SHA256
    };

    fn own(host: &'static str, signed: &str) -> Result<(), SignatureRefusal> {
        let signature = sign(signed, "/device/register", "HmacSha256", "1", "2", SHA256.body, KEY).unwrap();
        let request = SignedRequest {
            host: Some(host),
            algorithm: "HmacSha256",
            timestamp: "1",
            nonce: "2",
            signature: &signature,
            ..SHA256
        };
        request.verify(&HostList::with(["iot.example.com".to_owned()]), KEY)
    }

    #[test]
    fn the_signatures_of_real_clients_are_accepted() {
        for request in [SHA256, SHA1] {
            assert_eq!(request.verify(&HostList::default(), KEY), Ok(()));
            let computed = sign(
                VENDOR_HOSTS[0],
                request.path,
                request.algorithm,
                request.timestamp,
                request.nonce,
                request.body,
                KEY,
            );
            assert_eq!(computed.as_deref(), Some(request.signature));
        }
    }

    #[test]
    fn http_publish_is_signed_with_the_device_secrets_text() {
        let body = br#"{"ProductId":"DEMOPROD01","DeviceName":"dev001","TopicName":"DEMOPROD01/dev001/data","Payload":"test","Qos":0}"#;
        let request = SignedRequest {
            path: "/device/publish",
            timestamp: "1795221235",
            nonce: "299297627",
            signature: "Lrte+2UdRt3fNX6VAdxavGkAM1vWagYvWHrtQySVa5Y=",
            body,
            ..SHA256
        };
        assert_eq!(request.verify(&HostList::default(), b"lDZ6Uqt+I9E0wW7rvDUs7Q=="), Ok(()));
    }

    #[test]
    fn the_signed_host_may_be_the_requests_or_a_listed_one() {
        assert_eq!(own("127.0.0.1:8080", "127.0.0.1"), Ok(()));
        assert_eq!(own("Server.LAN:8080", "server.lan"), Ok(()));
        assert_eq!(own("Server.LAN", "Server.LAN"), Ok(()));
        assert_eq!(own("[::1]:8080", "[::1]"), Ok(()));
        assert_eq!(own("10.0.0.1", "iot.example.com"), Ok(()));
        for vendor in VENDOR_HOSTS {
            assert_eq!(own("10.0.0.1", vendor), Ok(()));
        }
        assert_eq!(own("10.0.0.1", "elsewhere.example.com"), Err(SignatureRefusal::BadSignature));
        assert_eq!(SignedRequest { host: None, ..SHA256 }.verify(&HostList::default(), KEY), Ok(()));
    }

    #[test]
    fn a_port_is_cut_off_and_an_address_is_not() {
        assert_eq!(without_port("host"), "host");
        assert_eq!(without_port("host:80"), "host");
        assert_eq!(without_port("[::1]:80"), "[::1]");
        assert_eq!(without_port("[::1]"), "[::1]");
        assert_eq!(without_port("fe80::1"), "fe80::1");
        assert_eq!(without_port("ota.local/fw"), "ota.local/fw");
    }

    #[test]
    fn whatever_is_signed_cannot_be_changed() {
        for changed in [
            SignedRequest { path: "/device/publish", ..SHA256 },
            SignedRequest { algorithm: "HmacSha256", ..SHA256 },
            SignedRequest { timestamp: "1795221229", ..SHA256 },
            SignedRequest { nonce: "590682468", ..SHA256 },
            SignedRequest { body: b"{}", ..SHA256 },
            SignedRequest { signature: SHA1.signature, ..SHA256 },
            SignedRequest { signature: "====", ..SHA256 },
            SignedRequest { signature: "00", ..SHA256 },
        ] {
            let verdict = changed.verify(&HostList::default(), KEY);
            assert_eq!(verdict, Err(SignatureRefusal::BadSignature), "{changed:?}");
        }
        assert_eq!(SHA256.verify(&HostList::default(), b"x"), Err(SignatureRefusal::BadSignature));
    }

    #[test]
    fn a_signature_in_hexadecimal_is_read_too() {
        for request in [SHA256, SHA1] {
            let digits = hex::encode(STANDARD.decode(request.signature).unwrap());
            let request = SignedRequest { signature: &digits, ..request };
            assert_eq!(request.verify(&HostList::default(), KEY), Ok(()));
        }
    }

    #[test]
    fn missing_endless_or_unknown_headers_have_their_own_reason() {
        let verdict = |request: SignedRequest<'_>| request.verify(&HostList::default(), KEY);
        let endless = "9".repeat(MAX_FIELD + 1);
        for request in [
            SignedRequest { signature: "", ..SHA256 },
            SignedRequest { nonce: "", ..SHA256 },
            SignedRequest { nonce: &endless, ..SHA256 },
        ] {
            assert_eq!(verdict(request), Err(SignatureRefusal::MalformedHeaders));
        }
        let unknown = SignedRequest { algorithm: "md5", ..SHA256 };
        assert_eq!(verdict(unknown), Err(SignatureRefusal::UnknownAlgorithm));
    }

    #[test]
    fn the_list_of_hosts_is_bounded() {
        let many = HostList::with((0..100).map(|number| format!("host{number}")));
        assert_eq!(many.0.len(), MAX_HOSTS);
    }
}
