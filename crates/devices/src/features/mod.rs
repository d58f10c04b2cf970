//! What a device can do: one folder a feature, each with one descriptor and one pure handler.
//!
//! A handler gets the situation (the device's state, its product's thing model, the time) and the message, and
//! says what follows from it as [`Effects`]; it changes nothing. [`crate::uplink`] writes the effects into the
//! journal and then applies them. Topic permission, dispatch and the content log's topics all come from the
//! descriptors, so a topic is named once.

pub(crate) mod action;
pub(crate) mod declared;
mod effects;
pub(crate) mod event;
pub(crate) mod log;
pub(crate) mod property;
pub(crate) mod raw;
pub(crate) mod rrpc;
pub(crate) mod service;
pub(crate) mod time;

pub(crate) use effects::{CommandEffect, Effects, EventEffect};

use yizhan_vocabulary::topics::TopicRule;
use yizhan_vocabulary::{ThingModel, UnixMillis};

use crate::config::DevicesConfig;
use crate::registry::DeviceState;

/// What one feature declares.
#[derive(Debug, Clone, Copy)]
pub struct FeatureDescriptor {
    /// Its name in metrics and documents.
    pub name: &'static str,
    /// The topics it owns and what a device may do with them.
    pub topics: &'static [TopicRule],
    /// What happens to a message a device publishes to one of them.
    pub(crate) service: Service,
}

impl FeatureDescriptor {
    /// Whether messages of the feature are handled, not only permitted.
    pub const fn is_served(&self) -> bool {
        matches!(self.service, Service::Served(_))
    }
}

/// What happens to a message of a feature.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Service {
    /// A handler takes it.
    Served(Handler),
    /// Devices may use the topic, but nothing listens yet: the message is logged and dropped with a reason.
    NotServed,
}

/// A feature's handler.
pub(crate) type Handler = fn(&Situation<'_>, &Uplink<'_>, &mut Effects);

/// What a handler may look at.
pub(crate) struct Situation<'a> {
    /// The product's thing model, if it has one.
    pub model: Option<&'a ThingModel>,
    /// The device as it is.
    pub state: &'a DeviceState,
    /// `PRODUCTID/DEVICENAME`.
    pub device_path: &'a str,
    /// How much the device is to log.
    pub log_level: u8,
    /// The time of receipt.
    pub now: UnixMillis,
    /// The limits.
    pub limits: &'a DevicesConfig,
}

/// A message from a device.
pub(crate) struct Uplink<'a> {
    pub topic: &'a str,
    pub payload: &'a [u8],
}

/// Every feature; the busiest first, because dispatch asks them in this order.
pub const FEATURES: &[&FeatureDescriptor] = &[
    &property::DESCRIPTOR,
    &event::DESCRIPTOR,
    &action::DESCRIPTOR,
    &time::DESCRIPTOR,
    &service::DESCRIPTOR,
    &raw::DESCRIPTOR,
    &rrpc::DESCRIPTOR,
    &log::DESCRIPTOR,
    &declared::OTA,
    &declared::GATEWAY,
    &declared::RESOURCE,
    &declared::SHADOW,
    &declared::TEMPLATE,
    &declared::CONFIG,
    &declared::BROADCAST,
    &declared::TWECALL,
];

/// The feature that takes what the device `device_path` publishes to `topic`.
pub(crate) fn find(topic: &str, device_path: &str) -> Option<&'static FeatureDescriptor> {
    let owns = |rule: &TopicRule| {
        rule.rights.may_publish()
            && topic.strip_prefix(rule.prefix).and_then(|rest| rest.strip_prefix(device_path)).is_some_and(
                |rest| match rule.suffix {
                    "/+" => rest.strip_prefix('/').is_some_and(|level| !level.contains('/')),
                    suffix => rest == suffix,
                },
            )
    };
    FEATURES.iter().copied().find(|feature| feature.topics.iter().any(owns))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "DEMOPROD01/dev001";

    fn found(topic: &str) -> Option<&'static str> {
        find(topic, PATH).map(|feature| feature.name)
    }

    #[test]
    fn a_topic_leads_to_the_feature_that_owns_it() {
        assert_eq!(found("$thing/up/property/DEMOPROD01/dev001"), Some("property"));
        assert_eq!(found("$thing/up/event/DEMOPROD01/dev001"), Some("event"));
        assert_eq!(found("$sys/operation/DEMOPROD01/dev001"), Some("time"));
        assert_eq!(found("$ota/report/DEMOPROD01/dev001"), Some("ota"));
        assert_eq!(found("$rrpc/txd/DEMOPROD01/dev001/17"), Some("rrpc"));
        assert_eq!(found("$iotrrpc/up/DEMOPROD01/dev001/17"), Some("rrpc"));
    }

    #[test]
    fn topics_of_others_of_the_platform_and_custom_ones_belong_to_no_feature() {
        for topic in [
            "$thing/up/property/DEMOPROD01/dev002",
            "$thing/up/property/DEMOPROD01/dev001/more",
            "$thing/down/property/DEMOPROD01/dev001",
            "$rrpc/txd/DEMOPROD01/dev001/1/2",
            "DEMOPROD01/dev001/data",
            "",
        ] {
            assert_eq!(found(topic), None, "{topic}");
        }
    }

    #[test]
    fn no_two_features_claim_the_same_topic() {
        let mut seen = std::collections::HashSet::new();
        for feature in FEATURES {
            for rule in feature.topics {
                assert!(seen.insert((rule.prefix, rule.suffix)), "{} claims {}", feature.name, rule.prefix);
                assert!(rule.prefix.starts_with('$') && rule.prefix.ends_with('/'), "{}", rule.prefix);
            }
        }
    }
}
