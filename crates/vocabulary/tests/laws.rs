//! Laws of the thing model and its messages, over generated models, values and bytes.

use proptest::prelude::*;
use yizhan_vocabulary::clock::UnixMillis;
use yizhan_vocabulary::model::{DataType, Direction, LAMP_MODEL, PropertyNumber, ThingModel};
use yizhan_vocabulary::thing::{
    ActionUplink, EventUplink, PropertyUplink, ServiceUplink, SystemUplink, normalize_timestamp,
    write_object, write_reply, write_value,
};
use yizhan_vocabulary::{PointValue, ThingCode};

/// A type definition and the JSON of a value that fits it.
fn typed_value() -> impl Strategy<Value = (String, String)> {
    let leaf = prop_oneof![
        prop_oneof![Just("0"), Just("1"), Just("true"), Just("false")]
            .prop_map(|value| (r#"{"type":"bool"}"#.to_owned(), value.to_owned())),
        (-1000_i64..1000, 0_i64..2000, any::<bool>()).prop_flat_map(|(min, span, as_text)| {
            let quote = if as_text { "\"" } else { "" };
            let max = min + span;
            let define = format!(r#"{{"type":"int","min":{quote}{min}{quote},"max":{quote}{max}{quote}}}"#);
            (min..=max).prop_map(move |value| (define.clone(), value.to_string()))
        }),
        prop_oneof![-1e9_f64..1e9, proptest::num::f64::NORMAL | proptest::num::f64::ZERO]
            .prop_map(|value| (r#"{"type":"float"}"#.to_owned(), json(&value))),
        any::<i32>().prop_map(|value| (r#"{"type":"float"}"#.to_owned(), value.to_string())),
        (0_i64..5).prop_map(|value| {
            let mapping = r#"{"0":"a","1":"b","2":"c","3":"d","4":"e"}"#;
            (format!(r#"{{"type":"enum","mapping":{mapping}}}"#), value.to_string())
        }),
        proptest::sample::select(vec!["low", "mid", "high \"x\""]).prop_map(|value| {
            let define = r#"{"type":"stringenum","mapping":{"low":"","mid":"","high \"x\"":""}}"#;
            (define.to_owned(), json(value))
        }),
        any::<String>().prop_map(|text| {
            let define = format!(r#"{{"type":"string","max":"{}"}}"#, text.chars().count());
            (define, json(text.as_str()))
        }),
        (0_i64..4_000_000_000).prop_map(|time| (r#"{"type":"timestamp"}"#.to_owned(), time.to_string())),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let members = prop::collection::vec((inner.clone(), any::<bool>()), 1..4).prop_map(|members| {
            let mut specs = Vec::new();
            let mut values = Vec::new();
            for (position, ((define, value), present)) in members.into_iter().enumerate() {
                specs.push(format!(r#"{{"id":"m{position}","name":"M","dataType":{define}}}"#));
                if present {
                    values.push(format!(r#""m{position}":{value}"#));
                }
            }
            let define = format!(r#"{{"type":"struct","specs":[{}]}}"#, specs.join(","));
            (define, format!("{{{}}}", values.join(" , ")))
        });
        let lists = (inner, 0_usize..4).prop_map(|((define, value), count)| {
            let define = format!(r#"{{"type":"array","arrayInfo":{define}}}"#);
            (define, format!("[{}]", vec![value; count].join(", ")))
        });
        prop_oneof![members, lists]
    })
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("values are JSON")
}

fn model_of(define: &str) -> ThingModel {
    let json = format!(r#"{{"properties":[{{"id":"p","name":"P","mode":"rw","define":{define}}}]}}"#);
    ThingModel::parse(&json, &mut |_| PropertyNumber(7)).expect("generated models are valid")
}

fn lamp() -> ThingModel {
    ThingModel::parse(LAMP_MODEL, &mut |_| PropertyNumber(1)).expect("the lamp is valid")
}

proptest! {
    #[test]
    fn a_valid_value_is_written_as_json_that_reads_as_the_same_value((define, value) in typed_value()) {
        let model = model_of(&define);
        let mut read = Vec::new();
        let params = format!(r#"{{"p":{value}}}"#);
        model.read_properties(&params, Direction::Report, &mut read).expect("generated values fit");
        let mut written = Vec::new();
        write_object(&mut written, read.iter().map(|(_, value)| ("p", value)));
        let written = String::from_utf8(written).unwrap();
        let mut again = Vec::new();
        model.read_properties(&written, Direction::Control, &mut again).expect("what was written fits");
        prop_assert_eq!(&read, &again);
        // Both ways of writing a value agree, and equal text means equal value.
        let mut direct = Vec::new();
        write_value(&mut direct, &read[0].1);
        prop_assert_eq!(json(&read[0].1).into_bytes(), direct);
    }

    #[test]
    fn a_value_of_another_type_is_refused_or_keeps_its_meaning(
        (define, _) in typed_value(),
        (_, value) in typed_value(),
    ) {
        let kind: DataType = model_of(&define).properties()[0].kind.clone();
        match kind.read(&value) {
            Ok(value) => prop_assert_eq!(kind.read(&json(&value)), Ok(value)),
            Err(error) => {
                prop_assert!([ThingCode::BadValue, ThingCode::UnknownIdentifier].contains(&error.code));
                prop_assert!(error.detail.len() < 1000, "{}", error.detail);
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = PropertyUplink::parse(&bytes);
        let _ = EventUplink::parse(&bytes);
        let _ = ActionUplink::parse(&bytes);
        let _ = ServiceUplink::parse(&bytes);
        let _ = SystemUplink::parse(&bytes);
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = ThingModel::parse(text, &mut |_| PropertyNumber(1));
        }
    }

    #[test]
    fn json_like_noise_never_panics(
        pieces in prop::collection::vec(
            proptest::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "d800", "null", "true", "1", "-0", "1e999", "0.5",
                "\"method\":", "\"clientToken\":", "\"params\":", "\"events\":", "\"get_status\"", "\"type\":", "\"eventId\":",
                "\"position\":", "\"longitude\":", "\"properties\":", "\"define\":", "\"mapping\":", "\"specs\":", " ", "灯",
            ]),
            0..40,
        ),
    ) {
        let text = pieces.concat();
        let _ = EventUplink::parse(text.as_bytes());
        let _ = SystemUplink::parse(text.as_bytes());
        if let Ok(uplink) = PropertyUplink::parse(text.as_bytes())
            && let Some(params) = uplink.params
        {
            let _ = lamp().read_properties(params, Direction::Report, &mut Vec::new());
        }
        let _ = ThingModel::parse(&text, &mut |_| PropertyNumber(1));
        let _ = lamp().read_properties(&text, Direction::Control, &mut Vec::new());
    }

    #[test]
    fn a_damaged_model_is_refused_or_read_but_never_panics(cut in 0..LAMP_MODEL.len(), replacement in any::<char>()) {
        let Some((head, tail)) = LAMP_MODEL.split_at_checked(cut) else { return Ok(()) };
        let mut tail = tail.chars();
        tail.next();
        let damaged = format!("{head}{replacement}{}", tail.as_str());
        if let Err(errors) = ThingModel::parse(&damaged, &mut |_| PropertyNumber(1)) {
            prop_assert!(!errors.is_empty());
        }
    }

    #[test]
    fn a_token_survives_the_way_through_a_reply(token in any::<String>(), code in any::<i32>(), status in any::<String>()) {
        let mut out = Vec::new();
        write_reply(&mut out, "control_reply", Some(&token), code, &status);
        let read = PropertyUplink::parse(&out).unwrap();
        prop_assert_eq!(read.client_token.as_deref(), Some(token.as_str()));
        prop_assert_eq!(read.code, Some(i64::from(code)));
        prop_assert_eq!(read.status.as_deref(), Some(status.as_str()));
    }

    #[test]
    fn a_normalized_time_is_within_a_day_of_now(raw in any::<Option<i64>>(), near in -90_000_i64..90_000) {
        let now = UnixMillis(1_795_220_127_000);
        for raw in [raw, Some(now.seconds() + near), Some(now.0 + near * 1000)] {
            match normalize_timestamp(raw, now) {
                Ok(time) => prop_assert!(time.0.abs_diff(now.0) <= 86_400_000),
                Err(error) => prop_assert_eq!(error.code, ThingCode::BadTimestamp),
            }
        }
    }
}

#[test]
fn float_values_keep_their_last_bit() {
    let kind = model_of(r#"{"type":"float"}"#).properties()[0].kind.clone();
    for value in [0.1 + 0.2, f64::MIN_POSITIVE, f64::MAX, 5e-324, 112.590_14] {
        assert_eq!(kind.read(&json(&value)), Ok(PointValue::Float(value)));
    }
}
