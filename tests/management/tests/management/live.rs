//! Watching live: what becomes durable is shown, what cannot be shown is counted, and nobody watches what it may not.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_management_tests::{Tenant, tenants};
use yizhan_testkit::cloud::CloudClient;
use yizhan_testkit::{DeviceCredentials, FakeDevice, LiveClient, PATIENCE};

use crate::calls::done;

/// A new device of the first tenant's product.
fn device(name: &str) -> DeviceCredentials {
    let product = product_of(&tenants().first);
    let made = done("CreateDevice", &json!({"ProductId": product, "DeviceName": name}));
    let secret = made["Data"]["DevicePsk"].as_str().expect("a new device has its key").to_owned();
    DeviceCredentials { product, name: name.to_owned(), secret }
}

fn product_of(tenant: &Tenant) -> String {
    let id = tenant.names.value("ProductId").expect("the tenant has a product");
    id.as_str().expect("an id is a text").to_owned()
}

fn token(name: &str) -> String {
    let made = tenants().server.admin().post("/tokens", &json!({ "name": name }));
    made["token"].as_str().expect("a new token is shown").to_owned()
}

fn client(name: &str) -> LiveClient {
    LiveClient::with_token(tenants().server.http(), &token(name))
}

fn of_device(device: &DeviceCredentials, what: &[&str]) -> Value {
    json!({"Kind": "Device", "ProductId": device.product, "DeviceName": device.name, "What": what})
}

fn from_device(events: &[Value]) -> Vec<&Value> {
    events.iter().filter(|event| event["Direction"] == "up").collect()
}

/// Publishes messages that nobody answers.
fn publish(device: &mut FakeDevice, count: usize) {
    for number in 0..count {
        device.publish("$thing/up/raw", &json!({ "n": number }), 0);
    }
}

#[test]
fn a_watcher_is_shown_a_thousand_messages_a_second_or_told_how_many_it_missed() {
    const COUNT: usize = 3_000;
    let credentials = device("live-many");
    let mut watching = client("live-many");
    let ready = watching.subscribe(7, &of_device(&credentials, &["Messages"]));
    assert!(ready["Ready"].is_object() && ready["Id"] == 7, "{ready}");
    let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
    let sender = thread::Builder::new().name("device".to_owned()).spawn(move || {
        let begun = Instant::now();
        for second in 0..COUNT / 100 {
            publish(&mut device, 100);
            let due = Duration::from_millis(100 * (second as u64 + 1));
            thread::sleep(due.saturating_sub(begun.elapsed()));
        }
        device
    });
    let sender = sender.expect("a thread for the device");
    let (events, lost) =
        watching.collect(|events, lost| from_device(events).len() as u64 + lost >= COUNT as u64);
    drop(sender.join().expect("the device publishes"));
    let shown = from_device(&events);
    assert_eq!(shown.len() as u64 + lost, COUNT as u64);
    let ids: HashSet<_> = shown.iter().map(|event| event["Id"].as_str().expect("an id")).collect();
    assert_eq!(ids.len(), shown.len(), "something was shown twice");
    let first = shown[0];
    assert_eq!(
        (&first["What"], &first["QoS"], &first["DeviceName"]),
        (&json!("Message"), &json!(0), &json!("live-many"))
    );
    assert!(first["Topic"].as_str().is_some_and(|topic| topic.starts_with("$thing/up/raw/")), "{first}");
}

#[test]
fn a_reader_that_stops_costs_a_bounded_amount_and_hears_afterwards_what_it_missed() {
    const COUNT: usize = 1_000;
    let credentials = device("live-slow");
    let mut watching = client("live-slow");
    watching.subscribe(1, &of_device(&credentials, &["Messages"]));
    let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
    // Forty megabytes, of which nothing is read. Acknowledged one by one, so that the log holds all of them.
    let message = json!({ "padding": "x".repeat(40_000) });
    device.publish("$thing/up/raw", &message, 1);
    let before = tenants().server.resident_kib();
    for _ in 1..COUNT {
        device.publish("$thing/up/raw", &message, 1);
    }
    let grown = tenants().server.resident_kib().saturating_sub(before);
    assert!(grown < 64 * 1024, "the server grew by {grown} KiB");
    let (events, lost) =
        watching.collect(|events, lost| from_device(events).len() as u64 + lost >= COUNT as u64);
    assert_eq!(from_device(&events).len() as u64 + lost, COUNT as u64);
    assert!(lost > 0, "forty megabytes were kept for a reader that did not read");
}

