//! Messages of the client: aliases, receive maximum, QoS 2.

use std::num::NonZeroU16;

use bytes::BytesMut;
use yizhan_mqtt::{ConnectionProfile, Inbound, Publish, QoS, Session, SessionLimits, Version, Violation};

use super::{WALL_MS, attached, id, limits, profile, publish};
use crate::model::wire::{self, FromServer};

#[test]
fn a_qos_2_message_sent_again_is_taken_once_and_acknowledged_twice() {
    let mut session = attached(Version::V311);
    let mut out = BytesMut::new();
    let Ok(Inbound::Fresh(_, receipt)) = session.receive(publish(QoS::ExactlyOnce, 5), WALL_MS) else {
        panic!("it is new");
    };
    session.acknowledge(receipt, 0, &mut out);
    session.detach();
    session.attach(profile(Version::V311), 0);
    let Ok(Inbound::Duplicate(receipt)) = session.receive(publish(QoS::ExactlyOnce, 5), WALL_MS) else {
        panic!("it was taken before [MQTT-4.3.3-10]");
    };
    session.acknowledge(receipt, 0, &mut out);
    assert!(session.pubrel(id(5)));
    session.complete(id(5), true, &mut out);
    assert!(!session.pubrel(id(5)));
    session.complete(id(5), false, &mut out);
    let expected = [
        FromServer::PubRec { id: 5, reason: 0 },
        FromServer::PubRec { id: 5, reason: 0 },
        FromServer::PubComp { id: 5, reason: 0 },
        FromServer::PubComp { id: 5, reason: 0 },
    ];
    assert_eq!(wire::read_all(false, &out), expected);
    let fresh = session.receive(publish(QoS::ExactlyOnce, 5), WALL_MS);
    assert!(matches!(fresh, Ok(Inbound::Fresh(..))), "the identifier is free again");
}

#[test]
fn open_identifiers_of_the_last_connection_do_not_use_up_the_receive_maximum_twice() {
    let mut session = Session::new(limits());
    let profile = ConnectionProfile { server_receive_maximum: 2, ..profile(Version::V5) };
    session.attach(profile, 0);
    for packet_id in [1, 2] {
        session.receive(publish(QoS::ExactlyOnce, packet_id), WALL_MS).expect("within the maximum");
    }
    let third = session.receive(publish(QoS::AtLeastOnce, 3), WALL_MS);
    assert_eq!(third, Err(Violation::ReceiveMaximumExceeded)); // MQTT-3.3.4-9
    session.attach(profile, 0);
    for packet_id in [1, 1, 3] {
        session
            .receive(publish(QoS::ExactlyOnce, packet_id), WALL_MS)
            .expect("a new connection starts at zero");
    }
    let fourth = session.receive(publish(QoS::ExactlyOnce, 4), WALL_MS);
    assert_eq!(fourth, Err(Violation::ReceiveMaximumExceeded));
    assert!(session.pubrel(id(1)));
    assert!(session.receive(publish(QoS::ExactlyOnce, 4), WALL_MS).is_ok());
    assert!(session.pubrel(id(2)), "it is still known, though not of this connection");
    let fifth = session.receive(publish(QoS::ExactlyOnce, 5), WALL_MS);
    assert_eq!(fifth, Err(Violation::ReceiveMaximumExceeded));
}

#[test]
fn an_acknowledgement_held_back_does_not_reach_the_next_connection() {
    let mut session = attached(Version::V311);
    let Ok(Inbound::Fresh(_, receipt)) = session.receive(publish(QoS::AtLeastOnce, 5), WALL_MS) else {
        panic!("it is new");
    };
    session.attach(profile(Version::V311), 0);
    let mut out = BytesMut::new();
    session.acknowledge(receipt, 0, &mut out);
    assert!(out.is_empty());
}

#[test]
fn a_refused_qos_2_message_is_forgotten_unless_the_client_cannot_be_told() {
    for (version, known) in [(Version::V5, false), (Version::V311, true)] {
        let mut session = attached(version);
        let Ok(Inbound::Fresh(_, receipt)) = session.receive(publish(QoS::ExactlyOnce, 5), WALL_MS) else {
            panic!("it is new");
        };
        session.acknowledge(receipt, 0x87, &mut BytesMut::new());
        assert_eq!(session.pubrel(id(5)), known);
    }
}

#[test]
fn inbound_aliases_follow_the_announced_maximum() {
    let mut session = Session::new(limits());
    session.attach(ConnectionProfile { server_topic_alias_maximum: 2, ..profile(Version::V5) }, 0);
    let with_alias = |alias, topic| {
        let mut publish = publish(QoS::AtMostOnce, 0);
        publish.topic_alias = NonZeroU16::new(alias);
        publish.message.topic = std::sync::Arc::from(topic);
        publish
    };
    let unbound = session.receive(with_alias(2, ""), WALL_MS);
    assert_eq!(unbound, Err(Violation::TopicAliasUnknown));
    assert_eq!(session.receive(with_alias(3, "a"), WALL_MS), Err(Violation::TopicAliasInvalid)); // MQTT-3.3.2-9
    for (sent, expected) in [("a/b", "a/b"), ("", "a/b"), ("c", "c"), ("", "c")] {
        let Ok(Inbound::Fresh(message, _)) = session.receive(with_alias(2, sent), WALL_MS) else {
            panic!("refused");
        };
        assert_eq!(&*message.topic, expected);
    }
    session.attach(ConnectionProfile { server_topic_alias_maximum: 2, ..profile(Version::V5) }, 0);
    let forgotten = session.receive(with_alias(2, ""), WALL_MS);
    assert_eq!(forgotten, Err(Violation::TopicAliasUnknown)); // MQTT-3.3.2-7
}

#[test]
fn the_expiry_of_a_publication_becomes_a_moment() {
    let mut session = attached(Version::V5);
    let received =
        session.receive(Publish { expiry_interval_s: Some(30), ..publish(QoS::AtMostOnce, 0) }, WALL_MS);
    let Ok(Inbound::Fresh(message, _)) = received else { panic!("refused") };
    assert_eq!(message.expires_at, Some(WALL_MS + 30_000));
    assert!(message.is_expired(WALL_MS + 30_000) && !message.is_expired(WALL_MS + 29_999));
}

#[test]
fn more_than_the_announced_qos_is_a_violation_for_new_clients_only() {
    for (version, refused) in [(Version::V5, true), (Version::V311, false)] {
        let mut session = Session::new(SessionLimits { max_qos: QoS::AtLeastOnce, ..limits() });
        session.attach(profile(version), 0);
        let received = session.receive(publish(QoS::ExactlyOnce, 1), WALL_MS);
        assert_eq!(received == Err(Violation::QosNotSupported), refused); // MQTT-3.2.2-11
    }
}
