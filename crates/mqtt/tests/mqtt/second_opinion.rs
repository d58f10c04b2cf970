//! What one implementation writes, another must read the same: `rmqtt-codec` plays the client.

use std::num::{NonZeroU16, NonZeroU32};

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use proptest::prelude::*;
use rmqtt_codec::types::QoS as TheirQoS;
use rmqtt_codec::{v3, v5};
use tokio_util::codec::{Decoder as _, Encoder as _};
use yizhan_mqtt::encode::{self, ConnAckProperties, PublishFields};
use yizhan_mqtt::{
    Ack, DecodeError, Decoder, MessageProperties, Packet, PacketId, QoS, RetainHandling, Version, reason,
};

fn their_qos(qos: QoS) -> TheirQoS {
    TheirQoS::try_from(u8::from(qos)).expect("three values")
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not zero")
}

fn qos() -> impl Strategy<Value = QoS> {
    (0_u8..3).prop_map(|value| QoS::try_from(value).expect("three values"))
}

fn packet_id() -> impl Strategy<Value = PacketId> {
    any::<NonZeroU16>()
}

fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9 /$é温\u{10348}]{1,20}"
}

fn payload() -> impl Strategy<Value = Bytes> {
    prop::collection::vec(any::<u8>(), 0..300).prop_map(Bytes::from)
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec((text(), text()), 0..3)
}

fn theirs(pairs: &[(String, String)]) -> Vec<(ByteString, ByteString)> {
    pairs.iter().map(|(name, value)| (name.as_str().into(), value.as_str().into())).collect()
}

/// Feeds `stream` in pieces of the given lengths.
fn decode_all(stream: &[u8], cuts: &[usize]) -> Result<Vec<Packet>, DecodeError> {
    let (mut decoder, mut buffer) = (Decoder::new(1 << 20), BytesMut::new());
    let (mut packets, mut rest) = (Vec::new(), stream);
    for &cut in cuts.iter().chain([&usize::MAX]) {
        let (piece, later) = rest.split_at(cut.min(rest.len()));
        rest = later;
        buffer.extend_from_slice(piece);
        while let Some(packet) = decoder.decode(&mut buffer)? {
            packets.push(packet);
        }
    }
    assert!(buffer.is_empty());
    Ok(packets)
}

/// By hand, because the other codec writes level 4 behind `MQIsdp`.
fn connect_3(version: Version) -> &'static [u8] {
    match version {
        Version::V31 => b"\x10\x0F\0\x06MQIsdp\x03\x02\0\x3C\0\x01c",
        _ => b"\x10\x0D\0\x04MQTT\x04\x02\0\x3C\0\x01c",
    }
}

fn their_packet_3() -> impl Strategy<Value = v3::Packet> {
    let publish = (qos(), packet_id(), any::<(bool, bool)>(), text(), payload());
    prop_oneof![
        publish.prop_map(|(qos, id, (dup, retain), topic, payload)| {
            v3::Packet::Publish(Box::new(rmqtt_codec::types::Publish {
                dup: dup && qos != QoS::AtMostOnce,
                retain,
                qos: their_qos(qos),
                topic: topic.into(),
                packet_id: (qos != QoS::AtMostOnce).then_some(id),
                payload,
                properties: None,
            }))
        }),
        packet_id().prop_map(|packet_id| v3::Packet::PublishAck { packet_id }),
        packet_id().prop_map(|packet_id| v3::Packet::PublishReceived { packet_id }),
        packet_id().prop_map(|packet_id| v3::Packet::PublishRelease { packet_id }),
        packet_id().prop_map(|packet_id| v3::Packet::PublishComplete { packet_id }),
        (packet_id(), prop::collection::vec((text(), qos()), 1..4)).prop_map(|(packet_id, filters)| {
            let topic_filters = filters.into_iter().map(|(f, q)| (f.into(), their_qos(q))).collect();
            v3::Packet::Subscribe { packet_id, topic_filters }
        }),
        (packet_id(), prop::collection::vec(text(), 1..4)).prop_map(|(packet_id, filters)| {
            v3::Packet::Unsubscribe {
                packet_id,
                topic_filters: filters.into_iter().map(Into::into).collect(),
            }
        }),
        Just(v3::Packet::PingRequest),
    ]
}