#[test]
fn values_presence_problems_and_commands_are_shown_as_they_come() {
    let credentials = device("live-kinds");
    let model = json!({"version": "1.0", "properties": [{"id": "level", "name": "Level", "mode": "rw",
        "define": {"type": "int", "min": "0", "max": "100", "step": "1"}}]});
    done(
        "ModifyModelDefinition",
        &json!({"ProductId": credentials.product, "ModelSchema": model.to_string()}),
    );
    let mut watching = client("live-kinds");
    let what = ["Values", "Presence", "Diagnostics", "Commands"];
    watching.subscribe(1, &of_device(&credentials, &what));
    let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
    device.subscribe("$thing/down/property", 0);
    device.report(&json!({"level": 42}));
    device.report(&json!({"level": 4_200}));
    done(
        "ControlDeviceData",
        &json!({"ProductId": credentials.product, "DeviceName": credentials.name, "Data": "{\"level\":7}"}),
    );
    let has = |events: &[Value], fits: &dyn Fn(&Value) -> bool| events.iter().any(fits);
    let (events, _) = watching.collect(|events, _| {
        has(events, &|event| event["What"] == "Value" && event["Values"]["level"] == 42)
            && has(events, &|event| event["What"] == "Presence" && event["Event"] == "online")
            && has(events, &|event| event["What"] == "Diagnostic" && event["Result"].is_string())
            && has(events, &|event| event["What"] == "Command" && event["State"] == "sent")
    });
    assert!(events.iter().all(|event| event["What"] != "Message"), "messages were not asked for");
}

#[test]
fn what_was_missed_is_filled_in_and_what_cannot_be_is_named() {
    let credentials = device("live-again");
    let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
    let mut watching = client("live-again");
    watching.subscribe(1, &of_device(&credentials, &["Messages"]));
    publish(&mut device, 5);
    let (events, _) = watching.collect(|events, _| from_device(events).len() >= 5);
    let last = events.last().expect("five events");
    drop(watching);
    publish(&mut device, 5);
    let log = || {
        done(
            "DescribeLogs",
            &json!({"ProductId": credentials.product, "DeviceName": credentials.name,
        "What": ["Messages"], "Direction": "up"}),
        )
    };
    wait_until(|| log()["Rows"].as_array().is_some_and(|rows| rows.len() >= 10));

    let mut again = client("live-again-2");
    let mut request = of_device(&credentials, &["Messages", "Values"]);
    request["After"] = json!({"Time": last["Time"], "Seq": last["Seq"]});
    let ready = again.subscribe(1, &request);
    assert_eq!(ready["Ready"]["NotFilled"], json!(["Values"]), "{ready}");
    publish(&mut device, 1);
    let (filled, lost) = again.collect(|events, _| from_device(events).len() >= 6);
    let numbers: Vec<_> = from_device(&filled)
        .iter()
        .map(|event| {
            serde_json::from_str::<Value>(event["Payload"].as_str().unwrap_or_default())
                    .unwrap_or_default()["n"]
                    .clone()
        })
        .collect();
    assert_eq!((json!(numbers), lost), (json!([0, 1, 2, 3, 4, 0]), 0));

    let rows = log()["Rows"].clone();
    let live: HashSet<_> = events.iter().chain(&filled).map(|event| event.to_string()).collect();
    for row in rows.as_array().into_iter().flatten() {
        assert!(live.contains(&row.to_string()), "the log shows it otherwise: {row}");
    }
}

#[test]
fn nobody_watches_what_belongs_to_another_account() {
    let mut watching = client("live-foreign");
    let names = &tenants().second.names;
    let (product, device) = (names.value("ProductId"), names.value("DeviceName"));
    let project = names.value("ProjectId");
    for (id, request) in (1..).zip([
        json!({"Kind": "Device", "ProductId": product, "DeviceName": device}),
        json!({"Kind": "Product", "ProductId": product}),
        json!({"Kind": "Project", "ProjectId": project}),
        json!({"Kind": "Overview", "ProjectId": project}),
    ]) {
        let answer = watching.subscribe(id, &request);
        let code = answer["Refused"]["Code"].as_str().unwrap_or_default();
        assert!(code.starts_with("ResourceNotFound"), "{request}: {answer}");
    }
}

