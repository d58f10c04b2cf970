//! The will: §3.1.2.5 to §3.1.2.7 (3.1.1), §3.1.2.5 to §3.1.3.4 (5.0) and §3.14.

use std::time::{Duration, Instant};

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build;
use yizhan_testkit::mqtt::{Event, Properties, Will, property};
use yizhan_testkit::{PATIENCE, Version};

use crate::steps::{BOTH, lose, subscriber, topic};

/// 3.1.1: 3.1.2-8
/// 5.0: 3.1.2-7, 3.1.2-8
#[test]
fn a_lost_connection_publishes_the_will() {
    for version in Version::ALL {
        for qos in 0..=2 {
            let topic = topic();
            let mut watcher = subscriber(version, &topic, 2);
            let will = Will { qos, ..Will::new(&topic, b"gone") };
            broker().join(&broker().connect(version).will(will)).drop_connection();
            let publish = watcher.receive();
            assert_eq!((publish.payload.as_slice(), publish.qos, publish.retain), (&b"gone"[..], qos, false));
        }
    }
}

/// 3.1.1: 3.1.2-8
/// 5.0: 3.1.2-8
#[test]
fn a_client_that_falls_silent_publishes_its_will() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let connect = broker().connect(version).keep_alive(1).will(Will::new(&topic, b"silent"));
        let _client = broker().join(&connect);
        assert_eq!(watcher.expect_publish().payload, b"silent");
    }
}

/// 3.1.1: 3.1.2-8, 4.8.0-1
/// 5.0: 3.1.2-8, 4.13.1-1
#[test]
fn a_client_that_breaks_the_protocol_publishes_its_will() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let mut client = broker().join(&broker().connect(version).will(Will::new(&topic, b"expelled")));
        client.send(&[0x36, 0x03, 0x00, 0x01, b'a']);
        client.expect_refused(&[0x81, 0x82]);
        assert_eq!(watcher.expect_publish().payload, b"expelled");
    }
}

/// 3.1.1: 3.1.2-8, 3.1.4-2
/// 5.0: 3.1.2-8, 3.1.4-3
#[test]
fn a_client_whose_id_is_taken_over_publishes_its_will() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let id = unique("will");
        let _first = broker().join(&broker().connect_as(version, &id).will(Will::new(&topic, b"replaced")));
        let _second = broker().join(&broker().connect_as(version, &id));
        assert_eq!(watcher.expect_publish().payload, b"replaced");
    }
}

/// 3.1.1: 3.14.4-3, 3.1.2-10
/// 5.0: 3.14.4-3, 3.1.2-10
#[test]
fn a_disconnect_withdraws_the_will() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        broker().join(&broker().connect(version).will(Will::new(&topic, b"never"))).disconnect();
        watcher.expect_silence();
    }
}

/// The will belongs to the connection that brought it: a later one without a will publishes nothing.
///
/// 3.1.1: 3.1.2-10, 3.1.2-12
/// 5.0: 3.1.2-10
#[test]
fn a_published_will_is_gone() {
    for version in BOTH {
        let (id, topic) = (unique("once"), topic());
        let mut watcher = subscriber(version, &topic, 0);
        let kept = broker().connect_kept(version, &id);
        lose(broker().join(&kept.clone().will(Will::new(&topic, b"once"))));
        assert_eq!(watcher.expect_publish().payload, b"once");
        lose(broker().join(&kept));
        watcher.expect_silence();
    }
}

/// 3.1.1: 3.1.2-16
/// 5.0: 3.1.2-14
#[test]
fn a_will_without_retain_is_not_stored() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        broker().join(&broker().connect(version).will(Will::new(&topic, b"fleeting"))).drop_connection();
        assert_eq!(watcher.expect_publish().payload, b"fleeting");
        subscriber(version, &topic, 0).expect_silence();
    }
}

/// 3.1.1: 3.1.2-17
/// 5.0: 3.1.2-15
#[test]
fn a_will_with_retain_is_stored() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let will = Will { retain: true, ..Will::new(&topic, b"lasting") };
        broker().join(&broker().connect(version).will(will)).drop_connection();
        assert_eq!(watcher.expect_publish().payload, b"lasting");
        let stored = subscriber(version, &topic, 0).expect_publish();
        assert_eq!((stored.payload.as_slice(), stored.retain), (&b"lasting"[..], true));
    }
}

/// 3.1.1: 3.1.2-10
/// 5.0: 3.1.2-10
#[test]
fn an_empty_will_is_published_too() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        broker().join(&broker().connect(version).will(Will::new(&topic, b""))).drop_connection();
        assert!(watcher.expect_publish().payload.is_empty());
    }
}

