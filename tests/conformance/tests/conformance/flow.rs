//! MQTT 5 §4.9 and §3.3.4: receive maximum, in both directions.

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::mqtt::{Event, Properties, property};
use yizhan_testkit::{Received, Version};

use crate::steps::{topic, v5_with};

fn window(count: u16) -> Properties {
    Properties::none().two(property::RECEIVE_MAXIMUM, count)
}

/// 5.0: 3.3.4-9, 4.9.0-1, 4.9.0-2
#[test]
fn the_server_keeps_to_the_clients_window() {
    for qos in [1, 2] {
        let topic = topic();
        let mut client = broker().join(&v5_with(window(3)));
        client.subscribe(1, &[(&topic, qos)]);
        let mut publisher = broker().client(Version::V5);
        for number in 0..8_u8 {
            publisher.publish(&topic, &[number], qos);
        }
        let mut open: Vec<_> = (0..3).map(|_| client.expect_publish()).collect();
        client.expect_silence();
        // Each settled message makes room for exactly one more.
        for number in 3..8_u8 {
            let settled = open.remove(0);
            client.complete(&settled);
            let next = client.expect_publish();
            assert_eq!(next.payload, [number]);
            open.push(next);
            client.expect_silence();
        }
        for publish in open {
            client.complete(&publish);
        }
        client.expect_silence();
    }
}

/// 5.0: 3.3.4-10, 4.9.0-3
#[test]
fn a_full_window_delays_nothing_else() {
    let (counted, free) = (topic(), topic());
    let mut client = broker().join(&v5_with(window(1)));
    client.subscribe(1, &[(&counted, 1)]);
    let mut publisher = broker().client(Version::V5);
    publisher.publish(&counted, b"1", 1);
    publisher.publish(&counted, b"2", 1);
    let first = client.expect_publish();
    client.ping();
    client.subscribe(2, &[(&free, 0)]);
    publisher.publish(&free, b"qos 0", 0);
    assert_eq!(client.expect_publish().payload, b"qos 0");
    client.publish_as(&Publishing::new(&free, b"own").qos(2, 3));
    assert_eq!(client.expect_publish().payload, b"own");
    client.unsubscribe(4, &[&free]);
    client.complete(&first);
    assert_eq!(client.receive().payload, b"2");
}

/// In QoS 2 the room comes back with PUBCOMP, not with PUBREC, unless the PUBREC refuses.
///
/// 5.0: 3.3.4-9, 4.9.0-2
#[test]
fn a_qos_2_exchange_occupies_the_window_until_it_is_complete() {
    let topic = topic();
    let mut client = broker().join(&v5_with(window(1)));
    client.subscribe(1, &[(&topic, 2)]);
    let mut publisher = broker().client(Version::V5);
    for number in 0..3_u8 {
        publisher.publish(&topic, &[number], 2);
    }
    let first = client.expect_publish();
    client.send(&build::acknowledgement(0x50, first.id));
    client.expect_pubrel(first.id);
    client.expect_silence();
    client.send(&build::acknowledgement(0x70, first.id));
    let second = client.expect_publish();
    client.send(&build::acknowledgement_with_reason(0x50, second.id, 0x97));
    assert_eq!(client.receive().payload, [2]);
}

/// 5.0: 4.9.0-1, 3.3.4-9
#[test]
fn a_resumed_session_keeps_to_the_new_window() {
    let topic = topic();
    let id = unique("window");
    let kept = broker().connect_kept(Version::V5, &id);
    let mut client = broker().join(&kept);
    client.subscribe(1, &[(&topic, 1)]);
    let mut publisher = broker().client(Version::V5);
    for number in 0..6_u8 {
        publisher.publish(&topic, &[number], 1);
    }
    for _ in 0..6 {
        client.expect_publish();
    }
    crate::steps::lose(client);
    let mut narrow = kept.clone();
    narrow.properties = narrow.properties.two(property::RECEIVE_MAXIMUM, 2);
    let mut client = broker().join(&narrow);
    for number in 0..6_u8 {
        let publish = client.receive();
        assert_eq!(publish.payload, [number]);
        assert!(publish.dup);
    }
}

/// The server's own window: what it announced it must take; one more may end the connection with 0x93.
///
/// 5.0: 4.13.1-1
#[test]
fn the_servers_window_is_as_large_as_announced() {
    let mut client = broker().open();
    let connack = client.connect(&broker().connect(Version::V5));
    let announced = connack.properties.number(property::RECEIVE_MAXIMUM).unwrap_or(65_535).min(1_000);
    let topic = topic();
    for id in 1..=u16::try_from(announced).unwrap() {
        client.send_publish(&Publishing::new(&topic, b"").qos(2, id));
    }
    for id in 1..=u16::try_from(announced).unwrap() {
        client.expect_pubrec(id);
    }
    if announced < 1_000 {
        client.send_publish(&Publishing::new(&topic, b"").qos(2, 60_000));
        match client.next(yizhan_testkit::PATIENCE) {
            Event::Packet(Received::Disconnect(told)) => assert_eq!(told.reason, 0x93),
            Event::Packet(Received::PubRec(ack)) => assert_eq!(ack.id, 60_000),
            Event::Closed => {}
            other => panic!("unexpected {other:?}"),
        }
    } else {
        for id in 1..=u16::try_from(announced).unwrap() {
            client.send(&build::acknowledgement(0x62, id));
        }
        client.expect_pubcomp(u16::try_from(announced).unwrap());
    }
}
