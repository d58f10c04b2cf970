//! Malformed and forbidden packets, one by one, with the statement of the standard they break.

use bytes::BytesMut;
use yizhan_mqtt::filter::TopicError;
use yizhan_mqtt::{DecodeError, Decoder, Packet, QoS, RetainHandling, Version, reason};

const LIMIT: u32 = 1024;

/// A packet with a body below 128 bytes.
fn packet(first_byte: u8, body: &[u8]) -> Vec<u8> {
    let length = u8::try_from(body.len()).expect("a short body");
    assert!(length < 128);
    [&[first_byte, length], body].concat()
}

fn connect_body(name: &str, level: u8, flags: u8, rest: &[u8]) -> Vec<u8> {
    let mut body = vec![0, u8::try_from(name.len()).expect("a short name")];
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(&[level, flags, 0, 60]);
    body.extend_from_slice(rest);
    body
}

fn decode_first(bytes: &[u8]) -> Result<Option<Packet>, DecodeError> {
    Decoder::new(LIMIT).decode(&mut BytesMut::from(bytes))
}

fn connect(name: &str, level: u8, flags: u8, rest: &[u8]) -> Result<Packet, DecodeError> {
    decode_first(&packet(0x10, &connect_body(name, level, flags, rest)))
        .map(|packet| packet.expect("complete"))
}

/// A decoder that has seen a CONNECT of this version.
fn connected(version: Version) -> Decoder {
    let (name, level, rest): (_, _, &[u8]) = match version {
        Version::V31 => ("MQIsdp", 3, b"\0\x01c"),
        Version::V311 => ("MQTT", 4, b"\0\x01c"),
        Version::V5 => ("MQTT", 5, b"\0\0\x01c"),
    };
    let mut decoder = Decoder::new(LIMIT);
    let mut bytes = BytesMut::from(&packet(0x10, &connect_body(name, level, 2, rest))[..]);
    assert!(matches!(decoder.decode(&mut bytes), Ok(Some(Packet::Connect(_)))));
    decoder
}

fn decode(version: Version, bytes: &[u8]) -> Result<Packet, DecodeError> {
    let mut buffer = BytesMut::from(bytes);
    let decoded = connected(version).decode(&mut buffer);
    match decoded {
        Ok(packet) => {
            assert!(buffer.is_empty());
            Ok(packet.expect("complete"))
        }
        Err(error) => {
            assert_eq!(buffer, bytes, "a refused packet stays in the input");
            Err(error)
        }
    }
}

#[track_caller]
fn refused(version: Version, first_byte: u8, body: &[u8], expected: DecodeError) {
    assert_eq!(decode(version, &packet(first_byte, body)), Err(expected));
}

const V31: Version = Version::V31;
const V311: Version = Version::V311;
const V5: Version = Version::V5;
const ALL: [Version; 3] = [V31, V311, V5];

#[test]
fn the_first_packet_must_be_connect_and_the_only_one() {
    assert_eq!(decode_first(&[0xC0, 0]), Err(DecodeError::NotConnect));
    assert_eq!(decode_first(&[0x00]), Err(DecodeError::NotConnect));
    refused(V311, 0x10, &connect_body("MQTT", 4, 2, b"\0\x01c"), DecodeError::SecondConnect);
}

#[test]
fn only_the_three_protocols_are_spoken() {
    assert_eq!(connect("MQTT", 3, 2, b"\0\x01c"), Err(DecodeError::UnsupportedVersion(3)));
    assert_eq!(connect("MQIsdp", 4, 2, b"\0\x01c"), Err(DecodeError::UnsupportedVersion(4)));
    assert_eq!(connect("MQTT", 6, 2, b"\0\0\x01c"), Err(DecodeError::UnsupportedVersion(6)));
    assert_eq!(connect("MQTT", 0x84, 2, b"\0\x01c"), Err(DecodeError::UnsupportedVersion(0x84)));
    assert_eq!(connect("mqtt", 4, 2, b"\0\x01c"), Err(DecodeError::ProtocolName));
    assert_eq!(connect("MQTTX", 4, 2, b"\0\x01c"), Err(DecodeError::ProtocolName));
}

#[test]
fn an_unknown_level_still_names_the_version_to_answer_in() {
    for (level, version, code) in [(9, V5, 0x84), (2, V311, 1)] {
        let mut decoder = Decoder::new(LIMIT);
        let bytes = packet(0x10, &connect_body("MQTT", level, 2, b"\0\x01c"));
        let error = decoder.decode(&mut BytesMut::from(&bytes[..])).expect_err("refused");
        assert_eq!(decoder.version(), Some(version));
        assert!(error.deserves_connack(version));
        assert_eq!(reason::connack_code(version, error.reason()), code);
    }
}

