//! §3.3.1.3: retained messages, and the subscription options about them.

use yizhan_conformance::broker;
use yizhan_testkit::mqtt::build::Publishing;
use yizhan_testkit::mqtt::{Properties, property};
use yizhan_testkit::{RawClient, Version};

use crate::steps::{BOTH, subscriber, topic};

const RETAIN_AS_PUBLISHED: u8 = 0x08;
const ONLY_NEW: u8 = 0x10;
const NEVER: u8 = 0x20;

#[track_caller]
fn retain(version: Version, topic: &str, payload: &[u8], qos: u8) {
    broker().client(version).publish_as(&Publishing::new(topic, payload).qos(qos, 1).retained());
}

/// 3.1.1: 3.3.1-5, 3.3.1-6, 3.3.1-8
/// 5.0: 3.3.1-5, 3.3.1-9
#[test]
fn a_new_subscriber_gets_the_last_retained_message_with_its_qos() {
    for version in Version::ALL {
        for qos in 0..=2 {
            let topic = topic();
            retain(version, &topic, b"old", 2);
            retain(version, &topic, b"last", qos);
            // QoS 0 has no acknowledgement to wait for.
            std::thread::sleep(std::time::Duration::from_millis(50));
            let mut client = subscriber(version, &topic, 2);
            let publish = client.receive();
            assert_eq!((publish.payload.as_slice(), publish.qos, publish.retain), (&b"last"[..], qos, true));
            client.expect_silence();
        }
    }
}

/// 3.1.1: 3.3.1-6
/// 5.0: 3.3.1-9
#[test]
fn a_wildcard_subscription_gets_each_matching_retained_message_once() {
    for version in BOTH {
        let base = topic();
        for level in ["a", "b", "c/d"] {
            retain(version, &format!("{base}/{level}"), level.as_bytes(), 1);
        }
        let mut client = broker().client(version);
        client.subscribe(1, &[(&format!("{base}/+"), 1)]);
        let mut topics = [client.receive().topic, client.receive().topic];
        topics.sort();
        assert_eq!(topics, [format!("{base}/a"), format!("{base}/b")]);
        client.expect_silence();
    }
}

/// 3.1.1: 3.3.1-7
/// 5.0: 3.3.1-5
#[test]
fn a_qos_0_retained_message_replaces_the_one_before() {
    for version in BOTH {
        let topic = topic();
        retain(version, &topic, b"before", 1);
        let mut publisher = broker().client(version);
        publisher.publish_as(&Publishing::new(&topic, b"after").retained());
        publisher.ping();
        // The server may keep the new one or, at QoS 0, nothing; never the old one.
        let mut client = subscriber(version, &topic, 1);
        if let yizhan_testkit::mqtt::Event::Packet(yizhan_testkit::Received::Publish(publish)) =
            client.next(yizhan_testkit::QUIET)
        {
            assert_eq!(publish.payload, b"after");
        }
    }
}

/// 3.1.1: 3.3.1-9
/// 5.0: 3.3.1-12
#[test]
fn an_established_subscription_gets_messages_without_the_retain_flag() {
    for version in BOTH {
        let topic = topic();
        let mut client = subscriber(version, &topic, 1);
        retain(version, &topic, b"live", 1);
        assert!(!client.receive().retain);
    }
}

/// 3.1.1: 3.3.1-10, 3.3.1-11
/// 5.0: 3.3.1-6, 3.3.1-7
#[test]
fn an_empty_retained_message_is_delivered_and_clears_the_topic() {
    for version in BOTH {
        let topic = topic();
        retain(version, &topic, b"something", 1);
        let mut established = subscriber(version, &topic, 1);
        assert!(established.receive().retain);
        retain(version, &topic, b"", 1);
        let publish = established.receive();
        assert!(publish.payload.is_empty() && !publish.retain);
        subscriber(version, &topic, 1).expect_silence();
    }
}

/// 3.1.1: 3.3.1-12
/// 5.0: 3.3.1-8
#[test]
fn a_message_without_retain_leaves_the_retained_one_alone() {
    for version in BOTH {
        let topic = topic();
        broker().client(version).publish(&topic, b"not kept", 1);
        subscriber(version, &topic, 1).expect_silence();
        retain(version, &topic, b"kept", 1);
        let mut publisher = broker().client(version);
        publisher.publish(&topic, b"passing", 1);
        publisher.publish(&topic, b"", 1);
        assert_eq!(subscriber(version, &topic, 1).receive().payload, b"kept");
    }
}

