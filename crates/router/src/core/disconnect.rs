//! The end of a connection: DISCONNECT, a lost stream, a timeout. What happens to the session, the will and the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use parking_lot::MutexGuard;
use yizhan_link::{Closed, Link, LinkId, Peer};
use yizhan_mqtt::{Disconnect, Message, reason};
use yizhan_observe::Refusal;
use yizhan_vocabulary::causes::{ConnectRefusal, DisconnectCause, DropReason};

use super::connect::transport_name;
use super::{Client, ConnectionState, CoreHandler, Stage};
use crate::changes::{At, Change};
use crate::sessions::{ClientSession, Inner, Owner, PendingWill, Principal};

impl CoreHandler {
    pub(super) fn disconnect(
        &mut self,
        link: &mut Link<'_>,
        state: &mut ConnectionState,
        disconnect: Disconnect,
    ) {
        let Stage::Connected(client) = &mut state.stage else { return };
        if let Some(expiry_s) = disconnect.session_expiry_s {
            // MQTT-3.14.2-2: a session that was not kept cannot be kept at the last moment.
            if client.expiry_s == 0 && expiry_s > 0 {
                let detail = "DISCONNECT raises a session expiry of zero";
                let cause = DisconnectCause::ProtocolViolation;
                return self.drop_client(link, state, cause, reason::PROTOCOL_ERROR, detail);
            }
            let limit = client.principal.max_expiry_s(&self.shared.settings);
            client.session.inner.lock().expiry_s = expiry_s.min(limit);
        }
        // MQTT-3.14.4-3: an orderly end takes the will back, unless the client wants it published.
        if disconnect.reason != reason::DISCONNECT_WITH_WILL {
            client.will = None;
        }
        state.cause.get_or_insert(DisconnectCause::ClientDisconnect);
        link.close();
    }

    pub(super) fn connection_closed(
        &mut self,
        id: LinkId,
        state: ConnectionState,
        peer: &Peer,
        why: &Closed,
        out: &mut BytesMut,
    ) {
        let ConnectionState { stage, cause, detail, .. } = state;
        let Stage::Connected(client) = stage else {
            return self.handshake_failed(peer, why);
        };
        let detail = match why {
            Closed::Broken(text) if detail.is_empty() => text.as_str(),
            _ => detail,
        };
        let cause = cause.unwrap_or_else(|| cause_of(why));
        let session = Arc::clone(&client.session);
        let inner = session.inner.lock();
        if !inner.is_owned_by(Owner { core: self.index, link: id }) {
            let ended = inner.ended;
            drop(inner);
            return self.leave_taken(&session, *client, ended, cause, detail);
        }
        if cause == DisconnectCause::KeepAliveTimeout {
            client.say_goodbye(reason::KEEP_ALIVE_TIMEOUT, out);
        }
        // Under the lock under which the next connection takes the session: the end of this one comes before its
        // beginning in the device's log, so that the device is not shown offline for good.
        self.note_end(&client, cause, detail);
        self.leave_session(&session, inner, *client);
    }

    /// Counts the end of a connection, and writes it into the device's log.
    fn note_end(&mut self, client: &Client, cause: DisconnectCause, detail: &str) {
        self.counters.disconnected(cause);
        if let Principal::Device(device) = &client.principal {
            self.shared.devices.disconnected(device, cause, detail, self.now, &mut self.batch);
        }
    }

    /// The end of a connection whose session was taken from it. Often it breaks before it hears of that; if another
    /// connection was the reason, the client is there all the same.
    fn leave_taken(
        &mut self,
        session: &Arc<ClientSession>,
        client: Client,
        ended: bool,
        cause: DisconnectCause,
        detail: &str,
    ) {
        let replaced =
            || self.shared.sessions.find(&session.key).is_some_and(|present| present.id != session.id);
        let taken_over = !ended || replaced();
        self.note_end(&client, if taken_over { DisconnectCause::TakenOver } else { cause }, detail);
        // Taken over within the delay: the client is there, so its will is not needed (MQTT-3.1.3-9).
        if let Some(will) = client.will.filter(|will| ended || will.delay_s == 0) {
            self.publish_will(&will.message_at(self.now.0), session);
        }
    }

    /// The session without its connection: kept, or over. The will goes now or after its delay.
    fn leave_session(
        &mut self,
        session: &Arc<ClientSession>,
        mut inner: MutexGuard<'_, Inner>,
        client: Client,
    ) {
        inner.owner = None;
        session.connected.store(false, Ordering::Release);
        inner.session.detach();
        inner.detached_at = Some(self.now);
        self.counters.dropped_many(DropReason::ReceiverOffline, inner.pending.clear());
        let over = inner.expiry_s == 0;
        let (delayed, at_once): (Option<_>, Option<_>) = match client.will {
            Some(will) if will.delay_s > 0 && !over => (Some(will), None),
            will => (None, will),
        };
        if over {
            // Under the lock that the connection was taken from: nobody can take the session up in between.
            let reason = DropReason::SessionEnded;
            self.shared.end_locked(session, inner, reason, &self.counters, self.now, &mut self.batch);
        } else {
            inner.will = delayed.map(|will| {
                let publish_at = self.now.plus_ms(i64::from(will.delay_s) * 1000);
                Box::new(PendingWill {
                    message: will.message,
                    expiry_interval_s: will.expiry_interval_s,
                    publish_at,
                })
            });
            let at = At { session: session.id, version: inner.next_version() };
            let (when, expiry_s, will) = (self.now, inner.expiry_s, inner.will.clone());
            let change = Change::Detached { at, when, expiry_s, will };
            change.record(self.shared.journal(), self.now, &mut self.batch);
            self.shared.mark_dirty(session, &mut inner);
            self.shared.schedule(session, &inner);
            drop(inner);
        }
        if let Some(will) = at_once {
            self.publish_will(&will.message_at(self.now.0), session);
        }
    }

    pub(super) fn publish_will(&mut self, message: &Message, session: &Arc<ClientSession>) {
        self.publish_and_deliver(|shared, sender, batch| {
            shared.publish_will(message, session, sender, batch)
        });
    }

    /// A connection that never got as far as an accepted CONNECT.
    fn handshake_failed(&self, peer: &Peer, why: &Closed) {
        let (refusal, detail, claimed) = match why {
            Closed::HandshakeTimeout => {
                (ConnectRefusal::HandshakeTimeout, "no complete CONNECT in time", None)
            }
            Closed::HandshakeFailed { error, claimed } => {
                (ConnectRefusal::TlsFailed, error.as_str(), claimed.as_deref())
            }
            Closed::EmptyFrames => (ConnectRefusal::NotConnect, "WebSocket frames without content", None),
            _ => return,
        };
        self.counters.refused(refusal);
        self.shared.metrics.refusals.push(Refusal {
            time: self.now,
            reason: refusal.as_str(),
            identity: claimed.unwrap_or_default().to_owned(),
            address: peer.address.to_string(),
            transport: transport_name(peer),
            detail: detail.to_owned(),
        });
    }
}

fn cause_of(why: &Closed) -> DisconnectCause {
    match why {
        Closed::ByPeer | Closed::Broken(_) => DisconnectCause::ConnectionLost,
        Closed::KeepAlive => DisconnectCause::KeepAliveTimeout,
        Closed::SlowReader => DisconnectCause::SlowReader,
        Closed::EmptyFrames => DisconnectCause::RateLimited,
        Closed::ByHandler | Closed::HandshakeFailed { .. } | Closed::HandshakeTimeout => {
            DisconnectCause::ServerError
        }
    }
}
