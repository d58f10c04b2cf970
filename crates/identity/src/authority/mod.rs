//! The private certificate authority of an installation: made once, it signs the server's certificate and those
//! of devices (device protocol facts §1.5).
//!
//! Every signature is RSA with SHA-256, because the TLS stacks of many small devices are built without elliptic
//! curves: they could neither check a chain signed with one nor read a certificate of their own that has one. The
//! server has two certificates: RSA-2048 for those clients, and P-256 for all others, with which a handshake costs
//! the server a fraction. An authority made by an older release signs with ECDSA on P-256 and goes on doing so, since
//! its devices trust it and no other.
//!
//! The server's certificates carry the vendor's wildcard names beside the configured ones, because the vendor's C kit
//! compares the host name it was built for. A device's certificate has `PIDDEV` as its common name, but what counts
//! is its fingerprint in the registry: a certificate that this authority signed and nobody registered opens nothing.

mod certificate;
mod names;
mod private;

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name, X509NameBuilder};
use yizhan_vocabulary::{DeviceName, ProductId, UnixMillis};
use zeroize::Zeroizing;

pub use certificate::{
    CertificateFacts, DevicePublicKey, Fingerprint, certificate_pem, fingerprint_of_der, inspect_pem,
};
pub use names::{DEFAULT_NAMES, ServerNames};
pub use private::{AuthorityFacts, PrivateAuthority, PrivateAuthorityError, proof_name};

use crate::secret::random;

const DAY_MS: i64 = 24 * 3600 * 1000;
/// Size of the authority's key. 2048 bits are too few for its thirty years; 4096 take several times as long to make at
/// the first start, and every handshake would carry the larger certificate.
const CA_KEY_BITS: u32 = 3072;
/// Size of the RSA keys of servers and devices: what every device can check and use.
const LEAF_KEY_BITS: u32 = 2048;
/// Validity of the authority.
const CA_DAYS: i64 = 30 * 365;
/// Validity of a server's certificate: the longest that current clients accept from anyone.
const SERVER_DAYS: i64 = 397;
/// Validity of a device's certificate: a device's life, since most have no way to renew it.
const DEVICE_DAYS: i64 = 20 * 365;
/// A server certificate with less than this left is renewed.
const RENEWAL_DAYS: i64 = 30;
/// Validity starts this long before now, for clocks that are behind.
const CLOCK_SKEW_MS: i64 = DAY_MS;

/// Why the authority cannot do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// A name of the server cannot be in a certificate.
    #[error("{0:?} is neither a DNS name nor an IP address")]
    InvalidName(String),
    /// A text is not a certificate or key.
    #[error("not a certificate or key in PEM or DER form: {0}")]
    Malformed(String),
    /// Certificate and key do not belong together.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// The cryptographic library failed.
    #[error("the TLS library failed: {0}")]
    Library(String),
}

impl From<ErrorStack> for AuthorityError {
    fn from(error: ErrorStack) -> Self {
        Self::Library(error.to_string())
    }
}

/// The key of a certificate of a server or device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyKind {
    /// RSA of 2048 bits: every device can use it.
    #[default]
    Rsa2048,
    /// The curve P-256: smaller and faster, where the device knows ECDSA.
    EcP256,
}

impl KeyKind {
    fn generate(self) -> Result<PKey<Private>, ErrorStack> {
        match self {
            Self::Rsa2048 => rsa_key(LEAF_KEY_BITS),
            Self::EcP256 => ec_key(),
        }
    }

    /// What the key may be used for in a handshake. The suites without forward secrecy, which some old devices need,
    /// encrypt with RSA.
    fn usage(self) -> KeyUsage {
        let mut usage = KeyUsage::new();
        usage.critical().digital_signature();
        if self == Self::Rsa2048 {
            usage.key_encipherment();
        }
        usage
    }
}

/// The authority's certificate and key.
pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

/// A certificate and its private key.
#[derive(Clone)]
pub struct Issued {
    /// The certificate, PEM.
    pub certificate: String,
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// The private key, PEM in the traditional form that old tools read.
    pub private_key: Zeroizing<String>,
    /// SHA-256 of the DER bytes.
    pub fingerprint: Fingerprint,
    /// The serial number, hexadecimal.
    pub serial: String,
    /// Start of validity.
    pub not_before: UnixMillis,
    /// End of validity.
    pub not_after: UnixMillis,
}

impl Authority {
    /// Makes a new authority with an RSA key. Takes a good part of a second.
    pub fn create(now: UnixMillis) -> Result<Self, AuthorityError> {
        Self::with_key(rsa_key(CA_KEY_BITS)?, now)
    }

