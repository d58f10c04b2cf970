//! What people read when a thing model is wrong. The texts are snapshots: a change must be meant.

use std::fmt::Write as _;

use yizhan_vocabulary::model::{MAX_ERRORS, MAX_MODEL_BYTES, ModelErrorCode, PropertyNumber, ThingModel};

fn parse(json: &str) -> Result<ThingModel, String> {
    let outcome = ThingModel::parse(json, &mut |_| panic!("a model with errors must not take numbers"));
    outcome.map_err(|errors| {
        let mut text = String::new();
        for error in errors {
            writeln!(text, "{} [{}]", error, error.code).expect("writing to a text cannot fail");
        }
        text
    })
}

fn errors(json: &str) -> String {
    parse(json).expect_err("the model has errors")
}

/// The errors of one property's `define`.
fn type_errors(define: &str) -> String {
    errors(&format!(r#"{{"properties":[{{"id":"p","name":"P","mode":"rw","define":{define}}}]}}"#))
}

fn accepts_type(define: &str) -> bool {
    let json = format!(r#"{{"properties":[{{"id":"p","name":"P","mode":"rw","define":{define}}}]}}"#);
    ThingModel::parse(&json, &mut |_| PropertyNumber(1)).is_ok()
}

#[test]
fn what_is_no_model_is_named_as_such() {
    insta::assert_snapshot!(errors("  "), @"$: the model is empty [empty]");
    insta::assert_snapshot!(errors("{\"properties\":[}"), @"$: the model is not valid JSON: expected value at line 1 column 16 [not_json]");
    insta::assert_snapshot!(errors("[]"), @"$: a thing model is a JSON object, this is an array [not_a_model]");
    insta::assert_snapshot!(errors("{\"version\":\"1.0\"}"), @r#"$: a thing model has at least one of "properties", "events" and "actions" [not_a_model]"#);
    assert!(errors(&" ".repeat(MAX_MODEL_BYTES + 1).replace(' ', "[")).contains("[too_large]"));
}

#[test]
fn all_errors_of_a_model_are_reported_together() {
    let model = r#"{
      "properties": [
        {"id": "1st", "name": "", "mode": "x", "define": {"type": "int", "min": "5", "max": "3"}},
        {"id": "level", "name": "Level", "mode": "rw", "define": {"type": "integer"}},
        {"id": "level", "name": "Again", "mode": "rw", "mode": "r", "define": {"type": "bool", "mapping": {"0": "off", "2": "on"}}},
        {"name": 7, "define": {"type": "enum"}},
        "text"
      ],
      "events": [
        {"id": "level", "name": "Taken", "type": "warning", "params": [
          {"id": "a", "define": {"type": "float", "min": "x"}},
          {"id": "a", "define": {"type": "bool"}},
          {"id": "b-c", "define": {"type": "bool"}},
          {"id": "d"}
        ]},
        {"id": "untyped", "name": "Untyped", "params": {}}
      ],
      "actions": [
        {"id": "open", "name": "Open", "required": "yes", "input": [{"id": "x"}], "output": [7]}
      ]
    }"#;
    insta::assert_snapshot!(errors(model));
}

#[test]
fn each_type_explains_its_own_errors() {
    let definitions = [
        r#"{}"#,
        r#"{"type":7}"#,
        r#"7"#,
        r#"{"type":"int","min":"abc","max":true,"step":"0","unit":5}"#,
        r#"{"type":"int","min":"0","max":"100","start":"101"}"#,
        r#"{"type":"int","min":"-9007199254740992","max":"99999999999999999999"}"#,
        r#"{"type":"int","min":"0.5"}"#,
        r#"{"type":"float","min":"1e999","max":"nan"}"#,
        r#"{"type":"float","min":"2.5","max":"1.5","step":"-1"}"#,
        r#"{"type":"string","min":"-1","max":"99999"}"#,
        r#"{"type":"string","min":"9","max":"8"}"#,
        r#"{"type":"bool","mapping":{"0":"off"}}"#,
        r#"{"type":"bool","mapping":{"0":"off","1":1}}"#,
        r#"{"type":"enum","mapping":{}}"#,
        r#"{"type":"enum","mapping":{"a":"A","1":"x","01":"y"}}"#,
        r#"{"type":"stringenum","mapping":{"":"empty","low":5}}"#,
        r#"{"type":"struct"}"#,
        r#"{"type":"struct","specs":[]}"#,
        r#"{"type":"struct","specs":[{"id":"a","dataType":{"type":"int","max":"x"}},{"id":"a","dataType":{"type":"bool"}},{"id":"b"}]}"#,
        r#"{"type":"array"}"#,
        r#"{"type":"array","arrayInfo":{"type":"list"}}"#,
    ];
    let mut text = String::new();
    for define in definitions {
        writeln!(text, "{define}\n{}", type_errors(define)).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_tolerances_of_vendor_models_are_kept() {
    // Numbers instead of texts; `undefined` from an old console; absent limits; a float written as an int's limit.
    assert!(accepts_type(r#"{"type":"int","min":0,"max":100,"step":1,"start":1}"#));
    assert!(accepts_type(
        r#"{"type":"int","min":"0","max":"100","start":"3","step":"undefined","unit":"undefined"}"#
    ));
    assert!(accepts_type(r#"{"type":"int","min":"0","max":"4300000000","start":"0","step":"1","unit":""}"#));
    assert!(accepts_type(r#"{"type":"int","min":"0.0","max":100.0}"#));
    assert!(accepts_type(r#"{"type":"float","min":"","unit":null}"#));
    assert!(accepts_type(r#"{"type":"bool"}"#));
    // A member's type under `define`, a member without a name, an array of structs.
    assert!(accepts_type(
        r#"{"type":"array","arrayInfo":{"type":"struct","specs":[{"id":"a","define":{"type":"timestamp"}}]}}"#
    ));
}

#[test]
fn types_lie_at_most_five_deep() {
    let nested = |depth: usize| {
        let open = r#"{"type":"array","arrayInfo":"#.repeat(depth);
        format!("{open}{{\"type\":\"bool\"}}{}", "}".repeat(depth))
    };
    assert!(accepts_type(&nested(5)));
    assert!(type_errors(&nested(6)).contains("more than 5 deep"));
    assert!(parse(&"[".repeat(100_000)).is_err());
}

#[test]
fn the_number_of_errors_is_bounded() {
    let model = format!(r#"{{"properties":[{}]}}"#, vec!["{}"; 250].join(","));
    let errors = ThingModel::parse(&model, &mut |_| PropertyNumber(0)).unwrap_err();
    assert_eq!(errors.len(), MAX_ERRORS);
}

#[test]
fn lists_that_are_too_long_are_refused() {
    let property = r#"{"id":"p","name":"P","mode":"r","define":{"type":"bool"}}"#;
    let model = format!(r#"{{"properties":[{}]}}"#, vec![property; 257].join(","));
    insta::assert_snapshot!(errors(&model), @"properties: 257 entries, allowed are 256 [too_large]");
    let param = r#"{"id":"p","define":{"type":"bool"}}"#;
    let params = vec![param; 65].join(",");
    let model = format!(r#"{{"events":[{{"id":"e","name":"E","type":"info","params":[{params}]}}]}}"#);
    insta::assert_snapshot!(errors(&model), @"events[0].params: 65 entries, allowed are 64 [too_many_event_params]");
}

#[test]
fn every_code_has_a_vendor_counterpart() {
    for code in ModelErrorCode::ALL {
        let (class, name) = code.vendor_code().split_once('.').expect("a class and a name");
        assert!(["InvalidParameterValue", "MissingParameter", "LimitExceeded"].contains(&class), "{code}");
        assert!(name.contains("Model"), "{code}");
    }
}

#[test]
fn keys_that_nobody_reads_leave_notes_and_refuse_nothing() {
    let model = r#"{"version":"1.0","profile":{"ProductId":"P"},"propertys":[],"properties":[
        {"id":"p","name":"P","mode":"r","describe":"x","define":{"type":"int","mim":"0","max":"9"}}],
        "events":[{"id":"e","name":"E","type":"info","params":[{"id":"a","typ":"b","define":{"type":"bool"}}]}]}"#;
    assert!(ThingModel::draft(model).is_ok());
    let (errors, notes) = ThingModel::check(model);
    assert_eq!(errors, []);
    let paths: Vec<&str> = notes.iter().map(|note| note.path.as_str()).collect();
    assert_eq!(
        paths,
        ["propertys", "properties[0].describe", "properties[0].define.mim", "events[0].params[0].typ"]
    );
    assert!(notes[2].text.english.contains("min, max") && notes[2].text.chinese.contains("未知"));
}

#[test]
fn notes_are_told_together_with_errors() {
    let (errors, notes) = ThingModel::check(r#"{"properties":[{"id":"p"}],"propertys":[]}"#);
    assert_eq!(notes.len(), 1);
    assert!(errors.len() > 1);
}

#[test]
fn every_code_has_words_in_both_languages() {
    for code in ModelErrorCode::ALL {
        let words = code.words();
        assert!(words.english.is_ascii() && !words.chinese.is_ascii(), "{code}");
    }
}
