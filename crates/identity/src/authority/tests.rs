//! The authority as TLS sees it: chains that verify, names that match, certificates that end in time.

use std::sync::OnceLock;

use openssl::pkey::Id;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::X509VerifyParam;
use openssl::x509::{X509StoreContext, X509VerifyResult};

use super::*;

const NOW: UnixMillis = UnixMillis(1_795_221_213_000);

/// One for all tests: its key takes a moment to make.
fn authority() -> &'static Authority {
    static SHARED: OnceLock<Authority> = OnceLock::new();
    SHARED.get_or_init(|| Authority::create(NOW).unwrap())
}

/// An authority as older releases made it.
fn former_authority() -> Authority {
    Authority::with_key(ec_key().unwrap(), NOW).unwrap()
}

fn signature_algorithm(certificate: &str) -> Nid {
    X509::from_pem(certificate.as_bytes()).unwrap().signature_algorithm().object().nid()
}

fn device() -> (ProductId, DeviceName) {
    (ProductId::parse("DEMOPROD01").unwrap(), DeviceName::parse("dev001").unwrap())
}

/// Verifies a certificate against the authority, for a host name if one is given, at a time.
fn verify(
    authority: &Authority,
    certificate: &str,
    host: Option<&str>,
    at: UnixMillis,
) -> Result<(), String> {
    let mut parameters = X509VerifyParam::new().unwrap();
    parameters.set_time(at.seconds());
    match host.map(|host| (host, host.parse::<std::net::IpAddr>())) {
        Some((_, Ok(address))) => parameters.set_ip(address).unwrap(),
        Some((host, Err(_))) => parameters.set_host(host).unwrap(),
        None => {}
    }
    let mut store = X509StoreBuilder::new().unwrap();
    store.add_cert(authority.certificate.clone()).unwrap();
    store.set_param(&parameters).unwrap();
    let (store, chain) = (store.build(), Stack::new().unwrap());
    let certificate = X509::from_pem(certificate.as_bytes()).unwrap();
    let mut context = X509StoreContext::new().unwrap();
    context
        .init(&store, &certificate, &chain, |context| {
            let good = context.verify_cert()?;
            assert_eq!(good, context.error() == X509VerifyResult::OK);
            Ok(if good { Ok(()) } else { Err(context.error().error_string().to_owned()) })
        })
        .unwrap()
}

#[test]
fn a_server_certificate_verifies_for_each_of_its_names() {
    let authority = authority();
    let names = ServerNames::with(["iot.example.com", "192.0.2.7", "2001:db8::7"]).unwrap();
    for (kind, id, bits) in [(KeyKind::Rsa2048, Id::RSA, 2048), (KeyKind::EcP256, Id::EC, 256)] {
        let issued = authority.issue_server(&names, kind, NOW).unwrap();
        expect_names(authority, &issued.certificate);
        let key = PKey::private_key_from_pem(issued.private_key.as_bytes()).unwrap();
        assert_eq!((key.id(), key.bits()), (id, bits));
    }
}

#[track_caller]
fn expect_names(authority: &Authority, certificate: &str) {
    for host in [
        "localhost",
        "DEMOPROD01.iotcloud.tencentdevices.com",
        "DEMOPROD01.ap-guangzhou.iothub.tencentdevices.com",
        "iot.example.com",
        "127.0.0.1",
        "192.0.2.7",
        "2001:db8::7",
    ] {
        assert_eq!(verify(authority, certificate, Some(host), NOW), Ok(()), "{host}");
    }
    for host in ["example.com", "a.b.iotcloud.tencentdevices.com", "192.0.2.8"] {
        assert!(verify(authority, certificate, Some(host), NOW).is_err(), "{host}");
    }
}

#[test]
fn a_client_that_knows_only_rsa_can_check_all_that_a_new_authority_signs() {
    let authority = authority();
    assert_eq!((authority.key.id(), authority.key.bits()), (Id::RSA, 3072));
    let names = ServerNames::with([]).unwrap();
    let (product, name) = device();
    let mut signed = vec![authority.certificate_pem().unwrap()];
    for kind in [KeyKind::Rsa2048, KeyKind::EcP256] {
        signed.push(authority.issue_server(&names, kind, NOW).unwrap().certificate);
        signed.push(authority.issue_device(&product, &name, kind, NOW).unwrap().certificate);
    }
    for certificate in signed {
        assert_eq!(signature_algorithm(&certificate), Nid::SHA256WITHRSAENCRYPTION);
    }
}

#[test]
fn an_authority_of_an_older_release_goes_on_issuing() {
    let made = former_authority();
    let (certificate, key) = (made.certificate_pem().unwrap(), made.key_pem().unwrap());
    let former = Authority::from_pem(&certificate, &key).unwrap();
    let names = ServerNames::with(["iot.example.com"]).unwrap();
    let (product, name) = device();
    for kind in [KeyKind::Rsa2048, KeyKind::EcP256] {
        let server = former.issue_server(&names, kind, NOW).unwrap();
        assert_eq!(verify(&made, &server.certificate, Some("iot.example.com"), NOW), Ok(()));
        assert!(!former.needs_renewal(&server.certificate, &names, NOW));
        let device = former.issue_device(&product, &name, kind, NOW).unwrap();
        assert_eq!(verify(&made, &device.certificate, None, NOW), Ok(()));
        assert_eq!(signature_algorithm(&device.certificate), Nid::ECDSA_WITH_SHA256);
    }
}

