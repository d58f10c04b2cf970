//! MQTT 5 §3.3.2.3: properties of a message on their way to subscribers, and topic aliases.

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::{Body, Publishing};
use yizhan_testkit::mqtt::{Event, Properties, property};
use yizhan_testkit::{PATIENCE, Received, Version};

use crate::steps::{refused_after_connect, subscriber, topic, v5_with};

/// 5.0: 3.3.2-4, 3.3.2-15, 3.3.2-16, 3.3.2-17, 3.3.2-18, 3.3.2-20
#[test]
fn properties_reach_the_subscriber_unaltered() {
    for qos in 0..=2 {
        let topic = topic();
        let mut watcher = subscriber(Version::V5, &topic, qos);
        let properties = Properties::none()
            .byte(property::PAYLOAD_FORMAT, 1)
            .text(property::CONTENT_TYPE, "anwendung/größe")
            .text(property::RESPONSE_TOPIC, "answer/to/me")
            .binary(property::CORRELATION_DATA, &[0, 1, 0xFF, 0xFE])
            .user("z", "last first")
            .user("a", "")
            .user("", "empty name")
            .user("z", "again");
        let publishing = Publishing::new(&topic, "grün".as_bytes()).qos(qos, 1).properties(properties);
        broker().client(Version::V5).publish_as(&publishing);
        let told = watcher.receive().properties;
        assert_eq!(told.number(property::PAYLOAD_FORMAT), Some(1));
        assert_eq!(told.string(property::CONTENT_TYPE), Some("anwendung/größe"));
        assert_eq!(told.string(property::RESPONSE_TOPIC), Some("answer/to/me"));
        assert_eq!(told.bytes(property::CORRELATION_DATA), Some(&[0, 1, 0xFF, 0xFE][..]));
        let users = [("z", "last first"), ("a", ""), ("", "empty name"), ("z", "again")];
        assert_eq!(told.user_properties(), users);
    }
}

/// 5.0: 3.3.2-4
#[test]
fn an_absent_or_zero_payload_format_is_not_invented() {
    let topic = topic();
    let mut watcher = subscriber(Version::V5, &topic, 0);
    let mut publisher = broker().client(Version::V5);
    publisher.publish(&topic, &[0xFF], 0);
    assert_ne!(watcher.expect_publish().properties.number(property::PAYLOAD_FORMAT), Some(1));
    let zero = Properties::none().byte(property::PAYLOAD_FORMAT, 0);
    publisher.publish_as(&Publishing::new(&topic, &[0xFF]).properties(zero));
    assert_ne!(watcher.expect_publish().properties.number(property::PAYLOAD_FORMAT), Some(1));
}

/// 5.0: 3.3.2-13, 3.3.2-19
#[test]
fn ill_formed_text_properties_end_the_connection() {
    for id in [property::RESPONSE_TOPIC, property::CONTENT_TYPE] {
        for text in [&[0xFF][..], &[b'a', 0], &[0xED, 0xA0, 0x80]] {
            let properties = Body::new().byte(id).binary(text).into_bytes();
            let length = u8::try_from(properties.len()).unwrap();
            let publish = Body::new().text("a").byte(length).raw(&properties).packet(0x30);
            refused_after_connect(Version::V5, &publish, &[0x81, 0x82, 0x90]);
        }
    }
}

/// 5.0: 3.3.2-14
#[test]
fn a_response_topic_with_wildcards_ends_the_connection() {
    for response in ["a/#", "+/a"] {
        let properties = Properties::none().text(property::RESPONSE_TOPIC, response);
        let publish = Publishing::new("a", b"").properties(properties).encode(Version::V5);
        refused_after_connect(Version::V5, &publish, &[0x81, 0x82, 0x90]);
    }
}

#[track_caller]
fn with_aliases() -> Option<(yizhan_testkit::RawClient, u16)> {
    let mut client = broker().open();
    let connack = client.connect(&broker().connect(Version::V5));
    let maximum = connack.properties.number(property::TOPIC_ALIAS_MAXIMUM).unwrap_or(0);
    (maximum > 0).then(|| (client, u16::try_from(maximum).expect("two bytes")))
}

fn alias(number: u16) -> Properties {
    Properties::none().two(property::TOPIC_ALIAS, number)
}

