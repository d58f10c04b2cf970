//! What survives a stop and a crash: last values, presence, commands, and the tokens that answers come with.

use std::time::Duration;

use serde_json::json;
use yizhan_devices::{CommandState, LogName, Status};
use yizhan_vocabulary::Clock;
use yizhan_vocabulary::causes::DisconnectCause;

use crate::rig::{Rig, UP};

fn report(brightness: i64) -> String {
    format!(
        r#"{{"method":"report","clientToken":"t","params":{{"brightness":{brightness},"power_switch":1}}}}"#
    )
}

#[test]
fn last_values_survive_a_crash_an_orderly_stop_and_both_in_turn() {
    let mut rig = Rig::new();
    rig.answer(UP, &report(1));
    rig.uplink(UP, r#"{"method":"report_info","clientToken":"i","params":{"mac":"aa"}}"#);
    let mut rig = rig.crash();
    assert_eq!(rig.latest(), json!({"brightness": 1, "power_switch": 1}));
    assert_eq!(serde_json::to_value(rig.device().view()).unwrap()["info"]["mac"], "aa");
    rig.answer(UP, &report(2));
    let mut rig = rig.restart();
    assert_eq!(rig.latest()["brightness"], 2);
    rig.answer(UP, &report(3));
    let rig = rig.crash();
    assert_eq!(rig.latest()["brightness"], 3);
    let rig = rig.restart().restart();
    assert_eq!(rig.latest()["brightness"], 3);
    assert_eq!(serde_json::to_value(rig.device().view()).unwrap()["info"]["mac"], "aa");
}

#[test]
fn a_checkpoint_image_of_a_newer_release_is_not_passed_over() {
    let rig = Rig::new();
    let key = rig.device().id.0.to_be_bytes();
    let error = rig.devices.restore(&key, br#"{"v":2,"seq":9}"#).unwrap_err();
    assert!(error.to_string().contains("version 2"), "{error}");
    assert!(rig.devices.restore(&key, br#"{"v":1,"seq":9}"#).is_ok());
    let of_nobody = u64::MAX.to_be_bytes();
    assert!(rig.devices.restore(&of_nobody, b"?").is_ok(), "the device was deleted since");
}

#[test]
fn what_was_never_durable_is_never_shown() {
    let mut rig = Rig::new();
    rig.answer(UP, &report(1));
    rig.take(UP, report(2).as_bytes());
    let rig = rig.crash();
    assert_eq!(rig.latest()["brightness"], 1);
}

#[test]
fn a_device_that_was_online_is_offline_after_a_crash_and_stays_activated() {
    let mut rig = Rig::new();
    assert_eq!(rig.device().status().status, Status::Inactive);
    rig.connect();
    assert_eq!(rig.device().status().status, Status::Online);
    let rig = rig.crash();
    let status = rig.device().status();
    assert_eq!((status.status, status.last_cause), (Status::Offline, Some(DisconnectCause::ConnectionLost)));
    assert_eq!(status.address.as_deref(), Some("10.1.2.3:4711"));
    assert!(rig.device().activated_at().is_some());
    rig.devices.tick(rig.clock.now());
    let rig = rig.restart();
    assert_eq!(rig.device().status().status, Status::Offline);
    let events: Vec<_> = rig.log(LogName::Connection).iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, ["online", "offline"]);
}

#[test]
fn a_pending_control_survives_a_crash_between_get_status_and_its_reply() {
    let mut rig = Rig::new();
    let control = rig.control(r#"{"brightness":20}"#).unwrap().view;
    rig.answer(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    let mut rig = rig.crash();
    assert_eq!(rig.command(&control).state, CommandState::Stored);
    rig.answer(UP, r#"{"method":"clear_control","clientToken":"T"}"#);
    let mut rig = rig.restart();
    assert_eq!(rig.command(&control).state, CommandState::Received);
    rig.uplink(UP, r#"{"method":"control_reply","code":0,"clientToken":"T"}"#);
    let rig = rig.crash();
    assert_eq!(rig.command(&control).state, CommandState::Done);
    assert_eq!(rig.devices.outstanding_commands(), 0);
}

#[test]
fn expiry_goes_on_after_a_restart() {
    let mut rig = Rig::new();
    rig.connect();
    let action = rig.action("light_blink", r#"{"time":5,"color":1,"total_time":3}"#).unwrap().view;
    let rig = rig.restart();
    assert_eq!(rig.command(&action).state, CommandState::Sent);
    rig.clock.advance(Duration::from_secs(10));
    rig.devices.tick(rig.clock.now());
    assert_eq!(rig.command(&action).state, CommandState::Expired);
    let rig = rig.crash();
    assert_eq!(rig.command(&action).state, CommandState::Expired);
    assert_eq!(rig.devices.outstanding_commands(), 0);
}

#[test]
fn a_deleted_device_does_not_come_back() {
    let mut rig = Rig::new();
    rig.answer(UP, &report(1));
    rig.control(r#"{"brightness":20}"#).unwrap();
    let device = rig.device();
    rig.devices.delete_device(&device).unwrap();
    let rig = rig.restart();
    assert_eq!(rig.devices.device_count(), 0);
    assert_eq!(rig.devices.outstanding_commands(), 0);
    let again = rig.create("dev001");
    assert_ne!(again.id, device.id);
    assert_eq!(rig.latest(), json!({}));
}
