//! Controls and actions: the way of a command from "stored" to its end (facts §2.2, §2.4).

use std::time::Duration;

use serde_json::json;
use yizhan_devices::{CommandState, DevicesConfig, DevicesError, LogName, SendOutcome};
use yizhan_vocabulary::causes::{DisconnectCause, DropReason};

use crate::rig::{ACTION_UP, Rig, UP};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

#[test]
fn an_online_device_gets_the_control_and_its_reply_ends_it() {
    let mut rig = Rig::new();
    rig.connect();
    let issued = rig.control(r#"{ "power_switch": 1, "name": "a b" }"#).unwrap();
    assert_eq!(issued.view.state, CommandState::Sent);
    let (topic, sent) = rig.links.last_sent();
    assert_eq!(topic, "$thing/down/property/DEMOPROD01/dev001");
    let token = issued.view.client_token.clone();
    assert!(token.len() <= 60);
    assert_eq!(
        sent,
        json!({"method": "control", "clientToken": token, "params": {"power_switch": 1, "name": "a b"}})
    );
    assert!(!String::from_utf8_lossy(&rig.links.sent.lock()[0].payload).contains(": "));
    let tag = rig.links.sent.lock()[0].tag;
    rig.settle(tag, true);
    assert_eq!(rig.command(&issued.view).state, CommandState::Received);
    assert!(
        rig.uplink(UP, &format!(r#"{{"method":"control_reply","code":0,"clientToken":"{token}"}}"#))
            .is_empty()
    );
    let view = issued.view.clone();
    let ended = run(issued.outcome(Duration::from_secs(5)));
    assert_eq!((ended.state, ended.code), (CommandState::Done, Some(0)));
    assert_eq!(rig.command(&view).state, CommandState::Done);
    let states: Vec<_> = rig.log(LogName::Command).iter().map(|entry| entry["state"].clone()).collect();
    assert_eq!(states, ["stored", "sent", "received", "done"]);
    assert_eq!(rig.devices.outstanding_commands(), 0);
}

#[test]
fn a_failed_reply_ends_it_as_failed_and_a_methodless_one_counts_too() {
    let mut rig = Rig::new();
    rig.connect();
    let first = rig.control(r#"{"brightness":3}"#).unwrap().view;
    let reply = json!({"method": "control_reply", "code": -3, "clientToken": first.client_token, "status": "no\u{0}pe"});
    rig.uplink(UP, &reply.to_string());
    let ended = rig.command(&first);
    assert_eq!(
        (ended.state, ended.code, ended.status.as_deref()),
        (CommandState::Failed, Some(-3), Some("nope"))
    );
    let second = rig.control(r#"{"brightness":4}"#).unwrap().view;
    let python = json!({"code": 0, "clientToken": second.client_token, "status": "\u{0}"});
    assert!(rig.uplink(UP, &python.to_string()).is_empty());
    assert_eq!(rig.command(&second).state, CommandState::Done);
}

#[test]
fn the_caller_waits_until_the_answer_is_durable() {
    let mut rig = Rig::new();
    rig.connect();
    let issued = rig.control(r#"{"brightness":3}"#).unwrap();
    let token = issued.view.client_token.clone();
    rig.take(UP, format!(r#"{{"method":"control_reply","code":0,"clientToken":"{token}"}}"#).as_bytes());
    let still_open = run(issued.outcome(Duration::from_millis(50)));
    assert_eq!(still_open.state, CommandState::Sent);
    rig.flush();
    assert_eq!(rig.command(&still_open).state, CommandState::Done);
}

#[test]
fn a_control_that_does_not_fit_the_model_is_refused_before_anything_is_stored() {
    let rig = Rig::new();
    for (params, code) in [(r#"{"unknown":1}"#, 403), (r#"{"brightness":1000}"#, 406)] {
        match rig.control(params) {
            Err(DevicesError::InvalidValue { code: found, .. }) => assert_eq!(found, code),
            other => panic!("{other:?}"),
        }
    }
    for params in ["{}", "[]", "", "{", "1"] {
        assert!(matches!(rig.control(params), Err(DevicesError::Invalid(_))), "{params}");
    }
    assert!(rig.log(LogName::Command).is_empty());
}

#[test]
fn an_offline_device_finds_its_controls_in_get_status_and_settles_them_with_its_own_token() {
    let mut rig = Rig::new();
    rig.connect();
    rig.disconnect(DisconnectCause::ClientDisconnect);
    let first = rig.control(r#"{"power_switch":1,"position":{"longitude":3}}"#).unwrap().view;
    rig.clock.advance(Duration::from_millis(5));
    let second = rig.control(r#"{"brightness":20,"position":{"latitude":4}}"#).unwrap().view;
    assert_eq!((first.state, second.state), (CommandState::Stored, CommandState::Stored));
    rig.connect();
    let status = rig.answer(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    let control = &status["data"]["control"];
    assert_eq!((&control["power_switch"], &control["brightness"]), (&json!(1), &json!(20)));
    assert_eq!(control["position"]["longitude"].as_f64(), Some(3.0));
    assert_eq!(control["position"]["latitude"].as_f64(), Some(4.0));
    let only_reported = r#"{"method":"get_status","clientToken":"T","type":"report"}"#;
    assert_eq!(rig.answer(UP, only_reported)["data"].get("control"), None);
    assert_eq!(rig.answer(UP, r#"{"method":"clear_control","clientToken":"T"}"#)["code"], 0);
    assert_eq!(rig.command(&first).state, CommandState::Received);
    let again = rig.answer(UP, r#"{"method":"get_status","clientToken":"T2"}"#);
    assert_eq!(again["data"].get("control"), None);
    rig.uplink(UP, r#"{"method":"control_reply","code":0,"clientToken":"T"}"#);
    assert_eq!(rig.command(&first).state, CommandState::Done);
    assert_eq!(rig.command(&second).state, CommandState::Done);
}

#[test]
fn clear_control_without_a_reply_counts_as_done_after_a_while() {
    let mut rig = Rig::new();
    let control = rig.control(r#"{"brightness":20}"#).unwrap().view;
    rig.answer(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    rig.answer(UP, r#"{"method":"clear_control","clientToken":"T"}"#);
    rig.clock.advance(Duration::from_secs(9));
    rig.tick();
    assert_eq!(rig.command(&control).state, CommandState::Received);
    rig.clock.advance(Duration::from_secs(2));
    rig.tick();
    assert_eq!(rig.command(&control).state, CommandState::Done);
}

#[test]
fn an_unanswered_control_expires_after_its_time() {
    let mut rig = Rig::new();
    rig.connect();
    let control = rig.control(r#"{"brightness":20}"#).unwrap().view;
    rig.clock.advance(Duration::from_secs(24 * 3600 - 1));
    rig.tick();
    assert_eq!(rig.command(&control).state, CommandState::Sent);
    rig.clock.advance(Duration::from_secs(2));
    rig.tick();
    assert_eq!(rig.command(&control).state, CommandState::Expired);
    assert_eq!(rig.devices.outstanding_commands(), 0);
    let late = format!(r#"{{"method":"control_reply","code":0,"clientToken":"{}"}}"#, control.client_token);
    assert!(rig.uplink(UP, &late).is_empty());
    assert_eq!(rig.command(&control).state, CommandState::Expired);
    let remark = &rig.log(LogName::Diagnostic)[0];
    assert_eq!(remark["errcode"], "Pub_To_Dev_Answer_Refused", "nobody waits for this answer: {remark}");
}

#[test]
fn setting_the_clock_neither_ends_a_command_nor_keeps_it() {
    const TWO_DAYS: i64 = 2 * 24 * 3_600_000;
    let mut rig = Rig::new();
    rig.connect();
    let control = rig.control(r#"{"brightness":20}"#).unwrap().view;
    rig.clock.set_by(TWO_DAYS);
    rig.tick();
    assert_eq!(rig.command(&control).state, CommandState::Sent);
    rig.clock.set_by(-2 * TWO_DAYS);
    rig.clock.advance(Duration::from_secs(24 * 3600 + 1));
    rig.tick();
    assert_eq!(rig.command(&control).state, CommandState::Expired);
    assert_eq!(rig.devices.commands(&rig.device(), 10).unwrap()[0].state, CommandState::Expired);
}

#[test]
fn controls_stay_in_the_order_of_their_making_whatever_the_clock_says() {
    let rig = Rig::new();
    rig.control(r#"{"brightness":1}"#).unwrap();
    rig.clock.set_by(-3_600_000);
    rig.control(r#"{"brightness":2}"#).unwrap();
    let mut rig = rig.crash();
    let status = rig.answer(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    assert_eq!(status["data"]["control"]["brightness"], 2);
}

#[test]
fn a_command_whose_time_comes_while_nothing_can_be_stored_expires_later() {
    let mut rig = Rig::new();
    rig.connect();
    let control = rig.control(r#"{"brightness":20}"#).unwrap().view;
    rig.clock.advance(Duration::from_secs(25 * 3600));
    rig.journal.shutdown();
    rig.tick();
    assert_eq!(rig.devices.outstanding_commands(), 1);
    let rig = rig.crash();
    rig.tick();
    assert_eq!(rig.command(&control).state, CommandState::Expired);
}

#[test]
fn a_command_whose_failure_cannot_be_stored_stays_until_its_time_comes() {
    let mut rig = Rig::new();
    rig.connect();
    rig.links.refuse_with(SendOutcome::NoSubscriber);
    rig.links.stop_when_sending(&rig.journal);
    let failed = rig.action("light_blink", r#"{"time":5,"color":1,"total_time":3}"#);
    assert!(matches!(failed, Err(DevicesError::Unavailable(_))));
    let shown = || rig.devices.commands(&rig.device(), 10).unwrap().remove(0);
    assert_eq!((rig.devices.outstanding_commands(), shown().state), (1, CommandState::Sent));
    let command = shown();
    rig.clock.advance(Duration::from_secs(25 * 3600));
    let rig = rig.crash();
    rig.tick();
    assert_eq!(rig.command(&command).state, CommandState::Expired);
}

#[test]
fn a_command_that_cannot_be_stored_is_never_seen() {
    let rig = Rig::new();
    rig.journal.shutdown();
    assert!(matches!(rig.control(r#"{"brightness":20}"#), Err(DevicesError::Unavailable(_))));
    assert_eq!(rig.devices.outstanding_commands(), 0);
    assert!(rig.devices.commands(&rig.device(), 10).unwrap().is_empty());
}

#[test]
fn a_control_nobody_subscribes_to_stays_for_get_status_and_is_explained() {
    let mut rig = Rig::new();
    rig.connect();
    rig.links.refuse_with(SendOutcome::NoSubscriber);
    let control = rig.control(r#"{"brightness":20}"#).unwrap().view;
    assert_eq!(control.state, CommandState::Stored);
    assert_eq!(rig.log(LogName::Diagnostic)[0]["errcode"], "Pub_To_Dev_No_Subscriber");
    rig.links.refuse_with(SendOutcome::Refused(DropReason::QueueFull));
    rig.control(r#"{"power_switch":1}"#).unwrap();
    assert_eq!(rig.log(LogName::Diagnostic)[1]["errcode"], "Pub_To_Dev_Offline_Msg_Exceed_Limit");
    let status = rig.answer(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    assert_eq!(status["data"]["control"], json!({"brightness": 20, "power_switch": 1}));
}

#[test]
fn an_action_brings_its_response_back() {
    let mut rig = Rig::new();
    rig.connect();
    let issued = rig.action("light_blink", r#"{"time":5,"color":1,"total_time":3}"#).unwrap();
    let (topic, sent) = rig.links.last_sent();
    assert_eq!(topic, "$thing/down/action/DEMOPROD01/dev001");
    assert_eq!((&sent["method"], &sent["actionId"]), (&json!("action"), &json!("light_blink")));
    assert!(sent["timestamp"].is_i64() && sent["params"]["total_time"] == 3);
    let reply = json!({"method": "action_reply", "clientToken": issued.view.client_token, "code": 0,
        "status": "action execute success!", "response": {"err_code": 1}});
    assert!(rig.uplink(ACTION_UP, &reply.to_string()).is_empty());
    let ended = run(issued.outcome(Duration::from_secs(5)));
    assert_eq!(ended.state, CommandState::Done);
    assert_eq!(ended.response.as_ref().unwrap().get(), r#"{"err_code":1}"#);
    let log = rig.log(LogName::Action);
    assert_eq!(
        (log.len(), &log[0]["action"], &log[0]["response"]["err_code"]),
        (1, &json!("light_blink"), &json!(1))
    );
}

#[test]
fn an_action_with_missing_inputs_or_an_offline_device_goes_nowhere() {
    let mut rig = Rig::new();
    let missing = rig.action("light_blink", r#"{"time":5}"#);
    assert!(matches!(missing, Err(DevicesError::InvalidValue { code: 406, .. })), "{missing:?}");
    assert!(matches!(rig.action("unknown", "{}"), Err(DevicesError::InvalidValue { code: 403, .. })));
    let params = r#"{"time":5,"color":1,"total_time":3}"#;
    let offline = rig.action("light_blink", params).unwrap();
    assert_eq!(offline.view.state, CommandState::Failed);
    assert_eq!(offline.view.status.as_deref(), Some("the device is offline"));
    rig.connect();
    let silent = rig.action("light_blink", params).unwrap().view;
    rig.clock.advance(Duration::from_secs(11));
    rig.tick();
    assert_eq!(rig.command(&silent).state, CommandState::Expired);
}

#[test]
fn a_device_and_the_server_hold_a_bounded_number_of_commands() {
    let mut rig =
        Rig::with(DevicesConfig { max_commands_per_device: 2, max_commands: 3, ..DevicesConfig::default() });
    rig.create("dev002");
    rig.control(r#"{"brightness":1}"#).unwrap();
    let second = rig.control(r#"{"brightness":2}"#).unwrap().view;
    assert!(matches!(rig.control(r#"{"brightness":3}"#), Err(DevicesError::LimitReached(_))));
    let other = rig.devices.find(&crate::rig::product_id(), "dev002").unwrap();
    let request = yizhan_devices::ControlRequest { params: r#"{"brightness":1}"#.into(), keep: None };
    rig.devices.control(&other, &request).unwrap();
    assert!(matches!(rig.devices.control(&other, &request), Err(DevicesError::LimitReached(_))));
    let reply = format!(r#"{{"method":"control_reply","code":0,"clientToken":"{}"}}"#, second.client_token);
    rig.uplink(UP, &reply);
    rig.devices.control(&other, &request).unwrap();
    let newest = rig.devices.commands(&rig.device(), 10).unwrap();
    assert_eq!(newest.len(), 2);
    assert_eq!((newest[0].id, newest[0].state), (second.id, CommandState::Done));
}

#[test]
fn a_disabled_device_cannot_be_commanded() {
    let rig = Rig::new();
    rig.devices.enable_device(&rig.device(), false).unwrap();
    assert!(matches!(rig.control(r#"{"brightness":1}"#), Err(DevicesError::Conflict(_))));
}
