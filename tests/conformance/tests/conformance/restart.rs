//! What must survive a crash of the server: everything that was acknowledged. Each test has a server of its own.

use std::time::Duration;

use yizhan_conformance::{Broker, own_server};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::mqtt::{Event, Properties, property};
use yizhan_testkit::{PATIENCE, Received, Version};

use crate::steps::BOTH;

fn restarts() -> [fn(&mut Broker); 2] {
    [Broker::kill_and_restart, Broker::stop_and_restart]
}

/// 3.1.1: 3.1.2-4, 4.1.0-1, 3.2.2-2
/// 5.0: 3.1.2-5, 3.1.2-23, 3.2.2-3
#[test]
fn a_kept_session_survives_a_restart_with_its_subscriptions() {
    let Some(mut broker) = own_server() else { return };
    for (round, restart) in restarts().into_iter().enumerate() {
        for version in Version::ALL {
            let mut client = broker.join(&broker.connect_kept(version, &format!("kept-{round}-{version:?}")));
            client.subscribe(1, &[("a/+", 1), ("b/#", 2)]);
            if version != Version::V311 {
                client.disconnect();
            }
        }
        restart(&mut broker);
        for version in Version::ALL {
            let mut client = broker.open();
            let connack = client.connect(&broker.connect_kept(version, &format!("kept-{round}-{version:?}")));
            // MQTT 3.1 has no session present flag.
            assert!(version == Version::V31 || connack.session_present, "{version:?}: the session was lost");
            let mut publisher = broker.client(version);
            publisher.publish("a/x", b"1", 1);
            publisher.publish("b/y/z", b"2", 2);
            assert_eq!(client.receive().payload, b"1");
            assert_eq!(client.receive().payload, b"2");
            client.disconnect();
        }
    }
}

/// 3.1.1: 3.1.2-5, 4.5.0-1
/// 5.0: 4.5.0-1, 3.1.2-23
#[test]
fn acknowledged_messages_for_an_absent_client_survive_a_restart() {
    let Some(mut broker) = own_server() else { return };
    for (round, restart) in restarts().into_iter().enumerate() {
        for version in BOTH {
            let kept = broker.connect_kept(version, &format!("absent-{round}-{version:?}"));
            let topic = format!("absent/{round}/{version:?}");
            let mut client = broker.join(&kept);
            client.subscribe(1, &[(&topic, 2)]);
            client.disconnect();
            let mut publisher = broker.client(version);
            for number in 0..20_u8 {
                publisher.publish(&topic, &[number], 1 + number % 2);
            }
        }
        restart(&mut broker);
        for version in BOTH {
            let mut client =
                broker.join(&broker.connect_kept(version, &format!("absent-{round}-{version:?}")));
            for number in 0..20_u8 {
                let publish = client.receive();
                assert_eq!((publish.payload[0], publish.qos), (number, 1 + number % 2));
            }
            client.expect_silence();
        }
    }
}

/// 3.1.1: 4.4.0-1
/// 5.0: 4.4.0-1
#[test]
fn exchanges_in_flight_survive_a_crash_with_their_packet_ids() {
    let Some(mut broker) = own_server() else { return };
    for version in BOTH {
        let id = format!("flight-{version:?}");
        let topic = format!("flight/{version:?}");
        let mut client = broker.join(&broker.connect_kept(version, &id));
        client.subscribe(1, &[(&topic, 2)]);
        let mut publisher = broker.client(version);
        for (payload, qos) in [(b"settled", 1), (b"one____", 1), (b"two____", 2), (b"release", 2)] {
            publisher.publish(&topic, payload, qos);
        }
        let settled = client.expect_publish();
        client.complete(&settled);
        let one = client.expect_publish();
        let two = client.expect_publish();
        let released = client.expect_publish();
        client.send(&build::acknowledgement(0x50, released.id));
        client.expect_pubrel(released.id);
        client.ping();
        std::thread::sleep(Duration::from_millis(100));
        broker.kill_and_restart();
        let mut client = broker.join(&broker.connect_kept(version, &id));
        let mut seen = Vec::new();
        loop {
            match client.next(Duration::from_millis(700)) {
                Event::Packet(Received::Publish(publish)) => {
                    seen.push(("publish", publish.id));
                    client.complete(&publish);
                }
                Event::Packet(Received::PubRel(pubrel)) => {
                    seen.push(("pubrel", pubrel.id));
                    client.send(&build::acknowledgement(0x70, pubrel.id));
                }
                Event::Silence => break,
                other => panic!("unexpected {other:?}"),
            }
        }
        // What the client settled shortly before the crash may come once more (the acknowledgement itself is not
        // acknowledged); what it did not settle must come, under its own id.
        for wanted in [("publish", one.id), ("publish", two.id)] {
            assert!(seen.contains(&wanted), "{wanted:?} is missing among {seen:?}");
        }
        let owed = seen.contains(&("pubrel", released.id)) || seen.contains(&("publish", released.id));
        assert!(owed, "the released message is missing among {seen:?}");
    }
}

/// 3.1.1: 4.3.3-2
/// 5.0: 4.3.3-10
#[test]
fn a_qos_2_message_repeated_after_a_crash_is_delivered_once() {
    let Some(mut broker) = own_server() else { return };
    for version in BOTH {
        let topic = format!("twice/{version:?}");
        let watching = broker.connect_kept(version, &format!("watch-{version:?}"));
        let publishing = broker.connect_kept(version, &format!("publish-{version:?}"));
        let mut watcher = broker.join(&watching);
        watcher.subscribe(1, &[(&topic, 2)]);
        watcher.disconnect();
        let mut client = broker.join(&publishing);
        let message = Publishing::new(&topic, b"once").qos(2, 33);
        client.send_publish(&message);
        client.expect_pubrec(33);
        broker.kill_and_restart();
        let mut client = broker.join(&publishing);
        client.send_publish(&message.duplicate());
        client.expect_pubrec(33);
        client.send(&build::acknowledgement(0x62, 33));
        client.expect_pubcomp(33);
        let mut watcher = broker.join(&watching);
        assert_eq!(watcher.receive().payload, b"once");
        watcher.expect_silence();
    }
}