#[test]
fn watching_ends_when_the_right_to_it_does() {
    let credentials = device("live-ending");
    let mut watching = client("live-ending");
    watching.subscribe(1, &of_device(&credentials, &["Messages"]));
    let mut other = client("live-ended");
    other.subscribe(1, &json!({"Kind": "Product", "ProductId": credentials.product}));

    done("DeleteDevice", &json!({"ProductId": credentials.product, "DeviceName": credentials.name}));
    let ended = watching.next(PATIENCE).expect("a word about the end");
    assert!(
        ended["Ended"]["Code"].as_str().is_some_and(|code| code.starts_with("ResourceNotFound")),
        "{ended}"
    );
    assert!(!watching.is_closed(), "the connection still serves other subscriptions");

    tenants().server.admin().delete("/tokens/live-ended");
    let ended = std::iter::from_fn(|| other.next(PATIENCE)).find(|message| message["Ended"].is_object());
    assert!(ended.is_some(), "a token that was deleted still watches");
    assert!(other.next(PATIENCE).is_none() && other.is_closed());
    let refused = LiveClient::open(tenants().server.http(), &[("Authorization", "Bearer nothing")]);
    assert_eq!(refused.err(), Some(401));
}

#[test]
fn totals_come_once_a_second() {
    let credentials = device("live-totals");
    let mut watching = client("live-totals");
    watching.subscribe(1, &json!({"Kind": "Overview"}));
    let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
    let begun = Instant::now();
    let mut rows = Vec::new();
    while rows.len() < 3
        || rows.iter().all(|row: &Value| row["UpPerSecond"].as_f64().is_none_or(|rate| rate == 0.0))
    {
        assert!(begun.elapsed() < PATIENCE * 3, "no rate: {rows:?}");
        publish(&mut device, 20);
        rows.extend(
            watching
                .next(PATIENCE)
                .and_then(|message| message["Events"].as_array().cloned())
                .unwrap_or_default(),
        );
    }
    let last = rows.last().expect("three rows");
    assert!(
        last["Online"].as_u64() >= Some(1) && last["Devices"].as_u64() >= last["Online"].as_u64(),
        "{last}"
    );
    assert!(begun.elapsed() >= Duration::from_secs(rows.len() as u64 - 2), "more than one a second");
}

#[test]
fn the_same_comes_as_server_sent_events() {
    use std::io::{BufRead, BufReader, Write};
    let credentials = device("live-stream");
    let mut stream = std::net::TcpStream::connect(tenants().server.http()).expect("the listener accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout can be set");
    let watched = of_device(&credentials, &["Messages"]).to_string().replace('"', "%22");
    let token = token("live-stream");
    write!(
        stream,
        "GET /api/v1/live/events?Subscribe={watched} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    )
    .expect("the request is taken");
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line.starts_with("data: ") && line.contains("\"Ready\"")));
    let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
    publish(&mut device, 1);
    let line = lines.find(|line| line.contains("$thing/up/raw")).expect("the message comes");
    let message: Value = serde_json::from_str(line.trim_start_matches("data: ")).expect("an event is JSON");
    assert_eq!(message["Events"][0]["DeviceName"], "live-stream");
}

#[test]
fn logs_are_found_by_what_they_say() {
    let credentials = device("live-search");
    let mut device = FakeDevice::connect(tenants().server.mqtt(), &credentials);
    for word in ["apple", "Pear", "apple pear"] {
        device.publish("$thing/up/raw", &json!({ "fruit": word }), 1);
    }
    let found = |request: Value| {
        let mut request = request;
        request["ProductId"] = json!(credentials.product);
        request["DeviceName"] = json!(credentials.name);
        done("DescribeLogs", &request)["Rows"].as_array().cloned().unwrap_or_default()
    };
    wait_until(|| found(json!({"Text": "fruit"})).len() == 3);
    assert_eq!(found(json!({"Text": "PEAR"})).len(), 2);
    assert_eq!(found(json!({"Topic": "up/raw", "Direction": "up"})).len(), 3);
    assert_eq!(found(json!({"Direction": "down", "Topic": "up/raw"})).len(), 0);
    let presence = found(json!({"What": ["Presence"]}));
    assert_eq!(presence.len(), 1, "{presence:?}");
    let page = |context: &Value| {
        let request = json!({"ProductId": credentials.product, "DeviceName": credentials.name, "Text": "fruit",
            "Limit": 2, "Context": context});
        done("DescribeLogs", &request)
    };
    let first = page(&json!(""));
    let second = page(&first["Context"]);
    assert_eq!(
        (first["Rows"].as_array().map(Vec::len), second["Rows"].as_array().map(Vec::len)),
        (Some(2), Some(1))
    );
    assert_eq!(second["Context"], "");
}

#[track_caller]
fn wait_until(mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < PATIENCE, "it did not come to that");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_sub_account_sees_the_logs_of_nothing_without_a_policy() {
    let client: CloudClient = tenants().first.sub_account(&tenants().server, "live-nobody");
    let mut call = client.tc3("DescribeLogs", "{}");
    call.version = yizhan_operations::Version::Own.as_str().to_owned();
    assert_eq!(call.send()["Rows"], json!([]));
}
