//! Chapters 1 and 2: texts, numbers, flags, packet ids.

use yizhan_conformance::broker;
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::build::{Body, Publishing, subscribe};
use yizhan_testkit::mqtt::{Properties, property};

use crate::steps::{BOTH, refused_after_connect, refused_connect, subscriber, topic};

/// Overlong NUL, a surrogate, a lone continuation byte, a cut sequence, and beyond the last code point.
const ILL_FORMED: [&[u8]; 5] = [
    &[b'a', 0xC0, 0x80],
    &[b'a', 0xED, 0xA0, 0x80],
    &[b'a', 0x80],
    &[b'a', 0xE2, 0x82],
    &[0xF4, 0x90, 0x80, 0x80],
];

const MALFORMED: [u8; 3] = [0x81, 0x82, 0x90];

fn connect_with(
    version: Version,
    client_id: &[u8],
    will_topic: Option<&[u8]>,
    username: Option<&[u8]>,
) -> Vec<u8> {
    let mut flags = 0x02;
    let mut payload = Body::new().binary(client_id);
    if let Some(will_topic) = will_topic {
        flags |= 0x04;
        payload = payload.properties(version, &Properties::none()).binary(will_topic).binary(b"will");
    }
    if let Some(username) = username {
        flags |= 0x80;
        payload = payload.binary(username);
    }
    Body::new()
        .text(version.protocol_name())
        .byte(version.level())
        .byte(flags)
        .two(60)
        .properties(version, &Properties::none())
        .raw(&payload.into_bytes())
        .packet(0x10)
}

/// 3.1.1: 1.5.3-1, 3.1.3-4, 3.1.3-10, 3.1.3-11, 3.1.4-1
/// 5.0: 1.5.4-1, 3.1.3-4, 3.1.3-11, 3.1.3-12, 3.1.4-1
#[test]
fn ill_formed_utf8_in_a_connect_is_refused() {
    for version in BOTH {
        for text in ILL_FORMED {
            refused_connect(version, &connect_with(version, text, None, None), &[0x81, 0x85]);
            refused_connect(version, &connect_with(version, b"x", Some(text), None), &[0x81, 0x90]);
            refused_connect(version, &connect_with(version, b"x", None, Some(text)), &[0x81, 0x86]);
        }
    }
}

/// 3.1.1: 1.5.3-1, 3.3.2-1, 3.8.3-1, 3.10.3-1, 4.8.0-1
/// 5.0: 1.5.4-1, 3.3.2-1, 3.8.3-1, 3.10.3-1, 4.13.1-1
#[test]
fn ill_formed_utf8_in_a_topic_or_filter_ends_the_connection() {
    for version in BOTH {
        for text in ILL_FORMED {
            let none = Properties::none();
            let publish = Body::new().binary(text).properties(version, &none).packet(0x30);
            refused_after_connect(version, &publish, &MALFORMED);
            let subscribe = Body::new().two(1).properties(version, &none).binary(text).byte(0).packet(0x82);
            refused_after_connect(version, &subscribe, &[0x81, 0x8F]);
            let unsubscribe = Body::new().two(1).properties(version, &none).binary(text).packet(0xA2);
            refused_after_connect(version, &unsubscribe, &[0x81, 0x8F]);
        }
    }
}

/// 3.1.1: 1.5.3-2, 4.7.3-2
/// 5.0: 1.5.4-2, 4.7.3-2
#[test]
fn a_null_character_ends_the_connection() {
    for version in BOTH {
        let none = Properties::none();
        refused_connect(version, &connect_with(version, b"a\0b", None, None), &[0x81, 0x85]);
        let publish = Body::new().binary(b"a\0b").properties(version, &none).packet(0x30);
        refused_after_connect(version, &publish, &MALFORMED);
        refused_after_connect(version, &subscribe(version, 1, &[("a\0b", 0)], &none), &[0x81, 0x8F]);
        let unsubscribe = Body::new().two(1).properties(version, &none).binary(b"a\0b").packet(0xA2);
        refused_after_connect(version, &unsubscribe, &[0x81, 0x8F]);
    }
}

/// 3.1.1: 1.5.3-3, 4.7.3-4
/// 5.0: 1.5.4-3, 4.7.3-4
#[test]
fn a_byte_order_mark_is_an_ordinary_character() {
    for version in BOTH {
        let plain = topic();
        let marked = format!("\u{FEFF}{plain}");
        let mut with_mark = subscriber(version, &marked, 0);
        let mut without_mark = subscriber(version, &plain, 0);
        let mut publisher = broker().client(version);
        publisher.publish(&marked, b"marked", 0);
        assert_eq!(with_mark.expect_publish().topic, marked);
        without_mark.expect_silence();
    }
}

