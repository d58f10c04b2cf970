//! §3.3 to §3.7: PUBLISH and its acknowledgements as a receiver of the client's messages.

use yizhan_conformance::{broker, own_server};
use yizhan_testkit::mqtt::build::{self, Body, Publishing};
use yizhan_testkit::mqtt::{Event, Properties, property};
use yizhan_testkit::{PATIENCE, RawClient, Received, Version};

use crate::steps::{BOTH, everything_within, refused_after_connect, subscriber, topic};

/// 3.1.1: 3.3.4-1, 4.3.1-1, 3.3.1-2
/// 5.0: 3.3.4-1, 4.3.1-1, 3.3.1-2, 4.3.2-4, 4.3.3-8, 4.3.3-11, 3.4.2-1, 3.5.2-1, 3.7.2-1
#[test]
fn each_qos_is_answered_with_its_own_exchange() {
    for version in Version::ALL {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 0);
        let mut client = broker().client(version);
        client.send_publish(&Publishing::new(&topic, b"0"));
        client.expect_silence();
        client.send_publish(&Publishing::new(&topic, b"1").qos(1, 21));
        assert!(matches!(client.next(PATIENCE), Event::Packet(Received::PubAck(ack)) if ack.id == 21));
        client.send_publish(&Publishing::new(&topic, b"2").qos(2, 22));
        assert!(matches!(client.next(PATIENCE), Event::Packet(Received::PubRec(ack)) if ack.id == 22));
        client.send(&build::acknowledgement(0x62, 22));
        assert!(matches!(client.next(PATIENCE), Event::Packet(Received::PubComp(ack)) if ack.id == 22));
        client.expect_silence();
        for expected in [b"0", b"1", b"2"] {
            let publish = watcher.expect_publish();
            assert_eq!((publish.payload.as_slice(), publish.qos, publish.dup), (&expected[..], 0, false));
        }
    }
}

/// 3.1.1: 3.3.1-4, 4.8.0-1
/// 5.0: 3.3.1-4, 4.13.1-1
#[test]
fn both_qos_bits_end_the_connection() {
    for version in BOTH {
        let publish = Body::new().text("a").two(1).properties(version, &Properties::none()).packet(0x36);
        refused_after_connect(version, &publish, &[0x81, 0x82]);
    }
}

/// 3.1.1: 3.3.1-2
/// 5.0: 3.3.1-2
#[test]
fn dup_at_qos_0_ends_the_connection() {
    for version in BOTH {
        let publish = Publishing::new("a", b"").duplicate().encode(version);
        refused_after_connect(version, &publish, &[0x81, 0x82]);
    }
}

/// 3.1.1: 3.3.2-2, 4.7.1-1
/// 5.0: 3.3.2-2, 4.7.0-1
#[test]
fn a_wildcard_in_a_topic_ends_the_connection() {
    for version in BOTH {
        for topic in ["#", "+", "a/#", "a/+/b", "a#", "a+b"] {
            let publish = Publishing::new(topic, b"").encode(version);
            refused_after_connect(version, &publish, &[0x81, 0x82, 0x90]);
        }
    }
}

/// 3.1.1: 4.7.3-1
/// 5.0: 4.7.3-1
#[test]
fn an_empty_topic_ends_the_connection() {
    for version in BOTH {
        refused_after_connect(version, &Publishing::new("", b"x").encode(version), &[0x81, 0x82, 0x90]);
    }
}

/// 3.1.1: 4.8.0-1
/// 5.0: 4.13.1-1
#[test]
fn a_publish_that_is_shorter_than_its_fields_ends_the_connection() {
    for version in BOTH {
        for body in [&[][..], &[0x00], &[0x00, 0x05, b'a', b'b'], &[0xFF, 0xFF, b'a']] {
            refused_after_connect(version, &Body::new().raw(body).packet(0x30), &[0x81, 0x82]);
        }
        refused_after_connect(version, &Body::new().text("a").byte(0).packet(0x32), &[0x81, 0x82]);
    }
    let overrunning = Body::new().text("a").byte(9).byte(property::PAYLOAD_FORMAT).packet(0x30);
    refused_after_connect(Version::V5, &overrunning, &[0x81, 0x82]);
}

