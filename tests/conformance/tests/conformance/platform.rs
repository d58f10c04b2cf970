//! Rules that compatible devices rely on (facts of the device protocol, §1.3, §1.4, §1.7 to §1.10 and §2.1). Only for
//! our own server; an external target has no devices.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use yizhan_conformance::{broker, own_server, unique};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::mqtt::{Connect, Event, Published, Will};
use yizhan_testkit::{
    Admin, DeviceCredentials, FakeDevice, PATIENCE, QUIET, RawClient, Received, SignatureAlgorithm, Version,
};

const PRODUCT: &str = "CONFORM001";
const UP: &str = "$thing/up/property";
const DOWN: &str = "$thing/down/property";

fn model() -> Value {
    json!({
        "version": "1.0",
        "profile": { "ProductId": PRODUCT, "CategoryId": "1" },
        "properties": [
            { "id": "power_switch", "name": "Power", "desc": "", "mode": "rw", "required": true,
              "define": { "type": "bool", "mapping": { "0": "off", "1": "on" } } },
            { "id": "brightness", "name": "Brightness", "desc": "", "mode": "rw", "required": false,
              "define": { "type": "int", "min": "0", "max": "1000", "start": "0", "step": "1", "unit": "%" } }
        ],
        "events": [],
        "actions": []
    })
}

/// The administration of the shared server with the product in place; `None` for an external target.
#[track_caller]
fn admin() -> Option<Admin> {
    static PREPARED: OnceLock<()> = OnceLock::new();
    let admin = broker().server()?.admin();
    PREPARED.get_or_init(|| drop(admin.create_product_with_model(PRODUCT, &model())));
    Some(admin)
}

#[track_caller]
fn device() -> Option<DeviceCredentials> {
    Some(admin()?.create_device(PRODUCT, &unique("dev")))
}

/// Asks the platform to send one downlink at QoS 1 (a control) without waiting for the device's reply.
#[track_caller]
fn control(device: &DeviceCredentials, brightness: u32) {
    let path = format!("/products/{}/devices/{}/control", device.product, device.name);
    let body = json!({ "params": { "brightness": brightness }, "wait_ms": 0 });
    let answer = admin().expect("our own server").request("POST", &path, Some(&body));
    assert!(answer.status < 300, "control: {} {}", answer.status, answer.text());
}

fn brightness(publish: &Published) -> u64 {
    let message: Value = serde_json::from_slice(&publish.payload).expect("a control is JSON");
    assert_eq!(message["method"], "control");
    message["params"]["brightness"].as_u64().expect("a number")
}

fn kept(device: &DeviceCredentials) -> Connect {
    device.login().connect(Version::V311).resume()
}

#[track_caller]
fn refusal(connect: &Connect) -> u8 {
    let mut client = broker().open();
    let connack = client.try_connect(connect).expect("a refusal is told");
    assert_ne!(connack.code, 0, "{:?} was accepted", connect.username);
    assert!(!connack.session_present);
    client.expect_closed();
    connack.code
}

#[test]
fn every_known_form_of_login_is_accepted() {
    let Some(device) = device() else { return };
    let milliseconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().to_string();
    let soon = (SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 600).to_string();
    let forms = [
        (Version::V311, SignatureAlgorithm::Sha1, "21010406", "43ACI", "92233720368547758"),
        (Version::V31, SignatureAlgorithm::Sha1, "21010406", "9RiQa", milliseconds.as_str()),
        (Version::V311, SignatureAlgorithm::Sha256, "12010126", "ABCDE", "2147483647"),
        (Version::V311, SignatureAlgorithm::Sha256, "12010126", "ABCDE", soon.as_str()),
        (Version::V311, SignatureAlgorithm::Sha256, "21010406", "01234", "9223372036854775807"),
        (Version::V5, SignatureAlgorithm::Sha1, "21010406", "zzzzz", "92233720368547758"),
    ];
    for (version, algorithm, app, connection, expiry) in forms {
        let login = device.login_with(algorithm, app, connection, expiry);
        let mut client = broker().join(&login.connect(version));
        client.ping();
        client.disconnect();
        let (signature, name) = login.password.split_once(';').unwrap();
        let upper_case = format!("{};{name}", signature.to_ascii_uppercase());
        let mut connect = login.connect(version);
        connect.password = Some(upper_case.into_bytes());
        broker().join(&connect).disconnect();
    }
}

