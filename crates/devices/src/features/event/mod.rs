//! Events (facts §2.3): `event_post` and `events_post`, each with one event or a list.
//!
//! One client sends a single event as `event_post` with an `events` array, so both shapes are taken for both
//! methods; the reply's method follows the request's. A post is taken as a whole or not at all.

use yizhan_vocabulary::ThingError;
use yizhan_vocabulary::thing::{EventPost, EventUplink, normalize_timestamp};
use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::property::{missing_params, no_model, unknown_method};
use super::{Effects, EventEffect, FeatureDescriptor, Service, Situation, Uplink};
use crate::records::content::ReplyMethod;
use crate::records::sniff::sniff;

const DOWN: &str = "$thing/down/event/";

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "event",
    topics: &[
        TopicRule { prefix: "$thing/up/event/", suffix: "", rights: Rights::Publish },
        TopicRule { prefix: DOWN, suffix: "", rights: Rights::Subscribe },
    ],
    service: Service::Served(handle),
};

fn reply_method(method: Option<&str>) -> Option<ReplyMethod> {
    ReplyMethod::to(method?).filter(|reply| matches!(reply, ReplyMethod::Event | ReplyMethod::Events))
}

fn handle(situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    let message = match EventUplink::parse(uplink.payload) {
        Ok(message) => message,
        Err(error) => {
            let envelope = sniff(uplink.payload);
            let token = envelope.client_token.as_deref();
            return match (reply_method(envelope.method.as_deref()), token) {
                (Some(method), Some(token)) => effects.refuse(DOWN, method, Some(token), error),
                _ => effects.refusal = Some(error),
            };
        }
    };
    let token = message.client_token.as_deref();
    let Some(method) = message.method.as_deref() else { return };
    let Some(reply) = reply_method(Some(method)) else {
        if !method.ends_with("_reply") {
            unknown_method(DOWN, method, token, effects);
        }
        return;
    };
    match take_events(situation, &message, effects) {
        Ok(()) => effects.answer_standard(DOWN, reply, token, 0, ""),
        Err(error) => {
            effects.events.clear();
            effects.refuse(DOWN, reply, token, error);
        }
    }
}

fn take_events(
    situation: &Situation<'_>,
    message: &EventUplink<'_>,
    effects: &mut Effects,
) -> Result<(), ThingError> {
    for event in &message.posts {
        effects.events.push(take_event(situation, event)?);
    }
    Ok(())
}

fn take_event(situation: &Situation<'_>, event: &EventPost<'_>) -> Result<EventEffect, ThingError> {
    let model = situation.model.ok_or_else(no_model)?;
    let identifier = event.event_id.as_ref();
    let params = event.params.unwrap_or("{}");
    if !params.starts_with('{') {
        return Err(missing_params("an event"));
    }
    model.read_event(identifier, event.kind.as_deref(), params)?;
    let time = normalize_timestamp(event.timestamp, situation.now)?;
    let declared = model.event(identifier).map_or("", |event| event.kind.as_str());
    Ok(EventEffect {
        event: identifier.into(),
        kind: event.kind.as_deref().unwrap_or(declared).into(),
        time,
        params: params.into(),
    })
}
