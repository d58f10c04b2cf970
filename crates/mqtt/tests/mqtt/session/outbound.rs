//! Messages to the client: order, windows, sending again, aliases, limits.

use std::num::NonZeroU32;

use bytes::{Bytes, BytesMut};
use yizhan_mqtt::{
    ConnectionProfile, Delivery, Inbound, Message, Outcome, PubRecEffect, QoS, RefusedDelivery,
    RefusedSubscription, Session, SessionLimits, Settled, SubscribeOptions, TopicFilter, Version,
};

use super::{WALL_MS, attached, delivery, id, least, limits, profile, publish};
use crate::model::wire::{self, FromServer, Received};

/// Flushes and reads what came.
fn flush_at(session: &mut Session, now_ms: u64) -> (Vec<FromServer>, Vec<Settled>, Option<u64>) {
    let v5 = session.version() == Some(Version::V5);
    let (mut out, mut settled) = (BytesMut::new(), Vec::new());
    let again = session.flush(now_ms, WALL_MS, usize::MAX, &mut out, &mut settled);
    (wire::read_all(v5, &out).into(), settled, again)
}

fn publishes(packets: Vec<FromServer>) -> Vec<Received> {
    let publish = |packet| match packet {
        FromServer::Publish(publish) => publish,
        other => panic!("{other:?} is not a PUBLISH"),
    };
    packets.into_iter().map(publish).collect()
}

fn flush(session: &mut Session) -> Vec<Received> {
    publishes(flush_at(session, 0).0)
}

fn ids(received: &[Received]) -> Vec<u16> {
    received.iter().filter_map(|publish| publish.id).collect()
}

#[test]
fn identifiers_go_on_across_connections_and_sessions() {
    let mut session = attached(Version::V311);
    for _ in 0..3 {
        let taken = session.reserve(least("x"), true).expect("room");
        flush(&mut session);
        session.puback(taken, 0).expect("in flight");
    }
    session.detach();
    session.attach(profile(Version::V31), 0);
    assert_eq!(session.reserve(least("x"), true), Ok(id(4)));
    let mut clean = Session::new(limits());
    clean.set_next_packet_id(session.next_packet_id());
    assert_eq!(clean.reserve(least("x"), true), Ok(id(5)));
}

#[test]
fn identifiers_never_go_back_while_a_session_is_restored() {
    let mut session = Session::new(limits());
    for restored in [40_000, 40_002, 40_001] {
        session.restore_delivery(id(restored), least("x"), false, false);
    }
    assert_eq!(session.next_packet_id(), 40_003);
    let mut wrapped = Session::new(limits());
    for restored in [65_535, 2, 1] {
        wrapped.restore_delivery(id(restored), least("x"), false, false);
    }
    assert_eq!(wrapped.next_packet_id(), 3);
}

#[test]
fn identifiers_wrap_past_zero_and_skip_those_in_use() {
    let mut session = Session::new(limits());
    session.set_next_packet_id(65_534);
    let stuck = [65_534, 65_535, 1];
    for expected in stuck {
        assert_eq!(session.reserve(least("stuck"), true), Ok(id(expected)));
    }
    session.attach(profile(Version::V311), 0);
    for expected in 2..65_534 {
        assert_eq!(session.reserve(least("x"), true), Ok(id(expected)));
        flush(&mut session);
        assert!(session.puback(id(expected), 0).is_some());
    }
    assert_eq!(session.reserve(least("x"), true), Ok(id(2)), "65534, 65535 and 1 are in use");
}

#[test]
fn a_message_that_is_not_durable_holds_back_those_behind_it_but_not_qos_0() {
    let mut session = attached(Version::V311);
    let first = session.reserve(least("first"), false).expect("room");
    session.reserve(least("second"), true).expect("room");
    assert!(flush(&mut session).is_empty());
    let mut out = BytesMut::new();
    assert_eq!(session.send_now(&delivery(QoS::AtMostOnce, "zero"), WALL_MS, &mut out), Ok(()));
    assert!(!out.is_empty());
    assert!(session.ready(first));
    assert_eq!(ids(&flush(&mut session)), [1, 2]);
    assert!(!session.ready(first), "it was sent");
}