/// 3.1.1: 4.3.2-2
/// 5.0: 4.3.2-5
#[test]
fn after_puback_the_same_id_is_a_new_message() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 1);
        let mut client = broker().client(version);
        client.publish_as(&Publishing::new(&topic, b"first").qos(1, 5));
        client.publish_as(&Publishing::new(&topic, b"second").qos(1, 5).duplicate());
        assert_eq!(watcher.receive().payload, b"first");
        assert_eq!(watcher.receive().payload, b"second");
    }
}

/// 3.1.1: 4.3.3-2
/// 5.0: 4.3.3-10, 4.3.3-12
#[test]
fn a_repeated_qos_2_message_is_delivered_once_until_it_is_complete() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 2);
        let mut client = broker().client(version);
        let publishing = Publishing::new(&topic, b"once").qos(2, 9);
        client.send_publish(&publishing);
        client.expect_pubrec(9);
        for _ in 0..3 {
            client.send_publish(&publishing.clone().duplicate());
            client.expect_pubrec(9);
        }
        client.send(&build::acknowledgement(0x62, 9));
        client.expect_pubcomp(9);
        client.publish_as(&Publishing::new(&topic, b"again").qos(2, 9));
        let received = everything_within(&mut watcher, yizhan_testkit::QUIET);
        let payloads: Vec<&[u8]> = received.iter().map(|publish| publish.payload.as_slice()).collect();
        assert_eq!(payloads, [&b"once"[..], b"again"]);
    }
}

/// 3.1.1: 4.3.3-2
/// 5.0: 4.3.3-11
#[test]
fn a_repeated_pubrel_is_answered_again() {
    for version in BOTH {
        let mut client = broker().client(version);
        client.publish_as(&Publishing::new(&topic(), b"").qos(2, 3));
        client.send(&build::acknowledgement(0x62, 3));
        let reason = client.expect_pubcomp(3).reason;
        assert!(matches!(reason, 0 | 0x92), "reason {reason:#04x}");
        client.ping();
    }
}

/// The QoS 2 state of the receiver belongs to the session.
///
/// 3.1.1: 4.3.3-2, 4.1.0-1
/// 5.0: 4.3.3-10
#[test]
fn a_qos_2_message_repeated_on_a_new_connection_is_delivered_once() {
    for version in BOTH {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 2);
        let kept = broker().connect_kept(version, &yizhan_conformance::unique("twice"));
        let mut client = broker().join(&kept);
        let publishing = Publishing::new(&topic, b"once").qos(2, 11);
        client.send_publish(&publishing);
        client.expect_pubrec(11);
        crate::steps::lose(client);
        let mut client = broker().join(&kept);
        client.send_publish(&publishing.duplicate());
        client.expect_pubrec(11);
        client.send(&build::acknowledgement(0x62, 11));
        client.expect_pubcomp(11);
        assert_eq!(everything_within(&mut watcher, yizhan_testkit::QUIET).len(), 1);
    }
}

/// 3.1.1: 3.3.1-3
/// 5.0: 3.3.1-3
#[test]
fn a_publishers_dup_flag_is_not_passed_on() {
    for version in BOTH {
        for qos in [1, 2] {
            let topic = topic();
            let mut watcher = subscriber(version, &topic, qos);
            broker().client(version).publish_as(&Publishing::new(&topic, b"x").qos(qos, 2).duplicate());
            assert!(!watcher.receive().dup);
        }
    }
}