#[track_caller]
fn assert_same_3(ours: &Packet, theirs: &v3::Packet) {
    match (ours, theirs) {
        (Packet::Publish(ours), v3::Packet::Publish(theirs)) => {
            assert_eq!(ours.dup, theirs.dup);
            assert_eq!(ours.packet_id, theirs.packet_id);
            assert_eq!(ours.message.retain, theirs.retain);
            assert_eq!(u8::from(ours.message.qos), theirs.qos.value());
            assert_eq!(*ours.message.topic, *theirs.topic);
            assert_eq!(ours.message.payload, theirs.payload);
        }
        (Packet::PubAck(ours), v3::Packet::PublishAck { packet_id })
        | (Packet::PubRec(ours), v3::Packet::PublishReceived { packet_id })
        | (Packet::PubRel(ours), v3::Packet::PublishRelease { packet_id })
        | (Packet::PubComp(ours), v3::Packet::PublishComplete { packet_id }) => {
            assert_eq!(ours, &Ack { packet_id: *packet_id, reason: 0 });
        }
        (Packet::Subscribe(ours), v3::Packet::Subscribe { packet_id, topic_filters }) => {
            assert_eq!(ours.packet_id, *packet_id);
            let ours: Vec<_> = ours.filters.iter().map(|(f, o)| (f.as_str(), u8::from(o.qos))).collect();
            let theirs: Vec<_> = topic_filters.iter().map(|(f, q)| (&**f, q.value())).collect();
            assert_eq!(ours, theirs);
        }
        (Packet::Unsubscribe(ours), v3::Packet::Unsubscribe { packet_id, topic_filters }) => {
            assert_eq!(ours.packet_id, *packet_id);
            let ours: Vec<_> = ours.filters.iter().map(|filter| filter.as_str()).collect();
            assert_eq!(ours, topic_filters.iter().map(|filter| &**filter).collect::<Vec<_>>());
        }
        (Packet::PingReq, v3::Packet::PingRequest) => {}
        (ours, theirs) => panic!("{ours:?} instead of {theirs:?}"),
    }
}

fn publish_properties() -> impl Strategy<Value = v5::PublishProperties> {
    let numbers = (any::<Option<NonZeroU16>>(), any::<Option<NonZeroU32>>(), any::<bool>());
    let texts = (prop::option::of(text()), prop::option::of(text()), prop::option::of(payload()), pairs());
    (numbers, texts).prop_map(|((alias, expiry, utf8), (content, response, correlation, pairs))| {
        v5::PublishProperties {
            topic_alias: alias,
            correlation_data: correlation,
            message_expiry_interval: expiry,
            content_type: content.map(Into::into),
            user_properties: theirs(&pairs),
            is_utf8_payload: utf8,
            response_topic: response.map(Into::into),
            subscription_ids: Vec::new(),
        }
    })
}

