//! A payload on `$thing/up/event`, read and validated against the smart lamp; the same bytes as service and
//! system messages, whose readers share the envelope.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use yizhan_vocabulary::model::{LAMP_MODEL, PropertyNumber, ThingModel};
use yizhan_vocabulary::thing::{EventUplink, MAX_EVENTS_PER_MESSAGE, ServiceUplink, SystemUplink};

static LAMP: LazyLock<ThingModel> = LazyLock::new(|| {
    ThingModel::parse(LAMP_MODEL, &mut |_| PropertyNumber(1)).expect("the lamp's model is valid")
});

fuzz_target!(|data: &[u8]| {
    let _ = ServiceUplink::parse(data);
    let _ = SystemUplink::parse(data);
    let Ok(uplink) = EventUplink::parse(data) else { return };
    assert!((1..=MAX_EVENTS_PER_MESSAGE).contains(&uplink.posts.len()));
    for post in &uplink.posts {
        let _ = LAMP.read_event(&post.event_id, post.kind.as_deref(), post.params.unwrap_or_default());
    }
});
