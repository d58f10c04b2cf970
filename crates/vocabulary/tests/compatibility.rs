//! What a new thing model means for devices and applications that know the old one.

use std::fmt::Write as _;

use proptest::prelude::*;
use yizhan_vocabulary::model::compatibility::{Effect, compare, gravest};
use yizhan_vocabulary::model::{Direction, LAMP_MODEL, ThingModel};

fn model(json: &str) -> ThingModel {
    ThingModel::draft(json).unwrap_or_else(|errors| panic!("{errors:?}"))
}

fn property(mode: &str, define: &str) -> ThingModel {
    model(&format!(r#"{{"properties":[{{"id":"p","name":"P","mode":"{mode}","define":{define}}}]}}"#))
}

fn lines(old: &ThingModel, new: &ThingModel) -> String {
    let mut text = String::new();
    for change in compare(old, new) {
        let (kind, effect) = (change.kind, change.effect);
        writeln!(text, "{} {} {kind} {effect}", change.feature, change.path).expect("into a text");
        writeln!(text, "  {}\n  {}", change.text.english, change.text.chinese).expect("into a text");
    }
    text
}

fn effect(mode: &str, old: &str, new: &str) -> Effect {
    gravest(&compare(&property(mode, old), &property(mode, new)))
}

#[test]
fn a_model_is_compatible_with_itself() {
    assert_eq!(compare(&model(LAMP_MODEL), &model(LAMP_MODEL)), []);
}

#[test]
fn every_kind_of_change_is_told_in_both_languages() {
    let old = model(
        r#"{"properties":[
            {"id":"gone","name":"G","mode":"r","define":{"type":"bool"}},
            {"id":"order","name":"O","mode":"w","define":{"type":"bool"}},
            {"id":"level","name":"L","mode":"rw","define":{"type":"int","min":"0","max":"100","unit":"%"}},
            {"id":"mode","name":"M","mode":"rw","define":{"type":"enum","mapping":{"0":"a","1":"b"}}},
            {"id":"place","name":"P","mode":"r","define":{"type":"struct","specs":[
                {"id":"x","dataType":{"type":"float","min":"0","max":"9"}},{"id":"y","dataType":{"type":"bool"}}]}},
            {"id":"kept","name":"K","mode":"rw","define":{"type":"string","min":"0","max":"8"}}],
          "events":[{"id":"told","name":"T","type":"info","params":[{"id":"a","define":{"type":"bool"}}]},
                    {"id":"over","name":"O","type":"info"}],
          "actions":[{"id":"run","name":"R","input":[{"id":"a","define":{"type":"bool"}}],
                      "output":[{"id":"r","define":{"type":"int","min":"0","max":"9"}}]},
                     {"id":"stop","name":"S"}]}"#,
    );
    let new = model(
        r#"{"properties":[
            {"id":"level","name":"Level","mode":"rw","required":true,"define":{"type":"int","min":"0","max":"50","unit":""}},
            {"id":"mode","name":"M","mode":"rw","define":{"type":"enum","mapping":{"0":"A","2":"c"}}},
            {"id":"place","name":"P","mode":"r","define":{"type":"struct","specs":[
                {"id":"x","dataType":{"type":"string"}},{"id":"z","dataType":{"type":"bool"}}]}},
            {"id":"kept","name":"K","mode":"r","define":{"type":"string","min":"0","max":"16"}},
            {"id":"fresh","name":"F","mode":"r","define":{"type":"bool"}}],
          "events":[{"id":"told","name":"T","type":"alert","params":[{"id":"b","define":{"type":"bool"}}]}],
          "actions":[{"id":"run","name":"R","input":[{"id":"a","define":{"type":"bool"}},{"id":"b","define":{"type":"bool"}}],
                      "output":[{"id":"r","define":{"type":"int","min":"0","max":"5"}}]}]}"#,
    );
    insta::assert_snapshot!(lines(&old, &new));
}