#[test]
fn qos_0_is_neither_queued_nor_sent_without_a_connection() {
    let mut session = Session::new(limits());
    let zero = delivery(QoS::AtMostOnce, "zero");
    assert_eq!(session.reserve(zero.clone(), true), Err(RefusedDelivery::QosZero));
    let mut out = BytesMut::new();
    assert_eq!(session.send_now(&zero, WALL_MS, &mut out), Err(RefusedDelivery::NotAttached));
    assert!(out.is_empty());
}

#[test]
fn what_was_not_acknowledged_comes_again_first_with_dup_and_its_identifier() {
    let mut session = attached(Version::V5);
    for text in ["one", "two", "three"] {
        session.reserve(least(text), true).expect("room");
    }
    assert_eq!(ids(&flush(&mut session)), [1, 2, 3]);
    session.puback(id(2), 0).expect("in flight");
    session.detach();
    session.reserve(least("four"), true).expect("room");
    assert!(flush(&mut session).is_empty());
    session.attach(profile(Version::V5), 0);
    let again = flush(&mut session);
    assert_eq!(ids(&again), [1, 3, 4]);
    assert_eq!(again.iter().map(|publish| publish.dup).collect::<Vec<_>>(), [true, true, false]);
    assert!(flush(&mut session).is_empty(), "not twice on one connection [MQTT-4.4.0-1]");
}

#[test]
fn a_released_qos_2_message_comes_again_as_pubrel_only() {
    let mut session = attached(Version::V5);
    let mut out = BytesMut::new();
    let mut tagged = delivery(QoS::ExactlyOnce, "a large payload that need not be kept");
    tagged.tag = 99;
    session.reserve(tagged, true).expect("room");
    flush(&mut session);
    let before = session.queued_bytes();
    assert_eq!(session.pubrec(id(1), 0, false, &mut out), PubRecEffect::Released);
    assert!(session.queued_bytes() < before);
    session.detach();
    session.attach(profile(Version::V5), 0);
    assert_eq!(flush_at(&mut session, 0).0, [FromServer::PubRel { id: 1, reason: 0 }]);
    assert_eq!(session.pubrec(id(1), 0, false, &mut out), PubRecEffect::Repeated);
    let settled = session.pubcomp(id(1)).expect("released");
    assert_eq!(settled, Settled { id: id(1), tag: 99, outcome: Outcome::Delivered });
    assert_eq!(session.pubcomp(id(1)), None);
}

#[test]
fn a_release_that_is_held_back_leaves_when_it_is_durable_whatever_connection_there_is() {
    let release = [FromServer::PubRel { id: 1, reason: 0 }];
    for reconnects in [false, true] {
        let mut session = attached(Version::V5);
        let mut out = BytesMut::new();
        session.reserve(delivery(QoS::ExactlyOnce, "x"), true).expect("room");
        flush(&mut session);
        assert_eq!(session.pubrec(id(1), 0, true, &mut out), PubRecEffect::Released);
        assert_eq!(session.pubrec(id(1), 0, true, &mut out), PubRecEffect::Repeated);
        if reconnects {
            session.attach(profile(Version::V5), 0);
        }
        assert_eq!(flush_at(&mut session, 0).0, []);
        assert!(out.is_empty());
        assert!(session.ready(id(1)));
        assert_eq!(flush_at(&mut session, 0).0, release);
        assert_eq!(flush_at(&mut session, 0).0, []);
        assert!(session.pubcomp(id(1)).is_some());
        session.attach(profile(Version::V5), 0);
        assert_eq!(flush_at(&mut session, 0).0, []);
    }
}

