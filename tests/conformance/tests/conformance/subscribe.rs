//! §3.8 and §3.9: SUBSCRIBE and SUBACK.

use yizhan_conformance::{broker, own_server};
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::build::{self, Body, Publishing};
use yizhan_testkit::mqtt::{Properties, property};

use crate::steps::{BOTH, everything_within, refused_after_connect, topic};

/// 3.1.1: 3.8.4-1, 3.8.4-2, 3.8.4-5, 3.9.3-1, 3.9.3-2, 3.8.4-4
/// 5.0: 3.8.4-1, 3.8.4-2, 3.8.4-5, 3.8.4-6, 3.8.4-7, 3.9.3-1, 3.9.3-2
#[test]
fn one_suback_answers_all_filters_in_order() {
    for version in Version::ALL {
        let base = topic();
        let mut client = broker().client(version);
        let filters: Vec<String> = (0..7).map(|number| format!("{base}/{number}")).collect();
        let qos = [2, 0, 1, 1, 0, 2, 0];
        let asked: Vec<(&str, u8)> = filters.iter().map(String::as_str).zip(qos).collect();
        let suback = client.subscribe(4_321, &asked);
        assert_eq!(suback.codes, qos);
        client.expect_silence();
        for (filter, qos) in asked {
            client.publish(filter, b"x", 2);
            let publish = client.receive();
            assert_eq!((publish.topic.as_str(), publish.qos), (filter, qos));
        }
    }
}

/// 3.1.1: 3.8.4-6
/// 5.0: 3.8.4-8
#[test]
fn the_lower_of_published_and_granted_qos_counts() {
    for version in BOTH {
        for granted in 0..=2 {
            let topic = topic();
            let mut client = broker().client(version);
            client.subscribe(1, &[(&topic, granted)]);
            for published in 0..=2 {
                client.publish(&topic, &[published], published);
                let publish = client.receive();
                assert_eq!((publish.payload[0], publish.qos), (published, published.min(granted)));
            }
        }
    }
}

/// 3.1.1: 3.8.3-3, 4.8.0-1
/// 5.0: 3.8.3-2, 4.13.1-1
#[test]
fn a_subscribe_without_filters_ends_the_connection() {
    for version in BOTH {
        let packet = build::subscribe(version, 1, &[], &Properties::none());
        refused_after_connect(version, &packet, &[0x81, 0x82]);
    }
}

/// 3.1.1: 3.8.3-4
/// 5.0: 3.8.3-5
#[test]
fn reserved_bits_in_the_requested_qos_end_the_connection() {
    for version in BOTH {
        let wrong: &[u8] =
            if version == Version::V5 { &[0x03, 0x40, 0x80, 0xC1] } else { &[0x03, 0x04, 0x08, 0x10, 0x80] };
        for options in wrong {
            let packet = build::subscribe(version, 1, &[("a", *options)], &Properties::none());
            refused_after_connect(version, &packet, &[0x81, 0x82]);
        }
    }
}

/// 3.1.1: 4.8.0-1, 4.7.3-1
/// 5.0: 4.13.1-1, 4.7.3-1
#[test]
fn malformed_subscriptions_end_the_connection() {
    for version in BOTH {
        let none = Properties::none();
        let start = || Body::new().two(1).properties(version, &none);
        let packets = [
            Body::new().packet(0x82),
            Body::new().byte(0).packet(0x82),
            start().text("a").packet(0x82),
            start().raw(&[0, 9, b'a']).packet(0x82),
            start().text("a").byte(0).text("b").packet(0x82),
            build::subscribe(version, 1, &[("", 0)], &none),
            build::subscribe(version, 1, &[("a", 0), ("", 0)], &none),
        ];
        for packet in packets {
            refused_after_connect(version, &packet, &[0x81, 0x82, 0x8F]);
        }
    }
}

/// 3.1.1: 3.8.4-3
/// 5.0: 3.8.4-3
#[test]
fn an_identical_filter_replaces_the_subscription() {
    for version in BOTH {
        let topic = topic();
        let mut client = broker().client(version);
        client.subscribe(1, &[(&topic, 0)]);
        client.subscribe(2, &[(&topic, 2)]);
        client.publish(&topic, b"x", 2);
        let received = everything_within(&mut client, yizhan_testkit::QUIET);
        assert_eq!(received.iter().map(|publish| publish.qos).collect::<Vec<_>>(), [2]);
        client.subscribe(3, &[(&topic, 1)]);
        client.publish(&topic, b"x", 2);
        let received = everything_within(&mut client, yizhan_testkit::QUIET);
        assert_eq!(received.iter().map(|publish| publish.qos).collect::<Vec<_>>(), [1]);
    }
}

/// Messages flow while the same filter is subscribed over and over: none may be lost.
///
/// 3.1.1: 3.8.4-3
/// 5.0: 3.8.4-4
#[test]
fn replacing_a_subscription_loses_no_message() {
    for version in BOTH {
        let topic = topic();
        let mut client = broker().client(version);
        client.subscribe(1, &[(&topic, 1)]);
        let mut publisher = broker().client(version);
        let mut received = Vec::new();
        for number in 0..40_u8 {
            publisher.send_publish(&Publishing::new(&topic, &[number]).qos(1, 1 + u16::from(number)));
            client.send(&build::subscribe(
                version,
                2 + u16::from(number),
                &[(&topic, 1)],
                &Properties::none(),
            ));
        }
        for number in 0..40_u16 {
            publisher.expect_puback(1 + number);
            client.expect_suback(2 + number);
        }
        while received.len() < 40 {
            received.push(client.receive().payload[0]);
        }
        assert_eq!(received, (0..40).collect::<Vec<u8>>());
    }
}

