//! How long sessions live and who may have one, beyond what the standards say: users that are removed, limits, crashes,
//! messages and wills that wait. Only for our own server.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::json;
use yizhan_conformance::{Broker, broker, own_server, own_server_with, unique};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::mqtt::{Connect, Event, Properties, Will, property};
use yizhan_testkit::{FakeDevice, MqttUser, RawClient, ServerOptions, TestServer, Version};

use crate::steps::{BOTH, lose, subscriber, topic};

const PRODUCT: &str = "LIFETIME01";
const DOWN: &str = "$thing/down/property";

fn server() -> Option<&'static TestServer> {
    broker().server()
}

fn kept(user: &MqttUser, version: Version, client_id: &str) -> Connect {
    let connect = Connect::new(version, client_id).login(&user.name, &user.password).resume();
    match version {
        Version::V5 => connect.properties(Properties::none().four(property::SESSION_EXPIRY, 3_600)),
        Version::V31 | Version::V311 => connect,
    }
}

#[track_caller]
fn code(server: &TestServer, connect: &Connect) -> u8 {
    RawClient::open(server.mqtt()).try_connect(connect).expect("a CONNACK").code
}

#[test]
fn a_will_needs_the_permission_to_publish() {
    let Some(server) = server() else { return };
    let own = topic();
    let user = server.admin().create_restricted_mqtt_user(&unique("will"), &[&own], &["#"]);
    let connect = |version, topic: &str| {
        Connect::new(version, &unique("c")).login(&user.name, &user.password).will(Will::new(topic, b"last"))
    };
    assert_eq!(code(server, &connect(Version::V5, "somewhere/else")), 0x87);
    assert_eq!(code(server, &connect(Version::V311, "somewhere/else")), 5);
    assert_eq!(code(server, &connect(Version::V5, "$SYS/broker")), 0x87);
    for version in BOTH {
        let mut watcher = subscriber(version, &own, 0);
        lose(RawClient::connected(server.mqtt(), &connect(version, &own)));
        assert_eq!(watcher.receive().payload, b"last");
    }
}

#[test]
fn a_will_that_is_not_the_text_it_claims_to_be_is_refused() {
    let Some(server) = server() else { return };
    let properties = Properties::none().byte(property::PAYLOAD_FORMAT, 1);
    let will = Will { properties, ..Will::new(&topic(), b"\xff") };
    assert_eq!(code(server, &broker().connect(Version::V5).will(will)), 0x99);
}

#[test]
fn the_will_of_a_removed_user_is_not_published() {
    let Some(server) = server() else { return };
    let topic = topic();
    let user = server.admin().create_mqtt_user(&unique("gone"));
    let connect = Connect::new(Version::V311, &unique("c")).login(&user.name, &user.password);
    let mut watcher = subscriber(Version::V311, &topic, 0);
    let mut client = RawClient::connected(server.mqtt(), &connect.will(Will::new(&topic, b"last")));
    server.admin().request("DELETE", &format!("/mqtt-users/{}", user.name), None);
    client.expect_closed();
    watcher.expect_silence();
}

/// The expiry of a will counts from its publication.
///
/// 5.0: 3.3.2-5
#[test]
fn a_delayed_will_has_its_whole_expiry_left() {
    let topic = topic();
    let mut watcher = subscriber(Version::V5, &topic, 0);
    let properties = Properties::none().four(property::WILL_DELAY, 2).four(property::MESSAGE_EXPIRY, 1);
    let will = Will { properties, ..Will::new(&topic, b"late") };
    lose(broker().join(&broker().connect_kept(Version::V5, &unique("late")).will(will)));
    assert_eq!(watcher.receive().payload, b"late");
}

#[test]
fn the_sessions_of_a_removed_user_end() {
    let Some(mut broker) = own_server() else { return };
    let admin = broker.server().expect("our own").admin();
    let before = admin.create_mqtt_user("brief");
    let mut absent = broker.join(&kept(&before, Version::V311, "absent"));
    absent.subscribe(1, &[("x/#", 1)]);
    absent.disconnect();
    let mut present = broker.join(&kept(&before, Version::V311, "present"));
    present.subscribe(1, &[("x/#", 1)]);
    assert_eq!(admin.request("DELETE", "/mqtt-users/brief", None).status, 204);
    present.expect_closed();
    let after = admin.create_mqtt_user("brief");
    for client_id in ["absent", "present"] {
        let connack = broker.open().connect(&kept(&after, Version::V311, client_id));
        assert!(!connack.session_present, "{client_id}");
    }
    broker.kill_and_restart();
    let mut client = broker.join(&kept(&after, Version::V311, "absent"));
    broker.client(Version::V311).publish("x/y", b"not for the new user", 1);
    client.expect_silence();
}

