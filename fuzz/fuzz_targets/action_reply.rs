//! A payload on `$thing/up/action`, its outputs validated against both actions of the smart lamp.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use yizhan_vocabulary::model::{LAMP_MODEL, PropertyNumber, ThingModel};
use yizhan_vocabulary::thing::ActionUplink;

static LAMP: LazyLock<ThingModel> = LazyLock::new(|| {
    ThingModel::parse(LAMP_MODEL, &mut |_| PropertyNumber(1)).expect("the lamp's model is valid")
});

fuzz_target!(|data: &[u8]| {
    let Ok(reply) = ActionUplink::parse(data) else { return };
    for action in LAMP.actions() {
        let response = reply.response.unwrap_or_default();
        let _ = LAMP.read_action_output(&action.identifier, response);
        let _ = LAMP.read_action_input(&action.identifier, response);
    }
});
