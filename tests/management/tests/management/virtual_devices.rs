//! Virtual devices through the real server: they behave as they were told, give way to the real device, and go on after
//! a restart. Each situation has a server of its own, because virtual devices are its business from start to stop.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_testkit::{FakeDevice, ServerOptions, TestServer};

const PRODUCT: &str = "VIRTUALS01";
/// On a busy machine; a virtual device is there within milliseconds.
const SOON: Duration = Duration::from_secs(20);

fn server(options: ServerOptions) -> TestServer {
    let server = TestServer::with(options);
    let model = json!({"version": "1.0", "properties": [
        {"id": "brightness", "name": "Brightness", "mode": "rw",
         "define": {"type": "int", "min": "0", "max": "100", "step": "1"}},
        {"id": "power", "name": "Power", "mode": "r", "define": {"type": "float", "min": "0", "max": "60"}}],
        "events": [{"id": "hot", "name": "Hot", "type": "alert", "params": [
         {"id": "degrees", "name": "Degrees", "define": {"type": "int", "min": "0", "max": "200", "step": "1"}}]}],
        "actions": [{"id": "blink", "name": "Blink", "input": [],
         "output": [{"id": "times", "name": "Times", "define": {"type": "int", "min": "1", "max": "9", "step": "1"}}]}]});
    server.admin().create_product_with_model(PRODUCT, &model);
    server
}

fn asked(server: &TestServer, operation: &str, more: &Value) -> Value {
    let mut request = json!({"ProductId": PRODUCT});
    for (member, value) in more.as_object().into_iter().flatten() {
        request[member] = value.clone();
    }
    server.admin().request_without_prefix("POST", &format!("/api/v1/{operation}"), Some(&request)).json()
}

#[track_caller]
fn done(server: &TestServer, operation: &str, more: &Value) -> Value {
    let answer = asked(server, operation, more);
    assert!(answer.get("Error").is_none(), "{operation}: {answer}");
    answer
}

#[track_caller]
fn refused(server: &TestServer, operation: &str, more: &Value) -> String {
    let answer = asked(server, operation, more);
    answer["Error"]["Code"].as_str().unwrap_or_else(|| panic!("{operation} was done: {answer}")).to_owned()
}