proptest! {
    #[test]
    fn packets_of_older_clients_survive_any_split(
        version in prop_oneof![Just(Version::V31), Just(Version::V311)],
        packets in prop::collection::vec(their_packet_3(), 0..6),
        cuts in prop::collection::vec(0_usize..40, 0..30),
    ) {
        let (mut codec, mut stream) = (v3::Codec::default(), BytesMut::from(connect_3(version)));
        for packet in &packets {
            codec.encode(packet.clone(), &mut stream).expect("encodes");
        }
        let decoded = decode_all(&stream, &cuts).expect("decodes");
        prop_assert!(matches!(&decoded[0], Packet::Connect(c) if c.version == version));
        prop_assert_eq!(decoded.len(), packets.len() + 1);
        for (ours, theirs) in decoded[1..].iter().zip(&packets) {
            assert_same_3(ours, theirs);
        }
    }

    #[test]
    fn a_full_connect_is_read_as_written(
        client_id in text(),
        credentials in prop::option::of((text(), prop::option::of(payload()))),
        will in prop::option::of((text(), payload(), qos(), any::<bool>(), any::<Option<u32>>(), pairs())),
        numbers in any::<(Option<NonZeroU16>, Option<NonZeroU32>, u16, u32, bool, bool)>(),
        user_properties in pairs(),
        authentication in prop::option::of((text(), payload())),
        cuts in prop::collection::vec(0_usize..40, 0..30),
    ) {
        let (receive_max, max_packet_size, topic_alias_max, session_expiry_interval_secs, clean, info) = numbers;
        let theirs_connect = v5::Connect {
            clean_start: clean,
            keep_alive: topic_alias_max,
            session_expiry_interval_secs,
            auth_method: authentication.as_ref().map(|(method, _)| method.as_str().into()),
            auth_data: authentication.as_ref().map(|(_, data)| data.clone()),
            request_problem_info: info,
            request_response_info: info,
            receive_max,
            topic_alias_max,
            user_properties: theirs(&user_properties),
            max_packet_size,
            last_will: will.as_ref().map(|(topic, message, qos, retain, delay, pairs)| v5::LastWill {
                qos: their_qos(*qos),
                retain: *retain,
                topic: topic.as_str().into(),
                message: message.clone(),
                will_delay_interval_sec: *delay,
                correlation_data: Some(message.clone()),
                message_expiry_interval: delay.and_then(NonZeroU32::new),
                content_type: Some("text".into()),
                user_properties: theirs(pairs),
                is_utf8_payload: Some(*retain),
                response_topic: Some(topic.as_str().into()),
            }),
            client_id: client_id.as_str().into(),
            username: credentials.as_ref().map(|(name, _)| name.as_str().into()),
            password: credentials.as_ref().and_then(|(_, password)| password.clone()),
            cert: None,
        };
        let mut stream = BytesMut::new();
        let mut codec = v5::Codec::default();
        codec.encode(v5::Packet::Connect(Box::new(theirs_connect.clone())), &mut stream).expect("encodes");
        let mut decoded = decode_all(&stream, &cuts).expect("decodes");
        let Some(Packet::Connect(ours)) = decoded.pop() else { panic!("not a CONNECT") };
        prop_assert_eq!(ours.version, Version::V5);
        prop_assert_eq!(ours.clean_start, clean);
        prop_assert_eq!(ours.keep_alive, theirs_connect.keep_alive);
        prop_assert_eq!(&*ours.client_id, &*client_id);
        prop_assert_eq!(ours.user_name.as_deref(), theirs_connect.username.as_deref());
        prop_assert_eq!(ours.password.clone(), theirs_connect.password.clone());
        let properties = &ours.properties;
        prop_assert_eq!(ours.session_expiry_s(), session_expiry_interval_secs);
        prop_assert_eq!(properties.receive_maximum, receive_max);
        prop_assert_eq!(properties.max_packet_size, max_packet_size);
        prop_assert_eq!(properties.topic_alias_maximum, topic_alias_max);
        prop_assert_eq!(properties.request_response_information, info);
        prop_assert_eq!(properties.no_problem_information, !info);
        prop_assert_eq!(properties.user_properties.len(), user_properties.len());
        prop_assert_eq!(properties.authentication_method.as_deref(), theirs_connect.auth_method.as_deref());
        prop_assert_eq!(ours.will.is_some(), will.is_some());
        if let (Some(ours), Some((topic, message, qos, retain, delay, pairs))) = (&ours.will, &will) {
            let found = ours.message_at(1_000);
            prop_assert_eq!(&*found.topic, topic.as_str());
            prop_assert_eq!(&found.payload, message);
            prop_assert_eq!((found.qos, found.retain), (*qos, *retain));
            prop_assert_eq!(ours.delay_s, delay.unwrap_or(0));
            let interval = delay.filter(|&seconds| seconds > 0);
            prop_assert_eq!(found.expires_at, interval.map(|s| 1_000 + i64::from(s) * 1_000));
            let properties = found.properties.expect("there are some");
            prop_assert_eq!(properties.user_properties.len(), pairs.len());
            prop_assert_eq!(properties.response_topic.as_deref(), Some(topic.as_str()));
        }
    }

    #[test]
    fn publications_of_new_clients_are_read_as_written(
        properties in publish_properties(),
        (qos, id, dup, retain) in (qos(), packet_id(), any::<bool>(), any::<bool>()),
        (topic, payload) in (text(), payload()),
        cuts in prop::collection::vec(0_usize..40, 0..30),
    ) {
        let publish = rmqtt_codec::types::Publish {
            dup: dup && qos != QoS::AtMostOnce,
            retain,
            qos: their_qos(qos),
            topic: topic.as_str().into(),
            packet_id: (qos != QoS::AtMostOnce).then_some(id),
            payload: payload.clone(),
            properties: Some(properties.clone()),
        };
        let mut stream = BytesMut::from(&b"\x10\x0E\0\x04MQTT\x05\x02\0\0\0\0\x01c"[..]);
        v5::Codec::default().encode(v5::Packet::Publish(Box::new(publish)), &mut stream).expect("encodes");
        let mut decoded = decode_all(&stream, &cuts).expect("decodes");
        let Some(Packet::Publish(ours)) = decoded.pop() else { panic!("not a PUBLISH") };
        prop_assert_eq!(ours.topic_alias, properties.topic_alias);
        prop_assert_eq!(ours.expiry_interval_s, properties.message_expiry_interval.map(NonZeroU32::get));
        prop_assert_eq!(&*ours.message.topic, topic.as_str());
        prop_assert_eq!(&ours.message.payload, &payload);
        let found = ours.message.properties.as_deref().cloned().unwrap_or_default();
        prop_assert_eq!(found.payload_is_utf8, properties.is_utf8_payload);
        prop_assert_eq!(found.content_type.as_deref(), properties.content_type.as_deref());
        prop_assert_eq!(found.response_topic.as_deref(), properties.response_topic.as_deref());
        prop_assert_eq!(found.correlation_data, properties.correlation_data);
        prop_assert_eq!(found.user_properties.len(), properties.user_properties.len());
    }

    #[test]
    fn our_publications_are_read_as_written(
        (qos, id, dup, retain, alias) in (qos(), packet_id(), any::<bool>(), any::<bool>(), any::<Option<NonZeroU16>>()),
        (topic, payload, expiry) in (text(), payload(), any::<Option<NonZeroU32>>()),
        subscription_ids in prop::collection::vec(1_u32..268_435_456, 0..3),
        (utf8, texts, pairs) in (any::<bool>(), prop::option::of((text(), text(), payload())), pairs()),
    ) {
        let (content, response, correlation) = match &texts {
            Some((content, response, correlation)) =>
                (Some(content.as_str().into()), Some(response.as_str().into()), Some(correlation.clone())),
            None => (None, None, None),
        };
        let properties = MessageProperties {
            payload_is_utf8: utf8,
            content_type: content,
            response_topic: response,
            correlation_data: correlation,
            user_properties: pairs.iter().map(|(n, v)| (n.as_str().into(), v.as_str().into())).collect(),
        };
        let fields = PublishFields {
            topic: &topic,
            payload: &payload,
            qos,
            retain,
            dup: dup && qos != QoS::AtMostOnce,
            packet_id: (qos != QoS::AtMostOnce).then_some(id),
            properties: Some(&properties),
            expiry_interval_s: expiry.map(NonZeroU32::get),
            topic_alias: alias.map(NonZeroU16::get),
            subscription_ids: &subscription_ids,
        };
        for version in [Version::V31, Version::V311] {
            let mut out = BytesMut::new();
            encode::publish(version, &fields, &mut out).expect("fits");
            prop_assert_eq!(out.len(), encode::publish_size(version, &fields).expect("fits"));
            let Ok(Some((v3::Packet::Publish(found), _))) = v3::Codec::default().decode(&mut out) else {
                panic!("not a PUBLISH");
            };
            prop_assert_eq!((&*found.topic, &found.payload), (topic.as_str(), &payload));
            prop_assert_eq!((found.dup, found.retain, found.packet_id), (fields.dup, retain, fields.packet_id));
        }
        let mut out = BytesMut::new();
        encode::publish(Version::V5, &fields, &mut out).expect("fits");
        prop_assert_eq!(out.len(), encode::publish_size(Version::V5, &fields).expect("fits"));
        let Ok(Some((v5::Packet::Publish(found), _))) = v5::Codec::default().decode(&mut out) else {
            panic!("not a PUBLISH");
        };
        prop_assert!(out.is_empty());
        prop_assert_eq!((&*found.topic, &found.payload), (topic.as_str(), &payload));
        prop_assert_eq!((found.dup, found.retain, found.packet_id), (fields.dup, retain, fields.packet_id));
        let read = found.properties.expect("there is a section");
        prop_assert_eq!(read.topic_alias, alias);
        prop_assert_eq!(read.message_expiry_interval, expiry);
        prop_assert_eq!(read.is_utf8_payload, utf8);
        prop_assert_eq!(read.content_type.as_deref(), properties.content_type.as_deref());
        prop_assert_eq!(read.response_topic.as_deref(), properties.response_topic.as_deref());
        prop_assert_eq!(read.correlation_data, properties.correlation_data);
        prop_assert_eq!(read.user_properties, theirs(&pairs));
        let read: Vec<u32> = read.subscription_ids.iter().map(|id| id.get()).collect();
        prop_assert_eq!(read, subscription_ids);
    }
}