/// 5.0: 3.1.2-8
#[test]
fn a_disconnect_with_will_message_publishes_the_will() {
    let topic = topic();
    let mut watcher = subscriber(Version::V5, &topic, 0);
    let mut client = broker().join(&broker().connect(Version::V5).will(Will::new(&topic, b"on purpose")));
    client.send(&build::disconnect(0x04, &Properties::none()));
    client.expect_closed();
    assert_eq!(watcher.expect_publish().payload, b"on purpose");
}

fn delayed(topic: &str, seconds: u32) -> Will {
    Will {
        properties: Properties::none().four(property::WILL_DELAY, seconds),
        ..Will::new(topic, b"delayed")
    }
}

/// 5.0: 3.1.2-8
#[test]
fn a_will_waits_for_its_delay() {
    let topic = topic();
    let mut watcher = subscriber(Version::V5, &topic, 0);
    let connect = broker().connect_kept(Version::V5, &unique("delay")).will(delayed(&topic, 2));
    broker().join(&connect).drop_connection();
    let start = Instant::now();
    assert_eq!(watcher.expect_publish().payload, b"delayed");
    let waited = start.elapsed();
    assert!(
        waited >= Duration::from_millis(1_400) && waited < Duration::from_secs(6),
        "published after {waited:?}"
    );
}

/// 5.0: 3.1.3-9
#[test]
fn coming_back_within_the_delay_cancels_the_will() {
    let topic = topic();
    let mut watcher = subscriber(Version::V5, &topic, 0);
    let id = unique("back");
    lose(broker().join(&broker().connect_kept(Version::V5, &id).will(delayed(&topic, 1))));
    let _back = broker().join(&broker().connect_kept(Version::V5, &id));
    assert_eq!(watcher.next(Duration::from_millis(2_500)), Event::Silence);
}

/// 5.0: 3.1.2-8
#[test]
fn the_end_of_the_session_publishes_the_will_before_its_delay() {
    let topic = topic();
    let mut watcher = subscriber(Version::V5, &topic, 0);
    // Expiry 0: the session ends with the connection.
    let connect = broker().connect(Version::V5).will(delayed(&topic, 60));
    broker().join(&connect).drop_connection();
    assert_eq!(watcher.expect_publish().payload, b"delayed");
    // Clean start ends the old session while its will is waiting.
    let id = unique("fresh");
    lose(broker().join(&broker().connect_kept(Version::V5, &id).will(delayed(&topic, 60))));
    let _fresh = broker().join(&broker().connect_as(Version::V5, &id));
    assert_eq!(watcher.expect_publish().payload, b"delayed");
}

/// 5.0: 3.1.3-10, 3.3.2-4, 3.3.2-15, 3.3.2-16, 3.3.2-17, 3.3.2-20
#[test]
fn the_properties_of_a_will_reach_the_subscriber_in_order() {
    let topic = topic();
    let mut watcher = subscriber(Version::V5, &topic, 0);
    let properties = Properties::none()
        .byte(property::PAYLOAD_FORMAT, 1)
        .four(property::MESSAGE_EXPIRY, 600)
        .text(property::CONTENT_TYPE, "text/plain")
        .text(property::RESPONSE_TOPIC, "answers/here")
        .binary(property::CORRELATION_DATA, &[0, 255])
        .user("b", "1")
        .user("a", "2")
        .user("b", "1");
    let will = Will { properties, ..Will::new(&topic, "letzte Grüße".as_bytes()) };
    broker().join(&broker().connect(Version::V5).will(will)).drop_connection();
    let publish = watcher.expect_publish();
    let told = &publish.properties;
    assert_eq!(told.number(property::PAYLOAD_FORMAT), Some(1));
    assert!(told.number(property::MESSAGE_EXPIRY).is_some_and(|left| (590..=600).contains(&left)));
    assert_eq!(told.string(property::CONTENT_TYPE), Some("text/plain"));
    assert_eq!(told.string(property::RESPONSE_TOPIC), Some("answers/here"));
    assert_eq!(told.bytes(property::CORRELATION_DATA), Some(&[0, 255][..]));
    assert_eq!(told.user_properties(), [("b", "1"), ("a", "2"), ("b", "1")]);
    assert_eq!(told.get(property::WILL_DELAY), None);
}

/// The server may refuse such a CONNECT or drop the will; it must not publish to a filter.
///
/// 3.1.1: 4.7.1-1
/// 5.0: 4.7.0-1
#[test]
fn a_will_with_a_wildcard_topic_is_never_published() {
    for version in BOTH {
        let base = topic();
        let mut watcher = subscriber(version, &format!("{base}/#"), 0);
        let mut client = broker().open();
        let connect = broker().connect(version).will(Will::new(&format!("{base}/+"), b"wild"));
        client.speak(version);
        client.send(&connect.encode());
        let _any = client.next(PATIENCE);
        client.drop_connection();
        watcher.expect_silence();
    }
}
