//! §3.1.2.4, §3.2.2.2 and §4.1: what a session keeps, and for how long.

use std::time::Duration;

use yizhan_conformance::{broker, unique};
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::build;
use yizhan_testkit::mqtt::{Properties, property};

use crate::steps::{BOTH, lose, topic};

#[track_caller]
fn connect_and_tell(connect: &yizhan_testkit::mqtt::Connect) -> (yizhan_testkit::RawClient, bool) {
    let mut client = broker().open();
    let connack = client.connect(connect);
    (client, connack.session_present)
}

/// 3.1.1: 3.1.2-4, 3.2.2-2, 3.2.2-3, 4.1.0-1, 3.1.3-2
/// 5.0: 3.1.2-5, 3.1.2-6, 3.1.2-23, 3.2.2-3, 3.1.3-2
#[test]
fn a_kept_session_is_resumed_with_its_subscriptions() {
    for version in BOTH {
        let (id, topic) = (unique("kept"), topic());
        let kept = broker().connect_kept(version, &id);
        let (mut client, present) = connect_and_tell(&kept);
        assert!(!present, "a session from nowhere");
        client.subscribe(1, &[(&topic, 1)]);
        client.disconnect();
        let (mut client, present) = connect_and_tell(&kept);
        assert!(present, "{version:?}: the session was lost");
        broker().client(version).publish(&topic, b"still subscribed", 1);
        assert_eq!(client.receive().payload, b"still subscribed");
    }
}

/// 3.1.1: 3.1.2-5, 4.5.0-1
/// 5.0: 4.5.0-1, 3.1.2-23
#[test]
fn a_kept_session_collects_messages_above_qos_0() {
    for version in BOTH {
        let (id, topic) = (unique("collect"), topic());
        let kept = broker().connect_kept(version, &id);
        let mut client = broker().join(&kept);
        client.subscribe(1, &[(&topic, 2)]);
        client.disconnect();
        let mut publisher = broker().client(version);
        publisher.publish(&topic, b"one", 1);
        publisher.publish(&topic, b"two", 2);
        let mut client = broker().join(&kept);
        let first = client.receive();
        assert_eq!((first.payload.as_slice(), first.qos, first.dup), (&b"one"[..], 1, false));
        let second = client.receive();
        assert_eq!((second.payload.as_slice(), second.qos, second.dup), (&b"two"[..], 2, false));
        client.expect_silence();
    }
}

/// 3.1.1: 3.1.2-6, 3.1.4-3, 3.2.2-1
/// 5.0: 3.1.2-4, 3.1.4-4, 3.2.2-2
#[test]
fn a_clean_connection_discards_what_was_stored() {
    for version in BOTH {
        let (id, topic) = (unique("clean"), topic());
        let kept = broker().connect_kept(version, &id);
        let mut client = broker().join(&kept);
        client.subscribe(1, &[(&topic, 1)]);
        client.disconnect();
        broker().client(version).publish(&topic, b"old", 1);
        let (mut client, present) = connect_and_tell(&broker().connect_as(version, &id));
        assert!(!present);
        broker().client(version).publish(&topic, b"new", 1);
        client.expect_silence();
        client.disconnect();
        let (mut client, present) = connect_and_tell(&kept);
        assert!(!present, "{version:?}: a clean session left something behind");
        client.expect_silence();
    }
}

/// 3.1.1: 3.1.2-6
#[test]
fn a_clean_session_leaves_nothing_behind() {
    let (id, topic) = (unique("once"), topic());
    let mut client = broker().join(&broker().connect_as(Version::V311, &id));
    client.subscribe(1, &[(&topic, 1)]);
    client.disconnect();
    broker().client(Version::V311).publish(&topic, b"missed", 1);
    let (mut client, present) = connect_and_tell(&broker().connect_kept(Version::V311, &id));
    assert!(!present);
    client.expect_silence();
}

/// 3.1.1: 3.1.2-7
/// 5.0: 3.3.1-5
#[test]
fn retained_messages_outlive_the_session_of_their_publisher() {
    for version in BOTH {
        let topic = topic();
        let mut publisher = broker().client(version);
        publisher.publish_as(&build::Publishing::new(&topic, b"kept").qos(1, 1).retained());
        publisher.disconnect();
        let mut client = broker().client(version);
        client.subscribe(1, &[(&topic, 0)]);
        assert_eq!(client.expect_publish().payload, b"kept");
    }
}

