//! The overview of a running server: its numbers follow what devices do, and what should be looked at comes and goes with
//! the state of things.

use serde_json::{Value, json};
use yizhan_testkit::mqtt::Version;
use yizhan_testkit::{DeviceCredentials, FakeDevice, PATIENCE, RawClient, TestServer};

/// Asks the console's own surface as the operator.
#[track_caller]
fn asked(server: &TestServer, operation: &str, request: &Value) -> Value {
    let path = format!("/api/v1/{operation}");
    server.admin().request_without_prefix("POST", &path, Some(request)).json()
}

fn items(server: &TestServer) -> Vec<Value> {
    let answer = asked(server, "DescribeAttention", &json!({}));
    answer["Items"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// The item of this id, if it is there.
fn item(server: &TestServer, id: &str) -> Option<Value> {
    items(server).into_iter().find(|item| item["Id"] == id)
}

/// Waits until something is as it should be.
#[track_caller]
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let end = std::time::Instant::now() + PATIENCE * 2;
    while !holds() {
        assert!(std::time::Instant::now() < end, "{what}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn fails_to_log_in(server: &TestServer, device: &DeviceCredentials) {
    let other = DeviceCredentials { secret: "bm90IHRoZSBzZWNyZXQ=".to_owned(), ..device.clone() };
    let mut client = RawClient::open(server.mqtt());
    let answer = client.try_connect(&other.login().connect(Version::V311));
    assert!(answer.is_none_or(|answer| answer.code != 0), "a wrong password was taken");
}

#[test]
fn the_numbers_follow_what_devices_do() {
    let server = TestServer::start();
    server.admin().create_product("OVERVIEW01");
    let credentials = server.admin().create_devices("OVERVIEW01", "lamp", 2);
    let numbers = || asked(&server, "DescribeOverview", &json!({}));
    let before = numbers();
    assert_eq!(before["Devices"]["Total"], 2, "{before}");
    assert_eq!((&before["Devices"]["Online"], &before["Devices"]["Activated"]), (&json!(0), &json!(0)));
    assert_eq!(before["Host"]["Accepting"], true);
    let today = json!({"StartDate": before["Today"], "EndDate": before["Today"]});
    let days = asked(&server, "DescribeDeviceDataStats", &today);
    assert_eq!(days["Data"][0]["NewRegisterCnt"], 2, "today is the day that is counted: {days}");
    assert!(before["Host"]["MemoryBytes"].as_u64() > Some(1_000_000), "{before}");
    let mut device = FakeDevice::connect(server.mqtt(), &credentials[0]);
    eventually("messages a second are told", || {
        device.publish("$thing/up/property", &json!({"method": "get_status", "clientToken": "asks"}), 1);
        numbers()["Messages"]["UpPerSecond"].as_f64() > Some(0.0)
    });
    let now = numbers();
    assert_eq!((&now["Devices"]["Online"], &now["Devices"]["Activated"]), (&json!(1), &json!(1)), "{now}");
    let other = asked(&server, "DescribeOverview", &json!({"ProductId": "NOSUCHPROD"}));
    assert!(other["Error"]["Code"].is_string(), "{other}");
}

#[test]
fn what_should_be_looked_at_is_there_as_long_as_it_lasts_and_can_be_ignored() {
    let server = TestServer::start();
    let product = json!({"id": "ATTENTION1", "name": "{Left} lamps", "dynamic_registration": "auto",
        "auto_create_quota": 7});
    server.admin().post("/products", &product);
    let id = "registration_open:ATTENTION1";
    let found = item(&server, id).expect("open registration is told");
    assert_eq!((&found["Severity"], &found["Ignored"]), (&json!("notice"), &json!(false)), "{found}");
    assert_eq!((&found["Parameters"]["Left"], &found["Page"]), (&json!(7), &json!("/products/ATTENTION1")));
    for text in [&found["Cause"], &found["Effect"]] {
        assert!(text.as_str().is_some_and(|text| !text.is_empty()), "{found}");
    }
    assert!(found["Cause"].as_str().is_some_and(|cause| cause.contains("{Left} lamps")), "{found}");
    assert!(asked(&server, "IgnoreAttention", &json!({"Id": id})).get("Error").is_none());
    assert_eq!(item(&server, id).expect("it lasts")["Ignored"], true);
    let count = |name: &str| asked(&server, "DescribeOverview", &json!({}))["Attention"][name].clone();
    assert_eq!(count("Ignored"), 1);
    assert!(asked(&server, "UnignoreAttention", &json!({"Id": id})).get("Error").is_none());
    assert_eq!(
        (item(&server, id).expect("it lasts")["Ignored"].clone(), count("Ignored")),
        (json!(false), json!(0))
    );
    server.admin().patch("/products/ATTENTION1", &json!({"dynamic_registration": "off"}));
    assert!(item(&server, id).is_none(), "what was put right is not told");
    let gone = asked(&server, "IgnoreAttention", &json!({"Id": id}));
    assert_eq!(gone["Error"]["Code"], "ResourceNotFound", "{gone}");
}

#[test]
fn a_device_that_fails_to_log_in_is_told_until_it_is_online() {
    let server = TestServer::start();
    server.admin().create_product("ATTENTION2");
    let device = server.admin().create_device("ATTENTION2", "lamp-1");
    let id = "login_fails:ATTENTION2lamp-1";
    for _ in 0..2 {
        fails_to_log_in(&server, &device);
    }
    assert!(item(&server, id).is_none(), "two failures are nothing yet");
    fails_to_log_in(&server, &device);
    eventually("failing logins are told", || item(&server, id).is_some());
    let found = item(&server, id).expect("it is there");
    assert_eq!(found["Parameters"]["Device"], "lamp-1", "{found}");
    assert_eq!(found["Parameters"]["ReasonId"], "bad_signature", "{found}");
    let _online = FakeDevice::connect(server.mqtt(), &device);
    eventually("a device that came through is not told", || item(&server, id).is_none());
}