/// 3.1.1: 3.3.5-1
/// 5.0: 3.3.4-2
#[test]
fn overlapping_subscriptions_deliver_at_the_highest_qos() {
    for version in BOTH {
        let topic = topic();
        let mut client = broker().client(version);
        let one_level = format!("{}/+", topic.rsplit_once('/').unwrap().0);
        let filters = [(topic.as_str(), 1), (one_level.as_str(), 2), ("conformance/#", 0)];
        client.subscribe(1, &filters);
        broker().client(version).publish(&topic, b"x", 2);
        let mine = |publish: &&yizhan_testkit::mqtt::Published| publish.topic == topic;
        // Other tests publish below conformance/ too.
        let received = everything_until_quiet(&mut client);
        let copies: Vec<u8> = received.iter().filter(mine).map(|publish| publish.qos).collect();
        assert!(copies == [2] || sorted(&copies) == [0, 1, 2], "copies at {copies:?}");
    }
}

fn sorted(values: &[u8]) -> Vec<u8> {
    let mut values = values.to_vec();
    values.sort_unstable();
    values
}

/// Like `everything_within`, for a filter that other tests feed as well: bounded in time instead of by silence.
#[track_caller]
fn everything_until_quiet(client: &mut RawClient) -> Vec<yizhan_testkit::mqtt::Published> {
    let end = std::time::Instant::now() + yizhan_testkit::QUIET;
    let mut all = Vec::new();
    while let Event::Packet(Received::Publish(publish)) =
        client.next(end.saturating_duration_since(std::time::Instant::now()))
    {
        client.complete(&publish);
        all.push(publish);
    }
    all
}

/// 3.1.1: 3.3.5-2
/// 5.0: 3.4.2-1, 3.5.2-1, 4.3.3-9
#[test]
fn a_message_without_permission_is_not_delivered() {
    let Some(broker) = own_server() else { return };
    let admin = broker.server().expect("our own server").admin();
    let restricted = admin.create_restricted_mqtt_user("restricted", &["allowed/#"], &["#"]);
    for version in BOTH {
        let mut watcher = broker.client(version);
        watcher.subscribe(1, &[("#", 2)]);
        let connect = yizhan_testkit::mqtt::Connect::new(version, "restricted-client")
            .login(&restricted.name, &restricted.password);
        for qos in 0..=2 {
            let mut client = broker.join(&connect);
            client.send_publish(&Publishing::new("forbidden/topic", b"no").qos(qos, 77));
            match client.next(yizhan_testkit::QUIET) {
                Event::Packet(Received::PubAck(ack) | Received::PubRec(ack)) if version == Version::V5 => {
                    assert_eq!((ack.id, ack.reason), (77, 0x87), "a refusal is told in MQTT 5");
                    // After a refusing PUBREC the id is free and means a new message.
                    client.send_publish(&Publishing::new("allowed/topic", b"yes").qos(qos, 77));
                    let (id, reason) = match qos {
                        1 => (77, client.expect_puback(77).reason),
                        _ => (77, client.expect_pubrec(77).reason),
                    };
                    assert_eq!((id, reason), (77, 0));
                    let publish = watcher.receive();
                    assert_eq!(publish.topic, "allowed/topic");
                }
                Event::Packet(Received::PubAck(_) | Received::PubRec(_)) | Event::Closed => {}
                Event::Silence => {
                    assert_eq!(qos, 0, "a PUBLISH of QoS {qos} was neither acknowledged nor closed")
                }
                Event::Packet(Received::Disconnect(told)) if version == Version::V5 => {
                    assert_eq!(told.reason, 0x87)
                }
                other => panic!("unexpected {other:?}"),
            }
            watcher.expect_silence();
        }
    }
}

