//! Reading certificates: what one says, its fingerprint, and the public key a device signs with.

use std::net::IpAddr;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::sign::Verifier;
use openssl::x509::{X509, X509Ref};
use sha2::{Digest, Sha256};
use yizhan_vocabulary::UnixMillis;

use super::AuthorityError;

/// The SHA-256 of a certificate's DER bytes.
pub type Fingerprint = [u8; 32];

/// The longest certificate that is read.
const MAX_CERTIFICATE: usize = 64 * 1024;

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// SHA-256 of the DER bytes.
    pub fingerprint: Fingerprint,
    /// The serial number, hexadecimal in lower case.
    pub serial: String,
    /// The subject's common name.
    pub common_name: Option<String>,
    /// The DNS names and IP addresses it is for.
    pub names: Vec<String>,
    /// Start of validity.
    pub not_before: UnixMillis,
    /// End of validity.
    pub not_after: UnixMillis,
    /// The certificate, DER.
    pub der: Vec<u8>,
}

impl CertificateFacts {
    /// Whether the certificate is valid at `now`.
    pub fn is_current(&self, now: UnixMillis) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

/// The fingerprint of a certificate as it came in a TLS handshake.
pub fn fingerprint_of_der(der: &[u8]) -> Fingerprint {
    Sha256::digest(der).into()
}

/// Reads the first certificate of a PEM text.
pub fn inspect_pem(pem: &str) -> Result<CertificateFacts, AuthorityError> {
    let certificate = from_pem(pem)?;
    facts_of(&certificate)
}

pub(super) fn from_pem(pem: &str) -> Result<X509, AuthorityError> {
    if pem.len() > MAX_CERTIFICATE {
        return Err(AuthorityError::Malformed("too long".into()));
    }
    X509::from_pem(pem.as_bytes()).map_err(|error| AuthorityError::Malformed(error.to_string()))
}

pub(super) fn from_der(der: &[u8]) -> Result<X509, AuthorityError> {
    if der.len() > MAX_CERTIFICATE {
        return Err(AuthorityError::Malformed("too long".into()));
    }
    X509::from_der(der).map_err(|error| AuthorityError::Malformed(error.to_string()))
}

/// A certificate in DER form as PEM.
pub fn certificate_pem(der: &[u8]) -> Result<String, AuthorityError> {
    let certificate = from_der(der)?;
    to_pem(&certificate)
}

pub(super) fn to_pem(certificate: &X509Ref) -> Result<String, AuthorityError> {
    String::from_utf8(certificate.to_pem()?).map_err(|error| AuthorityError::Library(error.to_string()))
}

pub(super) fn facts_of(certificate: &X509Ref) -> Result<CertificateFacts, AuthorityError> {
    let der = certificate.to_der()?;
    let mut names = Vec::new();
    for name in certificate.subject_alt_names().into_iter().flatten() {
        if let Some(dns) = name.dnsname() {
            names.push(dns.to_ascii_lowercase());
        } else if let Some(bytes) = name.ipaddress() {
            names.extend(address(bytes).map(|address| address.to_string()));
        }
    }
    let common_name = certificate.subject_name().entries_by_nid(Nid::COMMONNAME).next();
    Ok(CertificateFacts {
        fingerprint: fingerprint_of_der(&der),
        serial: certificate.serial_number().to_bn()?.to_hex_str()?.to_ascii_lowercase(),
        common_name: common_name.and_then(|entry| entry.data().to_string().ok()),
        names,
        not_before: millis(certificate.not_before())?,
        not_after: millis(certificate.not_after())?,
        der,
    })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

fn millis(time: &Asn1TimeRef) -> Result<UnixMillis, AuthorityError> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(UnixMillis((i64::from(since.days) * 86_400 + i64::from(since.secs)) * 1000))
}

/// The public key of a device's certificate.
#[derive(Debug, Clone)]
pub struct DevicePublicKey(PKey<Public>);

impl DevicePublicKey {
    /// Takes the key out of a certificate in DER form.
    pub fn of_certificate(der: &[u8]) -> Result<Self, AuthorityError> {
        Ok(Self(from_der(der)?.public_key()?))
    }

    /// Whether `signature` is an RSA-SHA256 signature (PKCS#1 v1.5) of `message`.
    pub fn verify_rsa_sha256(&self, message: &[u8], signature: &[u8]) -> bool {
        let verify = || Verifier::new(MessageDigest::sha256(), &self.0)?.verify_oneshot(signature, message);
        self.0.id() == Id::RSA && verify().unwrap_or(false)
    }
}
