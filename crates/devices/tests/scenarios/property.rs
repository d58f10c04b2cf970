//! Reports, basic information, questions for the last values, and what is refused (facts §2.2, §2.13).

use serde_json::{Value, json};
use yizhan_devices::{LogName, Order};
use yizhan_journal::TimeRange;
use yizhan_vocabulary::causes::DropReason;
use yizhan_vocabulary::{PointValue, UnixMillis};

use crate::rig::{DOWN, EVENT_UP, NOW, Rig, UP, product_id};

#[test]
fn a_report_is_answered_in_the_words_of_the_protocol_and_becomes_the_last_value() {
    let mut rig = Rig::new();
    let report = r#"{"method": "report", "clientToken": "DEMOPROD01-2", "params": {"power_switch": 0, "color": 0, "brightness": 1, "name": "", "position": {"longitude": 1, "latitude": 1}}}"#;
    let replies = rig.uplink_bytes(UP, report.as_bytes());
    assert_eq!(replies.len(), 1);
    assert_eq!(replies[0].0, DOWN);
    let expected = r#"{"method":"report_reply","clientToken":"DEMOPROD01-2","code":0,"status":"success"}"#;
    assert_eq!(std::str::from_utf8(&replies[0].1).unwrap(), expected);
    assert!(rig.out.handled && rig.out.dropped.is_none());
    let latest = rig.latest();
    assert_eq!(latest["power_switch"], 0);
    assert_eq!(latest["position"]["longitude"].as_f64(), Some(1.0));
    assert_eq!(latest["name"], "");
}