#[test]
fn connect_flags_must_make_sense() {
    let id = b"\0\x01c";
    for (flags, rest, expected) in [
        (0b0000_0011, &id[..], DecodeError::ReservedConnectFlag), // MQTT-3.1.2-3
        (0b0010_0010, id, DecodeError::WillFlagsWithoutWill),     // MQTT-3.1.2-13
        (0b0000_1010, id, DecodeError::WillFlagsWithoutWill),     // MQTT-3.1.2-11
        (0b0001_1110, b"\0\x01c\0\x01w\0\0", DecodeError::InvalidQos), // MQTT-3.1.2-12
        (0b0100_0010, b"\0\x01c\0\x01p", DecodeError::PasswordWithoutUserName), // MQTT-3.1.2-22
        (0b1000_0010, id, DecodeError::Truncated),                // no user name
        (0b0000_0010, b"\0\x01c!", DecodeError::TrailingBytes),
        (0b0000_0000, b"\0\0", DecodeError::ClientIdRefused), // MQTT-3.1.3-8
        (0b0000_0010, b"\0\x02\xC3\x28", DecodeError::InvalidUtf8), // MQTT-1.5.4-1
        (0b0000_0010, b"\0\x03\xED\xA0\x80", DecodeError::InvalidUtf8), // a surrogate
        (0b0000_0010, b"\0\x01\0", DecodeError::NullCharacter), // MQTT-1.5.4-2
        (0b0000_0110, b"\0\x01c\0\x01#\0\0", DecodeError::TopicName(TopicError::WildcardInName)),
        (0b0000_0110, b"\0\x01c\0\0\0\0", DecodeError::TopicName(TopicError::Empty)),
    ] {
        assert_eq!(connect("MQTT", 4, flags, rest), Err(expected), "flags {flags:#010b}");
    }
}

#[test]
fn mqtt_5_allows_a_password_alone_and_an_empty_client_id() {
    let Ok(Packet::Connect(found)) = connect("MQTT", 5, 0b0100_0000, b"\0\0\0\0\x01p") else {
        panic!("refused");
    };
    assert_eq!((found.user_name, found.password.as_deref(), &*found.client_id), (None, Some(&b"p"[..]), ""));
    assert!(!found.clean_start);
}

#[test]
fn mqtt_31_takes_long_client_ids_and_lets_the_length_win_over_the_flags() {
    let long = format!("\0\x3A{}", "d".repeat(58));
    let Ok(Packet::Connect(found)) = connect("MQIsdp", 3, 0b1100_0010, long.as_bytes()) else {
        panic!("refused");
    };
    assert_eq!(found.client_id.len(), 58);
    assert_eq!((found.user_name, found.password, found.version), (None, None, V31));
    assert_eq!(connect("MQIsdp", 3, 2, b"\0\0"), Err(DecodeError::ClientIdRefused));
}

#[test]
fn connect_properties_are_checked() {
    let with = |properties: &[u8]| {
        let length = u8::try_from(properties.len()).expect("short");
        connect("MQTT", 5, 2, &[&[length], properties, b"\0\x01c"].concat())
    };
    for (properties, expected) in [
        (&b"\x21\0\0"[..], DecodeError::PropertyValue(0x21)), // receive maximum 0
        (b"\x27\0\0\0\0", DecodeError::PropertyValue(0x27)),  // maximum packet size 0
        (b"\x17\x02", DecodeError::PropertyValue(0x17)),
        (b"\x19\x02", DecodeError::PropertyValue(0x19)),
        (b"\x11\0\0\0\x01\x11\0\0\0\x01", DecodeError::DuplicateProperty(0x11)),
        (b"\x23\0\x01", DecodeError::UnexpectedProperty(0x23)), // topic alias
        (b"\x7F\0", DecodeError::UnexpectedProperty(0x7F)),
        (b"\x16\0\x01d", DecodeError::NoAuthenticationMethod),
        (b"\x11\0\0", DecodeError::Truncated),
        (b"\x26\0\x01a", DecodeError::Truncated),
    ] {
        assert_eq!(with(properties), Err(expected), "{properties:?}");
    }
    let Ok(Packet::Connect(found)) = with(b"\x21\0\x05\x26\0\x01a\0\x01b\x26\0\x01a\0\x01b\x17\0") else {
        panic!("refused");
    };
    assert_eq!(found.properties.user_properties.len(), 2);
    assert!(found.properties.no_problem_information);
    assert_eq!(found.profile(10, 4).receive_maximum, 5);
}