/// Asks until the answer is the one that is waited for.
#[track_caller]
fn until(what: &str, mut look: impl FnMut() -> Value, wanted: impl Fn(&Value) -> bool) -> Value {
    let end = Instant::now() + SOON;
    loop {
        let seen = look();
        if wanted(&seen) {
            return seen;
        }
        assert!(Instant::now() < end, "{what} does not come: {seen}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[track_caller]
fn until_state(server: &TestServer, device: &str, state: &str) -> Value {
    let look =
        || done(server, "DescribeVirtualDevice", &json!({"DeviceName": device}))["VirtualDevice"].clone();
    until(state, look, |seen| seen["State"] == state)
}

/// Quiet: it reports and changes only what it is told.
fn quiet() -> Value {
    json!({"ReportInterval": 0, "ValuesChange": false})
}

#[track_caller]
fn until_stored(server: &TestServer, device: &str, property: &str, value: &Value) {
    let look = || {
        let data = done(server, "DescribeDeviceData", &json!({"DeviceName": device}));
        serde_json::from_str(data["Data"].as_str().expect("text")).expect("JSON")
    };
    until(property, look, |data: &Value| data[property]["Value"] == *value);
}

#[test]
fn a_product_has_a_virtual_device_of_its_own_that_says_what_it_is_told_and_obeys() {
    let server = server(ServerOptions::default());
    let started = done(&server, "StartVirtualDevice", &json!({"Behaviour": quiet()}));
    let name = started["VirtualDevice"]["DeviceName"].as_str().expect("a name").to_owned();
    let about = |mut more: Value| {
        more["DeviceName"] = json!(name);
        more
    };
    until_state(&server, &name, "Online");

    let said = done(&server, "ReportAsVirtualDevice", &about(json!({"Data": r#"{"brightness":42}"#})));
    assert_eq!((&said["Answered"], &said["Code"]), (&json!(true), &json!(0)), "{said}");
    until_stored(&server, &name, "brightness", &json!(42));
    let beyond = done(&server, "ReportAsVirtualDevice", &about(json!({"Data": r#"{"brightness":101}"#})));
    assert_eq!(beyond["Code"], 406, "{beyond}");
    let event = about(json!({"EventId": "hot", "Params": r#"{"degrees":90}"#}));
    assert_eq!(done(&server, "PostEventAsVirtualDevice", &event)["Code"], 0);

    // What a control sets is reported back; what the model gives is answered.
    done(&server, "ControlDeviceData", &about(json!({"Data": r#"{"brightness":7}"#})));
    until_stored(&server, &name, "brightness", &json!(7));
    let call = about(json!({"ActionId": "blink"}));
    let answered = done(&server, "CallDeviceActionSync", &call);
    let output: Value = serde_json::from_str(answered["OutputParams"].as_str().expect("text")).expect("JSON");
    assert!(output["times"].as_i64().is_some_and(|times| (1..=9).contains(&times)), "{answered}");

    let told = json!({"ReportInterval": 0, "ValuesChange": false, "ActionOutputs": {"blink": {"times": 3}},
        "Control": {"Policy": "refuse", "Code": 7, "Status": "no"}});
    done(&server, "ModifyVirtualDevice", &about(json!({"Behaviour": told})));
    let answered = done(&server, "CallDeviceActionSync", &call);
    assert_eq!(answered["OutputParams"], r#"{"times":3}"#, "{answered}");
    done(&server, "ControlDeviceData", &about(json!({"Data": r#"{"brightness":99}"#})));
    let commands = || server.admin().get(&format!("/products/{PRODUCT}/devices/{name}/commands"));
    until("the refusal", commands, |seen| seen.to_string().contains(r#""code":7"#));
    until_stored(&server, &name, "brightness", &json!(7));

    let seen = until_state(&server, &name, "Online");
    assert_eq!(seen["Counts"]["Actions"], 2, "{seen}");
    let values: Value = serde_json::from_str(seen["Values"].as_str().expect("text")).expect("JSON");
    assert_eq!(values["brightness"], 7);
    assert_eq!(
        refused(&server, "ModifyVirtualDevice", &about(json!({"Behaviour": {"ReportInterval": 99_999}}))),
        "InvalidParameterValue"
    );
    done(&server, "StopVirtualDevice", &about(json!({})));
    assert_eq!(
        refused(&server, "ReportAsVirtualDevice", &about(json!({"Data": "{}"}))),
        "FailedOperation.VirtualDeviceNotRunning"
    );
    assert_eq!(until_state(&server, &name, "Stopped")["Running"], false);
}

#[test]
fn the_real_device_comes_first_and_the_virtual_one_returns_when_it_has_gone() {
    let server = server(ServerOptions::default());
    let credentials = server.admin().create_device(PRODUCT, "lamp");
    let lamp = json!({"DeviceName": "lamp", "Behaviour": quiet()});
    let mut real = FakeDevice::connect(server.mqtt(), &credentials);
    assert_eq!(refused(&server, "StartVirtualDevice", &lamp), "FailedOperation.DeviceIsConnected");
    assert_eq!(
        refused(&server, "DescribeVirtualDevice", &json!({"DeviceName": "lamp"})),
        "ResourceNotFound.VirtualDeviceNotExist"
    );
    real.subscribe("$thing/down/property", 0);

    let mut forced = lamp.clone();
    forced["Force"] = json!(true);
    done(&server, "StartVirtualDevice", &forced);
    until_state(&server, "lamp", "Online");
    real.client.expect_closed();

    let mut real = FakeDevice::connect(server.mqtt(), &credentials);
    real.subscribe("$thing/down/property", 0);
    let displaced = until_state(&server, "lamp", "Displaced");
    assert_eq!(displaced["LastError"]["Kind"], "Displaced", "{displaced}");
    // It does not fight: the real one is still there and served.
    assert_eq!(real.report(&json!({"brightness": 1}))["code"], 0);
    drop(real);
    until_state(&server, "lamp", "Online");
}

#[test]
fn what_runs_goes_on_after_a_restart_as_it_was_told_and_faults_are_acted_out() {
    let options = ServerOptions::default().set("devices.max_virtual_devices_per_account", "1");
    let mut server = server(options);
    let faulty = json!({"ReportInterval": 1, "Faults": [
        {"Kind": "disconnect", "Percent": 50, "Seconds": 0.1}, {"Kind": "out-of-range", "Percent": 100}]});
    done(&server, "StartVirtualDevice", &json!({"Behaviour": faulty}));
    server.admin().create_device(PRODUCT, "second");
    assert_eq!(
        refused(&server, "StartVirtualDevice", &json!({"DeviceName": "second"})),
        "LimitExceeded.VirtualDeviceExceedLimit"
    );
    server.restart();
    let look = || done(&server, "DescribeVirtualDevices", &json!({}))["VirtualDevices"][0].clone();
    let seen = until("the faults", look, |seen| {
        let answers = seen["Counts"]["Answers"].as_array();
        let refused = answers.is_some_and(|answers| answers.iter().any(|answer| answer["Code"] == 406));
        refused && seen["Counts"]["Connections"].as_i64() >= Some(2)
    });
    assert_eq!(seen["Behaviour"]["Faults"][1]["Kind"], "out-of-range", "{seen}");
    server.admin().delete(&format!("/products/{PRODUCT}/devices/virtual-device"));
    let left = done(&server, "DescribeVirtualDevices", &json!({}));
    assert_eq!(left["VirtualDevices"], json!([]), "a deleted device is played no more");
    done(&server, "StartVirtualDevice", &json!({"DeviceName": "second"}));
}
