//! Actions (facts §2.4): the calls go down, `action_reply` comes up. The answer is not answered.

use yizhan_vocabulary::thing::ActionUplink;
use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::property::tidy_status;
use super::{CommandEffect, Effects, FeatureDescriptor, Service, Situation, Uplink};
use crate::commands::CommandKind;
use crate::records::diagnostic::Diagnostic;
use crate::uplink::answer_topic;

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
fn handle(situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    let message = match ActionUplink::parse(uplink.payload) {
        Ok(message) => message,
        Err(error) => {
            effects.refusal = Some(error);
            return;
        }
    };
    let is_answer = message.method.as_deref().is_none_or(|method| method == "action_reply");
    if let (true, Some(token)) = (is_answer, message.client_token.as_deref()) {
        effects.remark = judge_response(situation, token, message.response);
        effects.commands.push(CommandEffect::ActionAnswered {
            token: token.into(),
            code: message.code.unwrap_or(0),
            status: message.status.as_deref().map(tidy_status),
            response: message.response.map(Into::into),
        });
    }
}

/// A response that does not fit the model still ends the call: the device has done what it has done. But it is worth
/// a remark.
fn judge_response(situation: &Situation<'_>, token: &str, response: Option<&str>) -> Option<Diagnostic> {
    let commands = situation.state.commands.as_deref()?;
    let called = &commands.outstanding[commands.position_of_token(token, false)?].view;
    let CommandKind::Action { action, .. } = &called.kind else { return None };
    let error = situation.model?.read_action_output(action, response?).err()?;
    let topic = answer_topic(DOWN, situation.device_path).to_string();
    Some(Diagnostic::DeliverAnswerRefused { topic, reason: error.to_string() })
}
