//! PUBLISH: a device's message for the platform, or anybody's message for everybody.

use std::sync::Arc;

use yizhan_devices::{Device, Diagnostic, Direction};
use yizhan_link::Link;
use yizhan_mqtt::{Inbound, Message, Publish, QoS, Receipt, Version, reason};
use yizhan_observe::Counter;
use yizhan_vocabulary::causes::{DisconnectCause, DropReason};

use super::gate::Action;
use super::{Client, ConnectionState, CoreHandler, Stage};
use crate::changes::{At, Change};
use crate::sessions::{ClientSession, Principal};
use crate::users::MqttUser;

/// How a message was taken.
struct Taken {
    /// The reason for PUBACK or PUBREC; `None` leaves the message unacknowledged.
    code: Option<u8>,
    /// The acknowledgement must wait for the batch.
    depends: bool,
}

impl Taken {
    const fn with(code: u8) -> Self {
        Self { code: Some(code), depends: false }
    }
}

impl CoreHandler {
    pub(super) fn publish(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, publish: Publish) {
        self.counters.add(Counter::MessagesIn, 1);
        self.counters.add(Counter::PayloadBytesIn, publish.message.payload.len() as u64);
        let Stage::Connected(client) = &mut state.stage else { return };
        let session = Arc::clone(&client.session);
        let mut inner = session.inner.lock();
        if inner.ended || inner.owner.is_none_or(|owner| owner.link != link.id || owner.core != self.index) {
            return; // Taken over: what still comes on the old connection does not count any more.
        }
        let received = inner.session.receive(publish, self.now.0);
        let (message, receipt) = match received {
            Ok(Inbound::Fresh(message, receipt)) => (message, receipt),
            Ok(Inbound::Duplicate(receipt)) => {
                drop(inner);
                return self.answer(link, state, Action::Acknowledge(receipt, reason::SUCCESS), true);
            }
            Err(violation) => {
                drop(inner);
                let detail = "a publication broke the session's limits";
                let cause = DisconnectCause::ProtocolViolation;
                return self.drop_client(link, state, cause, violation.reason(), detail);
            }
        };
        drop(inner);
        let principal = client.principal.clone();
        let taken = match &principal {
            Principal::Device(device) => self.publish_device(link, state, device, &session, &message),
            Principal::User(user) => self.publish_user(link, state, user, &session, &message),
        };
        let recorded = message.qos == QoS::ExactlyOnce && self.note_identifier(&session, &receipt, &taken);
        self.acknowledge(link, state, receipt, &taken, recorded);
    }

    /// The identifier of a QoS 2 message is known as long as its message is: written down with it, forgotten at once if
    /// the message was refused, so that a repetition counts as new. Says whether there is something to wait for.
    fn note_identifier(&mut self, session: &Arc<ClientSession>, receipt: &Receipt, taken: &Taken) -> bool {
        let Some(packet_id) = receipt.id else { return false };
        let mut inner = session.inner.lock();
        if taken.code.is_none_or(reason::is_error) {
            inner.session.pubrel(packet_id);
            return false;
        }
        if !inner.kept {
            return false;
        }
        let at = At { session: session.id, version: inner.next_version() };
        self.shared.mark_dirty(session, &mut inner);
        drop(inner);
        let change = Change::Taken { at, packet_id };
        if taken.depends {
            change.record_joined(self.shared.journal(), self.now, &mut self.batch);
        } else {
            // The message itself left no record: nobody keeps it.
            change.record(self.shared.journal(), self.now, &mut self.batch);
        }
        true
    }

    fn acknowledge(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        receipt: Receipt,
        taken: &Taken,
        recorded: bool,
    ) {
        if receipt.id.is_none() {
            return;
        }
        match taken.code {
            Some(code) => {
                self.answer(link, state, Action::Acknowledge(receipt, code), taken.depends || recorded);
            }
            // 3.1 and 3.1.1 cannot say no to a message: without an acknowledgement the client sends it again.
            None => {
                if let Stage::Connected(client) = &state.stage
                    && client.version != Version::V5
                {
                    let detail = "a message could not be stored";
                    self.drop_client(link, state, DisconnectCause::ServerError, reason::SERVER_BUSY, detail);
                }
            }
        }
    }

    fn publish_user(
        &mut self,
        link: &Link<'_>,
        state: &mut ConnectionState,
        user: &MqttUser,
        session: &Arc<ClientSession>,
        message: &Message,
    ) -> Taken {
        if !user.permission.may_publish(&message.topic) {
            self.counters.dropped(DropReason::NotAuthorized);
            self.note_forbidden(link, state, "publish to", &message.topic);
            return Taken::with(reason::NOT_AUTHORIZED);
        }
        if !message.payload_format_is_valid() {
            self.counters.dropped(DropReason::MalformedPayload);
            return Taken::with(reason::PAYLOAD_FORMAT_INVALID);
        }
        self.distribute(state, session, message)
    }