/// 3.1.1: 3.8.4-3
/// 5.0: 3.8.4-3, 3.8.4-4, 3.3.1-9
#[test]
fn subscribing_again_sends_retained_messages_again() {
    for version in BOTH {
        let topic = topic();
        retain(version, &topic, b"kept", 1);
        let mut client = subscriber(version, &topic, 1);
        assert!(client.receive().retain);
        client.subscribe(2, &[(&topic, 1)]);
        let again = client.receive();
        assert_eq!((again.payload.as_slice(), again.retain), (&b"kept"[..], true));
    }
}

#[track_caller]
fn subscribe_with(client: &mut RawClient, id: u16, topic: &str, options: u8) {
    let codes = client.subscribe(id, &[(topic, options)]).codes;
    assert_eq!(codes, [options & 3]);
}

/// 5.0: 3.3.1-10
#[test]
fn retain_handling_1_sends_to_new_subscriptions_only() {
    let topic = topic();
    retain(Version::V5, &topic, b"kept", 1);
    let mut client = broker().client(Version::V5);
    subscribe_with(&mut client, 1, &topic, 1 | ONLY_NEW);
    assert!(client.receive().retain);
    subscribe_with(&mut client, 2, &topic, 1 | ONLY_NEW);
    client.expect_silence();
    client.unsubscribe(3, &[&topic]);
    subscribe_with(&mut client, 4, &topic, 1 | ONLY_NEW);
    assert!(client.receive().retain);
}

/// 5.0: 3.3.1-11
#[test]
fn retain_handling_2_sends_nothing() {
    let topic = topic();
    retain(Version::V5, &topic, b"kept", 1);
    let mut client = broker().client(Version::V5);
    subscribe_with(&mut client, 1, &topic, 1 | NEVER);
    client.expect_silence();
    retain(Version::V5, &topic, b"live", 1);
    assert_eq!(client.receive().payload, b"live");
}

/// 5.0: 4.13.1-1, 3.8.3-5
#[test]
fn retain_handling_3_is_malformed() {
    let packet = yizhan_testkit::mqtt::build::subscribe(Version::V5, 1, &[("a", 0x30)], &Properties::none());
    crate::steps::refused_after_connect(Version::V5, &packet, &[0x81, 0x82]);
}

/// 5.0: 3.3.1-12, 3.3.1-13
#[test]
fn retain_as_published_decides_about_the_flag() {
    let topic = topic();
    let mut plain = broker().client(Version::V5);
    subscribe_with(&mut plain, 1, &topic, 1);
    let mut faithful = broker().client(Version::V5);
    subscribe_with(&mut faithful, 1, &topic, 1 | RETAIN_AS_PUBLISHED);
    let mut publisher = broker().client(Version::V5);
    for retained in [true, false] {
        let mut publishing = Publishing::new(&topic, b"x").qos(1, 1);
        publishing.retain = retained;
        publisher.publish_as(&publishing);
        assert!(!plain.receive().retain);
        assert_eq!(faithful.receive().retain, retained);
    }
}

/// The properties of a retained message are kept with it.
///
/// 5.0: 3.3.2-4, 3.3.2-17, 3.3.2-20, 3.3.1-5
#[test]
fn a_retained_message_keeps_its_properties() {
    let topic = topic();
    let properties = Properties::none()
        .byte(property::PAYLOAD_FORMAT, 1)
        .text(property::CONTENT_TYPE, "a/b")
        .user("k", "v");
    broker()
        .client(Version::V5)
        .publish_as(&Publishing::new(&topic, b"kept").qos(1, 1).retained().properties(properties));
    let publish = subscriber(Version::V5, &topic, 1).receive();
    assert_eq!(publish.properties.string(property::CONTENT_TYPE), Some("a/b"));
    assert_eq!(publish.properties.number(property::PAYLOAD_FORMAT), Some(1));
    assert_eq!(publish.properties.user_properties(), [("k", "v")]);
}

/// An unnumbered sentence of §4.8.2.
#[test]
fn a_shared_subscription_gets_no_retained_messages() {
    let topic = topic();
    retain(Version::V5, &topic, b"kept", 1);
    let mut client = broker().client(Version::V5);
    subscribe_with(&mut client, 1, &format!("$share/group/{topic}"), 1);
    client.expect_silence();
}
