//! MQTT 5 §4.8: shared subscriptions.

use std::collections::BTreeMap;

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::mqtt::{Event, Properties, property};
use yizhan_testkit::{PATIENCE, QUIET, RawClient, Received, Version};

use crate::steps::{everything_within, lose, topic};

/// 5.0: 4.8.2-1, 4.8.2-2
#[test]
fn a_malformed_share_is_refused() {
    for filter in [
        "$share/group",
        "$share/group/",
        "$share//a",
        "$share/",
        "$share/g+/a",
        "$share/g#/a",
        "$share/#/a",
        "$share/+/a",
    ] {
        let mut client = broker().client(Version::V5);
        client.send(&build::subscribe(Version::V5, 1, &[(filter, 0)], &Properties::none()));
        match client.next(PATIENCE) {
            Event::Packet(Received::SubAck(suback)) => assert_eq!(suback.codes, [0x8F], "{filter}"),
            Event::Packet(Received::Disconnect(told)) => {
                assert!(matches!(told.reason, 0x81 | 0x82 | 0x8F), "{filter}: {:#04x}", told.reason);
            }
            Event::Closed => {}
            other => panic!("{filter} was answered with {other:?}"),
        }
    }
}

#[track_caller]
fn member(group: &str, topic: &str, qos: u8) -> RawClient {
    let mut client = broker().client(Version::V5);
    client.subscribe(1, &[(&format!("$share/{group}/{topic}"), qos)]);
    client
}

/// 5.0: 4.8.2-1, 4.8.2-3
#[test]
fn each_message_goes_to_one_member_of_each_group() {
    let topic = topic();
    let mut first = [member("one", &topic, 1), member("one", &topic, 1), member("one", &topic, 1)];
    let mut second = [member("two", &topic, 1)];
    let mut alone = broker().client(Version::V5);
    alone.subscribe(1, &[(&topic, 1)]);
    let mut publisher = broker().client(Version::V5);
    for number in 0..30_u8 {
        publisher.publish(&topic, &[number], 1);
    }
    let count = |members: &mut [RawClient]| {
        let mut copies = BTreeMap::new();
        for client in members {
            for publish in everything_within(client, QUIET) {
                *copies.entry(publish.payload[0]).or_insert(0) += 1;
            }
        }
        assert_eq!(copies.len(), 30);
        assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
    };
    count(&mut first);
    count(&mut second);
    count(std::slice::from_mut(&mut alone));
}

/// 5.0: 4.8.2-3
#[test]
fn the_granted_qos_of_the_member_counts() {
    let topic = topic();
    let mut client = member("qos", &topic, 1);
    let mut publisher = broker().client(Version::V5);
    for published in 0..=2 {
        publisher.publish(&topic, b"x", published);
        assert_eq!(client.receive().qos, published.min(1));
    }
}

/// 5.0: 4.8.2-1
#[test]
fn a_shared_subscription_is_not_the_plain_one() {
    let topic = topic();
    let mut client = member("apart", &topic, 0);
    client.subscribe(2, &[(&topic, 0)]);
    assert_eq!(client.unsubscribe(3, &[&topic]).codes, [0]);
    let mut publisher = broker().client(Version::V5);
    publisher.publish(&topic, b"shared", 0);
    assert_eq!(client.expect_publish().payload, b"shared");
    assert_eq!(client.unsubscribe(4, &[&format!("$share/apart/{topic}")]).codes, [0]);
    publisher.publish(&topic, b"nobody", 0);
    client.expect_silence();
}

#[track_caller]
fn kept_member(group: &str, topic: &str) -> (yizhan_testkit::mqtt::Connect, RawClient) {
    let kept = broker().connect_kept(Version::V5, &unique("member"));
    let mut client = broker().join(&kept);
    client.subscribe(1, &[(&format!("$share/{group}/{topic}"), 2)]);
    (kept, client)
}

/// 5.0: 4.8.2-4
#[test]
fn a_started_qos_2_delivery_is_completed_with_the_same_member() {
    let topic = topic();
    let (kept, mut chosen) = kept_member("stay", &topic);
    broker().client(Version::V5).publish(&topic, b"mine", 2);
    let sent = chosen.expect_publish();
    // Another member appears and the first one is cut off in the middle of the exchange.
    let mut other = member("stay", &topic, 2);
    lose(chosen);
    other.expect_silence();
    let mut chosen = broker().join(&kept);
    let again = chosen.receive();
    assert_eq!((again.id, again.dup, again.payload), (sent.id, true, sent.payload));
    other.expect_silence();
}

/// 5.0: 4.8.2-5
#[test]
fn a_started_qos_2_delivery_ends_with_the_members_session() {
    let topic = topic();
    let (kept, mut chosen) = kept_member("end", &topic);
    broker().client(Version::V5).publish(&topic, b"mine", 2);
    chosen.expect_publish();
    let mut other = member("end", &topic, 2);
    lose(chosen);
    let fresh = broker().connect_as(Version::V5, &kept.client_id);
    broker().join(&fresh).disconnect();
    other.expect_silence();
}

/// 5.0: 4.8.2-6
#[test]
fn a_message_refused_by_its_member_goes_to_nobody_else() {
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        let topic = topic();
        let (_, mut chosen) = kept_member("refuse", &topic);
        broker().client(Version::V5).publish(&topic, b"unwanted", qos);
        let sent = chosen.expect_publish();
        let mut other = member("refuse", &topic, 2);
        chosen.send(&build::acknowledgement_with_reason(first, sent.id, 0x80));
        other.expect_silence();
        chosen.expect_silence();
    }
}

/// 5.0: 3.3.4-3
#[test]
fn a_shared_subscription_has_its_own_identifier() {
    let topic = topic();
    let mut client = broker().client(Version::V5);
    let identifier = Properties::none().variable(property::SUBSCRIPTION_ID, 77);
    client.subscribe_with(1, &[(&format!("$share/named/{topic}"), 1)], &identifier);
    broker().client(Version::V5).publish(&topic, b"x", 1);
    assert_eq!(client.receive().properties.subscription_ids(), [77]);
}

/// A member that leaves is no longer chosen.
///
/// 5.0: 4.8.2-3
#[test]
fn the_remaining_members_get_everything() {
    let topic = topic();
    let leaving = member("leave", &topic, 1);
    let mut staying = member("leave", &topic, 1);
    leaving.disconnect();
    let mut publisher = broker().client(Version::V5);
    for number in 0..10_u8 {
        publisher.publish_as(&Publishing::new(&topic, &[number]).qos(1, 1));
        assert_eq!(staying.receive().payload, [number]);
    }
}
