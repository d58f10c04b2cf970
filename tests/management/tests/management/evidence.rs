//! What is known of one device: how it stands, how far its attempts to connect come, its data over time.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_management_tests::tenants;
use yizhan_testkit::Version;
use yizhan_testkit::mqtt::RawClient;

use crate::calls::{done, refused};
use crate::device_data::Situation;

/// The states of the five steps, when `wanted` holds of the answer.
#[track_caller]
fn steps(it: &Situation, since: i64, wanted: impl Fn(&Value) -> bool) -> (Vec<String>, Value) {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let answer = done("DescribeConnectAttempts", &it.about(json!({"Since": since})));
        if wanted(&answer) {
            let steps = answer["Steps"].as_array().expect("five steps").iter();
            let states = steps.map(|step| step["State"].as_str().expect("a state").to_owned()).collect();
            return (states, answer);
        }
        assert!(Instant::now() < deadline, "{answer}");
        thread::sleep(Duration::from_millis(20));
    }
}

fn now_of(it: &Situation) -> i64 {
    done("DescribeConnectAttempts", &it.about(json!({})))["Now"].as_i64().expect("a time")
}

#[test]
fn the_step_of_a_connection_that_fails_is_named() {
    let it = Situation::new("attempts");
    let since = now_of(&it);
    let (states, _) = steps(&it, since, |_| true);
    assert!(states[2..].iter().all(|state| state == "waiting"), "{states:?}");
    let mut wrong = it.credentials.login().connect(Version::V311);
    wrong.password = Some(b"0123;hmacsha1".to_vec());
    let mut client = RawClient::open(tenants().server.mqtt());
    client.try_connect(&wrong).expect("a CONNACK");
    let (states, answer) = steps(&it, since, |answer| answer["Steps"][2]["State"] == "failed");
    assert_eq!(states, ["done", "skipped", "failed", "waiting", "waiting"]);
    assert_eq!(answer["Steps"][2]["Reason"], "bad_signature");
    assert!(answer["Steps"][2]["Advice"].as_str().is_some_and(|advice| !advice.is_empty()));
    assert_eq!(answer["Attempts"][0]["Client"], "device");
    let mut device = it.connect();
    let (states, _) = steps(&it, since, |answer| answer["Online"] == true);
    assert_eq!(states, ["done", "skipped", "done", "done", "waiting"]);
    device.subscribe("$thing/down/property", 1);
    assert_ne!(device.report(&json!({"brightness": 4000}))["code"], 0);
    let (_, answer) = steps(&it, since, |answer| answer["Steps"][4]["State"] == "failed");
    assert_eq!(answer["Steps"][4]["Reason"], "Dev_Pub_Payload_Refused");
    assert_eq!(device.report(&json!({"brightness": 40}))["code"], 0);
    let (states, _) = steps(&it, since, |answer| answer["Steps"][4]["State"] == "done");
    assert_eq!(states[3..], ["done", "done"]);
}

#[test]
fn a_tls_handshake_that_fails_before_a_name_is_an_unknown_clients() {
    let it = Situation::new("handshake");
    let since = now_of(&it);
    {
        use std::io::Write;
        let mut stream = TcpStream::connect(tenants().server.mqtts()).expect("the TLS port");
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").expect("sent");
        thread::sleep(Duration::from_millis(100));
    }
    let (_, answer) = steps(&it, since, |answer| answer["Steps"][1]["State"] == "failed");
    let step = &answer["Steps"][1];
    assert_eq!((&step["Reason"], &step["UnknownClient"]), (&json!("tls_failed"), &json!(true)));
    assert!(step["Advice"].as_str().is_some_and(|advice| advice.contains("TLS")), "{step}");
}

#[test]
fn how_a_device_stands_comes_with_its_evidence() {
    let it = Situation::new("state");
    let state = |it: &Situation| done("DescribeDeviceState", &it.about(json!({})));
    assert_eq!(state(&it)["State"], "inactive");
    let mut device = it.connect();
    device.subscribe("$thing/down/property", 1);
    device.report(&json!({"brightness": 3}));
    let online = state(&it);
    for (member, value) in [
        ("State", json!("online")),
        ("Transport", json!("tcp")),
        ("KeepAlive", json!(60)),
        ("MqttVersion", json!("3.1.1")),
    ] {
        assert_eq!(online[member], value, "{online}");
    }
    let topic = format!("$thing/down/property/{}/one", it.product);
    assert_eq!(online["Session"]["Subscriptions"], json!([{"Topic": topic, "Qos": 1}]));
    assert!(online["LastReportTopic"].as_str().is_some_and(|topic| topic.starts_with("$thing/up/property")));
    drop(device);
    let deadline = Instant::now() + Duration::from_secs(5);
    while state(&it)["State"] == "online" {
        assert!(Instant::now() < deadline, "it stays online");
        thread::sleep(Duration::from_millis(20));
    }
    let offline = state(&it);
    assert_eq!(offline["LastCause"], "connection_lost");
    assert!(offline["LastCauseText"].is_string() && offline["LastOfflineTime"].is_i64(), "{offline}");
    let item = json!({"ProductId": it.product, "DeviceName": "one"});
    done("UpdateDevicesEnableState", &json!({"DevicesItems": [item], "Status": 0}));
    assert_eq!(state(&it)["State"], "disabled");
}

#[test]
fn data_over_time_is_summed_up_in_spans() {
    let it = Situation::new("series");
    let mut device = it.connect();
    device.subscribe("$thing/down/property", 1);
    for value in [10, 30, 20] {
        device.report(&json!({"brightness": value}));
    }
    let event = json!({"method": "event_post", "clientToken": "e", "eventId": "hot", "type": "alert",
        "timestamp": 0, "params": {"degrees": 90}});
    device.subscribe("$thing/down/event", 0);
    device.publish("$thing/up/event", &event, 1);
    let now = now_of(&it);
    let range = |more: Value| {
        let mut request = it.about(json!({"MinTime": now - 3_600_000, "MaxTime": now + 60_000, "Points": 2}));
        for (member, value) in more.as_object().into_iter().flatten() {
            request[member] = value.clone();
        }
        request
    };
    let data =
        done("DescribeDeviceDataSeries", &range(json!({"Properties": ["brightness"], "Events": true})));
    let points = data["Series"][0]["Points"].as_array().expect("points");
    let sum = |member: &str| points.iter().filter_map(|point| point[member].as_f64()).sum::<f64>();
    assert_eq!(sum("Count"), 3.0, "{data}");
    let last = points.last().expect("a point");
    assert_eq!(last["Last"], 20, "{data}");
    if let [only] = points.as_slice() {
        assert_eq!((&only["Min"], &only["Max"], &only["Avg"]), (&json!(10.0), &json!(30.0), &json!(20.0)));
    }
    assert_eq!(data["Events"][0]["EventId"], "hot");
    assert_eq!(data["Width"], 3_600_000);
    assert_eq!(
        refused("DescribeDeviceDataSeries", &range(json!({"Points": 9_999}))),
        "InvalidParameterValue"
    );
    let unknown = range(json!({"Properties": ["none"]}));
    assert!(
        refused("DescribeDeviceDataSeries", &unknown).starts_with("ResourceNotFound"),
        "no such property"
    );
}