#[test]
fn reserved_flags_of_the_fixed_header_are_refused_before_the_body_arrives() {
    for version in ALL {
        for first_byte in [0x41, 0x52, 0x60, 0x61, 0x71, 0x80, 0x83, 0xA0, 0xC1, 0xE8] {
            let mut buffer = BytesMut::from(&[first_byte][..]);
            let error = connected(version).decode(&mut buffer).expect_err("refused"); // MQTT-2.1.3-1
            assert_eq!(error, DecodeError::ReservedFlags(first_byte));
        }
    }
}

#[test]
fn packets_of_servers_are_refused() {
    for version in ALL {
        for kind in [0, 2, 9, 11, 13] {
            refused(version, kind << 4, &[], DecodeError::UnexpectedPacketType(kind));
        }
    }
    refused(V31, 0xF0, &[], DecodeError::UnexpectedPacketType(15));
    refused(V311, 0xF0, &[], DecodeError::UnexpectedPacketType(15));
}

#[test]
fn publish_is_checked_field_by_field() {
    for version in ALL {
        let properties: &[u8] = if version == V5 { &[0] } else { &[] };
        let topic =
            |name: &[u8]| [&[0, u8::try_from(name.len()).expect("short")], name, properties, b"x"].concat();
        refused(version, 0x36, &topic(b"a"), DecodeError::InvalidQos); // MQTT-3.3.1-4
        refused(version, 0x38, &topic(b"a"), DecodeError::DupAtQosZero); // MQTT-3.3.1-2
        for name in [&b"a/+"[..], b"#", b"a#"] {
            let expected = DecodeError::TopicName(TopicError::WildcardInName); // MQTT-3.3.2-2
            refused(version, 0x30, &topic(name), expected);
        }
        refused(version, 0x30, &topic(b""), DecodeError::TopicName(TopicError::Empty)); // MQTT-4.7.3-1
        refused(version, 0x30, &topic(b"a\0"), DecodeError::NullCharacter); // MQTT-4.7.3-2
        refused(version, 0x30, &topic(b"\xFF"), DecodeError::InvalidUtf8);
        refused(version, 0x30, b"\0\x05ab", DecodeError::Truncated);
        refused(version, 0x32, &[b"\0\x01a\0\0", properties].concat(), DecodeError::PacketIdZero); // MQTT-2.2.1-3
        refused(version, 0x32, b"\0\x01a\0", DecodeError::Truncated);
    }
}

#[test]
fn publish_properties_are_checked() {
    let body = |properties: &[u8]| {
        [b"\0\x01a", &[u8::try_from(properties.len()).expect("short")][..], properties].concat()
    };
    for (properties, expected) in [
        (&b"\x01\x02"[..], DecodeError::PropertyValue(0x01)),
        (b"\x01\0\x01\0", DecodeError::DuplicateProperty(0x01)),
        (b"\x23\0\0", DecodeError::TopicAliasZero), // MQTT-3.3.2-8
        (b"\x0B\x01", DecodeError::UnexpectedProperty(0x0B)), // MQTT-3.3.4-6
        (b"\x08\0\x03a/#", DecodeError::TopicName(TopicError::WildcardInName)), // MQTT-3.3.2-14
        (b"\x03\0\x01\0", DecodeError::NullCharacter),
        (b"\x11\0\0\0\0", DecodeError::UnexpectedProperty(0x11)),
    ] {
        refused(V5, 0x30, &body(properties), expected);
    }
    let Ok(Packet::Publish(found)) = decode(V5, &packet(0x30, b"\0\0\x03\x23\0\x07")) else {
        panic!("an alias stands for the topic");
    };
    assert_eq!((found.topic_alias.map(u16::from), &*found.message.topic), (Some(7), ""));
    assert_eq!(found.message.properties, None);
}