/// 3.1.1: 4.1.0-2
/// 5.0: 4.1.0-1
#[test]
fn a_session_lasts_as_long_as_its_connection() {
    // Expiry 0 must not end the session under an open connection.
    for version in BOTH {
        let topic = topic();
        let mut client = broker().client(version);
        client.subscribe(1, &[(&topic, 1)]);
        std::thread::sleep(Duration::from_millis(1_500));
        broker().client(version).publish(&topic, b"there", 1);
        assert_eq!(client.receive().payload, b"there");
    }
}

/// 5.0: 4.1.0-2, 3.2.2-3
#[test]
fn a_session_ends_when_its_expiry_has_passed() {
    let id = unique("expires");
    let connect = broker().connect_as(Version::V5, &id).resume();
    let brief = connect.clone().properties(Properties::none().four(property::SESSION_EXPIRY, 1));
    broker().join(&brief).disconnect();
    std::thread::sleep(Duration::from_millis(2_500));
    let (client, present) = connect_and_tell(&brief);
    assert!(!present, "the session outlived its expiry");
    client.disconnect();
    let (_client, present) = connect_and_tell(&brief);
    assert!(present, "the session did not last until its expiry");
}

/// 5.0: 4.1.0-2
#[test]
fn without_an_expiry_interval_the_session_ends_with_the_connection() {
    let id = unique("zero");
    let connect = broker().connect_as(Version::V5, &id).resume();
    lose(broker().join(&connect));
    let (_client, present) = connect_and_tell(&connect);
    assert!(!present);
}

/// 5.0: 4.1.0-2, 3.1.2-23
#[test]
fn a_disconnect_may_change_the_expiry() {
    let id = unique("change");
    let kept = broker().connect_kept(Version::V5, &id);
    let mut client = broker().join(&kept);
    client.send(&build::disconnect(0, &Properties::none().four(property::SESSION_EXPIRY, 0)));
    client.expect_closed();
    let (_client, present) = connect_and_tell(&kept);
    assert!(!present, "the expiry of DISCONNECT was ignored");
}

/// Setting an expiry in DISCONNECT when CONNECT had none is a protocol error.
///
/// 5.0: 4.13.1-1
#[test]
fn a_disconnect_cannot_keep_a_session_that_was_not_to_be_kept() {
    let id = unique("late");
    let connect = broker().connect_as(Version::V5, &id).resume();
    let mut client = broker().join(&connect);
    client.send(&build::disconnect(0, &Properties::none().four(property::SESSION_EXPIRY, 60)));
    client.expect_refused(&[0x82]);
    let (_client, present) = connect_and_tell(&connect);
    assert!(!present);
}

/// The largest value means for ever; it must not overflow into an expiry in the past.
///
/// 5.0: 3.1.2-23
#[test]
fn the_largest_expiry_keeps_the_session() {
    let id = unique("ever");
    let connect = broker().connect_as(Version::V5, &id).resume();
    let forever = connect.properties(Properties::none().four(property::SESSION_EXPIRY, u32::MAX));
    lose(broker().join(&forever));
    std::thread::sleep(Duration::from_millis(300));
    let (_client, present) = connect_and_tell(&forever);
    assert!(present);
}

/// A session made by one version can be taken up by the other; nothing is lost on the way.
///
/// 3.1.1: 3.1.2-4
/// 5.0: 3.1.2-5
#[test]
fn a_session_is_resumed_across_protocol_versions() {
    let (id, topic) = (unique("cross"), topic());
    let mut client = broker().join(&broker().connect_kept(Version::V311, &id));
    client.subscribe(1, &[(&topic, 1)]);
    client.disconnect();
    broker().client(Version::V311).publish(&topic, b"waiting", 1);
    let (mut client, present) = connect_and_tell(&broker().connect_kept(Version::V5, &id));
    assert!(present);
    assert_eq!(client.receive().payload, b"waiting");
}