#[test]
fn the_longest_client_id_is_accepted_at_every_level() {
    let Some(admin) = admin() else { return };
    let mut name = unique("n");
    name.push_str(&"-_:aZ9".repeat(8));
    name.truncate(48);
    let device = admin.create_device(PRODUCT, &name);
    assert_eq!(device.client_id().len(), 58);
    for version in [Version::V31, Version::V311] {
        broker().join(&device.login().connect(version)).disconnect();
    }
}

#[test]
fn refused_logins_are_told_with_the_platforms_codes() {
    let Some(device) = device() else { return };
    for version in [Version::V31, Version::V311] {
        let connect = |device: &DeviceCredentials| device.login().connect(version);
        let unknown_device = DeviceCredentials { name: "nobody".into(), ..device.clone() };
        assert!(matches!(refusal(&connect(&unknown_device)), 3 | 4), "unknown device");
        let unknown_product = DeviceCredentials { product: "NOSUCHPROD".into(), ..device.clone() };
        assert!(matches!(refusal(&connect(&unknown_product)), 3 | 4), "unknown product");
        let wrong_secret = DeviceCredentials { secret: "AAAAAAAAAAAAAAAAAAAAAA==".into(), ..device.clone() };
        assert!(matches!(refusal(&connect(&wrong_secret)), 4 | 5), "wrong signature");
        let expired =
            device.login_with(SignatureAlgorithm::Sha1, "21010406", "abcde", "1600000000").connect(version);
        assert_eq!(refusal(&expired), 4, "expired");
        let no_number =
            device.login_with(SignatureAlgorithm::Sha1, "21010406", "abcde", "tomorrow").connect(version);
        assert!((2..=5).contains(&refusal(&no_number)), "an expiry that is no number");
        let mut no_password = connect(&device);
        no_password.password = None;
        assert!(matches!(refusal(&no_password), 4 | 5), "no password over plain TCP");
        let mut other_algorithm = connect(&device);
        other_algorithm.password = Some(b"00000000000000000000000000000000;hmacmd5".to_vec());
        assert!(matches!(refusal(&other_algorithm), 4 | 5), "an unknown algorithm");
        let mut reused_signature = connect(&device);
        reused_signature.username =
            reused_signature.username.map(|username| username.replace("a1B2c", "a1B2d"));
        assert!(matches!(refusal(&reused_signature), 4 | 5), "a signature over another user name");
    }
}

#[test]
fn the_client_id_must_be_the_one_of_the_user_name() {
    let (Some(one), Some(other)) = (device(), device()) else { return };
    let mut connect = one.login().connect(Version::V311);
    connect.client_id = other.client_id();
    assert!((2..=5).contains(&refusal(&connect)));
}

#[test]
fn a_disabled_device_is_refused_and_disconnected() {
    let (Some(admin), Some(device)) = (admin(), device()) else { return };
    let mut client = broker().join(&device.login().connect(Version::V311));
    let path = format!("/products/{PRODUCT}/devices/{}", device.name);
    admin.patch(&path, &json!({ "enabled": false }));
    client.expect_closed();
    assert!(matches!(refusal(&device.login().connect(Version::V311)), 4 | 5));
    admin.patch(&path, &json!({ "enabled": true }));
    broker().join(&device.login().connect(Version::V311)).ping();
}

#[test]
fn subscriptions_are_granted_at_qos_1_at_most() {
    let Some(device) = device() else { return };
    for version in Version::ALL {
        let mut client = broker().join(&device.login().connect(version));
        let suffix = device.topic_suffix();
        let [first, second, third] = ["$thing/down/property", "$thing/down/event", "$thing/down/action"]
            .map(|prefix| format!("{prefix}/{suffix}"));
        assert_eq!(client.subscribe(1, &[(&first, 2), (&second, 1), (&third, 0)]).codes, [1, 1, 0]);
        client.disconnect();
    }
}