#[test]
fn acknowledgements_are_checked() {
    for first_byte in [0x40, 0x50, 0x62, 0x70] {
        for version in ALL {
            refused(version, first_byte, &[0, 0], DecodeError::PacketIdZero);
            refused(version, first_byte, &[1], DecodeError::Truncated);
        }
        refused(V311, first_byte, &[0, 1, 0], DecodeError::TrailingBytes);
        refused(V5, first_byte, &[0, 1, 0x81], DecodeError::UnexpectedReason(0x81));
        refused(V5, first_byte, b"\0\x01\0\x03\x1F\0\x01", DecodeError::Truncated);
        refused(V5, first_byte, b"\0\x01\0\0!", DecodeError::TrailingBytes);
        refused(V5, first_byte, b"\0\x01\0\x02\x01\0", DecodeError::UnexpectedProperty(1));
    }
    refused(V5, 0x62, &[0, 1, 0x10], DecodeError::UnexpectedReason(0x10));
    let Ok(Packet::PubRec(ack)) = decode(V5, &packet(0x50, b"\0\x01\x97\x04\x1F\0\x01r")) else {
        panic!("refused");
    };
    assert_eq!((ack.packet_id.get(), ack.reason), (1, 0x97));
}

#[test]
fn subscribe_is_checked() {
    for version in ALL {
        let properties: &[u8] = if version == V5 { &[0] } else { &[] };
        let body = |id: &[u8], filters: &[u8]| [id, properties, filters].concat();
        refused(version, 0x82, &body(&[0, 0], b"\0\x01a\0"), DecodeError::PacketIdZero);
        refused(version, 0x82, &body(&[0, 1], b""), DecodeError::NoFilters); // MQTT-3.8.3-2
        refused(version, 0x82, &body(&[0, 1], b"\0\x01a\x03"), DecodeError::InvalidQos);
        refused(version, 0x82, &body(&[0, 1], b"\0\x01a"), DecodeError::Truncated);
        refused(version, 0x82, &body(&[0, 1], b"\0\x01a\x40"), DecodeError::ReservedOptions(0x40)); // MQTT-3.8.3-5
        for filter in [&b"a/#/b"[..], b"a+", b"#/a", b"+a/b", b"a#"] {
            let entry = [&[0, u8::try_from(filter.len()).expect("short")], filter, &[0]].concat();
            let expected = DecodeError::TopicFilter(TopicError::MisplacedWildcard); // MQTT-4.7.1-1, -2
            refused(version, 0x82, &body(&[0, 1], &entry), expected);
            let expected = DecodeError::TopicFilter(TopicError::MisplacedWildcard);
            refused(version, 0xA2, &body(&[0, 1], &entry[..entry.len() - 1]), expected);
        }
        refused(version, 0xA2, &body(&[0, 1], b""), DecodeError::NoFilters); // MQTT-3.10.3-2
        refused(version, 0xA2, &body(&[0, 0], b"\0\x01a"), DecodeError::PacketIdZero);
        for share in ["$share/g", "$share/g/", "$share//a", "$share/+/a", "$share/g#/a"] {
            let entry = [&[0, u8::try_from(share.len()).expect("short")], share.as_bytes(), &[0]].concat();
            let expected = DecodeError::TopicFilter(TopicError::MalformedShare); // MQTT-4.8.2-1, -2
            refused(version, 0x82, &body(&[0, 1], &entry), expected);
        }
    }
    refused(V311, 0x82, b"\0\x01\0\x01a\x04", DecodeError::ReservedOptions(4));
    refused(V5, 0x82, b"\0\x01\0\0\x01a\x30", DecodeError::ReservedOptions(0x30)); // retain handling 3
    refused(V5, 0x82, b"\0\x01\0\0\x0A$share/g/a\x04", DecodeError::NoLocalOnShared); // MQTT-3.8.3-4
    refused(V5, 0x82, b"\0\x01\x02\x0B\0\0\x01a\0", DecodeError::PropertyValue(0x0B));
    refused(V5, 0x82, b"\0\x01\x04\x0B\x01\x0B\x02\0\x01a\0", DecodeError::DuplicateProperty(0x0B));
    refused(V5, 0x82, b"\0\x01\x03\x0B\x81\0\0\x01a\0", DecodeError::MalformedLength); // MQTT-1.5.5-1
    refused(V5, 0xA2, b"\0\x01\x02\x0B\x01\0\x01a", DecodeError::UnexpectedProperty(0x0B));
}

#[test]
fn subscription_options_are_read() {
    let body = b"\0\x07\x02\x0B\x09\0\x03a/b\x2E\0\x01#\x01";
    let Ok(Packet::Subscribe(found)) = decode(V5, &packet(0x82, body)) else { panic!("refused") };
    let (filter, options) = &found.filters[0];
    assert_eq!(filter.as_str(), "a/b");
    assert_eq!(options.qos, QoS::ExactlyOnce);
    assert!(options.no_local && options.retain_as_published);
    assert_eq!(options.retain_handling, RetainHandling::Never);
    assert_eq!(options.subscription_id.map(u32::from), Some(9));
    assert_eq!(found.filters[1].1.subscription_id.map(u32::from), Some(9));
    assert_eq!(found.filters[1].1.qos, QoS::AtLeastOnce);
}

