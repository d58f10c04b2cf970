//! Data, commands, messages, topics, logs and statistics of a device that is really connected.

use std::thread;

use serde_json::{Value, json};
use yizhan_management_tests::tenants;
use yizhan_testkit::{DeviceCredentials, FakeDevice};

use crate::calls::{done, refused};

/// A product with a model of its own, one device of it, and its project.
pub(crate) struct Situation {
    pub project: String,
    pub product: String,
    pub credentials: DeviceCredentials,
}

impl Situation {
    pub fn new(name: &str) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let project = done("CreateProject", &json!({"ProjectName": name, "ProjectDesc": ""}));
        let project = text(&project["Project"]["ProjectId"]);
        let request = json!({"ProjectId": project, "ProductName": name, "CategoryId": 1, "ProductType": 0,
            "EncryptionType": "2", "NetType": "wifi", "DataProtocol": 1, "ProductDesc": ""});
        let product = text(&done("CreateStudioProduct", &request)["Product"]["ProductId"]);
        let model = json!({"version": "1.0", "properties": [
            {"id": "brightness", "name": "Brightness", "mode": "rw",
             "define": {"type": "int", "min": "0", "max": "100", "step": "1"}}],
            "events": [{"id": "hot", "name": "Hot", "type": "alert", "params": [
             {"id": "degrees", "name": "Degrees", "define": {"type": "int", "min": "0", "max": "200", "step": "1"}}]}],
            "actions": [{"id": "blink", "name": "Blink", "input": [], "output": []}]});
        done("ModifyModelDefinition", &json!({"ProductId": product, "ModelSchema": model.to_string()}));
        let made = done("CreateDevice", &json!({"ProductId": product, "DeviceName": "one"}));
        let secret = text(&made["Data"]["DevicePsk"]);
        let credentials = DeviceCredentials { product: product.clone(), name: "one".to_owned(), secret };
        Self { project, product, credentials }
    }

    /// A request about the device.
    pub fn about(&self, more: Value) -> Value {
        let mut request = json!({"ProductId": self.product, "DeviceName": "one"});
        for (member, value) in more.as_object().into_iter().flatten() {
            request[member] = value.clone();
        }
        request
    }

    pub fn connect(&self) -> FakeDevice {
        FakeDevice::connect(tenants().server.mqtt(), &self.credentials)
    }
}

/// All of time, in milliseconds.
fn ever() -> Value {
    json!({"MinTime": 0, "MaxTime": 4_102_444_800_000_i64})
}