#[test]
fn each_filter_gets_its_own_answer_and_foreign_ones_0x80() {
    let (Some(device), Some(other)) = (device(), device()) else { return };
    let own = format!("{DOWN}/{}", device.topic_suffix());
    let foreign = format!("{DOWN}/{}", other.topic_suffix());
    let up = format!("{UP}/{}", device.topic_suffix());
    let same_product = format!("{DOWN}/{PRODUCT}/+");
    let filters = [
        (own.as_str(), 1),
        (foreign.as_str(), 1),
        ("#", 0),
        ("$thing/#", 0),
        ("+/+/data", 0),
        (same_product.as_str(), 0),
        (up.as_str(), 0),
        ("$SYS/#", 0),
        (own.as_str(), 0),
    ];
    for version in [Version::V31, Version::V311] {
        let mut client = broker().join(&device.login().connect(version));
        let codes = client.subscribe(1, &filters).codes;
        assert_eq!(codes, [1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]);
        client.ping();
        client.disconnect();
    }
}

#[test]
fn publishing_to_a_foreign_topic_has_no_effect() {
    let (Some(device), Some(victim)) = (device(), device()) else { return };
    let mut target = FakeDevice::connect(broker().address(), &victim);
    target.subscribe(DOWN, 1);
    target.subscribe("$thing/down/event", 1);
    let topics = [
        format!("{DOWN}/{}", victim.topic_suffix()),
        format!("{UP}/{}", victim.topic_suffix()),
        format!("{}/data", victim.topic_suffix()),
        format!("{DOWN}/{}", device.topic_suffix()),
        "$SYS/broker".to_owned(),
        "anything".to_owned(),
    ];
    for topic in topics {
        for qos in [0, 1] {
            let mut client = broker().join(&device.login().connect(Version::V311));
            let message = br#"{"method":"report","clientToken":"evil","params":{"power_switch":1}}"#;
            client.send_publish(&Publishing::new(&topic, message).qos(qos, 5));
            match client.next(QUIET) {
                Event::Closed | Event::Packet(Received::PubAck(_)) => {}
                Event::Silence => assert_eq!(qos, 0, "{topic}: neither acknowledged nor closed"),
                other => panic!("{topic}: {other:?}"),
            }
        }
    }
    target.client.expect_silence();
    let properties = admin().expect("our own server").properties(PRODUCT, &victim.name);
    assert!(properties["power_switch"].is_null(), "a foreign report was taken: {properties}");
}

#[test]
fn a_report_is_answered_in_compact_json_with_its_token() {
    let Some(device) = device() else { return };
    for version in [Version::V31, Version::V311] {
        let connect = device.login().connect(version);
        let mut fake = FakeDevice::connect_as(broker().address(), &device, &connect);
        assert_eq!(fake.subscribe(DOWN, 0), 0);
        let message =
            json!({ "method": "report", "clientToken": "token-7", "params": { "power_switch": 1 } });
        fake.publish(UP, &message, 1);
        let reply = fake.expect_message(&fake.topic(DOWN));
        assert_eq!(
            String::from_utf8(reply.payload).unwrap(),
            r#"{"method":"report_reply","clientToken":"token-7","code":0,"status":"success"}"#
        );
        fake.client.disconnect();
    }
    let properties = admin().expect("our own server").properties(PRODUCT, &device.name);
    assert_eq!(properties["power_switch"]["value"], 1);
}

#[test]
fn a_message_without_a_method_is_never_answered() {
    let Some(device) = device() else { return };
    let mut fake = FakeDevice::connect(broker().address(), &device);
    fake.subscribe(DOWN, 1);
    for message in [
        json!({ "code": 0, "clientToken": null, "status": "\u{0}" }),
        json!({ "code": 0, "clientToken": "x" }),
    ] {
        fake.publish(UP, &message, 0);
    }
    fake.client.send_publish(&Publishing::new(&fake.topic(UP), b"this is not JSON"));
    fake.client.expect_silence();
    fake.client.ping();
}

