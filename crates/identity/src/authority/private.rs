//! Private authorities: a certificate authority of the operator's own, brought by whoever manages the platform (facts
//! §4.2.13). Its owner proves to hold its key with a certificate whose common name only this account could have been
//! told; from then on it vouches for devices, and only for those of the products it was attached to.
//!
//! What must stay true: it vouches for exactly the device whose `PRODUCTIDDEVICENAME` its certificate has as the common
//! name, while both certificates are valid; and for nothing else, whatever else it signed.

use std::fmt;

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509NameRef, X509PurposeId, X509Ref, X509StoreContext};
use sha2::{Digest, Sha256};
use yizhan_vocabulary::{DeviceName, ProductId, Uin, UnixMillis};

use super::certificate::{CertificateFacts, facts_of, from_der, from_pem, to_pem};
use super::{AuthorityError, Fingerprint};

/// Why a private authority is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrivateAuthorityError {
    /// The first text is not the certificate of an authority that is valid now.
    #[error("the CA certificate is not acceptable: {0}")]
    NotAnAuthority(String),
    /// The second text does not prove that its sender holds the authority's key.
    #[error("the verification certificate does not prove possession of the CA's key: {0}")]
    NotProved(String),
}

/// What people see of an authority's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorityFacts {
    /// The serial number, hexadecimal in lower case.
    pub serial: String,
    /// Who issued it, `CN=..,O=..,C=..`.
    pub issuer: String,
    /// Whose it is, in the same form.
    pub subject: String,
    /// Start of validity.
    pub not_before: UnixMillis,
    /// End of validity.
    pub not_after: UnixMillis,
    /// The certificate, PEM.
    pub pem: String,
    /// SHA-256 of the DER bytes.
    pub fingerprint: Fingerprint,
}

/// An authority that may vouch for devices.
pub struct PrivateAuthority {
    certificate: X509,
    fingerprint: Fingerprint,
}

impl PrivateAuthority {
    /// Takes an authority that was accepted before, DER.
    pub fn from_der(der: &[u8]) -> Result<Self, AuthorityError> {
        Self::of(from_der(der)?)
    }

    fn of(certificate: X509) -> Result<Self, AuthorityError> {
        let fingerprint = facts_of(&certificate)?.fingerprint;
        Ok(Self { certificate, fingerprint })
    }

    /// Accepts an authority: `certificate` is that of an authority, and `proof` is one that it signed for exactly this
    /// account (see [`proof_name`]); both PEM.
    pub fn accept(
        certificate: &str,
        proof: &str,
        owner: Uin,
        now: UnixMillis,
    ) -> Result<Self, PrivateAuthorityError> {
        let no_authority = |error: AuthorityError| PrivateAuthorityError::NotAnAuthority(error.to_string());
        let no_proof = |error: AuthorityError| PrivateAuthorityError::NotProved(error.to_string());
        let not_proved = |why: &str| Err(PrivateAuthorityError::NotProved(why.to_owned()));
        let authority = Self::of(from_pem(certificate).map_err(no_authority)?).map_err(no_authority)?;
        let proof = from_pem(proof).map_err(no_proof)?;
        let proof_facts = facts_of(&proof).map_err(no_proof)?;
        let wanted = proof_name(owner);
        if proof_facts.common_name.as_deref() != Some(wanted.as_str()) {
            return not_proved(&format!("its common name must be {wanted}"));
        }
        if proof_facts.fingerprint == authority.fingerprint || !authority.has_signed(&proof) {
            return not_proved("the CA did not sign it");
        }
        if !proof_facts.is_current(now) {
            return not_proved("it is not valid today");
        }
        // What is left to be wrong is wrong with the authority: its time, or that it may not sign certificates.
        authority.check(&proof, None, now).map_err(PrivateAuthorityError::NotAnAuthority)?;
        Ok(authority)
    }

    /// The certificate, DER.
    pub fn der(&self) -> Result<Vec<u8>, AuthorityError> {
        Ok(self.certificate.to_der()?)
    }

    /// What people see of it.
    pub fn facts(&self) -> Result<AuthorityFacts, AuthorityError> {
        let CertificateFacts { fingerprint, serial, not_before, not_after, .. } =
            facts_of(&self.certificate)?;
        let shown = serial.trim_start_matches('0');
        Ok(AuthorityFacts {
            serial: if shown.is_empty() { "0".to_owned() } else { shown.to_owned() },
            issuer: shown_name(self.certificate.issuer_name()),
            subject: shown_name(self.certificate.subject_name()),
            not_before,
            not_after,
            pem: to_pem(&self.certificate)?,
            fingerprint,
        })
    }