/// The payload sizes lie around each step of the variable byte integer; the reader rejects an encoding that is too
/// long, and the loopback proves that the server reads each step.
///
/// 3.1.1: 7.1.1-1
/// 5.0: 1.5.5-1, 4.2-1
#[test]
fn remaining_lengths_around_each_step_travel_in_both_directions() {
    for version in BOTH {
        let topic = topic();
        let mut client = subscriber(version, &topic, 0);
        let overhead = 2 + topic.len() + usize::from(version == Version::V5);
        for remaining in [126, 127, 128, 129, 16_383, 16_384, 16_385, 40_000] {
            let payload = vec![b'.'; remaining - overhead];
            client.publish(&topic, &payload, 0);
            assert_eq!(client.expect_publish().payload.len(), payload.len());
        }
    }
}

/// 5.0: 1.5.5-1, 4.13.1-1
#[test]
fn an_integer_with_a_needless_byte_is_malformed() {
    // A property length of 0 in two bytes, and a remaining length of 2 in two bytes.
    let publish = Body::new().text("a").raw(&[0x80, 0x00]).packet(0x30);
    let mut client = broker().client(Version::V5);
    client.send(&publish);
    // A tolerant reader is allowed: the rule binds the encoder. It must not be understood as anything else.
    match client.next(yizhan_testkit::QUIET) {
        yizhan_testkit::mqtt::Event::Silence => client.ping(),
        yizhan_testkit::mqtt::Event::Packet(yizhan_testkit::Received::Disconnect(told)) => {
            assert!(told.reason >= 0x80)
        }
        yizhan_testkit::mqtt::Event::Closed => {}
        other => panic!("an overlong property length was answered with {other:?}"),
    }
}

/// 3.1.1: 4.8.0-1
/// 5.0: 4.13.1-1
#[test]
fn a_remaining_length_of_five_bytes_ends_the_connection() {
    for version in BOTH {
        refused_after_connect(version, &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], &[0x81, 0x82, 0x95]);
    }
}

/// 5.0: 1.5.7-1, 4.13.1-1
#[test]
fn an_ill_formed_user_property_ends_the_connection() {
    for pair in [[&[0xFF_u8][..], b"b"], [b"a", &[0xC0, 0x80]], [b"a\0", b"b"], [b"a", b"b\0"]] {
        let properties =
            Body::new().byte(property::USER_PROPERTY).binary(pair[0]).binary(pair[1]).into_bytes();
        let length = u8::try_from(properties.len()).unwrap();
        let publish = Body::new().text("a").byte(length).raw(&properties).packet(0x30);
        refused_after_connect(Version::V5, &publish, &[0x81]);
    }
}

/// 3.1.1: 2.2.2-1, 2.2.2-2, 3.6.1-1, 3.8.1-1, 3.10.1-1, 3.14.1-1
/// 5.0: 2.1.3-1, 3.6.1-1, 3.8.1-1, 3.10.1-1, 3.14.1-1, 3.14.2-1
#[test]
fn wrong_fixed_header_flags_end_the_connection() {
    for version in BOTH {
        let none = Properties::none();
        let with_flags = |mut packet: Vec<u8>, first: u8| {
            packet[0] = first;
            packet
        };
        let subscribe = subscribe(version, 1, &[("a", 0)], &none);
        let unsubscribe = Body::new().two(1).properties(version, &none).text("a").packet(0xA2);
        let packets = [
            Body::new().two(1).packet(0x41),
            Body::new().two(1).packet(0x51),
            Body::new().two(1).packet(0x60),
            Body::new().two(1).packet(0x63),
            Body::new().two(1).packet(0x6A),
            Body::new().two(1).packet(0x74),
            with_flags(subscribe.clone(), 0x80),
            with_flags(subscribe.clone(), 0x83),
            with_flags(subscribe, 0x8A),
            with_flags(unsubscribe.clone(), 0xA0),
            with_flags(unsubscribe, 0xA6),
            vec![0xC1, 0x00],
            vec![0xE1, 0x00],
            vec![0xE8, 0x00],
        ];
        for packet in packets {
            refused_after_connect(version, &packet, &[0x81, 0x82]);
        }
        let connect = with_flags(broker().connect(version).encode(), 0x11);
        refused_connect(version, &connect, &[0x81, 0x82]);
    }
}

