//! The content log shows both sides of a conversation as they were on the wire.

use serde_json::{Value, json};
use yizhan_devices::{Diagnostic, Direction, LogName, LogQuery, LogView, Order, TimeRange};

use crate::rig::{DOWN, Rig, UP};

#[test]
fn a_device_asks_how_much_to_log_and_is_told_when_that_changes() {
    let mut rig = Rig::new();
    rig.connect();
    let ask = r#"{"type":"get_log_level","clientToken":"DEMOPROD01-1"}"#;
    let answer = rig.answer("$log/operation/DEMOPROD01/dev001", ask);
    assert_eq!((&answer["log_level"], &answer["clientToken"]), (&json!(0), &json!("DEMOPROD01-1")));
    rig.devices.put_log_level(&rig.device(), 4).unwrap();
    let (topic, pushed) = rig.links.last_sent();
    assert_eq!(topic, "$log/operation/result/DEMOPROD01/dev001");
    assert_eq!((&pushed["type"], &pushed["log_level"]), (&json!("get_log_level"), &json!(4)));
    assert!(rig.devices.put_log_level(&rig.device(), 5).is_err());
    let mut rig = rig.restart();
    assert_eq!(rig.answer("$log/operation/DEMOPROD01/dev001", ask)["log_level"], 4);
    assert_eq!(rig.log(LogName::Content).len(), 4, "each question stands there with its answer");
}