/// The record that says so does not stay for ever: its segment of the log is given up once a checkpoint covers it.
#[test]
fn a_session_that_ended_does_not_come_back_when_the_log_has_forgotten_it() {
    let options = ServerOptions::default()
        .set("connections.max_packet_bytes", "65536")
        .set("journal.segment_bytes", "2097152");
    let Some(mut broker) = own_server_with(options) else { return };
    let session = broker.connect_kept(Version::V311, "ended");
    broker.join(&session).subscribe(1, &[("x", 1)]);
    broker.stop_and_restart();
    broker.join(&broker.connect_as(Version::V311, "ended")).disconnect();
    broker.kill_and_restart();
    let mut publisher = broker.client(Version::V311);
    for id in 1..=100 {
        publisher.publish_as(&Publishing::new("filler", &[b'x'; 60_000]).qos(1, id).retained());
    }
    std::thread::sleep(Duration::from_millis(2_500));
    broker.kill_and_restart();
    assert!(!broker.open().connect(&session).session_present);
}

/// What was completed after the session lost its expiry has no records.
#[test]
fn a_session_resumed_without_expiry_goes_with_the_process() {
    let Some(mut broker) = own_server() else { return };
    let session = broker.connect_kept(Version::V5, "brief");
    let mut client = broker.join(&session);
    client.subscribe(1, &[("x", 2)]);
    client.disconnect();
    broker.client(Version::V5).publish("x", b"once", 2);
    let mut client = broker.join(&broker.connect_as(Version::V5, "brief").resume());
    assert_eq!(client.receive().payload, b"once");
    client.ping();
    broker.kill_and_restart();
    let mut client = broker.open();
    assert!(!client.connect(&session).session_present);
    client.expect_silence();
}

#[test]
fn kept_sessions_are_limited_by_user_and_in_all() {
    let options = ServerOptions::default().set("sessions.user_max_kept", "2").set("sessions.max_kept", "3");
    let Some(broker) = own_server_with(options) else { return };
    let server = broker.server().expect("our own");
    let (one, two) = (server.admin().create_mqtt_user("one"), server.admin().create_mqtt_user("two"));
    for client_id in ["a", "b"] {
        broker.join(&kept(&one, Version::V5, client_id)).disconnect();
    }
    assert_eq!(code(server, &kept(&one, Version::V5, "c")), 0x97);
    assert_eq!(code(server, &kept(&one, Version::V311, "c")), 3);
    assert_eq!(
        code(server, &kept(&one, Version::V5, "a")),
        0,
        "a session that is there counts no second time"
    );
    let clean = Connect::new(Version::V311, "c").login(&one.name, &one.password);
    assert_eq!(code(server, &clean), 0, "a session that is not kept needs no room");
    broker.join(&kept(&two, Version::V5, "a")).disconnect();
    assert_eq!(code(server, &kept(&two, Version::V5, "b")), 0x97, "three in all");
    let ended = Connect::new(Version::V311, "b").login(&one.name, &one.password);
    broker.join(&ended).disconnect();
    assert_eq!(code(server, &kept(&two, Version::V5, "b")), 0);
    let refusals = server.admin().get("/refusals").to_string();
    assert!(refusals.contains("too_many_sessions"), "{refusals}");
}

#[test]
fn messages_that_expired_make_room_for_others() {
    let options = ServerOptions::default().set("sessions.user_max_queued", "2");
    let Some(broker) = own_server_with(options) else { return };
    let session = broker.connect_kept(Version::V5, "absent");
    let mut client = broker.join(&session);
    client.subscribe(1, &[("x", 1)]);
    client.disconnect();
    let mut publisher = broker.client(Version::V5);
    let brief = Properties::none().four(property::MESSAGE_EXPIRY, 1);
    for id in 1..=2 {
        publisher.publish_as(&Publishing::new("x", b"brief").qos(1, id).properties(brief.clone()));
    }
    std::thread::sleep(Duration::from_millis(1_200));
    publisher.publish("x", b"lasting", 1);
    let mut client = broker.join(&session);
    assert_eq!(client.receive().payload, b"lasting");
    client.expect_silence();
}

#[test]
fn a_client_that_takes_only_small_packets_gets_a_short_connack() {
    let connect = |bytes| {
        let properties = Properties::none()
            .four(property::SESSION_EXPIRY, u32::MAX)
            .four(property::MAXIMUM_PACKET_SIZE, bytes);
        broker().connect(Version::V5).properties(properties)
    };
    let connack = broker().open().connect(&connect(20));
    if server().is_some() {
        assert_eq!(connack.properties.number(property::MAXIMUM_PACKET_SIZE), None);
        let mut client = broker().open();
        assert!(client.try_connect(&connect(4)).is_none(), "a CONNACK larger than the client takes");
    }
}

