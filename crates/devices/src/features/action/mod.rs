//! Actions (facts §2.4): the calls go down, `action_reply` comes up. The answer is not answered.

use yizhan_vocabulary::thing::ActionUplink;
use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::property::tidy_status;
use super::{CommandEffect, Effects, FeatureDescriptor, Service, Situation, Uplink};

/// Where calls go.
pub(crate) const DOWN: &str = "$thing/down/action/";

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "action",
    topics: &[
        TopicRule { prefix: "$thing/up/action/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: DOWN, suffix: "", rights: Rights::Subscribe },
    ],
    service: Service::Served(handle),
};

/// The answer belongs to the call with its token, whatever its method is called: a client that answers without
/// one cannot mean anything else.
fn handle(_situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    let message = match ActionUplink::parse(uplink.payload) {
        Ok(message) => message,
        Err(error) => {
            effects.refusal = Some(error);
            return;
        }
    };
    let is_answer = message.method.as_deref().is_none_or(|method| method == "action_reply");
    if let (true, Some(token)) = (is_answer, message.client_token.as_deref()) {
        effects.commands.push(CommandEffect::ActionAnswered {
            token: token.into(),
            code: message.code.unwrap_or(0),
            status: message.status.as_deref().map(tidy_status),
            response: message.response.map(Into::into),
        });
    }
}
