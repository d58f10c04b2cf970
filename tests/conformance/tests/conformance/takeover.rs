//! §3.1.4: two connections with one client id, and the keep alive.

use std::time::{Duration, Instant};

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::{Event, Properties, property};
use yizhan_testkit::{PATIENCE, Received, Version};

use crate::steps::{BOTH, topic};

/// 3.1.1: 3.1.4-2
/// 5.0: 3.1.4-3, 3.14.2-1, 3.14.2-2, 3.14.4-1, 3.14.4-2, 4.13.2-1
#[test]
fn a_second_connection_takes_the_id_over() {
    for version in Version::ALL {
        let connect = broker().connect(version);
        let mut first = broker().join(&connect);
        let mut second = broker().join(&connect);
        first.expect_refused(&[0x8E]);
        second.ping();
    }
}

/// 5.0: 3.1.4-3
#[test]
fn a_taken_over_client_is_told_why() {
    let connect = broker().connect(Version::V5);
    let mut first = broker().join(&connect);
    let _second = broker().join(&connect);
    assert_eq!(first.expect_disconnect().reason, 0x8E);
}

/// 3.1.1: 3.1.4-2, 3.1.2-4
/// 5.0: 3.1.4-3, 3.1.2-5
#[test]
fn the_session_moves_to_the_new_connection() {
    for version in BOTH {
        let (id, topic) = (unique("moves"), topic());
        let kept = broker().connect_kept(version, &id);
        let mut first = broker().join(&kept);
        first.subscribe(1, &[(&topic, 1)]);
        let mut publisher = broker().client(version);
        publisher.publish(&topic, b"in flight", 1);
        let sent = first.expect_publish();
        let mut second = broker().open();
        assert!(second.connect(&kept).session_present);
        first.expect_refused(&[0x8E]);
        let again = second.receive();
        assert_eq!((again.payload, again.id, again.dup), (sent.payload, sent.id, true));
        publisher.publish(&topic, b"next", 1);
        assert_eq!(second.receive().payload, b"next");
    }
}

/// 3.1.1: 3.1.4-2
/// 5.0: 3.1.4-3
#[test]
fn many_connections_with_one_id_leave_exactly_one() {
    let connect = broker().connect(Version::V311);
    let mut clients: Vec<_> = (0..20).map(|_| broker().join(&connect)).collect();
    let mut last = clients.pop().unwrap();
    for mut client in clients {
        client.expect_closed();
    }
    last.ping();
}

/// 3.1.1: 3.1.2-24
/// 5.0: 3.1.2-22, 3.2.2-22
#[test]
fn silence_beyond_one_and_a_half_keep_alives_ends_the_connection() {
    for version in BOTH {
        let mut client = broker().open();
        let connack = client.connect(&broker().connect(version).keep_alive(1));
        if connack.properties.number(property::SERVER_KEEP_ALIVE).is_some() {
            continue;
        }
        let start = Instant::now();
        let reason = match client.next(PATIENCE) {
            Event::Packet(Received::Disconnect(disconnect)) => Some(disconnect.reason),
            Event::Closed => None,
            other => panic!("expected the end of the connection, got {other:?}"),
        };
        let waited = start.elapsed();
        assert!(waited >= Duration::from_millis(1_300), "closed after {waited:?} already");
        assert!(waited <= Duration::from_millis(4_500), "closed only after {waited:?}");
        assert!(matches!(reason, None | Some(0x8D)), "reason {reason:02x?}");
    }
}

/// 3.1.1: 3.1.2-24, 3.12.4-1
/// 5.0: 3.1.2-22, 3.12.4-1
#[test]
fn any_packet_keeps_the_connection_alive() {
    for version in BOTH {
        let topic = topic();
        let mut client = broker().join(&broker().connect(version).keep_alive(1));
        for round in 0..5 {
            std::thread::sleep(Duration::from_millis(900));
            if round % 2 == 0 {
                client.ping();
            } else {
                client.publish(&topic, b"alive", 1);
            }
        }
    }
}

/// 3.1.1: 3.1.2-24
/// 5.0: 3.1.2-22
#[test]
fn a_keep_alive_of_zero_never_ends_the_connection() {
    for version in BOTH {
        let mut client = broker().open();
        let connack = client.connect(&broker().connect(version).keep_alive(0));
        if connack.properties.number(property::SERVER_KEEP_ALIVE).is_some() {
            continue;
        }
        std::thread::sleep(Duration::from_secs(3));
        client.ping();
    }
}

/// Data from the server do not count as life of the client.
///
/// 3.1.1: 3.1.2-24
/// 5.0: 3.1.2-22
#[test]
fn receiving_does_not_replace_sending() {
    let topic = topic();
    let connect = broker().connect(Version::V5).keep_alive(1).properties(Properties::none());
    let mut client = broker().open();
    if client.connect(&connect).properties.number(property::SERVER_KEEP_ALIVE).is_some() {
        return;
    }
    client.subscribe(1, &[(&topic, 0)]);
    let mut publisher = broker().client(Version::V5);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(6) {
        publisher.publish(&topic, b"news", 0);
        match client.next(Duration::from_millis(300)) {
            Event::Packet(Received::Publish(_)) | Event::Silence => {}
            Event::Packet(Received::Disconnect(_)) | Event::Closed => return,
            other => panic!("unexpected {other:?}"),
        }
    }
    panic!("the connection lived for 6 s of silence with a keep alive of 1 s");
}