#[track_caller]
fn prepare_device(broker: &Broker) -> yizhan_testkit::DeviceCredentials {
    let admin = broker.server().expect("our own").admin();
    let model = json!({
        "version": "1.0",
        "profile": { "ProductId": PRODUCT, "CategoryId": "1" },
        "properties": [
            { "id": "brightness", "name": "Brightness", "desc": "", "mode": "rw", "required": false,
              "define": { "type": "int", "min": "0", "max": "1000", "start": "0", "step": "1", "unit": "%" } }
        ],
        "events": [], "actions": []
    });
    admin.create_product_with_model(PRODUCT, &model);
    admin.create_device(PRODUCT, "lamp")
}

#[test]
fn the_packet_ids_of_a_kept_device_session_do_not_come_back_after_crashes() {
    let Some(mut own) = own_server() else { return };
    let device = prepare_device(&own);
    let mut ids = Vec::new();
    for round in 0..3 {
        let connect = device.login().connect(Version::V311).resume();
        let mut fake = FakeDevice::connect_as(own.address(), &device, &connect);
        fake.subscribe(DOWN, 1);
        for value in 0..4 {
            let admin = own.server().expect("our own server").admin();
            let body = json!({ "params": { "brightness": round * 10 + value }, "wait_ms": 0 });
            admin.post(&format!("/products/{PRODUCT}/devices/lamp/control"), &body);
            ids.push(fake.expect_message(&fake.topic(DOWN)).id);
        }
        fake.client.ping();
        own.kill_and_restart();
    }
    let distinct: BTreeSet<u16> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), ids.len(), "a packet id came back: {ids:?}");
}

#[test]
fn a_device_is_told_the_longest_keep_alive() {
    let Some(own) = own_server() else { return };
    let device = prepare_device(&own);
    let told = |seconds| {
        let connect = device.login().connect(Version::V5).keep_alive(seconds);
        own.open().connect(&connect).properties.number(property::SERVER_KEEP_ALIVE)
    };
    assert_eq!([told(0), told(900), told(901), told(u16::MAX)], [None, None, Some(900), Some(900)]);
}

#[test]
fn a_device_cannot_keep_its_session_longer_by_its_disconnect() {
    let Some(own) = own_server_with(ServerOptions::default().set("sessions.device_expiry_s", "1")) else {
        return;
    };
    let device = prepare_device(&own);
    let properties = Properties::none().four(property::SESSION_EXPIRY, 1);
    let connect = device.login().connect(Version::V5).resume().properties(properties);
    let mut client = own.join(&connect);
    client.send(&build::disconnect(0, &Properties::none().four(property::SESSION_EXPIRY, 3_600)));
    client.expect_closed();
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(!own.open().connect(&connect).session_present);
}

/// The old connection often breaks before it hears that another one took over.
#[test]
fn a_device_that_reconnects_is_online_whatever_becomes_of_its_old_connection() {
    let Some(own) = own_server_with(ServerOptions { cores: Some(2), ..ServerOptions::default() }) else {
        return;
    };
    let device = prepare_device(&own);
    let admin = own.server().expect("our own").admin();
    let connect = device.login().connect(Version::V311);
    let mut last = own.join(&connect);
    for _ in 0..40 {
        let mut next = own.open();
        let breaking = std::thread::Builder::new()
            .name("breaking".into())
            .spawn(move || last.drop_connection())
            .expect("a thread can be started");
        next.connect(&connect);
        breaking.join().expect("the old connection is dropped");
        next.ping();
        let shown = admin.get(&format!("/products/{PRODUCT}/devices/lamp"));
        assert_eq!(shown["status"], "online", "{shown}");
        last = next;
    }
}

/// A client that is taken over again and again while its sessions expire and resume has one session in the end.
#[test]
fn resuming_at_the_moment_of_expiry_leaves_a_working_session() {
    let Some(own) = own_server() else { return };
    let connect = |client_id: &str| {
        let properties = Properties::none().four(property::SESSION_EXPIRY, 1);
        own.connect_as(Version::V5, client_id).resume().properties(properties)
    };
    let start = Instant::now();
    let clients: Vec<_> = (0..24).map(|number| format!("edge-{number}")).collect();
    for client_id in &clients {
        own.join(&connect(client_id)).disconnect();
    }
    let mut publisher = own.client(Version::V5);
    while start.elapsed() < Duration::from_secs(4) {
        for client_id in &clients {
            let mut client = own.join(&connect(client_id));
            client.subscribe(1, &[(client_id, 1)]);
            publisher.publish(client_id, b"there", 1);
            assert_eq!(client.receive().payload, b"there");
            client.disconnect();
            std::thread::sleep(Duration::from_millis(41));
        }
    }
    let mut last = own.join(&connect("edge-0"));
    assert_eq!(last.next(Duration::from_millis(100)), Event::Silence);
}
