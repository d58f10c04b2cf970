//! §4.3 and §4.4 as a sender: what the server owes a subscriber until it is acknowledged.

use std::time::Duration;

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::{Event, build};
use yizhan_testkit::{PATIENCE, RawClient, Received, Version};

use crate::steps::{BOTH, lose, topic};

struct Scene {
    kept: yizhan_testkit::mqtt::Connect,
    client: RawClient,
}

impl Scene {
    /// A kept session that is subscribed at QoS 2 and has one message of this QoS on its way.
    #[track_caller]
    fn with_message(version: Version, qos: u8) -> (Self, yizhan_testkit::mqtt::Published) {
        let topic = topic();
        let kept = broker().connect_kept(version, &unique("owed"));
        let mut client = broker().join(&kept);
        client.subscribe(1, &[(&topic, 2)]);
        broker().client(version).publish(&topic, b"owed", qos);
        let publish = client.expect_publish();
        assert_eq!((publish.qos, publish.dup), (qos, false));
        (Self { kept, client }, publish)
    }

    #[track_caller]
    fn reconnect(self) -> RawClient {
        lose(self.client);
        let mut client = broker().open();
        assert!(client.connect(&self.kept).session_present);
        client
    }
}

/// 3.1.1: 4.4.0-1, 3.3.1-1, 4.3.2-1
/// 5.0: 4.4.0-1, 3.3.1-1, 4.3.2-3
#[test]
fn an_unacknowledged_qos_1_message_is_sent_again_after_reconnecting() {
    for version in BOTH {
        let (scene, sent) = Scene::with_message(version, 1);
        let mut client = scene.reconnect();
        let again = client.receive();
        assert_eq!((again.id, again.dup, again.payload), (sent.id, true, sent.payload));
        client.expect_silence();
    }
}

/// 3.1.1: 4.4.0-1, 3.3.1-1, 4.3.3-1
/// 5.0: 4.4.0-1, 3.3.1-1, 4.3.3-3
#[test]
fn an_unreceived_qos_2_message_is_sent_again_after_reconnecting() {
    for version in BOTH {
        let (scene, sent) = Scene::with_message(version, 2);
        let mut client = scene.reconnect();
        let again = client.receive();
        assert_eq!((again.id, again.dup, again.payload), (sent.id, true, sent.payload));
        client.expect_silence();
    }
}

/// 3.1.1: 4.4.0-1, 4.3.3-1
/// 5.0: 4.4.0-1, 4.3.3-4, 4.3.3-5, 4.3.3-6, 3.6.2-1
#[test]
fn a_released_qos_2_message_is_released_again_and_not_published_again() {
    for version in BOTH {
        let (mut scene, sent) = Scene::with_message(version, 2);
        scene.client.send(&build::acknowledgement(0x50, sent.id));
        scene.client.expect_pubrel(sent.id);
        let mut client = scene.reconnect();
        assert!(matches!(client.next(PATIENCE), Event::Packet(Received::PubRel(ack)) if ack.id == sent.id));
        client.send(&build::acknowledgement(0x70, sent.id));
        client.expect_silence();
    }
}

/// 3.1.1: 4.3.3-1
/// 5.0: 4.3.3-5
#[test]
fn a_completed_exchange_leaves_nothing_to_repeat() {
    for version in BOTH {
        for qos in [1, 2] {
            let (mut scene, sent) = Scene::with_message(version, qos);
            scene.client.complete(&sent);
            scene.client.ping();
            scene.reconnect().expect_silence();
        }
    }
}

/// 5.0: 4.4.0-1
#[test]
fn nothing_is_sent_again_while_the_connection_lasts() {
    let (mut first, _) = Scene::with_message(Version::V5, 1);
    let (mut second, _) = Scene::with_message(Version::V5, 2);
    assert_eq!(first.client.next(Duration::from_secs(3)), Event::Silence);
    assert_eq!(second.client.next(Duration::from_millis(300)), Event::Silence);
}

/// 5.0: 4.4.0-2
#[test]
fn a_refusing_acknowledgement_settles_a_message() {
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        for reason in [0x80, 0x87, 0x97] {
            let (mut scene, sent) = Scene::with_message(Version::V5, qos);
            scene.client.send(&build::acknowledgement_with_reason(first, sent.id, reason));
            scene.client.expect_silence();
            scene.reconnect().expect_silence();
        }
    }
}

/// 5.0: 4.3.3-4, 3.6.2-1
#[test]
fn a_pubrec_without_matching_subscribers_is_released_like_any_other() {
    let (mut scene, sent) = Scene::with_message(Version::V5, 2);
    scene.client.send(&build::acknowledgement_with_reason(0x50, sent.id, 0x10));
    let pubrel = scene.client.expect_pubrel(sent.id);
    assert_eq!(pubrel.reason, 0);
    scene.client.send(&build::acknowledgement(0x70, sent.id));
}

/// 3.1.1: 4.3.3-1
/// 5.0: 4.3.3-4
#[test]
fn a_repeated_pubrec_is_answered_with_pubrel() {
    for version in BOTH {
        let (mut scene, sent) = Scene::with_message(version, 2);
        for _ in 0..2 {
            scene.client.send(&build::acknowledgement(0x50, sent.id));
            scene.client.expect_pubrel(sent.id);
        }
        scene.client.send(&build::acknowledgement(0x70, sent.id));
        scene.client.ping();
        scene.reconnect().expect_silence();
    }
}

/// Messages of several QoS, partly acknowledged: after reconnecting exactly the rest comes again, in the first order.
///
/// 3.1.1: 4.4.0-1
/// 5.0: 4.4.0-1
#[test]
fn the_rest_of_a_partly_acknowledged_stream_comes_again_in_order() {
    for version in BOTH {
        let topic = topic();
        let kept = broker().connect_kept(version, &unique("rest"));
        let mut client = broker().join(&kept);
        client.subscribe(1, &[(&topic, 1)]);
        let mut publisher = broker().client(version);
        for number in 0..10_u8 {
            publisher.publish(&topic, &[number], 1);
        }
        let sent: Vec<_> = (0..10).map(|_| client.expect_publish()).collect();
        for publish in sent.iter().filter(|publish| publish.payload[0].is_multiple_of(3)) {
            client.complete(publish);
        }
        client.ping();
        lose(client);
        let mut client = broker().join(&kept);
        for publish in sent.iter().filter(|publish| !publish.payload[0].is_multiple_of(3)) {
            let again = client.receive();
            assert_eq!((&again.payload, again.id, again.dup), (&publish.payload, publish.id, true));
        }
        client.expect_silence();
    }
}

/// A message that was accepted for an absent client was never sent: it comes without DUP.
///
/// 3.1.1: 4.3.2-1
/// 5.0: 4.3.2-2
#[test]
fn a_message_that_was_never_sent_comes_without_dup() {
    for version in BOTH {
        let topic = topic();
        let kept = broker().connect_kept(version, &unique("never"));
        let mut client = broker().join(&kept);
        client.subscribe(1, &[(&topic, 1)]);
        client.disconnect();
        broker().client(version).publish(&topic, b"fresh", 1);
        assert!(!broker().join(&kept).receive().dup);
    }
}
