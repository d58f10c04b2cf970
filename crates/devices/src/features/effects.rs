//! What follows from a message, said by a handler and carried out by the uplink path. The buffers are reused from
//! message to message; only what goes out on the wire is allocated for each answer.

use std::borrow::Cow;

use yizhan_vocabulary::{PointValue, PropertyNumber, ThingError, UnixMillis};

use crate::commands::CommandId;
use crate::records::content::{Reply, ReplyMethod};
use crate::records::diagnostic::Diagnostic;

/// Everything that follows from one message.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    /// Properties reported.
    pub points: Vec<(PropertyNumber, PointValue)>,
    /// The device's own time for them, where it matters.
    pub points_time: Option<UnixMillis>,
    /// Events posted.
    pub events: Vec<EventEffect>,
    /// What `report_info` said.
    pub info: Option<Box<str>>,
    /// What happens to commands.
    pub commands: Vec<CommandEffect>,
    /// The number of the call that the message answers.
    pub answered_call: Option<Box<str>>,
    /// Why the message, or part of it, was refused; for the diagnostic log.
    pub refusal: Option<ThingError>,
    /// What is odd about a message that was taken all the same; for the diagnostic log.
    pub remark: Option<Diagnostic>,
    /// The answer as the content log keeps it.
    pub reply: Option<Reply>,
    /// The answer as it goes on the wire, behind this prefix of its topic.
    pub answer: Option<(&'static str, Vec<u8>)>,
}

/// One event of a post.
#[derive(Debug)]
pub(crate) struct EventEffect {
    pub event: Box<str>,
    pub kind: Box<str>,
    pub time: UnixMillis,
    pub params: Box<str>,
}

/// Something that concerns the ledger.
#[derive(Debug)]
pub(crate) enum CommandEffect {
    /// The device answered a control, by the control's token or by that of the `get_status` it read it with.
    ControlAnswered { token: Box<str>, code: i64, status: Option<Box<str>> },
    /// The device answered an action.
    ActionAnswered { token: Box<str>, code: i64, status: Option<Box<str>>, response: Option<Box<str>> },
    /// The device was told pending controls under its own token.
    StatusRead { token: Box<str>, ids: Vec<CommandId> },
    /// The device has taken the pending controls.
    Cleared { token: Box<str> },
}

impl CommandEffect {
    /// The topic, up to the device, of the command that this answers; `None` for what is no answer.
    pub(crate) const fn answered_topic(&self) -> Option<&'static str> {
        match self {
            Self::ControlAnswered { .. } => Some(super::property::DOWN),
            Self::ActionAnswered { .. } => Some(super::action::DOWN),
            Self::StatusRead { .. } | Self::Cleared { .. } => None,
        }
    }
}

impl Effects {
    /// Makes ready for the next message.
    pub(crate) fn clear(&mut self) {
        self.points.clear();
        self.points_time = None;
        self.events.clear();
        self.info = None;
        self.commands.clear();
        self.answered_call = None;
        self.refusal = None;
        self.remark = None;
        self.reply = None;
        self.answer = None;
    }

    /// Whether more follows than points and an answer.
    pub(crate) fn has_more(&self) -> bool {
        !self.events.is_empty()
            || !self.commands.is_empty()
            || self.info.is_some()
            || self.answered_call.is_some()
            || self.refusal.is_some()
            || self.remark.is_some()
    }

    /// Answers in the standard form. A message without a token is answered with an empty one: clients crash on a
    /// missing key (facts §2.1).
    pub(crate) fn answer_standard(
        &mut self,
        prefix: &'static str,
        method: ReplyMethod,
        token: Option<&str>,
        code: i32,
        status: impl Into<Cow<'static, str>>,
    ) {
        self.answer(prefix, Reply::Standard { method, code, status: status.into() }, token);
    }

    /// Answers with these bytes.
    pub(crate) fn answer_literal(&mut self, prefix: &'static str, payload: Vec<u8>) {
        self.reply = Some(Reply::Literal(payload.clone()));
        self.answer = Some((prefix, payload));
    }

    fn answer(&mut self, prefix: &'static str, reply: Reply, token: Option<&str>) {
        let mut payload = Vec::with_capacity(128);
        reply.write(token, &mut payload);
        self.answer = Some((prefix, payload));
        self.reply = Some(reply);
    }

    /// Refuses in the standard form and notes why.
    pub(crate) fn refuse(
        &mut self,
        prefix: &'static str,
        method: ReplyMethod,
        token: Option<&str>,
        error: ThingError,
    ) {
        self.answer_standard(prefix, method, token, error.code.number(), error.detail.clone());
        self.refusal = Some(error);
    }
}
