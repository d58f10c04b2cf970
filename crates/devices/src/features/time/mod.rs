//! `$sys`: a device asks for the time (facts §2.12).
//!
//! `ntptime1` is when we received the question and `ntptime2` when we answer, in milliseconds; the clients need
//! both. Other operations on the topic are pushes of ours, so a device that sends one gets no answer.

use yizhan_vocabulary::thing::{SystemUplink, write_time_reply};
use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::{Effects, FeatureDescriptor, Service, Situation, Uplink};

const DOWN: &str = "$sys/operation/result/";

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "time",
    topics: &[
        TopicRule { prefix: "$sys/operation/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: DOWN, suffix: "", rights: Rights::Subscribe },
    ],
    service: Service::Served(handle),
};

fn handle(situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    let message = match SystemUplink::parse(uplink.payload) {
        Ok(message) => message,
        Err(error) => {
            effects.refusal = Some(error);
            return;
        }
    };
    if message.wants_time && message.kind.as_deref() == Some("get") {
        let mut answer = Vec::with_capacity(80);
        write_time_reply(&mut answer, situation.now, situation.now);
        effects.answer_literal(DOWN, answer);
    }
}