#[test]
fn a_flush_stops_at_its_limit_and_goes_on_later() {
    let mut session = attached(Version::V5);
    for _ in 0..5 {
        session.reserve(least("0123456789"), true).expect("room");
    }
    let mut sent = Vec::new();
    for expected in 1..=5 {
        let (mut out, mut settled) = (BytesMut::new(), Vec::new());
        let again = session.flush(7, WALL_MS, 1, &mut out, &mut settled);
        sent.extend(ids(&publishes(wire::read_all(true, &out).into())));
        assert_eq!(sent.len(), expected);
        assert_eq!(again, (expected < 5).then_some(7));
    }
    assert_eq!(sent, [1, 2, 3, 4, 5]);
}

#[test]
fn an_unknown_pubrec_is_answered_as_each_protocol_wants() {
    for (version, reason) in [(Version::V311, 0), (Version::V5, 0x92)] {
        let mut session = attached(version);
        let mut out = BytesMut::new();
        assert_eq!(session.pubrec(id(7), 0, false, &mut out), PubRecEffect::Unknown);
        assert_eq!(wire::read_all(version.is_v5(), &out), [FromServer::PubRel { id: 7, reason }]);
    }
}

#[test]
fn a_refusal_of_the_receiver_is_reported_with_its_reason() {
    let mut session = attached(Version::V5);
    session.reserve(least("one"), true).expect("room");
    session.reserve(delivery(QoS::ExactlyOnce, "two"), true).expect("room");
    flush(&mut session);
    let settled = session.puback(id(1), 0x97).expect("in flight");
    assert_eq!(settled.outcome, Outcome::RefusedByReceiver(0x97));
    let mut out = BytesMut::new();
    let PubRecEffect::Refused(settled) = session.pubrec(id(2), 0x87, false, &mut out) else {
        panic!("taken")
    };
    assert_eq!(settled.outcome, Outcome::RefusedByReceiver(0x87));
    assert!(out.is_empty(), "no PUBREL after an error [MQTT-4.3.3-4]");
    assert_eq!(session.queued_len(), 0);
}

#[test]
fn no_matching_subscribers_is_not_a_refusal() {
    let mut session = attached(Version::V5);
    session.reserve(least("one"), true).expect("room");
    flush(&mut session);
    assert_eq!(session.puback(id(1), 0x10).map(|settled| settled.outcome), Some(Outcome::Delivered));
}

#[test]
fn the_receive_maximum_is_kept_until_pubcomp() {
    let mut session = Session::new(limits());
    session.attach(ConnectionProfile { receive_maximum: 1, ..profile(Version::V5) }, 0);
    session.reserve(delivery(QoS::ExactlyOnce, "one"), true).expect("room");
    session.reserve(least("two"), true).expect("room");
    assert_eq!(ids(&flush(&mut session)), [1]);
    session.pubrec(id(1), 0, false, &mut BytesMut::new());
    assert!(flush(&mut session).is_empty(), "[MQTT-4.9.0-2]");
    session.pubcomp(id(1)).expect("released");
    assert_eq!(ids(&flush(&mut session)), [2]);
}

#[test]
fn a_message_that_expired_while_it_waited_is_given_up_and_the_rest_says_what_is_left() {
    let mut session = Session::new(limits());
    let expiring = |at| {
        let mut delivery = least("x");
        delivery.message.expires_at = Some(at);
        delivery
    };
    session.reserve(expiring(WALL_MS), true).expect("room");
    session.reserve(expiring(WALL_MS + 1_001), true).expect("room");
    session.reserve(expiring(WALL_MS + 60_000), true).expect("room");
    session.attach(profile(Version::V5), 0);
    let (packets, settled, _) = flush_at(&mut session, 0);
    assert_eq!(settled, [Settled { id: id(1), tag: 0, outcome: Outcome::Expired }]);
    let seconds: Vec<_> = publishes(packets).iter().map(|publish| publish.expiry_s).collect();
    assert_eq!(seconds, [Some(2), Some(60)]); // MQTT-3.3.2-6
}