    /// Gives a message to its subscribers; the acknowledgement waits if any of them must not lose it.
    fn distribute(
        &mut self,
        state: &ConnectionState,
        session: &Arc<ClientSession>,
        message: &Message,
    ) -> Taken {
        let v5 = speaks_v5(state);
        if (message.qos > QoS::AtMostOnce || message.retain) && self.accepting().is_err() {
            self.counters.dropped(DropReason::StorageUnavailable);
            return Taken { code: v5.then_some(reason::QUOTA_EXCEEDED), depends: false };
        }
        let refusable = v5 && message.qos > QoS::AtMostOnce;
        let fanout = self.publish_and_deliver(|shared, sender, batch| {
            shared.publish(message, Some(session), refusable, sender, batch)
        });
        let code = if fanout.not_retained {
            reason::QUOTA_EXCEEDED
        } else if fanout.receivers == 0 {
            self.counters.dropped(DropReason::NoSubscriber);
            reason::NO_MATCHING_SUBSCRIBERS
        } else {
            reason::SUCCESS
        };
        Taken { code: Some(code), depends: fanout.recorded }
    }

    fn publish_device(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        device: &Arc<Device>,
        session: &Arc<ClientSession>,
        message: &Message,
    ) -> Taken {
        let limit = self.shared.devices.max_payload_bytes();
        if message.payload.len() > limit {
            let (length, limit) = (message.payload.len() as u64, limit as u64);
            let (topic, qos) = described(message);
            let too_long = Diagnostic::PublishPayloadTooLong { topic, qos, length, limit };
            self.refuse_message(device, DropReason::PayloadTooLarge, too_long);
            return Taken::with(reason::IMPLEMENTATION_SPECIFIC);
        }
        if let Stage::Connected(client) = &mut state.stage
            && !within_rate(client, self.shared.settings.device_publish_rate, self.now.seconds())
        {
            let (topic, qos) = described(message);
            let limit = self.shared.settings.device_publish_rate;
            let too_fast = Diagnostic::PublishRateExceeded { topic, qos, limit };
            self.refuse_message(device, DropReason::RateExceeded, too_fast);
            return Taken::with(reason::QUOTA_EXCEEDED);
        }
        if !self.shared.devices.may_publish(device, &message.topic) {
            let (topic, qos) = described(message);
            self.refuse_message(
                device,
                DropReason::NotAuthorized,
                Diagnostic::PublishUnauthorized { topic, qos },
            );
            return Taken::with(reason::NOT_AUTHORIZED);
        }
        if self.accepting().is_err() {
            self.counters.dropped(DropReason::StorageUnavailable);
            self.refuse_for_lack_of_storage(link, state, device, message);
            let code = speaks_v5(state).then_some(reason::QUOTA_EXCEEDED);
            return Taken { code, depends: false };
        }
        self.uplink(link, state, device, session, message)
    }

    /// Hands a device's message to the feature that owns its topic, or distributes it if the topic is a custom one.
    fn uplink(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        device: &Arc<Device>,
        session: &Arc<ClientSession>,
        message: &Message,
    ) -> Taken {
        let qos = message.qos as u8;
        let mut outcome = std::mem::take(&mut self.outcome);
        outcome.clear();
        self.shared.devices.uplink(
            device,
            &message.topic,
            qos,
            &message.payload,
            self.now,
            &mut self.batch,
            &mut outcome,
        );
        if !outcome.completions.is_empty() {
            self.after_commit(Action::Tell(std::mem::take(&mut outcome.completions)));
        }
        if !outcome.handled {
            self.outcome = outcome;
            let plain = Message { retain: false, ..message.clone() };
            self.shared.devices.log_content(
                device,
                Direction::Up,
                &message.topic,
                qos,
                &message.payload,
                self.now,
                &mut self.batch,
            );
            return Taken { depends: true, ..self.distribute(state, session, &plain) };
        }
        self.counters.add(Counter::Uplinks, 1);
        if let Some(reason) = outcome.dropped {
            self.counters.dropped(reason);
        }
        if !outcome.replies.is_empty() {
            let replies = std::mem::take(&mut outcome.replies);
            self.answer(link, state, Action::Replies(replies), true);
        }
        self.outcome = outcome;
        Taken { code: Some(reason::SUCCESS), depends: true }
    }

    fn refuse_message(&mut self, device: &Arc<Device>, reason: DropReason, diagnostic: Diagnostic) {
        self.counters.dropped(reason);
        self.shared.devices.count_failed(device, Direction::Up);
        if self.accepting().is_ok() {
            self.shared.devices.diagnose(device, diagnostic, self.now, &mut self.batch);
        }
    }

    /// The protocol's own answer when nothing can be stored: code 503 (facts §2.13).
    fn refuse_for_lack_of_storage(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        device: &Arc<Device>,
        message: &Message,
    ) {
        let replies = self.shared.devices.answer_unavailable(device, &message.topic, &message.payload);
        if !replies.is_empty() {
            self.answer(link, state, Action::Replies(replies), false);
        }
    }
}

fn speaks_v5(state: &ConnectionState) -> bool {
    matches!(&state.stage, Stage::Connected(client) if client.version.is_v5())
}

fn described(message: &Message) -> (String, u8) {
    (message.topic.to_string(), message.qos as u8)
}

/// Counts one message against the client's rate; a limit of 0 lets everything pass.
fn within_rate(client: &mut Client, limit: u32, second: i64) -> bool {
    if limit == 0 {
        return true;
    }
    if client.rate_second != second {
        (client.rate_second, client.rate_left) = (second, limit);
    }
    let allowed = client.rate_left > 0;
    client.rate_left = client.rate_left.saturating_sub(1);
    allowed
}
