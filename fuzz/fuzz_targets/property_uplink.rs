//! A payload on `$thing/up/property`, read and validated against the smart lamp.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::model::{Direction, LAMP_MODEL, PropertyNumber, ThingModel};
use yizhan_vocabulary::thing::{PropertyUplink, normalize_timestamp, write_reply};

static LAMP: LazyLock<ThingModel> = LazyLock::new(|| {
    ThingModel::parse(LAMP_MODEL, &mut |_| PropertyNumber(1)).expect("the lamp's model is valid")
});

fuzz_target!(|data: &[u8]| {
    let Ok(uplink) = PropertyUplink::parse(data) else { return };
    let _ = normalize_timestamp(uplink.timestamp, UnixMillis(1_795_220_127_000));
    let mut values = Vec::new();
    let outcome = uplink.params.map(|params| LAMP.read_properties(params, Direction::Report, &mut values));
    let (code, status) = match outcome {
        Some(Err(error)) => {
            assert!(values.is_empty());
            (error.code.number(), error.detail)
        }
        _ => (0, "success".to_owned()),
    };
    assert!(status.len() < 1000, "a status fits into a small device's buffer");
    let mut reply = Vec::new();
    write_reply(&mut reply, "report_reply", uplink.client_token.as_deref(), code, &status);
    let read = PropertyUplink::parse(&reply).expect("a reply is readable");
    assert_eq!(read.client_token.as_deref(), Some(uplink.client_token.as_deref().unwrap_or("")));
});