#[test]
fn a_report_outside_the_model_changes_nothing_and_is_answered_with_its_code() {
    let mut rig = Rig::new();
    let cases = [
        (r#"{"method":"report","clientToken":"t","params":{"brightness":50,"nonsense":1}}"#, 403),
        (r#"{"method":"report","clientToken":"t","params":{"brightness":101}}"#, 406),
        (r#"{"method":"report","clientToken":"t","params":{"power":""}}"#, 406),
        (r#"{"method":"report","clientToken":"t","params":[1]}"#, 406),
        (r#"{"method":"report","clientToken":"t"}"#, 406),
        (r#"{"method":"report","clientToken":"t","timestamp":1628646783,"params":{"brightness":1}}"#, 405),
        (r#"{"method":"dance","clientToken":"t"}"#, 403),
    ];
    for (payload, code) in cases {
        let answer = rig.answer(UP, payload);
        assert_eq!((answer["code"].as_i64(), &answer["clientToken"]), (Some(code), &json!("t")), "{payload}");
        assert!(!answer["status"].as_str().unwrap().is_empty(), "{payload}");
    }
    assert_eq!(rig.latest(), json!({}));
    let problems = rig.log(LogName::Diagnostic);
    assert_eq!(problems.len(), cases.len());
    assert_eq!(problems[0]["errcode"], "Dev_Pub_Payload_Refused");
}

#[test]
fn what_cannot_be_read_is_answered_only_if_its_token_can() {
    let mut rig = Rig::new();
    assert!(rig.uplink(UP, "no json").is_empty());
    assert_eq!(rig.out.dropped, Some(DropReason::MalformedPayload));
    assert!(rig.uplink(UP, "").is_empty());
    assert!(rig.uplink(UP, r#"{"method":"report","clientToken":"t","params":"#).is_empty());
    let twice = r#"{"method":"report","clientToken":"t","params":{},"params":{}}"#;
    assert_eq!(rig.answer(UP, twice)["code"], 400);
    let deep =
        format!(r#"{{"method":"report","clientToken":"t","params":{}{}}}"#, "[".repeat(60), "]".repeat(60));
    assert_eq!(rig.answer(UP, &deep)["code"], 400);
}

#[test]
fn a_message_without_a_method_and_a_reply_are_never_answered() {
    let mut rig = Rig::new();
    for payload in [
        r#"{"code":0,"clientToken":null,"status":"\u0000"}"#,
        r#"{"code":0,"clientToken":"t-1","status":"\u0000"}"#,
        r#"{"method":"report_reply","clientToken":"t","code":0}"#,
        r#"{"method":"control_reply","clientToken":"unknown","code":0}"#,
        "{}",
    ] {
        assert!(rig.uplink(UP, payload).is_empty(), "{payload}");
        assert_eq!(rig.out.dropped, None);
    }
}

#[test]
fn the_same_token_twice_is_two_reports() {
    let mut rig = Rig::new();
    for brightness in [1, 2] {
        let report =
            format!(r#"{{"method":"report","clientToken":"0","params":{{"brightness":{brightness}}}}}"#);
        assert_eq!(rig.answer(UP, &report)["code"], 0);
    }
    assert_eq!(rig.latest(), json!({"brightness": 2}));
    assert_eq!(rig.log(LogName::Content).len(), 4);
}

#[test]
fn a_report_with_its_own_time_keeps_it_in_history_and_the_order_of_receipt_in_the_log() {
    let mut rig = Rig::new();
    let early = NOW - 3_600_000;
    let report = format!(
        r#"{{"method":"report","clientToken":"t","timestamp":{},"params":{{"brightness":7}}}}"#,
        early / 1000
    );
    assert_eq!(rig.answer(UP, &report)["code"], 0);
    let query = yizhan_devices::HistoryQuery {
        range: TimeRange::ALL,
        order: Order::Ascending,
        limit: 10,
        cursor: None,
    };
    let page = rig.devices.history(&rig.device(), "brightness", &query).unwrap();
    assert_eq!(page.points.len(), 1);
    assert_eq!(page.points[0].time, UnixMillis(early));
    assert_eq!(rig.log(LogName::Content)[0]["time"], NOW);
    let boot = r#"{"method":"report","clientToken":"t","timestamp":123456,"params":{"brightness":8}}"#;
    assert_eq!(rig.answer(UP, boot)["code"], 0);
    let page = rig.devices.history(&rig.device(), "brightness", &query).unwrap();
    assert_eq!(page.points[1].time, UnixMillis(NOW));
}

#[test]
fn get_status_gives_the_last_values_in_all_three_shapes_of_the_question() {
    let mut rig = Rig::new();
    rig.answer(UP, r#"{"method":"report","clientToken":"t","params":{"power_switch":1,"brightness":9}}"#);
    let plain = rig.answer_text(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    let expected = r#"{"method":"get_status_reply","clientToken":"T","code":0,"status":"success","data":{"reported":{"power_switch":1,"brightness":9}}}"#;
    assert_eq!(plain, expected);
    let java = r#"{"method":"get_status","clientToken":"DEMOPROD01dev0014","showmeta":0,"type":"report"}"#;
    assert_eq!(rig.answer(UP, java)["data"], json!({"reported": {"power_switch": 1, "brightness": 9}}));
    let esp = r#"{"method":"get_status","clientToken":"dev001-12345","params":{"type":"report"}}"#;
    assert_eq!(rig.answer(UP, esp)["data"]["reported"]["brightness"], 9);
    let control = r#"{"method":"get_status","clientToken":"x","type":"control"}"#;
    assert_eq!(rig.answer(UP, control)["data"], json!({"control": {}}));
    let meta = rig.answer(UP, r#"{"method":"get_status","clientToken":"x","type":"report","showmeta":1}"#);
    assert_eq!(meta["data"]["metadata"]["reported"]["brightness"]["timestamp"], NOW);
    let other = r#"{"method":"get_status","clientToken":"x","type":"else"}"#;
    assert_eq!(rig.answer(UP, other)["code"], 406);
}

#[test]
fn a_new_device_has_an_empty_status_and_clear_control_is_answered_all_the_same() {
    let mut rig = Rig::new();
    let status = rig.answer(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    assert_eq!(status["data"], json!({"reported": {}}));
    let cleared = rig.answer_text(UP, r#"{"method":"clear_control","clientToken":"T"}"#);
    assert_eq!(cleared, r#"{"method":"clear_control_reply","clientToken":"T","code":0,"status":"success"}"#);
}

#[test]
fn report_info_is_kept_and_shown_with_the_device() {
    let mut rig = Rig::new();
    let info = r#"{"method":"report_info","clientToken":"i","params":{"module_hardinfo":"ESP8266","mac":"11:22:33:44:55:66","device_label":{"append_info":"x"}}}"#;
    let expected = r#"{"method":"report_info_reply","clientToken":"i","code":0,"status":"success"}"#;
    assert_eq!(rig.answer_text(UP, info), expected);
    let view = serde_json::to_value(rig.device().view()).unwrap();
    assert_eq!(view["info"]["device_label"]["append_info"], "x");
    let large =
        format!(r#"{{"method":"report_info","clientToken":"i","params":{{"a":"{}"}}}}"#, "x".repeat(9_000));
    assert_eq!(rig.answer(UP, &large)["code"], 406);
}

#[test]
fn events_come_alone_or_in_a_list_under_either_method() {
    let mut rig = Rig::new();
    let single = r#"{"method":"event_post","clientToken":"e1","eventId":"status_report","type":"info","timestamp":1795220127000,"params":{"status":1,"message":"light on"}}"#;
    let expected = r#"{"method":"event_reply","clientToken":"e1","code":0,"status":"","data":{}}"#;
    assert_eq!(rig.answer_text(EVENT_UP, single), expected);
    let list = r#"{"method":"events_post","clientToken":"e2","events":[{"eventId":"status_report","type":"info","timestamp":1795220173000,"params":{"status":1,"message":"1"}},{"eventId":"low_voltage","type":"alert","timestamp":1795220173000,"params":{"voltage":0.010000}}]}"#;
    let expected = r#"{"method":"events_reply","clientToken":"e2","code":0,"status":"","data":{}}"#;
    assert_eq!(rig.answer_text(EVENT_UP, list), expected);
    let python = r#"{"method":"event_post","clientToken":"e3","events":[{"eventId":"status_report","type":"info","params":{"status":0,"message":""}}]}"#;
    assert_eq!(rig.answer(EVENT_UP, python)["method"], "event_reply");
    let log = rig.log(LogName::Event);
    let events: Vec<_> = log.iter().map(|entry| entry["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["status_report", "status_report", "low_voltage", "status_report"]);
    assert_eq!(log[0]["device_time"], 1_795_220_127_000_i64);
    assert_eq!(log[2]["params"]["voltage"].as_f64(), Some(0.01));
}

#[test]
fn a_post_with_one_bad_event_is_refused_as_a_whole() {
    let mut rig = Rig::new();
    let cases = [
        (r#"{"method":"event_post","clientToken":"e","eventId":"unknown","params":{}}"#, 404),
        (
            r#"{"method":"event_post","clientToken":"e","eventId":"low_voltage","type":"info","params":{}}"#,
            406,
        ),
        (r#"{"method":"event_post","clientToken":"e","eventId":"low_voltage","params":{"voltage":99}}"#, 406),
        (
            r#"{"method":"events_post","clientToken":"e","events":[{"eventId":"low_voltage","params":{"voltage":1}},{"eventId":"low_voltage","params":{"voltage":99}}]}"#,
            406,
        ),
        (r#"{"method":"events_post","clientToken":"e","events":[]}"#, 400),
    ];
    for (payload, code) in cases {
        assert_eq!(rig.answer(EVENT_UP, payload)["code"], code, "{payload}");
    }
    assert!(rig.uplink(EVENT_UP, r#"{"clientToken":"e","eventId":"low_voltage"}"#).is_empty());
    assert!(rig.log(LogName::Event).is_empty());
}

#[test]
fn time_service_raw_and_topics_that_are_not_served_each_behave_as_declared() {
    let mut rig = Rig::new();
    let time = rig.answer("$sys/operation/DEMOPROD01/dev001", r#"{"type":"get","resource":["time"]}"#);
    assert_eq!(time, json!({"type": "get", "time": NOW / 1000, "ntptime1": NOW, "ntptime2": NOW}));
    let service = "$thing/up/service/DEMOPROD01/dev001";
    let unbind = r#"{"method":"unbind_device_request","clientToken":"u","deviceName":"dev001","productId":"DEMOPROD01"}"#;
    let refusal = rig.answer(service, unbind);
    assert_eq!((&refusal["method"], &refusal["code"]), (&json!("unbind_device_reply"), &json!(403)));
    let files = rig.answer(service, r#"{"method":"report_version","report":{"resource_list":[]}}"#);
    assert_eq!((&files["method"], &files["result_code"]), (&json!("report_version_rsp"), &json!(403)));
    assert!(rig.uplink(service, r#"{"method":"alert_fence_event_reply","code":"0"}"#).is_empty());
    let raw = b"\xaa\x55\x01\x00";
    assert!(rig.uplink_bytes("$thing/up/raw/DEMOPROD01/dev001", raw).is_empty());
    assert_eq!(rig.out.dropped, None);
    assert!(rig.uplink("$ota/report/DEMOPROD01/dev001", r#"{"type":"report_version"}"#).is_empty());
    assert_eq!(rig.out.dropped, Some(DropReason::FeatureNotServed));
    let raw_entry: Vec<Value> =
        rig.log(LogName::Content).into_iter().filter(|entry| entry["base64"] == true).collect();
    assert_eq!(raw_entry[0]["payload"], "qlUBAA==");
    rig.take("DEMOPROD01/dev001/data", b"{}");
    assert!(!rig.out.handled);
}

#[test]
fn a_changed_model_hides_values_that_do_not_fit_and_keeps_those_that_do() {
    let mut rig = Rig::new();
    rig.answer(
        UP,
        r#"{"method":"report","clientToken":"t","params":{"power_switch":1,"brightness":9,"name":"a"}}"#,
    );
    let changed = r#"{"version":"1.0","properties":[
        {"id":"brightness","name":"b","mode":"rw","define":{"type":"string","min":"0","max":"8"}},
        {"id":"name","name":"n","mode":"rw","define":{"type":"string","min":"0","max":"64"}}],"events":[],"actions":[]}"#;
    rig.devices.put_model(&product_id(), Some(changed)).unwrap();
    assert_eq!(rig.latest(), json!({"name": "a"}));
    let status = rig.answer(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    assert_eq!(status["data"], json!({"reported": {"name": "a"}}));
    let report = r#"{"method":"report","clientToken":"t","params":{"power_switch":1}}"#;
    assert_eq!(rig.answer(UP, report)["code"], 403);
    rig.devices.put_model(&product_id(), Some(yizhan_vocabulary::model::LAMP_MODEL)).unwrap();
    assert_eq!(rig.latest(), json!({"power_switch": 1, "brightness": 9, "name": "a"}));
    rig.devices.put_model(&product_id(), None).unwrap();
    assert_eq!(rig.answer(UP, report)["code"], 403);
    assert_eq!(rig.latest(), json!({}));
}

#[test]
fn a_report_in_the_devices_name_is_stored_like_its_own_and_the_device_hears_nothing() {
    let rig = Rig::new();
    let device = rig.device();
    let at = UnixMillis(NOW - 5_000);
    rig.devices.simulate_report(&device, r#"{ "brightness": 7 }"#, Some(at), "uin/7").unwrap();
    let latest = rig.devices.latest_now(&device).unwrap();
    assert_eq!((&latest["brightness"].value, latest["brightness"].time), (&PointValue::Int(7), at));
    assert!(rig.links.sent.lock().is_empty());
    let log = rig.log(LogName::Content);
    assert_eq!((log.len(), &log[0]["source"], &log[0]["direction"]), (1, &json!("uin/7"), &json!("up")));
    for params in ["{}", r#"{"unknown":1}"#, r#"{"brightness":"x"}"#] {
        assert!(rig.devices.simulate_report(&device, params, None, "").is_err(), "{params}");
    }
    let far = Some(UnixMillis(NOW - 25 * 3_600_000));
    assert!(rig.devices.simulate_report(&device, r#"{"brightness":1}"#, far, "").is_err());
    let rig = rig.crash();
    assert_eq!(rig.latest()["brightness"], 7);
}