/// 5.0: 3.3.2-12
#[test]
fn every_offered_alias_can_be_set_used_and_changed() {
    let Some((mut client, maximum)) = with_aliases() else { return };
    let topics = [topic(), topic()];
    let mut first = subscriber(Version::V5, &topics[0], 0);
    let mut second = subscriber(Version::V5, &topics[1], 0);
    for number in [1, maximum] {
        client.publish_as(&Publishing::new(&topics[0], b"set").properties(alias(number)));
        client.publish_as(&Publishing::new("", b"used").qos(1, 5).properties(alias(number)));
        client.publish_as(&Publishing::new(&topics[1], b"changed").properties(alias(number)));
        client.publish_as(&Publishing::new("", b"used again").properties(alias(number)));
        assert_eq!(first.expect_publish().payload, b"set");
        assert_eq!(first.expect_publish().payload, b"used");
        assert_eq!(second.expect_publish().payload, b"changed");
        assert_eq!(second.expect_publish().payload, b"used again");
    }
}

/// 5.0: 3.3.2-8, 3.3.2-12, 4.13.1-1
#[test]
fn an_alias_that_was_not_offered_or_not_set_ends_the_connection() {
    refused_after_connect(
        Version::V5,
        &Publishing::new("a", b"").properties(alias(0)).encode(Version::V5),
        &[0x81, 0x82, 0x94],
    );
    let maximum = with_aliases().map_or(0, |(_, maximum)| maximum);
    if maximum < u16::MAX {
        let beyond = Publishing::new("a", b"").properties(alias(maximum + 1)).encode(Version::V5);
        refused_after_connect(Version::V5, &beyond, &[0x82, 0x94]);
    }
    let unset = Publishing::new("", b"").properties(alias(1)).encode(Version::V5);
    refused_after_connect(Version::V5, &unset, &[0x82, 0x94]);
}

/// 5.0: 3.3.2-7
#[test]
fn aliases_end_with_the_connection() {
    if with_aliases().is_none() {
        return;
    }
    let topic = topic();
    let kept = broker().connect_kept(Version::V5, &unique("alias"));
    let mut client = broker().join(&kept);
    client.publish_as(&Publishing::new(&topic, b"set").qos(1, 1).properties(alias(1)));
    client.disconnect();
    let mut client = broker().join(&kept);
    client.send_publish(&Publishing::new("", b"lost").qos(1, 2).properties(alias(1)));
    client.expect_refused(&[0x82, 0x94]);
}

/// The oracle of the client checks every alias against the maximum that the CONNECT announced.
///
/// 5.0: 3.1.2-26, 3.1.2-27, 3.3.2-8, 3.3.2-11
#[test]
fn the_servers_aliases_stay_within_the_clients_maximum() {
    for maximum in [None, Some(0), Some(1), Some(3)] {
        let properties = maximum.map_or(Properties::none(), |maximum| {
            Properties::none().two(property::TOPIC_ALIAS_MAXIMUM, maximum)
        });
        let base = topic();
        let mut client = broker().join(&v5_with(properties));
        client.subscribe(1, &[(&format!("{base}/#"), 1)]);
        let mut publisher = broker().client(Version::V5);
        for round in 0..3 {
            for number in 0..6 {
                let topic = format!("{base}/{number}");
                publisher.publish(&topic, topic.as_bytes(), round % 2);
                let publish = client.receive();
                assert_eq!(publish.topic, topic, "the resolved alias");
                assert_eq!(publish.payload, topic.as_bytes());
            }
        }
    }
}

/// 5.0: 3.3.2-4
#[test]
fn a_payload_that_is_not_what_its_format_says_is_refused_or_passed_on_as_it_is() {
    let topic = topic();
    // The reader would report a payload that is announced as UTF-8 and is not, so only the publisher's side is read.
    let mut publisher = broker().client(Version::V5);
    let format = Properties::none().byte(property::PAYLOAD_FORMAT, 1);
    publisher.send_publish(&Publishing::new(&topic, &[0xC3, 0x28]).qos(1, 1).properties(format));
    match publisher.next(PATIENCE) {
        Event::Packet(Received::PubAck(ack)) => assert!(matches!(ack.reason, 0x00 | 0x10 | 0x99)),
        Event::Packet(Received::Disconnect(told)) => assert_eq!(told.reason, 0x99),
        Event::Closed => {}
        other => panic!("unexpected {other:?}"),
    }
}