/// 3.1.1: 3.9.3-2, 3.8.4-5
/// 5.0: 3.9.3-2, 3.8.4-7
#[test]
fn a_forbidden_filter_is_refused_and_the_others_are_granted() {
    let Some(broker) = own_server() else { return };
    let admin = broker.server().expect("our own server").admin();
    let restricted = admin.create_restricted_mqtt_user("narrow", &["#"], &["allowed/#"]);
    for version in Version::ALL {
        let connect = yizhan_testkit::mqtt::Connect::new(version, "narrow-client")
            .login(&restricted.name, &restricted.password);
        let mut client = broker.join(&connect);
        let filters = [("allowed/a", 1), ("forbidden/a", 1), ("#", 0), ("allowed/+", 2), ("allowed/#", 0)];
        let refused = if version == Version::V5 { 0x87 } else { 0x80 };
        assert_eq!(client.subscribe(1, &filters).codes, [1, refused, refused, 2, 0]);
        let mut publisher = broker.client(version);
        publisher.publish("forbidden/a", b"no", 1);
        publisher.publish("allowed/a", b"yes", 1);
        let received = everything_within(&mut client, yizhan_testkit::QUIET);
        assert!(!received.is_empty() && received.iter().all(|publish| publish.topic == "allowed/a"));
    }
}

/// 5.0: 3.8.3-3
#[test]
fn no_local_keeps_a_clients_own_messages_away() {
    let topic = topic();
    let mut client = broker().client(Version::V5);
    client.subscribe(1, &[(&topic, 0x04 | 1)]);
    client.publish(&topic, b"own", 1);
    client.expect_silence();
    broker().client(Version::V5).publish(&topic, b"foreign", 1);
    assert_eq!(client.receive().payload, b"foreign");
}

/// 5.0: 3.8.3-4
#[test]
fn no_local_on_a_shared_subscription_ends_the_connection() {
    let packet = build::subscribe(Version::V5, 1, &[("$share/group/a", 0x04)], &Properties::none());
    refused_after_connect(Version::V5, &packet, &[0x81, 0x82]);
}

/// 5.0: 4.13.1-1
#[test]
fn a_wrong_subscription_identifier_ends_the_connection() {
    let zero = Properties::none().variable(property::SUBSCRIPTION_ID, 0);
    let twice =
        Properties::none().variable(property::SUBSCRIPTION_ID, 1).variable(property::SUBSCRIPTION_ID, 2);
    for properties in [zero, twice] {
        let packet = build::subscribe(Version::V5, 1, &[("a", 0)], &properties);
        refused_after_connect(Version::V5, &packet, &[0x81, 0x82]);
    }
}

/// 5.0: 3.3.4-3
#[test]
fn a_subscription_identifier_comes_with_each_message() {
    let topic = topic();
    let mut client = broker().client(Version::V5);
    for identifier in [1, 127, 128, 16_384, 268_435_455] {
        let properties = Properties::none().variable(property::SUBSCRIPTION_ID, identifier);
        client.subscribe_with(1, &[(&topic, 0)], &properties);
        client.publish(&topic, b"x", 0);
        assert_eq!(client.expect_publish().properties.subscription_ids(), [identifier]);
    }
    // Replacing without an identifier takes it away.
    client.subscribe(2, &[(&topic, 0)]);
    client.publish(&topic, b"x", 0);
    assert!(client.expect_publish().properties.subscription_ids().is_empty());
}

/// 5.0: 3.3.4-3, 3.3.4-4, 3.3.4-5
#[test]
fn the_identifiers_of_all_matching_subscriptions_arrive() {
    let topic = topic();
    let mut client = broker().client(Version::V5);
    let below = format!("{topic}/#");
    let level = format!("{topic}/+");
    let exact = format!("{topic}/x");
    for (id, filter) in [(1, &below), (2, &level), (3, &exact)] {
        let properties = Properties::none().variable(property::SUBSCRIPTION_ID, u32::from(id) * 10);
        client.subscribe_with(id, &[(filter, 1)], &properties);
    }
    client.publish(&exact, b"x", 1);
    let received = everything_within(&mut client, yizhan_testkit::QUIET);
    let copies = received.len();
    assert!(copies == 1 || copies == 3, "{copies} copies");
    let mut identifiers: Vec<u32> =
        received.iter().flat_map(|publish| publish.properties.subscription_ids()).collect();
    identifiers.sort_unstable();
    assert_eq!(identifiers, [10, 20, 30]);
}

/// The identifiers are of the session: after reconnecting they still come.
///
/// 5.0: 3.3.4-3, 3.1.2-23
#[test]
fn identifiers_survive_a_reconnection() {
    let topic = topic();
    let kept = broker().connect_kept(Version::V5, &yizhan_conformance::unique("ids"));
    let mut client = broker().join(&kept);
    let properties = Properties::none().variable(property::SUBSCRIPTION_ID, 42);
    client.subscribe_with(1, &[(&topic, 1)], &properties);
    client.disconnect();
    broker().client(Version::V5).publish(&topic, b"x", 1);
    assert_eq!(broker().join(&kept).receive().properties.subscription_ids(), [42]);
}