#[test]
fn what_is_refused_depends_on_the_direction() {
    let (wide, narrow) = (r#"{"type":"int","min":"0","max":"9"}"#, r#"{"type":"int","min":"0","max":"5"}"#);
    assert_eq!(effect("r", wide, narrow), Effect::DevicesRefused);
    assert_eq!(effect("rw", wide, narrow), Effect::DevicesRefused);
    assert_eq!(effect("w", wide, narrow), Effect::CallersRefused);
    assert_eq!(effect("rw", narrow, wide), Effect::Harmless);
    let closed = compare(&property("rw", wide), &property("r", wide));
    assert_eq!(gravest(&closed), Effect::CallersRefused);
    let turned = compare(&property("r", wide), &property("w", wide));
    assert_eq!(gravest(&turned), Effect::DevicesRefused);
}

#[test]
fn another_type_is_harmless_only_if_it_takes_every_old_value() {
    let int = r#"{"type":"int","min":"0","max":"9"}"#;
    assert_eq!(effect("r", int, r#"{"type":"float","min":"0","max":"9"}"#), Effect::Harmless);
    assert_eq!(effect("r", int, r#"{"type":"float","min":"1","max":"9"}"#), Effect::DevicesRefused);
    assert_eq!(effect("r", r#"{"type":"bool"}"#, int), Effect::DevicesRefused);
    let listed = r#"{"type":"enum","mapping":{"0":"a","9":"b"}}"#;
    assert_eq!(effect("r", listed, int), Effect::Harmless);
    assert_eq!(effect("r", int, listed), Effect::DevicesRefused);
    let array = |element: &str| format!(r#"{{"type":"array","arrayInfo":{element}}}"#);
    assert_eq!(effect("r", &array(int), &array(r#"{"type":"bool"}"#)), Effect::DevicesRefused);
}

fn define() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(r#"{"type":"bool"}"#.to_owned()),
        (0..4_i32, 4..9_i32)
            .prop_map(|(min, max)| format!(r#"{{"type":"int","min":"{min}","max":"{max}"}}"#)),
        (0..4_i32, 4..9_i32)
            .prop_map(|(min, max)| format!(r#"{{"type":"float","min":"{min}","max":"{max}"}}"#)),
        (0..3_u32, 3..6_u32)
            .prop_map(|(min, max)| format!(r#"{{"type":"string","min":"{min}","max":"{max}"}}"#)),
        proptest::collection::btree_set(0..6_i32, 1..4).prop_map(|items| {
            let items: Vec<String> = items.iter().map(|item| format!(r#""{item}":"x""#)).collect();
            format!(r#"{{"type":"enum","mapping":{{{}}}}}"#, items.join(","))
        }),
        proptest::collection::btree_set("[ab]{1,3}", 1..4).prop_map(|items| {
            let items: Vec<String> = items.iter().map(|item| format!(r#""{item}":"x""#)).collect();
            format!(r#"{{"type":"stringenum","mapping":{{{}}}}}"#, items.join(","))
        }),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..10_i32).prop_map(|value| value.to_string()),
        (0..20_i32).prop_map(|value| format!("{:?}", f64::from(value) / 2.0)),
        "[ab]{0,6}".prop_map(|text| format!("{text:?}")),
        Just("true".to_owned()),
    ]
}

proptest! {
    /// The law of the report: after a change that is called harmless, no report that was taken is refused.
    #[test]
    fn a_harmless_change_refuses_no_report(old in define(), new in define(), values in proptest::collection::vec(value(), 20)) {
        let (old, new) = (property("r", &old), property("r", &new));
        if gravest(&compare(&old, &new)) == Effect::Harmless {
            for value in values {
                let params = format!(r#"{{"p":{value}}}"#);
                let taken = |model: &ThingModel| model.read_properties(&params, Direction::Report, &mut Vec::new()).is_ok();
                prop_assert!(!taken(&old) || taken(&new), "{value}");
            }
        }
    }
}
