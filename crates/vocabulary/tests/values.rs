//! Which values a model lets through, in both directions, and what a device is told otherwise.

use std::fmt::Write as _;

use yizhan_vocabulary::model::{DataType, Direction, LAMP_MODEL, PropertyNumber, ThingModel};
use yizhan_vocabulary::{PointValue, ThingCode};

const MODEL: &str = r#"{"properties":[
  {"id":"seen","name":"Seen","mode":"r","define":{"type":"bool"}},
  {"id":"told","name":"Told","mode":"w","define":{"type":"bool"}},
  {"id":"list","name":"List","mode":"rw","define":{"type":"array","arrayInfo":{"type":"struct","specs":[
     {"id":"id","dataType":{"type":"string","min":"1","max":"3"}},
     {"id":"grid","dataType":{"type":"array","arrayInfo":{"type":"array","arrayInfo":{"type":"int","min":0,"max":9}}}}
  ]}}},
  {"id":"when","name":"When","mode":"rw","define":{"type":"timestamp"}},
  {"id":"ratio","name":"Ratio","mode":"rw","define":{"type":"float","min":"-1","max":"1","step":"0.5"}},
  {"id":"big","name":"Big","mode":"rw","define":{"type":"int"}},
  {"id":"many","name":"Many","mode":"rw","define":{"type":"enum","mapping":{
     "1":"","2":"","3":"","4":"","5":"","6":"","7":"","8":"","9":"","10":""}}}
]}"#;

fn model(json: &str) -> ThingModel {
    let mut next = 0;
    let mut number = |_: &str| {
        next += 1;
        PropertyNumber(next)
    };
    ThingModel::parse(json, &mut number).expect("the test's model is valid")
}

fn outcome(model: &ThingModel, params: &str, direction: Direction) -> String {
    let mut out = Vec::new();
    match model.read_properties(params, direction, &mut out) {
        Ok(()) => format!("{:?}", out.into_iter().map(|(_, value)| value).collect::<Vec<_>>()),
        Err(error) => error.to_string(),
    }
}