/// 3.1.1: 3.3.1-5, 3.3.1-10
/// 5.0: 3.3.1-5, 3.3.1-6
#[test]
fn retained_messages_survive_a_restart() {
    let Some(mut broker) = own_server() else { return };
    let mut publisher = broker.client(Version::V5);
    let properties = Properties::none().text(property::CONTENT_TYPE, "kept/too").user("k", "v");
    publisher.publish_as(&Publishing::new("r/kept", b"first").qos(1, 1).retained());
    publisher.publish_as(&Publishing::new("r/kept", b"last").qos(1, 2).retained().properties(properties));
    publisher.publish_as(&Publishing::new("r/cleared", b"gone").qos(1, 3).retained());
    publisher.publish_as(&Publishing::new("r/cleared", b"").qos(1, 4).retained());
    for restart in restarts() {
        restart(&mut broker);
        let mut client = broker.client(Version::V5);
        client.subscribe(1, &[("r/#", 1)]);
        let publish = client.receive();
        assert_eq!(
            (publish.topic.as_str(), publish.payload.as_slice(), publish.retain),
            ("r/kept", &b"last"[..], true)
        );
        assert_eq!(publish.properties.string(property::CONTENT_TYPE), Some("kept/too"));
        assert_eq!(publish.properties.user_properties(), [("k", "v")]);
        client.expect_silence();
    }
}

/// 3.1.1: 3.1.2-6
/// 5.0: 3.1.2-4, 4.1.0-2
#[test]
fn sessions_that_ended_do_not_come_back() {
    let Some(mut broker) = own_server() else { return };
    let clean = broker.connect_as(Version::V311, "clean");
    broker.join(&clean).subscribe(1, &[("x", 1)]);
    let mut brief = broker.connect_as(Version::V5, "brief").resume();
    brief.properties = Properties::none().four(property::SESSION_EXPIRY, 1);
    broker.join(&brief).disconnect();
    let discarded = broker.connect_kept(Version::V311, "discarded");
    broker.join(&discarded).disconnect();
    broker.join(&broker.connect_as(Version::V311, "discarded")).disconnect();
    broker.kill_and_restart();
    std::thread::sleep(Duration::from_millis(2_500));
    for connect in [broker.connect_kept(Version::V311, "clean"), brief, discarded] {
        assert!(!broker.open().connect(&connect).session_present, "{} came back", connect.client_id);
    }
}

/// 3.1.1: 3.10.4-1
/// 5.0: 3.10.4-1, 3.8.4-3
#[test]
fn changes_of_subscriptions_survive_a_crash() {
    let Some(mut broker) = own_server() else { return };
    let kept = broker.connect_kept(Version::V5, "changes");
    let mut client = broker.join(&kept);
    let identifier = Properties::none().variable(property::SUBSCRIPTION_ID, 5);
    client.subscribe(1, &[("gone", 1), ("lowered", 2)]);
    client.unsubscribe(2, &["gone"]);
    client.subscribe_with(3, &[("lowered", 0)], &identifier);
    client.subscribe(4, &[("own", 1 | 0x04)]);
    broker.kill_and_restart();
    let mut client = broker.join(&kept);
    let mut publisher = broker.client(Version::V5);
    publisher.publish("gone", b"x", 1);
    publisher.publish("lowered", b"x", 2);
    client.publish("own", b"x", 1);
    let publish = client.receive();
    assert_eq!((publish.topic.as_str(), publish.qos), ("lowered", 0));
    assert_eq!(publish.properties.subscription_ids(), [5]);
    client.expect_silence();
}

/// 3.1.1: 2.3.1-4
/// 5.0: 2.2.1-4, 3.3.2-6
#[test]
fn expiry_goes_on_while_the_server_is_down() {
    let Some(mut broker) = own_server() else { return };
    let kept = broker.connect_kept(Version::V5, "expiry");
    let mut client = broker.join(&kept);
    client.subscribe(1, &[("e", 1)]);
    client.disconnect();
    let mut publisher = broker.client(Version::V5);
    for (payload, seconds) in [(&b"stale"[..], 1), (b"good", 100)] {
        let properties = Properties::none().four(property::MESSAGE_EXPIRY, seconds);
        publisher.publish_as(&Publishing::new("e", payload).qos(1, 1).properties(properties));
    }
    broker.kill_and_restart();
    std::thread::sleep(Duration::from_millis(2_200));
    let mut client = broker.join(&kept);
    let publish = client.receive();
    assert_eq!(publish.payload, b"good");
    assert!(publish.properties.number(property::MESSAGE_EXPIRY).is_some_and(|left| left <= 98));
    client.expect_silence();
}

/// SIGTERM tells MQTT 5 clients and ends every connection.
///
/// 5.0: 3.14.2-1, 3.14.4-2
#[test]
fn an_orderly_stop_closes_the_connections() {
    let Some(mut broker) = own_server() else { return };
    let mut old = broker.client(Version::V311);
    let mut new = broker.client(Version::V5);
    broker.stop_and_restart();
    old.expect_closed();
    match new.next(PATIENCE) {
        Event::Closed => {}
        Event::Packet(Received::Disconnect(told)) => {
            assert!(matches!(told.reason, 0x8B | 0x9C | 0x9D), "reason {:#04x}", told.reason);
            new.expect_closed();
        }
        other => panic!("unexpected {other:?}"),
    }
}
