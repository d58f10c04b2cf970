//! MQTT 5 §3.15 and §4.12: extended authentication, which the server does not offer.

use yizhan_conformance::broker;
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::build::Body;
use yizhan_testkit::mqtt::{Properties, property};

use crate::steps::refused_after_connect;

/// 5.0: 4.12.0-1, 4.12.0-4, 3.1.4-2
#[test]
fn an_unsupported_authentication_method_is_refused() {
    let properties =
        Properties::none().text(property::AUTH_METHOD, "SCRAM-SHA-512").binary(property::AUTH_DATA, b"hello");
    let mut client = broker().open();
    if let Some(connack) = client.try_connect(&broker().connect(Version::V5).properties(properties)) {
        assert!(matches!(connack.code, 0x8C | 0x87), "refused with {:#04x}", connack.code);
        client.expect_closed();
    }
}

/// 5.0: 4.12.0-6
#[test]
fn without_a_method_the_connack_names_none() {
    let connack = broker().open().connect(&broker().connect(Version::V5));
    assert_eq!(connack.properties.get(property::AUTH_METHOD), None);
    assert_eq!(connack.properties.get(property::AUTH_DATA), None);
}

/// 5.0: 4.12.1-2, 4.13.1-1
#[test]
fn an_auth_without_a_method_at_connect_ends_the_connection() {
    let reauthenticate = Body::new()
        .byte(0x19)
        .properties(Version::V5, &Properties::none().text(property::AUTH_METHOD, "SCRAM-SHA-512"))
        .packet(0xF0);
    for packet in [reauthenticate, vec![0xF0, 0x00], vec![0xF0, 0x02, 0x18, 0x00]] {
        refused_after_connect(Version::V5, &packet, &[0x81, 0x82, 0x87, 0x8C]);
    }
}

/// 5.0: 3.15.1-1
#[test]
fn auth_with_reserved_flags_ends_the_connection() {
    for first in [0xF1, 0xF2, 0xF8] {
        refused_after_connect(Version::V5, &[first, 0x00], &[0x81, 0x82]);
    }
}