/// 3.1.1: 2.2.2-2, 4.8.0-1
/// 5.0: 4.13.1-1
#[test]
fn packet_types_that_no_client_sends_end_the_connection() {
    for version in BOTH {
        let mut packets = vec![
            vec![0x00, 0x00],
            vec![0x20, 0x02, 0x00, 0x00],
            vec![0x90, 0x03, 0x00, 0x01, 0x00],
            vec![0xB0, 0x02, 0x00, 0x01],
            vec![0xD0, 0x00],
        ];
        if version == Version::V311 {
            packets.push(vec![0xF0, 0x00]);
        }
        for packet in packets {
            refused_after_connect(version, &packet, &[0x81, 0x82]);
        }
    }
}

/// 3.1.1: 2.3.1-1
/// 5.0: 4.13.1-1
#[test]
fn a_packet_id_of_zero_ends_the_connection() {
    for version in BOTH {
        let none = Properties::none();
        refused_after_connect(version, &Publishing::new("a", b"").qos(1, 0).encode(version), &[0x81, 0x82]);
        refused_after_connect(version, &Publishing::new("a", b"").qos(2, 0).encode(version), &[0x81, 0x82]);
        refused_after_connect(version, &subscribe(version, 0, &[("a", 0)], &none), &[0x81, 0x82]);
        let unsubscribe = Body::new().two(0).properties(version, &none).text("a").packet(0xA2);
        refused_after_connect(version, &unsubscribe, &[0x81, 0x82]);
    }
}

/// 3.1.1: 2.3.1-4, 4.3.2-1, 4.3.3-1
/// 5.0: 2.2.1-4, 4.3.2-1, 4.3.2-2, 4.3.3-1, 4.3.3-2
#[test]
fn messages_in_flight_have_different_packet_ids() {
    for version in BOTH {
        for qos in [1, 2] {
            let topic = topic();
            let mut client = subscriber(version, &topic, qos);
            let mut publisher = broker().client(version);
            let mut ids = Vec::new();
            for number in 0..15_u8 {
                publisher.publish(&topic, &[number], qos);
                let publish = client.expect_publish();
                assert_eq!((publish.payload[0], publish.qos, publish.dup), (number, qos, false));
                ids.push(publish.id);
            }
            let count = ids.len();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), count, "the same id twice among {ids:?}");
        }
    }
}

/// 3.1.1: 2.3.1-5
/// 5.0: 2.2.1-2, 2.2.2-1
#[test]
fn a_qos_0_message_arrives_without_packet_id_byte_for_byte() {
    for version in BOTH {
        let topic = topic();
        let mut client = subscriber(version, &topic, 0);
        client.send(&Publishing::new(&topic, &[0, 1, 2, 3]).encode(version));
        let publish = client.expect_publish();
        assert_eq!((publish.payload.as_slice(), publish.id, publish.qos), (&[0, 1, 2, 3][..], 0, 0));
        assert!(publish.properties.0.is_empty(), "properties from nowhere: {:?}", publish.properties);
    }
}

/// 3.1.1: 2.3.1-6, 2.3.1-7
/// 5.0: 2.2.1-5, 2.2.1-6
#[test]
fn acknowledgements_carry_the_packet_id_of_the_request() {
    for version in BOTH {
        let topic = topic();
        let mut client = broker().client(version);
        for id in [1, 255, 256, 4_711, 65_535] {
            client.subscribe(id, &[(&topic, 0)]);
            client.unsubscribe(id, &[&topic]);
            client.publish_as(&Publishing::new(&topic, b"").qos(1, id));
            client.publish_as(&Publishing::new(&topic, b"").qos(2, id));
        }
    }
}

/// 3.1.1: 4.7.3-3
/// 5.0: 4.7.3-3
#[test]
fn a_long_topic_is_delivered_or_refused_and_never_cut() {
    for version in BOTH {
        let long = format!("{}/{}", topic(), "x".repeat(2_000));
        let mut client = broker().client(version);
        client.send(&subscribe(version, 1, &[(&long, 0)], &Properties::none()));
        let suback = client.expect_suback(1);
        if suback.codes == [0] {
            client.send_publish(&Publishing::new(&long, b"whole"));
            let publish = client.expect_publish();
            assert_eq!((publish.topic, publish.payload.as_slice()), (long, &b"whole"[..]));
        }
    }
}

/// A topic of 65,535 bytes is the longest a length field can say: it must be handled or refused, not crash.
///
/// 3.1.1: 4.7.3-3
/// 5.0: 4.7.3-3
#[test]
fn the_longest_possible_topic_harms_nobody() {
    for version in BOTH {
        let longest = "y".repeat(65_535);
        let mut client = broker().client(version);
        client.send_publish(&Publishing::new(&longest, b"").qos(1, 1));
        let _any = client.next(yizhan_testkit::PATIENCE);
        broker().client(version).ping();
    }
}
