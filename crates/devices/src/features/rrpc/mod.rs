//! The device's answers to calls (facts §2.12): on `$rrpc/txd/PID/DEV/N` or `$iotrrpc/up/PID/DEV/N`, where `N` is the
//! number of the call's own topic. The payload is the answer, whatever it is; the device gets no reply.

use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::{Effects, FeatureDescriptor, Service, Situation, Uplink};

/// Where a call of the older form goes, up to the device.
pub(crate) const RRPC_DOWN: &str = "$rrpc/rxd/";
const RRPC_UP: &str = "$rrpc/txd/";
/// Where a call of the present form goes.
pub(crate) const IOT_DOWN: &str = "$iotrrpc/down/";
/// Where it is answered.
pub(crate) const IOT_UP: &str = "$iotrrpc/up/";

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "rrpc",
    topics: &[
        TopicRule { prefix: RRPC_DOWN, suffix: "/+", rights: Rights::Subscribe },
        TopicRule { prefix: RRPC_UP, suffix: "/+", rights: Rights::Publish },
        TopicRule { prefix: IOT_DOWN, suffix: "/+", rights: Rights::Subscribe },
        TopicRule { prefix: IOT_UP, suffix: "/+", rights: Rights::Publish },
    ],
    service: Service::Served(handle),
};

fn handle(_situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    let number = uplink.topic.rsplit('/').next().unwrap_or_default();
    effects.answered_call = Some(number.into());
}