#[test]
fn acknowledgements_of_older_protocols_have_exactly_two_bytes() {
    for version in [Version::V31, Version::V311] {
        for code in [reason::SUCCESS, reason::NOT_AUTHORIZED] {
            let mut out = BytesMut::new();
            encode::puback(version, id(0x0102), code, &mut out);
            encode::pubrec(version, id(0x0102), code, &mut out);
            encode::pubrel(version, id(0x0102), code, &mut out);
            encode::pubcomp(version, id(0x0102), code, &mut out);
            encode::unsuback(version, id(0x0102), &[code], &mut out);
            let expected =
                [[0x40, 2, 1, 2], [0x50, 2, 1, 2], [0x62, 2, 1, 2], [0x70, 2, 1, 2], [0xB0, 2, 1, 2]];
            assert_eq!(out, expected.concat()[..]);
        }
        let mut out = BytesMut::new();
        encode::suback(version, id(9), &[0, 1, 2, reason::NOT_AUTHORIZED], &mut out);
        assert_eq!(&out[..], [0x90, 6, 0, 9, 0, 1, 2, 0x80]);
        let mut out = BytesMut::new();
        encode::disconnect(version, reason::SESSION_TAKEN_OVER, Some("gone"), &mut out);
        assert!(out.is_empty(), "servers of older protocols just close");
    }
}