#[test]
fn a_device_certificate_names_its_device_and_has_the_chosen_key() {
    let authority = authority();
    let (product, name) = device();
    for (kind, id, header) in [
        (KeyKind::Rsa2048, Id::RSA, "-----BEGIN RSA PRIVATE KEY-----"),
        (KeyKind::EcP256, Id::EC, "-----BEGIN EC PRIVATE KEY-----"),
    ] {
        let issued = authority.issue_device(&product, &name, kind, NOW).unwrap();
        assert_eq!(verify(authority, &issued.certificate, None, NOW), Ok(()));
        let facts = inspect_pem(&issued.certificate).unwrap();
        assert_eq!(facts.common_name.as_deref(), Some("DEMOPROD01dev001"));
        assert_eq!((facts.fingerprint, &facts.serial), (issued.fingerprint, &issued.serial));
        assert_eq!(facts.serial.len(), 32);
        assert_eq!(fingerprint_of_der(&issued.der), issued.fingerprint);
        assert!(issued.private_key.starts_with(header));
        let key = PKey::private_key_from_pem(issued.private_key.as_bytes()).unwrap();
        assert_eq!(key.id(), id);
        assert!(X509::from_der(&issued.der).unwrap().public_key().unwrap().public_eq(&key));
    }
}

#[test]
fn a_longest_device_name_fits_into_a_certificate() {
    let name = DeviceName::parse(&"n".repeat(DeviceName::MAX_LENGTH)).unwrap();
    assert!(authority().issue_device(&device().0, &name, KeyKind::EcP256, NOW).is_ok());
}

#[test]
fn validity_covers_clocks_that_are_a_day_behind_and_twenty_years() {
    let authority = authority();
    let (product, name) = device();
    let issued = authority.issue_device(&product, &name, KeyKind::EcP256, NOW).unwrap();
    assert_eq!(issued.not_before, NOW.plus_ms(-DAY_MS));
    assert_eq!(issued.not_after, NOW.plus_ms(20 * 365 * DAY_MS));
    let facts = inspect_pem(&issued.certificate).unwrap();
    for (at, current) in [
        (issued.not_before.plus_ms(-1000), false),
        (issued.not_before, true),
        (issued.not_after.plus_ms(-1000), true),
        (issued.not_after.plus_ms(1000), false),
    ] {
        assert_eq!(facts.is_current(at), current);
        assert_eq!(verify(authority, &issued.certificate, None, at).is_ok(), current, "{at:?}");
    }
}

#[test]
fn no_certificate_outlives_the_authority() {
    let authority = authority();
    let (product, name) = device();
    let late = NOW.plus_ms(25 * 365 * DAY_MS);
    let issued = authority.issue_device(&product, &name, KeyKind::EcP256, late).unwrap();
    assert_eq!(issued.not_after, NOW.plus_ms(CA_DAYS * DAY_MS));
}

#[test]
fn another_authority_of_the_same_product_verifies_nothing_of_ours() {
    let (one, other) = (authority(), former_authority());
    let (product, name) = device();
    let issued = one.issue_device(&product, &name, KeyKind::EcP256, NOW).unwrap();
    assert!(verify(&other, &issued.certificate, None, NOW).is_err());
}

#[test]
fn an_authority_is_restored_from_its_texts() {
    let made = authority();
    let (certificate, key) = (made.certificate_pem().unwrap(), made.key_pem().unwrap());
    let restored = Authority::from_pem(&certificate, &key).unwrap();
    let (product, name) = device();
    let issued = restored.issue_device(&product, &name, KeyKind::EcP256, NOW).unwrap();
    assert_eq!(verify(made, &issued.certificate, None, NOW), Ok(()));
    let other = former_authority().key_pem().unwrap();
    assert_eq!(Authority::from_pem(&certificate, &other).unwrap_err(), AuthorityError::KeyMismatch);
    assert!(matches!(Authority::from_pem("x", &key), Err(AuthorityError::Malformed(_))));
}

#[test]
fn a_server_certificate_is_renewed_a_month_before_its_end_or_when_a_name_is_new() {
    let authority = authority();
    let names = ServerNames::with([]).unwrap();
    let issued = authority.issue_server(&names, KeyKind::EcP256, NOW).unwrap();
    let due = issued.not_after.plus_ms(-RENEWAL_DAYS * DAY_MS);
    assert!(!authority.needs_renewal(&issued.certificate, &names, NOW));
    assert!(!authority.needs_renewal(&issued.certificate, &names, due));
    assert!(authority.needs_renewal(&issued.certificate, &names, due.plus_ms(1)));
    assert!(authority.needs_renewal(&issued.certificate, &names, issued.not_before.plus_ms(-1)));
    let more = ServerNames::with(["iot.example.com"]).unwrap();
    assert!(authority.needs_renewal(&issued.certificate, &more, NOW));
    assert!(authority.needs_renewal("", &names, NOW));
    let stranger = former_authority().issue_server(&names, KeyKind::EcP256, NOW).unwrap();
    assert!(authority.needs_renewal(&stranger.certificate, &names, NOW));
}

#[test]
fn what_is_not_a_certificate_is_refused() {
    assert!(inspect_pem("").is_err());
    assert!(inspect_pem(&"x".repeat(MAX_READ + 1)).is_err());
    assert!(DevicePublicKey::of_certificate(b"\x30\x82").is_err());
    assert!(DevicePublicKey::of_certificate(b"").is_err());
}

const MAX_READ: usize = 64 * 1024;
