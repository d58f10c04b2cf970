//! §4.6: order.

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::{Received, Version};

use crate::steps::{BOTH, subscriber, topic};

const COUNT: u16 = 200;

fn number(payload: &[u8]) -> u16 {
    u16::from_be_bytes([payload[0], payload[1]])
}

/// 3.1.1: 4.6.0-5, 4.6.0-6
/// 5.0: 4.6.0-5, 4.6.0-6
#[test]
fn messages_of_one_client_arrive_in_their_order() {
    for version in BOTH {
        for qos in 0..=2 {
            let topic = topic();
            let mut watcher = subscriber(version, &topic, qos);
            let mut publisher = broker().client(version);
            for id in 1..=COUNT {
                publisher.send_publish(&Publishing::new(&topic, &id.to_be_bytes()).qos(qos, id));
                // A subscriber's queue is bounded: keep both sides in step.
                if id % 20 == 0 {
                    for expected in id - 19..=id {
                        match qos {
                            1 => drop(publisher.expect_puback(expected)),
                            2 => {
                                publisher.expect_pubrec(expected);
                                publisher.send(&build::acknowledgement(0x62, expected));
                                publisher.expect_pubcomp(expected);
                            }
                            _ => {}
                        }
                    }
                    for expected in id - 19..=id {
                        assert_eq!(number(&watcher.receive().payload), expected);
                    }
                }
            }
        }
    }
}

/// The server's own acknowledgements come in the order of the messages.
///
/// 3.1.1: 4.6.0-6
/// 5.0: 4.6.0-5
#[test]
fn acknowledgements_come_in_order() {
    for version in BOTH {
        for qos in [1, 2] {
            let mut client = broker().client(version);
            let topic = topic();
            let mut bytes = Vec::new();
            for id in 1..=20 {
                bytes.extend(Publishing::new(&topic, b"x").qos(qos, id).encode(version));
            }
            client.send(&bytes);
            for id in 1..=20 {
                let acknowledged = client.wait_for("an acknowledgement", |packet| match packet {
                    Received::PubAck(ack) | Received::PubRec(ack) => Some(ack.id),
                    _ => None,
                });
                assert_eq!(acknowledged, id);
            }
        }
    }
}

/// 3.1.1: 4.6.0-6, 3.1.2-5
/// 5.0: 4.6.0-5
#[test]
fn messages_collected_while_away_arrive_in_order() {
    for version in BOTH {
        let topic = topic();
        let kept = broker().connect_kept(version, &unique("away"));
        let mut client = broker().join(&kept);
        client.subscribe(1, &[(&topic, 1)]);
        client.disconnect();
        let mut publisher = broker().client(version);
        for id in 1..=50_u16 {
            publisher.publish_as(&Publishing::new(&topic, &id.to_be_bytes()).qos(1, id));
        }
        let mut client = broker().join(&kept);
        for id in 1..=50 {
            assert_eq!(number(&client.receive().payload), id);
        }
        client.expect_silence();
    }
}

/// Large and small messages one behind the other do not overtake.
///
/// 3.1.1: 4.6.0-6, 7.1.1-1
/// 5.0: 4.6.0-5, 4.2-1
#[test]
fn a_small_message_does_not_overtake_a_large_one() {
    for version in Version::ALL {
        let topic = topic();
        let mut watcher = subscriber(version, &topic, 1);
        let mut publisher = broker().client(version);
        for id in 1..=10_u16 {
            let size = if id % 2 == 0 { 2 } else { 30_000 };
            let mut payload = id.to_be_bytes().to_vec();
            payload.resize(size, 0);
            publisher.publish_as(&Publishing::new(&topic, &payload).qos(1, id));
            assert_eq!(number(&watcher.receive().payload), id);
        }
    }
}