/// 5.0: 3.1.2-29, 3.4.2-2, 3.4.2-3, 3.5.2-2, 3.5.2-3, 3.9.2-1, 3.9.2-2, 3.11.2-1, 3.11.2-2
#[test]
fn explanations_are_left_out_when_unwanted_or_too_long() {
    let unwanted = Properties::none().byte(property::REQUEST_PROBLEM_INFO, 0);
    let too_long = Properties::none().four(property::MAXIMUM_PACKET_SIZE, 40);
    for properties in [unwanted, too_long] {
        let mut client = broker().open();
        if client
            .try_connect(&broker().connect(Version::V5).properties(properties))
            .is_none_or(|ack| ack.code != 0)
        {
            continue;
        }
        // Nobody listens, the filter is unknown, the share has no name, the topic is the server's own.
        client.publish_as(&Publishing::new(&topic(), b"").qos(1, 1));
        client.publish_as(&Publishing::new(&topic(), b"").qos(2, 2));
        client.unsubscribe(3, &["never/subscribed"]);
        client.send(&build::subscribe(Version::V5, 4, &[("$share//x", 0)], &Properties::none()));
        let _refused = client.next(PATIENCE);
    }
}

/// A malformed packet from a client with a small limit: the DISCONNECT that tells it must fit too.
///
/// 5.0: 3.14.2-1, 3.14.2-3, 3.14.2-4, 4.13.1-1
#[test]
fn a_disconnect_fits_the_clients_maximum_packet_size() {
    for size in [60, 100] {
        let limit = Properties::none().four(property::MAXIMUM_PACKET_SIZE, size);
        let mut client = broker().join(&broker().connect(Version::V5).properties(limit));
        client.send(&Publishing::new("a/+", b"").encode(Version::V5));
        client.expect_refused(&[0x81, 0x82, 0x90]);
    }
}

/// 5.0: 3.3.4-6
#[test]
fn a_subscription_identifier_from_a_client_ends_the_connection() {
    let properties = Properties::none().variable(property::SUBSCRIPTION_ID, 1);
    let publish = Publishing::new("a", b"").properties(properties).encode(Version::V5);
    refused_after_connect(Version::V5, &publish, &[0x81, 0x82]);
}

/// 5.0: 4.13.1-1
#[test]
fn properties_that_break_a_rule_of_publish_end_the_connection() {
    use property as p;
    let none = Properties::none;
    let cases = [
        none().byte(p::PAYLOAD_FORMAT, 2),
        none().byte(p::PAYLOAD_FORMAT, 0).byte(p::PAYLOAD_FORMAT, 0),
        none().four(p::MESSAGE_EXPIRY, 1).four(p::MESSAGE_EXPIRY, 1),
        none().two(p::TOPIC_ALIAS, 1).two(p::TOPIC_ALIAS, 1),
        none().text(p::CONTENT_TYPE, "a").text(p::CONTENT_TYPE, "a"),
        none().text(p::RESPONSE_TOPIC, "a").text(p::RESPONSE_TOPIC, "a"),
        none().binary(p::CORRELATION_DATA, b"a").binary(p::CORRELATION_DATA, b"a"),
        none().four(p::SESSION_EXPIRY, 1),
        none().two(p::RECEIVE_MAXIMUM, 1),
        none().byte(0x00, 0),
    ];
    for properties in cases {
        let publish = Publishing::new("a", b"").properties(properties).encode(Version::V5);
        refused_after_connect(Version::V5, &publish, &[0x81, 0x82, 0x94]);
    }
}

/// 5.0: 3.6.2-1, 4.13.1-1
#[test]
fn acknowledgements_of_unknown_ids_do_not_end_the_connection() {
    for version in BOTH {
        let mut client = broker().client(version);
        client.send(&build::acknowledgement(0x40, 4_242));
        client.send(&build::acknowledgement(0x70, 4_242));
        client.ping();
        client.send(&build::acknowledgement(0x50, 4_242));
        if version == Version::V5 {
            assert!(
                matches!(client.expect_pubrel(4_242).reason, 0x00 | 0x92),
                "packet identifier not found, or nothing"
            );
        }
        client.ping();
    }
}
