//! Logins that fail, where the broker has users (an external target has none).

use yizhan_conformance::{broker, unique};
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::build::Publishing;
use yizhan_testkit::mqtt::{Properties, property};

use crate::steps::{BOTH, subscriber, topic};

fn has_users() -> bool {
    broker().server().is_some()
}

/// 3.1.1: 3.2.2-4, 3.2.2-5
/// 5.0: 3.1.4-2, 3.2.2-6, 3.2.2-7, 3.2.2-8, 3.14.0-1, 4.12.0-4, 4.13.2-1
#[test]
fn a_wrong_password_is_refused_and_closed_even_for_a_stored_session() {
    if !has_users() {
        return;
    }
    for version in BOTH {
        let id = unique("pw");
        let right = broker().connect_kept(version, &id);
        broker().join(&right).disconnect();
        let mut wrong = right.clone();
        wrong.password = Some(b"not the password".to_vec());
        let mut client = broker().open();
        let connack = client.try_connect(&wrong).unwrap();
        let expected: &[u8] = if version == Version::V5 { &[0x86, 0x87] } else { &[4, 5] };
        assert!(expected.contains(&connack.code), "refused with {:#04x}", connack.code);
        assert!(!connack.session_present);
        client.expect_closed();
    }
}

/// 3.1.1: 3.2.2-5
/// 5.0: 3.1.4-2
#[test]
fn an_unknown_user_or_nobody_is_refused() {
    if !has_users() {
        return;
    }
    for version in Version::ALL {
        let mut nobody = broker().connect(version);
        (nobody.username, nobody.password) = (None, None);
        let stranger = broker().connect(version).login("stranger", "x");
        let mut forgetful = broker().connect(version);
        forgetful.password = None;
        for connect in [nobody, stranger, forgetful] {
            let mut client = broker().open();
            let connack = client.try_connect(&connect).unwrap();
            assert!(matches!(connack.code, 4 | 5 | 0x86 | 0x87), "refused with {:#04x}", connack.code);
            client.expect_closed();
        }
    }
}

/// 3.1.1: 3.1.4-5
/// 5.0: 3.1.4-6
#[test]
fn nothing_after_a_failed_login_is_processed() {
    if !has_users() {
        return;
    }
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let mut bytes = broker().connect(version).login("stranger", "x").encode();
        bytes.extend(Publishing::new(&topic, b"smuggled").encode(version));
        let mut client = broker().open();
        client.speak(version);
        client.send(&bytes);
        client.expect_closed_after_packets();
        watcher.expect_silence();
    }
}

/// A client that can hardly receive anything is refused: the refusal must fit, or be left out.
///
/// 5.0: 3.2.2-19, 3.2.2-20
#[test]
fn a_refusal_fits_the_clients_maximum_packet_size() {
    for size in [5, 8, 20] {
        let connect = broker()
            .connect(Version::V5)
            .login("stranger", "x")
            .properties(Properties::none().four(property::MAXIMUM_PACKET_SIZE, size));
        let mut client = broker().open();
        if client.try_connect(&connect).is_some_and(|connack| connack.code != 0) {
            client.expect_closed();
        }
    }
}
