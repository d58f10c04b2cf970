//! Opaque bytes both ways (facts §2.12): a device that speaks a protocol of its own. They are kept in the content
//! log; the device expects no answer. Decoding them by a product's script is the business of the rules.

use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::{Effects, FeatureDescriptor, Service, Situation, Uplink};

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "raw",
    topics: &[
        TopicRule { prefix: "$thing/up/raw/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: "$thing/down/raw/", suffix: "", rights: Rights::Subscribe },
    ],
    service: Service::Served(handle),
};

fn handle(_situation: &Situation<'_>, _uplink: &Uplink<'_>, _effects: &mut Effects) {}
