//! A thing model out of arbitrary text, then values against it. The input is the model, a zero byte, the values.
//! No input may panic; what the model lets through must be written as JSON that reads as the same values.

#![no_main]

use libfuzzer_sys::fuzz_target;
use yizhan_vocabulary::model::{Direction, PropertyNumber, ThingModel};
use yizhan_vocabulary::thing::write_object;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (json, values) = text.split_once('\0').unwrap_or((text, "{}"));
    let mut next = 0_u16;
    let mut number = |_: &str| {
        next += 1;
        PropertyNumber(next)
    };
    let model = match ThingModel::parse(json, &mut number) {
        Ok(model) => model,
        Err(errors) => {
            assert!(!errors.is_empty());
            return;
        }
    };
    assert_eq!(model.source(), json);
    let mut read = Vec::new();
    if model.read_properties(values, Direction::Report, &mut read).is_ok() {
        let named = |(number, value)| {
            let property = model.property_by_number(number).expect("the number came from the model");
            (property, value)
        };
        let mut written = Vec::new();
        let values = read.iter().map(|(number, value)| named((*number, value)));
        write_object(&mut written, values.map(|(property, value)| (&*property.identifier, value)));
        let written = String::from_utf8(written).expect("values are UTF-8");
        let mut again = Vec::new();
        model.read_properties(&written, Direction::Report, &mut again).expect("what was written fits");
        assert_eq!(read, again);
    } else {
        assert!(read.is_empty());
    }
    for event in model.events() {
        let _ = model.read_event(&event.identifier, Some(event.kind.as_str()), values);
    }
    for action in model.actions() {
        let _ = model.read_action_input(&action.identifier, values);
        let _ = model.read_action_output(&action.identifier, values);
    }
});