    /// Whether this authority says that the holder of `certificate` is the device, now.
    pub fn vouches_for(
        &self,
        certificate: &X509Ref,
        product: &ProductId,
        device: &DeviceName,
        now: UnixMillis,
    ) -> bool {
        let names_device = |facts: &CertificateFacts| {
            let name = facts.common_name.as_deref().and_then(|name| name.strip_prefix(product.as_str()));
            name == Some(device.as_str()) && facts.fingerprint != self.fingerprint
        };
        facts_of(certificate).is_ok_and(|facts| names_device(&facts))
            && self.check(certificate, Some(X509PurposeId::SSL_CLIENT), now).is_ok()
    }

    fn has_signed(&self, certificate: &X509Ref) -> bool {
        let signed = || certificate.verify(&*self.certificate.public_key()?);
        signed().unwrap_or(false)
    }

    /// Whether it may sign certificates, signed this one, and both are valid now; and whether the certificate is for
    /// `purpose`, if there is one.
    fn check(
        &self,
        certificate: &X509Ref,
        purpose: Option<X509PurposeId>,
        now: UnixMillis,
    ) -> Result<(), String> {
        let check = || -> Result<Result<(), String>, ErrorStack> {
            let mut rules = X509VerifyParam::new()?;
            // The authority itself is trusted, also where another one stands above it.
            rules.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
            // Refuses what is signed with MD5 or SHA-1.
            rules.set_auth_level(1);
            rules.set_time(now.seconds());
            if let Some(purpose) = purpose {
                rules.set_purpose(purpose)?;
            }
            let mut trust = X509StoreBuilder::new()?;
            trust.add_cert(self.certificate.clone())?;
            trust.set_param(&rules)?;
            let (trust, no_others) = (trust.build(), Stack::new()?);
            X509StoreContext::new()?.init(&trust, certificate, &no_others, |context| {
                let valid = context.verify_cert()?;
                Ok(valid.then_some(()).ok_or_else(|| context.error().error_string().to_owned()))
            })
        };
        check().unwrap_or_else(|error| Err(error.to_string()))
    }
}

impl fmt::Debug for PrivateAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateAuthority(..)")
    }
}

/// The common name of the certificate with which an account proves that it holds an authority's key: the SHA-256 of
/// `iothub_` and the account's number, hexadecimal in lower case (facts §4.3, CreatePrivateCA).
pub fn proof_name(owner: Uin) -> String {
    hex::encode(Sha256::digest(format!("iothub_{owner}")))
}

/// A name as the vendor shows it: the last part first, `CN=..,O=..,C=..`.
fn shown_name(name: &X509NameRef) -> String {
    let part = |entry: &openssl::x509::X509NameEntryRef| {
        let kind = entry.object().nid().short_name().unwrap_or("?").to_owned();
        let text = entry.data().to_string().unwrap_or_default();
        format!("{kind}={text}")
    };
    let mut parts: Vec<String> = name.entries().map(part).collect();
    parts.reverse();
    parts.join(",")
}