#[test]
fn connack_says_what_each_version_understands() {
    let write = |version, present, code| {
        let mut out = BytesMut::new();
        encode::connack(version, present, code, None, &mut out);
        out.to_vec()
    };
    assert_eq!(write(Version::V311, true, 0), [0x20, 2, 1, 0]);
    assert_eq!(write(Version::V31, true, 0), [0x20, 2, 0, 0]); // 3.1 has no such flag
    assert_eq!(write(Version::V5, true, 0), [0x20, 3, 1, 0, 0]);
    assert_eq!(write(Version::V311, true, reason::NOT_AUTHORIZED), [0x20, 2, 0, 5]); // MQTT-3.2.2-4
    for (code, expected) in [
        (reason::UNSUPPORTED_PROTOCOL_VERSION, 1),
        (reason::CLIENT_IDENTIFIER_NOT_VALID, 2),
        (reason::SERVER_UNAVAILABLE, 3),
        (reason::BAD_USER_NAME_OR_PASSWORD, 4),
        (reason::QUOTA_EXCEEDED, 3),
    ] {
        assert_eq!(write(Version::V311, false, code)[3], expected);
    }
}

#[test]
fn a_full_connack_is_read_as_written() {
    let properties = ConnAckProperties {
        session_expiry_s: Some(7),
        receive_maximum: Some(20),
        maximum_qos: Some(QoS::AtLeastOnce),
        no_retain: true,
        max_packet_size: Some(65_536),
        assigned_client_id: Some("made-up".into()),
        topic_alias_maximum: 8,
        reason_string: Some("welcome".into()),
        user_properties: vec![("a".into(), "b".into())],
        no_wildcards: true,
        no_subscription_ids: true,
        no_shared: true,
        server_keep_alive_s: Some(900),
        response_information: Some("r".into()),
        server_reference: Some("s".into()),
        authentication_method: Some("m".into()),
        authentication_data: Some(Bytes::from_static(b"d")),
    };
    let mut out = BytesMut::new();
    encode::connack(Version::V5, true, 0, Some(&properties), &mut out);
    let Ok(Some((v5::Packet::ConnectAck(read), _))) = v5::Codec::default().decode(&mut out) else {
        panic!("not a CONNACK");
    };
    assert!(out.is_empty() && read.session_present);
    assert_eq!(read.session_expiry_interval_secs, Some(7));
    assert_eq!(read.receive_max.get(), 20);
    assert_eq!(read.max_qos, TheirQoS::AtLeastOnce);
    assert_eq!(read.max_packet_size, Some(65_536));
    assert_eq!(read.assigned_client_id.as_deref(), Some("made-up"));
    assert_eq!(read.topic_alias_max, 8);
    assert_eq!(read.server_keepalive_sec, Some(900));
    assert_eq!(read.reason_string.as_deref(), Some("welcome"));
    assert!(!read.retain_available && !read.wildcard_subscription_available);
    assert!(!read.subscription_identifiers_available && !read.shared_subscription_available);
    assert_eq!(read.auth_data.as_deref(), Some(&b"d"[..]));
}

