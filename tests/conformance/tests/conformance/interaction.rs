//! Clients of different versions talk to each other through the broker.

use yizhan_conformance::broker;
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::build::Publishing;
use yizhan_testkit::mqtt::{Properties, property};

use crate::steps::{subscriber, topic};

/// 3.1.1: 3.3.2-1, 4.5.0-1
/// 5.0: 3.3.2-1, 4.5.0-1
#[test]
fn every_version_hears_every_other() {
    for from in Version::ALL {
        for to in Version::ALL {
            for qos in 0..=2 {
                let topic = topic();
                let mut watcher = subscriber(to, &topic, 2);
                broker().client(from).publish(&topic, b"hello", qos);
                let publish = watcher.receive();
                assert_eq!(
                    (publish.payload.as_slice(), publish.qos),
                    (&b"hello"[..], qos),
                    "{from:?} to {to:?}"
                );
            }
        }
    }
}

/// The reader of the older versions would report left-over bytes.
///
/// 5.0: 3.3.2-17
#[test]
fn properties_are_left_out_for_older_clients() {
    let topic = topic();
    let mut old = subscriber(Version::V311, &topic, 1);
    let properties =
        Properties::none().user("a", "b").text(property::CONTENT_TYPE, "c").two(property::TOPIC_ALIAS, 1);
    let mut publisher = broker().open();
    let connack = publisher.connect(&broker().connect(Version::V5));
    let properties = if connack.properties.number(property::TOPIC_ALIAS_MAXIMUM).unwrap_or(0) > 0 {
        properties
    } else {
        Properties::none().user("a", "b")
    };
    publisher.publish_as(&Publishing::new(&topic, b"bare").qos(1, 1).properties(properties));
    assert_eq!(old.receive().payload, b"bare");
}

/// A client hears itself like anybody else.
///
/// 3.1.1: 4.5.0-1
/// 5.0: 4.5.0-1
#[test]
fn a_client_hears_its_own_messages() {
    for version in Version::ALL {
        let topic = topic();
        let mut client = subscriber(version, &topic, 1);
        client.publish(&topic, b"echo", 1);
        assert_eq!(client.receive().payload, b"echo");
    }
}

/// One message for many: everybody gets their own copy at their own QoS.
///
/// 3.1.1: 4.5.0-1, 3.8.4-6
/// 5.0: 4.5.0-1, 3.8.4-8
#[test]
fn a_message_reaches_all_subscribers() {
    let topic = topic();
    let mut watchers: Vec<_> = (0..30_u8)
        .map(|number| subscriber(Version::ALL[usize::from(number % 3)], &topic, number % 3))
        .collect();
    broker().client(Version::V5).publish(&topic, b"to all", 2);
    for (number, watcher) in watchers.iter_mut().enumerate() {
        let publish = watcher.receive();
        assert_eq!((publish.payload.as_slice(), usize::from(publish.qos)), (&b"to all"[..], number % 3));
    }
}