#[test]
fn a_device_hears_itself_on_its_data_topic() {
    let Some(device) = device() else { return };
    let mut client = broker().join(&device.login().connect(Version::V311));
    let topic = format!("{}/data", device.topic_suffix());
    assert_eq!(client.subscribe(1, &[(&topic, 1)]).codes, [1]);
    client.publish(&topic, br#"{"action":"publish_test","count":"0"}"#, 1);
    assert_eq!(client.receive().payload, br#"{"action":"publish_test","count":"0"}"#);
}

#[test]
fn the_retain_flag_of_a_device_is_ignored() {
    let Some(device) = device() else { return };
    let topic = format!("{}/data", device.topic_suffix());
    let mut client = broker().join(&device.login().connect(Version::V311));
    client.subscribe(1, &[(&topic, 1)]);
    client.publish_as(&Publishing::new(&topic, b"live").qos(1, 9).retained());
    let publish = client.receive();
    assert_eq!((publish.payload.as_slice(), publish.retain), (&b"live"[..], false));
    client.subscribe(2, &[(&topic, 1)]);
    client.expect_silence();
}

#[test]
fn the_will_of_a_device_is_ignored() {
    let Some(device) = device() else { return };
    let topic = format!("{}/data", device.topic_suffix());
    let mut client = broker().join(&kept(&device).will(Will { qos: 1, ..Will::new(&topic, b"last words") }));
    client.subscribe(1, &[(&topic, 1)]);
    crate::steps::lose(client);
    let mut client = broker().open();
    assert!(client.connect(&kept(&device)).session_present);
    assert_eq!(client.next(Duration::from_millis(900)), Event::Silence);
}

#[test]
fn a_qos_2_publish_is_completed_or_closed() {
    let Some(device) = device() else { return };
    let mut client = broker().join(&device.login().connect(Version::V311));
    let topic = format!("{}/data", device.topic_suffix());
    client.send_publish(&Publishing::new(&topic, b"x").qos(2, 3));
    match client.next(PATIENCE) {
        Event::Packet(Received::PubRec(_)) => {
            client.send(&build::acknowledgement(0x62, 3));
            client.expect_pubcomp(3);
        }
        Event::Closed => {}
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn session_present_is_right_for_devices() {
    let Some(device) = device() else { return };
    let present = |connect: &Connect| {
        let mut client = broker().open();
        let present = client.connect(connect).session_present;
        client.disconnect();
        present
    };
    assert!(!present(&kept(&device)));
    assert!(present(&kept(&device)));
    assert!(!present(&device.login().connect(Version::V311)));
    assert!(!present(&kept(&device)));
}

#[test]
fn the_newer_connection_of_a_device_wins() {
    let Some(device) = device() else { return };
    let mut first = broker().join(&device.login().connect(Version::V311));
    first.subscribe(1, &[(&format!("{DOWN}/{}", device.topic_suffix()), 1)]);
    let mut second = FakeDevice::connect(broker().address(), &device);
    first.expect_closed();
    second.subscribe(DOWN, 1);
    control(&device, 3);
    let publish = second.expect_message(&second.topic(DOWN));
    assert_eq!(brightness(&publish), 3);
}

#[track_caller]
fn one_downlink(device: &DeviceCredentials, connect: &Connect, value: u32) -> u16 {
    let mut fake = FakeDevice::connect_as(broker().address(), device, connect);
    assert_eq!(fake.subscribe(DOWN, 1), 1);
    control(device, value);
    let publish = fake.expect_message(&fake.topic(DOWN));
    assert_eq!((brightness(&publish), publish.qos), (u64::from(value), 1));
    fake.client.ping();
    fake.client.disconnect();
    publish.id
}

/// The vendor's clients remember the last ten ids across reconnections and drop what repeats one.
#[test]
fn packet_ids_go_on_across_reconnections_and_clean_sessions() {
    let Some(device) = device() else { return };
    let ids: Vec<u16> =
        (0..12).map(|round| one_downlink(&device, &device.login().connect(Version::V311), round)).collect();
    assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "packet ids must advance: {ids:?}");
}

#[test]
fn packet_ids_go_on_after_a_crash_of_the_server() {
    let Some(mut own) = own_server() else { return };
    let admin = own.server().expect("our own server").admin();
    admin.create_product_with_model(PRODUCT, &model());
    let device = admin.create_device(PRODUCT, "survivor");
    let path = format!("/products/{PRODUCT}/devices/survivor/control");
    let mut ids = Vec::new();
    for round in 0..6 {
        let mut fake = FakeDevice::connect(own.address(), &device);
        fake.subscribe(DOWN, 1);
        let admin = own.server().expect("our own server").admin();
        admin.post(&path, &json!({ "params": { "brightness": round }, "wait_ms": 0 }));
        ids.push(fake.expect_message(&fake.topic(DOWN)).id);
        if round % 2 == 1 {
            own.kill_and_restart();
        }
    }
    let distinct: std::collections::BTreeSet<u16> = ids.iter().copied().collect();
    assert_eq!(distinct.len(), ids.len(), "a packet id came back: {ids:?}");
}

#[test]
fn an_unacknowledged_downlink_is_sent_again_with_its_id() {
    let Some(device) = device() else { return };
    let mut client = broker().join(&kept(&device));
    client.subscribe(1, &[(&format!("{DOWN}/{}", device.topic_suffix()), 1)]);
    control(&device, 8);
    let sent = client.expect_publish();
    crate::steps::lose(client);
    let again = broker().join(&kept(&device)).receive();
    assert_eq!((again.id, again.dup, again.payload), (sent.id, true, sent.payload));
}

#[track_caller]
fn queue_for_absent(device: &DeviceCredentials, count: u32) {
    let topic = format!("{}/control", device.topic_suffix());
    let mut client = broker().join(&kept(device));
    client.subscribe(1, &[(&topic, 1)]);
    client.disconnect();
    let mut application = broker().client(Version::V311);
    for value in 0..count {
        let payload = json!({ "method": "control", "params": { "brightness": value } }).to_string();
        application.publish(&topic, payload.as_bytes(), 1);
    }
}

fn replayed(client: &mut RawClient) -> Vec<(Instant, u64)> {
    let mut all = Vec::new();
    while let Event::Packet(Received::Publish(publish)) = client.next(Duration::from_millis(2_500)) {
        all.push((Instant::now(), brightness(&publish)));
        client.complete(&publish);
    }
    all
}

#[track_caller]
fn assert_spaced(replayed: &[(Instant, u64)]) {
    // Only the whole is judged: a reader that was held up sees two messages at once.
    if let [first, .., last] = replayed {
        let whole = last.0 - first.0;
        let least = Duration::from_millis(500) * u32::try_from(replayed.len() - 1).expect("few") - QUIET;
        assert!(whole >= least, "{} messages within {whole:?}", replayed.len());
    }
}

#[test]
fn queued_downlinks_are_replayed_in_order_half_a_second_apart() {
    let Some(device) = device() else { return };
    queue_for_absent(&device, 5);
    let replayed = replayed(&mut broker().join(&kept(&device)));
    assert_eq!(replayed.iter().map(|(_, value)| *value).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_spaced(&replayed);
}

/// Takes 75 seconds by the rule it tests.
#[test]
fn at_most_150_downlinks_wait_for_an_absent_device() {
    let Some(device) = device() else { return };
    queue_for_absent(&device, 170);
    let replayed = replayed(&mut broker().join(&kept(&device).keep_alive(0)));
    assert_eq!(replayed.len(), 150);
    let values: Vec<u64> = replayed.iter().map(|(_, value)| *value).collect();
    assert!(values.windows(2).all(|pair| pair[1] == pair[0] + 1), "a gap in {values:?}");
    assert_spaced(&replayed);
}

/// The acknowledgements of the older versions have exactly two bytes, which the reader checks on each of them.
#[test]
fn acknowledgements_to_devices_have_two_bytes() {
    let Some(device) = device() else { return };
    for version in [Version::V31, Version::V311] {
        let mut client = broker().join(&device.login().connect(version));
        let topic = format!("{}/data", device.topic_suffix());
        client.subscribe(1, &[(&topic, 1)]);
        client.publish(&topic, b"x", 1);
        client.receive();
        client.unsubscribe(2, &[&topic]);
        client.disconnect();
    }
}

#[test]
fn messages_of_60_000_bytes_pass() {
    let Some(device) = device() else { return };
    let mut client = broker().join(&device.login().connect(Version::V311));
    let topic = format!("{}/data", device.topic_suffix());
    client.subscribe(1, &[(&topic, 1)]);
    let payload = vec![b'x'; 60_000];
    client.publish(&topic, &payload, 1);
    assert_eq!(client.receive().payload, payload);
}

#[test]
fn a_device_is_disconnected_after_one_and_a_half_keep_alives() {
    let Some(device) = device() else { return };
    let mut client = broker().join(&device.login().connect(Version::V311).keep_alive(1));
    let start = Instant::now();
    client.expect_closed();
    let waited = start.elapsed();
    assert!(
        waited >= Duration::from_millis(1_300) && waited < Duration::from_secs(5),
        "closed after {waited:?}"
    );
}
