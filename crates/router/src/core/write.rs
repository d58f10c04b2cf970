//! Out to the client: replies of the platform, and what its session has to send.

use std::sync::Arc;

use yizhan_devices::{Device, Downlink};
use yizhan_link::{Link, Links};
use yizhan_mqtt::{Delivery, Message, QoS};
use yizhan_observe::Counter;
use yizhan_vocabulary::causes::DropReason;

use super::retained::QUEUED_AHEAD;
use super::{Client, ConnectionState, CoreHandler, Stage};
use crate::fanout::reason_of;
use crate::sessions::{ClientSession, Inner, Principal};

/// How long to wait before looking again at a connection that has not taken enough yet, in milliseconds.
const SLOW_READER_PAUSE_MS: u64 = 20;

impl CoreHandler {
    /// Writes what the sessions of this core were asked to write.
    pub(super) fn flush_requested(&mut self, links: &mut Links<'_, Self>) {
        let mut flushes = std::mem::take(&mut self.flushes);
        for owner in flushes.drain(..) {
            links.with(owner.link, |link, state| self.flush_link(link, state));
        }
        if self.flushes.is_empty() {
            self.flushes = flushes;
        } else {
            // Flushing made more work, say through a message that expired; it is done in the next turn.
            for owner in &self.flushes {
                self.shared.cores()[usize::from(self.index)].send(crate::router::Mail::Flush(owner.link));
            }
            self.flushes.clear();
        }
    }

    pub(super) fn flush_link(&mut self, link: &mut Link<'_>, state: &ConnectionState) {
        // Nothing may go before the CONNACK (MQTT-3.2.0-1), which sends what waits right behind it.
        if let Stage::Connected(client) = &state.stage
            && client.welcomed
        {
            let session = Arc::clone(&client.session);
            self.flush_session(link, &session);
        }
    }

    /// Writes what the session has, as far as the client takes it.
    pub(super) fn flush_session(&mut self, link: &mut Link<'_>, session: &Arc<ClientSession>) {
        let mut inner = session.inner.lock();
        if inner.owner.is_none_or(|owner| owner.link != link.id || owner.core != self.index) {
            return;
        }
        inner.flush_requested = false;
        let limit = self.shared.settings.max_unsent_bytes;
        if link.out.len() >= limit {
            link.wake_at(self.now_ms + SLOW_READER_PAUSE_MS);
            return;
        }
        self.write_pending(link, &mut inner);
        self.write_retained(link, &mut inner);
        self.shared.mark_identifiers(session, &mut inner, self.now, &mut self.batch);
        let mut settled = std::mem::take(&mut self.settled);
        let in_flight = inner.session.inflight_len();
        let again = inner.session.flush(self.now_ms, self.now.0, limit, link.out, &mut settled);
        let sent = inner.session.inflight_len().saturating_sub(in_flight);
        self.counters.add(Counter::MessagesOut, sent as u64);
        // What waits for an acknowledgement goes on with it; everything else needs another turn.
        let retained = inner.retained.is_some() && inner.session.queued_len() < QUEUED_AHEAD;
        let more = retained || !inner.pending.is_empty();
        drop(inner);
        let again = if more { Some(self.now_ms) } else { again };
        if let Some(at) = again {
            link.wake_at(at.max(self.now_ms + 1));
        }
        for one in settled.drain(..) {
            self.settle(session, one);
        }
        self.settled = settled;
    }

    fn write_pending(&mut self, link: &mut Link<'_>, inner: &mut Inner) {
        while link.out.len() < self.shared.settings.max_unsent_bytes
            && let Some(delivery) = inner.pending.pop()
        {
            match inner.session.send_now(&delivery, self.now.0, link.out) {
                Ok(()) => self.counters.add(Counter::MessagesOut, 1),
                Err(refused) => self.counters.dropped(reason_of(&refused)),
            }
        }
    }

    /// Sends the platform's answers to a device's own message, if the device listens (facts §2.1).
    pub(super) fn send_replies(&mut self, link: &mut Link<'_>, client: &Client, replies: Vec<Downlink>) {
        let Principal::Device(device) = &client.principal else { return };
        let session = &client.session;
        let mut queued = false;
        for reply in replies {
            let mut inner = session.inner.lock();
            let Some(granted) = granted_qos(&inner, &reply.topic) else {
                drop(inner);
                self.unheard(device, &reply);
                continue;
            };
            let qos = granted.min(if reply.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce });
            let mut delivery = Delivery::new(Message::new(reply.topic, reply.payload, qos));
            delivery.tag = reply.tag;
            let refused = if qos == QoS::AtMostOnce {
                inner.session.send_now(&delivery, self.now.0, link.out).err()
            } else {
                queued = true;
                inner.session.reserve(delivery, true).err()
            };
            drop(inner);
            match refused {
                None => self.counters.add(Counter::Downlinks, 1),
                Some(refused) => self.counters.dropped(reason_of(&refused)),
            }
        }
        if queued {
            let session = Arc::clone(session);
            self.flush_session(link, &session);
        }
    }

    fn unheard(&mut self, device: &Arc<Device>, reply: &Downlink) {
        self.counters.dropped(DropReason::NoSubscriber);
        let (now, batch) = (self.now, &mut self.batch);
        self.shared.diagnose_delivery(device, &reply.topic, reply.qos, DropReason::NoSubscriber, now, batch);
    }
}

/// The highest QoS at which the session subscribes to this topic.
pub(crate) fn granted_qos(inner: &Inner, topic: &str) -> Option<QoS> {
    if let Some(subscription) = inner.session.subscription(topic) {
        return Some(subscription.options.qos);
    }
    let wildcards = inner.session.subscriptions().iter().filter(|it| it.filter.has_wildcard());
    wildcards.filter(|it| it.filter.matches(topic)).map(|it| it.options.qos).max()
}