#[test]
fn a_message_and_its_answer_are_two_entries_of_one_record() {
    let mut rig = Rig::new();
    let report = r#"{"method":"report","clientToken":"t-9","params":{"brightness":5}}"#;
    let answer = rig.answer_text(UP, report);
    let log = rig.log(LogName::Content);
    assert_eq!(log.len(), 2);
    assert_eq!(
        (&log[0]["direction"], &log[0]["topic"], &log[0]["payload"]),
        (&"up".into(), &UP.into(), &report.into())
    );
    assert_eq!((&log[1]["direction"], &log[1]["topic"]), (&"down".into(), &DOWN.into()));
    assert_eq!(log[1]["payload"], answer.as_str());
    assert_eq!(log[0]["decoded"], true);
    let refused = rig.answer_text(UP, r#"{"method":"report","clientToken":"t","params":{"brightness":500}}"#);
    assert_eq!(rig.log(LogName::Content)[3]["payload"], refused.as_str());
    let status = rig.answer_text(UP, r#"{"method":"get_status","clientToken":"T"}"#);
    assert_eq!(rig.log(LogName::Content)[5]["payload"], status.as_str());
}

#[test]
fn pages_follow_each_other_without_gaps_in_both_directions() {
    let mut rig = Rig::new();
    for brightness in 0..7 {
        rig.clock.advance(std::time::Duration::from_millis(10));
        rig.answer(
            UP,
            &format!(r#"{{"method":"report","clientToken":"t","params":{{"brightness":{brightness}}}}}"#),
        );
    }
    for order in [Order::Ascending, Order::Descending] {
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let query = LogQuery { range: TimeRange::ALL, order, limit: 3, cursor };
            let page = rig.devices.logs(&rig.device(), LogName::Content, &query).unwrap();
            seen.extend(page.entries.iter().map(|entry| serde_json::to_value(entry).unwrap()));
            match page.next {
                Some(next) => cursor = Some(next.parse().unwrap()),
                None => break,
            }
        }
        let mut expected = rig.log(LogName::Content);
        if order == Order::Descending {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn custom_messages_and_problems_are_logged_in_the_vendors_words() {
    let mut rig = Rig::new();
    let (device, now) = (rig.device(), yizhan_vocabulary::Clock::now(&*rig.clock));
    let mut batch = rig.journal.lane(std::sync::Arc::new(|| {})).batch();
    let topic = "DEMOPROD01/dev001/data";
    rig.devices.log_content(&device, Direction::Up, topic, 1, b"\xff\xfe", now, &mut batch);
    let problem = Diagnostic::SubscribeUnauthorized { topic: "#".into() };
    rig.devices.diagnose(&device, problem, now, &mut batch);
    rig.submit(&mut batch);
    let content: Vec<Value> = rig.log(LogName::Content);
    assert_eq!(
        (&content[0]["payload"], &content[0]["base64"], &content[0]["qos"]),
        (&"//4=".into(), &true.into(), &1.into())
    );
    let problem = &rig.log(LogName::Diagnostic)[0];
    assert_eq!(problem["content"], "Device subscribe topic: #");
    assert_eq!(problem["result"], "FAIL, unauthorized operation");
    assert_eq!(problem["errcode"], "Subscribe_Topic_Unauthorized");
}

#[test]
fn a_filter_gives_pages_of_what_fits_and_counts_all_of_it() {
    let mut rig = Rig::new();
    for number in 0..5 {
        let kind = if number % 2 == 0 { "alert" } else { "info" };
        let (event, params) = if kind == "alert" {
            ("low_voltage", json!({"voltage": number}))
        } else {
            ("status_report", json!({"status": 0, "message": "m"}))
        };
        let post = json!({"method": "event_post", "clientToken": "e", "eventId": event, "type": kind,
            "timestamp": 0, "params": params});
        assert_eq!(rig.answer("$thing/up/event/DEMOPROD01/dev001", &post.to_string())["code"], 0, "{post}");
        rig.clock.advance(std::time::Duration::from_secs(1));
    }
    let alerts = |view: &LogView| matches!(view, LogView::Event { kind, .. } if kind == "alert");
    let mut query = LogQuery::newest(TimeRange::ALL, 2);
    let first = rig.devices.logs_that_fit(&rig.device(), LogName::Event, &query, alerts).unwrap();
    assert_eq!((first.entries.len(), first.total), (2, 3));
    query.cursor = Some(first.next.unwrap().parse().unwrap());
    let second = rig.devices.logs_that_fit(&rig.device(), LogName::Event, &query, alerts).unwrap();
    assert_eq!((second.entries.len(), second.total, second.next), (1, 3, None));
    let content = rig
        .devices
        .logs_that_fit(&rig.device(), LogName::Content, &LogQuery::newest(TimeRange::ALL, 3), |_| true)
        .unwrap();
    assert_eq!((content.entries.len(), content.total), (2, 10), "a message stays with its answer");
}

#[test]
fn a_device_hands_in_its_own_log_as_far_as_its_level_asks_for_it() {
    let rig = Rig::new();
    let device = rig.device();
    let lines =
        ["ERRno memory", "WRN|2026-11-21 00:12:15|log_mqtt.c|func(88): text", "DBGdetail", "", "plain"];
    assert_eq!(rig.devices.keep_device_log(&device, lines, None).unwrap(), 0, "its log is off");
    rig.devices.put_log_level(&device, 2).unwrap();
    assert_eq!(rig.devices.keep_device_log(&device, lines, Some("ERR")).unwrap(), 3);
    let log: Vec<_> =
        rig.log(LogName::Device).iter().map(|it| (it["level"].clone(), it["text"].clone())).collect();
    assert_eq!(log[0], (json!("ERROR"), json!("ERRno memory")));
    assert_eq!((&log[1].0, &log[2]), (&json!("WARN"), &(json!("ERROR"), json!("plain"))));
    let many = vec!["ERRx"; 600];
    assert_eq!(rig.devices.keep_device_log(&device, many, None).unwrap(), 500);
}

#[test]
fn the_logs_of_many_devices_are_one_list_with_pages() {
    let mut rig = Rig::new();
    let other = rig.create("dev002");
    for number in 0..5 {
        rig.uplink_bytes("$thing/up/raw/DEMOPROD01/dev001", format!("one-{number}").as_bytes());
        rig.clock.advance(std::time::Duration::from_secs(1));
        rig.uplink_as(&other, "$thing/up/raw/DEMOPROD01/dev002", format!("two-{number}").as_bytes());
    }
    let product = rig.devices.product(&crate::rig::product_id()).unwrap();
    let mut query = LogQuery::newest(TimeRange::ALL, 3);
    let devices = rig.devices.devices_to_search(&product, &query).unwrap();
    let mut found = Vec::new();
    loop {
        let logs = [LogName::Content, LogName::Connection];
        let page = rig.devices.newest_of_many(
            &devices,
            &logs,
            &query,
            |_, view| matches!(view, LogView::Content { payload, .. } if payload != "two-2"),
        );
        let page = page.unwrap();
        found.extend(page.entries.into_iter().map(|entry| match entry.view {
            LogView::Content { payload, .. } => payload,
            other => panic!("{other:?}"),
        }));
        let Some(next) = page.next else { break };
        query.cursor = Some(next.parse().unwrap());
    }
    assert_eq!(found.concat(), "two-4one-4two-3one-3one-2two-1one-1two-0one-0");
}