#[test]
fn what_a_device_reports_is_read_back_and_it_is_set_and_called() {
    let it = Situation::new("data");
    let control = it.about(json!({"Data": r#"{"brightness":9}"#}));
    assert_eq!(done("ControlDeviceData", &control)["Result"], r#"{"Sent":0,"pushResult":23101}"#);
    let call_blink = it.about(json!({"ActionId": "blink"}));
    assert_eq!(refused("CallDeviceActionSync", &call_blink), "FailedOperation.ActionUnreachable");
    let mut device = it.connect();
    device.subscribe("$thing/down/property", 1);
    device.subscribe("$thing/down/action", 1);
    device.report(&json!({"brightness": 7}));
    let data = done("DescribeDeviceData", &it.about(json!({})));
    let data: Value = serde_json::from_str(data["Data"].as_str().expect("text")).expect("JSON");
    assert_eq!(data["brightness"]["Value"], 7);
    assert!(data["brightness"]["LastUpdate"].as_i64().is_some_and(|at| at > 1_600_000_000_000));
    assert_eq!(done("ControlDeviceData", &control)["Result"], r#"{"Sent":1,"pushResult":0}"#);
    let topic = device.topic("$thing/down/property");
    device.expect_json(&topic, |message| {
        message["method"] == "control" && message["params"]["brightness"] == 9
    });
    let reported = it.about(json!({"Data": r#"{"brightness":8}"#, "Method": "reported"}));
    done("ControlDeviceData", &reported);
    let history = it.about(
        json!({"MinTime": 0, "MaxTime": 4_102_444_800_000_i64, "FieldName": "brightness", "Limit": 1}),
    );
    let first = done("DescribeDeviceDataHistory", &history);
    assert_eq!((&first["Results"][0]["Value"], &first["Listover"]), (&json!("7"), &json!(false)));
    let mut next = history;
    next["Context"] = first["Context"].clone();
    let second = done("DescribeDeviceDataHistory", &next);
    assert_eq!((&second["Results"][0]["Value"], &second["Listover"]), (&json!("8"), &json!(true)));
    for (data, code) in [(r#"{"other":1}"#, "InvalidParameterValue"), ("x", "InvalidParameterValue")] {
        assert_eq!(refused("ControlDeviceData", &it.about(json!({"Data": data}))), code, "{data}");
    }
    assert_eq!(
        refused("CallDeviceActionAsync", &it.about(json!({"ActionId": "none"}))),
        "InvalidParameterValue.ActionNilOrNotExist"
    );
    let topic = device.topic("$thing/down/action");
    let answered = thread::scope(|scope| {
        let calling = scope.spawn(|| done("CallDeviceActionSync", &call_blink));
        let asked = device.expect_json(&topic, |message| message["actionId"] == "blink");
        let reply = json!({"method": "action_reply", "clientToken": asked["clientToken"], "code": 0,
            "status": "succ", "response": {}});
        device.publish("$thing/up/action", &reply, 0);
        calling.join().expect("the call ends")
    });
    assert_eq!((&answered["Status"], &answered["OutputParams"]), (&json!("succ"), &json!("{}")));
    let calls = done("DescribeDeviceActionHistory", &it.about(ever()));
    assert_eq!(
        (&calls["TotalCounts"], &calls["ActionHistories"][0]["ActionName"]),
        (&json!(2), &json!("Blink"))
    );
    let event = json!({"method": "event_post", "clientToken": "e", "eventId": "hot", "type": "alert",
        "timestamp": 0, "params": {"degrees": 90}});
    device.subscribe("$thing/down/event", 0);
    device.publish("$thing/up/event", &event, 1);
    let events = done("ListEventHistory", &it.about(json!({"Type": "alert", "EventId": "hot"})));
    assert_eq!(
        (&events["Total"], &events["EventHistory"][0]["Data"]),
        (&json!(1), &json!(r#"{"degrees":90}"#))
    );
    assert_eq!(done("ListEventHistory", &it.about(json!({"Type": "info"})))["Total"], 0);
}

#[test]
fn messages_reach_a_device_that_listens_and_calls_bring_its_answer() {
    let it = Situation::new("messages");
    let topic = format!("{}/one/data", it.product);
    let message = it.about(json!({"Topic": topic, "Payload": "aGVsbG8=", "PayloadEncoding": "base64"}));
    assert_eq!(refused("PublishMessage", &message), "FailedOperation.DeviceOffline");
    let mut device = it.connect();
    assert_eq!(refused("PublishMessage", &message), "FailedOperation.DeviceNoSubscription");
    device.client.subscribe(7, &[(&topic, 0)]);
    done("PublishMessage", &message);
    assert_eq!(device.expect_message(&topic).payload, b"hello");
    let subscribed = done("DescribeSubscribedTopicPolicy", &it.about(json!({})));
    assert_eq!(subscribed["Topics"], json!([{"TopicName": topic}]));
    let batch = json!({"ProductId": it.product, "DeviceNames": ["one", "two"], "Payload": "all",
        "Topic": format!("{}/${{deviceName}}/data", it.product)});
    let result = done("BatchPublishMessage", &batch);
    assert_eq!((&result["Total"], &result["SuccessCount"]), (&json!(2), &json!(1)));
    assert_eq!(result["Failures"][0]["DeviceName"], "two");
    let down = device.topic("$iotrrpc/down");
    device.client.subscribe(8, &[(&format!("{down}/+"), 0)]);
    let question = it.about(json!({"Payload": "who"}));
    let replied = thread::scope(|scope| {
        let calling = scope.spawn(|| done("CallDeviceRRPCSync", &question));
        let asked = device.client.wait_for("a call", |packet| match packet {
            yizhan_testkit::Received::Publish(publish) if publish.topic.starts_with(&down) => {
                Some(publish.clone())
            }
            _ => None,
        });
        let up = asked.topic.replace("/down/", "/up/");
        device.client.publish_as(&yizhan_testkit::mqtt::Publishing::new(&up, b"me"));
        calling.join().expect("the call ends")
    });
    assert_eq!((&replied["Status"], &replied["PayloadBase64"]), (&json!("Replied"), &json!("bWU=")));
    assert_eq!(
        refused("CallDeviceRRPCSync", &it.about(json!({"ReplyTopic": "x"}))),
        "InvalidParameterValue.TopicMismatch"
    );
    let keywords = format!("productid:{} devicename:one hello", it.product);
    let mut search = ever();
    search["Keywords"] = keywords.into();
    let found = done("ListLogPayload", &search);
    assert_eq!((found["Results"].as_array().map(Vec::len), &found["Listover"]), (Some(1), &json!(true)));
    assert_eq!(
        (&found["Results"][0]["Payload"], &found["Results"][0]["SrcType"]),
        (&json!("aGVsbG8="), &json!("api"))
    );
    search["Keywords"] = format!("productid:{} scene:STATUS", it.product).into();
    assert_eq!(done("ListLog", &search)["Results"][0]["Scene"], "STATUS");
    assert_eq!(refused("ListLog", &ever()), "InvalidParameterValue");
    let status = done("DescribeDeviceStatusLog", &it.about(ever()));
    assert_eq!((&status["TotalCount"], &status["Results"][0]["Type"]), (&json!(1), &json!("Online")));
    let mut up = it.about(ever());
    up["Type"] = "device".into();
    let up = done("DescribeDeviceCommLog", &up);
    assert!(
        up["Results"].as_array().is_some_and(|rows| rows.iter().all(|row| row["Type"] == "device")),
        "{up}"
    );
    let problems = done("DescribeDiagnosticLog", &it.about(ever()));
    assert_eq!(problems["Results"][0]["ErrCode"], "Pub_To_Dev_No_Subscriber");
}

#[test]
fn custom_topics_are_made_renamed_and_deleted_and_the_platforms_own_stay() {
    let it = Situation::new("topics");
    let name = |suffix: &str| format!("{}/${{deviceName}}/{suffix}", it.product);
    let about = |topic: &str| json!({"ProductId": it.product, "TopicName": topic, "Privilege": 1});
    done("CreateTopicPolicy", &about(&name("a/b")));
    assert_eq!(
        refused("CreateTopicPolicy", &about(&name("a/b"))),
        "InvalidParameterValue.TopicPolicyAlreadyExist"
    );
    let mut renamed = about(&name("a/b"));
    renamed["NewTopicName"] = name("c").into();
    renamed["Privilege"] = 3.into();
    done("ModifyTopicPolicy", &renamed);
    assert_eq!(refused("ModifyTopicPolicy", &renamed), "ResourceNotFound.TopicPolicyNotExist");
    assert_eq!(done("DescribeTopicPolicy", &about(&name("c")))["Privilege"], 3);
    let listed = done("ListTopicPolicy", &json!({"ProductId": it.product}));
    let privilege = |topic: &str| {
        let topics = listed["Topics"].as_array().into_iter().flatten();
        topics.filter(|item| item["TopicName"] == *topic).map(|item| item["Privilege"].clone()).next()
    };
    assert_eq!(privilege(&name("c")), Some(json!(3)));
    let platform = format!("$thing/up/property/{}/${{deviceName}}", it.product);
    assert_eq!(privilege(&platform), Some(json!(1)));
    assert_eq!(done("DescribeTopicPolicy", &about(&platform))["Privilege"], 1);
    for foreign in [platform.as_str(), "OTHERPROD1/${deviceName}/x", "x"] {
        assert_eq!(refused("DeleteTopicPolicy", &about(foreign)), "InvalidParameterValue", "{foreign}");
    }
    done("DeleteTopicPolicy", &about(&name("c")));
    assert_eq!(refused("DescribeTopicPolicy", &about(&name("c"))), "ResourceNotFound.TopicPolicyNotExist");
}

#[test]
fn devices_and_messages_are_counted_by_day_and_by_place() {
    let it = Situation::new("statistics");
    let mut device = it.connect();
    device.subscribe("$thing/down/property", 1);
    device.report(&json!({"brightness": 7}));
    let sum = done("GetDeviceSumStatistics", &json!({"ProjectId": it.project}));
    assert_eq!(
        (&sum["ActivationCount"], &sum["OnlineCount"], &sum["ActiveBeforeDay"]),
        (&json!(1), &json!(1), &json!(0))
    );
    let mut search = ever();
    search["Keywords"] = format!("productid:{} scene:STATUS", it.product).into();
    let connected = done("ListLog", &search)["Results"][0]["Time"].as_str().expect("a time").to_owned();
    let today = &connected[..10];
    let span = json!({"ProductId": it.product, "StartDate": today, "EndDate": today});
    let expected = json!([{"Date": today, "NewRegisterCnt": 1, "NewActivateCnt": 1, "ActiveCnt": 1}]);
    let devices = done("DescribeDeviceDataStats", &span);
    assert_eq!(
        (&devices["Data"], &devices["RegisterCnt"], &devices["Total"]),
        (&expected, &json!(1), &json!(1))
    );
    let expected = json!([{"Date": today, "UpMsgCnt": 1, "DownMsgCnt": 1, "NtpMsgCnt": 0}]);
    assert_eq!(done("DescribeMessageDataStats", &span)["Data"], expected);
    let online = done("DescribeOnlineStats", &span);
    assert_eq!((&online["OnlineCount"], &online["Data"][0]["OnlinePeak"]), (&json!(1), &json!(1)));
    let places = done("DescribeDeviceDistribution", &span);
    assert_eq!((&places["Total"], &places["Regions"][0]["Kind"]), (&json!(1), &json!("private")));
    let mut backwards = span.clone();
    backwards["EndDate"] = "2020-12-31".into();
    assert_eq!(refused("DescribeMessageDataStats", &backwards), "InvalidParameterValue");
}
