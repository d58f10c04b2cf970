//! MQTT 5 §3.3.2.3.3: message expiry.

use std::time::Duration;

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::mqtt::{Properties, property};
use yizhan_testkit::{RawClient, Version};

use crate::steps::{lose, subscriber, topic};

fn expiring(topic: &str, payload: &[u8], seconds: u32) -> Publishing {
    let properties = Properties::none().four(property::MESSAGE_EXPIRY, seconds);
    Publishing::new(topic, payload).qos(1, 1).properties(properties)
}

#[track_caller]
fn absent_subscriber(topic: &str, qos: u8) -> yizhan_testkit::mqtt::Connect {
    let kept = broker().connect_kept(Version::V5, &unique("absent"));
    let mut client = broker().join(&kept);
    client.subscribe(1, &[(topic, qos)]);
    client.disconnect();
    kept
}

#[track_caller]
fn left(client: &mut RawClient) -> u32 {
    client.receive().properties.number(property::MESSAGE_EXPIRY).expect("the expiry is passed on")
}

/// 5.0: 3.3.2-5
#[test]
fn an_expired_message_is_not_delivered_late() {
    let topic = topic();
    let kept = absent_subscriber(&topic, 1);
    let mut publisher = broker().client(Version::V5);
    publisher.publish_as(&expiring(&topic, b"stale", 1));
    publisher.publish_as(&expiring(&topic, b"good", 600));
    publisher.publish(&topic, b"for ever", 1);
    std::thread::sleep(Duration::from_millis(2_300));
    let mut client = broker().join(&kept);
    assert_eq!(client.receive().payload, b"good");
    assert_eq!(client.receive().payload, b"for ever");
    client.expect_silence();
}

/// 5.0: 3.3.2-6
#[test]
fn the_expiry_that_arrives_is_what_is_left() {
    let topic = topic();
    let kept = absent_subscriber(&topic, 1);
    let mut present = subscriber(Version::V5, &topic, 1);
    broker().client(Version::V5).publish_as(&expiring(&topic, b"x", 100));
    assert!((99..=100).contains(&left(&mut present)));
    std::thread::sleep(Duration::from_millis(2_200));
    let remaining = left(&mut broker().join(&kept));
    assert!((96..=98).contains(&remaining), "{remaining} s left after 2.2 s of 100");
}

/// 5.0: 3.3.2-5, 3.3.2-6
#[test]
fn a_retained_message_expires_too() {
    let (brief, long) = (topic(), topic());
    let mut publisher = broker().client(Version::V5);
    publisher.publish_as(&expiring(&brief, b"brief", 1).retained());
    publisher.publish_as(&expiring(&long, b"long", 100).retained());
    assert_eq!(subscriber(Version::V5, &brief, 1).receive().payload, b"brief");
    std::thread::sleep(Duration::from_millis(2_300));
    subscriber(Version::V5, &brief, 1).expect_silence();
    let remaining = left(&mut subscriber(Version::V5, &long, 1));
    assert!((96..=98).contains(&remaining), "{remaining} s left after 2.3 s of 100");
}

/// 5.0: 4.3.3-7
#[test]
fn a_message_that_was_sent_does_not_expire_before_it_is_settled() {
    let topic = topic();
    let kept = broker().connect_kept(Version::V5, &unique("sent"));
    let mut client = broker().join(&kept);
    client.subscribe(1, &[(&topic, 2)]);
    broker().client(Version::V5).publish_as(&expiring(&topic, b"sent", 1).qos(2, 7));
    let sent = client.expect_publish();
    std::thread::sleep(Duration::from_millis(2_300));
    lose(client);
    let mut client = broker().join(&kept);
    let again = client.receive();
    assert_eq!((again.id, again.qos, again.payload), (sent.id, 2, sent.payload));
}

/// 5.0: 4.3.3-13
#[test]
fn the_qos_2_exchange_goes_on_after_expiry() {
    let topic = topic();
    let mut client = broker().client(Version::V5);
    client.send_publish(&expiring(&topic, b"x", 1).qos(2, 9));
    assert!(client.expect_pubrec(9).reason < 0x80);
    std::thread::sleep(Duration::from_millis(2_300));
    client.send(&build::acknowledgement(0x62, 9));
    assert_eq!(client.expect_pubcomp(9).reason, 0);
}

/// Zero is a legal interval: such a message may reach those who are there, and nobody later.
///
/// 5.0: 3.3.2-5
#[test]
fn an_expiry_of_zero_keeps_the_message_from_everybody_who_comes_later() {
    let topic = topic();
    let kept = absent_subscriber(&topic, 1);
    let mut publisher = broker().client(Version::V5);
    publisher.publish_as(&expiring(&topic, b"now or never", 0).retained());
    std::thread::sleep(Duration::from_millis(1_100));
    broker().join(&kept).expect_silence();
    subscriber(Version::V5, &topic, 1).expect_silence();
}
