//! The messages of real clients, and replies byte by byte as the vendor's examples show them (device protocol
//! facts §2.2 to §2.5, §2.12).

use yizhan_vocabulary::clock::UnixMillis;
use yizhan_vocabulary::thing::{
    ActionUplink, EventReplyMethod, EventUplink, MAX_EVENTS_PER_MESSAGE, PropertyUplink, ServiceUplink,
    StatusEntry, StatusReply, SystemUplink, write_action, write_control, write_event_reply, write_reply,
    write_time_reply,
};
use yizhan_vocabulary::{PointValue, ThingCode};

fn property(json: &str) -> PropertyUplink<'_> {
    PropertyUplink::parse(json.as_bytes()).expect("the message is readable")
}

fn refusal(json: &str) -> String {
    PropertyUplink::parse(json.as_bytes()).expect_err("the message is unreadable").to_string()
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).expect("messages are UTF-8")
}

#[test]
fn a_report_is_read_without_copying() {
    let json = r#"{"method":"report","clientToken":"DEMOPROD01-2","version":{"x":[1]},"timestamp":1795220127000,"params":{"power_switch":0, "name":""}}"#;
    let read = property(json);
    assert!(matches!(read.method, Some(std::borrow::Cow::Borrowed("report"))));
    assert!(matches!(read.client_token, Some(std::borrow::Cow::Borrowed("DEMOPROD01-2"))));
    assert_eq!(read.timestamp, Some(1_795_220_127_000));
    assert_eq!(read.params, Some(r#"{"power_switch":0, "name":""}"#));
    assert_eq!((read.code, read.kind, read.show_meta), (None, None, false));
}

#[test]
fn control_replies_of_all_clients_are_read() {
    let c = property(r#"{"method":"control_reply","code":0,"clientToken":"srv-1"}"#);
    assert_eq!((c.code, c.status), (Some(0), None));
    let python = property(r#"{"code": 0, "clientToken": "srv-1", "status": "\u0000"}"#);
    assert_eq!((python.method, python.status.as_deref()), (None, Some("\0")));
    let esp = property(
        r#"{"method":"control_reply","clientToken":"t","code":0,"status":"ESP_OK","data":{"x":[]}}"#,
    );
    assert_eq!(esp.status.as_deref(), Some("ESP_OK"));
    let without_token = property(r#"{"code":0,"clientToken":null,"status":"\u0000"}"#);
    assert_eq!(without_token.client_token, None);
    assert_eq!(property(r#"{"code":"-3"}"#).code, Some(-3));
}

#[test]
fn all_shapes_of_get_status_are_read() {
    let kind = |json| property(json).kind.map(|kind| kind.into_owned());
    assert_eq!(kind(r#"{"method":"get_status","clientToken":"a"}"#), None);
    let java = r#"{"method":"get_status","clientToken":"a","showmeta":1,"type":"control"}"#;
    assert_eq!((kind(java).as_deref(), property(java).show_meta), (Some("control"), true));
    assert_eq!(
        kind(r#"{"method":"get_status","clientToken":"a","params":{"type":"report"}}"#).as_deref(),
        Some("report")
    );
    assert_eq!(kind(r#"{"method":"report","params":{"type":5}}"#), None);
}

#[test]
fn timestamps_are_read_in_every_spelling() {
    let timestamp = |json| property(json).timestamp;
    assert_eq!(timestamp(r#"{"timestamp":"1795220127"}"#), Some(1_795_220_127));
    assert_eq!(timestamp(r#"{"timestamp":1795220127.75}"#), Some(1_795_220_127));
    assert_eq!(timestamp(r#"{"timestamp":99999999999999999999}"#), Some(i64::MAX));
    assert_eq!(timestamp(r#"{"timestamp":null}"#), None);
}

#[test]
fn unreadable_messages_are_refused_with_400() {
    insta::assert_snapshot!(refusal(""), @"400: EOF while parsing a value at line 1 column 0");
    insta::assert_snapshot!(refusal("hello"), @"400: expected value at line 1 column 1");
    insta::assert_snapshot!(refusal("[1]"), @"400: invalid type: sequence, expected a JSON object at line 1 column 0");
    insta::assert_snapshot!(refusal(r#"{"method":"a","method":"b"}"#), @r#"400: "method" is given twice at line 1 column 22"#);
    insta::assert_snapshot!(refusal(r#"{"method":5}"#), @r#"400: invalid type: integer `5`, expected a text for "method" at line 1 column 11"#);
    insta::assert_snapshot!(refusal(r#"{"code":"abc"}"#), @r#"400: expected a number for "code", got another text at line 1 column 13"#);
    insta::assert_snapshot!(refusal(r#"{"params":{"a":1}"#), @"400: EOF while parsing an object at line 1 column 17");
    insta::assert_snapshot!(refusal(r#"{} {}"#), @"400: trailing characters at line 1 column 4");
    let not_utf8 = PropertyUplink::parse(b"{\"method\":\"\xff\"}").unwrap_err();
    assert_eq!(not_utf8.to_string(), "400: the payload is not UTF-8");
}

#[test]
fn depth_is_bounded_wherever_it_occurs() {
    let nested = |depth: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(PropertyUplink::parse(nested(32).as_bytes()).is_ok());
    insta::assert_snapshot!(refusal(&nested(33)), @"400: the message is nested more than 32 deep");
    let brackets_in_a_text = format!(r#"{{"status":"\"{}"}}"#, "[".repeat(1000));
    assert!(PropertyUplink::parse(brackets_in_a_text.as_bytes()).is_ok());
    let wide = format!(r#"{{"params":[{}[]]}}"#, "[],".repeat(1000));
    assert!(PropertyUplink::parse(wide.as_bytes()).is_ok());
}

#[test]
fn one_event_and_many_are_read_under_either_method() {
    let c = r#"{"method":"event_post","clientToken":"DEMOPROD01-4","eventId":"status_report","type":"info","timestamp":1795220127000,"params":{"status":1,"message":"light on"}}"#;
    let read = EventUplink::parse(c.as_bytes()).unwrap();
    assert_eq!(read.posts.len(), 1);
    assert_eq!(read.posts[0].event_id, "status_report");
    assert_eq!(read.posts[0].params, Some(r#"{"status":1,"message":"light on"}"#));

    let batch = r#"{"method":"events_post","clientToken":"DEMOPROD01-5","events":[{"eventId":"status_report","type":"info","timestamp":1795220173000,"params":{"status":1,"message":"1"}},{"eventId":"low_voltage","type":"alert","timestamp":1795220173000,"params":{"voltage":0.010000}}]}"#;
    let read = EventUplink::parse(batch.as_bytes()).unwrap();
    let ids: Vec<&str> = read.posts.iter().map(|post| &*post.event_id).collect();
    assert_eq!(ids, ["status_report", "low_voltage"]);
    assert_eq!(read.posts[1].kind.as_deref(), Some("alert"));

    let python = r#"{"method":"event_post","clientToken":"DEMOPROD01-4","events":[{"eventId":"status_report","type":"info","timestamp":1795221220050,"params":{"status":0,"message":""}}]}"#;
    assert_eq!(EventUplink::parse(python.as_bytes()).unwrap().posts.len(), 1);

    let nameless = EventUplink::parse(br#"{"method":"event_post"}"#).unwrap();
    assert_eq!(nameless.posts[0].event_id, "");
}

#[test]
fn event_lists_are_bounded_and_checked() {
    let list = |count: usize| format!(r#"{{"events":[{}]}}"#, vec!["{}"; count].join(","));
    assert!(EventUplink::parse(list(MAX_EVENTS_PER_MESSAGE).as_bytes()).is_ok());
    for json in
        [list(MAX_EVENTS_PER_MESSAGE + 1), list(0), r#"{"events":[1]}"#.into(), r#"{"events":{}}"#.into()]
    {
        assert_eq!(EventUplink::parse(json.as_bytes()).unwrap_err().code, ThingCode::NotJson, "{json}");
    }
}

#[test]
fn action_service_and_system_messages_are_read() {
    let reply = br#"{"method":"action_reply","clientToken":"act-1","code":0,"status":"action execute success!","response":{"err_code":1}}"#;
    let read = ActionUplink::parse(reply).unwrap();
    assert_eq!((read.code, read.response), (Some(0), Some(r#"{"err_code":1}"#)));

    let unbind = br#"{"method":"unbind_device_request","clientToken":"PID-1","deviceName":"dev001","productId":"PID"}"#;
    let read = ServiceUplink::parse(unbind).unwrap();
    assert_eq!(read.method.as_deref(), Some("unbind_device_request"));
    assert_eq!(
        ServiceUplink::parse(br#"{"method":"report_version","report":{"resource_list":[]}}"#)
            .unwrap()
            .client_token,
        None
    );

    assert!(SystemUplink::parse(br#"{"type":"get", "resource":["time"]}"#).unwrap().wants_time);
    assert!(!SystemUplink::parse(br#"{"type":"get","resource":[]}"#).unwrap().wants_time);
    let log = SystemUplink::parse(br#"{"type":"get_log_level","clientToken":"DEMOPROD01-1"}"#).unwrap();
    assert_eq!(log.kind.as_deref(), Some("get_log_level"));
}

#[test]
fn replies_have_the_bytes_of_the_examples() {
    assert_eq!(
        written(|out| write_reply(out, "report_reply", Some("DEMOPROD01-2"), 0, "success")),
        r#"{"method":"report_reply","clientToken":"DEMOPROD01-2","code":0,"status":"success"}"#
    );
    assert_eq!(
        written(|out| write_reply(out, "report_reply", None, 406, "a \"quoted\" text")),
        r#"{"method":"report_reply","clientToken":"","code":406,"status":"a \"quoted\" text"}"#
    );
    assert_eq!(
        written(|out| write_event_reply(out, EventReplyMethod::Many, Some("DEMOPROD01-5"), 0, "")),
        r#"{"method":"events_reply","clientToken":"DEMOPROD01-5","code":0,"status":"","data":{}}"#
    );
    assert_eq!(
        written(|out| write_control(out, "srv-1", r#"{"power_switch":1}"#)),
        r#"{"method":"control","clientToken":"srv-1","params":{"power_switch":1}}"#
    );
    assert_eq!(
        written(|out| write_action(
            out,
            "act-1",
            "light_blink",
            UnixMillis(1_795_220_069_999),
            r#"{"time":5}"#
        )),
        r#"{"method":"action","clientToken":"act-1","actionId":"light_blink","timestamp":1795220069,"params":{"time":5}}"#
    );
    assert_eq!(
        written(|out| write_time_reply(out, UnixMillis(1_621_562_342_773), UnixMillis(1_621_562_342_774))),
        r#"{"type":"get","time":1621562342,"ntptime1":1621562342773,"ntptime2":1621562342774}"#
    );
}

#[test]
fn a_status_reply_holds_what_was_asked_for() {
    let (on, place) = (PointValue::Bool(true), PointValue::Json(r#"{"longitude":1.5}"#.into()));
    let entry = |identifier, value| StatusEntry { identifier, value, time: UnixMillis(1_795_220_127_000) };
    let reported = [entry("power_switch", &on), entry("position", &place)];
    let control = [entry("power_switch", &on)];
    let both = StatusReply {
        client_token: Some("DEMOPROD01-1"),
        reported: Some(&reported),
        control: Some(&control),
        show_meta: false,
    };
    assert_eq!(
        written(|out| both.write(out)),
        r#"{"method":"get_status_reply","clientToken":"DEMOPROD01-1","code":0,"status":"success","data":{"reported":{"power_switch":1,"position":{"longitude":1.5}},"control":{"power_switch":1}}}"#
    );
    let meta = StatusReply { reported: None, show_meta: true, ..both };
    assert_eq!(
        written(|out| meta.write(out)),
        r#"{"method":"get_status_reply","clientToken":"DEMOPROD01-1","code":0,"status":"success","data":{"control":{"power_switch":1},"metadata":{"control":{"power_switch":{"timestamp":1795220127000}}}}}"#
    );
    assert_eq!(
        written(|out| StatusReply::default().write(out)),
        r#"{"method":"get_status_reply","clientToken":"","code":0,"status":"success","data":{}}"#
    );
}
