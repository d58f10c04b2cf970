//! The end of a connection: DISCONNECT, a lost stream, a timeout. What happens to the session, the will and the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::BytesMut;
use yizhan_link::{Closed, Link, LinkId, Peer};
use yizhan_mqtt::{Disconnect, Message, reason};
use yizhan_observe::Refusal;
use yizhan_vocabulary::causes::{ConnectRefusal, DisconnectCause, DropReason};

use super::gate::Action;
use super::{Client, ConnectionState, CoreHandler, Stage};
use crate::changes::{At, Change};
use crate::sessions::{ClientSession, Owner, PendingWill, Principal};

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
        let cause = if self.is_taken_over(id, &client.session) {
            DisconnectCause::TakenOver
        } else {
            cause.unwrap_or_else(|| cause_of(why))
        };
        if cause == DisconnectCause::KeepAliveTimeout {
            client.say_goodbye(reason::KEEP_ALIVE_TIMEOUT, out);
        }
        self.counters.disconnected(cause);
        let detail = match why {
            Closed::Broken(text) if detail.is_empty() => text.as_str(),
            _ => detail,
        };
        if let Principal::Device(device) = &client.principal {
            self.shared.devices.disconnected(device, cause, detail, self.now, &mut self.batch);
        }
        self.leave_session(id, *client);
    }

    /// Whether the client has another connection by now. This one may break before it hears that it was taken over; the
    /// client is there all the same.
    fn is_taken_over(&self, id: LinkId, session: &ClientSession) -> bool {
        let mine = Owner { core: self.index, link: id };
        let present = self.shared.sessions.find(&session.key);
        present.is_some_and(|present| present.inner.lock().owner.is_some_and(|owner| owner != mine))
    }

    /// The session without this connection: kept, or over. The will goes now or after its delay.
    fn leave_session(&mut self, id: LinkId, client: Client) {
        let session = Arc::clone(&client.session);
        let mut inner = session.inner.lock();
        let mine = inner.is_owned_by(Owner { core: self.index, link: id });
        let over = inner.ended || mine && inner.expiry_s == 0;
        let will = client.will.map(|will| (will.message_at(self.now.0), will));
        let delayed = will.as_ref().is_some_and(|(_, will)| will.delay_s > 0) && !over;
        if mine {
            inner.owner = None;
            session.connected.store(false, Ordering::Release);
            inner.session.detach();
            inner.detached_at = Some(self.now);
            for _ in inner.pending.drain(..) {
                self.counters.dropped(DropReason::ReceiverOffline);
            }
            inner.pending.shrink_to_fit();
            inner.retained = None;
        }
        if mine && !over {
            if let (true, Some((message, will))) = (delayed, &will) {
                let publish_at = self.now.plus_ms(i64::from(will.delay_s) * 1000);
                let expiry_interval_s = will.expiry_interval_s;
                let pending = PendingWill { message: message.clone(), expiry_interval_s, publish_at };
                inner.will = Some(Box::new(pending));
            }
            let at = At { session: session.id, version: inner.next_version() };
            let (when, expiry_s, waiting) = (self.now, inner.expiry_s, inner.will.clone());
            Change::Detached { at, when, expiry_s, will: waiting }.record(
                self.shared.journal(),
                self.now,
                &mut self.batch,
            );
            self.shared.mark_dirty(&session, &mut inner);
            self.shared.schedule(&session, &inner);
        }
        if mine && over && !inner.ended {
            // Under the lock that the connection was taken from: nobody can take the session up in between.
            let reason = DropReason::SessionEnded;
            self.shared.end_locked(&session, inner, reason, &self.counters, self.now, &mut self.batch);
        } else {
            drop(inner);
        }
        // Taken over within the delay: the client is there, so its will is not needed (MQTT-3.1.3-9).
        if let (false, Some((message, _))) = (delayed, will) {
            self.publish_will(&message, &session);
        }
    }

    pub(super) fn publish_will(&mut self, message: &Message, session: &Arc<ClientSession>) {
        let fanout =
            self.fan_out(|shared, sender, batch| shared.publish_will(message, session, sender, batch));
        if !fanout.reserved.is_empty() {
            self.after_commit(Action::Deliver(fanout.reserved));
        }
    }

    /// A connection that never got as far as an accepted CONNECT.
    fn handshake_failed(&self, peer: &Peer, why: &Closed) {
        let (refusal, detail) = match why {
            Closed::HandshakeTimeout => (ConnectRefusal::HandshakeTimeout, "no complete CONNECT in time"),
            Closed::HandshakeFailed(text) => (ConnectRefusal::TlsFailed, text.as_str()),
            Closed::EmptyFrames => (ConnectRefusal::NotConnect, "WebSocket frames without content"),
            _ => return,
        };
        self.counters.refused(refusal);
        self.shared.metrics.refusals.push(Refusal {
            time: self.now,
            reason: refusal.as_str(),
            identity: String::new(),
            address: peer.address.to_string(),
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
        Closed::ByHandler | Closed::HandshakeFailed(_) | Closed::HandshakeTimeout => {
            DisconnectCause::ServerError
        }
    }
}
