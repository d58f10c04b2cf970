//! Properties (facts §2.2): reports, the device's basic information, its question for its own last values with
//! the controls that wait for it, and its answers to controls.
//!
//! What must stay true: a message without `method` is never answered, because one client answers every downlink
//! with such a message and would loop for ever; nor is one that is itself a reply.

mod status;

pub(crate) use status::fits;

use yizhan_vocabulary::model;
use yizhan_vocabulary::thing::{self, PropertyUplink, normalize_timestamp};
use yizhan_vocabulary::topics::{Rights, TopicRule};
use yizhan_vocabulary::{ThingCode, ThingError, UnixMillis};

use super::{CommandEffect, Effects, FeatureDescriptor, Service, Situation, Uplink};
use crate::records::content::ReplyMethod;
use crate::records::sniff::sniff;

/// Where controls and answers go.
pub(crate) const DOWN: &str = "$thing/down/property/";
/// Where a device reports its properties, up to the device.
pub(crate) const UP: &str = "$thing/up/property/";
/// The device's time replaces ours only if it differs by more than this; seconds are too coarse to order reports.
const OWN_TIME_FROM_MS: i64 = 2_000;

/// The feature.
pub(crate) const DESCRIPTOR: FeatureDescriptor = FeatureDescriptor {
    name: "property",
    topics: &[
        TopicRule { prefix: UP, suffix: "", rights: Rights::Publish },
        TopicRule { prefix: DOWN, suffix: "", rights: Rights::Subscribe },
    ],
    service: Service::Served(handle),
};

fn handle(situation: &Situation<'_>, uplink: &Uplink<'_>, effects: &mut Effects) {
    let message = match PropertyUplink::parse(uplink.payload) {
        Ok(message) => message,
        Err(error) => return refuse_unreadable(uplink.payload, error, effects),
    };
    let Some(method) = message.method.as_deref() else {
        return methodless(situation, &message, effects);
    };
    let token = message.client_token.as_deref();
    match method {
        "report" => report(situation, &message, effects),
        "report_info" => report_info(situation, &message, effects),
        "get_status" => status::get_status(situation, &message, effects),
        "clear_control" => {
            if let Some(token) = token {
                effects.commands.push(CommandEffect::Cleared { token: token.into() });
            }
            effects.answer_standard(DOWN, ReplyMethod::ClearControl, token, 0, "success");
        }
        "control_reply" => control_answer(&message, effects),
        reply if reply.ends_with("_reply") => {}
        unknown => unknown_method(DOWN, unknown, token, effects),
    }
}

/// 403 in the form of the method's own reply.
pub(super) fn unknown_method(prefix: &'static str, method: &str, token: Option<&str>, effects: &mut Effects) {
    let shown: String = method.chars().filter(|letter| !letter.is_control()).take(32).collect();
    let error = ThingError::new(ThingCode::UnknownIdentifier, format!("unknown method {shown}"));
    let mut payload = Vec::new();
    let name = format!("{shown}_reply");
    thing::write_reply(&mut payload, &name, token, error.code.number(), &error.detail);
    effects.answer_literal(prefix, payload);
    effects.refusal = Some(error);
}

/// What cannot be read as a whole is answered only if its method and token can be.
fn refuse_unreadable(payload: &[u8], error: ThingError, effects: &mut Effects) {
    let envelope = sniff(payload);
    let belongs_here = |reply: &ReplyMethod| !matches!(reply, ReplyMethod::Event | ReplyMethod::Events);
    let method = envelope.method.as_deref().and_then(ReplyMethod::to).filter(belongs_here);
    match (method, envelope.client_token.as_deref()) {
        (Some(method), Some(token)) => effects.refuse(DOWN, method, Some(token), error),
        _ => effects.refusal = Some(error),
    }
}

fn report(situation: &Situation<'_>, message: &PropertyUplink<'_>, effects: &mut Effects) {
    let token = message.client_token.as_deref();
    match take_report(situation, message, effects) {
        Ok(()) => effects.answer_standard(DOWN, ReplyMethod::Report, token, 0, "success"),
        Err(error) => effects.refuse(DOWN, ReplyMethod::Report, token, error),
    }
}

fn take_report(
    situation: &Situation<'_>,
    message: &PropertyUplink<'_>,
    effects: &mut Effects,
) -> Result<(), ThingError> {
    let model = situation.model.ok_or_else(no_model)?;
    let params = message.params.ok_or_else(|| missing_params("report"))?;
    let time = normalize_timestamp(message.timestamp, situation.now)?;
    model.read_properties(params, model::Direction::Report, &mut effects.points)?;
    effects.points_time = own_time(message.timestamp, time, situation.now);
    Ok(())
}

/// The device's time, if it says something that the time of receipt does not: milliseconds always do, whole seconds only
/// from a distance on.
fn own_time(raw: Option<i64>, time: UnixMillis, now: UnixMillis) -> Option<UnixMillis> {
    let in_milliseconds = raw.is_some_and(|raw| raw >= 1_000_000_000_000);
    let tolerance_ms = if in_milliseconds { 0 } else { OWN_TIME_FROM_MS };
    ((now.0 - time.0).abs() > tolerance_ms).then_some(time)
}

/// The product has nothing that could be reported or called.
pub(super) fn no_model() -> ThingError {
    ThingError::new(ThingCode::UnknownIdentifier, "the product has no thing model")
}

/// `params` is not there or is no object.
pub(super) fn missing_params(method: &str) -> ThingError {
    ThingError::new(ThingCode::BadValue, format!("{method} needs params, a JSON object"))
}

fn report_info(situation: &Situation<'_>, message: &PropertyUplink<'_>, effects: &mut Effects) {
    let token = message.client_token.as_deref();
    let params = message.params.filter(|params| params.starts_with('{'));
    let error = match params {
        None => missing_params("report_info"),
        Some(params) if params.len() > situation.limits.max_info_bytes => ThingError::new(
            ThingCode::BadValue,
            format!("params of report_info may have {} bytes", situation.limits.max_info_bytes),
        ),
        Some(params) => {
            effects.info = Some(params.into());
            return effects.answer_standard(DOWN, ReplyMethod::ReportInfo, token, 0, "success");
        }
    };
    effects.refuse(DOWN, ReplyMethod::ReportInfo, token, error);
}

/// An answer to a control; a missing code counts as 0 because no client leaves it out on failure.
fn control_answer(message: &PropertyUplink<'_>, effects: &mut Effects) {
    if let Some(token) = message.client_token.as_deref() {
        effects.commands.push(CommandEffect::ControlAnswered {
            token: token.into(),
            code: message.code.unwrap_or(0),
            status: message.status.as_deref().map(tidy_status),
        });
    }
}

/// One client's only answer to a control has no method. It answers everything else like that, too, so it counts
/// only under the token of a control that is waiting, and is never answered.
fn methodless(situation: &Situation<'_>, message: &PropertyUplink<'_>, effects: &mut Effects) {
    let waits =
        |token: &str| situation.state.commands.as_deref().is_some_and(|commands| commands.has_control(token));
    if message.client_token.as_deref().is_some_and(waits) {
        control_answer(message, effects);
    }
}

/// A status text without control characters (one client sends U+0000) and of a bounded length.
pub(super) fn tidy_status(status: &str) -> Box<str> {
    status.chars().filter(|letter| !letter.is_control()).take(256).collect::<String>().into_boxed_str()
}