#[cfg(test)]
mod tests {
    use openssl::asn1::Asn1Time;
    use openssl::bn::BigNum;
    use openssl::hash::MessageDigest;
    use openssl::pkey::{PKey, Private};
    use openssl::x509::X509NameBuilder;
    use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage};

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_795_220_173_000);
    const OWNER: Uin = Uin(100_000_000_001);
    const DAY: i64 = 86_400;

    struct Signer {
        certificate: X509,
        key: PKey<Private>,
    }

    #[derive(Clone, Copy)]
    struct Wish<'a> {
        name: &'a str,
        authority: bool,
        server_only: bool,
        digest: fn() -> MessageDigest,
        end: i64,
    }

    const LEAF: Wish<'_> = Wish {
        name: "DEMOPROD01dev001",
        authority: false,
        server_only: false,
        digest: MessageDigest::sha256,
        end: DAY,
    };

    fn make(wish: Wish<'_>, by: Option<&Signer>) -> Signer {
        let group = openssl::ec::EcGroup::from_curve_name(openssl::nid::Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(openssl::ec::EcKey::generate(&group).unwrap()).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("C", "CN").unwrap();
        name.append_entry_by_text("CN", wish.name).unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        builder.set_serial_number(&BigNum::from_u32(0x0a0b0c).unwrap().to_asn1_integer().unwrap()).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(by.map_or(&name, |by| by.certificate.subject_name())).unwrap();
        builder.set_pubkey(&key).unwrap();
        builder.set_not_before(&Asn1Time::from_unix(NOW.seconds() - DAY).unwrap()).unwrap();
        builder.set_not_after(&Asn1Time::from_unix(NOW.seconds() + wish.end).unwrap()).unwrap();
        if wish.authority {
            builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        }
        if wish.server_only {
            builder.append_extension(ExtendedKeyUsage::new().server_auth().build().unwrap()).unwrap();
        }
        builder.sign(by.map_or(&key, |by| &by.key), (wish.digest)()).unwrap();
        Signer { certificate: builder.build(), key }
    }

    fn authority() -> Signer {
        make(Wish { name: "Factory CA", authority: true, ..LEAF }, None)
    }

    fn proof(by: &Signer, owner: Uin) -> Signer {
        make(Wish { name: &proof_name(owner), ..LEAF }, Some(by))
    }

    fn pem(signer: &Signer) -> String {
        String::from_utf8(signer.certificate.to_pem().unwrap()).unwrap()
    }

    fn accept(authority: &Signer, proof: &Signer) -> Result<PrivateAuthority, PrivateAuthorityError> {
        PrivateAuthority::accept(&pem(authority), &pem(proof), OWNER, NOW)
    }

    #[test]
    fn an_authority_is_accepted_with_a_proof_for_the_account_and_shows_what_it_is() {
        let signer = authority();
        let facts = accept(&signer, &proof(&signer, OWNER)).unwrap().facts().unwrap();
        assert_eq!(facts.subject, "CN=Factory CA,C=CN");
        assert_eq!((facts.serial.as_str(), facts.not_after), ("a0b0c", NOW.plus_ms(DAY * 1000)));
        // printf iothub_100000000001 | sha256sum
        assert_eq!(proof_name(OWNER), "b1af54d6701d208676feb62ad3ad492a2f077809d2f59d3b2f72cb336b1c6d15");
    }

    #[test]
    fn what_does_not_prove_the_key_is_refused() {
        let (signer, other) = (authority(), authority());
        let expired = make(Wish { name: &proof_name(OWNER), end: -1, ..LEAF }, Some(&signer));
        let proofs = [proof(&signer, Uin(2)), proof(&other, OWNER), expired];
        for (number, proof) in proofs.iter().enumerate() {
            let refused = accept(&signer, proof);
            assert!(matches!(refused, Err(PrivateAuthorityError::NotProved(_))), "{number}: {refused:?}");
        }
        let named_like_a_proof = make(Wish { name: &proof_name(OWNER), authority: true, ..LEAF }, None);
        let itself = accept(&named_like_a_proof, &named_like_a_proof);
        assert!(matches!(itself, Err(PrivateAuthorityError::NotProved(_))), "{itself:?}");
    }

    #[test]
    fn what_may_not_sign_is_no_authority() {
        let leaf = make(Wish { name: "leaf", ..LEAF }, None);
        let expired = make(Wish { name: "old", authority: true, end: -1, ..LEAF }, None);
        for signer in [&leaf, &expired] {
            let refused = accept(signer, &proof(signer, OWNER));
            assert!(matches!(refused, Err(PrivateAuthorityError::NotAnAuthority(_))), "{refused:?}");
        }
        let text = PrivateAuthority::accept("x", &pem(&leaf), OWNER, NOW);
        assert!(matches!(text, Err(PrivateAuthorityError::NotAnAuthority(_))));
    }

    #[test]
    fn it_vouches_for_the_device_that_a_valid_certificate_of_its_own_names() {
        let signer = authority();
        let authority = accept(&signer, &proof(&signer, OWNER)).unwrap();
        let product = ProductId::parse("DEMOPROD01").unwrap();
        let vouches = |leaf: &Signer, device: &str, now: UnixMillis| {
            authority.vouches_for(&leaf.certificate, &product, &DeviceName::parse(device).unwrap(), now)
        };
        let leaf = make(LEAF, Some(&signer));
        assert!(vouches(&leaf, "dev001", NOW));
        assert!(!vouches(&leaf, "dev002", NOW));
        assert!(!vouches(&leaf, "dev001", NOW.plus_ms(DAY * 1000 + 1000)));
        assert!(
            !vouches(&make(LEAF, Some(&self::authority())), "dev001", NOW),
            "of the same name, but another"
        );
        assert!(!vouches(&make(LEAF, None), "dev001", NOW));
        assert!(!vouches(&make(Wish { server_only: true, ..LEAF }, Some(&signer)), "dev001", NOW));
        assert!(!vouches(&make(Wish { digest: MessageDigest::sha1, ..LEAF }, Some(&signer)), "dev001", NOW));
        assert!(!vouches(&make(Wish { name: "OTHERPROD1dev001", ..LEAF }, Some(&signer)), "dev001", NOW));
        let below = make(Wish { name: "below", authority: true, ..LEAF }, Some(&signer));
        assert!(!vouches(&make(LEAF, Some(&below)), "dev001", NOW), "only its own signature counts");
    }
}