fn kind(define: &str) -> DataType {
    let json = format!(r#"{{"properties":[{{"id":"p","name":"P","mode":"rw","define":{define}}}]}}"#);
    model(&json).properties()[0].kind.clone()
}

#[test]
fn what_a_device_is_told_about_a_refused_report() {
    let (lamp, model) = (model(LAMP_MODEL), model(MODEL));
    let mut text = String::new();
    for params in [
        r#"{"power_switch":2}"#,
        r#"{"power_switch":"1"}"#,
        r#"{"power_switch":null}"#,
        r#"{"color":3}"#,
        r#"{"color":true}"#,
        r#"{"color":1.5}"#,
        r#"{"brightness":101}"#,
        r#"{"brightness":-1}"#,
        r#"{"brightness":1e30}"#,
        r#"{"brightness":1e999}"#,
        r#"{"brightness":18446744073709551615}"#,
        r#"{"brightness":[1]}"#,
        r#"{"name":7}"#,
        r#"{"name":"0123456789012345678901234567890123456789012345678901234567890123456789"}"#,
        r#"{"position":{"longitude":181}}"#,
        r#"{"position":{"longitude":"1"}}"#,
        r#"{"position":{"altitude":1}}"#,
        r#"{"position":{"longitude":1,"longitude":2}}"#,
        r#"{"position":[1,2]}"#,
        r#"{"power":""}"#,
        r#"{"power":"a text that is longer than what a reply repeats of it"}"#,
        r#"{"speed":1}"#,
        r#"{"power_switch":1,"power_switch":1}"#,
        r#"{"power_switch":1,}"#,
        r#"{"power_switch":1"#,
        r#"{"power_switch":1} 2"#,
        r#"[]"#,
        r#""text""#,
        "",
    ] {
        writeln!(text, "{params}\n    {}", outcome(&lamp, params, Direction::Report)).unwrap();
    }
    for params in [
        r#"{"told":1}"#,
        r#"{"list":[{"id":"abc"},{"id":""}]}"#,
        r#"{"list":[{"grid":[[1,2],[3,10]]}]}"#,
        r#"{"list":[{"grid":[[1,2],3]}]}"#,
        r#"{"list":[{},{"nope":1}]}"#,
        r#"{"when":-1}"#,
        r#"{"when":"yesterday"}"#,
        r#"{"when":"99999999999999999999"}"#,
        r#"{"ratio":1.0001}"#,
        r#"{"big":9007199254740992}"#,
        r#"{"many":0}"#,
    ] {
        writeln!(text, "{params}\n    {}", outcome(&model, params, Direction::Report)).unwrap();
    }
    writeln!(text, "control:").unwrap();
    for params in [r#"{"seen":1}"#, r#"{"big":"1"}"#] {
        writeln!(text, "{params}\n    {}", outcome(&model, params, Direction::Control)).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_tolerances_of_the_protocol_are_kept() {
    let (lamp, model) = (model(LAMP_MODEL), model(MODEL));
    let report = |params: &str| outcome(&lamp, params, Direction::Report);
    assert_eq!(report("{}"), "[]");
    assert_eq!(report(r#"{"power_switch":true}"#), "[Bool(true)]");
    assert_eq!(report(r#"{"power_switch":1.0}"#), "[Bool(true)]");
    assert_eq!(report(r#"{"brightness":20.0}"#), "[Int(20)]");
    assert_eq!(report(r#"{"brightness":-0}"#), "[Int(0)]");
    assert_eq!(report(r#"{"position":{}}"#), r#"[Json("{}")]"#);
    assert_eq!(report(r#" { "color" : 2 , "name" : "\u706f" } "#), r#"[Int(2), Text("灯")]"#);
    // Characters count, not bytes: 64 of them are 192 bytes here.
    assert!(report(&format!(r#"{{"name":"{}"}}"#, "灯".repeat(64))).starts_with("[Text"));
    assert!(report(&format!(r#"{{"name":"{}"}}"#, "灯".repeat(65))).starts_with("406"));

    let report = |params: &str| outcome(&model, params, Direction::Report);
    assert_eq!(report(r#"{"when":1795220127}"#), "[Int(1795220127)]");
    assert_eq!(report(r#"{"when":"1795220127000"}"#), "[Int(1795220127000)]");
    // A step guides input and refuses nothing.
    assert_eq!(report(r#"{"ratio":0.010000}"#), "[Float(0.01)]");
    assert_eq!(
        report(r#"{"list":[ {"grid":[[1, 2],[]], "id":"a\"b"}, {} ]}"#),
        r#"[Json("[{\"grid\":[[1,2],[]],\"id\":\"a\\\"b\"},{}]")]"#
    );
    assert_eq!(outcome(&model, r#"{"told":1,"when":0}"#, Direction::Control), "[Bool(true), Int(0)]");
}

#[test]
fn a_refused_report_leaves_nothing_behind() {
    let lamp = model(LAMP_MODEL);
    let earlier = vec![(PropertyNumber(9), PointValue::Bool(true))];
    let mut out = earlier.clone();
    let error = lamp.read_properties(r#"{"color":1,"brightness":500}"#, Direction::Report, &mut out);
    assert_eq!(error.unwrap_err().code, ThingCode::BadValue);
    assert_eq!(out, earlier);
}

#[test]
fn events_are_checked_against_their_declaration() {
    let lamp = model(LAMP_MODEL);
    let read = |id, kind, params| lamp.read_event(id, kind, params).map_err(|error| error.to_string());
    assert_eq!(read("status_report", Some("info"), r#"{"status":1,"message":"light on"}"#), Ok(()));
    assert_eq!(read("low_voltage", None, r#"{"voltage":0.010000}"#), Ok(()));
    assert_eq!(read("low_voltage", None, ""), Ok(()));
    let refused = |id, kind, params| read(id, kind, params).unwrap_err();
    insta::assert_snapshot!(refused("explosion", None, "{}"), @r#"404: event "explosion" is not defined"#);
    insta::assert_snapshot!(refused("", None, "{}"), @r#"404: event "" is not defined"#);
    insta::assert_snapshot!(refused("low_voltage", Some("info"), "{}"), @r#"406: event "low_voltage" is of type "alert", not "info""#);
    insta::assert_snapshot!(refused("low_voltage", None, r#"{"voltage":25}"#), @"406: voltage: 25.0 is outside [0.0, 24.0]");
    insta::assert_snapshot!(refused("low_voltage", None, r#"{"current":25}"#), @r#"403: "current" is not defined"#);
    insta::assert_snapshot!(refused("low_voltage", None, "[]"), @"406: params must be a JSON object");
}

#[test]
fn an_action_needs_all_inputs_and_may_leave_outputs_out() {
    let lamp = model(LAMP_MODEL);
    let input = |id, json| lamp.read_action_input(id, json).map_err(|error| error.to_string());
    assert_eq!(input("light_blink", r#"{"time":5,"color":1,"total_time":3}"#), Ok(()));
    insta::assert_snapshot!(input("light_blink", r#"{"time":5,"color":1}"#).unwrap_err(), @"406: total_time is missing");
    insta::assert_snapshot!(input("dance", "{}").unwrap_err(), @r#"403: action "dance" is not defined"#);
    let output = |json| lamp.read_action_output("light_blink", json).map_err(|error| error.to_string());
    assert_eq!(output(""), Ok(()));
    assert_eq!(output(r#"{"err_code":1}"#), Ok(()));
    insta::assert_snapshot!(output(r#"{"err_code":7}"#).unwrap_err(), @"406: err_code: 7 is not one of 0, 1");
}

#[test]
fn arrays_are_bounded() {
    let list = kind(r#"{"type":"array","arrayInfo":{"type":"int","min":0,"max":9}}"#);
    let json = |count| format!("[{}]", vec!["1"; count].join(","));
    assert!(list.read(&json(4096)).is_ok());
    let error = list.read(&json(4097)).unwrap_err();
    assert_eq!(error.detail, "value[4096]: an array has at most 4096 elements");
}

#[test]
fn deep_text_does_not_exhaust_the_stack() {
    let lamp = model(LAMP_MODEL);
    let deep = format!(r#"{{"position":{}"#, "{\"longitude\":".repeat(100_000));
    assert!(outcome(&lamp, &deep, Direction::Report).starts_with("406"));
}
