//! The gate: answers wait here until the journal has what they promise.
//!
//! An answer that depends on the turn's batch, or whose connection has an answer waiting already, goes behind the gate;
//! any other leaves at once. So the answers of one connection keep their order (MQTT-4.6.0-2), and a connection
//! whose messages need no journal is never held up by others.

use smallvec::SmallVec;
use yizhan_devices::{Completion, Downlink};
use yizhan_journal::Refused;
use yizhan_link::{Link, LinkId, Links};
use yizhan_mqtt::{PacketId, Receipt, TopicFilter};
use yizhan_observe::Counter;

use super::connect::Welcome;
use super::{ConnectionState, CoreHandler, Stage};
use crate::fanout::Reserved;

/// Something that may be said or done once the batch is durable.
pub(super) enum Action {
    /// CONNACK of an accepted connection.
    Welcome(Box<Welcome>),
    /// PUBACK or PUBREC.
    Acknowledge(Receipt, u8),
    /// PUBCOMP for a client's own message.
    Complete(PacketId, bool),
    /// SUBACK, then the retained messages of these filters.
    Subscribed(PacketId, SmallVec<[u8; 4]>, Vec<(TopicFilter, yizhan_mqtt::SubscribeOptions)>),
    /// UNSUBACK.
    Unsubscribed(PacketId, SmallVec<[u8; 4]>),
    /// PINGRESP.
    Pong,
    /// Answers of the platform to its device.
    Replies(Vec<Downlink>),
    /// Stored messages may go out, or the PUBRELs of those whose release is stored.
    Deliver(Vec<Reserved>),
    /// Callers of commands may be told.
    Tell(Vec<Completion>),
}

/// An action and the connection it belongs to.
pub(super) struct Gated {
    link: Option<LinkId>,
    action: Action,
}

impl CoreHandler {
    /// Says or does `action` for this connection: now, or when the turn's batch is durable.
    pub(super) fn answer(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        action: Action,
        depends: bool,
    ) {
        if !depends && state.gated == 0 {
            self.perform(link, state, action);
            return;
        }
        state.gated += 1;
        self.gate.push(Gated { link: Some(link.id), action });
    }

    /// Does `action` when the turn's batch is durable, whatever becomes of the connection.
    pub(super) fn after_commit(&mut self, action: Action) {
        self.gate.push(Gated { link: None, action });
    }

    /// Gives the turn's records to the journal. Without records, answers that only waited for their order follow the
    /// last batch under way, or leave now.
    ///
    /// A batch that the journal cannot take stays as it is, answers included, and is tried again: what was taken into
    /// memory must become durable or never be answered. New messages are refused meanwhile.
    pub(super) fn submit(&mut self, links: &mut Links<'_, Self>) {
        if !self.batch.is_empty() {
            match self.lane.submit(&mut self.batch) {
                Ok(ticket) => {
                    self.stuck = false;
                    self.counters.add(Counter::Batches, 1);
                    self.in_flight.push_back((ticket, std::mem::take(&mut self.gate)));
                }
                Err(refused) => {
                    tracing::debug!(%refused, "a batch waits for the journal");
                    self.stuck = true;
                }
            }
        } else if !self.gate.is_empty() {
            let gate = std::mem::take(&mut self.gate);
            match self.in_flight.back_mut() {
                Some((_, waiting)) => waiting.extend(gate),
                None => self.pass_through(gate, links),
            }
        }
    }

    /// Lets everything through whose batch is durable.
    pub(super) fn pass(&mut self, links: &mut Links<'_, Self>) {
        let committed = self.lane.committed();
        while self.in_flight.front().is_some_and(|(ticket, _)| *ticket <= committed) {
            if let Some((_, gate)) = self.in_flight.pop_front() {
                self.pass_through(gate, links);
            }
        }
    }

    fn pass_through(&mut self, gate: Vec<Gated>, links: &mut Links<'_, Self>) {
        for Gated { link, action } in gate {
            match (link, action) {
                (_, Action::Deliver(reserved)) => {
                    self.fan_out(|shared, sender, _| shared.release(reserved, sender))
                }
                (_, Action::Tell(mut completions)) => self.shared.devices.complete(&mut completions),
                (Some(id), action) => {
                    links.with(id, |link, state| {
                        state.gated = state.gated.saturating_sub(1);
                        self.perform(link, state, action);
                    });
                }
                (None, _) => {}
            }
        }
    }

    fn perform(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, action: Action) {
        if !self.owns_session(link, state) {
            return; // Taken over: the answer speaks for a session that has another connection now.
        }
        let Stage::Connected(client) = &mut state.stage else { return };
        match action {
            Action::Welcome(welcome) => self.welcome(link, client, &welcome),
            Action::Acknowledge(receipt, code) => {
                client.session.inner.lock().session.acknowledge(receipt, code, link.out);
            }
            Action::Complete(id, known) => client.session.inner.lock().session.complete(id, known, link.out),
            Action::Pong => self.pongs.push(link.id),
            Action::Subscribed(id, codes, filters) => self.subscribed(link, client, id, &codes, filters),
            Action::Unsubscribed(id, codes) => {
                yizhan_mqtt::encode::unsuback(client.version, id, &codes, link.out);
            }
            Action::Replies(replies) => self.send_replies(link, client, replies),
            Action::Deliver(reserved) => self.fan_out(|shared, sender, _| shared.release(reserved, sender)),
            Action::Tell(mut completions) => self.shared.devices.complete(&mut completions),
        }
    }

    /// Whether new promises can be made now.
    pub(super) fn accepting(&self) -> Result<(), Refused> {
        if self.stuck {
            return Err(Refused::Backlog);
        }
        self.shared.journal().accepting()
    }
}
