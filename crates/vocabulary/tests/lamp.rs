//! The smart lamp against what the vendor's unmodified clients really send (device protocol facts §2.2 to §2.4).

use yizhan_vocabulary::model::{Direction, EventKind, LAMP_MODEL, PropertyNumber, ThingModel};
use yizhan_vocabulary::{PointValue, ThingCode};

fn lamp() -> ThingModel {
    let mut next = 0;
    ThingModel::parse(LAMP_MODEL, &mut |_| {
        next += 1;
        PropertyNumber(next)
    })
    .expect("the lamp's model is valid")
}

fn report(params: &str) -> Result<Vec<(u16, PointValue)>, ThingCode> {
    let mut out = Vec::new();
    let outcome = lamp().read_properties(params, Direction::Report, &mut out);
    outcome.map(|()| out.into_iter().map(|(number, value)| (number.0, value)).collect()).map_err(|e| e.code)
}

#[test]
fn the_lamp_has_what_the_samples_use() {
    let lamp = lamp();
    let identifiers: Vec<&str> = lamp.properties().iter().map(|property| &*property.identifier).collect();
    assert_eq!(identifiers, ["power_switch", "color", "brightness", "name", "position", "power"]);
    assert_eq!(lamp.property("power").unwrap().number, PropertyNumber(6));
    assert_eq!(lamp.event("low_voltage").unwrap().kind, EventKind::Alert);
    assert_eq!(lamp.action("light_blink").unwrap().input.len(), 3);
    assert_eq!(lamp.source(), LAMP_MODEL);
}

#[test]
fn a_report_of_the_c_sample_is_read() {
    let read = report(
        r#"{"power_switch":0,"color":0,"brightness":1,"name":"","position":{"longitude":1,"latitude":1},"power":"low"}"#,
    );
    let expected = vec![
        (1, PointValue::Bool(false)),
        (2, PointValue::Int(0)),
        (3, PointValue::Int(1)),
        (4, PointValue::Text("".into())),
        (5, PointValue::Json(r#"{"longitude":1.0,"latitude":1.0}"#.into())),
        (6, PointValue::Text("low".into())),
    ];
    assert_eq!(read, Ok(expected));
}

#[test]
fn the_c_samples_unset_string_enum_is_answered_with_406() {
    assert_eq!(report(r#"{"power_switch":0,"power":""}"#), Err(ThingCode::BadValue));
}
