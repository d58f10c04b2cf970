//! What the journal keeps: the binary form and the sizes that memory promises rest on.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use yizhan_mqtt::session::DeliveryImage;
use yizhan_mqtt::{
    Connect, ConnectProperties, ConnectionProfile, Decoder, Delivery, Message, MessageProperties, PacketId,
    QoS, Session, SessionImage, SessionLimits, SubscribeOptions, TopicFilter, Version, Will,
};

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..12)
}

fn message() -> impl Strategy<Value = Message> {
    let text = || prop::option::of("[a-z温]{0,6}");
    let pairs = prop::collection::vec(("[a-z]{0,3}", "[a-z]{0,3}"), 0..3);
    let properties = prop::option::of((any::<bool>(), text(), bytes(), pairs));
    ("[a-z/温]{1,9}", bytes(), 0_u8..3, any::<bool>(), any::<Option<i64>>(), properties).prop_map(
        |(topic, payload, qos, retain, expires_at, properties)| Message {
            topic: topic.into(),
            payload: payload.into(),
            qos: QoS::try_from(qos).expect("three values"),
            retain,
            properties: properties.map(|(payload_is_utf8, text, data, pairs)| {
                Arc::new(MessageProperties {
                    payload_is_utf8,
                    content_type: text.clone().map(Into::into),
                    response_topic: text.map(Into::into),
                    correlation_data: (!data.is_empty()).then(|| data.into()),
                    user_properties: pairs.into_iter().map(|(n, v)| (n.into(), v.into())).collect(),
                })
            }),
            expires_at,
        },
    )
}

fn delivery() -> impl Strategy<Value = Delivery> {
    (message(), any::<bool>(), prop::collection::vec(1_u32..1 << 28, 0..4), any::<u64>()).prop_map(
        |(message, retain, ids, tag)| Delivery {
            retain,
            subscription_ids: ids.into(),
            tag,
            ..Delivery::new(message)
        },
    )
}

fn session() -> impl Strategy<Value = SessionImage> {
    let deliveries =
        prop::collection::vec((any::<PacketId>(), delivery(), any::<bool>(), any::<bool>()), 0..4);
    (any::<u16>(), deliveries, prop::collection::vec(any::<PacketId>(), 0..4)).prop_map(
        |(next_packet_id, deliveries, inbound_qos2)| {
            let filter = TopicFilter::parse("$share/g/a/+").expect("valid");
            let options = SubscribeOptions { no_local: true, ..SubscribeOptions::at(QoS::AtLeastOnce) };
            SessionImage {
                next_packet_id,
                subscriptions: vec![(filter, options)],
                deliveries: deliveries
                    .into_iter()
                    .filter(|(_, delivery, _, _)| delivery.qos != QoS::AtMostOnce)
                    .map(|(id, delivery, sent, released)| {
                        let released = released && delivery.qos == QoS::ExactlyOnce;
                        DeliveryImage { id, delivery, sent, released }
                    })
                    .collect(),
                inbound_qos2,
            }
        },
    )
}

proptest! {
    #[test]
    fn stored_values_are_read_as_written(session in session()) {
        let stored = postcard::to_allocvec(&session).expect("serializes");
        prop_assert_eq!(postcard::from_bytes::<SessionImage>(&stored).expect("deserializes"), session);
        for end in 0..stored.len() {
            prop_assert!(postcard::from_bytes::<SessionImage>(&stored[..end]).is_err(), "cut at {}", end);
        }
    }
}

#[test]
fn an_idle_session_and_decoder_are_small() {
    assert!(size_of::<Decoder>() <= 24, "{}", size_of::<Decoder>());
    assert!(size_of::<Session>() <= 200, "{}", size_of::<Session>());
    assert!(size_of::<SessionLimits>() <= 24, "{}", size_of::<SessionLimits>());
    assert!(size_of::<ConnectionProfile>() <= 24, "{}", size_of::<ConnectionProfile>());
    assert!(size_of::<Message>() <= 80, "{}", size_of::<Message>());
    // Session and the boxed connection part together.
    let idle = size_of::<Session>() + yizhan_mqtt::session::CONNECTION_BYTES;
    assert!(idle <= 400, "{idle}");
}

#[test]
fn a_stage_that_cannot_be_does_no_harm() {
    for (qos, released) in [(QoS::AtMostOnce, false), (QoS::AtLeastOnce, true)] {
        let delivery = Delivery::new(Message::new("a", Bytes::new(), qos));
        let deliveries = vec![DeliveryImage { id: PacketId::MIN, delivery, sent: true, released }];
        let image = SessionImage { deliveries, ..SessionImage::default() };
        let mut session = Session::restore(crate::session::limits(), image);
        assert_eq!(session.queued_len(), usize::from(qos == QoS::AtLeastOnce));
        assert_eq!(session.puback(PacketId::MIN, 0).is_some(), qos == QoS::AtLeastOnce);
    }
}

fn connect(version: Version, clean_start: bool) -> Connect {
    Connect {
        version,
        clean_start,
        keep_alive: 60,
        client_id: "c".into(),
        user_name: Some("u".into()),
        password: Some(Bytes::from_static(b"secret")),
        will: None,
        properties: ConnectProperties::default(),
    }
}

#[test]
fn each_protocol_says_in_its_way_how_long_a_session_lives() {
    assert_eq!(connect(Version::V311, true).session_expiry_s(), 0);
    assert_eq!(connect(Version::V311, false).session_expiry_s(), u32::MAX);
    assert_eq!(connect(Version::V5, false).session_expiry_s(), 0);
    assert_eq!(connect(Version::V5, false).profile(9, 9).receive_maximum, u16::MAX);
    assert_eq!(
        connect(Version::V31, false).profile(9, 9).receive_maximum,
        Connect::UNANNOUNCED_RECEIVE_MAXIMUM
    );
}

#[test]
fn secrets_do_not_reach_the_log() {
    let text = format!("{:?}", connect(Version::V5, true));
    assert!(text.contains("<redacted>") && !text.contains("secret"), "{text}");
}

#[test]
fn a_will_expires_counted_from_its_publication() {
    let message = Message::new("w", Bytes::new(), QoS::AtLeastOnce);
    let will = Will { message, delay_s: 5, expiry_interval_s: Some(10) };
    assert_eq!(will.message_at(1_000).expires_at, Some(11_000));
}

#[test]
fn a_payload_that_claims_to_be_text_can_be_checked() {
    let mut message = Message::new("a", Bytes::from_static(b"\xFF"), QoS::AtMostOnce);
    assert!(message.payload_format_is_valid());
    message.properties = Some(Arc::new(MessageProperties { payload_is_utf8: true, ..Default::default() }));
    assert!(!message.payload_format_is_valid());
}