#[test]
fn pings_and_disconnects_of_older_clients_have_no_body() {
    for version in ALL {
        refused(version, 0xC0, b"x", DecodeError::TrailingBytes);
    }
    refused(V311, 0xE0, &[0], DecodeError::TrailingBytes);
    refused(V31, 0xE0, &[0], DecodeError::TrailingBytes);
    refused(V5, 0xE0, &[0x8E], DecodeError::UnexpectedReason(0x8E)); // only servers say so
    refused(V5, 0xE0, b"\0\x04\x1C\0\x01s", DecodeError::UnexpectedProperty(0x1C)); // MQTT-3.14.2-2
    let Ok(Packet::Disconnect(found)) = decode(V5, &packet(0xE0, b"\x04\x05\x11\0\0\0\x0A")) else {
        panic!("refused");
    };
    assert_eq!((found.reason, found.session_expiry_s), (4, Some(10)));
}

#[test]
fn auth_needs_a_method_and_a_client_reason() {
    refused(V5, 0xF0, &[], DecodeError::UnexpectedReason(0));
    refused(V5, 0xF0, &[0, 0], DecodeError::UnexpectedReason(0));
    refused(V5, 0xF0, &[0x18, 0], DecodeError::NoAuthenticationMethod);
    let Ok(Packet::Auth(found)) = decode(V5, &packet(0xF0, b"\x19\x08\x15\0\x01m\x16\0\x01d")) else {
        panic!("refused");
    };
    assert_eq!((&*found.method, found.data.as_deref()), ("m", Some(&b"d"[..])));
}

#[test]
fn lengths_are_refused_as_soon_as_the_header_is_there() {
    let mut buffer = BytesMut::from(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F][..]);
    let capacity = buffer.capacity();
    let error = connected(V311).decode(&mut buffer).expect_err("refused");
    assert_eq!(error, DecodeError::PacketTooLarge { size: 268_435_460, max: LIMIT });
    assert_eq!(error.reason(), reason::PACKET_TOO_LARGE);
    let mut buffer_with_five = BytesMut::from(&[0x30, 0x80, 0x80, 0x80, 0x80][..]);
    assert_eq!(connected(V311).decode(&mut buffer_with_five), Err(DecodeError::MalformedLength));
    let mut padded = BytesMut::from(&[0xC0, 0x80, 0x00][..]);
    assert_eq!(connected(V311).decode(&mut padded), Ok(Some(Packet::PingReq)));
    let mut padded = BytesMut::from(&[0xC0, 0x80, 0x00][..]);
    assert_eq!(connected(V5).decode(&mut padded), Err(DecodeError::MalformedLength)); // MQTT-1.5.5-1
    assert_eq!(buffer.capacity(), capacity, "nothing is reserved for a declared length");
}

#[test]
fn a_packet_of_exactly_the_limit_is_taken() {
    let fits = [&[0x30, 0xFD, 0x07, 0, 1, b'a'][..], &[b'x'; 1018]].concat();
    assert_eq!(fits.len(), 1024);
    assert!(decode(V311, &fits).is_ok());
    let larger = [0x30, 0xFE, 0x07];
    let expected = DecodeError::PacketTooLarge { size: 1025, max: LIMIT };
    assert_eq!(decode(V311, &larger), Err(expected));
}

#[test]
fn mqtt_31_may_mark_subscribe_and_pubrel_as_sent_again() {
    assert!(decode(V31, &packet(0x8A, b"\0\x01\0\x01a\0")).is_ok());
    assert!(decode(V31, &packet(0x6A, b"\0\x01")).is_ok());
    refused(V311, 0x8A, b"\0\x01\0\x01a\0", DecodeError::ReservedFlags(0x8A));
}

#[test]
fn a_payload_does_not_keep_the_read_buffer() {
    let mut buffer = BytesMut::with_capacity(4096);
    buffer.extend_from_slice(&packet(0x30, b"\0\x01apayload"));
    let range = buffer.as_ptr_range();
    let Ok(Some(Packet::Publish(found))) = connected(V311).decode(&mut buffer) else { panic!("refused") };
    assert_eq!(&found.message.payload[..], b"payload");
    assert!(!range.contains(&found.message.payload.as_ptr()));
    drop(found);
    assert!(buffer.try_reclaim(4096), "the buffer is ours alone");
}
