//! MQTT 5 §3.1.2.11.4 and §3.2.2.3.6: maximum packet sizes.

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::Publishing;
use yizhan_testkit::mqtt::{Properties, property};
use yizhan_testkit::{RawClient, Version};

use crate::steps::{everything_within, topic, v5_with};

fn limit(size: u32) -> Properties {
    Properties::none().four(property::MAXIMUM_PACKET_SIZE, size)
}

/// 5.0: 3.1.2-24, 3.1.2-25
#[test]
fn a_message_that_is_too_large_counts_as_sent() {
    for qos in 0..=2 {
        let topic = topic();
        let mut client = broker().join(&v5_with(limit(200).two(property::RECEIVE_MAXIMUM, 1)));
        client.subscribe(1, &[(&topic, qos)]);
        let mut publisher = broker().client(Version::V5);
        publisher.publish(&topic, b"before", qos);
        publisher.publish(&topic, &[0; 500], qos);
        publisher.publish(&topic, b"after", qos);
        assert_eq!(client.receive().payload, b"before");
        assert_eq!(client.receive().payload, b"after");
        client.expect_silence();
    }
}

/// The limit is of the whole packet: one byte decides.
///
/// 5.0: 3.1.2-24
#[test]
fn the_limit_is_exact() {
    let topic = topic();
    // Fixed header 2, topic length 2 and text, property length 1.
    let overhead = 2 + 2 + topic.len() + 1;
    let size = 120;
    let mut client = broker().join(&v5_with(limit(size)));
    client.subscribe(1, &[(&topic, 0)]);
    let mut publisher = broker().client(Version::V5);
    publisher.publish(&topic, &vec![b'a'; size as usize - overhead + 1], 0);
    publisher.publish(&topic, &vec![b'b'; size as usize - overhead], 0);
    let received = everything_within(&mut client, yizhan_testkit::QUIET);
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].payload[0], b'b');
}

/// 5.0: 3.1.2-25
#[test]
fn a_message_too_large_for_a_returning_client_does_not_block_its_session() {
    let topic = topic();
    let id = unique("narrow");
    let kept = broker().connect_kept(Version::V5, &id);
    let mut client = broker().join(&kept);
    client.subscribe(1, &[(&topic, 1)]);
    client.disconnect();
    let mut publisher = broker().client(Version::V5);
    publisher.publish(&topic, &[0; 2_000], 1);
    publisher.publish(&topic, b"small", 1);
    let mut narrow = kept.clone();
    narrow.properties = narrow.properties.four(property::MAXIMUM_PACKET_SIZE, 300);
    let mut client = broker().join(&narrow);
    assert_eq!(client.receive().payload, b"small");
    client.disconnect();
    let mut client = broker().join(&kept);
    client.expect_silence();
}

/// Other subscribers of the same message are not concerned.
///
/// 5.0: 3.1.2-25
#[test]
fn one_small_client_does_not_keep_a_message_from_the_others() {
    let topic = topic();
    let mut small = broker().join(&v5_with(limit(100)));
    let mut large = broker().client(Version::V5);
    let mut old = broker().client(Version::V311);
    for client in [&mut small, &mut large, &mut old] {
        let client: &mut RawClient = client;
        client.subscribe(1, &[(&topic, 1)]);
    }
    broker().client(Version::V311).publish(&topic, &[7; 1_000], 1);
    assert_eq!(large.receive().payload.len(), 1_000);
    assert_eq!(old.receive().payload.len(), 1_000);
    small.expect_silence();
}

/// What the server announces as its own limit it takes; what is beyond ends the connection with 0x95.
///
/// 5.0: 4.13.1-1
#[test]
fn the_servers_own_limit_is_as_announced() {
    let mut client = broker().open();
    let connack = client.connect(&broker().connect(Version::V5));
    let Some(maximum) = connack.properties.number(property::MAXIMUM_PACKET_SIZE) else { return };
    if maximum > 4 << 20 {
        return;
    }
    let topic = topic();
    let mut watcher = broker().client(Version::V5);
    watcher.subscribe(1, &[(&topic, 0)]);
    let sized = |total: usize| {
        let fixed = if total > 16_384 + 3 { 4 } else { 3 };
        Publishing::new(&topic, &vec![1; total - fixed - 2 - topic.len() - 1]).encode(Version::V5)
    };
    let largest = sized(maximum as usize);
    assert_eq!(largest.len(), maximum as usize);
    client.send(&largest);
    assert!(!watcher.expect_publish().payload.is_empty());
    client.send(&sized(maximum as usize + 1));
    client.expect_refused(&[0x95]);
}
