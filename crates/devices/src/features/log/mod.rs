//! `$log`: how much a device is to log (facts §2.12). It asks when it starts, and is told when somebody changes it; from
//! level 1 on it uploads its log over HTTP (facts §3.5).

mod upload;

use std::sync::Arc;

use serde::Serialize;
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::thing::SystemUplink;
use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::{Effects, FeatureDescriptor, Service, Situation, Uplink};
use crate::links::Downlink;
use crate::registry::Device;
use crate::uplink::answer_topic;
use crate::{Devices, DevicesError};

pub use upload::LineLevel;

const DOWN: &str = "$log/operation/result/";
const METHOD: &str = "get_log_level";

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "log",
    topics: &[
        TopicRule { prefix: "$log/operation/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: DOWN, suffix: "", rights: Rights::Subscribe },
    ],
    service: Service::Served(handle),
};

/// The answer, which is also the push. The C client takes 127 bytes at most.
#[derive(Serialize)]
struct LogLevel<'a> {
    r#type: &'static str,
    #[serde(rename = "clientToken", skip_serializing_if = "Option::is_none")]
    client_token: Option<&'a str>,
    log_level: u8,
    result: i32,
    timestamp: i64,
}

fn level(log_level: u8, client_token: Option<&str>, now: UnixMillis) -> Vec<u8> {
    let answer = LogLevel { r#type: METHOD, client_token, log_level, result: 0, timestamp: now.seconds() };
    serde_json::to_vec(&answer).expect("a level has only texts and numbers")
}

fn handle(situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    match SystemUplink::parse(uplink.payload) {
        Ok(message) if message.kind.as_deref() == Some(METHOD) => {
            let answer = level(situation.log_level, message.client_token.as_deref(), situation.now);
            effects.answer_literal(DOWN, answer);
        }
        Ok(_) => {}
        Err(error) => effects.refusal = Some(error),
    }
}

impl Devices {
    /// Sets how much a device is to log, and tells it if it listens; otherwise it asks when it starts.
    pub fn put_log_level(&self, device: &Arc<Device>, level_now: u8) -> Result<(), DevicesError> {
        self.store_log_level(device, level_now)?;
        if let Some(links) = self.0.links.get() {
            let topic = answer_topic(DOWN, device.topic_suffix());
            let payload = level(level_now, None, self.0.clock.now());
            links.send(device, Downlink { topic, payload, qos: 0, tag: 0 });
        }
        Ok(())
    }
}