#[test]
fn expired_messages_leave_the_queue_of_an_absent_client() {
    let mut session = Session::new(limits());
    for at in [WALL_MS, WALL_MS + 1] {
        let mut delivery = least("x");
        delivery.message.expires_at = Some(at);
        session.reserve(delivery, true).expect("room");
    }
    let mut settled = Vec::new();
    session.drop_expired(WALL_MS, &mut settled);
    assert_eq!(settled, [Settled { id: id(1), tag: 0, outcome: Outcome::Expired }]);
    assert_eq!(session.queued_len(), 1);
}

#[test]
fn a_packet_of_exactly_the_clients_maximum_is_sent_and_one_byte_more_is_not() {
    let size = 2 + 2 + "plant/level".len() + 2 + 1 + 5;
    for (maximum, fits) in [(size, true), (size - 1, false)] {
        let mut session = Session::new(limits());
        let max_packet_size = NonZeroU32::new(u32::try_from(maximum).expect("small"));
        session.attach(ConnectionProfile { max_packet_size, ..profile(Version::V5) }, 0);
        session.reserve(least("12345"), true).expect("room");
        session.reserve(least("1"), true).expect("room");
        let (packets, settled, _) = flush_at(&mut session, 0);
        assert_eq!(packets.len(), if fits { 2 } else { 1 }, "[MQTT-3.1.2-24]");
        assert_eq!(settled.is_empty(), fits);
        assert!(settled.iter().all(|settled| settled.outcome == Outcome::LargerThanReceiver));
        let zero = delivery(QoS::AtMostOnce, "1234567");
        let sent = session.send_now(&zero, WALL_MS, &mut BytesMut::new());
        assert_eq!(sent.is_ok(), fits, "no identifier, two bytes more payload");
    }
}

#[test]
fn topics_are_sent_once_and_then_as_aliases_the_least_used_one_giving_way() {
    let mut session = Session::new(limits());
    session.attach(ConnectionProfile { topic_alias_maximum: 2, ..profile(Version::V5) }, 0);
    let mut seen = Vec::new();
    for topic in ["topic/a", "topic/b", "topic/a", "topic/c", "topic/a", "topic/b", "t"] {
        let mut out = BytesMut::new();
        let message = Message::new(topic, Bytes::new(), QoS::AtMostOnce);
        session.send_now(&Delivery::new(message), WALL_MS, &mut out).expect("connected");
        let received = publishes(wire::read_all(true, &out).into()).remove(0);
        seen.push((received.topic, received.alias));
    }
    let expected = [
        ("topic/a", Some(1)),
        ("topic/b", Some(2)),
        ("", Some(1)),
        ("topic/c", Some(2)),
        ("", Some(1)),
        ("topic/b", Some(2)),
        ("t", None),
    ];
    assert_eq!(seen, expected.map(|(topic, alias)| (topic.to_owned(), alias)));
}

#[test]
fn older_clients_get_neither_aliases_nor_properties() {
    let mut session = Session::new(limits());
    session.attach(ConnectionProfile { topic_alias_maximum: 2, ..profile(Version::V311) }, 0);
    let mut delivery = least("x");
    delivery.subscription_ids.push(5);
    delivery.message.expires_at = Some(WALL_MS + 1_000);
    session.reserve(delivery, true).expect("room");
    let mut out = BytesMut::new();
    session.flush(0, WALL_MS, usize::MAX, &mut out, &mut Vec::new());
    assert_eq!(&out[..], b"\x32\x10\0\x0Bplant/level\0\x01x");
}

#[test]
fn a_backlog_goes_out_one_message_each_half_second_and_later_ones_behind_it() {
    let mut session = Session::new(SessionLimits { replay_spacing_ms: 500, ..limits() });
    for text in ["one", "two", "three"] {
        session.reserve(least(text), true).expect("room");
    }
    session.attach(profile(Version::V311), 10_000);
    session.reserve(least("later"), true).expect("room");
    let step = |session: &mut Session, now_ms| {
        let (packets, _, again) = flush_at(session, now_ms);
        (ids(&publishes(packets)), again)
    };
    assert_eq!(step(&mut session, 10_000), (vec![1], Some(10_500)));
    assert_eq!(step(&mut session, 10_499), (vec![], Some(10_500)));
    assert_eq!(step(&mut session, 10_500), (vec![2], Some(11_000)));
    assert_eq!(step(&mut session, 11_400), (vec![3, 4], None));
    session.reserve(least("direct"), true).expect("room");
    assert_eq!(step(&mut session, 11_401), (vec![5], None));
}