    fn with_key(key: PKey<Private>, now: UnixMillis) -> Result<Self, AuthorityError> {
        let serial = random::<16>();
        // The name tells two installations apart in a list of trusted authorities.
        let name = common_name(&format!("Yizhan private CA {}", hex::encode(&serial[..4])))?;
        let mut builder = start(serial, &name, &name, &key, now, now.plus_ms(CA_DAYS * DAY_MS))?;
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let subject_key = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(subject_key)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self { certificate: builder.build(), key })
    }

    /// Takes an authority that was made before.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, AuthorityError> {
        let malformed = |error: ErrorStack| AuthorityError::Malformed(error.to_string());
        let certificate = X509::from_pem(certificate.as_bytes()).map_err(malformed)?;
        let key = PKey::private_key_from_pem(key.as_bytes()).map_err(malformed)?;
        if !certificate.public_key()?.public_eq(&key) {
            return Err(AuthorityError::KeyMismatch);
        }
        Ok(Self { certificate, key })
    }

    /// The authority's certificate, PEM: what clients must trust.
    pub fn certificate_pem(&self) -> Result<String, AuthorityError> {
        certificate::to_pem(&self.certificate)
    }

    /// The authority's private key, PEM.
    pub fn key_pem(&self) -> Result<Zeroizing<String>, AuthorityError> {
        private_key_pem(&self.key)
    }

    /// Issues a server certificate for `names`.
    pub fn issue_server(
        &self,
        names: &ServerNames,
        kind: KeyKind,
        now: UnixMillis,
    ) -> Result<Issued, AuthorityError> {
        let key = kind.generate()?;
        let mut builder = self.start_leaf(&common_name("Yizhan server")?, &key, now, SERVER_DAYS)?;
        builder.append_extension(kind.usage().build()?)?;
        builder.append_extension(ExtendedKeyUsage::new().server_auth().build()?)?;
        let alternatives = names.extension(&builder.x509v3_context(Some(&self.certificate), None))?;
        builder.append_extension(alternatives)?;
        self.finish(builder, &key)
    }

    /// Issues a device's certificate; it opens nothing until its fingerprint is registered.
    pub fn issue_device(
        &self,
        product: &ProductId,
        device: &DeviceName,
        kind: KeyKind,
        now: UnixMillis,
    ) -> Result<Issued, AuthorityError> {
        let key = kind.generate()?;
        let name = common_name(&format!("{product}{device}"))?;
        let mut builder = self.start_leaf(&name, &key, now, DEVICE_DAYS)?;
        builder.append_extension(kind.usage().build()?)?;
        builder.append_extension(ExtendedKeyUsage::new().client_auth().build()?)?;
        self.finish(builder, &key)
    }

    /// Whether a server certificate has to be issued again: it cannot be read, is not of this authority, ends
    /// within 30 days, or does not carry each of `names`.
    pub fn needs_renewal(&self, certificate: &str, names: &ServerNames, now: UnixMillis) -> bool {
        let Ok(current) = X509::from_pem(certificate.as_bytes()) else { return true };
        let Ok(facts) = certificate::facts_of(&current) else { return true };
        let ours = current.verify(&self.key).unwrap_or(false);
        let soon = now.plus_ms(RENEWAL_DAYS * DAY_MS);
        !ours || facts.not_after < soon || facts.not_before > now || !names.are_in(&facts.names)
    }

    fn start_leaf(
        &self,
        subject: &X509Name,
        key: &PKey<Private>,
        now: UnixMillis,
        days: i64,
    ) -> Result<X509Builder, AuthorityError> {
        // No certificate outlives the authority: a chain ends with its first end.
        let authority_end = certificate::facts_of(&self.certificate)?.not_after;
        let end = now.plus_ms(days * DAY_MS).min(authority_end);
        let mut builder = start(random(), subject, self.certificate.subject_name(), key, now, end)?;
        builder.append_extension(BasicConstraints::new().critical().build()?)?;
        let context = builder.x509v3_context(Some(&self.certificate), None);
        let own_key = SubjectKeyIdentifier::new().build(&context)?;
        let authority_key = AuthorityKeyIdentifier::new().keyid(true).build(&context)?;
        builder.append_extension(own_key)?;
        builder.append_extension(authority_key)?;
        Ok(builder)
    }

    fn finish(&self, mut builder: X509Builder, key: &PKey<Private>) -> Result<Issued, AuthorityError> {
        builder.sign(&self.key, MessageDigest::sha256())?;
        let certificate = builder.build();
        let facts = certificate::facts_of(&certificate)?;
        Ok(Issued {
            certificate: certificate::to_pem(&certificate)?,
            der: certificate.to_der()?,
            private_key: private_key_pem(key)?,
            fingerprint: facts.fingerprint,
            serial: facts.serial,
            not_before: facts.not_before,
            not_after: facts.not_after,
        })
    }
}

impl std::fmt::Debug for Issued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issued").field("serial", &self.serial).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority(..)")
    }
}

fn start(
    mut serial: [u8; 16],
    subject: &X509Name,
    issuer: &openssl::x509::X509NameRef,
    key: &PKey<Private>,
    now: UnixMillis,
    end: UnixMillis,
) -> Result<X509Builder, AuthorityError> {
    // A positive number of full length.
    serial[0] = (serial[0] & 0x7F) | 0x40;
    let serial = Asn1Integer::from_bn(BigNum::from_slice(&serial)?.as_ref())?;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&serial)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_pubkey(key)?;
    let begin = Asn1Time::from_unix(now.plus_ms(-CLOCK_SKEW_MS).seconds())?;
    builder.set_not_before(&begin)?;
    let end = Asn1Time::from_unix(end.seconds())?;
    builder.set_not_after(&end)?;
    Ok(builder)
}

fn common_name(text: &str) -> Result<X509Name, AuthorityError> {
    let mut name = X509NameBuilder::new()?;
    name.append_entry_by_nid(Nid::COMMONNAME, text)?;
    Ok(name.build())
}

fn rsa_key(bits: u32) -> Result<PKey<Private>, ErrorStack> {
    PKey::from_rsa(Rsa::generate(bits)?)
}

fn ec_key() -> Result<PKey<Private>, ErrorStack> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
    PKey::from_ec_key(EcKey::generate(&group)?)
}

/// The traditional forms (`RSA PRIVATE KEY`, `EC PRIVATE KEY`): the vendor's Java kit reads no other.
fn private_key_pem(key: &PKey<Private>) -> Result<Zeroizing<String>, AuthorityError> {
    let bytes = match key.rsa() {
        Ok(rsa) => rsa.private_key_to_pem()?,
        Err(_) => key.ec_key()?.private_key_to_pem()?,
    };
    let text = String::from_utf8(bytes).map_err(|error| AuthorityError::Library(error.to_string()))?;
    Ok(Zeroizing::new(text))
}

#[cfg(test)]
mod tests;
