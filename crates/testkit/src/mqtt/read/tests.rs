//! The reader refuses what a server must not send. Each case is one rule.

use super::*;

fn refused(version: Version, first: u8, body: &[u8]) -> String {
    parse(version, first, body).expect_err("this packet breaks a rule")
}

#[test]
fn the_remaining_length_is_read_and_must_be_minimal() {
    assert_eq!(split_packet(&[0xD0]), Ok(None));
    assert_eq!(split_packet(&[0xD0, 0x00]), Ok(Some((2, 2))));
    assert_eq!(split_packet(&[0x30, 0x80, 0x01]), Ok(None));
    assert!(split_packet(&[0xD0, 0x80, 0x00]).is_err());
    assert!(split_packet(&[0xD0, 0x80, 0x80, 0x80, 0x80]).is_err());
}

#[test]
fn a_refusing_connack_must_not_claim_a_session() {
    assert!(refused(Version::V311, 0x20, &[1, 2]).contains("session present"));
    assert!(refused(Version::V311, 0x20, &[2, 0]).contains("reserved"));
    assert!(refused(Version::V311, 0x20, &[0, 6]).contains("no code"));
    assert!(parse(Version::V311, 0x20, &[1, 0]).is_ok());
}

#[test]
fn a_publish_with_a_wildcard_or_without_an_id_is_refused() {
    assert!(refused(Version::V311, 0x30, &[0, 1, b'#']).contains("wildcard"));
    assert!(refused(Version::V311, 0x32, &[0, 1, b'a', 0, 0]).contains("packet id is 0"));
    assert!(refused(Version::V311, 0x36, &[0, 1, b'a', 0, 1]).contains("QoS 3"));
    assert!(refused(Version::V311, 0x38, &[0, 1, b'a']).contains("DUP"));
}

#[test]
fn old_acknowledgements_have_exactly_two_bytes() {
    assert!(refused(Version::V311, 0x40, &[0, 1, 0]).contains("left over"));
    assert!(refused(Version::V311, 0xB0, &[0, 1, 0]).contains("left over"));
    assert!(parse(Version::V5, 0x40, &[0, 1, 0x10]).is_ok());
}

#[test]
fn a_property_in_the_wrong_packet_is_refused() {
    let body = [0, 0, 3, property::SERVER_KEEP_ALIVE, 0, 9];
    assert!(parse(Version::V5, 0x20, &body).is_ok());
    let body = [0, 1, b'a', 3, property::SERVER_KEEP_ALIVE, 0, 9];
    assert!(refused(Version::V5, 0x30, &body).contains("must not be"));
}

#[test]
fn a_repeated_property_is_refused_unless_it_may_repeat() {
    let body = [0, 0, 6, property::SERVER_KEEP_ALIVE, 0, 9, property::SERVER_KEEP_ALIVE, 0, 9];
    assert!(refused(Version::V5, 0x20, &body).contains("twice"));
    let body = [0, 1, b'a', 4, property::SUBSCRIPTION_ID, 1, property::SUBSCRIPTION_ID, 2];
    assert!(parse(Version::V5, 0x30, &body).is_ok());
}