#[test]
fn a_full_queue_refuses_the_newest() {
    let mut session = Session::new(SessionLimits { max_queued: 2, ..limits() });
    session.reserve(least("one"), true).expect("room");
    session.reserve(least("two"), true).expect("room");
    assert_eq!(session.reserve(least("three"), true), Err(RefusedDelivery::QueueFull));
    let weight = least("one").message.weight();
    let max_queued_bytes = u32::try_from(2 * weight).expect("small");
    let mut session = Session::new(SessionLimits { max_queued_bytes, ..limits() });
    session.reserve(least("one"), true).expect("room");
    session.reserve(least("two"), true).expect("room");
    assert_eq!(session.reserve(least("3"), true), Err(RefusedDelivery::QueueBytesFull));
    assert_eq!(session.queued_bytes(), 2 * weight);
    session.attach(profile(Version::V311), 0);
    flush(&mut session);
    session.puback(id(1), 0).expect("in flight");
    assert!(session.reserve(least("3"), true).is_ok());
}

#[test]
fn subscriptions_are_granted_what_the_session_allows_and_counted() {
    let mut session = Session::new(SessionLimits { max_qos: QoS::AtLeastOnce, ..limits() });
    let filter = |text| TopicFilter::parse(text).expect("valid");
    let options = SubscribeOptions::at(QoS::ExactlyOnce);
    let outcome = session.subscribe(filter("a"), options).expect("room");
    assert_eq!((outcome.existed, outcome.granted), (false, QoS::AtLeastOnce));
    let outcome = session.subscribe(filter("a"), SubscribeOptions::at(QoS::AtMostOnce)).expect("room");
    assert_eq!((outcome.existed, outcome.granted), (true, QoS::AtMostOnce)); // MQTT-3.8.4-3
    session.subscribe(filter("$share/g/a"), options).expect("room");
    session.subscribe(filter("#"), options).expect("room");
    assert_eq!(session.subscribe(filter("b"), options), Err(RefusedSubscription::TooMany));
    assert!(session.subscribe(filter("#"), options).is_ok(), "replacing needs no room");
    assert!(session.unsubscribe("a") && !session.unsubscribe("a"));
    let texts: Vec<_> = session.subscriptions().iter().map(|s| s.filter.as_str()).collect();
    assert_eq!(texts, ["#", "$share/g/a"]);
    assert_eq!(session.subscription("#").map(|s| s.options.qos), Some(QoS::AtLeastOnce));
}

#[test]
fn a_session_is_rebuilt_from_journal_records() {
    let mut session = Session::new(limits());
    session.restore_delivery(id(7), least("not sent"), false, false);
    session.restore_delivery(id(8), delivery(QoS::ExactlyOnce, "released later"), false, false);
    session.restore_delivery(id(9), least("settled later"), true, false);
    session.restore_delivery(id(10), least("last"), false, false);
    assert!(session.restore_released(id(8)));
    assert!(session.restore_settled(id(9)) && !session.restore_settled(id(9)));
    session.restore_inbound_qos2(id(3));
    assert_eq!(session.next_packet_id(), 11);
    session.attach(profile(Version::V5), 0);
    let (packets, _, _) = flush_at(&mut session, 0);
    assert_eq!(packets[0], FromServer::PubRel { id: 8, reason: 0 });
    let again = publishes(packets[1..].to_vec());
    assert_eq!(ids(&again), [7, 10]);
    assert_eq!((again[0].dup, again[1].dup), (true, false), "what was sent before 9 had been sent");
    let received = session.receive(publish(QoS::ExactlyOnce, 3), WALL_MS);
    assert!(matches!(received, Ok(Inbound::Duplicate(_))));
}
