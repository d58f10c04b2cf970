//! §3.10 and §3.11: UNSUBSCRIBE and UNSUBACK.

use yizhan_conformance::broker;
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::build::{self, Body};
use yizhan_testkit::mqtt::{Properties, property};

use crate::steps::{BOTH, everything_within, refused_after_connect, topic};

/// 3.1.1: 3.10.4-1, 3.10.4-2, 3.10.4-4
/// 5.0: 3.10.4-1, 3.10.4-2, 3.10.4-4, 3.10.4-5, 3.11.3-2
#[test]
fn an_unsubscribed_filter_gets_nothing_more() {
    for version in Version::ALL {
        let topic = topic();
        let mut client = broker().client(version);
        client.subscribe(1, &[(&topic, 1)]);
        let unsuback = client.unsubscribe(999, &[&topic]);
        assert_eq!(unsuback.codes, if version == Version::V5 { vec![0x00] } else { vec![] });
        client.publish(&topic, b"late", 1);
        client.expect_silence();
    }
}

/// 3.1.1: 3.10.4-1
/// 5.0: 3.10.4-1
#[test]
fn only_the_identical_filter_is_deleted() {
    for version in BOTH {
        let base = topic();
        let exact = format!("{base}/a");
        let level = format!("{base}/+");
        let mut client = broker().client(version);
        client.subscribe(1, &[(&exact, 0)]);
        let similar =
            [format!("{base}/#"), level.clone(), format!("{base}/A"), format!("{base}/a/"), base.clone()];
        let similar: Vec<&str> = similar.iter().map(String::as_str).collect();
        client.unsubscribe(2, &similar);
        client.publish(&exact, b"still", 0);
        assert_eq!(client.expect_publish().payload, b"still");
        client.subscribe(3, &[(&level, 0)]);
        client.unsubscribe(4, &[&exact]);
        client.publish(&exact, b"by wildcard", 0);
        assert_eq!(client.expect_publish().payload, b"by wildcard");
        client.unsubscribe(5, &[&level]);
        client.publish(&exact, b"gone", 0);
        client.expect_silence();
    }
}

/// 3.1.1: 3.10.4-5
/// 5.0: 3.10.4-5, 3.11.3-2
#[test]
fn deleting_nothing_is_acknowledged_too() {
    for version in BOTH {
        let mut client = broker().client(version);
        let unsuback = client.unsubscribe(77, &[&topic()]);
        assert_eq!(unsuback.codes, if version == Version::V5 { vec![0x11] } else { vec![] });
    }
}

/// 3.1.1: 3.10.4-6
/// 5.0: 3.10.4-6, 3.11.3-1
#[test]
fn one_unsuback_answers_all_filters_in_order() {
    for version in BOTH {
        let base = topic();
        let names: Vec<String> = (0..4).map(|number| format!("{base}/{number}")).collect();
        let mut client = broker().client(version);
        client.subscribe(1, &[(&names[1], 0), (&names[3], 0)]);
        let filters: Vec<&str> = names.iter().map(String::as_str).collect();
        let unsuback = client.unsubscribe(2, &filters);
        if version == Version::V5 {
            assert_eq!(unsuback.codes, [0x11, 0x00, 0x11, 0x00]);
        }
        for name in filters {
            client.publish(name, b"x", 0);
        }
        client.expect_silence();
    }
}

/// 3.1.1: 3.10.3-2
/// 5.0: 3.10.3-2
#[test]
fn an_unsubscribe_without_filters_ends_the_connection() {
    for version in BOTH {
        refused_after_connect(
            version,
            &build::unsubscribe(version, 1, &[], &Properties::none()),
            &[0x81, 0x82],
        );
    }
}

/// 3.1.1: 4.8.0-1
/// 5.0: 4.13.1-1
#[test]
fn malformed_unsubscriptions_end_the_connection() {
    for version in BOTH {
        let start = || Body::new().two(1).properties(version, &Properties::none());
        for packet in [
            Body::new().packet(0xA2),
            Body::new().byte(0).packet(0xA2),
            start().raw(&[0]).packet(0xA2),
            start().raw(&[0, 4, b'a']).packet(0xA2),
            start().text("").packet(0xA2),
        ] {
            refused_after_connect(version, &packet, &[0x81, 0x82, 0x8F]);
        }
    }
    let foreign = Properties::none().variable(property::SUBSCRIPTION_ID, 1);
    refused_after_connect(Version::V5, &build::unsubscribe(Version::V5, 1, &["a"], &foreign), &[0x81, 0x82]);
}

/// 3.1.1: 3.10.4-3
/// 5.0: 3.10.4-3
#[test]
fn a_started_delivery_is_completed_after_unsubscribing() {
    for version in BOTH {
        let topic = topic();
        let kept = broker().connect_kept(version, &yizhan_conformance::unique("complete"));
        let mut client = broker().join(&kept);
        client.subscribe(1, &[(&topic, 2)]);
        let mut publisher = broker().client(version);
        publisher.publish(&topic, b"one", 1);
        publisher.publish(&topic, b"two", 2);
        let one = client.expect_publish();
        let two = client.expect_publish();
        client.unsubscribe(2, &[&topic]);
        // The QoS 2 exchange goes on, and what is unacknowledged is still owed after reconnecting.
        client.send(&build::acknowledgement(0x50, two.id));
        client.expect_pubrel(two.id);
        client.send(&build::acknowledgement(0x70, two.id));
        client.ping();
        crate::steps::lose(client);
        let mut client = broker().join(&kept);
        let received = everything_within(&mut client, yizhan_testkit::QUIET);
        assert_eq!(
            received.iter().map(|publish| (publish.id, publish.dup)).collect::<Vec<_>>(),
            [(one.id, true)]
        );
    }
}