#[test]
fn small_packets_for_new_clients_are_read_as_written() {
    let mut out = BytesMut::new();
    encode::puback(Version::V5, id(1), reason::QUOTA_EXCEEDED, &mut out);
    encode::pubcomp(Version::V5, id(2), reason::PACKET_IDENTIFIER_NOT_FOUND, &mut out);
    encode::suback(Version::V5, id(3), &[1, reason::NOT_AUTHORIZED], &mut out);
    encode::unsuback(Version::V5, id(4), &[0, reason::NO_SUBSCRIPTION_EXISTED], &mut out);
    encode::pingresp(&mut out);
    encode::auth(reason::CONTINUE_AUTHENTICATION, "m", Some(b"d"), &mut out);
    encode::disconnect(Version::V5, reason::SESSION_TAKEN_OVER, None, &mut out);
    encode::disconnect(Version::V5, reason::SERVER_SHUTTING_DOWN, Some("bye"), &mut out);
    let mut codec = v5::Codec::default();
    let mut next = || codec.decode(&mut out).expect("decodes").expect("complete").0;
    let v5::Packet::PublishAck(found) = next() else { panic!("not a PUBACK") };
    assert_eq!(u8::from(found.reason_code), reason::QUOTA_EXCEEDED);
    let v5::Packet::PublishComplete(found) = next() else { panic!("not a PUBCOMP") };
    assert_eq!(u8::from(found.reason_code), reason::PACKET_IDENTIFIER_NOT_FOUND);
    let v5::Packet::SubscribeAck(found) = next() else { panic!("not a SUBACK") };
    assert_eq!(found.status.into_iter().map(u8::from).collect::<Vec<_>>(), [1, reason::NOT_AUTHORIZED]);
    let v5::Packet::UnsubscribeAck(found) = next() else { panic!("not an UNSUBACK") };
    assert_eq!(found.status.len(), 2);
    assert_eq!(next(), v5::Packet::PingResponse);
    let v5::Packet::Auth(found) = next() else { panic!("not an AUTH") };
    assert_eq!(found.auth_method.as_deref(), Some("m"));
    let v5::Packet::Disconnect(found) = next() else { panic!("not a DISCONNECT") };
    assert_eq!(u8::from(found.reason_code), reason::SESSION_TAKEN_OVER);
    let v5::Packet::Disconnect(found) = next() else { panic!("not a DISCONNECT") };
    assert_eq!(found.reason_string.as_deref(), Some("bye"));
}

#[test]
fn subscriptions_of_new_clients_are_read_as_written() {
    let options = |qos, no_local, retain_as_published, retain_handling| v5::SubscriptionOptions {
        qos,
        no_local,
        retain_as_published,
        retain_handling,
    };
    let subscribe = v5::Subscribe {
        packet_id: id(77),
        id: NonZeroU32::new(300),
        user_properties: theirs(&[("a".into(), "b".into())]),
        topic_filters: vec![
            ("a/+".into(), options(TheirQoS::AtLeastOnce, true, false, v5::RetainHandling::AtSubscribeNew)),
            (
                "$share/g/#".into(),
                options(TheirQoS::ExactlyOnce, false, true, v5::RetainHandling::NoAtSubscribe),
            ),
        ],
    };
    let mut stream = BytesMut::from(&b"\x10\x0E\0\x04MQTT\x05\x02\0\0\0\0\x01c"[..]);
    v5::Codec::default().encode(v5::Packet::Subscribe(subscribe), &mut stream).expect("encodes");
    let mut decoded = decode_all(&stream, &[3, 9, 1]).expect("decodes");
    let Some(Packet::Subscribe(found)) = decoded.pop() else { panic!("not a SUBSCRIBE") };
    let (first, second) = (&found.filters[0], &found.filters[1]);
    assert_eq!((first.0.as_str(), first.1.qos, first.1.no_local), ("a/+", QoS::AtLeastOnce, true));
    assert_eq!(first.1.retain_handling, RetainHandling::IfNew);
    assert_eq!((second.0.group(), second.0.pattern()), (Some("g"), "#"));
    assert!(second.1.retain_as_published);
    assert_eq!(second.1.subscription_id.map(u32::from), Some(300));
}
